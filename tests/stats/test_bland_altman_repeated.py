from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.stats.agreement import BlandAltman, bland_altman
from app.stats.bland_altman_constant_truth import ConstantTruth, bland_altman_constant_truth
from app.stats.bland_altman_varying_truth import VaryingTruth, bland_altman_varying_truth
from app.stats.result import NotDefined, as_table
from app.stats.sentences import sentence
from app.stats.within import Within

TABLES = arrays(
    np.float64,
    st.tuples(st.integers(3, 8), st.just(6)),
    elements=st.integers(0, 800).map(lambda tenths: tenths / 10),
)


def constant(x: object, y: object, **options: float) -> ConstantTruth:
    result = bland_altman_constant_truth(x, y, **options)  # type: ignore[arg-type]
    assert isinstance(result, ConstantTruth)
    return result


def varying(x: object, y: object, **options: float) -> VaryingTruth:
    result = bland_altman_varying_truth(x, y, **options)  # type: ignore[arg-type]
    assert isinstance(result, VaryingTruth)
    return result


def levels_of_a_spine(n: int = 40, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Two readers, five levels; each patient has a bias of its own."""
    rng = np.random.default_rng(seed)
    truth = rng.uniform(20.0, 60.0, (n, 5))
    own = rng.normal(scale=2.0, size=(n, 1))
    return truth + own + rng.normal(size=(n, 5)), truth + rng.normal(size=(n, 5))


def test_single_readings_by_both_give_the_ordinary_limits() -> None:
    x, y = np.array([[40.1], [52.3], [61.9], [47.0]]), np.array([[41.0], [51.2], [63.3], [46.1]])
    repeated, plain = constant(x, y), bland_altman(x[:, 0], y[:, 0])
    assert isinstance(plain, BlandAltman)
    assert (repeated.bias, repeated.sd) == pytest.approx((plain.bias, plain.sd))
    assert repeated.upper.mover is not None
    assert plain.upper.mover is not None
    assert repeated.upper.mover.low == pytest.approx(plain.upper.mover.low)
    assert repeated.upper.mover.high == pytest.approx(plain.upper.mover.high)
    assert repeated.x.within_sd is None
    assert repeated.x.repeatability is None
    assert [note.code for note in repeated.notes] == ["bland_altman_repeated.single_readings"]


def test_replicates_are_not_paired_so_their_order_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    x, y = rng.normal(50.0, 5.0, (10, 3)), rng.normal(50.0, 5.0, (10, 2))
    shuffled = constant(rng.permuted(x, axis=1), y)
    assert shuffled.upper.value == pytest.approx(constant(x, y).upper.value)
    assert constant(x, y).notes == ()


def test_replicates_bring_back_the_spread_that_their_means_have_lost() -> None:
    rng = np.random.default_rng(4)
    truth = rng.uniform(20.0, 60.0, (4000, 1))
    result = constant(truth + rng.normal(size=(4000, 3)), truth + rng.normal(scale=2.0, size=(4000, 2)))
    assert result.sd == pytest.approx(np.sqrt(1.0 + 4.0), rel=0.03)
    assert result.x.within_sd == pytest.approx(1.0, rel=0.03)
    assert result.y.repeatability == pytest.approx(1.96 * np.sqrt(2.0) * 2.0, rel=0.03)


def test_a_patient_read_by_one_only_is_left_out_and_the_plot_knows_whom_it_shows() -> None:
    x = [[1.0, 1.5], [2.0, np.nan], [np.nan, np.nan], [5.0, 5.5]]
    y = [[1.2, np.inf], [np.nan, np.nan], [3.0, 3.1], [4.0, 4.4]]
    result = constant(x, y)
    assert (result.n, result.n_excluded) == (2, 2)
    assert result.index.tolist() == [0, 3]
    assert result.differences == pytest.approx([0.05, 1.05])
    assert result.x.n == 4
    assert result.y.n == 3


def test_too_few_patients_or_no_spread_have_no_repeated_limits() -> None:
    assert bland_altman_constant_truth([[1.0, 2.0]], [[1.0, 2.0]]) == NotDefined.of(
        "bland_altman_repeated.too_few", n=1, n_excluded=0
    )
    assert bland_altman_constant_truth([[2.0, 2.0], [3.0, 3.0]], [[1.0], [2.0]]) == NotDefined.of(
        "bland_altman_repeated.constant", n=2, bias=1.0
    )
    assert bland_altman_varying_truth([[1.0, 2.0], [1.0, np.nan]], [[1.0, 2.0], [np.nan, 2.0]]) == (
        NotDefined.of("bland_altman_repeated.too_few", n=1, n_excluded=1)
    )
    assert bland_altman_varying_truth([[1.0, np.nan], [3.0, np.nan]], [[1.0, 2.0], [2.0, 2.0]]) == (
        NotDefined.of("bland_altman_repeated.no_repeats", n=2)
    )
    assert bland_altman_varying_truth([[10.1, 20.3], [30.7, 1.3]], [[8.0, 18.2], [28.6, -0.8]]).code == (  # type: ignore[union-attr]
        "bland_altman_repeated.constant"
    )


def test_tables_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="2 patients by one, 1 by the other"):
        bland_altman_constant_truth([[1.0], [2.0]], [[1.0]])
    with pytest.raises(ValueError, match=r"shape \(1, 2\) and \(1, 1\)"):
        bland_altman_varying_truth([[1.0, 2.0]], [[1.0]])
    with pytest.raises(ValueError, match="patients by readings"):
        as_table([1.0, 2.0])


def test_the_levels_of_a_spine_give_the_spread_of_a_single_difference() -> None:
    x, y = levels_of_a_spine(4000)
    result = varying(x, y)
    assert result.sd == pytest.approx(np.sqrt(4.0 + 2.0), rel=0.03)
    assert result.by_patient.sd == pytest.approx(result.sd, rel=1e-3)
    assert result.reml is not None
    assert result.reml.sd == pytest.approx(result.sd, rel=1e-6)
    assert result.reml.limits == pytest.approx((result.lower.value, result.upper.value), rel=1e-6)


def test_dependent_pairs_make_the_interval_of_the_bias_wider_than_if_they_were_independent() -> None:
    x, y = levels_of_a_spine()
    ours, naive = varying(x, y).by_patient.bias_ci, bland_altman(x.ravel(), y.ravel())
    assert isinstance(naive, BlandAltman)
    assert naive.bias_ci is not None
    assert ours.high - ours.low > 1.3 * (naive.bias_ci.high - naive.bias_ci.low)


def test_the_plot_of_repeated_pairs_leads_back_to_patient_and_level() -> None:
    x = [[1.0, 2.0, np.nan], [np.nan, np.nan, np.nan], [4.0, np.nan, 7.0]]
    y = [[1.5, 1.0, 3.0], [2.0, 2.0, 2.0], [3.0, 3.0, 9.0]]
    result = varying(x, y)
    assert (result.n, result.n_excluded, result.n_pairs) == (2, 1, 4)
    assert result.index.tolist() == [0, 0, 2, 2]
    assert result.occasion.tolist() == [0, 1, 0, 2]
    assert result.differences.tolist() == [-0.5, 1.0, 1.0, -2.0]
    assert result.means.tolist() == [1.25, 1.5, 3.5, 8.0]
    assert [note.code for note in result.notes] == ["bland_altman_repeated.no_patient_effect"]


def test_differences_that_vary_between_patients_only_have_no_likelihood_of_their_own() -> None:
    result = varying([[1.5, 2.5], [3.25, 4.25], [5.0, 6.0]], [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert result.ms_within == 0.0
    assert result.reml is None
    assert result.sd > 0.0


def test_repeated_limits_are_said_with_how_they_were_made() -> None:
    x, y = levels_of_a_spine()
    said = sentence(varying(x, y), what="FF")
    assert said.startswith("Between single readings of FF the mean difference was ")
    assert "from 200 pairs of 40 patients" in said
    assert "unchanged value in 40 patients (Bland and Altman 1999)." in sentence(constant(x, y))


def test_replicates_of_a_large_value_keep_their_spread() -> None:
    table = np.array([[0.25, 0.5], [1.0, 1.75]])
    near, far = Within.of(table), Within.of(table + 2.0**36)
    assert far.squares == pytest.approx(near.squares, rel=1e-9)
    assert Within.of(np.array([[1.0], [2.0]])).variance is None


@given(tables=TABLES, shift=st.integers(-50, 50))
def test_a_shift_of_one_reader_moves_the_repeated_bias_and_nothing_else(
    tables: np.ndarray, shift: int
) -> None:
    x, y = tables[:, :3], tables[:, 3:]
    for analyse in (bland_altman_constant_truth, bland_altman_varying_truth):
        before, after = analyse(x, y), analyse(x + shift, y)
        assume(not isinstance(before, NotDefined))
        assert not isinstance(before, NotDefined)
        assert not isinstance(after, NotDefined)
        assert after.bias == pytest.approx(before.bias + shift, abs=1e-9)
        assert after.sd == pytest.approx(before.sd, abs=1e-9)


@given(tables=TABLES)
def test_the_interval_of_a_repeated_limit_holds_it(tables: np.ndarray) -> None:
    result = bland_altman_varying_truth(tables[:, :3], tables[:, 3:])
    assume(isinstance(result, VaryingTruth))
    assert isinstance(result, VaryingTruth)
    for limit in (result.by_patient.lower, result.by_patient.upper):
        assert limit.mover is not None
        assert np.isfinite([limit.mover.low, limit.mover.high]).all()
        assert limit.mover.low <= limit.value <= limit.mover.high
    assert result.reml is not None or result.ms_within == 0.0
