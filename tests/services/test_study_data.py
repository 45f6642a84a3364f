"""A cohort is made once, and again only for a selection that changes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from app.domain.clinical import Scheme
from app.domain.maps import Quantity
from app.services.cohort import Cohort
from app.services.gather import Gathered
from app.services.selection import MEAN, Grouping, LevelMean, Outcome, Selection, one_reader
from app.services.study_data import make_study

GatheredOf = Callable[..., Gathered]


@pytest.fixture
def gathered(gathered_of: GatheredOf) -> Gathered:
    rng = np.random.default_rng(9)
    ff = rng.normal(50.0, 8.0, (20, 2, 5))
    ff[0, :, 0] = np.nan
    return gathered_of(
        ff, 190.0 - ff, bmd=rng.normal(100.0, 25.0, 20), tscore=rng.normal(-1.5, 1.0, 20), units=("mg/cm3",),
        age=rng.normal(60.0, 8.0, 20), sex=["F", "M"] * 10,
    )  # fmt: skip


def said(cohort: Cohort) -> dict[str, str]:
    return {field.name: repr(getattr(cohort, field.name)) for field in fields(cohort)}


@pytest.mark.parametrize(
    "chosen",
    [
        Selection(Quantity.R2STAR),
        Selection(grouping=Grouping.SEX),
        Selection().with_option("agreement.unit", "vertebra"),
    ],
)
def test_another_look_at_the_same_patients_makes_no_cohort_anew(
    gathered: Gathered, chosen: Selection
) -> None:
    before = make_study(gathered, Selection())
    found = make_study(gathered, chosen, before=before)
    assert found.cohort is before.cohort
    assert found.selection == chosen
    assert said(found.cohort) == said(make_study(gathered, chosen).cohort)


@pytest.mark.parametrize(
    "chosen",
    [
        Selection(levels="L1-L5"),
        Selection(readers=MEAN),
        Selection(readers=one_reader("Reader 1")),
        Selection(round=2),
        Selection(outcome=Outcome.FEMALE),
        Selection(sex="F"),
        Selection(age=(None, 60.0)),
        Selection(mean=LevelMean.COMPLETE),
        Selection(scheme=Scheme.QCT),
    ],
)
def test_other_patients_or_values_do(gathered: Gathered, chosen: Selection) -> None:
    before = make_study(gathered, Selection())
    found = make_study(gathered, chosen, before=before)
    assert found.cohort is not before.cohort
    assert said(found.cohort) == said(make_study(gathered, chosen).cohort)


def test_a_session_that_was_read_anew_has_a_cohort_of_its_own(gathered: Gathered) -> None:
    before = make_study(gathered, Selection())
    found = make_study(replace(gathered), Selection(), before=before)
    assert found.cohort is not before.cohort


def test_every_choice_is_known_to_change_the_cohort_or_not() -> None:
    """A new field of the selection has to be put on one side."""
    looks = {"quantity", "grouping", "options"}
    changes = {"levels", "readers", "round", "outcome", "sex", "age", "field", "mean", "scheme"}
    assert {field.name for field in fields(Selection)} == looks | changes
