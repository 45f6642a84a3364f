"""Words and cells that the tabs of the Statistics page share. Pure: imports no Qt."""

from __future__ import annotations

from typing import Any

from app.domain.clinical import Scheme
from app.domain.protocol import LOWEST, MEAN_LEVELS
from app.services.patient_means import choose_levels
from app.services.selection import Grouping, LevelMean
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


def levels_text(levels: str, mean: LevelMean = LevelMean.AT_LEAST) -> str:
    """What a value is made of: ``mean of L1-L5``, ``level-adjusted mean of L1-L5``, or the one level."""
    if levels not in MEAN_LEVELS:
        return label("stats.levels.single", levels=levels)
    code = "stats.levels.adjusted" if mean is LevelMean.ADJUSTED else "stats.levels.mean"
    return label(code, levels=levels)


def of_scheme(code: str, scheme: Scheme) -> str:
    """The code of the same words for another scheme; T-scores have the plain one."""
    return f"{code}_qct" if scheme is Scheme.QCT else code


def by_tscore(code: str, study: Study) -> tuple[str, str]:
    """Code and region of words about T-scores; those about the lowest of a patient are words of their own."""
    lowest = study.tscore_region == LOWEST
    return (f"{code}.lowest", "") if lowest else (code, study.tscore_region)


def reference_regions(study: Study) -> str:
    """Region of BMD and T-score; both where they differ."""
    if study.tscore_region == study.bmd_region:
        return study.bmd_region
    code, tscore = by_tscore("stats.regions", study)
    return label(code, bmd=study.bmd_region, tscore=tscore)


def mean_names(study: Study) -> dict[LevelMean, str]:
    """What can become of means that lack levels, in order; empty where none can."""
    choice = choose_levels(study.cohort.levels, study.rules)
    levels = len(choice.positions)
    if choice.needed >= levels:
        return {}
    told = {"needed": choice.needed, "levels": levels}
    return {one: label(f"stats.mean.{one.value}", **told) for one in LevelMean}


def grouping_name(grouping: Grouping, scheme: Scheme) -> str:
    """What patients are compared by; bone-density groups have the name of their scheme."""
    return label(f"{of_scheme('stats.grouping', scheme)}.{grouping.value}")


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
