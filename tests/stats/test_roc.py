from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.stats.criterion import Criterion, cut_off
from app.stats.result import NotDefined
from app.stats.roc import PairedRoc, Roc, compare_paired, cut_off_at, cut_off_table, roc

COHORTS = st.lists(st.tuples(st.integers(0, 400), st.booleans()), min_size=4, max_size=40)


def curve(marker: object, label: object, direction: str = "higher", **options: float) -> Roc:
    result = roc(marker, label, direction=direction, **options)  # type: ignore[arg-type]
    assert isinstance(result, Roc)
    return result


def compared(first: object, second: object, label: object, *directions: str) -> PairedRoc:
    ways = directions or ("higher", "higher")
    result = compare_paired(first, second, label, directions=ways)  # type: ignore[arg-type]
    assert isinstance(result, PairedRoc)
    return result


def split(cohort: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    marker, label = np.array(cohort).T
    assume(0 < label.sum() < len(label))
    return marker.astype(float), label.astype(bool)


def area_by_pairs(marker: np.ndarray, label: np.ndarray) -> float:
    difference = marker[label][:, np.newaxis] - marker[~label]
    return float(np.mean((difference > 0) + 0.5 * (difference == 0)))


@given(cohort=COHORTS)
def test_the_auc_is_the_share_of_pairs_in_the_right_order(cohort: list[tuple[int, bool]]) -> None:
    marker, label = split(cohort)
    assert curve(marker, label).auc == pytest.approx(area_by_pairs(marker, label), abs=1e-12)


@given(cohort=COHORTS)
def test_a_monotone_transform_of_the_marker_changes_nothing_but_the_criterion(
    cohort: list[tuple[int, bool]],
) -> None:
    marker, label = split(cohort)
    before, after = curve(marker, label), curve(np.exp(marker / 50.0), label)
    assert after.auc == before.auc
    assert [(one.tp, one.fp) for one in after.cutoffs] == [(one.tp, one.fp) for one in before.cutoffs]
    assert [one.criterion.value for one in after.cutoffs] == pytest.approx(
        [np.exp(one.criterion.value / 50.0) for one in before.cutoffs]
    )


@given(cohort=COHORTS)
def test_flipping_the_label_or_the_direction_turns_the_auc_round(cohort: list[tuple[int, bool]]) -> None:
    marker, label = split(cohort)
    auc = curve(marker, label).auc
    assert curve(marker, ~label).auc == pytest.approx(1.0 - auc, abs=1e-15)
    assert curve(marker, label, "lower").auc == pytest.approx(1.0 - auc, abs=1e-15)
    assert curve(-marker, label, "lower").auc == auc


@given(cohort=COHORTS)
def test_the_trapezoids_under_the_curve_add_up_to_the_auc(cohort: list[tuple[int, bool]]) -> None:
    marker, label = split(cohort)
    for direction in ("higher", "lower"):
        result = curve(marker, label, direction)
        x, y = result.false_positive_rate, result.true_positive_rate
        assert (x[0], y[0], x[-1], y[-1]) == (0.0, 0.0, 1.0, 1.0)
        assert (np.diff(x) >= 0.0).all()
        assert np.trapezoid(y, x) == pytest.approx(result.auc, abs=1e-12)


@given(cohort=COHORTS, direction=st.sampled_from(["higher", "lower"]))
def test_the_printed_criterion_calls_every_patient_as_its_counts_say(
    cohort: list[tuple[int, bool]], direction: str
) -> None:
    marker, label = split(cohort)
    marker = marker / 7.0
    for one in curve(marker, label, direction).cutoffs:
        sign, printed = str(one.criterion).split()
        called = marker > float(printed) if sign == ">" else marker <= float(printed)
        assert (int(called[label].sum()), int(called[~label].sum())) == (one.tp, one.fp)
        assert one.criterion.positive(marker).tolist() == called.tolist()


@given(cohort=COHORTS)
def test_no_criterion_beats_the_youden_cut_off(cohort: list[tuple[int, bool]]) -> None:
    marker, label = split(cohort)
    result = curve(marker, label)
    every = [cut_off_at(result, position) for position in range(result.steps.values.size)]
    assert cut_off_table(result) == tuple(every)
    assert cut_off_at(result, -1) == every[-1]
    best = max(one.youden_j for one in every)
    assert result.cutoffs[0].youden_j == pytest.approx(best, abs=1e-12)
    assert all(one.youden_j == pytest.approx(best, abs=1e-12) for one in result.cutoffs)
    assert all(one.tp + one.fn == result.n_positive for one in every)


def test_values_equal_up_to_rounding_are_one_criterion() -> None:
    thirds = [0.1 + 0.2, 0.3, 0.5]
    result = curve(thirds, [1, 0, 1])
    assert result.steps.values.size == 2
    assert result.auc == 0.75
    assert result.steps.values[0] == max(thirds[:2])


def test_the_sign_of_a_criterion_says_the_direction() -> None:
    assert str(Criterion(56.089999999999996, "higher", 2)) == "> 56.09"
    assert str(Criterion(138.31, "lower", 2)) == "<= 138.31"


def test_whole_numbers_print_without_decimals_and_close_ones_with_more() -> None:
    whole = curve([40.0, 50.0, 60.0, 70.0], [0, 0, 1, 1])
    assert str(whole.cutoffs[0].criterion) == "> 50"
    tenths = curve([0.1, 0.2, 0.3, 0.4], [0, 0, 1, 1])
    assert str(tenths.cutoffs[0].criterion) == "> 0.2"
    close = curve([0.12341, 0.12342, 0.12343, 0.12344], [0, 0, 1, 1])
    assert str(close.cutoffs[0].criterion) == "> 0.12342"


def test_rounding_that_would_lose_a_patient_is_not_printed() -> None:
    # 56.004 rounds to 56.00, which would call the patient at 56.004 positive
    result = curve([55.0, 56.004, 57.123, 58.0], [0, 0, 1, 1])
    assert str(result.cutoffs[0].criterion) == "> 56.004"


def test_every_tied_cut_off_is_told() -> None:
    result = curve([1, 1, 2, 2, 3, 3, 3, 4, 4, 5], [0, 0, 0, 1, 0, 1, 1, 1, 0, 1])
    assert [str(one.criterion) for one in result.cutoffs] == ["> 1", "> 2"]
    assert result.cutoff is result.cutoffs[0]
    note = next(note for note in result.notes if note.code == "roc.youden_tied")
    assert note.values["criteria"] == "> 1, > 2"


def test_a_marker_without_information_has_no_cut_off() -> None:
    result = curve([7.0] * 6, [0, 0, 0, 1, 1, 1])
    assert result.auc == 0.5
    assert result.cutoff is None
    assert [note.code for note in result.notes] == ["roc.no_width", "roc.no_cutoff"]


def test_a_marker_that_points_the_other_way_says_so() -> None:
    result = curve([1.0, 2.0, 4.0, 3.0, 5.0], [1, 1, 1, 0, 0])
    assert result.auc < 0.5
    assert "roc.wrong_direction" in [note.code for note in result.notes]


def test_a_single_case_has_an_auc_without_delong() -> None:
    result = curve([1, 2, 3, 5, 4], [0, 0, 0, 0, 1])
    assert result.auc == 0.75
    assert result.delong is None
    assert result.ci is None
    assert result.hanley_mcneil.p is not None
    assert [note.code for note in result.notes] == ["roc.one_case"]


def test_one_class_alone_has_no_curve() -> None:
    assert roc([1.0, 2.0], [1, 1], direction="higher") == NotDefined.of(
        "roc.one_class", n_positive=2, n_negative=0
    )
    assert roc([np.nan, 2.0], [1, 0], direction="higher") == NotDefined.of(
        "roc.one_class", n_positive=0, n_negative=1
    )
    assert isinstance(roc([], [], direction="higher"), NotDefined)


def test_a_label_of_three_values_is_refused() -> None:
    assert roc([1.0, 2.0, 3.0], [0, 1, 2], direction="higher") == NotDefined.of("roc.label")


def test_patients_without_marker_or_label_are_counted_out() -> None:
    result = curve([1.0, np.nan, 3.0, 4.0, 2.0], [0, 1, 1, None, 0])
    assert (result.n, result.n_excluded) == (3, 2)
    assert result.index.tolist() == [0, 2, 4]


def test_delong_by_midranks_equals_the_sum_over_all_pairs() -> None:
    rng = np.random.default_rng(11)
    label = rng.random(60) < 0.4
    marker = np.round(rng.normal(size=60) + label, 1)
    wins = marker[label][:, np.newaxis] - marker[~label]
    kernel = (wins > 0) + 0.5 * (wins == 0)
    variance = np.var(kernel.mean(axis=1), ddof=1) / label.sum()
    variance += np.var(kernel.mean(axis=0), ddof=1) / (~label).sum()
    delong = curve(marker, label).delong
    assert delong is not None
    assert delong.se == pytest.approx(np.sqrt(variance), rel=1e-12)


def test_a_perfect_marker_has_no_test_and_says_that_its_interval_means_nothing() -> None:
    result = curve([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1])
    assert result.delong is not None
    assert result.delong.p is None
    assert "roc.no_width" in [note.code for note in result.notes]


def test_a_cut_off_without_positives_has_no_ppv_and_no_likelihood_ratio() -> None:
    empty = cut_off(Criterion(9.0, "higher"), tp=0, fp=0, fn=3, tn=4)
    assert empty.ppv is None
    assert empty.lr_positive is None
    assert empty.predictive_values(0.3) == (None, pytest.approx(0.7))
    full = cut_off(Criterion(0.0, "higher"), tp=3, fp=4, fn=0, tn=0)
    assert full.npv is None
    assert full.lr_negative is None
    assert full.predictive_values(0.3) == (pytest.approx(0.3), None)


def test_a_likelihood_ratio_of_zero_has_no_interval() -> None:
    one = cut_off(Criterion(1.0, "higher"), tp=3, fp=1, fn=0, tn=3)
    assert one.lr_negative is not None
    assert one.lr_negative.value == 0.0
    assert one.lr_negative.ci is None
    assert one.lr_positive is not None
    assert one.lr_positive.ci is not None


@pytest.mark.parametrize("counts", [(0, 1, 0, 1), (1, 0, 1, 0)])
def test_a_cut_off_of_one_class_is_refused(counts: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="both classes"):
        cut_off(Criterion(1.0, "higher"), *counts)


def test_two_equal_markers_do_not_differ() -> None:
    marker = [1.0, 3.0, 2.0, 5.0, 4.0, 0.3]
    result = compared(marker, np.array(marker) * 2.0, [0, 0, 1, 1, 1, 0])
    assert (result.difference, result.se, result.z, result.p) == (0.0, 0.0, 0.0, 1.0)
    assert [note.code for note in result.notes] == ["roc.same_ranking"]


def test_a_perfect_and_a_reversed_marker_differ_without_a_test() -> None:
    result = compared([1.0, 2.0, 3.0, 4.0], [4.0, 3.0, 2.0, 1.0], [0, 0, 1, 1])
    assert result.difference == 1.0
    assert result.p is None
    assert [note.code for note in result.notes] == ["roc.no_width_of_difference"]


def test_the_comparison_uses_the_same_complete_cases() -> None:
    first, second = [1.0, 2.0, 3.0, 4.0, 5.0, np.nan], [2.0, 1.0, np.nan, 3.0, 5.0, 6.0]
    result = compared(first, second, [0, 0, 0, 1, 1, 1])
    assert (result.n, result.n_excluded) == (4, 2)


@given(cohort=COHORTS, seed=st.integers(0, 99))
def test_swapping_the_markers_turns_the_difference_round(cohort: list[tuple[int, bool]], seed: int) -> None:
    marker, label = split(cohort)
    assume(1 < label.sum() < len(label) - 1)
    other = np.random.default_rng(seed).permutation(marker)
    one, two = compared(marker, other, label), compared(other, marker, label, "higher", "higher")
    assert one.difference == pytest.approx(-two.difference)
    assert one.p == (None if two.p is None else pytest.approx(two.p))
    assert one.se**2 == pytest.approx(one.var_first + one.var_second - 2.0 * one.covariance, abs=1e-9)
    assert -1.0 <= one.ci.low <= one.difference <= one.ci.high <= 1.0


def test_a_comparison_needs_two_patients_of_each_class() -> None:
    assert compare_paired(
        [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [0, 0, 1], directions=("higher", "higher")
    ) == NotDefined.of("roc.one_case")
    assert compare_paired([1.0, 2.0], [1.0, 2.0], [0, 0], directions=("higher", "lower")) == NotDefined.of(
        "roc.one_class", n_positive=0, n_negative=2
    )
