from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clinical import (
    POSTMENOPAUSAL,
    UNSTATED,
    ClinicalRow,
    ClinicalValue,
    Covariate,
    Group,
    Kind,
    Problem,
    check_reference,
    group_of,
    qct_group_of,
)

ROW = ClinicalRow(line=2, patient_id="0012", accession="MR7", sex="F", age=61.0, exam_date="2024-03-05")


def tscore(region: str, value: float | None) -> ClinicalValue:
    return ClinicalValue(Kind.TSCORE, region, value, "", "" if value is None else str(value))


def codes(row: ClinicalRow, study_date: str = "") -> list[str]:
    return [problem.code for problem in check_reference(row, study_date)]


@pytest.mark.parametrize(
    ("score", "group"),
    [
        (2.0, Group.NORMAL),
        (-1.0, Group.NORMAL),
        (-1.01, Group.OSTEOPENIA),
        (-2.49, Group.OSTEOPENIA),
        (-2.5, Group.OSTEOPOROSIS),
        (-4.0, Group.OSTEOPOROSIS),
        (None, None),
    ],
)
def test_groups_follow_the_exact_limits(score: float | None, group: Group | None) -> None:
    assert group_of(score) is group


@given(st.decimals(min_value=-9, max_value=9, places=4))
def test_reading_a_decimal_text_never_moves_a_patient_across_a_limit(score: Decimal) -> None:
    expected = Group.OSTEOPENIA
    if score >= Decimal("-1.0"):
        expected = Group.NORMAL
    elif score <= Decimal("-2.5"):
        expected = Group.OSTEOPOROSIS
    assert group_of(float(str(score))) is expected


def test_a_named_region_is_found_before_the_plain_column() -> None:
    row = replace(ROW, values=(tscore(UNSTATED, -1.0), tscore("L1-L4", -3.0)))
    assert row.find(Kind.TSCORE, "L1-L4") == tscore("L1-L4", -3.0)


def test_the_plain_column_stands_for_a_region_the_table_does_not_name() -> None:
    row = replace(ROW, values=(tscore(UNSTATED, -1.0), tscore("L1-L4", -3.0)))
    assert row.find(Kind.TSCORE, "total hip") == tscore(UNSTATED, -1.0)


def test_an_empty_cell_of_the_named_region_is_not_filled_from_the_plain_column() -> None:
    found = replace(ROW, values=(tscore(UNSTATED, -1.0), tscore("L1-L4", None))).find(Kind.TSCORE, "L1-L4")
    assert found is not None
    assert found.value is None


def test_a_t_score_is_not_found_as_a_density() -> None:
    assert replace(ROW, values=(tscore("L1", -1.0),)).find(Kind.BMD, "L1") is None


def test_the_repr_of_a_row_tells_no_identifier() -> None:
    assert "0012" not in repr(ROW)
    assert "MR7" not in repr(ROW)


@pytest.mark.parametrize(
    ("study_date", "expected"),
    [
        ("2024-03-05", []),
        ("2024-03-19", []),
        ("2024-02-20", []),
        ("2024-03-20", ["clinical.interval_over_14"]),
        ("2024-02-19", ["clinical.interval_over_14"]),
        ("2024-06-03", ["clinical.interval_over_14"]),
        ("2024-06-04", ["clinical.interval_over_90"]),
        ("2023-12-06", ["clinical.interval_over_14"]),
        ("2023-12-05", ["clinical.interval_over_90"]),
        ("", []),
    ],
)
def test_a_long_interval_to_the_reference_is_told_in_both_directions(
    study_date: str, expected: list[str]
) -> None:
    assert codes(ROW, study_date) == expected


def test_without_a_date_of_the_reference_no_interval_is_told() -> None:
    assert codes(replace(ROW, exam_date=""), "2024-06-04") == []


@pytest.mark.parametrize(
    ("sex", "age", "score", "told"),
    [
        ("M", 49.0, -1.0, True),
        ("M", 50.0, -1.0, False),
        ("M", None, -1.0, False),
        ("M", 49.0, None, False),
        # menopause is not known here
        ("F", 49.0, -1.0, False),
    ],
)
def test_a_t_score_of_a_man_under_fifty_is_told(
    sex: str, age: float | None, score: float | None, told: bool
) -> None:
    row = replace(ROW, sex=sex, age=age, values=(tscore("L1-L4", score),))
    assert ("clinical.t_score_under_50" in codes(row)) is told


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ({"L1": -1.0, "L2": -2.1}, True),
        # 1.0 apart in decimals, a hair more in binary
        ({"L1": -0.1, "L2": -1.1}, False),
        ({"L1": -1.0, "L3": -3.0}, False),
        ({"L4": -1.0, "L5": 0.5}, True),
        ({"L1": -1.0, "L2": None}, False),
        ({"L1-L4": -1.0, "L2": -3.0}, False),
    ],
)
def test_neighbouring_t_scores_far_apart_are_told(scores: dict[str, float | None], told: bool) -> None:
    row = replace(ROW, values=tuple(tscore(region, value) for region, value in scores.items()))
    assert (check_reference(row, "") == (Problem("clinical.levels_apart"),)) is told


# ---- menopause, and density by volume


@pytest.mark.parametrize(
    ("sex", "after", "told"),
    [("F", 0.0, True), ("", 0.0, True), ("F", 1.0, False), ("F", None, False), ("M", 0.0, False)],
)
def test_a_t_score_before_the_menopause_is_told(sex: str, after: float | None, told: bool) -> None:
    row = ClinicalRow(
        line=2,
        sex=sex,
        values=(ClinicalValue(Kind.TSCORE, "L1", -1.0, "", "-1"),),
        covariates=(Covariate(POSTMENOPAUSAL, after, ""),),
    )
    codes = [problem.code for problem in check_reference(row, "")]
    assert codes == (["clinical.t_score_premenopausal"] if told else [])
    assert check_reference(replace(row, values=()), "") == ()


@pytest.mark.parametrize(
    ("bmd", "unit", "group"),
    [
        (120.1, "mg/cm3", Group.NORMAL),
        (120.0, "mg/cm3", Group.OSTEOPENIA),
        (80.0, "mg/cm3", Group.OSTEOPENIA),
        (79.9, "mg/cm3", Group.OSTEOPOROSIS),
        (None, "mg/cm3", None),
        # a density per area is never converted
        (0.9, "g/cm2", None),
        (900.0, "mg/cm2", None),
        (100.0, "", None),
    ],
)
def test_groups_by_volumetric_density_are_a_scheme_of_their_own(
    bmd: float | None, unit: str, group: Group | None
) -> None:
    assert qct_group_of(bmd, unit) is group
