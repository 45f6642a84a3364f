"""Independent groups of patients, and vertebrae that belong together."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.stats.result import NotDefined
from app.stats.roc import Roc, roc
from app.stats.roc_clustered import ClusteredRoc, clustered_roc
from app.stats.roc_unpaired import UnpairedRoc, compare_unpaired

COHORTS = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=6, max_size=30)


def columns(cohort: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    marker, label = np.array(cohort).T
    assume(1 < label.sum() < len(label) - 1)
    return marker.astype(float), label.astype(bool)


def unpaired(first: object, second: object, *directions: str) -> UnpairedRoc:
    ways = directions or ("higher", "higher")
    result = compare_unpaired(first, second, directions=ways)  # type: ignore[arg-type]
    assert isinstance(result, UnpairedRoc)
    return result


def clustered(marker: object, label: object, cluster: object, direction: str = "higher") -> ClusteredRoc:
    result = clustered_roc(marker, label, cluster, direction=direction)  # type: ignore[arg-type]
    assert isinstance(result, ClusteredRoc)
    return result


@given(one=COHORTS, two=COHORTS)
def test_independent_variances_add_up(one: list[tuple[int, bool]], two: list[tuple[int, bool]]) -> None:
    first, second = columns(one), columns(two)
    result = unpaired(first, second)
    curves = [roc(*group, direction="higher") for group in (first, second)]
    spread = 0.0
    for curve in curves:
        assert isinstance(curve, Roc)
        assert curve.delong is not None
        spread += curve.delong.se**2
    assert result.se == pytest.approx(math.sqrt(spread), abs=1e-12)
    assert -1.0 <= result.ci.low <= result.difference <= result.ci.high <= 1.0
    swapped = unpaired(second, first)
    assert swapped.difference == -result.difference
    assert (swapped.p, swapped.df) == (
        (None, None) if result.p is None or result.df is None else pytest.approx((result.p, result.df))
    )
    if result.p is not None and result.p_t is not None:
        assert result.p_t >= result.p - 1e-12


def test_each_group_has_its_own_direction_and_its_own_gaps() -> None:
    first = ([1.0, 2.0, np.nan, 3.0, 4.0], [0, 0, 0, 1, 1])
    second = ([4.0, 3.0, 2.5, 1.0], [0, 0, 1, 1])
    result = unpaired(first, second, "higher", "lower")
    assert (result.n_first, result.n_second, result.n_excluded) == (4, 4, 1)
    assert (result.auc_first, result.auc_second) == (1.0, 1.0)
    assert (result.p, result.df, result.p_t) == (None, None, None)
    assert [note.code for note in result.notes] == ["roc.no_width_of_difference"]


def test_independent_groups_are_not_compared_without_both_classes_in_each() -> None:
    fine = ([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1])
    ways = ("higher", "higher")
    assert compare_unpaired(fine, ([1.0, 2.0], [1, 1]), directions=ways) == NotDefined.of(  # type: ignore[arg-type]
        "roc.one_class", n_positive=2, n_negative=0
    )
    one_case = ([1.0, 2.0, 3.0], [0, 0, 1])
    assert compare_unpaired(one_case, fine, directions=ways) == NotDefined.of("roc.one_case")  # type: ignore[arg-type]
    assert compare_unpaired(fine, one_case, directions=ways) == NotDefined.of("roc.one_case")  # type: ignore[arg-type]


@given(cohort=COHORTS, direction=st.sampled_from(["higher", "lower"]))
def test_units_each_of_an_own_patient_have_delongs_error(
    cohort: list[tuple[int, bool]], direction: str
) -> None:
    marker, label = columns(cohort)
    result = clustered(marker, label, range(len(label)), direction)
    assert result.naive_se is not None
    assert result.clustered.se == pytest.approx(result.naive_se, abs=1e-9)
    assert result.n_clusters == len(label)


@given(cohort=COHORTS, copies=st.integers(2, 4))
def test_copies_of_a_patient_add_no_information(cohort: list[tuple[int, bool]], copies: int) -> None:
    marker, label = columns(cohort)
    once = clustered(marker, label, range(len(label)))
    again = clustered(np.tile(marker, copies), np.tile(label, copies), list(range(len(label))) * copies)
    assert again.auc == once.auc
    assert again.clustered.se == pytest.approx(once.clustered.se, abs=1e-9)
    assert again.n == copies * once.n


def test_the_names_of_the_patients_and_the_order_of_the_units_do_not_matter() -> None:
    rng = np.random.default_rng(2)
    patient = np.repeat(np.arange(12), 5)
    label = rng.random(60) < 0.4
    marker = label + rng.normal(size=12)[patient] + rng.normal(size=60)
    plain = clustered(marker, label, patient)
    order = rng.permutation(60)
    named = clustered(marker[order], label[order], [f"C{one}" for one in patient[order]])
    assert named.clustered.se == pytest.approx(plain.clustered.se, rel=1e-12)
    assert plain.s11 != 0.0
    assert plain.curve.auc == plain.auc


def test_a_unit_without_patient_is_left_out() -> None:
    result = clustered([1.0, 2.0, 3.0, 4.0, 9.0], [0, 0, 1, 1, 0], ["a", "b", "c", "d", None])
    assert (result.n, result.n_excluded, result.n_clusters) == (4, 1, 4)
    assert result.clustered.p is None
    assert [note.code for note in result.notes] == ["roc.no_width_clustered"]


def test_two_units_of_two_patients_have_no_naive_error_where_a_class_has_one_unit() -> None:
    assert clustered_roc([1.0, 2.0, 3.0], [0, 0, 1], ["a", "b", "c"], direction="higher") == NotDefined.of(
        "roc.one_cluster", n_clusters=3
    )


def test_a_class_from_a_single_patient_says_nothing_of_others() -> None:
    found = clustered_roc([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1], ["a", "b", "c", "c"], direction="higher")
    assert found == NotDefined.of("roc.one_cluster", n_clusters=3)
    assert clustered_roc([1.0, 2.0], [1, 1], ["a", "b"], direction="higher") == NotDefined.of(
        "roc.one_class", n_positive=2, n_negative=0
    )


def test_one_patient_for_each_unit_is_asked_for() -> None:
    with pytest.raises(ValueError, match=r"shape|dimension"):
        clustered_roc([1.0, 2.0, 3.0], [0, 0, 1], ["a", "b"], direction="higher")
