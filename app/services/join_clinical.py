"""Join a clinical table with the exams: by accession, then patient ID, then case code, never by guess."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from app.domain.clinical import (
    INTERVAL_LONG,
    INTERVAL_TOO_LONG,
    Kind,
    Problem,
    is_zscore,
)
from app.domain.clinical_items import Item, What
from app.files.clinical_headers import FURTHER, Field, further_name
from app.files.clinical_table import ClinicalTable, read_clinical_table
from app.files.clinical_units import UnitDoubt
from app.services.changed import Changed
from app.services.changed import What as Kinds
from app.services.clinical_lines import ClinicalLine as ClinicalLine
from app.services.clinical_lines import clinical_view as clinical_view
from app.services.join_rows import CONFLICT as CONFLICT
from app.services.join_rows import (
    DUPLICATE,
    IDS_DISAGREE,
    NO_EXAM,
    NOT_JOINED,
    SEVERAL_EXAMS,
    Joining,
)
from app.services.join_rows import join as join
from app.services.open_session import Session
from app.store import clinical
from app.store.clinical import Source
from app.store.sessions import PROGRAM

_GAPS = frozenset({INTERVAL_LONG, INTERVAL_TOO_LONG})
_WHOLE = {
    Field.SEX: What.SEX,
    Field.AGE: What.AGE,
    Field.BMI: What.BMI,
    Field.EXAM_DATE: What.EXAM_DATE,
}
_OF_REGION = {Field.BMD: (What.BMD, Kind.BMD), Field.TSCORE: (What.TSCORE, Kind.TSCORE)}


@dataclass(frozen=True, slots=True)
class Match:
    """A row that joined an exam."""

    line: int
    code: str
    matched_by: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """Different rows that claim one exam: none of them joined."""

    code: str
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A problem and the line it stands on."""

    line: int
    problem: Problem


@dataclass(frozen=True, slots=True)
class ClinicalReport:
    """What an import did. Holds lines and case codes, no identifiers.

    Attributes
    ----------
    rows : int
        Rows of the table.
    encoding, delimiter : str
        As detected.
    columns, dropped, unused : tuple of str
        Headers that were understood, dropped because they hold names, and not understood.
    matched : tuple of Match
        Rows that joined an exam.
    unmatched, several, disagreeing, duplicates : tuple of int
        Lines that joined none: no exam has the identifiers, more than one has, accession and patient ID point
        to different exams, the same row stands above.
    conflicts : tuple of Conflict
        Exams claimed by different rows.
    without_row : tuple of str
        Case codes of exams that no row joined.
    problems : tuple of RowProblem
        Everything else to be known, by line.
    date_gaps : tuple of RowProblem
        Those of them that tell of a long time between MRI and reference.
    together : tuple of tuple of int
        Lines that speak of different regions of one exam and joined it as one.
    covariates : tuple of str
        Further columns that are kept.
    sheet, decimal_sign : str
        As read.
    unit_doubts : tuple of UnitDoubt
        Columns of densities whose numbers do not go with the unit they are said to have.
    """

    rows: int
    encoding: str
    delimiter: str
    columns: tuple[str, ...]
    dropped: tuple[str, ...]
    unused: tuple[str, ...]
    matched: tuple[Match, ...]
    unmatched: tuple[int, ...]
    several: tuple[int, ...]
    disagreeing: tuple[int, ...]
    duplicates: tuple[int, ...]
    conflicts: tuple[Conflict, ...]
    without_row: tuple[str, ...]
    problems: tuple[RowProblem, ...]
    date_gaps: tuple[RowProblem, ...] = ()
    together: tuple[tuple[int, ...], ...] = ()
    covariates: tuple[str, ...] = ()
    sheet: str = ""
    decimal_sign: str = "."
    unit_doubts: tuple[UnitDoubt, ...] = ()

    @property
    def changed(self) -> Changed:
        """What an import changes."""
        return Changed(Kinds.CLINICAL)


def import_clinical(session: Session, path: Path, *, actor: str = PROGRAM) -> ClinicalReport:
    """Read a clinical table, join it with the exams and keep it; it takes the place of the one before.

    For programs: a person looks first, with :func:`app.services.plan_clinical.plan_clinical`.

    Parameters
    ----------
    session : Session
        Open for writing.
    path : Path
        A CSV file or an Excel workbook.
    actor : str
        Who imports, for the audit.

    Raises
    ------
    DataError
        When the file cannot be used; the table before stays.
    StoreUnavailable
        When the session cannot be written to.
    """
    return keep_table(session, read_clinical_table(path), actor=actor)


def keep_table(session: Session, table: ClinicalTable, *, actor: str = PROGRAM) -> ClinicalReport:
    """Join a table that was read with the exams and keep it.

    Raises
    ------
    StoreUnavailable
        When the session cannot be written to.
    """
    identifiers = clinical.exam_identifiers(session.database)
    joining = join(table.rows, identifiers)
    clinical.save(
        session.database,
        joining.rows,
        sha256=table.sha256,
        encoding=table.encoding or table.form,
        actor=actor,
        source=source_of(table),
    )
    return report_of(table, joining, {one.exam_id: one.code for one in identifiers})


def source_of(table: ClinicalTable) -> Source:
    """How a table was read, and which column each of its values came from."""
    columns: dict[Item, str] = {}
    regions = {(value.kind, value.region) for row in table.rows for value in row.values}
    for column in table.columns:
        if column.field in _WHOLE:
            columns[Item(_WHOLE[column.field])] = column.header
        elif column.field is Field.ZSCORE and not column.region:
            for name in _zscores(table):
                columns.setdefault(Item(What.COVARIATE, name), column.header)
        elif column.field in FURTHER:
            columns[Item(What.COVARIATE, further_name(column))] = column.header
        elif column.field in _OF_REGION:
            what, kind = _OF_REGION[column.field]
            for _, region in sorted(one for one in regions if one[0] is kind):
                # a column that names its region goes before the one that takes it from the line
                if column.region == region or (not column.region and Item(what, region) not in columns):
                    columns[Item(what, region)] = column.header
    return Source(table.form, table.delimiter, table.decimal_sign, columns)


def _zscores(table: ClinicalTable) -> list[str]:
    """Names of the Z-scores of a table, which may take their region from the line."""
    named = {one.name for row in table.rows for one in row.covariates}
    return sorted(name for name in named if is_zscore(name))


def report_of(table: ClinicalTable, joining: Joining, codes: Mapping[int, str]) -> ClinicalReport:
    """What joining a table comes to.

    Parameters
    ----------
    table : ClinicalTable
        The table.
    joining : Joining
        Its rows with their exams.
    codes : mapping of int to str
        Case code of every exam, by its key.
    """
    not_joined: dict[str, list[int]] = {code: [] for code in NOT_JOINED}
    others = []
    for one in joining.rows:
        for problem in one.row.problems:
            if problem.code in not_joined:
                not_joined[problem.code].append(one.row.line)
            else:
                others.append(RowProblem(one.row.line, problem))
    matched = tuple(
        Match(line, codes[one.exam_id], one.matched_by)
        for one in joining.rows
        if one.exam_id is not None
        for line in joining.together.get(one.row.line, (one.row.line,))
    )
    with_row = {one.code for one in matched}
    return ClinicalReport(
        rows=len(table.rows),
        encoding=table.encoding,
        delimiter=table.delimiter,
        columns=tuple(column.header for column in table.columns),
        dropped=table.dropped,
        unused=table.unused,
        matched=matched,
        unmatched=tuple(not_joined[NO_EXAM]),
        several=tuple(not_joined[SEVERAL_EXAMS]),
        disagreeing=tuple(not_joined[IDS_DISAGREE]),
        duplicates=tuple(not_joined[DUPLICATE]),
        conflicts=tuple(Conflict(codes[exam], lines) for exam, lines in joining.conflicts.items()),
        without_row=tuple(sorted(set(codes.values()) - with_row)),
        problems=tuple(others),
        date_gaps=tuple(one for one in others if one.problem.code in _GAPS),
        together=tuple(joining.together.values()),
        covariates=tuple(column.header for column in table.columns if column.field in FURTHER),
        sheet=table.sheet,
        decimal_sign=table.decimal_sign,
        unit_doubts=table.unit_doubts,
    )
