"""The figures of the reference study, from its synthetic cohort to the last decimal that was printed."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from app.stats.agreement import BlandAltman, bland_altman
from app.stats.combined import LogisticModel, logistic
from app.stats.correlation import Pearson, WithinGroups, pearson, within_groups
from app.stats.icc import Icc, icc
from app.stats.optimism import Optimism, optimism_corrected
from app.stats.roc import CutOff, Roc, roc

FOLDER = Path(__file__).parents[2] / "resources" / "demo" / "reference_cohort"
ALL_LEVELS = ("L1", "L2", "L3", "L4", "L5")
UPPER_FOUR = ALL_LEVELS[:4]


def rows(name: str) -> list[dict[str, str]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


PATIENTS = rows("cohort_patients.csv")
READINGS = rows("cohort_readings.csv")
OSTEOPOROSIS = np.array([float(row["tscore"]) <= -2.5 for row in PATIENTS])
BMD = np.array([float(row["bmd"]) for row in PATIENTS])
GROUPS = [row["group"] for row in PATIENTS]


def readers(quantity: str, levels: tuple[str, ...] = ALL_LEVELS) -> np.ndarray:
    """Mean over the levels, shape (patients, 2 readers)."""
    kept: dict[tuple[str, str], list[float]] = {}
    for row in READINGS:
        if row["level"] in levels:
            kept.setdefault((row["id"], row["reader"]), []).append(float(row[quantity]))
    return np.array([[np.mean(kept[row["id"], reader]) for reader in "12"] for row in PATIENTS])


def final(quantity: str, levels: tuple[str, ...] = ALL_LEVELS) -> np.ndarray:
    return np.asarray(readers(quantity, levels).mean(axis=1))


def curve(quantity: str, direction: str, levels: tuple[str, ...] = ALL_LEVELS) -> Roc:
    result = roc(final(quantity, levels), OSTEOPOROSIS, direction=direction)  # type: ignore[arg-type]
    assert isinstance(result, Roc)
    return result


def model(levels: tuple[str, ...] = ALL_LEVELS) -> LogisticModel:
    result = logistic([final("FF", levels), final("R2s", levels)], ["FF", "R2*"], OSTEOPOROSIS)
    assert isinstance(result, LogisticModel)
    return result


def counts(one: CutOff | None) -> tuple[str, str]:
    assert one is not None
    return str(one.sensitivity), str(one.specificity)


@pytest.mark.parametrize(
    ("quantity", "levels", "printed"),
    [
        ("FF", ALL_LEVELS, 0.893),
        ("R2s", ALL_LEVELS, 0.902),
        ("FF", UPPER_FOUR, 0.896),
        ("R2s", UPPER_FOUR, 0.898),
    ],
)
def test_the_readers_agree_as_printed(quantity: str, levels: tuple[str, ...], printed: float) -> None:
    result = icc(readers(quantity, levels))
    assert isinstance(result, Icc)
    assert round(result.headline.estimate or 0.0, 3) == printed
    assert result.grades == ("good", "excellent")


def test_the_limits_of_agreement_of_ff_are_those_of_the_cohort() -> None:
    first, second = readers("FF").T
    result = bland_altman(first, second)
    assert isinstance(result, BlandAltman)
    assert round(result.bias, 2) == 0.35
    assert (round(result.lower.value, 1), round(result.upper.value, 1)) == (-9.7, 10.4)


@pytest.mark.parametrize(
    ("quantity", "levels", "printed"),
    [
        ("FF", ALL_LEVELS, -0.6470),
        ("R2s", ALL_LEVELS, 0.5339),
        ("FF", UPPER_FOUR, -0.650),
        ("R2s", UPPER_FOUR, 0.538),
    ],
)
def test_the_maps_correlate_with_bone_density_as_printed(
    quantity: str, levels: tuple[str, ...], printed: float
) -> None:
    result = pearson(final(quantity, levels), BMD)
    assert isinstance(result, Pearson)
    decimals = 4 if levels is ALL_LEVELS else 3
    assert round(result.r, decimals) == printed


@pytest.mark.parametrize("quantity", ["FF", "R2s"])
def test_the_correlation_with_bone_density_is_all_between_the_groups(quantity: str) -> None:
    result = within_groups(final(quantity), BMD, GROUPS)
    assert isinstance(result, WithinGroups)
    assert abs(result.within.r) < 0.2
    assert [note.code for note in result.notes] == ["correlation.between_groups"]


def test_fat_fraction_cuts_off_as_printed() -> None:
    result = curve("FF", "higher")
    assert round(result.auc, 3) == 0.893
    assert result.cutoff is not None
    assert str(result.cutoff.criterion) == "> 56.09"
    assert counts(result.cutoff) == ("41/49", "59/71")
    assert round(result.cutoff.youden_j, 3) == 0.668


def test_r2star_cuts_off_as_printed() -> None:
    result = curve("R2s", "lower")
    assert round(result.auc, 3) == 0.843
    assert result.cutoff is not None
    assert str(result.cutoff.criterion) == "<= 138.31"
    assert counts(result.cutoff) == ("39/49", "58/71")
    assert round(result.cutoff.youden_j, 3) == 0.613


@pytest.mark.parametrize(("quantity", "direction"), [("FF", "higher"), ("R2s", "lower")])
def test_the_rounded_means_of_the_table_give_the_same_curve_as_the_full_ones(
    quantity: str, direction: str
) -> None:
    rounded = [float(row[f"{quantity}_mean"]) for row in PATIENTS]
    printed = roc(rounded, OSTEOPOROSIS, direction=direction)  # type: ignore[arg-type]
    assert isinstance(printed, Roc)
    full = curve(quantity, direction)
    assert printed.auc == full.auc
    assert printed.steps.values.size == full.steps.values.size
    assert counts(printed.cutoff) == counts(full.cutoff)


def test_the_combination_reaches_the_printed_area_and_counts() -> None:
    result = model()
    assert round(result.roc.auc, 3) == 0.931
    assert counts(result.roc.cutoff) == ("38/49", "66/71")
    assert result.cutoff is not None
    assert round(result.cutoff.cutoff.youden_j, 3) == 0.705


def test_the_upper_four_levels_give_their_own_areas() -> None:
    areas = (
        curve("FF", "higher", UPPER_FOUR).auc,
        curve("R2s", "lower", UPPER_FOUR).auc,
        model(UPPER_FOUR).roc.auc,
    )
    assert tuple(round(area, 3) for area in areas) == (0.892, 0.841, 0.930)


def test_the_combination_loses_little_when_corrected_for_optimism() -> None:
    result = optimism_corrected([final("FF"), final("R2s")], OSTEOPOROSIS, replicates=400)
    assert isinstance(result, Optimism)
    assert 0.0 < result.optimism < 0.01
