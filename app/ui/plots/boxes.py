"""Box and points of each group: median, quartiles, whiskers to the farthest value within 1.5 box heights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.stats.formatting import number
from app.stats.groups import GroupComparison
from app.ui.plots.spec import Axis, Band, Curve, Figure, FloatArray, Spot, Symbol, Tone, axis
from app.ui.sentences import label

_LOOKS = (
    (Tone.FIRST, Symbol.CIRCLE),
    (Tone.SECOND, Symbol.SQUARE),
    (Tone.THIRD, Symbol.TRIANGLE),
    (Tone.UNKNOWN, Symbol.DIAMOND),
)
_HALF_BOX, _HALF_CAP, _SPREAD = 0.32, 0.12, 0.2
_WHISKER = 1.5
_DECIMALS = 2


def boxes_figure(
    result: GroupComparison, *, title: str, names: Sequence[str], codes: Sequence[str], footer: str = ""
) -> Figure:
    """Draw the groups beside each other.

    Parameters
    ----------
    result : GroupComparison
        The groups and their values.
    title : str
        Of the y axis, with unit.
    names : sequence of str
        What the groups are called, in the order of ``result.groups``.
    codes : sequence of str
        Case code of each row ``result.index`` counts.
    footer : str
        Small words below.
    """
    bands, curves, spots = list[Band](), list[Curve](), list[Spot]()
    for place in range(len(result.groups)):
        members = np.flatnonzero(result.code == place)
        values = result.values[members]
        tone, symbol = _LOOKS[place % len(_LOOKS)]
        told = result.groups[place].description
        bands.append(_box(place, told.q1, told.q3, tone))
        curves += _lines(place, values, (told.q1, told.median, told.q3), tone)
        across = place + _spread(values)
        rows = result.index[members]
        spots += [
            Spot(x, y, tone, symbol, codes[row], _tip(codes[row], y))
            for x, y, row in zip(across.tolist(), values.tolist(), rows.tolist(), strict=True)
        ]
    ticks = tuple(float(place) for place in range(len(names)))
    told_names = tuple(
        label("groups.head.group", group=name, n=one.description.n)
        for name, one in zip(names, result.groups, strict=True)
    )
    return Figure(
        Axis("", -0.6, len(names) - 0.4, ticks, told_names),
        axis(title, float(result.values.min()), float(result.values.max())),
        bands=tuple(bands),
        curves=tuple(curves),
        spots=tuple(spots),
        footer=footer,
    )


def _box(place: int, low: float, high: float, tone: Tone) -> Band:
    ends = np.array([place - _HALF_BOX, place + _HALF_BOX])
    return Band(ends, np.array([low, low]), np.array([high, high]), tone)


def _lines(place: int, values: FloatArray, box: tuple[float, float, float], tone: Tone) -> list[Curve]:
    """Median, frame and whiskers."""
    q1, median, q3 = box
    reach = _WHISKER * (q3 - q1)
    inside = values[(values >= q1 - reach) & (values <= q3 + reach)]
    left, right = place - _HALF_BOX, place + _HALF_BOX
    frame = Curve(np.array([left, right, right, left, left]), np.array([q1, q1, q3, q3, q1]), tone, width=1.2)
    lines = [frame, Curve(np.array([left, right]), np.array([median, median]), tone, width=2.5)]
    for start, end in ((q1, float(inside.min(initial=q1))), (q3, float(inside.max(initial=q3)))):
        lines.append(Curve(np.array([place, place], dtype=float), np.array([start, end]), tone, width=1.2))
        cap = np.array([place - _HALF_CAP, place + _HALF_CAP])
        lines.append(Curve(cap, np.array([end, end]), tone, width=1.2))
    return lines


def _spread(values: FloatArray) -> FloatArray:
    """Where points stand beside the middle: in order of value by turns, the same at every drawing."""
    order = np.argsort(np.argsort(values, kind="stable"), kind="stable")
    # the golden ratio keeps neighbours apart without a pattern
    golden = (np.sqrt(5.0) - 1.0) / 2.0
    beside: FloatArray = (((order + 1) * golden) % 1.0 - 0.5) * 2.0 * _SPREAD
    return beside


def _tip(code: str, value: float) -> str:
    return label("stats.tip.group", code=code, value=number(value, _DECIMALS))
