"""The Cohort tab: who is in, who is not and why, and the groups. Pure: imports no Qt."""

from __future__ import annotations

from itertools import compress

import numpy as np

from app.domain.clinical import OSTEOPENIA_BELOW, OSTEOPOROSIS_UP_TO, Group
from app.domain.maps import MEASURED, Quantity
from app.services.analyse import Analysis
from app.services.assemble_cohort import Cohort, Exclusion
from app.stats.describe import describe
from app.stats.result import FloatArray, NotDefined, Note
from app.stats.sentences import sentence
from app.ui.pages.statistics_content import Panel, Table
from app.ui.plots.groups import group_name
from app.ui.present_words import NONE, bmd_title, figure, levels_text, value_title
from app.ui.sentences import REASONS, label

_CODES_SHOWN = 12
_GROUPS: tuple[Group | None, ...] = (*Group, None)


def cohort_panel(analysis: Analysis) -> Panel:
    """Make the tab; it has tables in place of a plot."""
    cohort = analysis.cohort
    analysed = Note.of("cohort.analysed", n=cohort.n, enrolled=cohort.enrolled, levels=cohort.levels)
    left_out = [
        sentence(Note.of(one.code, count=len(one.cases), reason=_reason(one))) for one in cohort.exclusions
    ]
    return Panel(
        title=label("stats.title.cohort"),
        hint=label("stats.hint.cohort"),
        below=(_groups(analysis), _exclusions(cohort)),
        beside=(_participants(analysis),),
        notes=tuple(sentence(note) for note in cohort.notes),
        paper=" ".join([sentence(analysed), *left_out]),
        stem=label("stats.file.cohort", levels=cohort.levels),
    )


def _participants(analysis: Analysis) -> Table:
    cohort = analysis.cohort
    rows = (
        (label("stats.row.enrolled"), str(cohort.enrolled)),
        (label("stats.row.excluded"), str(cohort.n_excluded)),
        (label("stats.row.analysed"), str(cohort.n)),
        (label("stats.row.levels"), levels_text(cohort.levels)),
        (label("stats.row.readers"), ", ".join(cohort.readers) or NONE),
        (label("stats.row.single_reader"), str(int(cohort.single_reader.sum()))),
        (label("stats.row.incomplete"), str(int(cohort.incomplete.sum()))),
        (label("stats.row.field"), _field_strengths(cohort)),
        (label("stats.row.protocol"), analysis.protocol),
    )
    return Table(label("stats.table.participants"), ("", ""), rows)


def _field_strengths(cohort: Cohort) -> str:
    known = [f"{strength:g}" for strength in cohort.field_strengths if strength is not None]
    return label("stats.tesla", values=", ".join(known)) if known else NONE


def _exclusions(cohort: Cohort) -> Table:
    title = label("stats.table.exclusions")
    if not cohort.exclusions:
        return Table(title, reason=label("stats.none_excluded"))
    head = (label("stats.head.reason"), label("stats.head.n"), label("stats.head.cases"))
    rows = tuple(
        (label(f"stats.why.{one.code}", reason=_reason(one)), str(len(one.cases)), _codes(one.cases))
        for one in cohort.exclusions
    )
    return Table(title, head, rows, words=(2,))


def _reason(exclusion: Exclusion) -> str:
    return REASONS[exclusion.reason] if exclusion.reason else ""


def _codes(cases: tuple[str, ...]) -> str:
    told = ", ".join(cases[:_CODES_SHOWN])
    left = len(cases) - _CODES_SHOWN
    return label("stats.codes_more", codes=told, count=left) if left > 0 else told


def _groups(analysis: Analysis) -> Table:
    cohort = analysis.cohort
    head = (
        label("stats.head.group"),
        label("stats.head.n"),
        label("stats.head.sex"),
        label("stats.head.age"),
        bmd_title(analysis),
        *(value_title(analysis.maps[quantity]) for quantity in MEASURED),
    )
    shown = [group for group in _GROUPS if group is not None or None in cohort.groups]
    members = {group: np.array([one is group for one in cohort.groups], dtype=bool) for group in shown}
    rows = [_group_row(cohort, _described(group), mask) for group, mask in members.items()]
    everyone = np.ones(cohort.n, dtype=bool)
    rows.append(_group_row(cohort, label("stats.row.everyone"), everyone))
    return Table(label("stats.table.groups"), head, tuple(rows), note=label("stats.note.groups"))


def _described(group: Group | None) -> str:
    if group is None:
        return group_name(None)
    limits = {"high": f"{OSTEOPENIA_BELOW:.1f}", "low": f"{OSTEOPOROSIS_UP_TO:.1f}"}
    return label(f"stats.group_rule.{group.value}", **limits)


def _group_row(cohort: Cohort, name: str, members: np.ndarray) -> tuple[str, ...]:
    sexes = list(compress(cohort.sex, members.tolist()))
    bmd = NONE if "bmd" in cohort.blocked else _mean_sd(cohort.bmd[members])
    maps = (
        NONE if quantity.value in cohort.blocked else _mean_sd(cohort.values[quantity][members])
        for quantity in (Quantity.FF, Quantity.R2STAR)
    )
    sex = label("stats.sex", male=sexes.count("M"), female=sexes.count("F"))
    return (name, str(int(members.sum())), sex, _mean_sd(cohort.age[members]), bmd, *maps)


def _mean_sd(values: FloatArray) -> str:
    found = describe(values)
    if isinstance(found, NotDefined):
        return NONE
    if found.sd is None:
        return figure(found.mean, 2)
    return label("stats.mean_sd", mean=figure(found.mean, 2), sd=figure(found.sd, 2))
