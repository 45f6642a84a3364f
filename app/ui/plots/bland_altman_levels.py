"""The Bland-Altman plot of single vertebrae: several points of each patient, one pair of limits."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.clinical import Group
from app.domain.protocol import Level
from app.stats.bland_altman_varying_truth import VaryingTruth
from app.stats.formatting import number
from app.ui.plots import groups as looks
from app.ui.plots.limits import LimitLines
from app.ui.plots.spec import Figure, Spot, axis
from app.ui.sentences import label

_DECIMALS = 2


def levels_figure(
    result: VaryingTruth,
    *,
    titles: tuple[str, str],
    codes: Sequence[str],
    groups: Sequence[Group | None],
    levels: Sequence[Level],
    footer: str = "",
) -> Figure:
    """Draw differences of vertebrae against their means.

    Parameters
    ----------
    result : VaryingTruth
        Limits; those of ``by_patient`` are drawn, because they have intervals.
    titles : tuple of str
        Of the x and the y axis, with units.
    codes, groups : sequence
        Case code and bone-density group of each row ``result.index`` counts.
    levels : sequence of Level
        Of each column ``result.occasion`` counts.
    footer : str
        Small words below.
    """
    found = result.by_patient
    lines = LimitLines(
        bias=found.bias,
        lower=found.lower.value,
        upper=found.upper.value,
        bias_ci=found.bias_ci,
        lower_ci=found.lower.mover,
        upper_ci=found.upper.mover,
    )
    x = axis(titles[0], float(result.means.min()), float(result.means.max()))
    return Figure(
        x,
        lines.y_axis(titles[1], result.differences.tolist()),
        bands=lines.bands(x),
        curves=(lines.equality_line(x), *lines.curves(x)),
        spots=_spots(result, codes, groups, levels),
        edge_labels=lines.edge_labels(),
        legend=(*looks.legend(groups, sorted(set(result.index.tolist()))), *lines.legend()),
        footer=footer,
    )


def _spots(
    result: VaryingTruth, codes: Sequence[str], groups: Sequence[Group | None], levels: Sequence[Level]
) -> tuple[Spot, ...]:
    points = zip(
        result.index.tolist(),
        result.occasion.tolist(),
        result.means.tolist(),
        result.differences.tolist(),
        strict=True,
    )
    return tuple(
        looks.spot(mean, away, groups[row], codes[row], _tip(codes[row], levels[place], mean, away))
        for row, place, mean, away in points
    )


def _tip(code: str, level: Level, mean: float, difference: float) -> str:
    told = {"mean": number(mean, _DECIMALS), "difference": number(difference, _DECIMALS)}
    return label("agreement.tip.level", code=code, level=level.value, **told)
