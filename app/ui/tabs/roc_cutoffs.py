"""ROC tab, cut-off table: what every cut-off of one marker does. Pure: imports no Qt."""

from __future__ import annotations

from app.services.study_data import Study
from app.services.study_roc import CutOffTable, study_cutoffs
from app.stats.criterion import CutOff
from app.stats.formatting import percent
from app.stats.result import NotDefined
from app.stats.roc import Roc
from app.stats.sentences import sentence
from app.ui.plots.roc import Marker, cut_off_spot, roc_figure
from app.ui.plots.spec import Figure
from app.ui.sentences import label
from app.ui.tabs.content import Panel, Table
from app.ui.tabs.footnotes import has_gap, with_note
from app.ui.tabs.roc_words import (
    PREVALENCES,
    chosen,
    counted,
    criterion_of,
    marker_name,
    options,
    outcome_name,
    said_cutoff,
    share_cell,
    share_word,
    unit_of,
)
from app.ui.tabs.words import NONE, figure, footer, notes

_OPTIONS = ("marker", "share", "style", "prevalence", "direction")
_PERCENT = 100.0


def cutoffs_view(study: Study, *, finished: bool) -> Panel:  # noqa: ARG001 - all views are asked alike
    """List what every cut-off of one marker does."""
    found = study_cutoffs(study)
    marker, result = found.marker, found.marker.result
    return Panel(
        title=label("roc.title.cutoffs", marker=marker_name(marker), outcome=outcome_name(study)),
        hint=label("roc.hint.points") if isinstance(result, Roc) else "",
        figure=_points(study, found, result) if isinstance(result, Roc) else None,
        reason=sentence(result) if isinstance(result, NotDefined) else "",
        beside=(_table(study, found, result),) if isinstance(result, Roc) else (),
        notes=notes(*([marker.model] if marker.model else []), result),
        paper=said_cutoff(study, marker, marker.cutoff) if marker.cutoff else "",
        stem=label("roc.file.cutoffs", marker=marker.key, levels=study.cohort.levels),
        options=options(study, _OPTIONS),
    )


def _points(study: Study, found: CutOffTable, result: Roc) -> Figure:
    marker, codes = found.marker, study.cohort.codes
    name = marker_name(marker)
    spots = [
        cut_off_spot(name, criterion_of(study, marker, one), one, codes[row])
        for one, row in zip(found.cutoffs, found.patients, strict=True)
    ]
    drawn = Marker(name, result, criterion_of(study, marker))
    return roc_figure([drawn], points=spots, footer=footer(study))


def _table(study: Study, found: CutOffTable, result: Roc) -> Table:
    heads = ("criterion", "sensitivity", "specificity", "youden")
    ratios = ("ppv", "npv", "lr_positive", "lr_negative")
    unit = unit_of(study, found.marker.key)
    first = label("stats.value", name=label("stats.head.criterion"), unit=unit)
    head = (
        first if unit else label("roc.head.probability"),
        *(label(f"stats.head.{one}") for one in heads[1:]),
        *(label(f"roc.head.{one}") for one in ratios),
    )
    best = {one.criterion.value for one in result.cutoffs if one.youden_j > 0.0}
    rows = tuple(_row(study, found, one, is_best=one.criterion.value in best) for one in found.cutoffs)
    made = Table(
        label("roc.table.cutoffs", marker=marker_name(found.marker)),
        head,
        rows,
        note=_said_below(study, found, result),
        strong=0,
    )
    return with_note(made, label("stats.note.no_ratio") if has_gap(made) else "")


def _said_below(study: Study, found: CutOffTable, result: Roc) -> str:
    shown, wanted = len(found.cutoffs), chosen(study, "prevalence")
    share = percent(result.n_positive / result.n) if wanted == PREVALENCES[0] else wanted
    return label(
        "roc.note.cutoffs_all" if shown == found.total else "roc.note.cutoffs_some",
        outcome=counted(study, result.n_positive, result.n),
        count=shown,
        total=found.total,
        share=share_word(study),
        prevalence=share,
    )


def _row(study: Study, found: CutOffTable, one: CutOff, *, is_best: bool) -> tuple[str, ...]:
    criterion, method = found.marker.criterion(chosen(study, "style"), one), chosen(study, "share")
    return (
        label("roc.cell.youden", criterion=criterion) if is_best else criterion,
        share_cell(one.sensitivity, method),
        share_cell(one.specificity, method),
        figure(one.youden_j),
        *_predicted(study, one),
        *(figure(ratio.value if ratio else None, 2) for ratio in (one.lr_positive, one.lr_negative)),
    )


def _predicted(study: Study, one: CutOff) -> tuple[str, str]:
    """Predictive values at the prevalence of the sample, or at another one."""
    wanted = chosen(study, "prevalence")
    if wanted == PREVALENCES[0]:
        shares = [share.value if share else None for share in (one.ppv, one.npv)]
    else:
        shares = list(one.predictive_values(float(wanted) / _PERCENT))
    ppv, npv = (
        NONE if share is None else label("roc.cell.percent", percent=percent(share)) for share in shares
    )
    return ppv, npv
