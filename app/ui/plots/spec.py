"""What a plot shows, as plain values: no Qt, so that figures are made and tested without a window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
# rounding must not take a tick away that lies on the edge
_EDGE = 1e-9


class Tone(StrEnum):
    """What a colour stands for; the theme says which colour that is."""

    BIAS = "bias"
    LIMIT = "limit"
    LINE = "line"
    REFERENCE = "reference"
    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    UNKNOWN = "unknown"


class Symbol(StrEnum):
    """Shape of a point: groups differ by shape as well as by colour."""

    CIRCLE = "circle"
    SQUARE = "square"
    TRIANGLE = "triangle"
    DIAMOND = "diamond"


class Dash(StrEnum):
    """Pattern of a line."""

    SOLID = "solid"
    DASHED = "dashed"
    DOTTED = "dotted"
    DASH_DOT = "dash_dot"


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: title with unit, ends, and where the numbers stand.

    Attributes
    ----------
    title : str
        What is measured, with its unit.
    low, high : float
        Ends of the axis.
    ticks : tuple of float
        Where numbers stand, between the ends.
    names : tuple of str
        What stands there in place of the numbers; empty for numbers.
    """

    title: str
    low: float
    high: float
    ticks: tuple[float, ...]
    names: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """Words of the ticks."""
        return self.names or tuple(tick_text(value, self.ticks) for value in self.ticks)


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """A line through points, in order."""

    x: FloatArray
    y: FloatArray
    tone: Tone
    dash: Dash = Dash.SOLID
    width: float = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """The area between two curves over the same x."""

    x: FloatArray
    low: FloatArray
    high: FloatArray
    tone: Tone


@dataclass(frozen=True, slots=True)
class Spot:
    """One point.

    Attributes
    ----------
    x, y : float
        Where.
    tone, symbol : Tone, Symbol
        Its look.
    code : str
        The case it answers a click with; empty for a mark that is no patient.
    tip : str
        What it says under the pointer.
    large : bool
        A mark that has to stand out.
    """

    x: float
    y: float
    tone: Tone
    symbol: Symbol
    code: str = ""
    tip: str = ""
    large: bool = False


@dataclass(frozen=True, slots=True)
class EdgeLabel:
    """Words at the right end of a horizontal line."""

    y: float
    text: str
    tone: Tone


@dataclass(frozen=True, slots=True)
class LegendEntry:
    """One look and what it means: a symbol, a line, a filled band, or a line with its mark."""

    label: str
    tone: Tone
    symbol: Symbol | None = None
    dash: Dash | None = None
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A whole plot, painted from back to front: bands, curves, spots.

    Attributes
    ----------
    x, y : Axis
        The axes.
    bands, curves, spots, edge_labels, legend : tuple
        What is drawn.
    square : bool
        Both axes are shown at the same length.
    footer : str
        Small words below, such as that the data are synthetic.
    """

    x: Axis
    y: Axis
    bands: tuple[Band, ...] = ()
    curves: tuple[Curve, ...] = ()
    spots: tuple[Spot, ...] = ()
    edge_labels: tuple[EdgeLabel, ...] = ()
    legend: tuple[LegendEntry, ...] = ()
    square: bool = False
    footer: str = ""


def axis(title: str, low: float, high: float, *, wanted: int = 7) -> Axis:
    """Make an axis that holds ``low`` to ``high`` and ends on round numbers.

    Parameters
    ----------
    title : str
        With unit.
    low, high : float
        What has to be inside, in the unit of the axis; may be equal.
    wanted : int
        About how many intervals between numbers.
    """
    step = _step((high - low) / wanted)
    first, last = math.floor(low / step + _EDGE), math.ceil(high / step - _EDGE)
    if first == last:
        first, last = first - 1, last + 1
    # whole multiples divided at the end would carry rounding into the labels
    ticks = tuple(round(step * count, 12) for count in range(first, last + 1))
    return Axis(title, ticks[0], ticks[-1], ticks)


def _step(size: float) -> float:
    """The round step just above a size; 1 where there is no size."""
    if size <= 0.0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(size))
    return next(power * step for step in _STEPS if power * step >= size * (1.0 - _EDGE))


def tick_text(value: float, ticks: tuple[float, ...]) -> str:
    """Write a tick with as many decimals as the step between ticks needs."""
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    decimals = next((count for count in range(7) if math.isclose(round(step, count), step, rel_tol=1e-6)), 7)
    return f"{value:.{decimals}f}"


def level_line(value: float, across: Axis, tone: Tone, dash: Dash = Dash.SOLID, width: float = 1.5) -> Curve:
    """A horizontal line over the whole width of an axis."""
    return Curve(np.array([across.low, across.high]), np.array([value, value]), tone, dash, width)


def level_band(low: float, high: float, across: Axis, tone: Tone) -> Band:
    """A horizontal band over the whole width of an axis."""
    ends = np.array([across.low, across.high])
    return Band(ends, np.array([low, low]), np.array([high, high]), tone)
