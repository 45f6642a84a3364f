"""Rules of the protocol that look at geometry only, so that a blinded reader may see them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import combinations, pairwise
from statistics import median

import numpy as np

from app.domain.errors import Value
from app.domain.exam import Exam
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.shapes import Rectangle


class Severity(StrEnum):
    """REFUSE stops the sign-off, WARN is shown."""

    REFUSE = "refuse"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that speaks up: which one, how strongly, at which level, with which figures."""

    code: str
    severity: Severity
    level: Level
    values: Mapping[str, Value]


def check_geometry(
    exam: Exam, rectangles: Mapping[Level, Rectangle], protocol: Protocol
) -> tuple[Finding, ...]:
    """Size, overlap, order and spacing of the rectangles of one reading.

    Parameters
    ----------
    exam : Exam
        Gives grid and native voxel size.
    rectangles : mapping of Level to Rectangle
        The measured levels.
    protocol : Protocol
        Gives every threshold.
    """
    findings: list[Finding] = []
    counts = {level: rectangle.count(exam.grid) for level, rectangle in rectangles.items()}
    for level, rectangle in rectangles.items():
        findings += _check_size(level, counts[level], exam, protocol)
        findings += _check_against_others(level, counts, protocol)
        findings += _check_slices(level, rectangle, protocol)
    findings += _check_overlap(exam, rectangles)
    findings += _check_spine(exam, rectangles, protocol)
    return tuple(findings)


def _check_size(level: Level, count: int, exam: Exam, protocol: Protocol) -> list[Finding]:
    """Limits hold for one slice: three thin slices of too little bone are still too little."""
    area = count * exam.grid.pixel_area_mm2
    # the ratio first: it is exactly 1 without zero filling, while area / area may miss a whole number
    native = count * (exam.grid.pixel_area_mm2 / exam.native_pixel_area_mm2)
    low, high = protocol.usual_area_mm2
    if area < protocol.min_area_mm2:
        values: dict[str, Value] = {"area": area, "limit": protocol.min_area_mm2}
        return [Finding("area.too_small", Severity.REFUSE, level, values)]
    if native < protocol.min_native_voxels:
        values = {"voxels": native, "limit": protocol.min_native_voxels}
        return [Finding("area.too_few_voxels", Severity.REFUSE, level, values)]
    if not low <= area <= high:
        return [Finding("area.unusual", Severity.WARN, level, {"area": area, "low": low, "high": high})]
    return []


def _check_against_others(level: Level, counts: Mapping[Level, int], protocol: Protocol) -> list[Finding]:
    # areas on one grid compare like voxel counts, which are whole; a narrow box that is turned may count none
    middle = median(counts.values())
    share = abs(counts[level] - middle) / middle if middle else 0.0
    # the median of two is between both: neither is the odd one out
    if len(counts) > 2 and share > protocol.area_deviation:  # noqa: PLR2004 - said in the line above
        return [Finding("area.unlike_others", Severity.WARN, level, {"share": share * 100})]
    return []


def _check_slices(level: Level, rectangle: Rectangle, protocol: Protocol) -> list[Finding]:
    # a thin stack has no neighbours to pool, and a protocol may have changed meanwhile
    if rectangle.depth != protocol.slices:
        values: dict[str, Value] = {"slices": rectangle.depth, "wanted": protocol.slices}
        return [Finding("slices.unlike_protocol", Severity.WARN, level, values)]
    return []


def _check_overlap(exam: Exam, rectangles: Mapping[Level, Rectangle]) -> list[Finding]:
    return [
        Finding("spine.overlap", Severity.REFUSE, lower, {"other": upper.value})
        for upper, lower in combinations([level for level in LEVELS if level in rectangles], 2)
        if rectangles[upper].overlaps(rectangles[lower], exam.grid)
    ]


def _check_spine(exam: Exam, rectangles: Mapping[Level, Rectangle], protocol: Protocol) -> list[Finding]:
    present = [level for level in LEVELS if level in rectangles]
    centre = {level: exam.grid.to_patient(rectangles[level].centre) for level in present}
    findings = []
    for upper, lower in pairwise(present):
        # superior is +z in patient coordinates
        if centre[upper][2] <= centre[lower][2]:
            findings.append(Finding("spine.order", Severity.REFUSE, lower, {"above": upper.value}))
            continue
        steps = LEVELS.index(lower) - LEVELS.index(upper)
        distance = float(np.linalg.norm(centre[upper] - centre[lower])) / steps
        low, high = protocol.spacing_mm
        if not low <= distance <= high:
            values: dict[str, Value] = {"above": upper.value, "distance": distance, "low": low, "high": high}
            findings.append(Finding("spine.spacing", Severity.WARN, lower, values))
    return findings
