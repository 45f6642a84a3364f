"""Slices become maps: sorted by where they lie, never by their numbers, and complete or not at all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from app.domain.errors import Value
from app.domain.grid import Grid, Vector
from app.files.dicom.found import MapFound, Refusal
from app.files.dicom.image import COSINE_TOLERANCE, Image, Unfit
from app.files.dicom.pixels import BadPixels, read_slice

# distances may differ by this fraction of the slice spacing
_STEP_TOLERANCE = 0.1
# slices may lie beside the line of their stack by this fraction of a voxel
_SHIFT_TOLERANCE = 0.1
_SPACING_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Stack:
    """A map with the slices it was built from, in order of position."""

    found: MapFound
    images: tuple[Image, ...]


def refuse_all(images: Iterable[Image], code: str, values: Mapping[str, Value]) -> list[Refusal]:
    """The same refusal for every file of a map or an exam."""
    return [Refusal(image.path, code, values) for image in images]


def build_stacks(images: Iterable[Image]) -> tuple[list[Stack], list[Refusal]]:
    """Group slices by study, frame of reference, series and quantity, and stack each group.

    Several quantities may share one series; two series of one quantity stay two maps.

    Parameters
    ----------
    images : iterable of Image
        In order of path.

    Returns
    -------
    stacks : list of Stack
        In order of their first image.
    refused : list of Refusal
        Duplicates, and every file of a group that makes no regular grid.
    """
    unique, refused = _without_duplicates(images)
    groups: dict[tuple[str, ...], list[Image]] = defaultdict(list)
    for image in unique:
        groups[image.study_uid, image.frame_uid, image.series_uid, image.role.quantity].append(image)
    stacks = []
    for members in groups.values():
        try:
            stacks.append(_stack(members))
        except Unfit as unfit:
            refused.extend(refuse_all(members, unfit.code, unfit.values))
    return stacks, refused


def _without_duplicates(images: Iterable[Image]) -> tuple[list[Image], list[Refusal]]:
    """Keep one file of each image; refuse all when files claim to be the same image and are not."""
    by_uid: dict[str, list[Image]] = defaultdict(list)
    for image in images:
        by_uid[image.sop_uid].append(image)
    unique, refused = [], []
    for first, *others in by_uid.values():
        if all(_same(first, other) for other in others):
            unique.append(first)
            refused.extend(refuse_all(others, "file.duplicate", {"of": first.path.name}))
        else:
            refused.extend(refuse_all((first, *others), "file.same_uid_differs", {"files": len(others) + 1}))
    return unique, refused


def _same(one: Image, other: Image) -> bool:
    """Whether two files hold the same image, header and voxels."""
    try:
        return replace(one, path=other.path) == other and np.array_equal(
            read_slice(one.path, one.pixels, one.sop_uid), read_slice(other.path, other.pixels, other.sop_uid)
        )
    except BadPixels:
        return False


def _stack(images: list[Image]) -> Stack:
    """Order the slices of one map and check that they make a regular grid.

    Raises
    ------
    Unfit
        With the reason that holds for every file of the map.
    """
    first = images[0]
    for image in images[1:]:
        _check_alike(first, image)
    normal = np.cross(first.across, first.down)
    along = np.array([image.position for image in images]) @ normal
    order = np.argsort(along, kind="stable")
    ordered = tuple(images[index] for index in order)
    step = _slice_step(ordered, along[order])
    _check_straight(ordered, normal)
    grid = Grid(
        shape=(len(ordered), *first.pixels.shape),
        spacing_mm=(step, *first.spacing_mm),
        origin_mm=ordered[0].position,
        axes=(_vector(normal), first.down, first.across),
    )
    slope, intercept, rule = first.scale
    found = MapFound(
        quantity=first.role.quantity,
        grid=grid,
        files=tuple(image.path for image in ordered),
        sop_uids=tuple(image.sop_uid for image in ordered),
        series_uid=first.series_uid,
        description=first.description,
        role_evidence=first.role.evidence,
        slope=slope,
        intercept=intercept,
        rule=rule,
        pixels=first.pixels,
    )
    return Stack(found, ordered)


def _vector(array: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Vector:
    x, y, z = (float(part) + 0.0 for part in array)
    return x, y, z


def _check_alike(first: Image, other: Image) -> None:
    """Refuse a map whose slices differ in anything that holds for the whole map."""
    cosines = np.subtract((*first.across, *first.down), (*other.across, *other.down))
    if np.abs(cosines).max() > COSINE_TOLERANCE:
        raise Unfit("series.mixed_orientations")
    if first.pixels.shape != other.pixels.shape:
        raise Unfit("map.mixed_matrix")
    if not np.allclose(first.spacing_mm, other.spacing_mm, rtol=_SPACING_TOLERANCE, atol=0):
        raise Unfit("map.mixed_spacing")
    if first.pixels != other.pixels:
        raise Unfit("map.mixed_bits")
    if first.scale != other.scale:
        raise Unfit("map.mixed_rescale")


def _slice_step(ordered: tuple[Image, ...], along: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    """Distance of neighbouring slices, mm, from their positions."""
    stated = ordered[0].slice_step_mm
    if len(ordered) == 1:
        single = stated or ordered[0].thickness_mm
        if single is None:
            raise Unfit("header.missing_tags", tags="SpacingBetweenSlices, SliceThickness")
        return single
    steps = np.diff(along)
    usual = float(np.median(steps))
    if steps.min() <= _STEP_TOLERANCE * usual:
        raise Unfit("map.same_position", slice=int(np.argmin(steps)) + 1, slices=len(ordered))
    # evenly lost slices leave even steps: the scanner's own word is the second witness
    expected = min(float(steps.min()), stated or float("inf"))
    if steps.max() > (1 + _STEP_TOLERANCE) * expected:
        widest = int(np.argmax(steps))
        raise Unfit(
            "map.gap",
            slice=widest + 1,
            found_mm=round(float(steps[widest]), 2),
            expected_mm=round(expected, 2),
        )
    return float(steps.mean())


def _check_straight(ordered: tuple[Image, ...], normal: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    """Refuse slices that are shifted against each other: no regular grid holds them."""
    offsets = np.array([image.position for image in ordered]) - ordered[0].position
    beside = offsets - np.outer(offsets @ normal, normal)
    if np.linalg.norm(beside, axis=1).max() > _SHIFT_TOLERANCE * min(ordered[0].spacing_mm):
        raise Unfit("map.shifted_slices")
