"""What a screen reader says of pictures that are painted. Pure: imports no Qt."""

from __future__ import annotations

from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.services.read_exam import Case
from app.ui.present import quantity_title, quantity_unit, slice_text, text
from app.ui.present.levels import level_row


def view_words(case: Case | None, quantity: Quantity, slice_index: int, selected: Level | None) -> str:
    """Slice, selected level and its value, as they stand on a map.

    A level without numbers has the words that stand in its line of the table, and so has one whose numbers
    the protocol hides.
    """
    if case is None:
        return text("read.no_case")
    place = slice_text(slice_index, case.exam.grid.shape[0])
    if selected is None:
        return text("access.view", slice=place)
    history = case.reading.history
    revision = history.current.get(selected)
    stats = revision.stats if revision else {}
    row = level_row(selected, history.state(selected), stats, hidden=not case.numbers_shown)
    mean, spread = (row.ff, row.ff_sd) if quantity is Quantity.FF else (row.r2star, row.r2star_sd)
    if row.note or not mean:
        return text("access.view_level", slice=place, level=selected.value, words=row.note)
    unit = quantity_unit(quantity, case.protocol.r2star_unit)
    value = text("access.value", mean=mean, spread=spread, unit=unit)
    return text("access.view_level", slice=place, level=selected.value, words=value)


def range_words(quantity: Quantity, window: str) -> str:
    """Name of the button with the display range of a map."""
    return text("access.range", quantity=quantity_title(quantity), range=window)
