"""The study assistant: every field of the protocol, every step, what it refuses and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QScrollArea,
    QWidget,
)

from app import compose
from app.domain.errors import InputError
from app.domain.protocol import Level, Protocol
from app.domain.reading import Role
from app.services import open_session as sessions
from app.services import study
from app.ui import sentences
from app.ui.dialogs.study_assistant import StudyAssistant
from app.ui.main_window import MainWindow
from app.ui.present.study import summary_lines
from app.ui.study_draft import STEPS, Case, Person, Step, StudyDraft, first_problem, problem_of
from app.ui.study_fields import Kind, protocol_fields

Complaints = Callable[[QWidget], list[str]]
Enter = Callable[..., None]
PIN = "long enough"
TWO = (Person("Li", coordinates=True, secret=PIN), Person("Chen"))


@pytest.fixture
def bare(qapp: QApplication, home: Path) -> Iterator[MainWindow]:
    """The window as it starts, without a session."""
    home.mkdir(exist_ok=True)
    made = compose.window(home)
    made.show()
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def assistant(bare: MainWindow) -> StudyAssistant:
    """The assistant for a new study, as the start page opens it."""
    bare.start.study_wanted.emit()
    found = bare.studying.dialog
    assert found is not None
    return found


def name_both(assistant: StudyAssistant) -> None:
    """Fill in the readers' page."""
    for line, person in zip(assistant.people.lines, TWO, strict=True):
        line.name.setText(person.name)
        line.secret.setText(person.secret)


def finish(assistant: StudyAssistant) -> None:
    """Go to the last step and finish."""
    while assistant.step is not Step.SUMMARY:
        assistant.forward.click()
        assert not assistant.told.isVisible(), assistant.told.text()
    assistant.finish.click()


# -- fields -------------------------------------------------------------------------------------------


def test_every_field_of_the_protocol_is_asked_for_somewhere_and_has_words() -> None:
    asked = {field.name for field in protocol_fields()}
    elsewhere = {
        "name", "version", "readers", "blinded", "numbers_hidden", "fit", "ladder", "repeat_share",
        "washout_days",
    }  # fmt: skip
    assert asked | elsewhere == {field.name for field in fields(Protocol)}
    assert not asked & elsewhere
    assert all(f"study.field.{name}" in sentences.LABELS for name in asked)


def test_every_field_can_be_read_as_it_is_written() -> None:
    default = Protocol()
    for field in protocol_fields():
        value = field.value(default)
        if field.kind not in (Kind.YES_NO, Kind.CHOICE):
            assert field.read(field.written(value)) == value, field
        assert field.set(default, value) == default


@pytest.mark.parametrize("name", [field.name for field in protocol_fields()])
def test_what_is_changed_in_the_form_is_changed_in_the_protocol(assistant: StudyAssistant, name: str) -> None:
    edits = [edit for edit in assistant.form.edits if edit.field.name == name]
    for edit in edits:
        widget = edit.widget
        if isinstance(widget, QCheckBox):
            widget.click()
        elif isinstance(widget, QComboBox):
            widget.setCurrentIndex(widget.count() - 1 - widget.currentIndex())
        else:
            widget.setText(edit.field.written(edit.field.value(Protocol()) * 1.5))
            if edit.field.kind is Kind.WHOLE:
                widget.setText("2")
    changed = assistant.form.take(assistant.draft).protocol
    different = {
        one.name for one in fields(Protocol) if getattr(changed, one.name) != getattr(Protocol(), one.name)
    }
    assert different == {name}


def test_a_femoral_neck_and_the_lowest_t_score_can_be_chosen(assistant: StudyAssistant) -> None:
    boxes = {edit.field.name: edit.widget for edit in assistant.form.edits}
    bmd, tscore = boxes["bmd_region"], boxes["tscore_region"]
    assert isinstance(bmd, QComboBox)
    assert isinstance(tscore, QComboBox)
    assert (bmd.findText("femoral neck") >= 0, bmd.findText("lowest there is")) == (True, -1)
    tscore.setCurrentIndex(tscore.findText("lowest there is"))
    bmd.setCurrentIndex(bmd.findText("total hip"))
    protocol = assistant.form.take(assistant.draft).protocol
    assert (protocol.bmd_region, protocol.tscore_region) == ("total hip", "lowest")


def test_a_region_in_the_words_of_a_table_stays_as_it_is(assistant: StudyAssistant) -> None:
    (edit,) = (edit for edit in assistant.form.edits if edit.field.name == "bmd_region")
    edit.show(Protocol(bmd_region="L2-L4"))
    assert edit.take(Protocol()).bmd_region == "L2-L4"


def test_a_share_is_asked_for_in_percent_and_a_comma_is_a_point() -> None:
    (share,) = (field for field in protocol_fields() if field.name == "anterior_fraction")
    assert share.written(0.667) == "66.7"
    assert share.read("66,7") == 0.667


@pytest.mark.parametrize("given", ["", "abc", "-1", "inf", "nan", "1.2.3"])
def test_what_is_no_figure_is_refused_with_the_name_of_its_field(given: str) -> None:
    (margin,) = (field for field in protocol_fields() if field.name == "margin_mm")
    with pytest.raises(InputError) as refused:
        margin.read(given)
    assert refused.value.code == "study.no_number"
    assert refused.value.values["field"] == "Margin to endplates (mm)"


def test_a_whole_number_has_no_fraction_and_a_t_score_may_be_negative() -> None:
    by_name = {field.name: field for field in protocol_fields()}
    with pytest.raises(InputError):
        by_name["slices_apart"].read("1.5")
    assert by_name["positive_t_score"].read("-1") == -1.0


def test_a_figure_that_cannot_be_taken_is_shown_even_where_it_was_folded_away(
    assistant: StudyAssistant,
) -> None:
    (field,) = (edit.widget for edit in assistant.form.edits if edit.field.name == "ff_step")
    assert isinstance(field, QLineEdit)
    field.setText("ten")
    assert not field.isVisible()
    assistant.forward.click()
    assert assistant.step is Step.STUDY
    assert field.isVisible()
    assert QApplication.focusWidget() is field
    assert "“ten” is no usable figure" in assistant.told.text()
    QTest.keyClicks(field, "1")
    assert not assistant.told.isVisible()
    assistant.form.more.click()
    assert not field.isVisible()


# -- steps --------------------------------------------------------------------------------------------


def test_the_way_through_all_steps_makes_a_study_whose_coordinator_is_signed_in(
    bare: MainWindow, assistant: StudyAssistant, tmp_path: Path
) -> None:
    assistant.forward.click()
    assert assistant.step is Step.READERS
    name_both(assistant)
    assistant.forward.click()
    assistant.reading.blinded.click()
    assistant.reading.hidden.click()
    assistant.reading.seeds[0].setText("77")
    assistant.forward.click()
    assistant.repeat.share.setText("30")
    assistant.repeat.washout.setText("21")
    assistant.forward.click()
    assert assistant.training.none.isVisible()
    assistant.forward.click()
    assert assistant.step is Step.SUMMARY
    assistant.finish.click()
    asked = assistant.findChild(QFileDialog)
    assert asked is not None
    asked.fileSelected.emit(str(tmp_path / "two"))
    space = bare.workspace
    assert space.session is not None
    assert space.session.name == "two.marrow"
    wanted = Protocol(blinded=True, numbers_hidden=True, repeat_share=0.3, washout_days=21)
    assert space.session.protocol == wanted
    assert {one.reader.name: set(one.roles) for one in space.people.known} == {
        "Li": {Role.READER, Role.COORDINATOR}, "Chen": {Role.READER},
    }  # fmt: skip
    assert [one.has_secret for one in space.people.known] == [True, False]
    assert space.viewer is not None
    assert (space.viewer.reader.name, space.viewer.role) == ("Li", Role.COORDINATOR)
    assert bare.banner.words.endswith("The study is set up. lumbar-FF-R2star v1 holds from now on.")
    assert bare.settings.recent == [space.session.path]


def test_a_single_person_makes_an_ordinary_session(
    bare: MainWindow, assistant: StudyAssistant, tmp_path: Path
) -> None:
    assistant.show_step(Step.READERS)
    assistant.people.lines[1].remove.click()
    assistant.people.lines[0].name.setText("Li")
    assert not assistant.people.lines[0].remove.isEnabled()
    finish(assistant)
    asked = assistant.findChild(QFileDialog)
    assert asked is not None
    asked.fileSelected.emit(str(tmp_path / "one.marrow"))
    assert not bare.workspace.people.sign_in_needed
    assert bare.topbar.reader.text() == "Reader: Li"


def test_a_file_that_is_there_already_is_told_in_the_assistant_which_stays(
    bare: MainWindow, assistant: StudyAssistant, reading_session: Path
) -> None:
    assistant.show_step(Step.READERS)
    name_both(assistant)
    finish(assistant)
    asked = assistant.findChild(QFileDialog)
    assert asked is not None
    asked.fileSelected.emit(str(reading_session))
    assert assistant.isVisible()
    assert assistant.told.isVisible()
    assert bare.workspace.session is None
    assert reading_session.exists()


def test_no_step_is_left_forward_before_it_is_done_but_any_can_be_gone_back_to(
    assistant: StudyAssistant,
) -> None:
    assistant.steps.setCurrentRow(STEPS.index(Step.SUMMARY))
    assert assistant.step is Step.READERS
    assert "A reader needs a name" in assistant.told.text()
    assert assistant.steps.currentRow() == STEPS.index(Step.READERS)
    assistant.back.click()
    assert assistant.step is Step.STUDY
    assert not assistant.back.isEnabled()


def test_each_reader_of_the_draft_has_an_order_of_their_own(assistant: StudyAssistant) -> None:
    assistant.show_step(Step.READERS)
    name_both(assistant)
    assistant.people.add.click()
    assert QApplication.focusWidget() is assistant.people.lines[2].name
    assistant.people.lines[2].name.setText("Wang")
    assistant.people.lines[2].reads.click()
    assistant.people.lines[2].coordinates.click()
    assistant.people.lines[2].secret.setText("pass")
    assistant.forward.click()
    assert [field.accessibleName() for field in assistant.reading.seeds] == [
        "Number the order is drawn from: Li", "Number the order is drawn from: Chen",
    ]  # fmt: skip
    assistant.reading.seeds[1].setText("x")
    assistant.forward.click()
    assert "“x” cannot be the number of an order" in assistant.told.text()
    assistant.reading.seeds[1].setText(str(2**31))
    assistant.forward.click()
    assert assistant.step is Step.READING
    assistant.reading.seeds[1].setText("12")
    assistant.forward.click()
    assert [one.seed for one in assistant.draft.people] == [None, 12, None]


@pytest.mark.parametrize(("share", "days", "code"), [
    ("0", "14", "above 0 and up to 100"), ("101", "14", "above 0 and up to 100"), ("a", "14", "above 0"),
    ("25", "-1", "whole number"), ("25", "1.5", "whole number"),
])  # fmt: skip
def test_a_repeat_needs_a_part_and_days(assistant: StudyAssistant, share: str, days: str, code: str) -> None:
    assistant.draft = replace(assistant.draft, people=TWO)
    assistant.show_step(Step.REPEAT)
    assistant.repeat.share.setText(share)
    assistant.repeat.washout.setText(days)
    assistant.forward.click()
    assert code in assistant.told.text()
    assert assistant.step is Step.REPEAT
    assistant.repeat.wanted.click()
    assert not assistant.repeat.share.isEnabled()
    assistant.forward.click()
    assert assistant.draft.protocol.repeat_share == 0


def test_training_cases_are_found_by_their_code_and_counted(assistant: StudyAssistant) -> None:
    cases = tuple(Case(number, f"C{number:04d}") for number in range(1, 31))
    assistant.draft = replace(assistant.draft, cases=cases, training=frozenset({2}))
    assistant.show_step(Step.TRAINING)
    step = assistant.training
    assert step.count.text() == "1 of 30 chosen"
    step.filter.setText("c0012")
    assert [step.cases.item(row).text() for row in range(30) if not step.cases.item(row).isHidden()] == [
        "C0012"
    ]
    step.cases.item(11).setCheckState(Qt.CheckState.Checked)
    assert step.count.text() == "2 of 30 chosen"
    assert step.take(assistant.draft).training == {2, 12}


def test_secrets_are_hidden_until_they_are_asked_for(assistant: StudyAssistant) -> None:
    assistant.show_step(Step.READERS)
    line = assistant.people.lines[0].secret
    assert line.echoMode() is QLineEdit.EchoMode.Password
    assistant.people.seen.click()
    assert line.echoMode() is QLineEdit.EchoMode.Normal
    assert "enough" not in repr(TWO[0])


@pytest.mark.parametrize("step", STEPS)
def test_every_step_can_be_walked_and_told(
    assistant: StudyAssistant, complaints: Complaints, step: Step
) -> None:
    cases = tuple(Case(number, f"C{number:04d}") for number in range(1, 4))
    assistant.draft = replace(assistant.draft, people=TWO, cases=cases)
    assistant.show_step(step)
    if step is Step.STUDY:
        assistant.form.more.click()
    QApplication.processEvents()
    assert complaints(assistant) == []


@pytest.mark.parametrize("step", STEPS)
def test_no_step_is_wider_than_the_dialog_or_cuts_its_words(assistant: StudyAssistant, step: Step) -> None:
    assistant.resize(1000, 620)
    assistant.draft = replace(assistant.draft, people=TWO)
    assistant.show_step(step)
    if step is Step.STUDY:
        assistant.form.more.click()
    QApplication.processEvents()
    area = assistant.stack.currentWidget()
    assert isinstance(area, QScrollArea)
    assert not area.horizontalScrollBar().isVisible()
    for part in (*assistant.findChildren(QLabel), *assistant.findChildren(QAbstractButton)):
        if part.isVisible() and part.text():
            wrapped = isinstance(part, QLabel) and part.wordWrap()
            high = part.heightForWidth(part.width()) if wrapped else part.sizeHint().height()
            assert part.height() >= high, part.text()
            assert wrapped or part.width() >= part.sizeHint().width(), part.text()


# -- what is refused ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("draft", "step", "code"), [
    (StudyDraft(protocol=Protocol(name=" "), people=TWO), Step.STUDY, "study.no_name"),
    (StudyDraft(protocol=Protocol(usual_area_mm2=(5.0, 5.0)), people=TWO), Step.STUDY, "study.upside_down"),
    (StudyDraft(protocol=Protocol(query_ff=9.0), people=TWO), Step.STUDY, "study.upside_down"),
    (StudyDraft(people=(Person("Li"), Person(" "))), Step.READERS, "reader.no_name"),
    (StudyDraft(people=(Person("Li"), Person(" Li"))), Step.READERS, "reader.exists"),
    (StudyDraft(people=(*TWO, Person("Wang", reads=False))), Step.READERS, "study.does_nothing"),
    (StudyDraft(people=(Person("Li", secret=PIN[:3]),)), Step.READERS, "sign_in.short_secret"),
    (StudyDraft(people=(Person("Li", reads=False, coordinates=True),)), Step.READERS, "study.nobody_reads"),
    (StudyDraft(people=(Person("Li"),)), Step.READERS, "study.nobody_coordinates"),
    (
        StudyDraft(protocol=Protocol(blinded=True), people=(Person("Li", coordinates=True),)),
        Step.READING, "study.coordinator_without_secret",
    ),
    (
        StudyDraft(people=TWO, cases=(Case(1, "C1"),), training=frozenset({1})),
        Step.TRAINING, "study.all_training",
    ),
    (
        StudyDraft(protocol=Protocol(margin_mm=4), before=Protocol(), begun=True, people=TWO),
        Step.SUMMARY, "study.change_needs_reason",
    ),
])  # fmt: skip
def test_a_step_says_what_it_lacks(draft: StudyDraft, step: Step, code: str) -> None:
    found = first_problem(draft)
    assert found is not None
    assert (found[0], found[1].code) == (step, code)
    assert code in sentences.SENTENCES


@pytest.mark.parametrize("draft", [
    StudyDraft(people=TWO),
    StudyDraft(people=(*TWO, Person("Wang", reads=False, enrolled=3))),
    StudyDraft(protocol=Protocol(blinded=True), people=(Person("Li", coordinates=True, has_secret=True),)),
    StudyDraft(protocol=Protocol(margin_mm=4), before=Protocol(), begun=True, people=TWO, reason="thin"),
    StudyDraft(protocol=Protocol(margin_mm=4), before=Protocol(), people=TWO),
])  # fmt: skip
def test_a_draft_that_lacks_nothing_has_no_problem(draft: StudyDraft) -> None:
    assert [problem_of(draft, step) for step in STEPS] == [None] * len(STEPS)


# -- the summary --------------------------------------------------------------------------------------


def test_the_summary_tells_the_study_in_plain_sentences() -> None:
    draft = StudyDraft(
        protocol=Protocol(blinded=True, numbers_hidden=True, fit=True),
        people=TWO, cases=(Case(1, "C1"), Case(2, "C2")), training=frozenset({1}),
    )  # fmt: skip
    told = " ".join(summary_lines(draft))
    for said in (
        "The protocol is lumbar-FF-R2star v1", "2 people read: Li, Chen.", "coordinated by: Li.",
        "the name: Chen.",
        "Reading is blinded", "another program can read it", "Values stay hidden", "helped to place",
        "25 % of their cases again, at least 14 days later", "1 of 2 cases",
    ):  # fmt: skip
        assert said in told


def test_the_summary_tells_what_is_left_out_as_well() -> None:
    alone = StudyDraft(protocol=Protocol(repeat_share=0), people=(Person("Li", coordinates=True),))
    told = " ".join(summary_lines(alone))
    for said in ("One person reads: Li.", "Nobody needs a PIN.", "Reading is open", "No part", "No case is"):
        assert said in told
    sure = StudyDraft(people=(Person("Li", coordinates=True, secret=PIN),))
    assert "Everybody signs in with a PIN" in " ".join(summary_lines(sure))


def test_a_protocol_in_force_becomes_the_next_version_or_stays() -> None:
    before = Protocol(version=3)
    same = StudyDraft(protocol=before, before=before, people=TWO)
    assert not same.changed
    assert same.final == before
    assert "stays lumbar-FF-R2star v3" in summary_lines(same)[0]
    other = replace(same, protocol=replace(before, margin_mm=2.0))
    assert other.final.version == 4
    assert "becomes lumbar-FF-R2star v4" in summary_lines(other)[0]
    # fewer people are no other protocol, more are
    assert not replace(same, people=TWO[:1]).changed
    assert replace(same, people=(*TWO, Person("Wang"))).final.readers == 3


# -- a session at hand --------------------------------------------------------------------------------


def open_assistant(window: MainWindow) -> StudyAssistant:
    window.file_menu.actions["study"].trigger()
    found = window.studying.dialog
    assert found is not None
    return found


def test_the_open_session_of_one_becomes_a_study_of_several(window: MainWindow) -> None:
    assistant = open_assistant(window)
    assert assistant.windowTitle() == "Study"
    assistant.show_step(Step.READERS)
    lines = assistant.people.lines
    assert [(line.name.text(), line.name.isReadOnly()) for line in lines] == [("Ana", True), ("Bo", True)]
    # before there are roles everybody holds both
    lines[1].coordinates.click()
    lines[0].secret.setText("ana's own")
    lines[1].secret.setText("2468")
    assistant.forward.click()
    assistant.reading.blinded.click()
    assert not any(field.isEnabled() for field in assistant.reading.seeds)
    assistant.forward.click()
    assistant.forward.click()
    assistant.training.cases.item(0).setCheckState(Qt.CheckState.Checked)
    assistant.forward.click()
    assert not assistant.summary.reason.isVisible()
    assistant.finish.click()
    QApplication.processEvents()
    space = window.workspace
    assert space.viewer is not None
    assert (space.viewer.reader.name, space.viewer.role) == ("Ana", Role.COORDINATOR)
    assert space.session is not None
    assert space.session.protocol.stamp == "lumbar-FF-R2star v2"
    assert [case.training for case in study.overview(space.session, space.viewer).cases] == [
        True,
        False,
        False,
    ]
    assert space.sign_in(2, Role.COORDINATOR, "2468") is not None
    assert space.sign_in(2, Role.READER, "2468") is None


def test_once_something_was_read_a_changed_protocol_needs_its_reason(
    window: MainWindow, fill: Callable[..., None]
) -> None:
    fill(window.workspace, Level.L1)
    assistant = open_assistant(window)
    (field,) = (edit.widget for edit in assistant.form.edits if edit.field.name == "margin_mm")
    assert isinstance(field, QLineEdit)
    field.setText("2.5")
    while assistant.step is not Step.SUMMARY:
        assistant.forward.click()
    assert assistant.summary.reason.isVisible()
    assistant.finish.click()
    assert "Say why" in assistant.told.text()
    assistant.summary.reason.setText("thin cortices")
    assistant.finish.click()
    QApplication.processEvents()
    session, viewer = window.workspace.session, window.workspace.viewer
    assert session is not None
    assert viewer is not None
    assert (session.protocol.version, session.protocol.margin_mm) == (2, 2.5)
    newest = sessions.audit_entries(session, viewer)[-1]
    assert newest.reason == "thin cortices"
    # one session, one person at work: nobody was sent to the door
    assert viewer.reader.name == "Ana"
    case = window.workspace.case
    assert case is not None
    assert case.exam.code == "C0001"
    assert case.protocol.margin_mm == 2.5


def test_the_coordinator_of_a_running_study_adds_a_reader_and_stays(door: MainWindow, enter: Enter) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    assistant = open_assistant(door)
    assistant.show_step(Step.READERS)
    lines = assistant.people.lines
    # a coordinator's own secret is changed by whoever knows it
    assert [line.secret.isEnabled() for line in lines] == [False, True]
    lines[1].secret.setText("a new one")
    assistant.people.add.click()
    assistant.people.lines[2].name.setText("Cleo")
    while assistant.step is not Step.SUMMARY:
        assistant.forward.click()
        assert not assistant.told.isVisible(), assistant.told.text()
    if assistant.summary.reason.isVisible():
        assistant.summary.reason.setText("a third reader")
    assistant.finish.click()
    QApplication.processEvents()
    space = door.workspace
    assert [one.reader.name for one in space.people.known] == ["Ana", "Bo", "Cleo"]
    assert space.people.coordinates
    assert space.sign_in(2, Role.READER, "2468") is not None
    assert space.sign_in(2, Role.READER, "a new one") is None


def test_what_the_session_refuses_is_told_in_the_assistant(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> None:
        raise InputError("study.not_coordinator")

    assistant = open_assistant(window)
    while assistant.step is not Step.SUMMARY:
        assistant.forward.click()
    monkeypatch.setattr(study, "set_up", refuse)
    assistant.finish.click()
    assert assistant.told.isVisible()
    monkeypatch.setattr(study, "overview", refuse)
    assistant.reject()
    window.file_menu.actions["study"].trigger()
    assert window.banner.words


def test_cancel_changes_nothing(window: MainWindow) -> None:
    assistant = open_assistant(window)
    assistant.form.name.setText("another")
    assistant.cancel.click()
    session = window.workspace.session
    assert session is not None
    assert session.protocol == Protocol()
