"""What stands on the tabs of two choices: incomplete sets of levels, and what makes the groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QDeadlineTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox
from pytestqt.qtbot import QtBot

from app.domain.clinical import Scheme
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.protocol import LEVELS, Protocol
from app.services.gather import Gathered
from app.services.join_clinical import import_clinical
from app.services.open_session import create_session, readers_of
from app.services.selection import Grouping, LevelMean, Outcome, Selection
from app.services.study_data import make_study
from app.store import audit, exams, results, sessions
from app.ui.pages.statistics import StatisticsPage
from app.ui.pages.statistics_bar import SelectionBar
from app.ui.tabs.content import LongTable, Panel, Prose, Tab, main_text, tsv
from app.ui.tabs.panel import finish_tab, make_bar, tab_panel
from app.ui.workspace import Workspace

AT_LEAST, COMPLETE, ADJUSTED = LevelMean
QCT = Scheme.QCT
GatheredOf = Callable[..., Gathered]
WAIT = 60_000
TABS = (Tab.COHORT, Tab.AGREEMENT, Tab.CORRELATION, Tab.GROUPS, Tab.ROC)
VIEWS = ("curves", "cutoffs", "compare", "model", "vertebrae", "readers")


@pytest.fixture(scope="module")
def forty(gathered_of: GatheredOf) -> Gathered:
    """Forty patients, four of whom lack L1 or L4, four more without a density; T-score and QCT disagree."""
    rng = np.random.default_rng(6)
    truth = rng.normal(50.0, 8.0, (40, 1, 1))
    ff = truth + 2.0 * np.arange(5.0) + rng.normal(0.0, 1.0, (40, 2, 5))
    r2star = 190.0 - truth + rng.normal(0.0, 4.0, (40, 2, 5))
    ff[:2, :, 0] = ff[2:4, 0, 3] = np.nan
    bmd = (200.0 - 2.0 * truth[:, 0, 0] + rng.normal(0.0, 12.0, 40)).round(1)
    bmd[4:8] = np.nan
    return gathered_of(
        ff, r2star, bmd=bmd, tscore=(5.0 - 0.12 * truth[:, 0, 0] + rng.normal(0.0, 1.0, 40)).round(1),
        units=("mg/cm3",), sex=["F", "M"] * 20, age=rng.normal(60.0, 8.0, 40), bmi=rng.normal(23.0, 2.0, 40),
    )  # fmt: skip


def panel(gathered: Gathered, tab: Tab, selection: Selection) -> Panel:
    return tab_panel(make_study(gathered, selection), tab)


def footer(shown: Panel) -> str:
    assert shown.figure is not None
    return shown.figure.footer


# -- the bar ----------------------------------------------------------------------------------------------


def test_the_bar_offers_what_can_become_of_incomplete_sets(forty: Gathered) -> None:
    offered = make_bar(make_study(forty, Selection())).means
    assert [(one.key, one.text) for one in offered] == [
        ("at_least", "at least 3 of 4 (flagged)"),
        ("complete", "complete sets only"),
        ("adjusted", "level-adjusted"),
    ]
    five = make_bar(make_study(forty, Selection(levels="L1-L5"))).means
    assert five[0].text == "at least 4 of 5 (flagged)"
    assert make_bar(make_study(forty, Selection(levels="L2"))).means == ()


def test_where_every_set_is_complete_there_is_nothing_to_choose(gathered_of: GatheredOf) -> None:
    values = np.full((3, 1, 5), 50.0)
    gathered = gathered_of(values, values)
    assert make_bar(make_study(gathered, Selection())).means == ()
    # a choice that was made before can be taken back
    chosen = make_study(gathered, Selection(mean=LevelMean.COMPLETE))
    assert len(make_bar(chosen).means) == 3


@pytest.fixture(scope="module")
def two_fields(gathered_of: GatheredOf) -> Gathered:
    """Thirty patients, by turns of 1.5 T, 2.89 T and of a field nobody knows."""
    rng = np.random.default_rng(8)
    truth = rng.normal(50.0, 8.0, (30, 1, 1)) + rng.normal(0.0, 1.0, (30, 2, 5))
    clinical = {"bmd": 1.5 - truth.mean(axis=(1, 2)) / 80, "tscore": 5.0 - 0.12 * truth.mean(axis=(1, 2))}
    return gathered_of(truth, 200.0 - truth, tesla=(1.5, 2.89, None), **clinical)


def test_patients_of_one_field_strength_can_be_chosen_where_there_are_several(
    two_fields: Gathered, forty: Gathered
) -> None:
    assert make_bar(make_study(forty, Selection())).fields == ()
    told = make_bar(make_study(two_fields, Selection())).fields
    assert [(one.key, one.text) for one in told] == [
        ("", "all"), ("1.5", "1.5 T"), ("3", "3 T"), ("?", "not stated"),
    ]  # fmt: skip
    pooled = make_study(two_fields, Selection())
    assert "R2STAR" in pooled.cohort.blocked
    for key, strengths in (("1.5", (1.5,)), ("3", (3.0,)), ("?", (None,))):
        cohort = make_study(two_fields, Selection(field=key)).cohort
        assert (cohort.n, cohort.field_strengths) == (10, strengths)
        assert "R2STAR" not in cohort.blocked
        (left,) = cohort.exclusions
        assert (left.code, len(left.cases)) == ("cohort.filtered", 20)


def test_a_field_strength_that_is_chosen_and_gone_can_be_taken_back(forty: Gathered) -> None:
    gone = make_study(forty, Selection(field="1.5"))
    assert gone.cohort.n == 0
    assert [one.key for one in make_bar(gone).fields] == ["", "3", "1.5"]


@pytest.mark.parametrize(("key", "told"), [("1.5", "1.5 T"), ("?", "field strength not stated")])
def test_the_cohort_tab_says_which_field_strength_was_chosen(
    two_fields: Gathered, key: str, told: str
) -> None:
    shown = panel(two_fields, Tab.COHORT, Selection(field=key))
    rows = dict(row[:2] for table in shown.beside for row in table.rows)
    assert told in rows.values()


def test_the_bar_takes_a_field_strength_and_gives_it_back(qtbot: QtBot, two_fields: Gathered) -> None:
    bar = SelectionBar()
    qtbot.addWidget(bar)
    bar.show_bar(make_bar(make_study(two_fields, Selection())), Selection())
    with qtbot.waitSignal(bar.changed, timeout=60_000):
        bar._field.setCurrentIndex(2)
        bar._field.activated.emit(2)
    assert bar.selection.field == "3"
    with qtbot.waitSignal(bar.changed, timeout=60_000):
        bar._field.setCurrentIndex(0)
        bar._field.activated.emit(0)
    assert bar.selection == Selection()


def test_a_protocol_that_wants_all_levels_offers_nothing(gathered_of: GatheredOf) -> None:
    values = np.full((3, 1, 5), 50.0)
    study = make_study(gathered_of(values, values, protocol=Protocol(levels_needed={})), Selection())
    assert make_bar(study).means == ()
    rows = [row[0] for table in tab_panel(study, Tab.COHORT).beside for row in table.rows]
    assert "Incomplete sets" not in rows


def test_the_bar_offers_qct_only_where_somebody_has_such_a_density(
    forty: Gathered, gathered_of: GatheredOf
) -> None:
    schemes = make_bar(make_study(forty, Selection())).schemes
    assert [(one.key, one.text) for one in schemes] == [("t_score", "T-score"), ("qct", "QCT (mg/cm³)")]
    values = np.full((3, 1, 5), 50.0)
    assert len(make_bar(make_study(gathered_of(values, values, bmd=[1.0] * 3), Selection())).schemes) == 1
    groupings = make_bar(make_study(forty, Selection(scheme=QCT))).groupings
    assert [one.text for one in groupings] == ["QCT density", "outcome", "sex"]


# -- incomplete sets --------------------------------------------------------------------------------------


@pytest.mark.parametrize("tab", [Tab.COHORT, Tab.CORRELATION, Tab.GROUPS, Tab.ROC])
def test_every_tab_that_uses_means_says_which(forty: Gathered, tab: Tab) -> None:
    adjusted, complete = (panel(forty, tab, Selection(mean=mean)) for mean in (ADJUSTED, COMPLETE))
    assert "Level-adjusted means" in footer(adjusted)
    assert "Complete sets of levels only" in footer(complete)
    assert adjusted.tables[0].note.count("adjusted for what these levels add.") == 1
    assert "Only readings that have all levels of L1-L4 count." in tsv(complete.tables)
    plain = panel(forty, tab, Selection())
    assert "adjusted for what" not in tsv(plain.tables)
    assert "means" not in footer(plain)


@pytest.mark.parametrize("mean", [ADJUSTED, COMPLETE])
def test_agreement_is_the_same_and_says_that_it_does_not_follow(forty: Gathered, mean: LevelMean) -> None:
    plain, chosen = (panel(forty, Tab.AGREEMENT, Selection(mean=one)) for one in (AT_LEAST, mean))
    assert (chosen.tables, chosen.paper) == (plain.tables, plain.paper)
    assert footer(chosen) == footer(plain)
    (said,) = set(chosen.notes) - set(plain.notes)
    assert said.startswith("Agreement does not follow the choice for incomplete sets")
    assert "(mean of L1-L4)" in chosen.paper


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_the_roc_tab_says_it_once(forty: Gathered, view: str) -> None:
    study = make_study(forty, Selection(mean=ADJUSTED, scheme=QCT).with_option("roc.view", view))
    shown = tab_panel(study, Tab.ROC)
    whole = finish_tab(study, Tab.ROC, shown) if shown.unfinished else shown
    # single vertebrae lack no level
    wanted = 0 if view == "vertebrae" else 1
    for one in (shown, whole):
        assert footer(one).count("Level-adjusted means") == wanted
        assert footer(one).count("Outcome by QCT density (mg/cm³)") == 1
        assert tsv(one.tables).count("adjusted for what these levels add.") == wanted
        assert tsv(one.tables).count("The outcome follows the QCT density of L1-L4 (mg/cm³).") == 1
        assert sum("left out wherever groups or the outcome count" in note for note in one.notes) == 1


def test_names_of_values_tell_that_they_are_adjusted(forty: Gathered) -> None:
    selection = Selection(mean=ADJUSTED)
    assert "FF (level-adjusted mean of L1-L4)" in panel(forty, Tab.CORRELATION, selection).paper
    assert "level-adjusted mean of L1-L4" in panel(forty, Tab.GROUPS, selection).title
    assert "level-adjusted mean of L1-L4" in panel(forty, Tab.ROC, selection).paper
    assert panel(forty, Tab.COHORT, selection).paper.endswith(
        "each patient by the level-adjusted mean of L1-L4."
    )
    assert "mean of L1-L4" in panel(forty, Tab.GROUPS, Selection(mean=COMPLETE)).title


def test_the_cohort_tab_counts_what_became_of_incomplete_sets(forty: Gathered) -> None:
    found = {}
    for mean in LevelMean:
        tables = panel(forty, Tab.COHORT, Selection(mean=mean)).beside
        rows = {row[0]: row[1] for table in tables for row in table.rows}
        found[mean] = tuple(rows[name] for name in ("Incomplete sets", "Analysed", "Excluded"))
    assert found == {
        AT_LEAST: ("at least 3 of 4 (flagged)", "40", "0"),
        COMPLETE: ("complete sets only", "40", "0"),
        ADJUSTED: ("level-adjusted", "40", "0"),
    }
    notes = panel(forty, Tab.COHORT, Selection(mean=ADJUSTED)).notes
    assert any(note.startswith("In 4 patients") and "adjusted" in note for note in notes)


def test_patients_are_listed_with_adjusted_values_under_titles_that_say_so(forty: Gathered) -> None:
    listed = panel(forty, Tab.COHORT, Selection(mean=ADJUSTED).with_option("cohort.show", "patients")).main
    assert isinstance(listed, LongTable)
    first = main_text(listed).splitlines()[0]
    assert "FF (%), adjusted final" in first
    assert "R2* (s⁻¹), adjusted Reader 1" in first


@pytest.mark.parametrize(
    ("mean", "said"),
    [
        (AT_LEAST, "of which at least 3 had to be measured."),
        (COMPLETE, "readings that lack one of these levels were left out."),
        (ADJUSTED, "by least squares from the additive model of reading and level (Searle 1971)"),
    ],
)
def test_the_methods_say_how_means_were_made(forty: Gathered, mean: LevelMean, said: str) -> None:
    told = panel(forty, Tab.COHORT, Selection(mean=mean).with_option("cohort.show", "methods")).main
    assert isinstance(told, Prose)
    text = dict(told.paragraphs)
    assert said in text["Measurement"]
    assert ("plain means of the levels that both readings have" in text["Agreement"]) is (
        mean is not AT_LEAST
    )


# -- groups by QCT ----------------------------------------------------------------------------------------


def test_titles_rows_and_methods_name_the_scheme(forty: Gathered) -> None:
    selection = Selection(scheme=QCT)
    cohort = panel(forty, Tab.COHORT, selection)
    table = next(one for one in cohort.beside if one.title == "Groups by QCT density (mg/cm³)")
    assert [row[0] for row in table.rows] == [
        "normal (> 120)",
        "osteopenia (80 – 120)",
        "osteoporosis (< 80)",
        "no QCT density",
        "all",
    ]
    rows = [row for one in cohort.beside for row in one.rows]
    assert ("Bone density by", "QCT (mg/cm³)") in rows
    assert ("With a QCT density (mg/cm³)", "36") in rows
    assert any(row[0] == "no QCT density (groups, outcome)" and row[1] == "4" for row in rows)
    assert panel(forty, Tab.ROC, selection).title == "ROC curves for osteoporosis by QCT"
    assert "Outcome: QCT density < 80 mg/cm³" in panel(forty, Tab.ROC, selection).tables[0].note
    assert "Within the 3 QCT groups" in tsv(panel(forty, Tab.CORRELATION, selection).tables)
    told = panel(forty, Tab.COHORT, selection.with_option("cohort.show", "methods")).main
    assert isinstance(told, Prose)
    text = dict(told.paragraphs)
    assert "grouped by the QCT density of L1-L4: normal above 120 mg/cm³" in text["Participants"]
    assert "The outcome was a QCT density below 80 mg/cm³" in text["Participants"]
    assert "T-score" not in text["Participants"].replace("BMD and T-score", "")


@pytest.mark.parametrize("tab", TABS)
def test_figures_say_which_scheme_made_their_groups_where_there_are_two(forty: Gathered, tab: Tab) -> None:
    code = "Outcome" if tab is Tab.ROC else "Groups"
    assert f"{code} by QCT density (mg/cm³)" in footer(panel(forty, tab, Selection(scheme=QCT)))
    assert f"{code} by T-score" in footer(panel(forty, tab, Selection()))


@pytest.mark.parametrize("tab", TABS)
def test_where_there_is_nothing_to_choose_nothing_is_said(gathered_of: GatheredOf, tab: Tab) -> None:
    rng = np.random.default_rng(7)
    ff = rng.normal(50.0, 8.0, (30, 1, 1)) + rng.normal(0.0, 1.0, (30, 2, 5))
    tscore = (3.0 - 0.1 * ff.mean(axis=(1, 2))).round(1)
    made = gathered_of(ff, 190.0 - ff, bmd=1.0 + 0.1 * tscore, tscore=tscore)
    assert footer(panel(made, tab, Selection())) == "Synthetic data"


@pytest.mark.parametrize(
    ("tab", "selection"),
    [
        (Tab.GROUPS, Selection(scheme=QCT, grouping=Grouping.SEX)),
        (Tab.GROUPS, Selection(scheme=QCT, grouping=Grouping.OUTCOME, outcome=Outcome.FEMALE)),
        (Tab.ROC, Selection(scheme=QCT, outcome=Outcome.FEMALE)),
    ],
)
def test_what_has_nothing_to_do_with_bone_density_names_no_scheme(
    forty: Gathered, tab: Tab, selection: Selection
) -> None:
    shown = panel(forty, tab, selection)
    assert "QCT" not in footer(shown)
    assert "QCT" not in shown.title
    assert not [note for note in shown.notes if "QCT" in note]


def test_groups_by_outcome_follow_the_scheme_too(forty: Gathered) -> None:
    shown = panel(forty, Tab.GROUPS, Selection(scheme=QCT, grouping=Grouping.OUTCOME))
    assert "Groups by QCT density (mg/cm³)" in footer(shown)
    assert "4 patients have no QCT density in mg/cm3; they are left out" in " ".join(shown.notes)


def test_patients_without_a_density_have_a_symbol_and_a_name_of_their_own(forty: Gathered) -> None:
    figure = panel(forty, Tab.AGREEMENT, Selection(scheme=QCT)).figure
    assert "no QCT density (n = 4)" in [entry.label for entry in figure.legend]  # type: ignore[union-attr]


@pytest.mark.parametrize("mean", LevelMean)
@pytest.mark.parametrize("scheme", Scheme)
@pytest.mark.parametrize("patients", [0, 1, 3, 8])
def test_whatever_is_missing_every_tab_has_an_answer(
    gathered_of: GatheredOf, mean: LevelMean, scheme: Scheme, patients: int
) -> None:
    rng = np.random.default_rng(patients)
    ff = rng.normal(50.0, 8.0, (patients, 2, 5))
    # nobody has L4; half have L1 alone of the others, or nothing
    ff[..., 3] = np.nan
    ff[::2, 1] = np.nan
    ff[1::4, 0, 1:] = np.nan
    bmd = np.where(np.arange(patients) % 3, 100.0, np.nan)
    made = gathered_of(
        ff, 190.0 - ff, bmd=bmd, tscore=-bmd / 50.0, units=("mg/cm3", "g/cm2"), tesla=(1.5, 3.0)
    )
    for levels in (None, "L1-L5", "L1"):
        study = make_study(made, Selection(levels=levels, mean=mean, scheme=scheme))
        assert make_bar(study).schemes
        for tab in TABS:
            shown = tab_panel(study, tab)
            assert shown.figure is not None or shown.reason or shown.below, tab
        for told in ("patients", "methods"):
            assert tab_panel(
                make_study(made, study.selection.with_option("cohort.show", told)), Tab.COHORT
            ).main
        for view in VIEWS:
            assert tab_panel(make_study(made, study.selection.with_option("roc.view", view)), Tab.ROC).title


# -- in the window ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve patients of one reader, each third without L1, with T-scores and QCT densities."""
    folder = tmp_path_factory.mktemp("choices")
    session = create_session(folder / "study.marrow", synthetic=True, reader="A")
    (reader,) = readers_of(session)
    protocol_id, _ = sessions.current_protocol(session.database)
    lines = ["case code,sex,age,T-score L1-L4,QCT BMD L1-L4 (mg/cm3)"]
    with session.database.transaction():
        for one in range(12):
            exam_id = exams.add_from_table(session.database, f"C{one:02}", Identity())
            means = {
                level: {Quantity.FF: 40.0 + one + place + (one * place) % 3, Quantity.R2STAR: 180.0 - one}
                for place, level in enumerate(LEVELS)
                if place or one % 3
            }
            results.add_table_reading(
                session.database, exam_id, reader.id, means,
                protocol_id=protocol_id, software="test", at_utc=audit.utc_now(),
            )  # fmt: skip
            lines.append(f"C{one:02},F,{60 + one},{0.5 - 0.3 * one:.1f},{150 - 9 * one}")
    (folder / "table.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    import_clinical(session, folder / "table.csv")
    session.close()
    return session.path


@pytest.fixture
def page(qtbot: QtBot, study: Path) -> Iterator[StatisticsPage]:
    workspace = Workspace()
    made = StatisticsPage(workspace)
    qtbot.addWidget(made)
    made.resize(1366, 680)
    workspace.open(study)
    made.show()
    qtbot.waitUntil(lambda: made.panel is not None, timeout=WAIT)
    yield made
    made.stop()
    workspace.close()
    workspace.deleteLater()


def settle(page: StatisticsPage) -> None:
    patience = QDeadlineTimer(WAIT)
    while page.is_busy and not patience.hasExpired():
        QTest.qWait(5)
    assert not page.is_busy


def choose(page: StatisticsPage, box: QComboBox, key: str) -> None:
    """Choose as a user does, who is heard where a program is not."""
    index = box.findData(key)
    assert index >= 0, key
    box.setCurrentIndex(index)
    box.activated.emit(index)
    settle(page)


def show(page: StatisticsPage, tab: Tab) -> None:
    page.tabs.setCurrentIndex(list(Tab).index(tab))
    settle(page)


def test_both_are_chosen_in_the_bar_and_hold_for_every_tab(page: StatisticsPage) -> None:
    bar = page.bar
    show(page, Tab.GROUPS)
    choose(page, bar._mean, "adjusted")
    choose(page, bar._scheme, "qct")
    assert (bar.selection.mean, bar.selection.scheme) == (ADJUSTED, QCT)
    assert page.panel is not None
    assert footer(page.panel) == "Synthetic data · Level-adjusted means · Groups by QCT density (mg/cm³)"
    show(page, Tab.CORRELATION)
    assert bar._mean.currentText() == "level-adjusted"
    assert "Groups by QCT density" in footer(page.panel)
    choose(page, bar._mean, "complete")
    assert bar._counted.text() == "n = 8 of 12"


def test_agreement_shows_the_choice_and_does_not_let_it_be_made(page: StatisticsPage) -> None:
    assert page.tab is Tab.AGREEMENT
    assert not page.bar._mean.isEnabled()
    assert page.bar._scheme.isEnabled()
    show(page, Tab.COHORT)
    assert page.bar._mean.isEnabled()


def test_one_level_alone_hides_the_choice_and_does_not_forget_it(page: StatisticsPage) -> None:
    bar = page.bar
    show(page, Tab.COHORT)
    choose(page, bar._mean, "adjusted")
    choose(page, bar._levels, "L3")
    assert bar._mean.isHidden() or not bar._mean.isVisible()
    assert page.panel is not None
    assert "Level-adjusted" not in footer(page.panel)
    choose(page, bar._outcome, "female")
    choose(page, bar._levels, "L1-L4")
    assert bar.selection.mean is ADJUSTED
    assert "Level-adjusted means" in footer(page.panel)


def test_another_session_begins_without_the_choices(page: StatisticsPage) -> None:
    show(page, Tab.COHORT)
    choose(page, page.bar._scheme, "qct")
    page.bar.clear()
    assert page.bar.selection == Selection()
    assert page.bar._scheme.count() == 0
