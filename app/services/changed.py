"""What a use case did, so that each page can decide whether it must look again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto


class What(Flag):
    """Kinds of facts that can change."""

    NOTHING = 0
    SESSION = auto()
    EXAMS = auto()
    READERS = auto()
    READING = auto()
    SIGN_OFF = auto()
    CLINICAL = auto()
    DECISION = auto()


@dataclass(frozen=True, slots=True)
class Changed:
    """The one fact a use case announces.

    Attributes
    ----------
    what : What
        Kinds of facts that are different now.
    """

    what: What
