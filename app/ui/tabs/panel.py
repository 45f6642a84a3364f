"""From a study to what the Statistics page shows: each tab, and the selection bar. Pure: imports no Qt.

Loads the libraries of statistics, so only the job that analyses imports this.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from app.domain.protocol import LEVELS, MEAN_LEVELS
from app.files.collecting import uncollected
from app.services.field_strengths import UNKNOWN, different, field_name
from app.services.selection import ADJUDICATED, MEAN, Grouping, LevelMean, Outcome, one_reader
from app.services.study_data import Study
from app.ui.sentences import label
from app.ui.tabs.agreement import agreement_panel, finish_agreement
from app.ui.tabs.choices import state
from app.ui.tabs.cohort import cohort_panel
from app.ui.tabs.content import Bar, Choice, Panel, Tab
from app.ui.tabs.correlation import correlation_panel
from app.ui.tabs.groups import groups_panel
from app.ui.tabs.roc import finish_roc, roc_panel
from app.ui.tabs.words import grouping_name, mean_names

_TABS: Mapping[Tab, Callable[[Study], Panel]] = MappingProxyType(
    {
        Tab.COHORT: cohort_panel,
        Tab.AGREEMENT: agreement_panel,
        Tab.CORRELATION: correlation_panel,
        Tab.GROUPS: groups_panel,
        Tab.ROC: roc_panel,
    }
)
# what follows where a panel says that it is unfinished
_FINISH: Mapping[Tab, Callable[[Study, Panel], Panel]] = MappingProxyType(
    {
        Tab.AGREEMENT: finish_agreement,
        Tab.ROC: finish_roc,
    }
)


def tab_panel(study: Study, tab: Tab) -> Panel:
    """Make a tab: estimates and intervals that have a formula."""
    # a plot may have fifty thousand points, and what was read of the session lies in memory beside them
    with uncollected():
        return state(study, tab, _TABS[tab](study))


def finish_tab(study: Study, tab: Tab, panel: Panel) -> Panel:
    """Make a tab with its bootstrap figures, in tables of the same shape."""
    return state(study, tab, _FINISH[tab](study, panel))


def make_bar(study: Study) -> Bar:
    """Make what the selection bar shows and offers."""
    cohort, gathered = study.cohort, study.gathered
    counted = "stats.counted_some" if cohort.n_excluded else "stats.counted_all"
    return Bar(
        counted=label(counted, n=cohort.n, enrolled=cohort.enrolled),
        excluded=label("stats.excluded", count=cohort.n_excluded) if cohort.n_excluded else "",
        levels=level_choices(study.rules.mean_levels),
        readers=_reader_choices(study),
        rounds=tuple(Choice(str(one), label("stats.round.number", round=one)) for one in gathered.rounds),
        outcomes=tuple(Choice(one.value, label(f"stats.outcome_choice.{one.value}")) for one in Outcome),
        groupings=tuple(Choice(one.value, grouping_name(one, cohort.scheme)) for one in Grouping),
        means=_mean_choices(study),
        schemes=tuple(Choice(one.value, label(f"stats.scheme.{one.value}")) for one in cohort.schemes),
        fields=_field_choices(study),
        empty=_what_next(study),
    )


def _field_choices(study: Study) -> tuple[Choice, ...]:
    """All field strengths together, or the patients of one; nothing to choose where there is one."""
    names = [field_name(one) for one in different(exam.field_strength_t for exam in study.gathered.enrolled)]
    chosen = study.selection.field
    if chosen and chosen not in names:
        # those patients are gone: it can be taken back
        names.append(chosen)
    if len(names) < 2:  # noqa: PLR2004 - one is no choice
        return ()
    known = [Choice(name, label("stats.field.known", tesla=name)) for name in names if name != UNKNOWN]
    unknown = [Choice(UNKNOWN, label("stats.field.unknown"))] if UNKNOWN in names else []
    return (Choice("", label("stats.field.all")), *known, *unknown)


def _mean_choices(study: Study) -> tuple[Choice, ...]:
    """What can become of incomplete sets; where every set is complete there is nothing to choose."""
    cohort = study.cohort
    lacking = cohort.incomplete.any() or any(one.code == "cohort.too_few_levels" for one in cohort.exclusions)
    if cohort.mean is LevelMean.AT_LEAST and not lacking:
        return ()
    return tuple(Choice(one.value, name) for one, name in mean_names(study).items())


def _reader_choices(study: Study) -> tuple[Choice, ...]:
    gathered = study.gathered
    active = gathered.active(study.selection.round)
    both = [MEAN] if len(active) > 1 else []
    decided = [ADJUDICATED] if gathered.decided else []
    shared = [Choice(key, label(f"stats.readers.{key}")) for key in (*decided, *both)]
    return (*shared, *(Choice(one_reader(name), name) for name in active))


def _what_next(study: Study) -> str:
    """What to do where there is nothing to analyse; empty otherwise."""
    if study.cohort.n or study.selection.filtered:
        return ""
    return label("stats.empty.no_exams" if study.cohort.enrolled == 0 else "stats.empty.not_signed_off")


def level_choices(mean_levels: str) -> tuple[Choice, ...]:
    """What a patient's value can be the mean of, the protocol's choice first."""
    means = [
        Choice(levels, label("stats.levels.choice_mean", levels=levels))
        for levels in MEAN_LEVELS
        if levels != mean_levels
    ]
    first = Choice(mean_levels, label("stats.levels.choice_protocol", levels=mean_levels))
    return (first, *means, *(Choice(level.value, level.value) for level in LEVELS))
