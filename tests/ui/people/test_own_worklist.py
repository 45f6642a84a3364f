"""A reader's own list: states, what is to be looked at, the filter, the next case, and nothing of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.domain.errors import AppError, BlindingError
from app.domain.reading import Role, Viewer
from app.services import package, study
from app.services.open_session import Session, open_session, readers_of
from app.store import rounds
from app.ui import present
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.pages.worklist import WorklistPage

Enter = Callable[..., None]
_TRIES = 400


def own(window: MainWindow) -> WorklistPage:
    window.show_page("worklist")
    QApplication.processEvents()
    page = window.page("worklist")
    assert isinstance(page, WorklistPage)
    return page


def until(done: Callable[[], bool]) -> None:
    """Let the program work; a loop that waits leaves the interpreter to the thread that looks."""
    for _ in range(_TRIES):
        if done():
            break
        loop = QEventLoop()
        QTimer.singleShot(50, loop.quit)
        loop.exec()
    assert done()


def as_coordinator(path: Path, act: Callable[[Session, Viewer], object]) -> None:
    """Do something in a closed session as Ana would."""
    session = open_session(path)
    try:
        session.database.unguard()
        act(session, Viewer(readers_of(session)[0], Role.COORDINATOR))
    finally:
        session.close()


def cell(page: WorklistPage, code: str, column: int) -> str:
    return next(row[column] for row in page.own.view.texts if row[0] == code)


def test_an_unlocked_case_tells_its_reader_why(read_session: Path, home: Path, enter: Enter, opened) -> None:
    as_coordinator(read_session, lambda s, v: study.unlock(s, v, 1, 1, 1, "L3 and L4 exchanged"))
    window = opened(read_session)
    enter(window, "Ana")
    page = own(window)
    assert cell(page, "C0001", 1) == "unlocked: L3 and L4 exchanged"
    assert [row[1] for row in page.own.view.texts].count("signed off") == 2
    assert page.own.go_on.isEnabled()


def test_what_rules_say_of_a_case_stands_in_the_list_with_its_sentences(
    door: MainWindow, enter: Enter
) -> None:
    enter(door, "Ana")
    page = own(door)
    until(lambda: not page.is_busy)
    space = door.workspace
    for row, shown in enumerate(page.own.view.texts):
        exam_id = next(one.exam_id for one in space.cases if one.code == shown[0])
        standing = space.standing_of(exam_id)
        assert standing is not None
        said = [present.finding_text(one) for one in standing.findings]
        assert shown[3] == (f"⚠ {len(said)}" if said else "")
        tip = page.own.view.model().index(row, 3).data(3)
        assert tip == "\n".join(said)
    assert page.own.bar.said.text() == "all read"


def test_the_filter_keeps_cases_of_a_kind(door: MainWindow, enter: Enter) -> None:
    enter(door, "Bo")
    page = own(door)
    kinds = page.own.bar.kind
    counts = {}
    for place in range(kinds.count()):
        kinds.setCurrentIndex(place)
        kinds.activated.emit(place)
        counts[kinds.currentData()] = page.own.view.model().rowCount()
    assert counts == {
        "all": 3, "todo": 3, "open": 0, "signed": 0, "unlocked": 0, "warned": 0, "training": 0,
    }  # fmt: skip
    assert page.own.empty.isVisible()
    assert page.own.empty.text() == present.text("worklist.none_listed")
    kinds.setCurrentIndex(0)
    kinds.activated.emit(0)
    assert not page.own.empty.isVisible()


def test_cases_that_wait_are_told_with_their_day(read_session: Path, enter: Enter, opened) -> None:
    def repeat(session: Session, viewer: Viewer) -> None:
        study.start_repeat(session, viewer, share=1.0, washout_days=14, seed=3)
        first = next(iter(rounds.given(session.database)[1, 2].values()))
        # this one was signed off long before the others
        with session.database.transaction():
            rounds.assign(session.database, [replace(first, due_utc="")], "")

    as_coordinator(read_session, repeat)
    window = opened(read_session)
    enter(window, "Ana")
    page, viewer = own(window), window.workspace.viewer
    until(lambda: not page.is_busy)
    assert viewer is not None
    assert viewer.round == 2
    assert len(page.own.view.texts) == 1
    assert window.workspace.session is not None
    day = study.waiting(window.workspace.session, viewer).first_utc[:10]
    assert page.own.bar.said.text() == f"2 more from {day} on"


def test_a_blinded_reader_has_no_list_of_all_readers(door: MainWindow, enter: Enter) -> None:
    enter(door, "Bo")
    page = own(door)
    assert not page._switch.isVisible()
    assert page.own.isVisible()
    assert page.study.overview is None
    page.show_list(1)
    QApplication.processEvents()
    # even where the list is forced to the front, the store keeps it closed
    assert page.study.view.texts == []
    assert page.study.empty.text() == present.error_text(_closed())
    assert not any(made.isEnabled() for made in page.study.steps.values())


def _closed() -> AppError:
    return BlindingError("blinding.closed")


def test_a_training_case_shows_the_reference_once_it_is_signed_off_and_not_before(
    read_session: Path, enter: Enter, opened, fill: Callable[..., None]
) -> None:
    def practise(session: Session, viewer: Viewer) -> None:
        study.set_up(session, _plan(session), viewer)
        study.set_training_reference(session, viewer, 1, 1)

    as_coordinator(read_session, practise)
    window = opened(read_session)
    enter(window, "Bo")
    space = window.workspace
    space.open_case(1)
    window.show_page("read")
    reading = window.page("read")
    assert isinstance(reading, ReadingPage)
    fill(space)
    assert not reading.feedback.isVisible()
    space.sign_off(go_on=True)
    assert reading.feedback.isVisible()
    assert reading.feedback.title.text() == "Training C0001"
    assert space.session is not None
    assert space.viewer is not None
    told = study.training_feedback(space.session, space.viewer, 1)
    assert len(told.rows) == 10
    for row in told.rows:
        own_label, reference = reading.feedback._values[row.level.value, row.quantity]
        digits = 1 if row.quantity.value == "FF" else 0
        assert own_label.text() == f"{row.own:.{digits}f}"
        assert reference.text() == f"{row.reference:.{digits}f}"
    # the next training case or the same one reopened: what was said is put away
    space.undo()
    assert not reading.feedback.isVisible()
    space.sign_off(go_on=False)
    page = own(window)
    page.own.view.go_to((1,))
    assert page.own.feedback.isVisible()
    page.own.view.go_to((2,))
    assert not page.own.feedback.isVisible()


def _plan(session: Session) -> study.StudyPlan:
    people = (study.Planned("Ana", coordinates=True), study.Planned("Bo"))
    return study.StudyPlan(session.protocol, people, frozenset({1}))


def test_results_are_sent_from_a_package_and_from_nothing_else(
    door: MainWindow, enter: Enter, tmp_path: Path, opened
) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    session, viewer = door.workspace.session, door.workspace.viewer
    assert session is not None
    assert viewer is not None
    target = tmp_path / "bo.marrow"
    package.write_package(session, viewer, 2, 1, target)
    assert own(door).own.results.isHidden()
    window = opened(target)
    enter(window, "Bo")
    page = own(window)
    assert page.own.results.isVisible()
    said: list[str] = []
    page.said.connect(said.append)
    results = tmp_path / "results.marrow"
    page.own.results.write(str(results))
    until(lambda: bool(said))
    assert results.exists()
    assert results.stat().st_size < target.stat().st_size
    assert "results.marrow" in window.banner.words


def test_a_reader_and_a_coordinator_can_walk_the_list_by_keys(
    door: MainWindow, enter: Enter, complaints: Callable[..., list[str]]
) -> None:
    for role in (Role.READER, Role.COORDINATOR):
        enter(door, "Ana", role)
        door.show_page("worklist")
        QApplication.processEvents()
        assert complaints(door) == []
