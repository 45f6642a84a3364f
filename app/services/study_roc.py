"""ROC curves of a selection: the maps, both combined, and age beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np

from app.domain.maps import MEASURED, Quantity
from app.services.analyse import DIRECTIONS, NAMES
from app.services.patient_means import FloatArray
from app.services.selection import Outcome
from app.services.study_data import Study
from app.stats.combined import LogisticModel, logistic
from app.stats.criterion import Criterion, CutOff
from app.stats.newton import sigmoid
from app.stats.proportion import Proportion, clopper_pearson
from app.stats.ranking import Direction, decimals_to_print
from app.stats.result import IntArray, Interval, NotDefined
from app.stats.roc import Roc, cut_off_at, roc
from app.stats.roc_bootstrap import RocBootstrap, bootstrap_roc

INTERVALS = ("delong", "hanley_mcneil", "bootstrap", "exact")
"""Methods of the interval of an area."""

STYLES = ("observed", "midpoint")
"""How a cut-off is written: an observed value (MedCalc), or halfway to the next (SPSS, pROC)."""

SHARES = ("wilson", "exact")
"""Intervals of sensitivity, specificity and predictive values."""

STATED, AUTOMATIC = "stated", "automatic"
"""Which values mean the outcome: said beforehand, or chosen by the medians of the classes."""

COMBINED, AGE = "combined", "age"
"""Markers that are no map."""

MARKERS = (*(quantity.value for quantity in MEASURED), COMBINED, AGE)
"""Keys of all markers, in order."""

_PROBABILITY_DECIMALS = 3

MOST_ROWS = 150
"""Rows of a criterion table that are shown; of more, those are taken that lie evenly along the curve."""


@dataclass(frozen=True, slots=True, eq=False)
class RocMarker:
    """One marker and its curve.

    Attributes
    ----------
    key : str
        Of :data:`MARKERS`.
    name : str
        ``FF``, ``R2*``, ``FF + R2*``, ``age``.
    result : Roc or NotDefined
        Of the combined markers: of their linear predictor, in-sample.
    rows : ndarray of int, shape (n,)
        Row of the cohort of each patient in ``result``; empty where it is not defined.
    marker : ndarray, shape (n,)
        Values of these patients.
    model : LogisticModel or None
        Behind the combined markers.
    """

    key: str
    name: str
    result: Roc | NotDefined
    rows: IntArray
    marker: FloatArray
    model: LogisticModel | None = None

    @property
    def cutoff(self) -> CutOff | None:
        """The Youden cut-off; None without a curve, and where no cut-off is better than chance."""
        return None if isinstance(self.result, NotDefined) else self.result.cutoff

    def criterion(self, style: str, cutoff: CutOff | None = None) -> str:
        """Write a cut-off of the marker, its Youden cut-off where none is named; empty without one."""
        one = cutoff or self.cutoff
        if one is None or isinstance(self.result, NotDefined):
            return ""
        if self.model is None:
            return written(one.criterion, style)
        steps = self.result.steps.values
        shares, place = sigmoid(steps), int(np.searchsorted(steps, one.criterion.value))
        pair = shares[place : place + 2]
        probability = Criterion(
            value=float(pair[0]),
            direction="higher",
            decimals=decimals_to_print(shares, place, _PROBABILITY_DECIMALS),
            midpoint=float(pair.sum()) / 2.0 if pair.size > 1 else None,
        )
        return written(probability, style)


@dataclass(frozen=True, slots=True, eq=False)
class CutOffTable:
    """Rows of the criterion table of one marker.

    Attributes
    ----------
    marker : RocMarker
    cutoffs : tuple of CutOff
        In ascending order of the value.
    patients : tuple of int
        Row of the cohort of a patient who has the value, one for each cut-off.
    total : int
        Cut-offs there are.
    """

    marker: RocMarker
    cutoffs: tuple[CutOff, ...]
    patients: tuple[int, ...]
    total: int


def study_curves(study: Study) -> tuple[RocMarker, ...]:
    """Analyse FF, R2*, both combined, and age where it is known, in the order of :data:`MARKERS`."""
    return tuple(_markers(study))


def direction_of(study: Study, quantity: Quantity) -> Direction | Literal["automatic"]:
    """Which values of a map mean the outcome.

    High FF and low R2* mean low bone density; of any other outcome nothing is said beforehand.
    """
    default = AUTOMATIC if study.selection.outcome is Outcome.FEMALE else STATED
    is_stated = study.selection.option("roc.direction", default) == STATED
    return DIRECTIONS[quantity] if is_stated else "automatic"


def directions(study: Study) -> Mapping[Quantity, Direction]:
    """The directions of the patient means, so that parts of them (levels, readers) follow the whole."""
    found: dict[Quantity, Direction] = {}
    for quantity in MEASURED:
        way = direction_of(study, quantity)
        if way == "automatic":
            curve = roc(study.cohort.values[quantity], study.cohort.positive, direction=way)
            found[quantity] = DIRECTIONS[quantity] if isinstance(curve, NotDefined) else curve.direction
        else:
            found[quantity] = way
    return MappingProxyType(found)


def combine(study: Study) -> LogisticModel | NotDefined:
    """Fit FF and R2* together."""
    cohort = study.cohort
    blocked = next((cohort.blocked[one.value] for one in MEASURED if one.value in cohort.blocked), None)
    columns = [cohort.values[quantity] for quantity in MEASURED]
    return blocked or logistic(columns, [NAMES[quantity] for quantity in MEASURED], cohort.positive)


def is_known(column: FloatArray) -> bool:
    """Whether a column tells patients apart."""
    return bool(np.unique(column[np.isfinite(column)]).size > 1)


def _markers(study: Study) -> Iterator[RocMarker]:
    cohort = study.cohort
    for quantity in MEASURED:
        values = cohort.values[quantity]
        blocked = cohort.blocked.get(quantity.value)
        found = blocked or roc(values, cohort.positive, direction=direction_of(study, quantity))
        yield _marker(quantity.value, NAMES[quantity], found, values)
    yield _combined(study)
    if is_known(cohort.age):
        yield _marker(AGE, AGE, roc(cohort.age, cohort.positive, direction="higher"), cohort.age)


def _marker(key: str, name: str, found: Roc | NotDefined, values: FloatArray) -> RocMarker:
    if isinstance(found, NotDefined):
        return RocMarker(key, name, found, np.empty(0, dtype=np.int64), np.empty(0))
    return RocMarker(key, name, found, found.index, values[found.index])


def _combined(study: Study) -> RocMarker:
    name = " + ".join(NAMES[quantity] for quantity in MEASURED)
    model = combine(study)
    if isinstance(model, NotDefined):
        return RocMarker(COMBINED, name, model, np.empty(0, dtype=np.int64), np.empty(0))
    return RocMarker(COMBINED, name, model.roc, model.index, model.linear_predictor, model)


# -- the methods that can be chosen -----------------------------------------------------------------------


def area_interval(
    result: Roc, method: str, drawn: RocBootstrap | NotDefined | None
) -> tuple[Interval | None, float | None]:
    """Return the interval of an area by a method, and p against 0.5.

    Parameters
    ----------
    result : Roc
    method : str
        Of :data:`INTERVALS`.
    drawn : RocBootstrap or NotDefined or None
        The resamples, where they have been made.

    Returns
    -------
    tuple of Interval or None, and float or None
        None where not defined, and where the resamples are still to come. p is Hanley and McNeil's beside
        their interval, else DeLong's.
    """
    p = None if result.delong is None else result.delong.p
    if method == "hanley_mcneil":
        return result.hanley_mcneil.ci, result.hanley_mcneil.p
    if method == "exact":
        return result.exact_ci, p
    if method == "bootstrap":
        return (drawn.ci if isinstance(drawn, RocBootstrap) else None), p
    return result.ci, p


def share_interval(share: Proportion, method: str) -> Interval:
    """Return the interval of a proportion by a method of :data:`SHARES`."""
    if method == SHARES[0]:
        return share.ci
    return clopper_pearson(share.count, share.total, level=share.ci.level)


def written(criterion: Criterion, style: str) -> str:
    """Write a criterion with its sign; past the last value there is no midpoint."""
    return str(criterion) if style == STYLES[0] else criterion.midpoint_text or str(criterion)


def curve_bootstraps(markers: tuple[RocMarker, ...]) -> Mapping[str, RocBootstrap | NotDefined]:
    """Resample every curve, by the key of its marker; of what has no curve the reason."""
    return MappingProxyType(
        {
            one.key: one.result if isinstance(one.result, NotDefined) else bootstrap_roc(one.result)
            for one in markers
        }
    )


# -- the criterion table ----------------------------------------------------------------------------------


def study_cutoffs(study: Study) -> CutOffTable:
    """Make the criterion table of the marker that was chosen."""
    markers = {one.key: one for one in study_curves(study)}
    chosen = study.selection.option("roc.marker", MARKERS[0])
    marker = markers.get(chosen, markers[MARKERS[0]])
    if isinstance(marker.result, NotDefined):
        return CutOffTable(marker, (), (), 0)
    result, total = marker.result, marker.result.steps.values.size
    places = _shown(result, total)
    order = np.argsort(marker.marker, kind="stable")
    # values equal up to rounding are one step, named by the largest of them
    last = np.searchsorted(marker.marker[order], result.steps.values[places], side="right") - 1
    return CutOffTable(
        marker,
        tuple(cut_off_at(result, place) for place in places.tolist()),
        tuple(marker.rows[order[last]].tolist()),
        total,
    )


def _shown(result: Roc, total: int) -> IntArray:
    """Places of the rows to show: all, or some evenly along the curve with every Youden cut-off."""
    if total <= MOST_ROWS:
        return np.arange(total)
    youden = [int(np.flatnonzero(result.steps.values == one.criterion.value)[0]) for one in result.cutoffs]
    along = np.linspace(0, total - 1, MOST_ROWS).round().astype(np.int64)
    # cut-offs that tie may be as many as the rows
    return np.unique(np.concatenate((along, youden[:MOST_ROWS])))
