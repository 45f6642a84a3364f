"""ROC analysis of vertebrae that belong together in patients."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.area import AreaEstimate, Components, estimate
from app.stats.ranking import Direction, Ranking, why_not_ranked
from app.stats.result import FloatArray, IntArray, NotDefined, Note, as_column, complete_cases
from app.stats.roc import Roc, roc

__all__ = ["ClusteredRoc", "clustered_roc"]


@dataclass(frozen=True, slots=True, eq=False)
class ClusteredRoc:
    """AUC of units in clusters, with a standard error that knows the clusters.

    Parameters
    ----------
    n, n_positive, n_negative, n_excluded : int
        Units (vertebrae) used, of each class, and left out for a missing cell.
    n_clusters : int
        Patients.
    auc : float
        Over all pairs of units, ties counted half.
    clustered : AreaEstimate
        Obuchowski's.
    naive_se : float or None
        DeLong's, which takes the units for independent; only to show what that would claim.
    s10, s01, s11 : float
        Sums of squares of the placements per cluster, of the diseased, of the others, and mixed.
    curve : Roc
        The curve over the units; its intervals take the units for independent.
    notes : tuple of Note
    """

    n: int
    n_positive: int
    n_negative: int
    n_excluded: int
    n_clusters: int
    auc: float
    clustered: AreaEstimate
    naive_se: float | None
    s10: float
    s01: float
    s11: float
    curve: Roc
    notes: tuple[Note, ...] = ()


def clustered_roc(
    marker: ArrayLike,
    label: ArrayLike,
    cluster: Sequence[Hashable],
    *,
    direction: Direction,
    level: float = 0.95,
) -> ClusteredRoc | NotDefined:
    """ROC analysis of units in clusters; the label may be the patient's or differ inside a patient.

    ``var = S10 / M + S01 / N + 2 S11 / (M N)`` with M diseased and N other units, where S10 sums the squares
    of the clusters' placements less their share of the AUC. With one unit in each cluster it is DeLong's.

    Parameters
    ----------
    marker, label : array_like, shape (units,)
        As in :func:`app.stats.roc.roc`.
    cluster : sequence of hashable, length units
        Which patient each unit belongs to; None is a patient that is not known, and left out.
    direction : {"higher", "lower"}
        Which values of the marker mean disease.
    level : float
        Confidence level.

    Returns
    -------
    ClusteredRoc or NotDefined
        Not defined as :func:`app.stats.roc.roc`, and where the units of a class come from a single cluster
        (``roc.one_cluster``).

    Raises
    ------
    ValueError
        If the columns differ in length.

    References
    ----------
    Obuchowski 1997, Biometrics 53:567.
    """
    codes = {one: float(number) for number, one in enumerate(dict.fromkeys(cluster))}
    which = as_column([np.nan if one is None else codes[one] for one in cluster])
    cases = complete_cases([marker, label, which])
    reason = why_not_ranked(cases.columns[1])
    if reason is not None:
        return reason
    diseased = cases.columns[1] == 1.0
    groups = np.unique(cases.columns[2], return_inverse=True)[1].astype(np.int64)
    if min(np.unique(groups[part]).size for part in (diseased, ~diseased)) == 1:
        return NotDefined.of("roc.one_cluster", n_clusters=int(groups.max()) + 1)
    curve = roc(cases.columns[0], diseased, direction=direction, level=level)
    assert isinstance(curve, Roc)  # noqa: S101 - both classes have been seen above
    return _judged(
        curve, _Sums.of(Ranking.of(cases.columns[0], diseased), direction, groups), cases.n_excluded
    )


def _judged(curve: Roc, sums: _Sums, n_excluded: int) -> ClusteredRoc:
    se = math.sqrt(max(sums.variance, 0.0))
    judged = estimate(curve.auc, 0.5, se, curve.level, "Obuchowski 1997")
    return ClusteredRoc(
        n=curve.n,
        n_positive=curve.n_positive,
        n_negative=curve.n_negative,
        n_excluded=n_excluded,
        n_clusters=sums.clusters,
        auc=curve.auc,
        clustered=judged,
        naive_se=None if curve.delong is None else curve.delong.se,
        s10=sums.s10,
        s01=sums.s01,
        s11=sums.s11,
        curve=curve,
        notes=() if judged.se > 0.0 else (Note.of("roc.no_width_clustered", auc=curve.auc),),
    )


@dataclass(frozen=True, slots=True)
class _Sums:
    clusters: int
    s10: float
    s01: float
    s11: float
    variance: float

    @classmethod
    def of(cls, ranking: Ranking, direction: Direction, groups: IntArray) -> _Sums:
        placements: Components = ranking.placements(direction)
        auc, clusters = ranking.auc(direction), int(groups.max()) + 1
        sides = ranking.diseased, ~ranking.diseased
        sizes = [np.bincount(groups[side], minlength=clusters) for side in sides]
        off: list[FloatArray] = [
            np.bincount(groups[side], weights=part, minlength=clusters) - size * auc
            for side, part, size in zip(sides, placements, sizes, strict=True)
        ]
        with_class = [int(np.count_nonzero(size)) for size in sizes]
        totals = ranking.n_positive, ranking.n_negative
        s10, s01 = (
            held / ((held - 1) * total) * float(part @ part)
            for held, total, part in zip(with_class, totals, off, strict=True)
        )
        s11 = clusters / (clusters - 1) * float(off[0] @ off[1])
        variance = s10 / totals[0] + s01 / totals[1] + 2.0 * s11 / (totals[0] * totals[1])
        return cls(clusters, s10, s01, s11, variance)
