"""The areas of two markers of the same patients, compared."""

from __future__ import annotations

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike

from app.stats.area import covariance, estimate, variance
from app.stats.ranking import Direction, Ranking, why_not_ranked
from app.stats.result import CompleteCases, Interval, NotDefined, Note, complete_cases

__all__ = ["PairedRoc", "compare_paired"]


@dataclass(frozen=True, slots=True)
class PairedRoc:
    """Two AUCs of the same patients compared.

    Parameters
    ----------
    n, n_positive, n_negative, n_excluded : int
        Patients with both markers and a label, of each class, and left out.
    auc_first, auc_second, difference : float
        ``difference`` is first - second.
    var_first, var_second, covariance : float
        DeLong's variances and covariance of the two areas.
    se : float
        Standard error of the difference.
    ci : Interval
    z, p : float or None
        Test of no difference; None where the standard error is 0 but the difference is not.
    notes : tuple of Note
    """

    n: int
    n_positive: int
    n_negative: int
    n_excluded: int
    auc_first: float
    auc_second: float
    difference: float
    var_first: float
    var_second: float
    covariance: float
    se: float
    ci: Interval
    z: float | None
    p: float | None
    notes: tuple[Note, ...] = ()


def compare_paired(
    first: ArrayLike,
    second: ArrayLike,
    label: ArrayLike,
    *,
    directions: tuple[Direction, Direction],
    level: float = 0.95,
) -> PairedRoc | NotDefined:
    """Compare the AUCs of two markers of the same patients (DeLong's test).

    Parameters
    ----------
    first, second : array_like, shape (patients,)
        Both markers are taken from the same complete cases.
    label : array_like, shape (patients,)
        1 or True with the disease, 0 or False without, NaN or None unknown.
    directions : tuple of {"higher", "lower"}
        Which values mean disease, for each marker.
    level : float
        Confidence level.

    Returns
    -------
    PairedRoc or NotDefined
        As :func:`roc`; and not defined with a single patient in a class (``roc.one_case``).

    References
    ----------
    DeLong 1988, Biometrics 44:837.
    """
    cases = complete_cases([first, second, label])
    reason = why_not_ranked(cases.columns[-1])
    if reason is not None:
        return reason
    return _compared(cases, directions, level)


def _compared(
    cases: CompleteCases, directions: tuple[Direction, Direction], level: float
) -> PairedRoc | NotDefined:
    diseased = cases.columns[2] == 1.0
    pair = [Ranking.of(marker, diseased) for marker in cases.columns[:2]]
    if min(pair[0].n_positive, pair[0].n_negative) == 1:
        return NotDefined.of("roc.one_case")
    ours, theirs = (one.placements(way) for one, way in zip(pair, directions, strict=True))
    auc_first, auc_second = (one.auc(way) for one, way in zip(pair, directions, strict=True))
    difference = auc_first - auc_second
    # from the differences of the components, so that two equal markers give exactly 0
    se = math.sqrt(variance((ours[0] - theirs[0], ours[1] - theirs[1])))
    judged = estimate(difference, 0.0, se, level, "DeLong 1988", bounds=(-1.0, 1.0))
    same = se == 0.0 and difference == 0.0
    return PairedRoc(
        n=cases.n,
        n_positive=pair[0].n_positive,
        n_negative=pair[0].n_negative,
        n_excluded=cases.n_excluded,
        auc_first=auc_first,
        auc_second=auc_second,
        difference=difference,
        var_first=variance(ours),
        var_second=variance(theirs),
        covariance=covariance(ours, theirs),
        se=se,
        ci=judged.ci,
        z=0.0 if same else judged.z,
        p=1.0 if same else judged.p,
        notes=_paired_notes(se, same=same),
    )


def _paired_notes(se: float, *, same: bool) -> tuple[Note, ...]:
    if se > 0.0:
        return ()
    return (Note.of("roc.same_ranking" if same else "roc.no_width_of_difference"),)
