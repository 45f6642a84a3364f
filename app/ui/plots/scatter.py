"""The scatter plot of a map against bone density: line, confidence and prediction band, groups."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.domain.clinical import Group, Scheme
from app.stats.correlation import Pearson
from app.stats.formatting import number
from app.ui.plots import groups as looks
from app.ui.plots.spec import Axis, Band, Curve, Dash, Figure, FloatArray, LegendEntry, Tone, axis
from app.ui.sentences import label

# the bands are hyperbolas: so many pieces look smooth at any size
_PIECES = 60
_DECIMALS = 2


def scatter_figure(
    result: Pearson,
    *,
    titles: tuple[str, str],
    codes: Sequence[str],
    groups: Sequence[Group | None],
    scheme: Scheme = Scheme.T_SCORE,
    footer: str = "",
) -> Figure:
    """Draw y against x with the regression line.

    Parameters
    ----------
    result : Pearson
        Correlation with its line.
    titles : tuple of str
        Of the x and the y axis, with units.
    codes, groups : sequence
        Case code and bone-density group of each row ``result.index`` counts.
    scheme : Scheme
        What made the groups.
    footer : str
        Small words below.
    """
    along = np.linspace(*result.line.x_range, _PIECES)
    confidence, prediction = result.line.confidence_band(along), result.line.prediction_band(along)
    rows = [int(row) for row in result.index]
    return Figure(
        *_axes(result, titles, prediction),
        bands=(Band(along, *confidence, Tone.LINE),),
        curves=(
            Curve(along, prediction[0], Tone.LINE, Dash.DASHED, 1.0),
            Curve(along, prediction[1], Tone.LINE, Dash.DASHED, 1.0),
            Curve(along, result.line.at(along), Tone.LINE, width=2.0),
        ),
        spots=tuple(
            looks.spot(x, y, groups[row], codes[row], _tip(codes[row], x, y))
            for row, x, y in zip(rows, result.x.tolist(), result.y.tolist(), strict=True)
        ),
        legend=(*looks.legend(groups, rows, scheme), *_explained()),
        footer=footer,
    )


def _axes(
    result: Pearson, titles: tuple[str, str], prediction: tuple[FloatArray, FloatArray]
) -> tuple[Axis, Axis]:
    lowest = float(result.y.min())
    low = min(lowest, float(prediction[0].min()))
    high = max(float(result.y.max()), float(prediction[1].max()))
    return (
        axis(titles[0], float(result.x.min()), float(result.x.max())),
        # a band may reach below nothing, a density cannot: there the frame cuts the band
        axis(titles[1], max(low, 0.0) if lowest >= 0.0 else low, high),
    )


def _explained() -> tuple[LegendEntry, ...]:
    return (
        LegendEntry(label("stats.legend.line"), Tone.LINE, dash=Dash.SOLID),
        LegendEntry(label("stats.legend.confidence"), Tone.LINE, filled=True),
        LegendEntry(label("stats.legend.prediction"), Tone.LINE, dash=Dash.DASHED),
    )


def _tip(code: str, x: float, y: float) -> str:
    return label("stats.tip.scatter", code=code, x=number(x, _DECIMALS), y=number(y, _DECIMALS))
