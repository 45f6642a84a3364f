"""Means that lack levels, against least squares on dummies and against laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.stats.level_effects import LevelEffects, level_effects, level_shifts
from app.stats.result import FloatArray, NotDefined

GAP = np.nan
FEW = st.integers(2, 5)


def effects_of(values: object) -> FloatArray:
    found = level_effects(values)  # type: ignore[arg-type]
    assert isinstance(found, LevelEffects)
    return found.effects


def adjusted_means(values: object, effects: object) -> FloatArray:
    """Plain mean of each row, and what it lacks."""
    table = np.array(values, dtype=float)
    there = np.isfinite(table)
    plain = np.array(
        [row[kept].sum() / kept.sum() if kept.any() else GAP for row, kept in zip(table, there, strict=True)]
    )
    return np.asarray(plain + level_shifts(there, effects))  # type: ignore[arg-type]


def by_dummies(table: FloatArray) -> FloatArray:
    """Adjusted means by the definition: one dummy for each row and level, the smallest solution."""
    rows, levels = np.nonzero(np.isfinite(table))
    design = np.zeros((rows.size, sum(table.shape)))
    design[np.arange(rows.size), rows] = 1.0
    design[np.arange(rows.size), table.shape[0] + levels] = 1.0
    found = np.linalg.lstsq(design, table[rows, levels], rcond=None)[0]
    return np.asarray(found[: table.shape[0]] + found[table.shape[0] :].mean())


@pytest.mark.parametrize("seed", range(8))
def test_adjusted_means_are_those_of_least_squares_on_dummies(seed: int) -> None:
    rng = np.random.default_rng(seed)
    levels = 4 + seed % 2
    table = rng.normal(50.0, 9.0, (30, 1)) + 2.5 * np.arange(levels) + rng.normal(0.0, 1.5, (30, levels))
    table[rng.random(table.shape) < 0.3] = GAP
    table[~np.isfinite(table).any(axis=1), 0] = 50.0
    assert adjusted_means(table, effects_of(table)) == pytest.approx(by_dummies(table), rel=1e-10)


@st.composite
def gappy(draw: st.DrawFn) -> tuple[FloatArray, FloatArray, np.ndarray]:
    """What rows and levels add, and which values are there; the first row is complete, none is empty."""
    rows, levels = draw(FEW), draw(FEW)
    numbers = st.floats(-100.0, 100.0)
    of_row, of_level = (
        draw(arrays(float, rows, elements=numbers)),
        draw(arrays(float, levels, elements=numbers)),
    )
    there = draw(arrays(bool, (rows, levels)))
    there[0] = True
    there[:, 0] |= ~there.any(axis=1)
    return of_row, of_level, there


@given(gappy())
def test_where_levels_only_add_what_is_missing_changes_no_adjusted_mean(
    made: tuple[FloatArray, FloatArray, np.ndarray],
) -> None:
    of_row, of_level, there = made
    table = np.where(there, of_row[:, np.newaxis] + of_level, GAP)
    found = effects_of(table)
    assert found == pytest.approx(of_level - of_level.mean(), abs=1e-9)
    assert adjusted_means(table, found) == pytest.approx(of_row + of_level.mean(), abs=1e-9)


@given(arrays(float, st.tuples(FEW, FEW), elements=st.floats(-1e6, 1e6)))
def test_the_adjusted_mean_of_a_complete_row_is_the_plain_mean_bit_for_bit(table: FloatArray) -> None:
    plain = table.sum(axis=1) / table.shape[1]
    assert adjusted_means(table, effects_of(table)).tolist() == plain.tolist()


@given(gappy(), st.integers(0, 1000))
def test_what_rows_add_and_the_order_of_levels_do_not_matter_to_the_effects(
    made: tuple[FloatArray, FloatArray, np.ndarray], seed: int
) -> None:
    of_row, _, there = made
    rng = np.random.default_rng(seed)
    table = np.where(there, rng.normal(0.0, 10.0, there.shape), GAP)
    found = effects_of(table)
    assert effects_of(table + of_row[:, np.newaxis]) == pytest.approx(found, abs=1e-9)
    order = rng.permutation(table.shape[1])
    assert effects_of(table[:, order]) == pytest.approx(found[order], abs=1e-9)
    assert found.sum() == pytest.approx(0.0, abs=1e-9)


def test_a_patient_without_the_highest_level_is_no_longer_too_low() -> None:
    table = np.array([[40.0, 42.0, 44.0, 46.0], [60.0, 62.0, 64.0, 66.0], [50.0, 52.0, 54.0, GAP]])
    assert np.nanmean(table[2]) == 52.0
    assert adjusted_means(table, effects_of(table))[2] == pytest.approx(53.0, rel=1e-12)


def test_a_chain_of_rows_is_enough_to_compare_levels_nobody_has_together() -> None:
    chain = [[1.0, 3.0, GAP, GAP], [GAP, 5.0, 6.0, GAP], [GAP, GAP, 0.0, 4.0]]
    assert np.diff(effects_of(chain)) == pytest.approx([2.0, 1.0, 4.0])


@pytest.mark.parametrize(
    ("table", "n"),
    [
        ([[1.0, 2.0, GAP], [3.0, 4.0, np.inf]], 2),
        ([[1.0, 2.0, GAP, GAP], [GAP, GAP, 3.0, 4.0]], 2),
        ([[1.0, GAP], [GAP, 2.0]], 0),
        (np.empty((0, 4)), 0),
        (np.empty((3, 0)), 0),
    ],
    ids=[
        "a level nobody measured",
        "levels nobody measured together",
        "one value each",
        "no row",
        "no level",
    ],
)
def test_levels_that_cannot_be_compared_have_no_effects(table: object, n: int) -> None:
    found = level_effects(table)  # type: ignore[arg-type]
    assert isinstance(found, NotDefined)
    assert (found.code, found.values["n"]) == ("level_effects.unlinked", n)


def test_a_single_level_adds_nothing() -> None:
    found = level_effects([[3.0], [5.0]])
    assert isinstance(found, LevelEffects)
    assert (found.effects.tolist(), found.n, found.n_excluded) == ([0.0], 0, 2)


def test_rows_that_compare_nothing_are_counted_and_change_nothing() -> None:
    told = [[1.0, 3.0, 4.0], [2.0, GAP, 7.0], [9.0, 8.0, GAP]]
    found = level_effects([*told, [GAP, 90.0, GAP], [GAP, GAP, GAP]])
    assert isinstance(found, LevelEffects)
    assert (found.n, found.n_excluded) == (3, 2)
    assert found.effects.tolist() == effects_of(told).tolist()
    assert not found.effects.flags.writeable


def test_effects_that_are_not_known_leave_complete_means_and_no_others() -> None:
    there = np.array([[True, True], [True, False], [False, False]])
    assert level_shifts(there, [GAP, GAP]).tolist() == pytest.approx([0.0, GAP, GAP], nan_ok=True)
    assert level_shifts(there, [-1.0, 1.0]).tolist() == pytest.approx([0.0, 1.0, GAP], nan_ok=True)


def test_each_row_may_have_effects_of_its_own() -> None:
    table = [[10.0, GAP], [10.0, GAP], [GAP, GAP]]
    found = adjusted_means(table, [[-1.0, 1.0], [-2.0, 2.0], [0.0, 0.0]])
    assert found.tolist() == pytest.approx([11.0, 12.0, GAP], nan_ok=True)


def test_a_single_column_of_numbers_is_no_table() -> None:
    with pytest.raises(ValueError, match="patients by readings"):
        level_effects([1.0, 2.0])
