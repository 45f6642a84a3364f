"""A whole study as its people play it: two readers at two computers, one of whom coordinates."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.domain.disagreement import How
from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Role, Viewer
from app.files.demo_exams import read_recipe
from app.services import demo as demo_service
from app.services import disagreements, open_session, sign_in, verify
from app.services.open_session import Session
from app.store.results import LevelResult, results
from app.ui.present import text

if TYPE_CHECKING:
    from conftest import Desk, Program

pytestmark = pytest.mark.window

_CASES = 2
_FIRST, _SECOND = "Reader 1", "Bo Ekman"
_PINS = {_FIRST: "4711 horse", _SECOND: "2468"}
_WINDOW = (1600, 900)
# Bo draws this level of every case a body too high
_ASTRAY = "L1"


class Hands:
    """Mouse and keyboard of one person, who clicks what can be seen."""

    def __init__(self, desk: Desk, program: Program, pictures: Iterator[int]) -> None:
        self.desk, self.program, self._pictures = desk, program, pictures

    def things(self, said: str, kind: str = "") -> list[dict[str, Any]]:
        """Whatever says so and can be clicked."""
        found = self.program.in_sight()["things"]
        named = [one for one in found if one["said"].replace("&", "") == said and one["enabled"]]
        return [one for one in named if kind in one["kind"]]

    def find(self, said: str, kind: str = "") -> dict[str, Any]:
        """Wait for something that says so and lies still: a new window moves when it gets its frame."""
        seen: list[Any] = [[]]

        def rests() -> bool:
            seen.append(self.things(said, kind))
            return bool(seen[-1]) and seen[-1] == seen[-2]

        self.desk.wait_for(rests, said, every_s=0.1)
        return dict(seen[-1][0])

    def click(self, said: str, kind: str = "") -> None:
        """Click what says so."""
        left, top, width, height = self.find(said, kind)["box"]
        # radio buttons and boxes are ticked at the left
        self.program.click_screen((left + min(width // 2, 60), top + height // 2))

    def tick(self, said: str, *, begins: bool = False) -> None:
        """Click the box that bears a name, or one that begins so: it lies at the left of it."""
        if begins:
            seen = self.desk.wait_for(lambda: self._choices(said), said)
            said = str(seen[0])
        left, top, _, height = self.find(said, "RadioButton")["box"]
        self.program.click_screen((left + 9, top + height // 2))

    def _choices(self, begins: str) -> list[str]:
        found = self.program.in_sight()["things"]
        return [
            one["said"] for one in found if one["kind"] == "QRadioButton" and one["said"].startswith(begins)
        ]

    def fill(self, said: str, words: str) -> None:
        """Write into the field that bears a name."""
        self.click(said, "Line")
        self.program.key("ctrl+a")
        self.program.write(words)

    def gone(self, said: str) -> None:
        """Wait until nothing says so any more."""
        self.desk.wait_for(lambda: not self.things(said), f"the end of {said}")

    def file(self, path: Path) -> None:
        """Type a path into the dialog that asks for a file."""
        title = self.desk.wait_for(self._asks_for_file, "a dialog for files")[0]
        self.program.focus(self.window(title))
        self.program.key("ctrl+a")
        self.program.write(str(path))
        self.program.key("Return")
        self.desk.wait_for(lambda: not self._asks_for_file(), "the end of the dialog for files")

    def _asks_for_file(self) -> list[str]:
        return list(self.program.in_sight()["asks_for_file"])

    def says(self, words: str) -> bool:
        """Whether these words can be seen anywhere."""
        return any(words in one["said"] for one in self.program.in_sight()["things"])

    def window(self, title: str) -> str:
        """The window of a dialog."""
        return str(self.desk.wait_for(lambda: next(iter(self.program.windows(title)), ""), title))

    def lock(self) -> None:
        """Leave the session to whoever comes next."""
        self.program.key("ctrl+shift+l")
        self.find(text("sign_in.go"))

    def sign_in(self, name: str, role: Role, *, alone: bool = False) -> None:
        """Choose a name and a role on the card, and prove it."""
        if not alone:
            self.click(name)
        for one in self.things(text(f"role.{role.value}"), "RadioButton"):
            left, top, _, height = one["box"]
            self.program.click_screen((left + 9, top + height // 2))
        self.fill(text("sign_in.secret", name=name), _PINS[name])
        self.program.key("Return")
        self.find(f"{name} · {text(f'role.name_{role.value}')}")

    def case(self) -> str:
        """The case that is open and unread, once it is there."""

        def fresh() -> str:
            seen = [one["said"] for one in self.program.in_sight()["things"]]
            title = next((one for one in seen if one.startswith("Case C")), "")
            return title.removeprefix("Case ") if seen.count("not read yet") >= len(LEVELS) - 1 else ""

        return str(self.desk.wait_for(fresh, "an unread case"))

    def click_map(self, row: float, col: float) -> None:
        """Click a shown voxel position of the fat fraction."""
        picture = self.program.in_sight()["pictures"][0]
        (rows, cols), (left, top, right, bottom) = picture["shape"], picture["box"]
        where = (left + col / cols * (right - left), top + row / rows * (bottom - top))
        self.program.click_screen((round(where[0]), round(where[1])))

    def _file_dialog(self) -> str:
        kinds = {one["window"] for one in self.program.in_sight()["things"] if one["kind"] == "QFileDialog"}
        return next(iter(kinds), "")

    def keep(self, name: str) -> None:
        """Keep what is on the screen."""
        self.desk.keep_screen(f"{next(self._pictures):02d}-{name}")


@pytest.fixture
def session(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The first exams of the reading demo."""
    monkeypatch.setattr(demo_service, "read_recipe", lambda told: read_recipe(told)[:_CASES])
    return demo_service.make_reading_demo(desk.folder / "demo", Silent())


def test_a_study_of_two_readers_and_a_coordinator_from_set_up_to_export(desk: Desk, session: Path) -> None:
    pictures = iter(range(1, 100))
    sent, results_file, exported = (desk.folder / name for name in ("bo.marrow", "results.marrow", "export"))
    exported.mkdir()

    home = Hands(desk, desk.start(session, _WINDOW, telling=True), pictures)
    _set_up(home)
    home.lock()
    home.sign_in(_FIRST, Role.READER)
    _read_all(home, session, astray=False)
    home.keep("first-has-read")
    home.lock()
    home.sign_in(_FIRST, Role.COORDINATOR)
    _write_package(home, sent)
    _assert_only_of(session, {_FIRST})

    elsewhere = Hands(desk, desk.start(sent, _WINDOW, home="elsewhere", telling=True), pictures)
    elsewhere.sign_in(_SECOND, Role.READER, alone=True)
    _read_all(elsewhere, sent, astray=True, truth=session.parent / "truth")
    _send_results(elsewhere, results_file)
    assert elsewhere.program.close() == ""

    home.program.focus(home.program.window)
    _merge(home, results_file)
    _assert_only_of(session, {_FIRST, _SECOND})
    _open_study(home)
    _decide(home)
    _look_at_statistics(home)
    _export(home, exported)
    assert home.program.close() == ""

    decided = _assert_decided(session)
    _assert_exported(exported, _cells(session), decided)
    # names stay in the study: neither the package nor what was written around it has one
    for path in (sent, results_file, *(desk.folder / "elsewhere").rglob("*")):
        assert not path.is_file() or b"Phantom^" not in path.read_bytes()
    assert b"Phantom^" in session.read_bytes()


# -- what the hands do ------------------------------------------------------------------------------------


def _set_up(hands: Hands) -> None:
    hands.program.key("F10")
    hands.click(text("menu.study"))
    hands.click(text("study.step_readers"))
    second = text("study.person_number", number=2)
    hands.click(text("study.add_person"))
    hands.fill(_field("study.person", second), _SECOND)
    hands.fill(_field("study.secret", second), _PINS[_SECOND])
    hands.fill(_field("study.secret", _FIRST), _PINS[_FIRST])
    hands.click(text("study.step_reading"))
    hands.tick(text("study.blinded"))
    hands.keep("blinded")
    hands.click(text("study.step_summary"))
    hands.click(text("study.apply"))
    hands.gone(text("study.apply"))
    hands.find(f"{_FIRST} · {text('role.name_coordinator')}")
    hands.keep("set-up")


def _field(code: str, name: str) -> str:
    return text("study.of_person", what=text(code), name=name)


def _read_all(hands: Hands, session: Path, *, astray: bool, truth: Path | None = None) -> None:
    """Read every case that comes, with five clicks each."""
    hands.program.key("ctrl+2")
    stored = hands.desk.stored(session)
    steps = stored.revisions()
    for _ in range(_CASES):
        code = hands.case()
        told = json.loads(((truth or session.parent / "truth") / f"{code}.json").read_text(encoding="utf-8"))
        for level in LEVELS:
            row, col = _place(told, level)
            if astray and level == _ASTRAY:
                below = _place(told, "L2")
                row, col = 2 * row - below[0], 2 * col - below[1]
            hands.click_map(row, col)
            steps += 1
            stored.wait(steps)
        signed = stored.count("reading_event")
        hands.program.key("Return")
        hands.desk.wait_for(
            lambda signed=signed: stored.count("reading_event") > signed, f"the sign-off of {code}"
        )


def _place(told: dict[str, Any], level: str) -> tuple[float, float]:
    """Shown row and column of the middle of the anterior two thirds of a body."""
    spec, known = told["spec"], next(one for one in told["levels"] if one["level"] == level)
    _, row, col = known["centre_voxel"]
    shown = spec["cols"] - col - 0.5 if spec["anterior_right"] else col + 0.5
    return row + 0.5, shown - (known["depth_mm"] / 6 - 2.0) / (spec["fov_mm"] / spec["rows"])


def _write_package(hands: Hands, target: Path) -> None:
    hands.program.key("ctrl+1")
    hands.keep("coordinators-worklist")
    hands.click(text("worklist.package"))
    hands.find(text("package.go"))
    # the second reader stands below the first
    hands.desk.wait_for(lambda: hands.says(f"in the order of {_FIRST}"), "the plan for the first reader")
    hands.program.focus(hands.window(text("package.title")))
    hands.program.key("Down")
    hands.desk.wait_for(lambda: hands.says(f"in the order of {_SECOND}"), "the plan for the second reader")
    hands.keep("package")
    hands.click(text("package.go"))
    hands.file(target)
    told = text("package.done", cases=_CASES, reader=_SECOND, file=target.name)
    hands.desk.wait_for(lambda: hands.says(told), "the package")


def _send_results(hands: Hands, target: Path) -> None:
    hands.program.key("ctrl+1")
    hands.click(text("worklist.results"))
    hands.file(target)
    hands.desk.wait_for(lambda: hands.says(text("results.done", file=target.name)), "the results")
    hands.keep("results-sent")


def _merge(hands: Hands, came: Path) -> None:
    hands.click(text("worklist.merge"))
    hands.click(text("merge.choose"))
    hands.file(came)
    hands.find(text("merge.go"))
    hands.keep("what-merging-changes")
    hands.click(text("merge.go"))
    hands.desk.wait_for(lambda: hands.says(text("merge.is_done", reader=_SECOND, round=1)), "the merge")
    hands.program.focus(hands.window(text("merge.title")))
    hands.program.key("Escape")
    hands.gone(text("merge.choose"))
    hands.keep("merged")


def _open_study(hands: Hands) -> None:
    hands.click(f"{_FIRST} · {text('role.name_coordinator')}")
    hands.click(text("app.unblind"))
    hands.fill(text("why.reason"), "both have read all cases")
    hands.program.key("Return")
    hands.gone(text("why.reason"))
    hands.desk.wait_for(lambda: hands.says(text("app.study_opened")), "the open study")


def _decide(hands: Hands) -> None:
    """Let the first of two levels be that of the first reader, and leave the other one open."""
    hands.program.key("ctrl+6")
    hands.desk.wait_for(lambda: hands.says(_waiting(_CASES)), "the levels that wait")
    hands.tick(f"{_FIRST}: ", begins=True)
    hands.fill(text("disagree.note"), "the other one is on T12")
    hands.keep("deciding")
    hands.click(text("disagree.decide"))
    hands.desk.wait_for(lambda: hands.says(_waiting(_CASES - 1)), "the decision")


def _waiting(count: int) -> str:
    return text("disagree.counted", waiting=count, count=_CASES)


def _look_at_statistics(hands: Hands) -> None:
    hands.program.key("ctrl+4")
    for busy in ("Loading statistics", "Working"):
        hands.desk.wait_for(lambda busy=busy: not hands.says(busy), f"the end of {busy}")
    hands.desk.wait_for(lambda: hands.says(_SECOND), "both readers in the statistics")
    hands.keep("statistics")


def _export(hands: Hands, folder: Path) -> None:
    hands.program.key("ctrl+e")
    hands.file(folder)
    hands.desk.wait_for(lambda: len(list(folder.iterdir())) >= 3, "the export")
    hands.keep("exported")


# -- what is in the session meanwhile ---------------------------------------------------------------------


@contextmanager
def _looked_at(path: Path) -> Iterator[tuple[Session, Viewer]]:
    """A copy of the session, open for its coordinator."""
    copy = path.with_name(f"look-{path.name}")
    with (
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(copy)) as made,
    ):
        source.backup(made)
    with closing(open_session.open_session(copy)) as session:
        yield session, sign_in.coordinate(session, _PINS[_FIRST])
    copy.unlink()


def _cells(path: Path) -> list[LevelResult]:
    with _looked_at(path) as (session, viewer):
        assert verify.verify(session, viewer, Silent(), recompute=True).flaws == ()
        return results(session.database, viewer)


def _assert_only_of(path: Path, readers: set[str]) -> None:
    """Everybody's readings are there, whole and signed off."""
    cells = _cells(path)
    assert {one.reader for one in cells} == readers
    assert len(cells) == len(readers) * _CASES * len(LEVELS)
    assert all(one.signed_off and one.rectangle and not one.not_blinded for one in cells)


def _assert_decided(path: Path) -> dict[str, bool]:
    """One level waits, the other one was decided for the first reader; which case is which."""
    with _looked_at(path) as (session, viewer):
        queue = disagreements.queue(session, viewer)
        told = [(one.action, one.reason) for one in open_session.audit_entries(session, viewer)]
    assert [one.level for one in queue] == [Level.L1] * _CASES
    assert ("study.unblinded", "both have read all cases") in told
    assert ("adjudication.decided", "the other one is on T12") in told
    (done,) = (one for one in queue if one.decided)
    assert done.decided is not None
    assert (done.decided.ruling.how, done.decided.ruling.chosen) == (How.READER, _FIRST)
    assert {ground.code for ground in done.comparison.grounds} >= {"readers.far_apart"}
    return {one.code: one.decided is not None for one in queue}


def _rows(folder: Path, kind: str) -> list[dict[str, str]]:
    (path,) = folder.glob(f"*-{kind}.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _assert_exported(folder: Path, cells: list[LevelResult], decided: dict[str, bool]) -> None:
    """The tables hold what both measured, and final values that follow from it."""
    means = {(one.code, one.reader, one.level.value): one.stats[Quantity.FF].mean for one in cells}
    rows = [one for one in _rows(folder, "long") if one["origin"] == "images"]
    assert {(one["case"], one["reader"], one["level"]): float(one["FF_mean"]) for one in rows} == means
    for row in _rows(folder, "wide"):
        code = row["case"]
        both = [means[code, reader, "L1"] for reader in (_FIRST, _SECOND)]
        wanted = (both[0], "adjudicated") if decided[code] else (sum(both) / 2, "mean")
        assert float(row["FF_L1_final"]) == pytest.approx(wanted[0], rel=1e-12)
        assert row["FF_L1_final_from"] == wanted[1]
