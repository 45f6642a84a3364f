from __future__ import annotations

import dataclasses
import importlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.stats.describe import Description, describe
from app.stats.formatting import confidence, limits, number, numbers, p_value, percent
from app.stats.proportion import clopper_pearson, proportion, wilson
from app.stats.result import Interval, NotDefined, Note, complete_cases


def test_a_row_with_any_gap_is_left_out_and_counted() -> None:
    cases = complete_cases([[1.0, np.nan, 3.0, 4.0], [1.0, 2.0, np.inf, 4.0]])
    assert cases.n == 2
    assert cases.n_excluded == 2
    assert cases.index.tolist() == [0, 3]
    assert cases.columns[1].tolist() == [1.0, 4.0]


def test_none_counts_as_missing() -> None:
    assert complete_cases([[1.0, None]]).n_excluded == 1


def test_the_columns_of_a_result_cannot_be_changed() -> None:
    cases = complete_cases([[1.0, 2.0]])
    with pytest.raises(ValueError, match="read-only"):
        cases.columns[0][0] = 5.0
    with pytest.raises(ValueError, match="read-only"):
        cases.index[0] = 1


def test_a_table_is_no_column() -> None:
    with pytest.raises(ValueError, match="expected one column"):
        complete_cases([[[1.0, 2.0]]])


def test_columns_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="same shape"):
        complete_cases([[1.0], [1.0, 2.0]])


def test_a_note_is_frozen_with_its_values() -> None:
    note = Note.of("icc.negative", estimate=-0.2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        note.code = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        note.values["estimate"] = 0.0  # type: ignore[index]


def test_the_package_itself_loads_neither_numpy_nor_scipy() -> None:
    program = (
        "import sys, app.stats; print(sorted(m for m in ('numpy', 'scipy', 'sklearn') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_statistics_load_neither_scipy_stats_nor_scikit_learn() -> None:
    program = (
        "import sys, app.stats.sentences; "
        "print(sorted(m for m in ('scipy.stats', 'sklearn', 'pandas') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    importlib.import_module("app.stats.sentences")


def test_a_description_has_spss_quartiles() -> None:
    # SPSS Frequencies for 1..6: quartiles 1.75, 3.5 and 5.25
    result = describe([3, 1, 2, 6, 5, 4, None])
    assert isinstance(result, Description)
    assert (result.q1, result.median, result.q3) == (1.75, 3.5, 5.25)
    assert (result.n, result.n_excluded, result.minimum, result.maximum) == (6, 1, 1.0, 6.0)
    assert result.mean == 3.5
    assert result.sd == pytest.approx(np.sqrt(3.5))


def test_a_single_value_has_a_mean_and_no_sd() -> None:
    result = describe([7.0])
    assert isinstance(result, Description)
    assert result.mean == 7.0
    assert result.sd is None
    assert [note.code for note in result.notes] == ["describe.single"]


def test_a_constant_column_has_an_sd_of_exactly_zero() -> None:
    result = describe([0.1 + 0.2, 0.3, 0.3])
    assert isinstance(result, Description)
    assert result.sd == 0.0


def test_nothing_to_describe_is_not_defined() -> None:
    result = describe([np.nan, None])
    assert result == NotDefined.of("describe.empty", n_excluded=2)


def test_large_nearly_equal_values_keep_their_spread() -> None:
    # the pattern of NIST's SmLs07: tenths on a million millions; the SD of 0.2, 0.3, 0.4 is exactly 0.1
    result = describe([1e12 + 0.25, 1e12 + 0.5, 1e12 + 0.75])
    assert isinstance(result, Description)
    assert result.sd == 0.25
    assert result.mean == 1e12 + 0.5


@pytest.mark.parametrize(
    ("p", "written"),
    [(0.0, "< 0.001"), (0.00099, "< 0.001"), (0.001, "= 0.001"), (0.0123, "= 0.012"), (0.9999, "> 0.999")],
)
def test_a_p_value_is_never_written_as_zero_or_one(p: float, written: str) -> None:
    assert p_value(p) == written


def test_what_rounds_to_zero_has_no_sign() -> None:
    assert number(-0.0001, 2) == "0.00"
    assert number(-0.006, 2) == "-0.01"


def test_shares_levels_and_limits_are_written_with_fixed_decimals() -> None:
    assert percent(41 / 49) == "83.7"
    assert confidence(0.95) == "95 %"
    assert confidence(0.995) == "99.5 %"
    assert limits(Interval(-0.25, 0.924, 0.95, "any"), 2) == "-0.25 to 0.92"


def test_nothing_of_nothing_is_no_proportion() -> None:
    assert proportion(0, 0) is None


def test_a_proportion_is_written_with_its_counts() -> None:
    share = proportion(41, 49)
    assert str(share) == "41/49"


@pytest.mark.parametrize("interval", [wilson, clopper_pearson])
def test_none_and_all_reach_the_ends_exactly(interval: object) -> None:
    assert callable(interval)
    assert interval(0, 7).low == 0.0
    assert interval(7, 7).high == 1.0
    assert 0.0 < interval(3, 7).low < 3 / 7 < interval(3, 7).high < 1.0


@pytest.mark.parametrize("decimals", [0, 1, 2, 3])
@given(values=st.lists(st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, -0.004, 0.005, -0.5])))
def test_many_numbers_are_written_as_each_alone(decimals: int, values: list[float]) -> None:
    assert numbers(values, decimals) == [number(value, decimals) for value in values]
