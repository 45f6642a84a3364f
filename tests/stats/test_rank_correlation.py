from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from app.stats.exact_ranks import kendall_exact_p, mann_whitney_exact_p, spearman_exact_p
from app.stats.rank_correlation import RankCorrelation, kendall, spearman
from app.stats.result import NotDefined

PAIRS = st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=3, max_size=30)


def found(result: RankCorrelation | NotDefined) -> RankCorrelation:
    assert isinstance(result, RankCorrelation)
    return result


@given(pairs=PAIRS)
def test_both_coefficients_agree_with_a_second_opinion(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    assert found(spearman(x, y)).estimate == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert found(kendall(x, y)).estimate == pytest.approx(stats.kendalltau(x, y).statistic, abs=1e-12)


@given(pairs=PAIRS)
def test_only_the_order_counts_and_turning_one_column_turns_the_sign(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    assume(np.ptp(x) > 0 and np.ptp(y) > 0)
    for correlate in (spearman, kendall):
        one = found(correlate(x, y))
        assert found(correlate(x**3 + 5.0, y)).estimate == one.estimate
        assert found(correlate(y, x)).estimate == pytest.approx(one.estimate, abs=1e-15)
        assert found(correlate(x, -y)).estimate == pytest.approx(-one.estimate, abs=1e-15)


def test_values_that_differ_by_rounding_only_share_a_rank() -> None:
    result = found(spearman([0.3, 0.1 + 0.2, 1.0, 2.0], [1.0, 2.0, 3.0, 4.0]))
    assert result.has_ties
    assert result.p_exact is None


@pytest.mark.parametrize("correlate", [spearman, kendall])
def test_two_rows_and_constant_columns_have_no_rank_correlation(correlate: type) -> None:
    assert correlate([1.0, 2.0, None], [1.0, 2.0, 3.0]) == NotDefined.of(
        "correlation.too_few", n=2, n_excluded=1
    )
    assert correlate([1.0, 2.0, 3.0], [4.0, 4.0, 4.0]) == NotDefined.of(
        "correlation.constant", n=3, n_excluded=0
    )


@pytest.mark.parametrize("correlate", [spearman, kendall])
def test_one_order_is_exactly_one_and_has_no_interval(correlate: type) -> None:
    rising = correlate([1.0, 2.0, 3.0, 4.0, 5.0], [1.0, 10.0, 11.0, 12.0, 90.0])
    falling = correlate([1.0, 2.0, 2.0, 4.0, 5.0], [9.0, 8.0, 8.0, 3.0, 1.0])
    assert (rising.estimate, falling.estimate) == (1.0, -1.0)
    assert rising.ci is None
    assert [note.code for note in falling.notes] == ["rank_correlation.exact"]


def test_few_rows_have_an_estimate_and_no_interval() -> None:
    result = found(kendall([1.0, 2.0, 3.0, 4.0], [2.0, 1.0, 3.0, 4.0]))
    assert result.ci is None
    assert result.notes[0].values["needed"] == 5


def test_every_interval_names_its_standard_error_and_the_recommended_comes_first() -> None:
    result = found(spearman([1.0, 2.0, 3.0, 4.0, 5.0], [2.0, 1.0, 3.0, 5.0, 4.0]))
    assert [one.method.split(",")[0] for one in result.intervals] == [
        "Bonett and Wright 2000",
        "Fisher z",
        "Fieller 1957",
    ]
    assert result.ci is result.intervals[0]


@pytest.mark.parametrize("n", [3, 5, 6])
def test_exact_p_values_are_those_of_all_orders(n: int) -> None:
    orders = [np.array(order) for order in permutations(range(n))]
    squares = np.array([int(np.sum((order - np.arange(n)) ** 2)) for order in orders])
    falling = np.array([sum(a > b for i, a in enumerate(o) for b in o[i + 1 :]) for o in orders])
    for value in np.unique(squares):
        tail = min(np.mean(squares <= value), np.mean(squares >= value))
        assert spearman_exact_p(int(value), n) == pytest.approx(min(1.0, 2.0 * tail))
    for value in np.unique(falling):
        tail = min(np.mean(falling <= value), np.mean(falling >= value))
        assert kendall_exact_p(int(value), n) == pytest.approx(min(1.0, 2.0 * tail))


def test_exact_p_of_mann_and_whitney_agrees_with_a_second_opinion() -> None:
    a, b = [1.1, 2.3, 8.0, 4.2, 5.5, 6.1], [2.9, 5.1, 6.6, 7.3]
    expected = stats.mannwhitneyu(a, b, method="exact")
    assert mann_whitney_exact_p(int(expected.statistic), 6, 4) == pytest.approx(expected.pvalue)


def test_exact_p_stops_where_counting_does() -> None:
    x = np.arange(50.0)
    y = np.roll(x, 7)
    assert found(kendall(x, y)).p_exact is None
    assert found(kendall(x[:49], y[:49])).p_exact is not None
    assert found(spearman(x[:10], np.roll(x[:10], 3))).p_exact is None


def test_a_hundred_thousand_rows_are_counted_like_a_hundred() -> None:
    rng = np.random.default_rng(3)
    x = rng.integers(0, 5000, size=100_000).astype(float)
    y = x + rng.normal(scale=3000.0, size=x.size)
    assert found(kendall(x, y)).estimate == pytest.approx(stats.kendalltau(x, y).statistic, rel=1e-12)
