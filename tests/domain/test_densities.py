"""What a density can be in each unit."""

import pytest

from app.domain.densities import OUTSIDE, PLAUSIBLE, fits, units_for


@pytest.mark.parametrize(
    ("value", "unit", "fitting"),
    [
        (0.1, "g/cm2", True),
        (0.0999, "g/cm2", False),
        (3.0, "g/cm2", True),
        (3.001, "g/cm2", False),
        (99.9, "mg/cm2", False),
        (100.0, "mg/cm2", True),
        (3000.0, "mg/cm2", True),
        (3000.1, "mg/cm2", False),
        (0.99, "mg/cm3", False),
        (1.0, "mg/cm3", True),
        (500.0, "mg/cm3", True),
        (500.1, "mg/cm3", False),
        (1e9, "", True),
        (0.0, "", False),
        (-1.0, "", False),
    ],
)
def test_a_density_is_plausible_up_to_both_limits_of_its_unit(value: float, unit: str, fitting: bool) -> None:
    assert fits(value, unit) is fitting


def test_units_are_those_that_allow_every_density() -> None:
    assert units_for([0.8, 1.1]) == ("g/cm2",)
    assert units_for([150.0, 320.0]) == ("mg/cm2", "mg/cm3")
    assert units_for([150.0, 899.0]) == ("mg/cm2",)
    assert units_for([0.9, 899.0]) == ()


def test_every_unit_has_a_code_of_its_own() -> None:
    assert OUTSIDE.keys() == PLAUSIBLE.keys()
    assert len(set(OUTSIDE.values())) == len(OUTSIDE)
