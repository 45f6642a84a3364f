"""The reach of Welch's test holds every value that the rounding allows."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from app.stats.check_welch import WelchReach, welch_reach
from app.stats.groups_summary import FTest, Summary, welch_anova
from app.stats.printed import Printed, PrintedGroup

GROUPS = st.lists(
    st.tuples(st.integers(5, 30), st.integers(-200, 200), st.integers(20, 300)), min_size=2, max_size=2
)


def printed(groups: list[tuple[int, int, int]]) -> list[PrintedGroup]:
    return [
        PrintedGroup(str(i), n, Printed("", mean / 10, 0.05), Printed("", sd / 10, 0.05))
        for i, (n, mean, sd) in enumerate(groups)
    ]


def reach(groups: list[PrintedGroup]) -> WelchReach:
    found = welch_reach(groups)
    assert found is not None
    return found


def corners(groups: list[PrintedGroup]) -> list[FTest]:
    found = []
    for shares in itertools.product((-1, 0, 1), repeat=2 * len(groups)):
        moved = [
            Summary(one.label, one.n, one.mean.value + 0.05 * a, one.sd.value + 0.05 * b)
            for one, a, b in zip(groups, shares[::2], shares[1::2], strict=True)
        ]
        test = welch_anova(moved)
        assert isinstance(test, FTest)
        found.append(test)
    return found


@settings(max_examples=25)
@given(groups=GROUPS)
def test_no_two_groups_within_the_rounding_lie_outside(groups: list[tuple[int, int, int]]) -> None:
    told = printed(groups)
    found = reach(told)
    for one in corners(told):
        assert found.f_low * (1 - 1e-9) - 1e-12 <= one.f <= found.f_high * (1 + 1e-9) + 1e-12
        assert found.p_low * (1 - 1e-6) <= one.p <= found.p_high * (1 + 1e-6) + 1e-12


def test_three_groups_apart_reach_as_far_as_their_corners() -> None:
    told = printed([(5, 12, 3), (6, 23, 4), (9, 32, 5)])
    every, found = [one.f for one in corners(told)], reach(told)
    assert found.f_low <= min(every)
    assert found.f_high == pytest.approx(max(every))


def test_two_groups_give_the_square_of_welchs_t() -> None:
    found = reach(printed([(10, 10, 5), (12, 20, 9)]))
    t = stats.ttest_ind_from_stats(1.0, 0.5, 10, 2.0, 0.9, 12, equal_var=False)
    assert found.test.f == pytest.approx(t.statistic**2)
    assert found.test.p == pytest.approx(t.pvalue)


@pytest.mark.parametrize("sd", [0, 0.4])
def test_a_group_that_may_not_vary_has_no_reach(sd: float) -> None:
    told = [
        PrintedGroup("a", 5, Printed("", 1.0, 0.5), Printed("", sd, 0.5)),
        PrintedGroup("b", 5, Printed("", 3.0, 0.5), Printed("", 1.0, 0.5)),
    ]
    assert welch_reach(told) is None
