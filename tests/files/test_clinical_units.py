"""Densities against the unit they are said to have."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.files.clinical_cells import read_bmd
from app.files.clinical_table import ClinicalTable, parse_clinical_table
from app.files.clinical_units import UnitDoubt


def parse(header: str, *cells: str, delimiter: str = ",") -> ClinicalTable:
    lines = [f"id{delimiter}{header}", *(f"{at}{delimiter}{cell}" for at, cell in enumerate(cells, 1))]
    return parse_clinical_table("\n".join(lines).encode(), Path("table.csv"))


def values(table: ClinicalTable) -> list[float | None]:
    return [row.values[0].value for row in table.rows]


def problems(table: ClinicalTable) -> list[tuple[str, str]]:
    return [(one.code, one.verbatim) for row in table.rows for one in row.problems]


@pytest.mark.parametrize(
    ("unit", "right", "wrong", "code"),
    [
        ("g/cm2", "0.899", "899", "clinical.not_in_g_cm2"),
        ("mg/cm2", "899", "0.899", "clinical.not_in_mg_cm2"),
        ("mg/cm3", "120", "899", "clinical.not_in_mg_cm3"),
    ],
)
def test_a_density_that_its_unit_does_not_allow_is_named_kept_as_written_and_never_converted(
    unit: str, right: str, wrong: str, code: str
) -> None:
    table = parse(f"BMD L1-L4 ({unit})", right, wrong)
    assert values(table) == [float(right), None]
    assert (table.rows[1].values[0].verbatim, table.rows[1].values[0].unit) == (wrong, unit)
    assert problems(table) == [(code, wrong)]


def test_the_unit_of_the_cell_goes_before_that_of_the_column() -> None:
    table = parse("BMD (g/cm2)", "899 mg/cm2", "0.9 mg/cm2")
    assert values(table) == [899.0, None]
    assert problems(table) == [("clinical.not_in_mg_cm2", "0.9 mg/cm2")]
    assert table.unit_doubts == ()


def test_without_a_unit_any_density_above_zero_is_taken() -> None:
    assert read_bmd("899").value == read_bmd("899 mg/cm2").value == 899.0
    assert read_bmd("0").problem == "clinical.implausible"


def test_ten_rows_in_another_unit_do_not_bring_the_column_into_doubt_but_each_is_named() -> None:
    table = parse("BMD (g/cm2)", *["0.8", "0.9", "1.1"] * 30, *["899"] * 10)
    assert [code for code, _ in problems(table)] == ["clinical.not_in_g_cm2"] * 10
    assert table.unit_doubts == ()


@pytest.mark.parametrize(
    ("header", "cells", "unit", "others"),
    [
        ("BMD (g/cm2)", ("812", "/", "934.5"), "g/cm2", ("mg/cm2",)),
        ("BMD (mg/cm2)", ("0.812", "0.9"), "mg/cm2", ("g/cm2",)),
        ("BMD (g/cm2)", ("112", "139"), "g/cm2", ("mg/cm2", "mg/cm3")),
        # some of them would pass for a density by volume
        ("BMD (mg/cm3)", ("480", "899"), "mg/cm3", ("mg/cm2",)),
        # without a unit nothing is against it, but no one unit allows both
        ("BMD", ("0.812", "899"), "", ()),
    ],
)
def test_a_column_that_would_be_plausible_in_another_unit_is_told_with_it(
    header: str, cells: tuple[str, ...], unit: str, others: tuple[str, ...]
) -> None:
    assert parse(header, *cells).unit_doubts == (UnitDoubt(header, unit, others),)


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("BMD (g/cm2)", ("0.812", "0.9")),
        ("BMD (mg/cm2)", ("120", "480")),
        ("BMD (g/cm2)", ("/", "未查")),
        ("BMD (g/cm2)", ("70000", "80000")),
        ("BMD", ("0.8", "0.9")),
        ("BMD", ("80", "90")),
        ("T-score", ("1", "-2")),
    ],
)
def test_a_column_is_not_doubted_for_nothing(header: str, cells: tuple[str, ...]) -> None:
    assert parse(header, *cells).unit_doubts == ()


def test_a_decimal_comma_is_no_reason_for_doubt() -> None:
    assert parse("BMD (g/cm2)", "0,812", "0,9", delimiter=";").unit_doubts == ()
