"""Several markers combined by logistic regression, and the ROC analysis of the combination."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.criterion import Criterion, CutOff
from app.stats.distributions import chi2_upper, normal_quantile, normal_two_sided
from app.stats.formatting import number
from app.stats.newton import LogisticFit, logistic_fit, sigmoid
from app.stats.ranking import why_not_ranked
from app.stats.result import (
    CompleteCases,
    FloatArray,
    IntArray,
    Interval,
    NotDefined,
    Note,
    complete_cases,
    frozen,
    is_constant,
    noise_of,
)
from app.stats.roc import Roc, roc

__all__ = [
    "Coefficient",
    "LogisticModel",
    "ModelCutOff",
    "as_odds_ratio",
    "few_events",
    "logistic",
    "why_not_combined",
]

EVENTS_PER_PREDICTOR = 10
"""Below this the coefficients are unstable (Peduzzi 1996, J Clin Epidemiol 49:1373)."""


LARGEST_LOGIT = 700.0
"""The exponential of more is no finite float64."""


def as_odds(logit: float) -> float | None:
    """Exponential of a logit; None where it is too large for a number."""
    return math.exp(logit) if logit <= LARGEST_LOGIT else None


def as_odds_ratio(interval: Interval) -> Interval | None:
    """Take an interval from the logit scale to odds ratios; None where a limit is too large for a number."""
    if interval.high > LARGEST_LOGIT:
        return None
    return Interval(math.exp(interval.low), math.exp(interval.high), interval.level, interval.method)


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient of the model.

    Parameters
    ----------
    name : str
        Name of the column, or ``"intercept"``.
    estimate, se : float
        On the logit scale, per unit of the column.
    ci : Interval
        Wald's.
    z, p : float
        Wald's test against 0.
    """

    name: str
    estimate: float
    se: float
    ci: Interval
    z: float
    p: float

    @property
    def odds_ratio(self) -> float | None:
        """Factor on the odds per unit of the column; None where it is too large for a number."""
        return as_odds(self.estimate)

    @property
    def odds_ratio_ci(self) -> Interval | None:
        """Its Wald interval; None where a limit is too large for a number."""
        return as_odds_ratio(self.ci)


@dataclass(frozen=True, slots=True)
class ModelCutOff:
    """A cut-off of the combined model, said in two ways that call the same patients.

    Parameters
    ----------
    cutoff : CutOff
        With its criterion on the logit scale.
    probability : Criterion
        The same as a predicted probability.
    equation : str
        The same as a rule for new patients: ``"-3.21 + 0.112 x FF - 0.071 x R2* > 0.34"``, with as many
        decimals as keep the counts.
    """

    cutoff: CutOff
    probability: Criterion
    equation: str


@dataclass(frozen=True, slots=True, eq=False)
class LogisticModel:
    """Logistic regression by maximum likelihood, judged on the patients it was fitted to.

    Parameters
    ----------
    n, n_excluded, n_events : int
        Patients used, left out for a missing cell, and with the disease.
    coefficients : tuple of Coefficient
        The intercept first.
    log_likelihood, null_log_likelihood : float
        Of the model and of the intercept alone.
    likelihood_ratio, likelihood_ratio_p : float
        Chi-square of the model against the intercept alone, with as many degrees of freedom as columns.
    probabilities, linear_predictor : ndarray, shape (n,)
        Per patient used, read-only.
    roc : Roc
        In-sample, of the linear predictor (same order as the probabilities).
    cutoffs : tuple of ModelCutOff
        One for each cut-off of ``roc``.
    index : ndarray of int, shape (n,)
        The input rows used.
    level : float
    design : ndarray, shape (n, columns)
        The columns of the patients used, read-only.
    label : ndarray, shape (n,)
        1 with the disease, 0 without, read-only.
    covariance : ndarray, shape (columns + 1, columns + 1)
        Of the coefficients, read-only.
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    n_events: int
    coefficients: tuple[Coefficient, ...]
    log_likelihood: float
    null_log_likelihood: float
    likelihood_ratio: float
    likelihood_ratio_p: float
    probabilities: FloatArray
    linear_predictor: FloatArray
    roc: Roc
    cutoffs: tuple[ModelCutOff, ...]
    index: IntArray
    level: float
    design: FloatArray
    label: FloatArray
    covariance: FloatArray
    notes: tuple[Note, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, without the intercept."""
        return tuple(one.name for one in self.coefficients[1:])

    @property
    def cutoff(self) -> ModelCutOff | None:
        """The first of the Youden cut-offs; None where no cut-off is better than chance."""
        return None if self.roc.cutoff is None else self.cutoffs[0]

    def predict(self, columns: Sequence[ArrayLike]) -> FloatArray:
        """Return the predicted probability for new patients.

        Parameters
        ----------
        columns : sequence of array_like, each shape (patients,)
            In the order of ``names``.
        """
        predictor = np.full(np.shape(columns[0]), self.coefficients[0].estimate)
        for coefficient, column in zip(self.coefficients[1:], columns, strict=True):
            predictor = predictor + coefficient.estimate * np.asarray(column, dtype=np.float64)
        return sigmoid(predictor)


def logistic(
    columns: Sequence[ArrayLike], names: Sequence[str], label: ArrayLike, *, level: float = 0.95
) -> LogisticModel | NotDefined:
    """Combine columns by logistic regression, by maximum likelihood and without any penalty.

    Parameters
    ----------
    columns : sequence of array_like, each shape (patients,)
        At least one; patients with a missing cell are left out and counted.
    names : sequence of str
        One for each column.
    label : array_like, shape (patients,)
        1 or True with the disease, 0 or False without, NaN or None unknown.
    level : float
        Confidence level.

    Returns
    -------
    LogisticModel or NotDefined
        Not defined as in :func:`app.stats.roc.roc`; with no more patients than parameters
        (``logistic.too_few``), a constant column (``logistic.constant``), columns that determine each other
        (``logistic.collinear``), where the columns separate the classes so that the likelihood has no
        maximum (``logistic.separation``), or where values far out hide it (``logistic.not_found``).

    Raises
    ------
    ValueError
        If there is no column, or not one name for each.

    References
    ----------
    Albert and Anderson 1984, Biometrika 71:1 (separation).
    """
    cases = complete_cases([*columns, label])
    reason = why_not_combined(cases.columns[:-1], names, cases.columns[-1])
    if reason is not None:
        return reason
    fit = logistic_fit(np.stack(cases.columns[:-1], axis=1), cases.columns[-1])
    return fit if isinstance(fit, NotDefined) else _judged(cases, names, fit, level)


def _judged(cases: CompleteCases, names: Sequence[str], fit: LogisticFit, level: float) -> LogisticModel:
    design, diseased = np.stack(cases.columns[:-1], axis=1), cases.columns[-1]
    n_events = int(np.count_nonzero(diseased))
    predictor = fit.estimates[0] + design @ fit.estimates[1:]
    judged = roc(predictor, diseased, direction="higher", level=level)
    assert isinstance(judged, Roc)  # noqa: S101 - both classes have been seen above
    coefficients = _coefficients(("intercept", *names), fit.estimates, fit.covariance, level)
    null = _null_log_likelihood(cases.n, n_events)
    ratio = max(2.0 * (fit.log_likelihood - null), 0.0)
    return LogisticModel(
        n=cases.n,
        n_excluded=cases.n_excluded,
        n_events=n_events,
        coefficients=coefficients,
        log_likelihood=fit.log_likelihood,
        null_log_likelihood=null,
        likelihood_ratio=ratio,
        likelihood_ratio_p=chi2_upper(ratio, len(names)),
        probabilities=frozen(sigmoid(predictor)),
        linear_predictor=frozen(predictor),
        roc=judged,
        cutoffs=tuple(_model_cut_off(one, coefficients, design) for one in judged.cutoffs),
        index=cases.index,
        level=level,
        design=frozen(design),
        label=diseased,
        covariance=frozen(fit.covariance),
        notes=_notes(cases.n, n_events, len(names)),
    )


def why_not_combined(
    columns: tuple[FloatArray, ...], names: Sequence[str], diseased: FloatArray
) -> NotDefined | None:
    """Say why complete columns cannot be combined before any fit; None where they may.

    Raises
    ------
    ValueError
        If there is no column, or not one name for each.
    """
    if len(columns) != len(names) or not names:
        message = f"{len(columns)} columns with {len(names)} names"
        raise ValueError(message)
    reason = why_not_ranked(diseased)
    if reason is not None:
        return reason
    n = int(diseased.size)
    if n <= len(names) + 1:
        return NotDefined.of("logistic.too_few", n=n, parameters=len(names) + 1)
    for name, column in zip(names, columns, strict=True):
        if is_constant(column, noise=noise_of(column)):
            return NotDefined.of("logistic.constant", name=name)
    return None


def _null_log_likelihood(n: int, n_events: int) -> float:
    share = n_events / n
    return n_events * math.log(share) + (n - n_events) * math.log1p(-share)


def _coefficients(
    names: Sequence[str], estimates: FloatArray, covariance: FloatArray, level: float
) -> tuple[Coefficient, ...]:
    quantile = normal_quantile((1.0 + level) / 2.0)
    found = []
    for name, estimate, variance in zip(names, estimates.tolist(), np.diag(covariance).tolist(), strict=True):
        se = math.sqrt(variance)
        interval = Interval(estimate - quantile * se, estimate + quantile * se, level, "Wald")
        found.append(
            Coefficient(name, estimate, se, interval, estimate / se, normal_two_sided(estimate / se))
        )
    return tuple(found)


def _model_cut_off(cutoff: CutOff, coefficients: tuple[Coefficient, ...], design: FloatArray) -> ModelCutOff:
    """Write the rule with the fewest decimals (at least 3) that call every patient as the full numbers do."""
    estimates = np.array([one.estimate for one in coefficients])
    predictor, value = estimates[0] + design @ estimates[1:], cutoff.criterion.value
    called = cutoff.criterion.positive(predictor)

    def equation_keeps(decimals: int) -> bool:
        rounded = np.round(estimates, decimals)
        return bool(np.array_equal(rounded[0] + design @ rounded[1:] > round(value, decimals), called))

    def probability_keeps(decimals: int) -> bool:
        return bool(np.array_equal(sigmoid(predictor) > round(probability, decimals), called))

    probability = float(sigmoid(np.array(value)))
    return ModelCutOff(
        cutoff=cutoff,
        probability=Criterion(probability, "higher", _fewest_decimals(probability_keeps)),
        equation=_equation(coefficients, value, _fewest_decimals(equation_keeps)),
    )


def _fewest_decimals(keeps: Callable[[int], bool]) -> int:
    fewest, most = 3, 15
    return next((decimals for decimals in range(fewest, most) if keeps(decimals)), most)


def _equation(coefficients: tuple[Coefficient, ...], threshold: float, decimals: int) -> str:
    text = number(coefficients[0].estimate, decimals)
    for one in coefficients[1:]:
        sign = "-" if one.estimate < 0.0 else "+"
        text += f" {sign} {number(abs(one.estimate), decimals)} x {one.name}"
    return f"{text} > {number(threshold, decimals)}"


def _notes(n: int, n_events: int, predictors: int) -> tuple[Note, ...]:
    return (Note.of("logistic.in_sample", n=n), *few_events(n, n_events, predictors))


def few_events(n: int, n_events: int, predictors: int) -> tuple[Note, ...]:
    """Warn where the smaller class has fewer than 10 patients for each column of a model."""
    per_predictor = min(n_events, n - n_events) / predictors
    if per_predictor >= EVENTS_PER_PREDICTOR:
        return ()
    return (Note.of("logistic.few_events", per_predictor=per_predictor, needed=EVENTS_PER_PREDICTOR),)
