"""Sessions that older versions of the program wrote: opened, brought to date, and read the same."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.domain.case_facts import Counted
from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.domain.protocol import Level
from app.domain.reading import Kind, LevelState, Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.store import (
    audit,
    case_facts,
    checks,
    clinical,
    exams,
    exported,
    migrate,
    old_record,
    readings,
    results,
    sealing,
    sessions,
)
from app.store.database import Database, open_database

KEPT = Path(__file__).parent / "schemas"
# versions that were handed out; the steps between them came together
VERSIONS = (1, 2, 3)


@pytest.fixture(params=VERSIONS)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A session as that version of the program left it: two exams, two readers, a clinical table."""
    return Path(shutil.copy(KEPT / f"v{request.param}.marrow", tmp_path / "old.marrow"))


def test_a_file_is_kept_of_every_version_that_was_handed_out() -> None:
    assert sorted(path.name for path in KEPT.iterdir()) == [f"v{number}.marrow" for number in VERSIONS]
    for number in VERSIONS:
        with closing(sqlite3.connect(f"file:{KEPT / f'v{number}.marrow'}?immutable=1", uri=True)) as kept:
            assert migrate.version_of(kept) == number
            held = {row[0] for row in kept.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
            empty = {name for name in held if not kept.execute(f"SELECT 1 FROM {name}").fetchone()}  # noqa: S608 - as above
            assert not empty


def test_every_row_is_still_there_and_the_file_is_as_a_new_one(old: Path, database: Database) -> None:
    with closing(sqlite3.connect(old)) as connection:
        columns = {
            name: [row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (name,))]
            for (name,) in connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table'"
            ).fetchall()
        }
        sql = {
            name: f"SELECT {', '.join(listed)} FROM {name} ORDER BY 1, 2"  # noqa: S608 - as above
            for name, listed in columns.items()
        }
        before = {name: connection.execute(query).fetchall() for name, query in sql.items()}
    open_database(old).close()
    words = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    with closing(sqlite3.connect(old)) as connection, closing(sqlite3.connect(database.path)) as fresh:
        assert {name: connection.execute(query).fetchall() for name, query in sql.items()} == before
        assert connection.execute(words).fetchall() == fresh.execute(words).fetchall()
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_readings_maps_and_clinical_rows_read_as_they_were_written(old: Path) -> None:
    with closing(open_database(old)) as database:
        ana, bo = sessions.readers(database)
        assert sessions.is_synthetic(database)
        assert (ana.name, bo.name) == ("Ana", "Bo")
        reading = readings.open_reading(database, Viewer(ana), 1)
        assert reading.locked
        assert reading.history.rectangles == {
            level: Rectangle(1, 3 + 12 * place, 12, 8, 10)
            for place, level in enumerate((Level.L1, Level.L2, Level.L3, Level.L4))
        }
        assert (reading.history.state(Level.L5).kind, reading.history.state(Level.L5).reason) == (
            Kind.NOT_MEASURABLE,
            Reason.OTHER,
        )
        assert not readings.open_reading(database, Viewer(ana), 2).locked
        assert readings.last_position(database, Viewer(bo)) == readings.Position(2, 1, Level.L2)
        found = results.results(database, Viewer(ana, Role.COORDINATOR))
        assert len(found) == 2 * 2 * 5
        assert [one.row.age for one in clinical.newest(database, Viewer(ana, Role.COORDINATOR))] == [
            66.0,
            66.0,
        ]
        exam = exams.load(database, 2)
        assert set(exam.maps) == {Quantity.FF, Quantity.R2STAR}
        assert [one.code for one in exported.exam_facts(database)] == ["C0001", "C0002"]
        assert list(checks.voxels(database, Silent())) == []


def test_what_only_later_versions_knew_is_there_too(tmp_path: Path) -> None:
    path = Path(shutil.copy(KEPT / "v3.marrow", tmp_path / "old.marrow"))
    with closing(open_database(path)) as database:
        bo = Viewer(sessions.readers(database)[1])
        box = readings.open_reading(database, bo, 1).history.rectangles[Level.L2]
        assert (box.angle_deg, box.depth) == (12.0, 3)
        facts = case_facts.facts(database, bo, 1)
        assert (facts.counted, facts.note, facts.excluded) == (Counted.FROM_C2, "hip implant", None)
        assert exams.references(database, 1) == ["T1"]


def test_the_record_of_an_older_version_fits_its_chain_and_its_rows(old: Path) -> None:
    with closing(open_database(old)) as database:
        assert audit.first_break(database) is None
        assert sealing.sealed_rows(database) == {table.name: {} for table in sealing.sealed_tables()}
        assert list(old_record.compare(database, {})) == []


def test_what_an_older_version_wrote_is_sealed_once(old: Path) -> None:
    with closing(open_database(old)) as database:
        before = audit.count(database)
        assert sealing.seal_older(database)
        assert not sealing.seal_older(database)
        assert audit.count(database) == before + 1
        newest = audit.entries(database)[-1]
        assert (newest.action, newest.new) == (sealing.BASELINE, "{}")
        sealed = sealing.sealed_rows(database)
        assert list(sealing.compare(database, sealed)) == []
        assert list(old_record.compare(database, sealed)) == []
        assert audit.first_break(database) is None


def test_work_goes_on_in_an_older_session_without_a_doubt_about_what_is_new(old: Path) -> None:
    with closing(open_database(old)) as database:
        sealing.seal_older(database)
        bo = Viewer(sessions.readers(database)[1])
        reading = readings.open_reading(database, bo, 2)
        reading = readings.append_revision(database, reading, Level.L4, LevelState(), {})
        readings.append_event(database, reading, "signed_off")
        sealed = sealing.sealed_rows(database)
        assert list(sealing.compare(database, sealed)) == []
        assert list(old_record.compare(database, sealed)) == []


def test_a_session_that_cannot_be_written_to_is_not_sealed(old: Path) -> None:
    with closing(open_database(old)) as first, closing(open_database(old)) as second:
        assert second.read_only
        assert not sealing.seal_older(second)
        assert not list(second.rows("SELECT 1 FROM audit WHERE action = ?", (sealing.BASELINE,)))
        assert sealing.seal_older(first)


def _tamper(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        assert connection.execute(statement).rowcount == 1
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


@pytest.mark.parametrize("sealed_first", [False, True])
@pytest.mark.parametrize(
    ("statement", "table", "where", "key"),
    [
        ("UPDATE roi_revision SET col0 = 13 WHERE id = 2", "roi_revision", "C0001/round 1/Ana", 2),
        ("UPDATE roi_revision SET level = 'L3' WHERE id = 2", "roi_revision", "C0001/round 1/Ana", 2),
        ("UPDATE roi_revision SET note = 'screw' WHERE id = 9", "roi_revision", "C0001/round 1/Ana", 9),
        ("DELETE FROM roi_revision WHERE id = 9", "roi_revision", "C0001/round 1/Ana", None),
        ("UPDATE reading_event SET kind = 'reopened' WHERE id = 1", "reading_event", "C0001/round 1/Ana", 1),
        (
            "INSERT INTO reading_event SELECT 4, 2, kind, 1, '', '' FROM reading_event WHERE id = 1",
            "reading_event",
            "C0001/round 1/Bo",
            4,
        ),
    ],
)
def test_a_row_changed_before_this_version_saw_it_does_not_fit_the_words_of_the_record(
    old: Path, statement: str, table: str, where: str, key: int | None, *, sealed_first: bool
) -> None:
    _tamper(old, statement)
    with closing(open_database(old)) as database:
        if sealed_first:
            sealing.seal_older(database)
        (flaw,) = old_record.compare(database, sealing.sealed_rows(database))
    assert flaw.code == "verify.story"
    assert (flaw.values["table"], flaw.values["where"], flaw.values["key"]) == (table, where, key)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE case_fact SET value = 'other' WHERE kind = 'counted' AND reading_id = 1",
        "UPDATE case_fact SET note = 'none' WHERE kind = 'note' AND reading_id = 1",
        "UPDATE case_fact SET value = 'OTHER' WHERE kind = 'excluded' AND reading_id = 1",
    ],
)
def test_a_fact_changed_before_this_version_saw_it_does_not_fit_either(
    tmp_path: Path, statement: str
) -> None:
    path = Path(shutil.copy(KEPT / "v3.marrow", tmp_path / "old.marrow"))
    _tamper(path, statement)
    with closing(open_database(path)) as database:
        (flaw,) = old_record.compare(database, {})
    assert (flaw.values["table"], flaw.values["where"]) == ("case_fact", "C0001/round 1/Ana")


@pytest.mark.parametrize("new", ["[1", "[1]"])
def test_an_entry_that_makes_no_sense_does_not_fit(old: Path, new: str) -> None:
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("DROP TRIGGER audit_no_update")
        (seq,) = connection.execute("SELECT min(seq) FROM audit WHERE action = 'roi.edit'").fetchone()
        connection.execute("UPDATE audit SET new = ? WHERE seq = ?", (new, seq))
        connection.commit()
    with closing(open_database(old)) as database:
        (flaw,) = old_record.compare(database, {})
        assert flaw.values["seq"] == seq
        assert audit.first_break(database) == seq
