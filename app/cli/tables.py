"""The commands ``clinical`` and ``readings``: look at a table, and with ``--join`` write what was found."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.cli.arguments import DELIMITERS
from app.cli.files import refuse_missing
from app.cli.output import say, warn
from app.cli.passphrase import coordinator
from app.domain.errors import InputError
from app.domain.maps import Quantity
from app.files.clinical_headers import Field
from app.files.readings_headers import Holds
from app.services.look_at_table import CLINICAL, Look, Wish, look, take
from app.services.look_at_table import Layout as Layout
from app.services.open_session import open_session
from app.services.plan_clinical import ClinicalPlan
from app.services.table_readings import ReadingsReport
from app.ui.present.pages import clinical_summary
from app.ui.present.tables import found_text, headings, readings_summary
from app.ui.sentences import label
from app.ui.table_columns import clinical_said, readings_said


@dataclass(frozen=True, slots=True)
class TableCommand:
    """What a command was asked to do.

    Attributes
    ----------
    table, session : Path
        The file and where it goes.
    kind : str
        ``clinical`` or ``readings``.
    layout : Layout
        How the file is read.
    columns : tuple of (str, str)
        Header and what it holds, as :mod:`app.ui.table_columns` names it.
    sex_codes : str or None
        Key of :data:`app.services.look_at_table.SEX_CODES`.
    reader : str or None
        Who measured what the table ascribes to nobody.
    units : mapping of Quantity to str
        Units of readings.
    field_strength : str
        Of lines of readings that say none.
    join : bool
        Write it.
    reason : str
        Why a coordinator looks before their own reading is done.
    """

    table: Path
    session: Path
    kind: str
    layout: Layout = field(default_factory=Layout)
    columns: tuple[tuple[str, str], ...] = ()
    sex_codes: str | None = None
    reader: str | None = None
    units: dict[Quantity, str] = field(default_factory=dict)
    field_strength: str = ""
    join: bool = False
    reason: str = ""


def table_command(asked: argparse.Namespace, kind: str) -> TableCommand:
    """What was asked for, from the words of the command line."""
    said = {
        Quantity.FF: getattr(asked, "unit_ff", None),
        Quantity.R2STAR: getattr(asked, "unit_r2star", None),
    }
    delimiter = DELIMITERS.get(asked.delimiter, "")
    return TableCommand(
        asked.table,
        asked.session,
        kind,
        Layout(asked.sheet, asked.encoding, delimiter, asked.decimal, asked.header_line),
        (*asked.column, *((header, Field.COVARIATE.value) for header in getattr(asked, "covariate", ()))),
        sex_codes=getattr(asked, "sex_codes", None),
        reader=getattr(asked, "reader", None),
        units={quantity: unit for quantity, unit in said.items() if unit},
        field_strength=getattr(asked, "field_strength", ""),
        join=asked.join,
        reason=asked.reason,
    )


def import_table(asked: TableCommand) -> int:
    """Say what a table would do, and do it where that is asked for.

    Raises
    ------
    AppError
        When the file or the session cannot be used, a column is not there, or a blinded round is open and
        nobody proves to coordinate it.
    """
    refuse_missing([asked.table])
    with closing(open_session(asked.session)) as session:
        viewer = coordinator(session, asked.reason)
        wish = Wish(
            asked.table,
            asked.kind,
            asked.layout,
            sex_codes=asked.sex_codes,
            reader=asked.reader,
            units=asked.units,
            field_strength=asked.field_strength,
        )
        found = look(session, viewer, wish)
        if asked.columns and found.raw is not None:
            found = look(session, viewer, _with_columns(wish, found, asked.columns), found)
        if found.problem is not None:
            raise found.problem
        _tell(found)
        if found.plan is None or not asked.join:
            warn(label("cli.not_joined"))
            return 0
        report = take(session, viewer, found.plan)
    say(readings_summary(report) if isinstance(report, ReadingsReport) else clinical_summary(report))
    return 0


def _with_columns(wish: Wish, found: Look, said: Sequence[tuple[str, str]]) -> Wish:
    headers = found.raw.headers if found.raw else ()
    clinical, readings = found.meaning.columns or (), found.readings_meaning.columns or ()
    for header, key in said:
        if header not in headers:
            raise InputError("cli.no_such_column", header=header)
        position = headers.index(header)
        if wish.kind == CLINICAL:
            clinical = clinical_said(clinical, position, header, _checked(key, Field))
        else:
            readings = readings_said(readings, position, header, _checked(key, Holds))
    return replace(wish, clinical=clinical, readings=readings)


def _checked(key: str, kinds: type[Field | Holds]) -> str:
    """A key of what a column holds; empty for not used."""
    name = key.partition(":")[0]
    known = [one.value for one in kinds]
    if name and name not in known:
        raise InputError("cli.no_such_field", told=key, fields=", ".join(known))
    return key


def _tell(found: Look) -> None:
    say(found_text(found))
    for heading in headings(found):
        say()
        say(heading.title)
        for line in heading.lines:
            say(f"    {line}")
    if isinstance(found.plan, ClinicalPlan) and not found.plan.report.matched:
        warn(label("cli.nothing_joins"))
