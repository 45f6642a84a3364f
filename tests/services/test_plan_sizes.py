"""A study is planned from typed figures; what cannot be taken is named."""

from __future__ import annotations

import pytest

from app.services.plan_sizes import Planned, Wrong, plan_size
from app.services.size_questions import LOST, QUESTIONS
from app.stats.result import NotDefined
from app.stats.sample_size import SampleSize
from app.stats.sample_size_diagnostic import CasesAndControls
from app.stats.sentences import sentence


def found(key: str, **typed: str) -> Planned:
    one = plan_size(key, typed)
    assert isinstance(one, Planned)
    return one


def size(key: str, **typed: str) -> SampleSize:
    one = found(key, **typed).size
    assert isinstance(one, SampleSize)
    return one


def wrong(key: str, **typed: str) -> list[tuple[str, str]]:
    one = plan_size(key, typed)
    assert isinstance(one, tuple)
    assert all(isinstance(each, Wrong) for each in one)
    return [(each.asked.name, each.why) for each in one]


@pytest.mark.parametrize("key", list(QUESTIONS))
def test_every_plan_has_an_answer_to_its_defaults_and_says_it(key: str) -> None:
    one = found(key)
    assert "needed" in sentence(one.size)
    assert min(one.enrolled) > 1
    assert one.lost == pytest.approx(0.1)


def test_tables_of_cohen_are_found_again() -> None:
    # Cohen 1988: 64 in each group at d = 0.5, 85 at r = 0.3
    assert size("two_means", difference="5", sd="10").per_group == 64
    assert size("correlation", r="0.3").total == 85
    assert size("correlation", r="-0.3").total == 85
    # R: power.anova.test gives 52.4 in each of three groups whose means lie f = 0.25 apart
    assert size("group_means", means="0 3.0618622 6.1237244", sd="10").per_group == 53


def test_percents_are_typed_as_such() -> None:
    # Buderer: 1.96^2 0.85 0.15 / (0.07^2 0.4)
    assert size("sensitivity").total == 250
    assert size("sensitivity", half_width="7 %", prevalence="40%").total == 250
    assert size("specificity", specificity="85", prevalence="60").total == 250


def test_a_comma_parts_the_decimals_as_a_point_does() -> None:
    assert size("two_means", difference="5,0", sd="10").per_group == 64
    assert size("group_means", means="45,0; 50 55").groups == 3


def test_cases_and_controls_are_enrolled_each_by_itself() -> None:
    one = found("auc", auc="0.75", controls_per_case="2", lost="20")
    assert isinstance(one.size, CasesAndControls)
    cases, controls = one.enrolled
    assert 0.8 * (cases - 1) < one.size.cases <= 0.8 * cases
    assert 0.8 * (controls - 1) < one.size.controls <= 0.8 * controls


def test_every_group_is_enrolled_so_that_enough_are_left() -> None:
    assert found("two_means", lost="20").enrolled == (80, 80)
    assert found("two_means", lost="0").enrolled == (64, 64)
    assert found("two_means", lost="36").enrolled == (100, 100)


@pytest.mark.parametrize(
    ("key", "typed", "why"),
    [
        ("auc", {"auc": "0.5"}, [("auc", "outside")]),
        ("auc", {"auc": "1"}, [("auc", "outside")]),
        ("auc", {"auc": "", "power": "x"}, [("auc", "not_a_number"), ("power", "not_a_number")]),
        ("auc", {"lost": "100"}, [("lost", "outside")]),
        ("auc", {"lost": "-1"}, [("lost", "outside")]),
        ("auc", {"alpha": "nan"}, [("alpha", "not_a_number")]),
        ("two_means", {"sd": "1e300"}, [("sd", "not_a_number")]),
        ("two_means", {"sd": "1e-300"}, [("sd", "outside")]),
        ("icc_width", {"readers": "2.5"}, [("readers", "not_whole")]),
        ("icc_width", {"readers": "1"}, [("readers", "outside")]),
        ("group_means", {"means": "45"}, [("means", "too_few")]),
        ("group_means", {"means": "45 x"}, [("means", "not_a_number")]),
    ],
)
def test_what_cannot_be_taken_is_named(key: str, typed: dict[str, str], why: list[tuple[str, str]]) -> None:
    assert wrong(key, **typed) == why


def test_what_no_study_can_show_is_said() -> None:
    assert plan_size("two_means", {"difference": "0"}) == NotDefined.of("sample_size.no_effect")
    assert plan_size("icc_test", {"rho": "0.7"}) == NotDefined.of("sample_size.no_effect")


def test_more_patients_than_there_can_be_are_refused() -> None:
    assert plan_size("sensitivity", {"half_width": "0.001"}) == NotDefined.of(
        "sample_size.too_many", most=10_000_000
    )


def test_whole_numbers_may_be_as_small_as_their_limit() -> None:
    assert found("icc_width", readers="2").size == found("icc_width").size
    assert LOST.holds(0.0)
