"""Reading (and, for the demo, writing) DICOM."""
