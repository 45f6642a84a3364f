"""Slices become maps: sorted by where they lie, never by their numbers, and complete or not at all."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from app.domain.errors import Value
from app.domain.grid import Grid, Vector
from app.domain.maps import MEASURED
from app.files.dicom.archive import open_file
from app.files.dicom.found import MapFound, Notice, Refusal
from app.files.dicom.image import COSINE_TOLERANCE, Image, Unfit
from app.files.dicom.pixels import BadPixels, read_slices
from app.files.dicom.slices import LINE, NOTHING, Slice

# distances may differ by this fraction of the slice spacing
_STEP_TOLERANCE = 0.1
# slices may lie beside the line of their stack by this fraction of a voxel
_SHIFT_TOLERANCE = 0.1
_SPACING_TOLERANCE = 1e-4
_BLOCK = 2**20
# scales that differ by a smaller fraction than this were meant to be the same
_SAME_LINE = 1e-4


@dataclass(frozen=True, slots=True)
class Stack:
    """A map with the slices it was built from, in order of position."""

    found: MapFound
    images: tuple[Image, ...]


def refuse_all(images: Iterable[Image], code: str, values: Mapping[str, Value]) -> list[Refusal]:
    """The same refusal for every file of a map or an exam."""
    return [Refusal(image.path, code, values) for image in images]


def build_stacks(slices: Iterable[Slice]) -> tuple[list[Stack], list[Refusal]]:
    """Group slices by study, frame of reference, series and quantity, and stack each group.

    Several quantities may share one series; two series of one quantity stay two maps.

    Parameters
    ----------
    slices : iterable of Slice
        In order of path.

    Returns
    -------
    stacks : list of Stack
        In order of their first image.
    refused : list of Refusal
        Duplicates, and every file of a group that makes no regular grid.
    """
    unique, refused = _without_duplicates(slices)
    groups: dict[tuple[object, ...], list[Slice]] = defaultdict(list)
    for one in unique:
        image = one.image
        # T2* and R2* may share a series and become the same quantity
        shown = (image.role.quantity, image.role.reciprocal)
        groups[image.study_uid, image.frame_uid, image.series_uid, *shown].append(one)
    stacks = []
    for members in groups.values():
        try:
            stacks.append(_stack(members))
        except Unfit as unfit:
            refused.extend(refuse_all((one.image for one in members), unfit.code, unfit.values))
    return stacks, refused


def _without_duplicates(slices: Iterable[Slice]) -> tuple[list[Slice], list[Refusal]]:
    """Keep one file of each image; refuse all when files claim to be the same image and are not."""
    by_uid: dict[tuple[str, int | None], list[Slice]] = defaultdict(list)
    for one in slices:
        by_uid[one.image.sop_uid, one.frame].append(one)
    unique, refused = [], []
    digests: dict[Path, bytes] = {}
    for first, *others in by_uid.values():
        if all(_same(first, other, digests) for other in others):
            unique.append(first)
            refused.extend(
                refuse_all((one.image for one in others), "file.duplicate", {"of": first.image.path.name})
            )
        else:
            images = (one.image for one in (first, *others))
            refused.extend(refuse_all(images, "file.same_uid_differs", {"files": len(others) + 1}))
    return unique, refused


def _same(one: Slice, other: Slice, digests: dict[Path, bytes]) -> bool:
    """Whether two files hold the same image, header and voxels."""
    # copies are the usual case, and of two files with many frames each would be read whole for every frame
    if _digest(one.image.path, digests) == _digest(other.image.path, digests):
        return True
    moved = replace(one, image=replace(one.image, path=other.image.path))
    try:
        return moved == other and np.array_equal(_pixels(one), _pixels(other))
    except BadPixels:
        return False


def _digest(path: Path, known: dict[Path, bytes]) -> bytes:
    """SHA-256 of a file; for one that cannot be read its own name, which equals no other's."""
    if path not in known:
        try:
            with open_file(path) as file:
                digest = hashlib.sha256()
                while block := file.read(_BLOCK):
                    digest.update(block)
                known[path] = digest.digest()
        except OSError:
            known[path] = str(path).encode(errors="surrogateescape")
    return known[path]


def _pixels(one: Slice) -> npt.NDArray[np.integer]:
    return read_slices(one.image.path, one.image.pixels, one.image.sop_uid, (one.frame or 0,))


def regular_grid(images: Sequence[Image]) -> tuple[list[int], Grid]:
    """Order slices by position and check that they make a regular grid.

    Parameters
    ----------
    images : sequence of Image
        At least one, in any order.

    Returns
    -------
    order : list of int
        Index of each slice, in order of position along the normal.
    grid : Grid
        Where the voxels lie.

    Raises
    ------
    Unfit
        With the reason that holds for every file.
    """
    _check_alike(images)
    first = images[0]
    normal = np.cross(first.across, first.down)
    along = np.array([image.position for image in images]) @ normal
    order: list[int] = np.argsort(along, kind="stable").tolist()
    ordered = [images[index] for index in order]
    step = _slice_step(ordered, along[order])
    _check_straight(ordered, normal)
    grid = Grid(
        shape=(len(ordered), *first.pixels.shape),
        spacing_mm=(step, *first.spacing_mm),
        origin_mm=ordered[0].position,
        axes=(_vector(normal), first.down, first.across),
    )
    return order, grid


def _stack(slices: list[Slice]) -> Stack:
    """Make a map of slices.

    Raises
    ------
    Unfit
        With the reason that holds for every file of the map.
    """
    order, grid = regular_grid([one.image for one in slices])
    ordered = [slices[index] for index in order]
    image, rule = slices[0].image, slices[0].rule
    # the line may be each slice's own, what it leads to may not
    if any(replace(one.rule, slope=rule.slope, intercept=rule.intercept) != rule for one in slices):
        raise Unfit("map.mixed_rescale")
    if len({one.image.role for one in slices}) > 1:
        raise Unfit("map.mixed_evidence")
    lines = _lines(ordered)
    sure = not lines or _witnessed(slices)
    if not sure and image.role.quantity not in MEASURED:
        # nobody could confirm the scale of a signal
        raise Unfit("map.mixed_rescale")
    found = MapFound(
        quantity=image.role.quantity,
        grid=grid,
        files=tuple(one.image.path for one in ordered),
        sop_uids=tuple(one.image.sop_uid for one in ordered),
        series_uid=image.series_uid,
        description=image.description,
        role_evidence=image.role.evidence,
        slope=1.0 if lines else rule.slope,
        intercept=0.0 if lines else rule.intercept,
        rule=rule.name,
        pixels=image.pixels,
        expects=rule.unit,
        trusted=rule.trusted and image.role.sure and sure,
        reciprocal=image.role.reciprocal,
        frames=tuple(one.frame for one in ordered if one.frame is not None),
        mapped=rule.mapped,
        notes=_notes(slices, lines),
        lines=lines,
    )
    return Stack(found, tuple(one.image for one in ordered))


def _lines(ordered: list[Slice]) -> tuple[tuple[float, float], ...]:
    """Slope and intercept of each slice; nothing where all share them.

    Raises
    ------
    Unfit
        Where two are nearly the same: no scanner scales so finely, it is damage.
    """
    lines = tuple((one.rule.slope, one.rule.intercept) for one in ordered)
    different = sorted(set(lines))
    for (slope, intercept), (next_slope, next_intercept) in pairwise(different):
        near = _SAME_LINE * slope
        if next_slope - slope <= near and abs(next_intercept - intercept) <= near:
            raise Unfit("map.mixed_rescale")
    return lines if len(different) > 1 else ()


def _witnessed(slices: list[Slice]) -> bool:
    """Whether each slice says its own scale twice: one damaged number is not to change a slice unseen."""
    if all(one.witnessed == LINE for one in slices):
        return True
    one_intercept = len({one.rule.intercept for one in slices}) == 1
    return one_intercept and all(one.witnessed != NOTHING for one in slices)


def _notes(slices: list[Slice], lines: tuple[tuple[float, float], ...]) -> tuple[Notice, ...]:
    """What is said of the slices, once."""
    told: list[Notice] = []
    for one in slices:
        told += [note for note in one.notes if note not in told]
    quantity = slices[0].image.role.quantity
    if lines and quantity in MEASURED:
        slopes = [slope for slope, _ in lines]
        ends: dict[str, Value] = {"smallest": min(slopes), "largest": max(slopes)}
        told.append(Notice("map.lines_differ", {"quantity": str(quantity), **ends}))
    return tuple(told)


def _vector(array: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Vector:
    x, y, z = (float(part) + 0.0 for part in array)
    return x, y, z


def _check_alike(images: Sequence[Image]) -> None:
    """Refuse slices that differ in anything that holds for the whole map."""
    first = images[0]
    cosines = np.array([(*image.across, *image.down) for image in images])
    if np.abs(cosines - cosines[0]).max() > COSINE_TOLERANCE:
        raise Unfit("series.mixed_orientations")
    if any(image.pixels.shape != first.pixels.shape for image in images):
        raise Unfit("map.mixed_matrix")
    spacings = np.array([image.spacing_mm for image in images])
    if not np.allclose(spacings, spacings[0], rtol=_SPACING_TOLERANCE, atol=0):
        raise Unfit("map.mixed_spacing")
    if any(image.pixels != first.pixels for image in images):
        raise Unfit("map.mixed_bits")


def _slice_step(ordered: Sequence[Image], along: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
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


def _check_straight(ordered: Sequence[Image], normal: np.ndarray[tuple[int], np.dtype[np.float64]]) -> None:
    """Refuse slices that are shifted against each other: no regular grid holds them."""
    offsets = np.array([image.position for image in ordered]) - ordered[0].position
    beside = offsets - np.outer(offsets @ normal, normal)
    if np.linalg.norm(beside, axis=1).max() > _SHIFT_TOLERANCE * min(ordered[0].spacing_mm):
        raise Unfit("map.shifted_slices")
