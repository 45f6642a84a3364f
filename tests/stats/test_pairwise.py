from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from app.stats.groups_summary import Summary
from app.stats.pairwise import Pairwise, adjust_p, dunn, games_howell, pairwise_t, tukey
from app.stats.result import NotDefined
from app.stats.studentized_range import studentized_range_quantile, studentized_range_upper

GROUPS = [Summary("a", 6, 1.0, 1.2), Summary("b", 9, 2.5, 0.8), Summary("c", 5, 4.0, 2.0)]


def done(result: Pairwise | NotDefined) -> Pairwise:
    assert isinstance(result, Pairwise)
    return result


@pytest.mark.parametrize(("q", "k", "df"), [(0.5, 2, 1.0), (3.6, 3, 9.0), (12.0, 3, 2.7), (5.0, 12, 60.0)])
def test_the_studentized_range_agrees_with_a_second_opinion(q: float, k: int, df: float) -> None:
    assert studentized_range_upper(q, k, df) == pytest.approx(stats.studentized_range.sf(q, k, df), rel=1e-9)


def test_the_range_of_two_is_a_t_test() -> None:
    expected = 2.0 * stats.t.sf(3.1 / math.sqrt(2.0), 7.5)
    assert studentized_range_upper(3.1, 2, 7.5) == pytest.approx(expected, rel=1e-12)


def test_far_tails_keep_their_digits() -> None:
    expected = 2.0 * stats.t.sf(40.0 / math.sqrt(2.0), 60.0)
    assert studentized_range_upper(40.0, 2, 60.0) == pytest.approx(expected, rel=1e-9)


def test_no_range_is_exceeded_for_sure() -> None:
    assert studentized_range_upper(0.0, 3, 5.0) == 1.0


@pytest.mark.parametrize(
    ("p", "k", "df"), [(0.95, 3, 117.0), (0.95, 2, 1.0), (0.5, 4, 3.3), (0.999, 10, 20.0)]
)
def test_a_quantile_is_exceeded_as_often_as_it_says(p: float, k: int, df: float) -> None:
    q = studentized_range_quantile(p, k, df)
    assert studentized_range_upper(q, k, df) == pytest.approx(1.0 - p, rel=1e-9)


def test_two_groups_need_no_adjustment_by_tukey() -> None:
    pair = done(tukey(GROUPS[:2])).pairs[0]
    alone = done(pairwise_t(GROUPS[:2], adjustment="none")).pairs[0]
    assert pair.p == pytest.approx(alone.p, rel=1e-9)
    assert pair.ci is not None
    assert alone.ci is not None
    assert pair.ci.low == pytest.approx(alone.ci.low, rel=1e-9)


def test_two_groups_by_games_and_howell_are_welchs_test() -> None:
    pair = done(games_howell(GROUPS[:2])).pairs[0]
    welch = stats.ttest_ind_from_stats(2.5, 0.8, 9, 1.0, 1.2, 6, equal_var=False)
    assert pair.p == pytest.approx(welch.pvalue, rel=1e-9)


def test_the_interval_holds_zero_exactly_when_p_says_so() -> None:
    for result in (tukey(GROUPS), games_howell(GROUPS), pairwise_t(GROUPS, adjustment="bonferroni")):
        for pair in done(result).pairs:
            assert pair.ci is not None
            assert pair.p_adjusted is not None
            assert (pair.ci.low <= 0.0 <= pair.ci.high) == (pair.p_adjusted >= 0.05)


def test_pairs_stand_in_the_order_of_the_groups_and_the_second_comes_first_in_the_difference() -> None:
    pairs = done(pairwise_t(GROUPS)).pairs
    assert [(one.first, one.second) for one in pairs] == [("a", "b"), ("a", "c"), ("b", "c")]
    assert pairs[1].difference == 3.0


def test_the_interval_names_what_it_holds_for() -> None:
    alone, holm = (done(pairwise_t(GROUPS, adjustment=one)).pairs[0].ci for one in ("none", "holm"))
    assert alone is not None
    assert holm is not None
    assert (alone.method, holm.method) == ("Student t", "Bonferroni")
    assert alone.high - alone.low < holm.high - holm.low


def test_a_pair_without_standard_error_is_named_and_does_not_count_in_the_adjustment() -> None:
    groups = [Summary("a", 1, 1.0, None), Summary("b", 4, 2.0, 1.0), Summary("c", 4, 4.0, 1.0)]
    for result in (games_howell(groups), pairwise_t(groups, equal_variances=False, adjustment="bonferroni")):
        found = done(result)
        assert [note.values["first"] for note in found.notes] == ["a", "a"]
        assert [one.p for one in found.pairs[:2]] == [None, None]
        assert found.pairs[2].p_adjusted == found.pairs[2].p


def test_constant_groups_have_no_pairs_to_tell_apart() -> None:
    groups = [Summary("a", 3, 1.0, 0.0), Summary("b", 3, 2.0, 0.0)]
    for result in (tukey(groups), pairwise_t(groups), pairwise_t(groups, equal_variances=False)):
        assert [note.code for note in done(result).notes] == ["pairwise.not_defined"]


def test_one_group_has_no_pairs() -> None:
    expected = NotDefined.of("groups.one_group", n_groups=1)
    assert pairwise_t(GROUPS[:1]) == tukey(GROUPS[:1]) == games_howell(GROUPS[:1]) == expected
    assert dunn([1.0, 2.0], ["a", "a"]) == expected


def test_tied_values_have_no_ranks_to_compare() -> None:
    assert dunn([2.0, 2.0, 2.0], ["a", "b", "b"]) == NotDefined.of("groups.all_tied", n=3)


def test_two_groups_by_dunn_are_kruskal_and_wallis() -> None:
    values, groups = [1.0, 2.0, 2.0, 4.0, 5.0, 9.0], list("aabbab")
    pair = done(dunn(values, groups)).pairs[0]
    kruskal = stats.kruskal([1.0, 2.0, 5.0], [2.0, 4.0, 9.0])
    assert pair.p == pytest.approx(kruskal.pvalue, rel=1e-12)
    assert pair.ci is None


@given(p=st.lists(st.floats(0.0, 1.0), min_size=1, max_size=8))
def test_holm_lies_between_the_plain_p_and_bonferronis(p: list[float]) -> None:
    holm, bonferroni, sidak = (adjust_p(p, name) for name in ("holm", "bonferroni", "sidak"))
    for plain, a, b, c in zip(p, holm, bonferroni, sidak, strict=True):
        assert a is not None
        assert b is not None
        assert c is not None
        assert plain <= a <= b <= 1.0
        assert plain - 1e-12 <= c <= b + 1e-12


@given(p=st.lists(st.floats(0.0, 1.0), min_size=2, max_size=8))
def test_holm_keeps_the_order_of_the_p_values(p: list[float]) -> None:
    adjusted = adjust_p(p, "holm")
    by_p = [adjusted[place] for place in np.argsort(p, kind="stable")]
    assert by_p == sorted(value for value in by_p if value is not None)


def test_an_undefined_p_stays_undefined_and_does_not_count() -> None:
    assert adjust_p([0.01, None, 0.02], "bonferroni") == (0.02, None, 0.04)
    assert adjust_p([0.01, None], "none") == (0.01, None)
    assert adjust_p([1.0, 0.5], "sidak") == (1.0, 0.75)
