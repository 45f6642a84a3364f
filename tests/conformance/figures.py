"""What the adapters share: from our values to the names and shapes of an oracle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.stats.regression import Line, Parameter
from app.stats.result import Interval

Oracle = Mapping[str, Any]
Ours = dict[str, Any]


def limits(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def under(name: str, ours: Ours) -> Ours:
    return {f"{name}.{key}": value for key, value in ours.items()}


def level_of(oracle: Oracle) -> float:
    return float(oracle["options"]["level"])


def line_figures(line: Line) -> Ours:
    return {**parameter("intercept", line.intercept), **parameter("slope", line.slope)}


def parameter(name: str, one: Parameter) -> Ours:
    return {
        name: one.estimate,
        f"se_{name}": one.se,
        f"t_{name}": one.t,
        f"p_{name}": one.p,
        f"{name}_ci": limits(one.ci),
    }
