"""When a signed-off case opens again for its own reader, and when that takes a reason or the coordinator."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import InputError
from app.domain.protocol import Level
from app.domain.reading import Role, Viewer
from app.domain.reasons import Reason
from app.services import case_facts, read_exam, sign_in
from app.services import study as coordinate
from app.services.changed import What
from app.services.export_audit import export_audit
from app.services.open_session import Session, audit_break, audit_entries, last_viewer, readers_of
from app.store import audit

Read = Callable[..., None]
SECRET = "correct horse"  # noqa: S105 - of a session that a test makes


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no two things happen in one moment."""
    moments = iter(f"2030-01-01T00:{second // 60:02}:{second % 60:02}.000+00:00" for second in range(3600))
    monkeypatch.setattr(audit, "utc_now", lambda: next(moments))


@pytest.fixture
def viewer(session: Session) -> Viewer:
    return last_viewer(session)


def reopen(session: Session, viewer: Viewer, code: str, reason: str = "") -> Any:
    """Open a signed-off case again."""
    (exam_id,) = (one.exam_id for one in read_exam.worklist(session, viewer) if one.code == code)
    return read_exam.reopen(session, read_exam.open_case(session, viewer, exam_id), reason)


def refused(session: Session, viewer: Viewer, code: str, reason: str = "") -> str:
    with pytest.raises(InputError) as caught:
        reopen(session, viewer, code, reason)
    return caught.value.code


def actions(session: Session, viewer: Viewer) -> list[str]:
    return [entry.action for entry in audit_entries(session, viewer)]


def test_directly_after_signing_off_nobody_asks_why(session: Session, viewer: Viewer, read: Read) -> None:
    read(session, viewer, "C0002")
    read(session, viewer, "C0001")
    # looking at another case is not going on
    read_exam.open_case(session, viewer, 2)
    case, changed = reopen(session, viewer, "C0001")
    assert (case.reading.locked, changed.what) == (False, What.SIGN_OFF)
    assert not read_exam.wants_reason(session, case)
    assert actions(session, viewer)[-1] == "reading.reopened"


def test_who_has_drawn_in_another_case_says_why_and_unlocks_their_own(
    session: Session, viewer: Viewer, read: Read, tmp_path: Path
) -> None:
    read(session, viewer, "C0001")
    read(session, viewer, "C0002", 1, sign=False)
    before = actions(session, viewer)
    assert refused(session, viewer, "C0001") == "reading.needs_reason"
    assert refused(session, viewer, "C0001", "  ") == "reading.needs_reason"
    assert actions(session, viewer) == before
    case, changed = reopen(session, viewer, "C0001", " L1 is T12 ")
    assert (case.reading.locked, changed.what) == (False, What.SIGN_OFF)
    entry = audit_entries(session, viewer)[-1]
    assert (entry.action, entry.reason, entry.actor) == ("reading.unlocked", "L1 is T12", viewer.reader.name)
    (mine,) = (one for one in read_exam.worklist(session, viewer) if one.code == "C0001")
    assert (mine.locked, mine.unlocked) == (False, "L1 is T12")
    # and it can be worked on at once
    case, _ = read_exam.clear_level(session, case, Level.L1)
    assert audit_break(session) is None
    path, _ = export_audit(session, viewer, tmp_path)
    with path.open(encoding="utf-8-sig", newline="") as file:
        (told,) = (row for row in csv.DictReader(file) if row["action"] == "reading.unlocked")
    assert told["reason"] == "L1 is T12"


def test_signing_off_another_case_without_drawing_is_going_on_too(
    session: Session, viewer: Viewer, read: Read
) -> None:
    read(session, viewer, "C0001")
    case = read_exam.open_case(session, viewer, 2)
    case, _ = case_facts.exclude_patient(session, case, Reason.SCOLI)
    case, _ = read_exam.sign_off(session, case)
    assert refused(session, viewer, "C0001") == "reading.needs_reason"
    # opening the other again is no step forward
    assert not reopen(session, viewer, case.exam.code)[0].reading.locked


def test_what_somebody_else_does_is_not_going_on(session: Session, viewer: Viewer, read: Read) -> None:
    read(session, viewer, "C0001")
    other = Viewer(next(one for one in readers_of(session) if one != viewer.reader))
    read(session, other, "C0002")
    read(session, replace(viewer, round=2), "C0002")
    assert not reopen(session, viewer, "C0001")[0].reading.locked


def test_in_a_study_with_roles_only_the_coordinator_unlocks_once_the_study_was_opened(
    study: Any, read: Read
) -> None:
    session = study.session
    bo = sign_in.sign_in(session, study.bo.reader.id, Role.READER)
    read(session, bo, "C0001")
    assert not reopen(session, bo, "C0001")[0].reading.locked
    read_exam.sign_off(session, read_exam.open_case(session, bo, study.case("C0001")))
    ana = sign_in.sign_in(session, study.viewer.reader.id, Role.COORDINATOR, SECRET)
    sign_in.unblind(session, ana, "all is read")
    bo = sign_in.sign_in(session, bo.reader.id, Role.READER)
    assert refused(session, bo, "C0001", "I saw the other's") == "reading.needs_unlock"
    locked = read_exam.open_case(session, bo, study.case("C0001"))
    assert not read_exam.wants_reason(session, locked)
    ana = sign_in.sign_in(session, ana.reader.id, Role.COORDINATOR, SECRET)
    coordinate.unlock(session, ana, study.case("C0001"), bo.reader.id, 1, "wrong level")
    bo = sign_in.sign_in(session, bo.reader.id, Role.READER)
    assert not read_exam.open_case(session, bo, study.case("C0001")).reading.locked
