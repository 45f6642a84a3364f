"""Logistic regression where the columns separate the classes: Firth's penalised likelihood."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.combined import as_odds, as_odds_ratio, few_events, why_not_combined
from app.stats.distributions import chi2_upper, normal_quantile
from app.stats.firth_fit import PenalisedFit, PenalisedProfile, penalised_fit
from app.stats.newton import rank_is_short, sigmoid, standardised
from app.stats.result import (
    CompleteCases,
    FloatArray,
    IntArray,
    Interval,
    NotDefined,
    Note,
    complete_cases,
    frozen,
)
from app.stats.roc import Roc, roc

__all__ = ["FirthCoefficient", "FirthModel", "firth"]


@dataclass(frozen=True, slots=True)
class FirthCoefficient:
    """One coefficient of the penalised model.

    Parameters
    ----------
    name : str
        Name of the column, or ``"intercept"``.
    estimate, se : float
        On the logit scale, per unit of the column.
    ci : Interval or None
        By the penalised profile likelihood; None where a limit is not found.
    p : float or None
        Of the penalised likelihood ratio test against 0; None where the model without it is not found.
    """

    name: str
    estimate: float
    se: float
    ci: Interval | None
    p: float | None

    @property
    def odds_ratio(self) -> float | None:
        """Factor on the odds per unit of the column; None where it is too large for a number."""
        return as_odds(self.estimate)

    @property
    def odds_ratio_ci(self) -> Interval | None:
        """Its interval; None where a limit is not found or too large for a number."""
        return None if self.ci is None else as_odds_ratio(self.ci)


@dataclass(frozen=True, slots=True, eq=False)
class FirthModel:
    """Logistic regression by penalised likelihood, judged on the patients it was fitted to.

    Parameters
    ----------
    n, n_excluded, n_events : int
        Patients used, left out for a missing cell, and with the disease.
    coefficients : tuple of FirthCoefficient
        The intercept first.
    probabilities : ndarray, shape (n,)
        Per patient used, read-only.
    roc : Roc
        In-sample, of the linear predictor.
    index : ndarray of int, shape (n,)
        The input rows used.
    level : float
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    n_events: int
    coefficients: tuple[FirthCoefficient, ...]
    probabilities: FloatArray
    roc: Roc
    index: IntArray
    level: float
    notes: tuple[Note, ...] = ()


def firth(
    columns: Sequence[ArrayLike], names: Sequence[str], label: ArrayLike, *, level: float = 0.95
) -> FirthModel | NotDefined:
    """Combine columns by logistic regression with Jeffreys' prior for a penalty.

    Maximises ``l(b) + log det I(b) / 2``, which has a maximum even where the columns separate the classes and
    the likelihood has none. Its score is ``X' (y - p + h (1/2 - p))`` with the leverages ``h``.

    Parameters
    ----------
    columns, names, label, level
        As in :func:`app.stats.combined.logistic`.

    Returns
    -------
    FirthModel or NotDefined
        Not defined as :func:`app.stats.combined.logistic`, except that separated classes have an answer.

    Raises
    ------
    ValueError
        If there is no column, or not one name for each.

    References
    ----------
    Firth 1993, Biometrika 80:27. Heinze and Schemper 2002, Stat Med 21:2409 (intervals and tests).
    """
    cases = complete_cases([*columns, label])
    reason = why_not_combined(cases.columns[:-1], names, cases.columns[-1])
    if reason is not None:
        return reason
    design = np.stack(cases.columns[:-1], axis=1)
    centred, back = standardised(design)
    if rank_is_short(centred):
        return NotDefined.of("logistic.collinear")
    best = penalised_fit(centred, cases.columns[-1], np.zeros(len(names) + 1))
    if best is None:
        return NotDefined.of("logistic.not_found", n=cases.n)
    return _judged(cases, names, design, best.in_units(back), level)


def _judged(
    cases: CompleteCases, names: Sequence[str], design: FloatArray, best: PenalisedFit, level: float
) -> FirthModel:
    label = cases.columns[-1]
    predictor = best.estimates[0] + design @ best.estimates[1:]
    curve = roc(predictor, label, direction="higher", level=level)
    assert isinstance(curve, Roc)  # noqa: S101 - both classes have been seen above
    n_events = int(np.count_nonzero(label))
    return FirthModel(
        n=cases.n,
        n_excluded=cases.n_excluded,
        n_events=n_events,
        coefficients=tuple(
            _coefficient(name, position, design, label, best, level)
            for position, name in enumerate(("intercept", *names))
        ),
        probabilities=frozen(sigmoid(predictor)),
        roc=curve,
        index=cases.index,
        level=level,
        notes=(Note.of("logistic.firth", n=cases.n), *few_events(cases.n, n_events, len(names))),
    )


def _coefficient(
    name: str, position: int, design: FloatArray, label: FloatArray, best: PenalisedFit, level: float
) -> FirthCoefficient:
    value, se = float(best.estimates[position]), math.sqrt(float(best.covariance[position, position]))
    profile = PenalisedProfile.of(design, label, best.estimates, position)
    fall = None if profile is None else profile.fall_at(0.0)
    low, high = (None, None) if profile is None else profile.limits(se, normal_quantile((1.0 + level) / 2.0))
    interval = None
    if low is not None and high is not None:
        interval = Interval(low, high, level, "penalised profile likelihood, Heinze and Schemper 2002")
    return FirthCoefficient(
        name=name,
        estimate=value,
        se=se,
        ci=interval,
        p=None if fall is None else chi2_upper(max(fall, 0.0), 1.0),
    )
