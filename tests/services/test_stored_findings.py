"""What rules say of values in a blinded study: to whoever coordinates, and to nobody who still reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.domain.disagreement import Ruling, Urgency
from app.domain.errors import BlindingError, InputError
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import case_facts, disagreements, read_exam, sign_in, study
from app.services.case import Case
from app.services.changed import What
from app.services.disagreements import Dispute
from app.services.open_session import Session, create_session, readers_of
from app.services.study import Planned, StudyPlan
from app.store import audit, exams, results, sessions
from app.store.exams import NewExam

GRID = Grid(
    (9, 200, 120), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
)
SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "central_half", 0, 0, 0, 0, 0, 0)
# Cleo only coordinates; Dee does both
PEOPLE = (Planned("Ana"), Planned("Bo"), Planned("Cleo", reads=False, coordinates=True),
          Planned("Dee", coordinates=True))  # fmt: skip


def make_exam() -> Exam:
    """Even maps of plausible values, but that 20 of the 140 voxels of L3 hold no marrow."""
    maps = {}
    for quantity, mean in ((Quantity.FF, 45), (Quantity.R2STAR, 150)):
        stored = np.full(GRID.shape, mean, np.int16)
        stored[:, ::2] += 1
        # nothing in a rectangle is as large as this
        stored[0, 0, 0] = 400
        maps[quantity] = ParametricMap(quantity, stored, GRID, SCALING)
    ff = np.array(maps[Quantity.FF].stored)
    ff[4, 70:72, 50:60] = 0
    maps[Quantity.FF] = ParametricMap(Quantity.FF, ff, GRID, SCALING)
    return Exam("C1", maps, field_strength_t=3.0)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A blinded study of one exam."""
    made = create_session(tmp_path / "study.marrow", reader="Ana")
    new = NewExam(make_exam(), Identity(study_uid="1"), {}, "GE", "")
    exams.add(made.database, exams.pack(new), actor="Ana")
    study.set_up(made, StudyPlan(replace(Protocol(), blinded=True), PEOPLE))
    yield made
    made.close()


def viewer(session: Session, name: str, role: Role = Role.READER) -> Viewer:
    return Viewer(next(one for one in readers_of(session) if one.name == name), role)


def lead(session: Session, name: str = "Cleo") -> Viewer:
    return viewer(session, name, Role.COORDINATOR)


def read(session: Session, name: str, *, accept: bool = False, sign: bool = True) -> Case:
    case = read_exam.open_case(session, viewer(session, name), 1)
    for level in LEVELS:
        box = Rectangle(4, 10 + 30 * LEVELS.index(level), 50, 10, 14)
        case, _ = read_exam.set_rectangle(session, case, level, box)
    if accept:
        case, _ = case_facts.accept_level(session, case, Level.L3, Reason.METAL)
    return read_exam.sign_off(session, case)[0] if sign else case


def spoken(session: Session, who: Viewer) -> dict[tuple[int, str, int], list[tuple[str, Level]]]:
    found = study.spoken(session, who)
    return {key: [(one.code, one.level) for one in findings] for key, findings in found.items()}


BAD = [("values.many_bad_voxels", Level.L3), ("values.ff_uneven", Level.L3)]


def test_who_only_coordinates_sees_what_rules_say_of_signed_off_readings(session: Session) -> None:
    # the reader was neither told nor asked
    assert read(session, "Ana").findings == ()
    read(session, "Bo", sign=False)
    assert spoken(session, lead(session)) == {(1, "Ana", 1): BAD}
    overview = study.overview(session, lead(session))
    # it takes a while, so it is asked for by itself
    assert overview.spoken == {}
    overview = replace(overview, spoken=study.spoken(session, lead(session)))
    of_columns = {one.reader.name: overview.spoken_of(overview.cases[0], one) for one in overview.columns}
    assert {name: len(findings) for name, findings in of_columns.items()} == {"Ana": 2, "Bo": 0, "Dee": 0}
    # what was asked before an unlock says nothing of what is read anew
    study.unlock(session, lead(session), 1, viewer(session, "Ana").reader.id, 1, "look again")
    later = replace(study.overview(session, lead(session)), spoken=overview.spoken)
    assert later.spoken_of(later.cases[0], later.columns[0]) == ()


def test_who_coordinates_and_still_reads_is_not_told_until_they_say_why_they_look(session: Session) -> None:
    read(session, "Ana")
    with pytest.raises(BlindingError, match=r"blinding\.own_first"):
        spoken(session, lead(session, "Dee"))
    sign_in.look_before_done(session, lead(session, "Dee"), "to plan the second half")
    assert spoken(session, lead(session, "Dee")) == {(1, "Ana", 1): BAD}


def test_who_coordinates_and_is_done_reading_is_told(session: Session) -> None:
    read(session, "Ana")
    read(session, "Dee")
    assert spoken(session, lead(session, "Dee")) == {(1, "Ana", 1): BAD, (1, "Dee", 1): BAD}


def test_a_blinded_reader_is_never_told(session: Session) -> None:
    read(session, "Ana")
    with pytest.raises(InputError, match=r"study\.not_coordinator"):
        spoken(session, viewer(session, "Bo"))
    bo = sign_in.sign_in(session, viewer(session, "Bo").reader.id, Role.READER)
    for who in (bo, replace(bo, role=Role.COORDINATOR), lead(session)):
        with pytest.raises(BlindingError, match=r"blinding\.closed"):
            spoken(session, who)


def test_values_from_a_table_are_not_judged(session: Session) -> None:
    with session.database.transaction():
        results.add_table_reading(
            session.database,
            exams.add_from_table(session.database, "T1", Identity()),
            viewer(session, "Ana").reader.id,
            {Level.L1: {Quantity.FF: 99.0}},
            protocol_id=sessions.current_protocol(session.database)[0],
            software="1.0",
            at_utc=audit.utc_now(),
        )
    assert spoken(session, lead(session)) == {}


# -- once the study is open -------------------------------------------------------------------------------


@pytest.fixture
def opened(session: Session) -> Session:
    """The study once all have read it blinded and it was opened."""
    for name in ("Ana", "Bo", "Dee"):
        read(session, name)
    sign_in.unblind(session, lead(session), "all is read")
    return session


def dispute(session: Session) -> Dispute:
    (found,) = disagreements.queue(session, lead(session))
    return found


def test_what_no_reader_was_asked_for_waits_in_the_queue(opened: Session) -> None:
    found = dispute(opened)
    assert (found.level, found.waits) == (Level.L3, True)
    assert found.unexplained == {"Ana", "Bo", "Dee"}
    grounds = [(one.code, one.reader, one.urgency) for one in found.comparison.grounds]
    names = [one.reader for one in found.held]
    assert grounds == [
        *(("readers.many_bad_voxels", name, Urgency.QUERY) for name in names),
        *(("values.ff_uneven", name, Urgency.WARNING) for name in names),
    ]
    beside = disagreements.side_by_side(opened, lead(opened), 1)
    assert beside.levels[Level.L3].comparison == found.comparison


@pytest.mark.parametrize("ruling", [Ruling.mean(), Ruling.of_reader("Bo")])
def test_such_a_value_stands_only_with_a_reason(opened: Session, ruling: Ruling) -> None:
    with pytest.raises(InputError) as refused:
        disagreements.adjudicate(opened, lead(opened), 1, Level.L3, ruling)
    assert refused.value.code == "adjudication.needs_note"
    reasoned = replace(ruling, note="a rim of gas, far from the mean")
    assert disagreements.adjudicate(opened, lead(opened), 1, Level.L3, reasoned).what is What.DECISION
    assert not dispute(opened).waits


def test_another_rectangle_and_leaving_it_out_need_none(opened: Session) -> None:
    for ruling in (Ruling.drawn(Rectangle(4, 74, 50, 8, 14)), Ruling.excluded(Reason.METAL)):
        assert disagreements.adjudicate(opened, lead(opened), 1, Level.L3, ruling).what is What.DECISION


def test_a_level_that_its_reader_gave_a_reason_for_speaks_of_the_others_only(session: Session) -> None:
    sign_in.unblind(session, lead(session), "an open pilot")
    for name in ("Ana", "Bo"):
        read(session, name, accept=True)
    assert disagreements.queue(session, lead(session)) == []
