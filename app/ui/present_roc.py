"""The ROC tab: curves of FF, R2* and both combined, and the table of a paper. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.maps import MEASURED
from app.services.analyse import NAMES, Analysis
from app.stats.combined import LogisticModel
from app.stats.formatting import percent
from app.stats.proportion import Proportion
from app.stats.result import NotDefined
from app.stats.roc import Roc
from app.stats.sentences import sentence
from app.ui.pages.statistics_content import Panel, Table
from app.ui.plots.roc import Marker, roc_figure
from app.ui.present_words import NONE, figure, footer, interval, notes, paper, screen_unit, what_is_measured
from app.ui.sentences import label

_HEAD = (
    "stats.head.marker",
    "stats.head.auc",
    "stats.head.ci",
    "stats.head.criterion",
    "stats.head.sensitivity",
    "stats.head.specificity",
    "stats.head.youden",
)


@dataclass(frozen=True, slots=True)
class _Told:
    """One marker: what it is called, what was found, and what is said of it."""

    name: str
    item: Roc | LogisticModel | NotDefined
    unit: str
    said: str

    @property
    def roc(self) -> Roc | None:
        if isinstance(self.item, LogisticModel):
            return self.item.roc
        return self.item if isinstance(self.item, Roc) else None

    @property
    def criterion(self) -> str:
        """The cut-off with sign and unit; of the combined model as a predicted probability."""
        return self._criterion("stats.criterion", "stats.criterion.probability")

    @property
    def criterion_cell(self) -> str:
        """The same in two lines where one would be too wide for the table."""
        return self._criterion("stats.criterion", "stats.criterion_cell.probability")

    def _criterion(self, of_marker: str, of_model: str) -> str:
        if isinstance(self.item, NotDefined) or self.item.cutoff is None:
            return ""
        if isinstance(self.item, LogisticModel):
            return label(of_model, criterion=str(self.item.cutoff.probability))
        return label(of_marker, criterion=str(self.item.cutoff.criterion), unit=self.unit)


def roc_panel(analysis: Analysis) -> Panel:
    """Make the tab; all markers stand on one plot."""
    told = tuple(_markers(analysis))
    drawn = [Marker(one.name, one.roc, one.criterion) for one in told if one.roc is not None]
    reasons = dict.fromkeys(one.said for one in told if isinstance(one.item, NotDefined))
    return Panel(
        title=label("stats.title.roc"),
        hint=label("stats.hint.roc", limit=f"{analysis.positive_t_score:g}"),
        figure=roc_figure(drawn, footer=footer(analysis)) if drawn else None,
        reason="" if drawn else " ".join(reasons),
        beside=(_table(analysis, told),) if drawn else (),
        notes=tuple(_notes(told)) if drawn else (),
        paper=paper(*((one.item, one.said) for one in told)),
        stem=label("stats.file.roc", levels=analysis.cohort.levels),
    )


def _markers(analysis: Analysis) -> Iterator[_Told]:
    for quantity in MEASURED:
        one = analysis.maps[quantity]
        said = sentence(one.roc, what=what_is_measured(analysis, quantity))
        yield _Told(NAMES[quantity], one.roc, screen_unit(one.unit), said)
    first, second = (NAMES[quantity] for quantity in MEASURED)
    name = label("stats.combined", first=first, second=second)
    yield _Told(name, analysis.combined, "", sentence(analysis.combined))


def _table(analysis: Analysis, told: tuple[_Told, ...]) -> Table:
    head = tuple(label(code) for code in _HEAD)
    model = analysis.combined
    equation = model.cutoff.equation if isinstance(model, LogisticModel) and model.cutoff else ""
    code = "stats.note.roc_combined" if equation else "stats.note.roc"
    return Table(
        label("stats.table.roc"),
        head,
        tuple(_row(one) for one in told),
        note=label(code, outcome=_outcome(analysis, told), equation=equation),
    )


def _outcome(analysis: Analysis, told: tuple[_Told, ...]) -> str:
    result = next(one.roc for one in told if one.roc is not None)
    limit = f"{analysis.positive_t_score:g}"
    return label("stats.outcome", limit=limit, n_positive=result.n_positive, n=result.n)


def _row(one: _Told) -> tuple[str, ...]:
    result = one.roc
    if result is None:
        return (one.name, *[NONE] * (len(_HEAD) - 1))
    area = (figure(result.auc), interval(result.ci))
    if result.cutoff is None:
        return (one.name, *area, *[NONE] * 4)
    shares = (_share(result.cutoff.sensitivity), _share(result.cutoff.specificity))
    return (one.name, *area, one.criterion_cell, *shares, figure(result.cutoff.youden_j))


def _share(share: Proportion) -> str:
    low, high = percent(share.ci.low), percent(share.ci.high)
    return label("stats.share_cell", percent=percent(share.value), counts=str(share), low=low, high=high)


def _notes(told: tuple[_Told, ...]) -> Iterator[str]:
    """Warnings, each saying which marker it is about."""
    for one in told:
        said = (one.said,) if isinstance(one.item, NotDefined) else notes(one.item, one.roc)
        for text in said:
            yield label("stats.of_marker", marker=one.name, sentence=text)
