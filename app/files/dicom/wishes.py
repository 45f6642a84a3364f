"""What only a person can say of files: what a series shows, and what should be made of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

# what a series may show, beside a quantity
T2STAR, REFERENCE, NOTHING = "T2STAR", "REFERENCE", "NOTHING"


@dataclass(frozen=True, slots=True)
class SeriesKey:
    """What tells one kind of series of one scanner from another: answers are remembered by it.

    It holds nothing of the patient, unless somebody at the scanner typed it into the name of the protocol or
    of the series: what stands there cannot be told from a protocol's name.

    Attributes
    ----------
    manufacturer, model : str
        Of the scanner.
    protocol, description : str
        Protocol Name and Series Description.
    image_type : str
        Image Type as written, joined by backslashes.
    """

    manufacturer: str
    model: str
    protocol: str
    description: str
    image_type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a person says a series shows.

    Attributes
    ----------
    shows : str
        A :class:`Quantity`, ``T2STAR``, ``REFERENCE``, or ``NOTHING`` for a series that is of no use here.
    unit : str
        A key of :data:`app.files.dicom.rules.FACTORS`: the unit the values are in; needed for volumes, where
        nothing else says it.
    who : str
        Who said so.
    """

    shows: str
    unit: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """Images of which nothing says what they show; a person may.

    Attributes
    ----------
    key : SeriesKey or None
        By which the answer is remembered; None for a volume file, which says nothing of its origin.
    files : tuple of Path
        All of them; until there is an answer, each is also refused with ``role.none`` (``role.volume`` for a
        volume file), or shown beside the maps as a reference without a contrast in its name.
    shape : tuple of int
        ``(slices, rows, cols)``.
    plane : str
        ``sagittal``, ``coronal`` or ``axial``.
    description : str
        Series Description, or the name of the volume file.
    answer : Answer or None
        What was answered already, here or in the session.
    """

    key: SeriesKey | None
    files: tuple[Path, ...]
    shape: tuple[int, int, int]
    plane: str
    description: str
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Rival:
    """One of several series of a study that claim to be the same map; a person may choose one.

    Attributes
    ----------
    study_uid, frame_uid : str
        Of the exam that it would belong to.
    series_uid : str
        By which it is chosen; the choice is about these files and not remembered.
    shows : str
        What they claim to be, as in :class:`Answer`.
    files : tuple of Path
        All of them; refused unless this one is chosen.
    shape, plane, description
        As in :class:`Question`.
    of : int
        How many claim to be it.
    chosen : bool
        It is the one that is used.
    """

    study_uid: str
    frame_uid: str
    series_uid: str
    shows: str
    files: tuple[Path, ...]
    shape: tuple[int, int, int]
    plane: str
    description: str
    of: int
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a person asked for beyond what the headers say.

    Attributes
    ----------
    answers : mapping of SeriesKey to Answer
        What series show of which nothing else says it.
    volumes : mapping of Path to Answer
        The same for NIfTI, NRRD and MetaImage files.
    signal_ff : bool
        Compute FF from water and fat signals where a study has no FF map.
    resample : bool
        Bring R2* onto the grid of FF where the two cannot be measured together as they are.
    chosen : frozenset of str
        Series Instance UIDs of those that shall be used where several claim to be the same map.
    charset : str
        A key of :data:`app.files.dicom.people.CHARSETS`, in which names are read that the files' own word
        leaves in doubt, or makes Latin letters of; empty for what the files say.
    """

    answers: Mapping[SeriesKey, Answer] = field(default_factory=dict)
    volumes: Mapping[Path, Answer] = field(default_factory=dict)
    signal_ff: bool = False
    resample: bool = False
    chosen: frozenset[str] = frozenset()
    charset: str = ""
