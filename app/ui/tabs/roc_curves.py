"""ROC tab, curves: Table 2 of a paper, and what goes with its cut-offs. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.domain.maps import Quantity
from app.services.study_data import Study
from app.services.study_roc import (
    AGE,
    COMBINED,
    INTERVALS,
    STATED,
    RocMarker,
    area_interval,
    curve_bootstraps,
    study_curves,
)
from app.stats.criterion import CutOff
from app.stats.formatting import confidence, limits, number, p_value, percent
from app.stats.result import NotDefined
from app.stats.roc import Roc
from app.stats.roc_bootstrap import RocBootstrap
from app.stats.sentences import sentence
from app.ui.plots.roc import Marker, roc_figure
from app.ui.sentences import label
from app.ui.tabs.content import Panel, Table
from app.ui.tabs.footnotes import with_note
from app.ui.tabs.roc_words import (
    PREVALENCES,
    chosen,
    counted,
    criterion_of,
    marker_name,
    options,
    outcome_name,
    outcome_rule,
    predictive_cell,
    ratio_cell,
    said_cutoff,
    said_of,
    share_cell,
    share_word,
    to_come,
    unit_of,
)
from app.ui.tabs.words import DECIMALS, NONE, figure, footer, interval, notes

_OPTIONS = ("interval", "share", "style", "prevalence", "direction")
_PERCENT = 100.0

Drawn = Mapping[str, RocBootstrap | NotDefined]


def curves_view(study: Study, *, finished: bool) -> Panel:
    """Make the curves of all markers and the tables of a paper."""
    markers = study_curves(study)
    drawn = curve_bootstraps(markers) if finished else {}
    defined = [one for one in markers if isinstance(one.result, Roc)]
    reasons = dict.fromkeys(sentence(one.result) for one in markers if isinstance(one.result, NotDefined))
    return Panel(
        title=label("roc.title.curves", outcome=outcome_name(study)),
        hint=label("roc.hint.marks", outcome=outcome_rule(study)),
        figure=roc_figure(list(_curves(study, defined)), footer=footer(study)) if defined else None,
        reason="" if defined else " ".join(reasons),
        beside=tuple(_tables(study, markers, drawn)) if defined else (),
        notes=tuple(_notes(markers, drawn)) if defined else (),
        paper=" ".join(_paper(study, markers, drawn)),
        stem=label("roc.file.curves", levels=study.cohort.levels),
        options=options(study, _OPTIONS),
        # the interval takes more room there
        wide=chosen(study, "interval") == "bootstrap",
        unfinished=bool(defined) and not finished,
    )


def _curves(study: Study, markers: list[RocMarker]) -> Iterator[Marker]:
    for one in markers:
        assert isinstance(one.result, Roc)  # noqa: S101 - only these are drawn
        yield Marker(marker_name(one), one.result, criterion_of(study, one))


def _tables(study: Study, markers: tuple[RocMarker, ...], drawn: Drawn) -> Iterator[Table]:
    yield _performance(study, markers, drawn)
    yield _values(study, markers)
    if chosen(study, "prevalence") != PREVALENCES[0]:
        yield _at_prevalence(study, markers)
    yield _youden(study, markers, drawn)


# -- Table 2 ----------------------------------------------------------------------------------------------


def _performance(study: Study, markers: tuple[RocMarker, ...], drawn: Drawn) -> Table:
    head = (
        label("stats.head.marker"),
        label("stats.head.auc"),
        label(f"roc.head.ci.{chosen(study, 'interval')}"),
        label("stats.head.criterion"),
        label("stats.head.sensitivity"),
        label("stats.head.specificity"),
        label("stats.head.youden"),
    )
    rows = tuple(_row(study, one, drawn) for one in markers)
    return Table(label("stats.table.roc"), head, rows, note=_said_below(study, markers))


def _row(study: Study, one: RocMarker, drawn: Drawn) -> tuple[str, ...]:
    result = one.result
    if isinstance(result, NotDefined):
        return (marker_name(one), *[NONE] * 6)
    area = (marker_name(one), *_area(study, one, result, drawn))
    if one.cutoff is None:
        return (*area, *[NONE] * 4)
    method = chosen(study, "share")
    criterion = criterion_of(study, one)
    if one.key == COMBINED:
        # in two lines, or the table would be too wide
        criterion = label("stats.criterion_cell.probability", criterion=one.criterion(chosen(study, "style")))
    shares = share_cell(one.cutoff.sensitivity, method), share_cell(one.cutoff.specificity, method)
    return (*area, criterion, *shares, figure(one.cutoff.youden_j))


def _area(study: Study, one: RocMarker, result: Roc, drawn: Drawn) -> tuple[str, str]:
    method = chosen(study, "interval")
    found, p = area_interval(result, method, drawn.get(one.key))
    follows = method == "bootstrap" and one.key not in drawn
    limits_cell = to_come() if follows else interval(found)
    if p is not None:
        limits_cell = label("roc.cell.interval_p", interval=limits_cell, p=p_value(p))
    return figure(result.auc), limits_cell


def _said_below(study: Study, markers: tuple[RocMarker, ...]) -> str:
    first = next(one.result for one in markers if isinstance(one.result, Roc))
    model = next((one.model for one in markers if one.model is not None), None)
    equation = model.cutoff.equation if model is not None and model.cutoff is not None else ""
    code = "roc.note.curves" if chosen(study, "direction") == STATED else "roc.note.curves_chosen"
    method = chosen(study, "interval")
    return label(
        f"{code}_model" if equation else code,
        outcome=counted(study, first.n_positive, first.n),
        interval=label(f"roc.word.{method}"),
        share=share_word(study),
        test=label("roc.word.hanley_mcneil" if method == "hanley_mcneil" else "roc.word.delong"),
        equation=equation,
    )


# -- what goes with the cut-off ---------------------------------------------------------------------------


def _values(study: Study, markers: tuple[RocMarker, ...]) -> Table:
    heads = ("ppv", "npv", "lr_positive", "lr_negative", "dor")
    head = (label("stats.head.marker"), *(label(f"roc.head.{one}") for one in heads))
    first = next(one.result for one in markers if isinstance(one.result, Roc))
    made = Table(
        label("roc.table.values"),
        head,
        tuple(_value_row(study, one) for one in markers),
        note=label(
            "roc.note.values", prevalence=percent(first.n_positive / first.n), share=share_word(study)
        ),
        strong=None,
    )
    # a marker without a cut-off has a warning of its own
    gap = any(one.cutoff is not None and NONE in row for one, row in zip(markers, made.rows, strict=True))
    return with_note(made, label("stats.note.no_ratio") if gap else "")


def _value_row(study: Study, one: RocMarker) -> tuple[str, ...]:
    cutoff, method = one.cutoff, chosen(study, "share")
    if cutoff is None:
        return (marker_name(one), *[NONE] * 5)
    shares = share_cell(cutoff.ppv, method), share_cell(cutoff.npv, method)
    ratios = (ratio_cell(ratio) for ratio in (cutoff.lr_positive, cutoff.lr_negative))
    return (marker_name(one), *shares, *ratios, ratio_cell(cutoff.dor, 1))


def _at_prevalence(study: Study, markers: tuple[RocMarker, ...]) -> Table:
    prevalence = chosen(study, "prevalence")
    head = (label("stats.head.marker"), label("roc.head.ppv"), label("roc.head.npv"))
    rows = tuple((marker_name(one), *_predicted(one.cutoff, float(prevalence) / _PERCENT)) for one in markers)
    title = label("roc.table.prevalence", prevalence=label(f"roc.prevalence.{prevalence}"))
    return Table(title, head, rows, note=label("roc.note.prevalence"), strong=None)


def _predicted(cutoff: CutOff | None, prevalence: float) -> tuple[str, str]:
    if cutoff is None:
        return NONE, NONE
    ppv, npv = cutoff.at_prevalence(prevalence)
    return predictive_cell(ppv), predictive_cell(npv)


def _youden(study: Study, markers: tuple[RocMarker, ...], drawn: Drawn) -> Table:
    head = (
        label("stats.head.marker"),
        label("roc.head.cutoff_ci"),
        label("stats.head.youden"),
        label("roc.head.j_corrected"),
        label("roc.head.same"),
    )
    rows = tuple(_youden_row(study, one, drawn) for one in markers if one.key != COMBINED)
    return Table(label("roc.table.youden"), head, rows, note=label("roc.note.youden"), strong=None)


def _youden_row(study: Study, one: RocMarker, drawn: Drawn) -> tuple[str, ...]:
    if one.cutoff is None:
        return (marker_name(one), *[NONE] * 4)
    found, j = drawn.get(one.key), figure(one.cutoff.youden_j)
    if found is None:
        return marker_name(one), to_come(), j, to_come(), to_come()
    if isinstance(found, NotDefined) or found.youden is None:
        return marker_name(one), NONE, j, NONE, NONE
    youden = found.youden
    between = label(
        "stats.criterion", criterion=limits(youden.criterion_ci, DECIMALS), unit=unit_of(study, one.key)
    )
    same = label("roc.cell.percent", percent=percent(youden.share_same))
    return marker_name(one), between, j, figure(youden.j_corrected), same


def _notes(markers: tuple[RocMarker, ...], drawn: Drawn) -> Iterator[str]:
    """Warnings, each saying which marker it is about."""
    for one in markers:
        if isinstance(one.result, NotDefined):
            said: tuple[str, ...] = (sentence(one.result),)
        else:
            found = drawn.get(one.key)
            reason = (sentence(found),) if isinstance(found, NotDefined) else ()
            known = [] if found is None or reason else [found]
            said = (*notes(*([one.model] if one.model else []), one.result, *known), *reason)
        for text in said:
            yield label("stats.of_marker", marker=marker_name(one), sentence=text)


# -- for the paper ----------------------------------------------------------------------------------------


def _paper(study: Study, markers: tuple[RocMarker, ...], drawn: Drawn) -> Iterator[str]:
    for one in markers:
        if isinstance(one.result, NotDefined):
            continue
        yield _said_area(study, one, one.result, drawn)
        # age stands there to be compared with, not to be used
        if one.cutoff is not None and one.key != AGE:
            yield said_cutoff(study, one, one.cutoff)


def _said_area(study: Study, one: RocMarker, result: Roc, drawn: Drawn) -> str:
    method = chosen(study, "interval")
    found, _ = area_interval(result, method, drawn.get(one.key))
    values: dict[str, str | int] = {
        "what": _what(study, one),
        "outcome": outcome_name(study),
        "auc": number(result.auc),
        "n": result.n,
        "n_positive": result.n_positive,
    }
    follows = method == INTERVALS[2] and one.key not in drawn
    if found is None and not follows:
        return label("roc.said.area_none", **values)
    low, high = (to_come(), to_come()) if found is None else (number(found.low), number(found.high))
    word = label(f"roc.word.{method}")
    level = confidence(result.level)
    return label("roc.said.area", **values, low=low, high=high, level=level, method=word)


def _what(study: Study, one: RocMarker) -> str:
    if one.key == COMBINED:
        return label("roc.said.model", names=one.name)
    return one.name if one.key == AGE else said_of(study, Quantity(one.key))
