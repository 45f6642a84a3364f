from __future__ import annotations

import re
import string
from pathlib import Path

import numpy as np
import pytest

import app.stats
from app.stats.agreement import bland_altman, icc
from app.stats.combined import logistic
from app.stats.correlation import pearson, within_groups
from app.stats.describe import describe
from app.stats.icc import Grade
from app.stats.optimism import Optimism
from app.stats.regression import fit_line
from app.stats.result import NotDefined, Note
from app.stats.roc import compare_paired, roc
from app.stats.sentences import CATALOGUE, sentence

SOURCES = sorted(Path(app.stats.__file__).parent.glob("*.py"))
GRADES: tuple[Grade, ...] = ("poor", "moderate", "good", "excellent")
X = [1.0, 2.0, 4.0, 7.0, 8.0, 9.0]
Y = [1.5, 1.8, 4.4, 6.0, 8.9, 8.5]
LABEL = [0, 0, 1, 0, 1, 1]


def codes_in_use() -> dict[str, set[str]]:
    """Every code given to NotDefined.of or Note.of in the sources, with the values named beside it."""
    found: dict[str, set[str]] = {}
    call = re.compile(r"(?:NotDefined|Note)\.of\(\s*\"([a-z_.]+)\"((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)")
    for source in SOURCES:
        for code, arguments in call.findall(source.read_text(encoding="utf-8")):
            named = set(re.findall(r"(\w+)=", arguments))
            found[code] = found.get(code, named) & named
    return found


def test_every_code_of_a_reason_or_note_has_a_sentence_that_names_only_what_it_gets() -> None:
    used = codes_in_use()
    assert len(used) > 30
    for code, named in used.items():
        assert code in CATALOGUE, code
        fields = {field for _, field, _, _ in string.Formatter().parse(CATALOGUE[code]) if field}
        assert fields <= named, f"{code} wants {fields - named}"


def test_every_sentence_of_the_catalogue_ends_and_begins_as_one() -> None:
    for code, template in CATALOGUE.items():
        assert template.endswith("."), code
        assert template[0].isupper() or template[0] == "{", code
        assert "  " not in template, code


def test_every_span_of_grades_has_its_own_sentence() -> None:
    spans = {f"icc.grade.{low}_{high}" for i, low in enumerate(GRADES) for high in GRADES[i:]}
    assert spans == {code for code in CATALOGUE if code.startswith("icc.grade.")}


def test_limits_of_agreement_are_said_with_and_without_unit() -> None:
    result = bland_altman(X, Y)
    said = sentence(result, what="FF")
    assert said.startswith("The mean difference between the readings of FF was -0.02 (95 % CI ")
    assert " percentage points (n = 6)." in sentence(result, what="FF", unit="percentage points")


def test_readings_without_spread_say_so_instead() -> None:
    assert sentence(bland_altman([1.0, 2.0], [1.0, 2.0])).startswith("All 2 pairs of readings are identical")
    assert sentence(bland_altman([3.0, 2.0], [2.0, 1.0])).startswith("All 2 differences equal 1.000:")


def test_an_icc_is_said_with_its_form_and_its_grade() -> None:
    said = sentence(icc(np.column_stack((X, Y))), what="R2*")
    assert said.startswith(
        "The intraclass correlation coefficient of R2*, ICC(2,1), two-way random effects, absolute "
        "agreement, single reader, was 0.9"
    )
    assert said.endswith("(Koo and Li 2016).")


def test_an_icc_without_interval_or_estimate_says_so() -> None:
    assert "its confidence interval is not defined" in sentence(icc([[1.0, 1.0], [2.0, 2.0], [4.0, 4.0]]))
    assert "is not defined (n = 2)" in sentence(icc([[1.0, 2.0], [2.0, 1.0]]))


def test_a_correlation_is_said_with_and_without_its_interval() -> None:
    said = sentence(pearson(X, Y), x="FF", y="BMD")
    assert said.startswith("The Pearson correlation of FF with BMD was r = 0.977 (95 % CI")
    assert "p < 0.001" in said
    assert "interval is not defined" in sentence(pearson(X[:3], Y[:3]))


def test_a_correlation_within_groups_is_said_beside_the_pooled_one() -> None:
    assert "within the 2 groups (95 % CI" in sentence(within_groups(X, Y, list("aaabbb")))
    assert "interval is not defined" in sentence(within_groups(X[:4], Y[:4], list("aabb")))


def test_a_line_is_said_with_the_sign_of_its_slope() -> None:
    assert sentence(fit_line(X, Y), x="FF", y="BMD").startswith("The regression line was BMD = ")
    assert re.search(r" - \d+\.\d{3} x x ", sentence(fit_line(X, [-value for value in Y])))


def test_a_description_is_said_for_one_and_for_many() -> None:
    assert sentence(describe(X), what="FF", decimals=1).startswith(
        "FF was 5.2 (SD 3.3), median 5.5 (quartiles"
    )
    assert sentence(describe([4.0]), what="FF") == "FF was 4.00 in the only patient measured."


def test_a_roc_curve_is_said_with_its_criterion_and_counts() -> None:
    said = sentence(roc(X, LABEL, direction="higher"), what="FF")
    assert said.startswith("The area under the ROC curve of FF was 0.889 (95 % CI ")
    assert "At the cut-off > 2 the sensitivity was 100.0 % (3/3, 95 % CI 43.9 to 100.0 %)" in said


def test_a_roc_curve_without_interval_or_cut_off_says_less() -> None:
    said = sentence(roc([1.0, 2.0, 3.0], [1, 0, 0], direction="higher"))
    assert said.endswith("its DeLong interval is not defined.")


def test_a_paired_comparison_is_said_with_and_without_test() -> None:
    said = sentence(
        compare_paired(X, Y[::-1], LABEL, directions=("higher", "lower")), first="FF", second="R2*"
    )
    assert said.startswith("The areas under the ROC curves of FF (0.889) and R2* (")
    untested = compare_paired([1.0, 2, 3, 4], [4.0, 3, 2, 1], [0, 0, 1, 1], directions=("higher", "higher"))
    assert sentence(untested).endswith("the test is not defined.")


def test_a_combined_model_is_said_with_probability_and_equation() -> None:
    said = sentence(logistic([X], ["FF"], LABEL))
    assert said.startswith(
        "The logistic combination of FF reached an in-sample area under the ROC curve of 0.889"
    )
    assert " x FF > " in said


def test_a_combined_model_without_a_cut_off_says_only_its_area() -> None:
    flat = logistic([[1.0, 2, 1, 2]], ["FF"], [0, 0, 1, 1])
    said = sentence(flat)
    assert said.startswith("The logistic combination of FF")


def test_the_optimism_is_said_with_both_areas() -> None:
    said = sentence(Optimism(120, 0, 0.931, 0.0035, 0.9275, 2000, 0, 1))
    assert said.startswith("The apparent area under the ROC curve of 0.931 was ")


def test_reasons_and_notes_are_said_with_their_values() -> None:
    said = sentence(NotDefined.of("roc.one_class", n_positive=3, n_negative=0))
    assert said.endswith("with and without the outcome, and n = 3 with and 0 without.")
    assert "(slope 0.095, p < 0.001)" in sentence(Note.of("bland_altman.proportional", slope=0.0953, p=1e-9))
    assert "(95 % CI -0.100 to 0.300)" in sentence(
        Note.of("correlation.between_groups", pooled=-0.6, within=0.1, low=-0.1, high=0.3, level=0.95)
    )


def test_what_is_no_result_has_no_sentence() -> None:
    with pytest.raises(TypeError, match="no sentence for dict"):
        sentence({})


@pytest.mark.parametrize(
    "reason",
    [
        NotDefined.of("logistic.separation", n=8),
        NotDefined.of("logistic.not_found", n=8),
        Note.of("roc.same_ranking"),
        Note.of("roc.no_width_of_difference"),
    ],
)
def test_a_code_chosen_while_computing_has_its_sentence(reason: NotDefined | Note) -> None:
    assert sentence(reason).endswith(".")
