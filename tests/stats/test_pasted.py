"""A list of n, mean and SD with one group a line, and a table of counts, are read as they are pasted."""

from __future__ import annotations

import pytest

from app.stats.check_table import CheckedCounts, CheckedMeans
from app.stats.printed_table import CheckedRow, check_table
from app.stats.result import NotDefined
from app.stats.sentences import sentence

LINES = ("normal 30 36.93 9.25", "osteopenia 41 50.34 12.56", "osteoporosis 49 67.24 8.23")

NAMED = """\
normal (n = 30): 36.93 ± 9.25
osteopenia (n = 41): 50.34 ± 12.56
osteoporosis (n=49): 67.24 ± 8.23
"""
MARKDOWN = """\
| Group | Mean ± SD | n |
|---|---|---|
| normal | 36.93 ± 9.25 | 30 |
| osteopenia | 50.34 (12.56) | 41 |
| osteoporosis | 67.24 +- 8.23 | 49 |
"""


def only(text: str) -> CheckedRow:
    (row,) = check_table(text)
    return row


def means(text: str) -> CheckedMeans:
    row = only(text)
    assert isinstance(row.found, CheckedMeans)
    assert (row.name, row.pasted) == ("", "groups")
    return row.found


def counts(text: str) -> list[list[int]]:
    row = only(text)
    assert isinstance(row.found, CheckedCounts)
    assert row.pasted == "counts"
    assert "read as a table of counts" in sentence(row.found)
    return [[int(cell) for cell in line] for line in row.found.contingency.counts]


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(LINES),
        "\n".join(("group n mean SD", *LINES)),
        "\n".join(("", "group\tn\tmean\tSD", "", *(line.replace(" ", "\t") for line in LINES))),
        NAMED,
        MARKDOWN,
    ],
)
def test_n_mean_and_sd_of_each_group_give_f_and_welch(text: str) -> None:
    one = means(text)
    assert [group.label for group in one.comparison.groups] == ["normal", "osteopenia", "osteoporosis"]
    assert one.anova.test.f == pytest.approx(86.85, abs=0.005)
    assert not isinstance(one.comparison.welch, NotDefined)


def test_the_pairs_of_a_list_come_with_holms_adjustment() -> None:
    one = means("\n".join(LINES))
    for found, method in ((one.student, "t"), (one.welch, "welch")):
        assert (found.method, found.adjustment, len(found.pairs)) == (method, "holm", 3)
    low, middle = one.student.pairs[0], one.student.pairs[2]
    assert (middle.first, middle.second) == ("osteopenia", "osteoporosis")
    assert low.difference == pytest.approx(13.41)
    assert low.p is not None
    assert low.p_adjusted == pytest.approx(low.p)


def test_a_line_that_is_no_group_is_told_by_its_number() -> None:
    row = only("group n mean SD\nnormal 30 36.93 9.25\nosteopenia 41 50.34")
    assert row.found == NotDefined.of("printed.row", line=3)
    assert row.pasted == "groups"
    one = only("group mean SD n\nnormal 36.93 9.25 30\nlow 41")
    assert one.found == NotDefined.of("printed.row", line=3)


def test_without_titles_a_line_that_is_no_group_makes_it_another_table() -> None:
    (row,) = check_table("normal 30 36.93 9.25\nosteopenia 41 50.34")
    assert row.pasted == ""


@pytest.mark.parametrize(
    "text",
    [
        "17 19 21\n13 22 28",
        "male 17 19 21\nfemale 13 22 28",
        "\tnormal\tosteopenia\tosteoporosis\nmale\t17\t19\t21\nfemale\t13\t22\t28",
    ],
)
def test_whole_numbers_are_a_table_of_counts(text: str) -> None:
    assert counts(text) == [[17, 19, 21], [13, 22, 28]]


def test_counts_parted_by_a_stroke_need_no_titles() -> None:
    assert counts("17/13\n19/22\n21/28") == [[17, 13], [19, 22], [21, 28]]


def test_titles_make_whole_numbers_n_mean_and_sd() -> None:
    assert [group.n for group in means("n mean SD\n30 37 9\n41 50 13").comparison.groups] == [30, 41]


def test_counts_that_cannot_be_compared_say_why() -> None:
    row = only("1 2\n0 0")
    assert row.found == NotDefined.of("contingency.empty_line")


@pytest.mark.parametrize(
    "text",
    [
        "male 17 19 21",
        "row\ta\tb\nmale\t17\t19",
        "male 17 19 36\ntotal 30 41 71",
        "n\t10\t12\nm\t3\t4",
        "17 19\n13",
        "17\n13",
        "m 17 19 x\nf 1 2 3",
        "a\tb\nc\td",
    ],
)
def test_what_is_neither_is_read_as_a_table_with_titles(text: str) -> None:
    assert all(row.pasted == "" for row in check_table(text))


def test_rows_of_counts_below_titles_stay_rows_of_their_own() -> None:
    rows = check_table("row\ta\tb\nm/f\t17/13\t19/22\nsmoker\t3/27\t5/36")
    assert [row.name for row in rows] == ["m/f", "smoker"]
    assert all(isinstance(row.found, CheckedCounts) for row in rows)
