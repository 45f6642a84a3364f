"""A reader who is done: all read, a round that waits for its day, and one that is ready."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from app.domain.reading import Role, Viewer
from app.services import package, study
from app.services.open_session import Session, open_session, readers_of
from app.store import rounds
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.pages.worklist import WorklistPage

Enter = Callable[..., None]
Opened = Callable[[Path], MainWindow]
_TRIES = 400
DAYS = ("2999-05-01", "2999-05-02", "2999-05-03")


def own(window: MainWindow) -> WorklistPage:
    window.show_page("worklist")
    QApplication.processEvents()
    page = window.page("worklist")
    assert isinstance(page, WorklistPage)
    wait_for(page)
    return page


def wait_for(page: WorklistPage) -> None:
    """Let the cases be looked through; a loop that waits leaves the interpreter to the thread."""
    for _ in range(_TRIES):
        if not page.is_busy:
            break
        loop = QEventLoop()
        QTimer.singleShot(50, loop.quit)
        loop.exec()
    assert not page.is_busy


def as_coordinator(path: Path, act: Callable[[Session, Viewer], object]) -> None:
    """Do something in a closed session as Ana would."""
    session = open_session(path)
    try:
        session.database.unguard()
        act(session, Viewer(readers_of(session)[0], Role.COORDINATOR))
    finally:
        session.close()


def repeat(session: Session, viewer: Viewer, days: tuple[str, ...] = DAYS) -> None:
    """Begin a repeat of all that Ana has read, case by case from these days on."""
    study.start_repeat(session, viewer, share=1.0, washout_days=14, seed=3)
    given = rounds.given(session.database)[1, 2].values()
    with session.database.transaction():
        moved = [
            replace(one, due_utc=f"{day}T00:00:00.000+00:00" if day else "")
            for one, day in zip(given, days, strict=True)
        ]
        rounds.assign(session.database, moved, "")


@pytest.fixture
def waiting(read_session: Path) -> Path:
    """The study that Ana has read, after a repeat was begun whose cases wait."""
    as_coordinator(read_session, repeat)
    return read_session


def test_a_reader_whose_next_round_waits_is_told_which_and_until_when(
    waiting: Path, opened: Opened, enter: Enter
) -> None:
    window = opened(waiting)
    enter(window, "Ana")
    assert window.workspace.viewer is not None
    assert window.workspace.viewer.round == 1
    assert window.workspace.session is not None
    assert window.workspace.session.database.guarded
    assert "Round 2 waits: its first case is offered on 2999-05-01" in window.banner.words
    page = own(window)
    assert page.own.bar.said.text() == "all read · round 2 from 2999-05-01 on"
    assert "Cases that wait: 3." in page.own.bar.said.toolTip()
    assert len(page.own.view.texts) == 3


def test_whoever_has_cases_left_is_told_nothing_of_later(waiting: Path, opened: Opened, enter: Enter) -> None:
    window = opened(waiting)
    enter(window, "Bo")
    assert "Round 2" not in window.banner.words
    assert own(window).own.bar.said.text() == ""


def test_one_readers_day_is_no_word_for_another(
    waiting: Path, opened: Opened, enter: Enter, read_all: Callable[..., None]
) -> None:
    window = opened(waiting)
    enter(window, "Bo")
    read_all(window.workspace, 2, 10.0)
    page = own(window)
    assert page.own.bar.said.text() == "all read"
    assert page.own.bar.said.toolTip() == ""
    enter(window, "Bo")
    assert window.banner.words == ""


def test_whoever_is_done_with_everything_reads_that_all_is_read(door: MainWindow, enter: Enter) -> None:
    enter(door, "Ana")
    assert own(door).own.bar.said.text() == "all read"
    assert door.banner.words == ""


def test_a_round_whose_day_has_come_begins_when_the_name_is_chosen_again(
    read_session: Path, opened: Opened, enter: Enter
) -> None:
    as_coordinator(read_session, lambda session, viewer: repeat(session, viewer, ("", *DAYS[1:])))
    window = opened(read_session)
    enter(window, "Ana")
    space = window.workspace
    assert space.viewer is not None
    # already there: what is told is how much of this round waits
    assert space.viewer.round == 2
    assert own(window).own.bar.said.text() == "2 more from 2999-05-02 on"
    assert window.banner.words == ""


def test_a_reader_who_finishes_while_the_next_round_is_ready_is_told_how_to_begin_it(
    read_session: Path, opened: Opened, enter: Enter
) -> None:
    as_coordinator(read_session, lambda s, v: study.unlock(s, v, 1, 1, 1, "look again"))

    def two_more(session: Session, viewer: Viewer) -> None:
        repeat(session, viewer, ("", ""))

    as_coordinator(read_session, two_more)
    window = opened(read_session)
    enter(window, "Ana")
    space = window.workspace
    assert space.viewer is not None
    assert space.viewer.round == 1
    page = own(window)
    assert page.own.bar.said.text() == ""
    space.open_case(1)
    space.sign_off(go_on=False)
    wait_for(page)
    assert page.own.bar.said.text() == "all read · round 2 is ready"
    assert page.own.bar.said.toolTip().startswith("Round 2 is ready: choose your name at the top right")
    enter(window, "Ana")
    assert space.viewer.round == 2
    assert len(space.cases) == 2


def test_a_package_whose_cases_all_wait_says_so_instead_of_asking_for_images(
    waiting: Path, opened: Opened, enter: Enter, tmp_path: Path
) -> None:
    target = tmp_path / "ana.marrow"
    as_coordinator(waiting, lambda s, v: package.write_package(s, v, 1, 2, target))
    window = opened(target)
    enter(window, "Ana")
    space = window.workspace
    assert space.viewer is not None
    assert space.cases == []
    words = "Round 2 waits: its first case is offered on 2999-05-01"
    assert words in window.banner.words
    page = own(window)
    assert page.own.empty.isVisible()
    assert page.own.empty.text().startswith(words)
    window.show_page("read")
    reading = window.page("read")
    assert isinstance(reading, ReadingPage)
    assert reading.empty.isVisible()
    assert reading.empty.what.text().startswith(words)
    assert not reading.empty.bring.isVisible()


def test_a_blinded_reader_without_cases_is_sent_to_the_coordinator_and_not_to_the_import(
    blind_session: Path, opened: Opened, enter: Enter
) -> None:
    def take_all(session: Session, viewer: Viewer) -> None:
        for exam_id in (1, 2, 3):
            study.withdraw(session, viewer, exam_id, 2, 1, "away")

    as_coordinator(blind_session, take_all)
    window = opened(blind_session)
    enter(window, "Bo")
    window.show_page("read")
    reading = window.page("read")
    assert isinstance(reading, ReadingPage)
    assert reading.empty.what.text() == "No case is yours in this round. The coordinator assigns them."
    assert not reading.empty.bring.isVisible()
    assert own(window).own.empty.text() == reading.empty.what.text()


def test_alone_one_is_told_of_the_next_round_too(window: MainWindow, read_all: Callable[..., None]) -> None:
    space = window.workspace
    read_all(space, 2, 14.0)
    assert space.session is not None
    assert space.viewer is not None
    repeat(space.session, space.viewer)
    path = space.session.path
    space.close()
    window.open(path)
    assert "Round 2 waits: its first case is offered on 2999-05-01" in window.banner.words
