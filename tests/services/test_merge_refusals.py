"""Whatever is not as the program left it, or belongs elsewhere, is refused before anything is written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity
from app.domain.protocol import Protocol
from app.domain.reading import Viewer
from app.services.merge import Outcome, merge, plan_merge
from app.services.open_session import Session, create_session, open_session, readers_of
from app.services.package import write_package
from app.store import audit, exams, migrate, schema, sessions
from app.store.exams import NewExam

Read = Callable[..., None]
Elsewhere = Callable[..., tuple[Session, Viewer]]


@pytest.fixture
def came(study: Any, tmp_path: Path, read: Read, elsewhere: Elsewhere) -> Path:
    """A package that came back with two readings."""
    path = tmp_path / "bo.marrow"
    write_package(study.session, study.viewer, study.bo.reader.id, 1, path)
    there, viewer = elsewhere(path)
    with closing(there):
        read(there, viewer, "C0001")
        read(there, viewer, "C0002", 2, sign=False)
    return path


def tamper(path: Path, *statements: str) -> None:
    """Do as another program could."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for name in schema.newest().triggers:
            connection.execute(f"DROP TRIGGER IF EXISTS {name}")
        for sql in statements:
            connection.execute(sql)


def refused(study: Any, path: Path) -> str:
    plan = plan_merge(study.session, path)
    assert plan.refusal is not None
    assert (plan.cases, plan.changes) == ((), False)
    return plan.refusal.code


def outcomes(study: Any, path: Path) -> dict[str, str]:
    plan = plan_merge(study.session, path)
    assert plan.refusal is None
    return {one.code: one.why.code if one.why else one.outcome.value for one in plan.cases}


# -- the whole file ---------------------------------------------------------------------------------------


def test_the_session_itself_and_its_copies_are_refused(study: Any, tmp_path: Path) -> None:
    study.session.database.copy_to(tmp_path / "copy.marrow")
    assert refused(study, tmp_path / "copy.marrow") == "merge.same_session"


def test_a_session_that_is_no_package_is_refused(study: Any, tmp_path: Path) -> None:
    create_session(tmp_path / "other.marrow").close()
    assert refused(study, tmp_path / "other.marrow") == "merge.not_a_package"


def test_a_package_of_another_study_is_refused(study: Any, came: Path) -> None:
    tamper(came, "UPDATE session SET value = 'another' WHERE key = 'package_of'")
    assert refused(study, came) == "merge.other_study"


def test_an_edited_record_is_refused_and_the_place_is_named(study: Any, came: Path) -> None:
    tamper(came, "UPDATE audit SET actor = 'Somebody' WHERE seq = 3")
    plan = plan_merge(study.session, came)
    assert (plan.refusal.code, plan.refusal.values) == ("merge.chain_broken", {"seq": 3})


def test_a_record_that_was_taken_away_is_refused(study: Any, came: Path) -> None:
    tamper(came, "DELETE FROM audit")
    assert refused(study, came) == "merge.chain_broken"


def test_a_package_that_this_study_does_not_remember_is_refused(study: Any, came: Path) -> None:
    tamper(came, "UPDATE session SET value = 'another' WHERE key = 'origin'")
    assert refused(study, came) == "merge.chain_start"


def test_a_record_that_was_made_anew_is_refused(study: Any, came: Path) -> None:
    tamper(came, "DELETE FROM audit")
    with closing(open_session(came)) as there:
        there.database.unguard()
        with there.database.transaction():
            audit.append(there.database, actor="MarrowMark", action="package.made", subject="session")
    assert refused(study, came) == "merge.chain_start"


def test_a_package_of_a_copy_of_the_study_that_went_on_is_refused(
    study: Any, came: Path, tmp_path: Path
) -> None:
    # as if the study had been put back to before the package was made
    tamper(study.session.path, "DELETE FROM package")
    assert refused(study, came) == "merge.chain_start"


def test_a_package_whose_entry_is_not_in_our_record_is_refused(study: Any, came: Path) -> None:
    tamper(study.session.path, "UPDATE package SET parent_hash = 'another'")
    assert refused(study, came) == "merge.chain_start"


def test_a_file_that_names_another_reader_is_refused(study: Any, came: Path) -> None:
    tamper(came, "UPDATE reader SET name = 'Carla'")
    assert refused(study, came) == "merge.other_reader"


@pytest.mark.parametrize("change", ["round = 2", "reader_id = 2"])
def test_readings_of_somebody_else_or_another_round_are_refused(study: Any, came: Path, change: str) -> None:
    tamper(
        came,
        "INSERT INTO reader (name, order_seed, at_utc) VALUES ('Carla', 1, '')",
        f"UPDATE reading SET {change} WHERE id = 1",  # noqa: S608 - our own
    )
    assert refused(study, came) == "merge.other_readings"


def test_a_protocol_that_is_not_known_here_is_refused(study: Any, came: Path) -> None:
    protocol = replace(Protocol(), version=9)
    tamper(
        came,
        f"INSERT INTO protocol VALUES (9, '{protocol.name}', 9, '{protocol.to_json()}', '')",  # noqa: S608 - ours
    )
    plan = plan_merge(study.session, came)
    assert plan.refusal.code == "merge.unknown_protocol"
    assert plan.refusal.values == {"protocol": "lumbar-FF-R2star v9"}


def test_a_protocol_that_says_other_things_here_is_refused(study: Any, came: Path) -> None:
    other = replace(study.session.protocol, min_area_mm2=7.0).to_json()
    tamper(came, f"UPDATE protocol SET content = '{other}' WHERE version = 2")  # noqa: S608 - our own
    assert refused(study, came) == "merge.protocol_differs"


def test_a_row_that_belongs_to_no_case_is_refused_with_the_file(study: Any, came: Path) -> None:
    tamper(
        came,
        "INSERT INTO case_fact VALUES (9, 77, 'note', '', 'x', NULL, 1, '', '')",
    )
    assert refused(study, came) == "merge.rows_changed"


def test_what_is_no_session_is_said_as_when_it_is_opened(study: Any, tmp_path: Path) -> None:
    (tmp_path / "letter.marrow").write_text("not a session")
    for name, code in (("letter.marrow", "store.not_a_session"), ("nothing.marrow", "store.missing")):
        with pytest.raises(StoreUnavailable) as told:
            plan_merge(study.session, tmp_path / name)
        assert told.value.code == code


def test_a_file_of_an_older_version_is_not_touched(
    study: Any, came: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = migrate.steps() | {migrate.newest() + 1: "CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT;\n"}
    monkeypatch.setattr(migrate, "steps", lambda: later)
    with pytest.raises(StoreUnavailable, match=r"store\.old_and_read_only"):
        plan_merge(study.session, came)


def test_a_file_that_is_in_use_can_be_planned(
    study: Any, came: Path, read: Read, elsewhere: Elsewhere
) -> None:
    there, viewer = elsewhere(came)
    with closing(there):
        read(there, viewer, "C0003", 1, sign=False)
        assert outcomes(study, came) == {"C0001": "new", "C0002": "new", "C0003": "new"}


# -- single cases -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE measurement SET mean = mean + 1 WHERE revision_id = 1 AND quantity = 'FF'",
        "UPDATE roi_revision SET col0 = col0 + 1 WHERE id = 1",
        "UPDATE roi_revision SET level = 'L5' WHERE id = 1",
        "DELETE FROM measurement WHERE revision_id = 1",
        "INSERT INTO roi_shape (revision_id, angle_deg, depth) VALUES (1, 5.0, 1)",
        "UPDATE reading_event SET at_utc = 'earlier'",
        "DELETE FROM reading_event",
        "UPDATE reading SET origin = 'table' WHERE id = 1",
        "INSERT INTO case_fact VALUES (9, 1, 'excluded', 'SURG', '', NULL, 2, '', '')",
    ],
)
def test_a_reading_that_another_program_changed_is_refused_and_the_others_come(
    study: Any, came: Path, statement: str
) -> None:
    tamper(came, statement)
    assert outcomes(study, came) == {"C0001": "merge.not_in_record", "C0002": "new"}
    plan = plan_merge(study.session, came)
    done = merge(study.session, study.viewer, plan)
    assert done.plan.count(Outcome.NEW) == 1
    # the refused one is asked for again
    assert outcomes(study, came) == {"C0001": "merge.not_in_record", "C0002": "unchanged"}


def test_numbers_that_our_voxels_do_not_hold_are_refused(study: Any, came: Path) -> None:
    """Also where rows and record were forged together."""
    tamper(came, "UPDATE measurement SET mean = mean + 1 WHERE revision_id = 1 AND quantity = 'FF'")
    forge(study, came)
    plan = plan_merge(study.session, came)
    why = {one.code: one.why for one in plan.cases}["C0001"]
    assert (why.code, dict(why.values)) == (
        "merge.numbers_differ",
        {"case": "C0001", "level": "L1", "quantity": "FF"},
    )


def test_a_rectangle_outside_the_image_is_refused(study: Any, came: Path) -> None:
    tamper(came, "UPDATE roi_revision SET row0 = 9000 WHERE id = 1")
    forge(study, came)
    assert outcomes(study, came)["C0001"] == "merge.outside"


def forge(study: Any, path: Path) -> None:
    """Write the record of a file anew so that it fits its rows, and let the study take it for the old one."""
    tamper(path, "DELETE FROM audit")
    # a file without any seal is taken for one of an older version, and sealed as it is
    with closing(open_session(path)) as there:
        there.database.unguard()
        first = audit.head_hash(there.database)
    tamper(study.session.path, f"UPDATE package SET first_hash = '{first}'")  # noqa: S608 - our own


def test_a_case_that_is_not_here_is_refused(study: Any, came: Path) -> None:
    tamper(came, "UPDATE exam SET code = 'C0777' WHERE code = 'C0001'")
    assert outcomes(study, came) == {"C0002": "new", "C0777": "merge.unknown_case"}


def test_other_voxels_are_refused(study: Any, came: Path) -> None:
    tamper(
        came,
        "UPDATE map SET sha256 = 'another' WHERE quantity = 'R2STAR'"
        " AND exam_id = (SELECT id FROM exam WHERE code = 'C0001')",
        "DELETE FROM map WHERE exam_id = (SELECT id FROM exam WHERE code = 'C0002')",
    )
    plan = plan_merge(study.session, came)
    told = {one.code: (one.why.code, one.why.values["quantity"]) for one in plan.cases}
    assert told == {"C0001": ("merge.pixels_differ", "R2STAR"), "C0002": ("merge.pixels_differ", "FF")}


def test_a_reading_that_went_on_here_is_refused(study: Any, came: Path, read: Read) -> None:
    read(study.session, study.bo, "C0001", 1, sign=False, row=6)
    assert outcomes(study, came) == {"C0001": "merge.conflict", "C0002": "new"}


def _coarser(one: ParametricMap, quantity: Quantity) -> ParametricMap:
    slices, rows, cols = one.grid.shape
    grid = Grid(
        (slices, rows // 2, cols // 2),
        (one.grid.spacing_mm[0], one.grid.spacing_mm[1] * 2, one.grid.spacing_mm[2] * 2),
        tuple(one.grid.to_patient((0, 0.5, 0.5)).tolist()),
        one.grid.axes,
    )
    return ParametricMap(quantity, one.stored[:, ::2, ::2], grid, one.scaling)


def test_a_map_that_changes_the_lines_of_rectangles_keeps_a_reading_out(
    study: Any, tmp_path: Path, read: Read, elsewhere: Elsewhere
) -> None:
    database = study.session.database
    ff = exams.load(database, study.case("C0001")).maps[Quantity.FF]
    who = Identity(study_uid="1.2.9999", frame_uid="1")
    alone = Exam("C0009", {Quantity.FF: ff}, 3.0)
    key = exams.add(database, exams.pack(NewExam(alone, who, {}, "GE", "")), actor="Ana")
    path = tmp_path / "nine.marrow"
    write_package(study.session, study.viewer, 2, 1, path)
    both = replace(alone, maps={Quantity.FF: ff, Quantity.R2STAR: _coarser(ff, Quantity.R2STAR)})
    exams.join(database, key, exams.pack(NewExam(both, who, {}, "GE", "")), actor="Ana")
    there, viewer = elsewhere(path)
    with closing(there):
        read(there, viewer, "C0009", 1, sign=False)
    assert outcomes(study, path) == {"C0009": "merge.grid_changed"}


def test_a_reader_is_known_by_name_whatever_the_key(study: Any, came: Path) -> None:
    with closing(open_session(came)) as there:
        assert [reader.id for reader in readers_of(there)] == [1]
    assert sessions.readers(study.session.database)[1].name == plan_merge(study.session, came).reader
