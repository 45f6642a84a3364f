"""How many patients a planned study needs, from what was typed for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from app.services.size_questions import LARGEST, LOST, QUESTIONS, Asked
from app.stats.result import NotDefined
from app.stats.sample_size import SampleSize, size_for_icc_width, size_for_limits_of_agreement
from app.stats.sample_size_diagnostic import (
    CasesAndControls,
    size_for_auc,
    size_for_sensitivity,
    size_for_specificity,
)
from app.stats.sample_size_power import (
    effect_of_means,
    size_for_anova,
    size_for_chi_square,
    size_for_correlation,
    size_for_icc_test,
    size_for_paired_means,
    size_for_two_means,
    size_for_two_proportions,
)

Size = SampleSize | CasesAndControls


@dataclass(frozen=True, slots=True)
class Wrong:
    """Why what was typed for a figure cannot be taken.

    Attributes
    ----------
    asked : Asked
    why : str
        ``not_a_number``, ``not_whole``, ``outside`` or ``too_few``.
    """

    asked: Asked
    why: Literal["not_a_number", "not_whole", "outside", "too_few"]


@dataclass(frozen=True, slots=True)
class Planned:
    """The answer.

    Attributes
    ----------
    size : SampleSize or CasesAndControls
        Patients whose figures are needed.
    enrolled : tuple of int
        Patients to enrol so that as many are left: of each group, or with and without the outcome.
    lost : float
        Share of the enrolled whose figures will be missing.
    """

    size: Size
    enrolled: tuple[int, ...]
    lost: float


_Values = Mapping[str, float]
_Find = Callable[[_Values, tuple[float, ...]], Size | NotDefined]


_MOST = 10_000_000
"""No study is larger."""


def _test(v: _Values) -> dict[str, float]:
    return {"alpha": v["alpha"], "power": v["power"]}


def _share(v: _Values) -> dict[str, float]:
    return {"half_width": v["half_width"], "prevalence": v["prevalence"], "level": v["level"]}


def _icc_test(v: _Values, _list: tuple[float, ...]) -> Size | NotDefined:
    return size_for_icc_test(v["null"], v["rho"], readers=int(v["readers"]), **_test(v))


def _icc_width(v: _Values, _list: tuple[float, ...]) -> Size | NotDefined:
    return size_for_icc_width(v["rho"], v["width"], readers=int(v["readers"]), level=v["level"])


def _group_means(v: _Values, means: tuple[float, ...]) -> Size | NotDefined:
    return size_for_anova(effect_of_means(means, v["sd"]), len(means), **_test(v))


_FIND: Mapping[str, _Find] = MappingProxyType(
    {
        "auc": lambda v, _: size_for_auc(v["auc"], controls_per_case=v["controls_per_case"], **_test(v)),
        "sensitivity": lambda v, _: size_for_sensitivity(v["sensitivity"], **_share(v)),
        "specificity": lambda v, _: size_for_specificity(v["specificity"], **_share(v)),
        "correlation": lambda v, _: size_for_correlation(v["r"], **_test(v)),
        "two_means": lambda v, _: size_for_two_means(v["difference"] / v["sd"], **_test(v)),
        "paired_means": lambda v, _: size_for_paired_means(
            v["difference"] / v["sd_of_differences"], **_test(v)
        ),
        "group_means": _group_means,
        "two_proportions": lambda v, _: size_for_two_proportions(v["first"], v["second"], **_test(v)),
        "chi_square": lambda v, _: size_for_chi_square(v["w"], int(v["df"]), **_test(v)),
        "icc_width": _icc_width,
        "icc_test": _icc_test,
        "limits": lambda v, _: size_for_limits_of_agreement(
            v["sd_of_differences"], v["limit_half_width"], level=v["level"]
        ),
    }
)


def plan_size(key: str, typed: Mapping[str, str]) -> Planned | NotDefined | tuple[Wrong, ...]:
    """Find how many patients a study needs.

    Parameters
    ----------
    key : str
        One of :data:`~app.services.size_questions.QUESTIONS`.
    typed : mapping
        Texts by the names of what is asked; what is missing has its default.

    Returns
    -------
    Planned, NotDefined or tuple of Wrong
        What is wrong with each text that cannot be taken; not defined as the function of the plan says.
    """
    asked = (*QUESTIONS[key], LOST)
    read = {one.name: _read(one, typed.get(one.name, one.default)) for one in asked}
    wrong = tuple(one for one in read.values() if isinstance(one, Wrong))
    if wrong:
        return wrong
    values = {name: one for name, one in read.items() if isinstance(one, float)}
    lists = [one for one in read.values() if isinstance(one, tuple)]
    size = _FIND[key](values, lists[0] if lists else ())
    if isinstance(size, NotDefined):
        return size
    enrolled = _enrolled(size, values["lost"])
    if sum(enrolled) > _MOST:
        return NotDefined.of("sample_size.too_many", most=_MOST)
    return Planned(size, enrolled, values["lost"])


def _read(asked: Asked, text: str) -> float | tuple[float, ...] | Wrong:
    if asked.kind == "list":
        parts = [_number(part) for part in text.replace(";", " ").split()]
        if None in parts:
            return Wrong(asked, "not_a_number")
        means = tuple(part for part in parts if part is not None)
        return means if len(means) > 1 else Wrong(asked, "too_few")
    value = _number(text.removesuffix("%") if asked.kind == "percent" else text)
    if value is None:
        return Wrong(asked, "not_a_number")
    if asked.kind == "whole" and not value.is_integer():
        return Wrong(asked, "not_whole")
    if not asked.holds(value):
        return Wrong(asked, "outside")
    return value / 100.0 if asked.kind == "percent" else value


def _number(text: str) -> float | None:
    """A number, with a point or a comma."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if abs(value) <= LARGEST else None


def _enrolled(size: Size, lost: float) -> tuple[int, ...]:
    parts = (
        (size.cases, size.controls) if isinstance(size, CasesAndControls) else (size.per_group,) * size.groups
    )
    # what is left of a whole number may miss it by an error of rounding
    return tuple(math.ceil(part / (1.0 - lost) - 1e-9) for part in parts)
