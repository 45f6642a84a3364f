"""What each level adds to a value, for patients who lack some: of which patients it is learnt, and for whom.

R2* of different field strengths is never pooled, so each field has level effects of its own; fat fraction
does not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from app.domain.maps import Quantity
from app.services.field_strengths import nominal_tesla
from app.stats.level_effects import level_effects
from app.stats.result import BoolArray, FloatArray, NotDefined

Adjust = Callable[[Quantity, FloatArray], FloatArray]
"""From a map and what its means are made of, shape (exams, readers, levels) with NaN for gaps, to what each
level adds for each exam, shape (exams, levels); NaN where that is not known."""


def learnt_from(strengths: Sequence[float | None], analysed: BoolArray) -> Adjust:
    """Learn the effects from the exams themselves; every reading of a patient is a row of its own.

    So a level that one reader alone measured does not take the difference between readers for one of levels.

    Parameters
    ----------
    strengths : sequence of float or None
        Field strength of each exam, tesla.
    analysed : ndarray of bool, shape (exams,)
        Exams that are looked at. The others neither teach anything nor are they adjusted.
    """
    fields = [nominal_tesla(one) for one in strengths]
    of_field = {one: np.array([other == one for other in fields], dtype=np.bool_) for one in set(fields)}
    everybody = np.ones(len(fields), dtype=np.bool_)

    def adjust(quantity: Quantity, values: FloatArray) -> FloatArray:
        strata = of_field.values() if quantity is Quantity.R2STAR else (everybody,)
        exams, _, levels = values.shape
        effects = np.zeros((exams, levels))
        for stratum in strata:
            together = stratum & analysed
            found = level_effects(values[together].reshape(-1, levels))
            effects[together] = np.nan if isinstance(found, NotDefined) else found.effects
        return effects

    return adjust


def known(effects: Mapping[Quantity, FloatArray]) -> Adjust:
    """Take effects that were learnt before, of the same exams in the same order."""
    return lambda quantity, _values: effects[quantity]
