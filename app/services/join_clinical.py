"""Join a clinical table with the exams: by accession, then patient ID, then case code, never by guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.domain.clinical import ClinicalRow, Group, Kind, Problem, check_reference, group_of
from app.domain.reading import Viewer
from app.files.clinical_table import ClinicalTable, read_clinical_table
from app.services.open_session import Session
from app.store import clinical, exams
from app.store.clinical import ExamIdentifiers, JoinedRow
from app.store.sessions import PROGRAM

ACCESSION, PATIENT_ID, CASE_CODE = "accession", "patient_id", "code"

# why a row joined no exam; kept among the row's problems
NO_EXAM = "clinical.no_exam"
SEVERAL_EXAMS = "clinical.several_exams"
IDS_DISAGREE = "clinical.ids_disagree"
DUPLICATE = "clinical.duplicate_row"
CONFLICT = "clinical.conflicting_rows"
_NOT_JOINED = (NO_EXAM, SEVERAL_EXAMS, IDS_DISAGREE, DUPLICATE, CONFLICT)


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


@dataclass(frozen=True, slots=True)
class ClinicalLine:
    """What the Clinical page shows of one row.

    Attributes
    ----------
    line : int
        Line of the file.
    code : str
        Case code, empty where the row joined no exam.
    matched_by : str
        ``accession``, ``patient_id``, ``code`` or empty.
    sex : str
        ``M``, ``F`` or empty.
    age, bmi : float or None
        Years, kg/m2.
    tscore, bmd : float or None
        Of the protocol's region, or of the plain column where the table has none for it.
    bmd_unit, bmd_verbatim : str
        As the table says.
    region : str
        The protocol's region of BMD and T-score.
    region_stated : bool
        False where a plain column stands for the protocol's region.
    group : Group or None
        By T-score.
    exam_date : str
        ISO date of the reference examination, or empty.
    problems : tuple of Problem
        Why it did not join, and what was not understood.
    """

    line: int
    code: str
    matched_by: str
    sex: str
    age: float | None
    bmi: float | None
    tscore: float | None
    bmd: float | None
    bmd_unit: str
    bmd_verbatim: str
    region: str
    region_stated: bool
    group: Group | None
    exam_date: str
    problems: tuple[Problem, ...]


def import_clinical(session: Session, path: Path, *, actor: str = PROGRAM) -> ClinicalReport:
    """Read a clinical table, join it with the exams and keep it; it takes the place of the one before.

    Parameters
    ----------
    session : Session
        Open for writing.
    path : Path
        A CSV file.
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
    clinical.save(session.database, joining.rows, sha256=table.sha256, encoding=table.encoding, actor=actor)
    return _report(table, joining, {one.exam_id: one.code for one in identifiers})


@dataclass(frozen=True, slots=True)
class Joining:
    """Every row with its exam or the reason why it has none.

    Attributes
    ----------
    rows : tuple of JoinedRow
        In the order of the table.
    conflicts : mapping of int to tuple of int
        Exams claimed by different rows, and the lines of these.
    """

    rows: tuple[JoinedRow, ...]
    conflicts: Mapping[int, tuple[int, ...]]


def join(rows: Sequence[ClinicalRow], identifiers: Sequence[ExamIdentifiers]) -> Joining:
    """Give every row its exam, or the reason why it has none among its problems.

    Parameters
    ----------
    rows : sequence of ClinicalRow
        Of the table.
    identifiers : sequence of ExamIdentifiers
        Of all exams.
    """
    index = _Index(identifiers)
    matched = [index.match(row) for row in rows]
    # where several rows claim an exam, equal ones count once and different ones not at all
    claims: dict[int, dict[ClinicalRow, list[JoinedRow]]] = defaultdict(lambda: defaultdict(list))
    for one in matched:
        if one.exam_id is not None:
            claims[one.exam_id][replace(one.row, line=0)].append(one)
    return Joining(
        rows=tuple(_checked(_settle(one, claims), index.dates) for one in matched),
        conflicts={
            exam_id: tuple(sorted(one.row.line for same in different.values() for one in same))
            for exam_id, different in claims.items()
            if len(different) > 1
        },
    )


def _settle(one: JoinedRow, claims: Mapping[int, Mapping[ClinicalRow, Sequence[JoinedRow]]]) -> JoinedRow:
    if one.exam_id is None:
        return one
    different = claims[one.exam_id]
    if len(different) > 1:
        return _not_joined(one.row, CONFLICT)
    (same,) = different.values()
    return one if one is same[0] else _not_joined(one.row, DUPLICATE)


class _Index:
    """Exams by each of their identifiers."""

    def __init__(self, identifiers: Iterable[ExamIdentifiers]) -> None:
        self.dates: dict[int | None, str] = {}
        self._exams: dict[tuple[str, str], list[int]] = defaultdict(list)
        for one in identifiers:
            self.dates[one.exam_id] = one.study_date
            keys = ((ACCESSION, one.accession), (PATIENT_ID, one.patient_id), (CASE_CODE, one.code))
            for key in keys:
                self._exams[key].append(one.exam_id)

    def match(self, row: ClinicalRow) -> JoinedRow:
        """Find the exam of a row."""
        by_accession = self._find(ACCESSION, row.accession)
        by_patient = self._find(PATIENT_ID, row.patient_id)
        # both name exams, and not the same one: one of the two is wrong
        if by_accession and by_patient and not set(by_accession) & set(by_patient):
            return _not_joined(row, IDS_DISAGREE)
        claims = (
            (ACCESSION, [exam for exam in by_accession if not by_patient or exam in by_patient]),
            (PATIENT_ID, by_patient),
            (CASE_CODE, self._find(CASE_CODE, row.case_code or row.patient_id)),
        )
        for matched_by, found in claims:
            if len(found) == 1:
                return JoinedRow(row, found[0], matched_by)
            if found:
                return _not_joined(row, SEVERAL_EXAMS)
        return _not_joined(row, NO_EXAM)

    def _find(self, kind: str, text: str) -> list[int]:
        return self._exams.get((kind, text), []) if text else []


def _not_joined(row: ClinicalRow, code: str) -> JoinedRow:
    return JoinedRow(replace(row, problems=(Problem(code), *row.problems)), None, "")


def _checked(joined: JoinedRow, dates: dict[int | None, str]) -> JoinedRow:
    """Add what the protocol says of the reference examination (rule 15)."""
    found = check_reference(joined.row, dates.get(joined.exam_id, ""))
    return replace(joined, row=replace(joined.row, problems=(*joined.row.problems, *found)))


def _report(table: ClinicalTable, joining: Joining, codes: Mapping[int, str]) -> ClinicalReport:
    not_joined: dict[str, list[int]] = {code: [] for code in _NOT_JOINED}
    others = []
    for one in joining.rows:
        for problem in one.row.problems:
            if problem.code in not_joined:
                not_joined[problem.code].append(one.row.line)
            else:
                others.append(RowProblem(one.row.line, problem))
    matched = tuple(
        Match(one.row.line, codes[one.exam_id], one.matched_by)
        for one in joining.rows
        if one.exam_id is not None
    )
    with_row = {one.code for one in matched}
    return ClinicalReport(
        rows=len(joining.rows),
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
    )


def clinical_view(session: Session, viewer: Viewer) -> list[ClinicalLine]:
    """The newest clinical table as the Clinical page shows it: no identifiers.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds.
    """
    joined = clinical.newest(session.database, viewer)
    codes = {exam.id: exam.code for exam in exams.exams(session.database)}
    region = session.protocol.bmd_region
    return [_line(one, codes, region) for one in joined]


def _line(one: JoinedRow, codes: Mapping[int, str], region: str) -> ClinicalLine:
    row = one.row
    tscore, bmd = row.find(Kind.TSCORE, region), row.find(Kind.BMD, region)
    return ClinicalLine(
        line=row.line,
        code="" if one.exam_id is None else codes[one.exam_id],
        matched_by=one.matched_by,
        sex=row.sex,
        age=row.age,
        bmi=row.bmi,
        tscore=tscore.value if tscore else None,
        bmd=bmd.value if bmd else None,
        bmd_unit=bmd.unit if bmd else "",
        bmd_verbatim=bmd.verbatim if bmd else "",
        region=region,
        region_stated=all(value.region == region for value in (tscore, bmd) if value is not None),
        group=group_of(tscore.value if tscore else None),
        exam_date=row.exam_date,
        problems=row.problems,
    )
