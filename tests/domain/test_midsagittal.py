"""The guess of the slice a case opens on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.maps import ParametricMap, Quantity
from app.domain.midsagittal import guess_mid_slice

MakeGrid = Callable[..., Grid]
MakeMap = Callable[..., ParametricMap]
MakeExam = Callable[..., Exam]
Volume = npt.NDArray[np.int16]


def _body(slices: int, middle: float, *, seed: int = 0, unlike: float = 0.0, drift: float = 0.0) -> Volume:
    """Anatomy that changes with the distance from ``middle``.

    ``unlike`` adds what no two slices share, ``drift`` what grows from one side of the patient to the other.
    """
    noise = np.random.default_rng(seed)
    depths = noise.normal(size=(2 * slices + 1, 12, 10)).cumsum(axis=0)
    distance = np.abs(np.arange(slices) - middle)
    body = (
        500 + 60 * depths[np.round(2 * distance).astype(int)] + unlike * noise.normal(size=(slices, 12, 10))
    )
    body += drift * noise.normal(size=(slices, 12, 10)).cumsum(axis=0)
    fine: Volume = np.clip(body, 0, None).astype(np.int16).repeat(4, axis=1).repeat(4, axis=2)
    return fine


def _exam(make_exam: MakeExam, make_map: MakeMap, **volumes: Volume) -> Exam:
    return make_exam({Quantity[name]: make_map(v, quantity=Quantity[name]) for name, v in volumes.items()})


@given(
    slices=st.integers(8, 40),
    share=st.floats(0.0, 1.0),
    unlike=st.sampled_from([0.0, 10.0]),
    seed=st.integers(0, 1000),
)
def test_the_plane_of_symmetry_is_found_wherever_it_lies_in_the_middle_half(
    make_exam: MakeExam, make_map: MakeMap, slices: int, share: float, unlike: float, seed: int
) -> None:
    edge = slices // 4
    plane = edge + round(share * (slices - 2 * edge - 1))
    water = _body(slices, plane, seed=seed, unlike=unlike)
    exam = _exam(make_exam, make_map, FF=np.zeros_like(water), WATER=water)
    assert guess_mid_slice(exam) == plane


@pytest.mark.parametrize(("slices", "middle"), [(1, 0), (2, 1), (3, 1), (6, 3), (7, 3)])
def test_a_thin_stack_opens_in_its_middle(
    make_exam: MakeExam, make_map: MakeMap, slices: int, middle: int
) -> None:
    exam = _exam(make_exam, make_map, FF=_body(slices, 0.0))
    assert guess_mid_slice(exam) == middle


def test_a_stack_that_is_not_sagittal_opens_in_its_middle(
    make_exam: MakeExam, make_map: MakeMap, make_grid: MakeGrid
) -> None:
    volume = _body(16, 5)
    coronal = make_grid(volume.shape, axes=((0.0, 1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0)))
    assert guess_mid_slice(make_exam({Quantity.FF: make_map(volume, grid=coronal)})) == 8


@pytest.mark.parametrize(("slices", "middle"), [(8, 4), (9, 4), (15, 7), (16, 8), (17, 8)])
@pytest.mark.parametrize("value", [0, 700])
def test_an_image_without_anatomy_opens_in_its_middle(
    make_exam: MakeExam, make_map: MakeMap, slices: int, middle: int, value: int
) -> None:
    exam = _exam(make_exam, make_map, FF=np.full((slices, 20, 20), value, np.int16))
    assert guess_mid_slice(exam) == middle


@pytest.mark.parametrize("slices", [10, 12, 16, 20])
def test_a_plane_between_two_slices_opens_on_one_of_them(
    make_exam: MakeExam, make_map: MakeMap, slices: int
) -> None:
    between = slices / 2 - 0.5
    found = guess_mid_slice(_exam(make_exam, make_map, FF=_body(slices, between, seed=slices)))
    assert abs(found - between) == 0.5


@pytest.mark.parametrize("slices", [10, 12, 16])
def test_slices_near_the_border_do_not_win_because_fewer_pairs_judge_them(
    make_exam: MakeExam, make_map: MakeMap, slices: int
) -> None:
    # near slices resemble each other everywhere, so a candidate with near pairs only has an easy game as soon
    # as the patient is not quite symmetric
    middle = slices // 2
    bodies = [_body(slices, middle, seed=seed, drift=90.0) for seed in range(30)]
    guesses = [guess_mid_slice(_exam(make_exam, make_map, FF=body)) for body in bodies]
    assert sum(guess != middle for guess in guesses) <= 2


def test_a_signal_image_decides_before_the_maps_and_water_before_fat(
    make_exam: MakeExam, make_map: MakeMap
) -> None:
    volumes = {"FF": _body(16, 5), "FAT": _body(16, 7), "IN_PHASE": _body(16, 9), "WATER": _body(16, 10)}
    order = []
    for name in ("WATER", "FAT", "IN_PHASE", "FF"):
        order.append(guess_mid_slice(_exam(make_exam, make_map, **volumes)))
        del volumes[name]
        volumes.setdefault("R2STAR", np.zeros_like(_body(16, 5)))
    assert order == [10, 7, 9, 5]


def test_noise_in_the_air_does_not_count(make_exam: MakeExam, make_map: MakeMap) -> None:
    body = np.pad(440 + _body(16, 6) // 8, ((0, 0), (0, 0), (0, 2000)))
    air = np.random.default_rng(3).integers(0, 40, body.shape).astype(np.int16)
    # much air whose noise happens to be mirrored about another slice must not draw the guess there
    air[3:9] = air[10:16][::-1]
    water = np.where(body > 0, body, air).astype(np.int16)
    assert guess_mid_slice(_exam(make_exam, make_map, FF=np.zeros_like(water), WATER=water)) == 6
