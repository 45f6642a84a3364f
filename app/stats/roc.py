"""ROC analysis of one marker: area, curve, criterion table and Youden cut-offs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from app.stats.area import (
    AreaEstimate,
    delong_area,
    exact_interval,
    hanley_mcneil_area,
    logit_interval,
    null_area,
)
from app.stats.criterion import Criterion, CutOff, cut_off
from app.stats.ranking import (
    Direction,
    Ranking,
    automatic_direction,
    decimals_shown,
    decimals_to_print,
    why_not_ranked,
)
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
from app.stats.roc_paired import PairedRoc, compare_paired

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
    "cut_off_table",
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

    @property
    def midpoints(self) -> FloatArray:
        """Thresholds halfway between neighbours, shape (criteria - 1,), as SPSS and pROC print them.

        Each makes the same rule as the observed value below it. The two ends of the curve, which call all
        patients or none, have no finite threshold.
        """
        return np.asarray((self.values[1:] + self.values[:-1]) / 2.0)


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

    @property
    def logit_ci(self) -> Interval | None:
        """DeLong's interval on the logit scale; None where the AUC is 0 or 1 or has no standard error."""
        return None if self.delong is None else logit_interval(self.auc, self.delong.se, self.level)

    @property
    def exact_ci(self) -> Interval:
        """The interval MedCalc calls binomial exact."""
        return exact_interval(self.auc, self.n, self.level)

    @property
    def null(self) -> AreaEstimate:
        """Standard error under the null hypothesis and its test, as SPSS prints them."""
        return null_area(self.auc, self.n_positive, self.n_negative, self.level)


def roc(
    marker: ArrayLike,
    label: ArrayLike,
    *,
    direction: Direction | Literal["automatic"],
    level: float = 0.95,
) -> Roc | NotDefined:
    """ROC analysis of one marker.

    Parameters
    ----------
    marker : array_like, shape (patients,)
        Any unit; patients with a missing cell are left out and counted.
    label : array_like, shape (patients,)
        1 or True with the disease, 0 or False without, NaN or None unknown.
    direction : {"higher", "lower", "automatic"}
        Which values of the marker mean disease. Stated, so that an AUC below 0.5 can come out; or chosen by
        the medians of the classes, with a note.
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
    reason = why_not_ranked(cases.columns[1])
    if reason is not None:
        return reason
    if direction != "automatic":
        return _analysed(cases, direction, level, ())
    chosen = automatic_direction(cases.columns[0], cases.columns[1] == 1.0)
    higher, lower = Note.of("roc.automatic_higher"), Note.of("roc.automatic_lower")
    return _analysed(cases, chosen, level, (higher if chosen == "higher" else lower,))


def _analysed(cases: CompleteCases, direction: Direction, level: float, notes: tuple[Note, ...]) -> Roc:
    ranking = Ranking.of(cases.columns[0], cases.columns[1] == 1.0)
    sizes = ranking.n_positive, ranking.n_negative
    auc = ranking.auc(direction)
    delong = delong_area(auc, ranking.placements(direction), level)
    positives, negatives = ranking.called(direction)
    steps = Steps(frozen(ranking.values), frozen_index(positives), frozen_index(negatives))
    cutoffs = _rows(steps, sizes, _youden(steps, sizes).tolist(), direction, level)
    return Roc(
        n=cases.n,
        n_positive=sizes[0],
        n_negative=sizes[1],
        n_excluded=cases.n_excluded,
        direction=direction,
        auc=auc,
        delong=delong,
        hanley_mcneil=hanley_mcneil_area(auc, *sizes, level),
        false_positive_rate=_curve(negatives, sizes[1], direction),
        true_positive_rate=_curve(positives, sizes[0], direction),
        steps=steps,
        cutoffs=cutoffs,
        index=cases.index,
        level=level,
        notes=(*_notes(auc, delong, cutoffs), *notes),
    )


def cut_off_at(result: Roc, position: int) -> CutOff:
    """Return one row of the criterion table of ``result`` in full: counts, intervals, predictive values.

    Parameters
    ----------
    result : Roc
    position : int
        Row of ``result.steps``.
    """
    place = range(result.steps.values.size)[position]
    return _rows(
        result.steps, (result.n_positive, result.n_negative), [place], result.direction, result.level
    )[0]


def cut_off_table(result: Roc) -> tuple[CutOff, ...]:
    """Return the whole criterion table of ``result``, each row as :func:`cut_off_at` gives it."""
    sizes = result.n_positive, result.n_negative
    every = range(result.steps.values.size)
    return _rows(result.steps, sizes, every, result.direction, result.level)


def _rows(
    steps: Steps, sizes: tuple[int, int], positions: Iterable[int], direction: Direction, level: float
) -> tuple[CutOff, ...]:
    shown = decimals_shown(steps.values)
    return tuple(_row(steps, sizes, position, shown, direction, level) for position in positions)


def _row(
    steps: Steps, sizes: tuple[int, int], here: int, shown: int, direction: Direction, level: float
) -> CutOff:
    tp, fp = int(steps.true_positives[here]), int(steps.false_positives[here])
    pair = steps.values[here : here + 2]
    criterion = Criterion(
        value=float(pair[0]),
        direction=direction,
        decimals=decimals_to_print(steps.values, here, shown),
        midpoint=float(pair[0] + pair[1]) / 2.0 if pair.size > 1 else None,
    )
    return cut_off(criterion, tp, fp, sizes[0] - tp, sizes[1] - fp, level=level)


def _youden(steps: Steps, sizes: tuple[int, int]) -> IntArray:
    # J in whole numbers, so that a tie is a tie
    scaled = steps.true_positives * sizes[1] - steps.false_positives * sizes[0]
    best: IntArray = np.flatnonzero(scaled == scaled.max())
    return best


def _curve(called: IntArray, total: int, direction: Direction) -> FloatArray:
    """Return one coordinate of the curve, from 0 to 1: the criteria, and the end that calls all or none."""
    points = np.append(called[::-1], total) if direction == "higher" else np.insert(called, 0, 0)
    return frozen(points / total)


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
