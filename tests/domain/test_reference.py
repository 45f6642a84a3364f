"""Anatomical series beside the maps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from app.domain.grid import Grid
from app.domain.reference import ReferenceSeries

MakeGrid = Callable[..., Grid]


def test_the_voxels_of_a_reference_cannot_be_changed(make_grid: MakeGrid) -> None:
    series = ReferenceSeries("T2", np.zeros((2, 3, 4), np.uint16), make_grid((2, 3, 4)), (0.0, 800.0))
    with pytest.raises(ValueError, match="read-only"):
        series.stored[0, 0, 0] = 7


def test_voxels_that_do_not_fit_the_grid_of_a_reference_are_refused(make_grid: MakeGrid) -> None:
    with pytest.raises(ValueError, match="do not fit the grid"):
        ReferenceSeries("T2", np.zeros((2, 3, 4), np.uint16), make_grid((2, 4, 3)), (0.0, 800.0))


def test_nothing_can_be_measured_on_a_reference(make_grid: MakeGrid) -> None:
    """It has no scale, no unit and no quantity: measuring it is not refused but impossible."""
    series = ReferenceSeries("T2", np.zeros((2, 3, 4), np.uint16), make_grid((2, 3, 4)), (0.0, 800.0))
    assert not any(hasattr(series, name) for name in ("scale", "scaling", "unit", "quantity", "value_at"))
