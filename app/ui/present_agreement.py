"""The Agreement tab: Bland-Altman plot, limits of agreement, intraclass correlation. Pure: imports no Qt."""

from __future__ import annotations

from app.domain.maps import Quantity
from app.services.analyse import NAMES, Analysis, MapAnalysis
from app.stats.agreement import BlandAltman, Limit
from app.stats.icc import Icc, IccForm
from app.stats.result import NotDefined
from app.stats.sentences import sentence
from app.ui.pages.statistics_content import Panel, Table
from app.ui.plots.bland_altman import bland_altman_figure
from app.ui.plots.spec import Figure
from app.ui.present_words import (
    DECIMALS,
    difference_unit,
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


def agreement_panel(analysis: Analysis, quantity: Quantity) -> Panel:
    """Make the tab for one map."""
    one = analysis.maps[quantity]
    what, unit = what_is_measured(analysis, quantity), difference_unit(one)
    limits_said = sentence(one.bland_altman, decimals=DECIMALS, what=what, unit=unit)
    icc_said = sentence(one.icc, what=what)
    plot = _plot(analysis, one)
    return Panel(
        title=label("stats.title.agreement", name=label(f"stats.map.{quantity.value}")),
        hint=label("stats.hint.click") if plot else "",
        figure=plot,
        reason="" if plot else limits_said,
        beside=(_limits(one, limits_said), _reliability(one.icc, icc_said)),
        notes=notes(one.bland_altman, one.icc),
        paper=paper((one.bland_altman, limits_said), (one.icc, icc_said)),
        stem=label("stats.file.agreement", name=quantity.value, levels=analysis.cohort.levels),
    )


def _plot(analysis: Analysis, one: MapAnalysis) -> Figure | None:
    cohort, result = analysis.cohort, one.bland_altman
    if isinstance(result, NotDefined):
        return None
    first, second = cohort.readers
    name, unit = NAMES[one.quantity], difference_unit(one)
    titles = (
        label("stats.axis.mean", value=value_title(one)),
        label("stats.axis.difference", first=first, second=second, name=name, unit=unit),
    )
    return bland_altman_figure(
        result, titles=titles, codes=cohort.codes, groups=cohort.groups, footer=footer(analysis)
    )


def _limits(one: MapAnalysis, said: str) -> Table:
    title = label("stats.table.limits", unit=difference_unit(one))
    result = one.bland_altman
    if isinstance(result, NotDefined):
        return Table(title, reason=said)
    head = ("", label("stats.head.value"), label("stats.head.ci"))
    outside = label("stats.share", count=result.n_outside, total=result.n)
    rows = (
        (label("stats.row.bias"), figure(result.bias, DECIMALS), interval(result.bias_ci, DECIMALS)),
        (label("stats.row.bias_p"), p_cell(result.bias_p), ""),
        (label("stats.row.sd"), figure(result.sd, DECIMALS), ""),
        _limit("stats.row.lower", result.lower),
        _limit("stats.row.upper", result.upper),
        (label("stats.row.outside"), outside, ""),
    )
    return Table(title, head, rows, note=_said_of_limits(result))


def _limit(code: str, limit: Limit) -> tuple[str, ...]:
    return label(code), figure(limit.value, DECIMALS), interval(limit.exact, DECIMALS)


def _said_of_limits(result: BlandAltman) -> str:
    code = "stats.note.limits" if result.n_excluded == 0 else "stats.note.limits_excluded"
    return label(code, n=result.n, excluded=result.n_excluded)


def _reliability(result: Icc | NotDefined, said: str) -> Table:
    title = label("stats.table.icc")
    if isinstance(result, NotDefined):
        return Table(title, reason=said)
    head = ("", label("stats.head.icc"), label("stats.head.ci"))
    return Table(title, head, tuple(_form(form) for form in (result.headline, result.average)))


def _form(form: IccForm) -> tuple[str, ...]:
    return form.full_name, figure(form.estimate), interval(form.ci)
