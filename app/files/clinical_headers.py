"""Headers of a clinical table, Chinese or English: what a column holds, of which region, in which unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.clinical import HEIGHT, POSTMENOPAUSAL, UNSTATED, WEIGHT, zscore_name
from app.files.clinical_cells import plain, read_unit, without_unit


class Field(StrEnum):
    """What a column holds."""

    PATIENT_ID = "patient_id"
    ACCESSION = "accession"
    CASE_CODE = "case_code"
    NAME = "name"
    SEX = "sex"
    AGE = "age"
    BMI = "bmi"
    HEIGHT = "height"
    WEIGHT = "weight"
    EXAM_DATE = "exam_date"
    REGION = "region"
    METHOD = "method"
    BMD = "bmd"
    TSCORE = "tscore"
    ZSCORE = "zscore"
    MENOPAUSE = "menopause"
    BIRTH = "birth"
    COVARIATE = "covariate"


IDENTIFIERS = frozenset({Field.PATIENT_ID, Field.ACCESSION, Field.CASE_CODE})
VALUES = frozenset({Field.BMD, Field.TSCORE, Field.ZSCORE})
"""Fields of which there is one for each region."""

FURTHER = frozenset({Field.COVARIATE, Field.MENOPAUSE, Field.HEIGHT, Field.WEIGHT, Field.ZSCORE})
"""Fields that are kept as further numbers of a patient."""

_NAMED = {Field.MENOPAUSE: POSTMENOPAUSAL, Field.HEIGHT: HEIGHT, Field.WEIGHT: WEIGHT}
# what stands in brackets is part of these: a weight in pounds is none in kg
_WITH_UNIT = frozenset({Field.HEIGHT, Field.WEIGHT})

# spaces and signs are taken away before looking up
_WORDS = {
    Field.PATIENT_ID: "patientid 患者id 病人id 病历号 住院号 门诊号 patientnumber mrn id",
    Field.ACCESSION: "accessionnumber accession accessionno 检查号 影像号",
    Field.CASE_CODE: "casecode case code 病例编号",
    Field.NAME: "name patientname 姓名 患者姓名 病人姓名",
    Field.SEX: "sex gender 性别",
    Field.AGE: "age 年龄",
    Field.BMI: "bmi bodymassindex 体重指数 体质指数",
    Field.HEIGHT: "height heightcm heightm bodyheight 身高 身高cm 身高m 身高厘米 身高米",
    Field.WEIGHT: "weight weightkg bodyweight bodyweightkg 体重 体重kg 体重公斤 体重千克",
    Field.EXAM_DATE: "examdate date studydate 检查日期 检查时间 日期",
    Field.REGION: "region site 部位 检查部位",
    Field.METHOD: "method 方法 检查方法",
    Field.BMD: "bmd bonemineraldensity arealbmd volumetricbmd 骨密度 骨密度值 骨矿密度 面积骨密度 体积骨密度",
    Field.TSCORE: "tscore t t值 t评分 t分数",
    Field.ZSCORE: "zscore z z值 z评分 z分数",
    Field.MENOPAUSE: "menopause menopausal menopausalstatus postmenopausal 绝经 是否绝经 绝经情况 绝经状态",
    Field.BIRTH: "birthdate dateofbirth dob birthday 出生日期 出生年月 生日",
}
_FIELDS = {word: field for field, words in _WORDS.items() for word in words.split()}

_TO = r"(?: ?(?:[-~_]|to|至|到) ?(?:l|腰椎?)?| ?(?:l|腰椎?))"
_REGIONS = (
    # the range first: "L1" alone would leave "-L4" behind
    (re.compile(rf"(?:l|腰椎?)([1-5]){_TO}([1-5])"), ""),
    (re.compile(r"第([1-5])腰椎|(?:l|腰椎?)([1-5])"), ""),
    (re.compile(r"股骨颈|femoral ?neck"), "femoral neck"),
    (re.compile(r"全髋部?|total ?hip|hip ?total|髋部总体"), "total hip"),
)
_SPINE = re.compile(r"腰椎|lumbar ?spine|lumbar|spine")
_METHODS = (
    (re.compile(r"dxa|dexa|双能x线(?:吸收检测法)?"), "DXA"),
    (re.compile(r"qct|定量ct"), "QCT"),
)
_BRACKETS = re.compile(r"\(.*?\)|\[.*?\]")
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Column:
    """One understood column.

    Attributes
    ----------
    position : int
        Cell of a row, from 0.
    header : str
        As written, without space around.
    field : Field
        What it holds. A covariate only where a person says so: any number can be one.
    region, unit, method : str
        What the header says of a BMD or T-score; empty where it does not.
    """

    position: int
    header: str
    field: Field
    region: str = UNSTATED
    unit: str = ""
    method: str = ""


def understand(position: int, header: str) -> Column | None:
    """What a column holds by its header, or None when it is none of ours."""
    text = plain(header)
    method, rest = read_method(without_unit(text))
    region, rest = _take_region(rest)
    # what stands in brackets can make it another value: "BMD (left)"
    field = _look_up(rest)
    if field in VALUES:
        return Column(position, header.strip(), field, region, read_unit(text), method)
    without = _look_up(_BRACKETS.sub("", text))
    field = _look_up(text) or (None if without in _WITH_UNIT else without)
    return None if field is None or field in VALUES else Column(position, header.strip(), field)


def further_name(column: Column, region: str = UNSTATED) -> str:
    """Name of the further number a column holds; ``region`` is what the line says of a Z-score's."""
    if column.field is Field.ZSCORE:
        return zscore_name(column.region or region)
    return _NAMED.get(column.field, column.header)


def understand_all(headers: Sequence[str]) -> tuple[Column, ...]:
    """All understood columns of a header line."""
    found = (understand(position, header) for position, header in enumerate(headers))
    return tuple(column for column in found if column is not None)


def read_method(text: str) -> tuple[str, str]:
    """``DXA``, ``QCT`` or empty, and the text without it.

    Parameters
    ----------
    text : str
        As :func:`app.files.clinical_cells.plain` gives it.
    """
    for pattern, method in _METHODS:
        if pattern.search(text):
            return method, pattern.sub("", text)
    return "", text


def read_region(text: str) -> str:
    """The region a cell names; the text itself where it is none we know."""
    region, rest = _take_region(plain(text))
    return text.strip() if _SIGNS.sub("", rest) else region


def _take_region(text: str) -> tuple[str, str]:
    """The one region a text names, and the text without it; the text as it is where it names several."""
    named: set[str] = set()
    rest = text
    for pattern, name in _REGIONS:
        # "第1腰椎(L1)" says the same thing twice
        named |= {name or _levels(found) for found in pattern.finditer(rest)}
        rest = pattern.sub(" ", rest)
    if len(named) > 1:
        return UNSTATED, text
    if not named and _SPINE.search(rest):
        named = {"lumbar spine"}
    return next(iter(named), UNSTATED), _SPINE.sub(" ", rest)


def _levels(found: re.Match[str]) -> str:
    return "-".join(f"L{digit}" for digit in sorted({digit for digit in found.groups() if digit}))


def _look_up(text: str) -> Field | None:
    return _FIELDS.get(_SIGNS.sub("", text))
