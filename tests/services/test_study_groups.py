"""Groups of the reference study, and of cohorts that leave something undefined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats

from app.domain.maps import Quantity
from app.services.gather import Gathered, gather
from app.services.open_session import last_viewer
from app.services.reference_cohort import make_reference_session
from app.services.selection import Grouping, Outcome, Selection
from app.services.study_data import Study, make_study
from app.services.study_groups import BMD, PAIRS, StudyGroups, study_groups
from app.stats.ancova import Ancova
from app.stats.contingency import Contingency
from app.stats.groups import GroupComparison
from app.stats.groups_summary import Anova
from app.stats.pairwise import Pairwise
from app.stats.result import NotDefined


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gathered]:
    session = make_reference_session(tmp_path_factory.mktemp("groups") / "study.marrow")
    yield gather(session, last_viewer(session))
    session.close()


def groups(gathered: Gathered, selection: Selection | None = None) -> tuple[Study, StudyGroups]:
    study = make_study(gathered, selection or Selection())
    return study, study_groups(study)


def compared(found: StudyGroups, name: str) -> GroupComparison:
    result = found.rows[name]
    assert isinstance(result, GroupComparison)
    return result


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("age", ("36.93", "9.25", "50.34", "12.56", "67.24", "8.23")),
        ("bmi", ("23.17", "1.94", "21.05", "1.36", "20.06", "1.57")),
        ("bmd", ("148.95", "15.68", "91.56", "10.84", "61.47", "20.56")),
        ("FF", ("40.82", "8.35", "52.90", "6.66", "61.65", "6.28")),
        ("R2STAR", ("152.36", "12.61", "144.90", "11.50", "132.23", "9.68")),
    ],
)
def test_means_and_sds_are_those_printed_in_table_1(
    gathered: Gathered, name: str, printed: tuple[str, ...]
) -> None:
    _, found = groups(gathered)
    told = [one.description for one in compared(found, name).groups]
    figures = [figure for one in told for figure in (one.mean, one.sd or 0.0)]
    assert tuple(f"{figure:.2f}" for figure in figures) == printed


def test_men_and_women_are_counted_and_compared_as_in_table_1(gathered: Gathered) -> None:
    _, found = groups(gathered)
    assert found.sizes == (30, 41, 49)
    assert found.sex_counts == ((17, 13), (19, 22), (21, 28))
    assert isinstance(found.sex, Contingency)
    assert found.sex.pearson.x2 == pytest.approx(1.45649, abs=5e-6)
    assert found.sex.pearson.p == pytest.approx(0.483, abs=5e-4)


def test_f_is_that_of_scipy_on_the_same_values(gathered: Gathered) -> None:
    study, found = groups(gathered)
    values = study.cohort.values[Quantity.FF]
    of_patient = np.array(found.of_patient)
    parts = [values[of_patient == label] for label in found.labels]
    anova = compared(found, "FF").anova
    assert isinstance(anova, Anova)
    assert anova.test.f == pytest.approx(scipy.stats.f_oneway(*parts).statistic, rel=1e-12)


@pytest.mark.parametrize("way", PAIRS)
def test_every_way_to_compare_two_by_two_gives_three_pairs(gathered: Gathered, way: str) -> None:
    _, found = groups(gathered, Selection().with_option("groups.pairs", way))
    assert isinstance(found.pairs, Pairwise)
    assert len(found.pairs.pairs) == 3
    assert all(pair.p_adjusted is not None and pair.p_adjusted < 0.001 for pair in found.pairs.pairs)


def test_a_test_that_is_asked_for_is_told_whatever_the_data_say(gathered: Gathered) -> None:
    _, by_data = groups(gathered)
    assert compared(by_data, "R2STAR").headline == "kruskal"
    _, asked = groups(gathered, Selection().with_option("groups.test", "anova"))
    assert {compared(asked, name).headline for name in asked.rows} == {"anova"}


def test_groups_are_compared_at_equal_age_sex_and_bmi(gathered: Gathered) -> None:
    _, found = groups(gathered)
    assert isinstance(found.adjusted, Ancova)
    assert found.adjusted.names == ("age", "sex", "BMI")
    _, of_age = groups(gathered, Selection().with_option("groups.variable", "age"))
    assert isinstance(of_age.adjusted, Ancova)
    assert of_age.adjusted.names == ("sex", "BMI")
    _, of_bmi = groups(gathered, Selection().with_option("groups.variable", "bmi"))
    assert isinstance(of_bmi.adjusted, Ancova)
    assert of_bmi.adjusted.names == ("age", "sex")


def test_the_outcome_makes_two_groups(gathered: Gathered) -> None:
    _, found = groups(gathered, Selection(grouping=Grouping.OUTCOME))
    assert found.labels == ("negative", "positive")
    assert found.sizes == (71, 49)
    _, low = groups(gathered, Selection(grouping=Grouping.OUTCOME, outcome=Outcome.LOW_BONE_MASS))
    assert low.sizes == (30, 90)


def test_sex_makes_two_groups_and_is_not_compared_with_itself_as_a_covariate(gathered: Gathered) -> None:
    _, found = groups(gathered, Selection(grouping=Grouping.SEX))
    assert found.labels == ("M", "F")
    assert sum(found.sizes) == 120
    # sex decides the group: it cannot be adjusted for beside it
    assert isinstance(found.adjusted, NotDefined) or "sex" not in found.adjusted.names


def test_a_blocked_column_is_told_by_its_reason(gathered: Gathered) -> None:
    study = make_study(gathered, Selection().with_option("groups.variable", BMD))
    blocked = NotDefined.of("cohort.mixed_bmd_units", units="g/cm2, mg/cm3")
    mixed = replace(study, cohort=replace(study.cohort, blocked={BMD: blocked}))
    found = study_groups(mixed)
    assert found.front is blocked
    assert found.pairs is blocked
    assert found.adjusted is blocked


def test_without_anything_known_of_the_patients_nothing_is_adjusted_for(gathered: Gathered) -> None:
    study = make_study(gathered, Selection())
    nothing = np.full(study.cohort.n, np.nan)
    bare = replace(study.cohort, age=nothing, bmi=nothing, sex=("",) * study.cohort.n)
    found = study_groups(replace(study, cohort=bare))
    assert isinstance(found.adjusted, NotDefined)
    assert found.adjusted.code == "groups.no_covariates"


def test_without_patients_nothing_is_defined(gathered: Gathered) -> None:
    _, found = groups(gathered, Selection(age=(110.0, None)))
    assert found.sizes == (0, 0, 0)
    assert all(isinstance(one, NotDefined) for one in found.rows.values())
    assert isinstance(found.sex, NotDefined)
    assert isinstance(found.pairs, NotDefined)


def test_filters_leave_patients_out_and_say_so(gathered: Gathered) -> None:
    study, found = groups(gathered, Selection(sex="F", age=(50.0, 70.0)))
    assert sum(found.sizes) == study.cohort.n < 120
    assert set(study.cohort.sex) == {"F"}
    assert study.cohort.age.min() >= 50.0
    assert study.cohort.age.max() <= 70.0
    (filtered,) = [one for one in study.cohort.exclusions if one.code == "cohort.filtered"]
    assert len(filtered.cases) == 120 - study.cohort.n
