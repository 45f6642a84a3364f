from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from app.stats.kappa import Kappa, kappa
from app.stats.result import NotDefined
from app.stats.sentences import sentence

GROUPS = ("normal", "osteopenia", "osteoporosis")
SORTED = st.lists(st.tuples(st.sampled_from(GROUPS), st.sampled_from(GROUPS)), min_size=3, max_size=40)


def agreed(first: object, second: object, categories: object = GROUPS, **options: float) -> Kappa:
    result = kappa(first, second, categories, **options)  # type: ignore[arg-type]
    assert isinstance(result, Kappa)
    return result


@given(pairs=SORTED)
def test_every_kappa_is_that_of_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    first, second = zip(*pairs, strict=True)
    result = kappa(first, second, GROUPS)
    assume(isinstance(result, Kappa))
    assert isinstance(result, Kappa)
    for form in result.forms:
        theirs = cohen_kappa_score(
            first, second, labels=GROUPS, weights=None if form.weights == "none" else form.weights
        )
        assert form.estimate == pytest.approx(theirs, abs=1e-12)
        assert math.isfinite(form.se)
        assert form.ci.low <= form.estimate <= form.ci.high <= 1.0
        assert form.p is None or 0.0 <= form.p <= 1.0


@given(pairs=SORTED)
def test_the_readers_may_change_places(pairs: list[tuple[str, str]]) -> None:
    first, second = zip(*pairs, strict=True)
    one, other = kappa(first, second, GROUPS), kappa(second, first, GROUPS)
    assume(isinstance(one, Kappa))
    assert isinstance(one, Kappa)
    assert isinstance(other, Kappa)
    for a, b in zip(one.forms, other.forms, strict=True):
        assert (a.estimate, a.se) == pytest.approx((b.estimate, b.se), abs=1e-12)


def test_the_standard_error_is_what_many_samples_scatter_by() -> None:
    rng = np.random.default_rng(0)
    shares = np.array([[0.25, 0.05, 0.0], [0.05, 0.2, 0.1], [0.0, 0.1, 0.25]])
    drawn = rng.choice(9, p=shares.ravel(), size=(400, 200))
    forms = [agreed(*divmod(draw, 3), range(3)).form("linear") for draw in drawn]
    assert np.std([form.estimate for form in forms]) == pytest.approx(np.mean([f.se for f in forms]), rel=0.1)


def test_a_disagreement_by_two_steps_weighs_more_than_two_by_one() -> None:
    near = agreed([*GROUPS * 4, "normal", "normal"], [*GROUPS * 4, "osteopenia", "osteopenia"])
    far = agreed([*GROUPS * 4, "normal", "normal"], [*GROUPS * 4, "osteoporosis", "osteoporosis"])
    assert near.form("none").estimate == pytest.approx(far.form("none").estimate, abs=0.02)
    assert near.form("quadratic").estimate > far.form("quadratic").estimate + 0.1


def test_two_groups_make_all_weights_the_same() -> None:
    result = agreed([0, 0, 1, 1, 1], [0, 1, 1, 1, 0], (0, 1))
    assert len({round(form.estimate, 12) for form in result.forms}) == 1
    assert result.table.tolist() == [[1, 1], [1, 2]]


def test_whom_a_reader_did_not_sort_is_left_out_and_counted() -> None:
    result = agreed(["normal", None, "osteopenia", "?"], ["normal", "normal", "osteopenia", "normal"])
    assert (result.n, result.n_excluded) == (2, 2)
    assert result.agreement == 1.0


def test_perfect_agreement_has_an_interval_without_width_and_says_so() -> None:
    result = agreed(GROUPS * 3, GROUPS * 3)
    for form in result.forms:
        assert form.estimate == 1.0
        assert (form.ci.low, form.ci.high) == pytest.approx((1.0, 1.0))
    assert [note.code for note in result.notes] == ["kappa.perfect"]
    assert "says nothing about precision" in sentence(result.notes[0])


def test_a_reader_who_uses_one_group_only_leaves_nothing_to_test() -> None:
    result = agreed(["normal"] * 4, ["normal", "normal", "normal", "osteopenia"])
    assert result.form("none").estimate == 0.0
    assert result.form("none").se_null is None
    assert result.form("none").z is None
    assert result.form("none").p is None


def test_one_patient_or_one_group_has_no_kappa() -> None:
    assert kappa(["normal"], ["normal"], GROUPS) == NotDefined.of("kappa.too_few", n=1, n_excluded=0)
    assert kappa(["normal"] * 3, ["normal"] * 3, GROUPS) == NotDefined.of("kappa.one_group", n=3)
    with pytest.raises(ValueError, match="1 categories"):
        kappa(["normal"], ["normal"], ["normal"])
    with pytest.raises(ValueError, match="zip"):
        kappa(["normal"], [], GROUPS)


def test_all_patients_in_one_cell_off_the_diagonal_still_have_a_kappa() -> None:
    assert agreed(["normal"] * 3, ["osteopenia"] * 3).form("none").estimate == 0.0


def test_kappa_is_said_with_all_three_weights_and_the_plain_agreement() -> None:
    said = sentence(agreed([1, 2, 3, 1, 2, 3], [1, 2, 3, 2, 2, 3], (1, 2, 3)))
    assert said.startswith("Cohen's kappa was 0.750, with linear weights 0.8")
    assert said.endswith("the readers agreed in 83.3 % of 6 patients.")
