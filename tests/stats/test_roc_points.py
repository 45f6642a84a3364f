from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.stats.roc import Roc, cut_off_at, roc
from app.stats.roc_partial import partial_area
from app.stats.roc_points import closest_top_left, sensitivity_at, specificity_at

COHORTS = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=4, max_size=40)
RATES = st.floats(0.0, 1.0)


def curve(marker: object, label: object, direction: str = "higher") -> Roc:
    result = roc(marker, label, direction=direction)  # type: ignore[arg-type]
    assert isinstance(result, Roc)
    return result


def drawn(cohort: list[tuple[int, bool]], direction: str = "higher") -> Roc:
    marker, label = np.array(cohort).T
    assume(0 < label.sum() < len(label))
    return curve(marker, label, direction)


@given(cohort=COHORTS)
def test_no_cut_off_is_nearer_to_the_corner(cohort: list[tuple[int, bool]]) -> None:
    result = drawn(cohort)
    every = [cut_off_at(result, position) for position in range(result.steps.values.size)]
    distances = [(1.0 - one.sensitivity.value) ** 2 + (1.0 - one.specificity.value) ** 2 for one in every]
    found = closest_top_left(result)
    if min(distances) >= 1.0 - 1e-12:
        assert found is None
        return
    assert found is not None
    first = next(place for place, one in enumerate(distances) if one <= min(distances) + 1e-12)
    assert found.criterion.value == every[first].criterion.value


def test_a_marker_that_says_nothing_or_the_opposite_has_no_cut_off_near_the_corner() -> None:
    assert closest_top_left(curve([7.0] * 6, [0, 0, 0, 1, 1, 1])) is None
    assert closest_top_left(curve([1.0, 2.0, 3.0, 4.0], [1, 1, 0, 0])) is None


@given(cohort=COHORTS, rate=RATES, direction=st.sampled_from(["higher", "lower"]))
def test_what_is_read_at_a_fixed_rate_lies_on_the_curve(
    cohort: list[tuple[int, bool]], rate: float, direction: str
) -> None:
    result = drawn(cohort, direction)
    sensitivity, specificity = sensitivity_at(result, rate), specificity_at(result, rate)
    assert 0.0 <= sensitivity <= 1.0
    assert 0.0 <= specificity <= 1.0
    assert area_left_of(result, 1.0 - rate, sensitivity)
    assert specificity_at(result, sensitivity) >= rate - 1e-9


def area_left_of(result: Roc, x: float, y: float) -> bool:
    """The point is on the straight pieces of the curve."""
    xs, ys = result.false_positive_rate, result.true_positive_rate
    for x0, y0, x1, y1 in zip(xs[:-1], ys[:-1], xs[1:], ys[1:], strict=True):
        inside = x0 - 1e-9 <= x <= x1 + 1e-9 and y0 - 1e-9 <= y <= y1 + 1e-9
        if inside and abs((x - x0) * (y1 - y0) - (y - y0) * (x1 - x0)) < 1e-9:
            return True
    return False


def test_the_best_value_is_read_where_the_curve_runs_straight_up_or_level() -> None:
    result = curve([1.0, 2.0, 3.0, 4.0, 5.0], [0, 1, 0, 1, 1])
    assert sensitivity_at(result, 0.5) == 1.0
    assert sensitivity_at(result, 1.0) == pytest.approx(2 / 3)
    assert sensitivity_at(result, 0.0) == 1.0
    assert specificity_at(result, 1.0) == 0.5
    assert specificity_at(result, 2 / 3) == 1.0
    assert specificity_at(result, 0.0) == 1.0


@pytest.mark.parametrize("rate", [-0.1, 1.1, 80.0])
def test_a_rate_outside_zero_to_one_is_refused(rate: float) -> None:
    result = curve([1.0, 2.0], [0, 1])
    with pytest.raises(ValueError, match="between 0 and 1"):
        sensitivity_at(result, rate)
    with pytest.raises(ValueError, match="between 0 and 1"):
        specificity_at(result, rate)


@given(cohort=COHORTS, cut=st.floats(0.05, 0.95))
def test_the_parts_of_an_area_add_up_to_the_whole(cohort: list[tuple[int, bool]], cut: float) -> None:
    result = drawn(cohort)
    for focus in ("specificity", "sensitivity"):
        low, high = partial_area(result, 0.0, cut, focus=focus), partial_area(result, cut, 1.0, focus=focus)
        whole = partial_area(result, 0.0, 1.0, focus=focus)
        assert low.area + high.area == pytest.approx(result.auc, abs=1e-12)
        assert whole.area == pytest.approx(result.auc, abs=1e-12)
        assert 0.0 <= high.area <= 1.0 - cut + 1e-12


def test_a_perfect_marker_has_a_standardised_part_of_one_and_an_idle_one_a_half() -> None:
    perfect, idle = curve([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1]), curve([7.0] * 4, [0, 0, 1, 1])
    for focus in ("specificity", "sensitivity"):
        assert partial_area(perfect, focus=focus).standardised == pytest.approx(1.0)
        assert partial_area(idle, focus=focus).standardised == pytest.approx(0.5)


def test_a_part_below_the_diagonal_is_not_standardised_and_says_so() -> None:
    part = partial_area(curve([1.0, 2.0, 3.0, 4.0], [1, 1, 0, 0]))
    assert part.area == 0.0
    assert part.standardised is None
    assert [note.code for note in part.notes] == ["roc.partial_below_diagonal"]


@pytest.mark.parametrize(("low", "high"), [(0.9, 0.9), (0.9, 1.1), (-0.1, 0.5), (0.8, 0.2)])
def test_an_empty_range_is_refused(low: float, high: float) -> None:
    with pytest.raises(ValueError, match=r"inside 0\.\.1"):
        partial_area(curve([1.0, 2.0], [0, 1]), low, high)
