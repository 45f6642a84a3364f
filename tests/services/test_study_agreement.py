"""Which readings are compared, what each rater measured, and what comes of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.domain.case_facts import Because
from app.domain.disagreement import How, Ruling
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Kind
from app.domain.reasons import Reason
from app.services.agreement_readings import Pair, Rater, pairs_of, readings_of, shared_means
from app.services.gather import Gathered
from app.services.repeated import repeated
from app.services.selection import MEAN, Selection, one_reader
from app.services.study_agreement import asked_of, study_agreement, with_gaps
from app.services.study_data import Study, make_study
from app.stats.agreement import BlandAltman
from app.stats.bland_altman_varying_truth import VaryingTruth
from app.stats.icc import Icc
from app.stats.icc_reml import IccReml
from app.stats.kappa import Kappa
from app.stats.result import NotDefined
from app.store.adjudications import Adjudication
from app.store.exams import ExamRow
from app.store.results import LevelResult

NAN = math.nan
# reader and round -> levels of each patient from L1 down: None is not read, NaN not measurable
Told = Mapping[tuple[str, int], Sequence[Sequence[float | None]]]

FIRST = [[40, 41, 42, 43, 44], [50, 52, 51, 53, 54], [60, 61, 63, 62, 66], [45, 44, 47, 46, 49]]
SECOND = [[42, 40, 43, 45, 44], [49, 53, 50, 52, 56], [61, 63, 62, 65, 64], [43, 46, 45, 47, 50]]
LATER = [[41, 41, 41, 44, 45], [51, 51, 52, 52, 55], [59, 62, 62, 63, 65], [44, 45, 46, 46, 48]]


def gathered_from(told: Told, **others: Any) -> Gathered:
    """What a session would hold of some values, which are those of FF; R2* is twice as much."""
    count = max((len(patients) for patients in told.values()), default=0)
    enrolled = tuple(ExamRow(number, f"C{number}", "table", 3.0) for number in range(1, count + 1))
    cells = tuple(
        cell_of(*who, row, level, mean)
        for who, patients in told.items()
        for row, levels in zip(enrolled, patients, strict=False)
        for level, mean in zip(LEVELS, levels, strict=False)
        if mean is not None
    )
    known: dict[str, Any] = {
        "protocol": Protocol(), "synthetic": False, "trained": 0, "said": (), "excluded": {},
        "decided": (), "joined": (), "enrolled": enrolled,
    }  # fmt: skip
    return Gathered(readers=tuple(dict.fromkeys(name for name, _ in told)), told=cells, **known | others)


def stats_of(mean: float) -> RoiStats:
    return RoiStats(16, mean, 1.0, mean, mean, mean, 16.0, 0, 0, 0, 0, 0)


def cell_of(reader: str, number: int, row: ExamRow, level: Level, mean: float) -> LevelResult:
    measured = not math.isnan(mean)
    found = {Quantity.FF: stats_of(mean), Quantity.R2STAR: stats_of(2.0 * mean)} if measured else {}
    kind = Kind.MEASURED if measured else Kind.NOT_MEASURABLE
    who = (row.id, row.code, row.field_strength_t, reader, number, "table", True, "")
    return LevelResult(*who, level, kind, None, "", None, found, "", "", "", "")


def study_of(gathered: Gathered, selection: Selection | None = None, **options: str) -> Study:
    wanted = selection or Selection()
    for name, value in options.items():
        wanted = wanted.with_option(f"agreement.{name}", value)
    return make_study(gathered, wanted)


@pytest.fixture
def two() -> Gathered:
    return gathered_from({("Li", 1): FIRST, ("Chen", 1): SECOND})


@pytest.fixture
def many() -> Gathered:
    """Three readers, of whom the first reads three times and the third only two patients."""
    return gathered_from(
        {
            ("Li", 1): FIRST,
            ("Chen", 1): SECOND,
            ("Wu", 1): [*LATER[:2]],
            ("Li", 2): LATER,
            ("Li", 3): SECOND,
            ("Chen", 3): FIRST,
        }
    )


# -- what can be compared -----------------------------------------------------------------------------------


def test_readers_are_compared_two_by_two_and_then_each_reader_with_themselves(many: Gathered) -> None:
    pairs = pairs_of(many, 1)
    told = [(one.first.reader, one.first.round, one.second.reader, one.second.round) for one in pairs]
    assert told == [
        ("Li", 1, "Chen", 1),
        ("Li", 1, "Wu", 1),
        ("Chen", 1, "Wu", 1),
        ("Li", 1, "Li", 2),
        ("Li", 1, "Li", 3),
        ("Li", 2, "Li", 3),
        ("Chen", 1, "Chen", 3),
    ]
    assert [one.within for one in pairs] == [False] * 3 + [True] * 4


def test_the_round_of_the_selection_says_in_which_round_readers_are_compared(many: Gathered) -> None:
    assert [one.key for one in pairs_of(many, 3) if not one.within] == ["1.3-2.3"]
    assert [one.key for one in pairs_of(many, 7) if not one.within] == []


def test_the_key_of_a_comparison_names_nobody(many: Gathered) -> None:
    assert {one.key for one in pairs_of(many, 1)} == {
        "1.1-2.1", "1.1-3.1", "2.1-3.1", "1.1-1.2", "1.1-1.3", "1.2-1.3", "2.1-2.3",
    }  # fmt: skip


def test_the_first_comparison_is_taken_where_another_one_is_not_there(two: Gathered) -> None:
    asked = asked_of(study_of(two, compare="1.1-9.1"))
    assert asked.pair == Pair("1.1-2.1", Rater("Li", 1), Rater("Chen", 1))


def test_one_level_alone_has_no_vertebrae_beside_the_patient(two: Gathered) -> None:
    assert asked_of(study_of(two)).units == ("patient", "vertebra")
    alone = asked_of(study_of(two, Selection(levels="L3"), unit="vertebra"))
    assert (alone.units, alone.unit) == (("patient",), "patient")


def test_limits_that_slope_are_for_plain_differences_against_the_mean(two: Gathered) -> None:
    sloping = asked_of(study_of(two, limits="regression", against="rank"))
    assert (sloping.limits, sloping.against) == ("regression", "mean")
    percent = asked_of(study_of(two, limits="regression", scale="percent", against="rank"))
    assert (percent.limits, percent.against) == ("sd", "rank")
    assert percent.limit_choices == ("sd", "quantile")


def test_vertebrae_have_differences_only(two: Gathered) -> None:
    asked = asked_of(study_of(two, unit="vertebra", scale="ratio", against="rank", limits="quantile"))
    assert (asked.scale, asked.against, asked.limits) == ("difference", "mean", "sd")


# -- what each measured -------------------------------------------------------------------------------------


def test_patients_are_compared_by_the_levels_both_measured() -> None:
    gathered = gathered_from({("Li", 1): [[10, 20, 30, NAN, 99]], ("Chen", 1): [[12, 22, 32, 90, 99]]})
    readings = readings_of(study_of(gathered), pairs_of(gathered, 1)[0])
    # L1 to L4, of which three are enough
    np.testing.assert_allclose(readings.paired, [[20.0, 22.0]])
    assert readings.levels == LEVELS[:4]


def test_too_few_common_levels_leave_a_patient_without_a_pair() -> None:
    gathered = gathered_from({("Li", 1): [[10, 20, 30, NAN]], ("Chen", 1): [[NAN, 22, 32, 90]]})
    readings = readings_of(study_of(gathered), pairs_of(gathered, 1)[0])
    assert np.isnan(readings.paired).all()


def test_pairs_are_those_of_the_cohort_and_of_repeated_readings(many: Gathered) -> None:
    study = study_of(many)
    between, within = pairs_of(many, 1)[0], pairs_of(many, 1)[3]
    for quantity in (Quantity.FF, Quantity.R2STAR):
        chosen = study_of(many, Selection(quantity))
        np.testing.assert_array_equal(readings_of(chosen, between).paired, study.cohort.paired[quantity])
        again = repeated(many, "Li")
        np.testing.assert_array_equal(readings_of(chosen, within).paired, again.values[quantity])
        assert readings_of(chosen, within).codes == again.codes


def test_a_decision_on_a_level_does_not_make_readers_agree(two: Gathered) -> None:
    out = Ruling(How.EXCLUDED, reason=Reason.SURG)
    decided = tuple(Adjudication(1, level, out, {}, "") for level in LEVELS)
    gathered = gathered_from({("Li", 1): FIRST, ("Chen", 1): SECOND}, decided=decided)
    plain, after = study_agreement(study_of(two)), study_agreement(study_of(gathered))
    assert after.readings.codes == ("C1", "C2", "C3", "C4")
    np.testing.assert_array_equal(after.readings.paired, plain.readings.paired)


def test_the_comparison_does_not_depend_on_whose_values_the_other_tabs_show(two: Gathered) -> None:
    plain = study_agreement(study_of(two))
    for readers in (MEAN, one_reader("Chen")):
        other = study_agreement(study_of(two, Selection(readers=readers)))
        np.testing.assert_array_equal(other.readings.paired, plain.readings.paired)


def test_a_patient_whom_a_reader_excluded_is_compared_by_nobody() -> None:
    told: Told = {("Li", 1): FIRST, ("Chen", 1): SECOND, ("Li", 2): LATER}
    gathered = gathered_from(told, excluded={2: Because(Reason.SURG)})
    for place in (0, 1):
        readings = readings_of(study_of(gathered), pairs_of(gathered, 1)[place])
        assert readings.codes == ("C1", "C3", "C4")


def test_a_level_without_a_value_of_this_map_was_still_measurable(two: Gathered) -> None:
    bare = tuple(replace(cell, stats={Quantity.FF: cell.stats[Quantity.FF]}) for cell in two.told)
    study = study_of(replace(two, told=bare), Selection(Quantity.R2STAR))
    readings = readings_of(study, pairs_of(two, 1)[0])
    assert np.isnan(readings.by_level).all()
    assert (readings.measurable == 1.0).all()


def test_means_of_all_leave_a_missing_rater_out_and_compare_the_others_by_common_levels() -> None:
    values = np.array(
        [
            [[1.0, 2.0, 3.0], [3.0, NAN, 5.0], [NAN, NAN, 9.0]],
            [[1.0, 2.0, 3.0], [NAN] * 3, [NAN] * 3],
            [[1.0, NAN, NAN], [2.0, NAN, NAN], [NAN] * 3],
            [[1.0, 2.0, NAN], [NAN, 2.0, 3.0], [NAN] * 3],
        ]
    )
    found = shared_means(values, 2, complete=False)
    np.testing.assert_allclose(found, [[2, 4, NAN], [2, NAN, NAN], [NAN] * 3, [NAN] * 3])
    assert np.isnan(shared_means(values, 2, complete=True)).all()


# -- what comes of it ---------------------------------------------------------------------------------------


def test_differences_are_first_minus_second_of_the_patients_in_order(two: Gathered) -> None:
    found = study_agreement(study_of(two)).bland_altman
    assert isinstance(found, BlandAltman)
    first, second = np.mean([row[:4] for row in FIRST], axis=1), np.mean([row[:4] for row in SECOND], axis=1)
    np.testing.assert_allclose(found.differences, first - second)
    assert found.index.tolist() == [0, 1, 2, 3]


def test_the_same_pairs_are_told_on_every_scale(two: Gathered) -> None:
    first, second = np.mean([row[:4] for row in FIRST], axis=1), np.mean([row[:4] for row in SECOND], axis=1)
    wanted = {
        "difference": first - second,
        "percent": 200.0 * (first - second) / (first + second),
        "ratio": first / second,
        "log_ratio": first / second,
    }
    for scale, differences in wanted.items():
        found = study_agreement(study_of(two, scale=scale)).bland_altman
        assert isinstance(found, BlandAltman)
        np.testing.assert_allclose(found.differences, differences)


def test_the_quantile_takes_the_place_of_1_96(two: Gathered) -> None:
    found = study_agreement(study_of(two, limits="quantile", against="rank")).bland_altman
    assert isinstance(found, BlandAltman)
    assert found.multiplier == pytest.approx(1.959964, abs=1e-6)
    assert sorted(found.positions.tolist()) == [1.0, 2.0, 3.0, 4.0]


def test_vertebrae_of_a_patient_stay_together(two: Gathered) -> None:
    found = study_agreement(study_of(two, Selection(levels="L1-L5"), unit="vertebra"))
    assert found.clustered is not None
    varying = found.clustered.varying
    assert isinstance(varying, VaryingTruth)
    assert (varying.n, varying.n_pairs) == (4, 20)
    away = np.array(FIRST) - np.array(SECOND)
    # one-way analysis of variance by hand: five levels of each patient
    between = 5.0 * away.mean(axis=1).var(ddof=1)
    within = away.var(axis=1, ddof=1).mean()
    assert varying.sd**2 == pytest.approx(max((between - within) / 5.0, 0.0) + within)
    assert isinstance(found.icc, Icc)
    assert found.icc.n == 20
    assert (found.sizes, found.everybody, found.gaps) == (None, None, False)


def test_a_level_only_one_of_them_measured_is_in_neither_kind_of_limits() -> None:
    lost = [list(row) for row in FIRST]
    lost[0][4] = NAN
    gathered = gathered_from({("Li", 1): lost, ("Chen", 1): SECOND})
    found = study_agreement(study_of(gathered, Selection(levels="L1-L5"), unit="vertebra"))
    assert found.clustered is not None
    varying, constant = found.clustered.varying, found.clustered.constant
    assert not isinstance(varying, NotDefined)
    assert not isinstance(constant, NotDefined)
    assert varying.n_pairs == constant.x.n == constant.y.n == 19


def test_each_level_is_compared_on_its_own(two: Gathered) -> None:
    levels = study_agreement(study_of(two)).levels
    assert [one.level for one in levels] == list(LEVELS[:4])
    third = levels[2].bland_altman
    assert isinstance(third, BlandAltman)
    assert third.differences.tolist() == [-1.0, 1.0, 1.0, 2.0]
    assert study_agreement(study_of(two, Selection(levels="L2"))).levels == ()


def test_more_than_two_raters_are_also_taken_together(many: Gathered, two: Gathered) -> None:
    assert study_agreement(study_of(two)).everybody is None
    readers = study_agreement(study_of(many)).everybody
    assert readers is not None
    assert [one.reader for one in readers.raters] == ["Li", "Chen", "Wu"]
    assert isinstance(readers.icc, Icc)
    assert (readers.icc.n, readers.icc.n_excluded, readers.icc.k) == (2, 2, 3)
    rounds = study_agreement(study_of(many, compare="1.1-1.2")).everybody
    assert rounds is not None
    assert [one.round for one in rounds.raters] == [1, 2, 3]


def test_patients_whom_some_did_not_read_still_count_for_the_reliability_by_likelihood(
    many: Gathered, two: Gathered
) -> None:
    assert not study_agreement(study_of(two)).gaps
    found = study_agreement(study_of(many))
    assert found.gaps
    by_likelihood = with_gaps(found)
    assert isinstance(by_likelihood, IccReml)
    assert (by_likelihood.n, by_likelihood.n_readings, by_likelihood.n_missing) == (4, 10, 2)


def test_measurable_or_not_is_compared_level_by_level() -> None:
    first = [[40, NAN, 42, 43], [50, 52, NAN, NAN], [60, 61, 63, 62]]
    second = [[42, NAN, 43, 45], [49, 53, 50, NAN], [61, None, 62, 65]]
    found = study_agreement(study_of(gathered_from({("Li", 1): first, ("Chen", 1): second}))).kappa
    assert isinstance(found, Kappa)
    assert found.table.tolist() == [[8, 0], [1, 2]]
    # 10 of 11 agree; by chance 8/11 * 9/11 + 3/11 * 2/11
    chance = (8 * 9 + 3 * 2) / 121
    assert found.form("none").estimate == pytest.approx((10 / 11 - chance) / (1 - chance))


def test_patients_needed_rest_on_what_was_found(two: Gathered) -> None:
    found = study_agreement(study_of(two, scale="percent"))
    assert found.sizes is not None
    assert isinstance(found.icc, Icc)
    plain = study_agreement(study_of(two)).bland_altman
    assert isinstance(plain, BlandAltman)
    assert (found.sizes.rho, found.sizes.sd) == (found.icc.headline.estimate, plain.sd)
    same = study_agreement(study_of(gathered_from({("Li", 1): FIRST, ("Chen", 1): FIRST})))
    assert same.sizes is None


# -- nothing to compare -------------------------------------------------------------------------------------


def test_one_reader_in_one_round_can_be_compared_with_nobody() -> None:
    found = study_agreement(study_of(gathered_from({("Li", 1): FIRST})))
    assert found.asked.pair is None
    assert isinstance(found.bland_altman, NotDefined)
    assert (found.bland_altman.code, dict(found.bland_altman.values)) == (
        "bland_altman.too_few",
        {"n": 0, "n_excluded": 4},
    )
    assert (found.everybody, found.sizes, found.gaps) == (None, None, False)
    assert all(isinstance(one.icc, NotDefined) for one in found.levels)


@pytest.mark.parametrize("unit", ["patient", "vertebra"])
def test_a_session_without_readings_has_nothing_to_compare(unit: str) -> None:
    found = study_agreement(study_of(gathered_from({}), unit=unit))
    assert isinstance(found.icc, NotDefined)
    assert isinstance(found.concordance, NotDefined)


@pytest.mark.parametrize("unit", ["patient", "vertebra"])
def test_r2star_of_different_field_strengths_is_not_compared(two: Gathered, unit: str) -> None:
    enrolled = tuple(
        ExamRow(one.id, one.code, one.origin, 1.5 if one.id == 1 else 3.0) for one in two.enrolled
    )
    mixed = gathered_from({("Li", 1): FIRST, ("Chen", 1): SECOND}, enrolled=enrolled)
    found = study_agreement(study_of(mixed, Selection(Quantity.R2STAR), unit=unit))
    parts = [found.bland_altman, found.checks, found.icc, found.concordance, found.reproducibility]
    parts += [found.repeatability, found.profile]
    if found.clustered is not None:
        parts += [found.clustered.varying, found.clustered.constant]
    assert {getattr(one, "code", "") for one in parts} == {"cohort.mixed_field_strengths"}
    assert (found.levels, found.everybody, found.sizes, found.gaps) == ((), None, None, False)
    assert isinstance(study_agreement(study_of(mixed, unit=unit)).icc, Icc)
