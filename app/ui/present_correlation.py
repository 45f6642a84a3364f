"""The Correlation tab: scatter plot, Pearson's r over all and within groups, line. Pure: imports no Qt."""

from __future__ import annotations

from app.domain.maps import Quantity
from app.services.analyse import Analysis, MapAnalysis
from app.stats.correlation import Correlation, Pearson, WithinGroups
from app.stats.regression import Line, Parameter
from app.stats.result import NotDefined
from app.stats.sentences import sentence
from app.ui.pages.statistics_content import Panel, Table
from app.ui.plots.scatter import scatter_figure
from app.ui.plots.spec import Figure
from app.ui.present_words import (
    DECIMALS,
    bmd_title,
    figure,
    footer,
    interval,
    notes,
    p_cell,
    paper,
    value_title,
    what_is_measured,
)
from app.ui.sentences import label


def correlation_panel(analysis: Analysis, quantity: Quantity) -> Panel:
    """Make the tab for one map."""
    one = analysis.maps[quantity]
    x, y = what_is_measured(analysis, quantity), label("stats.bmd_no_unit", region=analysis.bmd_region)
    pooled_said, within_said = (sentence(item, x=x, y=y) for item in (one.pearson, one.within_groups))
    plot = _plot(analysis, one)
    return Panel(
        title=label("stats.title.correlation", name=label(f"stats.map.{quantity.value}")),
        hint=label("stats.hint.click") if plot else "",
        figure=plot,
        reason="" if plot else pooled_said,
        beside=(*_coefficients(one, pooled_said, within_said), *_line(one.pearson)),
        notes=notes(one.pearson, one.within_groups),
        paper=paper((one.pearson, pooled_said), (one.within_groups, within_said)),
        stem=label("stats.file.correlation", name=quantity.value, levels=analysis.cohort.levels),
    )


def _plot(analysis: Analysis, one: MapAnalysis) -> Figure | None:
    cohort, result = analysis.cohort, one.pearson
    if isinstance(result, NotDefined):
        return None
    titles = (value_title(one), bmd_title(analysis))
    return scatter_figure(
        result, titles=titles, codes=cohort.codes, groups=cohort.groups, footer=footer(analysis)
    )


def _coefficients(one: MapAnalysis, pooled_said: str, within_said: str) -> tuple[Table, ...]:
    title = label("stats.table.pearson")
    pooled, within = one.pearson, one.within_groups
    if isinstance(pooled, NotDefined):
        return (Table(title, reason=pooled_said),)
    head = ("", label("stats.head.r"), label("stats.head.ci"), label("stats.head.p"))
    rows = [_coefficient(label("stats.row.all", n=pooled.n), pooled.coefficient)]
    if isinstance(within, WithinGroups):
        told = label("stats.row.within", groups=within.n_groups, n=within.n)
        rows.append(_coefficient(told, within.within))
        return (Table(title, head, tuple(rows), note=_said_of_pearson(pooled)),)
    return (Table(title, head, tuple(rows)), Table(label("stats.table.within"), reason=within_said))


def _coefficient(name: str, found: Correlation) -> tuple[str, ...]:
    return name, figure(found.r), interval(found.ci), p_cell(found.p)


def _said_of_pearson(result: Pearson) -> str:
    code = "stats.note.pearson" if result.n_excluded == 0 else "stats.note.pearson_excluded"
    return label(code, excluded=result.n_excluded)


def _line(result: Pearson | NotDefined) -> tuple[Table, ...]:
    if isinstance(result, NotDefined):
        return ()
    line = result.line
    head = ("", label("stats.head.value"), label("stats.head.ci"), label("stats.head.p"))
    rows = (
        _parameter("stats.row.intercept", line.intercept, DECIMALS),
        _parameter("stats.row.slope", line.slope, 3),
        (label("stats.row.residual_sd"), figure(line.residual_sd, DECIMALS), "", ""),
        (label("stats.row.r_squared"), figure(line.r_squared), "", ""),
    )
    return (Table(label("stats.table.line"), head, rows, note=_said_of_line(line)),)


def _parameter(code: str, parameter: Parameter, decimals: int) -> tuple[str, ...]:
    cells = (figure(parameter.estimate, decimals), interval(parameter.ci, decimals))
    return (label(code), *cells, p_cell(parameter.p))


def _said_of_line(line: Line) -> str:
    low, high = line.x_range
    return label("stats.note.line", low=figure(low, DECIMALS), high=figure(high, DECIMALS))
