"""What columns add to a model that already has others: likelihood ratio, and corrected areas side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from app.stats.combined import LogisticModel, logistic
from app.stats.distributions import chi2_upper
from app.stats.optimism import (
    SEED,
    Resampled,
    draw_patients,
    failed_note,
    resampled,
    shifted_interval,
    too_few_fitted,
)
from app.stats.result import Interval, NotDefined, Note, complete_cases
from app.stats.roc_paired import PairedRoc, compare_paired

__all__ = [
    "AddedArea",
    "BesideReference",
    "NestedModels",
    "added_area",
    "added_areas",
    "added_beside",
    "beside_reference",
    "delong_nested",
    "nested_models",
]

Columns = Sequence[ArrayLike]


@dataclass(frozen=True, slots=True, eq=False)
class NestedModels:
    """A model and the same with more columns, on the same patients.

    Parameters
    ----------
    small, large : LogisticModel
    chi2 : float
        Likelihood ratio.
    df : int
        Columns added.
    p : float
    n_excluded : int
        Patients left out for a missing cell in any column of the large model.
    notes : tuple of Note
    """

    small: LogisticModel
    large: LogisticModel
    chi2: float
    df: int
    p: float
    n_excluded: int
    notes: tuple[Note, ...] = ()

    @property
    def added(self) -> tuple[str, ...]:
        """Names of the columns added."""
        return self.large.names[len(self.small.names) :]


@dataclass(frozen=True, slots=True)
class AddedArea:
    """Optimism-corrected areas of two nested models and their difference.

    Parameters
    ----------
    base, added : tuple of str
        Names of the columns of the small model, and of those the large one has more.
    small, large : float
        Corrected AUCs.
    apparent_difference : float
        Large - small, in-sample.
    difference : float
        Large - small, corrected.
    ci : Interval
        Percentiles of the resampled apparent differences, moved by the optimism of the difference.
    replicates, failed : int
        Resamples to which both models could be fitted, and the others.
    seed : int
    notes : tuple of Note
    """

    base: tuple[str, ...]
    added: tuple[str, ...]
    small: float
    large: float
    apparent_difference: float
    difference: float
    ci: Interval
    replicates: int
    failed: int
    seed: int
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class BesideReference:
    """Markers beside a reference such as age: the reference alone, the markers without it, and all together.

    Parameters
    ----------
    reference : str
    alone, without, together : LogisticModel
        On the same patients.
    markers_added : NestedModels
        What the markers add to the reference.
    reference_added : NestedModels
        What the reference adds to the markers.
    """

    reference: str
    alone: LogisticModel
    without: LogisticModel
    together: LogisticModel
    markers_added: NestedModels
    reference_added: NestedModels


def nested_models(
    columns: Columns,
    names: Sequence[str],
    added: Columns,
    added_names: Sequence[str],
    label: ArrayLike,
    *,
    level: float = 0.95,
) -> NestedModels | NotDefined:
    """Fit a model with and without the added columns, on the patients complete in all of them.

    ``chi-square = 2 (l(large) - l(small))`` with as many degrees of freedom as columns were added.

    Parameters
    ----------
    columns, names, label, level
        Of the small model, as in :func:`app.stats.combined.logistic`.
    added, added_names
        The columns more, at least one.

    Returns
    -------
    NestedModels or NotDefined
        Not defined as either model is.

    Raises
    ------
    ValueError
        If either list is empty, or has not one name for each column.

    References
    ----------
    Wilks 1938, Ann Math Stat 9:60.
    """
    if not added_names or len(added) != len(added_names):
        message = f"{len(added)} added columns with {len(added_names)} names"
        raise ValueError(message)
    cases = complete_cases([*columns, *added, label])
    width = len(columns)
    small = logistic(cases.columns[:width], names, cases.columns[-1], level=level)
    if isinstance(small, NotDefined):
        return small
    large = logistic(cases.columns[:-1], [*names, *added_names], cases.columns[-1], level=level)
    if isinstance(large, NotDefined):
        return large
    return _nested(small, large, cases.n_excluded)


def _nested(small: LogisticModel, large: LogisticModel, n_excluded: int) -> NestedModels:
    df = len(large.names) - len(small.names)
    chi2 = max(2.0 * (large.log_likelihood - small.log_likelihood), 0.0)
    few = tuple(note for note in large.notes if note.code == "logistic.few_events")
    return NestedModels(small, large, chi2, df, chi2_upper(chi2, df), n_excluded, few)


def added_area(nested: NestedModels, *, replicates: int = 2000, seed: int = SEED) -> AddedArea | NotDefined:
    """Compare the optimism-corrected AUCs of two nested models, both fitted again to the same resamples.

    Parameters
    ----------
    nested : NestedModels
    replicates : int
        Resamples.
    seed : int
        Of the random draws.

    Returns
    -------
    AddedArea or NotDefined
        Not defined when a model cannot be fitted to a tenth of the resamples (``optimism.few_fitted``).

    References
    ----------
    Harrell, Lee and Mark 1996, Stat Med 15:361. Interval: Noma 2021, Stat Med 40:5691.
    """
    draws = draw_patients(nested.small.n, replicates, seed)
    areas = resampled(nested.small, draws), resampled(nested.large, draws)
    return _added(nested, areas, seed)


def added_areas(
    nested: Sequence[NestedModels | NotDefined], *, replicates: int = 2000, seed: int = SEED
) -> tuple[AddedArea | NotDefined, ...]:
    """Do the same for several pairs of models of the same patients; a model that comes twice is drawn once.

    Parameters
    ----------
    nested : sequence of NestedModels or NotDefined
        What is not defined is handed back.
    replicates, seed
        As in :func:`added_area`.
    """
    areas: dict[tuple[int, frozenset[str]], Resampled] = {}

    def drawn(model: LogisticModel) -> Resampled:
        # the order of its columns changes nothing
        key = model.n, frozenset(model.names)
        if key not in areas:
            areas[key] = resampled(model, draw_patients(model.n, replicates, seed))
        return areas[key]

    return tuple(
        one if isinstance(one, NotDefined) else _added(one, (drawn(one.small), drawn(one.large)), seed)
        for one in nested
    )


def added_beside(
    models: BesideReference, *, replicates: int = 2000, seed: int = SEED
) -> tuple[AddedArea | NotDefined, AddedArea | NotDefined]:
    """Do the same for what the markers add to the reference, and what the reference adds to the markers.

    Parameters
    ----------
    models : BesideReference
    replicates, seed
        As in :func:`added_area`.
    """
    draws = draw_patients(models.together.n, replicates, seed)
    alone, without, together = (
        resampled(model, draws) for model in (models.alone, models.without, models.together)
    )
    return (
        _added(models.markers_added, (alone, together), seed),
        _added(models.reference_added, (without, together), seed),
    )


def _added(nested: NestedModels, areas: tuple[Resampled, Resampled], seed: int) -> AddedArea | NotDefined:
    small, large = areas
    replicates = int(small.own.size)
    both = np.flatnonzero(np.isfinite(small.own) & np.isfinite(large.own))
    reason = too_few_fitted(both, replicates)
    if reason is not None:
        return reason
    optimism = [float(np.mean(one.own[both] - one.whole[both])) for one in areas]
    apparent = nested.large.roc.auc - nested.small.roc.auc
    difference = apparent - (optimism[1] - optimism[0])
    failed = replicates - int(both.size)
    return AddedArea(
        base=nested.small.names,
        added=nested.added,
        small=nested.small.roc.auc - optimism[0],
        large=nested.large.roc.auc - optimism[1],
        apparent_difference=apparent,
        difference=difference,
        ci=shifted_interval(
            large.own[both] - small.own[both], apparent - difference, nested.small.level, bounds=(-1.0, 1.0)
        ),
        replicates=int(both.size),
        failed=failed,
        seed=seed,
        notes=failed_note(failed, replicates),
    )


def delong_nested(nested: NestedModels) -> PairedRoc | NotDefined:
    """Compare the in-sample AUCs by DeLong's test, with the warning that nested models break its rules.

    Returns
    -------
    PairedRoc or NotDefined
        As :func:`app.stats.roc_paired.compare_paired`, with the note ``roc.nested``.

    References
    ----------
    Demler, Pencina and D'Agostino 2012, Stat Med 31:2577.
    """
    compared = compare_paired(
        nested.large.linear_predictor,
        nested.small.linear_predictor,
        nested.small.label,
        directions=("higher", "higher"),
        level=nested.small.level,
    )
    if isinstance(compared, NotDefined):
        return compared
    return replace(compared, notes=(*compared.notes, Note.of("roc.nested")))


def beside_reference(
    columns: Columns,
    names: Sequence[str],
    reference: ArrayLike,
    reference_name: str,
    label: ArrayLike,
    *,
    level: float = 0.95,
) -> BesideReference | NotDefined:
    """Fit a reference alone, the markers without it, and all together, on the same complete patients.

    Parameters
    ----------
    columns, names, label, level
        Of the markers, as in :func:`app.stats.combined.logistic`.
    reference : array_like, shape (patients,)
        Such as the age.
    reference_name : str

    Returns
    -------
    BesideReference or NotDefined
        Not defined as any of the three models is.
    """
    cases = complete_cases([*columns, reference, label])
    markers, known, outcome = cases.columns[:-2], cases.columns[-2], cases.columns[-1]
    to_reference = nested_models([known], [reference_name], markers, names, outcome, level=level)
    if isinstance(to_reference, NotDefined):
        return to_reference
    to_markers = nested_models(markers, names, [known], [reference_name], outcome, level=level)
    if isinstance(to_markers, NotDefined):
        return to_markers
    return BesideReference(
        reference=reference_name,
        alone=to_reference.small,
        without=to_markers.small,
        together=to_markers.large,
        markers_added=replace(to_reference, n_excluded=cases.n_excluded),
        reference_added=replace(to_markers, n_excluded=cases.n_excluded),
    )
