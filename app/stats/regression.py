"""The straight line of one column on another, with its confidence and prediction bands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.distributions import t_quantile, t_two_sided
from app.stats.result import FloatArray, Interval, NotDefined, Note, complete_cases, is_constant, noise_of

_METHOD = "Student t"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One estimated parameter of a line.

    Parameters
    ----------
    estimate : float
    se : float
        Standard error.
    ci : Interval
    t, p : float or None
        Test against 0; None where every point lies on the line.
    """

    estimate: float
    se: float
    ci: Interval
    t: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class Line:
    """Least-squares line ``y = intercept + slope * x``.

    Parameters
    ----------
    n, n_excluded : int
        Rows used, and rows with a missing cell.
    intercept, slope : Parameter
    residual_sd : float
        SD of the residuals with divisor n - 2, in the unit of y.
    r_squared : float
        Share of the variance of y that the line explains, 0 to 1.
    mean_x, sxx : float
        Mean of x and sum of its squared deviations: what the bands need.
    x_range : tuple of float
        Smallest and largest x: the line says nothing outside.
    level : float
        Confidence level of the parameters and bands.
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    intercept: Parameter
    slope: Parameter
    residual_sd: float
    r_squared: float
    mean_x: float
    sxx: float
    x_range: tuple[float, float]
    level: float
    notes: tuple[Note, ...] = ()

    @property
    def adjusted_r_squared(self) -> float:
        """r-squared without the bias of small samples (Ezekiel 1930); may be negative."""
        return 1.0 - (1.0 - self.r_squared) * (self.n - 1) / (self.n - 2)

    @property
    def f(self) -> float | None:
        """F of the regression with 1 and n - 2 degrees of freedom; None where every point is on the line."""
        return None if self.slope.t is None else self.slope.t**2

    @property
    def p(self) -> float | None:
        """Of that F, which is the p of the slope."""
        return self.slope.p

    def at(self, x: ArrayLike) -> FloatArray:
        """Return y of the line at ``x`` (same shape)."""
        centre = self.intercept.estimate + self.slope.estimate * self.mean_x
        return centre + self.slope.estimate * (np.asarray(x, dtype=np.float64) - self.mean_x)

    def confidence_band(self, x: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return lower and upper limit of the mean y at ``x`` (each of the shape of ``x``)."""
        return self._band(x, one_more=0.0)

    def prediction_band(self, x: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Return lower and upper limit of a new single y at ``x`` (each of the shape of ``x``)."""
        return self._band(x, one_more=1.0)

    def _band(self, x: ArrayLike, *, one_more: float) -> tuple[FloatArray, FloatArray]:
        away = np.asarray(x, dtype=np.float64) - self.mean_x
        spread = np.sqrt(one_more + 1.0 / self.n + away * away / self.sxx)
        half = t_quantile((1.0 + self.level) / 2.0, self.n - 2) * self.residual_sd * spread
        middle = self.at(x)
        return middle - half, middle + half


def fit_line(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> Line | NotDefined:
    """Fit ``y`` on ``x`` by least squares.

    Parameters
    ----------
    x, y : array_like, shape (rows,)
        Rows with a missing cell are left out and counted.
    level : float
        Confidence level.

    Returns
    -------
    Line or NotDefined
        Not defined for fewer than three rows (``regression.too_few``) or a constant x
        (``regression.constant_x``).
    """
    cases = complete_cases([x, y])
    if cases.n < 3:  # noqa: PLR2004 - two parameters and one degree of freedom
        return NotDefined.of("regression.too_few", n=cases.n, n_excluded=cases.n_excluded)
    xs, ys = cases.columns
    if is_constant(xs, noise=noise_of(xs)):
        return NotDefined.of("regression.constant_x", n=cases.n)
    return _fit(xs, ys, cases.n_excluded, level)


def _fit(xs: FloatArray, ys: FloatArray, n_excluded: int, level: float) -> Line:
    n = int(xs.size)
    mean_x, mean_y = float(xs[0] + np.mean(xs - xs[0])), float(ys[0] + np.mean(ys - ys[0]))
    dx, dy = xs - mean_x, ys - mean_y
    sxx = float(dx @ dx)
    slope = float(dx @ dy) / sxx
    residuals = dy - slope * dx
    # what rounding alone leaves beside a perfect line is no residual
    exact = bool(np.abs(residuals).max() <= noise_of(ys, slope * xs))
    rss, syy = (0.0 if exact else float(residuals @ residuals)), float(dy @ dy)
    residual_sd = math.sqrt(rss / (n - 2))
    se_slope = residual_sd / math.sqrt(sxx)
    se_intercept = residual_sd * math.sqrt(1.0 / n + mean_x * mean_x / sxx)
    return Line(
        n=n,
        n_excluded=n_excluded,
        intercept=_parameter(mean_y - slope * mean_x, se_intercept, n - 2, level),
        slope=_parameter(slope, se_slope, n - 2, level),
        residual_sd=residual_sd,
        r_squared=0.0 if is_constant(ys, noise=noise_of(ys)) else 1.0 - rss / syy,
        mean_x=mean_x,
        sxx=sxx,
        x_range=(float(xs.min()), float(xs.max())),
        level=level,
        notes=(Note.of("regression.exact", n=n),) if exact else (),
    )


def _parameter(estimate: float, se: float, df: int, level: float) -> Parameter:
    half = t_quantile((1.0 + level) / 2.0, df) * se
    interval = Interval(estimate - half, estimate + half, level, _METHOD)
    if se == 0.0:
        return Parameter(estimate, se, interval, None, None)
    return Parameter(estimate, se, interval, estimate / se, t_two_sided(estimate / se, df))
