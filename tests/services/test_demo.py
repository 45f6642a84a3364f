"""The demo sessions: synthetic, labelled, whole or not there at all."""

from __future__ import annotations

import json
import shutil

import pytest

from app.domain.errors import Cancelled
from app.domain.maps import Quantity
from app.domain.measure import measure
from app.domain.progress import Silent
from app.domain.protocol import LEVELS
from app.domain.reading import Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import demo as demos
from app.services import open_session
from app.services.demo import demo_in, make_reading_demo, make_study_demo
from app.services.read_exam import mark_not_measurable, open_case, sign_off, worklist
from app.store import results


class StopAtOnce:
    def report(self, done: int, total: int | None) -> None:
        raise Cancelled


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo")
    make_reading_demo(folder, Silent())
    make_study_demo(folder)
    return demo_in(folder)


@pytest.fixture
def reading(made, tmp_path):
    session = open_session.open_session(shutil.copy(made.reading, tmp_path / "copy.marrow"))
    yield session
    session.close()


def test_both_demo_sessions_say_that_they_are_synthetic(made):
    for path in (made.reading, made.study):
        session = open_session.open_session(path)
        assert session.synthetic
        session.close()


def test_twelve_exams_wait_to_be_read(reading):
    viewer = open_session.last_viewer(reading)
    cases = worklist(reading, viewer)
    assert len(cases) == 12
    assert not any(case.done or case.locked for case in cases)


def test_the_truth_beside_the_demo_is_what_its_exams_measure(made, reading):
    viewer = open_session.last_viewer(reading)
    for row in worklist(reading, viewer):
        case = open_case(reading, viewer, row.exam_id)
        truth = json.loads((made.truth / f"{row.code}.json").read_text(encoding="utf-8"))
        for level in truth["levels"]:
            if level["flag"] is None:
                safe = level["safe"]
                box = Rectangle(safe["slice_index"], *(safe[k] for k in ("row0", "col0", "rows", "cols")))
                for quantity, key, noise in ((Quantity.FF, "ff", 1.0), (Quantity.R2STAR, "r2star", 6.0)):
                    mean = measure(case.exam.maps[quantity], box).mean
                    assert mean == pytest.approx(level[key], abs=noise), (row.code, level["level"])


def test_the_study_demo_has_120_patients_read_by_two(made):
    session = open_session.open_session(made.study)
    viewer = Viewer(open_session.last_viewer(session).reader, Role.COORDINATOR)
    rows = results.results(session.database, viewer)
    session.close()
    assert len({row.code for row in rows}) == 120
    assert {row.reader for row in rows} == {"Reader 1", "Reader 2"}
    assert {row.origin for row in rows} == {"table"}
    assert all(row.signed_off for row in rows)


def test_a_demo_that_is_there_stays_as_it_is(made):
    before = (made.reading.stat().st_mtime_ns, made.study.stat().st_mtime_ns)
    assert make_reading_demo(made.reading.parent, StopAtOnce()) == made.reading
    assert make_study_demo(made.study.parent) == made.study
    assert (made.reading.stat().st_mtime_ns, made.study.stat().st_mtime_ns) == before


def test_a_stopped_demo_leaves_nothing_half_made(tmp_path):
    with pytest.raises(Cancelled):
        make_reading_demo(tmp_path, StopAtOnce())
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_run_left_behind_does_not_disturb_the_next_one(tmp_path):
    (tmp_path / "making-study").mkdir()
    (tmp_path / "making-study" / demos.STUDY).write_bytes(b"half")
    make_study_demo(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [demos.STUDY]


def test_signing_off_in_one_demo_never_changes_the_other(made, tmp_path):
    pair = demo_in(tmp_path)
    shutil.copy(made.reading, pair.reading)
    shutil.copy(made.study, pair.study)
    study_before = pair.study.read_bytes()
    session = open_session.open_session(pair.reading)
    viewer = open_session.last_viewer(session)
    case = open_case(session, viewer, worklist(session, viewer)[0].exam_id)
    for level in LEVELS:
        case, _ = mark_not_measurable(session, case, level, Reason.NOISE)
    sign_off(session, case)
    session.close()
    assert pair.study.read_bytes() == study_before
    assert pair.reading.read_bytes() != made.reading.read_bytes()
