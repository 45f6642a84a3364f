"""The session file: one SQLite database."""
