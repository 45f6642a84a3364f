"""Numbered schema steps, applied in order inside one transaction."""
