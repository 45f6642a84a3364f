"""The Methods text says what the open view of each tab was made by, and nothing of what was not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from app.services.gather import Gathered, gather
from app.services.open_session import last_viewer
from app.services.reference_cohort import make_reference_session
from app.services.selection import Grouping, Selection
from app.services.study_data import make_study
from app.ui.tabs.methods import methods_text

GatheredOf = Callable[..., Gathered]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gathered]:
    session = make_reference_session(tmp_path_factory.mktemp("methods") / "study.marrow")
    yield gather(session, last_viewer(session))
    session.close()


@pytest.fixture(scope="module")
def curves(reference: Gathered) -> str:
    return methods(reference, Selection())["Diagnostic performance"]


def methods(gathered: Gathered, selection: Selection) -> dict[str, str]:
    return dict(methods_text(make_study(gathered, selection)).paragraphs)


def of_roc(gathered: Gathered, **options: str) -> str:
    selection = Selection()
    for name, value in options.items():
        selection = selection.with_option(f"roc.{name}", value)
    return methods(gathered, selection).get("Diagnostic performance", "")


VIEWS: dict[str, tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]] = {
    "curves": (
        {},
        (
            "2000 bootstrap samples, each class drawn",
            "FF + R2* is the linear predictor",
            "High age was stated",
        ),
        ("for a prevalence", "Harrell"),
    ),
    "curves at a prevalence": ({"prevalence": "20"}, ("for a prevalence of 20 %",), ()),
    "cutoffs": (
        {"view": "cutoffs", "marker": "R2STAR", "prevalence": "5", "share": "exact"},
        ("The ROC curve of R2*", "at every cut-off", "Clopper-Pearson 1934", "for a prevalence of 5 %"),
        ("linear predictor", "DeLong", "bootstrap"),
    ),
    "cutoffs of a model": (
        {"view": "cutoffs", "marker": "combined", "style": "midpoint"},
        ("The ROC curve of FF + R2*", "halfway between", "linear predictor"),
        ("High fat fraction",),
    ),
    "compare": (
        {"view": "compare"},
        ("on the same 120 patients by DeLong's test", "likelihood ratio", "outcome on FF, R2*, age.",
         "2000 samples"),
        ("not valid there", "Sex entered", "Wilson", "bootstrap samples, each class"),
    ),
    "compare nested ones by DeLong": (
        {"view": "compare", "nested": "yes", "covariates": "age_sex_bmi"},
        ("outcome on FF, R2*, age, sex, BMI.", "Sex entered as 1 for women", "not valid there"),
        (),
    ),
    "model": (
        {"view": "model"},
        ("modelled on FF, R2* by logistic regression by maximum likelihood", "profile likelihood",
         "ten-fold cross-validation", "Hosmer and Lemeshow over", "fitted to all others", "Wilson 1927"),
        ("penalised", "Sex entered", "ROC curves were made of"),
    ),
    "a model with covariates": (
        {"view": "model", "covariates": "age_sex_bmi"},
        ("modelled on FF, R2*, age, sex, BMI by", "Sex entered as 1 for women"),
        (),
    ),
    "Firth": (
        {"view": "model", "fit": "firth", "covariates": "age"},
        ("modelled on FF, R2*, age by logistic regression by Firth's penalised likelihood",
         "Models beside it were fitted by maximum likelihood"),
        ("Wald", "Hosmer", "all others"),
    ),
    "vertebrae": (
        {"view": "vertebrae"},
        ("of single vertebrae (L1, L2, L3, L4, L5)", "Obuchowski 1997", "High fat fraction"),
        ("linear predictor", "Wilson"),
    ),
    "readers": (
        {"view": "readers"},
        ("FF, R2* by 2 readers on 120 patients", "Hillis", "as DeLong does", "never from decided values"),
        ("jackknife", "linear predictor"),
    ),
    "readers by the jackknife": (
        {"view": "readers", "covariance": "jackknife", "direction": "automatic"},
        ("by the jackknife", "chosen by the medians"),
        ("as DeLong does",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", VIEWS)
def test_the_methods_are_those_of_the_view_that_is_open(reference: Gathered, name: str) -> None:
    options, said, unsaid = VIEWS[name]
    found = of_roc(reference, **options)
    for words in said:
        assert words in found, words
    for words in unsaid:
        assert words not in found, words


@pytest.mark.parametrize("view", ["curves", "cutoffs", "compare", "model", "vertebrae", "readers"])
def test_a_view_without_a_result_has_no_methods(gathered_of: GatheredOf, view: str) -> None:
    values = np.full((3, 2, 5), 50.0)
    assert of_roc(gathered_of(values, values + 90.0), view=view) == ""


def test_limits_that_change_with_the_mean_are_told_where_they_are_drawn(reference: Gathered) -> None:
    told = "come from regressions of the difference"
    assert told not in methods(reference, Selection())["Agreement"]
    chosen = Selection().with_option("agreement.limits", "regression")
    assert told in methods(reference, chosen)["Agreement"]


@pytest.mark.parametrize(
    ("grouping", "said"),
    [
        (Grouping.T_SCORE, ""),
        (Grouping.OUTCOME, "The groups compared are the patients with and without the outcome."),
        (Grouping.SEX, "The groups compared are men and women."),
    ],
)
def test_the_methods_say_which_groups_are_compared(
    reference: Gathered, grouping: Grouping, said: str
) -> None:
    found = methods(reference, Selection(grouping=grouping))["Groups"]
    assert said in found
    assert ("The groups compared are" in found) == bool(said)
    # of men and women the sexes need no test
    assert ("Sexes were compared" in found) == (grouping is not Grouping.SEX)


def test_a_map_that_must_not_be_analysed_was_correlated_with_nothing(reference: Gathered) -> None:
    both = methods(reference, Selection())["Correlation"]
    assert "Fat fraction and R2* were correlated with BMD" in both
    assert "Williams's test" in both
    mixed = tuple(
        replace(exam, field_strength_t=1.5 if place % 2 else 3.0)
        for place, exam in enumerate(reference.enrolled)
    )
    found = methods(replace(reference, enrolled=mixed), Selection())["Correlation"]
    assert "Fat fraction was correlated with BMD" in found
    assert "R2*" not in found
    assert "Williams" not in found
