"""The areas of two independent groups of patients, compared."""

from __future__ import annotations

import math
from dataclasses import dataclass

from numpy.typing import ArrayLike

from app.stats.area import estimate
from app.stats.distributions import t_two_sided
from app.stats.ranking import Direction
from app.stats.result import Interval, NotDefined, Note
from app.stats.roc import Roc, roc

__all__ = ["UnpairedRoc", "compare_unpaired"]


@dataclass(frozen=True, slots=True)
class UnpairedRoc:
    """Two AUCs of different patients compared.

    Parameters
    ----------
    n_first, n_second : int
        Patients used of each group.
    n_excluded : int
        Patients of both groups left out for a missing cell.
    auc_first, auc_second, difference : float
        ``difference`` is first - second.
    se : float
        Standard error of the difference, from DeLong's variances.
    ci : Interval
        Normal, cut to -1..1.
    z, p : float or None
        Normal test, as MedCalc prints it; None where the standard error is 0.
    t, df, p_t : float or None
        The same by Student's t with Welch's degrees of freedom, as pROC prints it.
    notes : tuple of Note
    """

    n_first: int
    n_second: int
    n_excluded: int
    auc_first: float
    auc_second: float
    difference: float
    se: float
    ci: Interval
    z: float | None
    p: float | None
    t: float | None
    df: float | None
    p_t: float | None
    notes: tuple[Note, ...] = ()


def compare_unpaired(
    first: tuple[ArrayLike, ArrayLike],
    second: tuple[ArrayLike, ArrayLike],
    *,
    directions: tuple[Direction, Direction],
    level: float = 0.95,
) -> UnpairedRoc | NotDefined:
    """Compare the AUCs of two independent groups of patients.

    ``z = (AUC1 - AUC2) / sqrt(V1 + V2)`` with DeLong's variances; ``df`` of the t test is
    ``(V1 + V2)^2 / (V1^2 / (n1 - 1) + V2^2 / (n2 - 1))``.

    Parameters
    ----------
    first, second : tuple of array_like, each shape (patients,)
        Marker and label of each group, as in :func:`app.stats.roc.roc`.
    directions : tuple of {"higher", "lower"}
        Which values mean disease, for each group.
    level : float
        Confidence level.

    Returns
    -------
    UnpairedRoc or NotDefined
        Not defined as :func:`app.stats.roc.roc` for either group, and with a single patient in a class of
        either (``roc.one_case``).

    References
    ----------
    Hanley and McNeil 1983, Radiology 148:839 (z). Robin 2011, BMC Bioinformatics 12:77 (t).
    """
    curves: list[Roc] = []
    for (marker, label), direction in zip((first, second), directions, strict=True):
        curve = roc(marker, label, direction=direction, level=level)
        if isinstance(curve, NotDefined):
            return curve
        curves.append(curve)
    return _compared(curves[0], curves[1])


def _compared(one: Roc, two: Roc) -> UnpairedRoc | NotDefined:
    if one.delong is None or two.delong is None:
        return NotDefined.of("roc.one_case")
    variances = one.delong.se**2, two.delong.se**2
    difference, total = one.auc - two.auc, sum(variances)
    judged = estimate(difference, 0.0, math.sqrt(total), one.level, "DeLong 1988", bounds=(-1.0, 1.0))
    df = None
    if judged.z is not None:
        df = total**2 / (variances[0] ** 2 / (one.n - 1) + variances[1] ** 2 / (two.n - 1))
    return UnpairedRoc(
        n_first=one.n,
        n_second=two.n,
        n_excluded=one.n_excluded + two.n_excluded,
        auc_first=one.auc,
        auc_second=two.auc,
        difference=difference,
        se=judged.se,
        ci=judged.ci,
        z=judged.z,
        p=judged.p,
        t=judged.z,
        df=df,
        p_t=None if judged.z is None or df is None else t_two_sided(judged.z, df),
        notes=() if judged.z is not None else (Note.of("roc.no_width_of_difference"),),
    )
