"""Quantiles and tail probabilities as plain floats.

All from :mod:`scipy.special`: it loads in a tenth of the time of ``scipy.stats``, which the first look at the
Statistics page would otherwise wait for.
"""

from __future__ import annotations

from scipy import special


def normal_quantile(probability: float) -> float:
    """Quantile of the standard normal distribution."""
    return float(special.ndtri(probability))


def normal_two_sided(z: float) -> float:
    """Probability of a standard normal value at least as far from 0 as ``z``."""
    return float(2.0 * special.ndtr(-abs(z)))


def chi2_upper(value: float, df: float) -> float:
    """Probability that chi-square with ``df`` degrees of freedom exceeds ``value``."""
    return float(special.chdtrc(df, value))


def t_quantile(probability: float, df: float) -> float:
    """Quantile of Student's t."""
    return float(special.stdtrit(df, probability))


def t_two_sided(t: float, df: float) -> float:
    """Probability of a Student's t at least as far from 0 as ``t``."""
    return float(2.0 * special.stdtr(df, -abs(t)))


def noncentral_t_quantile(probability: float, df: float, noncentrality: float) -> float:
    """Quantile of the noncentral t."""
    return float(special.nctdtrit(df, noncentrality, probability))


def f_quantile(probability: float, df1: float, df2: float) -> float:
    """Quantile of F."""
    return float(special.fdtri(df1, df2, probability))


def f_upper(value: float, df1: float, df2: float) -> float:
    """Probability that F exceeds ``value``."""
    return float(special.fdtrc(df1, df2, value))


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Quantile of the beta distribution."""
    return float(special.betaincinv(a, b, probability))
