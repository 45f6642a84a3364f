"""The Correlation tab: scatter plot with bands, every coefficient with its interval. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.clinical import Kind, Scheme
from app.domain.maps import Quantity
from app.services.study_correlation import AGAINST, AGE, StudyCorrelation, study_correlation
from app.services.study_data import Study
from app.stats.compare_correlations import CorrelationComparison
from app.stats.correlation import Correlation, Pearson, WithinGroups
from app.stats.formatting import p_value
from app.stats.partial import PartialCorrelation
from app.stats.rank_correlation import RankCorrelation
from app.stats.regression import Line, Parameter
from app.stats.result import NotDefined, Note
from app.stats.rmcorr import RepeatedCorrelation
from app.stats.saying import say_reason
from app.stats.sentences import sentence
from app.ui.plots.scatter import scatter_figure
from app.ui.plots.spec import Figure
from app.ui.present import screen_unit
from app.ui.sentences import label
from app.ui.tabs.content import Choice, Option, Panel, Table
from app.ui.tabs.footnotes import of_reference
from app.ui.tabs.words import (
    DECIMALS,
    by_tscore,
    figure,
    footer,
    interval,
    levels_text,
    notes,
    of_scheme,
    p_cell,
    paper,
)


def correlation_panel(study: Study) -> Panel:
    """Make the tab for the map of the selection."""
    found = study_correlation(study)
    x, y = _said_x(study, found.quantity), _said_y(study, found.against)
    pooled, within = (sentence(item, x=x, y=y) for item in (found.pearson, found.within))
    scheme = study.cohort.scheme
    plot = _plot(study, found)
    return Panel(
        title=label("correlation.title", name=label(f"stats.map.{found.quantity.value}"), against=y),
        hint=label("stats.hint.click") if plot else "",
        figure=plot,
        reason="" if plot else pooled,
        beside=tuple(_tables(study, found, (pooled, x, y))),
        notes=tuple(_notes(found, scheme)),
        paper=paper(
            (found.pearson, pooled),
            (found.within, within),
            (found.partial, sentence(found.partial, x=x, y=y)),
        ),
        stem=label("stats.file.correlation", name=found.quantity.value, levels=study.cohort.levels),
        options=(
            Option(
                "correlation.against",
                label("correlation.against_title"),
                tuple(Choice(one, label(f"correlation.against.{one}")) for one in AGAINST),
                found.against,
                label("correlation.against_tip"),
            ),
        ),
    )


def _said_x(study: Study, quantity: Quantity) -> str:
    name = label(f"stats.map_choice.{quantity.value}")
    return label("stats.what", name=name, levels=levels_text(study.cohort.levels, study.cohort.mean))


def _said_y(study: Study, against: str) -> str:
    code, region = f"correlation.name.{against}", study.bmd_region
    if against == Kind.TSCORE:
        code, region = by_tscore(code, study)
    return label(code, region=region)


def _titles(study: Study, found: StudyCorrelation) -> tuple[str, str]:
    name, unit = label(f"stats.map_choice.{found.quantity.value}"), screen_unit(study.unit(found.quantity))
    x = label("stats.value", name=name, unit=unit)
    units = {"bmd": screen_unit(study.cohort.bmd_unit), "tscore": "", "age": label("correlation.years")}
    unit = units[found.against]
    y = _said_y(study, found.against)
    return x, label("stats.value", name=y, unit=unit) if unit else y


def _plot(study: Study, found: StudyCorrelation) -> Figure | None:
    if isinstance(found.pearson, NotDefined):
        return None
    return scatter_figure(
        found.pearson,
        titles=_titles(study, found),
        codes=study.cohort.codes,
        groups=study.cohort.groups,
        scheme=study.cohort.scheme,
        footer=footer(study),
    )


def _tables(study: Study, found: StudyCorrelation, said: tuple[str, str, str]) -> Iterator[Table]:
    """All tables; of correlations with age only the groups and the vertebrae rest on the reference."""
    (pooled, x, y), scheme = said, study.cohort.scheme
    yield from of_reference(study, [_coefficients(found, pooled, scheme)])
    if isinstance(found.pearson, NotDefined):
        return
    yield from _undefined(found, x, y, scheme)
    yield from of_reference(study, [_vertebrae(found.vertebrae, x, y)])
    rest = (_compared(found.other_map), *_line(found.pearson))
    yield from rest if found.against == AGE else of_reference(study, rest)


def _notes(found: StudyCorrelation, scheme: Scheme) -> Iterator[str]:
    yield from notes(found.pearson)
    yield from _within_notes(found.within, scheme)
    partial = found.partial
    if isinstance(partial, PartialCorrelation) and partial.ci is None:
        # each control costs a patient
        needed = len(partial.controls) + 4
        yield sentence(Note.of("correlation.no_interval", n=partial.n, needed=needed))
    yield from notes(found.spearman, found.kendall, found.vertebrae)


def _coefficients(found: StudyCorrelation, pooled_said: str, scheme: Scheme) -> Table:
    title, result = label("stats.table.pearson"), found.pearson
    if isinstance(result, NotDefined):
        return Table(title, reason=pooled_said)
    head = ("", label("stats.head.r"), label("stats.head.ci"), label("stats.head.p"))
    return Table(title, head, tuple(_rows(found, result, scheme)), note=_said_of(found, result))


def _rows(found: StudyCorrelation, pooled: Pearson, scheme: Scheme) -> Iterator[tuple[str, ...]]:
    yield _coefficient(label("stats.row.all", n=pooled.n), pooled.coefficient)
    within = found.within
    if isinstance(within, WithinGroups):
        name = label(of_scheme("stats.row.within", scheme), groups=within.n_groups, n=within.n)
        yield _coefficient(name, within.within)
    partial = found.partial
    if isinstance(partial, PartialCorrelation):
        name = label("correlation.row.partial", controls=", ".join(partial.controls), n=partial.n)
        yield name, figure(partial.estimate), interval(partial.ci), p_cell(partial.p)
    for code, ranked in (("spearman", found.spearman), ("kendall", found.kendall)):
        if isinstance(ranked, RankCorrelation):
            p = ranked.p if ranked.p_exact is None else ranked.p_exact
            yield label(f"correlation.row.{code}"), figure(ranked.estimate), interval(ranked.ci), p_cell(p)


def _coefficient(name: str, found: Correlation) -> tuple[str, ...]:
    return name, figure(found.r), interval(found.ci), p_cell(found.p)


def _said_of(found: StudyCorrelation, result: Pearson) -> str:
    """Which intervals these are, and who is missing."""
    ranked = found.spearman
    method = ranked.ci.method if isinstance(ranked, RankCorrelation) and ranked.ci is not None else ""
    code = "correlation.note" if result.n_excluded == 0 else "correlation.note_excluded"
    return label(f"{code}_ranks" if method else code, excluded=result.n_excluded, method=method)


def _undefined(found: StudyCorrelation, x: str, y: str, scheme: Scheme) -> Iterator[Table]:
    """What has a reason of its own where it has no row among the coefficients."""
    within = of_scheme("within", scheme)
    for code, item in ((within, found.within), ("partial", found.partial)):
        if isinstance(item, NotDefined):
            yield Table(label(f"correlation.table.{code}"), reason=sentence(item, x=x, y=y))


def _vertebrae(item: RepeatedCorrelation | NotDefined, x: str, y: str) -> Table:
    title = label("correlation.table.vertebrae")
    if isinstance(item, NotDefined):
        return Table(title, reason=sentence(item, x=x, y=y))
    head = ("", label("stats.head.r"), label("stats.head.ci"), label("stats.head.p"))
    name = label("correlation.row.inside", values=item.n, patients=item.n_subjects)
    return Table(
        title, head, (_coefficient(name, item.coefficient),), note=label("correlation.note.vertebrae")
    )


def _compared(item: CorrelationComparison | NotDefined) -> Table:
    title = label("correlation.table.maps")
    if isinstance(item, NotDefined):
        return Table(title, reason=sentence(item))
    head = ("", label("correlation.head.difference"), label("stats.head.ci"), label("stats.head.p"))
    name = label("correlation.row.maps", first=figure(abs(item.r1)), second=figure(abs(item.r2)))
    row = (name, figure(item.difference), interval(item.ci), p_cell(item.p))
    return Table(title, head, (row,), note=label("correlation.note.maps"))


def _within_notes(found: WithinGroups | NotDefined, scheme: Scheme) -> Iterator[str]:
    """Say where the correlation over all patients is one between groups, naming the groups."""
    if isinstance(found, NotDefined):
        return
    for note in found.notes:
        if note.code != "correlation.between_groups":
            yield sentence(note)
            continue
        _, values = say_reason(note)
        yield label(of_scheme("correlation.between", scheme), **{**values, "p": p_value(found.within.p)})


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
