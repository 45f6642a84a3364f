"""Files the program reads: default settings, demo recipe, reference cohort, help."""
