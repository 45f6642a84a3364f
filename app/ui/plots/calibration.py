"""Predicted against observed: groups of patients with their intervals, and every patient at the edge."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.stats.calibration import Calibration
from app.stats.formatting import number, percent
from app.stats.model_fit import HosmerLemeshow
from app.stats.newton import sigmoid
from app.stats.proportion import Proportion, wilson
from app.stats.result import FloatArray, NotDefined
from app.ui.plots.spec import Axis, Curve, Dash, Figure, LegendEntry, Spot, Symbol, Tone
from app.ui.sentences import label

_PERCENT, _LEVEL = 100.0, 0.95
_TICKS = (0.0, 20.0, 40.0, 60.0, 80.0, 100.0)
# patients stand outside the groups, those with the outcome at the top
_OUTSIDE, _ENDS = 4.0, 8.0
_LOOKS = {True: (Tone.THIRD, Symbol.TRIANGLE), False: (Tone.FIRST, Symbol.CIRCLE)}
_STEPS = 101


def calibration_figure(
    groups: HosmerLemeshow | NotDefined | None,
    left_out: Calibration | NotDefined | None,
    *,
    probabilities: FloatArray,
    diseased: FloatArray,
    codes: Sequence[str],
    footer: str = "",
) -> Figure:
    """Draw how far predicted probabilities come true.

    Parameters
    ----------
    groups : HosmerLemeshow or NotDefined or None
        Observed and predicted events by group of predicted probability.
    left_out : Calibration or NotDefined or None
        Of predictions for patients left out of the fit.
    probabilities, diseased : ndarray, shape (n,)
        Prediction and outcome (1 or 0) of each patient.
    codes : sequence of str, length n
        Case codes.
    footer : str
        Small words below.
    """
    ends = (-_ENDS, _PERCENT + _ENDS)
    curves = [Curve(np.array([0.0, _PERCENT]), np.array([0.0, _PERCENT]), Tone.REFERENCE, Dash.DOTTED, 1.0)]
    legend = [LegendEntry(label("roc.legend.perfect"), Tone.REFERENCE, dash=Dash.DOTTED)]
    marks: list[Spot] = []
    if isinstance(left_out, Calibration):
        curves.append(_recalibrated(left_out))
        legend.append(LegendEntry(label("roc.legend.left_out"), Tone.SECOND, dash=Dash.DASHED))
    if isinstance(groups, HosmerLemeshow):
        bars, marks = _groups(groups)
        curves += bars
        legend.append(LegendEntry(label("roc.legend.groups"), Tone.BIAS, Symbol.SQUARE, Dash.SOLID))
    for is_diseased, code in ((True, "roc.legend.with"), (False, "roc.legend.without")):
        tone, symbol = _LOOKS[is_diseased]
        legend.append(LegendEntry(label(code), tone, symbol))
    return Figure(
        Axis(label("roc.axis.predicted"), *ends, _TICKS),
        Axis(label("roc.axis.observed"), *ends, _TICKS),
        curves=tuple(curves),
        spots=(*_patients(probabilities, diseased, codes), *marks),
        legend=tuple(legend),
        square=True,
        footer=footer,
    )


def _recalibrated(found: Calibration) -> Curve:
    """What the predictions would have to be moved to, along the logistic line of the calibration."""
    share = np.linspace(0.0, 1.0, _STEPS)[1:-1]
    moved = sigmoid(found.intercept + found.slope * np.log(share / (1.0 - share)))
    return Curve(_PERCENT * share, _PERCENT * moved, Tone.SECOND, Dash.DASHED, 1.5)


def _groups(found: HosmerLemeshow) -> tuple[list[Curve], list[Spot]]:
    bars, marks = list[Curve](), list[Spot]()
    for size, observed, expected in zip(
        found.sizes.tolist(), found.observed.tolist(), found.expected.tolist(), strict=True
    ):
        share = Proportion(observed, size, wilson(observed, size, level=_LEVEL))
        x, y = _PERCENT * expected / size, _PERCENT * share.value
        limits = _PERCENT * np.array([share.ci.low, share.ci.high])
        bars.append(Curve(np.array([x, x]), limits, Tone.BIAS, Dash.SOLID, 1.2))
        tip = label("roc.tip.group", predicted=number(x, 1), observed=percent(share.value), counts=str(share))
        marks.append(Spot(x, y, Tone.BIAS, Symbol.SQUARE, tip=tip, large=True))
    return bars, marks


def _patients(probabilities: FloatArray, diseased: FloatArray, codes: Sequence[str]) -> list[Spot]:
    spots = []
    for code, share, outcome in zip(codes, probabilities.tolist(), diseased.tolist(), strict=True):
        tone, symbol = _LOOKS[outcome == 1.0]
        y = _PERCENT + _OUTSIDE if outcome == 1.0 else -_OUTSIDE
        tip = label("roc.tip.patient", code=code, predicted=percent(share))
        spots.append(Spot(_PERCENT * share, y, tone, symbol, code, tip))
    return spots
