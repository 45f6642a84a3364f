"""What a reader says of a whole case, through the use cases and a real session file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.domain.case_facts import Because, CaseFacts, Counted
from app.domain.errors import InputError
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import case_facts, open_session, read_exam
from app.services.assemble_cohort import Cohort, Exclusion, assemble_cohort
from app.services.case import Case
from app.services.changed import What
from app.services.export import export
from app.services.open_session import Session
from app.store import audit, exams
from app.store.exams import NewExam

GRID = Grid(
    (9, 200, 120), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
)
SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "central_half", 0, 0, 0, 0, 0, 0)
MEANS = {Quantity.FF: 45, Quantity.R2STAR: 150}


def make_exam(code: str, *, quantities: tuple[Quantity, ...] = tuple(MEANS)) -> Exam:
    """Even maps of plausible values, on which no rule about values speaks."""
    maps = {quantity: ParametricMap(quantity, stored_of(quantity), GRID, SCALING) for quantity in quantities}
    return Exam(code, maps, field_strength_t=3.0)


def stored_of(quantity: Quantity) -> np.ndarray:
    stored = np.full(GRID.shape, MEANS[quantity], np.int16)
    stored[:, ::2] += 1
    if quantity is Quantity.FF:
        # 20 of the 140 voxels of L3 hold no marrow
        stored[4, 70:72, 50:60] = 0
    # nothing in a rectangle is as large as this
    stored[0, 0, 0] = 400
    return stored


def box_of(level: Level) -> Rectangle:
    return Rectangle(4, 10 + 30 * LEVELS.index(level), 50, 10, 14)


def make_session(path: Path, protocol: Protocol | None = None) -> Session:
    made = open_session.create_session(path, protocol, reader="A")
    open_session.add_reader(made, "B")
    for code in ("C0001", "C0002", "C0003"):
        new = NewExam(make_exam(code), Identity(study_uid=code), {}, "GE", "model")
        exams.add(made.database, exams.pack(new), actor="test")
    return made


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = make_session(tmp_path / "study.marrow")
    yield made
    made.close()


@pytest.fixture
def viewer(session: Session) -> Viewer:
    return open_session.last_viewer(session)


@pytest.fixture
def case(session: Session, viewer: Viewer) -> Case:
    return read_exam.open_case(session, viewer, 1)


def viewer_of(session: Session, name: str) -> Viewer:
    return Viewer(next(one for one in open_session.readers_of(session) if one.name == name))


def read(session: Session, case: Case, *levels: Level) -> Case:
    for level in levels or LEVELS:
        case, _ = read_exam.set_rectangle(session, case, level, box_of(level))
    return case


def kept(session: Session, case: Case) -> CaseFacts:
    return read_exam.open_case(session, case.reading.viewer, case.exam.id).reading.facts


def test_how_levels_were_counted_is_kept_and_is_the_default_of_the_next_case(
    session: Session, viewer: Viewer, case: Case
) -> None:
    assert case_facts.usual_count(session, viewer) is None
    case, changed = case_facts.say_counted(session, case, Counted.FROM_SACRUM)
    assert changed.what is What.READING
    assert kept(session, case).counted is Counted.FROM_SACRUM
    assert case_facts.usual_count(session, viewer) is Counted.FROM_SACRUM
    assert case_facts.usual_count(session, viewer_of(session, "B")) is None
    other = read(session, read_exam.open_case(session, viewer, 2))
    # until it is signed off, the default is only a proposal
    assert other.reading.facts.counted is None
    other = read_exam.sign_off(session, reasoned(session, other))[0]
    assert kept(session, other).counted is Counted.FROM_SACRUM


def reasoned(session: Session, case: Case) -> Case:
    """Give the reason that the bad voxels of L3 want."""
    return case_facts.accept_level(session, case, Level.L3, Reason.METAL)[0]


def test_signing_off_keeps_what_was_said_of_this_case_and_invents_nothing(
    session: Session, viewer: Viewer, case: Case
) -> None:
    case = reasoned(session, read(session, case))
    case, _ = read_exam.sign_off(session, case)
    assert kept(session, case).counted is None
    case_facts.say_counted(session, read_exam.open_case(session, viewer, 2), Counted.FROM_C2)
    case, _ = read_exam.reopen(session, case)
    case, _ = case_facts.say_counted(session, case, Counted.OTHER)
    case_facts.say_counted(session, read_exam.open_case(session, viewer, 2), Counted.WHOLE_SPINE)
    read_exam.sign_off(session, case)
    assert kept(session, case).counted is Counted.OTHER


def test_a_note_is_kept_in_one_line_and_an_empty_one_removes_it(session: Session, case: Case) -> None:
    case, _ = case_facts.write_note(session, case, "  hip\n implant ")
    assert kept(session, case).note == "hip implant"
    entries = len(open_session.audit_entries(session, case.reading.viewer))
    case, changed = case_facts.write_note(session, case, "hip implant")
    assert changed.what is What.NOTHING
    assert len(open_session.audit_entries(session, case.reading.viewer)) == entries
    case, _ = case_facts.write_note(session, case, " ")
    assert kept(session, case).note == ""


def test_an_excluded_patient_is_signed_off_with_gaps_and_included_again_is_not(
    session: Session, case: Case
) -> None:
    case, _ = case_facts.exclude_patient(session, case, Reason.SCOLI)
    assert case.first_gap is None
    case, _ = case_facts.include_patient(session, case)
    assert case.first_gap is Level.L1
    with pytest.raises(InputError) as refused:
        read_exam.sign_off(session, case)
    assert refused.value.code == "sign_off.gaps"
    case, _ = case_facts.exclude_patient(session, case, Reason.OTHER, " wrong person ")
    case, changed = read_exam.sign_off(session, case)
    assert changed.what is What.SIGN_OFF
    assert kept(session, case).excluded == Because(Reason.OTHER, "wrong person")


def test_leaving_a_patient_out_for_another_reason_wants_words(session: Session, case: Case) -> None:
    with pytest.raises(InputError) as refused:
        case_facts.exclude_patient(session, case, Reason.OTHER, "  ")
    assert refused.value.code == "patient.needs_note"
    assert kept(session, case) == CaseFacts()


def test_rectangles_of_an_excluded_patient_still_keep_to_the_rules(session: Session, case: Case) -> None:
    case, _ = read_exam.set_rectangle(session, case, Level.L1, Rectangle(4, 10, 50, 3, 3))
    case, _ = case_facts.exclude_patient(session, case, Reason.SCOLI)
    with pytest.raises(InputError) as refused:
        read_exam.sign_off(session, case)
    assert refused.value.code == "sign_off.refused"


def test_many_bad_voxels_stop_the_sign_off_until_they_are_accepted(session: Session, case: Case) -> None:
    case = read(session, case)
    assert ("values.many_bad_voxels", Level.L3) in [(one.code, one.level) for one in case.findings]
    with pytest.raises(InputError) as refused:
        read_exam.sign_off(session, case)
    assert (refused.value.code, refused.value.values["level"]) == ("sign_off.needs_reason", "L3")
    case, _ = case_facts.accept_level(session, case, Level.L3, Reason.METAL)
    # what was accepted was this rectangle
    moved, _ = read_exam.set_rectangle(session, case, Level.L3, replace(box_of(Level.L3), col0=49))
    assert moved.stopping is not None
    back, _ = read_exam.undo(session, moved)
    assert back.stopping is None
    assert read_exam.sign_off(session, back)[1].what is What.SIGN_OFF


def test_bad_voxels_of_an_excluded_patient_need_no_reason(session: Session, case: Case) -> None:
    case = read(session, case)
    case, _ = case_facts.exclude_patient(session, case, Reason.DX_MARROW)
    assert read_exam.sign_off(session, case)[1].what is What.SIGN_OFF


def test_levels_in_a_surprising_order_can_be_signed_off_with_a_reason(session: Session, case: Case) -> None:
    case = read(session, case, Level.L1)
    case, _ = read_exam.set_rectangle(session, case, Level.L2, box_of(Level.L4))
    case, _ = read_exam.set_rectangle(session, case, Level.L3, box_of(Level.L2))
    for level in (Level.L4, Level.L5):
        case, _ = read_exam.mark_not_measurable(session, case, level, Reason.FOV)
    assert case.refusing is not None
    assert case.refusing.code == "spine.order"
    case, _ = case_facts.accept_level(session, case, Level.L3, Reason.LSTV)
    assert case.refusing is None
    assert read_exam.sign_off(session, case)[1].what is What.SIGN_OFF


def test_only_what_a_rule_speaks_against_can_be_accepted_and_not_every_refusal(
    session: Session, case: Case
) -> None:
    case = read(session, case, Level.L3)
    case, _ = read_exam.set_rectangle(session, case, Level.L2, Rectangle(4, 40, 50, 3, 3))
    assert [case.acceptable(level) for level in LEVELS] == [False, False, True, False, False]
    for level in (Level.L1, Level.L2, Level.L4):
        with pytest.raises(InputError) as refused:
            case_facts.accept_level(session, case, level, Reason.METAL)
        assert (refused.value.code, refused.value.values) == ("accept.nothing", {"level": level.value})
    with pytest.raises(InputError) as refused:
        case_facts.accept_level(session, case, Level.L3, Reason.OTHER, " ")
    assert refused.value.code == "accept.needs_note"
    case, _ = case_facts.accept_level(session, case, Level.L3, Reason.OTHER, " a clip ")
    assert case.reading.accepted(Level.L3) == Because(Reason.OTHER, "a clip")


def test_each_word_can_be_taken_back(session: Session, case: Case) -> None:
    case = read(session, case)
    before = case.reading.facts
    for say in (
        lambda c: case_facts.say_counted(session, c, Counted.OTHER),
        lambda c: case_facts.exclude_patient(session, c, Reason.SCOLI),
        lambda c: case_facts.write_note(session, c, "n"),
        lambda c: case_facts.accept_level(session, c, Level.L3, Reason.METAL),
    ):
        said, _ = say(case)
        assert said.reading.facts != before
        back, changed = case_facts.take_back(session, said, before)
        assert changed.what is What.READING
        assert back.reading.facts == before
        assert kept(session, back) == before
        case, changed = case_facts.take_back(session, back, before)
        assert changed.what is What.NOTHING


def test_nothing_can_be_said_of_a_signed_off_case(session: Session, case: Case) -> None:
    case, _ = case_facts.exclude_patient(session, read(session, case), Reason.SCOLI)
    case, _ = read_exam.sign_off(session, case)
    for say in (
        lambda: case_facts.say_counted(session, case, Counted.OTHER),
        lambda: case_facts.exclude_patient(session, case, Reason.SURG),
        lambda: case_facts.include_patient(session, case),
        lambda: case_facts.write_note(session, case, "n"),
        lambda: case_facts.accept_level(session, case, Level.L3, Reason.METAL),
    ):
        with pytest.raises(InputError) as refused:
            say()
        assert refused.value.code == "reading.locked"


@pytest.mark.parametrize(
    ("protocol", "before", "after"),
    [
        (Protocol(), True, True),
        (Protocol(blinded=True), False, False),
        (Protocol(numbers_hidden=True), False, True),
        (Protocol(numbers_hidden=True, blinded=True), False, False),
    ],
)
def test_rules_about_values_speak_only_where_the_reader_may_know_values(
    tmp_path: Path, protocol: Protocol, before: bool, after: bool
) -> None:
    session = make_session(tmp_path / "rules.marrow", replace(protocol, usual_area_mm2=(200.0, 450.0)))
    case = read(session, read_exam.open_case(session, open_session.last_viewer(session), 1))
    try:
        for expected in (before, after):
            codes = {one.code for one in case.findings}
            assert "area.unusual" in codes
            assert ("values.many_bad_voxels" in codes) is expected
            assert case.numbers_shown is (case.reading.locked or not protocol.numbers_hidden)
            # a rule that must not speak must not stop anybody either
            case = reasoned(session, case) if expected and not case.reading.locked else case
            case, _ = read_exam.sign_off(session, case)
            assert case.reading.locked
    finally:
        session.close()


def test_an_exam_without_ff_is_judged_by_its_r2star(session: Session, viewer: Viewer) -> None:
    new = NewExam(
        make_exam("C0009", quantities=(Quantity.R2STAR,)), Identity(study_uid="9"), {}, "GE", "model"
    )
    key = exams.add(session.database, exams.pack(new), actor="test")
    case = read(session, read_exam.open_case(session, viewer, key))
    assert case.findings == ()


def test_what_stands_after_sign_off_names_patient_levels_rules_and_reasons(
    session: Session, case: Case
) -> None:
    case = read(session, case, Level.L1, Level.L2, Level.L3)
    case, _ = read_exam.mark_not_measurable(session, case, Level.L4, Reason.FX_OLD)
    case = reasoned(session, case)
    case, _ = case_facts.exclude_patient(session, case, Reason.SCOLI)
    standing = read_exam.sign_off(session, case)[0].standing
    assert standing.code == "C0001"
    assert standing.excluded == Because(Reason.SCOLI)
    assert {level: state.reason for level, state in standing.marked.items()} == {Level.L4: Reason.FX_OLD}
    assert [one.code for one in standing.findings] == ["values.many_bad_voxels", "values.ff_uneven"]
    assert standing.accepted == {Level.L3: Because(Reason.METAL)}


def test_the_next_unread_case_is_read_ahead_with_its_guess(session: Session, viewer: Viewer) -> None:
    order = [row.exam_id for row in read_exam.worklist(session, viewer)]
    ahead = read_exam.load_next(session, viewer, order[0])
    assert ahead is not None
    exam, guess = ahead
    case = read_exam.begin_case(session, viewer, exam)
    plain = read_exam.open_case(session, viewer, order[1])
    assert (exam.id, case.reading) == (order[1], plain.reading)
    assert read_exam.first_slice(session, case, guess) == guess == read_exam.first_slice(session, plain)
    for exam_id in order:
        excluded, _ = case_facts.exclude_patient(
            session, read_exam.open_case(session, viewer, exam_id), Reason.FOV
        )
        read_exam.sign_off(session, excluded)
    assert read_exam.load_next(session, viewer, order[0]) is None


def test_a_case_read_ahead_shows_what_its_own_reader_did_meanwhile(session: Session, viewer: Viewer) -> None:
    order = [row.exam_id for row in read_exam.worklist(session, viewer)]
    ahead = read_exam.load_next(session, viewer, order[0])
    assert ahead is not None
    read(session, read_exam.open_case(session, viewer, order[1]), Level.L1)
    assert set(read_exam.begin_case(session, viewer, ahead[0]).reading.history.rectangles) == {Level.L1}
    other = read_exam.begin_case(session, viewer_of(session, "B"), ahead[0])
    assert other.reading.history.rectangles == {}


# -- cohort and export ------------------------------------------------------------------------------------


def sign_off(session: Session, name: str, exam_id: int, *, out: Reason | None = None, note: str = "") -> None:
    """Read a case as a reader; all levels measured, or the patient left out."""
    case = read_exam.open_case(session, viewer_of(session, name), exam_id)
    if out is None:
        case = reasoned(session, read(session, case))
    else:
        case, _ = case_facts.exclude_patient(session, case, out, note)
    read_exam.sign_off(session, case)


def cohort_of(session: Session) -> Cohort:
    return assemble_cohort(session, open_session.last_viewer(session))


def test_excluded_patients_are_counted_by_reason_and_not_analysed(session: Session) -> None:
    sign_off(session, "A", 1)
    sign_off(session, "A", 2, out=Reason.SURG)
    sign_off(session, "A", 3, out=Reason.SCOLI)
    sign_off(session, "B", 3, out=Reason.SURG)
    cohort = cohort_of(session)
    assert cohort.codes == ("C0001",)
    assert cohort.exclusions == (
        Exclusion("cohort.patient_excluded", ("C0003",), Reason.SCOLI),
        Exclusion("cohort.patient_excluded", ("C0002",), Reason.SURG),
    )
    assert (cohort.enrolled, cohort.n, cohort.n_excluded) == (3, 1, 2)
    assert "cohort.exclusion_disputed" not in [note.code for note in cohort.notes]


def test_one_reader_is_enough_to_leave_a_patient_out_and_it_is_said(session: Session) -> None:
    for exam_id in (1, 2):
        sign_off(session, "A", exam_id)
    sign_off(session, "B", 1, out=Reason.THERAPY)
    cohort = cohort_of(session)
    assert cohort.codes == ("C0002",)
    assert cohort.exclusions == (
        Exclusion("cohort.not_signed_off", ("C0003",)),
        Exclusion("cohort.patient_excluded", ("C0001",), Reason.THERAPY),
    )
    (disputed,) = [note for note in cohort.notes if note.code == "cohort.exclusion_disputed"]
    assert dict(disputed.values)["count"] == 1


def test_an_exclusion_counts_only_once_it_is_signed_off_and_in_the_first_round(session: Session) -> None:
    for exam_id in (1, 2, 3):
        sign_off(session, "A", exam_id)
    case = read_exam.open_case(session, viewer_of(session, "B"), 1)
    case_facts.exclude_patient(session, case, Reason.SURG)
    again = replace(viewer_of(session, "A"), round=2)
    case, _ = case_facts.exclude_patient(session, read_exam.open_case(session, again, 2), Reason.SURG)
    read_exam.sign_off(session, case)
    assert cohort_of(session).codes == ("C0001", "C0002", "C0003")


def rows_of(folder: Path, kind: str) -> list[dict[str, str]]:
    with (folder / f"study-{kind}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def exported(session: Session, tmp_path: Path) -> Path:
    case = read_exam.open_case(session, viewer_of(session, "A"), 1)
    case_facts.say_counted(session, case, Counted.FROM_C2)
    case = read_exam.open_case(session, viewer_of(session, "A"), 1)
    case_facts.write_note(session, case, "hip implant")
    sign_off(session, "A", 1)
    sign_off(session, "B", 1)
    # left out, but measured before
    case = read(session, read_exam.open_case(session, viewer_of(session, "A"), 2), Level.L1)
    sign_off(session, "A", 2, out=Reason.OTHER, note="wrong person")
    sign_off(session, "A", 3, out=Reason.SURG)
    export(session, open_session.last_viewer(session), tmp_path / "csv")
    return tmp_path / "csv"


CASE = ("levels_counted", "patient_excluded", "patient_reason", "patient_reason_note", "case_note")


def test_the_long_table_says_what_each_reader_said_of_the_case(exported: Path) -> None:
    rows = rows_of(exported, "long")
    told = {(row["case"], row["reader"]): tuple(row[name] for name in CASE) for row in rows}
    assert told == {
        ("C0001", "A"): ("from_c2", "0", "", "", "hip implant"),
        ("C0001", "B"): ("", "0", "", "", ""),
        ("C0002", "A"): ("from_c2", "1", "OTHER", "wrong person", ""),
        ("C0003", "A"): ("from_c2", "1", "SURG", "", ""),
    }
    accepted = {
        (row["reader"], row["level"]): row["accepted_reason"] for row in rows if row["accepted_reason"]
    }
    assert accepted == {("A", "L3"): "METAL", ("B", "L3"): "METAL"}


def test_a_reader_who_left_the_patient_out_without_drawing_stands_in_the_long_table(
    session: Session, viewer: Viewer, case: Case, tmp_path: Path
) -> None:
    case, _ = case_facts.say_counted(session, case, Counted.FROM_SACRUM)
    case, _ = case_facts.write_note(session, case, "=hip implant")
    case, _ = case_facts.exclude_patient(session, case, Reason.SCOLI)
    read_exam.sign_off(session, case)
    export(session, viewer, tmp_path)
    (row,) = rows_of(tmp_path, "long")
    assert (row["case"], row["reader"], row["round"], row["state"]) == ("C0001", "A", "1", "signed_off")
    assert (row["level"], row["status"]) == ("", "no_level")
    assert tuple(row[name] for name in CASE) == ("from_sacrum", "1", "SCOLI", "", "'=hip implant")
    assert {row[name] for name in ("FF_missing", "R2star_missing")} == {"no_level"}
    empty = (
        "reason",
        "note",
        "accepted_reason",
        "FF_mean",
        "area_mm2",
        "slice",
        "placed_by",
        "flags",
        "rule",
    )
    assert {row[name] for name in empty} == {""}
    assert row["protocol"] == row["signed_off_protocol"] == session.protocol.stamp
    assert row["field_strength_t"] == "3.0"
    meanings = {line["column"]: line for line in rows_of(tmp_path, "codebook") if "long" in line["file"]}
    assert "no_level" in meanings["status"]["values"]


def test_a_reading_without_a_level_of_whose_case_nothing_holds_has_no_row(
    session: Session, viewer: Viewer, case: Case, tmp_path: Path
) -> None:
    case, _ = case_facts.exclude_patient(session, case, Reason.SCOLI)
    case, _ = case_facts.include_patient(session, case)
    other = viewer_of(session, "B")
    mine, _ = case_facts.write_note(session, read_exam.open_case(session, other, 1), "to look at again")
    # a level that was taken away again is none
    mine = read(session, mine, Level.L1)
    read_exam.clear_level(session, mine, Level.L1)
    export(session, viewer, tmp_path)
    (row,) = rows_of(tmp_path, "long")
    assert (row["reader"], row["state"], row["level"]) == ("B", "open", "")
    assert (row["signed_off_utc"], row["signed_off_protocol"]) == ("", "")


def test_the_wide_table_has_no_mean_of_an_excluded_patient_and_says_why(exported: Path) -> None:
    rows = {row["case"]: row for row in rows_of(exported, "wide")}
    told = {
        case: (row["signed_off"], row["patient_excluded"], row["patient_reason"], row["patient_reason_note"])
        for case, row in rows.items()
    }
    assert told == {
        "C0001": ("1", "0", "", ""),
        "C0002": ("1", "1", "OTHER", "wrong person"),
        "C0003": ("1", "1", "SURG", ""),
    }
    assert rows["C0001"]["FF_L1_mean"] != ""
    assert rows["C0002"]["FF_L1_reader1"] != ""
    assert rows["C0002"]["FF_L1_mean"] == ""
    assert rows["C0002"]["FF_L1_L4_reason"] == rows["C0003"]["R2star_L1_L5_reason"] == "patient_excluded"


def test_the_codebook_explains_the_columns_about_the_case(exported: Path) -> None:
    meanings = {(row["file"], row["column"]): row["meaning"] for row in rows_of(exported, "codebook")}
    for column in (*CASE, "accepted_reason", "accepted_reason_note"):
        assert meanings["study-long.csv", column]
    for column in ("patient_excluded", "patient_reason", "patient_reason_note"):
        assert meanings["study-wide.csv", column]


def test_the_record_of_a_day_with_exclusions_is_whole(session: Session, exported: Path) -> None:
    assert exported.exists()
    assert audit.first_break(session.database) is None
    coordinator = replace(open_session.last_viewer(session), role=Role.COORDINATOR)
    actions = {one.action for one in open_session.audit_entries(session, coordinator)}
    assert {"case.counted", "case.excluded", "case.note", "case.accepted"} <= actions
