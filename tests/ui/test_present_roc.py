"""The ROC tab in words, rows and figures: what each view shows of the reference study, and of bad data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
from pytestqt.qtbot import QtBot

from app.domain.clinical import Covariate
from app.domain.maps import Quantity
from app.services.gather import Gathered, gather
from app.services.open_session import last_viewer
from app.services.reference_cohort import make_reference_session
from app.services.selection import Outcome, Selection
from app.services.study_data import Study, make_study
from app.services.study_roc import study_curves
from app.services.study_roc_models import corrected, study_model
from app.stats.mrmc_tests import Equality
from app.stats.optimism import Optimism
from app.stats.result import NotDefined, Note
from app.ui.pages.statistics_tables import TableView
from app.ui.plots.calibration import calibration_figure
from app.ui.plots.spec import Figure, Symbol
from app.ui.tabs import roc_compare, roc_curves, roc_model, roc_units
from app.ui.tabs.content import Panel, Tab, Table
from app.ui.tabs.panel import finish_tab, tab_panel
from app.ui.tabs.roc import finish_roc, roc_panel
from app.ui.tabs.roc_words import VIEWS

FF, R2STAR = Quantity.FF, Quantity.R2STAR
BLOCKED = NotDefined.of("cohort.mixed_field_strengths", strengths="1.5, 3")
# pairs in the right order, of 49 x 71: achieved.json says 0.8929
AREA = 3106.5 / (49 * 71)
FOLLOWS = {"curves", "compare", "model"}


@pytest.fixture(scope="module")
def gathered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gathered]:
    session = make_reference_session(tmp_path_factory.mktemp("roc") / "study.marrow")
    yield gather(session, last_viewer(session))
    session.close()


def chosen(gathered: Gathered, view: str, selection: Selection | None = None, **options: str) -> Study:
    made = (selection or Selection()).with_option("roc.view", view)
    for name, value in options.items():
        made = made.with_option(f"roc.{name}", value)
    return make_study(gathered, made)


def finished(study: Study) -> Panel:
    panel = roc_panel(study)
    return finish_roc(study, panel) if panel.unfinished else panel


def shown(gathered: Gathered, view: str, selection: Selection | None = None, **options: str) -> Panel:
    return finished(chosen(gathered, view, selection, **options))


def with_values(study: Study, values: Mapping[Quantity, np.ndarray]) -> Study:
    return replace(study, cohort=replace(study.cohort, values=values))


def blocked(study: Study) -> Study:
    return replace(study, cohort=replace(study.cohort, blocked={R2STAR.value: BLOCKED}))


def table(panel: Panel, title: str) -> Table:
    return next(one for one in panel.beside if one.title.startswith(title))


def cells(one: Table) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in one.rows}


def plot(panel: Panel) -> Figure:
    assert isinstance(panel.figure, Figure)
    return panel.figure


def words_of(panel: Panel) -> list[str]:
    said = [panel.title, panel.hint, panel.reason, panel.paper, *panel.notes]
    for one in panel.beside:
        said += [one.title, one.note, one.reason, *one.head, *(cell for row in one.rows for cell in row)]
    if isinstance(panel.figure, Figure):
        said += [spot.tip for spot in panel.figure.spots] + [one.label for one in panel.figure.legend]
    return said


# -- views and options --------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_has_a_figure_a_headline_and_a_sentence_for_the_paper(
    gathered: Gathered, view: str
) -> None:
    study = chosen(gathered, view)
    panel = tab_panel(study, Tab.ROC)
    assert plot(panel).footer == "Synthetic data"
    assert panel.beside[0].rows
    assert panel.paper.endswith(".")
    assert panel.unfinished == (view in FOLLOWS)
    assert panel.stem.endswith("L1-L5")


@pytest.mark.parametrize("view", VIEWS)
def test_what_is_chosen_is_among_the_choices_of_every_view(gathered: Gathered, view: str) -> None:
    gone = {"covariates": "column:gone", "marker": "gone", "direction": "gone", "interval": "gone"}
    for panel in (roc_panel(chosen(gathered, view)), roc_panel(chosen(gathered, view, None, **gone))):
        assert panel.options[0].name == "roc.view"
        for option in panel.options:
            assert option.chosen in [choice.key for choice in option.choices]
            assert option.title
            assert option.tip


def test_a_view_nobody_knows_is_the_first_one(gathered: Gathered) -> None:
    assert roc_panel(chosen(gathered, "gone")).stem == "roc-L1-L5"


@pytest.mark.parametrize("view", sorted(FOLLOWS))
def test_bootstrap_figures_come_into_tables_of_the_same_shape(gathered: Gathered, view: str) -> None:
    study = chosen(gathered, view)
    before = roc_panel(study)
    after = finish_tab(study, Tab.ROC, before)
    assert any("…" in cell for one in before.beside for row in one.rows for cell in row)
    assert not any("…" in text for text in words_of(after))
    assert not after.unfinished
    assert after.figure is before.figure
    for old, new in zip(before.beside, after.beside, strict=True):
        assert (old.title, old.head, old.note, old.strong) == (new.title, new.head, new.note, new.strong)
        for row, other in zip(old.rows, new.rows, strict=True):
            for cell, filled in zip(row, other, strict=True):
                assert cell == filled or "…" in cell


@pytest.mark.parametrize(
    ("view", "options"),
    [
        ("curves", {}),
        ("curves", {"interval": "bootstrap", "style": "midpoint"}),
        ("compare", {"nested": "yes", "covariates": "age_sex_bmi"}),
        ("model", {"covariates": "age_sex_bmi"}),
    ],
)
def test_nothing_moves_when_the_bootstrap_figures_come(
    qtbot: QtBot, gathered: Gathered, view: str, options: dict[str, str]
) -> None:
    study = chosen(gathered, view, None, **options)
    before = roc_panel(study)
    for old, new in zip(before.beside, finish_roc(study, before).beside, strict=True):
        widths = []
        for one in (old, new):
            made = TableView(one)
            qtbot.addWidget(made)
            made.resize(660, 400)
            made._fit(660)
            columns = [made.columnWidth(column) for column in range(len(one.head))]
            widths.append((columns, made.verticalHeader().length()))
        assert widths[0] == widths[1], old.title


# -- curves -------------------------------------------------------------------------------------------------


def test_the_first_table_is_table_2_of_the_study(gathered: Gathered) -> None:
    rows = shown(gathered, "curves").beside[0].rows
    assert [row[:2] for row in rows] == [
        ("FF", "0.893"), ("R2*", "0.843"), ("FF + R2*", "0.931"), ("Age alone", "0.931"),
    ]  # fmt: skip
    assert rows[0][2] == "0.838 to 0.948\np < 0.001"
    assert rows[1][2] == "0.773 to 0.913\np < 0.001"
    assert rows[2][2] == "0.890 to 0.972\np < 0.001"
    assert [row[3] for row in rows[:2]] == ["> 56.09 %", "<= 138.31 Hz"]
    assert [row[6] for row in rows[:3]] == ["0.668", "0.613", "0.705"]


def test_predictive_values_and_ratios_are_those_of_the_counts(gathered: Gathered) -> None:
    rows = cells(table(shown(gathered, "curves"), "Predictive values and ratios"))
    # 41 of 49 and 59 of 71
    positive, negative = (41 / 49) / (12 / 71), (8 / 49) / (59 / 71)
    assert rows["FF"][0].startswith(f"{100 * 41 / 53:.1f} % (41/53)\n")
    assert rows["FF"][1].startswith(f"{100 * 59 / 67:.1f} % (59/67)\n")
    assert [cell.split("\n")[0] for cell in rows["FF"][2:]] == [
        f"{positive:.2f}", f"{negative:.2f}", f"{41 * 59 / (12 * 8):.1f}",
    ]  # fmt: skip
    half = 1.959964 * np.sqrt(1 / 41 - 1 / 49 + 1 / 12 - 1 / 71)
    assert rows["FF"][2].split("\n")[1] == f"{positive / np.exp(half):.2f} – {positive * np.exp(half):.2f}"


def test_predictive_values_at_another_prevalence_are_by_bayes(gathered: Gathered) -> None:
    assert not [one for one in shown(gathered, "curves").beside if "prevalence of 20 %" in one.title]
    rows = cells(
        table(shown(gathered, "curves", prevalence="20"), "Predictive values at a prevalence of 20 %")
    )
    sensitivity, specificity = 41 / 49, 59 / 71
    ppv = 0.2 * sensitivity / (0.2 * sensitivity + 0.8 * (1 - specificity))
    npv = 0.8 * specificity / (0.8 * specificity + 0.2 * (1 - sensitivity))
    assert [cell.split("\n")[0] for cell in rows["FF"]] == [f"{100 * ppv:.1f} %", f"{100 * npv:.1f} %"]


def test_the_youden_cut_off_has_an_interval_and_a_corrected_index(gathered: Gathered) -> None:
    rows = cells(table(shown(gathered, "curves"), "Cut-off over 2000 resamples"))
    assert list(rows) == ["FF", "R2*", "Age alone"]
    low, high = re.findall(r"[\d.]+", rows["FF"][0])
    assert float(low) < 56.09 < float(high)
    assert rows["FF"][0].endswith(" %")
    assert float(rows["FF"][2]) < float(rows["FF"][1]) == 0.668


def hanley_mcneil() -> str:
    """By the formula of 1982, for an area of 0.8928 over 49 and 71 patients."""
    first, second = AREA / (2 - AREA), 2 * AREA**2 / (1 + AREA)
    spread = AREA * (1 - AREA) + 48 * (first - AREA**2) + 70 * (second - AREA**2)
    half = 1.959964 * np.sqrt(spread / (49 * 71))
    return f"{AREA - half:.3f} to {AREA + half:.3f}"


def exact() -> str:
    """A binomial proportion of 120 patients, by the quantiles of the beta distribution."""
    hits = 120 * AREA
    low, high = (
        scipy.stats.beta.ppf(0.025, hits, 121 - hits),
        scipy.stats.beta.ppf(0.975, hits + 1, 120 - hits),
    )
    return f"{low:.3f} to {high:.3f}"


@pytest.mark.parametrize(
    ("method", "limits", "word"),
    [
        ("delong", "0.838 to 0.948", "DeLong"),
        ("hanley_mcneil", hanley_mcneil(), "Hanley-McNeil"),
        ("exact", exact(), "exact"),
    ],
)
def test_the_interval_of_an_area_is_told_with_its_method(
    gathered: Gathered, method: str, limits: str, word: str
) -> None:
    panel = shown(gathered, "curves", interval=method)
    assert panel.beside[0].rows[0][2].startswith(limits)
    assert f"Intervals: {word} (AUC)" in panel.beside[0].note
    assert f"{limits}, {word}; 49 of 120 patients" in panel.paper


def test_the_bootstrap_interval_follows_in_table_and_paper(gathered: Gathered) -> None:
    study = chosen(gathered, "curves", None, interval="bootstrap")
    before = roc_panel(study)
    assert before.beside[0].rows[0][2] == "…\np < 0.001"
    assert "0.893 (95 % CI … to …, bootstrap" in before.paper
    after = finish_roc(study, before)
    assert re.fullmatch(r"0\.8\d\d to 0\.9\d\d\np < 0\.001", after.beside[0].rows[0][2])


def test_cut_offs_can_be_written_as_spss_does_and_proportions_have_exact_limits(gathered: Gathered) -> None:
    panel = shown(gathered, "curves", style="midpoint", share="exact")
    assert panel.beside[0].rows[0][3].startswith(">= 56.")
    # Clopper and Pearson's limits of 41/49
    assert panel.beside[0].rows[0][4] == "83.7 % (41/49)\n70.3 – 92.7 %"
    assert "exact (proportions)" in panel.beside[0].note
    assert "70.3 to 92.7 %" in panel.paper


def test_the_outcome_is_named_wherever_it_matters(gathered: Gathered) -> None:
    low = shown(gathered, "curves", Selection(outcome=Outcome.LOW_BONE_MASS))
    assert low.title == "ROC curves for osteoporosis or osteopenia"
    assert "T-score < -1.0 (90 of 120 patients)" in low.beside[0].note
    female = shown(gathered, "curves", Selection(outcome=Outcome.FEMALE))
    assert "female sex (63 of 120 patients)" in female.beside[0].note
    assert "Directions are chosen by the medians" in female.beside[0].note
    assert any("The direction was chosen by the medians" in note for note in female.notes)


def test_a_marker_that_points_the_wrong_way_has_no_cut_off_to_offer(gathered: Gathered) -> None:
    study = chosen(gathered, "curves", None, prevalence="10")
    ill = study.cohort.positive
    turned = {FF: 50.0 - 10.0 * ill, R2STAR: study.cohort.values[R2STAR]}
    panel = finished(with_values(study, turned))
    assert panel.beside[0].rows[0] == ("FF", "0.000", "0.000 to 0.000", *["–"] * 4)
    assert cells(table(panel, "Cut-off over"))["FF"] == ("–", "–", "–", "–")
    assert cells(table(panel, "Predictive values at"))["FF"] == ("–", "–")
    assert any(note.startswith("FF: The AUC of 0.000 is below 0.5") for note in panel.notes)


def test_a_single_patient_with_the_outcome_has_an_area_without_an_interval(gathered: Gathered) -> None:
    study = chosen(gathered, "curves")
    first = np.flatnonzero(study.cohort.positive == 1.0)[0]
    alone = np.zeros(study.cohort.n)
    alone[first] = 1.0
    panel = finished(replace(study, cohort=replace(study.cohort, positive=alone)))
    assert panel.beside[0].rows[0][2] == "–"
    assert "of FF (mean of L1-L5) for osteoporosis was" in panel.paper
    assert "(1 of 120 patients)" in panel.paper
    assert any("resampling cannot vary it" in note for note in panel.notes)


def test_perfect_markers_put_no_infinite_ratio_on_screen(gathered: Gathered) -> None:
    study = chosen(gathered, "curves", None, prevalence="10")
    perfect = {FF: study.cohort.positive * 10.0, R2STAR: study.cohort.values[R2STAR]}
    panel = finished(with_values(study, perfect))
    assert cells(table(panel, "Predictive values and"))["FF"][2:] == ("–", "0.00", "–")
    assert cells(table(panel, "Predictive values at"))["FF"] == ("100.0 %", "100.0 %")


# -- cut-off table ------------------------------------------------------------------------------------------


def test_the_cut_off_table_marks_the_youden_cut_off_and_counts_every_row(gathered: Gathered) -> None:
    panel = shown(gathered, "cutoffs")
    one = panel.beside[0]
    (best,) = [row for row in one.rows if row[0].endswith("Youden")]
    assert best[0] == "> 56.09\nYouden"
    assert best[3:] == ("0.668", "77.4 %", "88.1 %", "4.95", "0.20")
    assert one.note.startswith("All 117 cut-offs.")
    assert one.head[0] == "Criterion (%)"
    assert one.rows[-1][4] == "–"


def test_a_click_on_a_cut_off_opens_a_patient_with_its_value(gathered: Gathered) -> None:
    study = chosen(gathered, "cutoffs")
    figure = plot(roc_panel(study))
    values = dict(zip(study.cohort.codes, study.cohort.values[FF], strict=True))
    points = [spot for spot in figure.spots if spot.code]
    assert len(points) == 117
    for spot in points:
        told = float(re.findall(r"> ([\d.]+)", spot.tip)[0])
        assert values[spot.code] == pytest.approx(told, abs=0.006)


def test_the_cut_off_table_of_the_model_is_of_probabilities_at_the_prevalence_asked_for(
    gathered: Gathered,
) -> None:
    panel = shown(gathered, "cutoffs", marker="combined", prevalence="10", style="midpoint")
    assert panel.beside[0].head[0] == "Probability"
    assert "at a prevalence of 10 %" in panel.beside[0].note
    assert panel.paper.startswith("At a predicted probability >= 0.")
    assert panel.title == "Cut-offs of FF + R2* for osteoporosis"


def test_age_is_no_marker_where_nobody_has_an_age(gathered: Gathered) -> None:
    study = chosen(gathered, "cutoffs")
    nobody = replace(study, cohort=replace(study.cohort, age=np.full(study.cohort.n, np.nan)))
    (option,) = [one for one in roc_panel(nobody).options if one.name == "roc.marker"]
    assert [one.key for one in option.choices] == ["FF", "R2STAR", "combined"]


def test_some_of_very_many_cut_offs_are_told_to_be_some(
    gathered: Gathered, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.services.study_roc.MOST_ROWS", 20)
    assert shown(gathered, "cutoffs").beside[0].note.startswith("21 of 117 cut-offs, evenly")


def test_a_blocked_marker_has_its_reason_in_place_of_a_cut_off_table(gathered: Gathered) -> None:
    panel = roc_panel(blocked(chosen(gathered, "cutoffs", None, marker="R2STAR")))
    assert panel.reason.startswith("Not defined: R2* of different field strengths")
    assert (panel.figure, panel.beside, panel.paper) == (None, (), "")


# -- compare ------------------------------------------------------------------------------------------------


def test_markers_are_compared_two_by_two_and_models_by_what_they_add(gathered: Gathered) -> None:
    panel = shown(gathered, "compare")
    pairs = cells(table(panel, "Areas compared"))
    assert pairs["FF (0.893) − R2* (0.843)"] == ("0.050", "-0.032 to 0.132", "0.233")
    assert "FF + R2* (0.931) − age (0.931)" in pairs
    added = cells(table(panel, "What is added"))
    assert added["FF + R2* to age"] == ("26.35", "2", "< 0.001")
    areas = cells(table(panel, "Areas corrected"))
    assert [float(cell) for cell in areas["FF + R2* to age"][:3]] == pytest.approx(
        [0.931, 0.960, 0.029], abs=2e-3
    )
    assert "Adding FF + R2* to age improved the fit by chi-square = 26.35" in panel.paper
    assert "The 120 patients complete in all markers; 0 left out." in table(panel, "Areas compared").note


def test_delong_between_nested_models_comes_with_the_warning_that_it_is_not_valid(
    gathered: Gathered,
) -> None:
    assert not [note for note in shown(gathered, "compare").notes if "nested in the other" in note]
    asked = shown(gathered, "compare", nested="yes")
    assert len(table(asked, "DeLong between nested models: not valid").rows) == 4
    assert [note for note in asked.notes if "DeLong's test is not valid between such models" in note]


def test_without_models_the_reason_stands_in_the_tables(gathered: Gathered) -> None:
    study = chosen(gathered, "compare")
    values = study.cohort.values[FF]
    alone = replace(study.cohort, values={FF: values, R2STAR: 200.0 - values}, age=np.full(120, np.nan))
    panel = roc_panel(replace(study, cohort=alone))
    assert not panel.unfinished
    assert table(panel, "What is added").reason.startswith("Not defined: the columns determine each other")
    assert [one.title for one in panel.beside][-1].startswith("What is added")


def test_a_single_marker_has_nothing_to_be_compared_with(gathered: Gathered) -> None:
    study = blocked(chosen(gathered, "compare"))
    panel = roc_panel(replace(study, cohort=replace(study.cohort, age=np.full(120, np.nan))))
    assert table(panel, "Areas compared").reason.startswith("There is a single marker")
    assert any("different field strengths" in note for note in panel.notes)
    assert panel.paper == ""


def test_pairs_and_resamples_that_are_not_defined_say_why(
    gathered: Gathered, monkeypatch: pytest.MonkeyPatch
) -> None:
    why = NotDefined.of("optimism.few_fitted", failed=300, replicates=2000)
    monkeypatch.setattr(roc_compare, "added_by_resampling", lambda found: (why,) * len(found.nested))
    study = chosen(gathered, "compare")
    first = np.flatnonzero(study.cohort.positive == 1.0)[0]
    alone = np.zeros(study.cohort.n)
    alone[first] = 1.0
    panel = finished(replace(study, cohort=replace(study.cohort, positive=alone)))
    assert {row[1:] for row in table(panel, "Areas compared").rows} == {("–", "–", "–")}
    assert {row[1:] for row in table(panel, "Areas corrected").rows} == {("–",) * 4}
    told = [note for note in panel.notes if "could not be fitted to 300 of 2000" in note]
    assert told[0].startswith("R2* to FF: Not defined")


# -- the combined model -------------------------------------------------------------------------------------


def test_the_model_has_its_area_corrected_with_age_alone_and_with_age_beside_it(gathered: Gathered) -> None:
    panel = shown(gathered, "model")
    rows = cells(panel.beside[0])
    assert list(rows) == ["FF + R2*", "Age alone", "FF + R2* + age"]
    assert [row[0] for row in rows.values()] == ["0.931", "0.931", "0.966"]
    assert [float(row[2]) for row in rows.values()] == pytest.approx([0.927, 0.931, 0.960], abs=2e-3)
    assert [float(row[4]) for row in rows.values()] == pytest.approx([0.930, 0.931, 0.962], abs=4e-3)
    assert "The apparent area under the ROC curve of 0.931 was 0.927 after correction" in panel.paper
    assert any("in-sample and look better" in note for note in panel.notes)


def test_coefficients_have_both_intervals_odds_ratios_and_their_inflation(gathered: Gathered) -> None:
    panel = shown(gathered, "model")
    told = cells(table(panel, "Coefficients"))
    assert told["FF"] == ("0.211", "0.116 to 0.306", "0.128 to 0.321", "< 0.001", "1.00")
    assert told["(intercept)"][4] == ""
    odds = cells(table(panel, "Odds ratios"))
    assert odds["FF"][0] == f"{np.exp(0.2111):.3f}"
    assert list(odds) == ["FF", "R2*"]
    rule = table(panel, "Youden cut-off, in-sample")
    assert "positive where 2.0193 + 0.2111 x FF - 0.1015 x R2* > 0.3565" in rule.note
    assert "(38/49)" in rule.rows[0][1]


def test_fit_and_calibration_are_told_apart(gathered: Gathered) -> None:
    panel = shown(gathered, "model")
    assert cells(table(panel, "Fit, in-sample"))["Hosmer-Lemeshow"] == ("5.11", "8", "0.746")
    left_out = cells(table(panel, "Calibration, each patient left out"))
    assert left_out["AUC"][0] == "0.921"
    assert left_out["Slope"][0] == "0.914"


def test_the_meaning_of_sex_is_told_where_the_model_knows_it(gathered: Gathered) -> None:
    assert "1 female" not in table(shown(gathered, "model"), "Coefficients").note
    for fit in ("likelihood", "firth"):
        panel = shown(gathered, "model", covariates="age_sex_bmi", fit=fit)
        assert "sex: 1 female, 0 male" in table(panel, "Coefficients").note


def test_separated_classes_are_said_and_firth_is_offered_and_has_an_answer(gathered: Gathered) -> None:
    study = chosen(gathered, "model")
    values = {FF: study.cohort.positive * 50.0, R2STAR: study.cohort.values[R2STAR]}
    panel = finished(with_values(study, values))
    assert panel.figure is None
    assert panel.reason.startswith("Not defined: the columns separate the 120 patients")
    assert panel.reason.endswith("Choose Firth under Fit: its penalised likelihood has an answer here.")
    assert panel.beside[0].rows[0] == ("FF + R2*", *["–"] * 5)
    by_firth = finished(with_values(chosen(gathered, "model", None, fit="firth"), values))
    assert by_firth.figure is not None
    assert by_firth.beside[0].rows[0][:2] == ("FF + R2* (Firth)", "1.000")
    assert by_firth.beside[0].rows[0][3:] == ("–", "–", "–")
    assert cells(table(by_firth, "Coefficients"))["(intercept)"][3:] == ("", "")


def test_a_model_of_other_patients_says_how_many_they_are(gathered: Gathered) -> None:
    study = chosen(gathered, "model")
    age = study.cohort.age.copy()
    age[:3] = np.nan
    rows = cells(finished(replace(study, cohort=replace(study.cohort, age=age))).beside[0])
    assert "FF + R2* (n = 120)" in rows
    assert "FF + R2* + age (n = 117)" in rows


def test_few_events_for_each_predictor_are_told(gathered: Gathered) -> None:
    panel = shown(gathered, "model", Selection(age=(None, 58.0)))
    assert any("events per predictor" in note for note in panel.notes)


def test_what_cannot_be_resampled_or_left_out_says_why(
    gathered: Gathered, monkeypatch: pytest.MonkeyPatch
) -> None:
    optimism = NotDefined.of("optimism.few_fitted", failed=300, replicates=2000)
    folds = NotDefined.of("cross.not_fitted", failed=3, folds=200)
    made = corrected
    monkeypatch.setattr(
        roc_model, "corrected", lambda model: replace(made(model), optimism=optimism, folds=folds)
    )
    made_model = study_model
    monkeypatch.setattr(
        roc_model,
        "study_model",
        lambda one: replace(
            made_model(one), left_out=folds, hosmer_lemeshow=NotDefined.of("hosmer_lemeshow.certain")
        ),
    )
    panel = shown(gathered, "model")
    assert panel.beside[0].rows[0][3:] == ("–", "–", "–")
    assert table(panel, "Calibration").reason.startswith("Not defined: 3 of 200 models")
    assert cells(table(panel, "Fit"))["Hosmer-Lemeshow"] == ("–", "–", "–")
    assert any(note.startswith("FF + R2*: Not defined: the model could not") for note in panel.notes)
    assert any("predicted with certainty" in note for note in panel.notes)


def test_models_beside_that_cannot_be_fitted_say_why(gathered: Gathered) -> None:
    study = chosen(gathered, "model")
    separating = replace(study.cohort, age=40.0 + 30.0 * study.cohort.positive)
    panel = finished(replace(study, cohort=separating))
    assert list(cells(panel.beside[0])) == ["FF + R2*"]
    assert any(note.startswith("Not defined: the columns separate") for note in panel.notes)


def test_a_model_that_is_no_use_has_no_rule(gathered: Gathered) -> None:
    model = next(one.model for one in study_curves(chosen(gathered, "model")) if one.model is not None)
    useless = replace(
        model, roc=replace(model.roc, cutoffs=(replace(model.roc.cutoffs[0], tp=0),)), cutoffs=()
    )
    assert useless.names == ("FF", "R2*")
    zero = replace(model.roc.cutoffs[0], sensitivity=replace(model.roc.cutoffs[0].sensitivity, count=0))
    told = roc_model._cutoff(replace(model, roc=replace(model.roc, cutoffs=(zero,))))
    assert told.reason == "No cut-off is better than chance."


def test_further_columns_can_be_chosen_by_their_header(gathered: Gathered) -> None:
    joined = tuple(
        replace(one, row=replace(one.row, covariates=(Covariate("eGFR", 60.0 + number % 37, ""),)))
        for number, one in enumerate(gathered.joined)
    )
    panel = shown(replace(gathered, joined=joined), "model", covariates="column:eGFR")
    (option,) = [one for one in panel.options if one.name == "roc.covariates"]
    assert [one.text for one in option.choices] == ["nothing", "age", "age, sex and BMI", "eGFR"]
    assert "eGFR" in cells(table(panel, "Coefficients"))


# -- the calibration plot -----------------------------------------------------------------------------------


def test_every_patient_stands_at_the_edge_of_the_calibration_plot_and_answers_a_click(
    gathered: Gathered,
) -> None:
    study = chosen(gathered, "model")
    figure = plot(roc_panel(study))
    outcome = dict(zip(study.cohort.codes, study.cohort.positive, strict=True))
    patients = [spot for spot in figure.spots if spot.code]
    assert {spot.code for spot in patients} == set(study.cohort.codes)
    for spot in patients:
        assert (spot.y > 100.0) == (outcome[spot.code] == 1.0)
        assert (spot.symbol is Symbol.TRIANGLE) == (outcome[spot.code] == 1.0)
        assert f"{spot.x:.1f} %" in spot.tip
    groups = [spot for spot in figure.spots if not spot.code]
    assert len(groups) == 10


def test_groups_of_the_calibration_plot_hold_every_patient_once(gathered: Gathered) -> None:
    figure = plot(roc_panel(chosen(gathered, "model")))
    counts = [re.findall(r"\((\d+)/(\d+)\)", spot.tip)[0] for spot in figure.spots if not spot.code]
    assert sum(int(total) for _, total in counts) == 120
    assert sum(int(events) for events, _ in counts) == 49


def test_without_groups_and_without_a_line_the_plot_still_shows_the_patients() -> None:
    why = NotDefined.of("hosmer_lemeshow.certain")
    figure = calibration_figure(
        why, None, probabilities=np.array([0.2, 0.9]), diseased=np.array([0.0, 1.0]), codes=("A", "B")
    )
    assert [spot.code for spot in figure.spots] == ["A", "B"]
    assert len(figure.curves) == 1
    assert [entry.label for entry in figure.legend] == ["perfect", "with the outcome", "without"]


# -- vertebrae and readers ----------------------------------------------------------------------------------


def test_vertebrae_have_the_error_of_their_clusters_beside_the_naive_one(gathered: Gathered) -> None:
    panel = shown(gathered, "vertebrae")
    row = cells(panel.beside[0])["FF"]
    assert row[0] == "0.883"
    assert float(row[3]) > 1.5 * float(row[4])
    assert row[5] == "600\n(120)"
    assert [one[0] for one in panel.beside[1].rows] == ["L1", "L2", "L3", "L4", "L5"]
    assert "over 600 vertebrae of 120 patients" in panel.paper


def test_vertebrae_of_a_blocked_map_have_a_row_of_dashes(gathered: Gathered) -> None:
    panel = roc_panel(blocked(chosen(gathered, "vertebrae")))
    assert panel.beside[0].rows[1] == ("R2*", *["–"] * 6)
    assert panel.beside[1].rows[0][3:] == ("–", "–")
    assert any("different field strengths" in note for note in panel.notes)


def test_warnings_about_a_curve_over_vertebrae_name_the_map(gathered: Gathered) -> None:
    study = chosen(gathered, "vertebrae")
    panel = roc_panel(replace(study, cohort=replace(study.cohort, positive=1.0 - study.cohort.positive)))
    wrong = [note for note in panel.notes if "points the other way" in note]
    assert [note.split(": ")[0] for note in wrong] == ["FF", "R2*"]


def test_readers_have_a_row_each_and_three_ways_to_generalise(gathered: Gathered) -> None:
    panel = shown(gathered, "readers")
    rows = cells(panel.beside[0])
    assert list(rows) == ["Reader 1", "Reader 2"]
    assert rows["Reader 1"][0].startswith("0.865\n")
    means = panel.beside[1].rows
    assert [row[1].split("\n")[0] for row in means] == ["0.877"] * 3
    assert means[0][4].startswith("F ")
    assert means[1][4].startswith("χ² ")
    assert any("2 readers are few" in note for note in panel.notes)
    looks = {(curve.tone, curve.dash) for curve in plot(panel).curves[1:]}
    assert len(looks) == 4


def test_an_f_without_end_of_degrees_is_no_chi_square() -> None:
    test = Equality(2.0, 0.01, 1, None, 0.157)
    assert roc_units._test_cells("random_both", test) == ("F 2.00 (df 1, ∞)", "0.157")
    assert roc_units._test_cells("fixed_readers", test) == ("χ² 2.00 (df 1)", "0.157")
    many = replace(test, df2=12345.6)
    assert roc_units._test_cells("random_both", many)[0] == "F 2.00 (df 1, 12346)"


def test_readers_of_a_single_map_have_means_and_nothing_to_compare(gathered: Gathered) -> None:
    panel = roc_panel(blocked(chosen(gathered, "readers")))
    assert panel.beside[0].head == ("Reader", "FF\n95 % CI")
    assert {len(row) for row in panel.beside[1].rows} == {2}


def test_a_single_reader_has_the_reason_in_place_of_a_figure(gathered: Gathered) -> None:
    alone = replace(gathered, told=tuple(one for one in gathered.told if one.reader == "Reader 1"))
    panel = shown(alone, "readers")
    assert panel.figure is None
    assert panel.reason.startswith("Not defined: an analysis of several readers needs two")


def test_readers_who_measured_the_same_have_no_test(gathered: Gathered) -> None:
    study = chosen(gathered, "readers")
    reader_1 = [one for one in gathered.told if one.reader == "Reader 1"]
    both = (*reader_1, *(replace(one, reader="Reader 2") for one in reader_1))
    same = tuple(replace(one, stats={FF: one.stats[FF], R2STAR: one.stats[FF]}) for one in both)
    panel = roc_panel(
        make_study(replace(gathered, told=same), study.selection.with_option("roc.direction", "automatic"))
    )
    assert panel.beside[1].rows[2][4:] == ("–", "–")
    assert panel.beside[0].rows[0][4] == "–"


# -- bad data -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("count", [0, 1, 2, 3, 5, 8])
def test_no_number_of_patients_puts_nan_or_inf_on_screen(gathered: Gathered, view: str, count: int) -> None:
    half = {exam.id for exam in (*gathered.enrolled[:count], *gathered.enrolled[-count:])} if count else set()
    few = replace(gathered, told=tuple(one for one in gathered.told if one.exam_id in half))
    for options in ({}, {"covariates": "age_sex_bmi", "fit": "firth", "nested": "yes", "interval": "exact"}):
        panel = shown(few, view, None, **options)
        assert panel.figure is not None or panel.reason
        for text in words_of(panel):
            assert not re.search(r"\b(nan|inf|None)\b", text, re.IGNORECASE), text


@pytest.mark.parametrize("view", VIEWS)
def test_columns_of_one_value_are_told_and_break_nothing(gathered: Gathered, view: str) -> None:
    study = chosen(gathered, view, None, nested="yes")
    flat = np.full(study.cohort.n, 50.0)
    panel = finished(with_values(study, {FF: flat, R2STAR: flat}))
    assert panel.figure is not None or panel.reason
    for text in words_of(panel):
        assert not re.search(r"\b(nan|inf|None)\b", text, re.IGNORECASE), text


@pytest.mark.parametrize("view", VIEWS)
def test_without_an_outcome_the_reason_stands_in_place_of_the_figure(gathered: Gathered, view: str) -> None:
    study = chosen(replace(gathered, joined=()), view)
    panel = roc_panel(study)
    assert panel.figure is None
    assert panel.reason.startswith("Not defined: a ROC curve needs patients with and without the outcome")
    assert not panel.unfinished
    assert panel.paper == ""


def test_notes_of_resamples_name_their_marker(gathered: Gathered) -> None:
    markers = study_curves(chosen(gathered, "curves"))
    why = NotDefined.of("bootstrap.one_case")
    told = list(roc_curves._notes(markers, {"FF": why}))
    assert any(note.startswith("FF: Not defined: one of the two classes") for note in told)


def test_resamples_left_out_are_told_with_the_model(gathered: Gathered) -> None:
    study = chosen(gathered, "model")
    found = study_model(study)
    model = found.beside[0]
    assert not isinstance(model, NotDefined)
    note = Note.of("optimism.failed", failed=3, replicates=2000)
    made = corrected(model)
    assert isinstance(made.optimism, Optimism)
    told = list(
        roc_model._notes(
            found, {(model.names, model.n): replace(made, optimism=replace(made.optimism, notes=(note,)))}
        )
    )
    assert any(one.startswith("age: 3 of 2000 resamples were left out") for one in told)
