"""Write a session as CSV: long, wide, and a codebook that explains every column."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app import __version__
from app.domain.identity import Identity
from app.domain.reading import Viewer
from app.files.tables import Table, write_tables
from app.services.assemble_cohort import ROUND
from app.services.export_case import Said, by_reading
from app.services.export_fields import Field, table_of
from app.services.export_long import Stamp, long_fields, long_rows
from app.services.export_wide import Study, wide_fields, wide_rows
from app.services.final_values import held_by_level, in_force
from app.services.open_session import Session, readers_of
from app.store import audit, clinical, rounds
from app.store.adjudications import Adjudication, adjudications
from app.store.case_facts import results_of_cases
from app.store.clinical import JoinedRow
from app.store.exported import ExamFacts, exam_facts, identities
from app.store.results import LevelResult, bare_readings, results

LONG, WIDE, IDENTITY, CODEBOOK = "long", "wide", "identity", "codebook"

_ABOUT = (
    "Research use only. Not a medical device. Not for diagnosis or treatment decisions.",
    "UTF-8, comma, decimal point; an empty cell is a missing value.",
    "An apostrophe stands before a text that a spreadsheet would take for a formula.",
    "Means over levels or readers in the wide table have 12 significant digits; measurements stand in full.",
)
"""What holds for every file; the first must stand on everything the program prints."""


def export(
    session: Session, viewer: Viewer, folder: Path, *, with_identity: bool = False
) -> tuple[Path, ...]:
    """Write ``NAME-long.csv``, ``NAME-wide.csv`` and ``NAME-codebook.csv``, all or none.

    Parameters
    ----------
    session : Session
        The study; NAME is its file name without ending.
    viewer : Viewer
        Who asks.
    folder : Path
        Where; made when missing. Files of an earlier export are replaced.
    with_identity : bool
        Also write ``NAME-identity.csv``, the one file with names and identifiers; noted in the record.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds; nothing is written.
    DataError
        ``export.cannot_write``; files of an earlier export are then still whole.
    StoreUnavailable
        When the session cannot be read.
    """
    cells = results(session.database, viewer)
    joined = clinical.newest(session.database, viewer)
    people = identities(session.database, viewer)
    said = by_reading(results_of_cases(session.database, viewer))
    exams = exam_facts(session.database)
    decided = _decided(session, viewer, cells)
    parts = {
        LONG: _long(session, viewer, cells, exams, said, decided),
        WIDE: _wide(session, cells, exams, said, decided, _Known(joined, people)),
    }
    if with_identity:
        parts[IDENTITY] = _identity(exams, people, joined)
    named = {f"{session.path.stem}-{kind}.csv": part for kind, part in parts.items()}
    tables = {name: part.table for name, part in named.items()}
    tables[f"{session.path.stem}-{CODEBOOK}.csv"] = _codebook(named)
    written = write_tables(folder, tables)
    if with_identity and not session.read_only:
        _note_identity_export(session, viewer)
    return written


def _decided(session: Session, viewer: Viewer, cells: Sequence[LevelResult]) -> tuple[Adjudication, ...]:
    """Decisions that hold where readers differ."""
    signed = [cell for cell in cells if cell.signed_off and cell.round == ROUND]
    made = adjudications(session.database, viewer)
    return tuple(in_force(made, held_by_level(signed)).values())


def _note_identity_export(session: Session, viewer: Viewer) -> None:
    """Names left the session: the record says by whose wish, and not where to."""
    with session.database.transaction():
        audit.append(
            session.database,
            actor=viewer.reader.name,
            action="export.with_identity",
            subject="session",
            protocol=session.protocol.stamp,
        )


@dataclass(frozen=True, slots=True)
class _Part:
    """A table and what its columns are."""

    table: Table
    fields: Sequence[Field[Any]]


def _long(
    session: Session,
    viewer: Viewer,
    cells: Sequence[LevelResult],
    exams: Sequence[ExamFacts],
    said: Said,
    decided: Sequence[Adjudication],
) -> _Part:
    stamp = Stamp(session.synthetic, audit.head_hash(session.database))
    protocol = session.protocol
    fields = long_fields(protocol)
    bare = bare_readings(session.database, viewer)
    rows = long_rows(cells, {exam.id: exam for exam in exams}, protocol, stamp, said, decided, bare)
    return _Part(table_of(fields, rows), fields)


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of the patients beside their readings."""

    joined: Sequence[JoinedRow]
    people: Mapping[int, Identity]


def _wide(
    session: Session,
    cells: Sequence[LevelResult],
    exams: Sequence[ExamFacts],
    said: Said,
    decided: Sequence[Adjudication],
    known: _Known,
) -> _Part:
    practice = rounds.training(session.database)
    study = Study(
        exams=tuple(exam for exam in exams if exam.id not in practice),
        cells=tuple(cell for cell in cells if cell.signed_off and cell.round == ROUND and not cell.training),
        readers=tuple(reader.name for reader in readers_of(session)),
        references={one.exam_id: one.row for one in known.joined if one.exam_id is not None},
        study_dates={exam_id: person.study_date for exam_id, person in known.people.items()},
        has_table=bool(known.joined),
        protocol=session.protocol,
        synthetic=session.synthetic,
        said=tuple(
            one
            for one in said.values()
            if one.signed_off and one.round == ROUND and one.exam_id not in practice
        ),
        decided=tuple(one for one in decided if one.exam_id not in practice),
    )
    fields = wide_fields(study)
    return _Part(table_of(fields, wide_rows(study)), fields)


_Person = tuple[ExamFacts, Identity, str]

_IDENTITY_FIELDS: tuple[Field[_Person], ...] = (
    Field("case", "Case code.", lambda person: person[0].code),
    Field("patient_name", "Name as the images have it.", lambda person: person[1].patient_name),
    Field(
        "patient_id",
        "Patient ID as the images have it. Import the column as text: leading zeros belong to it.",
        lambda person: person[1].patient_id,
    ),
    Field("birth_date", "Date of birth.", lambda person: person[1].birth_date, values="ISO date"),
    Field("sex", "Sex as the images have it.", lambda person: person[1].sex, values="M, F, O"),
    Field("age", "Age at the MRI as the images have it.", lambda person: person[1].age, unit="years"),
    Field("study_date", "Date of the MRI.", lambda person: person[1].study_date, values="ISO date"),
    Field(
        "reference_date", "Date of the reference examination.", lambda person: person[2], values="ISO date"
    ),
    Field(
        "accession",
        "Accession number. Import the column as text, as above.",
        lambda person: person[1].accession,
    ),
)


def _identity(
    exams: Sequence[ExamFacts], people: Mapping[int, Identity], joined: Sequence[JoinedRow]
) -> _Part:
    dates = {one.exam_id: one.row.exam_date for one in joined}
    rows = [(exam, people.get(exam.id, Identity()), dates.get(exam.id, "")) for exam in exams]
    return _Part(table_of(_IDENTITY_FIELDS, rows), _IDENTITY_FIELDS)


def _codebook(parts: Mapping[str, _Part]) -> Table:
    return Table(("file", "column", "meaning", "unit", "values"), list(_explained(parts)))


def _explained(parts: Mapping[str, _Part]) -> Iterator[tuple[str, ...]]:
    for name, part in parts.items():
        for field in part.fields:
            yield name, field.name, field.meaning, field.unit, field.values
    for remark in _ABOUT:
        yield "", "", remark, "", ""
    yield "", "", "Written by this version of MarrowMark.", "", __version__
