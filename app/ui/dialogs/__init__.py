"""Dialogs outside the reading loop."""
