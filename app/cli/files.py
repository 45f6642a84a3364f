"""Commands that read image files: what they have in common, and ``measure``.

They name files, maps and case codes, never what an image says of its patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app import __version__
from app.cli.output import progress, say, warn, write_json
from app.cli.wishes import AskedFor, refuse_nobody, wishes_of
from app.domain.errors import DataError, InputError
from app.domain.maps import Quantity
from app.domain.measure import rule_of
from app.domain.shapes import Rectangle
from app.files.dicom.found import Refusal
from app.services.measure_files import MeasuredExam, MeasuredMap, measure_files
from app.ui.present import quantity_title, quantity_unit
from app.ui.present.pages import refusal_line
from app.ui.sentences import label


def refuse_missing(paths: Iterable[Path]) -> None:
    """Refuse to look where nothing is.

    Raises
    ------
    DataError
        ``cli.no_such_path``.
    """
    for path in paths:
        if not path.exists():
            raise DataError("cli.no_such_path", path)


def refused_to_list(refused: Iterable[Refusal]) -> list[dict[str, Any]]:
    """Files that are not used, for programs."""
    return [
        {
            "file": refusal.path,
            "code": refusal.code,
            "values": refusal.values,
            "sentence": refusal_line(refusal),
        }
        for refusal in refused
    ]


def heading(quantity: Quantity) -> str:
    """A map with its unit."""
    title, unit = quantity_title(quantity), quantity_unit(quantity)
    return label("figure.heading", quantity=title, unit=unit) if unit else title


# ---- measure


def measure(path: Path, rectangle: Rectangle, asked: AskedFor, *, as_json: bool) -> int:
    """Say what a rectangle holds on every map of every exam under a path.

    Parameters
    ----------
    path : Path
        A folder or a single file.
    rectangle : Rectangle
        As for :func:`app.services.measure_files.measure_files`.
    asked : AskedFor
        What was asked for beyond what headers say, and confirmed.
    as_json : bool
        Numbers in full, for programs.

    Raises
    ------
    AppError
        When there is nothing to measure or the rectangle lies outside; as :func:`app.cli.wishes.wishes_of`
        and :func:`app.cli.wishes.refuse_nobody`.
    """
    refuse_missing([path])
    refuse_nobody(asked)
    with progress() as watcher:
        wishes = wishes_of(asked, [path], watcher)
        measured = measure_files(
            path, rectangle, watcher, wishes=wishes, confirmed=asked.factors, who=asked.confirmed_by
        )
    for refusal in measured.lost:
        warn(refusal_line(refusal))
    if not measured.exams:
        raise InputError("measure.no_exam", files=len(measured.refused))
    if as_json:
        content = {
            "software": __version__,
            "rule": rule_of(rectangle),
            "rectangle": {
                name: getattr(rectangle, name) for name in ("slice", "row0", "col0", "rows", "cols")
            },
            "angle_deg": rectangle.angle_deg,
            "slices_pooled": rectangle.depth,
            "exams": [_measured_to_dict(exam, rectangle) for exam in measured.exams],
            "refused": refused_to_list(measured.refused),
        }
        write_json(content)
        return 0
    for number, exam in enumerate(measured.exams, start=1):
        for line in _measured_lines(number, exam):
            say(line)
    if measured.refused:
        warn(label("import.refused", count=len(measured.refused)))
    return 0


def _measured_to_dict(exam: MeasuredExam, rectangle: Rectangle) -> dict[str, Any]:
    return {
        "shape": exam.shape,
        "maps": {
            quantity.value: {
                "unit": one.unit,
                "file": one.files[rectangle.slice],
                "files": [one.files[index] for index in rectangle.slices],
                "scale_rule": one.scaling.rule,
                "scale_factor": one.scaling.slope,
                "scale_offset": one.scaling.intercept,
                "scale_transform": one.scaling.transform,
                "scale_confirmed_by": one.scaling.confirmed_by,
                **asdict(one.stats),
            }
            for quantity, one in exam.maps.items()
        },
    }


def _measured_lines(number: int, exam: MeasuredExam) -> Iterator[str]:
    slices, rows, cols = exam.shape
    yield label("cli.exam", number=number, slices=slices, rows=rows, cols=cols)
    for quantity, one in exam.maps.items():
        yield label("cli.measured", map=heading(quantity), **_figures(one))


def _figures(one: MeasuredMap) -> Mapping[str, str]:
    stats = asdict(one.stats)
    shown = ("mean", "sd", "median", "minimum", "maximum", "area_mm2")
    return {
        name: "–" if value is None else f"{value:.4f}" if name in shown else str(value)
        for name, value in stats.items()
    }
