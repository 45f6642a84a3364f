"""Archives are read where they lie, within bounds, and never lead anywhere else."""

from __future__ import annotations

import os
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom import archive, walk
from app.files.dicom.archive import close_archives, contents, file_size, open_file
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamRefused
from app.files.dicom.load import load_exam

Write = Callable[..., Any]


def pack(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return path


def test_an_exam_in_an_archive_opens_with_its_values(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF", "R2STAR"))
    members = {f"CD/{path.name}": path.read_bytes() for path in made.folder.iterdir()}
    (tmp_path / "in").mkdir()
    packed = pack(tmp_path / "in" / "export.ZIP", {**members, "CD/": b"", "CD/AUTORUN.INF": b"[autorun]"})
    found = find_exams(tmp_path / "in", Silent())
    (exam,) = found.exams
    assert set(exam.files) == {packed / name for name in members}
    assert Counter(refusal.code for refusal in found.refused) == {"archive.entered": 1, "file.not_dicom": 1}
    loaded = load_exam(exam, Silent())
    np.testing.assert_array_equal(loaded.exam.maps[Quantity.FF].stored[::-1], made.voxels["FF"][::-1])
    close_archives()
    packed.unlink()


def _pack_in_order(path: Path, names: list[str]) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        for name in names:
            packed.writestr(zipfile.ZipInfo(name), name)


def test_names_that_point_outside_stay_inside(tmp_path: Path) -> None:
    names = ["../../evil", "/etc/passwd", "C:\\Windows\\system.ini", "..", "../../evil"]
    with pytest.warns(UserWarning, match="Duplicate"):
        _pack_in_order(tmp_path / "a.zip", names)
    inside = contents(tmp_path / "a.zip").members
    assert [str(path.relative_to(tmp_path / "a.zip")).replace(os.sep, "/") for path in inside] == [
        "C/Windows/system.ini",
        "_",
        "etc/passwd",
        "evil",
    ]
    with open_file(tmp_path / "a.zip" / "evil") as file:
        assert file.read() == b"../../evil"
    assert file_size(tmp_path / "a.zip" / "evil") == 10
    with pytest.raises(FileNotFoundError), open_file(tmp_path / "a.zip" / "other"):
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip"]


def test_chinese_names_of_old_archives_are_readable(tmp_path: Path) -> None:
    packed = pack(tmp_path / "a.zip", {"\xff\xff": b"", "名": b""})
    data = packed.read_bytes().replace("ÿÿ".encode(), "检查".encode("gb18030"))
    # the flag that says UTF-8 is taken away from the first name, in its header and in the index
    changed = bytearray(data)
    for signature, flag in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = changed.index(signature) + flag
        changed[place : place + 2] = b"\0\0"
    packed.write_bytes(changed)
    assert {path.name for path in contents(packed).members} == {"检查", "名"}


def test_what_cannot_be_read_in_an_archive_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = pack(tmp_path / "a.zip", {"inner.zip": b"PK", "secret": b"x" * 400, "rest": b"y"})
    data = bytearray(packed.read_bytes())
    index = data.index(b"secret", data.index(b"PK\x01\x02")) - 46
    data[index + 8] |= 1
    packed.write_bytes(data)
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and nothing")
    found = find_exams(tmp_path, Silent())
    assert {refusal.path.name: refusal.code for refusal in found.refused} == {
        "a.zip": "archive.entered",
        "inner.zip": "archive.nested",
        "secret": "archive.encrypted",
        "rest": "file.not_dicom",
        "broken.zip": "file.unreadable",
    }
    monkeypatch.setattr(walk, "MEMBER_LIMIT", 0)
    codes = {refusal.path.name: refusal.code for refusal in find_exams(packed, Silent()).refused}
    assert codes["a.zip"] == "archive.too_many"


def test_a_member_that_is_damaged_or_a_bomb_is_refused_within_bounds(tmp_path: Path) -> None:
    packed = pack(tmp_path / "a.zip", {"bomb": bytes(300 * 2**20), "hurt": os.urandom(4000)})
    assert packed.stat().st_size < 2**20
    data = bytearray(packed.read_bytes())
    place = data.index(b"hurt") + 100
    data[place : place + 50] = bytes(50)
    packed.write_bytes(data)
    codes = {refusal.path.name: refusal.code for refusal in find_exams(packed, Silent()).refused}
    assert codes["bomb"] == "file.not_dicom"
    assert codes["hurt"] == "file.unreadable"


def test_a_folder_may_be_called_like_an_archive(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam.zip", ("FF",))
    assert len(find_exams(made.folder, Silent()).exams) == 1


def test_an_archive_that_vanishes_takes_only_its_own_exam_along(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF",))
    pack(tmp_path / "a.zip", {path.name: path.read_bytes() for path in made.folder.iterdir()})
    (exam,) = find_exams(tmp_path / "a.zip", Silent()).exams
    archive.close_archives()
    (tmp_path / "a.zip").unlink()
    with pytest.raises(ExamRefused) as verdict:
        load_exam(exam, Silent())
    assert {refusal.code for refusal in verdict.value.refused} == {"file.unreadable"}
