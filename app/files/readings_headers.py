"""Headers of a table of readings: which map, which level and whose value a column holds."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.files import clinical_headers
from app.files.clinical_cells import plain


class Holds(StrEnum):
    """What a column of readings holds."""

    PATIENT_ID = "patient_id"
    ACCESSION = "accession"
    CASE_CODE = "case_code"
    NAME = "name"
    READER = "reader"
    ROUND = "round"
    LEVEL = "level"
    FIELD_STRENGTH = "field_strength"
    FF = "ff"
    R2STAR = "r2star"


QUANTITIES = {Holds.FF: Quantity.FF, Holds.R2STAR: Quantity.R2STAR}
IDENTIFIERS = frozenset({Holds.PATIENT_ID, Holds.ACCESSION, Holds.CASE_CODE})

_WORDS = {
    Holds.READER: "reader readername rater observer 阅片者 阅片人 读片者 观察者 测量者 医师 医生",
    Holds.ROUND: "round session repeat 轮次 次数 测量次数",
    Holds.LEVEL: "level vertebra vertebrallevel 椎体 节段 椎体节段 部位",
    # signs are taken away, so the unit in brackets stands behind
    Holds.FIELD_STRENGTH: "fieldstrength fieldstrengtht fieldstrengthtesla magneticfieldstrength fieldt tesla"
    " b0 b0t 场强 场强t 场强特斯拉 磁场强度 磁场强度t",
}
_HOLDS = {word: holds for holds, words in _WORDS.items() for word in words.split()}
_LEVEL = re.compile(r"第([1-5])腰椎(?:\(L[1-5]\))?|腰椎?([1-5])(?![0-9])|L([1-5])(?![0-9])", re.IGNORECASE)
_FF = re.compile(
    r"(?:proton[ -]?density )?fat[ _-]?fraction|质子密度脂肪分数|脂肪分数|PDFF|FF", re.IGNORECASE
)
_R2STAR = re.compile(r"R2[ _-]?\*|R2[ _-]?star|R2s(?![a-z])", re.IGNORECASE)
# without its star it is taken for R2* only where nothing else can be meant
_R2 = re.compile(r"R2(?![0-9a-z])", re.IGNORECASE)
_UNIT = re.compile(
    r"[(\[](?:%|percent|s ?\^?-1|1/s|/s|hz|fraction)[)\]]|%|s\^-1|(?<![a-z])Hz(?![a-z])", re.IGNORECASE
)
_ORDINARY = re.compile(r"(?<![a-z])(?:mean|avg|average|value|roi)(?![a-z])|均值|平均值|平均", re.IGNORECASE)
# nobody is called so: another figure of the same rectangle
_OTHER_FIGURE = re.compile(
    r"(?<![a-z])(?:sd|std|stdev|se|cv|min|max|median|n|area|voxels?|pixels?)(?![a-z])|标准差|最大|最小|中位|面积",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"[\W_]+")
_EDGES = " _-.,;:/()[]（）"


@dataclass(frozen=True, slots=True)
class ReadingColumn:
    """One column of a table of readings.

    Attributes
    ----------
    position : int
        Cell of a row, from 0.
    header : str
        As written, without space around.
    holds : Holds
        What it holds.
    level : Level or None
        Of a value, where the column is of one level.
    reader : str
        Of a value, where the header names one.
    """

    position: int
    header: str
    holds: Holds
    level: Level | None = None
    reader: str = ""


def understand_readings(headers: Sequence[str]) -> tuple[ReadingColumn, ...]:
    """All columns of a header line that are understood."""
    told = (_understand(position, header) for position, header in enumerate(headers))
    found = [column for column in told if column is not None]
    by_line = any(column.holds is Holds.LEVEL for column in found)
    # where no line names a level, a value that is of none and called something else may be anything
    return tuple(column for column in found if by_line or column.level or not column.reader)


def holds_readings(headers: Sequence[str]) -> bool:
    """Whether headers are those of readings rather than of clinical data: values by level."""
    columns = understand_readings(headers)
    values = [column for column in columns if column.holds in QUANTITIES]
    by_line = any(column.holds is Holds.LEVEL for column in columns)
    return any(column.level is not None or by_line for column in values)


def read_level(text: str) -> Level | None:
    """The level a cell names: ``L3``, ``3`` or ``第3腰椎``; None for anything else."""
    cell = unicodedata.normalize("NFKC", text).strip()
    found = _LEVEL.fullmatch(cell) or re.fullmatch(r"([1-5])(?:\.0)?", cell)
    return None if found is None else Level(f"L{next(digit for digit in found.groups() if digit)}")


def _understand(position: int, header: str) -> ReadingColumn | None:
    text = _SIGNS.sub("", plain(header))
    if text in _HOLDS:
        return ReadingColumn(position, header.strip(), _HOLDS[text])
    known = clinical_headers.understand(position, header)
    if known is not None and known.field.value in {*IDENTIFIERS, Holds.NAME}:
        return ReadingColumn(position, header.strip(), Holds(known.field.value))
    return _value(position, header)


def _value(position: int, header: str) -> ReadingColumn | None:
    rest = _UNIT.sub(" ", unicodedata.normalize("NFKC", header))
    levels = [digit for found in _LEVEL.finditer(rest) for digit in found.groups() if digit]
    # two of them are a range: a mean over levels is no reading
    if len(set(levels)) > 1:
        return None
    rest = _LEVEL.sub(" ", rest)
    for holds, pattern in ((Holds.FF, _FF), (Holds.R2STAR, _R2STAR), (Holds.R2STAR, _R2)):
        if len(pattern.findall(rest)) == 1:
            reader = " ".join(_ORDINARY.sub(" ", pattern.sub(" ", rest)).replace("_", " ").split())
            level = Level(f"L{levels[0]}") if levels else None
            if _OTHER_FIGURE.search(reader):
                return None
            return ReadingColumn(position, header.strip(), holds, level, reader.strip(_EDGES))
    return None
