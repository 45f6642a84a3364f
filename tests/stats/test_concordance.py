from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.stats.concordance import Concordance, OverallConcordance, Strength, lin_ccc, overall_ccc, strength
from app.stats.result import NotDefined
from app.stats.sentences import CATALOGUE, sentence

X = [40.1, 52.3, 61.9, 47.0, 55.5, 38.2]
Y = [41.0, 51.2, 63.3, 46.1, 54.9, 38.9]
STRENGTHS: tuple[Strength, ...] = ("poor", "moderate", "substantial", "almost_perfect")
TABLES = arrays(
    np.float64,
    st.tuples(st.integers(3, 12), st.integers(2, 4)),
    elements=st.integers(0, 8000).map(lambda hundredths: hundredths / 100),
)


def concordance(x: object, y: object, **options: float) -> Concordance:
    result = lin_ccc(x, y, **options)  # type: ignore[arg-type]
    assert isinstance(result, Concordance)
    return result


def test_two_pairs_or_a_constant_reading_have_no_concordance() -> None:
    assert lin_ccc([1.0, 2.0, np.nan], [1.0, 3.0, 4.0]) == NotDefined.of("ccc.too_few", n=2, n_excluded=1)
    assert lin_ccc([0.3, 0.3, 0.1 + 0.2], [1.0, 2.0, 3.0]) == NotDefined.of("ccc.constant", n=3)


def test_identical_readings_agree_perfectly_without_an_interval() -> None:
    result = concordance([1.1, 2.2, 3.7], [1.1, 2.2, 3.7])
    assert result.estimate == pytest.approx(1.0)
    assert (result.ci, result.se, result.strengths) == (None, None, None)
    assert [note.code for note in result.notes] == ["ccc.error_free"]
    assert "its confidence interval is not defined" in sentence(result, what="FF")


def test_a_constant_bias_lowers_accuracy_and_not_precision() -> None:
    result = concordance(X, np.array(X) + 5.0)
    assert result.precision == 1.0
    assert result.accuracy < 0.9
    assert result.estimate == pytest.approx(result.accuracy)
    assert result.location_shift > 0.0
    assert result.scale_shift == pytest.approx(1.0)


def test_readings_without_any_correlation_have_an_interval_around_zero() -> None:
    result = concordance([1.0, 1.0, 3.0, 3.0], [1.0, 3.0, 1.0, 3.0])
    assert result.estimate == 0.0
    assert result.ci is not None
    assert result.ci.low == pytest.approx(-result.ci.high)


@pytest.mark.parametrize(
    ("value", "word"),
    [
        (0.89, "poor"),
        (0.9, "moderate"),
        (0.95, "substantial"),
        (0.99, "substantial"),
        (0.991, "almost_perfect"),
    ],
)
def test_the_words_of_mcbride_change_at_their_bounds(value: float, word: str) -> None:
    assert strength(value) == word


def test_every_span_of_strengths_has_its_own_sentence() -> None:
    spans = {f"ccc.strength.{low}_{high}" for i, low in enumerate(STRENGTHS) for high in STRENGTHS[i:]}
    assert spans == {code for code in CATALOGUE if code.startswith("ccc.strength.")}


def test_a_concordance_is_said_with_precision_accuracy_and_strength() -> None:
    said = sentence(lin_ccc(X, Y), what="FF")
    assert said.startswith("The concordance correlation coefficient of FF was 0.993 (95 % CI 0.9")
    assert said.endswith("(McBride 2005).")


def test_large_readings_keep_their_concordance() -> None:
    near, far = (
        concordance(np.array(X), np.array(Y)),
        concordance(np.array(X) + 2.0**30, np.array(Y) + 2.0**30),
    )
    assert far.estimate == pytest.approx(near.estimate, rel=1e-6)


def test_a_higher_level_widens_both_intervals() -> None:
    usual, wide = concordance(X, Y), concordance(X, Y, level=0.99)
    assert usual.ci is not None
    assert wide.ci is not None
    assert wide.ci.low < usual.ci.low < usual.estimate < usual.ci.high < wide.ci.high
    assert wide.ci_asymptotic is not None
    assert wide.ci_asymptotic.high > usual.estimate


@given(table=TABLES, shift=st.integers(-100, 100), scale=st.sampled_from([0.5, 2.0, 10.0]))
def test_another_unit_and_the_order_of_readers_leave_the_concordance(
    table: np.ndarray, shift: int, scale: float
) -> None:
    x, y = table[:, 0], table[:, 1]
    before, after = lin_ccc(x, y), lin_ccc(y * scale + shift, x * scale + shift)
    assume(isinstance(before, Concordance))
    assert isinstance(before, Concordance)
    assert isinstance(after, Concordance)
    assert after.estimate == pytest.approx(before.estimate, rel=1e-6, abs=1e-9)
    assert abs(before.estimate) <= abs(before.precision) + 1e-12
    if before.ci is not None and before.se is not None and before.se > 1e-6:
        assert after.ci is not None
        assert after.ci.low == pytest.approx(before.ci.low, rel=1e-4, abs=1e-6)
        assert -1.0 <= before.ci.low <= before.estimate <= before.ci.high <= 1.0


def test_two_readers_have_an_overall_concordance_that_is_their_pair() -> None:
    result = overall_ccc(np.column_stack((X, Y)))
    assert isinstance(result, OverallConcordance)
    assert result.of_pairs == pytest.approx((result.estimate,))
    assert result.pairs == ((0, 1),)
    assert "by 2 readers was 0.99" in sentence(result, what="FF")


def test_too_few_readings_or_readers_that_do_not_vary_have_no_overall_concordance() -> None:
    assert overall_ccc([[1.0, 2.0], [np.nan, 2.0]]) == NotDefined.of(
        "ccc.too_few_readings", n=1, k=2, n_excluded=1
    )
    assert overall_ccc([[1.0], [2.0]]) == NotDefined.of("ccc.too_few_readings", n=2, k=1, n_excluded=0)
    assert overall_ccc([[1.1, 2.0], [1.1, 3.0]]) == NotDefined.of("ccc.no_variance", n=2, k=2)


def test_a_pair_that_gave_one_value_throughout_has_no_coefficient_of_its_own() -> None:
    result = overall_ccc([[5.0, 5.0, 1.0, 1.5], [5.0, 5.0, 2.0, 2.5], [5.0, 5.0, 3.0, 2.5]])
    assert isinstance(result, OverallConcordance)
    assert result.of_pairs[0] is None
    assert result.of_pairs[1] == 0.0
    assert result.of_pairs[-1] is not None


@given(table=TABLES, seed=st.integers(0, 99))
def test_the_overall_concordance_does_not_depend_on_any_order(table: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    before, after = overall_ccc(table), overall_ccc(rng.permutation(rng.permutation(table, axis=0), axis=1))
    assume(isinstance(before, OverallConcordance))
    assert isinstance(before, OverallConcordance)
    assert isinstance(after, OverallConcordance)
    assert after.estimate == pytest.approx(before.estimate, rel=1e-6, abs=1e-9)
    assert before.estimate == pytest.approx(before.precision * before.accuracy)
