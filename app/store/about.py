"""Which SQLite the store runs on."""

from __future__ import annotations

import sqlite3


def sqlite_version() -> str:
    """Version of the SQLite library Python was built with, such as ``3.45.1``."""
    return sqlite3.sqlite_version
