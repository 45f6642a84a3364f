"""Lines that every Bland-Altman plot is read by: bias, limits of agreement, their intervals, equality."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.stats.formatting import number
from app.stats.result import Interval
from app.ui.plots.spec import (
    Axis,
    Band,
    Curve,
    Dash,
    EdgeLabel,
    LegendEntry,
    Tone,
    axis,
    level_band,
    level_line,
)
from app.ui.sentences import label


@dataclass(frozen=True, slots=True)
class LimitLines:
    """Where the lines lie, in the unit of the differences.

    Attributes
    ----------
    bias, lower, upper : float
        Bias and limits; limits on the bias where there is no spread.
    bias_ci, lower_ci, upper_ci : Interval or None
        Drawn as bands.
    equality : float
        What two equal readings give: 0, or 1 for a ratio.
    decimals : int
        Of the figures beside the lines.
    """

    bias: float
    lower: float
    upper: float
    bias_ci: Interval | None
    lower_ci: Interval | None
    upper_ci: Interval | None
    equality: float = 0.0
    decimals: int = 2

    @property
    def spread(self) -> bool:
        """Whether the limits lie apart."""
        return self.upper > self.lower

    def y_axis(self, title: str, heights: Iterable[float]) -> Axis:
        """Axis that holds the lines, the bands and these heights."""
        ends = [self.equality, self.bias, self.lower, self.upper, *heights]
        for ci in (self.bias_ci, self.lower_ci, self.upper_ci):
            ends += [] if ci is None else [ci.low, ci.high]
        return axis(title, min(ends), max(ends))

    def bands(self, across: Axis) -> tuple[Band, ...]:
        """Confidence intervals over the whole width."""
        drawn = ((self.lower_ci, Tone.LIMIT), (self.upper_ci, Tone.LIMIT), (self.bias_ci, Tone.BIAS))
        return tuple(level_band(one.low, one.high, across, tone) for one, tone in drawn if one is not None)

    def equality_line(self, across: Axis) -> Curve:
        """The thin line on which equal readings lie."""
        return level_line(self.equality, across, Tone.REFERENCE, width=1.0)

    def curves(self, across: Axis) -> tuple[Curve, ...]:
        """Dashed limits and the solid bias."""
        return (
            level_line(self.lower, across, Tone.LIMIT, Dash.DASHED),
            level_line(self.upper, across, Tone.LIMIT, Dash.DASHED),
            level_line(self.bias, across, Tone.BIAS, width=2.0),
        )

    def edge_labels(self) -> tuple[EdgeLabel, ...]:
        """Names and figures at the right end of the lines."""
        named = [("stats.edge.bias", self.bias, Tone.BIAS)]
        if self.spread:
            named += [
                ("stats.edge.upper", self.upper, Tone.LIMIT),
                ("stats.edge.lower", self.lower, Tone.LIMIT),
            ]
        return tuple(
            EdgeLabel(value, label(code, value=number(value, self.decimals)), tone)
            for code, value, tone in named
        )

    def legend(self) -> tuple[LegendEntry, ...]:
        """What the thin line and the bands are."""
        entries = [LegendEntry(label("stats.legend.equality"), Tone.REFERENCE, dash=Dash.SOLID)]
        if self.bias_ci is not None:
            entries.append(LegendEntry(label("stats.legend.ci"), Tone.LIMIT, filled=True))
        return tuple(entries)
