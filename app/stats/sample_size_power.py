"""How many patients give a test the power wanted."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence

from app.stats.distributions import (
    chi2_quantile,
    f_quantile,
    noncentral_chi2_upper,
    noncentral_f_upper,
    noncentral_t_two_sided,
    normal_lower,
    normal_quantile,
    t_quantile,
)
from app.stats.result import NotDefined, Value
from app.stats.sample_size import SampleSize, no_share, not_above, size_of

_MOST = 1e7
"""No study is larger, and beyond it the noncentral distributions lose their digits."""


def size_for_icc_test(
    null: float, rho: float, *, readers: int = 2, alpha: float = 0.05, power: float = 0.8
) -> SampleSize | NotDefined:
    """Patients that show an ICC to lie above a bound, one-sided.

    n = 1 + 2 k (z_alpha + z_beta)^2 / ((k - 1) ln(C)^2), C = (1 + k t0) / (1 + k t1), t = rho / (1 - rho).

    Parameters
    ----------
    null, rho : float
        The bound, and the ICC expected, 0 to 1 and above the bound.
    readers : int
        k, at least 2.
    alpha : float
        One-sided error.
    power : float

    Returns
    -------
    SampleSize or NotDefined
        ``sample_size.no_share`` or ``sample_size.not_above`` for what cannot be asked;
        ``sample_size.no_effect`` where ``rho`` is not above ``null``.

    References
    ----------
    Walter, Eliasziw and Donner 1998, Stat Med 17:101.
    """
    reason = no_share(null=null, rho=rho, alpha=alpha, power=power) or not_above(1, readers=readers)
    if reason is not None:
        return reason
    if rho <= null:
        return NotDefined.of("sample_size.no_effect")
    k = readers
    log_c = math.log((1.0 + k * null / (1.0 - null)) / (1.0 + k * rho / (1.0 - rho)))
    reach = normal_quantile(1.0 - alpha) + normal_quantile(power)
    exact = 1.0 + 2.0 * k * (reach / log_c) ** 2 / (k - 1)
    return size_of("icc_test", exact, null=null, rho=rho, readers=k, alpha=alpha, power=power)


def size_for_two_means(d: float, *, alpha: float = 0.05, power: float = 0.8) -> SampleSize | NotDefined:
    """Patients in each of two groups for Student's t test, two-sided.

    Parameters
    ----------
    d : float
        Difference of the means in SDs (Cohen's d).
    alpha, power : float

    Returns
    -------
    SampleSize or NotDefined
        ``sample_size.no_share`` for what is no share, ``sample_size.no_effect`` for an effect of 0, and
        ``sample_size.too_many`` where ten million would not do.

    References
    ----------
    Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 2.
    """
    return _by_power(
        "two_means",
        lambda n: _t_power(d * math.sqrt(n / 2.0), 2.0 * n - 2.0, alpha),
        groups=2,
        effect=d,
        alpha=alpha,
        power=power,
    )


def power_of_two_means(d: float, sizes: tuple[int, int], *, alpha: float = 0.05) -> float | NotDefined:
    """Power of Student's t test, two-sided, for two groups of given size.

    Parameters
    ----------
    d : float
        Difference of the means in SDs (Cohen's d).
    sizes : tuple of int
        Patients in each group, at least 2.
    alpha : float

    Returns
    -------
    float or NotDefined
        ``sample_size.no_share`` or ``sample_size.not_above`` for what cannot be asked.

    References
    ----------
    Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 2.
    """
    first, second = sizes
    reason = no_share(alpha=alpha) or not_above(1.0, first=first, second=second)
    if reason is not None:
        return reason
    return _t_power(d / math.sqrt(1.0 / first + 1.0 / second), first + second - 2.0, alpha)


def size_for_paired_means(d: float, *, alpha: float = 0.05, power: float = 0.8) -> SampleSize | NotDefined:
    """Pairs for the paired t test, two-sided.

    Parameters
    ----------
    d : float
        Mean difference in SDs of the differences.
    alpha, power : float

    Returns
    -------
    SampleSize or NotDefined
        Not defined as in :func:`size_for_two_means`.

    References
    ----------
    Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 2.
    """
    return _by_power(
        "paired_means",
        lambda n: _t_power(d * math.sqrt(n), n - 1.0, alpha),
        effect=d,
        alpha=alpha,
        power=power,
    )


def effect_of_means(means: Sequence[float], sd: float) -> float:
    """Cohen's f of groups of equal size.

    Parameters
    ----------
    means : sequence of float
        Expected means of the groups.
    sd : float
        SD within each group, above 0.

    Returns
    -------
    float
        SD of the means (divisor k) in SDs within.

    References
    ----------
    Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 8.
    """
    return statistics.pstdev(means) / sd


def size_for_anova(
    f: float, groups: int, *, alpha: float = 0.05, power: float = 0.8
) -> SampleSize | NotDefined:
    """Patients in each group for one-way analysis of variance.

    Parameters
    ----------
    f : float
        SD of the group means in SDs within groups (Cohen's f).
    groups : int
        At least 2.
    alpha, power : float

    Returns
    -------
    SampleSize or NotDefined
        Not defined as in :func:`size_for_two_means`; ``sample_size.not_above`` for fewer than two groups.

    References
    ----------
    Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 8.
    """

    def power_at(n: float) -> float:
        df1, df2 = groups - 1.0, groups * (n - 1.0)
        return noncentral_f_upper(f_quantile(1.0 - alpha, df1, df2), df1, df2, groups * n * f * f)

    reason = not_above(1, groups=groups)
    return reason or _by_power("anova", power_at, effect=f, groups=groups, alpha=alpha, power=power)


def size_for_correlation(r: float, *, alpha: float = 0.05, power: float = 0.8) -> SampleSize | NotDefined:
    """Patients that show a correlation to differ from 0, two-sided.

    Power by the z transformation, with r/(2 (n - 1)) for its bias and the critical r of Student's t.

    Parameters
    ----------
    r : float
        Expected, -1 to 1.
    alpha, power : float

    Returns
    -------
    SampleSize or NotDefined
        Not defined as in :func:`size_for_two_means`.

    References
    ----------
    Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 3. Fisher 1921, Metron 1:3.
    """
    size = abs(r)
    reason = no_share(r=size) if size > 0.0 else None
    if reason is not None:
        return reason

    def power_at(n: float) -> float:
        t = t_quantile(1.0 - alpha / 2.0, n - 2.0)
        bound = math.atanh(t / math.sqrt(t * t + n - 2.0))
        z, root = math.atanh(size) + size / (2.0 * (n - 1.0)), math.sqrt(n - 3.0)
        return normal_lower((z - bound) * root) + normal_lower((-z - bound) * root)

    return _by_power("correlation", power_at, start=4.0, effect=size, alpha=alpha, power=power)


def size_for_correlation_by_z(
    r: float, *, alpha: float = 0.05, power: float = 0.8
) -> SampleSize | NotDefined:
    """Patients that show a correlation to differ from 0, by the plain z transformation.

    n = ((z_alpha/2 + z_beta) / atanh(r))^2 + 3, as MedCalc computes it.

    Parameters
    ----------
    r : float
        Expected, -1 to 1.
    alpha, power : float

    Returns
    -------
    SampleSize or NotDefined
        ``sample_size.no_share`` for what is no share, ``sample_size.no_effect`` for r = 0.

    References
    ----------
    Fisher 1921, Metron 1:3.
    """
    size = abs(r)
    if size == 0.0:
        return NotDefined.of("sample_size.no_effect")
    reason = no_share(r=size, alpha=alpha, power=power)
    if reason is not None:
        return reason
    exact = (_reach(alpha, power) / math.atanh(size)) ** 2 + 3.0
    return size_of("correlation", exact, effect=size, alpha=alpha, power=power)


def size_for_two_proportions(
    first: float, second: float, *, alpha: float = 0.05, power: float = 0.8
) -> SampleSize | NotDefined:
    """Patients in each of two groups that show two proportions to differ, two-sided.

    n = 2 ((z_alpha/2 + z_beta) / h)^2 with h = 2 asin(sqrt(p1)) - 2 asin(sqrt(p2)).

    Parameters
    ----------
    first, second : float
        Expected proportions, 0 to 1.
    alpha, power : float

    Returns
    -------
    SampleSize or NotDefined
        ``sample_size.no_share`` for what is no share, ``sample_size.no_effect`` where both are equal.

    References
    ----------
    Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 6.
    """
    reason = no_share(first=first, second=second, alpha=alpha, power=power)
    if reason is not None:
        return reason
    if first == second:
        return NotDefined.of("sample_size.no_effect")
    h = 2.0 * math.asin(math.sqrt(first)) - 2.0 * math.asin(math.sqrt(second))
    exact = 2.0 * (_reach(alpha, power) / h) ** 2
    return size_of("two_proportions", exact, groups=2, first=first, second=second, alpha=alpha, power=power)


def size_for_chi_square(
    w: float, df: int, *, alpha: float = 0.05, power: float = 0.8
) -> SampleSize | NotDefined:
    """Patients for the chi-square test of a table.

    Parameters
    ----------
    w : float
        Root of the sum of squared differences of the shares, each by its expected share (Cohen's w).
    df : int
        (rows - 1)(columns - 1), at least 1.
    alpha, power : float

    Returns
    -------
    SampleSize or NotDefined
        Not defined as in :func:`size_for_two_means`, and ``sample_size.not_above`` for df below 1.

    References
    ----------
    Cohen 1988, Statistical Power Analysis for the Behavioral Sciences, chapter 7.
    """

    def power_at(n: float) -> float:
        return noncentral_chi2_upper(chi2_quantile(1.0 - alpha, df), df, n * w * w)

    reason = not_above(0, df=df)
    return reason or _by_power("chi_square", power_at, effect=w, df=df, alpha=alpha, power=power)


def _reach(alpha: float, power: float) -> float:
    return normal_quantile(1.0 - alpha / 2.0) + normal_quantile(power)


def _t_power(noncentrality: float, df: float, alpha: float) -> float:
    return noncentral_t_two_sided(t_quantile(1.0 - alpha / 2.0, df), df, noncentrality)


def _by_power(
    kind: str,
    power_at: Callable[[float], float],
    *,
    effect: float,
    alpha: float,
    power: float,
    start: float = 2.0,
    groups: int = 1,
    **asked: Value,
) -> SampleSize | NotDefined:
    """Find the number of patients at which the power reaches what is wanted, by doubling and halving."""
    reason = no_share(alpha=alpha, power=power)
    if reason is not None:
        return reason
    if effect == 0.0:
        return NotDefined.of("sample_size.no_effect")
    low = high = start
    while power_at(high) < power:
        low, high = high, 2.0 * high
        if high > _MOST:
            return NotDefined.of("sample_size.too_many", most=int(_MOST))
    while high - low > 1e-9 * high:
        middle = (low + high) / 2.0
        low, high = (low, middle) if power_at(middle) >= power else (middle, high)
    return size_of(kind, high, groups=groups, effect=effect, alpha=alpha, power=power, **asked)
