from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.stats.check_table import (
    Check,
    CheckedCounts,
    CheckedMeans,
    Range,
    check_counts,
    check_means,
)
from app.stats.check_youden import CheckedYouden, check_youden, possible_counts
from app.stats.groups_summary import Anova, Summary, anova
from app.stats.printed import (
    Printed,
    PrintedGroup,
    parse_counts,
    parse_groups,
    parse_mean_sd,
    parse_number,
)
from app.stats.result import NotDefined

AGE = "normal 30 36.93 +- 9.25\nosteopenia 41 50.34 +- 12.56\nosteoporosis 49 67.24 +- 8.23"
BMI = "normal 30 23.17 ± 1.94\nosteopenia 41 21.05 ± 1.36\nosteoporosis 49 20.06 ± 1.57"
BMD = "normal\t30\t148.95\t15.68\nosteopenia\t41\t91.56\t10.84\nosteoporosis\t49\t61.47\t20.56"
FF = "normal 30 40.82 (8.35)\nosteopenia 41 52.90 (6.66)\nosteoporosis 49 61.65 (6.28)"
R2STAR = "normal 30 152.36 12.61\nosteopenia 41 144.90 11.50\nosteoporosis 49 132.23 9.68"

GROUPS = st.lists(
    st.tuples(st.integers(2, 30), st.integers(-200, 200), st.integers(1, 300)), min_size=2, max_size=4
)


def printed(text: str) -> Printed:
    result = parse_number(text)
    assert isinstance(result, Printed)
    return result


def groups_of(text: str) -> tuple[PrintedGroup, ...]:
    result = parse_groups(text)
    assert not isinstance(result, NotDefined)
    return result


def checked(text: str, **options: Printed) -> CheckedMeans:
    result = check_means(groups_of(text), **options)
    assert isinstance(result, CheckedMeans)
    return result


def f_of(groups: list[Summary]) -> float:
    result = anova(groups)
    assert isinstance(result, Anova)
    return result.test.f


@pytest.mark.parametrize(
    ("row", "recomputed", "told", "verdict"),
    [
        (AGE, 86.85, "86.624", "impossible"),
        (BMI, 35.12, "34.806", "possible"),
        (BMD, 259.83, "59.905", "impossible"),
        (FF, 83.21, "83.181", "possible"),
        (R2STAR, 33.40, "33.385", "possible"),
    ],
)
def test_the_reference_study_is_recomputed_from_its_own_summaries(
    row: str, recomputed: float, told: str, verdict: str
) -> None:
    result = checked(row, f=printed(told))
    assert round(result.anova.test.f, 2) == recomputed
    assert result.f.low < result.anova.test.f < result.f.high
    assert result.printed_f is not None
    assert result.printed_f.verdict == verdict


def test_the_printed_f_of_bmd_is_off_by_three_quarters() -> None:
    result = checked(BMD, f=printed("59.905"), p=printed("P < 0.001"))
    assert result.printed_f is not None
    assert result.printed_p is not None
    assert result.printed_f.off == pytest.approx(1 - 59.905 / result.f.low)
    assert result.printed_p.verdict == "possible"
    assert result.printed_p.off == 0.0 or result.printed_p.printed.relation == "<"


@given(groups=GROUPS, seed=st.integers(0, 10**6))
def test_no_values_within_the_rounding_have_an_f_outside_the_range(
    groups: list[tuple[int, int, int]], seed: int
) -> None:
    told = [
        PrintedGroup(str(i), n, Printed("", mean / 10, 0.05), Printed("", sd / 10, 0.05))
        for i, (n, mean, sd) in enumerate(groups)
    ]
    result = check_means(told)
    assert isinstance(result, CheckedMeans)
    rng = np.random.default_rng(seed)
    for _ in range(20):
        # the corners are as likely as the inside
        mean, sd = np.clip(rng.normal(scale=1.0, size=(2, len(told))), -1.0, 1.0) * 0.05
        inside = [
            Summary(g.label, g.n, g.mean.value + m, g.sd.value + s)
            for g, m, s in zip(told, mean, sd, strict=True)
        ]
        f = f_of(inside)
        assert result.f.low * (1 - 1e-9) - 1e-12 <= f <= result.f.high * (1 + 1e-9)


@given(groups=GROUPS)
def test_both_ends_of_the_range_are_reached(groups: list[tuple[int, int, int]]) -> None:
    told = [
        PrintedGroup(str(i), n, Printed("", mean / 10, 0.05), Printed("", sd / 10, 0.05))
        for i, (n, mean, sd) in enumerate(groups)
    ]
    result = check_means(told)
    assert isinstance(result, CheckedMeans)
    corners = itertools.product(*((g.mean.low, g.mean.high) for g in told))
    largest = max(
        f_of([Summary(g.label, g.n, m, g.sd.low) for g, m in zip(told, corner, strict=True)])
        for corner in corners
    )
    assert result.f.high == pytest.approx(largest)
    grid = np.linspace(min(g.mean.low for g in told), max(g.mean.high for g in told), 2001)
    smallest = min(
        f_of(
            [Summary(g.label, g.n, min(max(float(centre), g.mean.low), g.mean.high), g.sd.high) for g in told]
        )
        for centre in grid[:: max(1, 2001 // 200)]
    )
    assert result.f.low <= smallest * (1 + 1e-9) + 1e-12


def test_means_that_rounding_can_make_equal_have_an_f_of_zero() -> None:
    result = checked("5 1.2 0.3\n5 1.3 0.4\n5 1.25 0.5")
    assert result.f.low == pytest.approx(0.0, abs=1e-12)
    assert result.p.high == pytest.approx(1.0)
    assert result.pairs[0].t.low == pytest.approx(0.0, abs=1e-12)


def test_the_p_of_a_pair_holds_the_one_recomputed() -> None:
    result = checked(R2STAR)
    pair = result.pairs[0]
    assert (pair.first, pair.second) == ("normal", "osteopenia")
    assert pair.p.low < 0.006 < pair.p.high
    assert pair.t.low < pair.t.high


def test_a_p_below_a_bound_or_above_is_checked_as_one() -> None:
    for text, verdict in (("P < 0.05", "impossible"), ("P > 0.05", "possible"), ("P > 0.9", "impossible")):
        check = Check(printed(text), Range(0.30, 0.35))
        assert check.verdict == verdict


def test_a_number_rounded_twice_is_close() -> None:
    result = check_counts([[17, 13], [19, 22], [21, 28]], x2=printed("1.457"), p=printed("0.483"))
    assert isinstance(result, CheckedCounts)
    assert result.printed_x2 is not None
    assert result.printed_p is not None
    assert (result.printed_x2.verdict, result.printed_p.verdict) == ("close", "possible")
    assert 0.0 < result.printed_x2.off < 0.001


def test_a_wrong_chi_square_cannot_be() -> None:
    result = check_counts([[17, 13], [19, 22], [21, 28]], x2=printed("2.1"))
    assert isinstance(result, CheckedCounts)
    assert result.printed_x2 is not None
    assert result.printed_x2.verdict == "impossible"
    assert result.printed_p is None


def test_what_cannot_be_recomputed_is_said() -> None:
    assert check_means(groups_of("5 1.2 0.3")) == NotDefined.of("groups.one_group", n_groups=1)
    assert check_means(groups_of("5 1.2 0.0\n5 2.2 0.0")) == NotDefined.of("groups.no_variance")
    many = groups_of("\n".join("5 1.2 0.3" for _ in range(17)))
    assert check_means(many) == NotDefined.of("check.too_many_groups", n_groups=17, largest=16)
    wide = [PrintedGroup("a", 5, Printed("", 1.0, 0.5), Printed("", 0.4, 0.5))] * 2
    assert check_means(wide) == NotDefined.of("groups.no_variance")
    assert check_counts([[1, 2]]) == NotDefined.of("contingency.too_small", rows=1, columns=2)


def youden(sensitivity: str, specificity: str, **options: object) -> CheckedYouden:
    result = check_youden(printed(sensitivity), printed(specificity), **options)  # type: ignore[arg-type]
    assert isinstance(result, CheckedYouden)
    return result


def test_the_counts_behind_the_reference_study_are_found_although_zeros_were_added() -> None:
    result = youden("83.70 %", "83.10 %", j=printed("0.668"), positives=49, negatives=71)
    assert (result.true_positives, result.true_negatives) == ((41,), (59,))
    assert [note.code for note in result.notes] == ["check.zeros_added"]
    assert result.printed_j is not None
    assert result.printed_j.verdict == "possible"
    assert result.j == pytest.approx(0.668)


def test_a_share_that_no_count_gives_is_told() -> None:
    result = youden("0.55", "0.80", positives=10, negatives=10)
    assert (result.true_positives, result.true_negatives) == ((), (8,))
    assert [note.code for note in result.notes] == ["check.no_count"]


def test_without_the_numbers_of_patients_no_counts_are_sought() -> None:
    result = youden("83.7", "83.1", j=printed("0.9"), negatives=0)
    assert result.true_positives is result.true_negatives is None
    assert result.printed_j is not None
    assert result.printed_j.verdict == "impossible"
    assert result.range.high - result.range.low == pytest.approx(0.002)


def test_the_range_of_youdens_index_ends_at_one() -> None:
    assert youden("100 %", "100 %").range.high == 1.0


def test_a_share_above_one_hundred_percent_is_refused() -> None:
    assert check_youden(printed("120 %"), printed("50 %")) == NotDefined.of("check.not_a_share")
    assert check_youden(printed("-0.2"), printed("50 %")) == NotDefined.of("check.not_a_share")


@given(total=st.integers(1, 200), data=st.data(), decimals=st.integers(0, 2))
def test_the_count_that_was_printed_is_among_the_possible_ones(
    total: int, data: st.DataObject, decimals: int
) -> None:
    count = data.draw(st.integers(0, total))
    share = printed(f"{100 * count / total:.{decimals}f} %").as_share()
    assert count in possible_counts(share, total)


@pytest.mark.parametrize(
    ("text", "value", "half"),
    [
        ("148.95", 148.95, 0.005),
        ("-0.10", -0.1, 0.005),
        ("−1.2", -1.2, 0.05),
        ("３.５", 3.5, 0.05),
        ("0,843", 0.843, 0.0005),
        ("12,5", 12.5, 0.05),
        ("1,234.5", 1234.5, 0.05),
        ("1,234,567", 1234567.0, 0.5),
        (".5", 0.5, 0.05),
        ("7", 7.0, 0.5),
        ("1.2e-3", 0.0012, 0.00005),
        (" 83.70 % ", 83.7, 0.005),
    ],
)
def test_a_printed_number_keeps_its_rounding(text: str, value: float, half: float) -> None:
    result = printed(text)
    assert (result.value, result.half) == (value, pytest.approx(half))
    assert result.high - result.low == pytest.approx(2 * half)


@pytest.mark.parametrize("text", ["", "-", "abc", "1.2.3", "%", "12 34"])
def test_what_is_no_number_is_said(text: str) -> None:
    assert parse_number(text) == NotDefined.of("printed.not_a_number")


def test_a_comma_that_may_mean_either_is_not_guessed() -> None:
    assert parse_number("1,457") == NotDefined.of("printed.ambiguous")


@given(value=st.integers(-(10**6), 10**6), decimals=st.integers(0, 4))
def test_every_printed_number_is_read_back(value: int, decimals: int) -> None:
    text = f"{value / 10**decimals:.{decimals}f}"
    result = printed(text)
    assert result.value == float(text)
    assert result.half == pytest.approx(0.5 * 10.0**-decimals)


def test_zeros_at_the_end_can_be_taken_for_added() -> None:
    assert printed("83.70 %").without_last_zeros().half == pytest.approx(0.05)
    assert printed("83.71").without_last_zeros() == printed("83.71")
    assert printed("80").without_last_zeros() == printed("80")


@pytest.mark.parametrize("text", ["36.93 +- 9.25", "36.93±9.25", "36.93 (9.25)", "36.93 +/- 9.25"])
def test_mean_and_sd_are_read_in_every_common_form(text: str) -> None:
    result = parse_mean_sd(text)
    assert not isinstance(result, NotDefined)
    assert (result[0].value, result[1].value) == (36.93, 9.25)


@pytest.mark.parametrize("text", ["36.93", "a ± 3", "3 ± b", "1 2 3"])
def test_half_a_mean_and_sd_is_none(text: str) -> None:
    assert isinstance(parse_mean_sd(text), NotDefined)


def test_a_group_of_one_has_no_sd_whatever_is_printed() -> None:
    one = checked("1 1.0 0.0\n5 2.0 1.0\n6 4.0 1.0", f=printed("9"))
    assert one.comparison.groups[0].sd is None
    assert [note.code for note in one.comparison.notes] == ["groups.single"]


def test_a_pasted_table_may_have_labels_with_spaces_or_none() -> None:
    groups = groups_of("low bone mass 12 3.5 ± 1.0\n\n7 2.5 0.5\n")
    assert [one.label for one in groups] == ["low bone mass", "3"]
    assert [one.n for one in groups] == [12, 7]


@pytest.mark.parametrize("row", ["a 3.5 1.0", "a 2.5 3.5 1.0", "a 12 x 1.0", "a 12 1.0 x", "12 1.0"])
def test_a_line_that_is_no_group_is_named(row: str) -> None:
    assert parse_groups(f"a 3 1.0 0.5\n{row}") == NotDefined.of("printed.row", line=2)


def test_counts_are_read_with_slashes_tabs_or_spaces() -> None:
    assert parse_counts("17/13\n19\t22\n\n21 28") == ((17, 13), (19, 22), (21, 28))
    assert parse_counts("17/13\n19") == NotDefined.of("printed.row", line=2)
    assert parse_counts("17/x") == NotDefined.of("printed.row", line=1)


def test_an_impossible_verdict_needs_more_than_the_rounding_of_the_arithmetic() -> None:
    assert Range(1.0, 1.0).allows(Printed("1", 1.0 + 1e-12, 0.0))
    assert not Range(1.0, 1.0).allows(Printed("1.1", 1.1, 0.05))
