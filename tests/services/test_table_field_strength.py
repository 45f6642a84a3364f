"""Field strength of readings from a table: of a column, of the whole table, against the session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.errors import DataError
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.services.assemble_cohort import assemble_cohort
from app.services.open_session import Session, create_session, last_viewer
from app.services.plan_readings import ReadingsMeaning, ReadingsPlan
from app.services.table_readings import plan_readings, read_readings, take_readings
from app.store import exams

HEADER = "id,reader,level,FF,R2s,场强"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = create_session(tmp_path / "study.marrow", reader="Hua")
    with made.database.transaction():
        exams.add_from_table(made.database, "AT3", Identity(patient_id="3"), 2.8936)
        exams.add_from_table(made.database, "OPEN", Identity(patient_id="0"))
    yield made
    made.close()


def plan(session: Session, *lines: str, header: str = HEADER, field: str = "") -> ReadingsPlan:
    path = session.path.with_name("old.csv")
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    meaning = ReadingsMeaning(field_strength=field)
    return plan_readings(session, last_viewer(session), read_readings(path), meaning)


def refused(found: ReadingsPlan) -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in found.refused]


def taken(session: Session, found: ReadingsPlan) -> dict[str, float | None]:
    take_readings(session, last_viewer(session), found)
    return {one.code: one.field_strength_t for one in exams.exams(session.database)}


@pytest.mark.parametrize(
    "header",
    [
        "id,reader,level,FF,R2s,Field strength (T)",
        "id,reader,level,FF,R2s,场强",
        "id,reader,level,FF,R2s,磁场强度（T）",
        "id,reader,level,FF,R2s,B0 [T]",
    ],
)
def test_a_column_says_the_field_strength_of_cases_that_are_made(session: Session, header: str) -> None:
    found = plan(session, "S1,Li,L1,41,150,3T", "S2,Li,L1,42,110,1.5", "S3,Li,L1,42,150,", header=header)
    assert [one.field_strength_t for one in found.new_cases] == [3.0, 1.5, None]
    held = taken(session, found)
    assert [held[one.code] for one in found.new_cases] == [3.0, 1.5, None]


def test_what_is_said_of_the_whole_table_holds_where_a_line_says_nothing(session: Session) -> None:
    found = plan(session, "S1,Li,L1,41,150,", "S2,Li,L1,42,110,1.5 T", field="3,0 T")
    assert [one.field_strength_t for one in found.new_cases] == [3.0, 1.5]


def test_r2star_of_a_table_at_three_tesla_is_analysed_beside_an_exam_at_three_tesla(
    session: Session,
) -> None:
    lines = [f"{patient},Li,{level},41,150" for patient in ("3", "S1") for level in ("L1", "L2", "L3")]
    found = plan(session, *lines, header="id,reader,level,FF,R2s", field="3")
    take_readings(session, last_viewer(session), found)
    cohort = assemble_cohort(session, last_viewer(session))
    assert (cohort.n, cohort.field_strengths, dict(cohort.blocked)) == (2, (3.0,), {})


@pytest.mark.parametrize("cell", ["30000", "0.1", "strong"])
def test_a_line_whose_field_strength_cannot_be_is_not_used(session: Session, cell: str) -> None:
    found = plan(session, f"S1,Li,L1,41,150,{cell}", "S1,Li,L2,42,151,3")
    assert refused(found) == [(2, "readings.not_a_field")]
    assert found.refused[0].values == {"column": "场强", "verbatim": cell}
    assert found.numbers == 2


def test_a_field_strength_of_the_table_that_cannot_be_is_refused(session: Session) -> None:
    with pytest.raises(DataError, match=r"readings\.no_such_field_strength") as caught:
        plan(session, "S1,Li,L1,41,150,", field=" strong ")
    assert caught.value.values["verbatim"] == "strong"


def test_an_exam_keeps_its_field_strength_and_a_contradiction_brings_nothing(session: Session) -> None:
    found = plan(session, "3,Li,L1,41,150,1.5", "3,Li,L2,42,150,", "S1,Li,L1,41,110,1.5")
    assert refused(found) == [(2, "readings.field_contradicts"), (3, "readings.field_contradicts")]
    assert found.refused[0].values == {"case": "AT3", "tesla": "1.5", "known": "2.8936"}
    assert [one.code for one in found.readings] == [found.new_cases[0].code]


def test_the_field_a_scanner_is_sold_as_is_no_contradiction(session: Session) -> None:
    found = plan(session, "3,Li,L1,41,150,3T", "S1,Li,L1,41,150,2.89", "S1,Li,L2,41,150,3")
    assert (found.refused, len(found.readings)) == ((), 2)
    assert taken(session, found)["AT3"] == 2.8936


def test_a_case_of_two_field_strengths_in_the_table_brings_nothing(session: Session) -> None:
    found = plan(session, "S1,Li,L1,41,150,3", "S1,Wang,L1,42,110,1.5", "S2,Li,L1,41,150,3")
    assert refused(found) == [(2, "readings.fields_differ"), (3, "readings.fields_differ")]
    assert found.refused[0].values == {"case": found.refused[0].values["case"], "tesla": "1.5, 3"}
    assert len(found.new_cases) == 1


def test_an_exam_of_unknown_field_strength_stays_so_and_is_told(session: Session) -> None:
    found = plan(session, "0,Li,L1,41,150,3", "3,Li,L1,41,150,3")
    assert (found.without_field, found.refused) == (("OPEN",), ())
    assert taken(session, found) == {"AT3": 2.8936, "OPEN": None}


def test_numbers_of_fat_alone_need_no_field_strength(session: Session) -> None:
    found = plan(session, "0,Li,L1,41", header="id,reader,level,FF")
    assert (found.without_field, found.numbers) == ((), 1)
    assert found.readings[0].means[Level.L1] == {Quantity.FF: 41.0}
