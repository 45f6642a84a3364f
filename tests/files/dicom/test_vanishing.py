"""A network drive may go at any moment: each file gets its reason, and no map is taken in part."""

from __future__ import annotations

import errno
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest

from app.domain.progress import Silent
from app.files.dicom import archive, heads, scan, walk
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamRefused, Found, Refusal
from app.files.dicom.load import load_exam
from app.files.dicom.sift import Sift

Write = Callable[..., Any]
FAULTS = [errno.ESTALE, errno.EIO, errno.ENOENT]
REAL_OPEN = Path.open


def fault(number: int) -> OSError:
    return OSError(number, os.strerror(number))


class Half:
    """A file that gives its beginning and then no more."""

    def __init__(self, file: Any, error: OSError) -> None:
        self.file, self.error, self.reads = file, error, 0

    def __enter__(self):
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()

    def fileno(self) -> int:
        return self.file.fileno()

    def read(self, size: int) -> bytes:
        self.reads += 1
        if self.reads > 1:
            raise self.error
        return self.file.read(min(size, 600))


class Slow(Half):
    """A file that gives its bytes a few at a time."""

    def read(self, size: int) -> bytes:
        return self.file.read(min(size, 100))


class Drive:
    """Makes opening, or reading on, fail for some files."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gone: Callable[[Path], bool] = lambda _: False
        self.half: Callable[[Path], bool] = lambda _: False
        self.number = errno.EIO
        monkeypatch.setattr(archive.Path, "open", self._open())

    def _open(self) -> Callable[..., Any]:
        def opened(path: Path, *how: Any, **more: Any) -> Any:
            if self.gone(path):
                raise fault(self.number)
            file = REAL_OPEN(path, *how, **more)
            return Half(file, fault(self.number)) if self.half(path) else file

        return opened


@pytest.fixture
def drive(monkeypatch: pytest.MonkeyPatch) -> Drive:
    heads.forget()
    return Drive(monkeypatch)


def test_a_drive_that_gives_a_few_bytes_at_a_time_gives_the_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a").write_bytes(bytes(range(250)) * 3)
    monkeypatch.setattr(archive.Path, "open", lambda path, *_, **__: Slow(REAL_OPEN(path, "rb"), fault(5)))
    assert archive.read_start(tmp_path / "a", 10_000) == bytes(range(250)) * 3
    assert archive.read_start(tmp_path / "a", 301) == (bytes(range(250)) * 3)[:301]


def codes(found: Found | ExamRefused, folder: Path) -> dict[str, str]:
    return {one.path.relative_to(folder).as_posix(): one.code for one in found.refused}


def accounted(found: Found, files: list[Path]) -> bool:
    account = Counter(path for exam in found.exams for path in exam.files)
    account.update(refusal.path for refusal in found.refused)
    return account == Counter(files)


@pytest.mark.parametrize("number", FAULTS)
@pytest.mark.parametrize("way", ["gone", "half"])
def test_a_header_that_cannot_be_read_refuses_its_file_and_its_map(
    tmp_path: Path, write: Write, drive: Drive, number: int, way: str
) -> None:
    made = write(tmp_path, ("FF", "R2STAR"))
    drive.number = number
    setattr(drive, way, lambda path: path.name == "R2STAR_01")
    found = find_exams(tmp_path, Silent())
    assert accounted(found, sorted(tmp_path.iterdir()))
    (refusal,) = [one for one in found.refused if one.path.name == "R2STAR_01"]
    assert refusal == Refusal(tmp_path / "R2STAR_01", "file.unreadable", {"reason": os.strerror(number)})
    # the rest of its map has a gap, and FF is whole
    assert [one.quantity for exam in found.exams for one in exam.maps] == ["FF"]
    assert {one.path for one in found.refused} == set(made.files["R2STAR"])


@pytest.mark.parametrize("number", FAULTS)
@pytest.mark.parametrize("way", ["gone", "half"])
@pytest.mark.parametrize("encoded", [False, True])
def test_voxels_that_cannot_be_read_refuse_their_map_whole(
    tmp_path: Path, write: Write, encoded_exams: Any, drive: Drive, number: int, way: str, *, encoded: bool
) -> None:
    if encoded:
        for name, content in encoded_exams("jpeg_ls")[1].items():
            (tmp_path / name).write_bytes(content)
    else:
        write(tmp_path, ("FF", "R2STAR"))
    (exam,) = find_exams(tmp_path, Silent()).exams
    drive.number = number
    setattr(drive, way, lambda path: path.name == "R2STAR_01")
    loaded = load_exam(exam, Silent())
    assert list(loaded.exam.maps) == ["FF"]
    told = {one.path.name: one.code for one in loaded.refused}
    assert told.pop("R2STAR_01") == "file.unreadable"
    assert set(told.values()) == {"map.incomplete"}
    assert len(told) == len(exam.maps[1].files) - 1


def test_a_drive_that_goes_before_the_voxels_refuses_the_exam_file_by_file(
    tmp_path: Path, write: Write, drive: Drive
) -> None:
    write(tmp_path, ("FF", "R2STAR"))
    (exam,) = find_exams(tmp_path, Silent()).exams
    drive.gone = lambda _: True
    with pytest.raises(ExamRefused) as verdict:
        load_exam(exam, Silent())
    assert set(codes(verdict.value, tmp_path).values()) == {"file.unreadable"}
    assert {one.path for one in verdict.value.refused} == set(exam.files)


def test_files_that_go_between_the_listing_and_the_sift_are_refused_one_by_one(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = write(tmp_path, ("FF", "R2STAR"), slices=12)
    listed = walk.list_files

    def then_gone(*asked: Any) -> Any:
        result = listed(*asked)
        for path in made.files["R2STAR"]:
            path.unlink()
        return result

    monkeypatch.setattr(scan, "list_files", then_gone)
    scanned = scan.scan(tmp_path, Silent(), Sift(worth=1))
    assert {one.path for one in scanned.refused} == set(made.files["R2STAR"])
    assert {one.code for one in scanned.refused} == {"file.unreadable"}
    assert [one.path for one in scanned.images] == made.files["FF"]


def lose_the_drive(connection: Connection) -> None:
    """What the sift's process does when the drive goes under it."""
    connection.recv()
    raise SystemExit(1)


def test_a_drive_that_goes_within_the_process_of_the_sift_leaves_the_files_to_the_reader(
    tmp_path: Path, write: Write, drive: Drive
) -> None:
    made = write(tmp_path, ("FF",))
    drive.gone = lambda path: path.name == "FF_02"
    scanned = scan.scan(tmp_path, Silent(), Sift(worth=1, body=lose_the_drive))
    assert [one.path.name for one in scanned.refused] == ["FF_02"]
    assert {one.path for one in scanned.images} == set(made.files["FF"]) - {tmp_path / "FF_02"}


@pytest.mark.parametrize("number", FAULTS)
def test_a_folder_whose_listing_breaks_off_is_refused_whole(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    write(tmp_path / "good", ("FF",))
    bad = write(tmp_path / "bad", ("FF",))
    real = os.scandir

    @contextmanager
    def broken(folder: Path) -> Iterator[Iterator[os.DirEntry[str]]]:
        with real(folder) as entries:
            yield first_two(entries) if Path(folder) == bad.folder else entries

    def first_two(entries: Iterator[os.DirEntry[str]]) -> Iterator[os.DirEntry[str]]:
        yield next(entries)
        yield next(entries)
        raise fault(number)

    monkeypatch.setattr(walk.os, "scandir", broken)
    found = find_exams(tmp_path, Silent())
    assert codes(found, tmp_path) == {"bad": "file.unreadable"}
    assert [path.parent.name for exam in found.exams for path in exam.files] == ["good"] * 4


@pytest.mark.parametrize("number", FAULTS)
def test_a_path_that_cannot_even_be_asked_about_is_refused(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    write(tmp_path / "exam", ("FF",))

    def ask(_path: Path, **_: Any) -> None:
        raise fault(number)

    monkeypatch.setattr(Path, "stat", ask)
    found = find_exams(tmp_path / "exam", Silent())
    expected = "scan.path_missing" if number == errno.ENOENT else "file.unreadable"
    assert [(one.path, one.code) for one in found.refused] == [(tmp_path / "exam", expected)]


def test_a_drive_that_goes_at_the_very_end_of_the_scan_costs_no_verdict(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "viewer.exe").write_bytes(b"MZ")
    (tmp_path / "notes.txt").write_bytes(b"x")
    asked: list[Path] = []
    is_dir = Path.is_dir

    def once(path: Path) -> bool:
        asked.append(path)
        if len(asked) > 1:
            raise fault(errno.ESTALE)
        return is_dir(path)

    monkeypatch.setattr(Path, "is_dir", once)
    found = find_exams(tmp_path, Silent())
    assert set(codes(found, tmp_path).values()) == {"file.not_dicom"}
