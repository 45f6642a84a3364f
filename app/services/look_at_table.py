"""One look at a table of either kind: the file as it is read, what its columns mean, what it would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.errors import DataError
from app.domain.maps import Quantity
from app.domain.reading import Viewer
from app.files.clinical_headers import Column
from app.files.clinical_table import Meaning, patients_named
from app.files.raw_table import Layout as Layout
from app.files.raw_table import RawTable, read_raw
from app.files.readings_headers import ReadingColumn
from app.files.readings_table import cases_named, holds_readings
from app.services.join_clinical import ClinicalReport
from app.services.open_session import Session
from app.services.plan_clinical import CLINICAL as CLINICAL
from app.services.plan_clinical import ClinicalPlan, meaning_of, plan_clinical, take_clinical
from app.services.plan_readings import ReadingsMeaning, ReadingsPlan
from app.services.table_readings import READINGS as READINGS
from app.services.table_readings import ReadingsReport, meaning_of_readings, plan_readings, take_readings

Plan = ClinicalPlan | ReadingsPlan
Report = ClinicalReport | ReadingsReport

SEX_CODES: dict[str, Mapping[str, str]] = {
    "1m2f": {"1": "M", "2": "F"},
    "1f2m": {"1": "F", "2": "M"},
    "0f1m": {"0": "F", "1": "M"},
    "0m1f": {"0": "M", "1": "F"},
}
"""What figures of a sex can be said to mean."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a person wants a table to be taken; what is None or empty the program finds out.

    Attributes
    ----------
    path : Path
        The file.
    kind : str
        :data:`CLINICAL`, :data:`READINGS`, or empty: by the headers.
    layout : Layout
        How the file is read.
    clinical : tuple of Column or None
        What the columns of a clinical table mean.
    sex_codes : str or None
        Key of :data:`SEX_CODES`, or empty for none.
    readings : tuple of ReadingColumn or None
        What the columns of a table of readings mean.
    reader : str or None
        Who measured what the table ascribes to nobody.
    units : mapping of Quantity to str
        Units of readings that a person settled.
    field_strength : str
        Of lines of readings that say none.
    """

    path: Path
    kind: str = ""
    layout: Layout = field(default_factory=Layout)
    clinical: tuple[Column, ...] | None = None
    sex_codes: str | None = None
    readings: tuple[ReadingColumn, ...] | None = None
    reader: str | None = None
    units: Mapping[Quantity, str] = field(default_factory=dict)
    field_strength: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """What was found.

    Attributes
    ----------
    wish : Wish
        What was asked for.
    kind : str
        :data:`CLINICAL` or :data:`READINGS`.
    raw : RawTable or None
        The table, unless the file cannot be read so.
    plan : ClinicalPlan, ReadingsPlan or None
        What it would do, unless its columns do not allow it.
    meaning, readings_meaning : Meaning, ReadingsMeaning
        What the columns mean, of either kind.
    problem : DataError or None
        Why there is no table, or no plan.
    """

    wish: Wish
    kind: str
    raw: RawTable | None = None
    plan: Plan | None = None
    meaning: Meaning = field(default_factory=Meaning)
    readings_meaning: ReadingsMeaning = field(default_factory=ReadingsMeaning)
    problem: DataError | None = None


def look(session: Session, viewer: Viewer, wish: Wish, before: Look | None = None) -> Look:
    """Look at a table; writes nothing.

    Parameters
    ----------
    session : Session
        The study.
    viewer : Viewer
        Who looks.
    wish : Wish
        What is asked for.
    before : Look, optional
        An earlier look: the file is not read again for another meaning of its columns.

    Raises
    ------
    BlindingError
        For a reader while the study is blinded.
    """
    try:
        raw = _raw(wish, before)
    except DataError as problem:
        return Look(wish, wish.kind or CLINICAL, problem=problem)
    kind = wish.kind or (READINGS if holds_readings(raw.headers) else CLINICAL)
    meaning, of_readings = _meanings(session, raw, wish)
    try:
        plan: Plan = (
            plan_readings(session, viewer, raw, of_readings)
            if kind == READINGS
            else plan_clinical(session, viewer, raw, meaning)
        )
    except DataError as problem:
        return Look(wish, kind, raw, None, meaning, of_readings, problem)
    return Look(wish, kind, raw, plan, meaning, of_readings)


def _raw(wish: Wish, before: Look | None) -> RawTable:
    if before is not None and before.raw is not None:
        same = (before.wish.path, before.wish.layout) == (wish.path, wish.layout)
        if same:
            return before.raw
    return read_raw(wish.path, wish.layout, _named)


def _named(cells: Sequence[str]) -> int:
    return max(patients_named(cells), cases_named(cells))


def _meanings(session: Session, raw: RawTable, wish: Wish) -> tuple[Meaning, ReadingsMeaning]:
    known, known_readings = meaning_of(session, raw), meaning_of_readings(session, raw)
    codes = known.sex_codes if wish.sex_codes is None else SEX_CODES.get(wish.sex_codes, {})
    columns = known.columns if wish.clinical is None else wish.clinical
    return Meaning(columns, codes), ReadingsMeaning(
        known_readings.columns if wish.readings is None else wish.readings,
        known_readings.reader if wish.reader is None else wish.reader,
        wish.units,
        wish.field_strength,
    )


def take(session: Session, viewer: Viewer, plan: Plan) -> Report:
    """Do what was planned.

    Raises
    ------
    BlindingError, InputError, StoreUnavailable
        As :func:`app.services.plan_clinical.take_clinical` and
        :func:`app.services.table_readings.take_readings`.
    """
    if isinstance(plan, ReadingsPlan):
        return take_readings(session, viewer, plan)
    return take_clinical(session, viewer, plan)
