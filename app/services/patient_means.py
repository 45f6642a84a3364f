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
from app.stats.result import frozen
from app.store.adjudications import Adjudication
from app.store.results import LevelResult

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


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
    """

    name: str
    positions: tuple[int, ...]
    needed: int


def choose_levels(name: str, protocol: Protocol) -> LevelChoice:
    """Levels of a patient mean by its name: one of :data:`MEAN_LEVELS` or a single level.

    Raises
    ------
    InputError
        ``cohort.unknown_levels``.
    """
    if name in MEAN_LEVELS:
        positions = tuple(LEVELS.index(level) for level in MEAN_LEVELS[name])
        return LevelChoice(name, positions, protocol.needed(name))
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
    """

    final: Mapping[Quantity, FloatArray]
    paired: Mapping[Quantity, FloatArray]
    compared: tuple[str, ...]
    single_reader: BoolArray
    incomplete: BoolArray
    adjudicated: BoolArray

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
        return np.asarray(self.final_defined | compared)

    def of(self, kept: BoolArray) -> PatientMeans:
        """The means of some of the exams."""
        return PatientMeans(
            final=_frozen({quantity: values[kept] for quantity, values in self.final.items()}),
            paired=_frozen({quantity: values[kept] for quantity, values in self.paired.items()}),
            compared=self.compared,
            single_reader=_frozen_flags(self.single_reader[kept]),
            incomplete=_frozen_flags(self.incomplete[kept]),
            adjudicated=_frozen_flags(self.adjudicated[kept]),
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
    final = _mean(of_reader, read, 1)
    incomplete = read & (counted.sum(axis=-1) < len(choice.positions))
    paired = np.full((len(MEASURED), len(exam_ids), 2), np.nan)
    if len(compared) == 2:  # noqa: PLR2004 - a comparison takes two
        # of the originals: a decision would make readers agree who did not
        both = table[:, :, [readers.index(name) for name in compared]]
        shared = np.isfinite(both).all(axis=2, keepdims=True)
        paired = _mean(both, np.broadcast_to(shared, both.shape), choice.needed)
    return PatientMeans(
        final=_frozen(dict(zip(MEASURED, final, strict=True))),
        paired=_frozen(dict(zip(MEASURED, paired, strict=True))),
        compared=compared,
        single_reader=_frozen_flags((read.sum(axis=2) == 1).any(axis=0)),
        incomplete=_frozen_flags(incomplete.any(axis=(0, 2))),
        adjudicated=_frozen_flags(np.asarray(adjudicated[:, used].any(axis=1))),
    )


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
    row_of = {exam_id: row for row, exam_id in enumerate(exam_ids)}
    took_part = np.zeros((len(exam_ids), len(readers)), bool)
    for exam_id, reader in {(cell.exam_id, cell.reader) for cell in cells}:
        took_part[row_of[exam_id], readers.index(reader)] = True
    settled, levels = table.copy(), np.zeros((len(exam_ids), len(LEVELS)), bool)
    for one in decided:
        if one.ruling.how is How.MEAN:
            continue
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


def _frozen(arrays: Mapping[Quantity, FloatArray]) -> Mapping[Quantity, FloatArray]:
    return MappingProxyType({quantity: frozen(values) for quantity, values in arrays.items()})


def _frozen_flags(flags: BoolArray) -> BoolArray:
    copy = np.array(flags, dtype=np.bool_)
    copy.flags.writeable = False
    return copy
