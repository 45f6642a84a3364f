"""Agreement between readers, and of a reader with themselves, always from what they measured themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np

from app.domain.protocol import Level
from app.services.agreement_readings import Pair, Rater, Readings, pairs_of, readings_of
from app.services.patient_means import FloatArray
from app.services.study_data import Study
from app.stats.agreement import BlandAltman, Scale, bland_altman
from app.stats.bland_altman_checks import BlandAltmanChecks, bland_altman_checks
from app.stats.bland_altman_constant_truth import ConstantTruth, bland_altman_constant_truth
from app.stats.bland_altman_varying_truth import VaryingTruth, bland_altman_varying_truth
from app.stats.concordance import Concordance, OverallConcordance, lin_ccc, overall_ccc
from app.stats.icc import Icc, icc
from app.stats.icc_reml import IccReml, icc_reml
from app.stats.kappa import Kappa, kappa
from app.stats.precision_profile import PrecisionProfile, precision_profile
from app.stats.repeatability import Repeatability, repeatability
from app.stats.reproducibility import Reproducibility, reproducibility
from app.stats.result import NotDefined
from app.stats.sample_size import SampleSize, size_for_icc_width, size_for_limits_of_agreement

Unit = Literal["patient", "vertebra"]
"""What a point stands for: the mean of a patient, or one level."""

PlotAgainst = Literal["mean", "first", "second", "rank"]
"""What differences are shown against; no figure depends on it."""

Limits = Literal["sd", "quantile", "regression"]
"""1.96 SD, the exact quantile of the normal distribution, or limits that change with the mean."""

ICC_WIDTHS = (0.05, 0.1, 0.2)
"""Widths of an interval that patients are counted for."""

LIMIT_SHARES = (0.25, 0.5)
"""Half widths of the interval of a limit that patients are counted for, in SDs of the differences."""

_MANY = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """What is compared and how, of all that can be.

    Attributes
    ----------
    pairs : tuple of Pair
        All that can be compared.
    pair : Pair or None
        The chosen one; None where there is none.
    units : tuple of Unit
        One level alone has no vertebrae beside the patient.
    unit : Unit
    scale : Scale
        Difference for vertebrae.
    against : PlotAgainst
        The mean where limits change with it.
    limits : Limits
        ``regression`` for plain differences of patients only.
    """

    pairs: tuple[Pair, ...]
    pair: Pair | None
    units: tuple[Unit, ...]
    unit: Unit
    scale: Scale
    against: PlotAgainst
    limits: Limits

    @property
    def limit_choices(self) -> tuple[Limits, ...]:
        """Limits that can be chosen on this scale."""
        every: tuple[Limits, ...] = get_args(Limits)
        return every if self.scale == "difference" else every[:2]


@dataclass(frozen=True, slots=True)
class OfLevel:
    """One level alone, patients with both readings of it."""

    level: Level
    bland_altman: BlandAltman | NotDefined
    icc: Icc | NotDefined


@dataclass(frozen=True, slots=True)
class Everybody:
    """All raters together, where there are more than the two that are compared."""

    raters: tuple[Rater, ...]
    icc: Icc | NotDefined
    concordance: OverallConcordance | NotDefined
    reproducibility: Reproducibility | NotDefined
    repeatability: Repeatability | NotDefined


@dataclass(frozen=True, slots=True)
class Sizes:
    """Patients a study like this one needs; ICC and SD of the differences are taken from what was found."""

    rho: float
    sd: float
    icc: tuple[SampleSize | NotDefined, ...]
    limits: tuple[SampleSize | NotDefined, ...]


@dataclass(frozen=True, slots=True)
class Clustered:
    """Limits of agreement of single vertebrae, those of a patient taken as dependent."""

    varying: VaryingTruth | NotDefined
    constant: ConstantTruth | NotDefined


@dataclass(frozen=True, slots=True, eq=False)
class StudyAgreement:
    """Everything about one map. Each part is a result or the reason why there is none.

    Attributes
    ----------
    asked : Asked
    readings : Readings
        ``index`` of every result of patients counts its rows.
    bland_altman : BlandAltman or NotDefined
        First minus second, patient means over the levels both measured, on the chosen scale.
    checks : BlandAltmanChecks or NotDefined
        Of the plain differences.
    clustered : Clustered or None
        Of vertebrae, where these are asked for.
    icc, concordance, reproducibility, repeatability, profile
        Of the same pairs; of vertebrae without regard to their patients, whose intervals mean nothing then.
    kappa : Kappa or NotDefined
        Measurable or not, level by level; an interval would take the levels of a patient as independent.
    levels : tuple of OfLevel
        Empty for one level alone.
    everybody : Everybody or None
        None for two raters.
    sizes : Sizes or None
        None without ICC or SD, and for vertebrae.
    gaps : bool
        A patient lacks some of the raters: :func:`with_gaps` takes these patients too.
    """

    asked: Asked
    readings: Readings
    bland_altman: BlandAltman | NotDefined
    checks: BlandAltmanChecks | NotDefined
    clustered: Clustered | None
    icc: Icc | NotDefined
    concordance: Concordance | NotDefined
    reproducibility: Reproducibility | NotDefined
    repeatability: Repeatability | NotDefined
    profile: PrecisionProfile | NotDefined
    kappa: Kappa | NotDefined
    levels: tuple[OfLevel, ...]
    everybody: Everybody | None
    sizes: Sizes | None
    gaps: bool


def asked_of(study: Study) -> Asked:
    """Read from a selection what is compared and how; what cannot be chosen here gives way to the default."""
    selection = study.selection
    pairs = pairs_of(study.gathered, selection.round)
    key = selection.option("agreement.compare", "")
    chosen = next((one for one in pairs if one.key == key), pairs[0] if pairs else None)
    alone = (selection.levels or study.rules.mean_levels) in set(Level)
    units: tuple[Unit, ...] = ("patient",) if alone else ("patient", "vertebra")
    unit = cast("Unit", _option(study, "unit", units))
    if unit == "vertebra":
        return Asked(pairs, chosen, units, unit, "difference", "mean", "sd")
    scale = cast("Scale", _option(study, "scale", get_args(Scale)))
    every: tuple[str, ...] = get_args(Limits)
    limits = cast("Limits", _option(study, "limits", every if scale == "difference" else every[:2]))
    against = "mean" if limits == "regression" else _option(study, "against", get_args(PlotAgainst))
    return Asked(pairs, chosen, units, unit, scale, cast("PlotAgainst", against), limits)


def _option(study: Study, name: str, offered: tuple[str, ...]) -> str:
    found = study.selection.option(f"agreement.{name}", offered[0])
    return found if found in offered else offered[0]


def study_agreement(study: Study) -> StudyAgreement:
    """Compare the readings of a selection.

    Raises
    ------
    InputError
        ``cohort.unknown_levels``.
    """
    asked = asked_of(study)
    readings = readings_of(study, asked.pair)
    blocked = readings.blocked
    per_vertebra = asked.unit == "vertebra"
    x, y = readings.paired.T
    # vertebrae in one column each
    table = readings.by_level.transpose(0, 2, 1).reshape(-1, 2) if per_vertebra else readings.paired
    against = asked.against if asked.against == "rank" else "mean"
    compared = blocked or bland_altman(
        x, y, scale=asked.scale, against=against, exact_quantile=asked.limits == "quantile"
    )
    reliability = blocked or icc(table)
    return StudyAgreement(
        asked=asked,
        readings=readings,
        bland_altman=compared,
        checks=blocked or bland_altman_checks(x, y),
        clustered=_clustered(readings) if per_vertebra else None,
        icc=reliability,
        concordance=blocked or lin_ccc(*table.T),
        reproducibility=blocked or reproducibility(table),
        repeatability=blocked or repeatability(table),
        profile=blocked or precision_profile(table),
        kappa=_kappa(readings),
        levels=() if blocked or len(readings.levels) == 1 else _by_level(readings),
        everybody=None if blocked or per_vertebra else _everybody(readings),
        sizes=None if per_vertebra else _sizes(readings, reliability),
        gaps=blocked is None and not per_vertebra and _has_gaps(readings.of_all),
    )


def with_gaps(found: StudyAgreement) -> IccReml | NotDefined:
    """Reliability of all raters from all patients, whoever is missing; takes up to a second."""
    return icc_reml(found.readings.of_all)


def _has_gaps(of_all: FloatArray) -> bool:
    there = np.isfinite(of_all)
    return bool((there.any(axis=1) & ~there.all(axis=1)).any())


def _clustered(readings: Readings) -> Clustered:
    both = np.isfinite(readings.by_level).all(axis=1, keepdims=True)
    # a level that one of them lacks would pass for a difference between them: fat rises from L1 to L5
    first, second = np.where(both, readings.by_level, np.nan).transpose(1, 0, 2)
    blocked = readings.blocked
    return Clustered(
        blocked or bland_altman_varying_truth(first, second),
        blocked or bland_altman_constant_truth(first, second),
    )


def _by_level(readings: Readings) -> tuple[OfLevel, ...]:
    of_level = zip(readings.levels, readings.by_level.transpose(2, 0, 1), strict=True)
    return tuple(OfLevel(level, bland_altman(*pairs.T), icc(pairs)) for level, pairs in of_level)


def _everybody(readings: Readings) -> Everybody | None:
    if len(readings.raters) <= _MANY:
        return None
    table = readings.of_all
    return Everybody(
        readings.raters, icc(table), overall_ccc(table), reproducibility(table), repeatability(table)
    )


def _kappa(readings: Readings) -> Kappa | NotDefined:
    first, second = (column.ravel().tolist() for column in readings.measurable.transpose(1, 0, 2))
    return kappa(first, second, (1.0, 0.0))


def _sizes(readings: Readings, reliability: Icc | NotDefined) -> Sizes | None:
    plain = bland_altman(*readings.paired.T)
    if isinstance(reliability, NotDefined) or isinstance(plain, NotDefined):
        return None
    rho = reliability.headline.estimate
    if rho is None or plain.sd == 0.0:
        return None
    return Sizes(
        rho,
        plain.sd,
        tuple(size_for_icc_width(rho, width) for width in ICC_WIDTHS),
        tuple(size_for_limits_of_agreement(plain.sd, share * plain.sd) for share in LIMIT_SHARES),
    )
