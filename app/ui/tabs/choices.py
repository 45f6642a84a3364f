"""Says on every tab which of several accepted choices its figures rest on: the mean, and the groups. No Qt.

In one place, so that no view of a tab can forget it. Where there was nothing to choose, nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.domain.clinical import Scheme
from app.services.selection import Grouping, LevelMean, Outcome
from app.services.study_data import Study
from app.stats.result import Note
from app.stats.sentences import sentence
from app.ui.sentences import label
from app.ui.tabs.content import Panel, Tab, Table
from app.ui.tabs.footnotes import with_note
from app.ui.tabs.roc_words import VERTEBRAE, chosen
from app.ui.tabs.words import by_tscore, footer

_BETWEEN = " · "


@dataclass(frozen=True, slots=True)
class _Choice:
    """What is said of one choice: in few words below a figure, and in a sentence below a table."""

    footer: str
    sentence: str


def state(study: Study, tab: Tab, panel: Panel) -> Panel:
    """Say it below the figure, below the first table, and among the warnings who is left out by it.

    Parameters
    ----------
    study : Study
        Whose choices.
    tab : Tab
        Which tab the panel is.
    panel : Panel
        As the tab made it, or finished it: tables and warnings are new then, the footer is made anew.
    """
    said = [one for one in (_mean(study, tab), _scheme(study, tab)) if one is not None]
    warned = (*panel.notes, *_left_out(study, tab))
    if not said and warned == panel.notes:
        return panel
    words = _BETWEEN.join(text for text in (footer(study), *(one.footer for one in said)) if text)
    figure = None if panel.figure is None else replace(panel.figure, footer=words)
    told = " ".join(one.sentence for one in said if one.sentence)
    return replace(
        panel,
        figure=figure,
        below=_noted(panel.below, told),
        beside=panel.beside if panel.below else _noted(panel.beside, told),
        notes=warned,
    )


def _noted(tables: tuple[Table, ...], told: str) -> tuple[Table, ...]:
    """The tables, with some words more below the first one that has rows."""
    first = next((place for place, table in enumerate(tables) if table.rows), None)
    if first is None or not told:
        return tables
    return (*tables[:first], with_note(tables[first], told), *tables[first + 1 :])


def _mean(study: Study, tab: Tab) -> _Choice | None:
    """What became of means that lack levels; agreement never follows it, and single vertebrae lack none."""
    mean = study.cohort.mean
    if mean is LevelMean.AT_LEAST or tab is Tab.AGREEMENT:
        return None
    if mean is LevelMean.ADJUSTED and tab is Tab.ROC and chosen(study, "view") == VERTEBRAE:
        return None
    code = mean.value
    return _Choice(label(f"stats.footer.{code}"), label(f"stats.note.{code}", levels=study.cohort.levels))


def _scheme(study: Study, tab: Tab) -> _Choice | None:
    """What made the groups, where there was a choice and they play a part."""
    if len(study.cohort.schemes) == 1 or not _by_scheme(study, tab):
        return None
    code, scheme = "outcome_by" if tab is Tab.ROC else "groups_by", study.cohort.scheme.value
    words = label(f"stats.footer.{code}.{scheme}")
    # the Cohort tab has a note of its own below its groups; in agreement they only colour the points
    if tab in {Tab.COHORT, Tab.AGREEMENT}:
        return _Choice(words, "")
    note, region = f"stats.note.{code}.{scheme}", study.bmd_region
    if study.cohort.scheme is Scheme.T_SCORE:
        note, region = by_tscore(note, study)
    return _Choice(words, label(note, region=region))


def _by_scheme(study: Study, tab: Tab) -> bool:
    selection = study.selection
    of_outcome = selection.outcome is not Outcome.FEMALE
    if tab is Tab.ROC:
        return of_outcome
    if tab is Tab.GROUPS:
        by = {Grouping.SEX: False, Grouping.OUTCOME: of_outcome, Grouping.T_SCORE: True}
        return by[selection.grouping]
    return True


def _left_out(study: Study, tab: Tab) -> tuple[str, ...]:
    """Who is missing because of the choice, and what a choice does not change."""
    cohort = study.cohort
    if tab is Tab.AGREEMENT:
        return () if cohort.mean is LevelMean.AT_LEAST else (label("agreement.note.shared_levels"),)
    if tab not in {Tab.GROUPS, Tab.ROC} or not _by_scheme(study, tab):
        return ()
    # the Cohort tab and the Methods have these among the notes of the cohort
    return tuple(sentence(Note.of(one.code, count=len(one.cases))) for one in cohort.ungrouped)
