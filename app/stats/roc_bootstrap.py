"""Bootstrap of a ROC curve: intervals of its area and Youden cut-off, and what that promises too much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.stats.result import FloatArray, IntArray, Interval, NotDefined, Note
from app.stats.roc import Roc

__all__ = ["REPLICATES", "RocBootstrap", "YoudenBootstrap", "bootstrap_roc"]

REPLICATES = 2000
SEED = 20240
_CELLS = 50_000
"""Resamples x criteria worked on at once: few enough to stay in the cache."""
_METHOD = "stratified bootstrap, percentile"


@dataclass(frozen=True, slots=True)
class YoudenBootstrap:
    """What the Youden cut-off does over the resamples.

    Parameters
    ----------
    criterion_ci : Interval
        Of the cut-off, in the unit of the marker; its limits are observed values.
    j : float
        Youden index of the cut-off on the patients it was chosen by.
    optimism, j_corrected : float
        ``j_corrected`` is ``j`` - ``optimism``: what the rule may be expected to reach in new patients.
    share_same : float
        Share of the resamples that choose the very same cut-off.
    """

    criterion_ci: Interval
    j: float
    optimism: float
    j_corrected: float
    share_same: float


@dataclass(frozen=True, slots=True)
class RocBootstrap:
    """Bootstrap of one ROC curve.

    Parameters
    ----------
    auc : float
        Of the patients themselves.
    median : float
        Of the resampled areas.
    ci : Interval
        Of the area, by percentiles.
    youden : YoudenBootstrap or None
        None where no cut-off is better than chance.
    replicates, seed : int
    notes : tuple of Note
    """

    auc: float
    median: float
    ci: Interval
    youden: YoudenBootstrap | None
    replicates: int
    seed: int
    notes: tuple[Note, ...] = ()


def bootstrap_roc(
    result: Roc, *, replicates: int = REPLICATES, seed: int = SEED
) -> RocBootstrap | NotDefined:
    """Resample the patients of a ROC curve, each class by itself.

    The optimism of J is the mean, over the resamples, of J on the resample less J of the same cut-off on the
    patients themselves. With some tens of patients this takes away about half of what the chosen cut-off
    promises too much: the corrected J is nearer to the truth, and still above it. Of cut-offs that tie, the
    first in ascending order stands for all, as in ``Roc``.

    Parameters
    ----------
    result : Roc
    replicates : int
        Resamples, at least 1.
    seed : int
        Of the random draws.

    Returns
    -------
    RocBootstrap or NotDefined
        Not defined with a single patient in a class (``bootstrap.one_case``).

    References
    ----------
    Efron and Tibshirani 1993, Chapman and Hall. Carpenter and Bithell 2000, Stat Med 19:1141. Optimism: Efron
    1986, J Am Stat Assoc 81:461.
    """
    if min(result.n_positive, result.n_negative) == 1:
        return NotDefined.of("bootstrap.one_case")
    random = np.random.default_rng(seed)
    size = max(1, _CELLS // max(result.steps.values.size, result.n))
    parts = [
        _resampled(result, random, min(size, replicates - start)) for start in range(0, replicates, size)
    ]
    areas, best, gains = (np.concatenate(part) for part in zip(*parts, strict=True))
    tail = (1.0 - result.level) / 2.0
    low, median, high = (float(one) for one in np.quantile(areas, [tail, 0.5, 1.0 - tail]))
    flat = Note.of("bootstrap.no_width", auc=result.auc)
    return RocBootstrap(
        auc=result.auc,
        median=median,
        ci=Interval(low, high, result.level, _METHOD),
        youden=_youden(result, best.astype(np.int64), gains),
        replicates=replicates,
        seed=seed,
        notes=() if high > low else (flat,),
    )


def _resampled(
    result: Roc, random: np.random.Generator, replicates: int
) -> tuple[FloatArray, IntArray, FloatArray]:
    """Return area, position of the Youden cut-off, and optimism of its J, each of shape (replicates,)."""
    steps, m, n = result.steps, result.n_positive, result.n_negative
    higher = result.direction == "higher"
    called = [steps.true_positives, steps.false_positives]
    counts = []
    for total, one in zip((m, n), called, strict=True):
        # "higher" counts the called from above, "lower" from below
        on_step = np.diff(total - one, prepend=0) if higher else np.diff(one, prepend=0)
        counts.append(_draw(random, on_step, replicates))
    cases, others = (np.cumsum(one, axis=1) for one in counts)
    # whole half-pairs, as the area itself is made
    half_pairs = np.einsum("ij,ij->i", counts[0], 2 * others - counts[1])
    areas = half_pairs / (2 * m * n)
    gain = others * m - cases * n
    if not higher:
        areas, gain = 1.0 - areas, -gain
    best = np.argmax(gain, axis=1)
    own = gain[np.arange(replicates), best]
    whole = steps.true_positives * n - steps.false_positives * m
    return areas, best, (own - whole[best]) / (m * n)


def _draw(random: np.random.Generator, on_step: IntArray, replicates: int) -> FloatArray:
    """Draw a class again, shape (replicates, steps): how often each step comes."""
    total, steps = int(on_step.sum()), on_step.size
    step_of = np.repeat(np.arange(steps), on_step)
    drawn = step_of[random.integers(total, size=(replicates, total))]
    drawn += steps * np.arange(replicates)[:, np.newaxis]
    counts = np.bincount(drawn.ravel(), minlength=steps * replicates)
    return counts.reshape(replicates, steps).astype(np.float64)


def _youden(result: Roc, best: IntArray, gains: FloatArray) -> YoudenBootstrap | None:
    cutoff = result.cutoff
    if cutoff is None:
        return None
    tail = (1.0 - result.level) / 2.0
    values = result.steps.values[best]
    low, high = (float(one) for one in np.quantile(values, [tail, 1.0 - tail], method="inverted_cdf"))
    optimism = float(gains.mean())
    return YoudenBootstrap(
        criterion_ci=Interval(low, high, result.level, _METHOD),
        j=cutoff.youden_j,
        optimism=optimism,
        j_corrected=cutoff.youden_j - optimism,
        share_same=float(np.mean(values == cutoff.criterion.value)),
    )
