"""How the bone-density groups look in every plot: a colour and a shape each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.domain.clinical import Group, Scheme
from app.ui.plots.spec import LegendEntry, Spot, Symbol, Tone
from app.ui.sentences import label

LOOKS: dict[Group | None, tuple[Tone, Symbol]] = {
    Group.NORMAL: (Tone.FIRST, Symbol.CIRCLE),
    Group.OSTEOPENIA: (Tone.SECOND, Symbol.SQUARE),
    Group.OSTEOPOROSIS: (Tone.THIRD, Symbol.TRIANGLE),
    None: (Tone.UNKNOWN, Symbol.DIAMOND),
}


def group_name(group: Group | None, scheme: Scheme) -> str:
    """Name of a group; a patient without what the scheme needs belongs to none."""
    if group is None:
        return label("stats.no_group_qct" if scheme is Scheme.QCT else "stats.no_group")
    return label(f"stats.group.{group.value}")


def spot(x: float, y: float, group: Group | None, code: str, tip: str) -> Spot:
    """Make the point of one patient."""
    tone, symbol = LOOKS[group]
    return Spot(x, y, tone, symbol, code, tip)


def look_of(groups: Sequence[Group | None]) -> list[tuple[Tone, Symbol]]:
    """Look of each row of the cohort; where a patient has several points it is asked for once."""
    return [LOOKS[group] for group in groups]


def legend(groups: Sequence[Group | None], rows: Iterable[int], scheme: Scheme) -> tuple[LegendEntry, ...]:
    """Entries of the groups that are shown, with their numbers of patients.

    Parameters
    ----------
    groups : sequence of Group or None
        Group of each row of the cohort.
    rows : iterable of int
        Rows that are in the plot.
    scheme : Scheme
        What made the groups.
    """
    shown = [groups[row] for row in rows]
    return tuple(
        LegendEntry(
            label("stats.legend_group", group=group_name(group, scheme), n=shown.count(group)), tone, symbol
        )
        for group, (tone, symbol) in LOOKS.items()
        if group in shown
    )
