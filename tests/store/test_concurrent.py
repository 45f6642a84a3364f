"""Several programs and threads at one session: one writes, all read something whole, nothing is lost."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from app.domain.errors import StoreUnavailable
from app.store import audit, place, sealing, sessions
from app.store.database import Database, open_database

PROGRAMS, TURNS = 4, 25
# every program writes whenever the session is its own to write to, and looks at whatever it finds
_PROGRAM = """
import sys
from contextlib import closing
from pathlib import Path
from app.domain.errors import StoreUnavailable
from app.store import audit, place, sessions
from app.store.database import open_database
if sys.argv[4] == "share":
    place.is_on_network = lambda _: True
written = 0
for turn in range(int(sys.argv[3])):
    try:
        with closing(open_database(Path(sys.argv[1]))) as database:
            if not database.read_only:
                sessions.add_reader(database, f"{sys.argv[2]}-{turn}")
                written += 1
            with database.snapshot():
                names = [reader.name for reader in sessions.readers(database)]
                told = [one.subject for one in audit.entries(database) if one.action == "reader.added"]
                assert names == told, (names, told)
                assert audit.first_break(database) is None
    except StoreUnavailable as problem:
        assert problem.code in {"store.busy", "store.read_only", "store.cannot_open"}, problem
print(written)
"""


@pytest.mark.parametrize("where", ["here", "share"])
def test_programs_that_open_and_close_all_the_time_lose_nothing(
    database: Database, path: Path, where: str
) -> None:
    database.close()
    root = Path(__file__).resolve().parents[2]
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(path), f"P{number}", str(TURNS), where],
            cwd=root,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(PROGRAMS)
    ]
    told = [program.communicate(timeout=120) for program in programs]
    assert [program.returncode for program in programs] == [0] * PROGRAMS, [errors for _, errors in told]
    written = [int(out) for out, _ in told]
    with closing(open_database(path)) as after:
        assert not after.read_only
        assert len(sessions.readers(after)) == sum(written) > 0
        assert audit.first_break(after) is None
        assert list(sealing.compare(after, sealing.sealed_rows(after))) == []
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("where", ["here", "share"])
def test_threads_on_connections_of_their_own_write_one_chain(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    if where == "share":
        database.close()
        monkeypatch.setattr(place, "is_on_network", lambda _: True)
        database = open_database(path)
    problems: list[StoreUnavailable] = []
    start = threading.Barrier(3)

    def write(name: str) -> None:
        with closing(database.another()) as own:
            start.wait()
            for number in range(40):
                try:
                    sessions.add_reader(own, f"{name}-{number}")
                except StoreUnavailable as problem:
                    problems.append(problem)

    threads = [threading.Thread(target=write, args=(f"T{number}",)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert len(sessions.readers(database)) == 120
    assert audit.first_break(database) is None
    assert list(sealing.compare(database, sealing.sealed_rows(database))) == []
    database.close()
