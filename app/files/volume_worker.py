"""Read volume files through SimpleITK, in a process of its own.

A damaged MetaImage header ends the process that reads it, and the program need not load a large library.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import numpy.typing as npt

_ERROR_OUTPUT = 2
_DIMENSIONS = 3
_READERS = {"nifti": "NiftiImageIO", "nrrd": "NrrdImageIO", "metaimage": "MetaImageIO"}
# what the library says of a stack whose slices are shifted against each other
_SHEARED = "orthonormal"


@dataclass(frozen=True, slots=True)
class Header:
    """Geometry as the library gives it: in the order column, row, slice, and in LPS.

    Attributes
    ----------
    size, spacing, origin : tuple
        Of the three indices.
    direction : tuple of float
        Nine numbers, row by row; the columns are the directions of the indices.
    """

    size: tuple[int, ...]
    spacing: tuple[float, ...]
    origin: tuple[float, ...]
    direction: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be read.

    Attributes
    ----------
    folder, name : str
        Where it lies. The process enters the folder, so that only the name has to be one the library can
        open: on Windows it knows no letters outside the system's own.
    kind : str
        ``nifti``, ``nrrd`` or ``metaimage``: the library's own guess among all it reads is not asked.
    voxels : bool
        Whether the voxels are wanted too.
    """

    folder: str
    name: str
    kind: str
    voxels: bool


# geometry and, where wanted, voxels of shape (slices, rows, cols); or the code of a refusal
Answer = tuple[Header, npt.NDArray[Any] | None] | str


def serve(connection: Connection) -> None:
    """Answer jobs until the other side closes; the body of the process."""
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        _be_silent()
        while True:
            connection.send(_answer(connection.recv()))


def _be_silent() -> None:
    """The library writes names of files to the error output; names may be those of patients."""
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a device, no path
        os.dup2(nowhere.fileno(), _ERROR_OUTPUT)


def _answer(job: Job) -> Answer:
    # loaded here, in the process that needs it
    import SimpleITK  # noqa: PLC0415 - as said

    # it says of its functions neither what they take nor what they give
    sitk: Any = SimpleITK
    sitk.ProcessObject.SetGlobalWarningDisplay(False)
    try:
        with contextlib.chdir(job.folder):
            reader = sitk.ImageFileReader()
            reader.SetImageIO(_READERS[job.kind])
            reader.SetFileName(job.name)
            reader.ReadImageInformation()
            if reader.GetDimension() != _DIMENSIONS or reader.GetNumberOfComponents() != 1:
                return "volume.unreadable"
            header = Header(reader.GetSize(), reader.GetSpacing(), reader.GetOrigin(), reader.GetDirection())
            values = sitk.GetArrayFromImage(reader.Execute()) if job.voxels else None
    except (RuntimeError, OSError, MemoryError) as problem:
        return "volume.sheared" if _SHEARED in str(problem) else "volume.unreadable"
    return header, values if values is None else np.asarray(values)
