"""Repeated-measures correlation: vertebrae inside patients, one common slope, a level of its own for each."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.correlation import Correlation, Pearson, WithinGroups, pearson, within_groups
from app.stats.grouped import group_rows
from app.stats.result import NotDefined, Note


@dataclass(frozen=True, slots=True)
class RepeatedCorrelation:
    """Correlation inside the subjects.

    Parameters
    ----------
    n_subjects : int
        Subjects with at least one complete row.
    n, n_excluded : int
        Rows used, and rows with a missing cell.
    coefficient : Correlation
        r with its test and interval; n - subjects - 1 degrees of freedom.
    slope : float
        Change of y per unit of x inside a subject, the same for all.
    pooled : float
        r over all rows as if they were independent: for comparison only.
    between : float or None
        r of the subjects' means; None where it is not defined.
    notes : tuple of Note
        ``rmcorr.single_rows`` where a subject has one row only and so tells nothing.
    """

    n_subjects: int
    n: int
    n_excluded: int
    coefficient: Correlation
    slope: float
    pooled: float
    between: float | None
    notes: tuple[Note, ...] = ()

    @property
    def f(self) -> float | None:
        """F of the common slope, 1 and ``coefficient.df`` degrees of freedom; None where infinite."""
        return None if self.coefficient.t is None else self.coefficient.t**2


def repeated_correlation(
    x: ArrayLike, y: ArrayLike, subjects: Sequence[Hashable], *, level: float = 0.95
) -> RepeatedCorrelation | NotDefined:
    """Correlate two columns measured several times in each subject.

    Analysis of covariance with the subjects as factor: r = sign(slope) sqrt(SS_x / (SS_x + SS_error)), which
    is the correlation of the distances from each subject's means.

    Parameters
    ----------
    x, y : array_like, shape (rows,)
        Rows with a missing cell are left out and counted.
    subjects : sequence, length rows
        Subject of each row; None leaves the row out.
    level : float
        Confidence level.

    Returns
    -------
    RepeatedCorrelation or NotDefined
        Not defined as in :func:`~app.stats.correlation.within_groups`.

    References
    ----------
    Bland and Altman 1995, BMJ 310:446; Bakdash and Marusich 2017, Front Psychol 8:456 (interval).
    """
    inside = within_groups(x, y, subjects, level=level)
    if not isinstance(inside, WithinGroups):
        return inside
    rows = group_rows([x, y], subjects)
    xs, ys = (column - column[0] for column in rows.columns)
    mean_x, mean_y = (np.bincount(rows.code, weights=column) / rows.sizes for column in (xs, ys))
    dx, dy = xs - mean_x[rows.code], ys - mean_y[rows.code]
    between = pearson(mean_x, mean_y, level=level)
    single = int(np.sum(rows.sizes == 1))
    return RepeatedCorrelation(
        n_subjects=inside.n_groups,
        n=inside.n,
        n_excluded=inside.n_excluded,
        coefficient=inside.within,
        slope=float(dx @ dy) / float(dx @ dx),
        pooled=inside.pooled.r,
        between=between.r if isinstance(between, Pearson) else None,
        notes=(Note.of("rmcorr.single_rows", count=single),) if single else (),
    )
