"""Firth's penalised likelihood: its maximum, and its profile along one coefficient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.stats.newton import own_design, sigmoid
from app.stats.result import FloatArray, IntArray

_MAX_ITERATIONS = 200
_SETTLED = 1e-10
"""Largest last change of a linear predictor."""
_LONGEST_STEP = 4.0
_MAX_DOUBLINGS = 40
_MAX_STEPS = 100
_CLOSE = 1e-9
"""Distance from the wanted quantile at which a limit is found."""


@dataclass(frozen=True, slots=True, eq=False)
class PenalisedFit:
    """A maximum of the penalised likelihood.

    Parameters
    ----------
    estimates : ndarray, shape (columns + 1,)
        The intercept first.
    covariance : ndarray, shape (columns + 1, columns + 1)
        Inverse of the information.
    height : float
        Penalised log-likelihood, in the scale of the design.
    """

    estimates: FloatArray
    covariance: FloatArray
    height: float

    def in_units(self, back: FloatArray) -> PenalisedFit:
        """Take the coefficients back to the units of the columns (:func:`app.stats.newton.standardised`)."""
        return PenalisedFit(back @ self.estimates, back @ self.covariance @ back.T, self.height)


def penalised_fit(
    design: FloatArray, label: FloatArray, start: FloatArray, *, held: int | None = None
) -> PenalisedFit | None:
    """Climb to the maximum of the penalised likelihood, with one coefficient held where it starts if wanted.

    Parameters
    ----------
    design : ndarray, shape (patients, columns + 1)
        With its column of ones, none of the columns determined by the others.
    label : ndarray, shape (patients,)
        0 or 1.
    start : ndarray, shape (columns + 1,)
    held : int, optional

    Returns
    -------
    PenalisedFit or None
        None where the climb does not end, because values lie absurdly far out.
    """
    free = np.flatnonzero(np.arange(start.size) != (-1 if held is None else held))
    estimates = np.array(start, dtype=np.float64)
    height = _height(design, label, estimates)
    for _ in range(_MAX_ITERATIONS):
        slope = _slope(design, label, estimates)
        if slope is None:
            return None
        step = np.zeros(start.size)
        step[free] = slope.step(free)
        furthest = float(np.abs(design @ step).max())
        if furthest <= _SETTLED:
            return PenalisedFit(estimates + step, slope.inverse, height)
        step *= min(1.0, _LONGEST_STEP / furthest)
        following = _height(design, label, estimates + step)
        # a loss by rounding is none
        while following < height - 1e-12 * abs(height) and float(np.abs(design @ step).max()) > _SETTLED:
            step = step / 2.0
            following = _height(design, label, estimates + step)
        estimates, height = estimates + step, following
    return None


@dataclass(frozen=True, slots=True, eq=False)
class _Slope:
    """Score, information and its inverse, and curvature of the penalised likelihood at one place."""

    score: FloatArray
    information: FloatArray
    inverse: FloatArray
    curvature: FloatArray

    def step(self, free: IntArray) -> FloatArray:
        """Newton's step of the free coefficients; far from the top, where it would lead down, Fisher's."""
        block = np.ix_(free, free)
        rising = bool(np.linalg.eigvalsh(self.curvature[block])[0] > 0.0)
        matrix = (self.curvature if rising else self.information)[block]
        return np.asarray(np.linalg.solve(matrix, self.score[free]), dtype=np.float64)


def _slope(design: FloatArray, label: FloatArray, estimates: FloatArray) -> _Slope | None:
    """Look at one place; None where the patients say nothing about some coefficient any more."""
    probability, information = _information(design, estimates)
    if np.linalg.slogdet(information)[0] <= 0.0:
        return None
    inverse = np.asarray(np.linalg.inv(information), dtype=np.float64)
    weight, turn = probability * (1.0 - probability), 1.0 - 2.0 * probability
    half = design @ inverse
    leverage = weight * np.einsum("ij,ij->i", half, design)
    # how the information, and by it each leverage, changes with each coefficient
    change = np.einsum("i,ij,ia,ib->jab", weight * turn, design, design, design)
    shift = (leverage * turn)[:, np.newaxis] * design
    shift -= weight[:, np.newaxis] * np.einsum("ia,jab,ib->ij", half, change, half)
    curvature = information + (design * (leverage * weight)[:, np.newaxis]).T @ design
    curvature -= 0.5 * (design * turn[:, np.newaxis]).T @ shift
    score = design.T @ (label - probability + 0.5 * leverage * turn)
    return _Slope(score, information, inverse, (curvature + curvature.T) / 2.0)


def _information(design: FloatArray, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
    probability = sigmoid(design @ estimates)
    weight = (probability * (1.0 - probability))[:, np.newaxis]
    return probability, np.asarray((design * weight).T @ design)


def _height(design: FloatArray, label: FloatArray, estimates: FloatArray) -> float:
    predictor = design @ estimates
    _, information = _information(design, estimates)
    penalty = 0.5 * float(np.linalg.slogdet(information)[1])
    return float(label @ predictor - np.logaddexp(0.0, predictor).sum()) + penalty


@dataclass(frozen=True, slots=True, eq=False)
class PenalisedProfile:
    """The penalised likelihood along one coefficient, the others fitted again.

    ``unit`` takes the coefficient from the scale of the design to that of its column.
    """

    design: FloatArray
    label: FloatArray
    position: int
    unit: float
    best: PenalisedFit

    @classmethod
    def of(
        cls, columns: FloatArray, label: FloatArray, estimates: FloatArray, position: int
    ) -> PenalisedProfile | None:
        """Find the top again in columns fit for this coefficient; None where that fails."""
        design, start, unit = own_design(columns, estimates, position)
        best = penalised_fit(design, label, start)
        return None if best is None else cls(design, label, position, unit, best)

    def fall_at(self, value: float) -> float | None:
        """Return twice the fall with the coefficient at ``value``; None where the others are not found."""
        # the others begin where they would follow to, or a far column would leave no information
        covariance = self.best.covariance[:, self.position]
        away = value / self.unit - self.best.estimates[self.position]
        start = self.best.estimates + away * covariance / covariance[self.position]
        fit = penalised_fit(self.design, self.label, start, held=self.position)
        return None if fit is None else max(2.0 * (self.best.height - fit.height), 0.0)

    def limits(self, se: float, quantile: float) -> tuple[float | None, float | None]:
        """Find where twice the fall reaches ``quantile`` squared, below and above; None where it does not."""
        return self._limit(-se * quantile, quantile), self._limit(se * quantile, quantile)

    def _limit(self, step: float, quantile: float) -> float | None:
        inner, short = float(self.best.estimates[self.position]) * self.unit, -quantile
        for _ in range(_MAX_DOUBLINGS):
            outer = inner + step
            fall = self.fall_at(outer)
            if fall is None:
                return None
            if fall >= quantile**2:
                return self._between((inner, short), (outer, math.sqrt(fall) - quantile), quantile)
            inner, short, step = outer, math.sqrt(fall) - quantile, 2.0 * step
        return None

    def _between(
        self, inner: tuple[float, float], outer: tuple[float, float], quantile: float
    ) -> float | None:
        """Find the limit between a place not far enough and one too far, by false position (Illinois).

        The root of the fall is nearly a straight line.
        """
        (left, short), (right, over) = inner, outer
        moved = 0
        for _ in range(_MAX_STEPS):
            place = right - over * (right - left) / (over - short)
            fall = self.fall_at(place)
            if fall is None:
                return None
            off = math.sqrt(fall) - quantile
            if abs(off) <= _CLOSE:
                return place
            # the end that stays twice counts half, or it would stay for ever
            if off > 0.0:
                right, over, short, moved = place, off, short / (2.0 if moved > 0 else 1.0), 1
            else:
                left, short, over, moved = place, off, over / (2.0 if moved < 0 else 1.0), -1
        return None
