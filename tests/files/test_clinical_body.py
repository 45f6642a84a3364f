"""Height, weight and Z-score of a clinical table."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.clinical import Covariate
from app.domain.errors import DataError
from app.files.clinical_cells import read_field_strength, read_height, read_weight
from app.files.clinical_headers import Column, Field, further_name, understand
from app.files.clinical_table import (
    ClinicalTable,
    Meaning,
    parse_clinical_table,
    patients_named,
    understand_table,
)
from app.files.raw_table import Layout, parse_raw

HERE = Path("table.csv")


def parse(*lines: str) -> ClinicalTable:
    return parse_clinical_table("\n".join(lines).encode(), HERE)


def further(table: ClinicalTable) -> list[dict[str, float | None]]:
    return [{one.name: one.value for one in row.covariates} for row in table.rows]


@pytest.mark.parametrize(
    ("header", "field", "region"),
    [
        ("身高", Field.HEIGHT, ""),
        ("身高(cm)", Field.HEIGHT, ""),
        ("身高（厘米）", Field.HEIGHT, ""),
        ("Height [m]", Field.HEIGHT, ""),
        ("height_cm", Field.HEIGHT, ""),
        ("体重", Field.WEIGHT, ""),
        ("体重(kg)", Field.WEIGHT, ""),
        ("Weight (kg)", Field.WEIGHT, ""),
        ("Z值", Field.ZSCORE, ""),
        ("Z-score", Field.ZSCORE, ""),
        ("L1-L4 Z值", Field.ZSCORE, "L1-L4"),
        ("股骨颈Z值", Field.ZSCORE, "femoral neck"),
    ],
)
def test_height_weight_and_z_score_are_known_by_their_headers(header: str, field: Field, region: str) -> None:
    assert understand(3, header) == Column(3, header, field, region)


@pytest.mark.parametrize("header", ["weight (lb)", "体重(斤)", "height (in)", "身高(尺)", "weight loss"])
def test_a_height_or_weight_in_another_unit_is_left_alone(header: str) -> None:
    assert understand(0, header) is None


@pytest.mark.parametrize(
    ("cell", "header", "height"),
    [
        ("165", "身高", 165.0),
        ("165.5 cm", "身高", 165.5),
        ("1.65", "身高", 165.0),
        ("1.65 m", "身高(cm)", 165.0),
        ("165cm", "height (m)", 165.0),
        ("1.65", "height (m)", 165.0),
        ("1.65", "身高米", 165.0),
        ("1.65", "身高(cm)", None),
        ("165", "height (m)", None),
        ("70", "身高", None),
        ("1650", "身高", None),
    ],
)
def test_a_height_is_understood_in_metres_and_in_centimetres(
    cell: str, header: str, height: float | None
) -> None:
    figure = read_height(cell, header=header)
    assert (figure.value, figure.problem) == (height, "" if height else "clinical.implausible")


def test_a_height_is_read_with_a_decimal_comma_and_an_empty_one_is_nothing() -> None:
    assert read_height("1,65", decimal_comma=True).value == 165.0
    assert (read_height("未查").value, read_height("未查").problem) == (None, "")
    assert read_height("tall").problem == "clinical.not_a_number"


@pytest.mark.parametrize(("cell", "weight"), [("55", 55.0), ("55.5kg", 55.5), ("60公斤", 60.0), ("6", None)])
def test_a_weight_is_understood_with_and_without_its_unit(cell: str, weight: float | None) -> None:
    assert read_weight(cell).value == weight


def test_height_and_weight_are_kept_as_numbers_of_the_patient() -> None:
    table = parse("id,身高,体重(kg)", "1,160,55", "2,1.7,heavy")
    assert further(table) == [
        {"height (cm)": 160.0, "weight (kg)": 55.0},
        {"height (cm)": 170.0, "weight (kg)": None},
    ]
    assert [one.code for one in table.rows[1].problems] == ["clinical.not_a_number"]


def test_a_z_score_is_of_the_region_of_its_column_or_else_of_its_line() -> None:
    table = parse("id,部位,Z值,股骨颈Z值", "1,L1-L4,-0.4,-1.1", "2,,0.3,", "3,股骨颈,9,-2")
    assert further(table) == [
        {"Z-score L1-L4": -0.4, "Z-score femoral neck": -1.1},
        {"Z-score": 0.3, "Z-score femoral neck": None},
        # what names its region says more
        {"Z-score femoral neck": -2.0},
    ]
    assert [one.code for one in table.rows[2].problems] == ["clinical.implausible"]
    assert table.rows[0].values == ()


def test_two_columns_that_come_under_one_name_are_refused() -> None:
    raw = parse_raw(b"id,a,height (cm)\n1,160,161\n", HERE, Layout(), patients_named)
    columns = (
        Column(0, "id", Field.PATIENT_ID),
        Column(1, "a", Field.HEIGHT),
        Column(2, "height (cm)", Field.COVARIATE),
    )
    with pytest.raises(DataError, match=r"table\.duplicate_header"):
        understand_table(raw, Meaning(columns))
    with pytest.raises(DataError, match=r"table\.duplicate_header"):
        parse("id,身高,height", "1,160,161")


def test_a_further_number_is_called_by_its_header_where_it_has_no_name_of_its_own() -> None:
    assert further_name(Column(0, "eGFR", Field.COVARIATE)) == "eGFR"
    assert further_name(Column(0, "z", Field.ZSCORE), "L1") == "Z-score L1"
    assert further_name(Column(0, "z", Field.ZSCORE, "L2"), "L1") == "Z-score L2"


def test_a_z_score_said_to_be_a_number_of_its_own_does_not_stand_twice() -> None:
    raw = parse_raw(b"id,region,Z,Z-score L1\n1,L1,-1,-2\n", HERE, Layout(), patients_named)
    columns = (
        Column(0, "id", Field.PATIENT_ID),
        Column(1, "region", Field.REGION),
        Column(2, "Z", Field.ZSCORE),
        Column(3, "Z-score L1", Field.COVARIATE),
    )
    (row,) = understand_table(raw, Meaning(columns)).rows
    assert row.covariates == (Covariate("Z-score L1", -1.0, "-1"),)


@pytest.mark.parametrize(
    ("cell", "tesla"),
    [
        ("3T", 3.0),
        ("3.0 T", 3.0),
        ("1.5", 1.5),
        ("３Ｔ", 3.0),
        ("0.55 Tesla", 0.55),
        ("7.5", 7.5),
        ("/", None),
    ],
)
def test_a_field_strength_is_understood_with_and_without_its_unit(cell: str, tesla: float | None) -> None:
    figure = read_field_strength(cell)
    assert (figure.value, figure.problem) == (tesla, "")


@pytest.mark.parametrize("cell", ["30000", "0.1", "7.6", "high", "3 mT"])
def test_what_is_no_field_strength_is_named(cell: str) -> None:
    assert read_field_strength(cell).problem == "readings.not_a_field"
