"""One reader against themselves: patient means of two rounds, for agreement within a reader."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import compress
from types import MappingProxyType

import numpy as np

from app.domain.errors import InputError
from app.domain.maps import Quantity
from app.services.gather import Gathered
from app.services.patient_means import FloatArray, choose_levels, patient_means
from app.stats.result import frozen


@dataclass(frozen=True, slots=True, eq=False)
class Repeated:
    """What a reader measured twice; ``index`` of a statistical result counts these rows.

    Attributes
    ----------
    reader : str
        Who.
    rounds : tuple of int
        The two rounds, in the order of the columns.
    codes : tuple of str, length n
        Cases the reader has signed off in both.
    values : mapping of Quantity to ndarray, shape (n, 2)
        Patient means over the levels measured in both rounds; NaN in both where these are too few.
    """

    reader: str
    rounds: tuple[int, int]
    codes: tuple[str, ...]
    values: Mapping[Quantity, FloatArray]


def repeated(
    gathered: Gathered, reader: str, *, rounds: tuple[int, int] = (1, 2), levels: str | None = None
) -> Repeated:
    """Set the patient means of two rounds of one reader side by side, as they measured them.

    Parameters
    ----------
    gathered : Gathered
        What the session holds.
    reader : str
        Whose.
    rounds : tuple of int
        Which two.
    levels : str, optional
        Levels of the patient mean: ``L1-L4``, ``L1-L5`` or one level; the protocol's otherwise.

    Raises
    ------
    InputError
        ``cohort.unknown_reader``, ``cohort.unknown_levels``, ``cohort.same_round``.
    """
    if reader not in gathered.readers:
        raise InputError("cohort.unknown_reader", given=reader)
    if rounds[0] == rounds[1]:
        raise InputError("cohort.same_round", round=rounds[0])
    choice = choose_levels(levels or gathered.protocol.mean_levels, gathered.protocol)
    cells = [[cell for cell in gathered.cells(number) if cell.reader == reader] for number in rounds]
    both = set.intersection(*({cell.exam_id for cell in one} for one in cells))
    kept = list(compress(gathered.enrolled, [exam.id in both for exam in gathered.enrolled]))
    # patient means compare readers: here each round stands for one
    names = (str(rounds[0]), str(rounds[1]))
    told = [
        replace(cell, reader=name)
        for name, one in zip(names, cells, strict=True)
        for cell in one
        if cell.exam_id in both
    ]
    means = patient_means(told, [exam.id for exam in kept], names, choice, compare=names)
    values = {quantity: frozen(np.asarray(pair)) for quantity, pair in means.paired.items()}
    return Repeated(reader, rounds, tuple(exam.code for exam in kept), MappingProxyType(values))
