"""The Methods text of the ROC tab: of the view that is open and its options, and of nothing else. No Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from app.domain.maps import MEASURED
from app.services.analyse import NAMES
from app.services.study_data import Study
from app.services.study_roc import (
    AGE,
    AUTOMATIC,
    COMBINED,
    RocMarker,
    share_interval,
    study_curves,
    study_cutoffs,
)
from app.services.study_roc_models import SEX, StudyModel, study_comparison, study_model
from app.services.study_roc_units import study_readers, study_vertebrae
from app.stats.combined import LogisticModel
from app.stats.cross_validation import CrossValidation
from app.stats.firth import FirthModel
from app.stats.model_fit import HosmerLemeshow
from app.stats.mrmc import Mrmc
from app.stats.nested_models import NestedModels
from app.stats.result import NotDefined
from app.stats.roc import Roc
from app.stats.roc_clustered import ClusteredRoc
from app.ui.sentences import label
from app.ui.tabs.roc_words import PREVALENCES, chosen, marker_name


def roc_methods(study: Study) -> Iterator[str]:
    """Write what the chosen view of the ROC tab was made by."""
    yield from _VIEWS[chosen(study, "view")](study)


def _curves(study: Study) -> Iterator[str]:
    markers = [one for one in study_curves(study) if isinstance(one.result, Roc)]
    if not markers:
        return
    yield label("methods.roc", markers=", ".join(one.name for one in markers))
    yield from _direction(study)
    yield label(f"methods.auc.{chosen(study, 'interval')}")
    yield label(f"methods.cutoff.{chosen(study, 'style')}")
    yield from _shares(study, markers)
    if any(one.cutoff is not None and one.key != COMBINED for one in markers):
        yield label("methods.youden")
    yield from _combined(markers)


def _cutoffs(study: Study) -> Iterator[str]:
    marker = study_cutoffs(study).marker
    if isinstance(marker.result, NotDefined):
        return
    yield label("methods.criteria", marker=marker_name(marker))
    if marker.key in {one.value for one in MEASURED}:
        yield from _direction(study)
    yield label(f"methods.cutoff.{chosen(study, 'style')}")
    yield from _shares(study, [marker])
    yield from _combined([marker])


def _compare(study: Study) -> Iterator[str]:
    found = study_comparison(study)
    if found.pairs:
        markers = ", ".join(one.name for one in found.markers)
        yield label("methods.compared", markers=markers, n=found.markers[0].result.n)
        yield from _direction(study)
    nested = [one for one in found.nested if isinstance(one, NestedModels)]
    if nested:
        names = dict.fromkeys(name for one in nested for name in (*one.small.names, *one.added))
        yield label("methods.nested", names=", ".join(names))
        yield from _sex_as_number(tuple(names))
        yield label("methods.nested_areas")
    if found.delong:
        yield label("methods.nested_delong")


def _model(study: Study) -> Iterator[str]:
    found = study_model(study)
    beside = any(isinstance(one, LogisticModel) for one in found.beside)
    if isinstance(found.model, NotDefined):
        return
    is_firth = isinstance(found.model, FirthModel)
    yield label("methods.firth" if is_firth else "methods.likelihood", names=", ".join(found.names))
    yield from _sex_as_number(found.names)
    if not is_firth:
        yield from _fit(found)
        yield label("methods.resampled")
    elif beside:
        yield label("methods.resampled_beside")


def _fit(found: StudyModel) -> Iterator[str]:
    if isinstance(found.model, LogisticModel) and found.model.cutoff is not None:
        yield label("methods.model_cutoff")
    if isinstance(found.hosmer_lemeshow, HosmerLemeshow):
        yield label("methods.hosmer_lemeshow", groups=found.hosmer_lemeshow.groups)
    if isinstance(found.left_out, CrossValidation):
        yield label("methods.calibration")


def _vertebrae(study: Study) -> Iterator[str]:
    found = study_vertebrae(study)
    maps = [NAMES[one.quantity] for one in found.maps if isinstance(one.together, ClusteredRoc)]
    if not maps:
        return
    levels = ", ".join(level.value for level in found.levels)
    yield label("methods.units_of_roc", markers=", ".join(maps), levels=levels)
    yield from _direction(study)


def _readers(study: Study) -> Iterator[str]:
    result = study_readers(study).result
    if not isinstance(result, Mrmc):
        return
    markers = ", ".join(result.treatments)
    yield label("methods.mrmc", markers=markers, readers=len(result.readers), n=result.n)
    yield label(f"methods.covariance.{chosen(study, 'covariance')}")
    yield from _direction(study)


_VIEWS: Mapping[str, Callable[[Study], Iterator[str]]] = MappingProxyType(
    {
        "curves": _curves,
        "cutoffs": _cutoffs,
        "compare": _compare,
        "model": _model,
        "vertebrae": _vertebrae,
        "readers": _readers,
    }
)


# -- what views share -------------------------------------------------------------------------------------


def _direction(study: Study) -> Iterator[str]:
    is_open = chosen(study, "direction") == AUTOMATIC
    yield label("methods.direction.automatic" if is_open else "methods.direction.stated")


def _shares(study: Study, markers: list[RocMarker]) -> Iterator[str]:
    cutoff = next((one.cutoff for one in markers if one.cutoff is not None), None)
    if cutoff is None:
        return
    used = share_interval(cutoff.sensitivity, chosen(study, "share"))
    yield label("methods.shares", method=used.method)
    prevalence = chosen(study, "prevalence")
    if prevalence != PREVALENCES[0]:
        yield label("methods.prevalence", prevalence=prevalence)


def _combined(markers: list[RocMarker]) -> Iterator[str]:
    if any(one.model is not None for one in markers):
        yield label("methods.combined", names=" + ".join(NAMES[one] for one in MEASURED))
    if any(one.key == AGE for one in markers):
        yield label("methods.age")


def _sex_as_number(names: tuple[str, ...]) -> Iterator[str]:
    if SEX in names:
        yield label("methods.sex_as_number")
