"""The ROC tab: one view at a time of the same patients and outcome. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Protocol

from app.services.selection import Outcome
from app.services.study_data import Study
from app.ui.tabs.content import Panel
from app.ui.tabs.footnotes import of_reference
from app.ui.tabs.roc_compare import compare_view
from app.ui.tabs.roc_curves import curves_view
from app.ui.tabs.roc_cutoffs import cutoffs_view
from app.ui.tabs.roc_model import model_view
from app.ui.tabs.roc_units import readers_view, vertebrae_view
from app.ui.tabs.roc_words import chosen


class _View(Protocol):
    """Makes a view, with its bootstrap figures or without."""

    def __call__(self, study: Study, *, finished: bool) -> Panel: ...


_VIEWS: Mapping[str, _View] = MappingProxyType(
    {
        "curves": curves_view,
        "cutoffs": cutoffs_view,
        "compare": compare_view,
        "model": model_view,
        "vertebrae": vertebrae_view,
        "readers": readers_view,
    }
)


def roc_panel(study: Study) -> Panel:
    """Make the view that was chosen: estimates, and intervals that have a formula."""
    return _view(study, finished=False)


def finish_roc(study: Study, panel: Panel) -> Panel:
    """Make the same with its bootstrap figures, in tables of the same shape; the figure stays."""
    made = _view(study, finished=True)
    return replace(panel, beside=made.beside, notes=made.notes, paper=made.paper, unfinished=False)


def _view(study: Study, *, finished: bool) -> Panel:
    """The view that was chosen; where the outcome comes from the reference, its tables say so."""
    made = _VIEWS[chosen(study, "view")](study, finished=finished)
    if study.selection.outcome is Outcome.FEMALE:
        return made
    return replace(made, beside=of_reference(study, made.beside))
