"""A printed number is judged as the statistic its title or its cell names, and as no other."""

from __future__ import annotations

import pytest

from app.stats.check_table import Check, CheckedCounts, CheckedMeans
from app.stats.printed_statistic import Kind, kinds_of
from app.stats.printed_table import check_table
from app.stats.sentences import sentence

AGE = "age\t36.93 ± 9.25\t50.34 ± 12.56"
THREE = "age\t36.93 ± 9.25\t50.34 ± 12.56\t67.24 ± 8.23"


def means(title: str, cell: str, *, p: str = "", three: bool = False) -> CheckedMeans:
    head = "\tA (n = 30)\tB (n = 41)" + ("\tC (n = 49)" if three else "")
    (row,) = check_table(f"{head}\t{title}\tP\n{THREE if three else AGE}\t{cell}\t{p}")
    assert isinstance(row.found, CheckedMeans)
    return row.found


def counts(title: str, cell: str, *, p: str = "") -> CheckedCounts:
    (row,) = check_table(f"\tA\tB\t{title}\tP\nm/f\t17/13\t19/22\t{cell}\t{p}")
    assert isinstance(row.found, CheckedCounts)
    return row.found


def verdict(check: Check | None) -> tuple[str, str]:
    assert check is not None
    return check.verdict, check.by


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("F", {"f"}),
        ("t value", {"t"}),
        ("t-value", {"t"}),
        ("t值", {"t"}),
        ("t/χ2", {"t", "x2"}),
        ("F / chi2", {"f", "x2"}),
        ("t or chi-square", {"t", "x2"}),
        ("F, P", {"f"}),
        ("printed F", {"f"}),
        ("printed", set()),
        ("printed so", set()),
        ("Statistic", set()),
        ("Z", {"other"}),
    ],
)
def test_the_title_of_a_column_says_what_its_numbers_are(title: str, kinds: set[Kind]) -> None:
    found = kinds_of(title)
    assert found is not None
    assert set(found) == kinds


@pytest.mark.parametrize("title", ["", "P", "printed p", "normal n=30", "test", "t and more"])
def test_a_column_of_something_else_holds_no_statistic(title: str) -> None:
    assert kinds_of(title) is None


@pytest.mark.parametrize("cell", ["4.9", "4.94", "-4.94", "t = 4.94", "t(69) = -4.94", "4.94, P < 0.001"])
def test_a_printed_t_is_held_against_students_t_whatever_its_sign(cell: str) -> None:
    one = means("t", cell)
    assert verdict(one.printed_t) == ("possible", "")
    assert one.printed_f is None
    assert "give t = 4.94" in sentence(one)
    assert "printed t of" in sentence(one)


def test_a_printed_t_of_welchs_test_is_told_as_one() -> None:
    # scipy: ttest_ind_from_stats with and without equal variances gives 4.9449 and 5.1792
    one = means("t", "5.18", p="< 0.001")
    assert verdict(one.printed_t) == ("possible", "welch")
    assert "is that of Welch's t test" in sentence(one)


def test_a_t_that_is_neither_cannot_be() -> None:
    one = means("t", "6.9")
    assert verdict(one.printed_t) == ("impossible", "")
    assert one.cannot_be


def test_an_f_of_two_groups_is_no_t() -> None:
    assert verdict(means("t", "24.45").printed_t) == ("impossible", "")
    assert verdict(means("F", "24.45").printed_f) == ("possible", "")
    assert verdict(means("F", "4.94").printed_f) == ("impossible", "")


@pytest.mark.parametrize(("cell", "is_t"), [("24.45", False), ("4.94", True), ("99", False)])
def test_a_statistic_without_a_name_may_be_either(cell: str, is_t: bool) -> None:
    one = means("Statistic", cell)
    assert (one.printed_t is not None, one.printed_f is not None) == (is_t, not is_t)


def test_what_may_be_f_or_t_and_is_neither_is_told_as_t() -> None:
    assert verdict(means("t/F", "99").printed_t) == ("impossible", "")


def test_a_name_in_the_cell_counts_more_than_the_title() -> None:
    assert verdict(means("F", "t = 4.94").printed_t) == ("possible", "")
    assert verdict(means("t", "F = 24.45").printed_f) == ("possible", "")


@pytest.mark.parametrize(("title", "three"), [("Z", False), ("χ2", False), ("t", True), ("H", True)])
def test_a_statistic_that_means_do_not_give_is_not_judged(title: str, three: bool) -> None:
    one = means(title, "3.1", p="0.9", three=three)
    assert one.printed_f is one.printed_t is one.printed_p is None
    assert "The printed 3.1 is not judged" in sentence(one)


def test_an_f_of_welchs_test_is_told_as_one() -> None:
    one = means("F", "112.51", three=True)
    assert verdict(one.printed_f) == ("possible", "welch")
    assert verdict(means("F", "100", three=True).printed_f) == ("impossible", "")


def test_a_p_of_welchs_test_is_told_as_one() -> None:
    (row,) = check_table("\tA n=10\tB n=40\tP\nx\t1.0 ± 0.5\t1.5 ± 1.5\t0.086")
    assert isinstance(row.found, CheckedMeans)
    assert verdict(row.found.printed_p) == ("possible", "welch")


def test_the_chi_square_of_a_row_may_stand_in_a_column_of_another_name() -> None:
    one = counts("t", "0.74", p="0.390")
    assert verdict(one.printed_x2) == verdict(one.printed_p) == ("possible", "")
    other = counts("t", "3.1")
    assert other.printed_x2 is None
    assert [note.code for note in other.notes] == ["check.not_judged"]
    assert verdict(counts("t/χ2", "3.1").printed_x2) == ("impossible", "")
    assert verdict(counts("Statistic", "3.1").printed_x2) == ("impossible", "")
    assert verdict(counts("t", "χ2 = 0.74").printed_x2) == ("possible", "")


def test_a_z_beside_counts_is_not_judged_and_neither_is_its_p() -> None:
    one = counts("Z", "3.1", p="0.002")
    assert one.printed_x2 is one.printed_p is None


def test_groups_that_do_not_vary_say_so_whatever_is_printed() -> None:
    (row,) = check_table("\tA n=3\tB n=4\tZ\nx\t1 ± 0\t2 ± 0\t3")
    assert sentence(row.found) == "Not defined: the values do not vary inside the groups."
