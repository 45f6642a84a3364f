"""Quantiles and tail probabilities as plain floats.

All from :mod:`scipy.special`: it loads in a tenth of the time of ``scipy.stats``, which the first look at the
Statistics page would otherwise wait for.
"""

from __future__ import annotations

from scipy import special

MULTIPLIER = 1.96
"""SDs that hold 95 % on both sides, as Bland and Altman and MedCalc print it (not 1.959964)."""


def normal_quantile(probability: float) -> float:
    """Quantile of the standard normal distribution."""
    return float(special.ndtri(probability))


def normal_two_sided(z: float) -> float:
    """Probability of a standard normal value at least as far from 0 as ``z``."""
    return float(2.0 * special.ndtr(-abs(z)))


def normal_lower(z: float) -> float:
    """Probability of a standard normal value below ``z``."""
    return float(special.ndtr(z))


def chi2_upper(value: float, df: float) -> float:
    """Probability that chi-square with ``df`` degrees of freedom exceeds ``value``."""
    return float(special.chdtrc(df, value))


def chi2_quantile(probability: float, df: float) -> float:
    """Quantile of chi-square."""
    return float(special.chdtri(df, 1.0 - probability))


def t_quantile(probability: float, df: float) -> float:
    """Quantile of Student's t."""
    return float(special.stdtrit(df, probability))


def t_two_sided(t: float, df: float) -> float:
    """Probability of a Student's t at least as far from 0 as ``t``."""
    return float(2.0 * special.stdtr(df, -abs(t)))


def noncentral_chi2_upper(value: float, df: float, noncentrality: float) -> float:
    """Probability that noncentral chi-square exceeds ``value``."""
    return float(1.0 - special.chndtr(value, df, noncentrality))


def noncentral_f_upper(value: float, df1: float, df2: float, noncentrality: float) -> float:
    """Probability that noncentral F exceeds ``value``."""
    return float(1.0 - special.ncfdtr(df1, df2, noncentrality, value))


def noncentral_t_two_sided(t: float, df: float, noncentrality: float) -> float:
    """Probability of a noncentral t at least as far from 0 as ``t``."""
    near, far = special.nctdtr(df, noncentrality, abs(t)), special.nctdtr(df, noncentrality, -abs(t))
    return float(1.0 - near + far)


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
