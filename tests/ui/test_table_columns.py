"""What a column can be said to hold, and how a look at a table is told. No window."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.clinical_items import Item, What
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.files.clinical_headers import Column, Field, understand_all
from app.files.readings_headers import Holds, ReadingColumn, understand_readings
from app.services.join_clinical import clinical_view
from app.services.look_at_table import Wish, look, take
from app.services.open_session import Session, create_session, last_viewer
from app.services.type_in import type_in
from app.store import exams
from app.ui import table_columns
from app.ui.present import tables as present_tables
from app.ui.present.pages import clinical_row
from app.ui.present.tables import found_text, headings, item_text, offer, screen_text


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = create_session(tmp_path / "study.marrow")
    with made.database.transaction():
        for number in (1, 2, 3, 4):
            identity = Identity(patient_id=f"00{number}", study_date="2024-03-01")
            exams.add_from_table(made.database, f"C{number}", identity)
    yield made
    made.close()


# ---- columns


def test_every_choice_leads_to_a_column_and_back() -> None:
    for words, key in table_columns.clinical_choices():
        assert words
        said = table_columns.clinical_said((), 3, "x (g/cm2)", key)
        assert [table_columns.clinical_key(column) for column in said] == ([key] if key else [])
    for words, key in table_columns.readings_choices():
        assert words
        held = table_columns.readings_said((), 3, "x", key)
        assert [table_columns.readings_key(column) for column in held] == ([key] if key else [])


def test_a_column_that_is_said_to_hold_something_takes_the_place_of_what_it_held() -> None:
    columns = understand_all(["id", "age", "BMD (g/cm2)"])
    said = table_columns.clinical_said(columns, 1, "age", "bmi")
    assert [(column.position, column.field) for column in said] == [
        (0, Field.PATIENT_ID),
        (1, Field.BMI),
        (2, Field.BMD),
    ]
    assert len(table_columns.clinical_said(columns, 1, "age", "")) == 2
    said = table_columns.clinical_said(columns, 2, "BMD (g/cm2)", "bmd:L1-L4")
    assert said[2] == Column(2, "BMD (g/cm2)", Field.BMD, "L1-L4", "g/cm2")
    # what the header says in full stays as it says it
    said = table_columns.clinical_said(columns, 2, "DXA L1骨密度(g/cm2)", "bmd:L1")
    assert said[2] == Column(2, "DXA L1骨密度(g/cm2)", Field.BMD, "L1", "g/cm2", "DXA")


def test_a_unit_can_be_said_where_headers_say_none() -> None:
    columns = understand_all(["id", "BMD L1", "BMD L2 (mg/cm3)", "age"])
    assert table_columns.bmd_unit(columns) == ""
    said = table_columns.with_bmd_unit(columns, "g/cm2")
    assert [column.unit for column in said] == ["", "g/cm2", "mg/cm3", ""]
    assert table_columns.bmd_unit(said) == "g/cm2"
    assert table_columns.bmd_unit(columns[2:]) is None


def test_readers_of_headers_are_offered_with_their_column() -> None:
    columns = understand_readings(["id", "level", "L1 FF Li", "R2* Wang"])
    offered = dict(table_columns.readings_choices(columns))
    assert offered["FF L1, Li"] == "ff:L1:Li"
    assert offered["R2* Level, Wang"] == "r2star::Wang"
    assert table_columns.readings_said((), 2, "L1 FF Li", "ff:L2") == (
        ReadingColumn(2, "L1 FF Li", Holds.FF, Level.L2, "Li"),
    )
    assert table_columns.readings_said((), 2, "L1 FF Li", "level")[0].reader == ""
    assert table_columns.clinical_key(None) == table_columns.readings_key(None) == ""


# ---- what was found


LINES = (
    "id,部位,姓名,出生日期,age,检查日期,L9,T值",
    "001,L1-L4,张,1950-01-01,old,2024-03-05,1,-1",
    "001,股骨颈,张,,,2024-03-05,1,-2",
    "002,L1-L4,李,,60,2024-07-05,1,-1",
    "002,L1-L4,李,,60,2024-07-05,1,-1",
    "003,L1-L4,王,,60,2024-03-05,1,-1",
    "003,L1-L4,王,,61,2024-03-05,1,-1",
    "zz,L1-L4,王,,61,2024-03-05,1,-1",
)


def written(session: Session, lines: tuple[str, ...]) -> Path:
    path = session.path.with_name("clinical.csv")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_everything_that_was_found_has_a_heading_with_its_count_and_lines(session: Session) -> None:
    viewer = last_viewer(session)
    seen = look(session, viewer, Wish(written(session, LINES)))
    told = {one.code.removeprefix("tables."): one for one in headings(seen)}
    assert {name: one.title.rpartition(" ")[2] for name, one in told.items()} == {
        "joined": "3",
        "not_joined": "1",
        "conflicts": "1",
        "duplicates": "1",
        "gaps": "1",
        "problems": "2",
        "together": "1",
        "without": "2",
        "dropped": "2",
        "unused": "1",
    }
    assert told["conflicts"].lines == ("C3: lines 6, 7 say different things, so none of them is used",)
    assert told["without"].lines == ("C3", "C4")
    assert all("no words" not in line for one in told.values() for line in one.lines)
    assert "001" not in str([one.lines for one in told.values()])
    assert found_text(seen) == "clinical.csv: 7 lines, headers in line 1"
    assert offer(seen) == ("Join 2 cases", 2)


def test_a_second_table_is_told_as_a_difference(session: Session) -> None:
    viewer = last_viewer(session)
    first = look(
        session, viewer, Wish(written(session, ("id,age,L1骨密度(g/cm2)", "001,60,0.8", "002,61,0.9")))
    )
    assert first.plan is not None
    take(session, viewer, first.plan)
    seen = look(
        session, viewer, Wish(written(session, ("id,age,L1骨密度(g/cm2)", "001,60,0.7", "003,61,0.9")))
    )
    told = {one.code: one.lines for one in headings(seen)}
    assert told["tables.added"] == ("C3",)
    assert told["tables.gone"] == ("C2",)
    assert told["tables.changed"] == ("C1   BMD L1:  0.8 g/cm²  →  0.7 g/cm²",)
    assert told["tables.regions"][0].startswith("The protocol uses the BMD of L1-L4. The table has it of L1,")


def test_of_very_many_lines_the_first_are_told_and_how_many_follow(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(present_tables, "_SHOWN", 2)
    seen = look(
        session, last_viewer(session), Wish(written(session, ("id,age", "7,1", "8,1", "9,1", "10,2")))
    )
    (found,) = [one for one in headings(seen) if one.code == "tables.not_joined"]
    assert (found.title, len(found.lines), found.lines[-1]) == ("Not joined · 4", 3, "… and 2 more")


def test_a_table_that_cannot_be_used_is_told_as_what_is_to_settle(session: Session) -> None:
    viewer = last_viewer(session)
    seen = look(session, viewer, Wish(written(session, ("nr,age", "7,1"))))
    (found,) = headings(seen)
    assert "no column that tells the patients apart" in found.lines[0]
    assert offer(seen) == ("Import", 0)
    lost = look(session, viewer, Wish(session.path.with_name("none.csv")))
    assert found_text(lost) == "none.csv"
    assert offer(lost) == ("Import", 0)


def test_readings_are_told_with_cases_readers_and_what_is_in_the_way(session: Session) -> None:
    path = written(
        session, ("id,姓名,reader,level,FF,R2s,x", "001,张,Li,L1,0.41,150,1", "77,张,Li,L9,0.4,150,1")
    )
    seen = look(session, last_viewer(session), Wish(path))
    told = {one.code: one.lines for one in headings(seen)}
    assert "looks like a fraction" in told["tables.doubt"][0]
    assert told["tables.readings"] == ("C1   Li, round 1:  L1 0.41 / 150",)
    assert told["tables.new_readers"] == ("Li",)
    assert told["tables.refused"] == ("line 3: “L9” in level is no level from L1 to L5.",)
    assert (told["tables.dropped"], told["tables.unused"]) == (("姓名: leads to a person",), ("x",))
    assert offer(seen) == ("Import", 0)
    settled = look(session, last_viewer(session), Wish(path, units={Quantity.FF: "fraction"}), seen)
    assert offer(settled) == ("Import 1 reading", 1)


def test_a_case_that_is_made_is_told(session: Session) -> None:
    seen = look(session, last_viewer(session), Wish(written(session, ("case,reader,L1 FF", "S1,Li,41"))))
    told = {one.code: one.lines for one in headings(seen)}
    assert told["tables.new_cases"] == (
        "S1: made for a patient the session does not know, without images, of unknown field strength",
    )
    wish = replace(seen.wish, field_strength="3.0 T")
    told = {one.code: one.lines for one in headings(look(session, last_viewer(session), wish))}
    assert told["tables.new_cases"] == (
        "S1: made for a patient the session does not know, without images, measured at 3 T",
    )


def test_readers_whose_numbers_cannot_have_one_unit_are_named(session: Session) -> None:
    lines = ("case,reader,level,FF", "S1,Li,L1,0.41", "S1,Chen,L1,41.2")
    (told,) = headings(look(session, last_viewer(session), Wish(written(session, lines))))[:1]
    (line,) = told.lines
    assert line.startswith(
        "FF of “Li” has a median of 0.41, that of “Chen” one of 41.2: they cannot have one unit,"
    )


@pytest.mark.parametrize(
    ("header", "cells", "line"),
    [
        (
            "BMD (g/cm2)",
            ("812", "900"),
            "BMD (g/cm2): not all of its numbers can be g/cm², and all of them could be mg/cm².",
        ),
        (
            "BMD",
            ("0.812", "900"),
            "BMD: no unit allows all of its numbers, so it holds several units or a slip.",
        ),
    ],
)
def test_a_density_column_of_a_doubtful_unit_is_told(
    session: Session, header: str, cells: tuple[str, str], line: str
) -> None:
    lines = (f"id,{header}", *(f"{at},{cell}" for at, cell in enumerate(cells)))
    seen = look(session, last_viewer(session), Wish(written(session, lines)))
    told = {one.code: one.lines for one in headings(seen)}
    (shown,) = told["tables.units"]
    assert shown.startswith(line)


def test_values_are_called_by_their_name() -> None:
    assert item_text(Item(What.AGE)) == "age"
    assert item_text(Item(What.BMD, "L1-L4")) == "BMD L1-L4"
    assert item_text(Item(What.TSCORE)) == "T-score"
    assert item_text(Item(What.COVARIATE, "eGFR")) == "eGFR"
    assert screen_text("0.8 g/cm2") == "0.8 g/cm²"
    assert (screen_text(""), screen_text("not known")) == ("nothing", "not known")


def test_what_was_typed_in_is_marked_in_its_row(session: Session) -> None:
    viewer = last_viewer(session)
    columns = (*understand_all(["id", "age", "T值"]), Column(3, "eGFR", Field.COVARIATE))
    path = written(session, ("id,age,T值,eGFR", "001,60,-1,90", "002,61,-2,"))
    seen = look(session, viewer, Wish(path, clinical=columns))
    assert seen.plan is not None
    take(session, viewer, seen.plan)
    for item, text in (
        (Item(What.TSCORE), "-2.6"),
        (Item(What.COVARIATE, "eGFR"), "45"),
        (Item(What.SEX), "F"),
    ):
        type_in(session, viewer, "C1", item, text, "why")
    first, second, third, *_ = [
        clinical_row(line) for line in clinical_view(session, viewer, every_case=True)
    ]
    assert first == ("C1", "patient ID", "F *", "60", "", "", "-2.6 *", "osteoporosis", "", "eGFR 45 *", "")
    assert second[9] == ""
    assert third[:2] == ("C3", "no row")
