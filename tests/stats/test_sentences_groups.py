from __future__ import annotations

import re

import numpy as np
import pytest

from app.stats.ancova import ancova
from app.stats.check_table import check_counts, check_means
from app.stats.check_youden import check_youden
from app.stats.compare_correlations import compare_dependent, compare_independent
from app.stats.contingency import contingency, mcnemar
from app.stats.groups import compare_groups
from app.stats.groups_summary import Summary, compare_summaries
from app.stats.normality import shapiro_wilk
from app.stats.pairwise import dunn, games_howell, pairwise_t
from app.stats.partial import PartialKind, partial_correlation
from app.stats.printed import Printed, parse_groups, parse_number
from app.stats.rank_correlation import kendall, spearman
from app.stats.result import NotDefined
from app.stats.rmcorr import repeated_correlation
from app.stats.sentences import sentence
from app.stats.two_sample import two_sample

X = [1.0, 2.0, 4.0, 7.0, 8.0, 9.0, 3.0, 5.0]
Y = [1.5, 1.8, 4.4, 6.0, 8.9, 8.5, 3.0, 4.0]
Z = [2.0, 1.0, 5.0, 3.0, 9.0, 4.0, 8.0, 6.0]
TWO = list("aaaabbbb")
BELL = [4.1, 4.9, 5.0, 5.3, 5.9, 6.4]
BMD = "normal 30 148.95 15.68\nosteopenia 41 91.56 10.84\nosteoporosis 49 61.47 20.56"


def printed(text: str) -> Printed:
    result = parse_number(text)
    assert isinstance(result, Printed)
    return result


def test_a_rank_correlation_names_the_source_of_its_interval() -> None:
    said = sentence(spearman(X, Y), x="FF", y="BMD")
    assert said.startswith("The Spearman rank correlation of FF with BMD was rho = 0.9")
    assert "by Bonett and Wright 2000, p " in said
    assert "by Fieller 1957" in sentence(kendall(X, Y))
    assert "interval is not defined" in sentence(spearman(X[:3], Y[:3]))


@pytest.mark.parametrize("kind", ["pearson", "spearman", "kendall"])
def test_a_partial_correlation_says_what_is_held_still(kind: PartialKind) -> None:
    assert "adjusted for age," in sentence(partial_correlation(X, Y, [Z], ["age"], kind=kind), x="FF")
    few = partial_correlation(X[:4], [1.0, 3.0, 2.0, 9.0], [Z[:4]], ["age"], kind=kind)
    assert re.search(r"p [=<>] [\d.]+, n = 4\)\.$", sentence(few))


def test_compared_correlations_say_whose_they_are() -> None:
    assert "two sets of patients" in sentence(compare_independent(0.6, 50, 0.3, 70))
    assert "same 103 patients" in sentence(compare_dependent(-0.5, -0.4, 0.6, 103))


def test_a_repeated_correlation_is_said_with_and_without_its_interval() -> None:
    assert "8 values of 2 patients)." in sentence(repeated_correlation(X, Z, TWO))
    assert "is not defined" in sentence(
        repeated_correlation([1.0, 2.0, 1.0, 3.0], [1.0, 3.0, 2.0, 1.0], list("aabb"))
    )


def test_groups_are_said_by_the_test_the_data_ask_for() -> None:
    shifted, spread = [value + 1.0 for value in BELL], [20.0 * value for value in BELL]
    labels = ["a"] * 6 + ["b"] * 6
    alike = sentence(compare_groups(BELL + shifted, labels), what="FF", decimals=1)
    assert alike.startswith(
        "FF was a 5.3 (0.8), b 6.3 (0.8) (mean and SD; one-way analysis of variance, F = "
    )
    assert "with 1 and 10 degrees of freedom" in alike
    assert "Welch's test" in sentence(compare_groups(BELL + spread, labels))
    skewed = sentence(compare_groups([*BELL, 1.0, 1.1, 1.2, 1.3, 9.0, 60.0], labels))
    assert "median and quartiles; Kruskal-Wallis H = " in skewed
    assert sentence(compare_groups([1.0, 1.0, 1.0], list("aab"))).startswith("Not defined: all 3 values")


def test_groups_known_by_their_summaries_are_said_too() -> None:
    groups = [Summary("a", 3, 1.0, 0.5), Summary("b", 1, 2.0, None)]
    assert "a 1.00 (0.50), b 2.00 (-)" in sentence(compare_summaries(groups))
    flat = [Summary("a", 3, 1.0, 0.0), Summary("b", 3, 2.0, 0.0)]
    assert sentence(compare_summaries(flat)) == "Not defined: the values do not vary inside the groups."


def test_every_pair_has_its_sentence_and_its_method() -> None:
    groups = [Summary("a", 3, 1.0, 0.5), Summary("b", 4, 2.0, 0.7), Summary("c", 1, 2.0, None)]
    said = sentence(games_howell(groups))
    assert said.startswith("b and a differed by 1.00 (95 % CI ")
    assert ", Games-Howell, p " in said
    assert said.count("cannot be compared") == 2
    assert "t test with pooled SD, Bonferroni" in sentence(pairwise_t(groups, adjustment="bonferroni"))
    assert "Dunn's test, Holm" in sentence(dunn(X, TWO))


def test_two_groups_and_a_distribution_are_said() -> None:
    assert "Welch's t test p " in sentence(two_sample(X, Y), what="FF")
    assert sentence(two_sample([1.0, 1.0], [2.0, 2.0])).startswith("Not defined: 1 and 2 leave no variance")
    assert "gave W = 0.9" in sentence(shapiro_wilk(BELL), what="FF")


def test_counts_are_said_with_fishers_test_where_it_is_counted() -> None:
    assert "Fisher's exact test gave p = 0.495" in sentence(contingency([[17, 13], [19, 22], [21, 28]]))
    large = [[50, 60, 70, 40], [70, 40, 30, 50], [20, 50, 40, 60]]
    assert sentence(contingency(large)).endswith("(n = 580).")
    assert "15 and 5 fell either way" in sentence(mcnemar(15, 5))


def test_adjusted_means_are_said_and_slopes_that_differ_warned_of() -> None:
    said = sentence(ancova(X, TWO, [Z], ["age"]), what="FF")
    assert said.startswith("At equal age, FF was a ")
    age = np.arange(20.0)
    slopes = np.where(np.arange(20) < 10, 1.0, 5.0) * age + np.tile([0.1, -0.1], 10)
    assert "The slopes of the covariates differ" in sentence(
        ancova(slopes, ["a"] * 10 + ["b"] * 10, [age], ["age"])
    )


def test_a_checked_table_says_what_it_gives_and_what_cannot_be() -> None:
    groups = parse_groups(BMD)
    assert not isinstance(groups, NotDefined)
    said = sentence(check_means(groups, f=printed("59.905"), p=printed("P < 0.001")))
    assert said.startswith(
        "The printed n, means and SDs give F = 259.83 (p < 0.001); with their rounding F can be"
    )
    assert "259.62 to 260.04." in said
    assert "The printed F of 59.905 cannot come from this table: it is off by at least 76.9 %" in said
    assert said.endswith("The printed P, P < 0.001, fits.")


def test_checked_counts_and_shares_are_said() -> None:
    said = sentence(check_counts([[17, 13], [19, 22], [21, 28]], x2=printed("1.457")))
    assert said.startswith("The printed counts give chi-square = 1.456 with 2 degrees of freedom")
    assert said.endswith("rounded twice or cut off does.")
    said = sentence(
        check_youden(printed("83.70 %"), printed("83.10 %"), j=printed("0.668"), positives=49, negatives=71)
    )
    assert said.startswith("Sensitivity and specificity give a Youden index of 0.668;")
    assert "41 of 49 patients give it only with one decimal fewer." in said
