"""ROC curves of parts of a patient's value: vertebra by vertebra, and reader by reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS, Level
from app.services.analyse import NAMES
from app.services.cohort import Cohort
from app.services.patient_means import FloatArray, choose_levels
from app.services.selection import one_reader
from app.services.study_data import Study, means_of
from app.services.study_roc import directions
from app.stats.mrmc import CovarianceMethod, Mrmc, mrmc
from app.stats.ranking import Direction
from app.stats.result import NotDefined
from app.stats.roc import Roc, roc
from app.stats.roc_clustered import ClusteredRoc, clustered_roc

COVARIANCES: tuple[CovarianceMethod, ...] = ("delong", "jackknife")
"""How the covariances between readers' areas are estimated."""


@dataclass(frozen=True, slots=True, eq=False)
class VertebraeOfMap:
    """The vertebrae of one map.

    Attributes
    ----------
    quantity : Quantity
    together : ClusteredRoc or NotDefined
        All levels, the patient being the cluster.
    by_level : tuple of Roc or NotDefined
        Each level alone: one vertebra of each patient, so that nothing hangs together.
    """

    quantity: Quantity
    together: ClusteredRoc | NotDefined
    by_level: tuple[Roc | NotDefined, ...]


@dataclass(frozen=True, slots=True, eq=False)
class StudyVertebrae:
    """Vertebrae as units, each with the outcome of its patient.

    Attributes
    ----------
    levels : tuple of Level
        Those a patient's value is made of.
    maps : tuple of VertebraeOfMap
    """

    levels: tuple[Level, ...]
    maps: tuple[VertebraeOfMap, ...]


def study_vertebrae(study: Study) -> StudyVertebrae:
    """Analyse the values of single levels, made of the readers as the selection says."""
    places = choose_levels(study.cohort.levels, study.rules).positions
    levels = tuple(LEVELS[place] for place in places)
    values = [means_of(study, study.selection, level.value) for level in levels]
    ways = directions(study)
    return StudyVertebrae(levels, tuple(_of_map(study.cohort, values, one, ways[one]) for one in MEASURED))


def _of_map(
    cohort: Cohort, values: Sequence[Mapping[Quantity, FloatArray]], quantity: Quantity, way: Direction
) -> VertebraeOfMap:
    blocked = cohort.blocked.get(quantity.value)
    if blocked is not None:
        return VertebraeOfMap(quantity, blocked, (blocked,) * len(values))
    columns = [one[quantity] for one in values]
    together = clustered_roc(
        np.concatenate(columns),
        np.tile(cohort.positive, len(columns)),
        cohort.codes * len(columns),
        direction=way,
    )
    return VertebraeOfMap(
        quantity, together, tuple(roc(column, cohort.positive, direction=way) for column in columns)
    )


@dataclass(frozen=True, slots=True, eq=False)
class StudyReaders:
    """Every reader with every map.

    Attributes
    ----------
    readers : tuple of str
        Who has values in the round.
    result : Mrmc or NotDefined
        Maps are the treatments.
    curves : mapping of (str, str) to Roc
        By map and reader, on the patients all of them measured; empty where not defined.
    blocked : tuple of NotDefined
        Why a map is not among the treatments.
    """

    readers: tuple[str, ...]
    result: Mrmc | NotDefined
    curves: Mapping[tuple[str, str], Roc]
    blocked: tuple[NotDefined, ...]


def study_readers(study: Study) -> StudyReaders:
    """Analyse the patient means of each reader, as measured: what was decided later is in none of them."""
    cohort, selection = study.cohort, study.selection
    readers = study.gathered.active(selection.round)
    own = {
        name: means_of(study, replace(selection, readers=one_reader(name)), cohort.levels) for name in readers
    }
    maps = [one for one in MEASURED if one.value not in cohort.blocked]
    blocked = tuple(cohort.blocked[one.value] for one in MEASURED if one.value in cohort.blocked)
    ratings = {(NAMES[one], name): own[name][one] for one in maps for name in readers}
    if not ratings:
        return StudyReaders(readers, NotDefined.of("mrmc.one_reader"), {}, blocked)
    ways = {NAMES[quantity]: way for quantity, way in directions(study).items()}
    asked = selection.option("roc.covariance", COVARIANCES[0])
    method: CovarianceMethod = "jackknife" if asked == "jackknife" else "delong"
    result = mrmc(ratings, cohort.positive, directions=ways, method=method)
    if isinstance(result, NotDefined):
        return StudyReaders(readers, result, {}, blocked)
    complete = np.isfinite(np.stack([*ratings.values(), cohort.positive])).all(axis=0)
    label = np.where(complete, cohort.positive, np.nan)
    curves = {key: roc(column, label, direction=ways[key[0]]) for key, column in ratings.items()}
    return StudyReaders(
        readers, result, {key: one for key, one in curves.items() if isinstance(one, Roc)}, blocked
    )
