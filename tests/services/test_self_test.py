import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.domain.measure import RoiStats
from app.domain.phantom import Phantom
from app.domain.reading import Viewer
from app.services import import_exams, read_exam, self_test
from app.services.analyse import Analysis, analyse
from app.services.open_session import Session, create_session, last_viewer
from app.store import audit

READING = ("import", "pixels", "measure", "restart", "audit", "export")
STATISTICS = ("agreement", "roc", "combined")


def failed() -> set[str]:
    return {check.code for check in self_test.self_test() if not check.passed}


def test_everything_passes_on_this_computer_and_nothing_is_left_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    checks = self_test.self_test()
    assert [check.code for check in checks] == [f"self_test.{name}" for name in (*READING, *STATISTICS)]
    assert all(check.passed for check in checks)
    assert list(tmp_path.iterdir()) == []


def test_the_versions_name_what_numbers_depend_on() -> None:
    versions = self_test.versions()
    assert {"Python", "SQLite", "numpy", "scipy", "pydicom"} <= set(versions)
    assert versions["numpy"] == np.__version__


def test_a_wrong_mean_is_noticed_in_the_session_and_in_the_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    measure: Callable[..., RoiStats] = read_exam.measure

    def wrong(*arguments: object) -> RoiStats:
        stats = measure(*arguments)
        return replace(stats, mean=(stats.mean or 0.0) + 1e-6)

    monkeypatch.setattr(read_exam, "measure", wrong)
    assert failed() == {"self_test.measure", "self_test.restart", "self_test.export"}


def test_a_voxel_that_changed_on_its_way_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    write: Callable[..., object] = self_test.write_ideal_iq

    def other(phantom: Phantom, *arguments: object, **named: object) -> object:
        voxels = phantom.images["FAT_FRACTION"].copy()
        voxels[0, 0, 0] += 1
        images = {**phantom.images, "FAT_FRACTION": voxels}
        return write(replace(phantom, images=images), *arguments, **named)

    monkeypatch.setattr(self_test, "write_ideal_iq", other)
    assert failed() == {"self_test.pixels"}


def test_a_refused_file_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    imported: Callable[..., import_exams.ImportReport] = self_test.import_path

    def stray(session: Session, path: Path, *rest: object) -> import_exams.ImportReport:
        (path / "notes.txt").write_text("stray")
        return imported(session, path, *rest)

    monkeypatch.setattr(self_test, "import_path", stray)
    assert failed() == {"self_test.import"}


def test_a_broken_audit_chain_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "first_break", lambda _database: 3)
    assert failed() == {"self_test.audit"}


def test_statistics_that_cannot_be_computed_are_noticed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    empty = create_session(tmp_path / "empty.marrow")
    try:
        nothing = analyse(empty, last_viewer(empty))
    finally:
        empty.close()

    def analysed(_session: Session, _viewer: Viewer) -> Analysis:
        return nothing

    monkeypatch.setattr(self_test, "analyse", analysed)
    assert failed() == {f"self_test.{name}" for name in STATISTICS}
