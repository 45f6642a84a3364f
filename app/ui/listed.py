"""What a long list shows, ready to be painted: cells with their words, mark and place in a sorting. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Mark(StrEnum):
    """How far a case is, as a small sign beside its words."""

    NONE = ""
    NEW = "new"
    OPEN = "open"
    UNLOCKED = "unlocked"
    SIGNED = "signed"
    WAITING = "waiting"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes
    ----------
    text : str
        What it says.
    mark : Mark
        A sign before the words.
    tip : str
        What is told where the pointer rests; the words themselves without it.
    quiet, warns : bool
        How it is coloured; words say the same.
    order : int, str or None
        By what it is sorted; its words without it.
    """

    text: str
    mark: Mark = Mark.NONE
    tip: str = ""
    quiet: bool = False
    warns: bool = False
    order: int | str | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line.

    Attributes
    ----------
    key : tuple
        Leads back to what the line is about.
    cells : tuple of Cell
        From left to right.
    kinds : frozenset of str
        Choices of a filter that keep this line.
    searched : str
        Its words in small letters.
    """

    key: tuple[object, ...]
    cells: tuple[Cell, ...]
    kinds: frozenset[str] = frozenset()
    searched: str = field(init=False)

    def __post_init__(self) -> None:
        # worked out once: a search asks for it with every letter
        object.__setattr__(self, "searched", "\n".join(one.text for one in self.cells).casefold())
