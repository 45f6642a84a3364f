"""Cohen's kappa of two readers who sort the same patients into groups, plain or weighted by distance."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from app.stats.distributions import normal_quantile, normal_two_sided
from app.stats.result import FloatArray, IntArray, Interval, NotDefined, Note, frozen_index

Weights = Literal["none", "linear", "quadratic"]


@dataclass(frozen=True, slots=True)
class KappaForm:
    """Kappa under one choice of weights.

    Parameters
    ----------
    weights : Weights
        ``none`` counts every disagreement alike, ``linear`` by its distance, ``quadratic`` by its square.
    estimate : float
        1 for perfect agreement, 0 for what chance alone would give.
    se : float
        Standard error for the interval.
    ci : Interval
        Cut at 1, which kappa cannot exceed.
    se_null : float or None
        Standard error where kappa is 0, for the test; None where chance alone leaves no error.
    z, p : float or None
        Test of kappa = 0.
    """

    weights: Weights
    estimate: float
    se: float
    ci: Interval
    se_null: float | None
    z: float | None
    p: float | None


@dataclass(frozen=True, slots=True, eq=False)
class Kappa:
    """Agreement of two readers about groups.

    Parameters
    ----------
    n, n_excluded : int
        Patients used, and patients whom a reader did not sort.
    categories : tuple
        The groups, in the order that the weights rest on.
    table : ndarray of int, shape (categories, categories)
        Patients by first reader (rows) and second (columns), read-only.
    agreement : float
        Share of patients both readers put into the same group.
    forms : tuple of KappaForm
        Without weights, linear, quadratic.
    level : float
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    categories: tuple[Hashable, ...]
    table: IntArray
    agreement: float
    forms: tuple[KappaForm, ...]
    level: float
    notes: tuple[Note, ...] = ()

    def form(self, weights: Weights) -> KappaForm:
        """Return the form with these weights."""
        return {form.weights: form for form in self.forms}[weights]


def kappa(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    categories: Sequence[Hashable],
    *,
    level: float = 0.95,
) -> Kappa | NotDefined:
    """Cohen's kappa without weights, with linear and with quadratic ones.

    Kappa is (po - pe) / (1 - pe) of the weighted observed and expected agreement, the weight of groups i and
    j of c being 1 - |i - j| / (c - 1) or 1 - (i - j)^2 / (c - 1)^2.

    Parameters
    ----------
    first, second : sequence, length patients
        Group by each reader; what is none of ``categories`` (such as None) leaves the patient out, counted.
    categories : sequence
        All groups, in their order. One that nobody used still counts for the distances.
    level : float
        Confidence level.

    Returns
    -------
    Kappa or NotDefined
        Not defined below two patients (``kappa.too_few``) or where both readers put all of them into the same
        group (``kappa.one_group``).

    Raises
    ------
    ValueError
        If the sequences differ in length or there are fewer than two categories.

    References
    ----------
    Cohen 1960, Educ Psychol Meas 20:37; 1968, Psychol Bull 70:213. Fleiss, Cohen and Everitt 1969, Psychol
    Bull 72:323 (standard errors).
    """
    if len(categories) < 2:  # noqa: PLR2004 - one group leaves nothing to disagree about
        message = f"{len(categories)} categories"
        raise ValueError(message)
    place = {category: i for i, category in enumerate(categories)}
    table = np.zeros((len(place), len(place)), dtype=np.int64)
    for (a, b), count in Counter(zip(first, second, strict=True)).items():
        if a in place and b in place:
            table[place[a], place[b]] += count
    n = int(table.sum())
    n_excluded = len(first) - n
    if n < 2:  # noqa: PLR2004 - a single patient says nothing
        return NotDefined.of("kappa.too_few", n=n, n_excluded=n_excluded)
    if int(table.max()) == n and int(np.trace(table)) == n:
        return NotDefined.of("kappa.one_group", n=n)
    kinds: tuple[Weights, ...] = ("none", "linear", "quadratic")
    perfect = int(np.trace(table)) == n
    return Kappa(
        n=n,
        n_excluded=n_excluded,
        categories=tuple(categories),
        table=frozen_index(table),
        agreement=float(np.trace(table)) / n,
        forms=tuple(_form(table / n, n, weights, level) for weights in kinds),
        level=level,
        notes=(Note.of("kappa.perfect", n=n),) if perfect else (),
    )


def _form(shares: FloatArray, n: int, weights: Weights, level: float) -> KappaForm:
    weight = _weight(shares.shape[0], weights)
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    expected = np.outer(rows, columns)
    observed_share, chance = float(np.sum(weight * shares)), float(np.sum(weight * expected))
    estimate = (observed_share - chance) / (1.0 - chance)
    # mean weight of the row and column a patient stands in
    margin = (weight @ columns)[:, np.newaxis] + rows @ weight
    # each patient's share in kappa, less its mean: squares of small numbers, where the printed formula
    # subtracts two large ones
    away = weight - margin * (1.0 - estimate) - (estimate - chance * (1.0 - estimate))
    se = math.sqrt(float(np.sum(shares * away**2)) / n) / (1.0 - chance)
    null = float(np.sum(expected * (weight - margin + chance) ** 2))
    se_null = math.sqrt(null / n) / (1.0 - chance) if null > _SMALL else None
    z = None if se_null is None else estimate / se_null
    half = normal_quantile((1.0 + level) / 2.0) * se
    ci = Interval(estimate - half, min(estimate + half, 1.0), level, "Fleiss, Cohen and Everitt 1969")
    return KappaForm(weights, estimate, se, ci, se_null, z, None if z is None else normal_two_sided(z))


_SMALL = 1e-14


def _weight(count: int, weights: Weights) -> FloatArray:
    places = np.arange(count, dtype=np.float64)
    apart: FloatArray = np.abs(places[:, np.newaxis] - places)
    if weights == "none":
        return np.eye(count)
    lost: FloatArray = (apart / (count - 1)) ** (1 if weights == "linear" else 2)
    return 1.0 - lost
