from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.stats import roc_bootstrap
from app.stats.result import NotDefined
from app.stats.roc import Roc, roc
from app.stats.roc_bootstrap import RocBootstrap, bootstrap_roc

COHORTS = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=6, max_size=30)


def curve(marker: object, label: object, direction: str = "higher") -> Roc:
    result = roc(marker, label, direction=direction)  # type: ignore[arg-type]
    assert isinstance(result, Roc)
    return result


def resampled(result: Roc, **options: int) -> RocBootstrap:
    found = bootstrap_roc(result, **options)
    assert isinstance(found, RocBootstrap)
    return found


def cohort(seed: int = 1, n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    label = np.arange(n) < 25
    return np.round(50.0 + 7.0 * label + 8.0 * rng.normal(size=n), 1), label


@settings(max_examples=30)
@given(patients=COHORTS, direction=st.sampled_from(["higher", "lower"]))
def test_each_resample_is_analysed_as_if_it_were_a_cohort(
    patients: list[tuple[int, bool]], direction: str
) -> None:
    marker, label = np.array(patients).T
    label = label.astype(bool)
    assume(1 < label.sum() < len(label) - 1)
    result = curve(marker, label, direction)
    areas, best, gains = roc_bootstrap._resampled(result, np.random.default_rng(5), 8)
    rng = np.random.default_rng(5)
    cases, others = np.sort(marker[label]), np.sort(marker[~label])
    drawn = [one[rng.integers(one.size, size=(8, one.size))] for one in (cases, others)]
    for number in range(8):
        again = np.concatenate((drawn[0][number], drawn[1][number]))
        own = curve(again, [1] * cases.size + [0] * others.size, direction)
        assert areas[number] == pytest.approx(own.auc, abs=1e-12)
        rule = result.steps.values[best[number]]
        called = [one > rule if direction == "higher" else one <= rule for one in (*drawn, cases, others)]
        j_own = called[0][number].mean() - called[1][number].mean()
        j_whole = called[2].mean() - called[3].mean()
        assert j_own == pytest.approx(own.cutoffs[0].youden_j, abs=1e-12)
        assert gains[number] == pytest.approx(j_own - j_whole, abs=1e-12)


def test_the_interval_is_near_delongs_and_holds_the_area() -> None:
    result = curve(*cohort())
    found = resampled(result)
    assert result.ci is not None
    assert (found.ci.low, found.ci.high) == pytest.approx((result.ci.low, result.ci.high), abs=0.02)
    assert found.median == pytest.approx(result.auc, abs=0.01)
    assert found.replicates == 2000


def test_the_youden_cut_off_gets_an_interval_of_observed_values_and_loses_its_optimism() -> None:
    marker, label = cohort()
    found = resampled(curve(marker, label)).youden
    assert found is not None
    assert found.criterion_ci.low in marker
    assert found.criterion_ci.high in marker
    assert found.optimism > 0.0
    assert found.j_corrected == pytest.approx(found.j - found.optimism)
    assert 0.0 < found.share_same <= 1.0


def test_the_correction_takes_about_half_of_what_the_chosen_cut_off_promises_too_much() -> None:
    rng = np.random.default_rng(8)
    apparent, corrected, real = [], [], []
    new_label = np.arange(4000) < 2000
    new = 0.8 * new_label + rng.normal(size=4000)
    for _ in range(40):
        label = np.arange(60) < 30
        result = curve(0.8 * label + rng.normal(size=60), label)
        found = resampled(result, replicates=200).youden
        assert found is not None
        assert result.cutoff is not None
        called = result.cutoff.criterion.positive(new)
        real.append(called[new_label].mean() - called[~new_label].mean())
        apparent.append(found.j)
        corrected.append(found.j_corrected)
    too_much = np.mean(apparent) - np.mean(real)
    left = np.mean(corrected) - np.mean(real)
    assert too_much > 0.1
    assert 0.0 < left < 0.65 * too_much


def test_the_same_seed_gives_the_same_interval_and_another_a_near_one() -> None:
    result = curve(*cohort())
    assert resampled(result, seed=3) == resampled(result, seed=3)
    other = resampled(result, seed=4)
    assert other != resampled(result, seed=3)
    assert other.ci.low == pytest.approx(resampled(result, seed=3).ci.low, abs=0.02)


def test_a_cohort_worked_on_in_portions_is_worked_on_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    result = curve(*cohort())
    monkeypatch.setattr(roc_bootstrap, "_CELLS", 60 * 7)
    found = resampled(result, replicates=20)
    assert found.replicates == 20
    assert found.ci.low <= found.median <= found.ci.high


def test_a_perfect_marker_has_no_width_and_says_so() -> None:
    found = resampled(curve([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1]))
    assert (found.ci.low, found.ci.high) == (1.0, 1.0)
    assert [note.code for note in found.notes] == ["bootstrap.no_width"]
    assert found.youden is not None
    assert found.youden.j_corrected <= 1.0


def test_a_marker_without_a_cut_off_has_no_youden_bootstrap() -> None:
    assert resampled(curve([7.0] * 6, [0, 0, 0, 1, 1, 1]), replicates=10).youden is None


def test_a_single_patient_of_a_class_cannot_be_resampled() -> None:
    assert bootstrap_roc(curve([1.0, 2.0, 3.0], [0, 0, 1])) == NotDefined.of("bootstrap.one_case")
