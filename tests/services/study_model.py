"""What a study should be like, from lists alone: who holds what, who is offered what, what comes back.

Loaded by its file from the test that compares a random study with it.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from app.domain.disagreement import How
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.maps import MEASURED, ParametricMap, Quantity, Scaling
from app.domain.protocol import LEVELS, Level
from app.domain.reading import EMPTY, LevelState
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services.merge_plan import Outcome
from app.services.study import State

# whoever coordinates is enrolled first
ANA, CLEO, BO = 1, 2, 3
NAMES = {ANA: "Ana Vidal", BO: "Bo Ekman", CLEO: "Cleo Marsh"}
READERS = (ANA, BO)
CODES = ("C0001", "C0002", "C0003")
SIZE = (6, 8)
# what is no drawing
EVENTS, FACTS = frozenset({"sign", "open"}), frozenset({"out", "in"})
PARTS: tuple[Callable[[str], bool], ...] = (
    lambda what: what in EVENTS,
    lambda what: what in FACTS,
    lambda what: what not in EVENTS | FACTS,
)

Key = tuple[int, str, int]
States = dict[Level, LevelState]
Means = dict[Level, dict[Quantity, float]]


def exam_of(code: str) -> Exam:
    """FF and R2* that grow from the left to the right, with noise by which every rectangle is known."""
    grid = Grid((2, 90, 40), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1, 0, 0), (0, 0, -1), (0, 1, 0)))
    noise = np.random.default_rng(int(code[1:])).integers(0, 9, (2, *grid.shape))
    scaling = Scaling(1.0, 0.0, "test", "test", "ff.percent", "all", 40.0, 80.0, 1, 0, 0, 0)
    columns = np.arange(40)[None, None, :]
    stored = {Quantity.FF: 20 + columns // 2 + noise[0], Quantity.R2STAR: 80 + columns + 2 * noise[1]}
    maps = {name: ParametricMap(name, one.astype(np.int16), grid, scaling) for name, one in stored.items()}
    return Exam(code, maps, field_strength_t=3.0)


def box(level: Level, col: int) -> Rectangle:
    """A rectangle of a level, from a column on."""
    return Rectangle(1, 4 + 16 * LEVELS.index(level), col, *SIZE)


# -- one reading ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One step of a reading; ``at`` grows with time and tells it from any other."""

    at: int
    what: str
    states: States = field(default_factory=dict)
    seen: bool = False
    unlocked: str = ""
    reason: Reason | None = None
    merge: int = 0


@dataclass(frozen=True)
class Held:
    """What a story of such lines amounts to."""

    now: States
    past: tuple[States, ...] = ()
    future: tuple[States, ...] = ()
    event: Line | None = None
    excluded: Reason | None = None
    drawn: bool = False

    @property
    def locked(self) -> bool:
        return self.event is not None and self.event.what == "sign"

    @property
    def full(self) -> States:
        return {level: state for level, state in self.now.items() if state != EMPTY}

    @property
    def begun(self) -> bool:
        """Whether there is anything that a repeat would have to keep."""
        return self.drawn or self.locked or self.excluded is not None

    def after(self, line: Line) -> Held:
        if line.what in EVENTS:
            return replace(self, event=line)
        if line.what in FACTS:
            return replace(self, excluded=line.reason)
        held = replace(self, drawn=True)
        if line.what == "draw":
            return replace(held, now=self.now | line.states, past=(*self.past, self.now), future=())
        if line.what == "undo":
            return replace(held, now=self.past[-1], past=self.past[:-1], future=(*self.future, self.now))
        return replace(held, now=self.future[-1], past=(*self.past, self.now), future=self.future[:-1])


def held_of(lines: Iterable[Line]) -> Held:
    """What lines amount to, oldest first."""
    held = Held({})
    for line in lines:
        held = held.after(line)
    return held


def begins(lines: list[Line], other: list[Line]) -> bool:
    """Whether a story is there whole at the beginning of another: drawn, signed, and said of the patient."""
    for belongs in PARTS:
        mine, theirs = ([one.at for one in story if belongs(one.what)] for story in (lines, other))
        if mine[: len(theirs)] != theirs:
            return False
    return True


@dataclass
class Package:
    """A file that went to a reader, or the results of one."""

    path: Path
    reader: int
    round: int
    offered: tuple[str, ...]
    training: frozenset[str]
    stories: dict[Key, list[Line]]

    def copy(self, path: Path) -> Package:
        return replace(self, path=path, stories={key: list(lines) for key, lines in self.stories.items()})


# -- the study --------------------------------------------------------------------------------------------


class Expected:
    """All that is known of the study; the random steps change it as they change the session."""

    def __init__(self) -> None:
        super().__init__()
        self.exams = {code: exam_of(code) for code in CODES}
        self.time = 0
        self.blinded = True
        self.looked: list[int] = []
        self.opened: list[int] = []
        self.stories: dict[Key, list[Line]] = {}
        self.given: dict[tuple[int, int], set[str]] = {(reader, 1): set(CODES) for reader in READERS}
        self.waiting: set[Key] = set()
        # days of wash-out of each round; the first has none
        self.washout = {1: 0}
        self.training: set[str] = set()
        self.references: dict[str, Means] = {}
        self.packages: list[Package] = []
        self.sent: list[Package] = []
        self.merges: list[int] = []
        self.undone: set[int] = set()
        self.decided: dict[tuple[str, Level], tuple[How, float | None, tuple[LevelState, ...]]] = {}

    def now(self) -> int:
        self.time += 1
        return self.time

    @property
    def rounds(self) -> int:
        return len(self.washout)

    def held(self, key: Key) -> Held:
        return held_of(self.stories.get(key, ()))

    # -- who reads what

    def offered(self, reader: int, number: int) -> set[str]:
        given = self.given.get((reader, number), set())
        return {code for code in given if (reader, code, number) not in self.waiting}

    def current_round(self, reader: int) -> int:
        last = 1
        for number in self.washout:
            offered = self.offered(reader, number)
            if not all(self.held((reader, code, number)).locked for code in offered):
                return number
            last = number if offered else last
        return last

    def left(self, reader: int, number: int) -> set[str]:
        """Cases of a round that are not signed off, offered or not yet."""
        given = self.given.get((reader, number), set())
        return {code for code in given if not self.held((reader, code, number)).locked}

    def waits(self, reader: int, number: int) -> int:
        """How many of them are not offered yet."""
        return len(self.left(reader, number) - self.offered(reader, number))

    def ahead(self, reader: int, number: int) -> tuple[int, int, bool]:
        """The next round with something to read, how much it is, and whether all of it waits."""
        for later in range(number + 1, self.rounds + 1):
            left = self.left(reader, later)
            if left:
                return later, len(left), self.waits(reader, later) == len(left)
        return 0, 0, False

    def signed_before(self, reader: int, code: str, number: int) -> bool:
        return any(self.held((reader, code, earlier)).locked for earlier in range(1, number))

    def refused_transfer(self, code: str, giver: int, taker: int, number: int) -> str:
        """Why a case does not go from one reader to another, if it does not; 0 is nobody."""
        if giver == taker:
            return r"study\.same_reader"
        if number not in self.washout:
            return r"study\.unknown_round"
        if giver and self.held((giver, code, number)).locked:
            return r"study\.already_signed_off"
        if taker and number > 1 and not self.signed_before(taker, code, number):
            return r"study\.not_read_before"
        return ""

    def transfers(self, *, sensible: bool) -> list[tuple[str, int, int, int]]:
        """What the coordinator may wish to move: case, giver, taker (0 is nobody), round."""
        found = itertools.product(CODES, (0, *READERS), (0, *READERS), range(1, self.rounds + 2))
        wishes = [one for one in found if one[1] or one[2]]
        return [one for one in wishes if self._moves(*one)] if sensible else wishes

    def _moves(self, code: str, giver: int, taker: int, number: int) -> bool:
        """Whether a case changes hands."""
        held = [code in self.given.get((who, number), ()) for who in (giver, taker)]
        moves = (held[0] or not giver) and not (held[1] and taker)
        return moves and not self.refused_transfer(code, giver, taker, number)

    def transfer(self, code: str, giver: int, taker: int, number: int) -> None:
        if giver:
            self.take_away((giver, code, number))
        given = self.given.setdefault((taker, number), set()) if taker else {code}
        if code not in given:
            given.add(code)
            if self.washout[number]:
                self.waiting.add((taker, code, number))

    def take_away(self, key: Key) -> None:
        reader, code, number = key
        self.given.get((reader, number), set()).discard(code)
        self.waiting.discard(key)

    def refused_repeat(self) -> str:
        """Why no further round begins, if it does not."""
        if any(self.left(who, number) for who, number in self.given if number > 1):
            return r"study\.repeat_not_done"
        return "" if any(self.repeatable(who) for who in READERS) else r"study\.nothing_to_repeat"

    def repeatable(self, who: int) -> set[str]:
        return {code for code in CODES if self.held((who, code, 1)).locked} - self.training

    def begin_round(self, chosen: dict[int, set[str]], share: float, days: int, *, waits: bool) -> None:
        """Take over which cases were drawn, and hold against it how many there should be."""
        self.washout[self.rounds + 1] = days
        for who, drawn in chosen.items():
            assert drawn <= self.repeatable(who)
            assert len(drawn) == math.ceil(share * len(self.repeatable(who)) - 1e-9)
            self.given[who, self.rounds] = drawn
            if days and waits:
                self.waiting |= {(who, code, self.rounds) for code in drawn}

    def state(self, key: Key) -> State:
        held, given = self.held(key), key[1] in self.given.get((key[0], key[2]), ())
        if not self.stories.get(key):
            if not given:
                return State.NOT_ASSIGNED
            return State.WAITING if key in self.waiting else State.NOT_STARTED
        if held.locked:
            return State.SIGNED_OFF
        if held.event is not None and held.event.unlocked:
            return State.UNLOCKED
        return State.OPEN if given else State.NOT_ASSIGNED

    # -- one step of a reader

    def line_of(self, step: tuple[Any, ...], held: Held) -> Line | None:
        """What a step should add to the story, if anything."""
        what, *more = step
        at, seen = self.now(), not self.blinded
        states: States = {}
        if what == "all":
            states = {level: LevelState.measured(box(level, more[0])) for level in LEVELS}
        elif what == "box":
            states = {more[0]: LevelState.measured(box(*more))}
        elif what == "mark":
            states = {more[0]: LevelState.not_measurable(more[1])}
        elif what == "clear":
            states = {more[0]: EMPTY}
        elif what in FACTS:
            reason = more[0] if what == "out" else None
            # a signed-off case is refused before anybody looks whether something would change
            happens = held.locked or held.excluded is not reason
            return Line(at, what, seen=seen, reason=reason) if happens else None
        else:
            stands = {"undo": held.past, "redo": held.future, "sign": not held.locked, "open": held.locked}
            return Line(at, what, seen=seen) if stands[what] else None
        new = {level: state for level, state in states.items() if held.now.get(level, EMPTY) != state}
        return Line(at, "draw", new, seen=seen) if new else None

    def refused(self, line: Line | None, key: Key, stories: dict[Key, list[Line]]) -> str:
        """Why a step is refused, if it is."""
        held = held_of(stories[key])
        if line is None:
            return ""
        if line.what == "sign":
            gaps = held.excluded is None and len(held.full) < len(LEVELS)
            return r"sign_off\.gaps" if gaps else ""
        if line.what == "open":
            assert held.event is not None
            others = [one for other, lines in stories.items() for one in lines
                      if other != key and (other[0], other[2]) == (key[0], key[2])]  # fmt: skip
            since = [one.at for one in others if one.what not in {"open", *FACTS}]
            # a file elsewhere knows nothing of what is opened here
            since += self.opened if stories is self.stories else []
            return r"reading\.needs_unlock" if any(at > held.event.at for at in since) else ""
        return r"reading\.locked" if held.locked else ""

    def not_blinded(self, key: Key) -> bool:
        lines = self.stories[key]
        changed = [one for one in lines if one.what not in EVENTS]
        if any(one.seen for one in changed):
            return True
        for at in self.looked if key[0] == ANA else ():
            event = held_of([one for one in lines if one.at < at]).event
            if event is None or event.what != "sign" or any(one.at > at for one in changed):
                return True
        return False

    # -- elsewhere and back

    def outcome(self, key: Key, lines: list[Line]) -> Outcome:
        held = self.stories.get(key, [])
        if begins(held, lines):
            return Outcome.UNCHANGED
        if not begins(lines, held):
            return Outcome.REFUSED
        return Outcome.EXTENDED if held else Outcome.NEW

    def take_in(self, came: Package, expected: dict[str, Outcome], number: int) -> None:
        self.merges.append(number)
        for key, lines in came.stories.items():
            if expected.get(key[1]) in {Outcome.NEW, Outcome.EXTENDED}:
                held = self.stories.setdefault(key, [])
                known = {one.at for one in held}
                held += [replace(one, merge=number) for one in lines if one.at not in known]

    def refused_undo(self, number: int) -> str:
        """Why a merge is not taken back, if it is not."""
        if number in self.undone:
            return r"merge\.undone_already"
        for lines in self.stories.values():
            brought = [place for place, one in enumerate(lines) if one.merge == number]
            if brought and brought[-1] != len(lines) - 1:
                return r"merge\.built_upon"
        return ""

    def undo(self, number: int) -> None:
        self.undone.add(number)
        for key, lines in self.stories.items():
            self.stories[key] = [one for one in lines if one.merge != number]

    # -- values

    def mean(self, code: str, state: LevelState, quantity: Quantity = Quantity.FF) -> float | None:
        """Counted here once more, from the stored integers."""
        one = state.rectangle
        if one is None:
            return None
        stored = self.exams[code].maps[quantity].stored
        voxels = stored[one.slice, one.row0 : one.row0 + one.rows, one.col0 : one.col0 + one.cols]
        return float(sum(int(value) for value in voxels.ravel()) / voxels.size)

    def means(self, key: Key) -> Means:
        """Of every level that a reading measured."""
        return {
            level: {quantity: self.mean(key[1], state, quantity) or 0.0 for quantity in MEASURED}
            for level, state in self.held(key).full.items()
            if state.rectangle is not None
        }

    def left_out(self) -> set[tuple[str, str, int, Level | None, Reason, bool, bool]]:
        """What readers left out: case, reader, round, level, why, signed off, for training."""
        found = set()
        for (who, code, number), lines in self.stories.items():
            held = held_of(lines)
            reasons: dict[Level | None, Reason | None] = {
                level: state.reason for level, state in held.full.items()
            }
            for level, reason in (reasons | {None: held.excluded}).items():
                if reason is not None:
                    training = code in self.training
                    found.add((code, NAMES[who], number, level, reason, held.locked, training))
        return found

    def disputed(self) -> dict[tuple[str, Level], tuple[LevelState, ...]]:
        """What both readers signed off in the first round, of cases that are no training."""
        both = {code: [self.held((who, code, 1)) for who in READERS] for code in CODES}
        return {
            (code, level): tuple(held.now[level] for held in pair)
            for code, pair in both.items()
            if code not in self.training and all(held.locked for held in pair)
            for level in LEVELS
            if all(level in held.full for held in pair)
        }

    def in_queue(self, code: str) -> bool:
        """Whether nobody left the patient out for good."""
        return all(held.excluded is None or not held.locked
                   for held in (self.held((who, code, 1)) for who in READERS))  # fmt: skip

    def far_apart(self, code: str, pair: tuple[LevelState, ...]) -> bool:
        """Whether the protocol's limits bring a level up."""
        drawn = [state.rectangle for state in pair if state.rectangle is not None]
        if len(drawn) < len(pair):
            return len(drawn) == 1
        ff, r2star = ([self.mean(code, state, one) or 0.0 for state in pair] for one in MEASURED)
        # 12 mm apart is more than the width of one
        return (
            abs(drawn[0].col0 - drawn[1].col0) >= SIZE[1]
            or abs(ff[0] - ff[1]) > 3.0
            or abs(r2star[0] - r2star[1]) > 0.10 * (r2star[0] + r2star[1]) / 2
        )
