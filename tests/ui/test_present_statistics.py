"""From an analysis to the words, rows and figures of the Statistics page."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.domain.identity import Identity
from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS, Protocol
from app.services.analyse import Analysis, analyse
from app.services.join_clinical import import_clinical
from app.services.open_session import Session, add_reader, create_session, last_viewer, readers_of
from app.services.reference_cohort import make_reference_session
from app.services.selection import Selection
from app.services.study_data import gather, make_study
from app.store import audit, exams, results, sessions
from app.ui.plots.flow_spec import FlowChart
from app.ui.tabs.content import SESSIONLESS, Panel, Tab, Table, tsv
from app.ui.tabs.panel import level_choices, make_bar, tab_panel

FF, R2STAR = Quantity.FF, Quantity.R2STAR
# case code -> FF of each reader (None: not signed off), T-score, BMD; R2* is 200 - FF
Patients = Mapping[str, tuple[Sequence[float | None], float | None, float | None]]
STUDY: Patients = {
    "C1": ((35, 36), 0.5, 1.10),
    "C2": ((42, 40), -0.8, 0.99),
    "C3": ((45, 47), -1.4, 0.95),
    "C4": ((58, 55), -2.0, 0.90),
    "C5": ((52, 51), -2.6, 0.84),
    "C6": ((61, 63), -3.1, 0.75),
    "C7": ((48, 50), -2.7, 0.80),
    "C8": ((None, None), -3.5, 0.70),
}


@dataclass(frozen=True)
class Report:
    """Every tab for each map, and what the bar says."""

    panels: dict[tuple[Tab, Quantity], Panel]
    counted: str
    excluded: str
    empty: str


def report(session: Session) -> Report:
    gathered = gather(session, last_viewer(session))
    panels = {}
    for quantity in MEASURED:
        study = make_study(gathered, Selection(quantity))
        panels |= {(tab, quantity): tab_panel(study, tab) for tab in Tab if tab not in SESSIONLESS}
    bar = make_bar(study)
    return Report(panels, bar.counted, bar.excluded, bar.empty)


Make = Callable[..., Report]


def add_exam(session: Session, code: str, values: Sequence[float | None]) -> None:
    database = session.database
    protocol_id, _ = sessions.current_protocol(database)
    with database.transaction():
        exam_id = exams.add_from_table(database, code, Identity())
        for reader, value in zip(readers_of(session), values, strict=False):
            if value is not None:
                means = {level: {FF: float(value), R2STAR: 200.0 - value} for level in LEVELS}
                results.add_table_reading(
                    database,
                    exam_id,
                    reader.id,
                    means,
                    protocol_id=protocol_id,
                    software="test",
                    at_utc=audit.utc_now(),
                )


def add_table(session: Session, patients: Patients, units: Sequence[str]) -> None:
    path = session.path.with_name("clinical.csv")
    lines = ["id,L1-L4 T-score,L1-L4 BMD"]
    for number, (code, (_, tscore, bmd)) in enumerate(patients.items()):
        density = "" if bmd is None else f"{bmd} {units[number % len(units)]}"
        lines.append(f"{code},{'' if tscore is None else tscore},{density}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    import_clinical(session, path)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Make]:
    """Make a report of some patients."""
    opened: list[Session] = []

    def make(patients: Patients, *, table: bool = True, units: Sequence[str] = ("g/cm2",)) -> Report:
        protocol = Protocol()
        session = create_session(tmp_path / "study.marrow", protocol, reader="Li")
        opened.append(session)
        add_reader(session, "Chen")
        for code, (values, _, _) in patients.items():
            add_exam(session, code, values)
        if table and patients:
            add_table(session, patients, units)
        return report(session)

    yield make
    for session in opened:
        session.close()


@pytest.fixture(scope="module")
def reference_study(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    session = make_reference_session(tmp_path_factory.mktemp("reference") / "study.marrow")
    yield session
    session.close()


@pytest.fixture(scope="module")
def reference(reference_study: Session) -> Analysis:
    return analyse(reference_study, last_viewer(reference_study))


@pytest.fixture(scope="module")
def shown(reference_study: Session) -> Report:
    return report(reference_study)


def table(panel: Panel, title: str) -> Table:
    return next(one for one in (*panel.below, *panel.beside) if one.title.startswith(title))


def cells(one: Table) -> dict[str, tuple[str, ...]]:
    return {row[0]: row[1:] for row in one.rows}


def words_of(made_report: Report) -> list[str]:
    """Everything anybody can read on the page."""
    said = [made_report.counted, made_report.excluded, made_report.empty]
    for panel in made_report.panels.values():
        said += [panel.title, panel.hint, panel.reason, panel.paper, *panel.notes]
        for one in (*panel.below, *panel.beside):
            said += [one.title, one.note, one.reason, *one.head]
            said += [cell for row in one.rows for cell in row]
        if isinstance(panel.figure, FlowChart):
            said += [text for box in panel.figure.boxes for text in (box.title, *box.lines)]
        elif panel.figure is not None:
            said += [panel.figure.x.title, panel.figure.y.title, panel.figure.footer]
            said += [spot.tip for spot in panel.figure.spots]
            said += [entry.label for entry in panel.figure.legend]
    return said


# -- the reference study ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quantity", "single", "mean", "bias", "lower", "upper"),
    [
        (FF, "0.893", "0.943", "0.35", "-9.70", "10.40"),
        (R2STAR, "0.902", "0.948", "-0.70", "-12.94", "11.54"),
    ],
)
def test_the_agreement_tab_shows_the_printed_figures_of_the_reference_study(
    shown: Report, quantity: Quantity, single: str, mean: str, bias: str, lower: str, upper: str
) -> None:
    panel = shown.panels[Tab.AGREEMENT, quantity]
    first, second = table(panel, "Reliability").rows
    assert first[:2] == ("ICC(2,1), two-way random effects, absolute agreement, single reader", single)
    assert second[:2] == ("ICC(2,2), two-way random effects, absolute agreement, mean of 2 readers", mean)
    limits = cells(table(panel, "Limits of agreement"))
    assert [limits[name][0] for name in ("Bias", "Lower limit", "Upper limit")] == [bias, lower, upper]


def test_limits_of_agreement_have_exact_intervals_and_say_so(shown: Report) -> None:
    limits = table(shown.panels[Tab.AGREEMENT, FF], "Limits of agreement")
    assert cells(limits)["Lower limit"][1] == "-11.46 to -8.28"
    assert "exact (Carkeet 2015)" in limits.note


def test_differences_of_ff_are_percentage_points_and_those_of_r2star_have_its_unit(shown: Report) -> None:
    titles = {quantity: shown.panels[Tab.AGREEMENT, quantity].beside[0].title for quantity in MEASURED}
    assert titles[FF] == "Limits of agreement (percentage points)"
    assert titles[R2STAR] == "Limits of agreement (Hz)"
    figure = shown.panels[Tab.AGREEMENT, FF].figure
    assert figure is not None
    assert figure.y.title == "Reader 1 − Reader 2, FF (percentage points)"
    assert figure.x.title == "Mean of the two readers, FF (%)"


@pytest.mark.parametrize(
    ("quantity", "pooled", "within", "p"),
    [(FF, "-0.647", "0.154", "0.096"), (R2STAR, "0.534", "0.057", "0.539")],
)
def test_the_correlation_tab_shows_r_over_all_beside_r_within_groups(
    shown: Report, quantity: Quantity, pooled: str, within: str, p: str
) -> None:
    panel = shown.panels[Tab.CORRELATION, quantity]
    over_all, inside = table(panel, "Pearson correlation").rows[:2]
    assert (over_all[1], over_all[3]) == (pooled, "< 0.001")
    assert (inside[0], inside[1], inside[3]) == ("Within the 3 T-score groups (n = 120)", within, p)
    # once, and with the sign of p
    (between,) = [note for note in panel.notes if "between the" in note]
    assert "lies between the T-score groups" in between
    assert f"p = {p}" in between


def test_the_roc_tab_shows_table_2_of_the_reference_study(shown: Report) -> None:
    rows = table(shown.panels[Tab.ROC, FF], "Diagnostic performance").rows
    assert [row[:2] for row in rows[:3]] == [("FF", "0.893"), ("R2*", "0.843"), ("FF + R2*", "0.931")]
    # as high as both maps together: the first thing a reviewer asks
    assert rows[3][:2] == ("Age alone", "0.931")
    assert [row[3] for row in rows[:2]] == ["> 56.09 %", "<= 138.31 Hz"]
    counts = [re.findall(r"\((\d+/\d+)\)", row[4] + row[5]) for row in rows[:3]]
    assert counts == [["41/49", "59/71"], ["39/49", "58/71"], ["38/49", "66/71"]]
    assert [row[6] for row in rows[:3]] == ["0.668", "0.613", "0.705"]


def test_the_combined_model_is_called_in_sample_and_told_as_a_rule_for_new_patients(shown: Report) -> None:
    panel = shown.panels[Tab.ROC, FF]
    assert "in-sample: positive where" in table(panel, "Diagnostic performance").note
    assert [note for note in panel.notes if note.startswith("FF + R2*: ")] != []


def test_the_roc_and_cohort_tabs_are_the_same_for_both_maps(shown: Report) -> None:
    for tab in (Tab.ROC, Tab.COHORT):
        first, second = shown.panels[tab, FF], shown.panels[tab, R2STAR]
        assert (first.tables, first.notes, first.paper) == (second.tables, second.notes, second.paper)


def test_the_cohort_tab_counts_and_describes_the_groups_by_t_score(shown: Report) -> None:
    groups = cells(table(shown.panels[Tab.COHORT, FF], "Groups"))
    assert groups["normal (T ≥ -1.0)"][:2] == ("30", "17 / 13")
    assert groups["osteopenia (-2.5 < T < -1.0)"][0] == "41"
    assert groups["osteoporosis (T ≤ -2.5)"] == (
        "49",
        "21 / 28",
        "67.24 ± 8.23",
        "61.47 ± 20.56",
        "61.65 ± 6.28",
        "132.23 ± 9.68",
    )
    assert groups["all"][0] == "120"


def test_figures_of_made_up_patients_say_that_they_are_made_up(shown: Report, made: Make) -> None:
    tabs = [Tab.AGREEMENT, Tab.CORRELATION, Tab.ROC]
    assert {shown.panels[tab, FF].figure.footer for tab in tabs} == {"Synthetic data"}  # type: ignore[union-attr]
    real = made(STUDY)
    assert {real.panels[tab, FF].figure.footer for tab in tabs} == {""}  # type: ignore[union-attr]


def test_sentences_for_the_paper_say_what_was_measured_and_by_which_levels(shown: Report) -> None:
    for tab in (Tab.AGREEMENT, Tab.CORRELATION, Tab.ROC):
        assert "FF (mean of L1-L5)" in shown.panels[tab, FF].paper
    assert "-9.70 to 10.40 percentage points" in shown.panels[Tab.AGREEMENT, FF].paper
    assert "120 of 120 exams are analysed" in shown.panels[Tab.COHORT, FF].paper


def test_names_of_exported_files_differ_by_tab_map_and_levels(shown: Report) -> None:
    stems = {panel.stem for panel in shown.panels.values()}
    assert stems == {
        "participants-L1-L5",
        "groups-FF-L1-L5",
        "roc-L1-L5",
        "bland-altman-FF-L1-L5",
        "bland-altman-R2STAR-L1-L5",
        "correlation-FF-L1-L5",
        "correlation-R2STAR-L1-L5",
    }


# -- other studies ------------------------------------------------------------------------------------------


def test_n_says_how_many_exams_are_left_out(made: Make) -> None:
    shown = made(STUDY)
    assert (shown.counted, shown.excluded) == ("n = 7 of 8", "1 excluded")


def test_n_is_plain_when_nobody_is_left_out(shown: Report) -> None:
    assert (shown.counted, shown.excluded) == ("n = 120", "")


def test_exclusions_are_listed_with_reason_count_and_codes(made: Make) -> None:
    left_out = {f"X{number:02d}": ((None,), None, None) for number in range(14)}
    shown = made({**STUDY, **left_out})
    (row,) = table(shown.panels[Tab.COHORT, FF], "Exclusions").rows
    assert row[:2] == ("not signed off", "15")
    assert row[2].startswith("C8, X00, X01")
    assert row[2].endswith("and 3 more")


def test_without_exclusions_the_table_says_so(made: Make) -> None:
    shown = made({code: STUDY[code] for code in ("C1", "C5", "C6")})
    exclusions = table(shown.panels[Tab.COHORT, FF], "Exclusions")
    assert (exclusions.rows, exclusions.reason) == ((), "Nobody is excluded.")


def test_r2star_has_the_unit_of_the_protocol(made: Make) -> None:
    shown = made(STUDY)
    figure = shown.panels[Tab.CORRELATION, R2STAR].figure
    assert figure is not None
    assert figure.x.title == "R2* (s⁻¹)"
    assert figure.y.title == "BMD L1-L4 (g/cm²)"


def test_a_group_nobody_belongs_to_shows_no_figures(made: Make) -> None:
    shown = made({code: STUDY[code] for code in ("C1", "C5")})
    groups = cells(table(shown.panels[Tab.COHORT, FF], "Groups"))
    assert groups["osteopenia (-2.5 < T < -1.0)"] == ("0", "0 / 0", "–", "–", "–", "–")
    assert groups["normal (T ≥ -1.0)"][3:] == ("1.10", "35.50", "164.50")


def test_patients_without_a_t_score_have_a_row_of_their_own(made: Make) -> None:
    shown = made({**STUDY, "C9": ((50, 51), None, None)})
    panel = shown.panels[Tab.COHORT, FF]
    assert cells(table(panel, "Groups"))["no T-score"][0] == "1"
    assert any("no T-score" in note for note in panel.notes)
    figure = shown.panels[Tab.AGREEMENT, FF].figure
    assert figure is not None
    assert "no T-score (n = 1)" in [entry.label for entry in figure.legend]


def test_one_reader_alone_leaves_agreement_undefined_with_its_reason(made: Make) -> None:
    shown = made({code: ((values[0],), tscore, bmd) for code, (values, tscore, bmd) in STUDY.items()})
    panel = shown.panels[Tab.AGREEMENT, FF]
    assert panel.figure is None
    assert panel.reason.startswith("Not defined: limits of agreement need two patients")
    assert panel.paper == ""
    assert panel.tables == ()
    assert shown.panels[Tab.ROC, FF].figure is not None


def test_without_a_clinical_table_correlation_and_roc_say_why_they_are_not_there(made: Make) -> None:
    shown = made(STUDY, table=False)
    assert shown.panels[Tab.CORRELATION, FF].reason.startswith("Not defined: a correlation needs")
    assert shown.panels[Tab.ROC, FF].reason.startswith("Not defined: a ROC curve needs")
    assert shown.panels[Tab.AGREEMENT, FF].figure is not None


def test_too_few_patients_for_groups_still_show_the_pooled_correlation(made: Make) -> None:
    shown = made({code: STUDY[code] for code in ("C1", "C3", "C5")})
    panel = shown.panels[Tab.CORRELATION, FF]
    assert table(panel, "Pearson correlation").rows[0][0] == "All patients (n = 3)"
    assert table(panel, "Within T-score groups").reason.startswith("Not defined: 3 patients in 3 groups")


def test_a_model_that_cannot_be_fitted_has_a_row_of_dashes_and_its_reason(made: Make) -> None:
    # FF and R2* determine each other in this study
    panel = made(STUDY).panels[Tab.ROC, FF]
    assert table(panel, "Diagnostic performance").rows[2] == ("FF + R2*", *["–"] * 6)
    assert [note for note in panel.notes if note.startswith("FF + R2*: Not defined")] != []
    assert "positive where" not in table(panel, "Diagnostic performance").note


def test_a_marker_that_is_no_use_has_an_area_and_no_cut_off(made: Make) -> None:
    turned = {
        code: ((100 - values[0], 100 - values[1]), t, b)
        for code, (values, t, b) in STUDY.items()
        if values[0]
    }  # type: ignore[operator]
    row = table(made(turned).panels[Tab.ROC, FF], "Diagnostic performance").rows[0]
    assert float(row[1]) < 0.5


def test_mixed_units_of_bmd_close_the_correlation_and_leave_the_rest(made: Make) -> None:
    shown = made(STUDY, units=("g/cm2", ""))
    assert shown.panels[Tab.CORRELATION, FF].reason.startswith("Not defined: BMD is given in different units")
    assert {row[4] for row in table(shown.panels[Tab.COHORT, FF], "Groups").rows} == {"–"}
    assert shown.panels[Tab.AGREEMENT, FF].figure is not None


def test_an_empty_session_says_what_to_do_next(made: Make) -> None:
    shown = made({})
    assert shown.empty.startswith("No exams yet.")


def test_a_session_with_nothing_signed_off_says_what_to_do_next(made: Make) -> None:
    shown = made({"C1": ((None, None), 0.5, 1.1)})
    assert shown.empty.startswith("Nothing is signed off yet.")
    assert (shown.counted, shown.excluded) == ("n = 0 of 1", "1 excluded")


@pytest.mark.parametrize("count", range(8))
def test_no_number_of_patients_ever_puts_nan_or_inf_on_screen(made: Make, count: int) -> None:
    shown = made(dict(list(STUDY.items())[:count]))
    for text in words_of(shown):
        assert not re.search(r"\b(nan|inf|None)\b", text, re.IGNORECASE), text


def test_readers_without_any_difference_are_said_in_words(made: Make) -> None:
    same = {code: ((values[0], values[0]), t, b) for code, (values, t, b) in STUDY.items() if values[0]}
    panel = made(same).panels[Tab.AGREEMENT, FF]
    assert any("identical" in note for note in panel.notes)
    assert cells(table(panel, "Limits of agreement"))["p (bias = 0)"][0] == "–"


def test_levels_can_be_chosen_with_those_of_the_protocol_first() -> None:
    assert [choice.key for choice in level_choices("L1-L4")] == ["L1-L4", "L1-L5", *LEVELS]
    assert [choice.key for choice in level_choices("L1-L5")][:2] == ["L1-L5", "L1-L4"]
    assert level_choices("L1-L5")[0].text == "L1-L5 mean (protocol)"


# -- tables as text -----------------------------------------------------------------------------------------


def test_tables_are_copied_with_tabs_and_one_line_for_each_row(shown: Report) -> None:
    text = tsv(shown.panels[Tab.ROC, FF].tables)
    lines = text.splitlines()
    assert lines[0] == "Diagnostic performance"
    assert lines[1].split("\t")[:2] == ["Marker", "AUC"]
    assert lines[2].split("\t")[:4] == ["FF", "0.893", "0.838 to 0.948 p < 0.001", "> 56.09 %"]
    assert lines[2].split("\t")[4] == "83.7 % (41/49) 71.0 – 91.5 %"
    assert {line.count("\t") for line in lines[1:5]} == {6}


def test_tables_without_rows_are_not_copied(made: Make) -> None:
    panel = made({code: STUDY[code] for code in ("C1", "C5")}).panels[Tab.COHORT, FF]
    assert "Exclusions" not in tsv(panel.tables)
    assert tsv(()) == ""
