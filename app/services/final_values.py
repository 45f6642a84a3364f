"""Which decisions of a coordinator hold, and what they make of the readers' values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from app.domain.disagreement import Held, told
from app.domain.protocol import Level
from app.store.adjudications import Adjudication
from app.store.results import LevelResult

Place = tuple[int, Level]
"""An exam's key and a level."""


def held_by_level(cells: Iterable[LevelResult]) -> dict[Place, tuple[Held, ...]]:
    """What readers hold at each level, in the order of ``cells``.

    Parameters
    ----------
    cells : iterable of LevelResult
        Signed-off levels of one round.
    """
    found: dict[Place, list[Held]] = defaultdict(list)
    for cell in cells:
        found[cell.exam_id, cell.level].append(Held(cell.reader, cell.rectangle, cell.stats, cell.reason))
    return {place: tuple(held) for place, held in found.items()}


def newest(made: Iterable[Adjudication]) -> dict[Place, Adjudication]:
    """The newest decision on each level, of decisions in the order they were made."""
    return {(one.exam_id, one.level): one for one in made}


def in_force(
    made: Iterable[Adjudication], held: Mapping[Place, tuple[Held, ...]]
) -> dict[Place, Adjudication]:
    """The decisions that hold: the newest of a level, where the readers still hold what it was made on.

    Parameters
    ----------
    made : iterable of Adjudication
        In the order they were made.
    held : mapping of Place to tuple of Held
        What the readers hold.
    """
    return {place: one for place, one in newest(made).items() if told(held.get(place, ())) == one.readings}
