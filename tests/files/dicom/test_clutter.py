"""A disc as a hospital burns it, with viewer, index and odd names: each file gets its verdict."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.fileset import FileSet

from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import Found
from app.files.dicom.load import load_exam
from app.files.dicom.scan import scan
from app.files.dicom.sift import Sift
from app.ui.sentences import sentence

Write = Callable[..., Any]
CLUTTER = {
    "AUTORUN.INF": b"[autorun]\r\nopen=viewer.exe\r\n",
    "viewer.exe": b"MZ" + bytes(4000),
    "index.html": b"<html><body>Images</body></html>",
    "LIESMICH.TXT": b"Bitte viewer.exe starten",
    "VIEWER/plugin.dll": b"MZ" + os.urandom(2000),
    "VIEWER/settings.ini": b"[settings]",
    "VIEWER/empty.dat": b"",
    "VIEWER/lang/zh.xml": "<语言/>".encode("gb18030"),
    "thumbs.db": b"\xd0\xcf\x11\xe0" + bytes(600),
    ".DS_Store": b"\0\0\0\1Bud1" + bytes(100),
    "IMAGES/preview.jpg": b"\xff\xd8\xff\xe0" + bytes(300),
}


@pytest.fixture
def disc(tmp_path: Path, write: Write) -> tuple[Any, Path]:
    """An exam with index, in folders with Chinese names and files without extension, among clutter."""
    made = write(tmp_path / "made", ("FF", "R2STAR"))
    folder = tmp_path / "disc"
    for name, content in CLUTTER.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    index = FileSet()
    for path in sorted(made.folder.iterdir()):
        one = dcmread(path)
        one.StudyID, one.SeriesNumber, one.StudyTime = "1", "1", "120000"
        index.add(one)
    staged = index._stage["t"]
    index.write(tmp_path / "indexed")
    for left in (staged, index._stage["t"]):
        left.cleanup()
    shutil.copy(tmp_path / "indexed" / "DICOMDIR", folder)
    nested = folder / "IMAGES" / "腰椎 磁共振" / "第1次检查"
    nested.mkdir(parents=True)
    for number, path in enumerate(sorted(made.folder.iterdir())):
        shutil.copy(path, nested / f"{number:08X}")
    return made, folder


def check_exam(found: Found, made: Any) -> None:
    (exam,) = found.exams
    loaded = load_exam(exam, Silent())
    assert loaded.refused == ()
    for quantity in (Quantity.FF, Quantity.R2STAR):
        np.testing.assert_array_equal(loaded.exam.maps[quantity].stored, made.voxels[quantity])


def test_an_exam_is_found_among_everything_a_disc_holds(disc: tuple[Any, Path]) -> None:
    made, folder = disc
    found = find_exams(folder, Silent())
    check_exam(found, made)
    told = Counter(one.code for one in found.refused)
    assert told == {"file.not_dicom": len(CLUTTER) - 1, "file.empty": 1, "object.directory": 1}
    accounted = {one.path for one in found.refused} | set(found.exams[0].files)
    assert accounted == {path for path in folder.rglob("*") if path.is_file()}


def test_the_sift_gives_a_disc_the_same_verdicts(disc: tuple[Any, Path]) -> None:
    _, folder = disc
    quick, slow = (scan(folder, Silent(), Sift(worth=worth)) for worth in (1, 10**9))
    assert {(one.path, one.code) for one in quick.refused} == {(one.path, one.code) for one in slow.refused}
    assert quick.images == slow.images


# -- names that are not UTF-8 -----------------------------------------------------------------------------


@pytest.fixture
def gbk(tmp_path: Path, write: Write) -> tuple[Any, Path]:
    """An exam in folders and files that an old Chinese system named."""
    if sys.platform != "linux":
        pytest.skip("only there a name is any bytes")
    made = write(tmp_path / "made", ("FF", "R2STAR"))
    folder = os.fsencode(tmp_path) + b"/" + "腰椎".encode("gbk")
    os.mkdir(folder)  # noqa: PTH102 - bytes, not a path
    for number, path in enumerate(sorted(made.folder.iterdir())):
        shutil.copy(os.fsencode(path), folder + b"/" + f"图像{number}".encode("gbk"))
    with open(folder + b"/" + "说明".encode("gbk"), "wb") as file:  # noqa: PTH123 - as above
        file.write(b"read me")
    return made, Path(os.fsdecode(folder))


@pytest.mark.parametrize("worth", [1, 10**9])
def test_an_exam_under_names_that_are_not_utf8_opens(gbk: tuple[Any, Path], worth: int) -> None:
    made, folder = gbk
    assert len(scan(folder, Silent(), Sift(worth=worth)).images) == 8
    found = find_exams(folder, Silent())
    check_exam(found, made)
    assert [one.code for one in found.refused] == ["file.not_dicom"]


def test_such_names_can_be_told_in_sentences_and_json(gbk: tuple[Any, Path]) -> None:
    _, folder = gbk
    (refusal,) = find_exams(folder, Silent()).refused
    told = sentence(refusal.code, {**refusal.values, "path": str(refusal.path)})
    assert "\udcd1\udcfc" in told
    assert json.loads(json.dumps({"told": told})) == {"told": told}


def test_such_names_in_an_archive_are_read_as_chinese(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "made", ("FF", "R2STAR"))
    packed = shutil.make_archive(str(tmp_path / "腰椎"), "zip", made.folder)
    check_exam(find_exams(Path(packed), Silent()), made)


def test_a_file_named_like_an_archive_that_is_none_is_refused(tmp_path: Path) -> None:
    if sys.platform != "linux":
        pytest.skip("only there a name is any bytes")
    name = os.fsencode(tmp_path) + b"/" + "图像".encode("gbk") + b".zip"
    with open(name, "wb") as file:  # noqa: PTH123 - bytes, not a path
        file.write(b"PK\x03\x04 and nothing")
    (refusal,) = find_exams(tmp_path, Silent()).refused
    assert refusal.code == "file.unreadable"
