"""Who an image is of, whatever the writer did to names and dates; goes into the identity and nowhere else."""

from __future__ import annotations

import datetime as dt
import re

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.valuerep import TEXT_VR_DELIMS

from app.domain.identity import Identity
from app.files.dicom.headers import text, texts

# day and month may lack their zero where a sign stands between; a date without a day is none
_DATE = re.compile(r"(\d{4})(?:(\d{2})(\d{2})|([-/.])(\d{1,2})\4(\d{1,2}))")
# ISO 2022: some decoders leave the switch between character sets in the text
_ESCAPE = re.compile(r"\x1b[ -/]+[@-~]")
_DEFAULT_REPERTOIRE = frozenset({"", "ISO_IR 6", "ISO 2022 IR 6"})
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_CHINESE = re.compile(r"[\x00-\x7f\u00b7\u3000-\u303f\u3400-\u9fff\uff00-\uffef]*")
# as DICOM writes an age, as a person types one, and as Chinese systems fill the field
_AGE = re.compile(r"(\d{1,3})\s*(Y|M|W|D|岁|周岁|个月|月|周|天|日)?", re.IGNORECASE)
_PER_YEAR = {
    "M": 12.0,
    "个月": 12.0,
    "月": 12.0,
    "W": 52.18,
    "周": 52.18,
    "D": 365.25,
    "天": 365.25,
    "日": 365.25,
}
_OLDEST = 130
_SEXES = {"M": "M", "F": "F", "O": "O", "男": "M", "女": "F"}


def identity_of(dataset: Dataset) -> tuple[Identity, str]:
    """Who a file is of.

    Parameters
    ----------
    dataset : Dataset
        Its header.

    Returns
    -------
    identity : Identity
        Empty text for what is missing or unreadable.
    guessed : str
        Character set that was guessed because the file names none or a wrong one, ``UTF-8`` or ``GB18030``;
        empty where the file's own word holds.
    """
    name, guessed = decoded(dataset, "PatientName")
    identifier, _ = decoded(dataset, "PatientID")
    sex, _ = decoded(dataset, "PatientSex")
    age, _ = decoded(dataset, "PatientAge")
    born, examined = (iso_date(text(dataset, keyword)) for keyword in ("PatientBirthDate", "StudyDate"))
    return (
        Identity(
            patient_name=name,
            patient_id=identifier,
            birth_date=born,
            sex=_SEXES.get(sex.upper(), ""),
            study_date=examined,
            accession=text(dataset, "AccessionNumber"),
            study_uid=text(dataset, "StudyInstanceUID"),
            frame_uid=text(dataset, "FrameOfReferenceUID"),
            age=whole_years(age) or age_between(born, examined),
        ),
        guessed,
    )


def decoded(dataset: Dataset, keyword: str) -> tuple[str, str]:
    """Text of an element, and the character set that had to be guessed for it.

    Parameters
    ----------
    dataset : Dataset
        A header whose element may not have been looked at before: its bytes are needed.
    keyword : str
        Which element.

    Returns
    -------
    text, guessed : str
        As of :func:`identity_of`.
    """
    element = dataset.get_item(Tag(keyword))
    raw = None if element is None else element.value
    if not isinstance(raw, bytes):
        return text(dataset, keyword), ""
    declared = list(texts(dataset, "SpecificCharacterSet")) or [""]
    told = _ESCAPE.sub("", _as_declared(raw, declared)).strip(" \0")
    # one that declares Latin and writes Chinese cannot be told from one that means what it writes
    broken = "\ufffd" in told or (declared[0] in _DEFAULT_REPERTOIRE and _latin_only(told))
    guess = _guess(raw) if broken else None
    return guess or (told, "")


def _as_declared(raw: bytes, declared: list[str]) -> str:
    encodings = convert_encodings(declared)
    # each part of a name starts anew in the first character set
    parts = [decode_bytes(part, encodings, TEXT_VR_DELIMS | {0x5E}) for part in raw.split(b"=")]
    return "=".join(parts)


def _latin_only(told: str) -> bool:
    """Whether text beyond ASCII is all from the upper half of Latin-1: bytes that nobody declared."""
    beyond = _BEYOND_ASCII.findall(told)
    return bool(beyond) and all(ord(sign) < 0x100 for sign in beyond)  # noqa: PLR2004 - end of Latin-1


def _guess(raw: bytes) -> tuple[str, str] | None:
    """UTF-8 where the bytes can be nothing else, GB18030 where they give Chinese throughout."""
    for charset in ("UTF-8", "GB18030"):
        try:
            told = raw.decode(charset).strip(" \0")
        except UnicodeDecodeError:
            continue
        if charset == "UTF-8" or _CHINESE.fullmatch(told):
            return _ESCAPE.sub("", told), charset
    return None


def iso_date(written: str) -> str:
    """ISO form of a date as DICOM or as people write it, empty for anything else, such as ``1990/01/``."""
    match = _DATE.fullmatch(written)
    if match is None:
        return ""
    year, *rest = match.groups()
    month, day = (rest[0], rest[1]) if rest[0] else (rest[3], rest[4])
    try:
        return dt.date(int(year), int(month), int(day)).isoformat()
    except ValueError:
        return ""


def whole_years(written: str) -> str:
    """Age in whole years, digits only, of an age as it is written: ``065Y``, ``65岁``, ``018M``.

    Empty for what is no age, and for one that nobody reaches.
    """
    match = _AGE.fullmatch(written.strip())
    if match is None:
        return ""
    count, unit = match.groups()
    years = int(int(count) / _PER_YEAR.get((unit or "").upper(), 1.0))
    return str(years) if years <= _OLDEST else ""


def age_between(born: str, examined: str) -> str:
    """Age in whole years on a day, digits only; empty unless both ISO dates are there and in order."""
    if not (born and examined):
        return ""
    birth, day = dt.date.fromisoformat(born), dt.date.fromisoformat(examined)
    years = day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))
    return str(years) if 0 <= years <= _OLDEST else ""
