"""How well a logistic model describes the patients it was fitted to, and how its columns hang together."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from app.stats.combined import LogisticModel
from app.stats.distributions import chi2_upper
from app.stats.result import FloatArray, IntArray, NotDefined, Note, frozen, frozen_index

__all__ = ["FitIndices", "HosmerLemeshow", "fit_indices", "hosmer_lemeshow", "variance_inflation"]


@dataclass(frozen=True, slots=True)
class FitIndices:
    """What SPSS's model summary prints, and the Brier score.

    Parameters
    ----------
    aic, bic : float
        Information criteria; smaller is better, between models of the same patients.
    cox_snell, nagelkerke, mcfadden : float
        Pseudo r-squared.
    brier : float
        Mean squared error of the probabilities, in-sample.
    brier_scaled : float
        1 - ``brier`` / the Brier score of the prevalence alone.
    """

    aic: float
    bic: float
    cox_snell: float
    nagelkerke: float
    mcfadden: float
    brier: float
    brier_scaled: float


def fit_indices(model: LogisticModel) -> FitIndices:
    """Compute the indices of fit from the log-likelihoods ``l`` of the model and ``l0`` of the intercept.

    ``AIC = 2 p - 2 l``, ``BIC = p log n - 2 l``, ``Cox-Snell = 1 - exp(2 (l0 - l) / n)``,
    ``Nagelkerke = Cox-Snell / (1 - exp(2 l0 / n))``, ``McFadden = 1 - l / l0``.

    References
    ----------
    Akaike 1974, IEEE Trans Automat Contr 19:716. Schwarz 1978, Ann Stat 6:461. Cox and Snell 1989, Chapman
    and Hall. Nagelkerke 1991, Biometrika 78:691. McFadden 1974, Academic Press. Brier 1950, Mon Weather Rev
    78:1.
    """
    parameters, n = len(model.coefficients), model.n
    full, null = model.log_likelihood, model.null_log_likelihood
    cox_snell = -math.expm1(2.0 * (null - full) / n)
    prevalence = model.n_events / n
    brier = brier_score(model.probabilities, model.label)
    return FitIndices(
        aic=2.0 * parameters - 2.0 * full,
        bic=parameters * math.log(n) - 2.0 * full,
        cox_snell=cox_snell,
        nagelkerke=cox_snell / -math.expm1(2.0 * null / n),
        mcfadden=1.0 - full / null,
        brier=brier,
        brier_scaled=1.0 - brier / (prevalence * (1.0 - prevalence)),
    )


def brier_score(probabilities: FloatArray, label: FloatArray) -> float:
    """Return the mean squared error of predicted probabilities (Brier 1950), both of shape (patients,)."""
    return float(np.mean((label - probabilities) ** 2))


def variance_inflation(model: LogisticModel) -> Mapping[str, float]:
    """Return how much the variance of each coefficient grows because the columns hang together.

    The diagonal of the inverse correlation matrix of the coefficients, without the intercept: 1 for a column
    that tells its own story, above 5 or 10 for one the others tell already.

    References
    ----------
    Fox and Monette 1992, J Am Stat Assoc 87:178.
    """
    covariance = model.covariance[1:, 1:]
    se = np.sqrt(np.diag(covariance))
    inflation = np.diag(np.linalg.inv(covariance / np.outer(se, se)))
    return MappingProxyType(dict(zip(model.names, inflation.tolist(), strict=True)))


@dataclass(frozen=True, slots=True, eq=False)
class HosmerLemeshow:
    """Observed and predicted events in groups of predicted probability.

    Parameters
    ----------
    chi2 : float
    df : int
        Groups - 2.
    p : float
    sizes, observed : ndarray of int, shape (groups,)
        Patients and events, groups in ascending order of probability.
    expected : ndarray, shape (groups,)
        Predicted events.
    notes : tuple of Note
    """

    chi2: float
    df: int
    p: float
    sizes: IntArray
    observed: IntArray
    expected: FloatArray
    notes: tuple[Note, ...] = ()

    @property
    def groups(self) -> int:
        """How many groups."""
        return int(self.sizes.size)


def hosmer_lemeshow(model: LogisticModel, *, groups: int = 10) -> HosmerLemeshow | NotDefined:
    """Test the calibration of a model on its own patients.

    ``sum (observed - expected)^2 / (expected (1 - expected / size))`` over groups cut at the quantiles (type
    7) of the probability; equal quantiles are one border. SPSS groups ties differently.

    Parameters
    ----------
    model : LogisticModel
    groups : int
        Wanted; fewer where probabilities tie.

    Returns
    -------
    HosmerLemeshow or NotDefined
        Not defined with fewer than three groups (``hosmer_lemeshow.too_few_groups``), or where a group is
        predicted with certainty (``hosmer_lemeshow.certain``).

    References
    ----------
    Hosmer and Lemeshow 1980, Commun Stat Theory Methods 9:1043.
    """
    probabilities = model.probabilities
    borders = np.unique(np.quantile(probabilities, np.linspace(0.0, 1.0, groups + 1)))
    # a probability on a border up to rounding belongs below it
    member = np.searchsorted(borders[1:-1] + 1e-12, probabilities, side="left")
    sizes = np.bincount(member)
    sizes, member = sizes[sizes > 0], np.unique(member, return_inverse=True)[1]
    needed = 3
    if sizes.size < needed:
        return NotDefined.of("hosmer_lemeshow.too_few_groups", groups=int(sizes.size), needed=needed)
    observed = np.bincount(member, weights=model.label)
    expected = np.bincount(member, weights=probabilities).astype(np.float64)
    spread = expected * (1.0 - expected / sizes)
    if bool((spread <= 0.0).any()):
        return NotDefined.of("hosmer_lemeshow.certain")
    chi2 = float(np.sum((observed - expected) ** 2 / spread))
    df = int(sizes.size) - 2
    return HosmerLemeshow(
        chi2=chi2,
        df=df,
        p=chi2_upper(chi2, df),
        sizes=frozen_index(sizes),
        observed=frozen_index(observed.astype(np.int64)),
        expected=frozen(expected),
    )
