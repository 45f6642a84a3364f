"""The Cohort tab: who is in, who is not and why, the groups, the patients, the methods. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress
from types import MappingProxyType
from typing import Any

import numpy as np

from app.domain.clinical import (
    OSTEOPENIA_BELOW,
    OSTEOPOROSIS_UP_TO,
    QCT_NORMAL_ABOVE,
    QCT_OSTEOPOROSIS_BELOW,
    Group,
    Scheme,
)
from app.domain.maps import MEASURED
from app.services.analyse import NAMES
from app.services.cohort import Cohort
from app.services.field_strengths import UNKNOWN
from app.services.selection import ADJUDICATED, Selection
from app.services.study_cohort import Flow, study_flow, study_patients
from app.services.study_data import Study
from app.stats.describe import describe
from app.stats.result import BoolArray, FloatArray, NotDefined, Note
from app.stats.sentences import sentence
from app.ui.plots.groups import group_name
from app.ui.sentences import label
from app.ui.tabs.cohort_flow import codes_text, flow_chart, reason_of, why_of
from app.ui.tabs.cohort_patients import patients_table, quantity_title
from app.ui.tabs.content import Choice, Option, Panel, Table
from app.ui.tabs.footnotes import with_note
from app.ui.tabs.methods import methods_text
from app.ui.tabs.words import (
    DECIMALS,
    NONE,
    figure,
    grouping_name,
    levels_text,
    mean_names,
    of_scheme,
    reference_regions,
    screen_unit,
)

FLOW, PATIENTS, METHODS = "flow", "patients", "methods"
SHOWN = (FLOW, PATIENTS, METHODS)
"""What the tab can show."""

_GROUPS: tuple[Group | None, ...] = (*Group, None)
_YEARS = {(True, True): "age", (True, False): "from", (False, True): "to"}


def cohort_panel(study: Study) -> Panel:
    """Make the tab."""
    shown = study.selection.option("cohort.show", FLOW)
    flow = study_flow(study)
    cohort = study.cohort
    return Panel(
        title=label(f"cohort.title.{shown}"),
        hint=label(f"cohort.hint.{shown}", levels=cohort.levels),
        beside=(
            *((_groups(study),) if shown == FLOW else ()),
            _participants(flow, cohort),
            _exclusions(cohort),
            _selection(study, flow),
        ),
        notes=cohort_notes(cohort),
        paper=_paper(cohort),
        stem=label("cohort.file" if shown == FLOW else "stats.file.cohort", levels=cohort.levels),
        options=(_option(shown),),
        wide=shown == FLOW,
        **_left(study, flow, shown),
    )


def _left(study: Study, flow: Flow, shown: str) -> Mapping[str, Any]:
    """What stands at the left: only what is looked at is made."""
    if shown == PATIENTS:
        return MappingProxyType({"main": patients_table(study, study_patients(study))})
    if shown == METHODS:
        return MappingProxyType({"main": methods_text(study)})
    return MappingProxyType({"figure": flow_chart(study, flow)})


def _option(shown: str) -> Option:
    return Option(
        "cohort.show",
        label("cohort.show_title"),
        tuple(Choice(one, label(f"cohort.show.{one}")) for one in SHOWN),
        shown,
        label("cohort.show_tip"),
    )


def cohort_notes(cohort: Cohort) -> tuple[str, ...]:
    """What a reader should know of a cohort, and which columns must not be analysed."""
    return tuple(sentence(note) for note in (*cohort.notes, *cohort.blocked.values()))


def _paper(cohort: Cohort) -> str:
    left_out = [
        sentence(Note.of(one.code, count=len(one.cases), reason=reason_of(one))) for one in cohort.exclusions
    ]
    return " ".join([sentence(cohort.analysed), *left_out])


# -- tables -----------------------------------------------------------------------------------------------


def _participants(flow: Flow, cohort: Cohort) -> Table:
    rows = [
        (label("cohort.row.enrolled"), str(flow.enrolled)),
        (label("stats.row.excluded"), str(flow.excluded)),
        *(((label("cohort.row.filtered"), str(len(flow.filtered))),) if flow.filtered else ()),
        (label("stats.row.analysed"), str(flow.analysed)),
        *(
            (label("cohort.row.with_final", name=NAMES[quantity]), str(flow.final[quantity]))
            for quantity in MEASURED
        ),
        (label("cohort.row.with_tscore"), str(flow.with_tscore)),
        *(((label("cohort.row.with_qct"), str(flow.grouped)),) if cohort.scheme is Scheme.QCT else ()),
        (label("cohort.row.with_bmd"), str(flow.with_bmd)),
        *(
            (label(f"cohort.row.{'with' if side.outcome else 'without'}_outcome"), str(side.n))
            for side in flow.sides
            if side.outcome is not None
        ),
        (label("stats.row.single_reader"), str(int(cohort.single_reader.sum()))),
        (label("stats.row.incomplete"), str(int(cohort.incomplete.sum()))),
        (label("cohort.row.not_blinded"), str(sum(flow.not_blinded.values()))),
    ]
    if flow.trained:
        rows.insert(0, (label("cohort.row.trained"), str(flow.trained)))
    return Table(label("stats.table.participants"), ("", ""), tuple(rows))


def _selection(study: Study, flow: Flow) -> Table:
    cohort, selection = study.cohort, study.selection
    several, names = len(cohort.schemes) > 1, mean_names(study)
    rows = (
        (label("stats.row.levels"), levels_text(cohort.levels, cohort.mean)),
        *(((label("stats.mean"), names[cohort.mean]),) if names else ()),
        (label("cohort.row.values"), _values_of(study)),
        (label("stats.row.readers"), ", ".join(cohort.readers) or NONE),
        (label("cohort.row.round"), str(selection.round)),
        (label("cohort.row.outcome"), label(f"stats.outcome_choice.{selection.outcome.value}")),
        (label("cohort.row.grouping"), grouping_name(selection.grouping, cohort.scheme)),
        *(((label("cohort.row.scheme"), label(f"stats.scheme.{cohort.scheme.value}")),) if several else ()),
        (label("cohort.row.filter"), _filter(selection)),
        (label("cohort.row.reference"), reference_regions(study)),
        (label("cohort.row.field"), _field_strengths(flow)),
        (label("stats.row.protocol"), study.protocol),
    )
    return Table(label("cohort.table.selection"), ("", ""), rows, strong=None, words=(1,))


def _values_of(study: Study) -> str:
    selection = study.selection
    if selection.reader is not None:
        return selection.reader
    # nothing was decided: then both are the same
    decided = selection.readers == ADJUDICATED and study.gathered.decided
    return label("stats.readers.adjudicated" if decided else "stats.readers.mean")


def _filter(selection: Selection) -> str:
    told = [label(f"stats.filter.sex_{selection.sex}")] if selection.sex else []
    if selection.field == UNKNOWN:
        told.append(label("cohort.filter.field_unknown"))
    elif selection.field:
        told.append(label("stats.field.known", tesla=selection.field))
    low, high = (None if one is None else f"{one:g}" for one in selection.age)
    code = _YEARS.get((low is not None, high is not None))
    if code is not None:
        told.append(label(f"cohort.filter.{code}", low=low, high=high))
    return ", ".join(told) or label("stats.filter.everybody")


def _field_strengths(flow: Flow) -> str:
    told = [
        label("cohort.field.unknown", n=n)
        if tesla is None
        else label("cohort.field.known", tesla=f"{tesla:g}", n=n)
        for tesla, n in flow.field_strengths.items()
    ]
    return ", ".join(told) or NONE


def _exclusions(cohort: Cohort) -> Table:
    title = label("stats.table.exclusions")
    # those without a group are in the rows, but wherever groups or the outcome count they are not
    listed = (*cohort.exclusions, *cohort.ungrouped)
    if not listed:
        return Table(title, reason=label("stats.none_excluded"))
    head = (label("stats.head.reason"), label("stats.head.n"), label("stats.head.cases"))
    rows = tuple((why_of(one), str(len(one.cases)), codes_text(one.cases)) for one in listed)
    return Table(title, head, rows, words=(2,))


def _groups(study: Study) -> Table:
    cohort = study.cohort
    unit = screen_unit(cohort.bmd_unit)
    head = (
        label("stats.head.group"),
        label("stats.head.n"),
        label("stats.head.sex"),
        label("cohort.head.age"),
        label("cohort.head.bmd" if unit else "stats.bmd_no_unit", region=study.bmd_region, unit=unit),
        *(quantity_title(study, quantity) for quantity in MEASURED),
    )
    shown = [group for group in _GROUPS if group is not None or None in cohort.groups]
    members = {group: np.array([one is group for one in cohort.groups], dtype=bool) for group in shown}
    rows = [_group_row(cohort, _described(group, cohort.scheme), mask) for group, mask in members.items()]
    rows.append(_group_row(cohort, label("stats.row.everyone"), np.ones(cohort.n, dtype=bool)))
    title, note = (label(of_scheme(f"stats.{one}.groups", cohort.scheme)) for one in ("table", "note"))
    columns = {"age": cohort.age, "bmd": cohort.bmd, **{one.value: cohort.values[one] for one in MEASURED}}
    told = [column for name, column in columns.items() if name not in cohort.blocked]
    empty = any(not np.isfinite(column[mask]).any() for column in told for mask in members.values())
    made = Table(title, head, tuple(rows), note=note)
    return with_note(made, label("stats.note.no_value") if empty else "")


def _described(group: Group | None, scheme: Scheme) -> str:
    if group is None:
        return group_name(None, scheme)
    high, low = f"{OSTEOPENIA_BELOW:.1f}", f"{OSTEOPOROSIS_UP_TO:.1f}"
    if scheme is Scheme.QCT:
        high, low = f"{QCT_NORMAL_ABOVE:g}", f"{QCT_OSTEOPOROSIS_BELOW:g}"
    return label(f"{of_scheme('stats.group_rule', scheme)}.{group.value}", high=high, low=low)


def _group_row(cohort: Cohort, name: str, members: BoolArray) -> tuple[str, ...]:
    sexes = list(compress(cohort.sex, members.tolist()))
    bmd = NONE if "bmd" in cohort.blocked else _mean_sd(cohort.bmd[members])
    maps = (
        NONE if quantity.value in cohort.blocked else _mean_sd(cohort.values[quantity][members])
        for quantity in MEASURED
    )
    sex = label("stats.sex", male=sexes.count("M"), female=sexes.count("F"))
    return (name, str(int(members.sum())), sex, _mean_sd(cohort.age[members]), bmd, *maps)


def _mean_sd(values: FloatArray) -> str:
    found = describe(values)
    if isinstance(found, NotDefined):
        return NONE
    if found.sd is None:
        return figure(found.mean, DECIMALS)
    return label("stats.mean_sd", mean=figure(found.mean, DECIMALS), sd=figure(found.sd, DECIMALS))
