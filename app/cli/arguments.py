"""What can be said of a table on the command line. Loads nothing that reads one."""

from __future__ import annotations

import argparse
from pathlib import Path

from app.ui.sentences import label

# what reads tables knows these too, but is loaded by no other command
ENCODINGS = ("utf-8", "utf-16", "gb18030", "cp1252")
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t"}
SEX_CODES = ("1m2f", "1f2m", "0f1m", "0m1f")
UNITS = {"ff": ("percent", "fraction", "permille"), "r2star": ("per_second", "per_ms")}


def add_table_arguments(one: argparse.ArgumentParser, *, readings: bool) -> None:
    """Let a command take a table, of readings or of clinical data."""
    one.add_argument("table", type=Path, metavar="TABLE", help=label("cli.table"))
    one.add_argument("--join", action="store_true", help=label("cli.join"))
    one.add_argument("--sheet", default="", metavar="NAME", help=label("cli.sheet"))
    one.add_argument("--encoding", default="", choices=ENCODINGS, help=label("cli.encoding"))
    one.add_argument("--delimiter", default="", choices=tuple(DELIMITERS), help=label("cli.delimiter"))
    one.add_argument("--decimal", default="", choices=(".", ","), help=label("cli.decimal"))
    one.add_argument("--header-line", type=int, default=0, metavar="N", help=label("cli.header_line"))
    _add_column(one)
    if readings:
        one.add_argument("--reader", metavar="NAME", help=label("cli.reader"))
        one.add_argument("--field-strength", default="", metavar="T", help=label("cli.field_strength"))
        for name, units in UNITS.items():
            one.add_argument(f"--unit-{name}", choices=units, help=label(f"cli.unit_{name}"))
        return
    covariate = label("cli.covariate")
    one.add_argument("--covariate", action="append", default=[], metavar="HEADER", help=covariate)
    one.add_argument("--sex-codes", choices=SEX_CODES, help=label("cli.sex_codes"))


def _add_column(one: argparse.ArgumentParser) -> None:
    told = label("cli.column")
    one.add_argument("--column", type=_column, action="append", default=[], metavar="HEADER=FIELD", help=told)


def _column(told: str) -> tuple[str, str]:
    """A header and what its column holds; a header may hold an equals sign itself."""
    header, _, key = told.rpartition("=")
    if not header:
        raise argparse.ArgumentTypeError(label("cli.column"))
    return header, key
