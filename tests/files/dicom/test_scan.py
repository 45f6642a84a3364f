"""Whatever lies in a folder, the scan ends, tells a reason for every file and gives nothing away."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from app.domain.errors import Cancelled
from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import Found

# gives the exam of conftest.py
Write = Callable[..., Any]


class StopAfter:
    """Progress whose user cancels after some reports."""

    def __init__(self, reports: int) -> None:
        self.left = reports

    def report(self, done: int, total: int | None) -> None:
        assert total is None or done <= total
        self.left -= 1
        if self.left < 0:
            raise Cancelled


def codes(found: Found) -> dict[str, str]:
    return {refusal.path.name: refusal.code for refusal in found.refused}


def only_code(found: Found) -> str:
    assert found.exams == ()
    (code,) = set(codes(found).values())
    return code


def assert_every_file_is_accounted_for(found: Found, folder: Path) -> None:
    told = Counter(path for exam in found.exams for path in exam.files)
    told.update(refusal.path for refusal in found.refused if refusal.path != folder)
    assert told == Counter(path for path in folder.rglob("*") if path.is_file())


def test_clutter_is_refused_file_by_file(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "disc" / "images")
    (tmp_path / "disc" / "AUTORUN.INF").write_text("[autorun]\nopen=viewer.exe\n")
    (tmp_path / "disc" / "empty").touch()
    (tmp_path / "disc" / "viewer.exe").write_bytes(b"MZ" + bytes(300))
    # a header without an object class, and one that only pretends to begin like DICOM
    (tmp_path / "disc" / "headless").write_bytes(bytes(128) + b"DICM")
    (tmp_path / "disc" / "bare").write_bytes(b"\x08\x00\x05\x00CS\xff\xff")
    found = find_exams(tmp_path / "disc", Silent())
    assert codes(found) == {
        "AUTORUN.INF": "file.not_dicom",
        "empty": "file.empty",
        "viewer.exe": "file.not_dicom",
        "headless": "header.missing_tags",
        "bare": "header.missing_tags",
    }
    assert len(found.exams) == 1
    assert_every_file_is_accounted_for(found, tmp_path / "disc")
    assert made.folder.exists()


def test_a_folder_without_dicom_says_so(tmp_path: Path) -> None:
    (tmp_path / "empty folder").mkdir()
    (refusal,) = find_exams(tmp_path / "empty folder", Silent()).refused
    assert (refusal.path.name, refusal.code, dict(refusal.values)) == (
        "empty folder",
        "scan.no_dicom",
        {"files": 0},
    )
    (tmp_path / "notes.txt").write_text("x")
    assert codes(find_exams(tmp_path, Silent()))[tmp_path.name] == "scan.no_dicom"


def test_a_path_that_does_not_exist_says_so(tmp_path: Path) -> None:
    assert only_code(find_exams(tmp_path / "nowhere", Silent())) == "scan.path_missing"


def test_a_single_file_can_be_given(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF",), slices=1)
    assert find_exams(made.files["FF"][0], Silent()).exams[0].files == (made.files["FF"][0],)
    (tmp_path / "note").write_text("x")
    assert codes(find_exams(tmp_path / "note", Silent())) == {"note": "file.not_dicom"}


@pytest.mark.skipif(os.name == "nt", reason="links and pipes of another kind")
def test_links_and_pipes_never_trap_the_walk(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "disc" / "exam")
    (made.folder / "up").symlink_to(tmp_path / "disc")
    (made.folder / "gone").symlink_to(tmp_path / "nothing")
    os.mkfifo(made.folder / "pipe")
    found = find_exams(tmp_path / "disc", Silent())
    assert len(found.exams) == 1
    assert codes(found) == {"up": "folder.link_loop", "gone": "file.broken_link", "pipe": "file.not_regular"}


def test_a_file_that_may_not_be_read_is_refused(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = write(tmp_path / "exam", ("FF",), slices=2)
    _deny(monkeypatch, "open", made.files["FF"][0])
    found = find_exams(made.folder, Silent())
    assert codes(found) == {"FF_00": "file.unreadable"}
    assert dict(found.refused[0].values) == {"reason": "Permission denied"}


def test_a_file_that_vanishes_after_its_header_was_read_is_refused(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = write(tmp_path / "exam", ("FF",), slices=2)
    real = Path.open

    def vanish(self: Path, *args: object, **kwargs: object) -> object:
        opened = real(self, *args, **kwargs)
        if self == made.files["FF"][0]:
            self.unlink()
        return opened

    monkeypatch.setattr(Path, "open", vanish)
    assert codes(find_exams(made.folder, Silent())) == {"FF_00": "file.unreadable"}


def test_a_folder_that_may_not_be_read_is_refused(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "all" / "a")
    write(tmp_path / "all" / "b")
    real = os.scandir

    def deny(path: Path) -> object:
        if Path(path).name == "b":
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(os, "scandir", deny)
    found = find_exams(tmp_path / "all", Silent())
    assert len(found.exams) == 1
    assert codes(found) == {"b": "file.unreadable"}


def _deny(monkeypatch: pytest.MonkeyPatch, method: str, denied: Path) -> None:
    real = getattr(Path, method)

    def deny(self: Path, *args: object, **kwargs: object) -> object:
        if self == denied:
            raise PermissionError(13, "Permission denied")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Path, method, deny)


@pytest.mark.parametrize("reports", [0, 1, 5])
def test_a_cancelled_scan_stops_at_once(tmp_path: Path, write: Write, reports: int) -> None:
    made = write(tmp_path / "exam")
    progress = StopAfter(reports)
    with pytest.raises(Cancelled):
        find_exams(made.folder, progress)
    assert progress.left == -1


def test_a_series_of_mixed_orientations_says_so_even_without_a_role(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, index: int) -> None:
        made.ImageType, made.SeriesDescription = ["ORIGINAL", "PRIMARY", "OTHER"], "3-Plane"
        if index == 1:
            made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        if index == 2:
            made.ImageOrientationPatient = [1, 0]
        if index == 3:
            del made.ImageOrientationPatient
        made.NumberOfFrames = "1"

    assert only_code(find_exams(write(tmp_path / "exam", ("FF",), edit=edit).folder, Silent())) == (
        "series.mixed_orientations"
    )


def test_an_unreadable_number_of_frames_is_no_reason_to_fail(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        made.NumberOfFrames = [1, 1]

    assert len(find_exams(write(tmp_path / "exam", edit=edit).folder, Silent()).exams) == 1


def test_a_long_header_is_read_to_its_end_and_an_endless_one_is_refused(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, quantity: str, _index: int) -> None:
        block = made.private_block(0x0021, "GEMS_TEST", create=True)
        block.add_new(0x01, "OB", bytes(100_000 if quantity == "FF" else 17 * 2**20))

    made = write(tmp_path / "exam", ("FF", "R2STAR"), slices=1, edit=edit)
    found = find_exams(made.folder, Silent())
    assert [one.quantity for one in found.exams[0].maps] == [Quantity.FF]
    assert codes(found) == {"R2STAR_00": "header.missing_tags"}


def test_values_of_broken_files_reach_neither_warnings_nor_the_log(
    tmp_path: Path, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        made["PatientID"]._value = "SECRET" * 20
        made["StudyInstanceUID"]._value = "1.2.secret"

    folder = write(tmp_path / "exam", edit=edit).folder
    with pytest.warns(UserWarning, match="secret"):
        _ = dcmread(folder / "FF_00").StudyInstanceUID
    assert "secret" in caplog.text
    caplog.clear()
    propagates = logging.getLogger("pydicom").propagate
    assert len(find_exams(folder, Silent()).exams) == 1
    assert "secret" not in caplog.text.lower()
    assert logging.getLogger("pydicom").propagate == propagates


def test_a_private_element_of_an_unknown_representation_is_no_reason_to_fail(
    tmp_path: Path, write: Write
) -> None:
    exam = write(tmp_path / "exam")
    path = exam.files["FF"][0]
    data = path.read_bytes()
    assert data.count(b"\x19\x00\x9c\x10LO") == 1
    path.write_bytes(data.replace(b"\x19\x00\x9c\x10LO", b"\x19\x00\x9c\x10LN"))
    found = find_exams(tmp_path, Silent())
    # the image type still tells what it is
    assert found.refused == ()
    assert Quantity.FF in {one.quantity for one in found.exams[0].maps}
