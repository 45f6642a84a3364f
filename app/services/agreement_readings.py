"""Which readings are compared, two readers or two rounds of one; and what each of them measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from operator import attrgetter

import numpy as np

from app.domain.clinical import Group
from app.domain.maps import Quantity
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Kind
from app.services.assemble_cohort import Cohort, assemble
from app.services.gather import Gathered
from app.services.patient_means import FloatArray, choose_levels
from app.services.selection import ADJUDICATED, MEAN, LevelMean
from app.services.study_data import Study
from app.stats.result import NotDefined, frozen

_TWO = 2
_RATER = attrgetter("reader", "round")


@dataclass(frozen=True, slots=True)
class Rater:
    """One reader in one round."""

    reader: str
    round: int


@dataclass(frozen=True, slots=True)
class Pair:
    """Two readings of the same patients.

    Attributes
    ----------
    key : str
        Names the pair in a selection; holds no name of a person.
    first, second : Rater
        Differences are first minus second.
    """

    key: str
    first: Rater
    second: Rater

    @property
    def within(self) -> bool:
        """One reader against themselves."""
        return self.first.reader == self.second.reader


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """What a pair of raters measured on one map, as they measured it, whatever was decided on it later.

    All arrays are read-only, a missing cell is NaN; ``index`` of a statistical result counts the patients.

    Attributes
    ----------
    pair : Pair or None
        None where nobody can be compared: then ``paired`` and ``by_level`` hold nothing but NaN.
    codes, groups : tuple, length n
        Case code and bone-density group of each patient.
    levels : tuple of Level
        Levels a patient mean is made of.
    name : str
        ``L1-L4``, ``L1-L5`` or one level.
    paired : ndarray, shape (n, 2)
        Patient means over the levels both measured; NaN in both where these are too few.
    by_level : ndarray, shape (n, 2, levels)
        Means of the rectangles.
    measurable : ndarray, shape (n, 2, levels)
        1 where the rater measured, 0 where the rater found the level not measurable, NaN without an answer.
    raters : tuple of Rater
        Everybody who takes part: all readers of the round, or all rounds of the reader.
    of_all : ndarray, shape (n, raters)
        Their patient means over the levels measured by all who measured enough of them; NaN for the others.
    blocked : NotDefined or None
        Why these values must not be analysed.
    """

    pair: Pair | None
    codes: tuple[str, ...]
    groups: tuple[Group | None, ...]
    levels: tuple[Level, ...]
    name: str
    paired: FloatArray
    by_level: FloatArray
    measurable: FloatArray
    raters: tuple[Rater, ...]
    of_all: FloatArray
    blocked: NotDefined | None


def pairs_of(gathered: Gathered, number: int) -> tuple[Pair, ...]:
    """Everything that can be compared: readers of a round two by two, then each reader's rounds two by two.

    Parameters
    ----------
    gathered : Gathered
        What the session holds.
    number : int
        Round in which readers are compared.
    """
    every = _everyone(gathered)
    found = list(combinations([one for one in every if one.round == number], _TWO))
    for name in gathered.readers:
        found += combinations([one for one in every if one.reader == name], _TWO)
    return tuple(Pair(_key(gathered, *two), *two) for two in found)


def _everyone(gathered: Gathered) -> tuple[Rater, ...]:
    """Whoever has signed off anything that counts: readers by enrolment, each by round."""
    out = gathered.excluded
    counted = [cell for cell in gathered.told if cell.exam_id not in out] if out else gathered.told
    read = set(map(_RATER, counted))
    rounds = sorted({number for _, number in read})
    by_enrolment = (Rater(name, number) for name in gathered.readers for number in rounds)
    return tuple(one for one in by_enrolment if (one.reader, one.round) in read)


def _key(gathered: Gathered, *two: Rater) -> str:
    first, second = (f"{gathered.readers.index(one.reader) + 1}.{one.round}" for one in two)
    return f"{first}-{second}"


def readings_of(study: Study, pair: Pair | None) -> Readings:
    """Take what was measured out of the session, on the map and the levels of the selection.

    Parameters
    ----------
    study : Study
        Its selection says which patients, map and levels.
    pair : Pair or None
        One of :func:`pairs_of`.
    """
    gathered, quantity = study.gathered, study.selection.quantity
    cohort = _cohort(study, pair)
    choice = choose_levels(study.selection.levels or study.rules.mean_levels, study.rules)
    raters = _raters(gathered, pair)
    used = list(choice.positions)
    values, measurable = (one[:, :, used] for one in _tables(gathered, cohort.codes, raters, quantity))
    columns = [] if pair is None else [raters.index(one) for one in (pair.first, pair.second)]
    two, said = (one[:, columns] if columns else _nothing(one) for one in (values, measurable))
    return Readings(
        pair=pair,
        codes=cohort.codes,
        groups=cohort.groups,
        levels=tuple(LEVELS[place] for place in used),
        name=choice.name,
        paired=frozen(shared_means(two, choice.needed, complete=True)),
        by_level=frozen(two),
        measurable=frozen(said),
        raters=raters,
        of_all=frozen(shared_means(values, choice.needed, complete=False)),
        blocked=cohort.blocked.get(quantity.value),
    )


def _nothing(table: FloatArray) -> FloatArray:
    return np.full((table.shape[0], _TWO, table.shape[2]), np.nan)


def _cohort(study: Study, pair: Pair | None) -> Cohort:
    """The patients of the selection, whoever's values they are analysed by on other tabs.

    How means that lack levels are dealt with there changes nothing here: both readings lack the same.
    """
    selection = study.selection
    number = selection.round if pair is None else pair.first.round
    same = selection.readers == MEAN or (selection.readers == ADJUDICATED and not study.gathered.decided)
    if same and number == selection.round and study.cohort.mean is LevelMean.AT_LEAST:
        return study.cohort
    plain = replace(selection, readers=MEAN, round=number, mean=LevelMean.AT_LEAST)
    return assemble(study.gathered, plain)


def _raters(gathered: Gathered, pair: Pair | None) -> tuple[Rater, ...]:
    """All rounds of the reader, or all readers of the round."""
    if pair is None:
        return ()
    name, number = pair.first.reader, pair.first.round
    return tuple(
        one for one in _everyone(gathered) if (one.reader == name if pair.within else one.round == number)
    )


def _tables(
    gathered: Gathered, codes: Sequence[str], raters: Sequence[Rater], quantity: Quantity
) -> tuple[FloatArray, FloatArray]:
    """Means of rectangles, and whether a level was measurable; each of shape (patients, raters, levels)."""
    shape = (len(codes), len(raters), len(LEVELS))
    row_of = {code: row * len(raters) * len(LEVELS) for row, code in enumerate(codes)}
    column_of = {(one.reader, one.round): column * len(LEVELS) for column, one in enumerate(raters)}
    place_of = {level: place for place, level in enumerate(LEVELS)}
    where, means, kinds = list[int](), list[float | None](), list[Kind]()
    # one pass, and written into the tables at once: these are as many as levels were read
    for cell in gathered.told:
        row, column = row_of.get(cell.code), column_of.get((cell.reader, cell.round))
        if row is None or column is None:
            continue
        stats = cell.stats.get(quantity)
        where.append(row + column + place_of[cell.level])
        means.append(None if stats is None else stats.mean)
        kinds.append(cell.kind)
    measured = Kind.MEASURED
    values, measurable = np.full((2, math.prod(shape)), np.nan)
    values[where] = np.array(means, dtype=np.float64)
    measurable[where] = [kind is measured for kind in kinds]
    return values.reshape(shape), measurable.reshape(shape)


def shared_means(values: FloatArray, needed: int, *, complete: bool) -> FloatArray:
    """Mean of each rater over the levels that all of them measured; so raters differ by nothing else.

    Parameters
    ----------
    values : ndarray, shape (patients, raters, levels)
        NaN where nothing was measured.
    needed : int
        Fewest levels a mean may rest on.
    complete : bool
        Leave out a patient whom one of the raters did not measure; otherwise such a rater is left out of
        that patient.

    Returns
    -------
    ndarray, shape (patients, raters)
    """
    there = np.isfinite(values)
    took_part = there.sum(axis=2) >= max(needed, 1)
    if complete:
        took_part[~took_part.all(axis=1)] = False
    shared = (there | ~took_part[:, :, np.newaxis]).all(axis=1) & took_part.any(axis=1)[:, np.newaxis]
    count = shared.sum(axis=1)
    total = np.where(shared[:, np.newaxis] & there, values, 0.0).sum(axis=2)
    kept = took_part & (count >= max(needed, 1))[:, np.newaxis]
    means: FloatArray = np.full(total.shape, np.nan)
    np.divide(total, count[:, np.newaxis], out=means, where=kept)
    return means
