"""The flow of participants, the patients and the facts of the methods, counted by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from app.domain.case_facts import Because, CaseFacts, Counted
from app.domain.clinical import Group
from app.domain.disagreement import FinalFrom
from app.domain.maps import Quantity
from app.domain.protocol import Protocol
from app.domain.reasons import Reason
from app.services.gather import Gathered
from app.services.selection import Outcome, Selection, one_reader
from app.services.study_cohort import Flow, study_flow, study_patients
from app.services.study_data import make_study
from app.services.study_methods import Repeats, method_facts
from app.store.case_facts import CaseResult

FF, R2STAR = Quantity.FF, Quantity.R2STAR
READERS = ("Reader 1", "Reader 2")
GatheredOf = Callable[..., Gathered]


@pytest.fixture
def ten(gathered_of: GatheredOf) -> Gathered:
    """Ten exams of two readers.

    P000000 is not signed off, P000001 has two levels, P000002 is left out for metal, P000003 has no R2* and
    one reader, P000004 no T-score. Of the six left, T-scores are 0 (twice), -2 and -3 (three times).
    """
    ff = np.arange(10.0)[:, None, None] + np.zeros((10, 2, 5)) + np.array([40.0, 42.0])[None, :, None]
    r2star = 190.0 - ff
    ff[0], r2star[0] = np.nan, np.nan
    ff[1, :, 2:], r2star[1, :, 2:] = np.nan, np.nan
    r2star[3], ff[3, 1] = np.nan, np.nan
    tscore = [0.0, 0.0, 0.0, 0.0, np.nan, 0.0, -2.0, -3.0, -3.0, -3.0]
    bmd = [np.nan, *[1.0] * 9]
    made = gathered_of(
        ff, r2star, tscore=tscore, bmd=bmd, age=np.arange(50.0, 60.0), sex=["F", "M"] * 5,
        tesla=(3.0, 2.9, 3.0, 1.5, None),
    )  # fmt: skip
    return replace(made, excluded={2: Because(Reason.METAL)}, trained=4)


def flow(gathered: Gathered, selection: Selection | None = None) -> Flow:
    return study_flow(make_study(gathered, selection or Selection()))


def test_everybody_enrolled_is_analysed_or_left_out_for_one_reason(ten: Gathered) -> None:
    found = flow(ten)
    assert (found.trained, found.enrolled, found.analysed) == (4, 10, 7)
    assert [(one.code, one.cases, one.reason) for one in found.exclusions] == [
        ("cohort.not_signed_off", ("P000000",), None),
        ("cohort.patient_excluded", ("P000002",), Reason.METAL),
        ("cohort.too_few_levels", ("P000001",), None),
    ]
    assert found.enrolled == found.analysed + found.excluded + len(found.filtered)


def test_a_filter_is_told_apart_from_reasons_of_reading(ten: Gathered) -> None:
    found = flow(ten, Selection(sex="F"))
    assert found.filtered == ("P000003", "P000005", "P000007", "P000009")
    assert (found.excluded, found.analysed) == (3, 3)


def test_final_values_and_references_are_counted_apart(ten: Gathered) -> None:
    found = flow(ten)
    assert dict(found.final) == {FF: 7, R2STAR: 6}
    assert (found.with_tscore, found.with_bmd) == (6, 7)


def test_the_outcome_parts_the_patients_with_their_groups(ten: Gathered) -> None:
    found = flow(ten)
    assert [(one.outcome, one.n, dict(one.groups)) for one in found.sides] == [
        (True, 3, {Group.OSTEOPOROSIS: 3}),
        (False, 3, {Group.NORMAL: 2, Group.OSTEOPENIA: 1}),
        (None, 1, {None: 1}),
    ]
    low = flow(ten, Selection(outcome=Outcome.LOW_BONE_MASS))
    assert [one.n for one in low.sides] == [4, 2, 1]


def test_both_sides_of_the_outcome_are_told_where_one_is_empty(gathered_of: GatheredOf) -> None:
    found = flow(gathered_of(np.full((2, 1, 5), 50.0), np.full((2, 1, 5), 140.0), tscore=[-3.0, -4.0]))
    assert [(one.outcome, one.n) for one in found.sides] == [(True, 2), (False, 0)]


def test_readings_that_were_not_blinded_are_counted_by_reader(ten: Gathered) -> None:
    told = tuple(
        replace(one, not_blinded=one.reader == READERS[1] and one.exam_id in {2, 5, 6}) for one in ten.told
    )
    found = flow(replace(ten, told=told))
    assert dict(found.readings) == {READERS[0]: 7, READERS[1]: 6}
    # the third is of a patient who is left out
    assert dict(found.not_blinded) == {READERS[1]: 2}
    alone = flow(replace(ten, told=told), Selection(readers=one_reader(READERS[0])))
    assert dict(alone.readings) == {READERS[0]: 7}
    assert dict(alone.not_blinded) == {}


def test_field_strengths_are_counted_as_they_are_sold(ten: Gathered) -> None:
    # P000005, 6 and 7 are of 3, 2.9 and 3 T, P000008 of 1.5; 4 and 9 do not say; 3 has no R2*
    assert dict(flow(ten).field_strengths) == {1.5: 1, 3.0: 3, None: 2}


def test_a_session_of_nobody_has_a_flow_of_nobody(gathered_of: GatheredOf) -> None:
    found = flow(gathered_of(np.empty((0, 2, 5)), np.empty((0, 2, 5))))
    assert (found.enrolled, found.analysed, found.excluded) == (0, 0, 0)
    assert dict(found.field_strengths) == {}


# -- patients ---------------------------------------------------------------------------------------------


def test_each_reader_has_a_column_of_what_they_measured(ten: Gathered) -> None:
    found = study_patients(make_study(ten, Selection()))
    assert found.readers == READERS
    row = found.cohort.codes.index("P000005")
    assert found.own[FF][row].tolist() == [45.0, 47.0]
    assert found.own[R2STAR][row].tolist() == [145.0, 143.0]
    assert found.cohort.values[FF][row] == 46.0
    alone = found.cohort.codes.index("P000003")
    assert found.own[FF][alone, 0] == 43.0
    assert np.isnan(found.own[FF][alone, 1])
    assert found.final_from[alone] is FinalFrom.SINGLE_READER


def test_own_columns_stay_when_final_values_are_those_of_one_reader(ten: Gathered) -> None:
    found = study_patients(make_study(ten, Selection(readers=one_reader(READERS[1]))))
    assert found.readers == READERS
    row = found.cohort.codes.index("P000005")
    assert found.own[FF][row].tolist() == [45.0, 47.0]
    assert found.cohort.values[FF][row] == 47.0


def test_a_patient_with_one_reading_not_blinded_is_marked(ten: Gathered) -> None:
    told = tuple(replace(one, not_blinded=one.exam_id == 5) for one in ten.told)
    found = study_patients(make_study(replace(ten, told=told), Selection()))
    assert [code for code, seen in zip(found.cohort.codes, found.not_blinded, strict=True) if seen] == [
        "P000005"
    ]


def test_nobody_has_no_columns_of_readers(gathered_of: GatheredOf) -> None:
    found = study_patients(make_study(gathered_of(np.empty((0, 2, 5)), np.empty((0, 2, 5))), Selection()))
    assert (found.readers, found.own[FF].shape) == ((), (0, 0))


# -- facts of the methods ---------------------------------------------------------------------------------


def test_the_facts_name_protocols_rules_and_versions_that_were_really_used(ten: Gathered) -> None:
    told = tuple(
        replace(
            one,
            origin="images" if one.exam_id < 8 else "table",
            rule="whole-voxel-rectangle/1" if one.exam_id < 8 else "typed",
            protocol=f"p v{1 + one.exam_id % 2}",
            software="0.0.9",
        )
        for one in ten.told
    )
    found = method_facts(make_study(replace(ten, told=told), Selection()))
    assert found.protocols == ("p v1", "p v2")
    assert found.rules == ("whole-voxel-rectangle/1",)
    assert found.software == ("0.0.9",)
    assert (found.readers, found.readings, found.elsewhere, found.trained) == (2, 13, 4, 4)
    assert (found.needed, found.repeats, found.not_blinded) == (3, Repeats(0, 0, None, 0), 0)
    assert found.scipy.count(".") >= 1


def test_a_single_level_has_no_least_number_of_levels(ten: Gathered) -> None:
    assert method_facts(make_study(ten, Selection(levels="L3"))).needed is None


def test_how_levels_were_counted_is_told_of_readings_that_count(ten: Gathered) -> None:
    def said(exam_id: int, way: Counted | None, *, round_: int = 1, signed_off: bool = True) -> CaseResult:
        return CaseResult(exam_id, READERS[0], round_, signed_off, CaseFacts(counted=way), {}, {})

    told = (
        said(5, Counted.FROM_SACRUM),
        said(6, Counted.WHOLE_SPINE),
        said(7, Counted.WHOLE_SPINE),
        said(8, None),
        said(9, Counted.OTHER, signed_off=False),
        said(9, Counted.OTHER, round_=2),
        # left out
        said(2, Counted.FROM_C2),
    )
    found = method_facts(make_study(replace(ten, said=told), Selection()))
    assert found.counted == ((Counted.WHOLE_SPINE, 2), (Counted.FROM_SACRUM, 1))


def test_later_rounds_are_counted_as_repeats(ten: Gathered) -> None:
    again = tuple(replace(one, round=3) for one in ten.told if one.exam_id == 5)
    study = make_study(replace(ten, told=(*ten.told, *again), protocol=Protocol()), Selection())
    # when the values of a table were read nobody knows
    assert method_facts(study).repeats == Repeats(rounds=1, readings=0, days=None, early=0)


def test_days_between_readings_count_from_one_sign_off_of_a_case_to_the_next(ten: Gathered) -> None:
    first = tuple(replace(one, origin="images") for one in ten.told if one.exam_id in {5, 6})
    again = tuple(
        replace(one, round=number, signed_off_utc=f"2026-01-{day:02}T12:00:00Z")
        for one in first
        for number, day in ((2, 8 if one.exam_id == 5 else 10), (3, 14))
        if one.reader == READERS[0]
    )
    early = frozenset({(READERS[0], 5, 2), (READERS[0], 6, 3), (READERS[1], 5, 2)})
    made = replace(ten, told=(*first, *again), early=early)
    # 7.5 and 6 days, 9.5 and 4
    assert method_facts(make_study(made, Selection())).repeats == Repeats(2, 4, 4, 2)
    other = Selection(readers=one_reader(READERS[1]))
    assert method_facts(make_study(made, other)).repeats == Repeats(0, 0, None, 0)
