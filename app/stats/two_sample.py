"""Two independent groups: Student, Welch, Mann-Whitney, ratio of variances, size of the effect."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from app.stats.distributions import f_quantile, f_upper, normal_two_sided
from app.stats.exact_ranks import MANN_WHITNEY_LARGEST, mann_whitney_exact_p
from app.stats.groups_summary import FTest, Summary, summary_of, why_not
from app.stats.pairwise import Pairwise, pairwise_t
from app.stats.ranks import rank
from app.stats.result import FloatArray, Interval, NotDefined, complete_cases, noise_of


@dataclass(frozen=True, slots=True)
class TTest:
    """A t test of two means.

    Parameters
    ----------
    difference : float
        Mean of the first - mean of the second.
    t, df, p : float
    ci : Interval
        Of the difference.
    """

    difference: float
    t: float
    df: float
    p: float
    ci: Interval


@dataclass(frozen=True, slots=True)
class MannWhitney:
    """Mann and Whitney's rank test.

    Parameters
    ----------
    u : float
        Pairs in which the first value is larger, ties counted half.
    z : float
        Without continuity correction, ties accounted for.
    p : float
        From z: SPSS's "Asymp. Sig.".
    p_corrected : float
        With continuity correction, as R and scipy print it by default.
    p_exact : float or None
        Counted; without ties and up to 49 values in each group.
    """

    u: float
    z: float
    p: float
    p_corrected: float
    p_exact: float | None


@dataclass(frozen=True, slots=True)
class TwoSample:
    """Two groups compared.

    Parameters
    ----------
    first, second : Summary
    n_excluded : int
        Missing values of both.
    student, welch : TTest or NotDefined
        With one pooled variance, and with two.
    variance_ratio : FTest or NotDefined
        Two-sided test of the first variance over the second.
    variance_ratio_ci : Interval or None
    cohen_d, hedges_g : float or None
        Difference in pooled SDs, and the same without bias (Hedges 1981); None where the SD is 0.
    mann_whitney : MannWhitney or NotDefined or None
        None where only summaries are known.
    """

    first: Summary
    second: Summary
    n_excluded: int
    student: TTest | NotDefined
    welch: TTest | NotDefined
    variance_ratio: FTest | NotDefined
    variance_ratio_ci: Interval | None
    cohen_d: float | None
    hedges_g: float | None
    mann_whitney: MannWhitney | NotDefined | None


def two_sample(
    first: ArrayLike,
    second: ArrayLike,
    *,
    labels: tuple[str, str] = ("1", "2"),
    level: float = 0.95,
) -> TwoSample | NotDefined:
    """Compare two independent groups of values.

    Parameters
    ----------
    first, second : array_like, shapes (rows_1,) and (rows_2,)
        Missing cells are left out and counted.
    labels : tuple of str
    level : float
        Confidence level.

    Returns
    -------
    TwoSample or NotDefined
        Not defined where a group is empty (``two_sample.empty``) or there are fewer than three values
        (``groups.too_few``).

    References
    ----------
    Student 1908, Biometrika 6:1; Welch 1947, Biometrika 34:28; Mann and Whitney 1947, Ann Math Stat 18:50.
    """
    cases = [complete_cases([values]) for values in (first, second)]
    (a,), (b,) = (one.columns for one in cases)
    for label, part in zip(labels, (a, b), strict=True):
        if part.size == 0:
            return NotDefined.of("two_sample.empty", label=label)
    # counted from one value, so that large values that hardly differ keep their digits
    origin, noise = float(a[0]), noise_of(a, b)
    found = compare_two(
        summary_of(labels[0], a - origin, noise=noise),
        summary_of(labels[1], b - origin, noise=noise),
        level=level,
    )
    if isinstance(found, NotDefined):
        return found
    return replace(
        found,
        first=replace(found.first, mean=origin + found.first.mean),
        second=replace(found.second, mean=origin + found.second.mean),
        n_excluded=sum(one.n_excluded for one in cases),
        mann_whitney=mann_whitney(a, b),
    )


def compare_two(first: Summary, second: Summary, *, level: float = 0.95) -> TwoSample | NotDefined:
    """Compare two groups of which only n, mean and SD are known.

    Parameters
    ----------
    first, second : Summary
    level : float
        Confidence level.

    Returns
    -------
    TwoSample or NotDefined
        Not defined as in :func:`~app.stats.groups_summary.compare_summaries`.
    """
    reason = why_not((first, second))
    if reason is not None:
        return reason
    student, welch = (_t_test(first, second, equal, level) for equal in (True, False))
    ratio, ratio_ci = _variance_ratio(first, second, level)
    d = g = None
    if isinstance(student, TTest):
        d = student.t * math.sqrt(1.0 / first.n + 1.0 / second.n)
        half = student.df / 2.0
        g = d * math.exp(float(special.gammaln(half) - special.gammaln(half - 0.5))) / math.sqrt(half)
    return TwoSample(first, second, 0, student, welch, ratio, ratio_ci, d, g, None)


def mann_whitney(first: FloatArray, second: FloatArray) -> MannWhitney | NotDefined:
    """Mann and Whitney's test of two columns without gaps.

    z = (U - n1 n2 / 2) / sqrt(n1 n2 / 12 (N + 1 - sum(t^3 - t) / (N (N - 1)))).

    Parameters
    ----------
    first, second : ndarray, shapes (n1,) and (n2,)
        At least one value each.

    Returns
    -------
    MannWhitney or NotDefined
        Not defined where all values are tied (``groups.all_tied``).

    References
    ----------
    Mann and Whitney 1947, Ann Math Stat 18:50.
    """
    n1, n2 = first.size, second.size
    n = n1 + n2
    ranks = rank(np.concatenate((first, second)))
    if ranks.ties.size == 1:
        return NotDefined.of("groups.all_tied", n=n)
    u = float(ranks.midranks[:n1].sum()) - n1 * (n1 + 1) / 2.0
    away = u - n1 * n2 / 2.0
    sd = math.sqrt(n1 * n2 / 12.0 * (n + 1 - ranks.tie_sum() / (n * (n - 1.0))))
    corrected = max(0.0, abs(away) - 0.5) / sd
    counted = not ranks.has_ties and max(n1, n2) <= MANN_WHITNEY_LARGEST
    return MannWhitney(
        u=u,
        z=away / sd,
        p=normal_two_sided(away / sd),
        p_corrected=normal_two_sided(corrected),
        p_exact=mann_whitney_exact_p(round(u), n1, n2) if counted else None,
    )


def _t_test(first: Summary, second: Summary, equal: bool, level: float) -> TTest | NotDefined:
    # the pairwise test takes its first group from its second; here it is the other way round, as in R
    found = pairwise_t((second, first), adjustment="none", equal_variances=equal, level=level)
    assert isinstance(found, Pairwise)  # noqa: S101 - the same guards have just been passed
    (pair,) = found.pairs
    if pair.statistic is None or pair.df is None or pair.p is None or pair.ci is None:
        return NotDefined.of("two_sample.no_variance", first=first.label, second=second.label)
    return TTest(pair.difference, pair.statistic, pair.df, pair.p, pair.ci)


def _variance_ratio(
    first: Summary, second: Summary, level: float
) -> tuple[FTest | NotDefined, Interval | None]:
    if not first.sd or not second.sd:
        return NotDefined.of("two_sample.no_variance", first=first.label, second=second.label), None
    df1, df2 = first.n - 1, second.n - 1
    ratio = (first.sd / second.sd) ** 2
    upper = f_upper(ratio, df1, df2)
    # the lower tail by turning the ratio round: 1 - upper would lose its digits
    p = min(1.0, 2.0 * min(upper, f_upper(1.0 / ratio, df2, df1)))
    tail = (1.0 - level) / 2.0
    low, high = ratio / f_quantile(1.0 - tail, df1, df2), ratio * f_quantile(1.0 - tail, df2, df1)
    return FTest(ratio, df1, df2, p), Interval(low, high, level, "F")
