"""Whatever another program does to a session is found and located, also when it puts the triggers back."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from app.domain.case_facts import Counted
from app.domain.errors import BlindingError, Cancelled, StoreUnavailable
from app.domain.progress import Silent
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import case_facts, open_session, read_exam
from app.services.open_session import Session
from app.services.reference_cohort import make_reference_session
from app.services.verify import Flaw, Verification, verify
from app.store import audit, migrate, sealing, seals
from app.store.database import Database, open_database

ANA, BO = 1, 2


class Counting:
    """Progress that remembers what it was told, and stops where it should."""

    def __init__(self, stop_after: int = 1 << 30) -> None:
        self.told: list[tuple[int, int | None]] = []
        self._stop_after = stop_after

    def report(self, done: int, total: int | None) -> None:
        self.told.append((done, total))
        if len(self.told) > self._stop_after:
            raise Cancelled


def _read(session: Session, viewer: Viewer, exam_id: int) -> None:
    case = read_exam.open_case(session, viewer, exam_id)
    for place, level in enumerate(LEVELS[:4]):
        case, _ = read_exam.set_rectangle(session, case, level, Rectangle(4, 5 + 15 * place, 20, 8, 10))
    case, _ = read_exam.undo(session, case)
    case, _ = read_exam.redo(session, case)
    case, _ = read_exam.mark_not_measurable(session, case, Level.L5, Reason.HEMANG, "")
    case, _ = case_facts.say_counted(session, case, Counted.FROM_C2)
    case, _ = case_facts.write_note(session, case, "hip implant")
    if viewer.reader.id == ANA:
        read_exam.sign_off(session, case)


@pytest.fixture(scope="module")
def read_template(reading_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session in which two readers have read two cases each."""
    path = Path(shutil.copy(reading_template, tmp_path_factory.mktemp("read") / "study.marrow"))
    with closing(open_session.open_session(path)) as session:
        ana, bo = (Viewer(reader) for reader in open_session.readers_of(session))
        for exam_id in (1, 2):
            for viewer in (ana, bo):
                _read(session, viewer, exam_id)
    return path


@pytest.fixture
def path(read_template: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(read_template, tmp_path / "study.marrow"))


def look(path: Path, *, recompute: bool = False, head: str = "") -> Verification:
    with closing(open_session.open_session(path)) as session:
        viewer = open_session.last_viewer(session)
        return verify(session, viewer, Silent(), recompute=recompute, head=head)


def tamper(path: Path, *statements: str) -> None:
    """Do what another program can do, and put the triggers back word for word."""
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount, statement
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


def places(found: Verification) -> list[tuple[str, object, object]]:
    """Code, table and key of every flaw."""
    return [(one.code, one.values.get("table"), one.values.get("key")) for one in found.flaws]


def test_a_session_the_program_alone_wrote_to_is_whole(path: Path) -> None:
    found = look(path, recompute=True)
    assert found.flaws == ()
    assert found.whole
    assert found.rows > 100
    assert (found.older_rows, found.chains) == (0, 0)
    # 4 rectangles and a redone one, for two readers and two exams
    assert found.recomputed == 4 * 5
    assert look(path).recomputed is None


def test_progress_is_told_of_tables_maps_and_exams_and_can_stop(path: Path) -> None:
    with closing(open_session.open_session(path)) as session:
        viewer, told = open_session.last_viewer(session), Counting()
        verify(session, viewer, told, recompute=True)
        assert {total for done, total in told.told if done == total} == {len(migrate_tables()), 6, 3}
        with pytest.raises(Cancelled):
            verify(session, viewer, Counting(stop_after=30))


def migrate_tables() -> Sequence[str]:
    with closing(migrate.model(migrate.newest())) as model:
        return [row[0] for row in model.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]


CHANGED = {
    "UPDATE measurement SET mean = mean + 0.001 WHERE revision_id = 3 AND quantity = 'FF'": (
        "measurement", "3/FF", "C0001/L3/round 1",
    ),
    "UPDATE measurement SET n = n + 1 WHERE revision_id = 8 AND quantity = 'R2STAR'": (
        "measurement", "8/R2STAR", "C0001/L1/round 1",
    ),
    "UPDATE measurement SET saturated = NULL WHERE revision_id = 3 AND quantity = 'FF'": (
        "measurement", "3/FF", "C0001/L3/round 1",
    ),
    "UPDATE roi_revision SET row0 = row0 + 1 WHERE id = 2": ("roi_revision", "2", "C0001/L2/round 1"),
    "UPDATE roi_revision SET at_utc = '2020-01-01' WHERE id = 2": (
        "roi_revision", "2", "C0001/L2/round 1",
    ),
    "UPDATE roi_revision SET reading_id = 2 WHERE id = 1": ("roi_revision", "1", "C0001/L1/round 1"),
    "UPDATE reading SET reader_id = 9 WHERE id = 1": ("reading", "1", "C0001/L1/round 1"),
    "UPDATE reading_event SET kind = 'reopened' WHERE id = 1": ("reading_event", "1", "C0001/round 1"),
    "UPDATE case_fact SET note = 'no implant' WHERE id = 2": ("case_fact", "2", "C0001/round 1"),
    "UPDATE exam SET field_strength_t = 1.5 WHERE id = 2": ("exam", "2", "C0002"),
    "UPDATE identity SET patient_name = 'Roe' WHERE exam_id = 2": ("identity", "2", "C0002"),
    "UPDATE map SET scaling = replace(scaling, '\"slope\": 1.0', '\"slope\": 2.0') WHERE id = 1": (
        "map", "1", "C0001",
    ),
    "UPDATE map_source SET sop_uid = '9' WHERE map_id = 3 AND slice = 2": ("map_source", "3", "C0002"),
    "UPDATE reader SET order_seed = 1 WHERE id = 2": ("reader", "2", "Bo"),
    "UPDATE protocol SET content = replace(content, '5.0', '6.0')": ("protocol", "1", "session"),
    "UPDATE session SET value = '0' WHERE key = 'synthetic'": ("session", "synthetic", "session"),
}  # fmt: skip


@pytest.mark.parametrize("statement", CHANGED)
def test_a_changed_value_is_found_with_its_row_and_its_case(path: Path, statement: str) -> None:
    tamper(path, statement)
    found = look(path)
    flaws = [one for one in found.flaws if one.code == "verify.row_changed"]
    assert [(one.values["table"], one.values["key"], one.values["where"]) for one in flaws] == [
        CHANGED[statement]
    ]
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT action FROM audit WHERE seq = ?"
        (action,) = connection.execute(sql, (flaws[0].values["seq"],)).fetchone()
    assert flaws[0].values["action"] == action
    assert flaws[0].values["actor"] in {"Ana", "Bo", "MarrowMark"}
    assert not found.whole


@pytest.mark.parametrize(
    ("statement", "table", "key"),
    [
        ("DELETE FROM measurement WHERE revision_id = 3 AND quantity = 'FF'", "measurement", "3/FF"),
        ("DELETE FROM roi_revision WHERE id = 6", "roi_revision", "6"),
        ("DELETE FROM reading_event WHERE id = 2", "reading_event", "2"),
        ("DELETE FROM case_fact WHERE id = 3", "case_fact", "3"),
        ("DELETE FROM identity WHERE exam_id = 1", "identity", "1"),
        ("DELETE FROM map_source WHERE map_id = 2", "map_source", "2"),
    ],
)
def test_a_deleted_row_is_missed_by_name(path: Path, statement: str, table: str, key: str) -> None:
    tamper(path, statement)
    assert ("verify.row_missing", table, key) in places(look(path))


COPY = "INSERT INTO {table} SELECT (SELECT max(id) + 1 FROM {table}), {columns} FROM {table} WHERE id = 1"


@pytest.mark.parametrize(
    ("statement", "table", "key"),
    [
        (
            COPY.format(
                table="roi_revision",
                columns="reading_id, level, kind, slice, row0, col0, rows, cols, reason, note, action,"
                " target, rule, protocol_id, software, at_utc",
            ),
            "roi_revision",
            "29",
        ),
        (
            COPY.format(table="reading_event", columns="reading_id, kind, protocol_id, software, at_utc"),
            "reading_event",
            "3",
        ),
        (
            "INSERT INTO measurement (revision_id, quantity, mean) VALUES (7, 'FF', 12.0)",
            "measurement",
            "7/FF",
        ),
        ("INSERT INTO reader (name, order_seed, at_utc) VALUES ('Eve', 1, '')", "reader", "3"),
    ],
)
def test_a_row_that_was_put_in_is_in_no_entry(path: Path, statement: str, table: str, key: str) -> None:
    tamper(path, statement)
    assert places(look(path)) == [("verify.row_added", table, key)]


def test_rows_that_changed_places_are_told_from_changed_ones(path: Path) -> None:
    tamper(
        path,
        "UPDATE case_fact SET id = 99 WHERE id = 1",
        "UPDATE case_fact SET id = 1 WHERE id = 2",
        "UPDATE case_fact SET id = 2 WHERE id = 99",
    )
    found = look(path)
    assert places(found) == [("verify.row_moved", "case_fact", "1"), ("verify.row_moved", "case_fact", "2")]
    assert [one.values["came_from"] for one in found.flaws] == ["2", "1"]


def test_a_row_moved_to_a_new_place_is_not_missed_as_well(path: Path) -> None:
    tamper(path, "UPDATE case_fact SET id = 99 WHERE id = 1")
    assert places(look(path)) == [("verify.row_moved", "case_fact", "99")]


def test_a_changed_entry_is_found_in_the_chain_and_in_what_it_sealed(path: Path) -> None:
    tamper(path, "UPDATE audit SET actor = 'Bo' WHERE seq = 9")
    (flaw,) = look(path).flaws
    assert flaw == Flaw("verify.chain", {"seq": 9})


def test_the_end_of_the_record_cannot_be_cut_off_alone(path: Path) -> None:
    head = look(path).head
    tamper(path, "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    found = look(path)
    assert [one.code for one in found.flaws] == ["verify.row_added"]
    assert found.flaws[0].values["where"] == "C0002/round 1/Bo"
    assert found.head != head


def test_an_end_cut_off_with_all_it_tells_of_shows_by_the_hash_an_export_printed(path: Path) -> None:
    before = look(path)
    tamper(
        path,
        "DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)",
        "DELETE FROM case_fact WHERE id = (SELECT max(id) FROM case_fact)",
    )
    assert look(path).whole
    found = look(path, head=before.head)
    assert [one.code for one in found.flaws] == ["verify.head_unknown"]
    assert (found.wanted, found.found_at) == (before.head, None)


def test_a_hash_of_an_older_export_is_found_with_its_entry(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (early,) = connection.execute("SELECT hash FROM audit WHERE seq = 5").fetchone()
    found = look(path, head=early)
    assert (found.whole, found.found_at) == (True, 5)


def test_nonsense_in_place_of_seals_is_no_crash(path: Path) -> None:
    tamper(
        path,
        """UPDATE audit SET new = '{"sealed": {"reading": 5, "nowhere": {"1": "x"}}}' WHERE seq = 7""",
        """UPDATE audit SET new = '{"": 1, "sealed": {' WHERE seq = 8""",
        """UPDATE audit SET new = '{"": , "sealed": {}}' WHERE seq = 9""",
    )
    codes = {one.code for one in look(path).flaws}
    assert codes == {"verify.chain", "verify.row_added"}
    with closing(open_session.open_session(path)) as session:
        told = [one.new for one in audit.entries(session.database)]
    assert told[8] == '{"": , "sealed": {}}'


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DROP TRIGGER measurement_no_update", "verify.trigger_missing"),
        ("CREATE TRIGGER spy AFTER INSERT ON reading BEGIN SELECT 1; END", "verify.trigger_added"),
    ],
)
def test_triggers_that_are_not_those_of_the_program_are_named(path: Path, statement: str, code: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
    (flaw,) = look(path).flaws
    assert flaw.code == code
    assert flaw.values["trigger"] in statement


def test_a_trigger_that_was_weakened_is_named(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER audit_no_delete")
        connection.execute("CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT 1; END")
    assert look(path).flaws == (Flaw("verify.trigger_changed", {"trigger": "audit_no_delete"}),)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE map_slice SET content = (SELECT content FROM map_slice WHERE rowid = 1) WHERE rowid = 20",
        "UPDATE map_slice SET content = x'00' WHERE map_id = 3 AND slice = 4",
        "DELETE FROM map_slice WHERE map_id = 3 AND slice = 8",
    ],
)
def test_voxels_that_are_not_those_imported_are_found_with_their_map(path: Path, statement: str) -> None:
    tamper(path, statement)
    assert look(path).flaws == (Flaw("verify.pixels", {"where": "C0002", "map": "FF"}),)


def test_a_row_that_refers_to_none_is_an_orphan(path: Path) -> None:
    tamper(path, "UPDATE case_fact SET reading_id = 77 WHERE id = 1")
    found = look(path)
    assert Flaw("verify.orphan", {"table": "case_fact", "key": 1, "parent": "reading"}) in found.flaws
    # where the case cannot be told from the row, the entry tells it
    (changed,) = [one for one in found.flaws if one.code == "verify.row_changed"]
    assert changed.values["where"] == "C0001/round 1"


def test_counting_once_more_finds_a_value_that_nothing_else_tells_of(path: Path) -> None:
    """Somebody changed a value and made the whole record anew."""
    tamper(path, "UPDATE measurement SET mean = mean + 1 WHERE revision_id = 3 AND quantity = 'FF'")
    _make_record_anew(path)
    assert look(path).whole
    (flaw,) = look(path, recompute=True).flaws
    assert flaw.code == "verify.value"
    assert flaw.values == {"where": "C0001/L3/round 1/Ana", "map": "FF", "key": 3, "values": "mean"}


def _make_record_anew(path: Path) -> None:
    """Seal all rows as they are now and hash all entries again, as a program that knows how could do."""
    with closing(open_database(path)) as database:
        salt = audit.salt_of(database)
        now = {table.name: sealing._digests(database, table, salt) for table in sealing.sealed_tables()}
        rows = [dict(row) for row in database.rows("SELECT * FROM audit ORDER BY seq")]
    previous, entries = audit.START, []
    for row in rows:
        held = seals.seals_in(row["new"])
        fresh = {table: {key: now[table][key] for key in keys} for table, keys in held.items()}
        new = row["new"].partition('"sealed"')[0] + f'"sealed": {json.dumps(fresh)}}}' if held else row["new"]
        row |= {"new": new, "previous_hash": previous}
        previous = audit._hash(previous, row["seq"], tuple(row[name] for name in audit._FIELDS))
        entries.append((new, row["previous_hash"], previous, row["seq"]))
    with closing(sqlite3.connect(path)) as connection:
        triggers = connection.execute(
            "SELECT name, sql FROM sqlite_schema WHERE name GLOB 'audit_no*'"
        ).fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        connection.executemany("UPDATE audit SET new = ?, previous_hash = ?, hash = ? WHERE seq = ?", entries)
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


@pytest.mark.parametrize(
    ("statement", "code", "values"),
    [
        (
            "UPDATE roi_revision SET row0 = 900 WHERE id = 1",
            "verify.value",
            {"where": "C0001/L1/round 1/Ana", "map": "R2STAR", "key": 1},
        ),
        (
            "UPDATE measurement SET sd = NULL WHERE revision_id = 1 AND quantity = 'FF'",
            "verify.value",
            {"map": "FF", "key": 1, "values": "sd"},
        ),
        ("UPDATE roi_revision SET rows = 0 WHERE id = 1", "verify.not_recounted", {"where": "C0001"}),
        (
            "DELETE FROM measurement WHERE revision_id = 1 AND quantity = 'R2STAR'",
            "verify.value",
            {"where": "C0001/L1/round 1/Ana", "map": "R2STAR", "key": 1},
        ),
        ("DELETE FROM map_slice WHERE map_id = 1 AND slice = 0", "verify.not_recounted", {"where": "C0001"}),
    ],
)
def test_what_cannot_be_counted_once_more_is_said(
    path: Path, statement: str, code: str, values: dict[str, object]
) -> None:
    tamper(path, statement)
    flaws = [one for one in look(path, recompute=True).flaws if one.code == code]
    assert flaws
    assert values.items() <= flaws[-1].values.items()


def test_damaged_pages_are_told_by_table_and_the_rest_is_not_guessed(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (page,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'case_fact'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with closing(open_session.open_session(path)) as session:
        viewer = open_session.last_viewer(session)
        connection = session.database._connection
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        content = bytearray(path.read_bytes())
        content[(page - 1) * size : (page - 1) * size + 8] = b"\xff" * 8
        path.write_bytes(content)
        # what was read before is not read again otherwise
        connection.execute("PRAGMA cache_size = 0")
        connection.execute("PRAGMA shrink_memory")
        found = verify(session, viewer, Silent())
    (page_flaw, *_, last) = found.flaws
    assert page_flaw.code in {"verify.page", "verify.page_unreadable"}
    assert page_flaw.values["table"] == "case_fact"
    assert last == Flaw("verify.stopped", {"file": "study.marrow"})
    assert not any(one.code == "verify.orphan" for one in found.flaws)


def test_the_reference_study_is_whole(tmp_path: Path) -> None:
    with closing(make_reference_session(tmp_path / "study.marrow")) as session:
        found = verify(session, open_session.last_viewer(session), Silent())
    assert found.flaws == ()
    assert found.rows > 4000
    tamper(
        tmp_path / "study.marrow", "UPDATE clinical_value SET value = -1 WHERE row_id = 7 AND kind = 'tscore'"
    )
    (flaw,) = look(tmp_path / "study.marrow").flaws
    assert (flaw.code, flaw.values["table"], flaw.values["key"]) == (
        "verify.row_changed",
        "clinical_value",
        "7",
    )


def test_a_table_whose_pages_sqlite_cannot_even_quote_is_named(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Database.rows

    def rows(self: Database, sql: str, parameters: Sequence[object] = ()) -> list[sqlite3.Row]:
        if parameters == ("case_fact",):
            raise StoreUnavailable("store.corrupt", file="study.marrow")
        return real(self, sql, parameters)

    monkeypatch.setattr(Database, "rows", rows)
    assert look(path).flaws[0] == Flaw("verify.page_unreadable", {"table": "case_fact"})


OLDER = Path(__file__).parents[1] / "store" / "schemas"


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_session_of_an_older_version_is_sealed_when_it_is_opened_and_then_whole(
    tmp_path: Path, version: int
) -> None:
    path = Path(shutil.copy(OLDER / f"v{version}.marrow", tmp_path / "old.marrow"))
    found = look(path, recompute=True)
    assert found.flaws == ()
    assert found.older_rows == found.rows > 100
    assert found.recomputed == 20 + (version == 3)
    tamper(path, "UPDATE measurement SET sd = 0 WHERE revision_id = 3 AND quantity = 'FF'")
    assert places(look(path)) == [("verify.row_changed", "measurement", "3/FF")]


@pytest.mark.parametrize("version", [1, 2, 3])
def test_a_value_changed_before_the_first_opening_is_found_by_counting_alone(
    tmp_path: Path, version: int
) -> None:
    path = Path(shutil.copy(OLDER / f"v{version}.marrow", tmp_path / "old.marrow"))
    tamper(path, "UPDATE measurement SET sd = 0 WHERE revision_id = 3 AND quantity = 'FF'")
    assert look(path).whole
    (flaw,) = look(path, recompute=True).flaws
    assert flaw.values == {"where": "C0001/L3/round 1/Ana", "map": "FF", "key": 3, "values": "sd"}


def test_a_blinded_reader_learns_nothing_by_verifying(tmp_path: Path) -> None:
    session = open_session.create_session(tmp_path / "s.marrow", Protocol(blinded=True))
    reader = open_session.readers_of(session)[0]
    with pytest.raises(BlindingError):
        verify(session, Viewer(reader), Silent())
    assert verify(session, Viewer(reader, Role.COORDINATOR), Silent()).whole
    session.close()
