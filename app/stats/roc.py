"""ROC analysis of one marker, and the paired comparison of two."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.area import AreaEstimate, covariance, delong_area, estimate, hanley_mcneil_area, variance
from app.stats.criterion import Criterion, CutOff, cut_off
from app.stats.ranking import Direction, Ranking, decimals_to_print
from app.stats.result import (
    CompleteCases,
    FloatArray,
    IntArray,
    Interval,
    NotDefined,
    Note,
    complete_cases,
    frozen,
    frozen_index,
)

__all__ = [
    "AreaEstimate",
    "Criterion",
    "CutOff",
    "Direction",
    "PairedRoc",
    "Roc",
    "Steps",
    "compare_paired",
    "cut_off_at",
    "roc",
]


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """The criterion table: what every observed value does as a cut-off, in ascending order of the value.

    Parameters
    ----------
    values : ndarray, shape (criteria,)
        Observed values, values equal up to rounding taken as one (the largest of them).
    true_positives, false_positives : ndarray of int, shape (criteria,)
        Patients the criterion calls positive, by class.
    """

    values: FloatArray
    true_positives: IntArray
    false_positives: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Roc:
    """ROC analysis of one marker.

    Parameters
    ----------
    n, n_positive, n_negative, n_excluded : int
        Patients used, of each class, and left out for a missing cell.
    direction : {"higher", "lower"}
        Which values of the marker mean disease.
    auc : float
        Area under the curve, ties counted half.
    delong : AreaEstimate or None
        None with a single patient in a class.
    hanley_mcneil : AreaEstimate
    false_positive_rate, true_positive_rate : ndarray, shape (points,)
        The curve from (0, 0) to (1, 1).
    steps : Steps
    cutoffs : tuple of CutOff
        All criteria with the largest Youden index, in ascending order; several when they tie.
    index : ndarray of int, shape (n,)
        The input rows used.
    level : float
    notes : tuple of Note
    """

    n: int
    n_positive: int
    n_negative: int
    n_excluded: int
    direction: Direction
    auc: float
    delong: AreaEstimate | None
    hanley_mcneil: AreaEstimate
    false_positive_rate: FloatArray
    true_positive_rate: FloatArray
    steps: Steps
    cutoffs: tuple[CutOff, ...]
    index: IntArray
    level: float
    notes: tuple[Note, ...] = ()

    @property
    def ci(self) -> Interval | None:
        """DeLong's interval of the AUC."""
        return None if self.delong is None else self.delong.ci

    @property
    def cutoff(self) -> CutOff | None:
        """The first of the Youden cut-offs; None where no cut-off is better than chance."""
        first = self.cutoffs[0]
        return first if first.youden_j > 0.0 else None


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


def roc(
    marker: ArrayLike, label: ArrayLike, *, direction: Direction, level: float = 0.95
) -> Roc | NotDefined:
    """ROC analysis of one marker.

    Parameters
    ----------
    marker : array_like, shape (patients,)
        Any unit; patients with a missing cell are left out and counted.
    label : array_like, shape (patients,)
        1 or True with the disease, 0 or False without, NaN or None unknown.
    direction : {"higher", "lower"}
        Which values of the marker mean disease. Stated, never guessed, so an AUC below 0.5 can come out.
    level : float
        Confidence level.

    Returns
    -------
    Roc or NotDefined
        Not defined with a label that is neither 0 nor 1 (``roc.label``) or when a class is empty
        (``roc.one_class``).

    References
    ----------
    DeLong 1988, Biometrics 44:837, by midranks (Sun and Xu 2014, IEEE Signal Process Lett 21:1389).
    Hanley and McNeil 1982, Radiology 143:29.
    """
    cases = complete_cases([marker, label])
    reason = _why_not(cases)
    if reason is not None:
        return reason
    return _analysed(cases, direction, level)


def _analysed(cases: CompleteCases, direction: Direction, level: float) -> Roc:
    ranking = Ranking.of(cases.columns[0], cases.columns[1] == 1.0)
    auc = ranking.auc(direction)
    delong = delong_area(auc, ranking.placements(direction), level)
    positives, negatives = ranking.called(direction)
    cutoffs = _youden(ranking, direction, level)
    return Roc(
        n=cases.n,
        n_positive=ranking.n_positive,
        n_negative=ranking.n_negative,
        n_excluded=cases.n_excluded,
        direction=direction,
        auc=auc,
        delong=delong,
        hanley_mcneil=hanley_mcneil_area(auc, ranking.n_positive, ranking.n_negative, level),
        false_positive_rate=_curve(negatives, ranking.n_negative, direction),
        true_positive_rate=_curve(positives, ranking.n_positive, direction),
        steps=Steps(frozen(ranking.values), frozen_index(positives), frozen_index(negatives)),
        cutoffs=cutoffs,
        index=cases.index,
        level=level,
        notes=_notes(auc, delong, cutoffs),
    )


def cut_off_at(result: Roc, position: int) -> CutOff:
    """Return one row of the criterion table of ``result`` in full: counts, intervals, predictive values.

    Parameters
    ----------
    result : Roc
    position : int
        Row of ``result.steps``.
    """
    tp, fp = int(result.steps.true_positives[position]), int(result.steps.false_positives[position])
    criterion = Criterion(
        float(result.steps.values[position]),
        result.direction,
        decimals_to_print(result.steps.values, position),
    )
    return cut_off(criterion, tp, fp, result.n_positive - tp, result.n_negative - fp, level=result.level)


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
    reason = _why_not(cases)
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


def _why_not(cases: CompleteCases) -> NotDefined | None:
    label = cases.columns[-1]
    if not bool(np.isin(label, (0.0, 1.0)).all()):
        return NotDefined.of("roc.label")
    n_positive = int(np.count_nonzero(label))
    if n_positive in {0, cases.n}:
        return NotDefined.of("roc.one_class", n_positive=n_positive, n_negative=cases.n - n_positive)
    return None


def _curve(called: IntArray, total: int, direction: Direction) -> FloatArray:
    """Return one coordinate of the curve, from 0 to 1: the criteria, and the end that calls all or none."""
    points = np.append(called[::-1], total) if direction == "higher" else np.insert(called, 0, 0)
    return frozen(points / total)


def _youden(ranking: Ranking, direction: Direction, level: float) -> tuple[CutOff, ...]:
    positives, negatives = ranking.called(direction)
    # J in whole numbers, so that a tie is a tie
    scaled = positives * ranking.n_negative - negatives * ranking.n_positive
    best = np.flatnonzero(scaled == scaled.max())
    return tuple(_cut_off(ranking, int(position), direction, level) for position in best)


def _cut_off(ranking: Ranking, position: int, direction: Direction, level: float) -> CutOff:
    positives, negatives = ranking.called(direction)
    tp, fp = int(positives[position]), int(negatives[position])
    criterion = Criterion(
        float(ranking.values[position]), direction, decimals_to_print(ranking.values, position)
    )
    return cut_off(criterion, tp, fp, ranking.n_positive - tp, ranking.n_negative - fp, level=level)


def _notes(auc: float, delong: AreaEstimate | None, cutoffs: tuple[CutOff, ...]) -> tuple[Note, ...]:
    notes = []
    if delong is None:
        notes.append(Note.of("roc.one_case"))
    elif delong.se == 0.0:
        notes.append(Note.of("roc.no_width", auc=auc))
    if auc < 0.5:  # noqa: PLR2004 - worse than chance
        notes.append(Note.of("roc.wrong_direction", auc=auc))
    if cutoffs[0].youden_j <= 0.0:
        notes.append(Note.of("roc.no_cutoff"))
    elif len(cutoffs) > 1:
        criteria = ", ".join(str(one.criterion) for one in cutoffs)
        notes.append(Note.of("roc.youden_tied", count=len(cutoffs), criteria=criteria, j=cutoffs[0].youden_j))
    return tuple(notes)


def _paired_notes(se: float, *, same: bool) -> tuple[Note, ...]:
    if se > 0.0:
        return ()
    return (Note.of("roc.same_ranking" if same else "roc.no_width_of_difference"),)
