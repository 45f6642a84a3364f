"""The Bland-Altman plot as MedCalc's users know it: bias, limits, their intervals, line of equality."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.domain.clinical import Group, Scheme
from app.stats.agreement import BlandAltman
from app.stats.bland_altman_checks import SlopingLimits
from app.stats.formatting import number
from app.stats.regression import Line
from app.ui.plots import groups as looks
from app.ui.plots.limits import LimitLines
from app.ui.plots.spec import Curve, Dash, Figure, FloatArray, LegendEntry, Spot, Tone, axis
from app.ui.sentences import label

_DECIMALS = 2
_RATIO_DECIMALS = 3


def bland_altman_figure(
    result: BlandAltman,
    *,
    titles: tuple[str, str],
    codes: Sequence[str],
    groups: Sequence[Group | None],
    scheme: Scheme = Scheme.T_SCORE,
    footer: str = "",
    positions: FloatArray | None = None,
    sloping: SlopingLimits | None = None,
) -> Figure:
    """Draw differences (or percentages, or ratios) against means.

    Parameters
    ----------
    result : BlandAltman
        Bias and limits.
    titles : tuple of str
        Of the x and the y axis, with units.
    codes, groups : sequence
        Case code and bone-density group of each row ``result.index`` counts.
    scheme : Scheme
        What made the groups.
    footer : str
        Small words below.
    positions : ndarray, shape (n,), optional
        Where the points stand instead of at their means; a regression on the mean is not drawn then.
    sloping : SlopingLimits, optional
        Limits that change with the mean, drawn in place of bias and level limits.
    """
    lines = _lines(result)
    places = result.means if positions is None else positions
    x = axis(titles[0], float(places.min()), float(places.max()))
    curves = (
        _sloping_curves(result, sloping) if sloping else (*_proportional(result, positions), *lines.curves(x))
    )
    bent = [value for curve in curves for value in (curve.y.min(), curve.y.max())]
    heights = [*result.differences.tolist(), *bent]
    return Figure(
        x,
        lines.y_axis(titles[1], heights),
        bands=() if sloping else lines.bands(x),
        curves=(lines.equality_line(x), *curves),
        spots=_spots(result, places, codes, groups),
        edge_labels=() if sloping else lines.edge_labels(),
        legend=(
            *looks.legend(groups, result.index.tolist(), scheme),
            *(_explained_sloping(lines) if sloping else _explained(result, lines, positions)),
        ),
        footer=footer,
    )


def _lines(result: BlandAltman) -> LimitLines:
    return LimitLines(
        bias=result.bias,
        lower=result.lower.value,
        upper=result.upper.value,
        bias_ci=result.bias_ci,
        lower_ci=result.lower.exact,
        upper_ci=result.upper.exact,
        equality=result.no_difference,
        decimals=_decimals(result),
    )


def _decimals(result: BlandAltman) -> int:
    return _RATIO_DECIMALS if result.no_difference else _DECIMALS


def _spots(
    result: BlandAltman, places: FloatArray, codes: Sequence[str], groups: Sequence[Group | None]
) -> tuple[Spot, ...]:
    points = zip(
        result.index.tolist(),
        places.tolist(),
        result.means.tolist(),
        result.differences.tolist(),
        strict=True,
    )
    return tuple(
        looks.spot(place, difference, groups[row], codes[row], _tip(result, codes[row], mean, difference))
        for row, place, mean, difference in points
    )


def _tip(result: BlandAltman, code: str, mean: float, difference: float) -> str:
    told = {"mean": number(mean, _DECIMALS), "difference": number(difference, _decimals(result))}
    return label(_TIPS[result.scale], code=code, **told)


_TIPS = {
    "difference": "stats.tip.agreement",
    "percent": "agreement.tip.percent",
    "ratio": "agreement.tip.ratio",
    "log_ratio": "agreement.tip.ratio",
}


# -- lines that slope -----------------------------------------------------------------------------------


def _proportional(result: BlandAltman, positions: FloatArray | None) -> tuple[Curve, ...]:
    """The regression of the difference on the mean, where it says that the bias is proportional."""
    line = _sloping(result)
    if line is None or positions is not None:
        return ()
    ends = np.array(line.x_range)
    at_ends = line.at(ends)
    # a regression of logarithms is a curve on the ratios
    if result.scale == "log_ratio":
        ends = np.linspace(*line.x_range, _PIECES)
        at_ends = np.exp(line.at(ends))
    return (Curve(ends, at_ends, Tone.LINE, Dash.DOTTED),)


_PIECES = 40


def _sloping(result: BlandAltman) -> Line | None:
    told = any(note.code == "bland_altman.proportional" for note in result.notes)
    return result.proportional if told and isinstance(result.proportional, Line) else None


def _sloping_curves(result: BlandAltman, sloping: SlopingLimits) -> tuple[Curve, ...]:
    # where the spread would fall below 0 the limits bend into the middle
    along = np.linspace(float(result.means.min()), float(result.means.max()), _PIECES)
    lower, upper = sloping.at(along)
    return (
        Curve(along, lower, Tone.LIMIT, Dash.DASHED),
        Curve(along, upper, Tone.LIMIT, Dash.DASHED),
        Curve(along, sloping.middle.at(along), Tone.BIAS, width=2.0),
    )


def _explained(
    result: BlandAltman, lines: LimitLines, positions: FloatArray | None
) -> tuple[LegendEntry, ...]:
    drawn = _sloping(result) is not None and positions is None
    dotted = LegendEntry(label("stats.legend.proportional"), Tone.LINE, dash=Dash.DOTTED)
    return (*lines.legend(), dotted) if drawn else lines.legend()


def _explained_sloping(lines: LimitLines) -> tuple[LegendEntry, ...]:
    return (
        lines.legend()[0],
        LegendEntry(label("stats.legend.proportional"), Tone.BIAS, dash=Dash.SOLID),
        LegendEntry(label("agreement.legend.sloping"), Tone.LIMIT, dash=Dash.DASHED),
    )
