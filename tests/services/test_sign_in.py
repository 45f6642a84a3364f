"""Who may work in a session, and what each of them gets to see."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.domain.case_facts import Counted
from app.domain.errors import BlindingError, InputError
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Reader, Role, Viewer
from app.domain.reasons import Reason
from app.services import case_facts, read_exam, sign_in
from app.services.open_session import Session, audit_entries, last_viewer, open_session
from app.services.study import unlock
from app.store import audit, people, results, rounds, sessions
from app.store.rounds import Assignment

ANA, BO = 1, 2
READER, COORDINATOR = Role.READER, Role.COORDINATOR
BOTH = frozenset(Role)


def _blind(session: Session) -> None:
    with session.database.transaction():
        sessions._insert_protocol(session.database, replace(Protocol(), version=2, blinded=True), "2026")


@pytest.fixture
def study(session: Session) -> Session:
    """Ana reads and coordinates, Bo reads; both have secrets, and the study is blinded."""
    sign_in.set_secret(session, ANA, "ana's own")
    sign_in.set_secret(session, BO, "bo's own")
    sign_in.grant(session, ANA, BOTH)
    ana = sign_in.sign_in(session, ANA, COORDINATOR, "ana's own")
    sign_in.grant(session, BO, {READER}, viewer=ana)
    _blind(session)
    sign_in.sign_out(session)
    return session


def _ana(session: Session, role: Role = COORDINATOR) -> Viewer:
    return sign_in.sign_in(session, ANA, role, "ana's own")


def _bo(session: Session) -> Viewer:
    return sign_in.sign_in(session, BO, READER, "bo's own")


def _read_all(session: Session, viewer: Viewer) -> None:
    for row in read_exam.worklist(session, viewer):
        case = read_exam.open_case(session, viewer, row.exam_id)
        case, _ = case_facts.exclude_patient(session, case, Reason.SURG)
        read_exam.sign_off(session, case)


# ---- without a study


def test_a_session_of_one_needs_no_sign_in_and_is_open_to_all(session: Session) -> None:
    assert not sign_in.needs_sign_in(session)
    assert [(one.reader.name, one.roles, one.has_secret) for one in sign_in.people(session)] == [
        ("Ana", BOTH, False),
        ("Bo", BOTH, False),
    ]
    sign_in.sign_out(session)
    assert not session.database.guarded
    assert sign_in.sign_in(session, BO, READER) == Viewer(Reader(BO, "Bo"))
    assert sign_in.require_coordinator(session, None) == last_viewer(session)


def test_a_secret_closes_an_open_session_to_nobody_in_particular(session: Session) -> None:
    sign_in.set_secret(session, BO, "1234")
    path = session.path
    session.close()
    opened = open_session(path)
    assert sign_in.needs_sign_in(opened)
    assert opened.database.guarded
    assert read_exam.worklist(opened, Viewer(last_viewer(opened).reader)) == []
    # who has no secret is believed
    viewer = sign_in.sign_in(opened, ANA, READER)
    assert not opened.database.guarded
    assert len(read_exam.worklist(opened, viewer)) == 3
    sign_in.sign_out(opened)
    assert sign_in.require_coordinator(opened, None).reader.id == ANA
    assert not opened.database.guarded
    opened.close()


# ---- by name


def test_whoever_coordinates_an_open_study_without_secrets_does_so_by_name(session: Session) -> None:
    assert sign_in.by_name(session, ANA) == Viewer(Reader(ANA, "Ana"))
    sign_in.grant(session, ANA, BOTH)
    assert sign_in.by_name(session, ANA) == Viewer(Reader(ANA, "Ana"), COORDINATOR)
    # Bo holds no role any more, and reads on as before
    assert sign_in.by_name(session, BO) == Viewer(Reader(BO, "Bo"))
    sign_in.grant(session, BO, {READER}, viewer=sign_in.by_name(session, ANA))
    with pytest.raises(InputError, match=r"^study\.not_coordinator"):
        sign_in.grant(session, BO, BOTH, viewer=sign_in.by_name(session, BO))
    with pytest.raises(InputError, match=r"^sign_in\.unknown"):
        sign_in.by_name(session, 99)


def test_a_name_leads_to_the_round_that_waits_for_it(session: Session) -> None:
    _read_all(session, sign_in.by_name(session, BO))
    with session.database.transaction():
        rounds.add_round(session.database, rounds.StudyRound(2, rounds.RoundKind.REPEAT, 0.5, 14, 1))
        rounds.assign(session.database, [Assignment(BO, 1, 2)], "")
    assert (sign_in.by_name(session, BO).round, sign_in.by_name(session, ANA).round) == (2, 1)


def test_where_anybody_has_a_secret_or_the_study_is_blinded_a_name_is_not_enough(session: Session) -> None:
    sign_in.grant(session, ANA, BOTH)
    sign_in.set_secret(session, BO, "bo's own")
    with pytest.raises(InputError, match=r"^sign_in\.needed"):
        sign_in.by_name(session, ANA)
    sign_in.remove_secret(session, sign_in.sign_in(session, ANA, COORDINATOR), BO)
    assert sign_in.by_name(session, ANA).role is COORDINATOR
    _blind(session)
    for reader in (ANA, BO):
        with pytest.raises(InputError, match=r"^sign_in\.needed"):
            sign_in.by_name(session, reader)
    sign_in.sign_out(session)
    assert session.database.guarded
    with pytest.raises(InputError, match=r"^sign_in\.needed"):
        sign_in.by_name(session, ANA)


# ---- in and out


def test_a_blinded_reader_gets_the_guarded_connection_and_a_coordinator_the_plain_one(study: Session) -> None:
    assert study.database.guarded
    viewer = _bo(study)
    assert (viewer.reader.name, viewer.role, viewer.round) == ("Bo", READER, 1)
    assert study.database.scope is not None
    assert study.database.scope.reader_id == BO
    _ana(study)
    assert not study.database.guarded
    _ana(study, READER)
    assert study.database.scope is not None
    assert study.database.scope.reader_id == ANA
    sign_in.sign_out(study)
    assert study.database.guarded
    assert study.database.scope is None


@pytest.mark.parametrize(
    ("reader", "role", "secret", "code"),
    [
        (BO, READER, "", "sign_in.wrong_secret"),
        (BO, READER, "ana's own", "sign_in.wrong_secret"),
        (ANA, COORDINATOR, "Ana's own", "sign_in.wrong_secret"),
        (BO, COORDINATOR, "bo's own", "sign_in.no_role"),
        (99, READER, "", "sign_in.unknown"),
    ],
)
def test_whoever_is_refused_leaves_the_session_as_it_was(
    study: Session, reader: int, role: Role, secret: str, code: str
) -> None:
    with pytest.raises(InputError, match=f"^{code.replace('.', '[.]')}"):
        sign_in.sign_in(study, reader, role, secret)
    assert study.database.guarded
    assert study.database.scope is None


def test_nobody_coordinates_a_blinded_study_without_a_secret(session: Session) -> None:
    _blind(session)
    with pytest.raises(InputError, match=r"^sign_in\.needs_secret"):
        sign_in.sign_in(session, ANA, COORDINATOR)
    # as reader Ana can set one
    sign_in.sign_in(session, ANA, READER)
    sign_in.set_secret(session, ANA, "ana's own")
    assert _ana(session).role is COORDINATOR


def test_a_second_start_of_the_program_is_guarded_too(study: Session) -> None:
    _bo(study)
    second = open_session(study.path)
    assert second.read_only
    assert second.database.guarded
    viewer = _bo(second)
    assert len(read_exam.worklist(second, viewer)) == 3
    assert _ana(second).role is COORDINATOR
    second.close()


def test_a_coordinator_who_signs_in_while_the_study_is_blinded_stands_in_the_record(study: Session) -> None:
    _ana(study)
    last = audit.entries(study.database)[-1]
    assert (last.actor, last.action) == ("Ana", "people.coordinates")


def test_a_reader_works_in_the_round_that_waits_for_them(study: Session) -> None:
    bo = _bo(study)
    _read_all(study, bo)
    _ana(study)
    with study.database.transaction():
        rounds.add_round(study.database, rounds.StudyRound(2, rounds.RoundKind.REPEAT, 0.5, 14, 1))
        rounds.assign(study.database, [Assignment(BO, 1, 2)], "")
    again = _bo(study)
    assert again.round == 2
    assert [case.exam_id for case in read_exam.worklist(study, again)] == [1]
    # of the first round nothing is left to see
    assert [(case.done, case.locked, case.excluded) for case in read_exam.worklist(study, bo)] == [
        (0, False, None)
    ]
    assert study.database.rows("SELECT * FROM reading") == []


# ---- secrets


def test_a_secret_is_changed_only_for_the_old_one(study: Session) -> None:
    with pytest.raises(InputError, match=r"^sign_in\.wrong_secret"):
        sign_in.set_secret(study, BO, "another", "ana's own")
    _bo(study)
    sign_in.set_secret(study, BO, "another", "bo's own")
    with pytest.raises(InputError, match=r"^sign_in\.wrong_secret"):
        _bo(study)
    assert sign_in.sign_in(study, BO, READER, "another").reader.id == BO


@pytest.mark.parametrize("secret", ["", "abc"])
def test_a_secret_has_four_characters_at_least(session: Session, secret: str) -> None:
    with pytest.raises(InputError, match=r"^sign_in\.short_secret"):
        sign_in.set_secret(session, ANA, secret)
    assert not sign_in.needs_sign_in(session)


def test_hashes_cannot_be_read_through_a_guarded_connection(study: Session) -> None:
    _bo(study)
    rows = study.database.rows("SELECT salt, hash FROM credential")
    assert {tuple(row) for row in rows} == {(b"", b"")}


def test_the_same_secret_is_kept_differently_for_everybody(session: Session) -> None:
    for reader in (ANA, BO):
        sign_in.set_secret(session, reader, "the same")
    (one, two) = session.database.rows("SELECT salt, hash FROM credential")
    assert one["salt"] != two["salt"]
    assert one["hash"] != two["hash"]
    assert b"the same" not in session.path.read_bytes()


def test_a_secret_is_kept_by_a_costly_hash(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    # the other tests spend less on theirs
    monkeypatch.setattr(people, "new_secrets", people.Scrypt())
    sign_in.set_secret(session, ANA, "ana's own")
    (row,) = session.database.rows("SELECT scheme, salt, hash FROM credential")
    assert (row["scheme"], len(row["salt"])) == ("scrypt-15-8-1", 16)
    known = hashlib.scrypt(b"ana's own", salt=row["salt"], n=1 << 15, r=8, p=1, maxmem=1 << 26, dklen=32)
    assert row["hash"] == known
    assert people.matches(session.database, ANA, "ana's own")
    assert not people.matches(session.database, ANA, "Ana's own")
    assert not people.matches(session.database, BO, "")


def test_nobody_takes_a_name_from_a_guarded_connection(study: Session) -> None:
    _ana(study)
    carl = sessions.add_reader(study.database, "Carl")
    viewer = _ana(study)
    sign_in.grant(study, carl.id, {READER, COORDINATOR}, viewer=viewer)
    sign_in.sign_out(study)
    with pytest.raises(BlindingError):
        sign_in.set_secret(study, carl.id, "stolen")
    _bo(study)
    with pytest.raises(BlindingError):
        sign_in.set_secret(study, carl.id, "stolen")
    # not even in Carl's own name: it would open the study as one more coordinator
    sign_in.sign_in(study, carl.id, READER)
    with pytest.raises(BlindingError):
        sign_in.set_secret(study, carl.id, "stolen")
    _ana(study)
    sign_in.set_secret(study, carl.id, "carl's own")
    assert sign_in.sign_in(study, carl.id, COORDINATOR, "carl's own").reader.name == "Carl"


def test_a_coordinator_takes_away_a_forgotten_secret(study: Session) -> None:
    ana = _ana(study)
    sign_in.remove_secret(study, ana, BO)
    sign_in.remove_secret(study, ana, BO)
    assert [entry.action for entry in audit.entries(study.database)].count("people.secret_removed") == 1
    assert sign_in.sign_in(study, BO, READER).reader.id == BO
    sign_in.set_secret(study, BO, "a new one")
    with pytest.raises(InputError, match=r"^sign_in\.wrong_secret"):
        sign_in.sign_in(study, BO, READER)


def test_the_last_secret_of_a_coordinator_stays(study: Session) -> None:
    ana = _ana(study)
    with pytest.raises(InputError, match=r"^sign_in\.last_secret"):
        sign_in.remove_secret(study, ana, ANA)


# ---- roles


def test_the_first_grant_takes_all_other_roles_from_everybody(session: Session) -> None:
    sign_in.grant(session, ANA, {COORDINATOR})
    assert [one.roles for one in sign_in.people(session)] == [{COORDINATOR}, frozenset()]
    with pytest.raises(InputError, match=r"^study\.not_coordinator"):
        sign_in.grant(session, BO, {READER})
    ana = sign_in.sign_in(session, ANA, COORDINATOR)
    sign_in.grant(session, BO, {READER}, viewer=ana)
    assert [one.roles for one in sign_in.people(session)] == [{COORDINATOR}, {READER}]


def test_roles_are_recorded_when_they_change_and_only_then(session: Session) -> None:
    sign_in.grant(session, ANA, BOTH)
    ana = sign_in.sign_in(session, ANA, COORDINATOR)
    sign_in.grant(session, ANA, BOTH, viewer=ana)
    told = [
        (entry.old, entry.new)
        for entry in audit.entries(session.database)
        if entry.action == "people.granted"
    ]
    assert told == [("", "reader coordinator")]


@pytest.mark.parametrize("roles", [set(), {READER}])
def test_somebody_always_coordinates(session: Session, roles: set[Role]) -> None:
    with pytest.raises(InputError, match=r"^study\.nobody_coordinates"):
        sign_in.grant(session, ANA, roles)


def test_a_reader_gives_no_roles(study: Session) -> None:
    bo = _bo(study)
    for viewer in (bo, replace(bo, role=COORDINATOR), None):
        with pytest.raises(BlindingError):
            sign_in.grant(study, BO, BOTH, viewer=viewer)
    ana = _ana(study)
    for viewer in (replace(ana, role=READER), replace(bo, role=COORDINATOR)):
        with pytest.raises(InputError, match=r"^study\.not_coordinator"):
            sign_in.grant(study, BO, BOTH, viewer=viewer)


# ---- opening the study


def test_unblinding_opens_the_study_with_a_reason_and_it_can_be_closed_again(study: Session) -> None:
    ana = _ana(study)
    with pytest.raises(InputError, match=r"^blinding\.needs_reason"):
        sign_in.unblind(study, ana, " ")
    sign_in.unblind(study, ana, "all is read")
    sign_in.unblind(study, ana, "all is read")
    assert not sign_in.blinded_now(study)
    last = audit.entries(study.database)[-1]
    assert (last.actor, last.action, last.reason) == ("Ana", "study.unblinded", "all is read")
    bo = _bo(study)
    assert not study.database.guarded
    assert results.results(study.database, bo) == []
    assert audit_entries(study, bo)
    sign_in.blind_again(study, _ana(study), "too early")
    assert sign_in.blinded_now(study)
    bo = _bo(study)
    with pytest.raises(BlindingError, match=r"^blinding\.closed"):
        results.results(study.database, bo)


def test_nobody_blinds_a_study_that_somebody_coordinates_by_name(session: Session) -> None:
    sign_in.grant(session, ANA, {COORDINATOR})
    ana = sign_in.by_name(session, ANA)
    sign_in.grant(session, BO, BOTH, viewer=ana)
    sign_in.set_secret(session, BO, "bo's own")
    # Ana could not come in any more, and Bo alone would see everything
    with pytest.raises(InputError, match=r"^study\.coordinator_without_secret") as refused:
        sign_in.blind_again(session, ana, "now in earnest")
    assert refused.value.values == {"name": "Ana"}
    assert not sign_in.blinded_now(session)
    sign_in.set_secret(session, ANA, "ana's own")
    with pytest.raises(InputError, match=r"^study\.not_coordinator"):
        sign_in.blind_again(session, replace(ana, role=READER), "now in earnest")
    sign_in.blind_again(session, ana, "now in earnest")
    assert sign_in.blinded_now(session)


def test_a_reader_opens_nothing(study: Session) -> None:
    bo = _bo(study)
    for act in (sign_in.unblind, sign_in.blind_again, sign_in.look_before_done):
        with pytest.raises(BlindingError):
            act(study, replace(bo, role=COORDINATOR), "curious")
    with pytest.raises(BlindingError):
        sign_in.remove_secret(study, bo, ANA)
    assert sign_in.blinded_now(study)


def test_a_viewer_who_says_to_coordinate_gets_nothing_from_a_guarded_connection(study: Session) -> None:
    forged = replace(_bo(study), role=COORDINATOR)
    with pytest.raises(BlindingError, match=r"^blinding\.closed"):
        results.results(study.database, forged)
    with pytest.raises(BlindingError, match=r"^blinding\.closed"):
        audit_entries(study, forged)


# ---- rule 18a


def test_a_coordinator_who_reads_too_says_why_before_looking(study: Session) -> None:
    ana = _ana(study)
    assert sign_in.looks_early(study, ana)
    with pytest.raises(BlindingError, match=r"^blinding\.own_first"):
        results.results(study.database, ana)
    with pytest.raises(InputError, match=r"^blinding\.needs_reason"):
        sign_in.look_before_done(study, ana, "")
    sign_in.look_before_done(study, ana, "a reader asked for help")
    assert not sign_in.looks_early(study, ana)
    assert results.results(study.database, ana) == []
    last = audit.entries(study.database)[-1]
    assert (last.action, last.reason) == ("study.looked", "a reader asked for help")


def test_a_coordinator_who_is_done_or_does_not_read_just_looks(study: Session) -> None:
    _read_all(study, _ana(study, READER))
    ana = _ana(study)
    assert not sign_in.looks_early(study, ana)
    results.results(study.database, ana)
    sign_in.grant(study, ANA, {COORDINATOR}, viewer=ana)
    assert not sign_in.looks_early(study, ana)
    assert not sign_in.looks_early(study, replace(ana, role=READER))


def _mark(session: Session, viewer: Viewer, exam_id: int, *, off: bool) -> None:
    case = read_exam.open_case(session, viewer, exam_id)
    for level in LEVELS:
        case, _ = read_exam.mark_not_measurable(session, case, level, Reason.FOV)
    if off:
        read_exam.sign_off(session, case)


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Give the function that says which minute it is."""

    def say(minute: int) -> None:
        monkeypatch.setattr(audit, "utc_now", lambda: f"2026-01-01T00:{minute:02}:00.000+00:00")

    return say


def test_what_is_signed_off_after_looking_is_not_blinded(
    study: Session, moments: Callable[[int], None]
) -> None:
    moments(1)
    me = _ana(study, READER)
    _mark(study, me, 1, off=True)
    _mark(study, me, 2, off=False)
    bo = _bo(study)
    _mark(study, bo, 1, off=False)
    moments(2)
    ana = _ana(study)
    assert people.not_blinded(study.database) == frozenset()
    sign_in.look_before_done(study, ana, "a reason")
    moments(3)
    me = _ana(study, READER)
    _mark(study, me, 2, off=True)
    _mark(study, me, 3, off=True)
    _ana(study)
    kept = {
        row["id"]: (row["reader_id"], row["exam_id"]) for row in study.database.rows("SELECT * FROM reading")
    }
    assert {kept[key] for key in people.not_blinded(study.database)} == {(ANA, 2), (ANA, 3)}


def test_what_is_changed_after_looking_is_no_longer_blinded(
    study: Session, moments: Callable[[int], None]
) -> None:
    moments(1)
    me = _ana(study, READER)
    _mark(study, me, 1, off=True)
    moments(2)
    sign_in.look_before_done(study, _ana(study), "a reason")
    assert people.not_blinded(study.database) == frozenset()
    moments(3)
    me = _ana(study, READER)
    case, _ = read_exam.reopen(study, read_exam.open_case(study, me, 1))
    read_exam.clear_level(study, case, Level.L1)
    _ana(study)
    assert len(people.not_blinded(study.database)) == 1


def test_what_is_read_while_the_study_is_open_is_not_blinded(
    study: Session, moments: Callable[[int], None]
) -> None:
    moments(1)
    _mark(study, _bo(study), 1, off=True)
    moments(2)
    sign_in.unblind(study, _ana(study), "a reason")
    moments(3)
    _mark(study, _bo(study), 2, off=True)
    moments(4)
    sign_in.blind_again(study, _ana(study), "a reason")
    moments(5)
    _mark(study, _bo(study), 3, off=True)
    _ana(study)
    rows = study.database.rows("SELECT id FROM reading WHERE exam_id = 2")
    assert people.not_blinded(study.database) == {row["id"] for row in rows}


@pytest.mark.parametrize("how", ["looked", "opened"])
def test_whoever_leaves_a_patient_out_after_seeing_others_is_not_blinded(
    study: Session, moments: Callable[[int], None], how: str
) -> None:
    moments(1)
    for exam_id in (1, 2, 3):
        _mark(study, _ana(study, READER), exam_id, off=True)
    ana = _ana(study)
    moments(2)
    if how == "looked":
        sign_in.look_before_done(study, ana, "a reason")
    else:
        sign_in.unblind(study, ana, "a reason")
    moments(3)
    for exam_id in (1, 2):
        unlock(study, ana, exam_id, ANA, 1, "a reason")
    me = _ana(study, READER)
    case, _ = case_facts.exclude_patient(study, read_exam.open_case(study, me, 1), Reason.SURG)
    read_exam.sign_off(study, case)
    # to say how levels were counted decides nothing
    case, _ = case_facts.say_counted(study, read_exam.open_case(study, me, 2), Counted.WHOLE_SPINE)
    read_exam.sign_off(study, case)
    _ana(study)
    rows = study.database.rows("SELECT id FROM reading WHERE exam_id = 1")
    assert people.not_blinded(study.database) == {row["id"] for row in rows}


# ---- commands


def test_a_command_gets_in_with_the_passphrase_of_any_coordinator(study: Session) -> None:
    ana = _ana(study)
    sign_in.grant(study, BO, BOTH, viewer=ana)
    sign_in.look_before_done(study, ana, "a reason")
    for secret, name in (("ana's own", "Ana"), ("bo's own", "Bo")):
        sign_in.sign_out(study)
        found = sign_in.require_coordinator(study, secret, reason="a reason")
        assert (found.reader.name, found.role) == (name, COORDINATOR)
        assert not study.database.guarded


@pytest.mark.parametrize("secret", [None, ""])
def test_a_command_without_a_passphrase_stays_out(study: Session, secret: str | None) -> None:
    with pytest.raises(BlindingError, match=r"^blinding\.closed"):
        sign_in.require_coordinator(study, secret)
    assert study.database.guarded


def test_a_command_with_a_readers_passphrase_stays_out(study: Session) -> None:
    with pytest.raises(InputError, match=r"^sign_in\.wrong_passphrase"):
        sign_in.require_coordinator(study, "bo's own")
    assert study.database.guarded


def test_a_command_stays_out_where_no_coordinator_has_a_secret(session: Session) -> None:
    _blind(session)
    with pytest.raises(BlindingError, match=r"^blinding\.closed"):
        sign_in.require_coordinator(session, "anything")


def test_a_command_of_a_coordinator_who_reads_wants_the_reason_too(study: Session) -> None:
    with pytest.raises(BlindingError, match=r"^blinding\.own_first"):
        sign_in.require_coordinator(study, "ana's own")
    assert study.database.guarded
    sign_in.require_coordinator(study, "ana's own", reason="a first look")
    assert audit.entries(study.database)[-1].reason == "a first look"


def test_an_import_wants_the_passphrase_where_there_is_one(study: Session) -> None:
    with pytest.raises(BlindingError):
        sign_in.open_to_import(study, None)
    sign_in.open_to_import(study, "ana's own")
    assert not study.database.guarded


def test_an_import_into_an_open_session_wants_none(session: Session) -> None:
    sign_in.open_to_import(session, None)
    sign_in.set_secret(session, BO, "bo's own")
    sign_in.sign_out(session)
    sign_in.open_to_import(session, None)
    assert not session.database.guarded
