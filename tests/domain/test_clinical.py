from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clinical import (
    HEIGHT,
    POSTMENOPAUSAL,
    UNSTATED,
    WEIGHT,
    ClinicalRow,
    ClinicalValue,
    Covariate,
    Group,
    Kind,
    Problem,
    check_reference,
    group_of,
    qct_group_of,
    with_bmi,
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


@pytest.mark.parametrize(
    ("sex", "age", "after", "told"),
    [
        ("F", 36.0, None, True),
        ("F", 49.9, None, True),
        ("F", 50.0, None, False),
        ("F", None, None, False),
        ("F", 36.0, 1.0, False),
        ("F", 36.0, 0.0, False),
        ("M", 36.0, None, False),
        ("", 36.0, None, False),
    ],
)
def test_a_t_score_of_a_young_woman_of_unknown_state_is_told(
    sex: str, age: float | None, after: float | None, told: bool
) -> None:
    row = ClinicalRow(
        line=2,
        sex=sex,
        age=age,
        values=(tscore("L1", -1.0),),
        covariates=(Covariate(POSTMENOPAUSAL, after, ""),),
    )
    for one in (row, replace(row, covariates=())) if after is None else (row,):
        assert ("clinical.t_score_menopause_unstated" in codes(one)) is told
    assert codes(replace(row, values=())) == []


# ---- the lowest T-score


@pytest.mark.parametrize(
    ("scores", "lowest"),
    [
        ({"L1-L4": -1.0, "femoral neck": -2.6, "total hip": -2.0}, "femoral neck"),
        ({"L1-L4": -2.0, "femoral neck": -2.0}, "L1-L4"),
        # no vertebra by itself
        ({"L1": -4.0, "L1-L4": -1.0}, "L1-L4"),
        ({"L1": -4.0}, None),
        ({"L2-L4": -1.5, "lumbar spine": -1.0}, "L2-L4"),
        ({"L1-L4": None, "total hip": 0.5}, "total hip"),
        ({"L1-L4": None}, None),
        ({"": -3.0, "total hip": -1.0}, ""),
        ({"forearm": -3.0, "total hip": -1.0}, "total hip"),
    ],
)
def test_the_lowest_t_score_is_that_of_spine_and_hip(
    scores: dict[str, float | None], lowest: str | None
) -> None:
    row = replace(ROW, values=tuple(tscore(region, value) for region, value in scores.items()))
    found = row.tscore("lowest")
    assert (found.region if found else None) == lowest


def test_a_density_is_never_the_lowest_t_score() -> None:
    row = replace(ROW, values=(ClinicalValue(Kind.BMD, "L1-L4", 0.5, "", "0.5"), tscore("total hip", 1.0)))
    assert row.tscore("lowest") == tscore("total hip", 1.0)


def test_of_a_named_region_the_t_score_is_that_of_the_region() -> None:
    row = replace(ROW, values=(tscore("L1-L4", -1.0), tscore("total hip", -3.0)))
    assert row.tscore("L1-L4") == tscore("L1-L4", -1.0)


# ---- height, weight, Z-score


def measured(height: float | None, weight: float | None, bmi: float | None = None) -> ClinicalRow:
    told = (Covariate(HEIGHT, height, ""), Covariate(WEIGHT, weight, ""))
    return ClinicalRow(line=2, bmi=bmi, covariates=told)


def test_a_bmi_is_counted_from_height_and_weight_and_marked() -> None:
    row = with_bmi(measured(160.0, 55.0))
    assert (row.bmi, row.problems) == (21.48, (Problem("clinical.bmi_computed"),))


@pytest.mark.parametrize(
    "row", [measured(160.0, None), measured(None, 55.0), measured(160.0, 55.0, bmi=22.0), ClinicalRow(line=2)]
)
def test_a_bmi_that_is_given_or_cannot_be_counted_stays_as_it_is(row: ClinicalRow) -> None:
    assert with_bmi(row) is row


def test_a_z_score_is_of_its_region_or_of_the_plain_column() -> None:
    row = replace(ROW, covariates=(Covariate("Z-score L1-L4", -0.4, ""), Covariate("Z-score", -1.0, "")))
    assert (row.zscore("L1-L4"), row.zscore("total hip"), ROW.zscore("L1-L4")) == (-0.4, -1.0, None)
