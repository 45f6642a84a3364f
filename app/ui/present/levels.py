"""The table of levels and the rectangle below it, from values to words. Pure: imports no Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app.domain.checks import Finding, Severity
from app.domain.maps import MEASURED, Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Kind, LevelState
from app.domain.shapes import Rectangle
from app.services.case import Case
from app.ui import sentences
from app.ui.present import DASH, PER_SECOND, finding_text, quantity_title, quantity_unit, text, value_text


@dataclass(frozen=True, slots=True)
class LevelRow:
    """One line of the table of levels.

    Attributes
    ----------
    level : Level
        The slot.
    ff, ff_sd, r2star, r2star_sd, voxels : str
        Numbers as they are shown, empty where there are none.
    note : str
        Stands instead of the numbers: an instruction or a reason.
    warning : str
        Sentence of the finding that stands, refusals first; empty when none does.
    accepted : bool
        The level was accepted with a reason, whatever the warning says.
    detail : str
        What a pointer that rests there is told.
    """

    level: Level
    ff: str = ""
    ff_sd: str = ""
    r2star: str = ""
    r2star_sd: str = ""
    voxels: str = ""
    note: str = ""
    warning: str = ""
    accepted: bool = False
    detail: str = ""


def level_row(
    level: Level,
    state: LevelState,
    stats: Mapping[Quantity, RoiStats],
    findings: tuple[Finding, ...] = (),
    *,
    armed: bool = False,
    hidden: bool = False,
    accepted: str = "",
    r2star_unit: str = PER_SECOND,
) -> LevelRow:
    """Line of one level.

    Parameters
    ----------
    level, state : Level, LevelState
        The slot and what it holds.
    stats : mapping of Quantity to RoiStats
        Its numbers.
    findings : tuple of Finding
        Of the whole case; those of this level are shown.
    armed : bool
        The next click places this level.
    hidden : bool
        Values stay out of sight; what tells no value is shown.
    accepted : str
        Why the level was accepted as it is; empty where it was not.
    r2star_unit : str
        As the protocol calls it.
    """
    if state.kind is Kind.NOT_MEASURABLE and state.reason is not None:
        reason = state.note or sentences.REASONS[state.reason]
        return LevelRow(level, note=text("read.excluded", reason=reason))
    if not stats:
        return LevelRow(level, note=text("read.click", level=level.value) if armed else text("read.empty"))
    ff, r2star = stats.get(Quantity.FF), stats.get(Quantity.R2STAR)
    counted = ff or r2star
    mine = sorted(
        (finding for finding in findings if finding.level is level),
        key=lambda finding: finding.severity is not Severity.REFUSE,
    )
    told = [finding_text(finding) for finding in mine] + ([accepted] if accepted else [])
    row = LevelRow(
        level,
        voxels=str(counted.n) if counted else "",
        warning=told[0] if mine else "",
        accepted=bool(accepted),
    )
    if hidden:
        return replace(row, note=text("read.hidden"), detail="\n".join([text("read.hidden_tip"), *told]))
    return replace(
        row,
        ff=_number(ff.mean if ff else None, 1),
        ff_sd=_plus_minus(ff.sd if ff else None, 1),
        r2star=_number(r2star.mean if r2star else None, 1),
        r2star_sd=_plus_minus(r2star.sd if r2star else None, 0),
        detail="\n".join([*extremes(stats, r2star_unit).values(), *told]),
    )


def extremes(stats: Mapping[Quantity, RoiStats], r2star_unit: str = PER_SECOND) -> dict[Quantity, str]:
    """Smallest and largest value of a rectangle on each map where it has any, with what they are of."""
    return {
        quantity: text(
            "read.extremes",
            quantity=quantity_title(quantity),
            low=one.minimum,
            high=one.maximum,
            unit=quantity_unit(quantity, r2star_unit),
            median=one.median,
            n=one.n,
            cm2=one.area_mm2 / 100,
        )
        for quantity, one in stats.items()
        if one.minimum is not None
    }


def _number(value: float | None, decimals: int) -> str:
    return DASH if value is None or not math.isfinite(value) else f"{value:.{decimals}f}"


def _plus_minus(value: float | None, decimals: int) -> str:
    return "" if value is None or not math.isfinite(value) else f"±{value:.{decimals}f}"


def level_rows(case: Case, *, armed: Level | None) -> list[LevelRow]:
    """All levels of a case."""
    history, findings = case.reading.history, case.findings
    rows = []
    for level in LEVELS:
        revision = history.current.get(level)
        row = level_row(
            level,
            history.state(level),
            revision.stats if revision else {},
            findings,
            armed=level is armed,
            hidden=not case.numbers_shown,
            accepted=accepted_text(case, level),
            r2star_unit=case.protocol.r2star_unit,
        )
        rows.append(row)
    return rows


def accepted_text(case: Case, level: Level) -> str:
    """Why a level was accepted as it is; empty where it was not."""
    why = case.reading.accepted(level)
    return text("read.accepted", reason=why.note or sentences.REASONS[why.reason]) if why else ""


def case_warning(case: Case, selected: Level | None) -> str:
    """What stands against the case: that it is locked, else the selected level's finding, else any.

    What was accepted is said of the selected level only, with its reason.
    """
    if case.reading.locked:
        return text("read.locked")
    accepted = {level: accepted_text(case, level) for level in LEVELS}
    findings = sorted(
        (one for one in case.findings if one.level is selected or not accepted[one.level]),
        key=lambda finding: (finding.severity is not Severity.REFUSE, finding.level is not selected),
    )
    said = [finding_text(one) for one in findings[:1]] + [accepted[one.level] for one in findings[:1]]
    return "\n".join(line for line in said if line)


def rectangle_lines(
    level: Level | None,
    rectangle: Rectangle | None,
    stats: Mapping[Quantity, RoiStats],
    *,
    hidden: bool = False,
    r2star_unit: str = PER_SECOND,
) -> list[tuple[str, str]]:
    """Name and value of size, area and medians of the selected rectangle; dashes without one."""
    name = _shape_text(level, rectangle) if level else text("read.no_size")
    if rectangle is None or not stats:
        return [(name, DASH), (text("read.area"), DASH), (text("read.median"), DASH)]
    size = _size_text(rectangle, stats)
    area = text("read.area_value", cm2=next(iter(stats.values())).area_mm2 / 100)
    median_words = text("read.hidden") if hidden else _median_text(stats, r2star_unit)
    return [(name, size), (text("read.area"), area), (text("read.median"), median_words)]


def _shape_text(level: Level, rectangle: Rectangle | None) -> str:
    """Whose rectangle, and how it is turned and pooled where it is."""
    angle = rectangle.angle_deg if rectangle else 0.0
    depth = rectangle.depth if rectangle else 1
    code = ("read.size_turned_deep" if depth > 1 else "read.size_turned") if angle else "read.size_deep"
    return text(code if angle or depth > 1 else "read.size", level=level.value, angle=angle, slices=depth)


def _size_text(rectangle: Rectangle, stats: Mapping[Quantity, RoiStats]) -> str:
    """Size on the common lines, and the voxels in it: of each map where they are not equally many."""
    counted = [stats[quantity].n for quantity in MEASURED if quantity in stats]
    if len(set(counted)) > 1:
        ff, r2star = counted
        return text("read.own_voxels", rows=rectangle.rows, cols=rectangle.cols, ff=ff, r2star=r2star)
    # those without a value too: they are part of what is drawn
    voxels = next(one.n + one.nan for one in stats.values())
    return text("read.size_value", rows=rectangle.rows, cols=rectangle.cols, voxels=voxels)


def _median_text(stats: Mapping[Quantity, RoiStats], r2star_unit: str) -> str:
    medians = {quantity: stats[quantity].median if quantity in stats else None for quantity in MEASURED}
    shown = {quantity: value_text(quantity, value, r2star_unit) for quantity, value in medians.items()}
    return text("read.median_value", ff=shown[Quantity.FF], r2star=shown[Quantity.R2STAR])
