"""Readings measured elsewhere come as signed-off readings: first looked at, then taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.errors import InputError, StoreUnavailable
from app.domain.protocol import Level
from app.domain.reading import Viewer
from app.files.raw_table import Layout, RawTable
from app.files.readings_headers import Holds, ReadingColumn, understand_readings
from app.files.readings_table import read_readings_raw
from app.services.changed import Changed, What
from app.services.open_session import Session
from app.services.plan_readings import FACTORS as FACTORS
from app.services.plan_readings import Doubt as Doubt
from app.services.plan_readings import PlannedReading as PlannedReading
from app.services.plan_readings import ReadingsMeaning, ReadingsPlan, planned
from app.services.plan_readings import Refused as Refused
from app.store import column_mappings, table_readings
from app.store.people import refuse_while_blinded
from app.store.table_readings import NewReading

READINGS = "readings"


@dataclass(frozen=True, slots=True)
class ReadingsReport:
    """What an import of readings did."""

    readings: int
    numbers: int
    new_cases: int
    new_readers: tuple[str, ...]
    refused: int
    changed: Changed


def read_readings(path: Path, layout: Layout | None = None) -> RawTable:
    """Read a file without asking what its columns mean.

    Raises
    ------
    DataError
        As :func:`app.files.raw_table.read_raw`.
    """
    return read_readings_raw(path, layout)


def meaning_of_readings(session: Session, raw: RawTable) -> ReadingsMeaning:
    """What the columns mean: as remembered for these headers, else as the headers say."""
    said = column_mappings.recall(session.database, READINGS, raw.headers_sha256)
    if said is None:
        return ReadingsMeaning(understand_readings(raw.headers))
    columns = tuple(
        ReadingColumn(position, raw.headers[position], Holds(holds), Level(level) if level else None, reader)
        for position, holds, level, reader in said["columns"]
    )
    return ReadingsMeaning(columns, said["reader"])


def plan_readings(
    session: Session, viewer: Viewer, raw: RawTable, meaning: ReadingsMeaning | None = None
) -> ReadingsPlan:
    """What importing a table of readings would do.

    Parameters
    ----------
    session : Session
        The study.
    viewer : Viewer
        Who looks.
    raw : RawTable
        From :func:`read_readings`.
    meaning : ReadingsMeaning, optional
        What a person said; :func:`meaning_of_readings` otherwise.

    Raises
    ------
    BlindingError
        As :func:`app.store.clinical.newest`: it shows readings.
    DataError
        As :func:`app.files.readings_table.understand_readings_table`.
    """
    refuse_while_blinded(session.database, viewer)
    said = meaning if meaning is not None else meaning_of_readings(session, raw)
    with session.database.snapshot():
        return planned(session, viewer, raw, said)


def take_readings(session: Session, viewer: Viewer, plan: ReadingsPlan) -> ReadingsReport:
    """Do what was planned: signed-off readings that are marked as coming from a table.

    Raises
    ------
    BlindingError
        As :func:`plan_readings`.
    InputError
        ``readings.unit_doubted`` while a unit is not settled, ``readings.nothing``,
        ``readings.changed_meanwhile``.
    StoreUnavailable
        When the session cannot be written to.
    """
    refuse_while_blinded(session.database, viewer)
    if session.read_only:
        raise StoreUnavailable("store.read_only", file=session.name)
    if plan.doubts:
        raise InputError("readings.unit_doubted")
    if not plan.readings:
        raise InputError("readings.nothing")
    table_readings.add(
        session.database,
        viewer,
        [NewReading(one.case, one.reader, one.round, one.means) for one in plan.readings],
        {one.key: (one.code, one.identity, one.field_strength_t) for one in plan.new_cases},
        sha256=plan.raw.sha256,
    )
    _remember(session, plan)
    return ReadingsReport(
        readings=len(plan.readings),
        numbers=plan.numbers,
        new_cases=len(plan.new_cases),
        new_readers=plan.new_readers,
        refused=len({one.line for one in plan.refused}),
        changed=Changed(What.EXAMS | What.READERS | What.READING | What.SIGN_OFF),
    )


def _remember(session: Session, plan: ReadingsPlan) -> None:
    known = column_mappings.recall(session.database, READINGS, plan.raw.headers_sha256)
    said = _to_json(plan.table.columns, plan.meaning.reader)
    if known is not None or said != _to_json(understand_readings(plan.raw.headers), ""):
        column_mappings.remember(session.database, READINGS, plan.raw.headers_sha256, said)


def _to_json(columns: Iterable[ReadingColumn], reader: str) -> dict[str, Any]:
    return {
        "columns": [
            [one.position, one.holds.value, one.level.value if one.level else "", one.reader]
            for one in columns
            if one.holds is not Holds.NAME
        ],
        "reader": reader,
    }
