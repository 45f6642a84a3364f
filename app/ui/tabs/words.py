"""Words and cells that the tabs of the Statistics page share. Pure: imports no Qt."""

from __future__ import annotations

from typing import Any

from app.domain.protocol import MEAN_LEVELS
from app.services.study_data import Study
from app.stats.formatting import limits, number, p_value
from app.stats.result import Interval, NotDefined
from app.stats.sentences import sentence
from app.ui.present import screen_unit as screen_unit
from app.ui.sentences import label

DECIMALS = 2
"""Of figures in the unit of the measurement."""

NONE = "–"
"""Stands in a cell that has no figure; the reason is said beside the table."""


def levels_text(levels: str) -> str:
    """What a value is made of: ``mean of L1-L5``, or the one level."""
    return label("stats.levels.mean" if levels in MEAN_LEVELS else "stats.levels.single", levels=levels)


def footer(study: Study) -> str:
    """Small words below a figure: nobody shall take made-up patients for real ones."""
    return label("stats.footer.synthetic") if study.synthetic else ""


def interval(found: Interval | None, decimals: int = 3) -> str:
    """Cell of a confidence interval."""
    return NONE if found is None else limits(found, decimals)


def figure(value: float | None, decimals: int = 3) -> str:
    """Cell of a figure."""
    return NONE if value is None else number(value, decimals)


def p_cell(p: float | None) -> str:
    """Cell of a p value: ``0.012``, ``< 0.001``."""
    return NONE if p is None else p_value(p).removeprefix("= ")


def notes(*items: Any) -> tuple[str, ...]:
    """Sentences of the warnings of some results, each once."""
    said = [sentence(note) for item in items if not isinstance(item, NotDefined) for note in item.notes]
    return tuple(dict.fromkeys(said))


def paper(*said: tuple[Any, str]) -> str:
    """Whole sentences of what is defined; a reason stands where its figures would, not in a paper."""
    return " ".join(text for item, text in said if not isinstance(item, NotDefined))
