"""Finding a vertebral body around a click, on drawn spines whose bodies are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from app.domain.body_look import Images, Limits, look
from app.domain.edges import Edges, find_edges, slopes
from app.domain.exam import Exam
from app.domain.fitting import Body, NoProposal, find_body
from app.domain.grid import Grid
from app.domain.maps import ParametricMap, Quantity
from app.domain.protocol import Protocol
from app.domain.sagittal import plane_steps, to_mm, to_voxels, turned

Draw = Callable[..., Exam]
MakeExam = Callable[..., Exam]
MakeGrid = Callable[..., Grid]
MakeMap = Callable[..., ParametricMap]

PROTOCOL = Protocol()
MIDDLE = (115.0, 55.0)
# the last of the three bodies of `tilted` is the one in the middle of the picture
AROUND = (-38.0, 38.0, 0.0)


def found(exam: Exam, point: tuple[float, float] = MIDDLE, protocol: Protocol = PROTOCOL) -> Body:
    body = find_body(exam, 1, point, protocol)
    assert isinstance(body, Body), body
    return body


def refused(exam: Exam, point: tuple[float, float] = MIDDLE, protocol: Protocol = PROTOCOL) -> str:
    answer = find_body(exam, 1, point, protocol)
    assert isinstance(answer, NoProposal), answer
    return answer.code


@pytest.fixture
def tilted(draw_spine: Draw, drawn_body: Callable[..., object]) -> Callable[[float], Exam]:
    """Three bodies of one tilt, the discs between them."""

    def tilted(tilt: float) -> Exam:
        return draw_spine([drawn_body(0.0, below, tilt) for below in AROUND])

    return tilted


# -- what is found ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tilt", [-30, -18, 0, 12, 25])
def test_a_body_is_found_in_its_place_with_its_size_and_tilt(
    tilted: Callable[[float], Exam], tilt: float
) -> None:
    body = found(tilted(tilt))
    assert body.slice == 1
    assert body.centre == pytest.approx(MIDDLE, abs=1.5)
    assert (body.height_mm, body.depth_mm) == pytest.approx((26, 34), abs=2)
    assert body.tilt_deg == pytest.approx(tilt, abs=7.5)


def test_every_click_well_inside_a_body_finds_the_same_body(draw_spine: Draw) -> None:
    exam, rng = draw_spine(), np.random.default_rng(1)
    for _ in range(12):
        point = (MIDDLE[0] + rng.uniform(-8, 8), MIDDLE[1] + rng.uniform(-11, 11))
        assert found(exam, point).centre == pytest.approx(MIDDLE, abs=1.5)


def test_a_body_of_another_part_of_the_spine_is_found_with_the_limits_of_its_protocol(
    draw_spine: Draw, drawn_body: Callable[..., object]
) -> None:
    small = [drawn_body(0.0, 19.0 * place, 5.0, 14.0, 17.0) for place in (-1, 0, 1)]
    exam = draw_spine(small, pixel_mm=0.7, size_mm=(100.0, 70.0))
    neck = replace(PROTOCOL, fit_height_mm=(9.0, 18.0), fit_depth_mm=(11.0, 22.0))
    middle = (100 / 0.7 / 2, 70 / 0.7 / 2)
    body = found(exam, middle, neck)
    assert (body.height_mm, body.depth_mm) == pytest.approx((14, 17), abs=1.5)
    assert body.centre == pytest.approx(middle, abs=2)
    assert refused(exam, middle) in {"fit.no_edges", "fit.unclear"}


def stored_otherwise(exam: Exam, order: str) -> Exam:
    """The same patient with rows, columns or slices stored the other way round, or changed for each other."""
    grid = exam.grid
    shape, spacing, axes = list(grid.shape), list(grid.spacing_mm), list(grid.axes)
    first = [0, 0, 0]
    stored = {quantity: one.stored for quantity, one in exam.maps.items()}
    for place, name in enumerate(("slices", "rows", "cols")):
        if name in order:
            first[place] = shape[place] - 1
            axes[place] = tuple(-part for part in axes[place])
            stored = {quantity: np.flip(one, place) for quantity, one in stored.items()}
    origin = tuple(float(part) for part in grid.to_patient(first))
    if "turned" in order:
        for values in (shape, spacing, axes):
            values[1], values[2] = values[2], values[1]
        stored = {quantity: one.transpose(0, 2, 1) for quantity, one in stored.items()}
    other = Grid(tuple(shape), tuple(spacing), origin, tuple(axes))
    maps = {
        quantity: ParametricMap(quantity, np.ascontiguousarray(stored[quantity]), other, one.scaling)
        for quantity, one in exam.maps.items()
    }
    return Exam(exam.code, maps)


def in_patient(exam: Exam, body: Body) -> npt.NDArray[np.float64]:
    return exam.grid.to_patient((body.slice, body.centre[0] - 0.5, body.centre[1] - 0.5))


@pytest.mark.parametrize(
    "order", ["rows", "cols", "slices", "rows cols", "turned", "turned rows", "turned rows cols slices"]
)
def test_however_the_voxels_are_stored_the_body_is_the_same_in_the_patient(
    tilted: Callable[[float], Exam], order: str
) -> None:
    exam = tilted(-18)
    other = stored_otherwise(exam, order)
    index = other.grid.to_index(exam.grid.to_patient((1, MIDDLE[0] + 2.5, MIDDLE[1] - 3.5)))
    here, there = found(exam, (MIDDLE[0] + 3, MIDDLE[1] - 3)), found(other, (index[1] + 0.5, index[2] + 0.5))
    assert in_patient(other, there) == pytest.approx(in_patient(exam, here), abs=1e-6)
    assert (there.tilt_deg, there.height_mm, there.depth_mm) == (here.tilt_deg, here.height_mm, here.depth_mm)


def test_a_finer_map_counts_as_the_means_of_its_voxels(draw_spine: Draw) -> None:
    exam = draw_spine()
    fine = Grid(
        (3, 460, 220), (4.0, 0.5, 0.5),
        tuple(float(part) for part in exam.grid.to_patient((0, -0.25, -0.25))), exam.grid.axes,
    )  # fmt: skip
    ff = exam.maps[Quantity.FF]
    twice = np.repeat(np.repeat(ff.stored, 2, axis=1), 2, axis=2)
    other = Exam(
        "C0001",
        {Quantity.FF: ParametricMap(Quantity.FF, twice, fine, ff.scaling),
         Quantity.R2STAR: exam.maps[Quantity.R2STAR]},
    )  # fmt: skip
    assert other.grid == exam.grid
    assert found(other) == found(exam)


def test_a_signal_image_on_lines_of_its_own_is_left_out(draw_spine: Draw, make_map: MakeMap) -> None:
    exam = draw_spine()
    beside = replace(exam.grid, origin_mm=(0.3, 0.0, 0.0))
    water = make_map(np.full(exam.grid.shape, 100, np.int16), quantity=Quantity.WATER, grid=beside)
    assert found(Exam("C0001", {**exam.maps, Quantity.WATER: water})) == found(exam)


def test_water_and_fat_beside_the_maps_are_looked_at_too(draw_spine: Draw) -> None:
    exam = draw_spine()
    ff = exam.maps[Quantity.FF]
    signals = {
        Quantity.WATER: ParametricMap(Quantity.WATER, 1000 - 10 * ff.stored, exam.grid, ff.scaling),
        Quantity.FAT: ParametricMap(Quantity.FAT, 10 * ff.stored, exam.grid, ff.scaling),
    }
    assert found(Exam("C0001", {**exam.maps, **signals})).centre == pytest.approx(MIDDLE, abs=1.5)


def test_voxels_without_a_value_do_not_spread(draw_spine: Draw) -> None:
    exam = draw_spine()
    r2star = exam.maps[Quantity.R2STAR]
    values = r2star.stored.astype(np.float32)
    values[:, :60] = np.nan
    values[:, 200:] = np.inf
    holed = ParametricMap(Quantity.R2STAR, values, exam.grid, r2star.scaling)
    assert found(Exam("C0001", {**exam.maps, Quantity.R2STAR: holed})) == found(exam)


# -- what is not ------------------------------------------------------------------------------------------


def test_images_that_are_not_sagittal_give_no_proposal(make_exam: MakeExam, make_grid: MakeGrid) -> None:
    axial = make_grid((5, 40, 32), axes=((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)))
    assert refused(make_exam(grid=axial), (20, 16)) == "fit.not_sagittal"


def test_without_ff_there_is_no_proposal(draw_spine: Draw) -> None:
    exam = draw_spine()
    assert refused(Exam("C0001", {Quantity.R2STAR: exam.maps[Quantity.R2STAR]})) == "fit.no_ff"


def test_an_even_picture_has_no_edges(make_exam: MakeExam, make_grid: MakeGrid) -> None:
    assert refused(make_exam(grid=make_grid((3, 120, 100))), (60, 50)) == "fit.no_edges"


@pytest.mark.parametrize("seed", range(6))
def test_noise_alone_gives_no_proposal(make_grid: MakeGrid, make_map: MakeMap, seed: int) -> None:
    grid, rng = make_grid((3, 150, 130)), np.random.default_rng(seed)
    maps = {
        quantity: make_map(rng.integers(0, 100, grid.shape).astype(np.int16), quantity=quantity, grid=grid)
        for quantity in (Quantity.FF, Quantity.R2STAR)
    }
    assert refused(Exam("C0001", maps), (75, 65)) in {"fit.no_edges", "fit.unclear"}


def test_a_body_whose_endplates_cannot_be_seen_is_not_found(
    draw_spine: Draw, drawn_body: Callable[..., object]
) -> None:
    """One column of marrow without discs: where it is to be cut nobody knows."""
    assert refused(draw_spine([drawn_body(0.0, 0.0, 0.0, 200.0)])) in {"fit.no_edges", "fit.unclear"}


def with_spot(exam: Exam, rows: slice, cols: slice, ff: int) -> Exam:
    one = exam.maps[Quantity.FF]
    stored = np.array(one.stored)
    stored[:, rows, cols] = ff
    return Exam(
        exam.code, {**exam.maps, Quantity.FF: ParametricMap(one.quantity, stored, one.grid, one.scaling)}
    )


def test_a_body_with_a_lesion_where_the_rectangle_would_lie_is_not_found(draw_spine: Draw) -> None:
    exam = with_spot(draw_spine(), slice(111, 118), slice(44, 51), 95)
    assert refused(exam, (MIDDLE[0], MIDDLE[1] + 3)) == "fit.unclear"


def test_the_vein_that_enters_from_behind_is_no_lesion(draw_spine: Draw) -> None:
    exam = with_spot(draw_spine(), slice(113, 117), slice(64, 72), 16)
    assert found(exam, (MIDDLE[0], MIDDLE[1] - 6)).centre == pytest.approx(MIDDLE, abs=2.5)


def test_voxels_too_large_for_a_body_find_none(draw_spine: Draw) -> None:
    exam = draw_spine(pixel_mm=8.0)
    assert refused(exam, (14.5, 7.0)) in {"fit.no_edges", "fit.unclear"}


def test_where_a_wall_is_missing_no_box_is_made(draw_spine: Draw) -> None:
    """Endplates as wide as the picture: there is nothing in front or behind."""
    exam = draw_spine()
    flat = {
        quantity: ParametricMap(
            quantity, np.repeat(one.stored[:, :, 55:56], 110, axis=2), exam.grid, one.scaling
        )
        for quantity, one in exam.maps.items()
    }
    assert refused(Exam("C0001", flat)) in {"fit.no_edges", "fit.unclear"}


# -- edges and axes ---------------------------------------------------------------------------------------


def test_edges_out_of_the_limits_are_no_pair() -> None:
    axis = np.arange(-2, 2.01, 1 / 18)
    profile = np.where(abs(axis) < 0.5, 1.0, 0.0)[None]
    steep = abs(slopes(profile)[0])
    assert find_edges(slopes(profile), (steep, steep), axis, (1.4, 2.0)) is None
    pair = find_edges(slopes(profile), (steep, steep), axis, (0.8, 1.2))
    assert pair is not None
    assert (pair.start, pair.end) == pytest.approx((-0.5, 0.5), abs=0.06)
    assert pair.middle == pytest.approx(0, abs=0.06)
    assert pair.clarity > 10


def test_a_box_without_an_inside_strays_without_end(make_grid: MakeGrid) -> None:
    grid = make_grid((3, 40, 40))
    images = Images(np.ones((1, 40, 40)), np.array([True]))
    seen = look(images, grid, (20.0, 20.0), 0.0, Limits.of(PROTOCOL, grid))
    assert seen.stray(Edges(-0.1, 0.1, 1.0, 2.0), Edges(-0.5, 0.5, 1.0, 2.0)) == (np.inf, np.inf)


def test_voxels_and_millimetres_undo_each_other(make_grid: MakeGrid) -> None:
    turn = np.radians(20)
    axes = (
        (1.0, 0.0, 0.0), (0.0, float(np.sin(turn)), -float(np.cos(turn))),
        (0.0, float(np.cos(turn)), float(np.sin(turn))),
    )  # fmt: skip
    grid = make_grid((3, 60, 50), spacing_mm=(4.0, 0.8, 1.2), axes=axes)
    row, col = to_voxels(grid, (30.0, 20.0), 7.0, -4.0)
    assert to_mm(grid, (30.0, 20.0), (float(row), float(col))) == pytest.approx((7, -4))
    rows, cols = plane_steps(grid)
    away = np.array(axes[1]) * rows[0] * 0.8 + np.array(axes[2]) * cols[0] * 1.2
    assert away == pytest.approx([0, 1, 0])


def test_an_axis_whose_front_is_lower_points_up_behind() -> None:
    back, down = turned(10.0, 0.0, 30.0)
    assert (back, down) == pytest.approx((8.660254, -5.0))
