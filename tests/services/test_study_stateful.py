"""Random studies against a model that only knows lists: who holds what, who sees what, what comes back."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.domain.disagreement import How, Ruling
from app.domain.errors import AppError, BlindingError, InputError, StoreUnavailable
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import MEASURED, ParametricMap, Quantity, Scaling
from app.domain.progress import Silent
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import EMPTY, LevelState, Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import disagreements, merge, package, read_exam, sign_in, study
from app.services.merge_plan import Outcome
from app.services.open_session import Session, create_session, open_session, readers_of
from app.services.study import Planned, State, StudyPlan
from app.services.verify import verify
from app.store import audit, exams, foreign, people, rounds, sealing
from app.store.exams import NewExam
from app.store.results import results

# whoever coordinates is enrolled first
ANA, CLEO, BO = 1, 2, 3
NAMES = {ANA: "Ana Vidal", BO: "Bo Ekman", CLEO: "Cleo Marsh"}
READERS = (ANA, BO)
SECRETS = {ANA: "one two three", CLEO: "four five six"}
PROTOCOL = Protocol(blinded=True, min_area_mm2=5.0, min_native_voxels=4.0, spacing_mm=(0.0, 500.0))
CODES = ("C0001", "C0002", "C0003")
SIZE = (6, 8)
# what a blinded reader gets no row of
HIDDEN = (
    "identity",
    "map_source",
    "adjudication",
    "adjudicated_value",
    "merge",
    "merge_rows",
    "foreign_audit",
)
PATIENT = "Doe^Jane"
_TABLES = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
_READINGS = "SELECT id FROM reading WHERE reader_id = ? AND round = ?"

Key = tuple[int, str, int]
States = dict[Level, LevelState]

# -- what should be there ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Line:
    """One step of a reading; ``at`` grows with time and tells it from any other."""

    at: int
    what: str
    states: States = field(default_factory=dict)
    seen: bool = False
    unlocked: str = ""
    merge: int = 0


@dataclass(frozen=True)
class Held:
    """What a story of such lines amounts to."""

    now: States
    past: tuple[States, ...] = ()
    future: tuple[States, ...] = ()
    event: Line | None = None

    @property
    def locked(self) -> bool:
        return self.event is not None and self.event.what == "sign"

    @property
    def full(self) -> States:
        return {level: state for level, state in self.now.items() if state != EMPTY}

    def after(self, line: Line) -> Held:
        if line.what in {"sign", "open"}:
            return replace(self, event=line)
        if line.what == "draw":
            return replace(self, now=self.now | line.states, past=(*self.past, self.now), future=())
        if line.what == "undo":
            return replace(self, now=self.past[-1], past=self.past[:-1], future=(*self.future, self.now))
        return replace(self, now=self.future[-1], past=(*self.past, self.now), future=self.future[:-1])


def held_of(lines: Iterable[Line]) -> Held:
    held = Held({})
    for line in lines:
        held = held.after(line)
    return held


def begins(lines: list[Line], other: list[Line]) -> bool:
    """Whether a story is there whole at the beginning of another: what was drawn, and what was signed."""
    for events in (False, True):
        mine, theirs = ([one.at for one in story if (one.what in {"sign", "open"}) is events]
                        for story in (lines, other))  # fmt: skip
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
    stories: dict[Key, list[Line]]

    def copy(self, path: Path) -> Package:
        return replace(self, path=path, stories={key: list(lines) for key, lines in self.stories.items()})


# -- what happens -----------------------------------------------------------------------------------------


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
    return Rectangle(1, 4 + 16 * LEVELS.index(level), col, *SIZE)


levels = st.sampled_from(LEVELS)
cols = st.sampled_from((2, 4, 9, 20))
actions = st.one_of(
    st.tuples(st.just("all"), cols),
    st.tuples(st.just("box"), levels, cols),
    st.tuples(st.just("mark"), levels, st.sampled_from((Reason.HEMANG, Reason.SWAP))),
    st.tuples(st.sampled_from(("clear",)), levels),
    st.tuples(st.sampled_from(("undo", "redo", "sign", "sign", "open"))),
)
work = st.lists(actions, min_size=1, max_size=4).map(tuple) | st.builds(
    lambda col, more: (("all", col), *more, ("sign",)), cols, st.lists(actions, max_size=2).map(tuple)
)
INTERLUDES = (
    "somebody_guesses", "ana_coordinates", "everybody_leaves", "the_program_is_started_again",
    "the_power_goes", "a_second_window_shows_the_same_and_takes_nothing",
    "a_reader_tries_what_a_coordinator_does",
)  # fmt: skip
STARTS = ("fresh", "read", "repeated", "opened", "decided", "came", "came and unlocked")
codes = st.sampled_from(CODES)
which = st.integers(0, 5)
whose = st.sampled_from(READERS)


class PowerCut(Exception):  # noqa: N818 - nothing in the program may expect it
    """The machine went dark."""


class Blinded(RuleBasedStateMachine):
    """Ana and Bo read, Cleo coordinates, and Ana may too."""

    def __init__(self, template: Path) -> None:
        super().__init__()
        self.template = template
        self.folder = Path(tempfile.mkdtemp())
        self.files = 0
        self.time = 0
        self.viewer: Viewer | None = None
        self.blinded = True
        self.looked: list[int] = []
        self.stories: dict[Key, list[Line]] = {}
        self.begun: set[Key] = set()
        self.given: dict[tuple[int, int], set[str]] = {(reader, 1): set(CODES) for reader in READERS}
        self.waiting: set[tuple[int, int]] = set()
        self.rounds = 1
        self.packages: list[Package] = []
        self.sent: list[Package] = []
        self.merges: list[int] = []
        self.undone: set[int] = set()
        self.decided: dict[tuple[str, Level], tuple[How, float | None, tuple[LevelState, ...]]] = {}

    @initialize(start=st.sampled_from(STARTS), who=whose)
    def begin(self, start: str, who: int) -> None:
        self.path = Path(shutil.copy(self.template, self.new_path("study")))
        self.session = open_session(self.path)
        self.exams = {code: exam_of(code) for code in CODES}
        with self.plain() as session:
            self.keys = {one.code: one.id for one in exams.exams(session.database)}
            self.people = {one.id: one for one in readers_of(session)}
        # what takes many steps to come to by chance
        if start in {"read", "repeated", "opened", "decided"}:
            self.somebody_reads_all(who, 2)
            self.somebody_reads_all(ANA + BO - who, 9)
        if start == "repeated":
            self.a_repeat_begins(0.5, who, "a pilot")
        if start in {"opened", "decided"}:
            self.the_coordinator_says("open or close")
        if start == "decided":
            self.a_level_is_decided_on(0, How.MEAN)
            self.a_reading_is_unlocked(who, CODES[0], 1)
        if start.startswith("came"):
            self.a_package_leaves(who, 1)
            self.somebody_reads_elsewhere(0, CODES[:2], (("all", 4), ("sign",)), send=True)
            self.readings_come_back(0, twice=False)
        if start == "came and unlocked":
            self.a_reading_is_unlocked(who, CODES[1], 1)

    def new_path(self, name: str) -> Path:
        self.files += 1
        folder = self.folder / str(self.files)
        folder.mkdir()
        return folder / f"{name}.marrow"

    @contextmanager
    def plain(self) -> Iterator[Session]:
        """The session as it lies there, without any guard."""
        with closing(self.session.database.apart()) as apart:
            yield Session(apart, synthetic=True)

    def now(self) -> int:
        self.time += 1
        return self.time

    def held(self, key: Key) -> Held:
        return held_of(self.stories.get(key, ()))

    def offered(self, reader: int, number: int) -> set[str]:
        return set() if (reader, number) in self.waiting else self.given.get((reader, number), set())

    def current_round(self, reader: int) -> int:
        last = 1
        for number in range(1, self.rounds + 1):
            offered = self.offered(reader, number)
            if not all(self.held((reader, code, number)).locked for code in offered):
                return number
            last = number if offered else last
        return last

    # -- in and out

    def enter(self, who: int, role: Role) -> Viewer:
        self.viewer = sign_in.sign_in(self.session, who, role, SECRETS.get(who, ""))
        assert self.viewer == Viewer(self.people[who], role, self.current_round(who) if who != CLEO else 1)
        assert self.session.database.guarded == (self.blinded and role is Role.READER)
        return self.viewer

    def coordinator(self) -> Viewer:
        if self.viewer is None or self.viewer.reader.id != CLEO:
            self.enter(CLEO, Role.COORDINATOR)
        assert self.viewer is not None
        return self.viewer

    @rule(what=st.sampled_from(INTERLUDES), who=whose, how=st.booleans())
    def something_else_happens(self, what: str, who: int, how: bool) -> None:
        getattr(self, what)(who, how)

    def somebody_guesses(self, _who: int, how: bool) -> None:
        before = self.session.database.guarded
        for who, wrong in ((ANA, SECRETS[CLEO]), (CLEO, SECRETS[ANA] if how else "")):
            with pytest.raises(InputError, match=r"sign_in\.wrong_secret"):
                sign_in.sign_in(self.session, who, Role.COORDINATOR, wrong)
        for nobody in (BO, CLEO):
            with pytest.raises(InputError, match=r"sign_in\.no_role"):
                sign_in.sign_in(self.session, nobody, Role.COORDINATOR if nobody == BO else Role.READER)
        assert self.session.database.guarded == before

    def ana_coordinates(self, _who: int, how: bool) -> None:
        viewer = self.enter(ANA, Role.COORDINATOR)
        cases = [
            (ANA, code, number) for (who, number), all_ in self.given.items() if who == ANA for code in all_
        ]
        early = self.blinded and not self.looked and not all(self.held(key).locked for key in cases)
        with pytest.raises(BlindingError, match="own_first") if early else nullcontext():
            results(self.session.database, viewer)
        if early and how:
            sign_in.look_before_done(self.session, viewer, "to plan the second half")
            self.looked.append(self.now())
            results(self.session.database, viewer)

    def everybody_leaves(self, *_: object) -> None:
        sign_in.sign_out(self.session)
        self.viewer = None

    def the_program_is_started_again(self, *_: object) -> None:
        self.session.close()
        assert [one.name for one in self.path.parent.iterdir() if "lock" not in one.name] == [self.path.name]
        self.session, self.viewer = open_session(self.path), None

    def step_or(self, otherwise: Callable[[], None], who: int) -> None:
        """Draw something where there is something to draw in."""
        if self.viewer and self.viewer.reader.id == who and self.viewer.role is Role.READER:
            for code in sorted(self.offered(who, self.viewer.round)):
                if not self.held((who, code, self.viewer.round)).locked:
                    case = self.open_case(self.session, self.viewer, code)
                    read_exam.set_rectangle(self.session, case, Level.L1, Rectangle(0, 3, 3, 5, 5))
        otherwise()

    def the_power_goes(self, who: int, how: bool) -> None:
        """Go on with what a machine without power would find on its disk, perhaps in the middle of a step."""
        dark = self.new_path("study")

        def go_dark(*_: object, **__: object) -> None:
            for end in ("", "-wal"):
                if Path(f"{self.path}{end}").exists():
                    shutil.copy(f"{self.path}{end}", f"{dark}{end}")
            raise PowerCut

        with mock.patch.object(audit, "append", go_dark), pytest.raises(PowerCut):
            self.step_or(go_dark, who) if how else go_dark()
        self.session.close()
        self.path, self.session, self.viewer = dark, open_session(dark), None

    def a_second_window_shows_the_same_and_takes_nothing(self, who: int, _how: bool) -> None:
        with closing(open_session(self.path)) as second:
            assert (second.read_only, second.database.guarded) == (True, True)
            viewer = sign_in.sign_in(second, who, Role.READER, SECRETS.get(who, ""))
            self.check_worklist(second, viewer)
            for code in sorted(self.offered(who, viewer.round)):
                if not self.held((who, code, viewer.round)).locked:
                    case = self.open_case(second, viewer, code)
                    with pytest.raises(StoreUnavailable, match=r"store\.read_only"):
                        read_exam.set_rectangle(second, case, Level.L1, Rectangle(0, 3, 3, 5, 5))

    # -- reading

    def open_case(self, session: Session, viewer: Viewer, code: str) -> read_exam.Case:
        key = {one.code: one.exam_id for one in read_exam.worklist(session, viewer)}[code]
        return read_exam.begin_case(session, viewer, replace(self.exams[code], id=key))

    @rule(who=whose, code=codes, steps=work)
    def somebody_reads(self, who: int, code: str, steps: tuple[Any, ...]) -> None:
        here = self.viewer == Viewer(self.people[who], Role.READER, self.current_round(who))
        viewer = self.viewer if here and self.viewer else self.enter(who, Role.READER)
        if code in self.offered(who, viewer.round):
            self.read(self.session, viewer, self.stories, code, steps)
            return
        # known by its key, as from a list of yesterday
        case = read_exam.begin_case(self.session, viewer, replace(self.exams[code], id=self.keys[code]))
        with pytest.raises(AppError):
            read_exam.set_rectangle(self.session, case, Level.L1, Rectangle(0, 3, 3, 5, 5))

    @rule(who=whose, col=cols)
    def somebody_reads_all(self, who: int, col: int) -> None:
        viewer = self.enter(who, Role.READER)
        for code in sorted(self.offered(who, viewer.round)):
            self.read(self.session, viewer, self.stories, code, (("all", col), ("sign",)))

    def read(
        self,
        session: Session,
        viewer: Viewer,
        stories: dict[Key, list[Line]],
        code: str,
        steps: Iterable[Any],
    ) -> None:
        key = (viewer.reader.id, code, viewer.round)
        case = self.open_case(session, viewer, code)
        for step in steps:
            lines = stories.setdefault(key, [])
            line, act = self.step(step, held_of(lines), session)
            error = self.refused(line, key, stories)
            with pytest.raises(InputError, match=error) if error else nullcontext():
                case, _ = act(case)
            if line is not None and not error:
                lines.append(line)
                if stories is self.stories:
                    self.begun.add(key)
            held = held_of(lines)
            again = self.open_case(session, viewer, code)
            assert again.reading == case.reading
            assert {one: case.reading.history.state(one) for one in held.full} == held.full
            assert len(case.reading.history.gaps) == len(LEVELS) - len(held.full)
            assert (len(case.reading.history.undoable), len(case.reading.history.redoable)) == (
                len(held.past), len(held.future),
            )  # fmt: skip
            assert case.reading.locked == held.locked

    def step(
        self, step: tuple[Any, ...], held: Held, session: Session
    ) -> tuple[Line | None, Callable[[read_exam.Case], Any]]:
        """What a step should add to the story, if anything, and the step."""
        line = partial(Line, self.now(), seen=not self.blinded)
        what, *more = step
        if what == "all":
            boxes = {level: box(level, more[0]) for level in LEVELS}
            states = {level: LevelState.measured(one) for level, one in boxes.items()}
            act = partial(read_exam.set_rectangles, session, rectangles=boxes)
        elif what == "box":
            states = {more[0]: LevelState.measured(box(*more))}
            act = partial(read_exam.set_rectangle, session, level=more[0], rectangle=box(*more))
        elif what == "mark":
            states = {more[0]: LevelState.not_measurable(more[1])}
            act = partial(read_exam.mark_not_measurable, session, level=more[0], reason=more[1])
        elif what == "clear":
            states, act = {more[0]: EMPTY}, partial(read_exam.clear_level, session, level=more[0])
        else:
            names = {"sign": "sign_off", "open": "reopen"}
            happens = {
                "undo": held.past, "redo": held.future, "sign": not held.locked, "open": held.locked,
            }[what]  # fmt: skip
            return line(what) if happens else None, lambda case: getattr(read_exam, names.get(what, what))(
                session, case
            )
        new = {level: state for level, state in states.items() if held.now.get(level, EMPTY) != state}
        return (line("draw", new) if new else None), lambda case: act(case=case)

    def refused(self, line: Line | None, key: Key, stories: dict[Key, list[Line]]) -> str:
        """Why a step is refused, if it is."""
        held = held_of(stories[key])
        if line is None:
            return ""
        if line.what == "sign":
            return "" if len(held.full) == len(LEVELS) else r"sign_off\.gaps"
        if line.what == "open":
            others = [one for other, lines in stories.items() for one in lines
                      if other != key and (other[0], other[2]) == (key[0], key[2])]  # fmt: skip
            assert held.event is not None
            went_on = any(one.at > held.event.at for one in others if one.what not in {"sign", "open"})
            return r"reading\.needs_unlock" if went_on else ""
        return r"reading\.locked" if held.locked else ""

    # -- the coordinator

    @rule(what=st.sampled_from(("open or close", "a new version")))
    def the_coordinator_says(self, what: str) -> None:
        viewer = self.coordinator()
        if what == "a new version":
            protocol = replace(self.session.protocol, repeat_share=1 / self.now())
            study.change_protocol(self.session, viewer, protocol, "a pilot")
            return
        say = sign_in.unblind if self.blinded else sign_in.blind_again
        with pytest.raises(InputError, match=r"blinding\.needs_reason"):
            say(self.session, viewer, " ")
        say(self.session, viewer, "all are read, or not yet")
        self.blinded, self.time = not self.blinded, self.time + 1

    @rule(who=whose, code=codes, number=st.integers(1, 2))
    def a_reading_is_unlocked(self, who: int, code: str, number: int) -> None:
        viewer, key = self.coordinator(), (who, code, number)
        locked = self.held(key).locked
        with nullcontext() if locked else pytest.raises(InputError, match=r"study\.not_signed_off"):
            study.unlock(self.session, viewer, self.keys[code], who, number, "L1 is T12")
        if locked:
            self.stories[key].append(Line(self.now(), "open", unlocked="L1 is T12"))
            for (reader, later), given in self.given.items():
                if reader == who and later > number and (who, code, later) not in self.begun:
                    given.discard(code)

    @rule(
        share=st.sampled_from((0.3, 0.5, 1.0)),
        seed=st.integers(0, 9),
        reason=st.sampled_from(("", "a pilot")),
    )
    def a_repeat_begins(self, share: float, seed: int, reason: str) -> None:
        viewer = self.coordinator()
        repeats = [
            (who, code, number) for (who, number), given in self.given.items() if number > 1 for code in given
        ]
        done = {who: {code for code in CODES if self.held((who, code, 1)).locked} for who in READERS}
        error = ""
        if not all(self.held(key).locked for key in repeats):
            error = r"study\.repeat_not_done"
        elif not any(done.values()):
            error = r"study\.nothing_to_repeat"
        with pytest.raises(InputError, match=error) if error else nullcontext():
            study.start_repeat(
                self.session, viewer, share=share, washout_days=30, seed=seed, override_reason=reason
            )
        if not error:
            self.rounds += 1
            codes_of = {key: code for code, key in self.keys.items()}
            for who in READERS:
                given = rounds.given(self.session.database).get((who, self.rounds), {})
                chosen = {codes_of[exam_id] for exam_id, one in given.items() if one.active}
                assert chosen <= done[who]
                assert len(chosen) == math.ceil(share * len(done[who]) - 1e-9)
                self.given[who, self.rounds] = chosen
                if not reason and chosen:
                    self.waiting.add((who, self.rounds))

    @precondition(lambda self: self.waiting)
    @rule(who=whose)
    def a_wash_out_ends_early(self, who: int) -> None:
        study.offer_now(self.session, self.coordinator(), who, self.rounds, "a pilot")
        self.waiting.discard((who, self.rounds))

    def a_reader_tries_what_a_coordinator_does(self, who: int, _how: bool) -> None:
        viewer, target = self.enter(who, Role.READER), self.new_path("never")
        tries: list[Callable[[], object]] = [
            lambda: study.unlock(self.session, viewer, self.keys[CODES[0]], BO, 1, "why not"),
            lambda: study.start_repeat(self.session, viewer, share=1.0),
            lambda: study.overview(self.session, viewer),
            lambda: package.write_package(self.session, viewer, BO, 1, target),
            lambda: sign_in.unblind(self.session, viewer, "why not"),
            lambda: merge.undo_merge(self.session, viewer, 1),
            lambda: disagreements.queue(self.session, viewer),
            lambda: sign_in.grant(self.session, who, list(Role), viewer=viewer),
        ]
        if self.blinded:
            tries += [
                lambda: results(self.session.database, viewer),
                lambda: verify(self.session, viewer, Silent()),
                lambda: merge.plan_merge(self.session, self.path),
                lambda: self.session.database.copy_to(target),
            ]
        for one in tries:
            with pytest.raises((BlindingError, InputError), match=r"blinding\.closed|study\.not_coordinator"):
                one()
        assert not target.exists()

    # -- elsewhere and back

    @precondition(lambda self: len(self.packages) < 3)
    @rule(who=whose, number=st.integers(1, 2))
    def a_package_leaves(self, who: int, number: int) -> None:
        viewer, path = self.coordinator(), self.new_path("package")
        given = self.given.get((who, number), set())
        with nullcontext() if given else pytest.raises(InputError, match=r"package\.no_cases"):
            package.write_package(self.session, viewer, who, number, path)
        if given:
            stories = {(who, code, number): self.stories.get((who, code, number), []) for code in given}
            offered = tuple(sorted(self.offered(who, number)))
            self.packages.append(Package(path, who, number, offered, stories).copy(path))

    @precondition(lambda self: self.packages)
    @rule(which=which, cases=st.sets(codes, min_size=1), steps=work, send=st.booleans())
    def somebody_reads_elsewhere(
        self, which: int, cases: Iterable[str], steps: tuple[Any, ...], *, send: bool
    ) -> None:
        there = self.packages[which % len(self.packages)]
        with closing(open_session(there.path)) as session:
            assert session.database.guarded
            (person,) = sign_in.people(session)
            secret = SECRETS.get(there.reader, "")
            viewer = sign_in.sign_in(session, person.reader.id, Role.READER, secret)
            assert (person.reader.name, person.roles) == (NAMES[there.reader], {Role.READER})
            listed = {one.code: (one.done, one.locked) for one in read_exam.worklist(session, viewer)}
            assert listed == {
                code: (len(held.full), held.locked)
                for code in there.offered
                for held in [held_of(there.stories.get((there.reader, code, there.round), ()))]
            }
            # the one reader of a package has another key there
            mine = {(viewer.reader.id, *key[1:]): lines for key, lines in there.stories.items()}
            for code in sorted(set(cases) & set(there.offered)):
                self.read(session, viewer, mine, code, steps)
            there.stories = {(there.reader, *key[1:]): lines for key, lines in mine.items()}
            if send:
                target = self.new_path("results")
                package.write_results(session, viewer, target)
                self.sent.append(there.copy(target))
        with closing(foreign.open_foreign(there.path)) as plain:
            assert audit.first_break(plain) is None
            assert list(sealing.compare(plain, sealing.sealed_rows(plain))) == []

    @precondition(lambda self: any(any(one.stories.values()) for one in self.packages))
    @rule(which=which, twice=st.booleans())
    def readings_come_back(self, which: int, *, twice: bool) -> None:
        viewer, known = self.coordinator(), [*self.packages, *self.sent]
        came = known[which % len(known)]
        expected = {key[1]: self.outcome(key, lines) for key, lines in came.stories.items() if lines}
        plan = merge.plan_merge(self.session, came.path)
        assert plan.refusal is None
        assert (plan.reader, plan.round) == (NAMES[came.reader], came.round)
        assert {one.code: one.outcome for one in plan.cases} == expected
        done = merge.merge(self.session, viewer, plan)
        assert (done.merge_id is not None) == plan.changes
        if done.merge_id is not None:
            self.take_in(came, expected, done.merge_id)
        if twice:
            head = audit.head_hash(self.session.database)
            again = merge.plan_merge(self.session, came.path)
            assert not again.changes
            assert merge.merge(self.session, viewer, again).merge_id is None
            assert audit.head_hash(self.session.database) == head

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
                self.begun.add(key)

    @precondition(lambda self: self.merges)
    @rule(which=which)
    def a_merge_is_taken_back(self, which: int) -> None:
        viewer, number = self.coordinator(), self.merges[which % len(self.merges)]
        error = r"merge\.undone_already" if number in self.undone else ""
        for lines in self.stories.values():
            brought = [place for place, one in enumerate(lines) if one.merge == number]
            if brought and brought[-1] != len(lines) - 1:
                error = r"merge\.built_upon"
        with pytest.raises(InputError, match=error) if error else nullcontext():
            merge.undo_merge(self.session, viewer, number)
        if not error:
            self.undone.add(number)
            for key, lines in self.stories.items():
                self.stories[key] = [one for one in lines if one.merge != number]

    # -- disagreements

    def disputed(self) -> dict[tuple[str, Level], tuple[LevelState, ...]]:
        """What both readers signed off in the first round."""
        both = {code: [self.held((who, code, 1)) for who in READERS] for code in CODES}
        return {
            (code, level): tuple(held.now[level] for held in pair)
            for code, pair in both.items()
            if all(held.locked for held in pair)
            for level in LEVELS
        }

    def mean(self, code: str, state: LevelState, quantity: Quantity = Quantity.FF) -> float | None:
        """Counted here once more, from the stored integers."""
        one = state.rectangle
        if one is None:
            return None
        voxels = (
            self.exams[code]
            .maps[quantity]
            .stored[one.slice, one.row0 : one.row0 + one.rows, one.col0 : one.col0 + one.cols]
        )
        return float(sum(int(value) for value in voxels.ravel()) / voxels.size)

    @rule(which=st.integers(0, 14), how=st.sampled_from((How.MEAN, How.READER, How.EXCLUDED)))
    def a_level_is_decided_on(self, which: int, how: How) -> None:
        viewer, known = self.coordinator(), self.disputed()
        places = sorted(known) or [(CODES[0], Level.L1)]
        place = places[which % len(places)]
        note, (code, level) = f"note {self.now()}", place
        ruling = {
            How.MEAN: Ruling.mean(note),
            How.READER: Ruling.of_reader(NAMES[BO], note),
            How.EXCLUDED: Ruling.excluded(Reason.SURG, note),
        }[how]
        means = [self.mean(code, state) for state in known.get(place, ())]
        there = [one for one in means if one is not None]
        value = {
            How.MEAN: sum(there) / len(there) if there else None,
            How.READER: means[1] if means else None,
            How.EXCLUDED: None,
        }[how]
        error = ""
        if self.blinded:
            error = r"blinding\.closed"
        elif place not in known:
            error = r"adjudication\.not_read_twice"
        elif how is not How.EXCLUDED and value is None:
            error = r"adjudication\.without_value"
        with pytest.raises(AppError, match=error) if error else nullcontext():
            disagreements.adjudicate(self.session, viewer, self.keys[code], level, ruling)
        if not error:
            self.decided[place] = (how, value, known[place])

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

    # -- after every step

    def check_worklist(self, session: Session, viewer: Viewer) -> None:
        listed = {
            one.code: (one.done, one.locked, one.unlocked) for one in read_exam.worklist(session, viewer)
        }
        expected = {}
        for code in self.offered(viewer.reader.id, viewer.round):
            held = self.held((viewer.reader.id, code, viewer.round))
            expected[code] = (len(held.full), held.locked, held.event.unlocked if held.event else "")
        assert listed == expected

    @invariant()
    def whoever_is_here_sees_what_is_theirs(self) -> None:
        if self.viewer is None:
            assert self.session.database.guarded
            assert not any(read_exam.worklist(self.session, Viewer(one)) for one in self.people.values())
        elif self.viewer.role is Role.READER:
            self.check_worklist(self.session, self.viewer)

    @invariant()
    def a_blinded_reader_gets_no_row_of_another(self) -> None:
        if not self.session.database.guarded:
            return
        whose = (self.viewer.reader.id, self.viewer.round) if self.viewer else (0, 0)
        with self.plain() as plain:
            tables = [row[0] for row in plain.database.rows(_TABLES)]
            ids = {row[0] for row in plain.database.rows(_READINGS, whose)}
            spreads: dict[bool, set[float]] = {True: set(), False: set()}
            for row in plain.database.rows("SELECT reading_id, sd FROM measurement JOIN roi_revision"
                                           " ON roi_revision.id = revision_id"):  # fmt: skip
                spreads[row["reading_id"] in ids].add(row["sd"])
        # where both drew the same it is no secret
        strange = spreads[False] - spreads[True]
        for table in tables:
            try:
                rows = self.session.database.rows(f"SELECT * FROM {table}")  # noqa: S608 - tables that are there
            except BlindingError:
                continue
            assert not (rows and table in HIDDEN), table
            for row in rows:
                assert not strange & {value for value in row if isinstance(value, float)}, table
                assert not any(isinstance(value, str) and PATIENT in value for value in row), table
                if "reading_id" in row.keys():  # noqa: SIM118 - a row of sqlite3 is no mapping
                    assert row["reading_id"] in ids, table

    def not_blinded(self, key: Key) -> bool:
        lines = self.stories[key]
        drawn = [one for one in lines if one.what not in {"sign", "open"}]
        if any(one.seen for one in drawn):
            return True
        for at in self.looked if key[0] == ANA else ():
            event = held_of([one for one in lines if one.at < at]).event
            if event is None or event.what != "sign" or any(one.at > at for one in drawn):
                return True
        return False

    @invariant()
    def the_coordinator_sees_what_everybody_holds(self) -> None:
        viewer = Viewer(self.people[CLEO], Role.COORDINATOR)
        with self.plain() as session:
            found = {
                (one.reader, one.code, one.round, one.level): (
                    LevelState(one.kind, one.rectangle, one.reason, one.note),
                    one.signed_off, one.not_blinded,
                    *(one.stats[name].mean if name in one.stats else None for name in MEASURED),
                )
                for one in results(session.database, viewer)
            }  # fmt: skip
            overview = study.overview(session, viewer)
        assert found == {
            (NAMES[key[0]], key[1], key[2], level): (
                state, held.locked, self.not_blinded(key),
                *(self.mean(key[1], state, name) for name in MEASURED),
            )
            for key, lines in self.stories.items()
            for held in [held_of(lines)]
            for level, state in held.full.items()
        }  # fmt: skip
        states = {
            (column.reader.id, case.code, column.round): progress.state
            for case in overview.cases
            for column, progress in zip(overview.columns, case.progress, strict=True)
        }
        assert states == {
            (who, code, number): self.state((who, code, number))
            for who in READERS
            for number in range(1, self.rounds + 1)
            for code in CODES
        }

    def state(self, key: Key) -> State:
        held, given = self.held(key), key[1] in self.given.get((key[0], key[2]), ())
        if not self.stories.get(key):
            if not given:
                return State.NOT_ASSIGNED
            return State.WAITING if (key[0], key[2]) in self.waiting else State.NOT_STARTED
        if held.locked:
            return State.SIGNED_OFF
        if held.event is not None and held.event.unlocked:
            return State.UNLOCKED
        return State.OPEN if given else State.NOT_ASSIGNED

    @invariant()
    def the_file_is_as_the_program_left_it(self) -> None:
        viewer = Viewer(self.people[CLEO], Role.COORDINATOR)
        with self.plain() as session:
            found = verify(session, viewer, Silent())
        assert found.flaws == ()
        assert found.chains == len(self.merges)

    @invariant()
    def the_queue_holds_what_is_far_apart_and_what_was_decided(self) -> None:
        if self.blinded:
            return
        viewer = Viewer(self.people[CLEO], Role.COORDINATOR)
        known = self.disputed()
        with self.plain() as session:
            queue = {(one.code, one.level): one for one in disagreements.queue(session, viewer)}
        assert set(queue) == {
            place for place, pair in known.items() if place in self.decided or self.far_apart(place[0], pair)
        }
        for place, one in queue.items():
            how, value, pair = self.decided.get(place, (None, None, ()))
            holds = pair == known[place]
            assert one.ended == (how is not None and not holds)
            assert (one.decided.ruling.how if one.decided else None) == (how if holds else None)
            if one.decided and value is not None:
                assert one.decided.values[Quantity.FF].mean == pytest.approx(value, rel=1e-12)

    def teardown(self) -> None:
        self.session.close()
        shutil.rmtree(self.folder)


# -- the tests --------------------------------------------------------------------------------------------


@pytest.fixture
def template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A study that nobody has read yet, closed."""
    # a hash that takes a tenth of a second is for those who guess
    monkeypatch.setattr(people, "_COST", 2)
    path = tmp_path / "template.marrow"
    with closing(create_session(path, synthetic=True, reader=NAMES[ANA], seed=1)) as session:
        for code in CODES:
            exam, number = exam_of(code), code[1:]
            identity = Identity(
                PATIENT + number, f"PAT{number}", "1960-01-02", "F", study_uid=f"1.2.{number}"
            )
            exams.add(session.database, exams.pack(NewExam(exam, identity, {}, "GE", "Model X")), actor="-")
        everybody = (
            Planned(NAMES[ANA], coordinates=True), Planned(NAMES[BO], seed=2),
            Planned(NAMES[CLEO], reads=False, coordinates=True),
        )  # fmt: skip
        study.set_up(session, StudyPlan(PROTOCOL, everybody))
        for who, secret in SECRETS.items():
            sign_in.set_secret(session, who, secret)
    return path


def _run(template: Path, examples: int, steps: int) -> None:
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        # to make a story shorter takes longer than to read it
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )
    run_state_machine_as_test(partial(Blinded, template), settings=how)


def test_short_studies(template: Path) -> None:
    _run(template, 5, 15)


@pytest.mark.long
def test_long_studies(template: Path) -> None:
    _run(template, 50, 30)
