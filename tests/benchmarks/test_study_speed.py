"""How fast a large study is: 1 000 exams of five levels, read by three readers in two rounds.

Each figure stands beside its floor measured in the same run: the same rows, asked of a bare connection. Run
with ``--benchmark-enable``; otherwise each runs once as a test.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from app.domain.protocol import LEVELS, Protocol
from app.domain.reading import Role, Viewer
from app.services import read_exam, study
from app.services.open_session import Session, create_session, open_session, readers_of
from app.services.study import Planned, State, StudyPlan
from app.store import rounds
from app.store.guard import Scope
from app.store.rounds import RoundKind, StudyRound

EXAMS, READERS, ROUNDS = 1000, 3, 2
OPEN_GOAL_MS, OVERVIEW_GOAL_MS, WORKLIST_GOAL_MS = 500.0, 200.0, 50.0
NOW = "2026-01-01T00:00:00.000+00:00"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The study, all of it signed off but what the last reader has to do in the second round."""
    session = create_session(tmp_path_factory.mktemp("study") / "large.marrow", Protocol(), reader="R0")
    people = (*(Planned(f"R{one}") for one in range(READERS)), Planned("C", reads=False, coordinates=True))
    study.set_up(session, StudyPlan(people=people))
    with session.database.transaction():
        rounds.add_round(session.database, StudyRound())
        rounds.add_round(session.database, StudyRound(2, RoundKind.REPEAT, 1.0, 0, 1))
    session.close()
    with closing(sqlite3.connect(session.path)) as connection:
        _fill(connection)
        connection.commit()
    return session.path


def _fill(connection: sqlite3.Connection) -> None:
    connection.executemany(
        "INSERT INTO exam (code, origin, field_strength_t, manufacturer, model, pixel_sha256, at_utc)"
        " VALUES (?, 'dicom', 3.0, 'GE', '', '', ?)",
        [(f"C{one:04}", NOW) for one in range(EXAMS)],
    )
    ids = [row[0] for row in connection.execute("SELECT id FROM reader WHERE name LIKE 'R%' ORDER BY id")]
    cases = [(exam, reader, number) for number in (1, 2) for reader in ids for exam in range(1, EXAMS + 1)]
    connection.executemany(
        "INSERT INTO assignment (exam_id, reader_id, round, active, due_utc, reason, at_utc)"
        " VALUES (?, ?, ?, 1, '', '', ?)",
        [(*case, NOW) for case in cases if case[2] > 1],
    )
    connection.executemany(
        "INSERT INTO reading (exam_id, reader_id, round, origin, at_utc) VALUES (?, ?, ?, 'images', ?)",
        [(*case, NOW) for case in cases[:-EXAMS]],
    )
    readings = range(1, len(cases) - EXAMS + 1)
    connection.executemany(
        "INSERT INTO roi_revision (reading_id, level, kind, slice, row0, col0, rows, cols, reason, note,"
        " action, rule, protocol_id, software, at_utc)"
        " VALUES (?, ?, ?, 1, 1, 1, 9, 9, ?, '', 'edit', '', 1, '', ?)",
        [_level(reading, level.value) for reading in readings for level in LEVELS],
    )
    connection.executemany(
        "INSERT INTO measurement (revision_id, quantity, n, mean) VALUES (?, ?, 81, 40.0)",
        [(key, what) for key in range(1, 5 * len(readings) + 1) for what in ("FF", "R2STAR")],
    )
    connection.executemany(
        "INSERT INTO reading_event (reading_id, kind, protocol_id, software, at_utc)"
        " VALUES (?, 'signed_off', 1, '', ?)",
        [(reading, NOW) for reading in readings],
    )
    (last,) = connection.execute("SELECT max(seq) FROM audit").fetchone()
    connection.executemany(
        "INSERT INTO audit (seq, at_utc, actor, action, subject, old, new, reason, protocol, software,"
        " previous_hash, hash)"
        " VALUES (?, ?, 'R0', 'roi.edit', 'C0001/L1/round 1', '{}', '{}', '', '', '', '', '')",
        [(last + one, NOW) for one in range(1, 6 * len(readings))],
    )


def _level(reading: int, level: str) -> tuple[object, ...]:
    marked = reading % 20 == 0 and level == "L5"
    return reading, level, "not_measurable" if marked else "measured", "HEMANG" if marked else None, NOW


@pytest.fixture
def session(path: Path) -> Iterator[Session]:
    opened = open_session(path)
    yield opened
    opened.close()


def _viewer(session: Session, name: str, role: Role = Role.READER, number: int = 1) -> Viewer:
    found = next(one for one in readers_of(session) if one.name == name)
    return Viewer(found, role, number)


def _tell(benchmark: BenchmarkFixture, floor: Callable[[], object], goal: float) -> None:
    """Keep the median with its floor; they are said at the end of the run."""
    if benchmark.stats is None:
        return
    found = []
    for _ in range(10):
        start = time.perf_counter()
        floor()
        found.append(time.perf_counter() - start)
    ours, least = benchmark.stats.stats.median * 1000, sorted(found)[5] * 1000
    benchmark.extra_info.update(ours_ms=ours, floor_ms=least, ratio=ours / least, goal_ms=goal)


def _bare(path: Path, *queries: str) -> Callable[[], None]:
    def ask() -> None:
        with closing(sqlite3.connect(path)) as connection:
            for sql in queries:
                connection.execute(sql).fetchall()

    return ask


def test_a_large_session_opens(benchmark: BenchmarkFixture, path: Path) -> None:
    def ready() -> int:
        opened = open_session(path)
        try:
            viewer = _viewer(opened, "R2", number=2)
            cases = read_exam.worklist(opened, viewer)
            assert read_exam.where_to_start(opened, viewer) is not None
            return len(cases)
        finally:
            opened.close()

    assert benchmark.pedantic(ready, rounds=20, warmup_rounds=1) == EXAMS
    _tell(benchmark, _bare(path, "SELECT id, code FROM exam"), OPEN_GOAL_MS)


@pytest.mark.parametrize("guarded", [False, True], ids=["open", "guarded"])
def test_the_worklist_of_one_reader(
    benchmark: BenchmarkFixture, path: Path, session: Session, guarded: bool
) -> None:
    viewer = _viewer(session, "R1", number=2)
    if guarded:
        session.database.guard(Scope(viewer.reader.id, viewer.reader.name, 2))
    cases = benchmark.pedantic(lambda: read_exam.worklist(session, viewer), rounds=20, warmup_rounds=1)
    assert len(cases) == EXAMS
    assert all(case.locked and case.done == len(LEVELS) for case in cases)
    floor = "SELECT * FROM reading JOIN exam ON exam.id = exam_id WHERE reader_id = 2 AND round = 2"
    _tell(benchmark, _bare(path, floor), WORKLIST_GOAL_MS)


def test_the_overview_of_the_coordinator(benchmark: BenchmarkFixture, path: Path, session: Session) -> None:
    viewer = _viewer(session, "C", Role.COORDINATOR)
    found = benchmark.pedantic(lambda: study.overview(session, viewer), rounds=20, warmup_rounds=1)
    assert [one.signed_off for one in found.columns] == [EXAMS] * 5 + [0]
    assert {case.progress[-1].state for case in found.cases} == {State.NOT_STARTED}
    assert found.left_out is not None
    assert len(found.left_out) == EXAMS * 5 // 20
    floor = (
        "SELECT id, code FROM exam",
        "SELECT id, exam_id, reader_id, round FROM reading",
        "SELECT reading_id, kind, at_utc FROM reading_event",
        "SELECT reading_id, kind, max(id) FROM roi_revision GROUP BY reading_id, level",
        "SELECT exam_id, reader_id, round, active FROM assignment",
    )
    _tell(benchmark, _bare(path, *floor), OVERVIEW_GOAL_MS)


def test_the_round_a_reader_works_in(benchmark: BenchmarkFixture, path: Path, session: Session) -> None:
    viewer = _viewer(session, "R2")
    number = benchmark.pedantic(
        lambda: study.current_round(session, viewer.reader.id), rounds=20, warmup_rounds=1
    )
    assert number == ROUNDS
    _tell(benchmark, _bare(path, "SELECT exam_id, round FROM reading WHERE reader_id = 3"), WORKLIST_GOAL_MS)
