"""ROC analyses of the reference study, against what it printed and against computations of their own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
import scipy.stats

from app.domain.clinical import ClinicalRow, Covariate
from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS
from app.services import study_roc
from app.services.gather import Gathered, gather
from app.services.open_session import last_viewer
from app.services.reference_cohort import make_reference_session
from app.services.selection import ADJUDICATED, Outcome, Selection
from app.services.study_data import Study, make_study
from app.services.study_roc import (
    AGE,
    COMBINED,
    RocMarker,
    area_interval,
    curve_bootstraps,
    share_interval,
    study_curves,
    study_cutoffs,
    written,
)
from app.services.study_roc_models import (
    StudyComparison,
    added_by_resampling,
    corrected,
    covariate_choices,
    covariates,
    further_columns,
    reference_columns,
    study_comparison,
    study_model,
)
from app.services.study_roc_units import study_readers, study_vertebrae
from app.stats.combined import LogisticModel
from app.stats.cross_validation import CrossValidation
from app.stats.firth import FirthModel
from app.stats.mrmc import Mrmc
from app.stats.nested_models import AddedArea, NestedModels
from app.stats.optimism import Optimism
from app.stats.result import NotDefined
from app.stats.roc import Roc, roc
from app.stats.roc_bootstrap import RocBootstrap
from app.stats.roc_clustered import ClusteredRoc
from app.stats.roc_paired import PairedRoc
from app.store.clinical import JoinedRow

FF, R2STAR = Quantity.FF, Quantity.R2STAR
BLOCKED = NotDefined.of("cohort.mixed_field_strengths", strengths="1.5, 3")


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gathered]:
    session = make_reference_session(tmp_path_factory.mktemp("roc") / "study.marrow")
    yield gather(session, last_viewer(session))
    session.close()


@pytest.fixture
def study(gathered: Gathered) -> Study:
    return make_study(gathered, Selection())


def chosen(gathered: Gathered, selection: Selection | None = None, **options: str) -> Study:
    made = selection or Selection()
    for name, value in options.items():
        made = made.with_option(f"roc.{name}", value)
    return make_study(gathered, made)


def blocked(study: Study, quantity: Quantity = R2STAR) -> Study:
    return replace(study, cohort=replace(study.cohort, blocked={quantity.value: BLOCKED}))


def bare(study: Study) -> Study:
    """Nothing known of the patients but the outcome."""
    nothing = np.full(study.cohort.n, np.nan)
    return replace(study, cohort=replace(study.cohort, age=nothing, bmi=nothing, sex=("",) * study.cohort.n))


def curve(marker: RocMarker) -> Roc:
    assert isinstance(marker.result, Roc)
    return marker.result


def share_in_order(diseased: np.ndarray, others: np.ndarray) -> float:
    """The area by its definition: pairs in the right order, ties counted half."""
    gap = np.round(diseased[:, np.newaxis] - others, 9)
    return float(np.mean((gap > 0) + 0.5 * (gap == 0)))


# -- curves -------------------------------------------------------------------------------------------------


def test_the_curves_are_those_the_study_printed(study: Study) -> None:
    markers = study_curves(study)
    assert [one.name for one in markers] == ["FF", "R2*", "FF + R2*", "age"]
    assert [round(curve(one).auc, 3) for one in markers] == [0.893, 0.843, 0.931, 0.931]
    assert [one.criterion("observed") for one in markers[:2]] == ["> 56.09", "<= 138.31"]
    counts = [(str(one.cutoff.sensitivity), str(one.cutoff.specificity)) for one in markers if one.cutoff]
    assert counts[:3] == [("41/49", "59/71"), ("39/49", "58/71"), ("38/49", "66/71")]


def test_delongs_limits_are_those_the_cohort_was_made_with(study: Study) -> None:
    data = os.environ.get("MARROWMARK_TEST_DATA")
    if data is None:
        pytest.skip("needs MARROWMARK_TEST_DATA")
    told = json.loads((Path(data) / "reference_cohort" / "achieved.json").read_text())["roc"]
    for one, name in zip(study_curves(study), ("FF", "R2s", "combined"), strict=False):
        found = curve(one).ci
        assert found is not None
        assert [round(found.low, 3), round(found.high, 3)] == told[name]["delong_ci"]
        assert round(curve(one).auc, 4) == told[name]["auc"]


def test_areas_are_the_share_of_pairs_in_the_right_order(study: Study) -> None:
    ill = study.cohort.positive == 1.0
    for one, sign in zip(study_curves(study), (1, -1, 1, 1), strict=True):
        values = sign * one.marker
        assert curve(one).auc == pytest.approx(share_in_order(values[ill], values[~ill]), abs=1e-12)


def test_every_value_belongs_to_the_patient_of_its_row(study: Study) -> None:
    for one in study_curves(study):
        column = {"FF": study.cohort.values[FF], AGE: study.cohort.age}.get(one.key)
        if column is not None:
            assert np.array_equal(one.marker, column[one.rows])


def test_age_is_no_curve_where_nobody_has_an_age(study: Study) -> None:
    assert [one.key for one in study_curves(bare(study))] == ["FF", "R2STAR", COMBINED]


def test_a_blocked_map_takes_its_curve_and_the_combined_one_with_it(study: Study) -> None:
    ff, r2star, both, _ = study_curves(blocked(study))
    assert isinstance(ff.result, Roc)
    assert r2star.result is both.result is BLOCKED
    assert (r2star.cutoff, r2star.criterion("observed")) == (None, "")


def test_another_outcome_divides_the_patients_another_way(gathered: Gathered) -> None:
    low = study_curves(chosen(gathered, Selection(outcome=Outcome.LOW_BONE_MASS)))[0]
    assert (curve(low).n_positive, curve(low).n) == (90, 120)
    female = study_curves(chosen(gathered, Selection(outcome=Outcome.FEMALE)))
    assert curve(female[0]).n_positive == 63
    # nobody can say beforehand which FF means a woman
    assert any(note.code.startswith("roc.automatic") for note in curve(female[0]).notes)
    assert curve(female[0]).auc >= 0.5


def test_a_stated_direction_stays_where_the_data_say_otherwise(gathered: Gathered) -> None:
    stated = study_curves(chosen(gathered, Selection(outcome=Outcome.FEMALE), direction="stated"))
    assert [curve(one).direction for one in stated[:2]] == ["higher", "lower"]
    by_data = study_curves(chosen(gathered, direction="automatic"))
    assert [curve(one).direction for one in by_data[:2]] == ["higher", "lower"]


def test_a_direction_that_cannot_be_chosen_stays_the_stated_one(gathered: Gathered) -> None:
    nobody = chosen(gathered, Selection(age=(110.0, None)), direction="automatic")
    assert dict(study_roc.directions(nobody)) == {FF: "higher", R2STAR: "lower"}
    assert all(isinstance(one.result, NotDefined) for one in study_curves(nobody))


def test_the_two_styles_of_a_cut_off_call_the_same_patients(study: Study) -> None:
    for one in study_curves(study):
        called = {}
        for style in study_roc.STYLES:
            sign, value = one.criterion(style).split()
            values = one.model.probabilities if one.model is not None else one.marker
            rule = {">": np.greater, ">=": np.greater_equal, "<=": np.less_equal}[sign]
            called[style] = rule(values, float(value)).tolist()
        assert one.cutoff is not None
        assert called["observed"] == called["midpoint"]
        assert sum(called["observed"]) == one.cutoff.tp + one.cutoff.fp


def test_the_combined_cut_off_is_the_probability_that_the_model_names(study: Study) -> None:
    both = study_curves(study)[2]
    assert both.model is not None
    assert both.model.cutoff is not None
    assert both.criterion("observed") == str(both.model.cutoff.probability)


def test_past_the_last_value_there_is_no_midpoint(gathered: Gathered) -> None:
    for marker in ("FF", COMBINED):
        table = study_cutoffs(chosen(gathered, marker=marker))
        last = table.cutoffs[-1]
        assert table.marker.criterion("midpoint", last) == table.marker.criterion("observed", last)
        assert written(last.criterion, "midpoint") == str(last.criterion)


def test_intervals_of_an_area_by_every_method(study: Study) -> None:
    ff = study_curves(study)[0]
    found = curve(ff)
    drawn = curve_bootstraps((ff,))["FF"]
    assert isinstance(drawn, RocBootstrap)
    assert found.delong is not None
    assert area_interval(found, "delong", None) == (found.delong.ci, found.delong.p)
    hanley = found.hanley_mcneil
    assert area_interval(found, "hanley_mcneil", None) == (hanley.ci, hanley.p)
    assert area_interval(found, "exact", None) == (found.exact_ci, found.delong.p)
    assert area_interval(found, "bootstrap", drawn) == (drawn.ci, found.delong.p)
    assert area_interval(found, "bootstrap", None) == (None, found.delong.p)
    alone = roc([1.0, 2.0, 3.0], [0, 0, 1], direction="higher")
    assert isinstance(alone, Roc)
    assert area_interval(alone, "delong", None) == (None, None)


def test_the_resampled_interval_is_close_to_delongs(study: Study) -> None:
    drawn = curve_bootstraps(study_curves(study))
    for key, low, high in (("FF", 0.838, 0.948), ("R2STAR", 0.773, 0.913)):
        one = drawn[key]
        assert isinstance(one, RocBootstrap)
        assert (one.ci.low, one.ci.high) == pytest.approx((low, high), abs=0.015)
        assert one.youden is not None
        assert 0.0 < one.youden.optimism < 0.1


def test_what_has_no_curve_is_not_resampled(study: Study) -> None:
    assert curve_bootstraps(study_curves(blocked(study)))["R2STAR"] is BLOCKED


def test_exact_intervals_of_proportions_are_those_of_the_binomial_test(study: Study) -> None:
    cutoff = study_curves(study)[0].cutoff
    assert cutoff is not None
    exact = share_interval(cutoff.sensitivity, "exact")
    told = scipy.stats.binomtest(41, 49).proportion_ci(method="exact")
    assert (exact.low, exact.high) == pytest.approx((told.low, told.high), rel=1e-9)
    wilson = scipy.stats.binomtest(41, 49).proportion_ci(method="wilson")
    score = share_interval(cutoff.sensitivity, "wilson")
    assert (score.low, score.high) == pytest.approx((wilson.low, wilson.high), rel=1e-9)


# -- the criterion table ------------------------------------------------------------------------------------


def test_every_row_of_the_cut_off_table_counts_the_patients_it_calls(study: Study) -> None:
    table = study_cutoffs(study)
    values, ill = study.cohort.values[FF].round(9), study.cohort.positive == 1.0
    assert table.total == len(table.cutoffs) == np.unique(values).size
    for one, row in zip(table.cutoffs, table.patients, strict=True):
        called = values > round(one.criterion.value, 9)
        assert (one.tp, one.fp) == (int((called & ill).sum()), int((called & ~ill).sum()))
        assert values[row] == pytest.approx(one.criterion.value, abs=1e-9)


def test_the_cut_off_table_is_of_the_marker_that_was_chosen(gathered: Gathered) -> None:
    both = study_cutoffs(chosen(gathered, marker=COMBINED))
    assert both.marker.key == COMBINED
    shares = [float(both.marker.criterion("observed", one).split()[1]) for one in both.cutoffs]
    assert shares == sorted(shares)
    assert 0.0 < shares[0] < shares[-1] < 1.0
    assert study_cutoffs(chosen(gathered, marker="no such marker")).marker.key == "FF"


def test_a_marker_without_a_curve_has_no_cut_offs(gathered: Gathered) -> None:
    table = study_cutoffs(blocked(chosen(gathered, marker="R2STAR")))
    assert (table.cutoffs, table.total) == ((), 0)


def test_of_very_many_cut_offs_some_are_shown_and_the_best_among_them(
    study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(study_roc, "MOST_ROWS", 10)
    table = study_cutoffs(study)
    assert len(table.cutoffs) == 11
    assert table.total == 117
    shown = [one.criterion.value for one in table.cutoffs]
    assert table.marker.cutoff is not None
    assert table.marker.cutoff.criterion.value in shown
    values = study.cohort.values[FF]
    assert (shown[0], shown[-1]) == pytest.approx((values.min(), values.max()))


# -- compare ------------------------------------------------------------------------------------------------


def placements(values: np.ndarray, ill: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    gap = np.round(values[ill][:, np.newaxis] - values[~ill], 9)
    right = (gap > 0) + 0.5 * (gap == 0)
    return right.mean(axis=1), right.mean(axis=0)


def paired(found: StudyComparison, place: int) -> PairedRoc:
    result = found.pairs[place].result
    assert isinstance(result, PairedRoc)
    return result


def test_markers_are_compared_by_delong_on_the_same_patients(study: Study) -> None:
    found = study_comparison(study)
    assert [(one.first, one.second) for one in found.pairs] == [
        ("FF", "R2*"), ("FF", "age"), ("R2*", "age"), ("FF + R2*", "age"),
    ]  # fmt: skip
    ill = study.cohort.positive == 1.0
    ours, theirs = (placements(sign * study.cohort.values[one], ill) for one, sign in ((FF, 1), (R2STAR, -1)))
    variance = sum(np.var(a - b, ddof=1) / a.size for a, b in zip(ours, theirs, strict=True))
    gap = ours[0].mean() - theirs[0].mean()
    first = paired(found, 0)
    assert first.difference == pytest.approx(gap, abs=1e-12)
    assert first.p == pytest.approx(2 * scipy.stats.norm.sf(abs(gap) / np.sqrt(variance)), rel=1e-9)


def test_a_patient_without_an_age_is_in_no_comparison(study: Study) -> None:
    age = study.cohort.age.copy()
    age[:3] = np.nan
    found = study_comparison(replace(study, cohort=replace(study.cohort, age=age)))
    assert found.n_excluded == 3
    assert {one.result.n for one in found.markers} == {117}
    assert {one.result.n for one in found.pairs if isinstance(one.result, PairedRoc)} == {117}


def log_likelihood(columns: list[np.ndarray], ill: np.ndarray) -> float:
    """Maximum of the likelihood by a minimiser that knows nothing of ours."""
    scaled = [(one - one.mean()) / one.std() for one in columns]
    design = np.column_stack([np.ones(ill.size), *scaled])

    def loss(b: np.ndarray) -> float:
        predictor = design @ b
        return float(np.sum(np.logaddexp(0.0, predictor) - ill * predictor))

    return -float(scipy.optimize.minimize(loss, np.zeros(design.shape[1]), tol=1e-12).fun)


def test_what_is_added_is_twice_the_gain_of_the_likelihood(study: Study) -> None:
    found = study_comparison(study)
    ff, r2star, age = study.cohort.values[FF], study.cohort.values[R2STAR], study.cohort.age
    steps = [([ff], [r2star]), ([r2star], [ff]), ([age], [ff, r2star]), ([ff, r2star], [age])]
    for one, (base, added) in zip(found.nested, steps, strict=True):
        assert isinstance(one, NestedModels)
        gain = log_likelihood([*base, *added], study.cohort.positive) - log_likelihood(
            base, study.cohort.positive
        )
        assert one.chi2 == pytest.approx(2 * gain, abs=1e-5)
        assert one.df == len(added)
        assert one.p == pytest.approx(scipy.stats.chi2.sf(2 * gain, len(added)), rel=1e-3)


def test_added_areas_are_the_apparent_ones_less_their_optimism(study: Study) -> None:
    found = study_comparison(study)
    added = added_by_resampling(found)
    for one, area in zip(found.nested, added, strict=True):
        assert isinstance(one, NestedModels)
        assert isinstance(area, AddedArea)
        assert area.large < one.large.roc.auc
        assert area.ci.low < area.difference < area.ci.high
    # both maps are one model, whatever is added to whatever
    first, second = (one for one in added[:2] if isinstance(one, AddedArea))
    assert first.large == pytest.approx(second.large, abs=1e-12)


def test_delong_between_nested_models_comes_only_on_request_and_with_its_warning(gathered: Gathered) -> None:
    assert study_comparison(chosen(gathered)).delong == ()
    asked = study_comparison(chosen(gathered, nested="yes")).delong
    assert len(asked) == 4
    for one in asked:
        assert isinstance(one, PairedRoc)
        assert [note.code for note in one.notes] == ["roc.nested"]


def test_without_an_age_only_the_maps_are_compared(study: Study) -> None:
    found = study_comparison(bare(study))
    assert [one.name for one in found.markers] == ["FF", "R2*", "FF + R2*"]
    assert len(found.pairs) == 1
    assert len(found.nested) == 2


def test_a_blocked_map_leaves_the_other_one_to_be_compared_with_age(study: Study) -> None:
    found = study_comparison(blocked(study))
    assert [one.name for one in found.markers] == ["FF", "age"]
    assert found.blocked == (BLOCKED,)
    assert [(one.first, one.second) for one in found.pairs] == [("FF", "age")]
    assert len(found.nested) == 2


def test_models_that_cannot_be_fitted_leave_the_maps_to_be_compared(gathered: Gathered) -> None:
    study = chosen(gathered, nested="yes")
    same = {FF: study.cohort.values[FF], R2STAR: 200.0 - study.cohort.values[FF]}
    found = study_comparison(replace(bare(study), cohort=replace(bare(study).cohort, values=same)))
    assert [one.name for one in found.markers] == ["FF", "R2*"]
    assert all(isinstance(one, NotDefined) for one in (*found.nested, *found.delong))
    assert added_by_resampling(found) == found.nested


def test_without_both_classes_nothing_is_compared(gathered: Gathered) -> None:
    found = study_comparison(chosen(gathered, Selection(age=(110.0, None))))
    assert found.reason is not None
    assert found.reason.code == "roc.one_class"
    assert found.markers == ()


# -- columns ------------------------------------------------------------------------------------------------


def with_columns(gathered: Gathered) -> Gathered:
    """The study with eGFR of everybody but one, a column of one value, and one named like a map."""
    joined = []
    for number, one in enumerate(gathered.joined):
        given = (
            Covariate("eGFR", None if number == 4 else 60.0 + number % 37, ""),
            Covariate("site", 1.0, ""),
            Covariate("FF", float(number), ""),
        )
        joined.append(replace(one, row=replace(one.row, covariates=given)))
    joined.append(JoinedRow(ClinicalRow(line=999, covariates=(Covariate("eGFR", 1.0, ""),)), None, ""))
    return replace(gathered, joined=tuple(joined))


def test_further_columns_of_the_table_can_be_adjusted_for(gathered: Gathered) -> None:
    study = chosen(with_columns(gathered), covariates="column:eGFR")
    assert covariate_choices(study) == ("none", "age", "age_sex_bmi", "column:eGFR")
    (column,) = further_columns(study).values()
    row_of = {code: row for row, code in enumerate(study.cohort.codes)}
    code_of = {exam.id: exam.code for exam in gathered.enrolled}
    for number, one in enumerate(gathered.joined):
        told = column[row_of[code_of[one.exam_id or 0]]]
        assert np.isnan(told) if number == 4 else told == 60.0 + number % 37
    model = study_model(study).model
    assert isinstance(model, LogisticModel)
    assert model.names == ("FF", "R2*", "eGFR")
    assert (model.n, model.n_excluded) == (119, 1)


def test_a_column_that_is_there_no_more_is_not_adjusted_for(gathered: Gathered) -> None:
    study = chosen(gathered, covariates="column:eGFR")
    assert dict(covariates(study)) == {}
    assert list(reference_columns(study)) == ["age"]


def test_only_what_is_known_can_be_adjusted_for(study: Study) -> None:
    assert covariate_choices(bare(study)) == ("none",)
    aged = replace(study, cohort=replace(bare(study).cohort, age=study.cohort.age))
    assert covariate_choices(aged) == ("none", "age")


def test_sex_is_no_covariate_where_it_is_the_outcome(gathered: Gathered) -> None:
    study = chosen(gathered, Selection(outcome=Outcome.FEMALE), covariates="age_sex_bmi")
    assert list(covariates(study)) == ["age", "BMI"]
    assert list(covariates(chosen(gathered, covariates="age_sex_bmi"))) == ["age", "sex", "BMI"]


# -- the combined model -------------------------------------------------------------------------------------


def test_age_alone_and_the_model_with_age_stand_beside_the_model(study: Study) -> None:
    found = study_model(study)
    beside = [one for one in found.beside if isinstance(one, LogisticModel)]
    assert [one.names for one in beside] == [("age",), ("FF", "R2*", "age")]
    assert [round(one.roc.auc, 3) for one in beside] == [0.931, 0.966]
    assert found.inflation.keys() == {"FF", "R2*"}
    assert len(found.profile) == 3


def test_with_covariates_the_maps_alone_the_covariates_alone_and_age_alone_stand_beside(
    gathered: Gathered,
) -> None:
    found = study_model(chosen(gathered, covariates="age_sex_bmi"))
    assert found.names == ("FF", "R2*", "age", "sex", "BMI")
    beside = [one.names for one in found.beside if isinstance(one, LogisticModel)]
    assert beside == [("FF", "R2*"), ("age", "sex", "BMI"), ("age",)]


def test_patients_without_an_age_are_in_the_model_that_needs_none(study: Study) -> None:
    age = study.cohort.age.copy()
    age[:3] = np.nan
    found = study_model(replace(study, cohort=replace(study.cohort, age=age)))
    assert isinstance(found.model, LogisticModel)
    assert found.model.n == 120
    assert [one.n for one in found.beside if isinstance(one, LogisticModel)] == [117, 117, 117]


def test_each_patient_left_out_in_turn_gives_the_area_the_cohort_was_made_with(study: Study) -> None:
    found = study_model(study)
    assert isinstance(found.left_out, CrossValidation)
    # loocv_auc of the maker of the cohort
    assert round(found.left_out.auc_pooled, 3) == 0.921
    assert found.calibration is found.left_out.calibration


def test_areas_are_corrected_by_what_resamples_lose(study: Study) -> None:
    model = study_model(study).model
    assert isinstance(model, LogisticModel)
    found = corrected(model)
    assert isinstance(found.optimism, Optimism)
    assert found.optimism.auc_apparent == pytest.approx(model.roc.auc)
    assert found.optimism.auc_corrected == pytest.approx(0.927, abs=0.002)
    assert not isinstance(found.folds, NotDefined)
    assert found.folds.auc == pytest.approx(0.929, abs=0.006)


def separated(study: Study) -> Study:
    values = {FF: study.cohort.positive * 50.0 + study.cohort.values[FF], R2STAR: study.cohort.values[R2STAR]}
    return replace(study, cohort=replace(study.cohort, values=values))


def test_separated_classes_have_no_model_but_firths(gathered: Gathered) -> None:
    found = study_model(separated(chosen(gathered)))
    assert isinstance(found.model, NotDefined)
    assert found.model.code == "logistic.separation"
    assert found.calibration is None
    by_firth = study_model(separated(chosen(gathered, fit="firth"))).model
    assert isinstance(by_firth, FirthModel)
    assert by_firth.roc.auc == 1.0


def test_a_blocked_map_has_no_model(study: Study) -> None:
    found = study_model(blocked(study))
    assert found.model is BLOCKED
    assert found.names == ("FF", "R2*")
    assert study_model(bare(study)).beside == ()


# -- vertebrae and readers ----------------------------------------------------------------------------------


def test_vertebrae_are_clustered_in_their_patients(study: Study, gathered: Gathered) -> None:
    found = study_vertebrae(study)
    assert found.levels == LEVELS
    first = found.maps[0]
    assert isinstance(first.together, ClusteredRoc)
    assert (first.together.n, first.together.n_clusters) == (600, 120)
    # the area by its definition, over the means of both readers at each level
    told: dict[tuple[str, str], list[float]] = {}
    for cell in gathered.cells():
        mean = cell.stats[FF].mean
        assert mean is not None
        told.setdefault((cell.code, cell.level.value), []).append(mean)
    outcome = dict(zip(study.cohort.codes, study.cohort.positive, strict=True))
    ill = np.array([outcome[code] == 1.0 for code, _ in told])
    values = np.array([np.mean(one) for one in told.values()])
    assert first.together.auc == pytest.approx(share_in_order(values[ill], values[~ill]), abs=1e-12)
    # hanging together, they say less than six hundred patients would
    assert first.together.naive_se is not None
    assert first.together.clustered.se > 1.5 * first.together.naive_se
    assert len(first.by_level) == 5


def test_a_level_alone_is_the_cohort_of_that_level(gathered: Gathered) -> None:
    found = study_vertebrae(chosen(gathered))
    alone = study_curves(chosen(gathered, Selection(levels="L3")))
    for one, marker in zip(found.maps, alone, strict=False):
        level = one.by_level[2]
        assert isinstance(level, Roc)
        assert level.auc == curve(marker).auc


def test_a_single_level_is_no_cluster_of_more_than_one(gathered: Gathered) -> None:
    found = study_vertebrae(chosen(gathered, Selection(levels="L2")))
    together = found.maps[0].together
    assert isinstance(together, ClusteredRoc)
    assert together.naive_se == pytest.approx(together.clustered.se, rel=1e-9)


def test_vertebrae_of_patients_outside_the_cohort_do_not_count(gathered: Gathered) -> None:
    some = chosen(gathered, Selection(age=(None, 60.0), readers=ADJUDICATED))
    together = study_vertebrae(some).maps[0].together
    assert isinstance(together, ClusteredRoc)
    assert together.n_clusters == some.cohort.n < 120


def test_a_blocked_map_has_no_vertebrae_and_no_readers(study: Study) -> None:
    one = study_vertebrae(blocked(study)).maps[1]
    assert one.together is BLOCKED
    assert all(level is BLOCKED for level in one.by_level)
    readers = study_readers(blocked(study))
    assert isinstance(readers.result, Mrmc)
    assert readers.result.treatments == ("FF",)
    assert readers.blocked == (BLOCKED,)


def own_values(gathered: Gathered, reader: str, quantity: Quantity) -> dict[str, float]:
    told: dict[str, list[float]] = {}
    for cell in gathered.cells():
        mean = cell.stats[quantity].mean
        if cell.reader == reader and mean is not None:
            told.setdefault(cell.code, []).append(mean)
    return {code: float(np.mean(one)) for code, one in told.items()}


def test_every_reader_is_analysed_with_every_map(study: Study, gathered: Gathered) -> None:
    found = study_readers(study)
    assert isinstance(found.result, Mrmc)
    assert found.result.readers == found.readers == ("Reader 1", "Reader 2")
    assert found.result.n == 120
    ill = study.cohort.positive == 1.0
    for row, (quantity, sign) in enumerate(((FF, 1), (R2STAR, -1))):
        for column, reader in enumerate(found.readers):
            own = own_values(gathered, reader, quantity)
            values = sign * np.array([own[code] for code in study.cohort.codes])
            area = share_in_order(values[ill], values[~ill])
            assert found.result.areas[row, column] == pytest.approx(area, abs=1e-12)
            assert found.curves["FF" if row == 0 else "R2*", reader].auc == pytest.approx(area, abs=1e-12)


def test_covariances_of_readers_can_be_jackknifed(gathered: Gathered) -> None:
    one, other = (study_readers(chosen(gathered, covariance=way)).result for way in ("delong", "jackknife"))
    assert isinstance(one, Mrmc)
    assert isinstance(other, Mrmc)
    assert (one.method, other.method) == ("delong", "jackknife")
    assert one.random_both.means[0].se == pytest.approx(other.random_both.means[0].se, rel=0.05)


def test_a_single_reader_is_told_to_be_one(gathered: Gathered) -> None:
    alone = replace(gathered, told=tuple(one for one in gathered.told if one.reader == "Reader 1"))
    found = study_readers(chosen(alone))
    assert isinstance(found.result, NotDefined)
    assert found.result.code == "mrmc.one_reader"
    assert found.curves == {}


def test_without_a_reader_there_is_nothing_to_analyse(gathered: Gathered) -> None:
    found = study_readers(chosen(replace(gathered, told=())))
    assert isinstance(found.result, NotDefined)
    assert (found.readers, found.result.code) == ((), "mrmc.one_reader")


def test_all_maps_are_among_the_vertebrae(study: Study) -> None:
    assert [one.quantity for one in study_vertebrae(study).maps] == list(MEASURED)
