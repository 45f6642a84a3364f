"""The Bland-Altman plot of single vertebrae: several points of each patient, one pair of limits."""

from __future__ import annotations

from collections.abc import Sequence

from app.domain.clinical import Group, Scheme
from app.domain.protocol import Level
from app.stats.bland_altman_varying_truth import VaryingTruth
from app.stats.formatting import numbers
from app.ui.plots import groups as looks
from app.ui.plots.limits import LimitLines
from app.ui.plots.spec import Figure, Spot, axis
from app.ui.sentences import LABELS

_DECIMALS = 2


def levels_figure(
    result: VaryingTruth,
    *,
    titles: tuple[str, str],
    codes: Sequence[str],
    groups: Sequence[Group | None],
    levels: Sequence[Level],
    scheme: Scheme = Scheme.T_SCORE,
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
    scheme : Scheme
        What made the groups.
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
        legend=(*looks.legend(groups, sorted(set(result.index.tolist())), scheme), *lines.legend()),
        footer=footer,
    )


def _spots(
    result: VaryingTruth, codes: Sequence[str], groups: Sequence[Group | None], levels: Sequence[Level]
) -> tuple[Spot, ...]:
    look, names = looks.look_of(groups), [level.value for level in levels]
    means, away = result.means.tolist(), result.differences.tolist()
    # there are as many as vertebrae: all their numbers are written at once
    points = zip(
        result.index.tolist(),
        result.occasion.tolist(),
        means,
        away,
        numbers(means, _DECIMALS),
        numbers(away, _DECIMALS),
        strict=True,
    )
    tip = LABELS["agreement.tip.level"].format
    spots = []
    for row, place, x, y, mean, difference in points:
        tone, symbol = look[row]
        told = tip(code=codes[row], level=names[place], mean=mean, difference=difference)
        spots.append(Spot(x, y, tone, symbol, codes[row], told))
    return tuple(spots)
