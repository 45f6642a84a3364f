"""The real window is killed twenty times, with the hand in the middle of whatever it does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from app.domain.phantom import make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services import open_session as sessions
from app.store import audit

if TYPE_CHECKING:
    from conftest import Desk, Layout, Program, Stored

pytestmark = [pytest.mark.window, pytest.mark.long, pytest.mark.timeout(900)]

_KILLS = 20
_CASES = 3
_SHAPE = {"slices": 6, "rows": 128, "cols": 128}
# middles of the five levels, in shown voxels
_ROWS, _COL = (30.5, 47.5, 64.5, 81.5, 98.5), 70.5
_KEYS = ("Right", "Left", "Up", "alt+Right", "shift+Down", "ctrl+z", "ctrl+y", "Tab", "1", "5", "Delete")
_RARE_KEYS = ("Return", "ctrl+Right")
_STEPS = (
    "SELECT id, reading_id, level, kind, slice, row0, col0, rows, cols, action FROM roi_revision ORDER BY id"
)


@pytest.fixture
def session(desk: Desk) -> Path:
    """A session with three small exams."""
    path = desk.folder / "study.marrow"
    for seed in range(_CASES):
        header = CaseHeader(f"SYNTHETIC^{seed}", f"ID{seed}", f"A{seed}", "20260102", "F")
        phantom = make_phantom(PhantomSpec(seed=seed, **_SHAPE))
        write_ideal_iq(phantom, desk.folder / "dicom" / str(seed), case=header, uid_seed=str(seed))
    desk.command("import", str(desk.folder / "dicom"), "--session", str(path))
    return path


class _Hand:
    """Does something at random, as fast as it can be sent."""

    def __init__(self, program: Program, layout: Layout, dice: np.random.Generator) -> None:
        self._program, self._layout, self._dice = program, layout, dice

    def _point(self) -> tuple[int, int]:
        aside = self._dice.uniform(-2, 2, 2)
        quantity = str(self._dice.choice(["FF", "R2STAR"]))
        return self._layout.point(self._dice.choice(_ROWS) + aside[0], _COL + aside[1], quantity)

    def act(self) -> None:
        kind = self._dice.choice(["click", "key", "drag", "wheel", "rare"], p=[0.4, 0.3, 0.15, 0.1, 0.05])
        if kind == "click":
            self._program.click(self._point())
        elif kind == "drag":
            self._program.drag(self._point(), self._point())
        elif kind == "wheel":
            self._program.wheel(self._point(), int(self._dice.choice([-1, 1])))
        else:
            self._program.key(str(self._dice.choice(_KEYS if kind == "key" else _RARE_KEYS)))

    def begin_drag(self) -> None:
        self._program.drag(self._point(), self._point(), let_go=False)


def _check(session: Path, seen: list[tuple[Any, ...]], stored: Stored) -> None:
    """Look for damage and losses as the next start would meet them."""
    opened = sessions.open_session(session)
    assert not opened.read_only
    assert opened.database.rows("PRAGMA integrity_check")[0][0] == "ok"
    record = audit.entries(opened.database)
    assert audit.first_break(opened.database) is None
    opened.close()
    beside = {path.name for path in session.parent.glob("study.marrow?*")}
    assert beside <= {"study.marrow-backups"}
    steps = stored.rows(_STEPS)
    # what was there before the kill is there, as it was
    assert steps[: len(seen)] == seen
    assert sum(entry.action.startswith("roi.") for entry in record) == len(steps)
    counted = stored.rows("SELECT count(*) FROM measurement")[0][0]
    assert counted == 2 * sum(kind == "measured" for _, _, _, kind, *_ in steps)


def test_killed_twenty_times_the_program_returns_to_case_slice_and_level_with_every_step(
    desk: Desk, session: Path
) -> None:
    stored, dice = desk.stored(session), np.random.default_rng(11)
    layout = desk.layout(session)
    for number in range(_KILLS):
        program = desk.start(session)
        hand = _Hand(program, layout, dice)
        for _ in range(dice.integers(2, 9)):
            hand.act()
        seen = stored.rows(_STEPS)
        if number % 2:
            hand.begin_drag()
        program.kill()
        _check(session, seen, stored)
        layout, place = desk.layout(session), stored.place()
        if place[0]:
            assert (layout.told["case"], layout.told["slice"]) == place[:2]
            assert layout.told["selected"] == place[2] or place[2] is None
    steps = len(stored.rows(_STEPS))
    # the hand did reach the picture
    assert steps >= _KILLS
    again = desk.start(session)
    assert again.close() == ""
    assert len(stored.rows(_STEPS)) == steps
