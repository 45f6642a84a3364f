"""Making, opening and closing a session, and who works in it."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.errors import AppError, BlindingError, InputError, StoreUnavailable
from app.domain.identity import Identity
from app.domain.protocol import Protocol
from app.domain.reading import Role, Viewer
from app.services import open_session as service
from app.services.changed import Changed, What
from app.services.open_session import Session
from app.store import exams, readings, sessions
from app.store.readings import Position


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.marrow"


@pytest.fixture
def session(path: Path) -> Iterator[Session]:
    made = service.create_session(path, reader="First")
    yield made
    made.close()


def _code(function: Callable[[], object]) -> str:
    with pytest.raises(AppError) as caught:
        function()
    return caught.value.code


def _files(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def _exam(session: Session) -> int:
    with session.database.transaction():
        return exams.add_from_table(session.database, "C0001", Identity())


def test_a_new_session_has_a_protocol_and_a_reader_and_can_be_opened_again(path: Path) -> None:
    made = service.create_session(path)
    assert (made.name, made.path, made.read_only, made.synthetic) == ("study.marrow", path, False, False)
    assert made.protocol == Protocol()
    made.close()
    again = service.open_session(path)
    assert [reader.name for reader in service.readers_of(again)] == [service.FIRST_READER]
    assert (again.protocol, again.synthetic, again.read_only) == (Protocol(), False, False)
    again.close()
    assert _files(path.parent) == [path.name]


@pytest.mark.parametrize("name", ["study", "study v1.2", "study.marrow"])
def test_the_name_of_a_session_always_ends_alike(tmp_path: Path, name: str) -> None:
    made = service.create_session(tmp_path / name)
    assert made.name == name.removesuffix(".marrow") + ".marrow"
    made.close()


def test_a_session_keeps_its_own_protocol_and_label(path: Path) -> None:
    protocol = replace(Protocol(), name="cervical-test", mean_levels="L1-L5")
    service.create_session(path, protocol, synthetic=True, reader="王医生").close()
    again = service.open_session(path)
    assert (again.protocol, again.synthetic) == (protocol, True)
    assert [reader.name for reader in service.readers_of(again)] == ["王医生"]
    again.close()


def test_a_session_that_cannot_be_begun_leaves_no_file(path: Path) -> None:
    assert _code(lambda: service.create_session(path, reader="  ")) == "reader.no_name"
    assert _files(path.parent) == []


def test_a_file_that_is_there_is_not_taken_for_a_new_session(session: Session, path: Path) -> None:
    session.close()
    before = path.read_bytes()
    assert _code(lambda: service.create_session(path)) == "store.exists"
    assert path.read_bytes() == before


def test_a_session_that_cannot_be_understood_frees_its_lock(
    session: Session, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.close()

    def fail(_: object) -> bool:
        raise StoreUnavailable("store.corrupt", file=path.name)

    with monkeypatch.context() as patch:
        patch.setattr(sessions, "is_synthetic", fail)
        assert _code(lambda: service.open_session(path)) == "store.corrupt"
    again = service.open_session(path)
    assert not again.read_only
    again.close()


def test_a_second_window_is_read_only_and_knows_the_label(path: Path) -> None:
    made = service.create_session(path, synthetic=True)
    seen = service.open_session(path)
    assert (seen.read_only, seen.synthetic) == (True, True)
    assert _code(lambda: service.add_reader(seen, "Second")) == "store.read_only"
    seen.close()
    made.close()


def test_a_job_works_on_a_connection_of_its_own(session: Session) -> None:
    def job() -> None:
        another = session.another()
        assert another.synthetic == session.synthetic
        service.add_reader(another, "From the job")
        another.close()

    thread = threading.Thread(target=job)
    thread.start()
    thread.join()
    assert [reader.name for reader in service.readers_of(session)] == ["First", "From the job"]


def test_the_first_reader_begins_and_whoever_worked_last_goes_on(session: Session) -> None:
    first = service.readers_of(session)[0]
    second = service.add_reader(session, "Second")
    assert service.last_viewer(session) == Viewer(first)
    exam_id = _exam(session)
    readings.remember_position(session.database, Viewer(second, round=2), Position(exam_id, 0, None))
    assert service.last_viewer(session) == Viewer(second, round=2)


def test_a_last_reader_nobody_knows_leaves_the_first_one(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readings, "last_viewer", lambda _: (77, 1))
    assert service.last_viewer(session).reader.name == "First"


def test_a_session_without_a_reader_says_so(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "readers_of", lambda _: [])
    with pytest.raises(InputError) as caught:
        service.last_viewer(session)
    assert caught.value.code == "session.without_reader"


def test_a_copy_is_a_whole_session(session: Session, tmp_path: Path) -> None:
    target = tmp_path / "copy.marrow"
    service.save_copy(session, target)
    copy = service.open_session(target)
    assert service.readers_of(copy) == service.readers_of(session)
    viewer = service.last_viewer(session)
    assert service.audit_entries(copy, viewer) == service.audit_entries(session, viewer)
    copy.close()


def test_the_record_of_a_session_is_told_and_checked(session: Session) -> None:
    actions = [entry.action for entry in service.audit_entries(session, service.last_viewer(session))]
    assert actions == ["session.created", "reader.added"]
    assert service.audit_break(session) is None


def test_a_blinded_reader_does_not_see_the_record_and_the_coordinator_does(path: Path) -> None:
    session = service.create_session(path, replace(Protocol(), blinded=True))
    viewer = service.last_viewer(session)
    with pytest.raises(BlindingError):
        service.audit_entries(session, viewer)
    assert service.audit_entries(session, replace(viewer, role=Role.COORDINATOR))
    session.close()


def test_that_a_session_holds_readings_can_be_asked(session: Session) -> None:
    assert not service.has_readings(session)
    reading = readings.open_reading(session.database, service.last_viewer(session), _exam(session))
    readings.append_event(session.database, reading, "signed_off")
    assert service.has_readings(session)


def test_what_changed_can_be_told_together() -> None:
    changed = Changed(What.READING | What.SIGN_OFF)
    assert What.READING in changed.what
    assert What.EXAMS not in changed.what
    assert not What.NOTHING


def test_a_second_window_is_told_who_writes_and_the_first_is_not(tmp_path: Path) -> None:
    first = service.create_session(tmp_path / "study")
    second = service.open_session(first.path)
    assert first.holder is None
    assert second.holder is not None
    assert second.holder["process"] == str(os.getpid())
    second.close()
    first.close()
