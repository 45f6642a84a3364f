"""How fast the ROC tab is computed for 120 patients, beside the floor of the same run.

Run with ``--benchmark-enable``; otherwise each runs once as a test.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from pytest_benchmark.fixture import BenchmarkFixture

from app.stats.combined import LogisticModel, logistic
from app.stats.cross_validation import leave_one_out
from app.stats.model_fit import fit_indices, hosmer_lemeshow, variance_inflation
from app.stats.nested_models import BesideReference, added_beside, beside_reference
from app.stats.newton import logistic_fit
from app.stats.optimism import Optimism, optimism_corrected
from app.stats.profile_likelihood import profile_intervals
from app.stats.ranking import Direction
from app.stats.roc import Roc, cut_off_table, roc
from app.stats.roc_bootstrap import RocBootstrap, bootstrap_roc
from app.stats.roc_paired import compare_paired
from app.stats.roc_partial import partial_area
from app.stats.roc_points import closest_top_left, sensitivity_at

PATIENTS, POSITIVE, REPLICATES = 120, 49, 2000
ESTIMATES_GOAL_MS, BOOTSTRAP_GOAL_MS, ONE_AREA_GOAL_MS = 20.0, 300.0, 17.0

_RNG = np.random.default_rng(6)
LABEL = np.arange(PATIENTS) < POSITIVE
FAT = np.round(50.0 + 8.0 * LABEL + 7.0 * _RNG.normal(size=PATIENTS), 2)
RATE = np.round(145.0 - 9.0 * LABEL + 11.0 * _RNG.normal(size=PATIENTS), 2)
AGE = np.round(60.0 + 9.0 * LABEL + 8.0 * _RNG.normal(size=PATIENTS))
MARKERS: tuple[tuple[np.ndarray, Direction], ...] = ((FAT, "higher"), (RATE, "lower"))


def _curves() -> list[Roc]:
    found = [roc(marker, LABEL, direction=way) for marker, way in MARKERS]
    return [one for one in found if isinstance(one, Roc)]


def _models() -> BesideReference:
    found = beside_reference([FAT, RATE], ["FF", "R2*"], AGE, "age", LABEL)
    assert isinstance(found, BesideReference)
    return found


def _best_ms(function: Callable[[], object], rounds: int) -> float:
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return min(found) * 1000


def _tell(benchmark: BenchmarkFixture, floor: Callable[[], object], goal: float) -> None:
    """Keep the best time with its floor; they are said at the end of the run."""
    if benchmark.stats is not None:
        ours, least = benchmark.stats.stats.min * 1000, _best_ms(floor, 20)
        benchmark.extra_info.update(ours_ms=ours, floor_ms=least, ratio=ours / least, goal_ms=goal)


def test_the_estimates_of_a_tab(benchmark: BenchmarkFixture) -> None:
    def tab() -> LogisticModel:
        for curve in _curves():
            assert len(cut_off_table(curve)) == curve.steps.values.size
            closest_top_left(curve)
            partial_area(curve)
            for rate in (0.8, 0.9, 0.95):
                sensitivity_at(curve, rate)
            assert curve.logit_ci is not None
            assert curve.exact_ci.low < curve.null.se + 1.0
        compare_paired(FAT, RATE, LABEL, directions=("higher", "lower"))
        model = logistic([FAT, RATE], ["FF", "R2*"], LABEL)
        assert isinstance(model, LogisticModel)
        fit_indices(model)
        variance_inflation(model)
        hosmer_lemeshow(model)
        profile_intervals(model)
        leave_one_out(model)
        _models()
        return model

    assert benchmark.pedantic(tab, rounds=30, warmup_rounds=3).n == PATIENTS
    design = np.stack((FAT, RATE, AGE), axis=1)
    # what no tab gets around: to fit the largest model once
    _tell(benchmark, lambda: logistic_fit(design, LABEL.astype(float)), ESTIMATES_GOAL_MS)


def _draws() -> object:
    """What no bootstrap gets around: to draw the patients and to count them."""
    drawn = np.random.default_rng(1).integers(PATIENTS, size=(REPLICATES, PATIENTS))
    drawn += PATIENTS * np.arange(REPLICATES)[:, np.newaxis]
    return np.bincount(drawn.ravel(), minlength=PATIENTS * REPLICATES)


def test_the_bootstrap_of_one_area(benchmark: BenchmarkFixture) -> None:
    curve = _curves()[0]
    found = benchmark.pedantic(lambda: bootstrap_roc(curve), rounds=20, warmup_rounds=2)
    assert isinstance(found, RocBootstrap)
    _tell(benchmark, _draws, ONE_AREA_GOAL_MS)


def test_the_bootstrap_of_a_tab(benchmark: BenchmarkFixture) -> None:
    curves, models = _curves(), _models()

    def tab() -> Optimism:
        for curve in curves:
            assert isinstance(bootstrap_roc(curve), RocBootstrap)
        added_beside(models, replicates=REPLICATES)
        corrected = optimism_corrected([FAT, RATE], LABEL, replicates=REPLICATES)
        assert isinstance(corrected, Optimism)
        return corrected

    assert benchmark.pedantic(tab, rounds=8, warmup_rounds=1).replicates == REPLICATES
    _tell(benchmark, _draws, BOOTSTRAP_GOAL_MS)
