"""How the bone-density groups look in every plot: a colour and a shape each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.domain.clinical import Group
from app.ui.plots.spec import LegendEntry, Spot, Symbol, Tone
from app.ui.sentences import label

LOOKS: dict[Group | None, tuple[Tone, Symbol]] = {
    Group.NORMAL: (Tone.FIRST, Symbol.CIRCLE),
    Group.OSTEOPENIA: (Tone.SECOND, Symbol.SQUARE),
    Group.OSTEOPOROSIS: (Tone.THIRD, Symbol.TRIANGLE),
    None: (Tone.UNKNOWN, Symbol.DIAMOND),
}


def group_name(group: Group | None) -> str:
    """Name of a group; a patient without T-score belongs to none."""
    return label("stats.no_group" if group is None else f"stats.group.{group.value}")


def spot(x: float, y: float, group: Group | None, code: str, tip: str) -> Spot:
    """Make the point of one patient."""
    tone, symbol = LOOKS[group]
    return Spot(x, y, tone, symbol, code, tip)


def legend(groups: Sequence[Group | None], rows: Iterable[int]) -> tuple[LegendEntry, ...]:
    """Entries of the groups that are shown, with their numbers of patients.

    Parameters
    ----------
    groups : sequence of Group or None
        Group of each row of the cohort.
    rows : iterable of int
        Rows that are in the plot.
    """
    shown = [groups[row] for row in rows]
    return tuple(
        LegendEntry(label("stats.legend_group", group=group_name(group), n=shown.count(group)), tone, symbol)
        for group, (tone, symbol) in LOOKS.items()
        if group in shown
    )
