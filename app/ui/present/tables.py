"""What a look at a table found, as headings with lines below them. Pure, no Qt."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.clinical import Problem
from app.domain.clinical_items import KINDS, Change, Item, What
from app.domain.errors import Value
from app.domain.maps import Quantity
from app.domain.protocol import LOWEST
from app.files.clinical_units import UnitDoubt
from app.services.join_clinical import ClinicalReport, Conflict, Match, RowProblem
from app.services.join_rows import IDS_DISAGREE, NO_EXAM, SEVERAL_EXAMS
from app.services.look_at_table import Look
from app.services.plan_clinical import ClinicalPlan, Difference, Lacking
from app.services.plan_readings import Doubt, NewCase, PlannedReading, ReadingsPlan, Refused
from app.services.table_readings import ReadingsReport
from app.ui import sentences
from app.ui.present import error_text, screen_unit, text

GOOD, WARN, BAD, QUIET = "good", "warn", "bad", "quiet"
# more lines than anybody reads; the count says how many there are
_SHOWN = 500


@dataclass(frozen=True, slots=True)
class Heading:
    """One thing that was found.

    Attributes
    ----------
    code : str
        Which.
    title : str
        With its count.
    tone : str
        ``good``, ``warn``, ``bad`` or ``quiet``.
    lines : tuple of str
        Each case of it.
    """

    code: str
    title: str
    tone: str
    lines: tuple[str, ...]


def headings(look: Look) -> tuple[Heading, ...]:
    """All that was found; empty things are left out. First what would be written, then what would not."""
    if look.problem is not None:
        told = error_text(look.problem)
        return (Heading("tables.doubt", text("tables.doubt", count=1), BAD, (told,)),)
    if isinstance(look.plan, ReadingsPlan):
        found = _of_readings(look.plan)
    elif isinstance(look.plan, ClinicalPlan):
        found = _of_clinical(look.plan)
    else:
        return ()
    return tuple(one.heading() for one in found if one.things)


@dataclass(frozen=True, slots=True)
class _Found:
    """Things of one kind, and how each is told: of very many only the first ones are."""

    code: str
    tone: str
    things: Sequence[Any]
    told: Callable[[Any], str] = str

    def heading(self) -> Heading:
        """With its lines."""
        lines = [self.told(one) for one in self.things[:_SHOWN]]
        more = len(self.things) - _SHOWN
        if more > 0:
            lines.append(text("tables.more", count=more))
        return Heading(self.code, text(self.code, count=len(self.things)), self.tone, tuple(lines))


def _of_clinical(plan: ClinicalPlan) -> Iterator[_Found]:
    report = plan.report
    yield _Found("tables.joined", GOOD, report.matched, _joined)
    if plan.base:
        yield from _of_difference(plan.difference)
    yield _Found("tables.regions", WARN, _regions(plan.lacking))
    yield _Found("tables.units", BAD, report.unit_doubts, _unit_doubt)
    yield _Found("tables.not_joined", BAD, _not_joined(report), _why_not)
    yield _Found("tables.conflicts", BAD, report.conflicts, _conflict)
    yield _Found("tables.duplicates", WARN, report.duplicates, lambda line: text("tables.line", line=line))
    yield _Found("tables.gaps", WARN, report.date_gaps, _row_problem)
    gaps = set(report.date_gaps)
    others = [one for one in report.problems if one not in gaps]
    yield _Found("tables.problems", WARN, others, _row_problem)
    yield _Found("tables.without", QUIET, report.without_row)
    yield _Found("tables.together", QUIET, report.together, _together)
    yield _Found("tables.dropped", QUIET, report.dropped, _dropped)
    yield _Found("tables.unused", QUIET, report.unused)


def _of_difference(found: Difference) -> Iterator[_Found]:
    changes = [(case.code, change) for case in found.changed for change in case.changes]
    yield _Found("tables.added", GOOD, found.added)
    yield _Found("tables.changed", WARN, changes, _change)
    yield _Found("tables.gone", BAD, found.gone)


def _of_readings(plan: ReadingsPlan) -> Iterator[_Found]:
    yield _Found("tables.doubt", BAD, plan.doubts, _doubt)
    yield _Found("tables.readings", GOOD, plan.readings, _reading)
    yield _Found("tables.new_cases", WARN, plan.new_cases, _new_case)
    yield _Found("tables.field_kept", WARN, plan.without_field)
    yield _Found("tables.new_readers", WARN, plan.new_readers)
    yield _Found("tables.refused", BAD, plan.refused, _refused)
    yield _Found("tables.dropped", QUIET, plan.table.dropped, _dropped)
    yield _Found("tables.unused", QUIET, plan.table.unused)


def _regions(lacking: Sequence[Lacking]) -> list[str]:
    """One line for both kinds where they lack the same, and have the same instead."""
    by_region: dict[tuple[str, str], list[Lacking]] = {}
    for one in lacking:
        by_region.setdefault((one.wanted, ", ".join(one.there)), []).append(one)
    told = []
    for (wanted, there), found in by_region.items():
        code = "tables.regions_line" if len(found) > 1 else f"tables.regions_{found[0].kind.value}_line"
        if wanted == LOWEST:
            code = "tables.regions_lowest_line"
        told.append(text(code, wanted=wanted, there=there))
    return told


def _unit_doubt(one: UnitDoubt) -> str:
    others = " / ".join(screen_unit(unit) for unit in one.others)
    code = "tables.unit_other_line" if one.unit else "tables.unit_mixed_line"
    return text(code, header=one.header, unit=screen_unit(one.unit), others=others)


def _joined(one: Match) -> str:
    by = sentences.MATCHED_BY[one.matched_by]
    return text("tables.joined_line", line=one.line, case=one.code, by=by)


def _not_joined(report: ClinicalReport) -> list[tuple[int, str]]:
    return sorted(
        [
            *((line, NO_EXAM) for line in report.unmatched),
            *((line, SEVERAL_EXAMS) for line in report.several),
            *((line, IDS_DISAGREE) for line in report.disagreeing),
        ]
    )


def _why_not(one: tuple[int, str]) -> str:
    line, code = one
    return text("tables.not_joined_line", line=line, why=sentences.sentence(code, {}))


def _conflict(one: Conflict) -> str:
    return text("tables.conflict_line", case=one.code, lines=_listed(one.lines))


def _row_problem(one: RowProblem) -> str:
    return text("tables.not_joined_line", line=one.line, why=problem_text(one.problem))


def _together(lines: Sequence[int]) -> str:
    return text("tables.together_line", lines=_listed(lines))


def _dropped(header: str) -> str:
    return text("tables.dropped_line", header=header)


def _change(one: tuple[str, Change]) -> str:
    code, change = one
    old, new = screen_text(change.old), screen_text(change.new)
    return text("tables.change_line", case=code, item=item_text(change.item), old=old, new=new)


def _doubt(one: Doubt) -> str:
    told: dict[str, Value] = {
        "median": one.median,
        "of": one.of,
        "other": one.other,
        "other_median": one.other_median,
    }
    return sentences.sentence(one.code, told)


def _new_case(one: NewCase) -> str:
    if one.field_strength_t is None:
        return text("tables.new_case_line", case=one.code)
    return text("tables.new_case_field_line", case=one.code, tesla=f"{one.field_strength_t:g}")


def _refused(one: Refused) -> str:
    return text("tables.refused_line", line=one.line, why=sentences.sentence(one.code, one.values))


def problem_text(problem: Problem) -> str:
    """A whole sentence of what is to know about a row."""
    return sentences.sentence(problem.code, {"column": problem.column, "verbatim": problem.verbatim})


def _listed(lines: Sequence[int]) -> str:
    return ", ".join(str(line) for line in lines)


def item_text(item: Item) -> str:
    """How a value is called."""
    if item.what in KINDS or item.what is What.COVARIATE:
        code = f"item.{item.what.value}_of" if item.name else f"item.{item.what.value}"
        return text(code, name=item.name)
    return text(f"item.{item.what.value}")


def screen_text(said: str) -> str:
    """What a value says, with raised figures in its unit; a word for nothing."""
    number, _, unit = said.rpartition(" ")
    if number and screen_unit(unit) != unit:
        return f"{number} {screen_unit(unit)}"
    return said or text("tables.nothing")


def _reading(one: PlannedReading) -> str:
    levels = "   ".join(
        f"{level.value} "
        + " / ".join(f"{values[quantity]:.4g}" for quantity in Quantity if quantity in values)
        for level, values in sorted(one.means.items())
    )
    return text("tables.reading_line", case=one.code, reader=one.reader, round=one.round, levels=levels)


def found_text(look: Look) -> str:
    """File, and what is in it."""
    name = look.wish.path.name
    if look.raw is None:
        return text("tables.found_nothing", file=name)
    return text("tables.found", file=name, lines=len(look.raw.lines), header=look.raw.header_line)


def offer(look: Look) -> tuple[str, int]:
    """Words of the button that imports, and how much it would; 0 where it cannot."""
    count, code = 0, ""
    if isinstance(look.plan, ClinicalPlan):
        count, code = len({one.code for one in look.plan.report.matched}), "tables.import_clinical"
    elif isinstance(look.plan, ReadingsPlan) and not look.plan.doubts:
        count, code = len(look.plan.readings), "tables.import_readings"
    if not count:
        return text("tables.import_none"), 0
    return text(code if count > 1 else f"{code}_one", count=count), count


def readings_summary(report: ReadingsReport) -> str:
    """What an import of readings came to, in one sentence."""
    return text(
        "tables.readings_done",
        readings=report.readings,
        numbers=report.numbers,
        cases=report.new_cases,
        refused=report.refused,
    )
