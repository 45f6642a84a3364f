from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.stats.area import exact_interval, logit_interval, null_area
from app.stats.criterion import Criterion, CutOff, cut_off
from app.stats.proportion import clopper_pearson
from app.stats.roc import Roc, roc

COHORTS = st.lists(st.tuples(st.integers(0, 60), st.booleans()), min_size=5, max_size=40)


def curve(marker: object, label: object, direction: str = "higher") -> Roc:
    result = roc(marker, label, direction=direction)  # type: ignore[arg-type]
    assert isinstance(result, Roc)
    return result


def split(cohort: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    marker, label = np.array(cohort).T
    assume(0 < label.sum() < len(label))
    return marker.astype(float), label.astype(bool)


@given(auc=st.floats(0.01, 0.99), se=st.floats(0.001, 0.4))
def test_the_logit_interval_stays_inside_and_turns_round_with_the_direction(auc: float, se: float) -> None:
    one, other = logit_interval(auc, se, 0.95), logit_interval(1.0 - auc, se, 0.95)
    assert one is not None
    assert other is not None
    assert 0.0 <= one.low <= auc <= one.high <= 1.0
    assert (1.0 - other.high, 1.0 - other.low) == pytest.approx((one.low, one.high), abs=1e-12)


@pytest.mark.parametrize(("auc", "se"), [(1.0, 0.1), (0.0, 0.1), (0.7, 0.0)])
def test_an_area_at_the_end_or_without_error_has_no_logit_interval(auc: float, se: float) -> None:
    assert logit_interval(auc, se, 0.95) is None


def test_the_exact_interval_of_a_whole_number_of_patients_is_that_of_a_proportion() -> None:
    for count in (0, 30, 40):
        ours, plain = exact_interval(count / 40, 40, 0.95), clopper_pearson(count, 40)
        assert (ours.low, ours.high) == pytest.approx((plain.low, plain.high), rel=1e-12)


def test_the_null_error_is_that_of_wilcoxons_test() -> None:
    assert null_area(0.7, 10, 20, 0.95).se == pytest.approx(math.sqrt(10 * 20 * 31 / 12) / 200, rel=1e-12)


def test_an_interval_past_one_is_cut_and_also_told_uncut() -> None:
    result = curve([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0, 0, 1, 0, 1, 1])
    assert result.delong is not None
    assert result.delong.ci.high == 1.0
    assert result.delong.untruncated.high > 1.0
    assert result.delong.untruncated.low == result.delong.ci.low


@given(cohort=COHORTS)
def test_the_curve_tells_all_intervals_of_its_area(cohort: list[tuple[int, bool]]) -> None:
    marker, label = split(cohort)
    result = curve(marker, label)
    assert result.exact_ci.low <= result.auc <= result.exact_ci.high
    assert result.null.se > 0.0
    if result.delong is None:
        assert result.logit_ci is None
    elif result.logit_ci is not None:
        assert result.logit_ci.low <= result.auc <= result.logit_ci.high


@given(cohort=COHORTS)
def test_the_automatic_direction_follows_the_medians_and_is_told(cohort: list[tuple[int, bool]]) -> None:
    marker, label = split(cohort)
    result = curve(marker, label, "automatic")
    lower = np.median(marker[label]) < np.median(marker[~label])
    assert result.direction == ("lower" if lower else "higher")
    assert result.notes[-1].code == ("roc.automatic_lower" if lower else "roc.automatic_higher")
    assert result.auc == curve(marker, label, result.direction).auc


@given(cohort=COHORTS, direction=st.sampled_from(["higher", "lower"]))
def test_the_midpoint_rule_calls_the_same_patients(cohort: list[tuple[int, bool]], direction: str) -> None:
    marker, label = split(cohort)
    marker = marker / 7.0
    result = curve(marker, label, direction)
    assert result.steps.midpoints.size == result.steps.values.size - 1
    for one in result.cutoffs:
        text = one.criterion.midpoint_text
        if one.criterion.midpoint is None:
            assert text is None
            assert one.criterion.value == marker.max()
            continue
        assert one.criterion.midpoint in result.steps.midpoints
        assert text is not None
        sign, printed = text.split()
        called = marker >= float(printed) if sign == ">=" else marker <= float(printed)
        assert called.tolist() == one.criterion.positive(marker).tolist()


def test_a_criterion_that_is_no_observed_value_has_no_midpoint() -> None:
    assert Criterion(3.0, "higher").midpoint_text is None


def table(tp: int, fp: int, fn: int, tn: int) -> CutOff:
    return cut_off(Criterion(1.0, "higher"), tp, fp, fn, tn)


def test_the_diagnostic_odds_ratio_is_the_quotient_of_the_likelihood_ratios() -> None:
    one = table(41, 12, 8, 59)
    assert one.dor is not None
    assert one.dor.ci is not None
    assert one.lr_positive is not None
    assert one.lr_negative is not None
    assert one.dor.value == pytest.approx(one.lr_positive.value / one.lr_negative.value, rel=1e-12)
    assert one.dor.ci.low * one.dor.ci.high == pytest.approx(one.dor.value**2, rel=1e-12)


def test_an_odds_ratio_of_zero_has_no_interval_and_one_over_zero_is_not_defined() -> None:
    assert table(3, 0, 2, 4).dor is None
    assert table(3, 1, 0, 4).dor is None
    none = table(0, 2, 3, 4).dor
    assert none is not None
    assert (none.value, none.ci) == (0.0, None)


def test_predictive_values_at_the_prevalence_of_the_sample_are_those_of_the_sample() -> None:
    one = table(41, 12, 8, 59)
    assert one.ppv is not None
    assert one.npv is not None
    ppv, npv = one.at_prevalence(49 / 120)
    assert ppv is not None
    assert npv is not None
    assert (ppv.value, npv.value) == pytest.approx((one.ppv.value, one.npv.value), rel=1e-12)
    for found in (ppv, npv):
        assert found.ci is not None
        assert found.ci.low < found.value < found.ci.high


@given(prevalence=st.floats(0.01, 0.99), counts=st.tuples(*[st.integers(1, 30)] * 4))
def test_the_logit_of_a_predictive_value_has_mercaldos_variance(
    prevalence: float, counts: tuple[int, int, int, int]
) -> None:
    tp, fp, fn, tn = counts
    ppv, npv = table(tp, fp, fn, tn).at_prevalence(prevalence)
    assert ppv is not None
    assert npv is not None
    sensitivity, specificity, cases, others = tp / (tp + fn), tn / (tn + fp), tp + fn, tn + fp
    for found, variance in (
        (ppv, (1 - sensitivity) / (sensitivity * cases) + specificity / ((1 - specificity) * others)),
        (npv, sensitivity / ((1 - sensitivity) * cases) + (1 - specificity) / (specificity * others)),
    ):
        assert found.ci is not None
        centre = math.log(found.value / (1 - found.value))
        half = 1.959963984540054 * math.sqrt(variance)
        wanted = [1 / (1 + math.exp(-(centre + side * half))) for side in (-1, 1)]
        assert [found.ci.low, found.ci.high] == pytest.approx(wanted, rel=1e-6)


def test_predictive_values_without_counts_have_no_interval_or_are_not_defined() -> None:
    assert table(0, 0, 3, 4).at_prevalence(0.3)[0] is None
    assert table(3, 4, 0, 0).at_prevalence(0.3)[1] is None
    ppv, npv = table(3, 0, 0, 4).at_prevalence(0.3)
    assert ppv is not None
    assert npv is not None
    assert (ppv.ci, npv.ci) == (None, None)
    assert (ppv.value, npv.value) == (1.0, 1.0)


@pytest.mark.parametrize("prevalence", [0.0, 1.0, -0.2, 30.0])
def test_a_prevalence_lies_between_zero_and_one(prevalence: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        table(3, 1, 2, 4).at_prevalence(prevalence)
