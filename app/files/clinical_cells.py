"""Cells of a clinical table as people type them: numbers, ages, sexes, dates, and many ways to say nothing.

A cell is understood or it is named: what is not understood comes back as a code, never as a guess.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from app.domain.densities import OUTSIDE, fits

_MISSING = frozenset({"", "/", "-", "--", "na", "n/a", "#n/a", "未查", "未测", "未做"})
# hyphen-minus is what NFKC makes of the full-width sign; the others it leaves alone
_MINUS = str.maketrans({"−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-"})
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)")
_UNIT = re.compile(r"(mg|g) ?/ ?cm ?\^?([23])")
_TIME = r"(?:[ t][0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
_DATES = tuple(
    re.compile(pattern + _TIME)
    for pattern in (
        r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})",
        r"([0-9]{4})/([0-9]{1,2})/([0-9]{1,2})",
        r"([0-9]{4})\.([0-9]{1,2})\.([0-9]{1,2})",
        r"([0-9]{4})([0-9]{2})([0-9]{2})",
        r"([0-9]{4}) ?年 ?([0-9]{1,2}) ?月 ?([0-9]{1,2}) ?日",
    )
)
_SERIAL = re.compile(r"([2-7][0-9]{4})(?:\.[0-9]+)?")
# day 0 of Excel's calendar for every day after its invented 29 February 1900
_SERIAL_START = date(1899, 12, 30)
_SEXES = {"男": "M", "男性": "M", "m": "M", "male": "M", "女": "F", "女性": "F", "f": "F", "female": "F"}
_AGE_WORDS = re.compile(r" ?(周岁|岁|years?|yrs?|y)$")
_BMI_WORDS = re.compile(r" ?kg ?/ ?m\^?2$")
_T_WORDS = re.compile(r" ?sd$")
_HEIGHT_UNIT = re.compile(r" ?(cm|厘米|公分|(?<![a-z])m|米)$")
_WEIGHT_WORDS = re.compile(r" ?(kg|公斤|千克)$")
_TESLA_WORDS = re.compile(r" ?(t|tesla|特斯拉)$")
# adults; no height in metres is one in centimetres as well
_HEIGHT_CM, _HEIGHT_M = (100.0, 230.0), (1.0, 2.3)
# no measurement is as large; a float would lose digits of it
_ENDLESS = 1e15
_FORCED_TEXT = re.compile(r'="(.*)"')
_SPOILED_ID = re.compile(r"[0-9](\.[0-9]+)?[eE]\+[0-9]+")
_AFTER = {"绝经", "已绝经", "绝经后", "是", "yes", "y", "1", "post", "postmenopausal"}
_BEFORE = {"未绝经", "绝经前", "否", "no", "n", "0", "pre", "premenopausal"}

NOT_A_NUMBER = "clinical.not_a_number"
NOT_A_SEX = "clinical.not_a_sex"
SEX_CODE = "clinical.sex_code"
NOT_A_DATE = "clinical.not_a_date"
IMPLAUSIBLE = "clinical.implausible"
SPOILED_ID = "clinical.spoiled_id"
NOT_A_MENOPAUSE = "clinical.not_a_menopause"
NOT_A_FIELD = "readings.not_a_field"


@dataclass(frozen=True, slots=True)
class Figure:
    """A number read from a cell.

    Attributes
    ----------
    value : float or None
        None where the cell is empty or not understood.
    problem : str
        Why not, as a code; empty where all is well.
    unit : str
        Unit written in the cell itself.
    """

    value: float | None = None
    problem: str = ""
    unit: str = ""


def plain(text: str) -> str:
    """Full-width signs as ASCII, any minus as ``-``, lower case, no space around."""
    if text.isascii():
        # as below, for the many cells that need nothing else
        return " ".join(text.lower().split())
    return " ".join(unicodedata.normalize("NFKC", text).translate(_MINUS).casefold().split())


def is_missing(text: str) -> bool:
    """Whether a cell says that there is no value."""
    return plain(text) in _MISSING


def read_unit(text: str) -> str:
    """The unit of density named in a text, such as ``g/cm2``; empty without one.

    Parameters
    ----------
    text : str
        As :func:`plain` gives it.
    """
    found = _UNIT.search(text)
    return f"{found[1]}/cm{found[2]}" if found else ""


def without_unit(text: str) -> str:
    """A text of :func:`plain` without its unit of density."""
    return _UNIT.sub("", text).strip()


def read_bmd(text: str, *, decimal_comma: bool = False, unit: str = "") -> Figure:
    """A bone mineral density: what its unit allows, any above 0 where no unit is known.

    Parameters
    ----------
    text : str
        The cell; a unit written there goes before that of the column.
    decimal_comma : bool
        Whether a comma stands before the decimals.
    unit : str
        Of the column.
    """
    cell = plain(text)
    told = read_unit(cell) or unit
    found = _figure(without_unit(cell), (0.0, float("inf")), decimal_comma, unit=told, above=True)
    if found.value is not None and not fits(found.value, told):
        return Figure(problem=OUTSIDE[told], unit=told)
    return found


def read_tscore(text: str, *, decimal_comma: bool = False) -> Figure:
    """A T-score or Z-score, -8 to 8: what lies outside has lost its decimal point."""
    return _figure(_T_WORDS.sub("", plain(text)), (-8.0, 8.0), decimal_comma)


def read_height(text: str, *, decimal_comma: bool = False, header: str = "") -> Figure:
    """The height of an adult in cm, 100 to 230; in metres, 1.00 to 2.30, where that is said or nothing is.

    Parameters
    ----------
    text : str
        The cell; a unit written there goes before that of the header.
    decimal_comma : bool
        Whether a comma stands before the decimals.
    header : str
        Of the column, as :func:`plain` gives it.
    """
    cell = plain(text)
    said = _HEIGHT_UNIT.search(cell) or _HEIGHT_UNIT.search(header.rstrip(") ]"))
    number = _HEIGHT_UNIT.sub("", cell)
    metres = _figure(number, _HEIGHT_M, decimal_comma)
    if metres.value is not None and (said is None or said[1] in {"m", "米"}):
        return Figure(round(metres.value * 100.0, 6))
    if said is not None and said[1] in {"m", "米"}:
        return metres
    return _figure(number, _HEIGHT_CM, decimal_comma)


def read_weight(text: str, *, decimal_comma: bool = False) -> Figure:
    """The weight of an adult in kg, 20 to 300."""
    return _figure(_WEIGHT_WORDS.sub("", plain(text)), (20.0, 300.0), decimal_comma)


def read_field_strength(text: str, *, decimal_comma: bool = False) -> Figure:
    """The field strength of a scanner in tesla, 0.2 to 7.5."""
    found = _figure(_TESLA_WORDS.sub("", plain(text)), (0.2, 7.5), decimal_comma)
    return Figure(problem=NOT_A_FIELD) if found.problem else found


def read_age(text: str, *, decimal_comma: bool = False) -> Figure:
    """An age in years, 0 to 120."""
    return _figure(_AGE_WORDS.sub("", plain(text)), (0.0, 120.0), decimal_comma)


def read_bmi(text: str, *, decimal_comma: bool = False) -> Figure:
    """A body mass index in kg/m2, 5 to 150."""
    return _figure(_BMI_WORDS.sub("", plain(text)), (5.0, 150.0), decimal_comma)


def read_number(text: str, *, decimal_comma: bool = False, unit: str = "") -> Figure:
    """Any finite number, with or without the unit its column is headed by."""
    cell = plain(text)
    return _figure(cell.removesuffix(unit).rstrip(), (-_ENDLESS, _ENDLESS), decimal_comma)


def read_menopause(text: str) -> Figure:
    """1 after the menopause, 0 before it."""
    cell = plain(text)
    if cell in _MISSING:
        return Figure()
    if cell in _AFTER or cell in _BEFORE:
        return Figure(float(cell in _AFTER))
    return Figure(problem=NOT_A_MENOPAUSE)


def _figure(
    cell: str, limits: tuple[float, float], decimal_comma: bool, *, unit: str = "", above: bool = False
) -> Figure:
    if cell in _MISSING:
        return Figure(unit=unit)
    if decimal_comma and "." not in cell:
        cell = cell.replace(",", ".", 1)
    # float() itself would take "nan", "inf" and "1_000"
    if not _NUMBER.fullmatch(cell):
        return Figure(problem=NOT_A_NUMBER, unit=unit)
    value = float(cell)
    low, high = limits
    if not low <= value <= high or (above and value == low):
        return Figure(problem=IMPLAUSIBLE, unit=unit)
    return Figure(value, unit=unit)


def read_sex(text: str, codes: Mapping[str, str] | None = None) -> tuple[str, str]:
    """``M``, ``F`` or empty, and why it is empty as a code.

    1 and 2 are not understood: which is which differs between hospitals.

    Parameters
    ----------
    text : str
        The cell.
    codes : mapping of str to str, optional
        What a person said that figures mean, such as ``{"1": "M", "2": "F"}``.
    """
    cell = plain(text)
    if cell in _MISSING:
        return "", ""
    if codes and cell in codes:
        return codes[cell], ""
    if cell in _SEXES:
        return _SEXES[cell], ""
    return "", SEX_CODE if cell.isdigit() else NOT_A_SEX


def read_date(text: str) -> tuple[str, str]:
    """ISO date or empty, and why it is empty as a code.

    Understood are year-month-day in ISO, with slashes or points, without signs, in Chinese, and Excel's
    serial number (days from 1954 to 2119); a time behind the date is left out. Day-month and month-day are
    not understood: they cannot be told apart.
    """
    cell = plain(text)
    if cell in _MISSING:
        return "", ""
    for pattern in _DATES:
        if found := pattern.fullmatch(cell):
            return _iso(*(int(part) for part in found.groups()))
    if found := _SERIAL.fullmatch(cell):
        return (_SERIAL_START + timedelta(days=int(found[1]))).isoformat(), ""
    return "", NOT_A_DATE


def _iso(year: int, month: int, day: int) -> tuple[str, str]:
    try:
        return date(year, month, day).isoformat(), ""
    except ValueError:
        return "", NOT_A_DATE


def read_id(text: str) -> tuple[str, str]:
    """An identifier as text, leading zeros kept, and what is wrong with it as a code.

    ``="0012"`` makes a spreadsheet keep zeros; ``1.23457E+11`` is what it leaves of a long number.
    """
    # nothing of it needs a second look: most identifiers
    if text.isascii() and text.isalnum() and len(text) > len("na"):
        return text, ""
    cell = unicodedata.normalize("NFKC", text).strip()
    if forced := _FORCED_TEXT.fullmatch(cell):
        cell = forced[1].strip()
    if is_missing(cell):
        return "", ""
    # nobody is looked for by what is left of a number
    return ("", SPOILED_ID) if _SPOILED_ID.fullmatch(cell) else (cell, "")
