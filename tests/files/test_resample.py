"""Linear interpolation between grids, against another library and against values worked out by hand."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import map_coordinates

from app.domain.grid import Grid
from app.files.resample import resample

SAGITTAL = ((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
SOURCE = Grid((5, 12, 16), (4.0, 1.5, 1.25), (20.0, -40.0, 60.0), SAGITTAL)


def turned(degrees: float) -> tuple[tuple[float, float, float], ...]:
    angle = np.radians(degrees)
    return (
        (-np.cos(angle), np.sin(angle), 0.0),
        (0.0, 0.0, -1.0),
        (np.sin(angle), np.cos(angle), 0.0),
    )


TARGETS = {
    "itself": SOURCE,
    "shifted": Grid((5, 12, 16), (4.0, 1.5, 1.25), (18.0, -39.4, 59.1), SAGITTAL),
    "turned": Grid((6, 13, 11), (2.0, 1.1, 1.7), (15.0, -36.0, 58.0), turned(7.0)),
    "half the spacing": Grid((9, 23, 31), (2.0, 0.75, 0.625), (20.0, -40.0, 60.0), SAGITTAL),
    "left-handed": Grid(
        (4, 10, 10), (3.0, 1.5, 1.5), (8.0, -38.0, 57.0), (turned(20.0)[0], *SAGITTAL[:0:-1])
    ),
}


def expected(values: npt.NDArray[np.float64], source: Grid, target: Grid) -> npt.NDArray[np.float64]:
    """The same by SciPy: it has no grids, so the places are worked out one by one."""
    places = source.to_index(target.to_patient(np.moveaxis(np.indices(target.shape), 0, -1)))
    inside = np.all((places > -0.1) & (places < np.array(source.shape) - 0.9), axis=-1)
    columns = np.moveaxis(places, -1, 0)
    known = map_coordinates(np.nan_to_num(values), columns, order=1, mode="nearest")
    missing = map_coordinates(np.isnan(values).astype(float), columns, order=1, mode="nearest") > 1e-6
    return np.where(inside & ~missing, known, np.nan)


@pytest.mark.parametrize("name", TARGETS)
def test_values_are_those_of_another_library(name: str) -> None:
    values = np.random.default_rng(1).normal(50, 10, SOURCE.shape)
    found = resample(values, SOURCE, TARGETS[name])
    wanted = expected(values, SOURCE, TARGETS[name])
    assert found.dtype == np.float32
    assert found.shape == TARGETS[name].shape
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    assert np.isfinite(wanted).any()
    np.testing.assert_allclose(found, wanted, rtol=1e-6)


def test_a_grid_onto_itself_gives_every_value_back() -> None:
    values = np.arange(SOURCE.shape[0] * 12 * 16, dtype=np.int16).reshape(SOURCE.shape)
    np.testing.assert_array_equal(resample(values, SOURCE, SOURCE), values)


def test_half_way_between_two_voxels_lies_their_mean() -> None:
    source = Grid((1, 1, 3), (4.0, 1.0, 2.0), (0.0, 0.0, 0.0), SAGITTAL)
    target = Grid((1, 1, 2), (4.0, 1.0, 2.0), (0.0, 1.0, 0.0), SAGITTAL)
    assert resample(np.array([[[10, 20, 70]]]), source, target).tolist() == [[[15.0, 45.0]]]


def test_outside_the_outer_voxel_centres_there_is_no_value() -> None:
    source = Grid((1, 1, 3), (4.0, 1.0, 2.0), (0.0, 0.0, 0.0), SAGITTAL)
    target = Grid((1, 1, 5), (4.0, 1.0, 2.0), (0.0, -3.0, 0.0), SAGITTAL)
    found = resample(np.array([[[10, 20, 70]]]), source, target)
    np.testing.assert_array_equal(found, [[[np.nan, np.nan, 15, 45, np.nan]]])


def test_slices_that_lie_beside_the_source_have_no_value() -> None:
    beside = Grid(SOURCE.shape, SOURCE.spacing_mm, (200.0, -40.0, 60.0), SAGITTAL)
    assert np.isnan(resample(np.ones(SOURCE.shape), SOURCE, beside)).all()


@pytest.mark.parametrize("hole", [np.nan, np.inf])
def test_a_voxel_without_a_value_takes_along_only_what_it_contributes_to(hole: float) -> None:
    source = Grid((1, 1, 5), (4.0, 1.0, 2.0), (0.0, 0.0, 0.0), SAGITTAL)
    target = Grid((1, 1, 9), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), SAGITTAL)
    found = resample(np.array([[[1.0, 2.0, hole, 4.0, 5.0]]]), source, target)
    np.testing.assert_array_equal(found, [[[1, 1.5, 2, np.nan, np.nan, np.nan, 4, 4.5, 5]]])


@pytest.mark.parametrize("name", ["itself", "turned", "half the spacing"])
def test_a_ramp_stays_a_ramp_and_its_mean_exact(name: str) -> None:
    def ramp(grid: Grid) -> npt.NDArray[np.float64]:
        points = grid.to_patient(np.moveaxis(np.indices(grid.shape), 0, -1))
        return points @ np.array([0.5, -0.25, 0.75]) + 30.0

    target = TARGETS[name]
    found = resample(ramp(SOURCE), SOURCE, target)
    inside = np.isfinite(found)
    assert inside.mean() > 0.5
    assert found[inside].mean(dtype=float) == pytest.approx(ramp(target)[inside].mean(), rel=1e-6)
    np.testing.assert_allclose(found[inside], ramp(target)[inside], rtol=1e-5)


def test_values_that_do_not_fit_their_grid_are_an_error() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        resample(np.zeros((1, 2, 3)), SOURCE, SOURCE)
