"""The Agreement tab: Bland-Altman plot, limits of agreement, reliability, error. Pure: imports no Qt."""

from __future__ import annotations

from typing import Any, get_args

from app.services.study_agreement import (
    Asked,
    PlotAgainst,
    StudyAgreement,
    study_agreement,
    with_gaps,
)
from app.services.study_data import Study
from app.stats.agreement import Scale
from app.stats.bland_altman_varying_truth import VaryingTruth
from app.stats.result import FloatArray, NotDefined
from app.stats.sentences import sentence
from app.ui.plots.bland_altman import bland_altman_figure
from app.ui.plots.bland_altman_levels import levels_figure
from app.ui.plots.spec import Figure
from app.ui.sentences import label
from app.ui.tabs.agreement_limits import further_tables as of_limits
from app.ui.tabs.agreement_limits import limit_tables, slopes
from app.ui.tabs.agreement_reliability import WithGaps, headline_tables, last_tables
from app.ui.tabs.agreement_reliability import further_tables as of_reliability
from app.ui.tabs.agreement_words import Words, axis_titles, of_rounds, pair_name, words_of
from app.ui.tabs.content import Choice, Option, Panel, Table
from app.ui.tabs.words import DECIMALS, footer, notes, paper


def agreement_panel(study: Study) -> Panel:
    """Make the tab for one map; what needs all readings, gaps included, follows."""
    return _panel(study, study_agreement(study), None)


def finish_agreement(study: Study, _panel_before: Panel) -> Panel:
    """Make the tab with the reliability from all readings, in tables of the same shape."""
    found = study_agreement(study)
    return _panel(study, found, with_gaps(found))


def _panel(study: Study, found: StudyAgreement, gaps: WithGaps) -> Panel:
    words = words_of(study, found)
    plot = _plot(study, found, words)
    quantity = study.selection.quantity.value
    kind = "agreement.title_levels" if words.vertebrae else "stats.title.agreement"
    stem = "agreement.file_levels" if words.vertebrae else "stats.file.agreement"
    return Panel(
        title=label(kind, name=label(f"stats.map.{quantity}")),
        hint=label("stats.hint.click") if plot else "",
        figure=plot,
        reason="" if plot else _limits_said(found, words),
        beside=_tables(found, words, gaps),
        notes=_notes(found, words, gaps),
        paper=_paper(found, words),
        stem=label(stem, name=quantity, levels=found.readings.name),
        options=_options(found.asked),
        unfinished=found.gaps and gaps is None,
    )


def _tables(found: StudyAgreement, words: Words, gaps: WithGaps) -> tuple[Table, ...]:
    return (
        *limit_tables(found, words),
        *headline_tables(found, words, gaps),
        *of_reliability(found, words),
        *of_limits(found, words),
        *last_tables(found, words),
    )


def _notes(found: StudyAgreement, words: Words, gaps: WithGaps) -> tuple[str, ...]:
    if found.clustered is not None:
        return notes(found.clustered.varying, found.clustered.constant, found.kappa)
    said: list[Any] = [found.bland_altman, found.icc, found.concordance, found.reproducibility]
    if found.asked.scale == "difference":
        said.insert(1, found.checks)
    if words.within:
        said.append(found.repeatability)
    if found.everybody is not None:
        said.append(found.everybody.icc)
    missing = (sentence(gaps),) if isinstance(gaps, NotDefined) else ()
    return (*notes(*said, found.kappa, *(() if gaps is None else (gaps,))), *missing)


def _limits_said(found: StudyAgreement, words: Words) -> str:
    if found.clustered is not None:
        return sentence(found.clustered.varying, decimals=DECIMALS, what=words.what)
    return sentence(found.bland_altman, decimals=DECIMALS, what=words.what, unit=words.unit)


def _paper(found: StudyAgreement, words: Words) -> str:
    limits_said = _limits_said(found, words)
    if found.clustered is not None:
        return paper((found.clustered.varying, limits_said))
    said: list[tuple[Any, str]] = [(found.bland_altman, limits_said)]
    said.append((found.icc, sentence(of_rounds(found.icc, words), what=words.what)))
    if words.within:
        repeats = found.repeatability
        said.append((repeats, sentence(repeats, decimals=DECIMALS, what=words.what)))
    return paper(*said)


# -- plot -----------------------------------------------------------------------------------------------


def _plot(study: Study, found: StudyAgreement, words: Words) -> Figure | None:
    readings, result = found.readings, found.bland_altman
    if readings.pair is None:
        return None
    titles = axis_titles(found, readings.pair, words)
    told = footer(study)
    if found.clustered is not None:
        varying = found.clustered.varying
        return (
            levels_figure(
                varying,
                titles=titles,
                codes=readings.codes,
                groups=readings.groups,
                scheme=study.cohort.scheme,
                levels=readings.levels,
                footer=told,
            )
            if isinstance(varying, VaryingTruth)
            else None
        )
    if isinstance(result, NotDefined):
        return None
    return bland_altman_figure(
        result,
        titles=titles,
        codes=readings.codes,
        groups=readings.groups,
        scheme=study.cohort.scheme,
        footer=told,
        positions=_positions(found),
        sloping=slopes(found) if found.asked.limits == "regression" else None,
    )


def _positions(found: StudyAgreement) -> FloatArray | None:
    """Where the points stand; None for their means."""
    result, against = found.bland_altman, found.asked.against
    if isinstance(result, NotDefined) or against == "mean":
        return None
    if against == "rank":
        return result.positions
    chosen: FloatArray = found.readings.paired[result.index, 0 if against == "first" else 1]
    return chosen


# -- options --------------------------------------------------------------------------------------------


def _options(asked: Asked) -> tuple[Option, ...]:
    if asked.pair is None:
        return ()
    compare = Option(
        "agreement.compare",
        label("agreement.compare"),
        tuple(Choice(one.key, pair_name(one)) for one in asked.pairs),
        asked.pair.key,
        label("agreement.compare_tip"),
    )
    offered = [compare]
    if len(asked.units) > 1:
        offered.append(_option("unit", asked.units, asked.unit))
    if asked.unit == "patient":
        offered.append(_option("scale", get_args(Scale), asked.scale))
        if asked.limits != "regression":
            offered.append(_option("against", get_args(PlotAgainst), asked.against))
        offered.append(_option("limits", asked.limit_choices, asked.limits))
    return tuple(offered)


def _option(name: str, keys: tuple[str, ...], chosen: str) -> Option:
    full = f"agreement.{name}"
    choices = tuple(Choice(key, label(f"{full}.{key}")) for key in keys)
    return Option(full, label(full), choices, chosen, label(f"{full}_tip"))
