"""Case codes: drawn at random, or given by a person or a table, and never what a patient is known by."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.domain.clinical import ClinicalRow
from app.domain.errors import DataError, InputError
from app.domain.identity import Identity
from app.files.clinical_cells import SPOILED_ID
from app.files.clinical_headers import Field
from app.files.clinical_table import TOO_MANY_CELLS, ClinicalTable, read_clinical_table
from app.services.open_session import Session
from app.store import exams

_DIGITS = 4
LONGEST = 16
# begins with a letter because R and Excel read 0417 as 417
_VALID = re.compile(rf"[A-Za-z][A-Za-z0-9_-]{{0,{LONGEST - 1}}}")
_NAME_PARTS = re.compile(r"[\^=\s,.]+")
_SIGNS = re.compile(r"[\W_]+")


# neither row nor table has a repr of its content: a repr ends in logs and tracebacks
@dataclass(frozen=True, slots=True, repr=False)
class _Row:
    """One line of a table of codes."""

    line: int
    patient_id: str
    accession: str
    code: str


@dataclass(frozen=True, slots=True, repr=False)
class CaseCodes:
    """Codes that a person wants exams to have.

    Attributes
    ----------
    only : str
        For the one exam of an import; empty where a table says it, or nobody does.
    """

    only: str = ""
    _rows: tuple[_Row, ...] = ()

    def code_for(self, identity: Identity) -> str:
        """The code an exam should have; empty where none is said, so that one is drawn.

        The accession number decides where the table has it, the patient ID otherwise.

        Raises
        ------
        InputError
            ``codes.ids_disagree`` when the line of an accession number names another patient;
            ``codes.several_rows`` when a patient has several lines and none names the accession number.
        """
        if self.only:
            return self.only
        accession, patient_id = identity.accession.strip(), identity.patient_id.strip()
        for row in self._rows:
            if accession and row.accession == accession:
                if patient_id and row.patient_id and row.patient_id != patient_id:
                    raise InputError("codes.ids_disagree", line=row.line)
                return row.code
        # a line with another accession number is about another exam of the patient
        found = [
            row
            for row in self._rows
            if patient_id and row.patient_id == patient_id and not (row.accession and accession)
        ]
        if len(found) > 1:
            raise InputError("codes.several_rows", first=found[0].line, second=found[1].line)
        return found[0].code if found else ""


def read_case_codes(path: Path) -> CaseCodes:
    """Read a table of case codes.

    Parameters
    ----------
    path : Path
        CSV or TSV with a patient ID or accession number and a case code in each line, with headers; read as
        :func:`app.files.clinical_table.read_clinical_table` does.

    Raises
    ------
    DataError
        What that function raises; ``codes.no_code_column``, ``codes.no_patient_column``; and for a line
        ``codes.unreadable_row``, ``codes.no_code``, ``codes.no_patient``, ``codes.invalid``,
        ``codes.is_identity``, ``codes.duplicate_code``, ``codes.duplicate_patient``.
    """
    table = read_clinical_table(path)
    _refuse_missing_columns(table, path)
    rows = [_row(row, path) for row in table.rows]
    words = {_squash(word) for row in rows for word in (row.patient_id, row.accession)}
    codes: dict[str, int] = {}
    patients: dict[tuple[str, str], int] = {}
    for row in rows:
        if _squash(row.code) in words:
            raise DataError("codes.is_identity", path, line=row.line)
        first = codes.setdefault(row.code.casefold(), row.line)
        if first != row.line:
            raise DataError("codes.duplicate_code", path, first=first, second=row.line)
        who = ("", row.accession) if row.accession else (row.patient_id, "")
        first = patients.setdefault(who, row.line)
        if first != row.line:
            raise DataError("codes.duplicate_patient", path, first=first, second=row.line)
    return CaseCodes(_rows=tuple(rows))


def _refuse_missing_columns(table: ClinicalTable, path: Path) -> None:
    fields = {column.field for column in table.columns}
    if Field.CASE_CODE not in fields:
        raise DataError("codes.no_code_column", path)
    if not fields & {Field.PATIENT_ID, Field.ACCESSION}:
        raise DataError("codes.no_patient_column", path)


def _row(row: ClinicalRow, path: Path) -> _Row:
    if any(problem.code in {TOO_MANY_CELLS, SPOILED_ID} for problem in row.problems):
        raise DataError("codes.unreadable_row", path, line=row.line)
    if not row.case_code:
        raise DataError("codes.no_code", path, line=row.line)
    if not (row.patient_id or row.accession):
        raise DataError("codes.no_patient", path, line=row.line)
    if not _VALID.fullmatch(row.case_code):
        raise DataError("codes.invalid", path, line=row.line)
    return _Row(row.line, row.patient_id, row.accession, row.case_code)


def check_code(session: Session, code: str, identity: Identity) -> None:
    """Refuse a code that the exam of a patient cannot have.

    Parameters
    ----------
    session : Session
        Where it should stand.
    code : str
        The code; the error never repeats it where it may be a name or a number of a patient.
    identity : Identity
        Of the exam. One that is in the session already may keep its code.

    Raises
    ------
    InputError
        ``code.invalid``: not 1 to 16 letters, digits, ``-`` or ``_``, the first a letter;
        ``code.is_identity``: a name, patient ID or accession number of this or another patient;
        ``code.taken``.
    """
    _refuse_unfit(code, _words([identity, *exams.identities(session.database)]))
    taken = {one.casefold(): one for one in exams.codes(session.database)}
    _refuse_taken(session, code, identity, taken)


def settle_codes(session: Session, wanted: Sequence[tuple[Identity, str]]) -> list[str]:
    """The code of each exam of an import: the wanted one, or one drawn at random.

    Parameters
    ----------
    session : Session
        Where the exams will stand.
    wanted : sequence of (Identity, str)
        Exam by exam; an empty text where any code will do.

    Raises
    ------
    InputError
        As :func:`check_code`, and ``code.twice`` when two exams would get one code.
    """
    people = [identity for identity, _ in wanted]
    words = _words([*people, *exams.identities(session.database)])
    taken = {one.casefold(): one for one in exams.codes(session.database)}
    given: dict[str, tuple[str, str]] = {}
    for identity, code in wanted:
        if code:
            _refuse_unfit(code, words)
            _refuse_taken(session, code, identity, taken)
            exam = (identity.study_uid, identity.frame_uid)
            before = given.setdefault(code.casefold(), exam)
            # the maps of one exam may lie in two places
            if before is not exam and (before != exam or not identity.study_uid):
                raise InputError("code.twice", case=code)
    used = set(taken) | set(given)
    settled = []
    for _, code in wanted:
        settled.append(code or free_code(used, words))
        used.add(settled[-1].casefold())
    return settled


def free_code(taken: Collection[str], words: Collection[str] = ()) -> str:
    """Draw a random case code.

    Parameters
    ----------
    taken : collection of str
        Codes that are not free, in lower case.
    words : collection of str
        What patients are known by, in lower case: no code is one of them.
    """
    digits = _DIGITS
    while True:
        # a session with very many exams gets longer codes instead of a long search
        if len(taken) > 10**digits // 2:
            digits += 1
        code = f"C{secrets.randbelow(10**digits):0{digits}d}"
        if code.casefold() not in taken and code.casefold() not in words:
            return code


def fits_as_code(code: str, words: Collection[str]) -> bool:
    """Whether a text can be a case code: of the right signs, and none of ``words`` (:func:`known_words`)."""
    return _VALID.fullmatch(code) is not None and _squash(code) not in words


def known_words(session: Session, people: Iterable[Identity] = ()) -> set[str]:
    """What patients of a session, and some others, are known by; for matching only."""
    return _words([*people, *exams.identities(session.database)])


def _refuse_unfit(code: str, words: Collection[str]) -> None:
    if not _VALID.fullmatch(code):
        raise InputError("code.invalid")
    if _squash(code) in words:
        raise InputError("code.is_identity")


def _refuse_taken(session: Session, code: str, identity: Identity, taken: dict[str, str]) -> None:
    if code.casefold() in taken:
        known = exams.find_study(session.database, identity.study_uid, identity.frame_uid)
        # an exam that is imported again keeps its own
        if code not in {own for _, own in known}:
            raise InputError("code.taken", case=taken[code.casefold()])


def _words(people: Iterable[Identity]) -> set[str]:
    """Everything patients are known by, in lower case without signs."""
    told = (
        word
        for one in people
        for word in (
            one.patient_id,
            one.accession,
            # the same name in letters and in characters
            *one.patient_name.split("="),
            *_NAME_PARTS.split(one.patient_name),
        )
    )
    return {_squash(word) for word in told} - {""}


def _squash(text: str) -> str:
    return _SIGNS.sub("", text).casefold()
