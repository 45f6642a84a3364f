"""Cut-offs: a criterion with its sign, and what it does to the two classes."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.distributions import normal_quantile
from app.stats.formatting import number
from app.stats.proportion import Proportion, proportion
from app.stats.ranking import Direction
from app.stats.result import BoolArray, Interval


@dataclass(frozen=True, slots=True)
class Criterion:
    """The rule that calls a patient positive; printed with its sign: ``"> 56.09"``, ``"<= 138.31"``.

    Parameters
    ----------
    value : float
        An observed value, in full (MedCalc's convention, not the midpoint of SPSS).
    direction : {"higher", "lower"}
        ``"higher"`` is positive above ``value``, ``"lower"`` at or below it.
    decimals : int
        Decimals to print: the fewest, but as many as the data show up to 2, with which the printed rule still
        calls every patient as the full value does.
    midpoint : float or None
        The same rule as SPSS and pROC give it, halfway to the next observed value; None past the last value
        and for a criterion that is no observed value.
    """

    value: float
    direction: Direction
    decimals: int = 2
    midpoint: float | None = None

    def positive(self, marker: ArrayLike) -> BoolArray:
        """Tell for each value of the marker whether the rule calls it positive."""
        values = np.asarray(marker, dtype=np.float64)
        called: BoolArray = values > self.value if self.direction == "higher" else values <= self.value
        return called

    def __str__(self) -> str:
        sign = ">" if self.direction == "higher" else "<="
        return f"{sign} {number(self.value, self.decimals)}"

    @property
    def midpoint_text(self) -> str | None:
        """The rule by its midpoint, ``">= 56.10"``; None where there is none."""
        if self.midpoint is None:
            return None
        following = 2.0 * self.midpoint - self.value
        # 17 digits tell any two float64 apart
        enough = (d for d in range(self.decimals, 17) if self.value < round(self.midpoint, d) < following)
        sign = ">=" if self.direction == "higher" else "<="
        return f"{sign} {number(self.midpoint, next(enough, 17))}"


@dataclass(frozen=True, slots=True)
class Ratio:
    """A likelihood ratio, or the diagnostic odds ratio.

    Parameters
    ----------
    value : float
    ci : Interval or None
        By the logarithm (Simel 1991, J Clin Epidemiol 44:763; Woolf 1955, Ann Hum Genet 19:251); None where
        a count is 0.
    """

    value: float
    ci: Interval | None


@dataclass(frozen=True, slots=True)
class PredictiveValue:
    """A predictive value at a stated prevalence.

    Parameters
    ----------
    value : float
        0 to 1.
    prevalence : float
    ci : Interval or None
        By the logit (Mercaldo, Lau and Zhou 2007, Stat Med 26:2170); None where a count is 0. The prevalence
        is taken as known.
    """

    value: float
    prevalence: float
    ci: Interval | None


@dataclass(frozen=True, slots=True)
class CutOff:
    """One criterion and its counts.

    Parameters
    ----------
    criterion : Criterion
    tp, fp, fn, tn : int
        True and false positives and negatives.
    sensitivity, specificity, accuracy : Proportion
    ppv, npv : Proportion or None
        Predictive values at the prevalence of the sample; None where no patient is called so.
    lr_positive, lr_negative : Ratio or None
        None where the denominator is 0.
    """

    criterion: Criterion
    tp: int
    fp: int
    fn: int
    tn: int
    sensitivity: Proportion
    specificity: Proportion
    accuracy: Proportion
    ppv: Proportion | None
    npv: Proportion | None
    lr_positive: Ratio | None
    lr_negative: Ratio | None

    @property
    def youden_j(self) -> float:
        """Sensitivity + specificity - 1 (Youden 1950, Cancer 3:32)."""
        return self.sensitivity.value + self.specificity.value - 1.0

    @property
    def dor(self) -> Ratio | None:
        """Diagnostic odds ratio ``tp tn / (fp fn)``; None where that divides by 0."""
        if self.fp == 0 or self.fn == 0:
            return None
        value, level = self.tp * self.tn / (self.fp * self.fn), self.sensitivity.ci.level
        if value == 0.0:
            return Ratio(value, None)
        half = normal_quantile((1.0 + level) / 2.0)
        half *= math.sqrt(sum(1.0 / count for count in (self.tp, self.fp, self.fn, self.tn)))
        interval = Interval(value * math.exp(-half), value * math.exp(half), level, "log, Woolf 1955")
        return Ratio(value, interval)

    def at_prevalence(self, prevalence: float) -> tuple[PredictiveValue | None, PredictiveValue | None]:
        """Return PPV and NPV with their intervals at another prevalence, None where no patient is called so.

        ``odds(PPV) = odds(prevalence) LR+`` and ``odds(NPV) = 1 / (odds(prevalence) LR-)``, so their
        intervals are those of the likelihood ratios.

        Parameters
        ----------
        prevalence : float
            Strictly between 0 and 1.

        Raises
        ------
        ValueError
            If the prevalence is not between 0 and 1.
        """
        if not 0.0 < prevalence < 1.0:
            message = f"a prevalence lies between 0 and 1, got {prevalence}"
            raise ValueError(message)
        odds = prevalence / (1.0 - prevalence)
        ppv, npv = self.predictive_values(prevalence)
        return (
            _predictive(ppv, prevalence, self.lr_positive, lambda ratio: odds * ratio),
            _predictive(npv, prevalence, self.lr_negative, lambda ratio: 1.0 / (odds * ratio)),
        )

    def predictive_values(self, prevalence: float) -> tuple[float | None, float | None]:
        """Return PPV and NPV at another prevalence (0 to 1), None where no patient is called so."""
        sensitivity, specificity = self.sensitivity.value, self.specificity.value
        true_positive, false_positive = prevalence * sensitivity, (1.0 - prevalence) * (1.0 - specificity)
        true_negative, false_negative = (1.0 - prevalence) * specificity, prevalence * (1.0 - sensitivity)
        positive, negative = true_positive + false_positive, true_negative + false_negative
        return (
            true_positive / positive if positive > 0.0 else None,
            true_negative / negative if negative > 0.0 else None,
        )


def cut_off(criterion: Criterion, tp: int, fp: int, fn: int, tn: int, *, level: float = 0.95) -> CutOff:
    """Make a cut-off from its counts.

    Parameters
    ----------
    criterion : Criterion
    tp, fp, fn, tn : int
        At least one patient of each class.
    level : float
        Confidence level.

    Raises
    ------
    ValueError
        If a class is empty.
    """
    sensitivity = proportion(tp, tp + fn, level=level)
    specificity = proportion(tn, tn + fp, level=level)
    accuracy = proportion(tp + tn, tp + fp + fn + tn, level=level)
    if sensitivity is None or specificity is None or accuracy is None:
        message = "a cut-off needs patients of both classes"
        raise ValueError(message)
    return CutOff(
        criterion=criterion,
        tp=tp,
        fp=fp,
        fn=fn,
        tn=tn,
        sensitivity=sensitivity,
        specificity=specificity,
        accuracy=accuracy,
        ppv=proportion(tp, tp + fp, level=level),
        npv=proportion(tn, tn + fn, level=level),
        lr_positive=_ratio(tp, tp + fn, fp, fp + tn, level),
        lr_negative=_ratio(fn, tp + fn, tn, fp + tn, level),
    )


def _predictive(
    value: float | None, prevalence: float, ratio: Ratio | None, odds: Callable[[float], float]
) -> PredictiveValue | None:
    if value is None:
        return None
    if ratio is None or ratio.ci is None:
        return PredictiveValue(value, prevalence, None)
    low, high = sorted(odds(limit) / (1.0 + odds(limit)) for limit in (ratio.ci.low, ratio.ci.high))
    method = "logit, Mercaldo 2007"
    return PredictiveValue(value, prevalence, Interval(low, high, ratio.ci.level, method))


def _ratio(cases: int, n_cases: int, controls: int, n_controls: int, level: float) -> Ratio | None:
    if controls == 0:
        return None
    value = (cases / n_cases) / (controls / n_controls)
    if cases == 0:
        return Ratio(value, None)
    half = normal_quantile((1.0 + level) / 2.0)
    half *= math.sqrt(1.0 / cases - 1.0 / n_cases + 1.0 / controls - 1.0 / n_controls)
    return Ratio(value, Interval(value * math.exp(-half), value * math.exp(half), level, "log, Simel 1991"))
