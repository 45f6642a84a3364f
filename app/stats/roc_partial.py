"""Partial area under a ROC curve: only the part where the marker would be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.stats.result import FloatArray, Note
from app.stats.roc import Roc

Focus = Literal["specificity", "sensitivity"]


@dataclass(frozen=True, slots=True)
class PartialArea:
    """Area under a piece of the curve.

    Parameters
    ----------
    focus : {"specificity", "sensitivity"}
        Which rate is held inside the range.
    low, high : float
        The range.
    area : float
        Between 0 and ``high - low``.
    standardised : float or None
        McClish's: 0.5 for a marker that says nothing, 1 for a perfect one; None below the diagonal.
    notes : tuple of Note
    """

    focus: Focus
    low: float
    high: float
    area: float
    standardised: float | None
    notes: tuple[Note, ...] = ()


def partial_area(
    result: Roc, low: float = 0.9, high: float = 1.0, *, focus: Focus = "specificity"
) -> PartialArea:
    """Compute the partial area of a curve, by trapezoids.

    With specificity between ``low`` and ``high`` it is the area under the sensitivity over that piece of the
    axis; with sensitivity, the area of the specificity over that piece of the other axis.
    ``standardised = (1 + (area - min) / (max - min)) / 2`` with the diagonal's area as ``min`` and
    ``high - low`` as ``max``.

    Parameters
    ----------
    result : Roc
    low, high : float
        Range of the rate, 0 <= low < high <= 1.
    focus : {"specificity", "sensitivity"}

    Raises
    ------
    ValueError
        If the range is empty or not inside 0..1.

    References
    ----------
    McClish 1989, Med Decis Making 9:190. Jiang, Metz and Nishikawa 1996, Radiology 201:745 (sensitivity).
    """
    if not 0.0 <= low < high <= 1.0:
        message = f"a range inside 0..1 is needed, got {low} to {high}"
        raise ValueError(message)
    x, y = result.false_positive_rate, result.true_positive_rate
    if focus == "sensitivity":
        x, y = 1.0 - y[::-1], 1.0 - x[::-1]
    area = _trapezoids(x, y, 1.0 - high, 1.0 - low)
    least = ((1.0 - low) ** 2 - (1.0 - high) ** 2) / 2.0
    gain = (area - least) / (high - low - least)
    # on the diagonal itself rounding decides the sign
    standardised = None if gain < -1e-12 else (1.0 + max(gain, 0.0)) / 2.0  # noqa: PLR2004
    notes = () if standardised is not None else (Note.of("roc.partial_below_diagonal", area=area),)
    return PartialArea(focus, low, high, area, standardised, notes)


def _trapezoids(x: FloatArray, y: FloatArray, start: float, stop: float) -> float:
    """Area under an ascending curve between two places, piece by piece."""
    left, right = np.clip(x[:-1], start, stop), np.clip(x[1:], start, stop)
    width, run = right - left, np.diff(x)
    slope = np.divide(np.diff(y), run, out=np.zeros_like(run), where=run > 0.0)
    middle = y[:-1] + slope * ((left + right) / 2.0 - x[:-1])
    return float(width @ middle)
