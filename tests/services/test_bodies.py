"""Rules that look at vertebral bodies in the life of a case: looked for once, shown to all readers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain import checks_place
from app.domain.checks_place import place_of
from app.domain.errors import StoreUnavailable
from app.domain.exam import Exam
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.midsagittal import guess_mid_slice
from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.protocol import Level, Protocol
from app.domain.shapes import Rectangle, place
from app.services import beside, open_session, read_exam
from app.services import case as cases
from app.services.case import Case
from app.services.open_session import Session
from app.store import exams
from app.store.exams import NewExam

SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "central_half", 0, 0, 0, 0, 0, 0)
MAPS = {
    Quantity.FF: "FAT_FRACTION",
    Quantity.R2STAR: "R2_STAR_MAP",
    Quantity.WATER: "WATER",
    Quantity.FAT: "FAT",
}
MakeSession = Callable[..., Session]


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(PhantomSpec(seed=5, slices=9, rows=192, cols=192))


@pytest.fixture
def make_session(phantom: Phantom, tmp_path: Path) -> Iterator[MakeSession]:
    made: list[Session] = []

    def make(protocol: Protocol) -> Session:
        session = open_session.create_session(tmp_path / f"study-{len(made)}.marrow", protocol, reader="Ana")
        maps = {
            one: ParametricMap(one, phantom.images[name], phantom.grid, SCALING) for one, name in MAPS.items()
        }
        new = NewExam(
            Exam("C0001", maps, field_strength_t=3.0), Identity(study_uid="C0001"), {}, "GE", "model"
        )
        exams.add(session.database, exams.pack(new), actor="test")
        made.append(session)
        return session

    yield make
    for session in made:
        session.close()


def desk(session: Session) -> Case:
    viewer = open_session.last_viewer(session)
    return read_exam.open_case(session, viewer, read_exam.worklist(session, viewer)[0].exam_id)


def too_high(phantom: Phantom, level: Level, rows: int = 22) -> Rectangle:
    """A rectangle as high as the body it lies in, and more."""
    box = phantom.truth.level(level.value).safe
    middle = (box.row0 + box.rows / 2, box.col0 + box.cols / 2)
    return place(phantom.grid, phantom.truth.mid_slice, *middle, (rows, 9))


def place_codes(case: Case) -> list[tuple[str, str]]:
    return [(one.code, one.level.value) for one in case.findings if one.code.startswith("check.")]


@pytest.mark.parametrize("protocol", [Protocol(blinded=True), Protocol(), Protocol(numbers_hidden=True)])
def test_a_rectangle_that_reaches_the_discs_is_warned_of_whatever_values_its_reader_may_know(
    make_session: MakeSession, phantom: Phantom, protocol: Protocol
) -> None:
    session = make_session(protocol)
    case, _ = read_exam.set_rectangle(session, desk(session), Level.L3, too_high(phantom, Level.L3))
    assert place_codes(case) == []
    case = case.looked()
    assert place_codes(case) == [("check.margin", "L3")]
    # it can be accepted with a reason, and forbids nothing
    assert case.acceptable(Level.L3)
    assert case.stopping is None


def test_a_place_is_looked_at_once_and_known_when_the_rectangle_comes_back(
    make_session: MakeSession, phantom: Phantom, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, asked = make_session(Protocol()), []
    real = checks_place.body_around
    monkeypatch.setattr(cases, "body_around", lambda *told: (asked.append(told[1]), real(*told))[1])
    box = too_high(phantom, Level.L3)
    case, _ = read_exam.set_rectangle(session, desk(session), Level.L3, box)
    assert case.unlooked == (place_of(box),)
    case = case.looked()
    assert case.looked() is case
    case, _ = read_exam.set_rectangle(session, case, Level.L3, too_high(phantom, Level.L3, 7))
    case = case.looked()
    assert place_codes(case) == []
    case, _ = read_exam.undo(session, case)
    assert case.unlooked == ()
    assert place_codes(case) == [("check.margin", "L3")]
    assert len(asked) == len(set(asked))


# -- images beside the maps -------------------------------------------------------------------------------


def test_a_case_holds_the_measured_maps_only_and_names_what_lies_beside_them(
    make_session: MakeSession,
) -> None:
    session = make_session(Protocol())
    case = desk(session)
    assert set(case.exam.maps) == {Quantity.FF, Quantity.R2STAR}
    assert beside.names(session, case.exam.id) == [Quantity.WATER, Quantity.FAT]
    water = beside.series(session, case.exam.id, Quantity.WATER)
    assert isinstance(water, ParametricMap)
    assert water.quantity is Quantity.WATER
    assert beside.series(session, case.exam.id, Quantity.IN_PHASE) is None
    assert beside.series(session, case.exam.id, "T1") is None


def test_the_whole_exam_is_there_for_what_looks_at_edges(make_session: MakeSession, phantom: Phantom) -> None:
    session = make_session(Protocol())
    whole = beside.with_signals(session, desk(session).exam)
    assert set(whole.maps) == set(MAPS)
    assert (whole.maps[Quantity.FAT].stored == phantom.images["FAT"]).all()
    assert (whole.id, whole.code) == (1, "C0001")


def test_the_slice_is_guessed_from_the_clearest_image_though_it_is_not_kept(
    make_session: MakeSession,
) -> None:
    session = make_session(Protocol())
    exam = desk(session).exam
    whole = exams.load(session.database, exam.id)
    assert beside.guess_slice(session, exam) == guess_mid_slice(whole)
    # without any image of signal it is guessed from FF
    alone = replace(exam, id=99)
    assert beside.guess_slice(session, alone) == guess_mid_slice(exam)


def test_an_image_of_a_quantity_nobody_knows_is_damage(make_session: MakeSession) -> None:
    session = make_session(Protocol())
    connection = session.database
    with connection.transaction():
        connection.insert(
            "INSERT INTO map (exam_id, quantity, dtype, grid, scaling, sha256)"
            " SELECT exam_id, 'ODD', dtype, grid, scaling, sha256 FROM map WHERE quantity = 'FAT'",
            (),
        )
    with pytest.raises(StoreUnavailable, match=r"store\.corrupt"):
        beside.names(session, 1)
