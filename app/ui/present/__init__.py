"""From values to words, rows and units. Pure: imports no Qt, so the command line uses it too."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from app.domain.checks import Finding
from app.domain.errors import AppError, InputError, Value
from app.domain.exam import Exam
from app.domain.maps import LINEAR, RESAMPLED, SIGNAL_FF, ParametricMap, Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level
from app.files.resources import resource
from app.services.read_exam import CaseRow
from app.ui import sentences

_UNITS = {Quantity.FF: "%"}
PER_SECOND = "s^-1"
_ON_SCREEN = {"s^-1": "s⁻¹", "g/cm2": "g/cm²", "mg/cm2": "mg/cm²", "mg/cm3": "mg/cm³"}
DASH = "–"
_DERIVED = {SIGNAL_FF: "read.signal_ff", RESAMPLED: "read.resampled"}


def text(code: str, /, **values: Value) -> str:
    """Words of the interface."""
    return sentences.label(code, **values)


def error_text(problem: AppError) -> str:
    """Whole sentence of an error."""
    return sentences.sentence(problem.code, problem.values)


def quantity_title(quantity: Quantity) -> str:
    """Name of a map."""
    return sentences.QUANTITY_TITLES[quantity]


def short_title(quantity: Quantity) -> str:
    """Short name of a measured map, for narrow places."""
    return text(f"read.short_{quantity.value.lower()}")


def quantity_unit(quantity: Quantity, r2star_unit: str = PER_SECOND) -> str:
    """Unit of a map as it is written on screen, of R2* as the protocol calls it; empty for signal images."""
    return screen_unit(r2star_unit) if quantity is Quantity.R2STAR else _UNITS.get(quantity, "")


def screen_unit(unit: str) -> str:
    """A unit with raised figures."""
    return _ON_SCREEN.get(unit, unit)


def slice_text(index: int, count: int) -> str:
    """One-based slice number."""
    return text("read.slice", index=index + 1, count=count)


def window_text(window: tuple[float, float]) -> str:
    """A display window."""
    return text("read.range", low=window[0], high=window[1])


def value_text(quantity: Quantity, value: float | None, r2star_unit: str = PER_SECOND) -> str:
    """A single value with its unit; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return DASH
    return text("read.value", value=value, unit=quantity_unit(quantity, r2star_unit))


def readout_text(quantity: Quantity, value: float | None, r2star_unit: str = PER_SECOND) -> str:
    """The value under the pointer; says so where a voxel has none, and nothing where there is no voxel."""
    if value is None:
        return ""
    if not math.isfinite(value):
        return text("read.no_value")
    return value_text(quantity, value, r2star_unit)


def map_title(found: ParametricMap) -> str:
    """Name of a map, with how it came to be where no scanner made it as it is."""
    title = quantity_title(found.quantity)
    code = _DERIVED.get(found.scaling.derived)
    return text(code, quantity=title) if code else title


def empty_map_text(quantity: Quantity, *, has_case: bool) -> str:
    """What stands where a map is missing."""
    if has_case:
        return text("read.no_map", quantity=quantity_title(quantity))
    return text("read.no_case")


def case_facts(exam: Exam) -> str:
    """Plane and field strength of an exam."""
    plane = exam.grid.plane
    if exam.field_strength_t is None:
        return text("read.case_facts_no_field", plane=plane)
    return text("read.case_facts", plane=plane, tesla=exam.field_strength_t)


def case_line(exam: Exam, round_number: int) -> str:
    """Facts of an exam and the round it is read in."""
    return text("read.case_line", facts=case_facts(exam), round=round_number)


def case_state(case: CaseRow) -> str:
    """Word for the state of a case."""
    if case.locked:
        return text("state.signed_off")
    return text("state.open") if case.done else text("state.new")


def read_only_text(holder: Mapping[str, str] | None) -> str:
    """Why a session can only be read: who writes to it, or that nothing can be written where it lies."""
    if holder is None:
        return text("app.read_only_here")
    since = holder["since"][:16].replace("T", " ")
    return text("app.read_only_held", host=holder["host"], process=holder["process"], since=since)


def saved_text(saved_at: str, *, read_only: bool) -> str:
    """When the last step was saved, or what becomes of steps here."""
    if read_only:
        return text("app.nothing_saved")
    return text("app.saved", time=saved_at) if saved_at else text("app.not_saved_yet")


def levels_done(done: int, total: int) -> str:
    """How many levels of a case are finished."""
    return text("read.levels_done", done=done, total=total)


def finding_text(finding: Finding) -> str:
    """Whole sentence of a rule that speaks up."""
    return sentences.sentence(finding.code, {**finding.values, "level": finding.level.value})


def histogram_span(stats: RoiStats, fallback: tuple[float, float]) -> tuple[float, float]:
    """Round limits around all voxels of a rectangle, so that the bars fill the width."""
    if stats.minimum is None or stats.maximum is None:
        return fallback
    step = (fallback[1] - fallback[0]) / 20
    low = math.floor(stats.minimum / step) * step
    return low, max(math.ceil(stats.maximum / step) * step, low + step)


def value_step(found: ParametricMap) -> float:
    """Distance of neighbouring values of a map; 0 where they do not lie on a line of equal steps."""
    whole = found.stored.dtype.kind != "f" and found.scaling.transform == LINEAR
    return abs(found.scaling.slope) if whole else 0.0


def histogram_bins(span: tuple[float, float], step: float, most: int) -> int:
    """How many bars, at most ``most``, each holding equally many of a map's steps.

    With other numbers some bars stay empty only because no value can fall into them.

    Parameters
    ----------
    span : tuple of float
        Limits of the histogram.
    step : float
        Distance of neighbouring values of the map; 0 where there is none.
    most : int
        Largest number of bars.
    """
    width = span[1] - span[0]
    if step <= 0 or width / step < 1:
        return most
    return max(1, round(width / (step * math.ceil(width / step / most))))


def span_text(quantity: Quantity, span: tuple[float, float], r2star_unit: str = PER_SECOND) -> str:
    """Limits of a histogram with their unit."""
    return text("read.span", low=span[0], high=span[1], unit=quantity_unit(quantity, r2star_unit))


def progress_text(done: int, total: int | None, left_s: float | None) -> str:
    """How far a task is, with the time left where it can be told."""
    if total is None:
        return text("task.counting", done=done) if done else text("task.working")
    if left_s and done < total:
        return text("task.running_left", done=done, total=total, seconds=left_s)
    return text("task.running", done=done, total=total)


_HELP_PAGES = ("help.md", "import.md", "checked.md")


def help_text() -> str:
    """The help, all its pages.

    Raises
    ------
    InputError
        ``help.missing`` when the installation is incomplete.
    """
    try:
        pages = [resource("help", page).read_text(encoding="utf-8") for page in _HELP_PAGES]
        return "\n\n".join(pages)
    except OSError as problem:
        raise InputError("help.missing") from problem


def map_heading(found: ParametricMap, r2star_unit: str = PER_SECOND) -> str:
    """Name of a map with its unit, as above a printed picture."""
    unit = quantity_unit(found.quantity, r2star_unit)
    return text("figure.heading", quantity=map_title(found), unit=unit)


def figure_line(
    level: Level, quantity: Quantity, stats: RoiStats | None, r2star_unit: str = PER_SECOND
) -> str:
    """Value of a level as below a printed picture."""
    if stats is None or stats.mean is None or stats.sd is None:
        return text("figure.no_value", level=level.value)
    return text(
        "figure.value",
        level=level.value,
        mean=stats.mean,
        sd=stats.sd,
        unit=quantity_unit(quantity, r2star_unit),
        n=stats.n,
    )


def demo_lines(folder: Path, signed_off: int, readers: int, files: int) -> list[str]:
    """What the demo without a screen did and where it lies."""
    return [
        text("headless.read", count=signed_off, readers=readers),
        text("headless.files", count=files, folder=str(folder / "csv")),
        text("headless.pictures", folder=str(folder / "pictures")),
        text("headless.sessions", folder=str(folder)),
    ]
