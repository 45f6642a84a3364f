from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats

from app.stats import normality
from app.stats.describe import Description, describe
from app.stats.grouped import group_rows
from app.stats.groups import GroupComparison, Kruskal, compare_groups, kruskal_wallis, levene
from app.stats.groups_summary import (
    Anova,
    FTest,
    Summary,
    SummaryComparison,
    anova,
    brown_forsythe,
    compare_summaries,
    welch_anova,
)
from app.stats.normality import ShapiroWilk, shapiro_wilk
from app.stats.result import NotDefined

ROWS = st.lists(st.tuples(st.sampled_from("abc"), st.integers(-300, 300)), min_size=6, max_size=40)
NORMAL = [4.1, 4.9, 5.0, 5.3, 5.9, 6.4]


def compared(values: object, groups: object, **options: object) -> GroupComparison:
    result = compare_groups(values, groups, **options)  # type: ignore[arg-type]
    assert isinstance(result, GroupComparison)
    return result


def summaries(*groups: tuple[int, float, float | None]) -> list[Summary]:
    return [Summary(str(place), *group) for place, group in enumerate(groups, start=1)]


def test_rows_without_value_or_group_are_counted_and_lead_back_to_their_patients() -> None:
    rows = group_rows([[1.0, None, 3.0, 4.0]], ["a", "a", None, "b"])
    assert (rows.n, rows.n_excluded) == (2, 2)
    assert rows.index.tolist() == [0, 3]
    assert rows.labels == ("a", "b")


def test_groups_stand_in_the_order_asked_for_and_others_are_left_out() -> None:
    rows = group_rows([[1.0, 2.0, 3.0, 4.0]], ["c", "a", "b", "a"], order=["a", "d", "c"])
    assert rows.labels == ("a", "c")
    assert rows.empty == ("d",)
    assert [part.tolist() for part in rows.parts()] == [[2.0, 4.0], [1.0]]
    assert rows.n_excluded == 1


def test_an_empty_and_a_single_group_are_told_and_do_no_harm() -> None:
    result = compared([1.0, 2.0, 4.0, 9.0], ["a", "a", "a", "b"], order=["a", "b", "c"])
    assert [note.code for note in result.notes] == ["groups.empty", "groups.single"]
    assert isinstance(result.anova, Anova)
    assert isinstance(result.welch, NotDefined)
    assert isinstance(result.brown_forsythe, NotDefined)


@pytest.mark.parametrize(
    ("values", "groups"), [([], []), ([1.0, 2.0], ["a", "a"]), ([None, 2.0], ["a", "b"])]
)
def test_fewer_than_two_groups_are_not_compared(values: list[float], groups: list[str]) -> None:
    for result in (compare_groups(values, groups), kruskal_wallis(values, groups), levene(values, groups)):
        assert isinstance(result, NotDefined)
        assert result.code == "groups.one_group"


def test_as_many_values_as_groups_leave_no_variance_to_judge_by() -> None:
    result = compared([1.0, 2.0], ["a", "b"])
    assert result.anova == NotDefined.of("groups.too_few", n=2, n_groups=2)
    assert result.kruskal == NotDefined.of("groups.too_few", n=2, n_groups=2)


def test_values_that_are_all_equal_have_no_test() -> None:
    result = compared([0.3, 0.1 + 0.2, 0.3, 0.3], ["a", "a", "b", "b"])
    assert result.anova == NotDefined.of("groups.no_variance")
    assert result.brown_forsythe == NotDefined.of("groups.no_variance")
    assert result.levene_mean == NotDefined.of("groups.no_variance")
    assert result.kruskal == NotDefined.of("groups.all_tied", n=4)
    assert result.residuals == NotDefined.of("shapiro.constant", n=4)
    assert result.headline == "kruskal"


def test_equal_readings_averaged_in_another_order_are_still_constant() -> None:
    result = compared([0.3, 0.1 + 0.2, 1.0, 2.0], ["a", "a", "b", "b"])
    assert result.groups[0].description.sd == 0.0
    assert result.welch == NotDefined.of("groups.constant_group", label="a")


def test_normal_groups_alike_in_variance_ask_for_anova() -> None:
    values = NORMAL + [value + 1.0 for value in NORMAL]
    assert compared(values, ["a"] * 6 + ["b"] * 6).headline == "anova"


def test_normal_groups_of_different_variance_ask_for_welch() -> None:
    values = NORMAL + [20.0 * value for value in NORMAL]
    assert compared(values, ["a"] * 6 + ["b"] * 6).headline == "welch"


def test_a_skewed_group_asks_for_ranks() -> None:
    result = compared([*NORMAL, 1.0, 1.1, 1.2, 1.3, 9.0, 60.0], ["a"] * 6 + ["b"] * 6)
    assert not result.normal
    assert result.headline == "kruskal"


def test_raw_values_and_their_summaries_give_the_same_f() -> None:
    values, groups = [1.0, 2.0, 4.0, 3.0, 5.0, 9.0, 7.0], list("aabbbcc")
    raw = compared(values, groups)
    told = [Summary(g.label, g.description.n, g.description.mean, g.description.sd) for g in raw.groups]
    summary = compare_summaries(told)
    assert isinstance(summary, SummaryComparison)
    assert isinstance(summary.anova, Anova)
    assert isinstance(raw.anova, Anova)
    assert summary.anova.test.f == pytest.approx(raw.anova.test.f, rel=1e-12)
    assert summary.mean == pytest.approx(np.mean(values))
    assert summary.sd == pytest.approx(np.std(values, ddof=1))


@given(rows=ROWS, scale=st.sampled_from([0.25, 3.0]), shift=st.integers(-1000, 1000))
def test_another_unit_changes_no_test(rows: list[tuple[str, int]], scale: float, shift: int) -> None:
    groups, values = [row[0] for row in rows], np.array([float(row[1]) for row in rows])
    one, other = compare_groups(values, groups), compare_groups(scale * values + shift, groups)
    assume(isinstance(one, GroupComparison))
    assert isinstance(one, GroupComparison)
    assert isinstance(other, GroupComparison)
    for name in ("welch", "brown_forsythe", "levene_mean", "levene_median", "kruskal"):
        a, b = getattr(one, name), getattr(other, name)
        assert type(a) is type(b)
        if not isinstance(a, NotDefined):
            assert b.p == pytest.approx(a.p, rel=1e-6, abs=1e-12)


@given(rows=ROWS)
def test_the_rank_test_is_the_same_whatever_the_order_of_the_rows(rows: list[tuple[str, int]]) -> None:
    one = kruskal_wallis([row[1] for row in rows], [row[0] for row in rows])
    other = kruskal_wallis([row[1] for row in rows[::-1]], [row[0] for row in rows[::-1]])
    assert type(one) is type(other)
    if isinstance(one, Kruskal) and isinstance(other, Kruskal):
        assert other.h == pytest.approx(one.h, rel=1e-9, abs=1e-12)


def test_two_groups_have_an_f_that_is_t_squared() -> None:
    test = anova(summaries((5, 1.0, 2.0), (8, 3.0, 1.5)))
    assert isinstance(test, Anova)
    t = stats.ttest_ind_from_stats(1.0, 2.0, 5, 3.0, 1.5, 8)
    assert test.test.f == pytest.approx(t.statistic**2)
    assert test.test.p == pytest.approx(t.pvalue)


def test_two_groups_have_a_welch_f_that_is_welchs_t_squared() -> None:
    test = welch_anova(summaries((5, 1.0, 2.0), (8, 3.0, 0.5)))
    assert isinstance(test, FTest)
    t = stats.ttest_ind_from_stats(1.0, 2.0, 5, 3.0, 0.5, 8, equal_var=False)
    assert test.f == pytest.approx(t.statistic**2)
    assert test.p == pytest.approx(t.pvalue)


@pytest.mark.parametrize(
    "impossible",
    [
        (0, 1.0, 1.0),
        (3, math.nan, 1.0),
        (3, 1.0, -1.0),
        (3, 1.0, math.inf),
        (3, 1.0, None),
        (3, 1e200, 1.0),
        (3, 1.0, 1e200),
    ],
)
def test_numbers_that_no_data_have_are_refused(impossible: tuple[int, float, float | None]) -> None:
    groups = summaries((3, 1.0, 1.0), impossible)
    expected = NotDefined.of("groups.impossible", label="2")
    assert compare_summaries(groups) == expected
    assert anova(groups) == welch_anova(groups) == brown_forsythe(groups) == expected


def test_an_sd_too_small_to_square_counts_as_none() -> None:
    groups = summaries((3, 1.0, 1e-300), (3, 2.0, 1e-300))
    assert anova(groups) == NotDefined.of("groups.no_variance")
    assert welch_anova(groups) == NotDefined.of("groups.constant_group", label="1")


def test_a_group_of_one_is_told_in_a_comparison_of_summaries() -> None:
    result = compare_summaries(summaries((1, 5.0, None), (4, 3.0, 1.0)))
    assert isinstance(result, SummaryComparison)
    assert [note.code for note in result.notes] == ["groups.single"]
    assert isinstance(result.anova, Anova)
    assert result.anova.test.df2 == 3


def test_large_values_that_hardly_differ_keep_their_f() -> None:
    values = [1.0, 2.0, 4.0, 3.0, 5.0, 9.0]
    near, far = (compared(np.array(values) + origin, list("aabbcc")) for origin in (0.0, 1e9))
    assert isinstance(near.anova, Anova)
    assert isinstance(far.anova, Anova)
    assert far.anova.test.f == pytest.approx(near.anova.test.f, rel=1e-12)


def test_levene_around_the_median_is_robust_to_one_far_value() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 90.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    groups = ["a"] * 5 + ["b"] * 5
    mean, median = levene(values, groups), levene(values, groups, centre="median")
    assert isinstance(mean, FTest)
    assert isinstance(median, FTest)
    expected = stats.levene(values[:5], values[5:], center="median")
    assert median.p == pytest.approx(expected.pvalue)
    assert mean.p < median.p


def test_quartiles_follow_spss_or_r() -> None:
    values, groups = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], ["a"] * 5 + ["b"]
    spss, other = compared(values, groups), compared(values, groups, quartile_type=7)
    assert (spss.groups[0].description.q1, other.groups[0].description.q1) == (1.5, 2.0)
    assert spss.groups[1].description.mean_ci() is None


def test_the_mean_of_a_group_has_its_standard_error_and_interval() -> None:
    told = describe([1.0, 2.0, 4.0, 9.0])
    assert isinstance(told, Description)
    assert told.se == pytest.approx(stats.sem([1.0, 2.0, 4.0, 9.0]))
    expected = stats.t.interval(0.9, 3, 4.0, told.se)
    ci = told.mean_ci(0.9)
    assert ci is not None
    assert (ci.low, ci.high) == pytest.approx(expected)


def test_an_analysis_of_variance_divides_the_squares() -> None:
    test = anova(summaries((4, 1.0, 1.0), (4, 3.0, 2.0), (4, 2.0, 1.5)))
    assert isinstance(test, Anova)
    assert test.ms_between == pytest.approx(4.0)
    assert test.ms_within == pytest.approx((1.0 + 4.0 + 2.25) / 3)
    assert test.residual_sd == pytest.approx(test.ms_within**0.5)
    assert test.eta_squared == pytest.approx(8.0 / (8.0 + 21.75))
    assert test.omega_squared < test.eta_squared


@pytest.mark.parametrize("n", [3, 4, 5, 6, 11, 12, 40, 2000])
def test_shapiro_and_wilk_agree_with_a_second_opinion(n: int) -> None:
    rng = np.random.default_rng(n)
    for values in (rng.normal(size=n), rng.exponential(size=n)):
        found, expected = shapiro_wilk(values), stats.shapiro(values)
        assert isinstance(found, ShapiroWilk)
        assert found.w == pytest.approx(expected.statistic, abs=2e-7)
        assert found.p == pytest.approx(expected.pvalue, rel=2e-4, abs=1e-12)


def test_normality_is_not_judged_of_too_few_too_many_or_equal_values() -> None:
    assert shapiro_wilk([1.0, 2.0, None]) == NotDefined.of("shapiro.too_few", n=2, n_excluded=1)
    assert shapiro_wilk([0.3, 0.1 + 0.2, 0.3]) == NotDefined.of("shapiro.constant", n=3)
    assert shapiro_wilk(np.arange(5001.0)) == NotDefined.of("shapiro.too_many", n=5001, largest=5000)


def test_normality_at_a_huge_offset_is_that_of_the_values() -> None:
    near, far = shapiro_wilk(NORMAL), shapiro_wilk(np.array(NORMAL) + 1e8)
    assert isinstance(near, ShapiroWilk)
    assert isinstance(far, ShapiroWilk)
    assert far.p == pytest.approx(near.p, rel=1e-6)


def test_the_ends_of_shapiro_and_wilks_scale_have_p_of_one_and_nearly_none() -> None:
    even = shapiro_wilk([1.0, 2.0, 3.0])
    assert isinstance(even, ShapiroWilk)
    assert (even.w, even.p) == (1.0, pytest.approx(1.0))
    pair = shapiro_wilk([0.0, 0.0, 1.0])
    assert isinstance(pair, ShapiroWilk)
    assert pair.p == pytest.approx(0.0, abs=1e-12)
    perfect = shapiro_wilk(normality._weights(8))
    assert perfect == ShapiroWilk(8, 0, 1.0, 1.0)
    one_far = shapiro_wilk([0.0] * 9 + [1.0])
    assert isinstance(one_far, ShapiroWilk)
    assert one_far.p < 1e-6


def test_p_falls_as_the_values_leave_the_normal_curve() -> None:
    found = [shapiro_wilk([1.0, 2.0, 3.0, 4.0, 5.0, 6.0 + bulge]) for bulge in (0.0, 5.0, 30.0)]
    p = [one.p for one in found if isinstance(one, ShapiroWilk)]
    assert all(before > after for before, after in pairwise(p))
