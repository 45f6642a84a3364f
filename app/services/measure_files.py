"""Count the voxels of one rectangle straight from image files, to check any number of a study."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from app.domain.errors import InputError
from app.domain.exam import Exam
from app.domain.maps import MEASURED, Quantity, Scaling
from app.domain.measure import RoiStats, measure
from app.domain.progress import Progress
from app.domain.shapes import Rectangle
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamRefused, LoadedExam, Refusal
from app.files.dicom.load import load_exam
from app.files.dicom.scale import confirm_each
from app.files.dicom.wishes import Wishes

_NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True)
class MeasuredMap:
    """What a rectangle holds on one map.

    Attributes
    ----------
    unit : str
        UCUM unit of the values; empty for signal images.
    scaling : Scaling
        How stored integers became values.
    files : tuple of Path
        One file per slice; the rectangle lies in those of ``rectangle.slices``.
    rectangle : Rectangle
        In the voxels of this map, which may be finer than those it was given in.
    stats : RoiStats
        The numbers.
    """

    unit: str
    scaling: Scaling
    files: tuple[Path, ...]
    rectangle: Rectangle
    stats: RoiStats


@dataclass(frozen=True, slots=True)
class MeasuredExam:
    """What a rectangle holds on every map of an exam.

    Attributes
    ----------
    shape : tuple of int
        ``(slices, rows, cols)`` of the coarsest measured map, in whose voxels the rectangle is given.
    maps : mapping of Quantity to MeasuredMap
        Every map that has all its lines, water and fat included.
    """

    shape: tuple[int, int, int]
    maps: Mapping[Quantity, MeasuredMap]


@dataclass(frozen=True, slots=True)
class Measured:
    """All exams under a path.

    Attributes
    ----------
    exams : tuple of MeasuredExam
        Those with FF or R2*; none where nothing can be measured.
    refused : tuple of Refusal
        Every file that is in none of their maps.
    lost : tuple of Refusal
        Why FF or R2* maps are not counted, once for each reason.
    """

    exams: tuple[MeasuredExam, ...]
    refused: tuple[Refusal, ...]
    lost: tuple[Refusal, ...] = ()


def measure_files(
    path: Path,
    rectangle: Rectangle,
    progress: Progress,
    *,
    wishes: Wishes = _NO_WISHES,
    confirmed: Mapping[Quantity, float] = MappingProxyType({}),
    who: str = "",
) -> Measured:
    """Measure one rectangle on every map of every exam under a path.

    Parameters
    ----------
    path : Path
        A folder or a single file.
    rectangle : Rectangle
        Zero-based in the stored pixel matrix; slices in order of position. Where the maps of an exam have
        voxels of different sizes, in those of the coarsest measured one.
    progress : Progress
        Told of files read.
    wishes : Wishes
        What a person asked for.
    confirmed : mapping of Quantity to float
        Factors that a person confirmed, for those maps whose scale rule and range do not settle.
    who : str
        Who confirmed them.

    Raises
    ------
    InputError
        ``measure.outside`` when the rectangle leaves the image of one of the exams; as
        :func:`app.files.dicom.scale.confirm`.
    Cancelled
        When the user asked to stop.
    """
    found = find_exams(path, progress, wishes)
    exams: list[MeasuredExam] = []
    refused = [*found.refused]
    wanted: set[Path] = set()
    for exam in (confirm_each(one, confirmed, who) for one in found.exams):
        measured = (one for one in (*exam.maps, *exam.unpaired) if one.quantity in MEASURED)
        wanted.update(file for one in measured for file in one.files)
        try:
            loaded = load_exam(exam, progress)
        except ExamRefused as verdict:
            refused += verdict.refused
            continue
        refused += loaded.refused
        _refuse_outside(rectangle, loaded.exam)
        exams.append(_measured(loaded, rectangle))
    refused.sort(key=lambda refusal: refusal.path)
    return Measured(tuple(exams), tuple(refused), _lost(refused, wanted))


def _lost(refused: Iterable[Refusal], wanted: Container[Path]) -> tuple[Refusal, ...]:
    """The first refusal for each reason why a map that should have been measured was not."""
    told: dict[tuple[str, str], Refusal] = {}
    for one in refused:
        quantity = one.values.get("quantity")
        if one.path in wanted or quantity in MEASURED:
            told.setdefault((one.code, str(quantity)), one)
    return tuple(told.values())


def _refuse_outside(rectangle: Rectangle, exam: Exam) -> None:
    if not rectangle.inside(exam.grid):
        slices, rows, cols = exam.grid.shape
        raise InputError("measure.outside", last_slice=slices - 1, last_row=rows - 1, last_col=cols - 1)


def _measured(loaded: LoadedExam, rectangle: Rectangle) -> MeasuredExam:
    exam = loaded.exam
    maps = {}
    for quantity, one in exam.maps.items():
        # a signal image may lie on lines of its own; that is no place for a rectangle
        if exam.grid.parts(one.grid):
            own = exam.on_map(quantity, rectangle)
            files = loaded.sources[quantity].files
            maps[quantity] = MeasuredMap(one.unit, one.scaling, files, own, measure(one, own))
    return MeasuredExam(exam.grid.shape, maps)
