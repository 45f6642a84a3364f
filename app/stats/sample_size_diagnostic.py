"""How many patients a diagnostic study needs: for sensitivity, specificity and area under the curve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.stats.distributions import normal_quantile
from app.stats.result import NotDefined, Value
from app.stats.sample_size import SampleSize, no_share, not_above, size_of


@dataclass(frozen=True, slots=True)
class CasesAndControls:
    """Patients with and without the outcome.

    Parameters
    ----------
    exact_cases, exact_controls : float
        Unrounded.
    values : mapping
        What was asked, for the sentence.
    """

    exact_cases: float
    exact_controls: float
    values: Mapping[str, Value]

    @property
    def cases(self) -> int:
        """Patients with the outcome, rounded up."""
        return math.ceil(self.exact_cases)

    @property
    def controls(self) -> int:
        """Patients without it, rounded up."""
        return math.ceil(self.exact_controls)


def size_for_sensitivity(
    sensitivity: float, half_width: float, *, prevalence: float, level: float = 0.95
) -> SampleSize | NotDefined:
    """Patients, with and without the outcome, that make the interval of a sensitivity as narrow as wanted.

    n = z^2 se (1 - se) / (h^2 prevalence).

    Parameters
    ----------
    sensitivity : float
        Expected, 0 to 1.
    half_width : float
        From the estimate to either limit, 0 to 1.
    prevalence : float
        Share of the patients who will have the outcome.
    level : float
        Confidence level.

    Returns
    -------
    SampleSize or NotDefined
        ``sample_size.no_share`` for what is no share.

    References
    ----------
    Buderer 1996, Acad Emerg Med 3:895.
    """
    return _size_for_share("sensitivity", sensitivity, half_width, prevalence, level)


def size_for_specificity(
    specificity: float, half_width: float, *, prevalence: float, level: float = 0.95
) -> SampleSize | NotDefined:
    """Patients, with and without the outcome, that make the interval of a specificity as narrow as wanted.

    Parameters and result as in :func:`size_for_sensitivity`, whose share of patients here is 1 - prevalence.

    References
    ----------
    Buderer 1996, Acad Emerg Med 3:895.
    """
    return _size_for_share("specificity", specificity, half_width, prevalence, level)


def _size_for_share(
    kind: str, share: float, half_width: float, prevalence: float, level: float
) -> SampleSize | NotDefined:
    reason = no_share(share=share, half_width=half_width, prevalence=prevalence, level=level)
    if reason is not None:
        return reason
    counted = prevalence if kind == "sensitivity" else 1.0 - prevalence
    z = normal_quantile((1.0 + level) / 2.0)
    exact = z * z * share * (1.0 - share) / (half_width * half_width * counted)
    return size_of(kind, exact, share=share, half_width=half_width, prevalence=prevalence, level=level)


def size_for_auc(
    auc: float, *, controls_per_case: float = 1.0, alpha: float = 0.05, power: float = 0.8
) -> CasesAndControls | NotDefined:
    """Patients that show an area under the ROC curve to differ from 0.5, two-sided.

    cases = (z_alpha/2 sqrt(V0) + z_beta sqrt(V1))^2 / (AUC - 0.5)^2, V the variance under two normal classes.

    Parameters
    ----------
    auc : float
        Expected, 0.5 to 1.
    controls_per_case : float
        Patients without the outcome for each one with it.
    alpha, power : float

    Returns
    -------
    CasesAndControls or NotDefined
        ``sample_size.no_share`` or ``sample_size.not_above`` for what cannot be asked.

    References
    ----------
    Obuchowski and McClish 1997, Stat Med 16:1529. Obuchowski, Lieber and Wians 2004, Clin Chem 50:1118.
    """
    reason = no_share(auc=auc, alpha=alpha, power=power)
    reason = reason or not_above(0.5, auc=auc) or not_above(0.0, controls_per_case=controls_per_case)
    if reason is not None:
        return reason
    null, other = (_binormal_variance(area, controls_per_case) for area in (0.5, auc))
    reach = normal_quantile(1.0 - alpha / 2.0) * math.sqrt(null) + normal_quantile(power) * math.sqrt(other)
    cases = (reach / (auc - 0.5)) ** 2
    values = {"auc": auc, "controls_per_case": controls_per_case, "alpha": alpha, "power": power}
    return CasesAndControls(cases, cases * controls_per_case, MappingProxyType(values))


def _binormal_variance(auc: float, ratio: float) -> float:
    a = normal_quantile(auc) * math.sqrt(2.0)
    return 0.0099 * math.exp(-a * a / 2.0) * (5.0 * a * a + 8.0 + (a * a + 8.0) / ratio)
