from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.stats.mrmc import Mrmc, mrmc
from app.stats.mrmc_tests import Equality
from app.stats.result import NotDefined
from app.stats.roc import Roc, roc
from app.stats.roc_paired import PairedRoc, compare_paired

Ratings = dict[tuple[str, str], np.ndarray]


def study(
    seed: int = 1, treatments: int = 2, readers: int = 3, patients: int = 40
) -> tuple[Ratings, np.ndarray]:
    rng = np.random.default_rng(seed)
    label = np.arange(patients) % 2 == 0
    patient = rng.normal(size=patients)
    ratings = {
        (f"T{one}", f"R{reader}"): np.round(
            (0.8 + 0.4 * one) * label + patient + rng.normal(0.0, 0.7, size=patients), 1
        )
        for one in range(treatments)
        for reader in range(readers)
    }
    return ratings, label


def analysed(ratings: Ratings, label: object, **options: object) -> Mrmc:
    result = mrmc(ratings, label, **options)  # type: ignore[arg-type]
    assert isinstance(result, Mrmc)
    return result


def test_each_area_is_that_of_its_reader_and_treatment() -> None:
    ratings, label = study()
    result = analysed(ratings, label)
    assert result.areas.shape == (2, 3)
    for (treatment, reader), column in ratings.items():
        curve = roc(column, label, direction="higher")
        assert isinstance(curve, Roc)
        place = result.treatments.index(treatment), result.readers.index(reader)
        assert result.areas[place] == curve.auc
        variance = result.components.covariances[(*place, *place)]
        assert curve.delong is not None
        assert variance == pytest.approx(curve.delong.se**2, rel=1e-12)


def test_a_fixed_readers_difference_is_delongs_paired_test() -> None:
    ratings, label = study()
    result = analysed(ratings, label)
    for one in result.fixed_readers.by_reader:
        reader, first, second = one.name
        paired = compare_paired(
            ratings[first, reader], ratings[second, reader], label, directions=("higher", "higher")
        )
        assert isinstance(paired, PairedRoc)
        assert (one.value, one.se, one.p) == pytest.approx((paired.difference, paired.se, paired.p))


def test_the_jackknife_leaves_out_one_patient_after_the_other() -> None:
    ratings, label = study(patients=20)
    result = analysed(ratings, label, method="jackknife")
    without = []
    for patient in range(20):
        kept = np.arange(20) != patient
        curves = [roc(column[kept], label[kept], direction="higher") for column in ratings.values()]
        without.append([curve.auc for curve in curves if isinstance(curve, Roc)])
    wanted = 19.0**2 / 20.0 * np.cov(np.array(without).T)
    assert result.components.covariances.reshape(6, 6) == pytest.approx(wanted, abs=1e-12)


@settings(max_examples=25)
@given(seed=st.integers(0, 500), treatments=st.integers(2, 4), readers=st.integers(2, 5))
def test_two_treatments_agree_with_their_overall_test_and_turn_round_when_swapped(
    seed: int, treatments: int, readers: int
) -> None:
    ratings, label = study(seed, treatments, readers)
    result = analysed(ratings, label)
    assert len(result.random_both.differences) == treatments * (treatments - 1) // 2
    assert len(result.fixed_readers.by_reader) == len(result.random_both.differences) * readers
    turned = analysed(dict(reversed(ratings.items())), label)
    for ours, theirs in zip(
        (result.random_both, result.fixed_readers, result.fixed_cases),
        (turned.random_both, turned.fixed_readers, turned.fixed_cases),
        strict=True,
    ):
        assert isinstance(ours.equality, Equality)
        assert isinstance(theirs.equality, Equality)
        assert theirs.equality.p == pytest.approx(ours.equality.p, rel=1e-9)
        first, last = ours.differences[0], theirs.differences[-1]
        assert last.value == pytest.approx(-first.value, abs=1e-12)
        if treatments == 2:
            assert first.statistic is not None
            assert first.statistic**2 == pytest.approx(ours.equality.statistic, rel=1e-9)
            assert first.p == pytest.approx(ours.equality.p, rel=1e-9)
        for mean in ours.means:
            assert 0.0 <= mean.ci.low <= mean.value <= mean.ci.high <= 1.0


def test_readers_and_patients_together_leave_more_doubt_than_either_alone() -> None:
    result = analysed(*study(seed=4))
    both = result.random_both.means[0]
    assert both.se >= result.fixed_cases.means[0].se
    assert both.df is not None


def test_a_marker_whose_low_values_mean_disease_is_said_to_be_so() -> None:
    ratings, label = study()
    turned = {key: -column if key[0] == "T1" else column for key, column in ratings.items()}
    plain, told = analysed(ratings, label), analysed(turned, label, directions={"T1": "lower"})
    assert told.areas == pytest.approx(plain.areas, abs=1e-12)
    assert told.random_both.differences[0].p == pytest.approx(plain.random_both.differences[0].p, rel=1e-9)


def test_a_single_treatment_has_means_as_among_others_and_nothing_to_compare() -> None:
    ratings, label = study()
    whole = analysed(ratings, label)
    alone = analysed({key: column for key, column in ratings.items() if key[0] == "T1"}, label)
    for one, two in (
        (alone.random_both, whole.random_both),
        (alone.fixed_readers, whole.fixed_readers),
        (alone.fixed_cases, whole.fixed_cases),
    ):
        assert one.equality is None
        assert one.differences == ()
        assert (one.means[0].value, one.means[0].se) == pytest.approx((two.means[1].value, two.means[1].se))
    assert alone.components.ms_treatment is None
    assert alone.components.reader_variance is None
    assert alone.components.interaction_variance is None
    assert "mrmc.one_treatment" in [note.code for note in alone.notes]


def test_patients_with_a_gap_are_left_out_for_all_readers() -> None:
    ratings, label = study(readers=4)
    ratings["T0", "R1"][3] = np.nan
    outcome = label.astype(float)
    outcome[7] = np.nan
    result = analysed(ratings, outcome)
    assert (result.n, result.n_excluded, result.n_positive + result.n_negative) == (38, 2, 38)
    assert result.notes == ()


def test_readers_who_agree_wholly_leave_the_patients_alone_to_doubt() -> None:
    ratings, label = study()
    same = {(treatment, reader): ratings[treatment, "R0"] for treatment, reader in ratings}
    result = analysed(same, label)
    assert result.components.ms_interaction == 0.0
    assert result.fixed_cases.equality is None
    assert result.fixed_cases.differences[0].p is None
    both, fixed = result.random_both.differences[0], result.fixed_readers.differences[0]
    assert both.df is None
    assert (both.se, both.p) == pytest.approx((fixed.se, fixed.p), rel=1e-6)
    assert result.random_both.equality is not None
    assert result.random_both.equality.p == pytest.approx(both.p, rel=1e-6)


def test_treatments_that_are_the_same_have_no_test() -> None:
    ratings, label = study()
    same = {(treatment, reader): ratings["T0", reader] for treatment, reader in ratings}
    result = analysed(same, label)
    assert result.random_both.equality is None
    assert result.fixed_readers.equality is None
    assert all(one.p is None and one.value == 0.0 for one in result.fixed_readers.by_reader)


@pytest.mark.parametrize("method", ["delong", "jackknife"])
def test_perfect_markers_have_no_width_and_no_test(method: str) -> None:
    label = np.arange(8) > 3
    ratings = {(treatment, reader): np.arange(8.0) for treatment in "AB" for reader in "xy"}
    result = analysed(ratings, label, method=method)
    assert (result.areas == 1.0).all()
    for tests in (result.random_both, result.fixed_readers, result.fixed_cases):
        assert tests.equality is None
        assert all((one.ci.low, one.ci.high) == (1.0, 1.0) for one in tests.means)


def test_what_cannot_be_analysed_says_why() -> None:
    ratings, label = study()
    one_reader = {key: column for key, column in ratings.items() if key[1] == "R0"}
    assert mrmc(one_reader, label) == NotDefined.of("mrmc.one_reader")
    gap = {key: column for key, column in ratings.items() if key != ("T1", "R2")}
    assert mrmc(gap, label) == NotDefined.of("mrmc.not_crossed", treatments=2, readers=3)
    assert mrmc(ratings, np.ones(40)) == NotDefined.of("roc.one_class", n_positive=40, n_negative=0)
    single = np.zeros(40)
    single[0] = 1.0
    assert mrmc(ratings, single) == NotDefined.of("roc.one_case")
    assert mrmc(ratings, np.full(40, np.nan)) == NotDefined.of("roc.one_class", n_positive=0, n_negative=0)


def test_few_readers_are_told() -> None:
    assert [note.code for note in analysed(*study()).notes] == ["mrmc.few_readers"]
