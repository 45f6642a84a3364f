"""Values as SQLite keeps them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np


def values(parameters: Sequence[Any]) -> list[Any]:
    """Python's own types: SQLite would keep a numpy number as a BLOB; what is not finite becomes NULL."""
    return [_value(value) for value in parameters]


def _value(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
