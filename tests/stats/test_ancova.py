from __future__ import annotations

import numpy as np
import pytest

from app.stats.ancova import Ancova, ancova
from app.stats.groups_summary import FTest
from app.stats.result import NotDefined

RNG = np.random.default_rng(4)
GROUPS = ["a"] * 12 + ["b"] * 10 + ["c"] * 15
member = np.array([0] * 12 + [1] * 10 + [2] * 15)
AGE = np.array([40.0, 55.0, 60.0])[member] + RNG.normal(scale=6.0, size=37)
SEX = RNG.integers(0, 2, size=37).astype(float)
FF = 0.7 * AGE + np.array([0.0, 1.0, 4.0])[member] + RNG.normal(scale=2.0, size=37)


def adjusted(*args: object, **options: object) -> Ancova:
    result = ancova(*args, **options)  # type: ignore[arg-type]
    assert isinstance(result, Ancova)
    return result


def within(x: np.ndarray, y: np.ndarray) -> float:
    return sum(
        float(np.sum((x[member == g] - x[member == g].mean()) * (y[member == g] - y[member == g].mean())))
        for g in range(3)
    )


def test_one_covariate_gives_the_sums_of_products_of_the_textbook() -> None:
    found = adjusted(FF, GROUPS, [AGE], ["age"])
    slope = within(AGE, FF) / within(AGE, AGE)
    error = within(FF, FF) - within(AGE, FF) ** 2 / within(AGE, AGE)
    da, df = AGE - AGE.mean(), FF - FF.mean()
    total = float(df @ df - (da @ df) ** 2 / (da @ da))
    f = ((total - error) / 2) / (error / (37 - 3 - 1))
    assert found.slopes[0].estimate == pytest.approx(slope)
    assert found.group_test.f == pytest.approx(f)
    assert found.group_test.df2 == 33
    assert found.partial_eta_squared == pytest.approx((total - error) / total)
    for g, mean in enumerate(found.means):
        assert mean.raw == pytest.approx(FF[member == g].mean())
        expected = FF[member == g].mean() - slope * (AGE[member == g].mean() - AGE.mean())
        assert mean.estimate == pytest.approx(expected)
        spread = 1 / np.sum(member == g) + (AGE[member == g].mean() - AGE.mean()) ** 2 / within(AGE, AGE)
        assert mean.se == pytest.approx(np.sqrt(error / 33 * spread))
        assert mean.ci.low < mean.estimate < mean.ci.high


def test_two_covariates_agree_with_plain_least_squares() -> None:
    found = adjusted(FF, GROUPS, [AGE, SEX], ["age", "sex"])
    members = np.eye(3)[member]
    full = np.column_stack((members, AGE, SEX))
    alone = np.column_stack((np.ones(37), AGE, SEX))
    rss = [float(np.linalg.lstsq(design, FF)[1][0]) for design in (full, alone)]
    assert found.group_test.f == pytest.approx(((rss[1] - rss[0]) / 2) / (rss[0] / 32))
    assert found.residual_sd == pytest.approx(np.sqrt(rss[0] / 32))
    assert found.at == pytest.approx((AGE.mean(), SEX.mean()))


def test_a_difference_that_age_made_is_smaller_at_equal_age() -> None:
    found = adjusted(FF, GROUPS, [AGE], ["age"], adjustment="none")
    raw = found.means[1].raw - found.means[0].raw
    assert abs(found.pairs.pairs[0].difference) < abs(raw)
    assert found.pairs.adjustment == "none"
    ci = found.pairs.pairs[0].ci
    assert ci is not None
    assert ci.method == "Student t"


def test_a_huge_offset_and_another_unit_change_no_test() -> None:
    near = adjusted(FF, GROUPS, [AGE], ["age"])
    far = adjusted(FF + 1e8, GROUPS, [12.0 * AGE + 1e6], ["months"])
    assert far.group_test.f == pytest.approx(near.group_test.f, rel=1e-6)
    assert far.pairs.pairs[2].p_adjusted == pytest.approx(near.pairs.pairs[2].p_adjusted, rel=1e-5)


def test_slopes_that_differ_between_the_groups_are_told() -> None:
    slopes = np.array([0.1, 1.0, 3.0])[member]
    found = adjusted(slopes * AGE + RNG.normal(size=37), GROUPS, [AGE], ["age"])
    assert isinstance(found.parallel, FTest)
    assert found.parallel.p < 0.001
    assert [note.code for note in found.notes] == ["ancova.not_parallel"]


def test_parallel_slopes_need_no_note() -> None:
    found = adjusted(FF, GROUPS, [AGE], ["age"])
    assert isinstance(found.parallel, FTest)
    assert found.parallel.p > 0.05
    assert found.notes == ()


def test_few_patients_have_adjusted_means_and_no_test_of_parallel_slopes() -> None:
    found = adjusted([1.0, 2.0, 4.0, 3.0], ["a", "a", "b", "b"], [[1.0, 3.0, 2.0, 5.0]], ["age"])
    assert found.parallel == NotDefined.of("ancova.no_parallel_test", n=4)


def test_slopes_that_fit_every_group_exactly_leave_no_test_of_their_difference() -> None:
    age = [1.0, 2.0, 3.0, 1.0, 2.0, 3.0]
    found = adjusted([1.0, 2.0, 3.0, 9.0, 7.0, 5.0], list("aaabbb"), [age], ["age"])
    assert found.parallel == NotDefined.of("ancova.no_parallel_test", n=6)


def test_what_cannot_be_adjusted_is_said() -> None:
    assert ancova(FF[:12], GROUPS[:12], [AGE[:12]], ["age"]) == NotDefined.of("groups.one_group", n_groups=1)
    assert ancova(FF[11:14], GROUPS[11:14], [AGE[11:14]], ["age"]) == NotDefined.of(
        "ancova.too_few", n=3, needed=4, n_excluded=0
    )
    for covariates in ([AGE, 2.0 * AGE], [np.ones(37)], [member.astype(float)]):
        names = [str(place) for place in range(len(covariates))]
        assert ancova(FF, GROUPS, covariates, names) == NotDefined.of("ancova.determined", n=37)
    assert ancova(AGE, GROUPS, [AGE], ["age"]) == NotDefined.of("ancova.exact", n=37)
