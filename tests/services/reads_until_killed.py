"""A reader without a window who works until killed: ``python THIS SESSION IMAGES SEED KIND MOMENT``.

Says before each step what it is about, and after each commit what the session holds by then, one JSON a line.
The program kills itself, as ``kill -9`` does, at the MOMENT-th beginning or end of what KIND says: a
``statement`` to the session file, or a ``call`` of anything. With ``never`` it leaves that to others.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from app.domain import shapes
from app.domain.case_facts import Counted
from app.domain.grid import orientation_of
from app.domain.progress import Silent
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Kind, Viewer
from app.domain.reasons import Reason
from app.services import case_facts, read_exam
from app.services import open_session as sessions
from app.services.open_session import Session
from app.services.read_exam import Case, Position
from app.store import audit

Told = dict[str, Any]


def held(session: Session, viewer: Viewer, exam_id: int) -> Told:
    """What a session holds: end of the record, place of the reader, and their work on one case."""
    record = audit.entries(session.database)
    place = read_exam.where_to_start(session, viewer)
    reading = read_exam.open_case(session, viewer, exam_id).reading
    facts = reading.facts
    return {
        "entries": len(record),
        "hash": record[-1].hash,
        "place": [place.exam_id, place.slice, place.level] if place else None,
        "case": exam_id,
        "levels": {level.value: str(reading.history.state(level)) for level in LEVELS},
        "revisions": len(reading.revisions),
        "undoable": len(reading.history.undoable),
        "locked": reading.locked,
        "facts": [str(facts.counted), str(facts.excluded), facts.note],
    }


class Death:
    """Ends the program as a power cut would, at some moment within the steps it is around."""

    def __init__(self, kind: str, moment: int) -> None:
        self._kind, self._left = kind, moment

    def __enter__(self) -> None:
        if self._kind != "never":
            sys.setprofile(self._watch)

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _watch(self, _: FrameType, event: str, what: Any) -> None:
        if self._kind == "statement" and not (
            event.startswith("c_") and type(getattr(what, "__self__", None)).__module__ == "sqlite3"
        ):
            return
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class Desk:
    """One reader, the case at hand, and a die."""

    session: Session
    viewer: Viewer
    case: Case
    images: list[Path]
    dice: random.Random
    death: Death

    def step(self) -> None:
        """Do something that can be done now."""
        able = [(act, weight) for act, weight in self._acts() if weight]
        act = self.dice.choices([act for act, _ in able], [weight for _, weight in able])[0]
        _say({"about": act.__name__.strip("_")})
        with self.death:
            act()
        _say(held(self.session, self.viewer, self.case.exam.id))

    def _acts(self) -> list[tuple[Callable[[], None], int]]:
        history, locked = self.case.reading.history, self.case.reading.locked
        open_levels = 0 if locked else len(history.gaps)
        return [
            (self._place, 6 * bool(open_levels)),
            (self._move, 0 if locked else 4 * bool(history.rectangles)),
            (self._undo, 0 if locked else 2 * bool(history.undoable)),
            # possible only directly after an undo: often enough that no run goes without
            (self._redo, 0 if locked else 12 * bool(history.redoable)),
            (self._mark, bool(open_levels)),
            (self._clear, 0 if locked else len(history.current) > 3),
            (self._say_counted, not locked),
            (self._exclude, not locked and self.case.reading.facts.excluded is None),
            (self._include, 8 * (not locked and self.case.reading.facts.excluded is not None)),
            (self._write_note, not locked),
            (self._sign_off, 0 if locked or self.case.first_gap or self.case.stopping else 5),
            (self._go_on, 8 if locked else 1),
            (self._reopen, int(locked)),
            (self._import, bool(self.images)),
        ]

    def _rectangle(self, level: Level) -> shapes.Rectangle:
        """Somewhere near the middle, each level below the one above it."""
        grid = self.case.exam.grid
        orientation = orientation_of(grid)
        height, width = orientation.shown_shape
        down = (0.12 + 0.18 * LEVELS.index(level)) * height
        across = width / 2 + self.dice.randint(-2, 2)
        row, col = orientation.to_stored(down, across)
        return shapes.place(grid, grid.shape[0] // 2, row, col, (6, 6))

    def _keep(self, case: Case) -> None:
        self.case = case

    def _place(self) -> None:
        level = self.dice.choice(self.case.reading.history.gaps)
        self._keep(read_exam.set_rectangle(self.session, self.case, level, self._rectangle(level))[0])
        self._remember(level)

    def _move(self) -> None:
        level, box = self.dice.choice(list(self.case.reading.history.rectangles.items()))
        moved = shapes.move(box, self.dice.choice([-1, 1]), self.dice.choice([-1, 1]), self.case.exam.grid)
        self._keep(read_exam.set_rectangle(self.session, self.case, level, moved)[0])

    def _undo(self) -> None:
        self._keep(read_exam.undo(self.session, self.case)[0])

    def _redo(self) -> None:
        self._keep(read_exam.redo(self.session, self.case)[0])

    def _mark(self) -> None:
        level = self.dice.choice(self.case.reading.history.gaps)
        self._keep(read_exam.mark_not_measurable(self.session, self.case, level, Reason.FX_OLD)[0])

    def _clear(self) -> None:
        level = self.dice.choice(
            [level for level in LEVELS if self.case.reading.history.state(level).kind is not Kind.EMPTY]
            or [Level.L1]
        )
        self._keep(read_exam.clear_level(self.session, self.case, level)[0])

    def _say_counted(self) -> None:
        counted = self.dice.choice(list(Counted))
        self._keep(case_facts.say_counted(self.session, self.case, counted)[0])

    def _exclude(self) -> None:
        self._keep(case_facts.exclude_patient(self.session, self.case, Reason.METAL)[0])

    def _include(self) -> None:
        self._keep(case_facts.include_patient(self.session, self.case)[0])

    def _write_note(self) -> None:
        self._keep(case_facts.write_note(self.session, self.case, f"note {self.dice.random()}")[0])

    def _sign_off(self) -> None:
        self._keep(read_exam.sign_off(self.session, self.case)[0])

    def _reopen(self) -> None:
        # asked for once the reader went on, and not kept before
        self._keep(read_exam.reopen(self.session, self.case, "looked again")[0])

    def _go_on(self) -> None:
        here = self.case.exam.id
        following = read_exam.next_case(self.session, self.viewer, here)
        known = [row.exam_id for row in read_exam.worklist(self.session, self.viewer)]
        self._keep(read_exam.open_case(self.session, self.viewer, following or self.dice.choice(known)))
        self._remember(self.case.first_gap)

    def _remember(self, level: Level | None) -> None:
        place = Position(self.case.exam.id, self.dice.randrange(self.case.exam.grid.shape[0]), level)
        _say({"going": [place.exam_id, place.slice, place.level]})
        read_exam.remember_position(self.session, self.viewer, place)

    def _import(self) -> None:
        from app.services.import_exams import import_path  # noqa: PLC0415 - most runs end before

        report = import_path(self.session, self.images.pop(0), Silent())
        assert len(report.exams) == 1


def _say(told: Told) -> None:
    # one write to the pipe: a line is there as a whole or not at all
    os.write(sys.stdout.fileno(), json.dumps(told).encode() + b"\n")


def main() -> None:
    """Open the session where the reader was, and work until the end."""
    path, images, seed, kind, moment = sys.argv[1:]
    session = sessions.open_session(Path(path))
    viewer = sessions.last_viewer(session)
    start = read_exam.where_to_start(session, viewer)
    assert start is not None
    case = read_exam.open_case(session, viewer, start.exam_id)
    taken = len(read_exam.worklist(session, viewer))
    folders = sorted(Path(images).iterdir())
    # three were there before the first; each image folder is imported once
    dice = random.Random(int(seed))  # noqa: S311 - no secret is made of it
    desk = Desk(session, viewer, case, folders[taken - 3 :], dice, Death(kind, int(moment)))
    _say(held(session, viewer, case.exam.id))
    while True:
        desk.step()


if __name__ == "__main__":
    main()
