"""Maps become exams: one study, one frame of reference, one grid for everything that is measured."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from app.domain.errors import Value
from app.domain.grid import Grid
from app.domain.maps import MEASURED, Quantity
from app.files.dicom.found import ExamFound, Notice, Refusal
from app.files.dicom.image import Image, Unfit
from app.files.dicom.stack import Stack, refuse_all

# slices further from a plane of the body are pointed out
_OBLIQUE_DEG = 15.0


def build_exams(stacks: Iterable[Stack]) -> tuple[list[ExamFound], list[Refusal]]:
    """Join the maps of each study and frame of reference.

    Parameters
    ----------
    stacks : iterable of Stack
        In order of their first image.

    Returns
    -------
    exams : list of ExamFound
        Each with FF or R2* or both.
    refused : list of Refusal
        Files of maps that cannot be told apart, do not fit, or have nothing to be measured with.
    """
    groups: dict[tuple[str, str], list[Stack]] = defaultdict(list)
    for stack in stacks:
        groups[stack.images[0].study_uid, stack.images[0].frame_uid].append(stack)
    exams: list[ExamFound] = []
    refused: list[Refusal] = []
    for members in groups.values():
        single, more = _single_of_each_kind(members)
        refused.extend(more)
        try:
            exam, rest = _join(single)
        except Unfit as unfit:
            refused.extend(refuse_all(_images(single.values()), unfit.code, unfit.values))
        else:
            exams.append(exam)
            refused.extend(rest)
    return exams, refused


def _images(stacks: Iterable[Stack]) -> list[Image]:
    return [image for stack in stacks for image in stack.images]


def _single_of_each_kind(stacks: list[Stack]) -> tuple[dict[Quantity, Stack], list[Refusal]]:
    """Refuse every series of a quantity that several claim: which one to measure is not ours to guess."""
    by_quantity: dict[Quantity, list[Stack]] = defaultdict(list)
    for stack in stacks:
        by_quantity[stack.found.quantity].append(stack)
    refused: list[Refusal] = []
    direct = [one for one in by_quantity[Quantity.R2STAR] if not one.found.reciprocal]
    if direct and len(direct) < len(by_quantity[Quantity.R2STAR]):
        spare = [one for one in by_quantity[Quantity.R2STAR] if one.found.reciprocal]
        refused.extend(refuse_all(_images(spare), "map.t2star_beside_r2star", {}))
        by_quantity[Quantity.R2STAR] = direct
    for quantity, members in by_quantity.items():
        if len(members) > 1:
            values: dict[str, Value] = {"quantity": str(quantity), "series": len(members)}
            refused.extend(refuse_all(_images(members), "map.second_of_its_kind", values))
    return {quantity: members[0] for quantity, members in by_quantity.items() if len(members) == 1}, refused


def _join(stacks: dict[Quantity, Stack]) -> tuple[ExamFound, list[Refusal]]:
    """Make one exam.

    Raises
    ------
    Unfit
        With the reason that holds for every file of the exam.
    """
    measured = [stacks[quantity] for quantity in MEASURED if quantity in stacks]
    if not measured:
        raise Unfit("exam.no_measured_map")
    people = {(image.identity.patient_id, image.identity.patient_name) for image in _images(stacks.values())}
    if len(people) > 1:
        raise Unfit("exam.mixed_patients", patients=len(people))
    grid = measured[0].found.grid
    if not all(stack.found.grid.matches(grid) for stack in measured):
        raise Unfit("pair.grids_differ", ff=_told(grid), r2star=_told(measured[1].found.grid))
    fitting = {quantity: stack for quantity, stack in stacks.items() if stack.found.grid.matches(grid)}
    rest = _images(stack for quantity, stack in stacks.items() if quantity not in fitting)
    image = measured[0].images[0]
    exam = ExamFound(
        identity=image.identity,
        maps=tuple(fitting[quantity].found for quantity in Quantity if quantity in fitting),
        field_strength_t=image.field_strength_t,
        manufacturer=image.manufacturer,
        model=image.model,
        native_voxel_mm=image.native_voxel_mm,
        warnings=(
            *missing_maps(fitting),
            *_geometry_notices(grid),
            *(note for stack in fitting.values() for note in stack.found.notes),
        ),
    )
    return exam, refuse_all(rest, "pair.signal_grid_differs", {})


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


def _told(grid: Grid) -> str:
    """A grid in numbers, such as ``60 x 256 x 256 voxels of 4 x 1.1 x 1.1 mm from (-12, 80, 130)``."""
    size = " x ".join(str(count) for count in grid.shape)
    spacing = " x ".join(f"{part:.4g}" for part in grid.spacing_mm)
    origin = ", ".join(f"{part:.4g}" for part in grid.origin_mm)
    return f"{size} voxels of {spacing} mm from ({origin})"
