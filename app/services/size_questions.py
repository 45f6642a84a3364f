"""What a study can be planned for, and which figures are asked for it. Knows no statistics."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Kind = Literal["number", "whole", "percent", "list"]
"""``percent`` is typed as one and computed with as a share of 1; ``list`` holds at least two numbers."""


LARGEST, _SMALLEST = 1e6, 1e-6
"""No figure of a study is larger, nor nearer to a limit that it may not reach."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One figure that is asked for.

    Attributes
    ----------
    name : str
    default : str
        As it is typed.
    kind : Kind
    low, high : float
        What is typed lies between them.
    reaches_low : bool
        It may be equal to ``low``.
    """

    name: str
    default: str
    kind: Kind = "number"
    low: float = 0.0
    high: float = math.inf
    reaches_low: bool = False

    def holds(self, value: float) -> bool:
        """Tell whether a number lies within the limits."""
        above = self.low <= value if self.reaches_low else self.low + _SMALLEST <= value
        return above and value <= self.high - _SMALLEST


_ALPHA = Asked("alpha", "0.05", high=1.0)
_POWER = Asked("power", "80", "percent", high=100.0)
_LEVEL = Asked("level", "95", "percent", high=100.0)
_READERS = Asked("readers", "2", "whole", low=2.0, reaches_low=True)
_PREVALENCE = Asked("prevalence", "40", "percent", high=100.0)
_HALF_WIDTH = Asked("half_width", "7", "percent", high=100.0)
_DIFFERENCE = Asked("difference", "5", low=-math.inf)
_SD, _SD_OF_DIFFERENCES = Asked("sd", "10"), Asked("sd_of_differences", "5")
_RHO = Asked("rho", "0.90", high=1.0)

LOST = Asked("lost", "10", "percent", high=100.0, reaches_low=True)
"""Asked beside every plan."""


QUESTIONS: Mapping[str, tuple[Asked, ...]] = MappingProxyType(
    {
        "auc": (Asked("auc", "0.80", low=0.5, high=1.0), Asked("controls_per_case", "1"), _ALPHA, _POWER),
        "sensitivity": (Asked("sensitivity", "85", "percent", high=100.0), _HALF_WIDTH, _PREVALENCE, _LEVEL),
        "specificity": (Asked("specificity", "85", "percent", high=100.0), _HALF_WIDTH, _PREVALENCE, _LEVEL),
        "correlation": (Asked("r", "0.30", low=-1.0, high=1.0), _ALPHA, _POWER),
        "two_means": (_DIFFERENCE, _SD, _ALPHA, _POWER),
        "paired_means": (_DIFFERENCE, _SD_OF_DIFFERENCES, _ALPHA, _POWER),
        "group_means": (Asked("means", "45 50 55", "list", low=-math.inf), _SD, _ALPHA, _POWER),
        "two_proportions": (
            Asked("first", "30", "percent", high=100.0),
            Asked("second", "50", "percent", high=100.0),
            _ALPHA,
            _POWER,
        ),
        "chi_square": (
            Asked("w", "0.3"),
            Asked("df", "2", "whole", low=1.0, reaches_low=True),
            _ALPHA,
            _POWER,
        ),
        "icc_width": (_RHO, Asked("width", "0.10"), _READERS, _LEVEL),
        "icc_test": (_RHO, Asked("null", "0.75", high=1.0), _READERS, _ALPHA, _POWER),
        "limits": (_SD_OF_DIFFERENCES, Asked("limit_half_width", "1"), _LEVEL),
    }
)
"""What is asked for each plan, in the order they are offered."""
