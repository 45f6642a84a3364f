"""Commands that read a session, and the self-test."""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from app.cli import session as cli_session
from app.domain.phantom import Phantom
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.shapes import Rectangle
from app.services.open_session import create_session, last_viewer, open_session
from app.services.read_exam import open_case, set_rectangle, sign_off, worklist
from app.services.self_test import Check

SECRETS = ("Secret", "0012345", "ACC-7", "1950", "2024-03-05", "20240305")


def counted(ask: Any, folder: Path, index: int, box: tuple[int, int, int, int]) -> Any:
    return ask("measure", folder, "--slice", index, "--rect", *box)


# ---- from files to CSV


def read_in(path: Path, phantom: Phantom) -> None:
    session = open_session(path)
    try:
        viewer = last_viewer(session)
        (row,) = worklist(session, viewer)
        case = open_case(session, viewer, row.exam_id)
        for level in LEVELS:
            box = phantom.truth.level(level.value).safe
            rectangle = Rectangle(box.slice_index, box.row0, box.col0, box.rows, box.cols)
            case, _ = set_rectangle(session, case, level, rectangle)
        sign_off(session, case)
    finally:
        session.close()


def test_what_is_exported_is_what_measure_counts(
    run: Any, ask: Any, written: Path, phantom: Phantom, tmp_path: Path
) -> None:
    protocol = tmp_path / "small.json"
    protocol.write_text('{"min_area_mm2": 5, "min_native_voxels": 2}')
    run("import", written, "--session", tmp_path / "s", "--protocol", protocol)
    read_in(tmp_path / "s.marrow", phantom)
    said = run("export", "--session", tmp_path / "s", "--out", tmp_path / "out")
    assert (said.status, "s-long.csv, s-wide.csv, s-codebook.csv" in said.out) == (0, True)
    with (tmp_path / "out" / "s-long.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["level"] for row in rows] == [level.value for level in Level]
    for row in rows:
        box = tuple(int(row[name]) for name in ("row0", "col0", "rows", "cols"))
        maps = counted(ask, written, int(row["slice"]), box)["exams"][0]["maps"]  # type: ignore[arg-type]
        for quantity, prefix in (("FF", "FF"), ("R2STAR", "R2star")):
            assert float(row[f"{prefix}_mean"]) == maps[quantity]["mean"]
            assert float(row[f"{prefix}_sd"]) == maps[quantity]["sd"]


def test_identity_is_written_only_when_asked(run: Any, written: Path, tmp_path: Path) -> None:
    run("import", written, "--session", tmp_path / "s")
    assert run("export", "--session", tmp_path / "s", "--out", tmp_path / "a").status == 0
    assert not (tmp_path / "a" / "s-identity.csv").exists()
    assert run("export", "--session", tmp_path / "s", "--out", tmp_path / "b", "--with-identity").status == 0
    assert "Secret^Name" in (tmp_path / "b" / "s-identity.csv").read_text(encoding="utf-8-sig")


def test_an_export_that_cannot_be_written_names_the_folder(run: Any, cohort: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = run("export", "--session", cohort, "--out", tmp_path / "file")
    assert (said.status, said.out) == (1, "")
    assert str(tmp_path / "file") in said.err


@pytest.mark.parametrize("command", ["analyse", "export"])
def test_a_blinded_round_closes_statistics_and_export(run: Any, tmp_path: Path, command: str) -> None:
    create_session(tmp_path / "s.marrow", Protocol(blinded=True)).close()
    options = ("--out", tmp_path / "out") if command == "export" else ()
    said = run(command, "--session", tmp_path / "s", *options)
    assert (said.status, said.out) == (1, "")
    assert "blinded round" in said.err
    assert not (tmp_path / "out").exists()


# ---- analyse


@pytest.mark.parametrize(
    ("levels", "icc", "r", "auc"),
    [
        ((), (0.893, 0.902), (-0.647, 0.534), (0.893, 0.843, 0.931)),
        (("--levels", "L1-L4"), (0.896, 0.898), (-0.650, 0.538), (0.892, 0.841, 0.930)),
    ],
)
def test_analyse_gives_the_figures_of_the_study(
    ask: Any,
    cohort: Path,
    levels: tuple[str, ...],
    icc: tuple[float, ...],
    r: tuple[float, ...],
    auc: tuple[float, ...],
) -> None:
    found = ask("analyse", "--session", cohort, *levels)
    maps = [found["maps"][name] for name in ("FF", "R2STAR")]
    assert found["levels"] == (levels[1] if levels else "L1-L5")
    assert tuple(round(one["icc"]["headline"]["estimate"], 3) for one in maps) == icc
    assert tuple(round(one["pearson"]["coefficient"]["r"], 3) for one in maps) == r
    areas = [*(one["roc"]["auc"] for one in maps), found["combined"]["auc"]]
    assert tuple(round(area, 3) for area in areas) == auc


def test_analyse_tells_people_the_figures_in_sentences(run: Any, cohort: Path) -> None:
    said = run("analyse", "--session", cohort)
    assert said.status == 0
    for figure in ("0.893", "0.902", "-0.647", "> 56.09", "<= 138.31", "41/49", "59/71", "38/49", "66/71"):
        assert figure in said.out
    assert said.out.endswith("Research use only. Not a medical device.\n")


@pytest.mark.parametrize("command", ["analyse", "export"])
def test_a_session_that_is_missing_or_none_is_said(run: Any, tmp_path: Path, command: str) -> None:
    (tmp_path / "other.marrow").write_text("something else")
    options = ("--out", tmp_path / "out") if command == "export" else ()
    for name in ("missing", "other.marrow"):
        said = run(command, "--session", tmp_path / name, *options)
        assert (said.status, said.out) == (1, "")
        assert said.err.strip()
        assert "Traceback" not in said.err


# ---- self-test


def test_self_test_passes_here_without_a_screen(start: Any) -> None:
    said = start("self-test", DISPLAY="")
    assert (said.status, said.err) == (0, "")
    assert "FAILED" not in said.out
    assert said.out.count("ok      ") == 10
    for name in ("MarrowMark", "Python", "SQLite", "Qt", "numpy"):
        assert f"{name} " in said.out


@pytest.mark.usefixtures("qapp")
@pytest.mark.parametrize("platform", ["xcb", None])
def test_self_test_leaves_the_platform_as_it_was(
    run: Any, monkeypatch: pytest.MonkeyPatch, platform: str | None
) -> None:
    if platform is None:
        monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    else:
        monkeypatch.setenv("QT_QPA_PLATFORM", platform)
    monkeypatch.setattr(cli_session, "self_test", lambda: (Check("self_test.measure", passed=True),))
    assert run("self-test").status == 0
    assert os.environ.get("QT_QPA_PLATFORM") == platform


def test_a_failed_check_is_1_and_named(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli_session, "self_test", lambda: (Check("self_test.measure", passed=False),))
    monkeypatch.setattr(cli_session, "_window_opens", lambda: True)
    said = run("self-test")
    assert said.status == 1
    assert "FAILED  rectangles hold what numpy counts\n" in said.out
    assert "ok      a window can be drawn\n" in said.out


def test_a_window_library_that_cannot_be_loaded_is_1_with_its_reason(
    run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "PySide6.QtWidgets", None)
    monkeypatch.setattr(cli_session, "self_test", lambda: ())
    said = run("self-test")
    assert said.status == 1
    assert "FAILED  a window can be drawn" in said.out
    assert "PySide6.QtWidgets" in said.err
