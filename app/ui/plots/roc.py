"""ROC curves of several markers on one plot, 100 - specificity against sensitivity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.stats.criterion import CutOff
from app.stats.formatting import number, percent
from app.stats.roc import Roc
from app.ui.plots.spec import Axis, Curve, Dash, Figure, LegendEntry, Spot, Symbol, Tone
from app.ui.sentences import label

Look = tuple[Tone, Symbol, Dash]

_PERCENT = 100.0
# a little room, or the frame would cut the curves that run along it in half
_ENDS = (-1.0, 101.0)
_TICKS = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
LOOKS: tuple[Look, ...] = (
    (Tone.FIRST, Symbol.CIRCLE, Dash.SOLID),
    (Tone.SECOND, Symbol.SQUARE, Dash.DASHED),
    (Tone.THIRD, Symbol.TRIANGLE, Dash.DASH_DOT),
    (Tone.LINE, Symbol.DIAMOND, Dash.DOTTED),
)
"""By place: first, second, third and fourth marker."""


@dataclass(frozen=True, slots=True, eq=False)
class Marker:
    """One curve.

    Attributes
    ----------
    name : str
        What it is called.
    result : Roc
        Its analysis.
    criterion : str
        Its cut-off as it is printed, with sign and unit; empty where none is to be marked.
    look : Look or None
        Its own; None for the one of its place.
    """

    name: str
    result: Roc
    criterion: str
    look: Look | None = None


def roc_figure(markers: Sequence[Marker], *, points: Sequence[Spot] = (), footer: str = "") -> Figure:
    """Draw curves with their Youden cut-offs and the line of no use.

    Parameters
    ----------
    markers : sequence of Marker
        At least one; those beyond the fourth begin the looks again where they bring none.
    points : sequence of Spot
        Further points, below the cut-offs.
    footer : str
        Small words below.
    """
    looks = [one.look or LOOKS[place % len(LOOKS)] for place, one in enumerate(markers)]
    drawn = list(zip(markers, looks, strict=True))
    diagonal = np.array([0.0, _PERCENT])
    return Figure(
        Axis(label("stats.axis.false_positive"), *_ENDS, _TICKS),
        Axis(label("stats.axis.sensitivity"), *_ENDS, _TICKS),
        curves=(
            Curve(diagonal, diagonal, Tone.REFERENCE, Dash.DOTTED, 1.0),
            *(_curve(one.result, *look) for one, look in drawn),
        ),
        spots=(*points, *(spot for one, look in drawn for spot in _cut_off(one, look[0], look[1]))),
        legend=(
            *(_entry(one, *look) for one, look in drawn),
            LegendEntry(label("stats.legend.chance"), Tone.REFERENCE, dash=Dash.DOTTED),
        ),
        square=True,
        footer=footer,
    )


def cut_off_spot(marker: str, criterion: str, cutoff: CutOff, code: str) -> Spot:
    """Make the point of one cut-off, which answers a click with a case that has its value."""
    tip = label(
        "roc.tip.cutoff",
        marker=marker,
        criterion=criterion,
        sensitivity=percent(cutoff.sensitivity.value),
        specificity=percent(cutoff.specificity.value),
        code=code,
    )
    return Spot(*_place(cutoff), Tone.FIRST, Symbol.CIRCLE, code, tip)


def _place(cutoff: CutOff) -> tuple[float, float]:
    return _PERCENT * (1.0 - cutoff.specificity.value), _PERCENT * cutoff.sensitivity.value


def _curve(result: Roc, tone: Tone, _symbol: Symbol, dash: Dash) -> Curve:
    x, y = _PERCENT * result.false_positive_rate, _PERCENT * result.true_positive_rate
    return Curve(x, y, tone, dash, 2.0)


def _cut_off(marker: Marker, tone: Tone, symbol: Symbol) -> tuple[Spot, ...]:
    cutoff = marker.result.cutoff
    if cutoff is None or not marker.criterion:
        return ()
    tip = label(
        "stats.tip.cutoff",
        marker=marker.name,
        criterion=marker.criterion,
        sensitivity=percent(cutoff.sensitivity.value),
        specificity=percent(cutoff.specificity.value),
    )
    return (Spot(*_place(cutoff), tone, symbol, tip=tip, large=True),)


def _entry(marker: Marker, tone: Tone, symbol: Symbol, dash: Dash) -> LegendEntry:
    code = "stats.legend.marker" if marker.criterion else "stats.legend.marker_without"
    said = label(code, marker=marker.name, auc=number(marker.result.auc), criterion=marker.criterion)
    return LegendEntry(said, tone, symbol if marker.criterion else None, dash)
