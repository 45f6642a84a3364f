"""Where the protocol hides numbers until sign-off, nothing on the page or in a picture tells one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.domain.errors import AppError
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services.open_session import create_session
from app.store import exams
from app.store.exams import NewExam
from app.ui import case_words, present
from app.ui.canvas import figure
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.workspace import Workspace

GRID = Grid((5, 120, 80), (4.0, 1.25, 1.25), (0.0, 0.0, 0.0), ((1.0, 0, 0), (0, 0, -1.0), (0, 1.0, 0)))
SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "all", 1.0, 2.0, 0, 0, 0, 0)
HIDDEN = "hidden until sign-off"


def exam_with_holes() -> Exam:
    """Even maps; 20 of the 88 voxels of L3 hold no fat."""
    ff = np.full(GRID.shape, 45, np.int16)
    ff[:, ::2] += 1
    ff[2, 44:46, 35:45] = 0
    r2star = np.full(GRID.shape, 150, np.int16)
    r2star[:, ::2] += 7
    for stored in (ff, r2star):
        stored[0, 0, 0] = 400
    maps = {Quantity.FF: ff, Quantity.R2STAR: r2star}
    made = {quantity: ParametricMap(quantity, stored, GRID, SCALING) for quantity, stored in maps.items()}
    return Exam("C0001", made, field_strength_t=3.0)


def box_of(level: Level) -> Rectangle:
    return Rectangle(2, 8 + 18 * LEVELS.index(level), 35, 8, 11)


@pytest.fixture
def opened(window: MainWindow, tmp_path: Path) -> Callable[[Protocol], Workspace]:
    """Give a function that opens a session of one exam under a protocol."""

    def opened(protocol: Protocol) -> Workspace:
        session = create_session(tmp_path / "hidden.marrow", protocol)
        new = NewExam(exam_with_holes(), Identity(), {}, "GE", "")
        exams.add(session.database, exams.pack(new), actor="First")
        session.close()
        window.open(session.path)
        return window.workspace

    return opened


@pytest.fixture
def hidden(opened: Callable[[Protocol], Workspace]) -> Iterator[Workspace]:
    return opened(Protocol(numbers_hidden=True))


def read_all(space: Workspace) -> None:
    for level in LEVELS:
        space.show_preview(level, box_of(level))
        space.commit_preview()


def shown_in(page: ReadingPage) -> str:
    """Every word that stands in the panel about rectangles."""
    rows = page.panel.table.levels.rows
    told = [value.text() for _, value in page.panel.lines.lines]
    for row in rows:
        told += [row.ff, row.ff_sd, row.r2star, row.r2star_sd, row.note, row.detail, row.warning]
    told += [view.toolTip() for view in page.panel.histograms.views.values()]
    return " ".join([*told, page.panel.warning.text()])


def test_before_sign_off_the_panel_tells_size_and_place_and_no_value(
    hidden: Workspace, page: ReadingPage
) -> None:
    read_all(hidden)
    hidden.select(Level.L2)
    said = shown_in(page)
    # FF is 45.5 and R2* 153.5 in the mean
    assert [value for value in ("45.", "46", "150", "153", "157", "±") if value in said] == []
    assert page.panel.lines.lines[0][1].text() == "8 × 11 px · 88 voxels"
    assert page.panel.lines.lines[1][1].text() == "1.38 cm²"
    assert page.panel.lines.lines[2][1].text() == HIDDEN
    assert [(row.note, row.voxels) for row in page.panel.table.levels.rows] == [(HIDDEN, "88")] * 5
    assert all(view._counts is None for view in page.panel.histograms.views.values())


def test_while_dragging_no_value_is_told_either(hidden: Workspace, page: ReadingPage) -> None:
    hidden.show_preview(Level.L1, box_of(Level.L1))
    assert page.panel.table.levels.rows[0].note == HIDDEN
    assert page.panel.table.levels.rows[0].ff == ""
    assert page.panel.lines.lines[0][1].text() == "8 × 11 px · 88 voxels"
    assert page.panel.lines.lines[2][1].text() == HIDDEN
    assert all(view._counts is None for view in page.panel.histograms.views.values())


def test_the_pointer_over_a_map_tells_no_value(hidden: Workspace, page: ReadingPage, ff: Any) -> None:
    ff.move(20, 40)
    assert page.maps._readout(Quantity.FF) == HIDDEN
    read_all(hidden)
    hidden.sign_off(go_on=False)
    ff.move(20, 40)
    assert page.maps._readout(Quantity.FF) == present.readout_text(Quantity.FF, 46.0)


def test_a_saved_picture_tells_no_value(hidden: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    read_all(hidden)
    lines: list[str] = []
    original = present.figure_line
    monkeypatch.setattr(present, "figure_line", lambda *told: (lines.append(original(*told)), lines[-1])[1])

    def drawn() -> list[str]:
        lines.clear()
        assert hidden.case is not None
        assert hidden.orientation is not None
        figure.draw_figure(hidden.case, hidden.orientation, 2)
        return lines

    assert drawn() == [f"{level.value}  –" for _ in range(2) for level in LEVELS]
    hidden.sign_off(go_on=False)
    assert all("±" in line for line in drawn())


def test_sign_off_shows_everything_and_reopening_hides_it_again(hidden: Workspace, page: ReadingPage) -> None:
    read_all(hidden)
    hidden.sign_off(go_on=False)
    hidden.select(Level.L2)
    assert (page.panel.table.levels.rows[1].ff, page.panel.table.levels.rows[1].r2star) == ("45.5", "153.5")
    assert page.panel.lines.lines[2][1].text() == "45.5 % · 153.5 s⁻¹"
    assert all(view._counts is not None for view in page.panel.histograms.views.values())
    assert all(view.toolTip() for view in page.panel.histograms.views.values())
    hidden.reopen()
    assert page.panel.table.levels.rows[1].ff == ""
    assert page.panel.lines.lines[2][1].text() == HIDDEN


@pytest.mark.parametrize("protocol", [Protocol(numbers_hidden=True), Protocol(blinded=True)])
def test_many_bad_voxels_neither_speak_nor_stop_anybody_who_must_not_know_values(
    opened: Callable[[Protocol], Workspace], page: ReadingPage, protocol: Protocol
) -> None:
    space = opened(protocol)
    read_all(space)
    assert not any(row.warning for row in page.panel.table.levels.rows)
    space.sign_off(go_on=False)
    assert space.case is not None
    assert space.case.reading.locked


def test_in_an_open_session_many_bad_voxels_stop_the_sign_off_until_they_are_accepted(
    opened: Callable[[Protocol], Workspace], page: ReadingPage, told: list[AppError]
) -> None:
    space = opened(Protocol())
    read_all(space)
    space.select(Level.L1)
    page.setFocus()
    QTest.keyClick(page, Qt.Key.Key_Return)
    assert space.case is not None
    assert not space.case.reading.locked
    assert [problem.code for problem in told] == ["sign_off.needs_reason"]
    # the level that stops it is selected, its sentence stands below the table
    assert space.selected is Level.L3
    assert page.panel.warning.text().startswith("L3: 20 of 88 voxels of FF (23 %)")
    case_words.accept_level(space, Level.L3, Reason.METAL)
    QTest.keyClick(page, Qt.Key.Key_Return)
    assert space.case.reading.locked


def test_a_screen_reader_is_told_no_value_of_a_map_before_sign_off(
    hidden: Workspace, page: ReadingPage
) -> None:
    read_all(hidden)
    hidden.select(Level.L2)
    told = [view.accessibleDescription() for view in page.maps.views.values()]
    assert all(HIDDEN in one and "45." not in one and "153" not in one for one in told)
    hidden.sign_off(go_on=False)
    hidden.select(Level.L2)
    assert "45.5" in page.maps.views[Quantity.FF].accessibleDescription()
