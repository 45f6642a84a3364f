"""From an analysis to the tables, texts and figures of the Statistics page. Pure: imports no Qt.

Loads the libraries of statistics, so only the job that analyses imports this.
"""

from __future__ import annotations

from types import MappingProxyType

from app.domain.maps import MEASURED
from app.domain.protocol import LEVELS, MEAN_LEVELS
from app.services.analyse import Analysis
from app.ui.pages.statistics_content import Choice, Report, Tab
from app.ui.present_agreement import agreement_panel
from app.ui.present_cohort import cohort_panel
from app.ui.present_correlation import correlation_panel
from app.ui.present_roc import roc_panel
from app.ui.sentences import label


def report(analysis: Analysis, *, mean_levels: str) -> Report:
    """Make all the page shows of an analysis.

    Parameters
    ----------
    analysis : Analysis
        Of the levels that were asked for.
    mean_levels : str
        Levels the protocol in force names; they head the list of choices.
    """
    cohort = analysis.cohort
    shared = {Tab.COHORT: cohort_panel(analysis), Tab.ROC: roc_panel(analysis)}
    panels = {(tab, quantity): panel for tab, panel in shared.items() for quantity in MEASURED}
    for quantity in MEASURED:
        panels[Tab.AGREEMENT, quantity] = agreement_panel(analysis, quantity)
        panels[Tab.CORRELATION, quantity] = correlation_panel(analysis, quantity)
    counted = "stats.counted_some" if cohort.n_excluded else "stats.counted_all"
    return Report(
        panels=MappingProxyType(panels),
        counted=label(counted, n=cohort.n, enrolled=cohort.enrolled),
        excluded=label("stats.excluded", count=cohort.n_excluded) if cohort.n_excluded else "",
        levels=cohort.levels,
        choices=level_choices(mean_levels),
        empty=_what_next(analysis),
    )


def _what_next(analysis: Analysis) -> str:
    """What to do where there is nothing to analyse; empty otherwise."""
    if analysis.cohort.n:
        return ""
    return label("stats.empty.no_exams" if analysis.cohort.enrolled == 0 else "stats.empty.not_signed_off")


def level_choices(mean_levels: str) -> tuple[Choice, ...]:
    """What a patient's value can be the mean of, the protocol's choice first."""
    means = [
        Choice(levels, label("stats.levels.choice_mean", levels=levels))
        for levels in MEAN_LEVELS
        if levels != mean_levels
    ]
    first = Choice(mean_levels, label("stats.levels.choice_protocol", levels=mean_levels))
    return (first, *means, *(Choice(level.value, level.value) for level in LEVELS))
