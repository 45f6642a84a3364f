"""Packages, results, merging and joining from the command line, with the coordinator's passphrase."""

from __future__ import annotations

import io
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.cli import passphrase as cli_passphrase
from app.domain.protocol import Level
from app.domain.reading import Role, Viewer
from app.domain.shapes import Rectangle
from app.services import read_exam
from app.services.open_session import create_session, open_session, readers_of
from app.services.sign_in import sign_in
from app.store import people, sessions

SECRET = "marrow & fat"  # noqa: S105 - of a session that the test makes


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sits at the terminal; the environment knows the passphrase."""
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    monkeypatch.setenv(cli_passphrase.VARIABLE, SECRET)


@pytest.fixture
def study(reading_session: Path) -> Path:
    """A blinded study that Ana coordinates and Bo reads."""
    with closing(open_session(reading_session)) as session:
        ana, bo = readers_of(session)
        people.set_secret(session.database, ana, SECRET, actor="Ana")
        people.grant(session.database, ana, [Role.COORDINATOR], actor="Ana")
        people.grant(session.database, bo, [Role.READER], actor="Ana")
        protocol = replace(session.protocol, version=2, blinded=True)
        sessions.new_protocol(session.database, protocol, "Ana", "two readers")
    return reading_session


@pytest.fixture
def came(study: Path, run: Any) -> Path:
    """A package in which Bo has begun a case."""
    path = study.with_name("bo.marrow")
    assert run("package", "--session", study, "--reader", "Bo", "--out", path).status == 0
    with closing(open_session(path)) as session:
        viewer = sign_in(session, 1, Role.READER)
        case = read_exam.open_case(session, viewer, read_exam.worklist(session, viewer)[0].exam_id)
        read_exam.set_rectangle(session, case, Level.L1, Rectangle(4, 20, 30, 9, 12))
    return path


def test_a_package_goes_out_and_its_results_come_back(study: Path, came: Path, run: Any) -> None:
    results = came.with_name("results.marrow")
    said = run("results", "--session", came, "--out", results)
    assert (said.status, said.err) == (0, "")
    assert "results.marrow" in said.out
    looked = run("merge", results, "--session", study, "--dry-run")
    assert (looked.status, looked.err) == (0, "")
    assert looked.out == "Bo, round 1: 1 new, 0 extended, 0 unchanged, 0 refused.\n"
    merged = run("merge", results, "--session", study)
    assert merged.out.splitlines() == [
        looked.out.strip(),
        "Merged as number 1. “marrowmark undo-merge” takes it back.",
    ]
    again = run("merge", came, "--session", study)
    assert again.out.splitlines()[-1].startswith("Everything in this file is in the study already.")
    undone = run("undo-merge", "--session", study)
    assert (undone.status, undone.out.split(" was")[0]) == (0, "Merge 1")
    assert run("undo-merge", "--session", study).err.startswith("There is no such merge.")
    assert run("undo-merge", "--session", study, "--merge", 1).err.startswith("This merge was taken back")


def test_what_is_written_is_said(study: Path, run: Any) -> None:
    said = run("package", "--session", study, "--reader", "Bo", "--out", study.with_name("bo.marrow"))
    assert said.out.startswith("3 exams for Bo in ")


@pytest.mark.parametrize(
    "command",
    [("package", "--reader", "Bo", "--out", "x.marrow"), ("merge", "x.marrow"), ("undo-merge",),
     ("join", "x.marrow", "--centre", "B")],
)  # fmt: skip
def test_nobody_does_so_without_the_passphrase(
    study: Path, run: Any, command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(cli_passphrase.VARIABLE)
    said = run(*command, "--session", study)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("A blinded round is open.")
    monkeypatch.setenv(cli_passphrase.VARIABLE, "a guess")
    assert run(*command, "--session", study).err.startswith("This is not the passphrase")


def test_a_reader_who_is_not_there_gets_nothing(study: Path, run: Any) -> None:
    said = run("package", "--session", study, "--reader", "Nobody", "--out", study.with_name("x.marrow"))
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("The session has no such reader.")


def test_a_file_that_is_refused_is_said_with_why(study: Path, came: Path, run: Any) -> None:
    create_session(study.with_name("other.marrow")).close()
    said = run("merge", study.with_name("other.marrow"), "--session", study)
    assert (said.status, said.out) == (1, "")
    assert said.err.startswith("This session was not made as a package")
    said = run("join", came, "--session", study, "--centre", "B")
    assert said.err.startswith("This file is a package or its results.")


def test_a_case_that_is_refused_is_named(study: Path, came: Path, run: Any) -> None:
    with closing(open_session(study)) as session:
        viewer = sign_in(session, 2, Role.READER)
        exam_id = read_exam.worklist(session, viewer)[0].exam_id
        case = read_exam.open_case(session, viewer, exam_id)
        read_exam.set_rectangle(session, case, Level.L1, Rectangle(4, 30, 30, 9, 12))
        code = case.exam.code
    said = run("merge", came, "--session", study)
    assert said.out.splitlines()[1].startswith(f"{code} was read by the same reader here and elsewhere")
    assert said.out.splitlines()[2].startswith("Everything")


def test_a_centre_is_joined_and_new_names_are_said(reading_session: Path, tmp_path: Path, run: Any) -> None:
    """Both sessions are open: whoever has the file may."""
    other = tmp_path / "centre.marrow"
    with (
        closing(create_session(other, reader="Ana")) as there,
        closing(open_session(reading_session)) as here,
    ):
        import_case(there, here)
    asked = ("join", other, "--session", reading_session, "--centre", "B")
    looked = run(*asked, "--dry-run", "--values-only", "--same-reader", "Ana")
    assert looked.status == 0
    assert "C0001 is called B-C0001 here." in looked.out
    assert "The reader Ana is called" not in looked.out
    said = run(*asked)
    assert (said.status, said.err) == (0, "")
    assert said.out.splitlines() == [
        (
            "B: of its exams 2 new, 1 here already, 1 refused; readings: 1, rows of the clinical table: 0,"
            " values typed in: 0, decisions on levels: 0."
        ),
        "C0001 is called B-C0001 here.",
        "The voxels of the R2* map of X0002 are other ones than here, so its reading is not taken in.",
        "X0003 is called C0003 here.",
        "The reader Ana is called Ana (B) here.",
        (
            "The centre was joined as number 1. Names and identifiers of its patients stayed there."
            " “marrowmark undo-merge” takes it back."
        ),
    ]
    undone = run("undo-merge", "--session", reading_session)
    assert (undone.status, undone.err) == (0, "")
    assert undone.out.startswith("Join 1 was taken back: exams, readings and clinical values of B stay")
    assert run("undo-merge", "--session", reading_session).err.startswith("There is no such merge.")
    assert run(*asked).out.splitlines()[-1].startswith("The centre was joined as number 2.")
    _go_on(reading_session)
    said = run("undo-merge", "--session", reading_session)
    assert (said.status, said.out) == (1, "")
    assert "that rests on this centre, in case B-C0001:" in said.err


def _go_on(path: Path) -> None:
    """Let the reader of the other centre go on with a case of theirs."""
    with closing(open_session(path)) as session:
        viewer = Viewer(next(one for one in readers_of(session) if one.name == "Ana (B)"))
        (listed,) = (one for one in read_exam.worklist(session, viewer) if one.code == "B-C0001")
        case = read_exam.open_case(session, viewer, listed.exam_id)
        read_exam.set_rectangle(session, case, Level.L2, Rectangle(4, 50, 30, 9, 12))


def import_case(there: Any, here: Any) -> None:
    """Give the other centre a case of its own, one that is half ours, and one that is ours."""
    from app.domain.identity import Identity  # noqa: PLC0415 - used here only
    from app.domain.maps import Quantity  # noqa: PLC0415
    from app.store import exams  # noqa: PLC0415
    from app.store.exams import NewExam  # noqa: PLC0415

    listed = {one.code: exams.load(here.database, one.id) for one in exams.exams(here.database)}

    def shifted(code: str, *quantities: Quantity) -> Any:
        maps = {
            one: replace(part, stored=part.stored + (one in quantities))
            for one, part in listed[code].maps.items()
        }
        return replace(listed[code], maps=maps)

    made = {
        "C0001": shifted("C0001", *Quantity),
        "K0004": shifted("C0002", *Quantity),
        "X0002": shifted("C0002", Quantity.R2STAR),
        "X0003": listed["C0003"],
    }
    for code, exam in made.items():
        new = NewExam(replace(exam, code=code, id=0), Identity(), {}, "GE", "")
        exams.add(there.database, exams.pack(new), actor="Ana")
    viewer = Viewer(readers_of(there)[0])
    case = read_exam.open_case(there, viewer, 1)
    read_exam.set_rectangle(there, case, Level.L1, Rectangle(4, 30, 30, 9, 12))


def test_in_an_open_study_nobody_is_asked(
    reading_session: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(cli_passphrase.VARIABLE)
    target = reading_session.with_name("bo.marrow")
    assert run("package", "--session", reading_session, "--reader", "Bo", "--out", target).status == 0
    with closing(open_session(reading_session)) as session:
        people.grant(session.database, readers_of(session)[1], [Role.COORDINATOR], actor="Bo")
    # whoever worked last may not: whoever may is found
    assert run("package", "--session", reading_session, "--reader", "Ana", "--out", target).status == 0
    with closing(open_session(reading_session)) as session:
        people.grant(session.database, readers_of(session)[1], [Role.READER], actor="Bo")
    said = run("package", "--session", reading_session, "--reader", "Bo", "--out", target)
    assert (said.status, said.out) == (1, "")
