"""Maps that no scanner made as they are: FF from water and fat signals, values slice by slice, other grids.

What is made here is never made unasked, except values of slices that each have a scale of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from app.domain.grid import Grid
from app.domain.maps import FF_CEILING, LINEAR, RESAMPLED, SIGNAL_FF, ParametricMap, Quantity, Stored
from app.files.dicom.found import MapFound
from app.files.dicom.stack import Stack
from app.files.resample import resample

_PERCENT = 100.0


def signal_ff_stack(stacks: Mapping[Quantity, Stack]) -> Stack | None:
    """The FF map that water and fat of one exam would give.

    Parameters
    ----------
    stacks : mapping of Quantity to Stack
        The maps of one exam.

    Returns
    -------
    Stack or None
        With the files of the fat images; None where water and fat are not both there on one grid and in one
        scale, so that their signals cannot be added.
    """
    if not (Quantity.WATER in stacks and Quantity.FAT in stacks):
        return None
    water, fat = stacks[Quantity.WATER].found, stacks[Quantity.FAT].found
    if not fat.grid.matches(water.grid) or _scale(fat) != _scale(water):
        return None
    made = replace(
        fat,
        quantity=Quantity.FF,
        role_evidence=SIGNAL_FF,
        slope=1.0,
        intercept=0.0,
        lines=(),
        rule=SIGNAL_FF,
        expects="ff.percent",
        trusted=True,
        mapped=None,
        notes=(),
    )
    return Stack(made, stacks[Quantity.FAT].images)


def _scale(found: MapFound) -> tuple[object, ...]:
    return found.rule, found.slope, found.intercept, found.lines


def signal_ff(water: npt.NDArray[np.float64], fat: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Fat signal as a percentage of water and fat signal, voxel by voxel.

    It is no proton density fat fraction: T2* decay, T1 weighting and the other peaks of fat are not corrected
    for. Noise is no fat fraction either, but which signal is noise is not ours to guess.

    Parameters
    ----------
    water, fat : ndarray, any shape
        Signals in one scale.

    Returns
    -------
    ndarray of float32
        Percent; NaN where the sum is not above zero.
    """
    total = water + fat
    there = total > 0
    share = np.divide(_PERCENT * fat, total, out=np.full(total.shape, np.nan), where=there)
    result: npt.NDArray[np.float32] = share.astype(np.float32)
    return result


def along_lines(found: MapFound, stored: Stored) -> Stored:
    """Values of a map whose slices each have a line of their own; any other map as it is stored.

    Parameters
    ----------
    found : MapFound
        With ``lines`` in order of slice.
    stored : ndarray, shape (slices, rows, cols)
        Pixel integers.

    Returns
    -------
    ndarray, shape (slices, rows, cols)
        float64 where there are lines.
    """
    if not found.lines:
        return stored
    slopes, intercepts = (np.array(part)[:, None, None] for part in zip(*found.lines, strict=True))
    values: npt.NDArray[np.float64] = stored.astype(np.float64) * slopes + intercepts
    return values


def on_grid(one: ParametricMap, target: Grid) -> ParametricMap | None:
    """A map brought onto the voxels of another, by its values: T2* has become R2* before.

    Returns
    -------
    ParametricMap or None
        float32 with NaN where the map does not reach; None where it reaches no voxel at all. Percentiles and
        check stay those of the map as it was.
    """
    values = resample(one.scale(one.stored), one.grid, target)
    if np.isnan(values).all():
        return None
    # NaN compares as false
    scaling = replace(
        one.scaling,
        slope=1.0,
        intercept=0.0,
        transform=LINEAR,
        derived=RESAMPLED,
        below=int(np.count_nonzero(values < 0)),
        above=int(np.count_nonzero(values > FF_CEILING)) if one.quantity == Quantity.FF else 0,
        zero=int(np.count_nonzero(values == 0)),
        maximum=int(np.count_nonzero(values == np.nanmax(values))),
        missing=int(np.count_nonzero(np.isnan(values))),
    )
    return ParametricMap(one.quantity, values, target, scaling)
