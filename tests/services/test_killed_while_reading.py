"""A reader whose program is killed at any moment finds everything again but the step that was being taken."""

from __future__ import annotations

import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.phantom import make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services import open_session as sessions
from app.services import read_exam
from app.services.open_session import Session
from app.store import audit

_PROGRAM = Path(__file__).with_name("reads_until_killed.py")
_held = runpy.run_path(str(_PROGRAM), run_name="reads_until_killed")["held"]
# how many statements, calls or steps pass before a kill, at most: some thirty steps of a reader, so that in
# sixty lives every kind of step comes up
_LONGEST = {"statement": 1_800, "call": 180_000, "never": 30}
# entries of the record that one step may make; how levels were counted is said with the first sign-off
_ENTRIES = {"sign_off": 2, "go_on": 0}
# what is written together with an entry of the record, and how its entries begin
_TABLES = {"roi_revision": "roi.", "reading_event": "reading.", "case_fact": "case.", "exam": "exam.imported"}

Told = dict[str, Any]


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three folders of DICOM files, an exam each."""
    folder = tmp_path_factory.mktemp("images")
    for seed in range(3):
        header = CaseHeader(f"SYNTHETIC^{seed}", f"ID{seed}", f"A{seed}", "20260102", "F")
        phantom = make_phantom(PhantomSpec(seed=seed, slices=6, rows=128, cols=128))
        write_ideal_iq(phantom, folder / str(seed), case=header, uid_seed=str(seed))
    return folder


def _run_and_kill(session: Path, images: Path, seed: int, kind: str, moment: int) -> list[Told]:
    """Let a reader work until the kill, and give what was said."""
    words = [sys.executable, str(_PROGRAM), str(session), str(images), str(seed), kind, str(moment)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        lines = []
        if kind == "never":
            # it works on while the signal travels: the moment is anywhere within a step
            lines = [program.stdout.readline() for _ in range(moment)]
            program.kill()
        lines += program.stdout.readlines()
        said = program.stderr.read().decode()
    assert program.returncode == -9, said
    assert said == ""
    return [json.loads(line) for line in lines]


class _Memory:
    """What the program said last: what is held, what it was about to do, and where it was going."""

    def __init__(self) -> None:
        self.held: Told = {}
        self.about = ""
        self.going: list[Any] | None = None

    def take(self, told: list[Told]) -> None:
        self.about, self.going = "", None
        for one in told:
            if "entries" in one:
                self.held, self.about, self.going = one, "", None
            self.about = one.get("about", self.about)
            self.going = one.get("going", self.going)


def _look(path: Path, memory: _Memory) -> str:
    """Open the session as the next start does, look for losses, and give the step that was lost, if any."""
    session = sessions.open_session(path)
    assert not session.read_only
    viewer = sessions.last_viewer(session)
    record = audit.entries(session.database)
    said, more = memory.held, len(record) - memory.held["entries"]
    assert record[said["entries"] - 1].hash == said["hash"]
    assert 0 <= more <= (_ENTRIES.get(memory.about, 1) if memory.about else 0)
    _is_whole(session, record)
    found = _held(session, viewer, said["case"])
    if more == 0:
        compared = set(said) - {"place"}
        assert {key: found[key] for key in compared} == {key: said[key] for key in compared}
    # the same case, slice and level, or where the reader was just going
    assert found["place"] in (said["place"], memory.going)
    session.close()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    return memory.about if memory.about and more == 0 else ""


def _is_whole(session: Session, record: list[audit.AuditRow]) -> None:
    database = session.database
    assert database.rows("PRAGMA integrity_check")[0][0] == "ok"
    assert database.rows("PRAGMA foreign_key_check") == []
    assert audit.first_break(database) is None
    before = len(read_exam.worklist(session, sessions.last_viewer(session)))
    assert database.rows("SELECT count(*) FROM exam")[0][0] == before
    for table, beginning in _TABLES.items():
        rows = database.rows(f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - our own names
        assert rows == sum(entry.action.startswith(beginning) for entry in record)
    uncounted = (
        "SELECT id FROM roi_revision WHERE (kind = 'measured') * 2"
        " <> (SELECT count(*) FROM measurement WHERE revision_id = roi_revision.id)"
    )
    assert database.rows(uncounted) == []
    torn = "SELECT id FROM map WHERE NOT EXISTS (SELECT 1 FROM map_slice WHERE map_id = map.id AND slice = 0)"
    assert database.rows(torn) == []


def _kill_often(session: Path, images: Path, kinds: dict[str, int], seed: int) -> list[str]:
    """Work and be killed so often of each kind; give the steps that were lost."""
    random = np.random.default_rng(seed)
    plan = random.permutation([kind for kind, times in kinds.items() for _ in range(times)])
    memory, lost = _Memory(), []
    for number, kind in enumerate(plan):
        moment = int(random.integers(1, _LONGEST[kind]))
        memory.take(_run_and_kill(session, images, 1000 * seed + number, str(kind), moment))
        lost.append(_look(session, memory))
    return lost


def test_a_reader_killed_at_three_moments_loses_at_most_the_step_being_taken(
    reading_session: Path, images: Path
) -> None:
    _kill_often(reading_session, images, {"statement": 1, "call": 1, "never": 1}, seed=1)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_a_reader_killed_at_sixty_moments_loses_at_most_the_step_being_taken(
    reading_session: Path, images: Path, seed: int
) -> None:
    lost = _kill_often(reading_session, images, {"statement": 26, "call": 17, "never": 17}, seed)
    # the kills did come in the middle of steps, of several kinds
    assert len(lost) == 60
    assert len({one for one in lost if one}) >= 4
    session = sessions.open_session(reading_session)
    actions = {entry.action for entry in audit.entries(session.database)}
    session.close()
    assert {"roi.edit", "roi.undo", "roi.redo", "reading.signed_off"} <= actions
    # directly after the sign-off, or later with a reason
    assert actions & {"reading.reopened", "reading.unlocked"}
    assert {"case.counted", "case.excluded", "case.included", "case.note", "exam.imported"} <= actions
