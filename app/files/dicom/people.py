"""Who an image is of, whatever the writer did to names and dates; goes into the identity and nowhere else."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import replace

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.valuerep import TEXT_VR_DELIMS

from app.domain.identity import Identity
from app.files.dicom.headers import text, texts
from app.files.dicom.written import Written

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
CHARSETS = {"GB18030": "gb18030", "Big5": "cp950", "UTF-8": "utf-8", "Shift-JIS": "cp932", "EUC-KR": "cp949"}
"""Character sets in which a person may have names read, with the decoder of each."""
DOUBTFUL = "?"
# Chinese as GB2312 writes it: two large bytes for each sign, which hardly any name in Latin letters has
_PAIRS = re.compile(rb"(?:[\x00-\x7f]|[\xa1-\xfe]{2})*")
_SEXES = {"M": "M", "F": "F", "O": "O", "男": "M", "女": "F"}


def identity_of(dataset: Dataset) -> tuple[Identity, str]:
    """Who a file is of.

    Parameters
    ----------
    dataset : Dataset
        Its header; elements that were looked at before have lost their bytes.

    Returns
    -------
    identity : Identity
        Empty text for what is missing or unreadable.
    guessed : str
        Character set that was guessed because the file names none or a wrong one, ``UTF-8`` or ``GB18030``;
        :data:`DOUBTFUL` where there is reason to doubt it and nothing to guess; empty where the file's own
        word holds.
    """
    born, examined = (iso_date(text(dataset, keyword)) for keyword in ("PatientBirthDate", "StudyDate"))
    identity = Identity(
        birth_date=born,
        study_date=examined,
        accession=text(dataset, "AccessionNumber"),
        study_uid=text(dataset, "StudyInstanceUID"),
        frame_uid=text(dataset, "FrameOfReferenceUID"),
    )
    return read_as(identity, written_in(dataset), "")


def written_in(dataset: Dataset) -> Written:
    """The bytes that tell who a file is of; see :func:`identity_of`."""

    def bytes_of(keyword: str) -> bytes | str:
        element = dataset.get_item(Tag(keyword))
        raw = None if element is None else element.value
        return raw if isinstance(raw, bytes) else text(dataset, keyword)

    declared = texts(dataset, "SpecificCharacterSet") or ("",)
    elements = ("PatientName", "PatientID", "PatientSex", "PatientAge")
    return Written(tuple(declared), *(bytes_of(keyword) for keyword in elements))


def read_as(identity: Identity, written: Written, charset: str) -> tuple[Identity, str]:
    """Read a patient's data in a character set that a person names.

    Parameters
    ----------
    identity : Identity
        What does not depend on a character set is taken from it.
    written : Written
        What stands in the file.
    charset : str
        A key of :data:`CHARSETS`; empty for what the file says or lets guess.

    Returns
    -------
    identity, guessed
        As of :func:`identity_of`.
    """
    name, guessed = _decoded(written.name, written.declared, charset)
    others = (written.identifier, written.sex, written.age)
    identifier, sex, age = (_decoded(raw, written.declared, charset)[0] for raw in others)
    told = replace(
        identity,
        patient_name=name,
        patient_id=identifier,
        sex=_SEXES.get(sex.upper(), ""),
        age=whole_years(age) or age_between(identity.birth_date, identity.study_date),
    )
    return told, guessed


def _decoded(raw: bytes | str, declared: Sequence[str], charset: str) -> tuple[str, str]:
    """Text of an element, and the character set that had to be guessed for it."""
    if isinstance(raw, str):
        return raw, ""
    if charset:
        return _ESCAPE.sub("", raw.decode(CHARSETS[charset], errors="replace")).strip(" \0"), ""
    told = _ESCAPE.sub("", _as_declared(raw, list(declared))).strip(" \0")
    latin = latin_only(told)
    # one that declares Latin and writes Chinese cannot be told from one that means what it writes
    broken = "\ufffd" in told or (declared[0] in _DEFAULT_REPERTOIRE and latin)
    guess = _guess(raw) if broken else None
    doubtful = broken or (latin and _PAIRS.fullmatch(raw) and _guess(raw) is not None)
    return guess or (told, DOUBTFUL if doubtful else "")


def _as_declared(raw: bytes, declared: list[str]) -> str:
    encodings = convert_encodings(declared)
    # each part of a name starts anew in the first character set
    parts = [decode_bytes(part, encodings, TEXT_VR_DELIMS | {0x5E}) for part in raw.split(b"=")]
    return "=".join(parts)


def latin_only(told: str) -> bool:
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
