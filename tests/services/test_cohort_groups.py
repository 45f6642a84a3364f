"""Groups and outcome by QCT density: a scheme of its own, chosen by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pytest

from app.domain.clinical import (
    INTERVAL_TOO_LONG,
    UNIT_AGAINST_METHOD,
    UNSTATED,
    ClinicalRow,
    ClinicalValue,
    Group,
    Kind,
    Problem,
    Scheme,
)
from app.domain.maps import Quantity
from app.services.cohort import Cohort, Exclusion
from app.services.gather import Gathered
from app.services.selection import Grouping, LevelMean, Outcome, Selection
from app.services.study_cohort import study_flow
from app.services.study_correlation import study_correlation
from app.services.study_data import make_study
from app.services.study_groups import study_groups
from app.services.study_roc import study_curves
from app.stats.correlation import WithinGroups
from app.stats.roc import Roc

QCT, T_SCORE = Scheme.QCT, Scheme.T_SCORE
NORMAL, OSTEOPENIA, OSTEOPOROSIS = Group
REGION = "L1-L4"
GatheredOf = Callable[..., Gathered]
# both limits, and the values beside them
DENSITIES = (120.1, 120.0, 119.9, 80.1, 80.0, 79.9, 30.0, 200.0)
GROUPS = (NORMAL, *[OSTEOPENIA] * 4, OSTEOPOROSIS, OSTEOPOROSIS, NORMAL)


def density(value: float | None, unit: str = "mg/cm3", region: str = REGION) -> ClinicalValue:
    return ClinicalValue(Kind.BMD, region, value, unit, "" if value is None else str(value))


def with_values(gathered: Gathered, rows: Mapping[int | None, tuple[ClinicalValue, ...]]) -> Gathered:
    """The same with these densities and T-scores for some patients."""
    joined = tuple(
        replace(one, row=replace(one.row, values=rows[one.exam_id])) if one.exam_id in rows else one
        for one in gathered.joined
    )
    return replace(gathered, joined=joined)


def with_problem(gathered: Gathered, exam_id: int, problem: Problem) -> Gathered:
    joined = tuple(
        replace(one, row=one.row.with_problems(problem)) if one.exam_id == exam_id else one
        for one in gathered.joined
    )
    return replace(gathered, joined=joined)


def cohort_of(gathered: Gathered, scheme: Scheme = QCT, outcome: Outcome = Outcome.OSTEOPOROSIS) -> Cohort:
    return make_study(gathered, Selection(scheme=scheme, outcome=outcome)).cohort


@pytest.fixture
def eight(gathered_of: GatheredOf) -> Gathered:
    """Eight patients with :data:`DENSITIES`, whose T-scores say something else."""
    rng = np.random.default_rng(4)
    ff = rng.normal(50.0, 8.0, (8, 2, 5))
    return gathered_of(
        ff, 190.0 - ff, bmd=DENSITIES, tscore=[-3.0, 0.0, -2.0, 0.0, -1.0, 0.0, 0.0, -2.5], units=("mg/cm3",),
        sex=["F", "M"] * 4, age=np.linspace(40, 80, 8), bmi=np.linspace(20, 27, 8),
    )  # fmt: skip


def test_both_limits_belong_to_osteopenia(eight: Gathered) -> None:
    cohort = cohort_of(eight)
    assert (cohort.scheme, cohort.groups) == (QCT, GROUPS)
    assert cohort.positive.tolist() == [0, 0, 0, 0, 0, 1, 1, 0]
    low = cohort_of(eight, outcome=Outcome.LOW_BONE_MASS)
    assert low.positive.tolist() == [0, 1, 1, 1, 1, 1, 1, 0]
    assert cohort_of(eight, outcome=Outcome.FEMALE).positive.tolist() == [1, 0] * 4


def test_t_scores_make_the_groups_until_qct_is_chosen_by_name(eight: Gathered) -> None:
    cohort = make_study(eight, Selection()).cohort
    assert cohort.scheme is T_SCORE
    assert cohort.groups[0] is OSTEOPOROSIS
    assert cohort.positive.tolist() == [1, 0, 0, 0, 0, 0, 0, 1]
    assert cohort.ungrouped == ()
    assert not [note for note in cohort.notes if note.code == "cohort.without_qct"]


def test_patients_without_a_qct_density_are_left_out_of_groups_and_counted(eight: Gathered) -> None:
    made = with_values(
        eight,
        {
            0: (density(None),),
            1: (density(1.1, "g/cm2"),),
            2: (density(90.0, ""),),
            3: (density(60.0, region="L2"),),
            4: (ClinicalValue(Kind.TSCORE, REGION, -3.0, "", "-3.0"),),
        },
    )
    cohort = cohort_of(made)
    without = ("P000000", "P000001", "P000002", "P000003", "P000004")
    assert cohort.ungrouped == (Exclusion("cohort.without_qct", without),)
    assert [note.values["count"] for note in cohort.notes if note.code == "cohort.without_qct"] == [5]
    assert not [note for note in cohort.notes if note.code == "cohort.without_t_score"]
    assert cohort.groups == (*[None] * 5, *GROUPS[5:])
    assert np.isnan(cohort.positive[:5]).all()
    # they are patients all the same: readers are compared on them, and their means are correlated
    assert cohort.n == 8
    assert not cohort.exclusions


def test_a_density_that_a_column_calls_dxa_is_none_of_qct(eight: Gathered) -> None:
    doubtful = with_problem(eight, 5, Problem(UNIT_AGAINST_METHOD, "DXA BMD (mg/cm3)", str(DENSITIES[5])))
    # in the fixture cells are not kept as written
    doubtful = with_values(doubtful, {one: (density(value),) for one, value in enumerate(DENSITIES)})
    cohort = cohort_of(doubtful)
    assert cohort.groups == (*GROUPS[:5], None, *GROUPS[6:])
    assert cohort.ungrouped[0].cases == ("P000005",)


def test_a_density_of_long_ago_is_not_used_and_has_its_own_reason(eight: Gathered) -> None:
    cohort = cohort_of(with_problem(eight, 6, Problem(INTERVAL_TOO_LONG)))
    assert cohort.groups[6] is None
    assert cohort.ungrouped == ()
    assert {note.code: note.values.get("count") for note in cohort.notes}["cohort.reference_too_old"] == 1


def test_a_plain_column_of_qct_counts_beside_dxa_of_the_region(eight: Gathered) -> None:
    made = with_values(
        eight,
        {0: (density(1.2, "g/cm2"), density(70.0, region=UNSTATED)), 1: (density(90.0, region=UNSTATED),)},
    )
    cohort = cohort_of(made)
    assert cohort.groups[:2] == (OSTEOPOROSIS, OSTEOPENIA)
    assert cohort.bmd[0] == 1.2
    assert "cohort.region_not_stated" in {note.code for note in cohort.notes}
    both = with_values(eight, {0: (density(130.0), density(70.0, region=UNSTATED))})
    assert cohort_of(both).groups[0] is NORMAL
    assert "cohort.region_not_stated" not in {note.code for note in cohort_of(both, T_SCORE).notes}


@pytest.mark.parametrize(
    ("units", "schemes"),
    [(("g/cm2",), (T_SCORE,)), (("g/cm2", "mg/cm3"), (T_SCORE, QCT)), (("",), (T_SCORE,))],
)
def test_qct_is_offered_only_where_somebody_has_such_a_density(
    gathered_of: GatheredOf, units: tuple[str, ...], schemes: tuple[Scheme, ...]
) -> None:
    values = np.full((4, 2, 5), 50.0)
    made = gathered_of(values, values, bmd=[1.0, 90.0, 1.1, 100.0], units=units)
    assert make_study(made, Selection()).cohort.schemes == schemes
    # what is chosen stays to be seen, and to be left
    assert make_study(made, Selection(scheme=QCT)).cohort.schemes == (T_SCORE, QCT)


def test_a_filter_takes_no_scheme_away(eight: Gathered) -> None:
    none = {one: (density(1.0, "g/cm2"),) for one in range(0, 8, 2)}
    women = make_study(with_values(eight, none), Selection(sex="F")).cohort
    assert women.n == 4
    assert women.schemes == (T_SCORE, QCT)


def test_groups_correlation_and_roc_follow_the_scheme(gathered_of: GatheredOf) -> None:
    rng = np.random.default_rng(8)
    ff = rng.normal(50.0, 8.0, (60, 1, 1)) + rng.normal(0.0, 1.0, (60, 2, 5))
    bmd = (160.0 - 1.2 * ff.mean(axis=(1, 2)) + rng.normal(0.0, 12.0, 60)).round(2)
    made = gathered_of(
        ff, 190.0 - ff, bmd=bmd, tscore=np.zeros(60), units=("mg/cm3",), age=rng.normal(60.0, 8.0, 60)
    )
    study = make_study(made, Selection(scheme=QCT, outcome=Outcome.LOW_BONE_MASS, grouping=Grouping.T_SCORE))
    sizes = (int((bmd > 120).sum()), int(((bmd >= 80) & (bmd <= 120)).sum()), int((bmd < 80).sum()))
    assert study_groups(study).sizes == sizes
    within = study_correlation(study).within
    assert isinstance(within, WithinGroups)
    assert within.n_groups == sum(size > 2 for size in sizes)
    (curve,) = [one.result for one in study_curves(study) if one.key == Quantity.FF.value]
    assert isinstance(curve, Roc)
    assert (curve.n_positive, curve.n_negative) == (sizes[1] + sizes[2], sizes[0])
    assert study_flow(study).grouped == 60


def test_both_choices_hold_together(gathered_of: GatheredOf) -> None:
    ff = 40.0 + np.arange(6.0)[:, None, None] + np.zeros((6, 2, 5)) + np.arange(5.0)
    ff[0, :, 0] = np.nan
    made = gathered_of(ff, 190.0 - ff, bmd=DENSITIES[:6], units=("mg/cm3",))
    cohort = make_study(made, Selection(scheme=QCT, mean=LevelMean.COMPLETE)).cohort
    assert cohort.groups == GROUPS[1:6]
    assert cohort.exclusions == (Exclusion("cohort.incomplete_set", ("P000000",)),)


def test_a_row_without_any_value_says_nothing(eight: Gathered) -> None:
    bare = tuple(replace(one, row=ClinicalRow(one.row.line)) for one in eight.joined)
    cohort = cohort_of(replace(eight, joined=bare))
    assert set(cohort.groups) == {None}
    assert len(cohort.ungrouped[0].cases) == 8
