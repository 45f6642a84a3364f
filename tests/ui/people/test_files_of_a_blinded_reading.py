"""While Bo reads blinded, no file that the program writes tells Ana's numbers or a patient's name."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import pytest

from app.domain.errors import BlindingError
from app.domain.progress import Silent
from app.domain.reading import Role, Viewer
from app.services import open_session, read_exam, rescue, sign_in
from app.store.results import results

BO_SECRET = "2468"  # noqa: S105 - of a session that a test makes
NAMES = ("Doe", "Jane", "PAT000", "1960-01-02", "19600102")
_OF_ANA = (
    "SELECT mean, median, sd FROM measurement JOIN roi_revision ON roi_revision.id = revision_id"
    " JOIN reading ON reading.id = reading_id JOIN reader ON reader.id = reader_id WHERE name = ?"
)


def numbers(path: Path, reader: str) -> set[float]:
    """What a reader measured: nobody draws a fraction such as these twice."""
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(_OF_ANA, (reader,)).fetchall()
    return {value for row in rows for value in row if not value.is_integer()}


def patterns(values: Iterable[float]) -> list[bytes]:
    """How numbers can stand in a file: as text of some digits, or as SQLite and others keep them."""
    # 3.11 is also a version of something
    texts = {f"{value:.{digits}f}".encode() for value in values if value > 10 for digits in (2, 3)}
    whole = [rb"(?<![\d.])" + re.escape(text) for text in texts]
    return whole + [re.escape(struct.pack(order, value)) for value in values for order in (">d", "<d")]


def found_in(content: bytes, values: set[float]) -> list[str]:
    """What of some numbers and of the patients stands in a file."""
    numbers_there = re.findall(b"|".join(patterns(values)), content, re.DOTALL)
    words = [word for word in NAMES for kind in ("utf-8", "utf-16-le") if word.encode(kind) in content]
    return [*map(repr, numbers_there), *words]


def is_session(path: Path) -> bool:
    """Whether it is the session itself, or a backup of it: what keeps both is that the program opens them."""
    return (
        path.name == "blind.marrow"
        or path.name.startswith("blind.marrow-wal")
        or (path.suffix == ".marrow-backup")
    )


Day = tuple[Path, set[float], list[Path]]


@pytest.fixture(scope="module")
def day(read_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Day:
    """Bo's whole day: the session, what Ana measured, and every file there is in the evening."""
    tmp_path = tmp_path_factory.mktemp("day")
    read_session = Path(shutil.copy(read_template, tmp_path / "blind.marrow"))
    of_ana = numbers(read_session, "Ana")
    assert len(of_ana) > 50
    folders = [tmp_path / name for name in ("home", "temporary", "desk")]
    for folder in folders:
        folder.mkdir()
    tool = Path(__file__).with_name("reads_blinded_and_fails.py")
    done = subprocess.run(
        [sys.executable, str(tool), str(read_session), str(folders[2]), BO_SECRET],
        env=os.environ | {"MARROWMARK_HOME": str(folders[0]), "TMPDIR": str(folders[1])},
        capture_output=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    (tmp_path / "said.txt").write_bytes(done.stdout + done.stderr)
    return read_session, of_ana, sorted(path for path in tmp_path.rglob("*") if path.is_file())


def test_no_file_tells_of_another_readers_numbers_or_a_patient(
    day: Day,
) -> None:
    session, of_ana, files = day
    strange = of_ana - numbers(session, "Bo")
    assert len(numbers(session, "Bo")) > 50
    assert len(strange) > 50
    # the search is not blind: all of it stands in the session
    assert len(found_in(session.read_bytes(), strange)) > 50
    written = [path for path in files if not is_session(path)]
    assert {"marrowmark.log", "settings.ini", "report.txt"} <= {path.name for path in written}
    assert {path.name: found for path in written if (found := found_in(path.read_bytes(), strange))} == {}


def test_what_a_blinded_reader_may_not_write_is_not_there_in_part_either(
    day: Day,
) -> None:
    session, _, files = day
    assert [path.name for path in files if path.parent.name == "desk"] == ["report.txt"]
    assert [path.name for path in files if path.parent.name == "export"] == []
    there = {path.name for path in session.parent.iterdir() if path.name.startswith("blind")}
    assert there - {"blind.marrow.lock"} == {"blind.marrow", "blind.marrow-backups"}


def test_the_log_and_the_report_tell_what_failed_without_what_it_was_about(
    day: Day,
) -> None:
    files = {path.name: path for path in day[2]}
    for name in ("marrowmark.log", "report.txt"):
        content = files[name].read_text(encoding="utf-8")
        assert "RuntimeError: PATIENT (…)" in content
        assert "reads_blinded_and_fails.py" in content


def assert_closed(path: Path, of_ana: set[float]) -> None:
    """See that a file shows Bo what is Bo's, and Ana's numbers to nobody."""
    with closing(open_session.open_session(path)) as session:
        assert session.database.guarded
        bo = sign_in.sign_in(session, 2, Role.READER, BO_SECRET)
        assert all(row.locked for row in read_exam.worklist(session, bo))
        means = {row["mean"] for row in session.database.rows("SELECT mean FROM measurement")}
        assert means
        assert not means & of_ana
        for viewer in (bo, Viewer(bo.reader, Role.COORDINATOR)):
            with pytest.raises(BlindingError):
                results(session.database, viewer)
        with pytest.raises(BlindingError):
            session.database.copy_to(path.with_name("copy.marrow"))


def test_a_backup_is_as_closed_as_the_session(day: Day, tmp_path: Path) -> None:
    session, of_ana, files = day
    strange = of_ana - numbers(session, "Bo")
    backups = [path for path in files if path.suffix == ".marrow-backup"]
    assert backups
    for number, path in enumerate(backups):
        # whether it is opened as it lies there, or restored first
        assert_closed(Path(shutil.copy(path, tmp_path / f"taken{number}.marrow")), strange)
        restored = tmp_path / f"restored{number}.marrow"
        rescue.restore_backup(path, session, restored, Silent())
        assert_closed(restored, strange)
