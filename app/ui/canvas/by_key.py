"""What the mouse does over the maps, done by keys: zoom, pan, one map alone, place."""

from __future__ import annotations

from app.domain.protocol import LEVELS, Level
from app.domain.shapes import Rectangle
from app.ui.canvas.map_pair import MapPair
from app.ui.canvas.view import View
from app.ui.workspace import Workspace

# how much a key enlarges, and how far it moves the picture in points
ZOOM = 1.2
_PAN = 60
# from the middle of one lumbar vertebra to the middle of the next, mm: where looking for it begins
_NEXT_VERTEBRA = 32.0


def zoom(maps: MapPair, factor: float) -> None:
    """Enlarge or make smaller about the middle of the maps."""
    seen = maps.seen
    if seen is not None:
        maps.set_camera(seen.zoomed(factor, seen.size[0] / 2, seen.size[1] / 2))


def look(maps: MapPair, down: int, right: int) -> None:
    """Bring into view what lies further down or right on the screen, or further up or left."""
    seen = maps.seen
    if seen is not None:
        maps.set_camera(seen.panned(-right * _PAN, -down * _PAN))


def maximise_next(maps: MapPair) -> None:
    """Show the first map alone, then the second, then both again."""
    columns = list(maps.columns.values())
    alone = [number for number, column in enumerate(columns) if column.isVisibleTo(maps)]
    if len(alone) == 1:
        maps.toggle_maximised(columns[alone[0]].view)
    following = 0 if len(alone) > 1 else alone[0] + 1
    if following < len(columns):
        maps.toggle_maximised(columns[following].view)


def place(maps: MapPair, space: Workspace) -> None:
    """Place the armed level where its ghost is seen; without one, where it is to be expected."""
    level, seen = space.selected, maps.seen
    if level is None or seen is None or not space.armed:
        space.say_why_not()
        return
    ghost = maps.ghost or space.ghost(*_expected(seen, space.rectangles, level))
    if ghost is not None:
        space.show_preview(level, ghost)
        space.commit_preview()


def fit(maps: MapPair, space: Workspace) -> None:
    """Ask for a proposal at the pointer; without one, where the selected level is or is to be expected."""
    level, seen, point = space.selected, maps.seen, maps.pointer
    if point is None and level is not None and seen is not None:
        box = space.rectangles.get(level)
        middle = ((box.row0 + box.row1) / 2, (box.col0 + box.col1) / 2) if box else None
        point = middle or _expected(seen, space.rectangles, level)
    space.propose_fit(point or (0.0, 0.0))


def _expected(seen: View, placed: dict[Level, Rectangle], level: Level) -> tuple[float, float]:
    """Stored ``(row, col)`` a vertebra's height from the nearest level there is, else the picture's middle.

    Only a place to start from: it looks at no voxel.
    """
    number = LEVELS.index(level)
    height, width = seen.orientation.shown_shape
    y, x, steps = height / 2, width / 2, number - len(LEVELS) // 2
    near = min(placed, key=lambda other: abs(LEVELS.index(other) - number), default=None)
    if near is not None:
        box = placed[near]
        y, x = seen.orientation.to_shown((box.row0 + box.row1) / 2, (box.col0 + box.col1) / 2)
        steps = number - LEVELS.index(near)
    y += steps * _NEXT_VERTEBRA / seen.spacing[0]
    return seen.orientation.to_stored(min(max(y, 0.0), height - 1.0), x)
