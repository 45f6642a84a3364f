"""Rows sorted into named groups: the start of every comparison of groups."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.result import FloatArray, IntArray, complete_cases


@dataclass(frozen=True, slots=True, eq=False)
class Grouped:
    """Complete rows with the group of each.

    Parameters
    ----------
    labels : tuple of str
        Groups with at least one row, in their order.
    empty : tuple of str
        Groups that were asked for and have no row.
    columns : tuple of ndarray, each shape (n,)
        The columns, read-only; the first is the value that is compared.
    code : ndarray of int, shape (n,)
        Position of each row's group in ``labels``.
    index : ndarray of int, shape (n,)
        Which input rows these are.
    n_excluded : int
        Rows without a value or a group.
    """

    labels: tuple[str, ...]
    empty: tuple[str, ...]
    columns: tuple[FloatArray, ...]
    code: IntArray
    index: IntArray
    n_excluded: int

    @property
    def n(self) -> int:
        """Rows that are used."""
        return int(self.index.size)

    @property
    def values(self) -> FloatArray:
        """The column that is compared."""
        return self.columns[0]

    @property
    def sizes(self) -> IntArray:
        """Rows of each group, shape (groups,)."""
        return np.bincount(self.code, minlength=len(self.labels)).astype(np.int64)

    def parts(self, values: FloatArray | None = None) -> Iterator[FloatArray]:
        """Yield the values of each group (of another column of the same rows, if given)."""
        column = self.values if values is None else values
        for position in range(len(self.labels)):
            yield column[self.code == position]


def group_rows(
    columns: Sequence[ArrayLike], groups: Sequence[Hashable], *, order: Sequence[Hashable] | None = None
) -> Grouped:
    """Sort rows into groups.

    Parameters
    ----------
    columns : sequence of array_like, each shape (rows,)
        Numbers; a row with a missing cell is left out and counted.
    groups : sequence, length rows
        Group of each row; None leaves the row out.
    order : sequence, optional
        The groups in the order they are told; rows of other groups are left out and counted. Otherwise the
        order in which they first appear.

    Raises
    ------
    ValueError
        If the columns and ``groups`` differ in length.
    """
    wanted = list(dict.fromkeys(group for group in groups if group is not None) if order is None else order)
    position = {group: place for place, group in enumerate(wanted)}
    places = [np.nan if group is None else position.get(group, np.nan) for group in groups]
    cases = complete_cases([*columns, places])
    *kept, place = cases.columns
    present, code = np.unique(place.astype(np.int64), return_inverse=True)
    return Grouped(
        labels=tuple(str(wanted[one]) for one in present),
        empty=tuple(str(group) for one, group in enumerate(wanted) if one not in present),
        columns=tuple(kept),
        code=code.astype(np.int64),
        index=cases.index,
        n_excluded=cases.n_excluded,
    )
