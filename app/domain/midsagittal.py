"""Guess the slice through the middle of the spine, so that a case opens where it will be read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.domain.exam import Exam
from app.domain.maps import Quantity

# air is noise in FF and R2*; below this share of the bright signal there is no patient
_SIGNAL_SHARE = 0.1
_BRIGHT_PERCENTILE = 99
CLEAREST = (Quantity.WATER, Quantity.FAT, Quantity.IN_PHASE, Quantity.OUT_PHASE)
"""Images whose brightness is signal, the clearest anatomy first."""
# how far to either side the mirror image is compared: about half a lumbar vertebra
_REACH_MM = 20.0
# fewer slices than this leave no choice worth making
_FEWEST_SLICES = 8


def guess_mid_slice(exam: Exam) -> int:
    """Slice around which left and right of the patient look most alike.

    The body is nearly symmetric about the mid-sagittal plane, so the slices at equal distance on both sides
    of it resemble each other. Each candidate's neighbours are compared by correlation on a signal image (or
    on FF where there is none). The guess only chooses what is shown first; nothing is measured from it.

    Parameters
    ----------
    exam : Exam
        Any number of slices.

    Returns
    -------
    int
        Zero-based slice; the middle one (the later of two) where the stack is too thin or not sagittal.
    """
    slices = exam.grid.shape[0]
    middle = slices // 2
    if exam.grid.plane != "sagittal" or slices < _FEWEST_SLICES:
        return middle
    stack = _thumbnails(exam)
    # the spine is in the middle half. Every candidate looks equally far: near slices always resemble each
    # other, so one that is judged by fewer pairs would win
    edge = slices // 4
    reach = max(1, min(edge, round(_REACH_MM / exam.grid.spacing_mm[0])))
    # a tie goes to the slice nearest the middle of the stack
    return max(
        range(edge, slices - edge), key=lambda index: (_symmetry(stack, index, reach), -abs(index - middle))
    )


def _thumbnails(exam: Exam) -> npt.NDArray[np.float64]:
    """Every fourth voxel of each slice without air, shape (slices, voxels), each of mean 0 and length 1."""
    signal = (quantity for quantity in CLEAREST if quantity in exam.maps)
    values = exam.maps[next(signal, exam.measured[0].quantity)].stored[:, ::4, ::4].astype(float)
    floor = _SIGNAL_SHARE * np.percentile(values, _BRIGHT_PERCENTILE)
    flat = np.where(values > floor, values, 0.0).reshape(len(values), -1)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    # an empty slice resembles nothing
    return flat / np.where(length > 0, length, 1.0)


def _symmetry(stack: npt.NDArray[np.float64], index: int, reach: int) -> float:
    """Mean correlation of the slices at equal distance on both sides of one slice, up to ``reach`` slices."""
    before, after = stack[index - reach : index][::-1], stack[index + 1 : index + 1 + reach]
    return float(np.sum(before * after)) / reach
