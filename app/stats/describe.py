"""Description of one column: n, mean and SD, median and quartiles, smallest and largest."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from app.stats.distributions import t_quantile
from app.stats.result import Interval, NotDefined, Note, complete_cases, is_constant, noise_of


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
        Quartiles of type 6, as SPSS prints them, unless ``quartile_type`` says 7 (R, numpy).
    minimum, maximum : float
    notes : tuple of Note
    quartile_type : int
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
    quartile_type: Literal[6, 7] = 6

    @property
    def se(self) -> float | None:
        """Standard error of the mean."""
        return None if self.sd is None else self.sd / math.sqrt(self.n)

    def mean_ci(self, level: float = 0.95) -> Interval | None:
        """Confidence interval of the mean by Student's t; None for a single value."""
        if self.se is None:
            return None
        half = t_quantile((1.0 + level) / 2.0, self.n - 1) * self.se
        return Interval(self.mean - half, self.mean + half, level, "Student t")


def describe(values: ArrayLike, *, quartile_type: Literal[6, 7] = 6) -> Description | NotDefined:
    """Describe one column.

    Parameters
    ----------
    values : array_like, shape (rows,)
        Numbers; missing cells are left out and counted.
    quartile_type : int
        6 as SPSS, 7 as R (Hyndman and Fan 1996, Am Stat 50:361).

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
    rules: dict[int, Literal["weibull", "linear"]] = {6: "weibull", 7: "linear"}
    q1, median, q3 = (float(q) for q in np.quantile(column, [0.25, 0.5, 0.75], method=rules[quartile_type]))
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
        quartile_type=quartile_type,
    )
