"""The Cohort tab: the flow of participants, the patients and the methods, in words and in the window."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import app
from app.domain.case_facts import Because, CaseFacts, Counted
from app.domain.disagreement import How, Ruling
from app.domain.maps import MEASURED
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reasons import Reason
from app.services.gather import Gathered, gather
from app.services.open_session import last_viewer
from app.services.reference_cohort import make_reference_session
from app.services.selection import Outcome, Selection, one_reader
from app.services.study_data import make_study
from app.store.adjudications import Adjudication
from app.store.case_facts import CaseResult
from app.ui.pages.statistics_patients import PatientsView
from app.ui.plots.flow_layout import place_flow
from app.ui.plots.flow_spec import Box, FlowChart, Step
from app.ui.plots.flow_view import FlowView
from app.ui.sentences.methods import METHODS
from app.ui.tabs.cohort import cohort_panel
from app.ui.tabs.content import Column, LongTable, Panel, Prose, Table, main_text
from app.ui.theme import DARK, LIGHT

GatheredOf = Callable[..., Gathered]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gathered]:
    session = make_reference_session(tmp_path_factory.mktemp("cohort") / "study.marrow")
    yield gather(session, last_viewer(session))
    session.close()


@pytest.fixture
def small(gathered_of: GatheredOf) -> Gathered:
    """Eight exams: one not signed off, one left out for cement, three for training beside them."""
    rng = np.random.default_rng(2)
    ff, r2star = rng.normal(50.0, 8.0, (8, 2, 5)), rng.normal(140.0, 12.0, (8, 2, 5))
    ff[0], r2star[0] = np.nan, np.nan
    made = gathered_of(
        ff, r2star, tscore=[0, 0, 0.5, -1.5, -2.0, -3.0, -2.7, np.nan], bmd=np.linspace(1.1, 0.6, 8),
        age=np.linspace(45, 80, 8), bmi=np.linspace(20, 27, 8), sex=["F", "M"] * 4,
    )  # fmt: skip
    return replace(made, excluded={1: Because(Reason.CEMENT)}, trained=3)


def panel(gathered: Gathered, shown: str = "flow", selection: Selection | None = None) -> Panel:
    return cohort_panel(make_study(gathered, (selection or Selection()).with_option("cohort.show", shown)))


def chart(gathered: Gathered, selection: Selection | None = None) -> FlowChart:
    found = panel(gathered, "flow", selection).figure
    assert isinstance(found, FlowChart)
    return found


def table(found: Panel, title: str) -> dict[str, str]:
    one: Table = next(one for one in found.beside if one.title == title)
    return {row[0]: row[-1] for row in one.rows}


def patients(gathered: Gathered, selection: Selection | None = None) -> LongTable:
    found = panel(gathered, "patients", selection).main
    assert isinstance(found, LongTable)
    return found


def methods(gathered: Gathered, selection: Selection | None = None) -> dict[str, str]:
    found = panel(gathered, "methods", selection).main
    assert isinstance(found, Prose)
    return dict(found.paragraphs)


# -- the flow ---------------------------------------------------------------------------------------------


def test_the_flow_of_the_reference_study_is_that_of_its_table_1(reference: Gathered) -> None:
    found = chart(reference)
    assert [step.box.title for step in found.steps] == [
        "Enrolled (n = 120)",
        "Analysed (n = 120)",
        "Reference standard, L1-L5",
    ]
    assert all(step.aside is None for step in found.steps)
    positive, negative = found.ends
    assert (positive.title, positive.lines) == ("With the outcome (n = 49)", ("osteoporosis: n = 49",))
    assert (negative.title, negative.lines) == (
        "Without it (n = 71)",
        ("normal: n = 30", "osteopenia: n = 41"),
    )
    assert found.footer == "Synthetic data"


def test_who_goes_no_further_stands_aside_with_reason_number_and_codes(small: Gathered) -> None:
    found = chart(small)
    asides = [step.aside for step in found.steps if step.aside is not None]
    assert [one.title for one in asides] == [
        "For training (n = 3)",
        "Excluded (n = 2)",
        "Outcome not known (n = 1)",
    ]
    assert asides[1].lines == (
        "not signed off (n = 1): P000000",
        "patient excluded: cement (n = 1): P000001",
    )
    assert found.steps[0].box.title == "Exams in the session (n = 11)"


def test_patients_left_out_by_a_filter_have_a_box_of_their_own(small: Gathered) -> None:
    found = chart(small, Selection(sex="M"))
    (step,) = [one for one in found.steps if one.box.title.startswith("Read (")]
    assert step.box.title == "Read (n = 6)"
    assert step.aside is not None
    assert step.aside.title == "Left out by sex or age (n = 3)"
    assert step.aside.lines == ("P000002, P000004, P000006",)


def test_readings_that_were_not_blinded_are_marked_in_the_flow_and_in_the_table(small: Gathered) -> None:
    told = tuple(
        replace(one, not_blinded=one.reader == "Reader 2" and one.exam_id in {3, 4}) for one in small.told
    )
    seen = replace(small, told=told)
    analysed = next(step.box for step in chart(seen).steps if step.box.title.startswith("Analysed"))
    assert analysed.lines == (
        "Reader 1: 6 readings signed off",
        "Reader 2: 6 readings signed off, 2 of them not blinded",
    )
    assert table(panel(seen), "Participants")["Readings not blinded"] == "2"
    rows = dict(zip(patients(seen).codes, patients(seen).columns[-2].cells, strict=True))
    assert {code for code, mark in rows.items() if mark == "not blinded"} == {"P000003", "P000004"}
    assert "2 of 12 readings were not made blinded." in methods(seen)["Readers"]


def test_a_map_that_some_patients_lack_is_counted(gathered_of: GatheredOf) -> None:
    r2star = np.full((3, 2, 5), 140.0)
    r2star[0] = np.nan
    analysed = chart(gathered_of(np.full((3, 2, 5), 50.0), r2star)).steps[1].box
    assert analysed.lines[0] == "R2*: n = 2"


def test_a_session_of_nobody_ends_with_nobody(gathered_of: GatheredOf) -> None:
    found = chart(gathered_of(np.empty((0, 2, 5)), np.empty((0, 2, 5))))
    assert [step.box.title for step in found.steps] == ["Enrolled (n = 0)", "Analysed (n = 0)"]
    assert found.ends == ()


@pytest.mark.parametrize(
    ("outcome", "told"),
    [
        (Outcome.OSTEOPOROSIS, "outcome: T-score ≤ -2.5"),
        (Outcome.LOW_BONE_MASS, "outcome: T-score < -1.0"),
        (Outcome.FEMALE, "outcome: female sex"),
    ],
)
def test_the_flow_names_the_outcome(small: Gathered, outcome: Outcome, told: str) -> None:
    assert told in chart(small, Selection(outcome=outcome)).steps[-1].box.lines


# -- tables beside it -------------------------------------------------------------------------------------


def test_the_selection_is_told_in_full(small: Gathered) -> None:
    told = table(
        panel(small, "flow", Selection(levels="L3", readers=one_reader("Reader 2"), sex="F", age=(50, None))),
        "Selection",
    )
    assert told["Value of a patient"] == "L3 alone"
    assert told["Values"] == "Reader 2"
    assert told["Filter"] == "female, 50 years and older"
    assert told["Protocol"] == "lumbar-FF-R2star v1"


@pytest.mark.parametrize(
    ("age", "told"),
    [
        ((None, 60.0), "60 years and younger"),
        ((50.0, 60.5), "50 to 60.5 years"),
        ((None, None), "All patients"),
    ],
)
def test_limits_of_age_are_told(small: Gathered, age: tuple[float | None, float | None], told: str) -> None:
    assert table(panel(small, "flow", Selection(age=age)), "Selection")["Filter"] == told


def test_field_strengths_are_told_with_numbers_and_mixed_ones_explained(gathered_of: GatheredOf) -> None:
    values = np.full((4, 2, 5), 50.0) + np.arange(4.0)[:, None, None]
    found = panel(gathered_of(values, 190.0 - values, tesla=(1.5, 3.0, 2.9, None)))
    assert table(found, "Selection")["Field strength"] == "1.5 T (n = 1), 3 T (n = 2), not stated (n = 1)"
    assert [note for note in found.notes if "R2* of different field strengths (1.5, 3, ? T;" in note] != []


def test_decided_levels_are_told_where_there_are_any(small: Gathered) -> None:
    decided = Adjudication(5, Level.L2, Ruling(How.EXCLUDED, reason=Reason.METAL), {}, "")
    found = panel(replace(small, decided=(decided,)), "flow")
    assert table(found, "Selection")["Values"] == "mean, adjudicated"
    assert table(panel(small), "Selection")["Values"] == "mean of readers"


# -- patients ---------------------------------------------------------------------------------------------


def test_every_patient_has_a_row_with_the_values_of_each_reader(reference: Gathered) -> None:
    found = patients(reference)
    assert len(found.codes) == 120
    titles = [column.title for column in found.columns]
    assert titles[:4] == ["Case", "FF (%)\nReader 1", "FF (%)\nReader 2", "FF (%)\nfinal"]
    first = {column.title: column.cells[0] for column in found.columns}
    assert first["FF (%)\nfinal"] == "31.89"
    assert (first["T-score"], first["Group"], first["Final from"]) == ("-0.4", "normal", "mean")
    # the printed value is the mean of the two readers
    own = [column.order[0] for column in found.columns[1:4] if column.order is not None]
    assert np.mean(own[:2]) == pytest.approx(own[2])


def test_means_of_the_rows_are_those_of_table_1(reference: Gathered) -> None:
    found = {column.title: column for column in patients(reference).columns}
    groups = np.array(found["Group"].cells)
    for title, means in (
        ("FF (%)\nfinal", ("40.82", "52.90", "61.65")),
        ("R2* (Hz)\nfinal", ("152.36", "144.90", "132.23")),
        ("BMD\nmg/cm³", ("148.95", "91.56", "61.47")),
    ):
        values = found[title].order
        assert values is not None
        for group, mean in zip(("normal", "osteopenia", "osteoporosis"), means, strict=True):
            assert f"{values[groups == group].mean():.2f}" == mean


def test_who_is_left_out_stands_below_with_the_reason(small: Gathered) -> None:
    found = patients(small)
    assert found.codes[-2:] == ("P000000", "P000001")
    last = {column.title: column.cells[-2:] for column in found.columns}
    assert last["Analysed"] == ("no: not signed off", "no: patient excluded: cement")
    assert last["FF (%)\nfinal"] == ("–", "–")
    assert {len(column.cells) for column in found.columns} == {8}
    assert {column.order.size for column in found.columns if column.order is not None} == {8}


def test_a_mean_of_fewer_levels_is_marked(gathered_of: GatheredOf) -> None:
    ff = np.full((2, 2, 5), 50.0)
    ff[1, 0, 3] = np.nan
    made = gathered_of(ff, ff + 90.0)
    told = tuple(replace(one, not_blinded=True) for one in made.told)
    assert patients(made).columns[-2].cells == ("", "fewer levels")
    assert patients(replace(made, told=told)).columns[-2].cells == (
        "not blinded",
        "not blinded, fewer levels",
    )


def test_mixed_units_have_no_column_of_bone_density(small: Gathered, gathered_of: GatheredOf) -> None:
    values = np.full((2, 2, 5), 50.0)
    made = gathered_of(values, values, bmd=[1.0, 100.0], units=("g/cm2", "mg/cm3"))
    assert not [column for column in patients(made).columns if column.title.startswith("BMD")]
    assert [column.cells[0] for column in patients(small).columns if column.title == "BMD\ng/cm²"] == [
        "0.957"
    ]


def test_the_patients_are_copied_with_one_line_each(reference: Gathered) -> None:
    lines = main_text(patients(reference)).splitlines()
    assert len(lines) == 121
    assert lines[0].split("\t")[:4] == ["Case", "FF (%) Reader 1", "FF (%) Reader 2", "FF (%) final"]
    assert {line.count("\t") for line in lines} == {lines[0].count("\t")}


# -- methods ----------------------------------------------------------------------------------------------


def test_the_methods_of_the_reference_study_say_what_was_done(reference: Gathered) -> None:
    found = methods(reference)
    assert list(found) == [
        "Measurement", "Readers", "Participants", "Agreement", "Correlation", "Groups",
        "Diagnostic performance", "Software",
    ]  # fmt: skip
    for head, said in (
        ("Measurement", "under the protocol reference-cohort v1."),
        ("Measurement", "mean over L1-L5, of which at least 4 had to be measured"),
        ("Measurement", "240 of 240 readings were measured with another program"),
        ("Readers", "2 readers signed off 240 readings"),
        ("Readers", "The protocol did not blind the readers."),
        ("Participants", "120 of 120 exams are analysed"),
        ("Participants", "The outcome was a T-score of -2.5 or below (49 of 120 patients)."),
        ("Agreement", "± 1.96 SD"),
        ("Agreement", "exact, Carkeet 2015 for the limits"),
        ("Agreement", "ICC(2,1), two-way random effects, absolute agreement, single reader (ICC(A,1)"),
        ("Correlation", "Fisher z"),
        ("Groups", "Holm's correction"),
        ("Groups", "SPSS (type 6)"),
        ("Diagnostic performance", "FF, R2*, FF + R2*, age"),
        ("Diagnostic performance", "DeLong's"),
        ("Diagnostic performance", "Wilson 1927"),
        ("Software", f"MarrowMark {app.__version__} (Python 3."),
        ("Software", f"NumPy {np.__version__}"),
    ):
        assert said in found[head], (head, said)


def test_another_method_chosen_on_a_tab_changes_the_methods(reference: Gathered) -> None:
    chosen = (
        Selection()
        .with_option("agreement.scale", "percent")
        .with_option("agreement.limits", "quantile")
        .with_option("groups.test", "kruskal")
        .with_option("groups.pairs", "dunn")
        .with_option("groups.quartiles", "7")
        .with_option("correlation.against", "tscore")
        .with_option("roc.interval", "exact")
        .with_option("roc.style", "midpoint")
        .with_option("roc.share", "exact")
        .with_option("roc.direction", "automatic")
    )
    found = methods(reference, chosen)
    for head, said in (
        ("Agreement", "in percent of the mean, the mean ± 1.9600 SD"),
        ("Groups", "by the Kruskal-Wallis test."),
        ("Groups", "Dunn's test"),
        ("Groups", "R and Excel (type 7)"),
        ("Correlation", "correlated with T-score"),
        ("Diagnostic performance", "binomial exact"),
        ("Diagnostic performance", "halfway between"),
        ("Diagnostic performance", "Clopper-Pearson 1934"),
        ("Diagnostic performance", "chosen by the medians"),
    ):
        assert said in found[head], (head, said)


def test_single_vertebrae_have_methods_of_their_own(reference: Gathered) -> None:
    found = methods(reference, Selection().with_option("agreement.unit", "vertebra"))
    assert "Bland and Altman 2007 for single vertebrae" in found["Agreement"]
    assert "ICC(2,1)" not in found["Agreement"]


def test_what_is_not_defined_is_not_mentioned(gathered_of: GatheredOf) -> None:
    values = np.full((3, 1, 5), 50.0)
    found = methods(gathered_of(values, values + 90.0))
    assert set(found) == {"Measurement", "Readers", "Participants", "Software"}
    assert "A single reader signed off 3 readings" in found["Readers"]
    assert "The values are those of one reader alone." in found["Readers"]


def test_the_methods_tell_how_readings_were_made(small: Gathered) -> None:
    said = tuple(
        CaseResult(one, "Reader 1", 1, True, CaseFacts(counted=Counted.FROM_SACRUM), {}, {}) for one in (2, 3)
    )
    told = tuple(
        replace(one, origin="images", rule="whole-voxel-rectangle/1", protocol="first v1", software="0.0.1")
        for one in small.told
    )
    again = tuple(replace(one, round=2) for one in told if one.exam_id == 3)
    rules = replace(Protocol(blinded=True), version=2)
    decided = (Adjudication(5, LEVELS[1], Ruling(How.EXCLUDED, reason=Reason.METAL), {}, ""),)
    made = replace(small, said=said, told=(*told, *again), protocol=rules, decided=decided)
    found = methods(made)
    for head, words in (
        ("Measurement", "under the protocol first v1."),
        ("Measurement", "The analysis follows the protocol lumbar-FF-R2star v2."),
        ("Measurement", "counted by the rule whole-voxel-rectangle/1."),
        ("Measurement", "R2* was measured at 3 T."),
        ("Measurement", "up from the sacrum in 2 of 12 readings."),
        ("Readers", "The study was blinded"),
        ("Readers", "3 exams served for training"),
        ("Readers", "Part of the cases was read again in one further round."),
        ("Readers", "more than 5 points of fat fraction or 15 % of R2*"),
        ("Participants", "a reader excluded the patient (cement)"),
        ("Software", "Values were stored by version 0.0.1."),
    ):
        assert words in found[head], (head, words)
    alone = methods(made, Selection(levels="L3", readers=one_reader("Reader 1")))
    assert "The value of a patient is that of L3." in alone["Measurement"]


def read_again(small: Gathered, *days: float) -> Gathered:
    """The first cases of the first reader once more on images, each so many days later."""
    own = [replace(one, origin="images") for one in small.told if one.reader == "Reader 1"]
    codes = sorted({one.exam_id for one in own} - set(small.excluded))
    begun = datetime(2026, 1, 1, tzinfo=UTC)
    again = [
        replace(one, round=2, signed_off_utc=(begun + timedelta(days=waited)).isoformat())
        for exam_id, waited in zip(codes, days, strict=False)
        for one in own
        if one.exam_id == exam_id
    ]
    return replace(small, told=(*own, *again))


@pytest.mark.parametrize(
    ("days", "said"),
    [
        ((15.0, 14.5, 30.0), "at least 14 days (planned: 14)."),
        ((15.0, 3.9), "at least 3 days (planned: 14)."),
        # the first reading was unlocked, and signed off once more behind the second
        ((15.0, -2.0), "at least 2 days (planned: 14)."),
        ((15.0, 1.2), "at least 1 day (planned: 14)."),
        ((15.0, 0.5), "less than a day (planned: 14 days)."),
    ],
)
def test_the_methods_print_the_wash_out_that_was_kept_not_the_one_that_was_planned(
    small: Gathered, days: tuple[float, ...], said: str
) -> None:
    found = methods(read_again(small, *days))["Readers"]
    assert said in found
    assert "wash-out" not in found


def test_the_methods_count_who_was_let_in_before_the_wash_out_was_over(small: Gathered) -> None:
    made = read_again(small, 15.0, 3.0)
    early = frozenset(
        (one.reader, one.exam_id, one.round) for one in made.told if one.round == 2 and one.exam_id == 2
    )
    found = methods(replace(made, early=early))["Readers"]
    assert "One of 2 repeated readings was offered without its wash-out." in found
    assert len(early) == 1


def test_the_wash_out_of_patients_who_are_left_out_is_not_told(small: Gathered) -> None:
    made = read_again(small, 3.0, 15.0)
    out = replace(made, excluded={**made.excluded, 2: Because(Reason.CEMENT)})
    assert "at least 15 days (planned: 14)." in methods(out)["Readers"]


def test_of_repeats_that_come_from_a_table_no_day_is_known(small: Gathered) -> None:
    again = tuple(replace(one, round=2) for one in small.told)
    found = methods(replace(small, told=(*small.told, *again)))["Readers"]
    assert "read again in one further round." in found
    assert "planned" not in found


def test_agreement_of_a_reader_with_themselves_is_called_so(small: Gathered) -> None:
    again = tuple(replace(one, round=2) for one in small.told)
    both = replace(small, told=(*small.told, *again))
    found = methods(both, Selection().with_option("agreement.compare", "1.1-1.2"))
    assert "of one reader between two rounds" in found["Agreement"]


def test_levels_correlated_inside_patients_are_told(small: Gathered) -> None:
    def with_levels(one: object) -> object:
        row = one.row  # type: ignore[attr-defined]
        values = tuple(
            replace(row.values[0], region=level, value=0.8 + 0.01 * place + 0.02 * row.line * (place % 2))
            for place, level in enumerate(LEVELS)
        )
        return replace(one, row=replace(row, values=(*row.values, *values)))  # type: ignore[type-var]

    made = replace(small, joined=tuple(with_levels(one) for one in small.joined))  # type: ignore[misc]
    assert "repeated-measures correlation" in methods(made)["Correlation"]


def test_every_sentence_of_the_methods_is_a_sentence() -> None:
    for code, template in METHODS.items():
        if ".head." not in code:
            assert template.endswith("."), code
            assert re.match(r"[A-Z{]", template), code


# -- in the window ----------------------------------------------------------------------------------------


def wide(boxes: int) -> FlowChart:
    lines = tuple(f"reason {number} (n = 1): P00000{number}, P00001{number}" for number in range(4))
    steps = tuple(Step(Box(f"Step {one}", lines[:2]), Box(f"Left out {one}", lines)) for one in range(boxes))
    return FlowChart("Flow", steps, (Box("With", lines), Box("Without", lines)), "made up")


@pytest.mark.parametrize("width", [300.0, 620.0, 900.0])
def test_no_box_of_a_flow_covers_another_and_all_stay_inside(width: float) -> None:
    placed = place_flow(
        wide(4), width, lambda box, room: 20.0 * len(box.lines) * (1.0 if room > 200 else 2.0)
    )
    frames = [frame for _, frame in placed.boxes]
    for place, one in enumerate(frames):
        assert one.left() >= -0.01
        assert one.right() <= width + 0.01
        assert one.bottom() <= placed.height + 0.01
        assert not [other for other in frames[place + 1 :] if one.intersects(other)]


def test_every_arrow_ends_at_a_box_and_crosses_none() -> None:
    placed = place_flow(wide(3), 620.0, lambda box, _room: 16.0 * (len(box.lines) + 1))
    assert len(placed.arrows) == 2 + 3 + 2
    for arrow in placed.arrows:
        ends = [frame for _, frame in placed.boxes if frame.adjusted(-1, -1, 1, 1).contains(arrow.p2())]
        assert len(ends) == 1
        middle = arrow.pointAt(0.5)
        assert not [frame for _, frame in placed.boxes if frame.contains(middle)]


def test_a_flow_without_anybody_aside_stands_in_the_middle() -> None:
    placed = place_flow(FlowChart("", (Step(Box("All")),)), 600.0, lambda _box, _room: 20.0)
    assert placed.boxes[0][1].center().x() == pytest.approx(300.0)


def test_a_long_flow_is_drawn_smaller_so_that_nothing_is_cut(qtbot: QtBot) -> None:
    view = FlowView(LIGHT)
    qtbot.addWidget(view)
    view.resize(500, 400)
    view.show_chart(wide(5))
    assert view.height_of(wide(5), 500.0) > 400.0
    view.show()
    image = view.grab().toImage()
    # the frame of the last box ends inside
    below = [image.pixelColor(x, image.height() - 22).name() for x in range(0, image.width(), 3)]
    assert set(below) <= {QColor(LIGHT.outline).name(), image.pixelColor(0, 0).name()} or len(set(below)) < 8


def test_a_flow_can_be_heard_and_recoloured(qtbot: QtBot) -> None:
    view = FlowView(LIGHT)
    qtbot.addWidget(view)
    view.resize(600, 500)
    view.show()
    assert view.accessibleName() == ""
    view.show_chart(wide(1))
    assert view.accessibleName() == "Flow"
    assert "Left out 0 reason 0" in view.accessibleDescription()
    light = view.grab().toImage()
    view.show_theme(DARK)
    assert view.grab().toImage() != light
    view.show_chart(None)
    assert view.chart is None
    assert view.grab().toImage() != light


@pytest.fixture
def listed(qtbot: QtBot) -> PatientsView:
    view = PatientsView()
    qtbot.addWidget(view)
    order = np.array([2.0, np.nan, 10.0, 1.0])
    view.show_table(
        LongTable(
            "Patients",
            (Column("Case", ("A", "B", "C", "D")), Column("FF\n(%)", ("2.0", "–", "10.0", "1.0"), order)),
            ("A", "B", "C", "D"),
        )
    )
    view.resize(300, 200)
    view.show()
    return view


def shown_codes(view: PatientsView) -> str:
    return "".join(view.rows.code(row) for row in range(view.rows.rowCount()))


def test_figures_are_sorted_as_numbers_and_who_has_none_stays_last(listed: PatientsView) -> None:
    assert shown_codes(listed) == "ABCD"
    listed.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    assert shown_codes(listed) == "DACB"
    assert listed.rows.index(0, 1).data() == "1.0"
    listed.sortByColumn(1, Qt.SortOrder.DescendingOrder)
    assert shown_codes(listed) == "CADB"
    listed.sortByColumn(0, Qt.SortOrder.DescendingOrder)
    assert shown_codes(listed) == "DCBA"
    listed.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    assert shown_codes(listed) == "ABCD"


def test_a_row_that_is_opened_names_its_case(qtbot: QtBot, listed: PatientsView) -> None:
    listed.sortByColumn(1, Qt.SortOrder.AscendingOrder)
    listed.setCurrentIndex(listed.rows.index(1, 0))
    with qtbot.waitSignal(listed.case_clicked, timeout=60_000) as caught:
        qtbot.keyClick(listed, Qt.Key.Key_Return)
    assert caught.args == ["A"]
    listed._open(QModelIndex())


def test_figures_stand_right_and_words_left_under_their_titles(listed: PatientsView) -> None:
    role = Qt.ItemDataRole.TextAlignmentRole
    across = Qt.Orientation.Horizontal
    assert listed.rows.index(0, 1).data(role) == listed.rows.headerData(1, across, role)
    assert listed.rows.index(0, 0).data(role) != listed.rows.index(0, 1).data(role)
    assert listed.rows.headerData(0, Qt.Orientation.Vertical) is None
    assert listed.rows.headerData(9, across) is None
    assert listed.rows.index(0, 0).data(Qt.ItemDataRole.ToolTipRole) is None
    assert listed.rows.headerData(0, across, Qt.ItemDataRole.ToolTipRole) is None


def test_ten_thousand_patients_are_shown_without_a_widget_each(qtbot: QtBot) -> None:
    view = PatientsView()
    qtbot.addWidget(view)
    cells = tuple(f"{number}.00" for number in range(10_000))
    columns = tuple(Column(f"c{place}", cells, np.arange(10_000.0)) for place in range(12))
    view.show_table(LongTable("Patients", columns, cells))
    view.resize(500, 300)
    view.show()
    assert view.rows.rowCount() == 10_000
    assert len(view.findChildren(QWidget)) < 30


def test_both_maps_are_named_with_their_units(reference: Gathered) -> None:
    titles = [column.title for column in patients(reference).columns]
    for quantity in MEASURED:
        name = {"FF": "FF (%)", "R2STAR": "R2* (Hz)"}[quantity.value]
        assert f"{name}\nfinal" in titles
