"""The order of two classes along one marker: ties, counts, placements. What every ROC figure is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from app.stats.result import BoolArray, FloatArray, IntArray, NotDefined, noise_of

Direction = Literal["higher", "lower"]


def why_not_ranked(label: FloatArray) -> NotDefined | None:
    """Say why an outcome has no ROC curve: it is not 0 or 1, or a class is empty; None where it has one.

    Parameters
    ----------
    label : ndarray, shape (patients,)
        Without missing cells.
    """
    if not bool(np.isin(label, (0.0, 1.0)).all()):
        return NotDefined.of("roc.label")
    n_positive = int(np.count_nonzero(label))
    if n_positive in {0, label.size}:
        return NotDefined.of("roc.one_class", n_positive=n_positive, n_negative=int(label.size) - n_positive)
    return None


def automatic_direction(marker: FloatArray, diseased: BoolArray) -> Direction:
    """Choose the direction by the medians of the classes, as pROC does; ``"higher"`` where they are equal.

    Parameters
    ----------
    marker : ndarray, shape (patients,)
    diseased : ndarray of bool, shape (patients,)
        With patients of both classes.

    References
    ----------
    Robin 2011, BMC Bioinformatics 12:77.
    """
    higher = float(np.median(marker[diseased])) >= float(np.median(marker[~diseased]))
    return "higher" if higher else "lower"


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """Patients of two classes sorted by one marker.

    Parameters
    ----------
    values : ndarray, shape (steps,)
        Observed values, ascending. Values that differ by rounding only are one step, named by the largest of
        them: the same two readings averaged in another order must tie.
    step : ndarray of int, shape (patients,)
        The step of each patient.
    diseased : ndarray of bool, shape (patients,)
    positives, negatives : ndarray of int, shape (steps,)
        Patients of each class on each step.
    """

    values: FloatArray
    step: IntArray
    diseased: BoolArray
    positives: IntArray
    negatives: IntArray

    @classmethod
    def of(cls, marker: FloatArray, diseased: BoolArray) -> Self:
        """Sort a marker; both arrays of shape (patients,), at least one patient."""
        order = np.argsort(marker, kind="stable")
        ascending = marker[order]
        rises = np.diff(ascending) > noise_of(marker)
        step = np.empty(marker.size, dtype=np.int64)
        step[order] = np.concatenate(([0], np.cumsum(rises)))
        values = ascending[np.append(rises, True)]
        positives = np.bincount(step[diseased], minlength=values.size).astype(np.int64)
        negatives = np.bincount(step[~diseased], minlength=values.size).astype(np.int64)
        return cls(values, step, diseased, positives, negatives)

    @property
    def n_positive(self) -> int:
        """Patients with the disease."""
        return int(self.positives.sum())

    @property
    def n_negative(self) -> int:
        """Patients without."""
        return int(self.negatives.sum())

    def auc(self, direction: Direction) -> float:
        """Area under the curve: the share of pairs in the right order, ties counted half."""
        below = np.cumsum(self.negatives) - self.negatives
        # in whole half-pairs, so that equal areas are equal to the last bit
        half_pairs = int(np.sum(self.positives * (2 * below + self.negatives)))
        pairs = 2 * self.n_positive * self.n_negative
        return (half_pairs if direction == "higher" else pairs - half_pairs) / pairs

    def placements(self, direction: Direction) -> tuple[FloatArray, FloatArray]:
        """DeLong's structural components.

        Returns
        -------
        tuple of ndarray
            For each diseased patient the share of the others it is ranked right against, shape (n_positive,),
            and for each of the others the same, shape (n_negative,); in the order of the patients.
        """
        beaten = (np.cumsum(self.negatives) - 0.5 * self.negatives) / self.n_negative
        beaten_by = 1.0 - (np.cumsum(self.positives) - 0.5 * self.positives) / self.n_positive
        if direction == "lower":
            beaten, beaten_by = 1.0 - beaten, 1.0 - beaten_by
        return beaten[self.step[self.diseased]], beaten_by[self.step[~self.diseased]]

    def called(self, direction: Direction) -> tuple[IntArray, IntArray]:
        """Count the diseased and the others that each step calls positive when it is the criterion."""
        positives, negatives = np.cumsum(self.positives), np.cumsum(self.negatives)
        if direction == "lower":
            return positives, negatives
        return self.n_positive - positives, self.n_negative - negatives


def decimals_shown(values: FloatArray) -> int:
    """Return how many decimals observed values show, at most 2; values of shape (steps,)."""
    noise = noise_of(values)
    return next((d for d in (0, 1) if bool(np.all(np.abs(np.round(values, d) - values) <= noise))), 2)


def decimals_to_print(values: FloatArray, position: int, shown: int) -> int:
    """Return how many decimals of ``values[position]`` to print.

    As many as the observed values show, and more only where the printed rule would otherwise not call every
    patient as the full value does.

    Parameters
    ----------
    values : ndarray, shape (steps,)
        Observed values, ascending and different.
    position : int
        The one to print.
    shown : int
        What :func:`decimals_shown` says of these values.
    """
    # the largest of ascending values stands at one of the ends
    noise = noise_of(values[[0, -1]])
    value = float(values[position])
    following = float(values[position + 1]) if position + 1 < values.size else np.inf
    # 17 digits tell any two float64 apart
    enough = (d for d in range(shown, 17) if value - noise <= round(value, d) < following - noise)
    return next(enough, 17)
