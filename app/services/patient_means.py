"""From the readers' levels to one mean per patient: which levels, how many at least, who is compared.

What a coordinator decided enters final values only: readers are compared by what they measured themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from app.domain.disagreement import FinalFrom, How
from app.domain.errors import InputError
from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS, MEAN_LEVELS, Level, Protocol
from app.services.level_adjustment import Adjust
from app.services.selection import LevelMean
from app.stats.level_effects import level_shifts
from app.stats.result import frozen
from app.store.adjudications import Adjudication
from app.store.results import LevelResult

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_TWO = 2


@dataclass(frozen=True, slots=True)
class LevelChoice:
    """Which levels a patient mean is made of.

    Attributes
    ----------
    name : str
        ``L1-L4``, ``L1-L5`` or one level.
    positions : tuple of int
        Positions of the levels, L1 being 0.
    needed : int
        Fewest levels a mean may rest on.
    mean : LevelMean
        What becomes of a mean that lacks some; ``AT_LEAST`` where no mean can.
    """

    name: str
    positions: tuple[int, ...]
    needed: int
    mean: LevelMean = LevelMean.AT_LEAST


def choose_levels(name: str, protocol: Protocol, mean: LevelMean = LevelMean.AT_LEAST) -> LevelChoice:
    """Levels of a patient mean by its name: one of :data:`MEAN_LEVELS` or a single level.

    Parameters
    ----------
    name : str
        ``L1-L4``, ``L1-L5`` or one level.
    protocol : Protocol
        Says how many levels are enough.
    mean : LevelMean
        What is wished for means that lack levels.

    Raises
    ------
    InputError
        ``cohort.unknown_levels``.
    """
    if name in MEAN_LEVELS:
        positions = tuple(LEVELS.index(level) for level in MEAN_LEVELS[name])
        needed = protocol.needed(name)
        if needed >= len(positions):
            return LevelChoice(name, positions, needed)
        return LevelChoice(name, positions, len(positions) if mean is LevelMean.COMPLETE else needed, mean)
    if name in set(LEVELS):
        return LevelChoice(name, (LEVELS.index(Level(name)),), 1)
    raise InputError("cohort.unknown_levels", given=name)


@dataclass(frozen=True, slots=True, eq=False)
class PatientMeans:
    """Means of exams, in the order of the exams; a missing one is NaN.

    Attributes
    ----------
    final : mapping of Quantity to ndarray, shape (exams,)
        Mean of the readers' means, with what was decided in the place of what they measured.
    paired : mapping of Quantity to ndarray, shape (exams, 2)
        Means of the two compared readers over the levels both measured.
    compared : tuple of str
        Names of these readers; fewer than two where fewer have signed off.
    single_reader : ndarray of bool, shape (exams,)
        A final value rests on one reader.
    incomplete : ndarray of bool, shape (exams,)
        A reader's mean rests on fewer than all levels.
    adjudicated : ndarray of bool, shape (exams,)
        A coordinator decided on one of the levels, and not that the mean of the readers stands.
    unadjusted : ndarray of bool, shape (exams,)
        A map has no final value because what its missing levels would add is not known.
    level_effects : mapping of Quantity to ndarray, shape (exams, levels)
        What each level adds, NaN where that is not known; empty where nothing is adjusted.
    """

    final: Mapping[Quantity, FloatArray]
    paired: Mapping[Quantity, FloatArray]
    compared: tuple[str, ...]
    single_reader: BoolArray
    incomplete: BoolArray
    adjudicated: BoolArray
    unadjusted: BoolArray
    level_effects: Mapping[Quantity, FloatArray]

    @property
    def final_from(self) -> tuple[FinalFrom, ...]:
        """What the final value of each exam rests on."""
        flags = zip(self.adjudicated.tolist(), self.single_reader.tolist(), strict=True)
        return tuple(_origin(adjudicated=one, single=other) for one, other in flags)

    @property
    def final_defined(self) -> BoolArray:
        """Exams with a final value on at least one map, shape (exams,)."""
        return np.asarray(np.isfinite(np.stack(list(self.final.values()))).any(axis=0))

    @property
    def defined(self) -> BoolArray:
        """Exams with a final value, or with readers to compare, on at least one map, shape (exams,).

        The second without the first is what becomes of an exam when a coordinator leaves out its levels: that
        two readers differed there stays true.
        """
        compared = np.isfinite(np.stack(list(self.paired.values()))).any(axis=(0, 2))
        return np.asarray(self.final_defined | compared | self.unadjusted)

    def of(self, kept: BoolArray) -> PatientMeans:
        """The means of some of the exams."""
        return PatientMeans(
            final=_frozen({quantity: values[kept] for quantity, values in self.final.items()}),
            paired=_frozen({quantity: values[kept] for quantity, values in self.paired.items()}),
            compared=self.compared,
            single_reader=_frozen_flags(self.single_reader[kept]),
            incomplete=_frozen_flags(self.incomplete[kept]),
            adjudicated=_frozen_flags(self.adjudicated[kept]),
            unadjusted=_frozen_flags(self.unadjusted[kept]),
            level_effects=_frozen(
                {quantity: effects[kept] for quantity, effects in self.level_effects.items()}
            ),
        )


def _origin(*, adjudicated: bool, single: bool) -> FinalFrom:
    if adjudicated:
        return FinalFrom.ADJUDICATED
    return FinalFrom.SINGLE_READER if single else FinalFrom.MEAN


def patient_means(
    cells: Sequence[LevelResult],
    exam_ids: Sequence[int],
    readers: Sequence[str],
    choice: LevelChoice,
    *,
    compare: tuple[str, str] | None = None,
    decided: Iterable[Adjudication] = (),
    adjust: Adjust | None = None,
) -> PatientMeans:
    """Average levels per reader, then readers.

    A level that was decided on has the decided value for every reader of the exam, and then counts like any
    other; one that was left out counts for nobody.

    Parameters
    ----------
    cells : sequence of LevelResult
        Signed-off levels of one round.
    exam_ids : sequence of int
        Exams, in the wanted order.
    readers : sequence of str
        All readers by enrolment.
    choice : LevelChoice
        Levels of the mean.
    compare : tuple of str, optional
        The two readers to compare; otherwise the first two in ``cells`` by enrolment.
    decided : iterable of Adjudication
        Decisions on these exams that hold, at most one for a level.
    adjust : Adjust, optional
        Gives what each level adds, for the readers' means that lack some. Pairs are never adjusted.

    Raises
    ------
    InputError
        ``cohort.unknown_reader`` for a name that is not among the readers or named twice.
    """
    active = {cell.reader for cell in cells}
    compared = compare or tuple(name for name in readers if name in active)[:2]
    _refuse_unknown(compared, readers)
    whole = _table(cells, exam_ids, readers)
    settled, adjudicated = _settled(whole, cells, exam_ids, readers, decided)
    used = list(choice.positions)
    table, settled = whole[..., used], settled[..., used]
    counted = np.isfinite(settled)
    of_reader = _mean(settled, counted, choice.needed)
    read = np.isfinite(of_reader)
    incomplete = read & (counted.sum(axis=-1) < len(choice.positions))
    effects = {} if adjust is None else _effects(adjust, np.where(read[..., np.newaxis], settled, np.nan))
    if effects:
        of_each = np.stack(list(effects.values()))[:, :, np.newaxis]
        of_reader = of_reader + level_shifts(counted, of_each)
    adjusted = np.isfinite(of_reader)
    # of the originals: a decision would make readers agree who did not
    paired = _pairs(table, [readers.index(name) for name in compared], choice.needed)
    return PatientMeans(
        final=_by_map(_mean(of_reader, adjusted, 1)),
        paired=_by_map(paired),
        compared=compared,
        single_reader=_frozen_flags((adjusted.sum(axis=2) == 1).any(axis=0)),
        incomplete=_frozen_flags(incomplete.any(axis=(0, 2))),
        adjudicated=_frozen_flags(np.asarray(adjudicated[:, used].any(axis=1))),
        unadjusted=_frozen_flags(np.asarray((read.any(axis=2) & ~adjusted.any(axis=2)).any(axis=0))),
        level_effects=_frozen(effects),
    )


def _effects(adjust: Adjust, table: FloatArray) -> dict[Quantity, FloatArray]:
    return {quantity: adjust(quantity, layer) for quantity, layer in zip(MEASURED, table, strict=True)}


def _pairs(table: FloatArray, columns: Sequence[int], needed: int) -> FloatArray:
    """Means over the levels both readers measured, shape (maps, exams, 2); NaN where there are no two."""
    if len(columns) != _TWO:
        return np.full((*table.shape[:2], _TWO), np.nan)
    both = table[:, :, columns]
    shared = np.isfinite(both).all(axis=2, keepdims=True)
    return _mean(both, np.broadcast_to(shared, both.shape), needed)


def _refuse_unknown(names: Sequence[str], readers: Sequence[str]) -> None:
    for position, name in enumerate(names):
        if name not in readers or name in names[:position]:
            raise InputError("cohort.unknown_reader", given=name)


def _table(cells: Sequence[LevelResult], exam_ids: Sequence[int], readers: Sequence[str]) -> FloatArray:
    """Means of rectangles, shape (maps, exams, readers, levels), NaN where there is none."""
    row_of = {exam_id: row for row, exam_id in enumerate(exam_ids)}
    reader_of = {name: column for column, name in enumerate(readers)}
    level_of = {level: place for place, level in enumerate(LEVELS)}
    table = np.full((len(MEASURED), len(exam_ids), len(readers), len(LEVELS)), np.nan)
    for layer, quantity in zip(table, MEASURED, strict=True):
        for cell in cells:
            stats = cell.stats.get(quantity)
            if stats is not None and stats.mean is not None:
                layer[row_of[cell.exam_id], reader_of[cell.reader], level_of[cell.level]] = stats.mean
    return table


def _settled(
    table: FloatArray,
    cells: Sequence[LevelResult],
    exam_ids: Sequence[int],
    readers: Sequence[str],
    decided: Iterable[Adjudication],
) -> tuple[FloatArray, BoolArray]:
    """The table with what was decided in it, and the levels this was done for, shape (exams, levels)."""
    settled, levels = table.copy(), np.zeros((len(exam_ids), len(LEVELS)), bool)
    ruled = [one for one in decided if one.ruling.how is not How.MEAN]
    row_of = {exam_id: row for row, exam_id in enumerate(exam_ids)}
    took_part = np.zeros((len(exam_ids), len(readers)), bool)
    # without decisions nobody asks who took part, and looking through all cells takes long
    for exam_id, reader in {(cell.exam_id, cell.reader) for cell in cells} if ruled else ():
        took_part[row_of[exam_id], readers.index(reader)] = True
    for one in ruled:
        row, place = row_of[one.exam_id], LEVELS.index(one.level)
        levels[row, place] = True
        for layer, quantity in zip(settled, MEASURED, strict=True):
            found = one.values.get(quantity)
            mean = None if found is None else found.mean
            layer[row, took_part[row], place] = np.nan if mean is None else mean
    return settled, levels


def _mean(values: FloatArray, used: BoolArray, needed: int) -> FloatArray:
    """Mean along the last axis of the used values; NaN where fewer than ``needed`` are used."""
    count = used.sum(axis=-1)
    enough = count >= max(needed, 1)
    total = np.where(used, values, 0.0).sum(axis=-1)
    mean: FloatArray = np.divide(total, count, out=np.full(total.shape, np.nan), where=enough)
    return mean


def _by_map(tables: FloatArray) -> Mapping[Quantity, FloatArray]:
    return _frozen(dict(zip(MEASURED, tables, strict=True)))


def _frozen(arrays: Mapping[Quantity, FloatArray]) -> Mapping[Quantity, FloatArray]:
    return MappingProxyType({quantity: frozen(values) for quantity, values in arrays.items()})


def _frozen_flags(flags: BoolArray) -> BoolArray:
    copy = np.array(flags, dtype=np.bool_)
    copy.flags.writeable = False
    return copy
