"""Look at a clinical table before anything of it is joined: how it reads, what would join and change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.domain.clinical import UNSTATED, ClinicalRow, Kind, counts_for_lowest
from app.domain.clinical_items import Change, changes
from app.domain.errors import StoreUnavailable
from app.domain.protocol import LOWEST, Protocol
from app.domain.reading import Viewer
from app.files.clinical_headers import Column, understand_all
from app.files.clinical_headers import Field as Field
from app.files.clinical_table import ClinicalTable, Meaning, patients_named, understand_table
from app.files.raw_table import Layout, RawTable, read_raw
from app.services.join_clinical import ClinicalReport, report_of, source_of
from app.services.join_rows import Joining, join
from app.services.open_session import Session
from app.store import clinical, column_mappings
from app.store.clinical import JoinedRow
from app.store.people import refuse_while_blinded

CLINICAL = "clinical"


@dataclass(frozen=True, slots=True)
class CaseChanges:
    """What a case would say otherwise."""

    code: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """What would be other than it is now. What was typed in counts where it would hold.

    Attributes
    ----------
    added, gone : tuple of str
        Cases that would get a row, and that would have none any more.
    changed : tuple of CaseChanges
        Cases of which values would change.
    same : int
        Cases of which all stays.
    """

    added: tuple[str, ...]
    gone: tuple[str, ...]
    changed: tuple[CaseChanges, ...]
    same: int

    @property
    def counts(self) -> dict[str, int]:
        """For the record."""
        return {"added": len(self.added), "gone": len(self.gone), "changed": len(self.changed)}


@dataclass(frozen=True, slots=True)
class Lacking:
    """A region that the protocol uses and a table has not.

    Attributes
    ----------
    kind : Kind
        BMD or T-score.
    wanted : str
        The protocol's region; ``lowest`` where none of the T-scores can be the lowest.
    there : tuple of str
        Regions that the table has instead.
    """

    kind: Kind
    wanted: str
    there: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClinicalPlan:
    """What importing a table would do; nothing is written yet.

    Attributes
    ----------
    raw : RawTable
        The file as it stands.
    meaning : Meaning
        What the columns were said to mean, or remembered.
    table : ClinicalTable
        Its rows.
    joining : Joining
        Rows with their exams.
    report : ClinicalReport
        What it comes to.
    difference : Difference
        Against what holds now.
    base : int
        The import that holds now; 0 for none.
    lacking : tuple of Lacking
        Regions that the protocol uses and the table has not, although it has others.
    """

    raw: RawTable
    meaning: Meaning
    table: ClinicalTable
    joining: Joining
    report: ClinicalReport
    difference: Difference
    base: int
    lacking: tuple[Lacking, ...] = ()


def read_table(path: Path, layout: Layout | None = None) -> RawTable:
    """Read a file without asking what its columns mean.

    Raises
    ------
    DataError
        As :func:`app.files.raw_table.read_raw`.
    """
    return read_raw(path, layout or Layout(), patients_named)


def meaning_of(session: Session, raw: RawTable) -> Meaning:
    """What the columns of a table mean: as remembered for these headers, else as the headers say.

    Raises
    ------
    BlindingError
        On a guarded connection.
    """
    said = column_mappings.recall(session.database, CLINICAL, raw.headers_sha256)
    if said is None:
        return Meaning(understand_all(raw.headers))
    return _from_json(said, raw.headers)


def plan_clinical(
    session: Session, viewer: Viewer, raw: RawTable, meaning: Meaning | None = None
) -> ClinicalPlan:
    """What importing a table would do.

    Parameters
    ----------
    session : Session
        The study.
    viewer : Viewer
        Who looks.
    raw : RawTable
        From :func:`read_table`.
    meaning : Meaning, optional
        What the columns mean; :func:`meaning_of` otherwise.

    Raises
    ------
    BlindingError
        As :func:`app.store.clinical.newest`: a preview shows clinical data.
    DataError
        ``table.no_identifier_column``, ``table.duplicate_header``.
    """
    database = session.database
    refuse_while_blinded(database, viewer)
    said = meaning if meaning is not None else meaning_of(session, raw)
    table = understand_table(raw, said)
    with database.snapshot():
        identifiers = clinical.exam_identifiers(database)
        joining = join(table.rows, identifiers)
        codes = {one.exam_id: one.code for one in identifiers}
        now = clinical.newest(database, viewer, unmatched=0)
        then = clinical.rows_with(database, viewer, joining.rows, source_of(table).columns)
        base = clinical.newest_import(database)
    return ClinicalPlan(
        raw=raw,
        meaning=said,
        table=table,
        joining=joining,
        report=report_of(table, joining, codes),
        difference=difference(_by_exam(now), _by_exam(then), codes),
        base=base,
        lacking=tuple(_lacking(joining.rows, session.protocol)),
    )


def _lacking(rows: Sequence[JoinedRow], protocol: Protocol) -> Iterator[Lacking]:
    values = [value for one in rows for value in one.row.values]
    for kind, wanted in ((Kind.BMD, protocol.bmd_region), (Kind.TSCORE, protocol.tscore_region)):
        there = tuple(dict.fromkeys(one.region for one in values if one.kind is kind))
        if not any(_serves(region, wanted) for region in there) and there:
            yield Lacking(kind, wanted, there)


def _serves(region: str, wanted: str) -> bool:
    return counts_for_lowest(region) if wanted == LOWEST else region in {wanted, UNSTATED}


def _by_exam(rows: Iterable[JoinedRow]) -> dict[int, ClinicalRow]:
    return {one.exam_id: one.row for one in rows if one.exam_id is not None}


def difference(
    now: Mapping[int, ClinicalRow], then: Mapping[int, ClinicalRow], codes: Mapping[int, str]
) -> Difference:
    """What changes from one table to another, by the keys of exams; cases in order of code."""
    both = [key for key in now if key in then]
    other = [CaseChanges(codes[key], found) for key in both if (found := changes(now[key], then[key]))]
    return Difference(
        added=tuple(sorted(codes[key] for key in then if key not in now)),
        gone=tuple(sorted(codes[key] for key in now if key not in then)),
        changed=tuple(sorted(other, key=lambda one: one.code)),
        same=len(both) - len(other),
    )


def take_clinical(session: Session, viewer: Viewer, plan: ClinicalPlan) -> ClinicalReport:
    """Do what was planned: the table takes the place of the one before, which stays in the file.

    Raises
    ------
    BlindingError
        As :func:`plan_clinical`.
    InputError
        ``clinical.changed_meanwhile`` when another table was imported since, or exams were.
    StoreUnavailable
        When the session cannot be written to.
    """
    database = session.database
    refuse_while_blinded(database, viewer)
    if session.read_only:
        raise StoreUnavailable("store.read_only", file=session.name)
    clinical.save(
        database,
        plan.joining.rows,
        sha256=plan.table.sha256,
        encoding=plan.table.encoding or plan.table.form,
        actor=viewer.reader.name,
        source=source_of(plan.table),
        differs=plan.difference.counts,
        instead_of=plan.base,
    )
    remember(session, plan.raw, plan.meaning)
    return plan.report


def remember(session: Session, raw: RawTable, meaning: Meaning) -> None:
    """Keep what the columns of a table with these headers mean, where that is not what the headers say."""
    known = column_mappings.recall(session.database, CLINICAL, raw.headers_sha256)
    said = _to_json(meaning, raw.headers)
    if known is not None or said != _to_json(Meaning(), raw.headers):
        column_mappings.remember(session.database, CLINICAL, raw.headers_sha256, said)


def _to_json(meaning: Meaning, headers: Sequence[str]) -> dict[str, Any]:
    columns = understand_all(headers) if meaning.columns is None else meaning.columns
    return {
        "columns": [[one.position, one.field.value, one.region, one.unit, one.method] for one in columns],
        "sex_codes": dict(meaning.sex_codes),
    }


def _from_json(said: Any, headers: Sequence[str]) -> Meaning:
    columns = tuple(
        Column(position, headers[position], Field(what), region, unit, method)
        for position, what, region, unit, method in said["columns"]
    )
    return Meaning(columns, dict(said["sex_codes"]))
