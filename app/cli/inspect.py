"""The command ``inspect``: which exams and maps lie where, by which evidence, what becomes of each file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from app import __version__
from app.cli.files import heading, refuse_missing, refused_to_list
from app.cli.output import progress, say, write_json
from app.cli.wishes import AskedFor, wishes_of
from app.domain.errors import Value
from app.domain.exam import common_grid
from app.domain.grid import Grid
from app.domain.maps import MEASURED, RECIPROCAL_MS, Quantity, Scaling
from app.files.dicom.classify import role_named
from app.files.dicom.found import ExamFound, MapFound, Notice, ReferenceFound, Refusal, ScaleDecision
from app.files.dicom.inspecting import InspectedExam, inspect_paths
from app.files.dicom.wishes import Question, Rival
from app.ui.present.pages import refusal_line
from app.ui.sentences import label, sentence
from app.ui.sentences.files import CODE_WORDS


def inspect(paths: Sequence[Path], asked: AskedFor, *, as_json: bool) -> int:
    """Say everything about some paths.

    Raises
    ------
    DataError
        ``cli.no_such_path``.
    InputError
        As :func:`app.cli.wishes.wishes_of`.
    """
    refuse_missing(paths)
    with progress() as watcher:
        wishes = wishes_of(asked, paths, watcher)
        found = inspect_paths(paths, watcher, wishes)
    if as_json:
        content = {
            "software": __version__,
            "exams": [_exam_to_dict(exam) for exam in found.exams],
            "questions": [_question_to_dict(question) for question in found.questions],
            "rivals": [_rival_to_dict(rival) for rival in found.rivals],
            "refused": refused_to_list(found.refused),
        }
        write_json(content)
        return 0
    for number, exam in enumerate(found.exams, start=1):
        for line in _exam_lines(number, exam):
            say(line)
    for question in found.questions:
        say(_question_line(question))
    for rival in found.rivals:
        say(_rival_line(rival, found.rivals))
    say(label("import.refused", count=len(found.refused)))
    for refusal in found.refused:
        say(refusal_line(refusal))
    return 0


def pairing(found: ExamFound) -> str:
    """Whether one rectangle counts on FF and R2*.

    Returns
    -------
    str
        ``shared`` voxels, ``own`` voxels on common lines, ``resampled``, ``apart``, or ``single`` where there
        is only one of the two.
    """
    if found.unpaired:
        return "apart"
    measured = [one for one in found.maps if one.quantity in MEASURED]
    if len(measured) < len(MEASURED):
        return "single"
    if any(one.onto is not None for one in measured):
        return "resampled"
    first, second = (one.grid for one in measured)
    return "shared" if first.parts(second) == (1, 1) else "own"


def _base(found: ExamFound) -> Grid:
    """The grid that rectangles would be drawn on."""
    grids = [one.onto or one.grid for one in found.maps if one.quantity in MEASURED]
    return common_grid(grids) or grids[0]


# ---- for programs


def _exam_to_dict(exam: InspectedExam) -> dict[str, Any]:
    found, grid = exam.found, _base(exam.found)
    return {
        "field_strength_t": found.field_strength_t,
        "manufacturer": found.manufacturer,
        "model": found.model,
        **_grid_to_dict(grid),
        "native_voxel_mm": found.native_voxel_mm,
        "pairing": pairing(found),
        "warnings": [_notice_to_dict(notice) for notice in found.warnings],
        "maps": {one.quantity.value: _map_to_dict(exam, one) for one in exam.usable},
        "not_usable": {
            one.quantity.value: _map_to_dict(exam, one) for one in found.maps if one.scaling is None
        },
        "unpaired": [_source_to_dict(one) for one in found.unpaired],
        "references": [{"name": one.name, **_source_to_dict(one)} for one in found.references],
    }


def _grid_to_dict(grid: Grid) -> dict[str, Any]:
    return {"plane": grid.plane, "shape": grid.shape, "spacing_mm": grid.spacing_mm}


def _notice_to_dict(notice: Notice) -> dict[str, Any]:
    return {
        "code": notice.code,
        "values": notice.values,
        "sentence": sentence(notice.code, notice.values),
    }


def _map_to_dict(exam: InspectedExam, found: MapFound) -> dict[str, Any]:
    decision = exam.decisions[found.quantity]
    return {
        "role_evidence": found.role_evidence,
        "scaling": asdict(found.scaling) if found.scaling else None,
        "decision": asdict(decision) if isinstance(decision, ScaleDecision) else None,
        "why_not": _notice_to_dict(Notice(decision.code, _with_path(decision)))
        if isinstance(decision, Refusal)
        else None,
        "resampled_onto": _grid_to_dict(found.onto) if found.onto else None,
        **_source_to_dict(found),
    }


def _source_to_dict(found: MapFound | ReferenceFound) -> dict[str, Any]:
    return {
        "description": found.description,
        **_grid_to_dict(found.grid),
        "files": found.files,
    }


def _question_to_dict(question: Question) -> dict[str, Any]:
    return {
        "kind": "volume" if question.key is None else "series",
        "description": question.description,
        "shape": question.shape,
        "plane": question.plane,
        "answer": asdict(question.answer) if question.answer else None,
        "files": question.files,
    }


def _rival_to_dict(rival: Rival) -> dict[str, Any]:
    told = ("series_uid", "shows", "description", "shape", "plane", "of", "chosen", "files")
    return {name: getattr(rival, name) for name in told}


# ---- for people


def _exam_lines(number: int, exam: InspectedExam) -> Iterator[str]:
    found, grid = exam.found, _base(exam.found)
    slices, rows, cols = grid.shape
    yield label("cli.exam", number=number, slices=slices, rows=rows, cols=cols)
    yield label(
        "cli.exam_facts",
        plane=grid.plane,
        spacing=_spacing(grid),
        field="–" if found.field_strength_t is None else f"{found.field_strength_t:g}",
        scanner=f"{found.manufacturer} {found.model}",
    )
    yield label(f"cli.pairing_{pairing(found)}")
    for one in found.maps:
        yield from _map_lines(one, exam.decisions[one.quantity], grid)
    for one in found.unpaired:
        yield from _source_lines(one, grid)
    for reference in found.references:
        own = _size(reference.grid)
        yield label("cli.reference", name=reference.name, size=own, **_files(reference.files))
    for notice in found.warnings:
        yield label("import.warning", words=sentence(notice.code, notice.values))


def _map_lines(found: MapFound, decision: ScaleDecision | Refusal, base: Grid) -> Iterator[str]:
    yield from _source_lines(found, base)
    if isinstance(decision, Refusal):
        yield label("cli.map_refused", words=sentence(decision.code, _with_path(decision)))
        return
    if found.quantity in MEASURED:
        yield label("cli.map_decision", **_decided(decision))
        yield label("cli.map_range", foreground=_word(decision.foreground), **_percentiles(decision))
    if decision.needs_confirmation:
        code = "cli.map_unknown" if decision.factor is None else "cli.map_doubted"
        yield label(code, quantity=str(found.quantity), factor=_factor(decision))
    if found.scaling is not None:
        yield from _scaling_lines(found.scaling)


def _source_lines(found: MapFound, base: Grid) -> Iterator[str]:
    evidence = _word(found.role_evidence)
    yield label("cli.map", map=heading(found.quantity), evidence=evidence, **_files(found.files))
    if found.onto is None and found.grid.shape != base.shape:
        yield label("cli.map_grid", size=_size(found.grid))


def _scaling_lines(scaling: Scaling) -> Iterator[str]:
    figures = {name: f"{getattr(scaling, name):g}" for name in ("slope", "intercept", "p50", "p995")}
    yield label("cli.map_scale", foreground=_word(scaling.foreground), **figures)
    yield label("cli.map_counts", **asdict(scaling))
    if scaling.transform == RECIPROCAL_MS:
        yield label("cli.map_reciprocal")
    if scaling.derived:
        yield label(f"cli.derived_{scaling.derived}")


def _decided(decision: ScaleDecision) -> dict[str, str]:
    told = {name: _word(getattr(decision, name)) for name in ("rule", "expected", "seen")}
    return told | {"factor": _factor(decision)}


def _percentiles(decision: ScaleDecision) -> dict[str, str]:
    return {name: f"{getattr(decision, name):.4g}" for name in ("p50", "p99", "p995")}


def _factor(decision: ScaleDecision) -> str:
    return "–" if decision.factor is None else f"{decision.factor:g}"


def _word(code: str) -> str:
    return CODE_WORDS.get(code, code)


def _with_path(refusal: Refusal) -> dict[str, Value]:
    return {"path": refusal.path.name, **refusal.values}


def _files(files: Sequence[Path]) -> dict[str, Value]:
    return {"files": len(set(files)), "first": files[0].name, "last": files[-1].name}


def _spacing(grid: Grid) -> str:
    return " × ".join(f"{part:.3g}" for part in grid.spacing_mm)


def _size(grid: Grid) -> str:
    return label("cli.grid", shape=" × ".join(map(str, grid.shape)), spacing=_spacing(grid))


def _question_line(question: Question) -> str:
    code = "cli.question_volume" if question.key is None else "cli.question"
    if question.answer is not None:
        code = "cli.question_answered"
    slices, rows, cols = question.shape
    shows = question.answer.shows if question.answer else role_named(question.description) or Quantity.FF
    told = {"description": question.description, "plane": question.plane, "shows": shows}
    return label(code, slices=slices, rows=rows, cols=cols, **told)


def _rival_line(rival: Rival, rivals: Sequence[Rival]) -> str:
    """One of several series of a map, and by which name it can be chosen."""
    same = (rival.study_uid, rival.description)
    alike = [one for one in rivals if (one.study_uid, one.description) == same]
    slices, rows, cols = rival.shape
    return label(
        "cli.rival_chosen" if rival.chosen else "cli.rival",
        description=rival.description,
        slices=slices,
        rows=rows,
        cols=cols,
        plane=rival.plane,
        of=rival.of,
        shows=rival.shows,
        name=rival.description if rival.description and len(alike) == 1 else rival.series_uid,
    )
