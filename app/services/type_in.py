"""Single values of the clinical table, typed in by hand: with a reason, on the record, beside the table."""

from __future__ import annotations

from collections.abc import Callable

from app.domain.clinical import (
    HEIGHT,
    INTERVAL_TOO_LONG,
    POSTMENOPAUSAL,
    WEIGHT,
    ClinicalRow,
    ClinicalValue,
    is_zscore,
)
from app.domain.clinical_items import KINDS, Item, TypedIn, What, items_of, told
from app.domain.errors import InputError
from app.domain.reading import Viewer
from app.files.clinical_cells import (
    Figure,
    read_age,
    read_bmd,
    read_bmi,
    read_date,
    read_height,
    read_menopause,
    read_number,
    read_sex,
    read_tscore,
    read_weight,
)
from app.services.changed import Changed
from app.services.changed import What as Kinds
from app.services.open_session import Session
from app.store import clinical, clinical_edits, exams
from app.store.clinical import JoinedRow

_FIGURES: dict[What, Callable[[str], Figure]] = {
    What.AGE: read_age,
    What.BMI: read_bmi,
    What.TSCORE: read_tscore,
}
_FURTHER: dict[str, Callable[[str], Figure]] = {
    POSTMENOPAUSAL: read_menopause,
    HEIGHT: read_height,
    WEIGHT: read_weight,
}
_TEXTS: dict[What, Callable[[str], tuple[str, str]]] = {What.SEX: read_sex, What.EXAM_DATE: read_date}


def type_in(session: Session, viewer: Viewer, code: str, item: Item, text: str, reason: str) -> Changed:
    """Keep a value that a person typed in for a case.

    It holds until a later table says something else than the present one, and is marked wherever it shows.

    Parameters
    ----------
    session : Session
        The study, open for writing.
    viewer : Viewer
        Who types.
    code : str
        The case.
    item : Item
        Which value.
    text : str
        As typed, understood as a cell of a table is; empty for "there is none". A density without a unit has
        the one it had before. For ``INTERVAL`` nothing is typed: the reference is used despite its date.
    reason : str
        Why.

    Raises
    ------
    BlindingError
        For a reader while the study is blinded.
    InputError
        ``clinical.needs_reason``, ``clinical.no_such_case``, ``clinical.nothing_to_accept``; and what a cell
        of a table can be said to be: ``clinical.not_a_number``, ``clinical.implausible`` or one of
        :data:`app.domain.densities.OUTSIDE`,
        ``clinical.not_a_sex``, ``clinical.sex_code``, ``clinical.not_a_date``, ``clinical.not_a_menopause``.
    StoreUnavailable
        When the session cannot be written to.
    """
    reason, text = _reason(reason), text.strip()
    exam_id, table, now = _found(session, viewer, code)
    before = next((one.unit for one in now.row.values if item.what is What.BMD and _is(one, item)), "")
    value, said, unit = _understood(item, text, before)
    if item.what is What.INTERVAL and not _too_old(now):
        raise InputError("clinical.nothing_to_accept")
    typed = TypedIn(
        item=item,
        value=value,
        text=said,
        unit=unit,
        verbatim=text,
        replaced=told(table.row, item),
        reason=reason,
        actor=viewer.reader.name,
    )
    clinical_edits.append(session.database, exam_id, typed, old=items_of(now.row).get(item, ""))
    return Changed(Kinds.CLINICAL)


def take_back(session: Session, viewer: Viewer, code: str, item: Item, reason: str) -> Changed:
    """Let the table hold again where something was typed in.

    Raises
    ------
    BlindingError, InputError, StoreUnavailable
        As :func:`type_in`; ``clinical.nothing_typed`` where nothing was.
    """
    reason = _reason(reason)
    exam_id, table, now = _found(session, viewer, code)
    held = next((one for one in now.typed if one.item == item), None)
    if held is None:
        raise InputError("clinical.nothing_typed")
    says = told(table.row, item)
    back = TypedIn(item, None, "", "", says, says, reason, viewer.reader.name)
    clinical_edits.append(session.database, exam_id, back, old=held.verbatim, kind=clinical_edits.TAKEN_BACK)
    return Changed(Kinds.CLINICAL)


def _reason(reason: str) -> str:
    if not reason.strip():
        raise InputError("clinical.needs_reason")
    return reason.strip()


def _found(session: Session, viewer: Viewer, code: str) -> tuple[int, JoinedRow, JoinedRow]:
    """Key of a case, what the table says of it, and what holds now."""
    database = session.database
    table = clinical.table_rows(database, viewer, unmatched=0)
    now = clinical.newest(database, viewer, unmatched=0)
    exam_id = next((one.id for one in exams.exams(database) if one.code == code), None)
    if exam_id is None:
        raise InputError("clinical.no_such_case", case=code)
    empty = JoinedRow(ClinicalRow(line=0), exam_id, "")
    of_table, held = (next((one for one in rows if one.exam_id == exam_id), empty) for rows in (table, now))
    return exam_id, of_table, held


def _understood(item: Item, text: str, before: str) -> tuple[float | None, str, str]:
    """Number, text and unit of what was typed; a density without a unit has the one it had before."""
    value, said, problem, unit = None, "", "", ""
    if item.what in _TEXTS:
        said, problem = _TEXTS[item.what](text)
    elif item.what is not What.INTERVAL:
        figure = read_bmd(text, unit=before) if item.what is What.BMD else _reader(item)(text)
        value, problem = figure.value, figure.problem
        # of nothing there is no unit
        unit = "" if value is None else figure.unit
    if problem:
        raise InputError(problem, verbatim=text, column=item.name or item.what.value)
    return value, said, unit


def _reader(item: Item) -> Callable[[str], Figure]:
    if item.what is not What.COVARIATE:
        return _FIGURES[item.what]
    return read_tscore if is_zscore(item.name) else _FURTHER.get(item.name, read_number)


def _too_old(now: JoinedRow) -> bool:
    return any(problem.code == INTERVAL_TOO_LONG for problem in now.row.problems)


def _is(one: ClinicalValue, item: Item) -> bool:
    return (one.kind, one.region) == (KINDS[item.what], item.name)
