"""A row of counts with percents is judged as counts; what may be either is never called impossible."""

from __future__ import annotations

import pytest

from app.stats.check_table import Check, CheckedCounts, CheckedMeans
from app.stats.printed_table import check_table
from app.stats.result import NotDefined
from app.stats.sentences import sentence

HEAD = "row\ta n=30\tb n=41\tc n=49\tF / chi2\tP\n"


def found(line: str, head: str = HEAD) -> object:
    (row,) = check_table(head + line)
    return row.found


def counts(line: str, head: str = HEAD) -> CheckedCounts:
    one = found(line, head)
    assert isinstance(one, CheckedCounts)
    return one


def means(line: str, head: str = HEAD) -> CheckedMeans:
    one = found(line, head)
    assert isinstance(one, CheckedMeans)
    return one


def reason(line: str, head: str = HEAD) -> NotDefined:
    one = found(line, head)
    assert isinstance(one, NotDefined)
    assert sentence(one).startswith("Not defined: ")
    return one


def verdict(check: Check | None) -> str:
    assert check is not None
    return check.verdict


@pytest.mark.parametrize(
    "line",
    [
        "male, n (%)\t17 (56.7)\t19 (46.3)\t21 (42.9)\t1.456\t0.483",
        "male\t17 (56.7)\t19 (46.3)\t21 (42.9)\t1.456\t0.483",
        "male\t17 (56.7%)\t19 (46.3 %)\t21 (42.9)%\t1.456\t0.483",
        "male (%)\t17 (57)\t19 (46)\t21 (43)\t1.456\t0.483",
        "男, 例 (%)\t17 [56.7]\t19 [46.3]\t21 [42.9]\t1.456\t0.483",
    ],
)
def test_counts_with_their_percents_are_no_means_with_sds(line: str) -> None:
    one = counts(line)
    assert one.contingency.counts.tolist() == [[17, 13], [19, 22], [21, 28]]
    assert one.contingency.pearson.x2 == pytest.approx(1.45649, abs=5e-6)
    assert verdict(one.printed_x2) == verdict(one.printed_p) == "possible"
    assert "read as counts with their percents" in sentence(one)


def test_a_wrong_chi_square_beside_percents_still_cannot_be() -> None:
    assert verdict(counts("male\t17 (56.7)\t19 (46.3)\t21 (42.9)\t2.1").printed_x2) == "impossible"


def test_percents_may_be_of_the_row_or_of_everybody() -> None:
    table = [[17, 13], [19, 22], [21, 28]]
    of_row = counts("male, n (%)\t17 (29.8)\t19 (33.3)\t21 (36.8)")
    of_all = counts("male, n (%)\t17 (14.2)\t19 (15.8)\t21 (17.5)")
    assert of_row.contingency.counts.tolist() == of_all.contingency.counts.tolist() == table


def test_a_percent_that_was_cut_off_is_taken_where_the_row_says_what_it_is() -> None:
    counts("male, n (%)\t17 (56.6)\t19 (46.3)\t21 (42.8)")


def test_percents_that_are_not_of_the_groups_are_told_and_not_judged() -> None:
    one = reason("male, n (%)\t17 (56.7)\t19 (50.0)\t21 (42.9)\t9.9")
    assert one.code == "printed.percents"
    assert dict(one.values) == {"count": 19, "total": 41, "printed": "50.0"}


@pytest.mark.parametrize("cell", ["31 (56.7)", "17 (1.2.3)"])
def test_what_can_be_no_count_of_the_group_is_none(cell: str) -> None:
    line = f"male, n (%)\t{cell}\t19 (46.3)\t21 (42.9)"
    assert reason(line).code == "printed.percents"


def test_a_group_that_counts_more_than_everybody_is_none() -> None:
    head = "row\ta n=30\tb n=41\n"
    assert reason("male, n (%)\t31 (43.7)\t20 (28.2)", head).code == "printed.percents"


def test_counts_without_the_sizes_of_the_groups_ask_for_them() -> None:
    head = "row\ta\tb\n"
    assert reason("male, n (%)\t17 (56.7)\t19 (46.3)", head).code == "printed.sizes"
    assert reason("age\t17 (56.7)\t19 (46.3)", head).code == "printed.sizes"


def test_means_in_brackets_go_on_being_means() -> None:
    line = "age\t36.9 (9.2)\t50.3 (12.6)\t67.2 (8.2)"
    assert means(line).anova.test.f == pytest.approx(86.85, rel=0.01)
    assert means("FF (%)\t40.82 (8.35)\t52.90 (6.66)\t61.65 (6.28)\t83.181").printed_f is not None


def test_whole_means_that_no_count_of_the_groups_gives_are_judged_as_means() -> None:
    one = means("FF (%)\t23 (8)\t25 (7)\t33 (8)\t999")
    assert verdict(one.printed_f) == "impossible"


def test_whole_numbers_that_fit_both_are_taken_as_what_the_print_says() -> None:
    # in groups of 100 every whole SD that equals its mean looks like a percent
    head = "days\ta n=100\tb n=100\tF\n"
    as_means = means("stay\t40 (40)\t60 (60)\t7.69", head)
    assert verdict(as_means.printed_f) == "possible"
    as_counts = counts("ill\t40 (40)\t60 (60)\t8.0", head)
    assert verdict(as_counts.printed_x2) == "possible"
    assert isinstance(found("ill\t40 (40)\t60 (60)\t99", head), CheckedCounts)


def test_shares_of_a_part_of_the_group_are_never_called_impossible() -> None:
    line = "\t17 (57)\t19 (50)\t21 (43)"
    assert reason(f"male (%){line}").code == "printed.either"
    assert reason(f"male{line}\t1.2").code == "printed.either"
    assert means(f"male{line}").printed_f is None


@pytest.mark.parametrize(
    ("cells", "may_be"),
    [
        ("0 (0)\t19 (50)\t21 (43)", True),
        ("0 (3)\t19 (50)\t21 (43)", False),
        ("17 (57)\t19 (0)\t21 (43)", False),
        ("17 (1.2.3)\t19 (50)\t21 (43)", False),
        ("1 (0)\t19 (50)\t21 (43)", False),
    ],
)
def test_only_a_percent_that_some_part_of_the_group_gives_may_be_one(cells: str, *, may_be: bool) -> None:
    one = found(f"male (%)\t{cells}")
    assert (isinstance(one, NotDefined) and one.code == "printed.either") == may_be


def test_a_row_with_fewer_cells_than_groups_is_not_read() -> None:
    assert reason("male, n (%)\t17 (56.7)").code == "printed.cells"


def test_groups_of_any_size_are_answered_at_once() -> None:
    head = "row\ta n=900000000\tb n=800000000\tF\n"
    assert reason("male (%)\t17 (57)\t19 (50)", head).code == "printed.either"


def test_counts_that_cannot_be_compared_say_so() -> None:
    assert reason("male\t17 (57)", "row\ta n=30\n").code == "contingency.too_small"
    assert reason("male\t0 (0)\t0 (0)\t0 (0)").code == "contingency.empty_line"


@pytest.mark.parametrize(
    ("printed", "by"),
    [("1.267\t0.260", "yates"), ("2.038\t0.153", "n_minus_one"), ("\t0.205", "fisher")],
)
def test_other_tests_of_a_fourfold_table_are_known_by_their_number(printed: str, by: str) -> None:
    one = counts(f"m/f\t12/8\t7/12\t{printed}", "row\ta\tb\tchi2\tP\n")
    told = [check for check in (one.printed_x2, one.printed_p) if check is not None]
    assert {(check.by, check.verdict) for check in told} == {(by, "possible")}
    assert {"yates": "Yates", "n_minus_one": "N - 1", "fisher": "Fisher"}[by] in sentence(one)


def test_a_table_too_large_for_fishers_test_is_judged_by_chi_square() -> None:
    cells = "\t".join("900/800/700/600/500/400" for _ in range(6))
    head = "row\t" + "\t".join("abcdef") + "\tP\n"
    one = counts(f"x\t{cells}\t0.5", head)
    assert verdict(one.printed_p) == "impossible"
