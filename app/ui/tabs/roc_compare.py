"""ROC tab, compare: markers on the same patients, and what each adds to the others. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.services.study_data import Study
from app.services.study_roc import AGE
from app.services.study_roc_models import (
    PairOfMarkers,
    StudyComparison,
    added_by_resampling,
    study_comparison,
)
from app.stats.formatting import number
from app.stats.nested_models import AddedArea, NestedModels
from app.stats.result import NotDefined
from app.stats.roc_paired import PairedRoc
from app.stats.sentences import sentence
from app.ui.plots.roc import Marker, roc_figure
from app.ui.sentences import label
from app.ui.tabs.content import Panel, Table
from app.ui.tabs.roc_words import (
    both_maps,
    options,
    outcome_name,
    outcome_rule,
    sentence_to_come,
    to_come,
)
from app.ui.tabs.words import DECIMALS, NONE, figure, footer, interval, notes, p_cell

_OPTIONS = ("covariates", "nested", "direction")

Added = Sequence[AddedArea | NotDefined]


def compare_view(study: Study, *, finished: bool) -> Panel:
    """Compare the areas of all markers, and the models they are nested in."""
    found = study_comparison(study)
    added = added_by_resampling(found) if finished else ()
    reason = "" if found.reason is None else sentence(found.reason)
    drawn = [Marker(_named(one.name), one.result, "") for one in found.markers]
    return Panel(
        title=label("roc.title.compare", outcome=outcome_name(study)),
        hint=label("roc.hint.outcome", outcome=outcome_rule(study)) if drawn else "",
        figure=roc_figure(drawn, footer=footer(study)) if drawn else None,
        reason=reason,
        beside=tuple(_tables(found, added)) if drawn else (),
        notes=_notes(found, added),
        paper=" ".join(_paper(found, added)),
        stem=label("roc.file.compare", levels=study.cohort.levels),
        options=options(study, _OPTIONS),
        unfinished=not finished and any(isinstance(one, NestedModels) for one in found.nested),
    )


def _named(name: str) -> str:
    return label("roc.name.age") if name == AGE else name


def _tables(found: StudyComparison, added: Added) -> Iterator[Table]:
    yield _pairs(found)
    fitted = [one for one in found.nested if isinstance(one, NestedModels)]
    yield _nested(found, fitted)
    if fitted:
        yield _areas(found, added)
    if found.delong:
        yield _delong(found)


# -- areas of the same patients ---------------------------------------------------------------------------


def _pairs(found: StudyComparison) -> Table:
    head = (
        label("roc.head.pair"),
        label("roc.head.difference"),
        label("stats.head.ci"),
        label("stats.head.p"),
    )
    note = label("roc.note.pairs", n=found.markers[0].result.n, excluded=found.n_excluded)
    rows = tuple(_pair_row(one) for one in found.pairs)
    reason = "" if rows else label("roc.no_pair")
    return Table(label("roc.table.pairs"), head, rows, note=note, reason=reason)


def _pair_row(one: PairOfMarkers) -> tuple[str, ...]:
    first, second, result = one.first, one.second, one.result
    if isinstance(result, NotDefined):
        return (label("roc.pair_names", first=first, second=second), *[NONE] * 3)
    areas = {"auc_first": number(result.auc_first), "auc_second": number(result.auc_second)}
    name = label("roc.pair", first=first, second=second, **areas)
    return name, figure(result.difference), interval(result.ci), p_cell(result.p)


# -- what is added ----------------------------------------------------------------------------------------


def _step(one: NestedModels) -> str:
    return label("roc.step", added=" + ".join(one.added), base=" + ".join(one.small.names))


def _nested(found: StudyComparison, fitted: Sequence[NestedModels]) -> Table:
    title = label("roc.table.nested")
    if not fitted:
        reasons = dict.fromkeys(sentence(one) for one in found.nested if isinstance(one, NotDefined))
        return Table(title, reason=" ".join(reasons))
    head = (
        label("roc.head.step"),
        label("roc.head.chi2"),
        label("roc.head.df"),
        label("stats.head.p"),
    )
    rows = tuple((_step(one), figure(one.chi2, DECIMALS), str(one.df), p_cell(one.p)) for one in fitted)
    return Table(title, head, rows)


def _areas(found: StudyComparison, added: Added) -> Table:
    head = (
        label("roc.head.step"),
        label("roc.head.without"),
        label("roc.head.with"),
        label("roc.head.difference"),
        label("roc.head.difference_ci"),
    )
    known = _known(found, added)
    rows = tuple(
        (_step(one), *_area_cells(area))
        for one, area in zip(found.nested, known, strict=True)
        if isinstance(one, NestedModels)
    )
    return Table(label("roc.table.added"), head, rows, note=label("roc.note.added"), strong=3)


def _known(found: StudyComparison, added: Added) -> Sequence[AddedArea | NotDefined | None]:
    """What has been resampled, in the order of the nested models; None for what follows."""
    return added or (None,) * len(found.nested)


def _area_cells(area: AddedArea | NotDefined | None) -> tuple[str, ...]:
    if area is None:
        return (to_come(),) * 4
    if isinstance(area, NotDefined):
        return (NONE,) * 4
    return figure(area.small), figure(area.large), figure(area.difference), interval(area.ci)


def _delong(found: StudyComparison) -> Table:
    head = (
        label("roc.head.step"),
        label("roc.head.difference"),
        label("stats.head.ci"),
        label("stats.head.p"),
    )
    rows = tuple(
        (_step(one), figure(test.difference), interval(test.ci), p_cell(test.p))
        for one, test in zip(found.nested, found.delong, strict=True)
        if isinstance(one, NestedModels) and isinstance(test, PairedRoc)
    )
    title = label("roc.table.delong")
    if not rows:
        reasons = dict.fromkeys(sentence(one) for one in found.delong if isinstance(one, NotDefined))
        return Table(title, reason=" ".join(reasons))
    return Table(title, head, rows, strong=None)


# -- words ------------------------------------------------------------------------------------------------


def _notes(found: StudyComparison, added: Added) -> tuple[str, ...]:
    # of models that cannot be fitted beside others that can, as the tables have no row for them
    some = any(isinstance(one, NestedModels) for one in found.nested)
    unfitted = [one for one in found.nested if isinstance(one, NotDefined)] if some else []
    tests = [one.result for one in found.pairs]
    reasons = [one for one in (*found.blocked, *unfitted, *tests) if isinstance(one, NotDefined)]
    said = [sentence(one) for one in reasons]
    warned = notes(*(one.result for one in found.markers), *tests, *found.nested, *found.delong)
    return tuple(dict.fromkeys((*said, *warned, *_added_notes(found, added))))


def _added_notes(found: StudyComparison, added: Added) -> Iterator[str]:
    """What became of the resamples, each with the step it is about."""
    for one, area in zip(found.nested, _known(found, added), strict=True):
        if isinstance(one, NestedModels) and area is not None:
            for said in (sentence(area),) if isinstance(area, NotDefined) else notes(area):
                yield label("stats.of_marker", marker=_step(one), sentence=said)


def _paper(found: StudyComparison, added: Added) -> Iterator[str]:
    first = next((one for one in found.pairs if isinstance(one.result, PairedRoc)), None)
    if first is not None:
        yield sentence(first.result, first=first.first, second=first.second)
    known = _known(found, added)
    for one, area in zip(found.nested, known, strict=True):
        # what both maps add is the claim; what each adds to the other stands in the table
        if isinstance(one, NestedModels) and " + ".join(one.added) == both_maps():
            yield sentence(one)
            if area is None:
                yield sentence_to_come(
                    "nested.area", base=" + ".join(one.small.names), added=" + ".join(one.added)
                )
            elif isinstance(area, AddedArea):
                yield sentence(area)
