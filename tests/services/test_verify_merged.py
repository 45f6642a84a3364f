"""Records that came with merged files are checked too, each against itself and against what was merged."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.domain.progress import Silent
from app.domain.reading import Viewer
from app.services.merge import merge, plan_merge, undo_merge
from app.services.open_session import Session
from app.services.package import write_package
from app.services.sign_in import unblind
from app.services.verify import Flaw, Verification, verify

Read = Callable[..., None]
Elsewhere = Callable[..., tuple[Session, Viewer]]


@pytest.fixture
def merged(study: Any, tmp_path: Path, read: Read, elsewhere: Elsewhere) -> Any:
    """A study into which the readings of a package have come."""
    path = tmp_path / "bo.marrow"
    write_package(study.session, study.viewer, study.bo.reader.id, 1, path)
    there, viewer = elsewhere(path)
    with closing(there):
        read(there, viewer, "C0001")
    merge(study.session, study.viewer, plan_merge(study.session, path))
    unblind(study.session, study.viewer, "all is read")
    return study


def look(study: Any) -> Verification:
    return verify(study.session, study.viewer, Silent(), recompute=True)


def tamper(study: Any, *statements: str) -> None:
    """Change the file behind the open session, and put the triggers back."""
    with closing(sqlite3.connect(study.session.path)) as connection:
        triggers = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert connection.execute(statement).rowcount > 0
        for _, sql in triggers:
            connection.execute(sql)
        connection.commit()


def test_a_study_with_readings_from_elsewhere_is_whole(merged: Any) -> None:
    found = look(merged)
    assert found.flaws == ()
    assert found.chains == 1
    undo_merge(merged.session, merged.viewer, 1)
    assert look(merged).whole


def test_a_package_is_whole_when_it_is_opened_and_read_in(
    study: Any, tmp_path: Path, read: Read, elsewhere: Elsewhere
) -> None:
    from app.store import audit, checks, old_record, sealing  # noqa: PLC0415 - behind the reader's closed door

    path = tmp_path / "bo.marrow"
    write_package(study.session, study.viewer, study.bo.reader.id, 1, path)
    there, viewer = elsewhere(path)
    with closing(there):
        read(there, viewer, "C0001")
    with closing(there), closing(there.database.apart()) as plain:
        sealed = sealing.sealed_rows(plain)
        assert list(sealing.compare(plain, sealed)) == []
        assert list(old_record.compare(plain, sealed)) == []
        assert list(checks.voxels(plain, Silent())) == []
        assert audit.first_break(plain) is None


@pytest.mark.parametrize(
    ("statements", "flaws"),
    [
        (
            ["UPDATE foreign_audit SET actor = 'Eve' WHERE seq = 3"],
            [Flaw("verify.foreign_chain", {"merge": 1, "seq": 3})],
        ),
        (
            ["DELETE FROM foreign_audit WHERE seq = (SELECT max(seq) FROM foreign_audit)"],
            [Flaw("verify.foreign_head", {"merge": 1})],
        ),
        (["DELETE FROM foreign_audit"], [Flaw("verify.foreign_head", {"merge": 1})]),
    ],
)
def test_a_foreign_record_that_was_tampered_with_is_located(
    merged: Any, statements: list[str], flaws: list[Flaw]
) -> None:
    tamper(merged, *statements)
    assert list(look(merged).flaws) == flaws


def test_a_foreign_record_of_no_merge_is_named(merged: Any) -> None:
    tamper(
        merged,
        "INSERT INTO foreign_audit SELECT 7, seq, at_utc, actor, action, subject, old, new, reason, protocol,"
        " software, previous_hash, hash FROM foreign_audit",
    )
    found = look(merged).flaws
    assert Flaw("verify.foreign_head", {"merge": 7}) in found
    assert {one.code for one in found} == {"verify.foreign_head", "verify.orphan"}


def test_a_merged_reading_that_was_changed_is_found_by_the_entry_of_the_merge(merged: Any) -> None:
    tamper(merged, "UPDATE roi_revision SET col0 = col0 + 1 WHERE id = (SELECT max(id) FROM roi_revision)")
    changed = [one for one in look(merged).flaws if one.code == "verify.row_changed"]
    assert [one.values["table"] for one in changed] == ["roi_revision"]
    assert str(changed[0].values["where"]).startswith("C0001/")
    assert str(changed[0].values["action"]).startswith("merge")
