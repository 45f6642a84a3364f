"""A pasted table is understood as it is printed, and every row says what it can and cannot be."""

from __future__ import annotations

import pytest

from app.stats.check_table import CheckedCounts, CheckedMeans
from app.stats.check_youden import CheckedYouden
from app.stats.printed_table import check_table
from app.stats.result import NotDefined

TABLE_1 = """\
\tnormal n=30\tosteopenia n=41\tosteoporosis n=49\tF / chi2
male/female\t17/13\t19/22\t21/28\t1.457, P 0.483
age (years)\t36.93 ± 9.25\t50.34 ± 12.56\t67.24 ± 8.23\t86.624
BMI\t23.17 +- 1.94\t21.05 +- 1.36\t20.06 +- 1.57\t34.806
BMD\t148.95 (15.68)\t91.56 (10.84)\t61.47 (20.56)\t59.905
FF (%)\t40.82 ± 8.35\t52.90 ± 6.66\t61.65 ± 6.28\t83.181
R2* (Hz)\t152.36 ± 12.61\t144.90 ± 11.50\t132.23 ± 9.68\t33.385
"""
TABLE_2 = """\
marker\tAUC\tcut-off\tsensitivity\tspecificity\tYouden
FF\t0.893\t56.09\t83.70 %\t83.10 %\t0.668
R2*\t0.843\t138.31\t79.60 %\t81.70 %\t0.613
FF + R2*\t0.931\t-\t77.60 %\t93.00 %\t0.705
"""


def means(text: str) -> dict[str, CheckedMeans]:
    return {row.name: row.found for row in check_table(text) if isinstance(row.found, CheckedMeans)}


def test_table_1_of_the_reference_study_gives_the_recomputed_f() -> None:
    found = {name: round(one.anova.test.f, 2) for name, one in means(TABLE_1).items()}
    assert found == {"age (years)": 86.85, "BMI": 35.12, "BMD": 259.83, "FF (%)": 83.21, "R2* (Hz)": 33.40}


def test_the_printed_f_of_bmd_is_impossible_and_that_of_ff_and_r2star_possible() -> None:
    verdicts = {
        name: one.printed_f.verdict for name, one in means(TABLE_1).items() if one.printed_f is not None
    }
    assert verdicts["BMD"] == "impossible"
    assert verdicts["FF (%)"] == verdicts["R2* (Hz)"] == "possible"


def test_counts_are_told_with_the_chi_square_and_p_of_one_cell() -> None:
    row = check_table(TABLE_1)[0]
    assert row.name == "male/female"
    assert isinstance(row.found, CheckedCounts)
    assert row.found.contingency.pearson.x2 == pytest.approx(1.45649, abs=5e-6)
    assert row.found.printed_p is not None
    assert row.found.printed_p.verdict == "possible"


def test_table_2_gives_the_youden_index_and_the_counts_behind_it() -> None:
    rows = check_table(TABLE_2, positives=49, negatives=71)
    found = [row.found for row in rows]
    assert all(isinstance(one, CheckedYouden) for one in found)
    first = found[0]
    assert isinstance(first, CheckedYouden)
    assert first.j == pytest.approx(0.668)
    assert first.printed_j is not None
    assert first.printed_j.verdict == "possible"
    # 41 of 49 is 83.67 %: printed with a digit that it does not have
    assert first.true_positives == (41,)
    assert first.true_negatives == (59,)


@pytest.mark.parametrize("separator", ["\t", " | ", "   "])
def test_columns_may_be_parted_in_three_ways(separator: str) -> None:
    lines = ["row", "a n=10", "b n=12"], ["x", "1.0 ± 0.5", "2.0 ± 0.5"]
    text = "\n".join(separator.join(line) for line in lines)
    (row,) = check_table(text)
    assert isinstance(row.found, CheckedMeans)
    assert [one.label for one in row.found.comparison.groups] == ["a", "b"]


def test_a_table_of_markdown_is_read_with_its_ruler_left_out() -> None:
    text = "| | a n=10 | b n=12 | P |\n|---|---|---|---|\n| x | 1.0 ± 0.5 | 2.0 ± 0.5 | **< 0.001** |"
    (row,) = check_table(text)
    assert isinstance(row.found, CheckedMeans)
    assert row.found.printed_p is not None
    assert row.found.printed_p.printed.relation == "<"


def test_the_sizes_may_stand_in_a_row_of_their_own() -> None:
    text = "row\ta\tb\tF\nn\t10\t12\nx\t1.0 ± 0.5\t2.0 ± 0.5\t22.1"
    (row,) = check_table(text)
    assert isinstance(row.found, CheckedMeans)
    assert [one.n for one in row.found.comparison.groups] == [10, 12]


def test_without_sizes_the_row_asks_for_them() -> None:
    (row,) = check_table("row\ta\tb\nx\t1.0 ± 0.5\t2.0 ± 0.5")
    assert isinstance(row.found, NotDefined)
    assert row.found.code == "printed.sizes"


@pytest.mark.parametrize(
    "line", ["x\tyes\tno", "x\t1.0 ± 0.5", "x\t3/4\t5/6/7", "n\tmany\tfew", "x\t1.0 ± 0.5\tno"]
)
def test_a_row_of_something_else_says_so(line: str) -> None:
    (row,) = check_table(f"row\ta n=10\tb n=12\n{line}")
    assert isinstance(row.found, NotDefined)
    assert row.found.code == "printed.cells"


@pytest.mark.parametrize("line", ["FF\t\t80 %", "FF\t80 %"])
def test_a_diagnostic_row_without_one_of_the_two_says_so(line: str) -> None:
    (row,) = check_table(f"marker\tsens\tspec\n{line}")
    assert isinstance(row.found, NotDefined)


def test_sensitivity_and_specificity_without_an_index_are_put_together() -> None:
    (row,) = check_table("marker\tsens\tspec\nFF\t80 %\t90 %")
    assert isinstance(row.found, CheckedYouden)
    assert row.found.printed_j is None


def test_a_p_value_of_its_own_column_is_taken_for_the_row() -> None:
    (row,) = check_table("row\ta n=10\tb n=12\tP\nx\t3/7\t6/6\t0.342")
    assert isinstance(row.found, CheckedCounts)
    assert row.found.printed_p is not None
    assert row.found.printed_x2 is None


def test_a_column_called_printed_holds_the_statistic() -> None:
    (row,) = check_table("row\ta n=10\tb n=12\tprinted F\nx\t1.0 ± 0.5\t2.0 ± 0.5\t21.8")
    assert isinstance(row.found, CheckedMeans)
    assert row.found.printed_f is not None


@pytest.mark.parametrize("text", ["", "\n\n", "only a header"])
def test_a_text_without_rows_gives_nothing(text: str) -> None:
    assert check_table(text) == []


def test_spaces_before_the_first_title_stand_for_an_empty_cell() -> None:
    text = "      a n=10  b n=12\nx     1.0 ± 0.5  2.0 ± 0.5"
    (row,) = check_table(text)
    assert isinstance(row.found, CheckedMeans)
