"""What is analysed of two readings: their difference, the difference in percent, or their ratio."""

from __future__ import annotations

from typing import Literal

import numpy as np

from app.stats.result import NOISE, FloatArray, NotDefined, noise_of

Scale = Literal["difference", "percent", "ratio", "log_ratio"]
"""``difference`` x - y; ``percent`` of the mean; ``ratio`` x / y; ``log_ratio`` ln(x / y) told as ratio."""


def without_difference(scale: Scale) -> float:
    """Return what two equal readings give on this scale, as it is told: 0 or 1."""
    return 0.0 if scale in ("difference", "percent") else 1.0


def told(value: float, scale: Scale) -> float:
    """Turn a figure of the analysis into the one that is told: a ratio for its logarithm."""
    return float(np.exp(value)) if scale == "log_ratio" else value


def compare(xs: FloatArray, ys: FloatArray, scale: Scale) -> tuple[FloatArray, float] | NotDefined:
    """Compare two readings pair by pair.

    Parameters
    ----------
    xs, ys : ndarray, shape (n,)
        Complete pairs.
    scale : Scale

    Returns
    -------
    tuple or NotDefined
        The values of the analysis, shape (n,), and the size below which two of them differ by rounding only.
        Not defined (``bland_altman.not_positive``) where a pair has no ratio or no percentage.
    """
    if scale == "difference":
        return xs - ys, noise_of(xs, ys)
    positive = xs + ys > 0.0 if scale == "percent" else (xs > 0.0) & (ys > 0.0)
    if not positive.all():
        return NotDefined.of(
            "bland_altman.not_positive", n=int(xs.size), count=int(np.count_nonzero(~positive))
        )
    if scale == "percent":
        return 200.0 * (xs - ys) / (xs + ys), 200.0 * NOISE
    ratio = xs / ys
    return (ratio, 2.0 * noise_of(ratio)) if scale == "ratio" else (np.log(ratio), 2.0 * NOISE)
