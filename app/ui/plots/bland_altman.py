"""The Bland-Altman plot as MedCalc's users know it: bias, limits, their intervals, line of equality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.domain.clinical import Group
from app.stats.agreement import BlandAltman
from app.stats.formatting import number
from app.stats.regression import Line
from app.ui.plots import groups as looks
from app.ui.plots.spec import (
    Axis,
    Band,
    Curve,
    Dash,
    EdgeLabel,
    Figure,
    LegendEntry,
    Tone,
    axis,
    level_band,
    level_line,
)
from app.ui.sentences import label

_DECIMALS = 2


def bland_altman_figure(
    result: BlandAltman,
    *,
    titles: tuple[str, str],
    codes: Sequence[str],
    groups: Sequence[Group | None],
    footer: str = "",
) -> Figure:
    """Draw differences against means.

    Parameters
    ----------
    result : BlandAltman
        Bias and limits.
    titles : tuple of str
        Of the x and the y axis, with units.
    codes, groups : sequence
        Case code and bone-density group of each row ``result.index`` counts.
    footer : str
        Small words below.
    """
    x, y = _axes(result, titles)
    rows = [int(row) for row in result.index]
    points = zip(rows, result.means.tolist(), result.differences.tolist(), strict=True)
    return Figure(
        x,
        y,
        bands=_bands(result, x),
        curves=_curves(result, x),
        spots=tuple(
            looks.spot(mean, difference, groups[row], codes[row], _tip(codes[row], mean, difference))
            for row, mean, difference in points
        ),
        edge_labels=_edge_labels(result),
        legend=(*looks.legend(groups, rows), *_explained(result)),
        footer=footer,
    )


def _axes(result: BlandAltman, titles: tuple[str, str]) -> tuple[Axis, Axis]:
    ends = [0.0, result.bias, *result.differences.tolist()]
    for limit in (result.lower, result.upper):
        ends += [limit.value] if limit.exact is None else [limit.exact.low, limit.exact.high]
    return (
        axis(titles[0], float(result.means.min()), float(result.means.max())),
        axis(titles[1], min(ends), max(ends)),
    )


def _bands(result: BlandAltman, x: Axis) -> tuple[Band, ...]:
    intervals = (
        (result.lower.exact, Tone.LIMIT),
        (result.upper.exact, Tone.LIMIT),
        (result.bias_ci, Tone.BIAS),
    )
    return tuple(level_band(one.low, one.high, x, tone) for one, tone in intervals if one is not None)


def _curves(result: BlandAltman, x: Axis) -> tuple[Curve, ...]:
    return (
        level_line(0.0, x, Tone.REFERENCE, width=1.0),
        *_proportional(result),
        level_line(result.lower.value, x, Tone.LIMIT, Dash.DASHED),
        level_line(result.upper.value, x, Tone.LIMIT, Dash.DASHED),
        level_line(result.bias, x, Tone.BIAS, width=2.0),
    )


def _proportional(result: BlandAltman) -> tuple[Curve, ...]:
    """The regression of the difference on the mean, where it says that the bias is proportional."""
    line = _sloping(result)
    if line is None:
        return ()
    ends = np.array(line.x_range)
    return (Curve(ends, line.at(ends), Tone.LINE, Dash.DOTTED),)


def _sloping(result: BlandAltman) -> Line | None:
    told = any(note.code == "bland_altman.proportional" for note in result.notes)
    return result.proportional if told and isinstance(result.proportional, Line) else None


def _edge_labels(result: BlandAltman) -> tuple[EdgeLabel, ...]:
    named = [("stats.edge.bias", result.bias, Tone.BIAS)]
    if result.sd > 0.0:
        named += [
            ("stats.edge.upper", result.upper.value, Tone.LIMIT),
            ("stats.edge.lower", result.lower.value, Tone.LIMIT),
        ]
    return tuple(
        EdgeLabel(value, label(code, value=number(value, _DECIMALS)), tone) for code, value, tone in named
    )


def _explained(result: BlandAltman) -> tuple[LegendEntry, ...]:
    entries = [LegendEntry(label("stats.legend.equality"), Tone.REFERENCE, dash=Dash.SOLID)]
    if result.bias_ci is not None:
        entries.append(LegendEntry(label("stats.legend.ci"), Tone.LIMIT, filled=True))
    if _sloping(result) is not None:
        entries.append(LegendEntry(label("stats.legend.proportional"), Tone.LINE, dash=Dash.DOTTED))
    return tuple(entries)


def _tip(code: str, mean: float, difference: float) -> str:
    told = {"mean": number(mean, _DECIMALS), "difference": number(difference, _DECIMALS)}
    return label("stats.tip.agreement", code=code, **told)
