"""Guess the slice through the middle of the spine, so that a case opens where it will be read."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from app.domain.exam import Exam
from app.domain.maps import Quantity

# air is noise in FF and R2*; below this share of the bright signal there is no patient
_SIGNAL_SHARE = 0.1
_BRIGHT_PERCENTILE = 99
# a mirror image compares this many slices on either side
_REACH = 5


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
        Zero-based slice; the middle one where the stack is too thin or not sagittal.
    """
    middle = exam.grid.shape[0] // 2
    if exam.grid.plane != "sagittal" or exam.grid.shape[0] < 2 * _REACH:
        return middle
    stack = _thumbnails(exam)
    candidates = range(len(stack) // 4, len(stack) - len(stack) // 4)
    # a tie goes to the slice nearest the middle of the stack
    return max(candidates, key=lambda index: (_symmetry(stack, index), -abs(index - middle)))


def _thumbnails(exam: Exam) -> npt.NDArray[np.float64]:
    """Every fourth voxel of each slice with air set to zero, shape (slices, voxels)."""
    quantity = next((q for q in (Quantity.WATER, Quantity.FAT) if q in exam.maps), exam.measured[0].quantity)
    values = exam.maps[quantity].stored[:, ::4, ::4].astype(float)
    floor = _SIGNAL_SHARE * np.percentile(values, _BRIGHT_PERCENTILE)
    return np.where(values > floor, values, 0.0).reshape(len(values), -1)


def _symmetry(stack: npt.NDArray[np.float64], index: int) -> float:
    """Mean correlation of the slices at equal distance on both sides of one slice."""
    reach = min(_REACH, index, len(stack) - 1 - index)
    pairs = [(stack[index - step], stack[index + step]) for step in range(1, reach + 1)]
    return float(np.mean([_correlation(left, right) for left, right in pairs]))


def _correlation(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64]) -> float:
    first, second = first - first.mean(), second - second.mean()
    norm = float(np.linalg.norm(first) * np.linalg.norm(second))
    return float(first @ second) / norm if norm else 0.0
