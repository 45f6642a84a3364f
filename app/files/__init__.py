"""The outside formats: DICOM, clinical tables, CSV."""
