"""What a folder turned out to hold: exams that can be loaded, and a reason for every other file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.errors import AppError, Value
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import Quantity, Scaling
from app.domain.reference import ReferenceSeries
from app.files.dicom.wishes import Question, Rival
from app.files.dicom.written import Written


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a file (or a folder) is in no map of any exam.

    Attributes
    ----------
    path : Path
        The file, or the folder for reasons that concern it whole.
    code : str
        Key of the sentence, such as ``"role.none"``.
    values : mapping of str to Value
        What the sentence names; never anything of the patient.
    """

    path: Path
    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to know about an exam that is not refused; code and values as in :class:`Refusal`."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PixelForm:
    """How a map's 16-bit integers are to be read.

    Attributes
    ----------
    shape : tuple of int
        ``(rows, cols)`` of one slice.
    signed : bool
        Two's complement, else without sign.
    bits : int
        Bits in use; those above repeat the sign.
    shift : int
        Unused bits below them.
    frames : int
        Slices in one file.
    """

    shape: tuple[int, int]
    signed: bool
    bits: int
    shift: int = 0
    frames: int = 1


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A person's word on the scale of a map.

    Attributes
    ----------
    factor : float
        What the values that the file's own tags give are multiplied by to become percent, per second, or
        ms of T2*.
    who : str
        Who said so.
    """

    factor: float
    who: str


@dataclass(frozen=True, slots=True)
class ScaleDecision:
    """Rule and range of one map side by side, for a person to see.

    Attributes
    ----------
    quantity : Quantity
        The map.
    rule : str
        Code of the rule, such as ``siemens.stored``.
    expected : str
        Code of the unit the rule expects the values to be in, ``none`` where it knows none.
    seen : str
        Code of the unit the range of the foreground looks like.
    factor : float or None
        What rule and range agree on, or else what the range proposes; None where the range fits no unit.
    needs_confirmation : bool
        Rule and range disagree, or the rule alone is not trusted.
    foreground : str
        Which voxels were looked at.
    p50, p99, p995 : float
        Percentiles of the foreground as the file's own tags scale it, before the factor.
    """

    quantity: Quantity
    rule: str
    expected: str
    seen: str
    factor: float | None
    needs_confirmation: bool
    foreground: str
    p50: float
    p99: float
    p995: float


@dataclass(frozen=True, slots=True)
class MapFound:
    """One quantity on one grid, known from headers alone.

    Attributes
    ----------
    quantity : Quantity
        What the images show.
    grid : Grid
        Where the voxels lie, from the positions of the slices.
    files : tuple of Path
        The file of each slice, in order of position along the normal; a multi-frame file comes several times.
    sop_uids : tuple of str
        SOP Instance UID of each file.
    series_uid, description : str
        Series Instance UID and Series Description.
    role_evidence : str
        Code of the evidence for the quantity, see :class:`app.files.dicom.classify.Role`.
    slope, intercept : float
        ``stored * slope + intercept`` is what the file's own tags make of the integers.
    rule : str
        Code of the rule, see :class:`app.files.dicom.rules.ScaleRule`.
    pixels : PixelForm
        How the stored integers are to be read.
    expects : str
        Code of the unit the rule expects those values to be in, empty where it knows none.
    trusted : bool
        The range's agreement is enough; otherwise a person confirms.
    reciprocal : bool
        The file holds T2*, which becomes R2*.
    frames : tuple of int
        Frame of each slice, counted from 0; empty for classic files.
    mapped : tuple of float or None
        First and last stored value that the rule holds for.
    notes : tuple of Notice
        What the reader should know of the map.
    confirmed : Confirmation or None
        What a person said of the scale.
    scaling : Scaling or None
        What the range check found; None until the voxels have been read.
    lines : tuple of (float, float)
        Slope and intercept of each slice where they differ; then the values are computed slice by slice and
        ``slope`` and ``intercept`` are 1 and 0. Empty where all slices share them.
    onto : Grid or None
        The grid that the map is resampled onto once read, because a person asked for it.
    volume : str
        Kind of a file that holds the map whole (``nifti``, ``nrrd`` or ``metaimage``); empty for DICOM.
    """

    quantity: Quantity
    grid: Grid
    files: tuple[Path, ...]
    sop_uids: tuple[str, ...]
    series_uid: str
    description: str
    role_evidence: str
    slope: float
    intercept: float
    rule: str
    pixels: PixelForm
    expects: str = ""
    trusted: bool = False
    reciprocal: bool = False
    frames: tuple[int, ...] = ()
    mapped: tuple[float, float] | None = None
    notes: tuple[Notice, ...] = ()
    confirmed: Confirmation | None = None
    scaling: Scaling | None = None
    lines: tuple[tuple[float, float], ...] = ()
    onto: Grid | None = None
    volume: str = ""


@dataclass(frozen=True, slots=True)
class ReferenceFound:
    """An anatomical series of the same study and frame of reference, known from headers alone.

    Attributes
    ----------
    name : str
        As in :class:`app.domain.reference.ReferenceSeries`.
    grid, files, sop_uids, series_uid, description, pixels, frames, volume
        As in :class:`MapFound`.
    """

    name: str
    grid: Grid
    files: tuple[Path, ...]
    sop_uids: tuple[str, ...]
    series_uid: str
    description: str
    pixels: PixelForm
    frames: tuple[int, ...] = ()
    volume: str = ""


@dataclass(frozen=True, slots=True)
class ExamFound:
    """The maps of one study in one frame of reference.

    Attributes
    ----------
    identity : Identity
        Who it is; goes to the identity table and nowhere else.
    maps : tuple of MapFound
        In the order of :class:`Quantity`, no quantity twice, all on one grid, FF or R2* among them.
    field_strength_t : float or None
        Magnetic field, tesla.
    manufacturer, model : str
        Of the scanner.
    native_voxel_mm : tuple of float or None
        Acquired ``(row, col)`` voxel size before zero filling.
    warnings : tuple of Notice
        What the reader should know, such as ``exam.no_r2star``.
    references : tuple of ReferenceFound
        Sagittal anatomical series to look at beside the maps.
    unpaired : tuple of MapFound
        R2* that cannot be counted together with FF as it is; refused, unless resampling was asked for.
    signal_ff : bool
        FF is computed from water and fat, because there is no FF map and a person asked for it.
    written : Written
        What stands in its files of the patient, to be read in another character set.
    """

    identity: Identity
    maps: tuple[MapFound, ...]
    field_strength_t: float | None
    manufacturer: str
    model: str
    native_voxel_mm: tuple[float, float] | None
    warnings: tuple[Notice, ...] = ()
    references: tuple[ReferenceFound, ...] = ()
    unpaired: tuple[MapFound, ...] = ()
    signal_ff: bool = False
    written: Written = field(default_factory=Written)

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file of every map and reference series, once."""
        of_maps = (path for found in self.maps for path in found.files)
        of_references = (path for found in self.references for path in found.files)
        return tuple(dict.fromkeys((*of_maps, *of_references)))

    @property
    def slices(self) -> int:
        """Number of slices of all maps together."""
        return sum(len(found.files) for found in self.maps)


@dataclass(frozen=True, slots=True)
class Found:
    """Everything under a path: each file is in one exam (a multi-frame file in several maps), or refused.

    Attributes
    ----------
    exams : tuple of ExamFound
        In order of their first file.
    refused : tuple of Refusal
        In order of path.
    questions : tuple of Question
        Series of which a person may say what they show.
    rivals : tuple of Rival
        Series of which a person may choose one.
    """

    exams: tuple[ExamFound, ...]
    refused: tuple[Refusal, ...]
    questions: tuple[Question, ...] = ()
    rivals: tuple[Rival, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class LoadedExam:
    """An exam with its voxels, checked.

    Attributes
    ----------
    exam : Exam
        The maps, with an empty case code.
    identity : Identity
        Who it is.
    sources : mapping of Quantity to MapFound
        Where each map came from, with its scaling filled in.
    warnings : tuple of Notice
        What the reader should know.
    refused : tuple of Refusal
        Files of maps that headers promised and voxels did not keep.
    references : tuple of (ReferenceFound, ReferenceSeries)
        Those that could be read.
    """

    exam: Exam
    identity: Identity
    sources: Mapping[Quantity, MapFound]
    warnings: tuple[Notice, ...] = ()
    refused: tuple[Refusal, ...] = ()
    references: tuple[tuple[ReferenceFound, ReferenceSeries], ...] = ()


class ExamRefused(AppError):  # noqa: N818 - a verdict on files, as Refusal is
    """No map of an exam can be measured.

    Attributes
    ----------
    refused : tuple of Refusal
        One reason for every file of the exam.
    """

    def __init__(self, refused: tuple[Refusal, ...]) -> None:
        super().__init__("exam.refused", files=len(refused))
        self.refused = refused
