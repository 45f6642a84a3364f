from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.stats.icc import Icc, MeanSquares, icc_from_mean_squares
from app.stats.result import NotDefined
from app.stats.sample_size import SampleSize, size_for_icc_width, size_for_limits_of_agreement
from app.stats.sample_size_diagnostic import (
    CasesAndControls,
    size_for_auc,
    size_for_sensitivity,
    size_for_specificity,
)
from app.stats.sample_size_power import (
    effect_of_means,
    power_of_two_means,
    size_for_anova,
    size_for_chi_square,
    size_for_correlation,
    size_for_correlation_by_z,
    size_for_icc_test,
    size_for_paired_means,
    size_for_two_means,
    size_for_two_proportions,
)
from app.stats.sentences import sentence


def code_of(found: object) -> str:
    assert isinstance(found, NotDefined)
    assert sentence(found).startswith("Not defined: ")
    return found.code


def sized(found: object) -> SampleSize:
    assert isinstance(found, SampleSize)
    return found


def test_a_planned_icc_interval_comes_out_about_as_wide_as_planned() -> None:
    rho, k = 0.8, 3
    n = sized(size_for_icc_width(rho, 0.15, readers=k)).total
    result = icc_from_mean_squares(MeanSquares(n, k, 1.0 + (k - 1) * rho, 1.0 - rho, 1.0 - rho))
    assert isinstance(result, Icc)
    ci = result.form("ICC(3,1)").ci
    assert ci is not None
    assert ci.high - ci.low == pytest.approx(0.15, abs=0.01)


def test_the_power_of_a_planned_group_is_what_was_wanted() -> None:
    size = sized(size_for_two_means(0.5, power=0.8))
    assert size.groups == 2
    assert size.total == 2 * size.per_group == 128
    power = power_of_two_means(0.5, (size.per_group, size.per_group))
    assert isinstance(power, float)
    assert 0.8 <= power < 0.81
    fewer = power_of_two_means(0.5, (size.per_group - 1, size.per_group - 1))
    assert isinstance(fewer, float)
    assert fewer < 0.8


def test_a_planned_correlation_is_found_as_often_as_planned() -> None:
    n = sized(size_for_correlation(0.6, power=0.9)).total
    rng = np.random.default_rng(0)
    x = rng.normal(size=(2000, n))
    y = 0.6 * x + 0.8 * rng.normal(size=(2000, n))
    p = stats.pearsonr(x, y, axis=1).pvalue
    assert float(np.mean(p < 0.05)) == pytest.approx(0.9, abs=0.02)
    assert sized(size_for_correlation(-0.6, power=0.9)).total == n
    assert abs(sized(size_for_correlation_by_z(0.6, power=0.9)).total - n) <= 1


def test_two_groups_apart_by_one_sd_have_half_of_it_as_their_effect() -> None:
    assert effect_of_means([40.0, 50.0], 10.0) == 0.5
    # and analysis of variance of two groups is Student's t test
    assert sized(size_for_anova(0.5, 2)).per_group == sized(size_for_two_means(1.0)).per_group


def test_an_effect_so_large_that_the_fewest_patients_do_needs_only_them() -> None:
    assert sized(size_for_two_means(50.0)).per_group == 2
    assert sized(size_for_correlation(0.9999)).total == 4


@pytest.mark.parametrize(
    "found",
    [
        size_for_icc_test(0.8, 0.7),
        size_for_two_means(0.0),
        size_for_paired_means(0.0),
        size_for_anova(0.0, 3),
        size_for_correlation(0.0),
        size_for_correlation_by_z(0.0),
        size_for_two_proportions(0.3, 0.3),
        size_for_chi_square(0.0, 1),
    ],
)
def test_an_effect_that_is_not_there_needs_no_number_of_patients(found: object) -> None:
    assert code_of(found) == "sample_size.no_effect"


@pytest.mark.parametrize(
    "found",
    [
        size_for_icc_width(1.0, 0.1),
        size_for_icc_test(0.5, 1.5),
        size_for_limits_of_agreement(1.0, 0.1, level=1.0),
        size_for_two_means(0.5, power=1.0),
        size_for_paired_means(0.5, alpha=0.0),
        size_for_correlation(1.0),
        size_for_correlation_by_z(-1.0),
        size_for_two_proportions(0.0, 0.5),
        size_for_sensitivity(0.85, 0.07, prevalence=0.0),
        size_for_specificity(1.0, 0.07, prevalence=0.4),
        size_for_auc(1.0),
        power_of_two_means(0.5, (10, 10), alpha=2.0),
    ],
)
def test_what_is_no_share_is_refused_by_its_name(found: object) -> None:
    assert code_of(found) == "sample_size.no_share"


@pytest.mark.parametrize(
    "found",
    [
        size_for_icc_width(0.8, 0.0),
        size_for_icc_width(0.8, 0.1, readers=1),
        size_for_icc_test(0.5, 0.8, readers=1),
        size_for_limits_of_agreement(-1.0, 0.1),
        size_for_limits_of_agreement(float("inf"), 0.1),
        size_for_anova(0.25, 1),
        size_for_chi_square(0.3, 0),
        size_for_auc(0.5),
        size_for_auc(0.8, controls_per_case=0.0),
        power_of_two_means(0.5, (1, 10)),
    ],
)
def test_what_is_too_small_is_refused_by_its_name(found: object) -> None:
    assert code_of(found) == "sample_size.not_above"


def test_an_effect_that_ten_million_would_not_show_is_refused() -> None:
    assert code_of(size_for_two_means(1e-5)) == "sample_size.too_many"


@given(d=st.floats(0.05, 2.0), power=st.floats(0.5, 0.99))
def test_a_smaller_effect_or_more_power_needs_no_fewer_patients(d: float, power: float) -> None:
    wanted = sized(size_for_two_means(d, power=power)).exact
    assert sized(size_for_two_means(d / 1.1, power=power)).exact >= wanted
    assert sized(size_for_two_means(d, power=min(power + 0.005, 0.995))).exact >= wanted
    assert sized(size_for_two_means(-d, power=power)).exact == pytest.approx(wanted, rel=1e-6)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            size_for_icc_width(0.89, 0.1),
            "72 patients read by 2 readers are needed for a 95 % CI of an ICC of",
        ),
        (
            size_for_icc_test(0.75, 0.9),
            "26 patients read by 2 readers are needed to show an ICC of 0.9 ",
        ),
        (size_for_limits_of_agreement(2.5, 0.8), "113 pairs of readings are needed for a 95 % CI of the"),
        (
            size_for_two_means(0.5),
            "64 patients in each of two groups are needed for Student's t ",
        ),
        (size_for_paired_means(0.4, power=0.9), "68 pairs are needed for the paired t test "),
        (
            size_for_anova(0.25, 3),
            "53 patients in each of 3 groups are needed for one-way",
        ),
        (
            size_for_correlation(0.5339, power=0.9),
            "32 patients are needed to show a correlation of 0.5339",
        ),
        (size_for_two_proportions(0.8, 0.6), "81 patients in each of two groups are needed to find a"),
        (size_for_chi_square(0.3, 2), "108 patients are needed for the chi-square test"),
        (size_for_sensitivity(0.85, 0.07, prevalence=0.41), "244 patients are needed for a 95 % CI of a"),
        (size_for_specificity(0.83, 0.07, prevalence=0.41), "188 patients are needed for a 95 % CI of a"),
        (size_for_auc(0.8, controls_per_case=1.5, power=0.9), "15 patients with the outcome and 22 without"),
    ],
)
def test_each_size_is_said_with_what_it_is_for(found: object, said: str) -> None:
    sentence_said = sentence(found)
    assert sentence_said.startswith(said)
    assert sentence_said.endswith(".")


def test_the_power_is_said_in_percent() -> None:
    assert "(alpha 0.05, power 90 %)" in sentence(size_for_correlation(0.5, power=0.9))


def test_cases_and_controls_are_rounded_up_apart() -> None:
    found = size_for_auc(0.8, controls_per_case=1.5, power=0.9)
    assert isinstance(found, CasesAndControls)
    assert (found.cases, found.controls) == (15, 22)
