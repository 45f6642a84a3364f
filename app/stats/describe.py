"""Description of one column: n, mean and SD, median and quartiles, smallest and largest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.result import NotDefined, Note, complete_cases, is_constant, noise_of


@dataclass(frozen=True, slots=True)
class Description:
    """What Table 1 of a paper says of one column, in the unit of the column.

    Parameters
    ----------
    n, n_excluded : int
        Values used, and missing ones.
    mean : float
    sd : float or None
        With divisor n - 1; None for a single value.
    median, q1, q3 : float
        Quartiles of type 6, as SPSS prints them.
    minimum, maximum : float
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    mean: float
    sd: float | None
    median: float
    q1: float
    q3: float
    minimum: float
    maximum: float
    notes: tuple[Note, ...] = ()


def describe(values: ArrayLike) -> Description | NotDefined:
    """Describe one column.

    Parameters
    ----------
    values : array_like, shape (rows,)
        Numbers; missing cells are left out and counted.

    Returns
    -------
    Description or NotDefined
        Not defined (``describe.empty``) without a single number.
    """
    cases = complete_cases([values])
    (column,) = cases.columns
    if cases.n == 0:
        return NotDefined.of("describe.empty", n_excluded=cases.n_excluded)
    # centred first: the plain mean of large, nearly equal values loses digits
    mean = float(column[0] + np.mean(column - column[0]))
    if cases.n == 1:
        sd = None
    elif is_constant(column, noise=noise_of(column)):
        sd = 0.0
    else:
        sd = float(np.std(column - column[0], ddof=1))
    q1, median, q3 = (float(q) for q in np.quantile(column, [0.25, 0.5, 0.75], method="weibull"))
    return Description(
        n=cases.n,
        n_excluded=cases.n_excluded,
        mean=mean,
        sd=sd,
        median=median,
        q1=q1,
        q3=q3,
        minimum=float(column.min()),
        maximum=float(column.max()),
        notes=() if sd is not None else (Note.of("describe.single"),),
    )
