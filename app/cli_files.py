"""Commands that read image files: ``inspect``, ``import``, ``measure``.

They name files, maps and case codes, never what an image says of its patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app import __version__
from app.cli_output import progress, say, warn, write_json
from app.domain.errors import DataError, InputError
from app.domain.maps import RECIPROCAL_MS, Quantity
from app.domain.measure import RULE
from app.domain.protocol import Protocol
from app.domain.shapes import Rectangle
from app.files.dicom.found import ExamFound, MapFound, Refusal
from app.files.dicom.inspecting import inspect_path
from app.services.import_exams import import_path
from app.services.measure_files import MeasuredExam, MeasuredMap, measure_files
from app.services.open_session import Session, create_session, last_viewer, open_session
from app.services.read_exam import worklist
from app.ui.present import quantity_title, quantity_unit
from app.ui.present_pages import import_lines, refusal_line
from app.ui.sentences import label, sentence


def _refuse_missing(path: Path) -> None:
    if not path.exists():
        raise DataError("cli.no_such_path", path)


# ---- inspect


def inspect(path: Path, *, as_json: bool) -> int:
    """Say which exams and maps lie under a path, by which evidence, and why every other file is not used.

    Raises
    ------
    DataError
        ``cli.no_such_path``.
    """
    _refuse_missing(path)
    with progress() as watcher:
        found = inspect_path(path, watcher)
    if as_json:
        exams = [_exam_to_dict(exam) for exam in found.exams]
        write_json({"software": __version__, "exams": exams, "refused": _refused_to_list(found.refused)})
        return 0
    for number, exam in enumerate(found.exams, start=1):
        for line in _exam_lines(number, exam):
            say(line)
    say(label("import.refused", count=len(found.refused)))
    for refusal in found.refused:
        say(refusal_line(refusal))
    return 0


def _exam_to_dict(exam: ExamFound) -> dict[str, Any]:
    grid = exam.maps[0].grid
    return {
        "field_strength_t": exam.field_strength_t,
        "manufacturer": exam.manufacturer,
        "model": exam.model,
        "plane": grid.plane,
        "shape": grid.shape,
        "spacing_mm": grid.spacing_mm,
        "native_voxel_mm": exam.native_voxel_mm,
        "warnings": [
            {
                "code": notice.code,
                "values": notice.values,
                "sentence": sentence(notice.code, notice.values),
            }
            for notice in exam.warnings
        ],
        "maps": {found.quantity.value: _map_to_dict(found) for found in exam.maps},
    }


def _map_to_dict(found: MapFound) -> dict[str, Any]:
    scaling = asdict(found.scaling) if found.scaling else None
    return {"role_evidence": found.role_evidence, "scaling": scaling, "files": found.files}


def _refused_to_list(refused: Iterable[Refusal]) -> list[dict[str, Any]]:
    return [
        {
            "file": refusal.path,
            "code": refusal.code,
            "values": refusal.values,
            "sentence": refusal_line(refusal),
        }
        for refusal in refused
    ]


def _exam_lines(number: int, exam: ExamFound) -> Iterator[str]:
    grid = exam.maps[0].grid
    slices, rows, cols = grid.shape
    between, down, across = grid.spacing_mm
    yield label("cli.exam", number=number, slices=slices, rows=rows, cols=cols)
    yield label(
        "cli.exam_facts",
        plane=grid.plane,
        spacing=f"{between:.3g} × {down:.3g} × {across:.3g}",
        field="–" if exam.field_strength_t is None else f"{exam.field_strength_t:g}",
        scanner=f"{exam.manufacturer} {exam.model}",
    )
    for found in exam.maps:
        yield from _map_lines(found)
    for notice in exam.warnings:
        yield label("import.warning", words=sentence(notice.code, notice.values))


def _map_lines(found: MapFound) -> Iterator[str]:
    yield label(
        "cli.map",
        map=_heading(found.quantity),
        files=len(found.files),
        first=found.files[0].name,
        last=found.files[-1].name,
        evidence=found.role_evidence,
    )
    scaling = found.scaling
    if scaling is not None:
        figures = {name: f"{getattr(scaling, name):g}" for name in ("slope", "intercept", "p50", "p995")}
        yield label("cli.map_scale", **{**asdict(scaling), **figures})
        if scaling.transform == RECIPROCAL_MS:
            yield label("cli.map_reciprocal", missing=scaling.missing)


def _heading(quantity: Quantity) -> str:
    title, unit = quantity_title(quantity), quantity_unit(quantity)
    return label("figure.heading", quantity=title, unit=unit) if unit else title


# ---- import


def import_files(
    path: Path,
    session: Path,
    protocol: Path | None,
    confirmed: Mapping[str, float] = MappingProxyType({}),
    who: str = "",
) -> int:
    """Import every exam under a path into a session, which is made when there is none.

    Parameters
    ----------
    path : Path
        A folder or a single file.
    session : Path
        The session file.
    protocol : Path, optional
        JSON with the protocol of a new session.
    confirmed : mapping of str to float
        Factor by quantity, for maps whose scale rule and range do not settle.
    who : str
        Who confirmed them.

    Raises
    ------
    AppError
        When the path, the protocol or the session cannot be used. A session that was made for nothing does
        not stay.
    """
    _refuse_missing(path)
    factors = {Quantity(name): factor for name, factor in confirmed.items()}
    if factors and not who.strip():
        raise InputError("scale.nobody_confirms")
    with _session_for_import(session, protocol) as opened, progress() as watcher:
        report = import_path(opened, path, watcher, confirmed=factors, who=who)
    for line in import_lines(report):
        say(line)
    if not report.exams:
        warn(label("cli.nothing_imported"))
    return 0 if report.exams and not report.cancelled else 1


@contextmanager
def _session_for_import(path: Path, protocol: Path | None) -> Iterator[Session]:
    """The session of that name, or a new one that stays only if something was imported into it."""
    made = not path.exists()
    if not made and protocol is not None:
        raise InputError("cli.protocol_stands", file=path.name)
    opened = create_session(path, _read_protocol(protocol)) if made else open_session(path)
    try:
        yield opened
    finally:
        with closing(opened):
            empty = made and not worklist(opened, last_viewer(opened))
        if empty:
            opened.path.unlink()


def _read_protocol(path: Path | None) -> Protocol:
    if path is None:
        return Protocol()
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as problem:
        raise DataError("protocol.unreadable", path) from problem
    return Protocol.from_json(text)


# ---- measure


def measure(path: Path, slice_index: int, box: Sequence[int], *, as_json: bool) -> int:
    """Say what a rectangle holds on every map of every exam under a path.

    Parameters
    ----------
    path : Path
        A folder or a single file.
    slice_index : int
        Counted from 0 in order of position.
    box : sequence of int
        First row, first column, rows, columns; counted from 0 in the stored pixel matrix.
    as_json : bool
        Numbers in full, for programs.

    Raises
    ------
    AppError
        When there is nothing to measure or the rectangle lies outside.
    """
    _refuse_missing(path)
    rectangle = Rectangle(slice_index, *box)
    with progress() as watcher:
        measured = measure_files(path, rectangle, watcher)
    if as_json:
        content = {
            "software": __version__,
            "rule": RULE,
            "rectangle": asdict(rectangle),
            "exams": [_measured_to_dict(exam, rectangle) for exam in measured.exams],
            "refused": _refused_to_list(measured.refused),
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
        yield label("cli.measured", map=_heading(quantity), **_figures(one))


def _figures(one: MeasuredMap) -> Mapping[str, str]:
    stats = asdict(one.stats)
    shown = ("mean", "sd", "median", "minimum", "maximum", "area_mm2")
    return {
        name: "–" if value is None else f"{value:.4f}" if name in shown else str(value)
        for name, value in stats.items()
    }
