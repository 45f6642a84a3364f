"""The unit of readings that were measured elsewhere: doubted of all numbers, of a reader or of a column."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.files.readings_table import TableValue
from app.services.readings_units import Doubt, units_of

FF, R2STAR = Quantity.FF, Quantity.R2STAR


def of(reader: str, *numbers: float, column: str = "", quantity: Quantity = FF) -> list[TableValue]:
    header = column or ("FF" if quantity is FF else "R2*")
    return [
        TableValue(2, "1", "", "", reader, 1, Level.L1, quantity, number, header, str(number))
        for number in numbers
    ]


def doubts(*values: Iterable[TableValue], said: dict[Quantity, str] | None = None) -> tuple[Doubt, ...]:
    return units_of([one for group in values for one in group], said or {})[1]


def test_numbers_in_the_usual_units_are_not_doubted() -> None:
    units, told = units_of([*of("Li", 41, 43), *of("Li", 150, 140, quantity=R2STAR)], {})
    assert (units, told) == ({FF: "percent", R2STAR: "per_second"}, ())


def test_a_reader_in_fractions_beside_one_in_per_cent_is_named_whatever_is_said_of_the_table() -> None:
    told = (Doubt(FF, "readings.ff_apart", 0.42, "Li", "Chen", 41.2),)
    both = of("Li", 0.41, 0.42, 0.43), of("Chen", 41.2)
    assert doubts(*both) == told
    for unit in ("percent", "fraction"):
        assert doubts(*both, said={FF: unit}) == told


def test_rates_per_second_and_per_millisecond_of_two_readers_are_apart() -> None:
    both = of("Li", 152, 150, quantity=R2STAR), of("Chen", 0.15, quantity=R2STAR)
    assert doubts(*both) == (Doubt(R2STAR, "readings.r2star_apart", 0.15, "Chen", "Li", 151.0),)


@pytest.mark.parametrize(("low", "apart"), [(2.0, False), (1.99, True), (0.0, True)])
def test_readers_are_apart_from_more_than_twenty_times_on(low: float, apart: bool) -> None:
    told = doubts(of("Li", low), of("Chen", 40.0), said={FF: "percent"})
    assert [one.code for one in told] == (["readings.ff_apart"] if apart else [])


def test_nothing_is_apart_from_nothing() -> None:
    assert doubts(of("Li", 0.0), of("Chen", 0.0), said={FF: "percent"}) == ()


def test_columns_that_cannot_have_one_unit_are_named_where_every_reader_has_both() -> None:
    values = [
        *of("Li", 41, 42, 44, column="L1 FF"),
        *of("Li", 0.41, 0.42, column="L2 FF"),
        *of("Chen", 40, 45, 44, column="L1 FF"),
        *of("Chen", 0.4, 0.44, column="L2 FF"),
    ]
    assert doubts(values) == (Doubt(FF, "readings.ff_apart", 0.415, "L2 FF", "L1 FF", 43.0),)


def test_what_all_readers_have_in_common_is_doubted_once() -> None:
    told = doubts(of("Li", 0.41), of("Chen", 0.43))
    assert told == (Doubt(FF, "readings.looks_like_fraction", 0.42),)
    assert doubts(of("Li", 0.41), of("Chen", 0.43), said={FF: "fraction"}) == ()


def test_what_looks_odd_of_one_reader_is_told_of_that_reader() -> None:
    both = of("Li", 152, 150, quantity=R2STAR), of("Chen", 18, 17, quantity=R2STAR)
    assert doubts(*both) == (Doubt(R2STAR, "readings.looks_like_t2star_of", 17.5, "Chen"),)
    assert doubts(*both, said={R2STAR: "per_second"}) == ()
    both = of("Li", 30.0, 32.0), of("Chen", 400.0)
    assert doubts(*both) == (Doubt(FF, "readings.looks_like_permille_of", 400.0, "Chen"),)


def test_what_looks_odd_of_one_column_is_told_of_that_column() -> None:
    values = of("Li", 152, 150, 151, quantity=R2STAR), of("Li", 19, column="L5 R2*", quantity=R2STAR)
    assert doubts(*values) == (Doubt(R2STAR, "readings.looks_like_t2star_of", 19.0, "L5 R2*"),)


def test_a_median_between_readers_is_doubted_of_all_numbers_where_no_part_is() -> None:
    values = of("Li", 2.0, quantity=R2STAR), of("Chen", 25.0, quantity=R2STAR)
    assert doubts(*values) == (Doubt(R2STAR, "readings.looks_like_t2star", 13.5),)
