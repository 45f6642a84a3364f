"""Correlations of the reference study, and level by level where the clinical table knows the vertebra."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from app.domain.clinical import INTERVAL_TOO_LONG, ClinicalRow, ClinicalValue, Kind, Problem
from app.domain.disagreement import Ruling, only_mean
from app.domain.maps import Quantity
from app.domain.protocol import LEVELS, Level
from app.domain.reasons import Reason
from app.services.gather import Gathered, gather
from app.services.open_session import last_viewer
from app.services.reference_cohort import make_reference_session
from app.services.selection import MEAN, Selection, one_reader
from app.services.study_correlation import StudyCorrelation, study_correlation, vertebrae
from app.services.study_data import Study, make_study
from app.stats.compare_correlations import CorrelationComparison
from app.stats.correlation import Pearson, WithinGroups
from app.stats.partial import PartialCorrelation
from app.stats.rank_correlation import RankCorrelation
from app.stats.result import NotDefined
from app.stats.rmcorr import RepeatedCorrelation
from app.store.adjudications import Adjudication
from app.store.clinical import JoinedRow
from app.ui.tabs.correlation import correlation_panel


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gathered]:
    session = make_reference_session(tmp_path_factory.mktemp("correlation") / "study.marrow")
    yield gather(session, last_viewer(session))
    session.close()


def correlated(gathered: Gathered, selection: Selection | None = None) -> tuple[Study, StudyCorrelation]:
    study = make_study(gathered, selection or Selection())
    return study, study_correlation(study)


@pytest.mark.parametrize(
    ("quantity", "r", "within"), [(Quantity.FF, -0.647, 0.154), (Quantity.R2STAR, 0.534, 0.057)]
)
def test_r_is_that_of_the_study_over_all_patients_and_hardly_any_within_groups(
    gathered: Gathered, quantity: Quantity, r: float, within: float
) -> None:
    _, found = correlated(gathered, Selection(quantity))
    assert isinstance(found.pearson, Pearson)
    assert found.pearson.coefficient.r == pytest.approx(r, abs=5e-4)
    assert isinstance(found.within, WithinGroups)
    assert abs(found.within.within.r) == pytest.approx(within, abs=5e-4)


def test_rank_correlations_are_those_of_scipy(gathered: Gathered) -> None:
    study, found = correlated(gathered)
    # means that differ in the last digit of the arithmetic only are ties
    x, y = study.cohort.values[Quantity.FF].round(9), study.cohort.bmd
    assert isinstance(found.spearman, RankCorrelation)
    assert found.spearman.estimate == pytest.approx(scipy.stats.spearmanr(x, y).statistic, rel=1e-10)
    assert isinstance(found.kendall, RankCorrelation)
    assert found.kendall.estimate == pytest.approx(scipy.stats.kendalltau(x, y).statistic, rel=1e-10)


def test_the_partial_correlation_is_that_of_the_residuals(gathered: Gathered) -> None:
    study, found = correlated(gathered)
    cohort = study.cohort
    female = np.array([sex == "F" for sex in cohort.sex], dtype=float)
    design = np.column_stack((np.ones(cohort.n), cohort.age, female, cohort.bmi))
    left = [
        column - design @ np.linalg.lstsq(design, column, rcond=None)[0]
        for column in (cohort.values[Quantity.FF], cohort.bmd)
    ]
    assert isinstance(found.partial, PartialCorrelation)
    assert found.partial.controls == ("age", "sex", "BMI")
    assert found.partial.estimate == pytest.approx(np.corrcoef(*left)[0, 1], rel=1e-9)


def test_what_is_correlated_is_not_adjusted_for(gathered: Gathered) -> None:
    _, found = correlated(gathered, Selection().with_option("correlation.against", "age"))
    assert isinstance(found.partial, PartialCorrelation)
    assert found.partial.controls == ("sex", "BMI")


def test_the_maps_are_compared_by_strength(gathered: Gathered) -> None:
    _, found = correlated(gathered)
    assert isinstance(found.other_map, CorrelationComparison)
    assert (abs(found.other_map.r1), abs(found.other_map.r2)) == pytest.approx((0.647, 0.534), abs=5e-4)
    assert found.other_map.difference == pytest.approx(found.other_map.r1 - found.other_map.r2)


def with_densities(gathered: Gathered, *, per_area: int = 0, too_old: int = 0) -> Gathered:
    """The study with a density of every vertebra of ten patients: the lower, the less.

    Of some it is one of an area, and some were examined too long before the MRI.
    """
    of_exam = {one.exam_id: one for one in gathered.joined}
    joined = []
    for number, exam in enumerate(gathered.enrolled[:10]):
        unit, scale = ("g/cm2", 0.01) if number < per_area else ("mg/cm3", 1.0)
        values = tuple(
            ClinicalValue(Kind.BMD, level.value, scale * (100.0 + number - 3.0 * place), unit, "")
            for place, level in enumerate(LEVELS)
        )
        old = of_exam[exam.id]
        problems = (Problem(INTERVAL_TOO_LONG),) if number < too_old else ()
        row = ClinicalRow(line=number + 2, values=(*old.row.values, *values), problems=problems)
        joined.append(JoinedRow(row, exam.id, old.matched_by))
    unknown = ClinicalValue(Kind.BMD, "L1", 99.0, "mg/cm3", "")
    joined.append(JoinedRow(ClinicalRow(line=99, values=(unknown,)), None, ""))
    return replace(gathered, joined=joined)


def test_a_vertebra_is_set_against_its_own_density_inside_the_patient(gathered: Gathered) -> None:
    study = make_study(with_densities(gathered), Selection())
    found = vertebrae(study)
    assert isinstance(found, RepeatedCorrelation)
    assert (found.n, found.n_subjects) == (50, 10)
    # FF rises and density falls from L1 to L5
    assert found.coefficient.r < -0.2


def test_one_readers_values_alone_can_be_set_against_the_vertebrae(gathered: Gathered) -> None:
    name = gathered.readers[0]
    both = vertebrae(make_study(with_densities(gathered), Selection()))
    single = vertebrae(make_study(with_densities(gathered), Selection(readers=one_reader(name))))
    assert isinstance(both, RepeatedCorrelation)
    assert isinstance(single, RepeatedCorrelation)
    assert single.coefficient.r != both.coefficient.r


def test_the_densities_of_an_examination_of_long_ago_are_used_of_no_vertebra(gathered: Gathered) -> None:
    some = vertebrae(make_study(with_densities(gathered, too_old=4), Selection()))
    assert isinstance(some, RepeatedCorrelation)
    assert (some.n, some.n_subjects) == (30, 6)
    study = make_study(with_densities(gathered, too_old=10), Selection())
    found = study_correlation(study)
    assert isinstance(found.pearson, NotDefined)
    assert isinstance(found.vertebrae, NotDefined)
    assert found.vertebrae.code == "correlation.no_level_density"


def test_densities_of_vertebrae_in_two_units_are_never_one_column(gathered: Gathered) -> None:
    found = vertebrae(make_study(with_densities(gathered, per_area=5), Selection()))
    assert isinstance(found, NotDefined)
    assert found.code == "cohort.mixed_bmd_units"
    assert found.values["units"] == "g/cm2, mg/cm3"
    # of patients who are not looked at nothing is mixed
    only = vertebrae(make_study(with_densities(gathered, per_area=5, too_old=5), Selection()))
    assert isinstance(only, RepeatedCorrelation)
    assert only.n_subjects == 5


def decided_on(gathered: Gathered, ruling: Ruling, ff: float | None) -> Gathered:
    """What was decided on L1 of the ten patients with densities."""
    means = {} if ff is None else {Quantity.FF: only_mean(ff), Quantity.R2STAR: only_mean(10.0)}
    decided = tuple(Adjudication(exam.id, Level.L1, ruling, means, "") for exam in gathered.enrolled[:10])
    return replace(with_densities(gathered), decided=decided)


def test_vertebrae_have_the_values_that_were_decided_on_like_everything_on_the_tab(
    gathered: Gathered,
) -> None:
    decided = decided_on(gathered, Ruling.of_reader("Reader 1"), 90.0)
    plain = vertebrae(make_study(with_densities(gathered), Selection()))
    found = vertebrae(make_study(decided, Selection()))
    assert isinstance(plain, RepeatedCorrelation)
    assert isinstance(found, RepeatedCorrelation)
    assert plain.coefficient.r < -0.2
    # the densest vertebra is the fattest now
    assert found.coefficient.r > 0.2
    as_measured = vertebrae(make_study(decided, Selection(readers=MEAN)))
    assert isinstance(as_measured, RepeatedCorrelation)
    assert as_measured.coefficient.r == plain.coefficient.r


def test_a_vertebra_that_was_left_out_by_decision_is_set_against_nothing(gathered: Gathered) -> None:
    found = vertebrae(make_study(decided_on(gathered, Ruling.excluded(Reason.CEMENT), None), Selection()))
    assert isinstance(found, RepeatedCorrelation)
    assert (found.n, found.n_subjects) == (40, 10)


def test_without_densities_of_vertebrae_the_reason_is_said(gathered: Gathered) -> None:
    _, found = correlated(gathered)
    assert isinstance(found.vertebrae, NotDefined)
    assert found.vertebrae.code == "correlation.no_level_density"


def test_a_blocked_map_blocks_everything_that_uses_it(gathered: Gathered) -> None:
    study = make_study(gathered, Selection())
    blocked = NotDefined.of("cohort.mixed_field_strengths", strengths="1.5, 3")
    mixed = replace(study, cohort=replace(study.cohort, blocked={Quantity.R2STAR.value: blocked}))
    found = study_correlation(mixed)
    assert isinstance(found.pearson, Pearson)
    assert found.other_map is blocked
    r2star = study_correlation(replace(mixed, selection=Selection(Quantity.R2STAR)))
    assert r2star.pearson is blocked
    assert r2star.vertebrae is blocked


def test_patients_of_whom_nothing_is_known_are_not_adjusted(gathered: Gathered) -> None:
    study = make_study(gathered, Selection())
    nothing = np.full(study.cohort.n, np.nan)
    bare = replace(study.cohort, age=nothing, bmi=nothing, sex=("",) * study.cohort.n)
    found = study_correlation(replace(study, cohort=bare))
    assert isinstance(found.partial, NotDefined)


def test_the_tab_says_that_the_correlation_lies_between_groups(gathered: Gathered) -> None:
    panel = correlation_panel(make_study(gathered, Selection()))
    assert any("lies between the T-score groups" in note for note in panel.notes)
    assert "r = -0.647" in panel.paper
    assert "r = 0.154 within" in panel.paper
