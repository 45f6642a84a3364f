from __future__ import annotations

import numpy as np
import pytest

from app.domain.phantom_canvas import blur_in_plane, smooth_noise
from app.domain.phantom_noise import (
    ECHO_TIMES_S,
    R2STAR_LIMIT,
    add_fit_noise,
    fat_modulation,
    fit_covariance,
)


def _signal(unknowns: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """The six-echo model, written down independently of the module."""
    water, fat = unknowns[0] + 1j * unknowns[1], unknowns[2] + 1j * unknowns[3]
    phase = 2j * np.pi * unknowns[4] * ECHO_TIMES_S
    model: np.ndarray = (water + fat * peaks) * np.exp(phase - unknowns[5] * ECHO_TIMES_S)
    return model


def _fit(measured: np.ndarray, start: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Gauss-Newton with numerical derivatives."""
    unknowns = start.copy()
    steps = np.array([1e-6, 1e-6, 1e-6, 1e-6, 1e-4, 1e-4])
    for _ in range(6):
        here = _signal(unknowns, peaks)
        slopes = [(_signal(unknowns + step, peaks) - here) / step.sum() for step in np.diag(steps)]
        jacobian = np.stack(slopes, axis=1)
        system = np.concatenate([jacobian.real, jacobian.imag])
        residual = measured - here
        unknowns = (
            unknowns + np.linalg.lstsq(system, np.concatenate([residual.real, residual.imag]), rcond=None)[0]
        )
    return unknowns


@pytest.mark.parametrize(("ff", "r2star"), [(0.45, 145.0), (0.25, 170.0), (0.9, 60.0)])
def test_a_least_squares_fit_of_noisy_echoes_scatters_as_the_bound_says(ff: float, r2star: float) -> None:
    rng = np.random.default_rng(3)
    peaks, sigma = fat_modulation(ECHO_TIMES_S), 1 / 150
    truth = np.array([1 - ff, 0, ff, 0, 0, r2star])
    clean = _signal(truth, peaks)
    fitted = []
    for _ in range(600):
        noise = rng.normal(0, sigma, (2, 6))
        fit = _fit(clean + noise[0] + 1j * noise[1], truth, peaks)
        water, fat = np.hypot(*fit[:2]), np.hypot(*fit[2:4])
        fitted.append((fat / (water + fat), fit[5], water + fat))
    found = np.cov(np.array(fitted).T)
    bound = sigma**2 * fit_covariance(np.array(ff), np.array(r2star))
    assert np.sqrt(np.diag(found)) == pytest.approx(np.sqrt(np.diag(bound)), rel=0.10)
    correlation = [m[0, 1] / np.sqrt(m[0, 0] * m[1, 1]) for m in (found, bound)]
    assert correlation[0] == pytest.approx(correlation[1], abs=0.12)


def test_the_fat_spectrum_is_on_top_at_time_nought_and_opposed_after_half_a_beat() -> None:
    opposed = 0.5 / (3.4e-6 * 42.577e6 * 3.0)
    start, half = fat_modulation(np.array([0.0, opposed]))
    assert start == pytest.approx(1.0)
    assert half.real < -0.6


def test_faster_decay_makes_both_maps_noisier() -> None:
    slow, fast = (fit_covariance(np.array(0.45), np.array(rate)) for rate in (60.0, 250.0))
    assert np.all(np.diag(fast) > np.diag(slow))


def test_added_noise_has_the_covariance_of_the_bound() -> None:
    ff, r2star, signal = (np.full(40_000, value, np.float32) for value in (0.5, 150.0, 0.8))
    noisy = add_fit_noise(np.random.default_rng(1), ff, r2star, signal, sigma=1 / 80)
    found = np.cov(np.stack(noisy))
    scale = np.diag([100 / (0.8 * 80), 1 / (0.8 * 80), 1 / 80])
    expected = scale @ fit_covariance(np.array(0.5), np.array(150.0)) @ scale
    assert found == pytest.approx(
        expected, rel=0.04, abs=0.02 * np.sqrt(np.outer(np.diag(expected), np.diag(expected))).max()
    )
    assert [values.mean() for values in noisy] == pytest.approx([50, 150, 0.8], rel=2e-3)


def test_where_there_is_no_signal_the_maps_span_the_whole_range_of_the_scanner() -> None:
    nothing = np.zeros(20_000, np.float32)
    ff, r2star, signal = add_fit_noise(np.random.default_rng(2), nothing, nothing, nothing, sigma=0.01)
    assert (ff.min(), ff.max()) == pytest.approx((0, 100), abs=0.1)
    assert ff.mean() == pytest.approx(50, abs=1)
    assert r2star.max() > 0.99 * R2STAR_LIMIT
    assert signal.min() >= 0


def test_smooth_noise_has_mean_nought_and_deviation_one() -> None:
    field = smooth_noise(np.random.default_rng(4), (8, 300, 300), (0.8, 2.5, 4.0))
    assert field.shape == (8, 300, 300)
    assert float(field.mean()) == pytest.approx(0, abs=0.05)
    assert float(field.std()) == pytest.approx(1, abs=0.05)
    assert np.abs(np.diff(field, axis=1)).mean() < 0.5


def test_blurring_keeps_the_sum_and_spreads_a_point_evenly() -> None:
    point = np.zeros((1, 21, 21), np.float32)
    point[0, 10, 10] = 1
    spread = blur_in_plane(point, 0.6)
    assert float(spread.sum()) == pytest.approx(1, abs=1e-5)
    assert np.array_equal(spread[0], spread[0].T)
    assert spread[0, 10, 10] == spread.max() < 0.6
