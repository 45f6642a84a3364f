from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.stats.icc import Icc, icc
from app.stats.precision_profile import PrecisionProfile, precision_profile
from app.stats.repeatability import Repeatability, repeatability
from app.stats.reproducibility import Reproducibility, reproducibility
from app.stats.result import NotDefined
from app.stats.sentences import sentence

NAN = np.nan
REPEATS = [[40.1, 41.0, 39.5], [52.3, 51.2, NAN], [61.9, 63.3, 62.2], [47.0, NAN, NAN], [55.5, 54.9, 56.1]]
TABLES = arrays(
    np.float64,
    st.tuples(st.integers(2, 10), st.integers(2, 4)),
    elements=st.integers(1, 8000).map(lambda hundredths: hundredths / 100),
)


def repeated(table: object, **options: float) -> Repeatability:
    result = repeatability(table, **options)  # type: ignore[arg-type]
    assert isinstance(result, Repeatability)
    return result


def between(table: object, **options: float) -> Reproducibility:
    result = reproducibility(table, **options)  # type: ignore[arg-type]
    assert isinstance(result, Reproducibility)
    return result


def test_nobody_read_twice_has_no_repeatability() -> None:
    assert repeatability([[1.0, np.nan], [np.nan, np.nan]]) == NotDefined.of(
        "repeatability.too_few", n=0, n_excluded=2
    )


def test_the_coefficients_follow_from_the_within_subject_sd() -> None:
    result = repeated(REPEATS)
    assert (result.n, result.n_excluded, result.df) == (4, 1, 7)
    assert result.index.tolist() == [0, 1, 2, 4]
    assert result.rc == pytest.approx(1.96 * 2**0.5 * result.wsd)
    assert result.wcv is not None
    assert result.rc_percent == pytest.approx(1.96 * 2**0.5 * result.wcv)
    assert result.rc_ci is not None
    assert result.wsd_ci is not None
    assert result.rc_ci.low == pytest.approx(1.96 * 2**0.5 * result.wsd_ci.low)
    assert result.wsd**2 == pytest.approx(float(np.sum(result.sds**2 * [2, 1, 2, 2])) / 7)
    assert result.pairs is None


def test_one_patient_read_twice_has_an_sd_and_little_else() -> None:
    result = repeated([[10.0, 12.0]])
    assert result.wsd == pytest.approx(2.0**0.5)
    assert result.pairs is not None
    assert result.pairs.dahlberg == pytest.approx(result.wsd)
    assert result.pairs.sd_of_differences is None
    assert result.pairs.sd_without_bias is None
    assert isinstance(result.spread, NotDefined)


def test_a_pair_may_stand_in_any_two_columns() -> None:
    result = repeated([[10.0, np.nan, 12.0], [np.nan, 8.0, 9.0], [5.0, 5.5, np.nan]])
    assert result.pairs is not None
    assert result.pairs.sd_of_differences == pytest.approx(np.std([-2.0, -1.0, -0.5], ddof=1))


def test_identical_repeats_have_no_interval_and_say_so() -> None:
    result = repeated([[1.1, 1.1], [2.2, 2.2], [0.3, 0.1 + 0.2]])
    assert (result.wsd, result.wsd_ci, result.rc_ci) == (0.0, None, None)
    assert [note.code for note in result.notes] == ["repeatability.identical"]
    assert "their intervals are not defined" in sentence(result)


def test_readings_not_above_zero_have_no_coefficient_of_variation() -> None:
    result = repeated([[-0.5, 0.5], [2.0, 3.0], [5.0, 4.0]])
    assert (result.wcv, result.wcv_of_mean, result.rc_percent, result.logarithmic) == (None,) * 4
    assert [note.code for note in result.notes] == ["repeatability.not_positive"]
    assert "coefficient of variation" not in sentence(result)


def test_an_error_that_grows_with_the_value_is_told() -> None:
    mean = np.linspace(10.0, 60.0, 20)
    result = repeated(np.column_stack((1.05 * mean, mean / 1.05)))
    assert [note.code for note in result.notes] == ["repeatability.spread"]
    assert result.logarithmic is not None
    low, high = result.logarithmic.change
    assert low < -10.0 < 10.0 < high
    assert result.logarithmic.wcv_lognormal < result.logarithmic.wcv_exponential


def test_the_repeatability_is_said_with_its_coefficients() -> None:
    said = sentence(repeated(REPEATS), what="FF", decimals=1)
    assert said.startswith("The within-subject SD of FF was 0.7 (95 % CI 0.5 to 1.4) and the repeatability")
    assert said.endswith("The within-subject coefficient of variation was 1.4 %.")


@given(table=TABLES, shift=st.integers(0, 100), scale=st.sampled_from([0.5, 2.0, 10.0]))
def test_another_unit_scales_the_within_subject_sd(table: np.ndarray, shift: int, scale: float) -> None:
    before, after = repeated(table), repeated(table * scale + shift)
    assert after.wsd == pytest.approx(before.wsd * scale, rel=1e-9, abs=1e-12)
    assert repeated(table * scale).wcv == pytest.approx(before.wcv, rel=1e-9)


@given(table=TABLES)
def test_the_within_subject_sd_is_the_root_of_the_one_way_mean_square(table: np.ndarray) -> None:
    usual = icc(table)
    assume(isinstance(usual, Icc))
    assert isinstance(usual, Icc)
    assert repeated(table).wsd == pytest.approx(usual.mean_squares.within**0.5, rel=1e-9, abs=1e-9)


def test_too_few_readings_have_no_reproducibility() -> None:
    assert reproducibility([[1.0, 2.0], [1.0, np.nan]]) == NotDefined.of(
        "reproducibility.too_few", n=1, k=2, n_excluded=1
    )


def test_readers_who_always_agree_have_no_interval() -> None:
    result = between([[1.1, 1.1], [2.2, 2.2], [3.3, 3.3]])
    assert (result.sem, result.rdc, result.sem_ci, result.rdc_ci) == (0.0, 0.0, None, None)
    assert [note.code for note in result.notes] == ["reproducibility.identical"]
    assert "their intervals are not defined" in sentence(result)


def test_a_constant_bias_between_readers_makes_the_error_of_agreement_and_not_of_consistency() -> None:
    result = between([[10.0, 15.0], [20.0, 25.0], [31.0, 36.0]])
    assert result.mean_squares.sem_consistency == result.mean_squares.mdc_consistency == 0.0
    assert result.mean_squares.f_readers is None
    assert result.mean_squares.p_readers is None
    assert result.sem == pytest.approx(12.5**0.5)
    assert result.sem_ci is not None
    assert result.sem_ci.high > 10.0 * result.sem


def test_the_interval_of_the_error_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    truth = (0.5**2 + 1.0) ** 0.5
    hits = 0
    for _ in range(400):
        table = rng.normal(50, 5, (20, 1)) + rng.normal(scale=0.5, size=6) + rng.normal(size=(20, 6))
        ci = between(table).sem_ci
        assert ci is not None
        hits += ci.low <= truth <= ci.high
    assert 0.92 <= hits / 400 <= 1.0


def test_the_error_between_readers_is_said_with_its_readers() -> None:
    said = sentence(between([[10.0, 11.0], [20.0, 19.0], [30.0, 32.0], [40.0, 40.5]]), what="FF", decimals=1)
    assert said.startswith("The standard error of measurement of FF between 2 readers was 0.9 (95 % CI ")
    assert "reproducibility coefficient 2.5 (n = 4)" in said


@given(table=TABLES)
def test_the_interval_of_the_error_holds_it(table: np.ndarray) -> None:
    result = between(table)
    assert result.rdc == pytest.approx(1.96 * 2**0.5 * result.sem)
    if result.sem_ci is not None:
        assert 0.0 <= result.sem_ci.low <= result.sem <= result.sem_ci.high < np.inf


def test_a_precision_profile_rises_with_an_error_that_does() -> None:
    rng = np.random.default_rng(2)
    mean = rng.uniform(10.0, 60.0, 200)
    table = mean[:, None] * (1.0 + 0.05 * rng.normal(size=(200, 3)))
    table[::7, 2] = np.nan
    table[3, 1:] = np.nan
    profile = precision_profile(table)
    assert isinstance(profile, PrecisionProfile)
    assert (profile.n, profile.n_excluded, len(profile.classes)) == (199, 1, 4)
    sds = [one.wsd for one in profile.classes]
    assert sds == sorted(sds)
    assert sum(one.n for one in profile.classes) == 199
    for one, following in zip(profile.classes, profile.classes[1:], strict=False):
        assert one.low <= one.mean <= one.high <= following.low
        assert one.wcv == pytest.approx(5.0, rel=0.25)
        assert one.wsd_ci is not None
        assert one.wsd_ci.low < one.wsd < one.wsd_ci.high
    assert " in 4 classes)." in sentence(profile, what="FF")


def test_one_class_is_the_repeatability_of_all() -> None:
    profile = precision_profile(REPEATS, classes=1)
    assert isinstance(profile, PrecisionProfile)
    assert profile.classes[0].wsd == pytest.approx(repeated(REPEATS).wsd)
    assert sentence(profile, what="FF").endswith("(n = 4).")


def test_a_profile_of_values_around_zero_has_no_coefficient_of_variation() -> None:
    profile = precision_profile([[-1.0, -1.5], [-2.0, -2.0], [1.0, 1.0], [2.0, 2.0]], classes=2)
    assert isinstance(profile, PrecisionProfile)
    assert profile.classes[0].wcv is None
    assert profile.classes[1].wsd_ci is None
    assert profile.classes[1].wcv == 0.0


def test_too_few_subjects_have_no_profile() -> None:
    assert precision_profile(REPEATS) == NotDefined.of(
        "precision_profile.too_few", n=4, classes=4, n_excluded=1
    )
    with pytest.raises(ValueError, match="0 classes"):
        precision_profile(REPEATS, classes=0)
