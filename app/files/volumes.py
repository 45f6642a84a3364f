"""Maps in files that hold them whole: NIfTI, NRRD and MetaImage, read through SimpleITK.

Such a file says nothing of what it shows, in which unit, or of whom; a person has to. What it does say is
where the voxels lie, in one of several orders. Here every volume is brought into the order that a DICOM
series of the same slices has: slices along the normal, rows and columns as they are shown. That moves whole
axes; no value is ever computed from others.

The slices are not marked either. The index with the largest spacing counts the slices; where several are as
large, the one of them that runs nearest to left-right, as in a sagittal stack.
"""

from __future__ import annotations

import contextlib
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from app.domain.grid import Grid, Vector, orientation_of
from app.domain.maps import Stored
from app.files.dicom.archive import file_size, open_file
from app.files.dicom.worker import Serve, Worker
from app.files.volume_layout import SIZE_LIMIT, Layout, check_length, layout_of, voxels_of
from app.files.volume_layout import BadVolume as BadVolume
from app.files.volume_layout import kind_by_name as kind_by_name
from app.files.volume_worker import Answer, Header, Job, serve

# starting the process and loading the library included
PATIENCE_S = 120.0
# spacings that differ by less are equal
_ISOTROPIC = 0.01
# rounding of printed directions
_ORTHONORMAL = 1e-3
# relative; the library applies a slope in single precision
_SINGLE = 1e-6
# where the library knows only the letters of the system's own language
_PLAIN_NAMES_ONLY = sys.platform == "win32"
# of one file that is copied to where it can be read: its header may be long
_COPY_LIMIT = SIZE_LIMIT + (1 << 20)
_KEPT = ("int16", "uint16", "float32", "float64")


@dataclass(frozen=True, slots=True)
class VolumeInfo:
    """What the header of a volume file says.

    Attributes
    ----------
    kind : str
        ``nifti``, ``nrrd`` or ``metaimage``.
    grid : Grid
        Where the voxels lie, in the order in which :func:`read_volume` gives them.
    line : tuple of float
        Slope and intercept that the file carries and that are applied when it is read; 1 and 0 without.
    partner : Path or None
        The file with the voxels, where that is another one.
    """

    kind: str
    grid: Grid
    line: tuple[float, float]
    partner: Path | None


@dataclass(frozen=True, slots=True)
class _Turn:
    """How the stored axes are moved: their new order, then which of the new ones run backwards."""

    order: tuple[int, int, int]
    flips: tuple[bool, bool, bool]

    def values(self, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Voxels in the new order, a copy."""
        back, up, side = (slice(None, None, -1 if flip else 1) for flip in self.flips)
        return np.ascontiguousarray(stored.transpose(self.order)[back, up, side])

    def grid(self, stored: Grid) -> Grid:
        """The same voxels in the new order."""
        a, b, c = self.order
        first = [0, 0, 0]
        for axis, flip in zip(self.order, self.flips, strict=True):
            first[axis] = stored.shape[axis] - 1 if flip else 0
        signs = np.where(self.flips, -1.0, 1.0)
        axes = np.asarray(stored.axes)[[a, b, c]] * signs[:, None]
        return Grid(
            shape=(stored.shape[a], stored.shape[b], stored.shape[c]),
            spacing_mm=(stored.spacing_mm[a], stored.spacing_mm[b], stored.spacing_mm[c]),
            origin_mm=_vector(stored.to_patient(first)),
            axes=(_vector(axes[0]), _vector(axes[1]), _vector(axes[2])),
        )


def is_volume(path: Path) -> bool:
    """Whether a file is one of the three formats, by its name and by its first bytes.

    Parameters
    ----------
    path : Path
        On disc or in an archive. One that is there and cannot be used for another reason is a volume.
    """
    if not kind_by_name(path):
        return False
    try:
        layout_of(path)
    except BadVolume as bad:
        return bad.code != "volume.other_content"
    except OSError:
        return False
    return True


@dataclass(slots=True)
class VolumeReader:
    """Reads volumes in a process of its own; a context manager that ends it.

    Attributes
    ----------
    look : callable
        Called while waiting for the process; raises Cancelled.
    body : callable
        What runs in the process.
    patience_s : float
        Seconds one file may take.
    """

    look: Callable[[], None] = field(default=lambda: None)
    body: Serve = serve
    patience_s: float = PATIENCE_S
    _worker: Worker | None = field(default=None)

    def __enter__(self) -> Self:
        """Start nothing yet: most folders hold no volume."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.stop()

    def describe(self, path: Path) -> VolumeInfo:
        """What the header of a file says, as :func:`describe`."""
        layout = _layout(path)
        try:
            header, _ = self._ask(path, layout, voxels=False)
        except BadVolume:
            # the better reason, where the bytes are to blame
            _voxels(layout)
            raise
        stored, turn = _placed(header, layout)
        partner = layout.data if layout.data != path else None
        return VolumeInfo(layout.kind, turn.grid(stored), layout.line, partner)

    def read(self, path: Path) -> Stored:
        """The voxels of a file, as :func:`read_volume`."""
        layout = _layout(path)
        own = _voxels(layout)
        header, values = self._ask(path, layout, voxels=True)
        _, turn = _placed(header, layout)
        if values is None or not _agree(own, values, layout.line):
            raise BadVolume("volume.readings_differ")
        if own.dtype.kind == "f":
            # the library may have made zeros of them, and 0 is a value
            values[~np.isfinite(own)] = np.nan
        stored = _as_stored(turn.values(values))
        if np.isnan(stored).all():
            raise BadVolume("volume.no_values")
        return stored

    def _ask(self, path: Path, layout: Layout, *, voxels: bool) -> tuple[Header, npt.NDArray[Any] | None]:
        if self._worker is None:
            # every file gets its chance, however many before it were broken
            self._worker = Worker(self.body, lives=sys.maxsize)
        try:
            with _at_hand(path, layout.data) as readable:
                self._worker.give(Job(str(readable.parent), readable.name, layout.kind, voxels))
                answer: Answer | None = self._worker.take(self.look, self.patience_s)
        except OSError:
            answer = None
        if not isinstance(answer, tuple):
            raise BadVolume(answer or "volume.unreadable")
        return answer


def describe(path: Path, look: Callable[[], None] = lambda: None) -> VolumeInfo:
    """Read the header of a volume file; no voxel is touched.

    Parameters
    ----------
    path : Path
        On disc or in an archive.
    look : callable
        Called while waiting; raises Cancelled.

    Raises
    ------
    BadVolume
        With the reason: not what its name says, more or less than three dimensions, colours or vectors, no
        orientation, larger than :data:`SIZE_LIMIT`, damaged.
    """
    with VolumeReader(look) as reader:
        return reader.describe(path)


def read_volume(path: Path, look: Callable[[], None] = lambda: None) -> Stored:
    """Read the voxels of a volume file.

    Parameters
    ----------
    path : Path
        On disc or in an archive.
    look : callable
        Called while waiting; raises Cancelled.

    Returns
    -------
    ndarray of int16, uint16, float32 or float64, shape (slices, rows, cols)
        On the grid that :func:`describe` gives. Other integers become int16 or uint16 where all of them fit,
        else float64. Where a NIfTI file carries a slope, it is applied and the values are floats. What is
        infinite is no value and becomes NaN.

    Raises
    ------
    BadVolume
        As for :func:`describe`; also when bytes are missing, too many or damaged, or no voxel has a value.
    """
    with VolumeReader(look) as reader:
        return reader.read(path)


def _layout(path: Path) -> Layout:
    try:
        layout = layout_of(path)
        check_length(layout)
    except OSError:
        raise BadVolume("volume.unreadable") from None
    return layout


def _voxels(layout: Layout) -> npt.NDArray[Any]:
    try:
        return voxels_of(layout)
    except OSError:
        raise BadVolume("volume.unreadable") from None


def _agree(own: npt.NDArray[Any], values: npt.NDArray[Any], line: tuple[float, float]) -> bool:
    """Whether the library read what the bytes say, wherever they say a finite number."""
    slope, intercept = line
    tolerance = 0.0 if line == (1.0, 0.0) else _SINGLE
    if own.shape != values.shape or values.dtype.kind != ("f" if tolerance else own.dtype.kind):
        return False
    # slice by slice, so that memory stays small
    for one, other in zip(own, values, strict=True):
        finite = np.isfinite(one)
        told = one[finite].astype(np.float64) * slope
        apart = np.abs(told + intercept - other[finite])
        if np.any(apart > tolerance * (np.abs(told) + abs(intercept))):
            return False
    return True


@contextlib.contextmanager
def _at_hand(path: Path, data: Path) -> Iterator[Path]:
    """A path that the library can open: a copy of what lies in an archive, or has a name it does not know."""
    if path.is_file() and not (_PLAIN_NAMES_ONLY and not path.name.isascii()):
        yield path.absolute()
        return
    with tempfile.TemporaryDirectory() as folder:
        # the name may be a patient's; its end tells the format
        copy = Path(
            folder, "volume" + "".join(path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:])
        )
        _copy(path, copy)
        if data != path:
            _copy(data, copy.with_name(data.name))
        yield copy


def _copy(path: Path, copy: Path) -> None:
    if file_size(path) > _COPY_LIMIT:
        raise OSError
    with open_file(path) as source, copy.open("wb") as target:
        shutil.copyfileobj(source, target)


def _placed(header: Header, layout: Layout) -> tuple[Grid, _Turn]:
    """The grid as it is stored, in the order slice, row, column, and how it is turned.

    Raises
    ------
    BadVolume
        When the library understood another size, or the axes are not at right angles.
    """
    if header.size[::-1] != layout.shape:
        raise BadVolume("volume.bad_header")
    spacing, directions = np.asarray(header.spacing), np.asarray(header.direction).reshape(3, 3)
    if not (np.isfinite([*spacing, *header.origin]).all() and (spacing > 0).all()):
        raise BadVolume("volume.bad_header")
    if not np.allclose(directions.T @ directions, np.eye(3), rtol=0, atol=_ORTHONORMAL):
        raise BadVolume("volume.sheared")
    # columns are the directions of column, row and slice index
    col, row, back = (_vector(direction) for direction in directions.T)
    grid = Grid(layout.shape, _vector(spacing[::-1]), _vector(header.origin), (back, row, col))
    return grid, _turn_of(grid)


def _turn_of(stored: Grid) -> _Turn:
    """Slices first, by the rule at the top and along the normal; rows and columns as they are shown."""
    largest = max(stored.spacing_mm) * (1 - _ISOTROPIC)
    among = [axis for axis in range(3) if stored.spacing_mm[axis] >= largest]
    first = max(among, key=lambda axis: abs(stored.axes[axis][0]))
    row, col = (axis for axis in range(3) if axis != first)
    plain = _Turn((first, row, col), (False, False, False))
    shown = orientation_of(plain.grid(stored))
    order = (first, col, row) if shown.transpose else (first, row, col)
    back, down, right = _Turn(order, (False, shown.flip_rows, shown.flip_cols)).grid(stored).axes
    return _Turn(order, (bool(np.dot(np.cross(right, down), back) < 0), shown.flip_rows, shown.flip_cols))


def _vector(numbers: npt.ArrayLike) -> Vector:
    # a zero has no sign
    x, y, z = (float(number) + 0.0 for number in np.asarray(numbers))
    return x, y, z


def _as_stored(values: npt.NDArray[Any]) -> Stored:
    """Voxels in one of the four kinds that a map is kept in."""
    if values.dtype.kind == "f":
        values[np.isinf(values)] = np.nan
    if values.dtype.name in _KEPT:
        return values
    for kind in (np.int16, np.uint16):
        limits = np.iinfo(kind)
        if values.min() >= limits.min and values.max() <= limits.max:
            return values.astype(kind)
    return values.astype(np.float64)
