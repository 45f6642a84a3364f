"""The window. Qt lives here only; present.py and sentences.py stay free of it."""
