"""Maps become exams: one study, one frame of reference, and lines that all measured maps have in common."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from app.domain.errors import Value
from app.domain.exam import common_grid
from app.domain.grid import Grid
from app.domain.maps import MEASURED, Quantity
from app.files.dicom.derive import signal_ff_stack
from app.files.dicom.found import ExamFound, MapFound, Notice, Refusal
from app.files.dicom.image import Image, Unfit
from app.files.dicom.rivals import by_place, single_of_each_kind
from app.files.dicom.stack import Stack, refuse_all
from app.files.dicom.wishes import Wishes

# slices further from a plane of the body are pointed out
_OBLIQUE_DEG = 15.0
# how far, in voxels, corners and slices of two maps may lie apart
_TOLERANCE = 0.1


def build_exams(stacks: Iterable[Stack], wishes: Wishes) -> tuple[list[ExamFound], list[Refusal]]:
    """Join the maps of each study and frame of reference.

    Parameters
    ----------
    stacks : iterable of Stack
        In order of their first image.
    wishes : Wishes
        Whether FF may be computed from signals, and R2* be resampled; which of several series was chosen.

    Returns
    -------
    exams : list of ExamFound
        Each with FF or R2* or both.
    refused : list of Refusal
        Files of maps that cannot be told apart, do not fit, or have nothing to be measured with.
    """
    exams: list[ExamFound] = []
    refused: list[Refusal] = []
    for members in by_place(stacks).values():
        single, more = single_of_each_kind(members, wishes)
        refused.extend(more)
        # where several claim to be FF, another one is no way out
        any_ff = any(stack.found.quantity == Quantity.FF for stack in members)
        computed = None if any_ff else signal_ff_stack(single)
        try:
            exam, rest = _join(single, computed, wishes)
        except Unfit as unfit:
            refused.extend(refuse_all(_images(single.values()), unfit.code, unfit.values))
        else:
            exams.append(exam)
            refused.extend(rest)
    return _point_out_other_frames(exams), refused


def _images(stacks: Iterable[Stack]) -> list[Image]:
    return [image for stack in stacks for image in stack.images]


@dataclass(frozen=True, slots=True)
class _Pair:
    """What of FF and R2* is measured, and what is known of how they fit."""

    maps: dict[Quantity, MapFound]
    notices: tuple[Notice, ...] = ()
    unpaired: tuple[MapFound, ...] = ()
    reason: Unfit | None = None


def _join(
    stacks: Mapping[Quantity, Stack], computed: Stack | None, wishes: Wishes
) -> tuple[ExamFound, list[Refusal]]:
    """Make one exam.

    Raises
    ------
    Unfit
        With the reason that holds for every file of the exam.
    """
    signal_ff = computed is not None and wishes.signal_ff
    if computed is not None and signal_ff:
        stacks = {Quantity.FF: computed, **stacks}
    measured = [stacks[quantity] for quantity in MEASURED if quantity in stacks]
    if not measured:
        raise Unfit("exam.no_measured_map" if computed is None else "exam.signal_ff_possible")
    people = {(image.identity.patient_id, image.identity.patient_name) for image in _images(stacks.values())}
    if len(people) > 1:
        raise Unfit("exam.mixed_patients", patients=len(people))
    pair = _pair({stack.found.quantity: stack.found for stack in measured}, wishes)
    signals, rest = _fitting_signals(stacks, pair.maps.values())
    if pair.reason is not None:
        apart = (image for image in stacks[Quantity.R2STAR].images)
        rest += refuse_all(apart, pair.reason.code, pair.reason.values)
    maps = pair.maps | signals
    image, grid = measured[0].images[0], measured[0].found.grid
    exam = ExamFound(
        identity=image.identity,
        maps=tuple(maps[quantity] for quantity in Quantity if quantity in maps),
        field_strength_t=image.field_strength_t,
        manufacturer=image.manufacturer,
        model=image.model,
        native_voxel_mm=image.native_voxel_mm,
        warnings=(
            *missing_maps(maps),
            *([Notice("exam.signal_ff")] if signal_ff else []),
            *pair.notices,
            *_geometry_notices(grid),
            *(note for found in maps.values() for note in found.notes),
        ),
        unpaired=pair.unpaired,
        signal_ff=signal_ff,
        written=image.written,
    )
    return exam, rest


def _pair(measured: dict[Quantity, MapFound], wishes: Wishes) -> _Pair:
    """Keep R2* beside FF where one rectangle means whole voxels on both, or where it is to be resampled."""
    if len(measured) < len(MEASURED):
        return _Pair(measured)
    ff, r2star = (measured[quantity] for quantity in MEASURED)
    if common_grid((ff.grid, r2star.grid)) is not None:
        shared = ff.grid.shape == r2star.grid.shape
        own: dict[str, Value] = {"ff": _matrix(ff.grid), "r2star": _matrix(r2star.grid)}
        return _Pair(measured, () if shared else (Notice("pair.own_voxels", own),))
    reason = _why_apart(ff.grid, r2star.grid)
    if not wishes.resample:
        return _Pair({Quantity.FF: ff}, unpaired=(r2star,), reason=reason)
    moved = replace(r2star, onto=ff.grid)
    told = Notice("map.resampled", {"quantity": str(r2star.quantity), "matrix": _matrix(r2star.grid)})
    return _Pair({Quantity.FF: ff, Quantity.R2STAR: moved}, (told,))


def _why_apart(ff: Grid, r2star: Grid) -> Unfit:
    """Why two grids have no common lines: what turns them apart before what shifts them."""
    turned = np.abs(np.subtract(ff.axes, r2star.axes)).max()
    # by how many voxels the far corners part
    if turned * max(*ff.shape, *r2star.shape) > _TOLERANCE:
        along = np.clip(np.sum(np.multiply(ff.axes, r2star.axes), axis=1), -1, 1)
        degrees = float(np.degrees(np.arccos(along.min())))
        planes: dict[str, Value] = {"ff": ff.plane, "r2star": r2star.plane}
        return Unfit("pair.orientations_differ", degrees=round(degrees, 2), **planes)
    one, other = _along(ff), _along(r2star)
    apart = max(abs(one[0] - other[0]), abs(one[1] - other[1]))
    if ff.shape[0] != r2star.shape[0] or apart > _TOLERANCE * ff.spacing_mm[0]:
        return Unfit("pair.slices_differ", ff=_slices(ff), r2star=_slices(r2star))
    return Unfit("pair.grids_differ", ff=_told(ff), r2star=_told(r2star))


def _along(grid: Grid) -> tuple[float, float]:
    """Where the first and the last slice lie along the normal, mm."""
    first = float(np.dot(grid.origin_mm, grid.axes[0]))
    return first, first + (grid.shape[0] - 1) * grid.spacing_mm[0]


def _fitting_signals(
    stacks: Mapping[Quantity, Stack], measured: Iterable[MapFound]
) -> tuple[dict[Quantity, MapFound], list[Refusal]]:
    """Keep signal images that lie on the voxels of a measured map; refuse the files of the others."""
    grids = [found.grid for found in measured if found.onto is None]
    signals = {quantity: stack for quantity, stack in stacks.items() if quantity not in MEASURED}
    kept = {
        quantity: stack.found
        for quantity, stack in signals.items()
        if any(stack.found.grid.matches(grid) for grid in grids)
    }
    rest = _images(stack for quantity, stack in signals.items() if quantity not in kept)
    return kept, refuse_all(rest, "pair.signal_grid_differs", {})


def _point_out_other_frames(exams: list[ExamFound]) -> list[ExamFound]:
    """Say where FF and R2* of one study became two exams because each has a frame of reference of its own."""
    alone: dict[tuple[str, Quantity], int] = defaultdict(int)
    for exam in exams:
        held = _held(exam)
        if len(held) == 1:
            alone[exam.identity.study_uid, held[0]] += 1
    told = []
    for exam in exams:
        missing = [quantity for quantity in MEASURED if quantity not in _held(exam)]
        elsewhere = [one for one in missing if alone[exam.identity.study_uid, one]]
        notices = [Notice("pair.other_frame", {"quantity": str(one)}) for one in elsewhere]
        told.append(replace(exam, warnings=(*exam.warnings, *notices)))
    return told


def _held(exam: ExamFound) -> list[Quantity]:
    return [found.quantity for found in exam.maps if found.quantity in MEASURED]


def missing_maps(present: Iterable[Quantity]) -> tuple[Notice, ...]:
    """A notice for each measured quantity that an exam lacks."""
    kept = set(present)
    codes = {Quantity.FF: "exam.no_ff", Quantity.R2STAR: "exam.no_r2star"}
    return tuple(Notice(codes[quantity]) for quantity in MEASURED if quantity not in kept)


def _geometry_notices(grid: Grid) -> tuple[Notice, ...]:
    notices = []
    if grid.plane != "sagittal":
        notices.append(Notice("exam.not_sagittal", {"plane": grid.plane}))
    if grid.obliquity_deg > _OBLIQUE_DEG:
        notices.append(Notice("exam.oblique", {"degrees": round(grid.obliquity_deg)}))
    return tuple(notices)


def _matrix(grid: Grid) -> str:
    """Rows and columns, such as ``256 x 256``."""
    return f"{grid.shape[1]} x {grid.shape[2]}"


def _slices(grid: Grid) -> str:
    """Where slices lie, such as ``60 slices, 4 mm apart, from -118 to 118 mm``."""
    first, last = _along(grid)
    return f"{grid.shape[0]} slices, {grid.spacing_mm[0]:.4g} mm apart, from {first:.4g} to {last:.4g} mm"


def _told(grid: Grid) -> str:
    """A grid in numbers, such as ``60 x 256 x 256 voxels of 4 x 1.1 x 1.1 mm from (-12, 80, 130)``."""
    size = " x ".join(str(count) for count in grid.shape)
    spacing = " x ".join(f"{part:.4g}" for part in grid.spacing_mm)
    origin = ", ".join(f"{part:.4g}" for part in grid.origin_mm)
    return f"{size} voxels of {spacing} mm from ({origin})"
