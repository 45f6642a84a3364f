"""A line of the import dialog, as values. Pure, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum, StrEnum, auto
from typing import TypeAlias

from app.files.dicom.found import MapFound
from app.files.dicom.wishes import Answer, Question, Rival
from app.services.survey_import import SurveyedExam, SurveyedMap, SurveyedReference
from app.services.thumbnails import Picture


class Column(IntEnum):
    """Columns of the tree."""

    WHAT = 0
    EVIDENCE = 1
    UNIT = 2
    GEOMETRY = 3
    STATE = 4
    CODE = 5


class Tick(Enum):
    """State of a box."""

    NONE = auto()
    """There is no box."""
    OFF = auto()
    PART = auto()
    ON = auto()


class Kind(StrEnum):
    """What a row stands for."""

    PATIENT = "patient"
    EXAM = "exam"
    MAP = "map"
    REFERENCE = "reference"
    RIVAL = "rival"
    QUESTIONS = "questions"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Cell:
    """Words of a cell.

    Attributes
    ----------
    title, quiet : str
        First line, and a second one that may wait.
    tone : str
        ``good``, ``warn``, ``bad``, ``quiet`` or empty; the words say the same.
    """

    title: str = ""
    quiet: str = ""
    tone: str = ""


NO_CELL = Cell()


Subject: TypeAlias = SurveyedExam | SurveyedMap | MapFound | SurveyedReference | Question | Rival


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """A line of the tree.

    Attributes
    ----------
    key : str
        The same for the same thing after another look at the files.
    kind : Kind
        What it stands for.
    cells : dict of Column to Cell
        What it says.
    children : tuple of Row
        What lies below.
    exam : str
        Key of the exam that it is or belongs to; empty for patients and questions.
    tick : Tick
        Its box; that of a patient or an exam sums up those below.
    enabled : bool
        Whether a person can change the tick.
    picture : ndarray of uint8, shape (rows, cols), or None
        Of maps and reference series.
    subject : object
        What it stands for; None for patients and headings.
    answer : Answer or None
        What was said of a series.
    charset : str or None
        Character set in which a patient's name is read, empty as its files say; None where no other one
        would make another name.
    """

    key: str
    kind: Kind
    cells: dict[Column, Cell]
    children: tuple[Row, ...] = ()
    exam: str = ""
    tick: Tick = Tick.NONE
    enabled: bool = False
    picture: Picture | None = None
    subject: Subject | None = None
    answer: Answer | None = None
    charset: str | None = None

    @property
    def says(self) -> tuple[object, ...]:
        """Everything that is seen of it, to be compared."""
        return (self.cells, self.tick, self.enabled, self.answer, self.charset)

    def cell(self, column: Column) -> Cell:
        """What a column says; nothing in most."""
        return self.cells.get(column, NO_CELL)
