from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.stats.agreement import BlandAltman, bland_altman
from app.stats.icc import Icc, MeanSquares, grade, icc, icc_from_mean_squares
from app.stats.regression import Line
from app.stats.result import NotDefined

TABLES = arrays(
    np.float64,
    st.tuples(st.integers(3, 12), st.integers(2, 4)),
    elements=st.integers(0, 8000).map(lambda hundredths: hundredths / 100),
)


def measured(x: object, y: object, **options: float) -> BlandAltman:
    result = bland_altman(x, y, **options)  # type: ignore[arg-type]
    assert isinstance(result, BlandAltman)
    return result


def reliability(table: object, **options: float) -> Icc:
    result = icc(table, **options)  # type: ignore[arg-type]
    assert isinstance(result, Icc)
    return result


def test_one_pair_has_no_limits_of_agreement() -> None:
    result = bland_altman([1.0, np.nan], [2.0, 3.0])
    assert result == NotDefined.of("bland_altman.too_few", n=1, n_excluded=1)


def test_identical_readings_fall_on_zero_and_say_so() -> None:
    result = measured([1.1, 2.2, 3.3], [1.1, 2.2, 3.3])
    assert (result.bias, result.sd, result.lower.value, result.upper.value) == (0.0, 0.0, 0.0, 0.0)
    assert result.bias_p is None
    assert result.lower.exact is None
    assert [note.code for note in result.notes] == ["bland_altman.identical"]
    assert isinstance(result.proportional, NotDefined)


def test_a_constant_difference_has_no_spread_even_after_rounding() -> None:
    result = measured([10.1, 20.3, 30.7], [8.0, 18.2, 28.6])
    assert result.sd == 0.0
    assert result.bias == pytest.approx(2.1)
    assert [note.code for note in result.notes] == ["bland_altman.constant"]


def test_the_bias_is_tested_with_one_degree_of_freedom_less_than_there_are_pairs() -> None:
    result = measured([1.0, 2.0, 4.0, 8.0], [1.5, 1.8, 4.4, 7.0])
    assert result.df == 3
    assert (result.mean_x, result.mean_y) == pytest.approx((3.75, 3.675))
    assert result.sd_ci is not None
    assert result.sd_ci.low < result.sd < result.sd_ci.high


def test_two_pairs_have_limits_and_no_proportional_bias() -> None:
    result = measured([1.0, 2.0], [1.5, 1.0])
    assert result.lower.exact is not None
    assert [note.code for note in result.notes] == ["regression.too_few"]


def test_a_proportional_bias_is_told() -> None:
    x = np.linspace(10, 60, 20)
    wobble = np.tile([0.1, -0.1], 10)
    result = measured(1.1 * x + wobble, x)
    assert [note.code for note in result.notes] == ["bland_altman.proportional"]
    assert isinstance(result.proportional, Line)
    assert result.proportional.slope.p is not None
    assert result.proportional.slope.p < 0.001


def test_a_difference_exactly_proportional_to_the_mean_is_told_too() -> None:
    result = measured([2.0, 4.0, 8.0], [1.0, 2.0, 4.0])
    assert [note.code for note in result.notes] == ["bland_altman.proportional"]
    assert result.notes[0].values["p"] == 0.0


def test_the_plot_leads_back_to_the_patients() -> None:
    result = measured([1.0, np.nan, 3.0, 5.0], [1.5, 2.0, 3.5, 4.0])
    assert result.index.tolist() == [0, 2, 3]
    assert result.differences.tolist() == [-0.5, -0.5, 1.0]
    assert result.means.tolist() == [1.25, 3.25, 4.5]


def test_the_level_widens_the_intervals_and_leaves_the_limits() -> None:
    x, y = [1.0, 2.0, 4.0, 8.0, 9.0], [1.5, 1.8, 4.4, 7.0, 9.9]
    usual, wide = measured(x, y), measured(x, y, level=0.99)
    assert wide.upper.value == usual.upper.value
    assert wide.upper.exact is not None
    assert usual.upper.exact is not None
    assert wide.upper.exact.low < usual.upper.exact.low
    assert wide.upper.exact.high > usual.upper.exact.high
    assert wide.upper.exact.level == 0.99


@given(table=TABLES, shift=st.integers(-50, 50))
def test_a_shift_of_one_reader_moves_the_bias_and_nothing_else(table: np.ndarray, shift: int) -> None:
    before, after = measured(table[:, 0], table[:, 1]), measured(table[:, 0] + shift, table[:, 1])
    assert after.bias == pytest.approx(before.bias + shift, abs=1e-9)
    assert after.sd == pytest.approx(before.sd, abs=1e-9)


@given(table=TABLES)
def test_swapping_the_readers_mirrors_the_limits(table: np.ndarray) -> None:
    one, other = measured(table[:, 0], table[:, 1]), measured(table[:, 1], table[:, 0])
    assert one.bias == pytest.approx(-other.bias, abs=1e-9)
    assert one.lower.value == pytest.approx(-other.upper.value, abs=1e-9)
    assert one.n_outside == other.n_outside


@given(table=TABLES)
def test_the_exact_interval_of_a_limit_leans_outward(table: np.ndarray) -> None:
    result = measured(table[:, 0], table[:, 1])
    assume(result.sd > 0.0)
    assert result.upper.exact is not None
    assert result.upper.exact.low < result.upper.value < result.upper.exact.high
    assert result.upper.exact.high - result.upper.value > result.upper.value - result.upper.exact.low


def test_one_reader_or_one_patient_has_no_icc() -> None:
    assert icc([[1.0], [2.0]]) == NotDefined.of("icc.too_few", n=2, k=1, n_excluded=0)
    assert icc([[1.0, 2.0], [np.nan, 3.0]]) == NotDefined.of("icc.too_few", n=1, k=2, n_excluded=1)


def test_equal_readings_everywhere_have_no_icc() -> None:
    assert icc([[0.3, 0.1 + 0.2], [0.3, 0.3]]) == NotDefined.of("icc.no_variance", n=2, k=2)


def test_a_row_of_readings_is_no_table() -> None:
    with pytest.raises(ValueError, match="patients by readers"):
        icc([1.0, 2.0])


def test_identical_readers_agree_perfectly_without_an_interval() -> None:
    result = reliability([[10.1, 10.1], [20.2, 20.2], [30.3, 30.3]])
    assert [form.estimate for form in result.forms] == [1.0] * 6
    assert all(form.ci is None and form.f is None and form.p is None for form in result.forms)
    assert result.grades is None
    assert [note.code for note in result.notes] == ["icc.identical"]


def test_a_constant_bias_lowers_agreement_and_not_consistency() -> None:
    result = reliability([[10.0, 15.0], [20.0, 25.0], [31.0, 36.0]])
    assert result.form("ICC(3,1)").estimate == 1.0
    assert result.form("ICC(3,1)").ci is None
    assert result.headline.estimate is not None
    assert result.headline.estimate < 1.0
    assert result.headline.ci is not None


def test_the_headline_names_model_definition_and_type() -> None:
    result = reliability([[1.0, 2.0, 1.5], [3.0, 3.0, 3.5], [5.0, 6.0, 6.0]])
    assert result.headline.full_name == "ICC(2,1), two-way random effects, absolute agreement, single reader"
    assert (
        result.average.full_name == "ICC(2,3), two-way random effects, absolute agreement, mean of 3 readers"
    )


def test_each_form_tells_what_is_computed_whatever_its_model_is_called() -> None:
    result = reliability([[1.0, 2.0], [3.0, 3.0], [5.0, 6.0]])
    assert [form.description for form in result.forms] == [
        "one-way random, single",
        "two-way, absolute agreement, single (random or mixed: same number)",
        "two-way, consistency, single (random or mixed: same number)",
        "one-way random, average",
        "two-way, absolute agreement, average",
        "two-way, consistency, average",
    ]


def test_a_negative_icc_stays_and_is_flagged() -> None:
    result = reliability([[10, 13], [12, 9], [11, 12], [13, 10], [9, 12]])
    assert result.headline.estimate is not None
    assert result.headline.estimate < 0.0
    assert [note.code for note in result.notes] == [
        "icc.interval_not_defined",
        "icc.negative",
        "icc.not_interpretable",
    ]
    assert result.grades == ("poor", "poor")


def test_a_form_whose_denominator_vanishes_is_none() -> None:
    result = reliability([[1.0, 2.0], [2.0, 1.0]])
    assert result.headline.estimate is None
    assert result.form("ICC(1,k)").estimate is None
    assert result.form("ICC(1,k)").ci is None
    assert result.headline.ci is None
    assert "icc.form_not_defined" in [note.code for note in result.notes]
    assert result.grades is None


def test_a_table_without_error_or_patients_has_only_a_reader_effect() -> None:
    result = reliability([[1.0, 4.0], [1.0, 4.0], [1.0, 4.0]])
    assert result.headline.estimate == 0.0
    assert result.headline.ci is None


@pytest.mark.parametrize(
    "table",
    [
        [[0.0, 0.0, 0.13], [0.11, 0.0, 0.0], [0.15, 0.0, 0.0]],
        [[0.0, 0.0, 1.09], [1.38, 0.0, 0.0], [1.57, 0.0, 0.0]],
    ],
)
def test_degrees_of_freedom_that_break_down_leave_no_interval(table: list[list[float]]) -> None:
    result = reliability(table)
    assert result.headline.estimate is not None
    assert result.headline.ci is None
    assert result.average.ci is None
    assert "icc.interval_not_defined" in [note.code for note in result.notes]


@pytest.mark.parametrize(
    ("value", "word"),
    [(0.49, "poor"), (0.5, "moderate"), (0.75, "good"), (0.9, "good"), (0.901, "excellent")],
)
def test_the_words_of_koo_and_li_change_at_their_bounds(value: float, word: str) -> None:
    assert grade(value) == word


def test_readings_of_a_million_that_differ_by_tenths_keep_their_icc() -> None:
    table = np.array([[0.5, 0.25], [1.25, 1.5], [2.0, 2.25], [3.5, 3.0]])
    near, far = reliability(table), reliability(table + 2.0**40)
    assert far.headline.estimate == pytest.approx(near.headline.estimate, rel=1e-12)


def test_mean_squares_of_zero_have_no_icc() -> None:
    assert isinstance(icc_from_mean_squares(MeanSquares(5, 2, 0.0, 0.0, 0.0)), NotDefined)


@given(table=TABLES, shift=st.integers(-100, 100), scale=st.sampled_from([0.5, 2.0, 10.0]))
def test_another_unit_leaves_every_icc_as_it_is(table: np.ndarray, shift: int, scale: float) -> None:
    before, after = icc(table), icc(table * scale + shift)
    assume(isinstance(before, Icc))
    assert isinstance(before, Icc)
    assert isinstance(after, Icc)
    for one, other in zip(before.forms, after.forms, strict=True):
        # beside a vanishing denominator the last bit of a reading decides between None and a huge number
        if one.estimate is not None and abs(one.estimate) < 10.0:
            assert other.estimate == pytest.approx(one.estimate, rel=1e-6, abs=1e-6)


@given(table=TABLES, seed=st.integers(0, 99))
def test_the_order_of_patients_and_readers_does_not_matter(table: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(rng.permutation(table, axis=0), axis=1)
    before, after = icc(table), icc(shuffled)
    assume(isinstance(before, Icc))
    assert isinstance(before, Icc)
    assert isinstance(after, Icc)
    if before.headline.estimate is not None:
        assert after.headline.estimate == pytest.approx(before.headline.estimate, rel=1e-6, abs=1e-6)


@given(table=TABLES)
def test_no_figure_of_an_icc_is_nan_and_its_interval_holds_it(table: np.ndarray) -> None:
    result = icc(table)
    assume(isinstance(result, Icc))
    assert isinstance(result, Icc)
    for form in result.forms:
        assert form.estimate is None or np.isfinite(form.estimate)
        if form.ci is not None:
            assert np.isfinite([form.ci.low, form.ci.high]).all()
            assert form.estimate is not None
            assert form.ci.low <= form.estimate <= form.ci.high
