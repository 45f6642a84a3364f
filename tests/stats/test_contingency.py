from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from app.stats import fisher_exact
from app.stats.contingency import Contingency, McNemar, contingency, cross_table, mcnemar
from app.stats.groups_summary import FTest, Summary
from app.stats.result import NotDefined
from app.stats.two_sample import MannWhitney, TTest, TwoSample, compare_two, two_sample

TABLES = st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=2, max_size=3)


def counted(table: object) -> Contingency:
    result = contingency(table)  # type: ignore[arg-type]
    assert isinstance(result, Contingency)
    return result


def fisher_by_hand(table: np.ndarray) -> float:
    """Walk through every table with the same margins, one cell after the other."""
    rows, columns = table.sum(axis=1), table.sum(axis=0)

    def chance(one: np.ndarray) -> float:
        above = math.prod(math.factorial(int(total)) for total in (*rows, *columns))
        below = math.prod(math.factorial(int(cell)) for cell in one.ravel())
        return above / below / math.factorial(int(one.sum()))

    seen, total = chance(table), 0.0
    free = itertools.product(range(int(table.sum()) + 1), repeat=(rows.size - 1) * (columns.size - 1))
    for cells in free:
        one = np.zeros_like(table)
        one[:-1, :-1] = np.array(cells).reshape(rows.size - 1, columns.size - 1)
        one[:-1, -1] = rows[:-1] - one[:-1].sum(axis=1)
        one[-1] = columns - one[:-1].sum(axis=0)
        if one.min() >= 0 and chance(one) <= seen * (1 + 1e-7):
            total += chance(one)
    return total


@pytest.mark.parametrize("table", [[[3, 1, 0], [2, 4, 2]], [[0, 3], [4, 1]], [[1, 2], [2, 0], [1, 3]]])
def test_fishers_test_counts_every_table(table: list[list[int]]) -> None:
    assert counted(table).fisher_p == pytest.approx(fisher_by_hand(np.array(table)), rel=1e-10)


def test_fishers_test_of_three_by_three_counts_every_table() -> None:
    table = [[2, 0, 1], [0, 2, 1], [1, 0, 2]]
    assert counted(table).fisher_p == pytest.approx(fisher_by_hand(np.array(table)), rel=1e-10)


@given(table=TABLES)
def test_a_table_may_be_turned_and_its_lines_reordered(table: list[list[int]]) -> None:
    counts = np.array(table)
    assume(counts.sum(axis=0).all() and counts.sum(axis=1).all())
    one, turned, mixed = counted(counts), counted(counts.T), counted(counts[::-1, [2, 0, 1]])
    assert turned.pearson.x2 == pytest.approx(one.pearson.x2)
    assert turned.fisher_p == pytest.approx(one.fisher_p, rel=1e-9)
    assert mixed.fisher_p == pytest.approx(one.fisher_p, rel=1e-9)
    assert mixed.pearson.p == pytest.approx(one.pearson.p)
    assert isinstance(one.fisher_p, float)
    assert 0.0 < one.fisher_p <= 1.0


@given(a=st.integers(0, 30), b=st.integers(0, 30), c=st.integers(0, 30), d=st.integers(0, 30))
def test_a_fourfold_table_agrees_with_a_second_opinion(a: int, b: int, c: int, d: int) -> None:
    assume((a + b) * (c + d) * (a + c) * (b + d) > 0)
    result = counted([[a, b], [c, d]])
    assert result.fisher_p == pytest.approx(stats.fisher_exact([[a, b], [c, d]]).pvalue, rel=1e-8)
    assert (result.odds_ratio is None) == (a * b * c * d == 0)


def test_too_many_tables_are_refused_and_chi_square_stands() -> None:
    result = counted([[50, 60, 70, 40], [70, 40, 30, 50], [20, 50, 40, 60]])
    assert isinstance(result.fisher_p, NotDefined)
    assert result.fisher_p.code == "contingency.fisher_too_large"
    assert result.pearson.df == 6


@pytest.mark.parametrize("columns", [5, 12])
def test_many_columns_are_refused_before_they_run_on(columns: int) -> None:
    result = counted([[7] * columns, [9] * columns, [8] * columns, [6] * columns])
    assert isinstance(result.fisher_p, NotDefined)


def test_a_table_too_large_at_its_first_or_last_column_is_refused_there() -> None:
    assert isinstance(counted([[1] * 12] * 12).fisher_p, NotDefined)
    assert isinstance(counted([[50, 60, 70], [70, 40, 30], [20, 50, 40]]).fisher_p, NotDefined)


def test_too_many_remainders_are_refused_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fisher_exact, "LARGEST_WORK", 1000)
    result = counted([[1, 1, 1, 0], [0, 3, 1, 2], [0, 4, 2, 5]])
    assert isinstance(result.fisher_p, NotDefined)


def test_small_expected_counts_are_told() -> None:
    result = counted([[3, 1], [1, 3]])
    assert [note.code for note in result.notes] == ["contingency.small_expected"]
    assert dict(result.notes[0].values) == {"count": 4, "cells": 4, "smallest": 2.0}
    assert counted([[30, 10], [10, 30]]).notes == ()


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ([1, 2], "contingency.not_counts"),
        ([[1.5, 2], [3, 4]], "contingency.not_counts"),
        ([[-1, 2], [3, 4]], "contingency.not_counts"),
        ([[np.nan, 2], [3, 4]], "contingency.not_counts"),
        ([[1, 2]], "contingency.too_small"),
        ([[1, 0], [3, 0]], "contingency.empty_line"),
        ([[0, 0], [3, 1]], "contingency.empty_line"),
    ],
)
def test_what_is_no_table_of_counts_is_refused(table: object, code: str) -> None:
    result = contingency(table)  # type: ignore[arg-type]
    assert isinstance(result, NotDefined)
    assert result.code == code


def test_labels_are_counted_as_they_appear_and_gaps_left_out() -> None:
    counts, rows, columns = cross_table(["m", "f", None, "m"], ["b", "a", "a", None])
    assert (rows, columns) == (("m", "f"), ("b", "a"))
    assert counts.tolist() == [[1, 0], [0, 1]]


def test_pairs_that_all_agree_have_no_mcnemar_test() -> None:
    assert mcnemar(0, 0) == NotDefined.of("mcnemar.no_difference")
    assert mcnemar(-1, 3) == NotDefined.of("contingency.not_counts")


def test_mcnemars_exact_test_is_the_binomial_one() -> None:
    result = mcnemar(3, 9)
    assert isinstance(result, McNemar)
    assert result.p_exact == pytest.approx(stats.binomtest(3, 12).pvalue)


def both(*args: object, **options: object) -> TwoSample:
    result = two_sample(*args, **options)  # type: ignore[arg-type]
    assert isinstance(result, TwoSample)
    return result


def test_two_groups_agree_with_a_second_opinion() -> None:
    a, b = [1.1, 2.3, 3.7, 4.2, None], [2.9, 5.1, 6.6, 7.3, 8.8]
    result = both(a, b)
    assert result.n_excluded == 1
    for test, equal in ((result.student, True), (result.welch, False)):
        expected = stats.ttest_ind(a[:4], b, equal_var=equal)
        assert isinstance(test, TTest)
        assert (test.t, test.p) == pytest.approx((expected.statistic, expected.pvalue))
        assert (test.ci.low, test.ci.high) == pytest.approx(expected.confidence_interval())


def test_turning_the_groups_round_turns_the_signs_only() -> None:
    one, other = both([1.0, 2.0, 4.0], [3.0, 5.0, 9.0, 7.0]), both([3.0, 5.0, 9.0, 7.0], [1.0, 2.0, 4.0])
    assert isinstance(one.mann_whitney, MannWhitney)
    assert isinstance(other.mann_whitney, MannWhitney)
    assert isinstance(one.variance_ratio, FTest)
    assert isinstance(other.variance_ratio, FTest)
    assert other.mann_whitney.u == 12 - one.mann_whitney.u
    assert other.mann_whitney.p_exact == one.mann_whitney.p_exact
    assert other.variance_ratio.p == pytest.approx(one.variance_ratio.p)
    assert other.hedges_g == pytest.approx(-one.hedges_g if one.hedges_g else 0.0)
    assert one.variance_ratio_ci is not None
    assert other.variance_ratio_ci is not None
    assert other.variance_ratio_ci.low == pytest.approx(1.0 / one.variance_ratio_ci.high)


def test_ties_and_large_groups_have_no_counted_p() -> None:
    tied, large = both([1.0, 2.0], [2.0, 3.0]), both(np.arange(50.0), np.arange(50.0) + 0.5)
    assert isinstance(tied.mann_whitney, MannWhitney)
    assert isinstance(large.mann_whitney, MannWhitney)
    assert tied.mann_whitney.p_exact is large.mann_whitney.p_exact is None


def test_groups_without_spread_have_no_tests_and_a_rank_test_all_the_same() -> None:
    result = both([2.0, 2.0], [3.0, 3.0])
    assert isinstance(result.student, NotDefined)
    assert isinstance(result.welch, NotDefined)
    assert isinstance(result.variance_ratio, NotDefined)
    assert result.cohen_d is None
    assert isinstance(result.mann_whitney, MannWhitney)
    assert isinstance(both([2.0, 2.0], [2.0, 2.0]).mann_whitney, NotDefined)


def test_a_single_value_is_compared_by_the_spread_of_the_others() -> None:
    result = both([9.0], [1.0, 2.0, 4.0])
    assert result.first.sd is None
    assert isinstance(result.student, TTest)
    assert isinstance(result.welch, NotDefined)


def test_groups_that_cannot_be_compared_are_refused() -> None:
    assert two_sample([], [1.0]) == NotDefined.of("two_sample.empty", label="1")
    assert two_sample([1.0], [None], labels=("a", "b")) == NotDefined.of("two_sample.empty", label="b")
    assert two_sample([1.0], [2.0]) == NotDefined.of("groups.too_few", n=2, n_groups=2)


def test_summaries_alone_give_the_same_t() -> None:
    raw = both([1.0, 2.0, 4.0], [3.0, 5.0, 9.0, 7.0])
    told = compare_two(
        Summary("a", 3, raw.first.mean, raw.first.sd), Summary("b", 4, raw.second.mean, raw.second.sd)
    )
    assert isinstance(told, TwoSample)
    assert told.mann_whitney is None
    assert isinstance(told.welch, TTest)
    assert isinstance(raw.welch, TTest)
    assert told.welch.p == pytest.approx(raw.welch.p)


def test_large_values_that_hardly_differ_keep_their_t() -> None:
    near, far = (both(np.array([1.0, 2.0, 4.0]) + o, np.array([3.0, 5.0, 9.0]) + o) for o in (0.0, 1e9))
    assert isinstance(near.student, TTest)
    assert isinstance(far.student, TTest)
    assert far.student.t == pytest.approx(near.student.t, rel=1e-12)
    assert far.first.mean == pytest.approx(1e9 + 7 / 3)
