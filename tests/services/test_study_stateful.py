"""Random studies against a model that only knows lists: who holds what, who sees what, what comes back."""

from __future__ import annotations

import importlib.util
import random
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
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
from app.domain.identity import Identity
from app.domain.maps import MEASURED, Quantity
from app.domain.progress import Silent
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import LevelState, Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import case_facts, disagreements, merge, package, read_exam, sign_in, study
from app.services.open_session import Session, create_session, open_session, readers_of
from app.services.study import Planned, State, StudyPlan
from app.services.verify import verify
from app.store import audit, exams, foreign, rounds, sealing
from app.store.exams import NewExam
from app.store.results import results

HERE = Path(__file__).parent


def neighbour(name: str) -> ModuleType:
    # the test folders are no packages, so a neighbour is loaded by its file
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


model = neighbour("study_model")
ANA, BO, CLEO, NAMES, READERS, CODES = (
    model.ANA, model.BO, model.CLEO, model.NAMES, model.READERS, model.CODES,
)  # fmt: skip
SECRETS = {ANA: "one two three", CLEO: "four five six"}
PROTOCOL = Protocol(blinded=True, min_area_mm2=5.0, min_native_voxels=4.0, spacing_mm=(0.0, 500.0))
# who they are, and what they do
PEOPLE = (
    Planned(NAMES[ANA], coordinates=True), Planned(NAMES[BO], seed=2),
    Planned(NAMES[CLEO], reads=False, coordinates=True),
)  # fmt: skip
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
# and of what only rows of their own cases, with the column that names them
OF_CASES = {"exam": "id"} | dict.fromkeys(
    ("map", "reference_series", "exam_use", "training_exam", "training_reference"), "exam_id"
)
PATIENT = "Doe^Jane"
_TABLES = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')"
_READINGS = "SELECT id FROM reading WHERE reader_id = ? AND round = ?"
_NAMES = {"undo": "undo", "redo": "redo", "sign": "sign_off", "open": "reopen"}

Act = Callable[[read_exam.Case], Any]

# drawn by itself, one value comes again and again, and most of the study is never seen
luck = st.integers(0, 2**32 - 1)


def evenly(*values: Any) -> st.SearchStrategy[Any]:
    """One of some values, each as often as any other."""
    return luck.map(lambda drawn: random.Random(drawn).choice(values))  # noqa: S311 - no secret


def some_action(dice: random.Random) -> tuple[Any, ...]:
    level, col = dice.choice(LEVELS), dice.choice((2, 4, 9, 20))
    return dice.choice(
        [
            ("all", col),
            ("box", level, col),
            ("mark", level, dice.choice((Reason.HEMANG, Reason.SWAP))),
            ("clear", level),
            ("out", dice.choice((Reason.SURG, Reason.FOV))),
            *(("in",), ("undo",), ("undo",), ("redo",), ("sign",), ("sign",), ("open",)),
        ]
    )


def some_work(drawn: int) -> tuple[tuple[Any, ...], ...]:
    """Some steps at a case; every second time such that it may well be signed off."""
    dice = random.Random(drawn)  # noqa: S311 - no secret
    steps = [some_action(dice) for _ in range(dice.randint(1, 4))]
    if dice.random() < 0.5:
        return tuple(steps)
    first = dice.choice((("all", 2), ("all", 4), ("all", 9), ("out", Reason.SURG)))
    return (first, *steps[:2], ("sign",))


work = luck.map(some_work)
cols = evenly(2, 4, 9, 20)
INTERLUDES = (
    "somebody_guesses", "ana_coordinates", "everybody_leaves", "the_program_is_started_again",
    "the_power_goes", "a_second_window_shows_the_same_and_takes_nothing",
    "a_reader_tries_what_a_coordinator_does",
)  # fmt: skip
READ_BY_BOTH = ("read", "practised", "repeated", "repeated_twice", "opened", "decided", "left_out")
STARTS = ("fresh", *READ_BY_BOTH, "come", "come_and_unlocked")
codes = evenly(*CODES)
which = evenly(*range(15))
whose = evenly(*READERS)
numbers = evenly(1, 1, 2, 3)


class PowerCut(Exception):  # noqa: N818 - nothing in the program may expect it
    """The machine went dark."""


class Blinded(model.Expected, RuleBasedStateMachine):  # type: ignore[misc, name-defined]
    """Ana and Bo read, Cleo coordinates, and Ana may too."""

    def __init__(self, template: Path, start: str) -> None:
        super().__init__()
        self.template, self.start = template, start
        self.folder = Path(tempfile.mkdtemp())
        self.files = 0
        self.viewer: Viewer | None = None

    @initialize(who=whose, practice=evenly(False, False, True))
    def begin(self, who: int, *, practice: bool) -> None:
        self.path = Path(shutil.copy(self.template, self.new_path("study")))
        self.session = open_session(self.path)
        with self.plain() as session:
            self.keys = {one.code: one.id for one in exams.exams(session.database)}
            self.people = {one.id: one for one in readers_of(session)}
        if practice or self.start == "practised":
            self.cases_are_for_training(CODES[1:2])
        if self.start in READ_BY_BOTH:
            self.somebody_reads_all(who, 2)
            self.somebody_reads_all(ANA + BO - who, 9)
        getattr(self, f"it_is_{self.start}")(who)

    # -- what takes many steps to come to by chance

    def it_is_fresh(self, _who: int) -> None:
        """Nobody has read."""

    def it_is_read(self, _who: int) -> None:
        """Both have."""

    def it_is_practised(self, who: int) -> None:
        self.the_values_of_a_reader_are_the_reference(who, CODES[1])
        self.a_reading_is_unlocked(ANA + BO - who, CODES[1], 1)

    def it_is_repeated(self, who: int) -> None:
        self.a_repeat_begins(0.5, 30, who, "a pilot")

    def it_is_repeated_twice(self, who: int) -> None:
        self.it_is_repeated(who)
        self.somebody_reads_all(who, 4)
        self.somebody_reads_all(ANA + BO - who, 9)
        self.a_repeat_begins(1.0, 30, who, "")

    def it_is_opened(self, _who: int) -> None:
        self.the_coordinator_says("open or close")

    def it_is_decided(self, who: int) -> None:
        self.it_is_opened(who)
        self.a_level_is_decided_on(0, How.MEAN)
        self.a_reading_is_unlocked(who, CODES[0], 1)

    def it_is_left_out(self, who: int) -> None:
        self.it_is_opened(who)
        self.a_reading_is_unlocked(who, CODES[0], 1)
        self.somebody_reads(who, CODES[0], (("out", Reason.SURG), ("sign",)))

    def it_is_come(self, who: int) -> None:
        self.a_package_leaves(who, 1)
        self.somebody_reads_elsewhere(0, CODES[:2], (("all", 4), ("sign",)), send=True)
        self.readings_come_back(0, twice=False)

    def it_is_come_and_unlocked(self, who: int) -> None:
        self.it_is_come(who)
        self.a_reading_is_unlocked(who, CODES[1], 1)

    # -- in the file

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

    @rule(what=evenly(*INTERLUDES), who=whose, how=evenly(False, True))
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
        hidden = self.blinded and code not in self.given.get((who, viewer.round), ())
        # what was begun before it was taken away could go on, if anybody still found it
        if hidden or not case.reading.id:
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
        stories: dict[tuple[int, str, int], list[Any]],
        code: str,
        steps: Iterable[Any],
    ) -> None:
        key = (viewer.reader.id, code, viewer.round)
        case = self.open_case(session, viewer, code)
        for step in steps:
            lines = stories.setdefault(key, [])
            line, act = self.line_of(step, model.held_of(lines)), self.act(step, session)
            error = self.refused(line, key, stories)
            with pytest.raises(InputError, match=error) if error else nullcontext():
                case, _ = act(case)
            if line is not None and not error:
                lines.append(line)
            held = model.held_of(lines)
            again = self.open_case(session, viewer, code)
            assert again.reading == case.reading
            assert {one: case.reading.history.state(one) for one in held.full} == held.full
            assert len(case.reading.history.gaps) == len(LEVELS) - len(held.full)
            assert (len(case.reading.history.undoable), len(case.reading.history.redoable)) == (
                len(held.past), len(held.future),
            )  # fmt: skip
            assert case.reading.locked == held.locked
            because = case.reading.facts.excluded
            assert (because.reason if because else None) is held.excluded

    def act(self, step: tuple[Any, ...], session: Session) -> Act:
        """The step itself."""
        what, *more = step
        if what == "all":
            boxes = {level: model.box(level, more[0]) for level in LEVELS}
            return partial(read_exam.set_rectangles, session, rectangles=boxes)
        acts: dict[str, Callable[[read_exam.Case], Any]] = {
            "box": lambda case: read_exam.set_rectangle(session, case, more[0], model.box(*more)),
            "mark": lambda case: read_exam.mark_not_measurable(session, case, more[0], more[1]),
            "clear": lambda case: read_exam.clear_level(session, case, more[0]),
            "out": lambda case: case_facts.exclude_patient(session, case, more[0]),
            "in": lambda case: case_facts.include_patient(session, case),
        }
        return acts.get(what) or (lambda case: getattr(read_exam, _NAMES[what])(session, case))

    # -- the coordinator

    @rule(what=evenly("open or close", "a new version"))
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
        self.blinded = not self.blinded
        if not self.blinded:
            self.opened.append(self.now())

    @rule(who=whose, code=codes, number=numbers)
    def a_reading_is_unlocked(self, who: int, code: str, number: int) -> None:
        viewer, key = self.coordinator(), (who, code, number)
        locked = self.held(key).locked
        with nullcontext() if locked else pytest.raises(InputError, match=r"study\.not_signed_off"):
            study.unlock(self.session, viewer, self.keys[code], who, number, "L1 is T12")
        if locked:
            self.stories[key].append(model.Line(self.now(), "open", unlocked="L1 is T12"))
            for later in range(number + 1, self.rounds + 1):
                if not self.held((who, code, later)).begun:
                    self.take_away((who, code, later))

    @rule(
        share=evenly(0.3, 0.5, 1.0),
        days=evenly(30, 30, 0),
        seed=evenly(*range(10)),
        reason=evenly("", "a pilot"),
    )
    def a_repeat_begins(self, share: float, days: int, seed: int, reason: str) -> None:
        viewer = self.coordinator()
        error = self.refused_repeat()
        with pytest.raises(InputError, match=error) if error else nullcontext():
            study.start_repeat(
                self.session, viewer, share=share, washout_days=days, seed=seed, override_reason=reason
            )
        if not error:
            codes_of = {key: code for code, key in self.keys.items()}
            found = rounds.given(self.session.database)
            chosen = {
                who: {
                    codes_of[key] for key, one in found.get((who, self.rounds + 1), {}).items() if one.active
                }
                for who in READERS
            }
            # with a reason the days are kept, but this time nobody waits for them
            self.begin_round(chosen, share, days, waits=not reason)

    @precondition(lambda self: self.waiting)
    @rule(who=whose, number=evenly(2, 3))
    def a_wash_out_ends_early(self, who: int, number: int) -> None:
        with pytest.raises(InputError, match=r"study\.needs_reason"):
            study.offer_now(self.session, self.coordinator(), who, number, " ")
        study.offer_now(self.session, self.coordinator(), who, number, "a pilot")
        self.waiting = {key for key in self.waiting if (key[0], key[2]) != (who, number)}

    @rule(drawn=luck, sensible=evenly(True, True, True, False))
    def a_case_goes_to_another(self, drawn: int, *, sensible: bool) -> None:
        options = self.transfers(sensible=sensible)
        if not options:
            return
        code, giver, taker, number = random.Random(drawn).choice(options)  # noqa: S311 - no secret
        viewer, key, why = self.coordinator(), self.keys[code], "knows the patient"
        if giver and taker:
            act = partial(study.reassign, self.session, viewer, key, giver, taker, number)
        else:
            one_way = study.withdraw if giver else study.assign
            act = partial(one_way, self.session, viewer, key, giver or taker, number)
        with pytest.raises(InputError, match=r"study\.needs_reason"):
            act(" ")
        error = self.refused_transfer(code, giver, taker, number)
        with pytest.raises(InputError, match=error) if error else nullcontext():
            act(why)
        if not error:
            self.transfer(code, giver, taker, number)

    # -- training

    @rule(wanted=evenly((), CODES[:1], CODES[1:2], CODES[1:]))
    def cases_are_for_training(self, wanted: tuple[str, ...]) -> None:
        plan = StudyPlan(
            self.session.protocol, PEOPLE, frozenset(self.keys[code] for code in wanted), "a pilot"
        )
        study.set_up(self.session, plan, self.coordinator())
        self.training = set(wanted)

    @rule(who=whose, code=codes)
    def the_values_of_a_reader_are_the_reference(self, who: int, code: str) -> None:
        viewer, key, error = self.coordinator(), (who, code, 1), ""
        if code not in self.training:
            error = r"study\.not_training"
        elif not self.held(key).locked:
            error = r"study\.not_signed_off"
        with pytest.raises(InputError, match=error) if error else nullcontext():
            study.set_training_reference(self.session, viewer, self.keys[code], who)
        if not error:
            self.references[code] = self.means(key)

    @precondition(lambda self: self.training)
    @rule(who=whose, code=codes, sensible=evenly(True, True, False))
    def a_reader_looks_how_far_they_are_from_the_reference(
        self, who: int, code: str, *, sensible: bool
    ) -> None:
        code = min(self.training) if sensible else code
        viewer = self.enter(who, Role.READER)
        key, error = (who, code, viewer.round), ""
        # to a blinded reader a case of another round is none
        known = not self.blinded or code in self.given.get((who, viewer.round), ())
        if code not in self.training or not known:
            error = r"study\.not_training"
        elif not self.held(key).locked:
            error = r"study\.feedback_too_early"
        with pytest.raises(InputError, match=error) if error else nullcontext():
            told = study.training_feedback(self.session, viewer, self.keys[code])
        if not error:
            own, other = self.means(key), self.references.get(code, {})
            expected = {
                (level, quantity): (own.get(level, {}).get(quantity), other.get(level, {}).get(quantity))
                for level in (own.keys() | other.keys() if other else ())
                for quantity in MEASURED
            }
            assert {(row.level, row.quantity): (row.own, row.reference) for row in told.rows} == expected

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
            lambda: study.reassign(self.session, viewer, self.keys[CODES[0]], ANA, BO, 1, "why not"),
            lambda: study.offer_now(self.session, viewer, who, 2, "why not"),
            lambda: study.set_up(self.session, StudyPlan(self.session.protocol, PEOPLE), viewer),
            lambda: study.set_training_reference(self.session, viewer, self.keys[CODES[0]], who),
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
    @rule(who=whose, number=numbers)
    def a_package_leaves(self, who: int, number: int) -> None:
        viewer, path = self.coordinator(), self.new_path("package")
        given = self.given.get((who, number), set())
        with nullcontext() if given else pytest.raises(InputError, match=r"package\.no_cases"):
            package.write_package(self.session, viewer, who, number, path)
        if given:
            stories = {(who, code, number): self.stories.get((who, code, number), []) for code in given}
            offered = tuple(sorted(self.offered(who, number)))
            training = frozenset(self.training & given)
            self.packages.append(model.Package(path, who, number, offered, training, stories).copy(path))

    @precondition(lambda self: self.packages)
    @rule(which=which, cases=evenly(CODES[:1], CODES[1:], CODES), steps=work, send=evenly(False, True))
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
            listed = {
                one.code: (one.done, one.locked, one.excluded, one.training)
                for one in read_exam.worklist(session, viewer)
            }
            assert listed == {
                code: (len(held.full), held.locked, held.excluded, code in there.training)
                for code in there.offered
                for held in [model.held_of(there.stories.get((there.reader, code, there.round), ()))]
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
    @rule(which=which, twice=evenly(False, True))
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

    @precondition(lambda self: self.merges)
    @rule(which=which)
    def a_merge_is_taken_back(self, which: int) -> None:
        viewer, number = self.coordinator(), self.merges[which % len(self.merges)]
        error = self.refused_undo(number)
        with pytest.raises(InputError, match=error) if error else nullcontext():
            merge.undo_merge(self.session, viewer, number)
        if not error:
            self.undo(number)

    # -- disagreements

    @rule(which=which, how=evenly(How.MEAN, How.READER, How.EXCLUDED))
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

    # -- after every step

    def check_worklist(self, session: Session, viewer: Viewer) -> None:
        listed = {
            one.code: (one.done, one.locked, one.unlocked, one.excluded, one.training)
            for one in read_exam.worklist(session, viewer)
        }
        expected = {}
        for code in self.offered(viewer.reader.id, viewer.round):
            held = self.held((viewer.reader.id, code, viewer.round))
            why = held.event.unlocked if held.event else ""
            expected[code] = (len(held.full), held.locked, why, held.excluded, code in self.training)
        assert listed == expected
        assert study.waiting(session, viewer).count == self.waits(viewer.reader.id, viewer.round)
        ahead = sign_in.ahead(session, viewer)
        assert (ahead.round, ahead.count, bool(ahead.first_utc)) == self.ahead(viewer.reader.id, viewer.round)

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
        given = self.given.get(whose, set())
        known = {self.keys[code] for code in given}
        signed = {self.keys[code] for code in given - self.left(*whose)}
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
                # a row of sqlite3 is no mapping
                there = dict(row)
                assert there.get("reading_id") in {None, *ids}, table
                assert table not in OF_CASES or there[OF_CASES[table]] in known, table
                assert table != "assignment" or (there["reader_id"], there["round"]) == whose
                assert table != "training_reference" or there["exam_id"] in signed

    @invariant()
    def the_coordinator_sees_what_everybody_holds(self) -> None:
        viewer = Viewer(self.people[CLEO], Role.COORDINATOR)
        with self.plain() as session:
            found = {
                (one.reader, one.code, one.round, one.level): (
                    LevelState(one.kind, one.rectangle, one.reason, one.note),
                    one.signed_off, one.not_blinded, one.training,
                    *(one.stats[name].mean if name in one.stats else None for name in MEASURED),
                )
                for one in results(session.database, viewer)
            }  # fmt: skip
            overview = study.overview(session, viewer)
        assert found == {
            (NAMES[key[0]], key[1], key[2], level): (
                state, held.locked, self.not_blinded(key), key[1] in self.training,
                *(self.mean(key[1], state, name) for name in MEASURED),
            )
            for key, lines in self.stories.items()
            for held in [model.held_of(lines)]
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
            for number in self.washout
            for code in CODES
        }
        assert {one.code for one in overview.cases if one.training} == self.training
        for one in overview.columns:
            counted = [states[one.reader.id, code, one.round] for code in CODES if code not in self.training]
            assert (one.assigned, one.signed_off, one.waiting) == (
                len(counted) - counted.count(State.NOT_ASSIGNED),
                counted.count(State.SIGNED_OFF),
                counted.count(State.WAITING),
            )
        assert overview.left_out is not None
        assert {
            (one.code, one.reader, one.round, one.level, one.reason, one.signed_off, one.training)
            for one in overview.left_out
        } == self.left_out()

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
            place
            for place, pair in known.items()
            if self.in_queue(place[0]) and (place in self.decided or self.far_apart(place[0], pair))
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
def template(tmp_path: Path) -> Path:
    """A study that nobody has read yet, closed."""
    path = tmp_path / "template.marrow"
    with closing(create_session(path, synthetic=True, reader=NAMES[ANA], seed=1)) as session:
        for code in CODES:
            exam, number = model.exam_of(code), code[1:]
            identity = Identity(
                PATIENT + number, f"PAT{number}", "1960-01-02", "F", study_uid=f"1.2.{number}"
            )
            exams.add(session.database, exams.pack(NewExam(exam, identity, {}, "GE", "Model X")), actor="-")
        study.set_up(session, StudyPlan(PROTOCOL, PEOPLE))
        for who, secret in SECRETS.items():
            sign_in.set_secret(session, who, secret)
    return path


def _run(template: Path, start: str, examples: int, steps: int, number: int) -> None:
    how = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        # to make a story shorter takes longer than to read it
        phases=(Phase.explicit, Phase.reuse, Phase.generate),
    )
    factory = partial(Blinded, template, start)
    # most of what comes after the first example is that one with a piece of it repeated: many first ones tell
    # more, the same ones for everybody where nothing is left to luck
    run_state_machine_as_test(seed(number)(factory) if how.derandomize else factory, settings=how)


def test_short_studies(template: Path) -> None:
    _run(template, "read", 4, 15, 0)


@pytest.mark.long
@pytest.mark.parametrize("number", [1, 2])
@pytest.mark.parametrize("start", STARTS)
def test_long_studies(template: Path, start: str, number: int) -> None:
    _run(template, start, 3, 30, number)
