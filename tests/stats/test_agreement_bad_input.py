"""Bad input to every analysis of agreement: an answer or a reason, never an exception, NaN or infinity."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from app.stats.agreement import bland_altman, icc
from app.stats.bland_altman_checks import bland_altman_checks
from app.stats.bland_altman_constant_truth import bland_altman_constant_truth
from app.stats.bland_altman_varying_truth import bland_altman_varying_truth
from app.stats.concordance import lin_ccc, overall_ccc
from app.stats.icc_reml import icc_reml
from app.stats.kappa import kappa
from app.stats.precision_profile import precision_profile
from app.stats.repeatability import repeatability
from app.stats.reproducibility import reproducibility
from app.stats.sentences import sentence

Analyse = Callable[[np.ndarray], object]
ANALYSES: dict[str, Analyse] = {
    "difference": lambda table: bland_altman(table[:, 0], table[:, 1]),
    "percent": lambda table: bland_altman(table[:, 0], table[:, 1], scale="percent"),
    "ratio": lambda table: bland_altman(table[:, 0], table[:, 1], scale="ratio"),
    "log_ratio": lambda table: bland_altman(table[:, 0], table[:, 1], scale="log_ratio", against="rank"),
    "checks": lambda table: bland_altman_checks(table[:, 0], table[:, 1]),
    "constant_truth": lambda table: bland_altman_constant_truth(table[:, :2], table[:, 2:]),
    "varying_truth": lambda table: bland_altman_varying_truth(table[:, :2], table[:, 2:]),
    "icc": icc,
    "icc_reml": icc_reml,
    "lin_ccc": lambda table: lin_ccc(table[:, 0], table[:, 1]),
    "overall_ccc": overall_ccc,
    "kappa": lambda table: kappa(list(table[:, 0]), list(table[:, 1]), (1.0, 2.0, 3.0)),
    "repeatability": repeatability,
    "reproducibility": reproducibility,
    "precision_profile": lambda table: precision_profile(table, classes=2),
}
CELLS = st.sampled_from([0.0, 1.0, 2.0, 3.0, 40.1, 55.5, 1e-3, math.nan, math.inf])
TABLES = arrays(np.float64, st.tuples(st.integers(0, 6), st.just(4)), elements=CELLS)


def numbers(item: object) -> Iterator[float]:
    if isinstance(item, float):
        yield item
    elif isinstance(item, np.ndarray):
        yield from (float(value) for value in item.ravel())
    elif isinstance(item, tuple):
        yield from (value for part in item for value in numbers(part))
    elif dataclasses.is_dataclass(item):
        for field in dataclasses.fields(item):
            yield from numbers(getattr(item, field.name))


@pytest.mark.parametrize("name", list(ANALYSES))
@settings(max_examples=60)
@given(table=TABLES, offset=st.sampled_from([0.0, -2.0, 1e9]), scale=st.sampled_from([1.0, 1e-6, 1e6]))
def test_every_table_has_an_answer_without_nan_or_a_reason(
    name: str, table: np.ndarray, offset: float, scale: float
) -> None:
    found = ANALYSES[name](table * scale + offset)
    assert all(math.isfinite(value) for value in numbers(found)), found
    said = sentence(found)
    assert "nan" not in said.split()
    for note in getattr(found, "notes", ()):
        assert sentence(note).endswith(".")


@pytest.mark.parametrize("name", list(ANALYSES))
@pytest.mark.parametrize("value", [0.0, 7.3])
def test_one_value_everywhere_has_an_answer_or_a_reason(name: str, value: float) -> None:
    found = ANALYSES[name](np.full((5, 4), value))
    assert all(math.isfinite(number) for number in numbers(found))
    assert sentence(found).endswith(".")
