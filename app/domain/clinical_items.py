"""Single values of a clinical row: what each says, what was typed in for it, what differs in two rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from app.domain.clinical import (
    BMI_COMPUTED,
    INTERVAL_LONG,
    INTERVAL_TOO_LONG,
    RULES,
    ClinicalRow,
    ClinicalValue,
    Covariate,
    Kind,
    Problem,
    check_reference,
    with_bmi,
)
from app.domain.densities import OUTSIDE

TYPED_IN = "clinical.typed_in"
INTERVAL_ACCEPTED = "clinical.interval_accepted"
NOT_UNDERSTOOD = frozenset(
    {
        "clinical.not_a_number",
        "clinical.implausible",
        "clinical.not_a_sex",
        "clinical.sex_code",
        "clinical.not_a_date",
        *OUTSIDE.values(),
    }
)
"""What a cell can be said to be when it was not understood; settled by a value that is typed in."""


class What(StrEnum):
    """Kinds of values in a row."""

    SEX = "sex"
    AGE = "age"
    BMI = "bmi"
    EXAM_DATE = "exam_date"
    BMD = "bmd"
    TSCORE = "tscore"
    COVARIATE = "covariate"
    INTERVAL = "interval"


KINDS = {What.BMD: Kind.BMD, What.TSCORE: Kind.TSCORE}
_WHATS = {kind: what for what, kind in KINDS.items()}


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """Which value of a row.

    Attributes
    ----------
    what : What
        Its kind. ``INTERVAL`` is no value: whether a reference of more than 90 days is used after all.
    name : str
        Region of a BMD or T-score, name of a covariate, else empty.
    """

    what: What
    name: str = ""


@dataclass(frozen=True, slots=True)
class TypedIn:
    """A value that a person typed in for a case.

    Attributes
    ----------
    item : Item
        What it is.
    value : float or None
        The number; None for a sex or a date, and where the person says that there is none.
    text : str
        ``M`` or ``F``, or an ISO date; empty for numbers.
    unit : str
        Unit of a density.
    verbatim : str
        As typed.
    replaced : str
        What the table said at that moment (:func:`told`). It holds as long as the table still says so.
    reason, actor, at_utc : str
        Why, who and when.
    """

    item: Item
    value: float | None
    text: str
    unit: str
    verbatim: str
    replaced: str
    reason: str
    actor: str = ""
    at_utc: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What a case says otherwise than before.

    Attributes
    ----------
    item : Item
        Which value.
    old, new : str
        What it said and says, with its unit; empty for nothing.
    """

    item: Item
    old: str
    new: str


def items_of(row: ClinicalRow) -> dict[Item, str]:
    """Every value of a row that says anything, as text with its unit."""
    found = {
        Item(What.SEX): row.sex,
        Item(What.AGE): _number(row.age),
        Item(What.BMI): _number(row.bmi),
        Item(What.EXAM_DATE): row.exam_date,
    }
    for value in row.values:
        said = value.verbatim if value.value is None else f"{_number(value.value)} {value.unit}".rstrip()
        found[Item(_WHATS[value.kind], value.region)] = said
    for one in row.covariates:
        said = one.verbatim if one.value is None else _number(one.value)
        found[Item(What.COVARIATE, one.name)] = said
    return {item: said for item, said in found.items() if said}


def _number(value: float | None) -> str:
    # repr tells two numbers apart wherever they differ
    return "" if value is None else repr(value).removesuffix(".0")


def told(row: ClinicalRow | None, item: Item) -> str:
    """What a row says of one value; empty for nothing."""
    if row is None:
        return ""
    if item.what is What.INTERVAL:
        return row.exam_date
    return items_of(row).get(item, "")


def changes(old: ClinicalRow, new: ClinicalRow) -> tuple[Change, ...]:
    """What two rows of one case say differently, in order of item."""
    before, after = items_of(old), items_of(new)
    return tuple(
        Change(item, before.get(item, ""), after.get(item, ""))
        for item in sorted({*before, *after})
        if before.get(item, "") != after.get(item, "")
    )


def with_typed(
    row: ClinicalRow,
    typed: Iterable[TypedIn],
    *,
    headers: Mapping[Item, str] | None = None,
    study_date: str = "",
) -> tuple[ClinicalRow, tuple[TypedIn, ...]]:
    """A row with what was typed in for its case, and what of that holds.

    A value holds while the table says what it said when it was typed; a table that says something else since
    takes its place.

    Parameters
    ----------
    row : ClinicalRow
        As the table has it; an empty one for a case without a row.
    typed : iterable of TypedIn
        The newest of each item.
    headers : mapping of Item to str, optional
        Header of the column each value came from: what could not be understood there is settled now.
    study_date : str
        ISO date of the MRI, for the rules of :func:`app.domain.clinical.check_reference`. Where it is not
        known, as for a patient of another centre, what the row says of the time between holds.
    """
    holding = tuple(one for one in typed if one.replaced == told(row, one.item))
    if not holding:
        return row, ()
    settled = {(headers or {}).get(one.item, "") for one in holding} - {""}
    counted = any(problem.code == BMI_COMPUTED for problem in row.problems)
    made = replace(row, bmi=None, problems=()) if counted else replace(row, problems=())
    for one in holding:
        made = _with(made, one)
    # a height or weight that is typed in gives another BMI; one that is typed in itself is not counted
    if all(one.item.what is not What.BMI for one in holding):
        made = with_bmi(made)
    kept = [
        problem
        for problem in row.problems
        if problem.code not in {*RULES, BMI_COMPUTED}
        and not (problem.code in NOT_UNDERSTOOD and problem.column in settled)
    ]
    intervals = () if study_date else (INTERVAL_LONG, INTERVAL_TOO_LONG)
    found = [problem for problem in row.problems if problem.code in intervals]
    found += check_reference(made, study_date)
    if any(one.item.what is What.INTERVAL for one in holding):
        found = [
            Problem(INTERVAL_ACCEPTED) if problem.code == INTERVAL_TOO_LONG else problem for problem in found
        ]
    marks = [
        Problem(TYPED_IN, one.item.name or one.item.what.value, one.verbatim)
        for one in holding
        if one.item.what is not What.INTERVAL
    ]
    return replace(made, problems=(*kept, *made.problems, *found, *marks)), holding


def _with(row: ClinicalRow, one: TypedIn) -> ClinicalRow:
    match one.item.what:
        case What.SEX:
            return replace(row, sex=one.text)
        case What.AGE:
            return replace(row, age=one.value)
        case What.BMI:
            return replace(row, bmi=one.value)
        case What.EXAM_DATE:
            return replace(row, exam_date=one.text)
        case What.COVARIATE:
            others = tuple(other for other in row.covariates if other.name != one.item.name)
            return replace(row, covariates=(*others, Covariate(one.item.name, one.value, one.verbatim)))
        case What.INTERVAL:
            return row
    return _with_value(row, one, KINDS[one.item.what])


def _with_value(row: ClinicalRow, one: TypedIn, kind: Kind) -> ClinicalRow:
    new = ClinicalValue(kind, one.item.name, one.value, one.unit, one.verbatim)
    others = tuple(value for value in row.values if (value.kind, value.region) != (kind, new.region))
    return replace(row, values=(*others, new))
