r"""Noise that a six-echo water-fat fit leaves in FF and R2* maps: its Cramér-Rao bound.

Model of one voxel at echo time :math:`t_n` (seconds), as fitted by chemical-shift encoded imaging with a
multi-peak fat spectrum and one common relaxation rate (Yu et al., Magn Reson Med 2008;60:1122-1134):

.. math:: s(t_n) = (W + F c_n)\, e^{i 2\pi\psi t_n}\, e^{-R_2^* t_n}, \qquad
          c_n = \sum_p a_p e^{i 2\pi f_p t_n}

:math:`W` and :math:`F` are complex (each with its own phase), :math:`\psi` is the field offset in Hz: six
real unknowns. Real and imaginary part of each echo carry independent Gaussian noise of SD :math:`\sigma`.
With the complex Jacobian :math:`J` (echoes x unknowns) the Fisher information is
:math:`\mathrm{Re}(J^H J)/\sigma^2`; its inverse bounds the covariance of every unbiased estimate (the way
Pineda et al., Magn Reson Med 2005;54:625-635, judged echo times). The gradient of
:math:`FF = |F|/(|W|+|F|)` carries it on to the covariance of FF, R2* and the total signal
:math:`S = |W|+|F|`, which are correlated: fast decay and the beating of two peaks look alike over few echoes.
The bound is taken with W and F in phase and without field offset; the offset does not change it.

For :math:`|W|+|F| = 1` and :math:`\sigma = 1` the bound is tabulated once over FF and R2*; a voxel of signal
:math:`S` then has SD = table * sigma / S. This holds above a signal-to-noise ratio of about 3; below it a fit
returns anything within the scanner's limits, which is what air looks like in real maps.

Echo times 1.3-5.3 ms at 3 T are those of the reference study. The fat spectrum is the six-peak one of
Hamilton et al., NMR Biomed 2011;24:784-790. Not modelled: noise correlated between neighbours by
parallel imaging or interpolation, T1 weighting (the flip angle is 4 degrees), and errors that depend on the
field map.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Maps = NDArray[np.float32]

FIELD_TESLA = 3.0
PROTON_MHZ_PER_TESLA = 42.577
ECHO_TIMES_S = np.linspace(1.3e-3, 5.3e-3, 6)
FAT_SHIFTS_PPM = np.array([-3.80, -3.40, -2.60, -1.94, -0.39, 0.60])
FAT_AMPLITUDES = np.array([0.087, 0.693, 0.128, 0.004, 0.039, 0.048])

#: What the scanner's fit may return for R2* in s^-1; FF is limited to 0-100 %.
R2STAR_LIMIT = 500.0
#: Below this signal-to-noise ratio the fit is taken to return anything.
SNR_FLOOR = 3.0

_FF_STEPS, _R2STAR_STEPS = 50, 100


def fat_modulation(times_s: Floats) -> NDArray[np.complex128]:
    """Complex sum of the fat peaks at each echo time, water on resonance.

    Parameters
    ----------
    times_s : ndarray of float, shape (echoes,)
        Echo times in seconds.

    Returns
    -------
    ndarray of complex, shape (echoes,)
    """
    hertz = FAT_SHIFTS_PPM * PROTON_MHZ_PER_TESLA * FIELD_TESLA
    peaks: NDArray[np.complex128] = np.exp(2j * np.pi * np.outer(times_s, hertz))
    summed: NDArray[np.complex128] = peaks @ (FAT_AMPLITUDES / FAT_AMPLITUDES.sum())
    return summed


def fit_covariance(ff: Floats, r2star: Floats, times_s: Floats = ECHO_TIMES_S) -> Floats:
    """Cramér-Rao bound on FF, R2* and total signal, for unit signal and unit noise.

    Parameters
    ----------
    ff : ndarray of float, shape (...)
        Fat fraction between 0 and 1, both excluded (the phase of a missing species is undefined).
    r2star : ndarray of float, shape (...)
        R2* in s^-1, same shape.
    times_s : ndarray of float, shape (echoes,)
        Echo times in seconds.

    Returns
    -------
    ndarray of float, shape (..., 3, 3)
        Covariance of (FF, R2*, S), FF as a fraction, R2* in s^-1, for S = |W|+|F| = 1 and SD 1 in the real
        and in the imaginary part of each echo.
    """
    fat, water = np.asarray(ff)[..., None], 1 - np.asarray(ff)[..., None]
    peaks = fat_modulation(times_s)
    decay = np.exp(-np.asarray(r2star)[..., None] * times_s)
    signal = (water + fat * peaks) * decay
    columns = (
        decay,
        1j * decay,
        peaks * decay,
        1j * peaks * decay,
        2j * np.pi * times_s * signal,
        -times_s * signal,
    )
    jacobian = np.stack(np.broadcast_arrays(*columns), axis=-1)
    information = np.einsum("...ni,...nj->...ij", jacobian.conj(), jacobian).real
    bound = np.linalg.inv(information)
    gradient = np.zeros((*np.shape(ff), 3, 6))
    gradient[..., 0, 0] = -fat[..., 0]  # d(F/(W+F))/dW at W+F = 1
    gradient[..., 0, 2] = water[..., 0]
    gradient[..., 1, 5] = 1.0
    gradient[..., 2, (0, 2)] = 1.0
    product: Floats = gradient @ bound @ np.swapaxes(gradient, -1, -2)
    return product


def add_fit_noise(
    rng: np.random.Generator, ff: Maps, r2star: Maps, signal: Maps, *, sigma: float
) -> tuple[Maps, Maps, Maps]:
    """Add the noise a six-echo fit leaves, correlated between the three maps of a voxel.

    Gaussian with the covariance of :func:`fit_covariance` where the signal is at least `SNR_FLOOR` times the
    noise; elsewhere random over the scanner's whole range, R2* more often small than large. Then FF is
    clipped to 0-100 % and R2* to 0-`R2STAR_LIMIT`, as scanners do before they store integers;
    near the ends (air, pure fat, fluid) the result is therefore biased, in marrow it is not.

    Parameters
    ----------
    rng : numpy.random.Generator
    ff : ndarray of float32
        Noise-free fat fraction between 0 and 1.
    r2star : ndarray of float32, same shape
        Noise-free R2* in s^-1.
    signal : ndarray of float32, same shape
        Noise-free S = |W|+|F| at echo time zero.
    sigma : float
        SD of the noise of one channel of one echo, in the unit of `signal`.

    Returns
    -------
    ff_percent, r2star, signal : ndarray of float32
        Noisy FF in percent, R2* in s^-1, and magnitude of the total signal.
    """
    node = np.rint(ff * _FF_STEPS).astype(np.intp) * (_R2STAR_STEPS + 1)
    node += np.rint(np.clip(r2star, 0, R2STAR_LIMIT) * (_R2STAR_STEPS / R2STAR_LIMIT)).astype(np.intp)
    factors = _noise_factors()
    first, second, third = rng.standard_normal((3, *ff.shape), dtype=np.float32)
    gain = sigma / np.maximum(signal, SNR_FLOOR * sigma)
    noisy_ff = 100 * (ff + gain * (factors[0][node] * first))
    noisy_r2star = r2star + gain * (factors[1][node] * first + factors[2][node] * second)
    in_signal = factors[3][node] * first + factors[4][node] * second + factors[5][node] * third
    noisy_signal = np.abs(signal + sigma * in_signal)
    lost = signal < SNR_FLOOR * sigma
    guesses = rng.random((2, np.count_nonzero(lost)), dtype=np.float32)
    noisy_ff[lost], noisy_r2star[lost] = 100 * guesses[0], R2STAR_LIMIT * guesses[1] ** 2
    return np.clip(noisy_ff, 0, 100), np.clip(noisy_r2star, 0, R2STAR_LIMIT), noisy_signal


@cache
def _noise_factors() -> tuple[Maps, ...]:
    """Lower triangle of the Cholesky factor, row by row, each flat over the grid of FF x R2*."""
    ff = np.clip(np.linspace(0, 1, _FF_STEPS + 1), 0.005, 0.995)
    r2star = np.linspace(0, R2STAR_LIMIT, _R2STAR_STEPS + 1)
    factor = np.linalg.cholesky(fit_covariance(*np.meshgrid(ff, r2star, indexing="ij")))
    return tuple(
        factor[..., i, j].astype(np.float32).ravel() for i, j in zip(*np.tril_indices(3), strict=True)
    )
