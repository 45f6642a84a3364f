"""Several readers and several markers of the same patients: Obuchowski and Rockette's analysis of areas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from app.stats.mrmc_tests import Components, MrmcTests, fixed_cases, fixed_readers, random_both
from app.stats.ranking import Direction, Ranking, why_not_ranked
from app.stats.result import BoolArray, FloatArray, NotDefined, Note, as_column

__all__ = ["CovarianceMethod", "Mrmc", "mrmc"]

CovarianceMethod = Literal["delong", "jackknife"]

FEW_READERS = 4
"""Below this the readers' variance rests on so few readers that it says little about others (Hillis 2007)."""


@dataclass(frozen=True, slots=True, eq=False)
class Mrmc:
    """Areas of every reader with every marker, and what they say of readers and patients not seen.

    Parameters
    ----------
    n, n_positive, n_negative, n_excluded : int
        Patients whom every reader has measured with every marker, of each class, and left out.
    treatments, readers : tuple of str
        Names, in the order of their first appearance.
    areas : ndarray, shape (treatments, readers)
        AUCs.
    method : {"delong", "jackknife"}
        Of the covariances between the areas.
    components : Components
        Mean squares and variance components.
    random_both : MrmcTests
        For readers and patients like these (the headline).
    fixed_readers : MrmcTests
        For patients like these, read by these very readers.
    fixed_cases : MrmcTests
        For readers like these, on these very patients.
    level : float
    notes : tuple of Note
    """

    n: int
    n_positive: int
    n_negative: int
    n_excluded: int
    treatments: tuple[str, ...]
    readers: tuple[str, ...]
    areas: FloatArray
    method: CovarianceMethod
    components: Components
    random_both: MrmcTests
    fixed_readers: MrmcTests
    fixed_cases: MrmcTests
    level: float
    notes: tuple[Note, ...] = ()


def mrmc(
    ratings: Mapping[tuple[str, str], ArrayLike],
    label: ArrayLike,
    *,
    directions: Mapping[str, Direction] | None = None,
    method: CovarianceMethod = "delong",
    level: float = 0.95,
) -> Mrmc | NotDefined:
    """Analyse a fully crossed study: every reader measures every patient with every marker.

    The areas are a two-way table of treatments and readers whose errors are correlated through the patients:
    Cov1 within a reader, Cov2 within a treatment, Cov3 in neither. For readers and patients like these
    ``F = MS(T) / (MS(TR) + max(r (Cov2 - Cov3), 0))`` with Hillis' degrees of freedom
    ``denominator^2 / (MS(TR)^2 / ((t - 1)(r - 1)))``.

    Parameters
    ----------
    ratings : mapping of (treatment, reader) to array_like of shape (patients,)
        One column for each; patients with a gap in any of them are left out.
    label : array_like, shape (patients,)
        1 or True with the disease, 0 or False without, NaN or None unknown.
    directions : mapping of treatment to {"higher", "lower"}, optional
        Which values mean disease; ``"higher"`` where not named.
    method : {"delong", "jackknife"}
        Of the covariances.
    level : float
        Confidence level.

    Returns
    -------
    Mrmc or NotDefined
        Not defined as :func:`app.stats.roc.roc`, with a single reader (``mrmc.one_reader``), with a gap in
        the table of treatments and readers (``mrmc.not_crossed``), or with a single patient in a class
        (``roc.one_case``). With a single treatment only the means are given.

    Raises
    ------
    ValueError
        If there is no column, or they differ in length.

    References
    ----------
    Obuchowski and Rockette 1995, Commun Stat Simul 24:285. Hillis 2007, Stat Med 26:596.
    """
    treatments = tuple(dict.fromkeys(treatment for treatment, _ in ratings))
    readers = tuple(dict.fromkeys(reader for _, reader in ratings))
    columns = np.stack([as_column(column) for column in [*ratings.values(), label]])
    kept = np.isfinite(columns).all(axis=0)
    outcome = columns[-1, kept]
    reason = _why_not(ratings, treatments, readers, outcome)
    if reason is not None:
        return reason
    by_name = dict(zip(ratings, columns[:-1, kept], strict=True))
    ways = directions or {}
    table = [(by_name[one, who], ways.get(one, "higher")) for one in treatments for who in readers]
    areas, covariances = _areas(table, outcome == 1.0, method)
    components = Components.of(areas.reshape(len(treatments), len(readers)), covariances)
    return Mrmc(
        n=int(outcome.size),
        n_positive=int(outcome.sum()),
        n_negative=int(outcome.size - outcome.sum()),
        n_excluded=int(kept.size - outcome.size),
        treatments=treatments,
        readers=readers,
        areas=components.areas,
        method=method,
        components=components,
        random_both=random_both(components, treatments, readers, level),
        fixed_readers=fixed_readers(components, treatments, readers, level),
        fixed_cases=fixed_cases(components, treatments, readers, level),
        level=level,
        notes=_notes(components),
    )


def _why_not(
    ratings: Mapping[tuple[str, str], ArrayLike],
    treatments: tuple[str, ...],
    readers: tuple[str, ...],
    outcome: FloatArray,
) -> NotDefined | None:
    if len(readers) == 1:
        return NotDefined.of("mrmc.one_reader")
    if len(ratings) < len(treatments) * len(readers):
        return NotDefined.of("mrmc.not_crossed", treatments=len(treatments), readers=len(readers))
    reason = why_not_ranked(outcome)
    if reason is not None:
        return reason
    if min(outcome.sum(), outcome.size - outcome.sum()) == 1.0:
        return NotDefined.of("roc.one_case")
    return None


def _areas(
    table: Sequence[tuple[FloatArray, Direction]], diseased: BoolArray, method: CovarianceMethod
) -> tuple[FloatArray, FloatArray]:
    """Return the areas of all columns, and the covariances of their errors."""
    rankings = [(Ranking.of(column, diseased), direction) for column, direction in table]
    areas = np.array([ranking.auc(direction) for ranking, direction in rankings])
    placements = [ranking.placements(direction) for ranking, direction in rankings]
    of_cases, of_others = (np.stack([one[side] for one in placements]) for side in (0, 1))
    if method == "delong":
        return areas, _scatter(of_cases) + _scatter(of_others)
    # leaving a patient out takes the pairs away that the placement counts
    left_out = np.concatenate(
        [
            (side.shape[1] * areas[:, np.newaxis] - side) / (side.shape[1] - 1)
            for side in (of_cases, of_others)
        ],
        axis=1,
    )
    n = left_out.shape[1]
    off = left_out - left_out.mean(axis=1, keepdims=True)
    return areas, (n - 1) / n * (off @ off.T)


def _scatter(placements: FloatArray) -> FloatArray:
    n = placements.shape[1]
    off = placements - placements.mean(axis=1, keepdims=True)
    covariances: FloatArray = off @ off.T / (n * (n - 1))
    return covariances


def _notes(components: Components) -> tuple[Note, ...]:
    notes = []
    if components.treatments == 1:
        notes.append(Note.of("mrmc.one_treatment"))
    if components.readers < FEW_READERS:
        notes.append(Note.of("mrmc.few_readers", readers=components.readers))
    return tuple(notes)
