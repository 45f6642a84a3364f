"""Intervals of logistic coefficients by the profile likelihood, which Wald's only approximate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from app.stats.combined import LogisticModel
from app.stats.distributions import normal_quantile
from app.stats.newton import logistic_fits, own_design, sigmoid
from app.stats.result import FloatArray, IntArray, Interval

__all__ = ["profile_drop", "profile_intervals"]

_MAX_STEPS = 40
_SETTLED = 1e-9
_FLAT = 1e-7
"""Slope of the likelihood, per unit of a scaled column, below which it will never fall far enough."""
_METHOD = "profile likelihood"


def profile_intervals(model: LogisticModel) -> tuple[Interval | None, ...]:
    """Find where the likelihood of each coefficient has fallen too far, the others fitted again.

    The limits of a coefficient ``b`` solve ``2 (l - l(b)) = chi-square quantile`` with 1 degree of freedom,
    where ``l(b)`` is the largest log-likelihood with that ``b``. It is concave, so Newton's steps close in on
    a limit from outside.

    Parameters
    ----------
    model : LogisticModel

    Returns
    -------
    tuple of Interval or None
        On the logit scale, one for each coefficient, the intercept first; take them to odds ratios with
        :func:`app.stats.combined.as_odds_ratio`. None where a limit is not found.

    References
    ----------
    Venzon and Moolgavkar 1988, Appl Stat 37:87.
    """
    found: list[Interval | None] = []
    for position, one in enumerate(model.coefficients):
        ridge = _Ridge.of(model, position)
        low, high = (ridge.unit * _limits(ridge, model, one.se / ridge.unit)).tolist()
        fine = low < one.estimate < high
        found.append(Interval(low, high, model.level, _METHOD) if fine else None)
    return tuple(found)


def profile_drop(model: LogisticModel, position: int, values: ArrayLike) -> FloatArray:
    """Return twice the fall of the log-likelihood with a coefficient held, the others fitted again.

    Parameters
    ----------
    model : LogisticModel
    position : int
        Which coefficient, 0 for the intercept.
    values : array_like, shape (values,)
        What it is held at.

    Returns
    -------
    ndarray, shape (values,)
        NaN where the others could not be fitted.
    """
    ridge = _Ridge.of(model, position)
    away = np.asarray(values, dtype=np.float64) / ridge.unit - ridge.top[position]
    height, _, _ = ridge.refitted(ridge.top + away[:, np.newaxis] * ridge.along)
    return 2.0 * (model.log_likelihood - height)


@dataclass(frozen=True, slots=True, eq=False)
class _Ridge:
    """The likelihood along one coefficient, the others fitted again.

    ``top`` are the estimates in the scale of the design, ``along`` is how they follow when the coefficient is
    moved by 1 from there, and ``unit`` takes the coefficient to the unit of its column.
    """

    design: FloatArray
    label: FloatArray
    position: int
    unit: float
    top: FloatArray
    along: FloatArray

    @classmethod
    def of(cls, model: LogisticModel, position: int) -> _Ridge:
        estimates = np.array([one.estimate for one in model.coefficients])
        design, top, unit = own_design(model.design, estimates, position)
        follow = model.covariance[:, position] / model.covariance[position, position]
        moved = own_design(model.design, estimates + unit * follow, position)[1]
        return cls(design, model.label, position, unit, top, moved - top)

    def refitted(self, estimates: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Fit the others again; return height and slope of the likelihood, and the estimates."""
        cases = np.tile(self.label, (len(estimates), 1))
        held: IntArray = np.full(len(estimates), self.position)
        fitted = logistic_fits(self.design, cases, 1.0 - cases, start=estimates, held=held)
        predictor = fitted @ self.design.T
        height = (predictor * cases + special.log_expit(-predictor)).sum(axis=1)
        return height, (cases - sigmoid(predictor)) @ self.design[:, self.position], fitted


def _limits(ridge: _Ridge, model: LogisticModel, se: float) -> FloatArray:
    """Return lower and upper limit of the coefficient in the scale of the design, NaN where not found."""
    quantile = normal_quantile((1.0 + model.level) / 2.0)
    wanted = model.log_likelihood - quantile**2 / 2.0
    side, going = np.array([-1.0, 1.0]), np.arange(2)
    estimates = ridge.top + (side * quantile * se)[:, np.newaxis] * ridge.along
    result = np.full(2, np.nan)
    for _ in range(_MAX_STEPS):
        height, slope, estimates = ridge.refitted(estimates)
        falling = side[going] * slope < -_FLAT
        step = (wanted - height) / np.where(falling, slope, np.nan)
        estimates = estimates + step[:, np.newaxis] * ridge.along
        here = estimates[:, ridge.position]
        settled = np.abs(step) <= _SETTLED * np.maximum(1.0, np.abs(here))
        result[going[settled]] = here[settled]
        left = falling & ~settled
        estimates, going = estimates[left], going[left]
        if going.size == 0:
            break
    return result
