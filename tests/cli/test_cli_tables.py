"""The commands for tables: they look first, and write only when asked to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.domain.identity import Identity
from app.domain.protocol import Protocol
from app.services.clinical_lines import clinical_view
from app.services.open_session import create_session, last_viewer, open_session
from app.store import exams


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A session with one case, closed."""
    session = create_session(tmp_path / "study.marrow")
    with session.database.transaction():
        exams.add_from_table(session.database, "C0001", Identity(patient_id="0012", patient_name="Secret"))
    session.close()
    return session.path


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "clinical.csv"
    path.write_text("编号;年龄;性别;T;eGFR\n0012;65岁;2;-2,6;90\n9;60;1;-1,0;80\n", encoding="gb18030")
    return path


SAID = ("--column", "编号=patient_id", "--column", "T=tscore:L1-L4")


def ages(study: Path) -> list[float | None]:
    session = open_session(study)
    try:
        return [line.age for line in clinical_view(session, last_viewer(session))]
    finally:
        session.close()


def test_a_clinical_table_is_looked_at_and_nothing_is_written(run: Any, study: Path, table: Path) -> None:
    said = run("clinical", table, "--session", study, *SAID)
    assert said.status == 0
    assert "line 2  →  C0001   by patient ID" in said.out
    assert "Not joined · 1" in said.out
    assert "--join" in said.err
    assert "0012" not in said.out
    assert ages(study) == []


def test_a_clinical_table_is_joined_on_demand(run: Any, study: Path, table: Path) -> None:
    said = run(
        "clinical", table, "--session", study, *SAID, "--covariate", "eGFR", "--sex-codes", "1m2f", "--join"
    )
    assert (said.status, said.err) == (0, "")
    assert "Rows read: 2 (1 joined" in said.out
    session = open_session(study)
    try:
        line = clinical_view(session, last_viewer(session))[0]
        assert (line.sex, line.tscore, line.covariates[0].value) == ("F", -2.6, 90.0)
    finally:
        session.close()
    # what was said of the columns is remembered
    again = run("clinical", table, "--session", study)
    assert "Joined · 1" in again.out
    assert "Changed" not in again.out


def test_a_column_can_be_taken_out(run: Any, study: Path, table: Path) -> None:
    said = run("clinical", table, "--session", study, *SAID, "--column", "年龄=", "--join")
    assert said.status == 0
    assert ages(study) == [None, None]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--column", "x=age"), "no column “x”"),
        (("--column", "T=waist"), "“waist” is nothing a column can hold"),
        (("--sheet", "S", "--column", "T=tscore"), "no column that tells the patients apart"),
        (("--encoding", "utf-8"), "cannot be read as utf-8"),
    ],
)
def test_what_cannot_be_done_is_told(
    run: Any, study: Path, table: Path, words: tuple[str, ...], told: str
) -> None:
    said = run("clinical", table, "--session", study, *words)
    assert (said.status, told in said.err) == (1, True), said.err


def test_layout_can_be_said(run: Any, study: Path, table: Path) -> None:
    said = run(
        "clinical", table, "--session", study, *SAID, "--encoding", "gb18030", "--delimiter", "semicolon",
        "--decimal", ",", "--header-line", "1",
    )  # fmt: skip
    assert "Joined · 1" in said.out


def test_a_table_of_which_nobody_is_known_says_so(run: Any, study: Path, tmp_path: Path) -> None:
    path = tmp_path / "others.csv"
    path.write_text("id,age\n8,60\n", encoding="utf-8")
    said = run("clinical", path, "--session", study)
    assert (said.status, "No line belongs to a case" in said.err) == (0, True)


@pytest.mark.parametrize("told", ["age", "=age"])
def test_a_column_without_its_header_is_wrong_usage(run: Any, study: Path, table: Path, told: str) -> None:
    assert run("clinical", table, "--session", study, "--column", told).status == 2


def test_readings_come_on_demand(run: Any, study: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("id,L1 FF,L1 R2*,x\n0012,0.41,150,0.5\n77,0.42,151,0.6\n", encoding="utf-8")
    words = ("readings", path, "--session", study, "--reader", "ADW", "--column", "x=ff:L2")
    said = run(*words)
    assert (said.status, "looks like a fraction" in said.out) == (0, True)
    assert run(*words, "--join").status == 1
    said = run(*words, "--unit-ff", "fraction", "--unit-r2star", "per_second", "--join")
    assert (said.status, said.err) == (0, "")
    assert "readings: 2, numbers: 6" in said.out
    assert "C0001   ADW, round 1:  L1 41 / 150   L2 50" in said.out


def test_the_field_strength_of_readings_can_be_said(run: Any, study: Path, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("id,reader,L1 FF,L1 R2*\n77,Li,41,150\n", encoding="utf-8")
    words = ("readings", path, "--session", study)
    said = run(*words, "--field-strength", "30000")
    assert (said.status, "“30000” is no field strength" in said.err) == (1, True)
    said = run(*words, "--field-strength", "3.0 T", "--join")
    assert (said.status, "without images, measured at 3 T" in said.out) == (0, True)


def test_a_missing_table_is_told(run: Any, study: Path, tmp_path: Path) -> None:
    said = run("readings", tmp_path / "none.csv", "--session", study)
    assert said.status == 1
    assert said.err


def test_a_blinded_study_shows_nothing_without_its_coordinator(run: Any, table: Path, tmp_path: Path) -> None:
    create_session(tmp_path / "blind.marrow", Protocol(blinded=True)).close()
    for command in ("clinical", "readings"):
        said = run(command, table, "--session", tmp_path / "blind", *SAID)
        assert (said.status, said.out, "blinded" in said.err) == (1, "", True)
