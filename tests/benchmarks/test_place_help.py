"""How good the help for placing is: how often it proposes, how far from the truth, and never outside a body.

The truth of the synthetic exams is the surface that was drawn; that of the real exam was read off its water
image by eye. With ``--benchmark-enable`` the figures are told at the end of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from app.domain.checks_place import body_around, check_places, place_of, wanted_margin_mm
from app.domain.exam import Exam
from app.domain.fitting import Body, NoProposal, find_body
from app.domain.ladder import ENDS, RUNGS, Ladder, ladder
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.measure import measure
from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import LevelTruth
from app.domain.phantom_spine import Vertebra, body_distance, build_spine
from app.domain.proposing import propose
from app.domain.protocol import Level, Protocol
from app.domain.shapes import Rectangle, place
from app.files.demo_exams import read_recipe
from app.files.dicom.find import find_exams
from app.files.dicom.load import load_exam
from app.files.resources import resource

# hundreds of clicks on a dozen exams
pytestmark = pytest.mark.long

Array = npt.NDArray[np.float64]
Point = tuple[float, float]

PROTOCOL = Protocol()
EXAMS = read_recipe(resource("demo", "exams.json").read_text(encoding="utf-8"))
QUANTITIES = {
    Quantity.FF: "FAT_FRACTION", Quantity.R2STAR: "R2_STAR_MAP", Quantity.WATER: "WATER", Quantity.FAT: "FAT",
}  # fmt: skip
SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "all", 0, 0, 0, 0, 0, 0)
ALL, MEASURED_ONLY = tuple(QUANTITIES), (Quantity.FF, Quantity.R2STAR)


class Silent:
    def report(self, done: int, total: int | None) -> None:
        """Nobody waits."""


@dataclass
class Case:
    """A synthetic exam and its bones."""

    phantom: Phantom
    bones: dict[str, Vertebra]

    def exam(self, quantities: Sequence[Quantity]) -> Exam:
        images, grid = self.phantom.images, self.phantom.grid
        maps = {one: ParametricMap(one, images[QUANTITIES[one]], grid, SCALING) for one in quantities}
        return Exam("C0001", maps, field_strength_t=3.0)

    def outside(self, bone: str, slice_index: int, rows: Array, cols: Array) -> Array:
        """How far positions (integers are voxel centres) lie outside the surface of a body, mm."""
        index = np.stack([np.full(rows.shape, float(slice_index)), rows, cols], axis=-1)
        x, y, z = np.moveaxis(self.phantom.grid.to_patient(index).astype(np.float32), -1, 0)
        drawn = self.bones[bone]
        return np.asarray(body_distance(drawn, drawn.frame(x, y, z)), np.float64)

    def worst(self, bone: str, box: Rectangle, *, corners: bool) -> float:
        """How far the outermost voxel centre, or voxel corner, of a rectangle lies outside a body, mm."""
        beyond = 0.5 if corners else 0.0
        rows = np.arange(box.row0 - beyond, box.row1 - 1 + beyond + 0.1)
        cols = np.arange(box.col0 - beyond, box.col1 - 1 + beyond + 0.1)
        return float(self.outside(bone, box.slice, *np.meshgrid(rows, cols, indexing="ij")).max())

    def clicks(self, truth: LevelTruth, rng: np.random.Generator, count: int) -> Iterator[Point]:
        """Voxel edges of random places at least 3 mm below the surface of a body."""
        while count:
            row, col = (truth.centre_voxel[1 + axis] + rng.uniform(-25, 25) for axis in (0, 1))
            if self.outside(truth.level, truth.safe.slice_index, np.array([row]), np.array([col]))[0] < -3:
                count -= 1
                yield row + 0.5, col + 0.5

    def by_hand(self, bone: str, rng: np.random.Generator) -> Rectangle | None:
        """A rectangle of the first size about where a reader puts it; None outside the picture."""
        drawn, grid = self.bones[bone], self.phantom.grid
        y, z = drawn.point(-drawn.depth / 6 + rng.uniform(-3, 3), rng.uniform(-3, 3))
        _, row, col = grid.to_index([drawn.x, y, z]).tolist()
        _, rows, cols = grid.shape
        if not (8 < row < rows - 8 and 8 < col < cols - 8):
            return None
        return place(grid, self.phantom.truth.mid_slice, row + 0.5, col + 0.5, (9, 13))


@dataclass
class Score:
    """What came of asking again and again."""

    asked: int = 0
    centres: list[float] = field(default_factory=list)
    corners: list[float] = field(default_factory=list)
    away: list[float] = field(default_factory=list)
    ff: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        return len(self.centres) / self.asked

    def told(self) -> str:
        words = f"{len(self.centres)} of {self.asked} proposed ({self.share:.0%})"
        if self.centres:
            words += f", outermost voxel centre {-max(self.centres):.1f} mm inside"
        if self.corners:
            words += f", outermost corner {-max(self.corners):.1f} mm"
        if self.away:
            words += f", middle of the body off by {np.median(self.away):.1f} mm (95 %: "
            words += f"{np.percentile(self.away, 95):.1f})"
        if self.ff:
            words += f", FF off by {np.median(self.ff):.2f} points (95 %: {np.percentile(self.ff, 95):.2f})"
        return words


@pytest.fixture(scope="module")
def demo() -> list[Case]:
    cases = []
    for exam in EXAMS:
        spec = exam.spec
        bones = build_spine(spec, np.random.default_rng([spec.seed, 0]))
        cases.append(Case(make_phantom(spec), {bone.name: bone for bone in bones}))
    return cases


def once(benchmark: Any, run: Callable[[], Score], name: str) -> Score:
    score = benchmark.pedantic(run, rounds=1, iterations=1)
    benchmark.extra_info["told"] = f"{name}: {score.told()}"
    return score


# -- the twelve demo exams --------------------------------------------------------------------------------


def fit_all(demo: list[Case], quantities: Sequence[Quantity], protocol: Protocol) -> Score:
    score, rng = Score(), np.random.default_rng(2026)
    for case in demo:
        exam = case.exam(quantities)
        for truth in case.phantom.truth.levels:
            for point in case.clicks(truth, rng, 3):
                score.asked += 1
                body = find_body(exam, truth.safe.slice_index, point, protocol)
                box = propose(exam, body, protocol) if isinstance(body, Body) else body
                if isinstance(body, Body) and isinstance(box, Rectangle):
                    note(score, case, exam, truth, body, box)
    return score


def note(score: Score, case: Case, exam: Exam, truth: LevelTruth, body: Body, box: Rectangle) -> None:
    score.centres.append(case.worst(truth.level, box, corners=False))
    score.corners.append(case.worst(truth.level, box, corners=True))
    pixel = exam.grid.spacing_mm[1]
    away = np.array(body.centre) - 0.5 - np.array(truth.centre_voxel[1:])
    score.away.append(float(np.linalg.norm(away)) * pixel)
    mean = measure(exam.maps[Quantity.FF], box).mean
    if truth.flag is None and mean is not None:
        score.ff.append(abs(mean - truth.ff))


@pytest.mark.parametrize("quantities", [ALL, MEASURED_ONLY], ids=["with signals", "maps alone"])
def test_a_click_anywhere_in_a_demo_vertebra_is_mostly_answered_and_never_wrongly(
    demo: list[Case], quantities: tuple[Quantity, ...], benchmark: Any
) -> None:
    score = once(benchmark, lambda: fit_all(demo, quantities, PROTOCOL), "fit on the demo exams")
    assert score.share > 0.75
    assert max(score.centres) < 0
    assert max(score.corners) < 0.5
    assert np.percentile(score.away, 95) < 4
    assert np.percentile(score.ff, 95) < 1.5


def test_a_click_beside_the_spine_of_a_demo_exam_is_hardly_ever_answered(
    demo: list[Case], benchmark: Any
) -> None:
    """A reader sees what is proposed there; still it should say no."""

    def run() -> Score:
        score, rng = Score(), np.random.default_rng(7)
        for case in demo:
            exam, slice_index = case.exam(ALL), case.phantom.truth.mid_slice
            _, rows, cols = exam.grid.shape
            asked = 0
            while asked < 15:
                point = (rng.uniform(20, rows - 20), rng.uniform(20, cols - 20))
                at = [np.array([one - 0.5]) for one in point]
                if min(case.outside(bone, slice_index, *at)[0] for bone in case.bones) < 3:
                    continue
                asked += 1
                body = find_body(exam, slice_index, point, PROTOCOL)
                if isinstance(body, Body) and isinstance(propose(exam, body, PROTOCOL), Rectangle):
                    score.centres.append(0.0)
            score.asked += asked
        return score

    assert once(benchmark, run, "fit beside the spine").share < 0.04


def climb_all(demo: list[Case], first: str, last: str, rungs: Sequence[str]) -> Score:
    score, rng = Score(), np.random.default_rng(4)
    for case in demo:
        exam = case.exam(ALL)
        boxes = {level: case.by_hand(bone, rng) for level, bone in zip(ENDS, (first, last), strict=True)}
        ends = {level: box for level, box in boxes.items() if box is not None}
        if len(ends) < len(ENDS):
            continue
        score.asked += len(RUNGS)
        found = ladder(exam, ends, RUNGS, PROTOCOL)
        for level, box in found.rectangles.items() if isinstance(found, Ladder) else ():
            bone = rungs[RUNGS.index(level)]
            score.centres.append(case.worst(bone, box, corners=False))
            score.corners.append(case.worst(bone, box, corners=True))
    return score


def test_the_ladder_of_a_demo_exam_mostly_has_all_its_rungs_in_their_own_bodies(
    demo: list[Case], benchmark: Any
) -> None:
    score = once(benchmark, lambda: climb_all(demo, "L1", "L5", RUNGS), "ladder on the demo exams")
    assert score.share > 0.8
    assert max(score.centres) < 0
    assert max(score.corners) < 0.5


@pytest.mark.parametrize(("first", "last"), [("T12", "L5"), ("L1", "S1"), ("L2", "L5"), ("L1", "L4")])
def test_where_the_ends_were_counted_wrongly_there_is_no_ladder(
    demo: list[Case], first: str, last: str, benchmark: Any
) -> None:
    score = once(benchmark, lambda: climb_all(demo, first, last, RUNGS), f"ladder from {first} to {last}")
    assert score.asked > 20
    assert score.share == 0


# -- warnings about the place, on the demo exams and the real one --------------------------------------


@dataclass
class Warned:
    """How often rectangles were warned of, and how often rightly."""

    kept: list[bool] = field(default_factory=list)
    broken: list[bool] = field(default_factory=list)
    far: list[bool] = field(default_factory=list)

    def note(self, inside: float, margin: float, *, warned: bool) -> None:
        """Keep what was said of a rectangle whose outermost corner lies so far inside the surface, mm."""
        (self.kept if inside >= margin else self.broken).append(warned)
        if inside < margin - _FAR_MM:
            self.far.append(warned)

    def told(self) -> str:
        groups = {"keep it": self.kept, "break it": self.broken, f"break it by {_FAR_MM:g} mm": self.far}
        parts = [f"{sum(one)} of {len(one)} that {name} ({np.mean(one):.1%})" for name, one in groups.items()]
        return "warned of " + ", ".join(parts)


_FAR_MM = 2.0


def codes_of(exam: Exam, box: Rectangle, protocol: Protocol) -> set[str]:
    where = place_of(box)
    found = check_places(exam, {Level.L3: box}, {where: body_around(exam, where, protocol)}, protocol)
    return {one.code for one in found}


def anywhere(case: Case, bone: str, slice_index: int, rng: np.random.Generator) -> Rectangle:
    """A rectangle of any usual size somewhere in a body, much of it at its edges."""
    drawn, grid = case.bones[bone], case.phantom.grid
    around = drawn.depth * rng.uniform(-0.4, 0.35), drawn.height * rng.uniform(-0.35, 0.35)
    _, row, col = grid.to_index([drawn.x, *drawn.point(*around)]).tolist()
    size = int(rng.integers(6, 16)), int(rng.integers(7, 20))
    return place(grid, slice_index, row + 0.5, col + 0.5, size)


def far_behind(case: Case, bone: str, box: Rectangle) -> float:
    """How far a rectangle reaches behind the anterior part of a body, as deep as at its waist, mm."""
    drawn = case.bones[bone]
    corners = [
        (box.slice, row - 0.5, col - 0.5) for row in (box.row0, box.row1) for col in (box.col0, box.col1)
    ]
    x, y, z = case.phantom.grid.to_patient(np.array(corners, float)).astype(np.float32).T
    depth = drawn.depth - 2 * drawn.waist
    return float(drawn.frame(x, y, z)[0].max()) + depth / 2 - PROTOCOL.anterior_fraction * depth


def test_rectangles_that_keep_their_place_are_hardly_ever_warned_of_and_most_that_miss_it_are(
    demo: list[Case], benchmark: Any
) -> None:
    def run() -> tuple[Warned, Warned]:
        margin, behind, rng = Warned(), Warned(), np.random.default_rng(11)
        for case in demo:
            exam = case.exam(ALL)
            for truth in case.phantom.truth.levels:
                for _ in range(12):
                    box = anywhere(case, truth.level, truth.safe.slice_index, rng)
                    said = codes_of(exam, box, PROTOCOL)
                    inside = -case.worst(truth.level, box, corners=True)
                    margin.note(inside, PROTOCOL.margin_mm, warned="check.margin" in said)
                    behind.note(-far_behind(case, truth.level, box), 0.0, warned="check.posterior" in said)
        return margin, behind

    margin, behind = benchmark.pedantic(run, rounds=1, iterations=1)
    benchmark.extra_info["told"] = f"margin: {margin.told()}; anterior part: {behind.told()}"
    assert np.mean(margin.kept) < 0.05
    assert np.mean(behind.kept) < 0.05
    assert np.mean(margin.far) > 0.4
    assert np.mean(behind.far) > 0.6


def test_what_is_proposed_on_the_demo_exams_is_not_warned_of(demo: list[Case], benchmark: Any) -> None:
    def run() -> Warned:
        found, rng = Warned(), np.random.default_rng(12)
        for case in demo:
            exam = case.exam(ALL)
            for truth in case.phantom.truth.levels:
                for point in case.clicks(truth, rng, 2):
                    body = find_body(exam, truth.safe.slice_index, point, PROTOCOL)
                    box = propose(exam, body, PROTOCOL) if isinstance(body, Body) else body
                    if isinstance(box, Rectangle):
                        found.kept.append(bool(codes_of(exam, box, PROTOCOL)))
        return found

    found = benchmark.pedantic(run, rounds=1, iterations=1)
    benchmark.extra_info["told"] = f"{sum(found.kept)} of {len(found.kept)} proposals warned of"
    assert np.mean(found.kept) < 0.05


# -- the real exam ----------------------------------------------------------------------------------------

# C3 to C7 in the middle slice: upper back, upper front, lower front, lower back, in voxel edges; read off the
# water image, where cortex is dark and discs are bright
BODIES: dict[str, tuple[Point, Point, Point, Point]] = {
    "C3": ((83.0, 104.5), (85.0, 118.8), (97.0, 118.3), (95.0, 104.5)),
    "C4": ((98.9, 104.8), (100.7, 118.0), (112.1, 118.0), (110.3, 104.8)),
    "C5": ((114.8, 103.5), (116.2, 117.5), (128.0, 117.5), (125.7, 103.5)),
    "C6": ((129.4, 100.7), (132.1, 115.3), (143.5, 115.3), (140.3, 100.7)),
    "C7": ((144.4, 98.0), (147.5, 114.4), (159.8, 113.0), (157.5, 97.0)),
}
_MIDDLE = 1


def depth_in(body: Sequence[Point], point: Point) -> float:
    """How many voxels a point lies inside the nearest side of a convex outline; negative outside."""
    middle = np.mean(body, axis=0)
    found = []
    for start, end in zip(body, (*body[1:], body[0]), strict=True):
        along = (np.array(end) - start) / np.linalg.norm(np.array(end) - start)
        across = np.array((-along[1], along[0]))
        side = np.sign(across @ (middle - start))
        found.append(float(side * (across @ (np.array(point) - start))))
    return min(found)


@pytest.fixture(scope="module")
def neck(test_data: Path) -> Exam:
    found = find_exams(test_data / "real_spine_exam", Silent())
    return load_exam(found.exams[0], Silent()).exam


@pytest.fixture(scope="module")
def cervical() -> Protocol:
    text = (Path(__file__).parents[1] / "fixtures" / "cervical-test.json").read_text(encoding="utf-8")
    return Protocol.from_json(text)


def answers(neck: Exam, cervical: Protocol) -> Iterator[tuple[str, Rectangle | NoProposal]]:
    """What clicks in the bodies of all three slices are answered."""
    rng = np.random.default_rng(3)
    for slice_index in range(neck.grid.shape[0]):
        for name, body in BODIES.items():
            asked = 0
            while asked < 12:
                point = (rng.uniform(80, 160), rng.uniform(95, 122))
                if depth_in(body, point) < 2:
                    continue
                asked += 1
                found = find_body(neck, slice_index, point, cervical)
                yield name, propose(neck, found, cervical) if isinstance(found, Body) else found


def test_on_the_real_exam_some_clicks_are_answered_and_none_outside_a_body(
    neck: Exam, cervical: Protocol, benchmark: Any
) -> None:
    """Its FF is so low that some bodies differ little from their discs: then it says so."""

    def run() -> Score:
        score = Score()
        for name, box in answers(neck, cervical):
            score.asked += 1
            if isinstance(box, Rectangle):
                corners = [(row, col) for row in (box.row0, box.row1) for col in (box.col0, box.col1)]
                inside = min(depth_in(BODIES[name], corner) for corner in corners)
                score.corners.append(-inside * neck.grid.spacing_mm[1])
                score.centres.append(score.corners[-1])
        return score

    score = once(benchmark, run, "fit on the real exam")
    assert score.share > 0.15
    assert max(score.corners) < 0


def test_the_marrow_proposed_on_the_real_exam_differs_from_the_discs_above_and_below(
    neck: Exam, cervical: Protocol
) -> None:
    """A second witness that knows no outline: it is even, and darker on water than what is around it."""
    reach = round(cervical.fit_height_mm[1] / 2 / neck.grid.spacing_mm[1]) + 1
    boxes = {box for _, box in answers(neck, cervical) if isinstance(box, Rectangle)}
    assert len(boxes) > 10
    for box in boxes:
        water = neck.maps[Quantity.WATER].slice_values(box.slice)
        inside = water[box.row0 : box.row1, box.col0 : box.col1]
        assert inside.std() < 0.2 * inside.mean()
        beyond = [slice(box.row0 - reach, box.row0), slice(box.row1, box.row1 + reach)]
        # the picture ends in the disc below C7
        for rows in beyond[: 2 if beyond[1].stop < neck.grid.shape[1] else 1]:
            assert water[rows, box.col0 : box.col1].mean(axis=1).max() > 1.3 * inside.mean()


@pytest.mark.parametrize("slice_index", [0, 1, 2])
def test_a_ladder_on_the_real_exam_never_leaves_the_bodies(
    neck: Exam, cervical: Protocol, slice_index: int, benchmark: Any
) -> None:
    names = list(BODIES)

    def run() -> Score:
        score = Score(asked=len(RUNGS))
        ends = {}
        for level, name in ((Level.L1, names[0]), (Level.L5, names[-1])):
            row, col = np.mean(BODIES[name], axis=0).tolist()
            ends[level] = place(neck.grid, slice_index, row, col, (5, 6))
        found = ladder(neck, ends, RUNGS, cervical)
        for level, box in found.rectangles.items() if isinstance(found, Ladder) else ():
            body = BODIES[names[1 + RUNGS.index(level)]]
            corners = [(row, col) for row in (box.row0, box.row1) for col in (box.col0, box.col1)]
            score.corners.append(-min(depth_in(body, one) for one in corners) * neck.grid.spacing_mm[1])
            score.centres.append(score.corners[-1])
        return score

    score = once(benchmark, run, f"ladder on the real exam, slice {slice_index + 1}")
    # the outlines are those of the middle slice; a voxel either way they hold beside it too
    assert max(score.corners, default=-1.0) < (0 if slice_index == _MIDDLE else neck.grid.spacing_mm[1])


def test_on_the_real_exam_rectangles_that_keep_their_margin_are_hardly_ever_warned_of(
    neck: Exam, cervical: Protocol, benchmark: Any
) -> None:
    """Its bodies stand out so little that most rectangles are not judged at all."""

    def run() -> Warned:
        found, rng = Warned(), np.random.default_rng(3)
        margin, voxel = wanted_margin_mm(neck, cervical), neck.grid.spacing_mm[1]
        for slice_index, body in product(range(neck.grid.shape[0]), BODIES.values()):
            asked = 0
            while asked < 20:
                point = (rng.uniform(80, 160), rng.uniform(95, 122))
                size = int(rng.integers(3, 8)), int(rng.integers(3, 9))
                if depth_in(body, point) < 2:
                    continue
                asked += 1
                box = place(neck.grid, slice_index, *point, size)
                corners = product((box.row0, box.row1), (box.col0, box.col1))
                inside = min(depth_in(body, one) for one in corners) * voxel
                said = codes_of(neck, box, cervical)
                found.note(inside, margin, warned="check.margin" in said)
        return found

    found = benchmark.pedantic(run, rounds=1, iterations=1)
    benchmark.extra_info["told"] = f"real exam, margin: {found.told()}"
    assert np.mean(found.kept) < 0.05
    assert any(found.broken)
