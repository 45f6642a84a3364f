"""A clinical table is looked at, then taken: what it would change, and what its columns were said to mean."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.clinical import Kind
from app.domain.clinical_items import Change, Item, What
from app.domain.errors import BlindingError, DataError, InputError, StoreUnavailable
from app.domain.identity import Identity
from app.domain.protocol import Protocol
from app.files.clinical_headers import Column, Field
from app.files.clinical_table import Meaning
from app.files.raw_table import RawTable
from app.services.clinical_lines import clinical_view
from app.services.look_at_table import CLINICAL, READINGS, Layout, Look, Wish, look, take
from app.services.open_session import Session, create_session, last_viewer, open_session
from app.services.plan_clinical import (
    CaseChanges,
    ClinicalPlan,
    Lacking,
    meaning_of,
    plan_clinical,
    read_table,
    take_clinical,
)
from app.services.plan_readings import ReadingsPlan
from app.services.type_in import take_back, type_in
from app.store import audit, clinical, exams

HEADER = "id,age,L1-L4 T值,eGFR"
AGE = Item(What.AGE)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = create_session(tmp_path / "study.marrow")
    with made.database.transaction():
        for number in (1, 2, 3):
            identity = Identity(patient_id=f"00{number}", study_date="2024-03-01")
            exams.add_from_table(made.database, f"C{number}", identity)
    yield made
    made.close()


def raw(session: Session, *lines: str, header: str = HEADER) -> RawTable:
    path = session.path.with_name("clinical.csv")
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return read_table(path)


def plan(session: Session, *lines: str, header: str = HEADER, meaning: Meaning | None = None) -> ClinicalPlan:
    return plan_clinical(session, last_viewer(session), raw(session, *lines, header=header), meaning)


def taken(session: Session, *lines: str, meaning: Meaning | None = None) -> None:
    take_clinical(session, last_viewer(session), plan(session, *lines, meaning=meaning))


def entries(session: Session) -> int:
    return audit.count(session.database)


def test_a_look_writes_nothing(session: Session) -> None:
    before = entries(session)
    found = plan(session, "001,60,-1,90")
    assert [one.code for one in found.report.matched] == ["C1"]
    assert (entries(session), clinical_view(session, last_viewer(session))) == (before, [])
    assert (found.base, found.difference.added, found.difference.gone) == (0, ("C1",), ())


def test_what_was_looked_at_is_what_is_taken(session: Session) -> None:
    found = plan(session, "001,60,-1,90")
    raw(session, "001,99,-1,90")
    report = take_clinical(session, last_viewer(session), found)
    assert report is found.report
    assert clinical_view(session, last_viewer(session))[0].age == 60.0


def test_a_second_table_shows_what_is_new_changed_and_gone(session: Session) -> None:
    taken(session, "001,60,-1,90", "002,61,-2,80")
    found = plan(session, "001,60,-1.5,90", "003,70,-3,70").difference
    assert (found.added, found.gone, found.same) == (("C3",), ("C2",), 0)
    assert found.changed == (CaseChanges("C1", (Change(Item(What.TSCORE, "L1-L4"), "-1", "-1.5"),)),)
    assert plan(session, "001,60,-1,90", "002,61,-2,80").difference.same == 2


def test_a_second_table_is_recorded_with_what_it_changed_and_the_first_one_stays(session: Session) -> None:
    taken(session, "001,60,-1,90", "002,61,-2,80")
    taken(session, "001,60,-1.5,90", "003,70,-3,70")
    entry = audit.entries(session.database)[-1]
    assert (entry.action, entry.actor) == ("clinical.imported", last_viewer(session).reader.name)
    told = json.loads(entry.new)
    assert {name: told[name] for name in ("added", "changed", "gone", "rows", "joined")} == {
        "added": 1,
        "changed": 1,
        "gone": 1,
        "rows": 2,
        "joined": 2,
    }
    assert len(session.database.rows("SELECT * FROM clinical_row")) == 4


def test_a_table_that_came_meanwhile_stops_one_that_was_looked_at(session: Session) -> None:
    found = plan(session, "001,60,-1,90")
    taken(session, "002,61,-2,80")
    with pytest.raises(InputError, match=r"clinical\.changed_meanwhile"):
        take_clinical(session, last_viewer(session), found)
    assert [line.code for line in clinical_view(session, last_viewer(session))] == ["C2"]


def test_a_correction_stays_over_a_table_that_repeats_the_mistake_and_the_difference_says_so(
    session: Session,
) -> None:
    taken(session, "001,60,-1,90")
    type_in(session, last_viewer(session), "C1", AGE, "66", "typing error")
    assert plan(session, "001,60,-1,90").difference.same == 1
    (changed,) = plan(session, "001,65,-1,90").difference.changed
    assert changed.changes == (Change(AGE, "66", "65"),)


def test_a_region_that_the_protocol_does_not_use_is_told(session: Session) -> None:
    assert plan(session, "001,60,-1,90").lacking == ()
    assert plan(session, "001,60", header="id,T值").lacking == ()
    assert plan(session, "001,60", header="id,age").lacking == ()
    found = plan(session, "001,-1,-2", header="id,股骨颈T值,L1 T值")
    assert found.lacking == (Lacking(Kind.TSCORE, "L1-L4", ("femoral neck", "L1")),)
    # one of the two does not stand for the other
    found = plan(session, "001,0.9,-2", header="id,L1-L4 BMD,股骨颈T值")
    assert found.lacking == (Lacking(Kind.TSCORE, "L1-L4", ("femoral neck",)),)
    found = plan(session, "001,0.9,-2", header="id,股骨颈BMD,L1-L4 T值")
    assert found.lacking == (Lacking(Kind.BMD, "L1-L4", ("femoral neck",)),)


# ---- what columns mean


def test_what_a_person_says_of_the_columns_is_remembered_for_the_same_headers(session: Session) -> None:
    known = raw(session, "001,60,-1,90")
    columns = (*(meaning_of(session, known).columns or ()), Column(3, "eGFR", Field.COVARIATE))
    said = Meaning(columns, {"1": "M", "2": "F"})
    taken(session, "001,60,-1,90", meaning=said)
    assert meaning_of(session, raw(session, "002,1,1,1")) == said
    assert meaning_of(session, raw(session, "002,1", header="id,age")) != said
    assert plan(session, "002,50,-1,45").table.rows[0].covariate("eGFR") == 45.0


def test_what_headers_say_themselves_needs_no_memory(session: Session) -> None:
    taken(session, "001,60,-1,90")
    assert not session.database.rows("SELECT * FROM column_mapping")


def test_a_memory_can_be_overruled_by_the_headers_again(session: Session) -> None:
    table = raw(session, "001,60,-1,90")
    plain = meaning_of(session, table)
    taken(session, "001,60,-1,90", meaning=Meaning((Column(0, "id", Field.PATIENT_ID),)))
    taken(session, "001,60,-1,90", meaning=plain)
    assert meaning_of(session, table) == plain


def test_columns_that_allow_no_join_are_refused(session: Session) -> None:
    with pytest.raises(DataError, match=r"table\.no_identifier_column"):
        plan(session, "001,60,-1,90", meaning=Meaning(()))


# ---- who may


def test_a_blinded_reader_sees_no_preview_and_takes_nothing(tmp_path: Path) -> None:
    made = create_session(tmp_path / "blind.marrow", Protocol(blinded=True))
    try:
        table, viewer = raw(made, "001,60,-1,90"), last_viewer(made)
        with pytest.raises(BlindingError):
            plan_clinical(made, viewer, table)
        with pytest.raises(BlindingError):
            look(made, viewer, Wish(table.path))
        with pytest.raises(BlindingError):
            type_in(made, viewer, "C1", AGE, "60", "why")
    finally:
        made.close()


def test_a_read_only_session_can_be_looked_at_and_not_written_to(session: Session) -> None:
    second = open_session(session.path)
    try:
        found = plan(second, "001,60,-1,90")
        with pytest.raises(StoreUnavailable, match=r"store\.read_only"):
            take_clinical(second, last_viewer(second), found)
    finally:
        second.close()


# ---- typing in


@pytest.mark.parametrize(
    ("item", "text", "says"),
    [
        (AGE, "65岁", "65"),
        (Item(What.SEX), "女", "F"),
        (Item(What.BMI), "２１.５", "21.5"),
        (Item(What.EXAM_DATE), "2024年3月5日", "2024-03-05"),
        (Item(What.BMD, "L1-L4"), "0.812 g/cm²", "0.812 g/cm2"),
        (Item(What.TSCORE, "L1-L4"), "−2.5", "-2.5"),
        (Item(What.COVARIATE, "eGFR"), "45", "45"),
        (Item(What.COVARIATE, "postmenopausal"), "是", "1"),
        (Item(What.COVARIATE, "height (cm)"), "1.65 m", "165"),
        (Item(What.COVARIATE, "weight (kg)"), "55公斤", "55"),
        (Item(What.COVARIATE, "Z-score L1-L4"), "−0.4", "-0.4"),
    ],
)
def test_a_value_is_typed_in_as_a_table_would_say_it(
    session: Session, item: Item, text: str, says: str
) -> None:
    viewer = last_viewer(session)
    type_in(session, viewer, "C1", item, text, "from the paper file")
    (line,) = clinical_view(session, viewer)
    assert (line.code, line.says[item], line.is_typed(item)) == ("C1", says, True)
    assert line.typed[0].verbatim == text


@pytest.mark.parametrize(
    ("item", "text", "code"),
    [
        (AGE, "old", "clinical.not_a_number"),
        (AGE, "300", "clinical.implausible"),
        (Item(What.BMD, "L1-L4"), "899 g/cm2", "clinical.not_in_g_cm2"),
        (Item(What.COVARIATE, "height (cm)"), "70", "clinical.implausible"),
        (Item(What.COVARIATE, "weight (kg)"), "5", "clinical.implausible"),
        (Item(What.COVARIATE, "Z-score L1-L4"), "9", "clinical.implausible"),
        (Item(What.SEX), "1", "clinical.sex_code"),
        (Item(What.SEX), "x", "clinical.not_a_sex"),
        (Item(What.EXAM_DATE), "5/3/2024", "clinical.not_a_date"),
        (Item(What.COVARIATE, "postmenopausal"), "2", "clinical.not_a_menopause"),
        (Item(What.INTERVAL), "", "clinical.nothing_to_accept"),
    ],
)
def test_what_is_not_understood_is_not_kept(session: Session, item: Item, text: str, code: str) -> None:
    before = entries(session)
    with pytest.raises(InputError) as caught:
        type_in(session, last_viewer(session), "C1", item, text, "why")
    assert caught.value.code == code
    assert entries(session) == before


def test_a_value_needs_a_reason_and_a_case(session: Session) -> None:
    viewer = last_viewer(session)
    with pytest.raises(InputError, match=r"clinical\.needs_reason"):
        type_in(session, viewer, "C1", AGE, "60", "  ")
    with pytest.raises(InputError, match=r"clinical\.no_such_case"):
        type_in(session, viewer, "C9", AGE, "60", "why")


def test_a_density_keeps_the_unit_it_had(session: Session) -> None:
    viewer = last_viewer(session)
    table = "001,0.812"
    take_clinical(session, viewer, plan(session, table, header="id,L1-L4骨密度(g/cm2)"))
    item = Item(What.BMD, "L1-L4")
    type_in(session, viewer, "C1", item, "0.912", "why")
    assert clinical_view(session, viewer)[0].says[item] == "0.912 g/cm2"
    with pytest.raises(InputError, match=r"clinical\.not_in_g_cm2"):
        type_in(session, viewer, "C1", item, "912", "why")
    type_in(session, viewer, "C1", item, "912 mg/cm2", "why")
    assert clinical_view(session, viewer)[0].says[item] == "912 mg/cm2"
    type_in(session, viewer, "C2", item, "0.7", "why")
    assert clinical_view(session, viewer)[1].says[item] == "0.7"


def test_nothing_can_be_typed_in_where_there_is_no_value(session: Session) -> None:
    viewer = last_viewer(session)
    taken(session, "001,60,-1,90")
    type_in(session, viewer, "C1", Item(What.TSCORE, "L1-L4"), "", "mixed up with another patient")
    (line,) = clinical_view(session, viewer)
    assert (line.tscore, line.group) == (None, None)


def test_what_was_typed_in_can_be_taken_back(session: Session) -> None:
    viewer = last_viewer(session)
    taken(session, "001,60,-1,90")
    with pytest.raises(InputError, match=r"clinical\.nothing_typed"):
        take_back(session, viewer, "C1", AGE, "why")
    type_in(session, viewer, "C1", AGE, "66", "why")
    type_in(session, viewer, "C1", AGE, "67", "why")
    with pytest.raises(InputError, match=r"clinical\.needs_reason"):
        take_back(session, viewer, "C1", AGE, "")
    take_back(session, viewer, "C1", AGE, "the table is right")
    (line,) = clinical_view(session, viewer)
    assert (line.age, line.typed) == (60.0, ())
    entry = audit.entries(session.database)[-1]
    assert (entry.action, entry.reason) == ("clinical.taken_back", "the table is right")


def test_a_reference_of_long_ago_is_used_by_decision(session: Session) -> None:
    viewer = last_viewer(session)
    found = plan(session, "001,-1,2020-03-05", header="id,T值,检查日期")
    take_clinical(session, viewer, found)
    (line,) = clinical_view(session, viewer)
    assert line.left_out
    type_in(session, viewer, "C1", Item(What.INTERVAL), "", "no fracture, no drug since")
    (line,) = clinical_view(session, viewer)
    assert not line.left_out
    assert [problem.code for problem in line.problems] == ["clinical.interval_accepted"]
    take_back(session, viewer, "C1", Item(What.INTERVAL), "there was a fracture")
    assert clinical_view(session, viewer)[0].left_out


# ---- one look for both kinds of tables


def seen(session: Session, path: Path, before: Look | None = None, **said: object) -> Look:
    return look(session, last_viewer(session), Wish(path, **said), before)  # type: ignore[arg-type]


def test_the_kind_of_a_table_is_told_by_its_headers_unless_a_person_says_it(session: Session) -> None:
    path = raw(session, "001,L1,41,150", header="id,level,FF,R2s").path
    assert isinstance(seen(session, path).plan, ReadingsPlan)
    found = seen(session, path, kind=CLINICAL)
    assert (found.kind, isinstance(found.plan, ClinicalPlan)) == (CLINICAL, True)
    path = raw(session, "001,60,-1,90").path
    assert isinstance(seen(session, path).plan, ClinicalPlan)
    found = seen(session, path, kind=READINGS)
    assert (found.plan, found.raw is not None) == (None, True)
    assert found.problem is not None
    assert found.problem.code == "readings.no_values"


def test_a_file_that_cannot_be_read_is_told_and_can_be_read_otherwise(session: Session) -> None:
    path = session.path.with_name("x.csv")
    path.write_bytes("id;größe\n1;2\n".encode("cp1252") + b"\xff\xff\n")
    found = seen(session, path)
    assert (found.raw, found.plan, found.kind) == (None, None, CLINICAL)
    assert found.problem is not None
    assert found.problem.code == "table.undecodable"
    assert seen(session, path, layout=Layout(encoding="cp1252"), before=found).raw is not None


def test_a_file_is_read_once_for_all_that_is_said_of_its_columns(session: Session) -> None:
    path = raw(session, "001,60,-1,90").path
    first = seen(session, path)
    path.unlink()
    columns = (Column(0, "id", Field.PATIENT_ID), Column(3, "eGFR", Field.COVARIATE))
    second = seen(session, path, before=first, clinical=columns, sex_codes="1m2f", reader="Li")
    assert second.raw is first.raw
    assert isinstance(second.plan, ClinicalPlan)
    assert second.plan.table.rows[0].covariate("eGFR") == 90.0
    assert (dict(second.meaning.sex_codes), second.readings_meaning.reader) == ({"1": "M", "2": "F"}, "Li")
    # read in another way it has to be read again
    assert seen(session, path, before=second, layout=Layout(delimiter=";")).raw is None


def test_what_was_seen_is_taken_whatever_it_is(session: Session) -> None:
    viewer = last_viewer(session)
    found = seen(session, raw(session, "001,60,-1,90").path)
    assert found.plan is not None
    take(session, viewer, found.plan)
    found = seen(session, raw(session, "001,Li,L1,41,150", header="id,reader,level,FF,R2s").path)
    assert found.plan is not None
    take(session, viewer, found.plan)
    assert clinical_view(session, viewer)[0].age == 60.0
    assert len(session.database.rows("SELECT * FROM reading WHERE origin = 'table'")) == 1
    assert clinical.newest_import(session.database) == 1


# ---- height, weight, Z-score


BODY = "id,身高,体重,部位,L1-L4 T值,Z值"


def test_height_weight_and_z_score_come_with_the_table_and_give_a_bmi(session: Session) -> None:
    viewer = last_viewer(session)
    found = plan(
        session, "001,160,55,L1-L4,-1,-0.4", "002,1.7,,股骨颈,-1,0.2", "009,170,60,,-1,", header=BODY
    )
    take_clinical(session, viewer, found)
    first, second, nobody = clinical_view(session, viewer)
    assert (first.bmi, second.bmi, nobody.bmi) == (21.48, None, 20.76)
    assert [problem.code for problem in first.problems] == ["clinical.bmi_computed"]
    assert {one.name: one.value for one in first.covariates} == {
        "height (cm)": 160.0,
        "weight (kg)": 55.0,
        "Z-score L1-L4": -0.4,
    }
    assert "Z-score femoral neck" in [one.name for one in second.covariates]
    assert found.report.unused == ()
    assert found.report.covariates == ("身高", "体重", "Z值")
    # what is said of a column is settled where it is typed in
    assert clinical.covariates(session.database, viewer)["Z-score femoral neck"]
    type_in(session, viewer, "C2", Item(What.COVARIATE, "weight (kg)"), "60", "asked")
    assert clinical_view(session, viewer)[1].bmi == 20.76


def test_rows_of_several_regions_come_together_where_one_of_them_gives_the_bmi(session: Session) -> None:
    found = plan(
        session,
        "001,L1-L4,21.5,160,55,-1,-0.4",
        "001,股骨颈,,160,55,-2,-1.4",
        header="id,部位,BMI,身高,体重,T值,Z值",
    )
    (row,) = (one.row for one in found.joining.rows)
    assert (row.bmi, row.problems) == (21.5, ())
    assert [one.name for one in row.covariates][2:] == ["Z-score L1-L4", "Z-score femoral neck"]


def test_a_woman_whose_menopause_is_typed_in_is_asked_about_no_more(session: Session) -> None:
    viewer = last_viewer(session)
    header = "id,sex,age,L1-L4 T值"
    take_clinical(session, viewer, plan(session, "001,女,36,-1", header=header))
    codes = [one.code for one in clinical_view(session, viewer)[0].problems]
    assert codes == ["clinical.t_score_menopause_unstated"]
    type_in(session, viewer, "C1", Item(What.COVARIATE, "postmenopausal"), "绝经", "asked")
    codes = [one.code for one in clinical_view(session, viewer)[0].problems]
    assert codes == ["clinical.typed_in"]
