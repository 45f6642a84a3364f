"""While Bo reads blinded, the program holds no number of Ana's and no patient's name, shown or not."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractListModel,
    QCoreApplication,
    QDeadlineTimer,
    QEvent,
    QModelIndex,
    QObject,
    Qt,
)
from PySide6.QtGui import QAction, QTextDocument
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractItemView, QApplication, QComboBox, QWidget

from app.domain.reading import Role
from app.services.open_session import open_session
from app.ui import present
from app.ui.main_window import MainWindow
from app.ui.topbar import PAGES
from app.ui.workspace import Workspace

Enter = Callable[..., None]
_PATIENCE_MS = 100_000
_SAID = (
    "text", "windowTitle", "toolTip", "statusTip", "whatsThis", "accessibleName", "accessibleDescription",
    "placeholderText", "toPlainText", "title", "currentText", "iconText", "windowFilePath",
)  # fmt: skip
_ROLES = (
    Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole, Qt.ItemDataRole.ToolTipRole,
    Qt.ItemDataRole.StatusTipRole, Qt.ItemDataRole.WhatsThisRole, Qt.ItemDataRole.AccessibleTextRole,
    Qt.ItemDataRole.AccessibleDescriptionRole, Qt.ItemDataRole.UserRole,
)  # fmt: skip
IDENTITY = {"Doe", "1960-01-02", "19600102"}


# -- the search ---------------------------------------------------------------------------------------


def words_of(model: QAbstractItemModel) -> Iterator[str]:
    """Everything a model of rows and columns says, in every role, with its headings."""
    nowhere = QModelIndex()
    # a list of Qt's own does not say that it has one column
    wide = 1 if isinstance(model, QAbstractListModel) else model.columnCount(nowhere)
    for column in range(wide):
        yield str(model.headerData(column, Qt.Orientation.Horizontal))
        for row in range(model.rowCount(nowhere)):
            index = model.index(row, column, nowhere)
            yield from (str(model.data(index, role)) for role in _ROLES)


@pytest.fixture(autouse=True)
def empty_clipboard(qapp: QApplication) -> None:
    """What another test copied is nothing that this program tells here."""
    qapp.clipboard().clear()


def everything_said() -> set[str]:
    """Whatever stands anywhere in the program: shown, hidden, in a tip, for a screen reader, in a model."""
    said: set[str] = set()
    for top in QApplication.topLevelWidgets():
        for thing in (top, *top.findChildren(QObject)):
            if isinstance(thing, QWidget | QAction | QTextDocument):
                said |= {asked(thing, name) for name in _SAID}
            if isinstance(thing, QAbstractItemModel):
                said |= set(words_of(thing))
            if isinstance(thing, QAbstractItemView | QComboBox) and thing.model() is not None:
                said |= set(words_of(thing.model()))
    return said | {QApplication.clipboard().text()}


def asked(thing: QObject, name: str) -> str:
    """What something says of itself; nothing where that is no plain question."""
    ask = getattr(thing, name, None)
    try:
        return str(ask()) if callable(ask) else ""
    except TypeError:
        return ""


def found_in(said: set[str], wanted: set[str]) -> dict[str, str]:
    """Which of some words stand where, as whole numbers and whole words."""
    exact = {word: re.compile(rf"(?<![\w.]){re.escape(word)}(?![\w])") for word in wanted}
    return {word: text for word, pattern in exact.items() for text in said if pattern.search(text)}


def wait_until(done: Callable[[], bool]) -> None:
    """Let the program work until something is done."""
    patience = QDeadlineTimer(_PATIENCE_MS)
    while not done() and not patience.hasExpired():
        QTest.qWait(10)
    assert done()


def throw_away() -> None:
    """Delete what waits to be deleted, as the program does as soon as it has nothing else to do."""
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QApplication.processEvents()


def walk(window: MainWindow) -> set[str]:
    """Look at every page and ask for all it says."""
    said: set[str] = set()
    for page in PAGES:
        window.show_page(page)
        QApplication.processEvents()
        shown = window.stack.currentWidget()
        wait_until(lambda shown=shown: not getattr(shown, "is_busy", False))  # type: ignore[misc]
        said |= everything_said()
    return said


@pytest.fixture
def of_ana(read_session: Path) -> set[str]:
    """What Ana measured, as screens and files write it; found before the window holds the file."""
    session = open_session(read_session)
    session.database.unguard()
    rows = session.database.rows(
        "SELECT mean, median FROM measurement JOIN roi_revision ON roi_revision.id = revision_id"
        " JOIN reading ON reading.id = reading_id JOIN reader ON reader.id = reader_id WHERE name = 'Ana'"
    )
    session.close()
    assert rows
    written = {f"{row[kind]:.{digits}f}" for row in rows for kind in ("mean", "median") for digits in (1, 2)}
    return written | {repr(row["mean"]) for row in rows}


def own_numbers(space: Workspace) -> set[str]:
    """What whoever works here measured."""
    found = set()
    for case in space.cases:
        space.open_case(case.exam_id)
        assert space.case is not None
        for revision in space.case.reading.history.current.values():
            for stats in revision.stats.values():
                shown = (stats.mean, stats.median, stats.sd, stats.minimum, stats.maximum)
                found |= {f"{value:.1f}" for value in shown if value is not None}
    return found


# -- what it finds ------------------------------------------------------------------------------------


def test_the_search_itself_finds_what_a_coordinator_may_see(
    of_ana: set[str], door: MainWindow, enter: Enter
) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    said = walk(door)
    assert len(found_in(said, of_ana)) > 10
    # the record tells where rectangles lie
    assert any(text.startswith("slice 2, rows") for text in said)


def test_nothing_in_the_program_tells_a_blinded_reader_of_anothers_numbers_or_a_name(
    of_ana: set[str], door: MainWindow, enter: Enter, read_all: Callable[..., None]
) -> None:
    enter(door, "Bo")
    space = door.workspace
    # elsewhere than Ana
    read_all(space, 6, 17.0)
    own = own_numbers(space)
    said: set[str] = set()
    for case in space.cases:
        space.open_case(case.exam_id)
        said |= walk(door)
    # the search is not blind: what Bo measured is there
    assert len(found_in(said, own)) > 10
    strange = of_ana - own
    assert len(strange) > 0.8 * len(of_ana)
    assert found_in(said, strange) == {}
    assert found_in(said, IDENTITY) == {}
    assert not any(text.startswith("slice 2, rows") for text in said)


def test_nothing_is_left_of_a_coordinator_when_a_blinded_reader_comes(
    of_ana: set[str], door: MainWindow, enter: Enter
) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    assert found_in(walk(door), of_ana)
    door.file_menu.actions["about"].trigger()
    enter(door, "Bo")
    throw_away()
    said = everything_said() | walk(door)
    assert found_in(said, of_ana | IDENTITY) == {}


def test_nothing_is_left_of_anybody_on_the_card(of_ana: set[str], door: MainWindow, enter: Enter) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    codes = {case.code for case in door.workspace.cases}
    assert found_in(walk(door), codes)
    door.workspace.sign_out()
    throw_away()
    assert found_in(everything_said(), of_ana | codes | IDENTITY) == {}


def test_an_export_that_a_blinded_reader_forces_writes_nothing_and_tells_nothing(
    of_ana: set[str], door: MainWindow, enter: Enter, tmp_path: Path
) -> None:
    enter(door, "Bo")
    told: list[Any] = []
    door.workspace.failed.connect(told.append)
    before = {path.name for path in tmp_path.iterdir()}
    door.tasks.export(tmp_path)
    wait_until(lambda: bool(told))
    words = {present.error_text(told[0]), str(told[0]), door.banner.words}
    assert found_in(words, of_ana | IDENTITY) == {}
    assert {path.name for path in tmp_path.iterdir()} == before


def test_the_title_of_the_window_holds_the_file_and_the_program_only(door: MainWindow, enter: Enter) -> None:
    for name, role in (("Bo", Role.READER), ("Ana", Role.COORDINATOR)):
        enter(door, name, role)
        for page in PAGES:
            door.show_page(page)
            assert door.windowTitle() == "blind.marrow – MarrowMark"
