"""ROC tab, per vertebra and by reader: parts of a patient's value. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from app.domain.maps import MEASURED
from app.services.analyse import NAMES
from app.services.study_data import Study
from app.services.study_roc_units import (
    StudyReaders,
    StudyVertebrae,
    VertebraeOfMap,
    study_readers,
    study_vertebrae,
)
from app.stats.mrmc import Mrmc
from app.stats.mrmc_tests import Equality, Estimate, MrmcTests
from app.stats.result import NotDefined
from app.stats.roc import Roc
from app.stats.roc_clustered import ClusteredRoc
from app.stats.sentences import sentence
from app.ui.plots.roc import Marker, roc_figure
from app.ui.plots.spec import Dash, Figure, Symbol, Tone
from app.ui.sentences import label
from app.ui.tabs.content import Panel, Table
from app.ui.tabs.footnotes import has_gap, reasons, with_note
from app.ui.tabs.roc_words import (
    options,
    outcome_name,
    outcome_rule,
    unit_of,
    with_interval,
    with_unit,
)
from app.ui.tabs.words import DECIMALS, NONE, figure, footer, interval, notes, p_cell, paper

_TONES = (Tone.FIRST, Tone.SECOND)
_READER_LOOKS = (
    (Symbol.CIRCLE, Dash.SOLID),
    (Symbol.SQUARE, Dash.DASHED),
    (Symbol.TRIANGLE, Dash.DOTTED),
    (Symbol.DIAMOND, Dash.DASHED),
)
_MANY = 1000.0
_VIEWS = ("random_both", "fixed_readers", "fixed_cases")


# -- per vertebra -----------------------------------------------------------------------------------------


def vertebrae_view(study: Study, *, finished: bool) -> Panel:  # noqa: ARG001 - all views are asked alike
    """Show the areas over vertebrae, patients as clusters."""
    found = study_vertebrae(study)
    drawn = [
        Marker(NAMES[one.quantity], one.together.curve, _criterion(study, one))
        for one in found.maps
        if isinstance(one.together, ClusteredRoc)
    ]
    reasons = dict.fromkeys(
        sentence(one.together) for one in found.maps if isinstance(one.together, NotDefined)
    )
    said = [(one.together, sentence(one.together, what=NAMES[one.quantity])) for one in found.maps]
    return Panel(
        title=label("roc.title.vertebrae", outcome=outcome_name(study)),
        hint=label("roc.hint.marks", outcome=outcome_rule(study)) if drawn else "",
        figure=roc_figure(drawn, footer=footer(study)) if drawn else None,
        reason="" if drawn else " ".join(reasons),
        beside=(_together(found), _by_level(found)) if drawn else (),
        notes=(*(reasons if drawn else ()), *_vertebra_notes(found)),
        paper=paper(*said),
        stem=label("roc.file.vertebrae", levels=study.cohort.levels),
        options=options(study, ("direction",)),
    )


def _criterion(study: Study, one: VertebraeOfMap) -> str:
    curve = one.together.curve if isinstance(one.together, ClusteredRoc) else None
    if curve is None or curve.cutoff is None:
        return ""
    return with_unit(str(curve.cutoff.criterion), unit_of(study, one.quantity.value))


def _together(found: StudyVertebrae) -> Table:
    head = (
        label("roc.head.map"),
        label("stats.head.auc"),
        label("stats.head.ci"),
        label("stats.head.p"),
        label("roc.head.se"),
        label("roc.head.naive_se"),
        label("roc.head.vertebrae"),
    )
    rows = tuple(_together_row(one) for one in found.maps)
    return Table(label("roc.table.vertebrae"), head, rows, note=label("roc.note.vertebrae"))


def _together_row(one: VertebraeOfMap) -> tuple[str, ...]:
    name, result = NAMES[one.quantity], one.together
    if isinstance(result, NotDefined):
        return (name, *[NONE] * 6)
    judged = result.clustered
    area = figure(result.auc), interval(judged.ci), p_cell(judged.p)
    errors = figure(judged.se), figure(result.naive_se)
    counts = label("roc.cell.vertebrae", vertebrae=result.n, patients=result.n_clusters)
    return (name, *area, *errors, counts)


def _by_level(found: StudyVertebrae) -> Table:
    maps = [NAMES[one.quantity] for one in found.maps]
    head = (
        label("roc.head.level"),
        *(cell for name in maps for cell in (label("roc.head.map_ci", map=name), label("stats.head.p"))),
    )
    rows = tuple(
        (level.value, *(cell for one in found.maps for cell in _level_cells(one.by_level[place])))
        for place, level in enumerate(found.levels)
    )
    made = Table(label("roc.table.levels"), head, rows, note=label("roc.note.levels"), strong=None)
    # what holds for all levels of a map is said of the map
    alone = [
        (label("roc.level_of_map", level=level.value, map=NAMES[one.quantity]), one.by_level[place])
        for one in found.maps
        if isinstance(one.together, ClusteredRoc)
        for place, level in enumerate(found.levels)
    ]
    flat = any(isinstance(one, Roc) and (one.delong is None or one.delong.p is None) for _, one in alone)
    return with_note(made, *reasons(alone), label("roc.note.no_variance") if flat else "")


def _level_cells(result: Roc | NotDefined) -> tuple[str, str]:
    if isinstance(result, NotDefined):
        return NONE, NONE
    return with_interval(result.auc, result.ci), p_cell(None if result.delong is None else result.delong.p)


def _vertebra_notes(found: StudyVertebrae) -> Iterator[str]:
    for one in found.maps:
        curve = one.together.curve if isinstance(one.together, ClusteredRoc) else None
        # the notes of a curve over independent units are about an interval that is not shown
        wrong = [] if curve is None else [note for note in curve.notes if note.code in _OF_CURVE]
        for text in (*notes(one.together), *(sentence(note) for note in wrong)):
            yield label("stats.of_marker", marker=NAMES[one.quantity], sentence=text)


_OF_CURVE = frozenset({"roc.wrong_direction", "roc.no_cutoff", "roc.youden_tied"})


# -- readers ----------------------------------------------------------------------------------------------


def readers_view(study: Study, *, finished: bool) -> Panel:  # noqa: ARG001 - all views are asked alike
    """Show what the areas of several readers say of readers and patients not seen."""
    found = study_readers(study)
    result = found.result
    blocked = tuple(sentence(one) for one in found.blocked)
    defined = isinstance(result, Mrmc)
    return Panel(
        title=label("roc.title.readers", outcome=outcome_name(study)),
        hint=label("roc.hint.marks", outcome=outcome_rule(study)) if defined else "",
        figure=_reader_curves(study, found) if defined else None,
        reason="" if defined else sentence(result),
        beside=(_areas(found, result), _means(result)) if isinstance(result, Mrmc) else (),
        notes=(*blocked, *notes(result)),
        paper=paper((result, sentence(result))),
        stem=label("roc.file.readers", levels=study.cohort.levels),
        options=options(study, ("covariance", "direction")),
    )


def _reader_curves(study: Study, found: StudyReaders) -> Figure:
    keys = {NAMES[quantity]: quantity.value for quantity in MEASURED}
    drawn = []
    for (name, reader), curve in found.curves.items():
        tone = _TONES[list(keys).index(name) % len(_TONES)]
        symbol, dash = _READER_LOOKS[found.readers.index(reader) % len(_READER_LOOKS)]
        criterion = "" if curve.cutoff is None else str(curve.cutoff.criterion)
        told = with_unit(criterion, unit_of(study, keys[name]))
        said = label("roc.legend.of_reader", map=name, reader=reader)
        drawn.append(Marker(said, curve, told, (tone, symbol, dash)))
    return roc_figure(drawn, footer=footer(study))


def _gaps(treatments: Sequence[str]) -> list[tuple[str, str]]:
    return list(combinations(treatments, 2))


def _areas(found: StudyReaders, result: Mrmc) -> Table:
    gaps = _gaps(result.treatments)
    head = (
        label("roc.head.reader"),
        *(label("roc.head.map_ci", map=name) for name in result.treatments),
        *(label("roc.head.gap", first=first, second=second) for first, second in gaps),
        *(label("stats.head.p") for _ in gaps),
    )
    of_reader = {(one.name[0], one.name[1:]): one for one in result.fixed_readers.by_reader}
    rows = []
    for reader in result.readers:
        curves = [found.curves[name, reader] for name in result.treatments]
        told = [of_reader[reader, gap] for gap in gaps]
        rows.append(
            (
                reader,
                *(with_interval(curve.auc, curve.ci) for curve in curves),
                *(with_interval(one.value, one.ci) for one in told),
                *(p_cell(one.p) for one in told),
            )
        )
    note = label("roc.note.readers", n=result.n, excluded=result.n_excluded)
    return _judged(Table(label("roc.table.readers"), head, tuple(rows), note=note, strong=None))


def _judged(table: Table) -> Table:
    """Say why a table of readers has no figure somewhere."""
    return with_note(table, label("roc.note.no_variance") if has_gap(table) else "")


def _means(result: Mrmc) -> Table:
    gaps = _gaps(result.treatments)
    head = (
        label("roc.head.holds"),
        *(label("roc.head.map_ci", map=name) for name in result.treatments),
        *(label("roc.head.gap", first=first, second=second) for first, second in gaps),
        *((label("roc.head.test"), label("stats.head.p")) if gaps else ()),
    )
    rows = tuple(_mean_row(code, getattr(result, code), several=bool(gaps)) for code in _VIEWS)
    return _judged(Table(label("roc.table.means"), head, rows, note=label("roc.note.means"), strong=None))


def _mean_row(code: str, tests: MrmcTests, *, several: bool) -> tuple[str, ...]:
    cells = [_estimate(one) for one in (*tests.means, *tests.differences)]
    row = (label(f"roc.row.{code}"), *cells)
    return (*row, *_test_cells(code, tests.equality)) if several else row


def _estimate(one: Estimate) -> str:
    return with_interval(one.value, one.ci)


def _test_cells(code: str, test: Equality | None) -> tuple[str, str]:
    if test is None:
        return NONE, NONE
    value, df1 = figure(test.statistic, DECIMALS), f"{test.df1:g}"
    if code == "fixed_readers":
        return label("roc.test.chi2", value=value, df1=df1), p_cell(test.p)
    if test.df2 is None:
        return label("roc.test.f_infinite", value=value, df1=df1), p_cell(test.p)
    df2 = figure(test.df2, 1 if test.df2 < _MANY else 0)
    return label("roc.test.f", value=value, df1=df1, df2=df2), p_cell(test.p)
