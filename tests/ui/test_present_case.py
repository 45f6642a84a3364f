"""Words about a whole case: made of codes in one place, each a sentence of its own."""

from __future__ import annotations

import json

import pytest

from app.domain.case_facts import Because, Counted
from app.domain.checks import Finding, Severity
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level
from app.domain.reading import LevelState
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services.case import Standing
from app.services.open_session import AuditRow
from app.services.read_exam import CaseRow
from app.ui.present import case as present_case
from app.ui.present import levels as present_levels
from app.ui.present.worklist import audit_row, worklist_row

STATS = RoiStats(88, 45.5, 2.5, 45.0, 30.0, 50.0, 137.5, 0, 0, 0, 0, 0)
BOX = Rectangle(2, 8, 35, 8, 11)
WIDE = Finding("area.unusual", Severity.WARN, Level.L2, {"area": 500.0, "low": 100.0, "high": 450.0})
LOW = Finding("values.ff_unusual", Severity.WARN, Level.L1, {"mean": 12.0, "low": 15.0, "high": 80.0})


def standing(**told: object) -> Standing:
    plain = {"excluded": None, "marked": {}, "findings": (), "accepted": {}}
    return Standing("C0417", **{**plain, **told})  # type: ignore[arg-type]


def test_a_case_without_anything_to_say_is_signed_off_without_notes() -> None:
    assert present_case.standing_lines(standing()) == []
    assert present_case.signed_off_text(standing()) == "Signed off C0417"


def test_what_stands_is_told_level_by_level_the_patient_first() -> None:
    told = standing(
        excluded=Because(Reason.SCOLI),
        marked={
            Level.L4: LevelState.not_measurable(Reason.FX_OLD),
            Level.L5: LevelState.not_measurable(Reason.OTHER, "tumour"),
        },
        findings=(WIDE, LOW),
        accepted={Level.L2: Because(Reason.OTHER, "a large bone")},
    )
    assert present_case.standing_lines(told) == [
        "Patient excluded: scoliosis (SCOLI)",
        "L1: mean FF 12.0 %; 15 to 80 % is usual for marrow. Check the place.",
        "L2: 500 mm² is outside the usual 100 to 450 mm².",
        "L2: accepted, a large bone (OTHER)",
        "L4: not measurable, old fracture (FX_OLD)",
        "L5: not measurable, tumour (OTHER)",
    ]
    assert present_case.signed_off_text(told) == "Signed off C0417: 6 notes"
    assert present_case.signed_off_text(standing(findings=(WIDE,))) == "Signed off C0417: 1 note"


@pytest.mark.parametrize(
    ("row", "state", "side"),
    [
        (CaseRow(1, "C1", 0, False, ""), "not started", ""),
        (CaseRow(1, "C1", 3, False, ""), "open", "3/5"),
        (CaseRow(1, "C1", 5, True, ""), "signed off", "5/5"),
        (CaseRow(1, "C1", 2, True, "", Reason.SURG), "signed off, excluded: surgery", "excluded"),
        (CaseRow(1, "C1", 0, False, "", Reason.SURG), "open, excluded: surgery", "excluded"),
    ],
)
def test_a_list_tells_the_state_of_a_case(row: CaseRow, state: str, side: str) -> None:
    assert present_case.case_state(row) == state
    assert present_case.case_side(row) == side
    assert worklist_row(row)[1] == state


def test_a_list_counts_excluded_patients_among_those_signed_off() -> None:
    rows = [
        CaseRow(1, "C1", 5, True, ""),
        CaseRow(2, "C2", 0, True, "", Reason.SURG),
        CaseRow(3, "C3", 0, False, "", Reason.SURG),
    ]
    assert present_case.list_progress(rows) == "2 of 3, 1 excluded"
    assert present_case.list_progress(rows[:1]) == "1 of 1 signed off"
    assert present_case.list_progress([]) == "0 of 0 signed off"


@pytest.mark.parametrize(
    ("action", "new", "words"),
    [
        ("case.counted", {"counted": "from_c2"}, "down from C2"),
        ("case.excluded", {"reason": "SURG"}, "surgery"),
        ("case.excluded", {"reason": "OTHER", "note": "wrong person"}, "wrong person"),
        ("case.included", {}, "nothing"),
        ("case.note", {"note": "hip implant"}, "hip implant"),
        ("case.help", {"help": "fit"}, "fitted to the vertebra's edges"),
        ("case.accepted", {"reason": "METAL"}, "metal artefact"),
    ],
)
def test_the_record_of_a_case_is_read_in_words(action: str, new: dict[str, str], words: str) -> None:
    entry = AuditRow(1, "2026-01-02T03:04:05", "A", action, "C1/round 1", "", json.dumps(new), "", "", "", "")
    row = audit_row(entry)
    assert row[-2:] == ("nothing", words)
    assert row[2] != action


@pytest.mark.parametrize("told", ["[1]", "{", '{"counted": "by heart"}', '{"reason": 7}', "plain words"])
def test_a_record_nobody_understands_is_told_as_it_stands(told: str) -> None:
    assert present_case.fact_text(told) == told


@pytest.mark.parametrize("counted", list(Counted))
def test_every_way_of_counting_has_words(counted: Counted) -> None:
    words = present_case.counted_text(counted, None)
    assert words != counted.value
    assert present_case.counted_text(None, counted) == f"{words}, as last"
    assert present_case.counted_text(counted, Counted.OTHER) == words
    assert present_case.counted_text(None, None) == "not said yet"


def test_a_pointer_on_a_level_is_told_its_extremes_and_every_sentence() -> None:
    row = present_levels.level_row(
        Level.L2, LevelState.measured(BOX), {Quantity.FF: STATS}, (LOW, WIDE), accepted="Accepted: surgery."
    )
    assert row.detail.splitlines() == [
        "Fat fraction: 30.0 to 50.0 %, median 45.0, 88 voxels, 1.38 cm²",
        "L2: 500 mm² is outside the usual 100 to 450 mm².",
        "Accepted: surgery.",
    ]
    assert (row.warning, row.accepted) == ("L2: 500 mm² is outside the usual 100 to 450 mm².", True)


def test_extremes_are_told_only_of_maps_that_have_any() -> None:
    empty = RoiStats(0, None, None, None, None, None, 137.5, 88, 0, 0, 0, 0)
    assert set(present_levels.extremes({Quantity.FF: STATS, Quantity.R2STAR: empty})) == {Quantity.FF}
