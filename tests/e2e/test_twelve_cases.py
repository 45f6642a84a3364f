"""The reading demo as a radiologist reads it: every action counted, every number counted again.

Stored numbers are compared with the integers that were drawn, added up as fractions. What they should mean is
known in three steps: the noise-free map under the same voxels, from which a mean may be off by the noise of a
six-echo fit and the rounding to integers, z = 4 standard errors for 114 comparisons; the value that was set,
from which the patchy marrow may take it one SD of the noise-free voxels further; and no bias over all levels.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

from app.domain import phantom
from app.domain.phantom import CleanMaps, Phantom, draw_anatomy, make_phantom
from app.domain.phantom_noise import fit_covariance
from app.domain.phantom_spec import PhantomSpec
from app.domain.progress import Silent
from app.files import demo_exams
from app.services.demo import Demo, demo_in, make_reading_demo
from app.ui.sentences import REASONS

if TYPE_CHECKING:
    from conftest import Desk, Layout, Program, Stored

pytestmark = pytest.mark.window

_WINDOW = (1600, 900)
_LEVELS = ("L1", "L2", "L3", "L4", "L5")
# exam -> what a case takes; five clicks and Enter are the least
_ACTIONS = {1: 6, 2: 7, 3: 6, 4: 7, 5: 7, 6: 6, 7: 7, 8: 8, 9: 7, 10: 7, 11: 6, 12: 12}
# exam -> a level that is placed some rows and columns off, and dragged to where it belongs
_DRAGGED = {2: ("L3", 2, 3), 4: ("L1", -2, -3)}
_NUDGED = {8: "L4"}
# exam -> its smallest body, last in hand, whose rectangle loses a row and two columns
_RESIZED = {10: "L5"}
# the slice beside is looked at before, and L3 enlarged after
_STUDIED = 12
_FLAGGED = {5: ("L2", "FX_ACUTE"), 7: ("L3", "HEMANG"), 9: ("L4", "SWAP")}
# a place is rounded to a point of the screen, and a rectangle to voxels
_OFF = 0.8
_Z = 4.0

Floats = npt.NDArray[np.float64]
Index = tuple[slice, slice]


# -- what is known ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Drawn:
    """Middle slice of a phantom: integers as a scanner stores them, without noise, and the noise."""

    stored: dict[str, npt.NDArray[np.int16]]
    clean: dict[str, Floats]
    signal: Floats
    sigma: float

    def standard_error(self, quantity: str, index: Index) -> float:
        """SD of a mean over voxels, as noise of the fit and rounding make it."""
        ff, r2star = self.clean["FF"][index] / 100, self.clean["R2STAR"][index]
        bound = fit_covariance(ff, r2star) * ((self.sigma / self.signal[index]) ** 2)[..., None, None]
        variances = 1e4 * bound[..., 0, 0] if quantity == "FF" else bound[..., 1, 1]
        return math.sqrt(float(np.mean(variances) + 1 / 12) / ff.size)


def _middle(clean: CleanMaps, made: Phantom) -> Drawn:
    at = clean.truth.mid_slice
    return Drawn(
        stored={"FF": made.images["FAT_FRACTION"][at], "R2STAR": made.images["R2_STAR_MAP"][at]},
        clean={"FF": 100 * clean.ff[at].astype(float), "R2STAR": clean.r2star[at].astype(float)},
        signal=clean.signal[at].astype(float),
        sigma=1 / made.spec.snr,
    )


@dataclass(frozen=True)
class Known:
    """One exam of the demo: what lies beside the session, and what was drawn."""

    number: int
    code: str
    truth: dict[str, Any]
    drawn: Drawn

    @property
    def levels(self) -> dict[str, dict[str, Any]]:
        """What is true of each level."""
        return {level["level"]: level for level in self.truth["levels"]}

    def shown_col(self, col: float) -> float:
        """Column of the picture, where anterior is at the left, or of the file: there and back."""
        return self.truth["spec"]["cols"] - col if self.truth["spec"]["anterior_right"] else col

    def place(self, level: str) -> tuple[float, float]:
        """Shown row and column where a reader clicks: middle of the anterior two thirds, by hand."""
        known, spec = self.levels[level], self.truth["spec"]
        # the anterior wall draws in, so the middle of the marrow lies a little further back
        forward = (known["depth_mm"] / 6 - 2.0) / (spec["fov_mm"] / spec["rows"])
        tilt = math.radians(known["tilt_deg"])
        _, row, col = known["centre_voxel"]
        shake = np.random.default_rng([self.number, int(level[1])]).uniform(-0.5, 0.5, 2)
        return (
            row + 0.5 + forward * math.sin(tilt) + shake[0],
            self.shown_col(col + 0.5) - forward * math.cos(tilt) + shake[1],
        )


@pytest.fixture
def demo(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> tuple[Demo, dict[int, Drawn]]:
    """The reading demo, made by the program; what it draws is kept on the way, by seed."""
    anatomy: dict[int, CleanMaps] = {}
    drawn: dict[int, Drawn] = {}

    def draw(spec: PhantomSpec) -> CleanMaps:
        anatomy[spec.seed] = draw_anatomy(spec)
        return anatomy[spec.seed]

    def make(spec: PhantomSpec) -> Phantom:
        made = make_phantom(spec)
        drawn[spec.seed] = _middle(anatomy.pop(spec.seed), made)
        return made

    monkeypatch.setattr(phantom, "draw_anatomy", draw)
    monkeypatch.setattr(demo_exams, "make_phantom", make)
    make_reading_demo(desk.folder / "demo", Silent())
    return demo_in(desk.folder / "demo"), drawn


def _known(made: Demo, drawn: dict[int, Drawn], stored: Stored) -> dict[str, Known]:
    # exams were imported in the order of the recipe
    codes = [code for (code,) in stored.rows("SELECT code FROM exam ORDER BY id")]
    truths = [json.loads((made.truth / f"{code}.json").read_text(encoding="utf-8")) for code in codes]
    return {
        code: Known(number, code, truth, drawn[truth["spec"]["seed"]])
        for number, (code, truth) in enumerate(zip(codes, truths, strict=True), start=1)
    }


# -- the reader -------------------------------------------------------------------------------------------


class _Hand:
    """Mouse and keyboard, counted: a click, a drag, a key, a notch of the wheel is one action each."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.done: Counter[str] = Counter()

    def click(self, point: tuple[int, int]) -> None:
        self.done["click"] += 1
        self._program.click(point)

    def drag(self, start: tuple[int, int], end: tuple[int, int]) -> None:
        self.done["drag"] += 1
        self._program.drag(start, end)

    def key(self, name: str) -> None:
        self.done["key"] += 1
        self._program.key(name)

    def wheel(self, point: tuple[int, int], notch: int) -> None:
        self.done["wheel"] += 1
        self._program.wheel(point, notch)


@dataclass(frozen=True)
class _Reader:
    """Reads one case after the other in the window."""

    desk: Desk
    program: Program
    layout: Layout
    stored: Stored

    def read(self, case: Known) -> tuple[Counter[str], dict[str, tuple[float, float]]]:
        """Read a case from opening to Enter: actions, and where the middle of each rectangle should be."""
        hand = _Hand(self.program)
        signed, steps = self.stored.count("reading_event"), self.stored.revisions()
        # it opened by itself, on the slice through the middle, with L1 armed
        assert self.stored.place() == (case.code, case.truth["mid_slice"], "L1")
        if case.number == _STUDIED:
            self._look_beside(hand, case)
        middles: dict[str, tuple[float, float]] = {}
        for number, level in enumerate(_LEVELS, start=1):
            if case.levels[level]["flag"] is None:
                middles[level] = case.place(level)
                hand.click(self._point(self._clicked(case, level), number))
            else:
                self._mark(hand, case.levels[level]["flag"])
            self.stored.wait(steps + number)
        for _ in self._corrections(hand, case, middles):
            steps += 1
            self.stored.wait(steps + len(_LEVELS))
        if case.number == _STUDIED:
            self._look_closely(hand)
        hand.key("Return")
        self.desk.wait_for(lambda: self.stored.count("reading_event") == signed + 1, f"sign-off {signed + 1}")
        return hand.done, middles

    def _point(self, place: tuple[float, float], turn: int = 0) -> tuple[int, int]:
        """Point of the window, on the one map and on the other by turns."""
        return self.layout.point(*place, "R2STAR" if turn % 2 else "FF")

    def _clicked(self, case: Known, level: str) -> tuple[float, float]:
        """Where a level is clicked at first, which now and then is not where it belongs."""
        row, col = case.place(level)
        dragged, rows, cols = _DRAGGED.get(case.number, ("", 0, 0))
        return (row + rows, col + cols) if dragged == level else (row, col)

    def _look_beside(self, hand: _Hand, case: Known) -> None:
        for notch, index in ((1, -1), (-1, 0)):
            hand.wheel(self._point((20.0, 20.0)), notch)
            wanted = case.truth["mid_slice"] + index
            self.desk.wait_for(lambda: self.stored.place()[1] == wanted, f"slice {wanted}")  # noqa: B023

    def _look_closely(self, hand: _Hand) -> None:
        for key in ("3", "plus", "plus"):
            hand.key(key)
        picture = self.desk.keep_picture("reading", self.program.window)
        assert picture.shape == (_WINDOW[1], _WINDOW[0], 3)
        # read in the dark
        assert np.median(picture) < 60
        hand.key("r")

    def _mark(self, hand: _Hand, reason: str) -> None:
        """Mark the armed level as not measurable; the first letter of a reason chooses it."""
        letter = REASONS[reason][0]
        assert sum(words[0] == letter for words in REASONS.values()) == 1
        hand.key("x")
        hand.key(letter)

    def _corrections(
        self, hand: _Hand, case: Known, middles: dict[str, tuple[float, float]]
    ) -> Iterator[None]:
        """Do one correction after the other; each is one step to be stored."""
        if case.number in _DRAGGED:
            level = _DRAGGED[case.number][0]
            hand.drag(self._point(self._clicked(case, level)), self._point(middles[level]))
            yield
        if case.number in _NUDGED:
            level = _NUDGED[case.number]
            hand.key(level[1])
            hand.key("Left")
            middles[level] = (middles[level][0], middles[level][1] - 1)
            yield
        if case.number in _RESIZED:
            level = _RESIZED[case.number]
            _, row0, col0, rows, cols = self.stored.boxes(case.code)[level]
            row, col = row0 + rows, col0 + cols
            hand.drag(self._point((row, col), 1), self._point((row - 1, col - 2), 1))
            middles[level] = (middles[level][0] - 0.5, middles[level][1] - 1)
            yield


# -- the test ---------------------------------------------------------------------------------------------

_READ = (
    "SELECT code, level_state.level, reason, slice, row0, col0, rows, cols, quantity, n, mean, sd, median,"
    " minimum, maximum, area_mm2, nan, zero FROM level_state JOIN reading ON reading.id = reading_id"
    " JOIN exam ON exam.id = exam_id LEFT JOIN measurement ON revision_id = level_state.id"
)


def test_twelve_cases_read_with_mouse_and_keyboard_give_the_drawn_numbers_in_the_fewest_actions(
    desk: Desk, demo: tuple[Demo, dict[int, Drawn]], capsys: pytest.CaptureFixture[str]
) -> None:
    made, drawn = demo
    stored = desk.stored(made.reading)
    known = _known(made, drawn, stored)
    layout = desk.layout(made.reading, _WINDOW)
    # anterior at the left, also in the two exams that are stored the other way round
    assert layout.told["letters"] == ["A", "P", "S", "I"]
    reader = _Reader(desk, desk.start(made.reading, _WINDOW), layout, stored)
    actions: dict[int, Counter[str]] = {}
    middles: dict[str, dict[str, tuple[float, float]]] = {}
    for signed in range(len(known)):
        assert len(actions) == signed
        # signing off opens the next one
        desk.wait_for(lambda: stored.place()[0] not in {"", *middles}, "an unread case")
        case = known[stored.place()[0]]
        actions[case.number], middles[case.code] = reader.read(case)
    assert reader.program.close() == ""

    rows = stored.rows(_READ)
    _assert_marked_and_placed(rows, known, middles)
    measured = [row for row in rows if row[2] is None]
    for row in measured:
        _assert_counted(row, known[row[0]].drawn.stored)
    far = _assert_true(measured, known)
    report = _report(actions, far)
    (desk.folder / "actions.txt").write_text(report, encoding="utf-8")
    with capsys.disabled():
        sys.stdout.write(report)
    assert {number: sum(done.values()) for number, done in actions.items()} == _ACTIONS


def _assert_marked_and_placed(
    rows: list[tuple[Any, ...]],
    known: dict[str, Known],
    middles: dict[str, dict[str, tuple[float, float]]],
) -> None:
    """Every level holds what the hand meant, on the slice it was seen on."""
    assert {(row[0], row[1]) for row in rows} == {(code, level) for code in known for level in _LEVELS}
    marked = {known[row[0]].number: (row[1], row[2]) for row in rows if row[2] is not None}
    assert marked == _FLAGGED
    for code, level, reason, k, row0, col0, height, width, *_ in rows:
        if reason is None:
            row, col = middles[code][level]
            assert k == known[code].truth["mid_slice"]
            assert row0 + height / 2 == pytest.approx(row, abs=_OFF)
            assert known[code].shown_col(col0 + width / 2) == pytest.approx(col, abs=_OFF)


def _index(row: tuple[Any, ...]) -> Index:
    row0, col0, height, width = row[4:8]
    return slice(row0, row0 + height), slice(col0, col0 + width)


def _assert_counted(row: tuple[Any, ...], pixels: dict[str, npt.NDArray[np.int16]]) -> None:
    """The stored numbers are those of the integers under the rectangle, in exact arithmetic."""
    values = [int(value) for value in pixels[row[8]][_index(row)].ravel()]
    mean = Fraction(sum(values), len(values))
    variance = sum((value - mean) ** 2 for value in values) / (len(values) - 1)
    expected = (
        len(values), float(mean), math.sqrt(variance), float(statistics.median(values)), float(min(values)),
        float(max(values)), len(values) * (280 / 256) ** 2, 0, values.count(0),
    )  # fmt: skip
    assert row[9:] == pytest.approx(expected, rel=1e-12), row[:9]


def _assert_true(rows: list[tuple[Any, ...]], known: dict[str, Known]) -> dict[str, list[float]]:
    """See that the means are within the noise of what was set; how far each is from it."""
    scores: dict[str, list[float]] = {"FF": [], "R2STAR": []}
    far: dict[str, list[float]] = {"FF": [], "R2STAR": []}
    for row in rows:
        quantity, drawn, level = row[8], known[row[0]].drawn, known[row[0]].levels[row[1]]
        error = drawn.standard_error(quantity, _index(row))
        scores[quantity].append((row[10] - drawn.clean[quantity][_index(row)].mean()) / error)
        assert abs(scores[quantity][-1]) <= _Z, row
        safe = level["safe"]
        marrow = drawn.clean[quantity][
            safe["row0"] : safe["row0"] + safe["rows"], safe["col0"] : safe["col0"] + safe["cols"]
        ]
        far[quantity].append(row[10] - level["ff" if quantity == "FF" else "r2star"])
        assert abs(far[quantity][-1]) <= marrow.std() + _Z * error, row
    for one in scores.values():
        assert len(one) == 5 * len(known) - len(_FLAGGED)
        assert abs(math.fsum(one)) / math.sqrt(len(one)) <= _Z
    return far


def _report(actions: dict[int, Counter[str]], far: dict[str, list[float]]) -> str:
    """Actions of each case, and how far the means are from what was set."""
    lines = ["", "exam  clicks  drags  keys  wheel  actions"]
    for number, done in sorted(actions.items()):
        each = "".join(f"{done[kind]:7d}" for kind in ("click", "drag", "key", "wheel"))
        lines.append(f"{number:4d}{each}{sum(done.values()):9d}")
    total = sum(sum(done.values()) for done in actions.values())
    lines.append(f"{total} actions, {total / len(actions):.1f} a case")
    for quantity, unit in (("FF", "points"), ("R2STAR", "s^-1")):
        rms = math.sqrt(statistics.fmean(one * one for one in far[quantity]))
        largest = max(map(abs, far[quantity]))
        lines.append(
            f"{quantity} of {len(far[quantity])} levels from the truth: {rms:.2f} (rms), {largest:.2f} {unit}"
        )
    return "\n".join(lines) + "\n"
