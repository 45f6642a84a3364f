"""Numbers as text: fixed decimals, no "-0.00", and a p value that is never 0.000."""

from __future__ import annotations

from collections.abc import Iterable

from app.stats.result import Interval


def number(value: float, decimals: int = 3) -> str:
    """Write a number with fixed decimals and an ASCII minus; what rounds to zero has no sign."""
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0.0 else text


def numbers(values: Iterable[float], decimals: int = 3) -> list[str]:
    """Write many numbers as :func:`number` does one, in a third of the time."""
    zero = f"{0.0:.{decimals}f}"
    texts = [f"{value:.{decimals}f}" for value in values]
    below = f"-{zero}"
    return [zero if text == below else text for text in texts]


def p_value(p: float) -> str:
    """Write a p value with its relation: ``"= 0.012"``, ``"< 0.001"`` or ``"> 0.999"``."""
    smallest, largest = 0.001, 0.999
    if p < smallest:
        return "< 0.001"
    return "> 0.999" if p > largest else f"= {p:.3f}"


def percent(share: float, decimals: int = 1) -> str:
    """Write a share of 1 as percent, without the sign."""
    return number(100.0 * share, decimals)


def confidence(level: float) -> str:
    """Write a confidence level: ``"95 %"``, ``"99.5 %"``."""
    return f"{100.0 * level:g} %"


def limits(interval: Interval, decimals: int = 3) -> str:
    """Write the limits of an interval: ``"0.850 to 0.924"``."""
    return f"{number(interval.low, decimals)} to {number(interval.high, decimals)}"
