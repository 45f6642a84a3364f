"""Read the voxels of a found exam and check that they are what the headers promise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.maps import MEASURED, SIGNAL_FF, ParametricMap, Quantity, Scaling, Stored
from app.domain.progress import Progress
from app.domain.reference import ReferenceSeries
from app.files.dicom.derive import on_grid
from app.files.dicom.found import (
    ExamFound,
    ExamRefused,
    LoadedExam,
    MapFound,
    Notice,
    ReferenceFound,
    Refusal,
    ScaleDecision,
)
from app.files.dicom.pair import missing_maps
from app.files.dicom.reading import Reading, is_computed, read_maps, read_references, refuse_map
from app.files.dicom.scale import Disagreement, Foreground, check_scale, decide, foreground_in

# notices that hold only while these maps are there
_NEEDED = {
    "exam.signal_ff": {Quantity.FF},
    "map.resampled": {Quantity.FF, Quantity.R2STAR},
    "pair.own_voxels": {Quantity.FF, Quantity.R2STAR},
}


def load_exam(found: ExamFound, progress: Progress) -> LoadedExam:
    """Read every map of an exam and check its scale.

    A map that cannot be read whole, or whose range contradicts its unit, is refused with a reason for each
    of its files; the exam opens with what is left.

    Parameters
    ----------
    found : ExamFound
        From :func:`app.files.dicom.find.find_exams`.
    progress : Progress
        Told of every slice.

    Returns
    -------
    LoadedExam
        The exam without a case code, and where each map came from.

    Raises
    ------
    ExamRefused
        When no measured map is left; it carries a reason for every file.
    Cancelled
        When the user asked to stop.
    """
    reading = read_maps(found, progress)
    checked = _check_maps(found, reading, progress)
    if _has_measured(checked):
        # hundreds of slices that nobody will see of an exam that is refused
        read_references(found, reading, progress)
    return _loaded(found, reading, checked)


def _has_measured(checked: _Checked) -> bool:
    return any(quantity in checked.maps for quantity in MEASURED)


def _loaded(found: ExamFound, reading: Reading, checked: _Checked) -> LoadedExam:
    refused = [*reading.refused, *checked.refused]
    if not _has_measured(checked):
        left: list[MapFound | ReferenceFound] = [*checked.sources.values(), *found.references]
        refused += [why for one in left for why in refuse_map(one, "exam.no_measured_map")]
        raise ExamRefused(_in_order(refused))
    references = tuple(reading.references)
    used = {path for one in checked.sources.values() for path in one.files}
    used |= {path for one, _ in references for path in one.files}
    parts = as_notices(refusal for refusal in refused if refusal.path in used)
    native = found.native_voxel_mm
    return LoadedExam(
        Exam("", checked.maps, field_strength_t=found.field_strength_t, native_voxel_mm=native),
        found.identity,
        MappingProxyType(checked.sources),
        (*notices_with(found, checked.maps), *parts),
        _in_order(refusal for refusal in refused if refusal.path not in used),
        references,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What the voxels of an exam say, also where they are not let in as they are.

    Attributes
    ----------
    decisions : mapping of Quantity to ScaleDecision or Refusal
        Rule and range of every map side by side; a refusal where nothing a person could say would help.
    stored : mapping of Quantity to ndarray, shape (slices, rows, cols)
        Voxels of every map that could be read, on the grid it was found on.
    references : tuple of (ReferenceFound, ReferenceSeries)
        Anatomical series that could be read, also beside maps that are not let in.
    loaded : LoadedExam or None
        The exam as :func:`load_exam` gives it; None where that refuses it.
    refused : tuple of Refusal
        Files that are in no map of ``loaded``.
    """

    decisions: Mapping[Quantity, ScaleDecision | Refusal]
    stored: Mapping[Quantity, Stored]
    references: tuple[tuple[ReferenceFound, ReferenceSeries], ...]
    loaded: LoadedExam | None
    refused: tuple[Refusal, ...]


def judge_exam(found: ExamFound, progress: Progress) -> Judged:
    """Read an exam as :func:`load_exam` does, and keep what a person needs to decide about it.

    Parameters
    ----------
    found : ExamFound
        From :func:`app.files.dicom.find.find_exams`.
    progress : Progress
        Told of every slice.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    reading = read_maps(found, progress)
    read_references(found, reading, progress)
    checked = _check_maps(found, reading, progress)
    decisions = MappingProxyType({one.quantity: _decided(one, reading, checked) for one in found.maps})
    stored, references = MappingProxyType(dict(reading.stored)), tuple(reading.references)
    try:
        loaded = _loaded(found, reading, checked)
    except ExamRefused as verdict:
        return Judged(decisions, stored, references, None, verdict.refused)
    return Judged(decisions, stored, references, loaded, loaded.refused)


def _decided(found: MapFound, reading: Reading, checked: _Checked) -> ScaleDecision | Refusal:
    """What a person should see of the scale of a map."""
    if found.quantity not in reading.stored:
        return next(bad for bad in reading.refused if bad.path in found.files)
    decision = checked.decisions.get(found.quantity)
    if decision is not None and decision.needs_confirmation:
        return decision
    # a scale that is settled and a map that is refused all the same: no word of a person would help
    return checked.why.get(found.quantity) or checked.decisions[found.quantity]


def as_notices(refused: Iterable[Refusal]) -> tuple[Notice, ...]:
    """What is wrong with a part of a multi-frame file of which another part is used."""
    told: dict[tuple[Path, str], Notice] = {}
    for refusal in refused:
        notice = Notice(refusal.code, {**refusal.values, "path": refusal.path.name})
        told.setdefault((refusal.path, refusal.code), notice)
    return tuple(told.values())


def _in_order(refused: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """In order of path; the first reason for each file, as a multi-frame file may have one for each map."""
    first: dict[Path, Refusal] = {}
    for refusal in refused:
        first.setdefault(refusal.path, refusal)
    return tuple(sorted(first.values(), key=lambda refusal: refusal.path))


@dataclass(frozen=True, slots=True)
class _Checked:
    """Maps that passed, and where they came from; why others did not; and how the scale of each was seen."""

    maps: dict[Quantity, ParametricMap] = field(default_factory=dict)
    sources: dict[Quantity, MapFound] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)
    why: dict[Quantity, Refusal] = field(default_factory=dict)
    decisions: dict[Quantity, ScaleDecision] = field(default_factory=dict)


def _check_maps(found: ExamFound, reading: Reading, progress: Progress) -> _Checked:
    checked = _Checked()
    foregrounds = _foregrounds(found, reading)
    for one in found.maps:
        stored = reading.stored.get(one.quantity)
        if stored is None:
            continue
        # counting voxels takes its time, and somebody may want to stop
        progress.report(reading.done, reading.total)
        # where FF was refused there is no grid any more to bring R2* onto
        target = one.onto if Quantity.FF in checked.maps else None
        try:
            decision = decide(one, stored, foregrounds[one.quantity])
            checked.decisions[one.quantity] = decision
            scaling = check_scale(one, stored, foregrounds[one.quantity], decision)
            made = _make(one, stored, scaling, target)
        except Disagreement as evidence:
            checked.refused.extend(refuse_map(one, evidence.code, evidence.values))
            checked.why[one.quantity] = Refusal(one.files[0], evidence.code, evidence.values)
            continue
        checked.maps[one.quantity] = made
        checked.sources[one.quantity] = replace(one, scaling=made.scaling, onto=target)
    return checked


def _make(found: MapFound, stored: Stored, scaling: Scaling, target: Grid | None) -> ParametricMap:
    """Make one map, on the grid where it is wanted.

    Raises
    ------
    Disagreement
        When it does not reach the other grid.
    """
    if is_computed(found):
        scaling = replace(scaling, derived=SIGNAL_FF)
    made = ParametricMap(found.quantity, stored, found.grid, scaling)
    if target is None:
        return made
    moved = on_grid(made, target)
    if moved is None:
        raise Disagreement("pair.no_overlap", {"quantity": str(found.quantity)})
    return moved


def _foregrounds(found: ExamFound, reading: Reading) -> dict[Quantity, Foreground]:
    """Where to look in each map: signals show it only on their own grid."""
    signals = [one for one in found.maps if one.quantity not in MEASURED and one.quantity in reading.stored]
    # they are added as stored, so they must be in one scale
    added = {(one.slope, one.intercept) for one in signals if one.quantity in {Quantity.WATER, Quantity.FAT}}
    kept: list[tuple[Grid, Foreground]] = []
    foregrounds = {}
    for one in found.maps:
        where = next((there for grid, there in kept if grid.matches(one.grid)), None)
        if where is None:
            here = {signal.quantity: reading.stored[signal.quantity] for signal in signals
                    if signal.grid.matches(one.grid)}  # fmt: skip
            where = foreground_in(here, one_scale=len(added) == 1)
            kept.append((one.grid, where))
        foregrounds[one.quantity] = where
    return foregrounds


def notices_with(found: ExamFound, present: Collection[Quantity]) -> tuple[Notice, ...]:
    """Notices of a found exam that hold with some of its maps, and those for measured maps it then lacks."""
    missing = missing_maps(present)
    told = (notice for notice in found.warnings if _NEEDED.get(notice.code, set()).issubset(present))
    return (*missing, *(notice for notice in told if notice not in missing))
