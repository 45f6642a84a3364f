"""A power cut in the middle of a drag, a restart, a sign-off taken back, and a second window on a session."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from app.domain.phantom import make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq

if TYPE_CHECKING:
    from conftest import Desk, Layout, Program, Stored

pytestmark = pytest.mark.window

_CASES = 2
_SHAPE = {"slices": 6, "rows": 128, "cols": 128}
# rows from the top; the column is the same for all
_MIDDLES = {"L1": (30.5, 70.5), "L2": (47.5, 70.5), "L3": (64.5, 70.5)}
_FIVE = (*_MIDDLES.values(), (81.5, 70.5), (98.5, 70.5))


@pytest.fixture
def session(desk: Desk) -> Path:
    """A session with two small exams."""
    path = desk.folder / "study.marrow"
    for seed in range(_CASES):
        header = CaseHeader(f"SYNTHETIC^{seed}", f"ID{seed}", f"A{seed}", "20260102", "F")
        phantom = make_phantom(PhantomSpec(seed=seed, **_SHAPE))
        write_ideal_iq(phantom, desk.folder / "dicom" / str(seed), case=header, uid_seed=str(seed))
    desk.command("import", str(desk.folder / "dicom"), "--session", str(path))
    return path


def _place_three(desk: Desk, program: Program, layout: Layout, stored: Stored) -> None:
    """Go on to the second case and its second slice, and place three rectangles there."""
    program.key("ctrl+Right")
    second = layout.told["cases"][1]
    desk.wait_for(lambda: stored.place()[0] == second, "the second case")
    program.wheel(layout.point(5, 5), stored.place()[1] - 1)
    desk.wait_for(lambda: stored.place()[1] == 1, "the second slice")
    for place in _MIDDLES.values():
        program.click(layout.point(*place))
    stored.wait(revisions=3)


def test_killed_in_the_middle_of_a_drag_the_program_returns_to_case_slice_and_rectangle(
    desk: Desk, session: Path
) -> None:
    layout, stored = desk.layout(session), desk.stored(session)
    program = desk.start(session)
    _place_three(desk, program, layout, stored)
    code = layout.told["cases"][1]
    before = stored.boxes(code)
    row, col = _MIDDLES["L2"]
    program.drag(layout.point(row, col), layout.point(row + 4, col + 5), let_go=False)
    desk.wait_for(lambda: stored.place() == (code, 1, "L2"), "the place of the drag")
    desk.save_picture("in-the-middle-of-a-drag")
    program.kill()

    again = desk.start(session)
    # nothing of the drag was stored, and nothing else was lost; the lock of the dead is free
    assert stored.boxes(code) == before
    told = desk.layout(session).told
    assert (told["case"], told["slice"], told["selected"]) == (code, 1, "L2")
    assert [level for level, ff, r2star, _ in told["levels"] if ff and r2star] == ["L1", "L2", "L3"]
    desk.save_picture("after-the-restart")
    # the rectangle at hand moves at once, without a click before
    again.key("Right")
    stored.wait(revisions=4)
    k, row0, col0, rows, cols = before["L2"]
    moved = stored.boxes(code)["L2"]
    assert moved == (k, row0, col0 + 1, rows, cols)
    # and what was done before the cut can still be taken back
    again.key("ctrl+z", "ctrl+z")
    stored.wait(revisions=6)
    assert set(stored.rows("SELECT level, kind FROM roi_revision ORDER BY id DESC LIMIT 2")) == {
        ("L2", "measured"),
        ("L3", "empty"),
    }
    assert again.close() == ""


def test_killed_right_after_a_click_the_rectangle_is_there_and_the_next_level_is_armed(
    desk: Desk, session: Path
) -> None:
    layout, stored = desk.layout(session), desk.stored(session)
    program = desk.start(session)
    program.click(layout.point(*_MIDDLES["L1"]))
    stored.wait(revisions=1)
    desk.wait_for(lambda: stored.place()[2] == "L2", "the next level")
    program.kill()

    again = desk.start(session)
    assert desk.layout(session).told["selected"] == "L2"
    again.click(layout.point(*_MIDDLES["L2"]))
    stored.wait(revisions=2)
    assert list(stored.boxes(layout.told["cases"][0])) == ["L1", "L2"]
    assert again.close() == ""


def test_closed_and_started_again_the_program_is_at_the_same_case_slice_and_level(
    desk: Desk, session: Path
) -> None:
    layout, stored = desk.layout(session), desk.stored(session)
    program = desk.start(session)
    _place_three(desk, program, layout, stored)
    code = layout.told["cases"][1]
    before = stored.boxes(code)
    program.key("2")
    assert program.close() == ""
    assert stored.place() == (code, 1, "L2")

    again = desk.start(session)
    # the arrow finds the rectangle that was at hand
    again.key("Down")
    stored.wait(revisions=4)
    k, row0, col0, rows, cols = before["L2"]
    assert stored.boxes(code) == before | {"L2": (k, row0 + 1, col0, rows, cols)}
    assert stored.place() == (code, 1, "L2")
    assert again.close() == ""


def test_undo_after_a_sign_off_reopens_that_case_until_something_is_placed_in_the_next(
    desk: Desk, session: Path
) -> None:
    layout, stored = desk.layout(session), desk.stored(session)
    first, second = layout.told["cases"]
    program = desk.start(session)
    for number, place in enumerate(_FIVE, start=1):
        program.click(layout.point(*place))
        stored.wait(revisions=number)
    boxes = stored.boxes(first)
    program.key("Return")
    desk.wait_for(lambda: stored.place()[0] == second, "the second case")

    program.key("ctrl+z")
    desk.wait_for(lambda: stored.count("reading_event") == 2, "the first case to be open again")
    assert stored.place()[0] == first
    # it is open as it was signed off
    assert stored.boxes(first) == boxes
    assert stored.revisions() == len(_FIVE)
    program.key("Return")
    desk.wait_for(lambda: stored.place()[0] == second, "the second case again")

    program.click(layout.point(*_FIVE[0]))
    stored.wait(revisions=6)
    program.key("ctrl+z")
    stored.wait(revisions=7)
    assert stored.rows("SELECT level, kind FROM roi_revision ORDER BY id DESC LIMIT 1") == [("L1", "empty")]
    assert [kind for (kind,) in stored.rows("SELECT kind FROM reading_event ORDER BY id")] == [
        "signed_off", "reopened", "signed_off",
    ]  # fmt: skip
    assert stored.place()[0] == second
    assert program.close() == ""


def test_a_second_window_can_look_but_not_touch_and_says_who_holds_the_session(
    desk: Desk, session: Path
) -> None:
    layout, stored = desk.layout(session), desk.stored(session)
    first = desk.start(session)
    first.click(layout.point(*_MIDDLES["L1"]))
    stored.wait(revisions=1)

    told = desk.second_window(session).told
    assert told["read_only"]
    assert str(first.process.pid) in told["banner"]
    assert os.uname().nodename in told["banner"]
    # it sees what was done so far
    assert told["levels"][0][1] != ""

    second = desk.start(session)
    desk.save_picture("second-window")
    second.key("2")
    second.click(desk.second_window(session).point(*_MIDDLES["L2"]))
    second.key("Return")
    assert second.close() == ""
    assert stored.revisions() == 1
    # the first one never noticed
    first.focus(first.window)
    first.click(layout.point(*_MIDDLES["L2"]))
    stored.wait(revisions=2)
    assert first.close() == ""
