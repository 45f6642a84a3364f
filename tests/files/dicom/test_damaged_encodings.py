"""Damage to a file in any encoding refuses it or leaves its values as they were.

With one exception that no reader can avoid: neither plain integers nor the streams of RLE, JPEG, JPEG-LS and
JPEG 2000 carry a checksum, so a changed byte inside them may give other integers in that one slice, or a
refusal. Only a deflated file may notice. What is checked here is that never another slice, place or scale is
touched.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.fileset import FileSet

from app.domain.progress import Silent
from app.files.dicom.archive import close_archives
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamFound, ExamRefused, LoadedExam
from app.files.dicom.load import load_exam

Exams = Callable[[str], tuple[Any, dict[str, bytes]]]
Hits = list[tuple[str, float, int]]
IN_PROCESS = ("implicit", "big_endian", "deflated", "rle", "jpeg_2000", "htj2k")
# each exam starts a process of its own for these
APART = ("jpeg_lossless", "jpeg_ls")

hits = st.lists(
    st.tuples(
        st.sampled_from(["flip", "flip", "set", "cut", "lose", "insert"]),
        st.floats(0, 1),
        st.integers(1, 255),
    ),
    min_size=1,
    max_size=4,
)
NAMES = ("FF_00", "FF_01", "FF_02", "R2STAR_00", "R2STAR_01", "R2STAR_02")
often = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}


def hurt(data: bytes, damage: Hits) -> bytes:
    for kind, place, value in damage:
        at = min(int(place * len(data)), len(data) - 1)
        changed = {
            "flip": data[:at] + bytes([data[at] ^ value]) + data[at + 1 :],
            "set": data[:at] + bytes([value]) + data[at + 1 :],
            "cut": data[:at],
            "lose": data[:at] + data[at + value % 40 + 1 :],
            "insert": data[:at] + bytes([value]) * (value % 17 + 1) + data[at:],
        }[kind]
        data = changed or b"\0"
    return data


def import_all(folder: Path) -> tuple[list[LoadedExam], list[ExamFound]]:
    """Open everything under a folder; every file must be accounted for once."""
    found = find_exams(folder, Silent())
    account = Counter(path for one in found.exams for path in one.files)
    account.update(refusal.path for refusal in found.refused)
    on_disc = {path for path in folder.rglob("*") if path.is_file()}
    assert set(account.values()) <= {1}
    assert on_disc <= account.keys()
    opened = []
    for one in found.exams:
        try:
            opened.append(load_exam(one, Silent()))
        except ExamRefused as verdict:
            assert {refusal.path for refusal in verdict.refused} == set(one.files)  # noqa: PT017 - either end is good
    return opened, list(found.exams)


def check_values(opened: list[LoadedExam], voxels: dict[str, np.ndarray], damaged: str) -> int:
    """Every opened slice but the damaged one holds its own values; returns how many maps were looked at."""
    maps = 0
    for loaded in opened:
        for quantity, source in loaded.sources.items():
            one = loaded.exam.maps[quantity]
            maps += 1
            assert (one.scaling.slope, one.scaling.intercept) == (1.0, 0.0)
            for stored, path in zip(one.stored, source.files, strict=True):
                assert path.name.startswith(quantity)
                assert stored.shape == voxels[quantity].shape[1:]
                if path.name != damaged:
                    np.testing.assert_array_equal(stored, voxels[quantity][int(path.name[-2:])])
    return maps


def check(exam: tuple[Any, dict[str, bytes]], name: str, damage: Hits) -> None:
    truth, files = exam
    with tempfile.TemporaryDirectory() as told:
        folder = Path(told)
        for each, content in files.items():
            (folder / each).write_bytes(hurt(content, damage) if each == name else content)
        check_values(import_all(folder)[0], truth.voxels, name)


@pytest.mark.parametrize("encoding", [*IN_PROCESS, *APART])
def test_an_exam_in_any_encoding_opens_with_its_values(encoded_exams: Exams, encoding: str) -> None:
    truth, files = encoded_exams(encoding)
    with tempfile.TemporaryDirectory() as told:
        for each, content in files.items():
            (Path(told) / each).write_bytes(content)
        opened, _ = import_all(Path(told))
        assert check_values(opened, truth.voxels, damaged="") == 2


@pytest.mark.parametrize("encoding", IN_PROCESS)
@settings(max_examples=40, derandomize=True, **often)
@given(name=st.sampled_from(NAMES), damage=hits)
def test_damage_stays_within_its_own_slice(
    encoded_exams: Exams, encoding: str, name: str, damage: Hits
) -> None:
    check(encoded_exams(encoding), name, damage)


@pytest.mark.parametrize("encoding", APART)
@settings(max_examples=4, derandomize=True, **often)
@given(name=st.sampled_from(NAMES), damage=hits)
def test_damage_stays_within_its_own_slice_where_a_process_decodes(
    encoded_exams: Exams, encoding: str, name: str, damage: Hits
) -> None:
    check(encoded_exams(encoding), name, damage)


@pytest.mark.long
@pytest.mark.parametrize("encoding", IN_PROCESS)
@settings(max_examples=250, **often)
@given(name=st.sampled_from(NAMES), damage=hits)
def test_thousands_of_damages_stay_within_their_own_slice(
    encoded_exams: Exams, encoding: str, name: str, damage: Hits
) -> None:
    check(encoded_exams(encoding), name, damage)


@pytest.mark.long
@pytest.mark.parametrize("encoding", APART)
@settings(max_examples=40, **often)
@given(name=st.sampled_from(NAMES), damage=hits)
def test_many_damages_stay_within_their_own_slice_where_a_process_decodes(
    encoded_exams: Exams, encoding: str, name: str, damage: Hits
) -> None:
    check(encoded_exams(encoding), name, damage)


# -- archives and indexes ---------------------------------------------------------------------------------


def pack(files: dict[str, bytes]) -> bytes:
    with tempfile.TemporaryDirectory() as told:
        path = Path(told) / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for name, content in files.items():
                packed.writestr(f"CD/{name}", content)
        return path.read_bytes()


def check_archive(exam: tuple[Any, dict[str, bytes]], damage: Hits) -> None:
    truth, files = exam
    with tempfile.TemporaryDirectory() as told:
        (Path(told) / "a.zip").write_bytes(hurt(pack(files), damage))
        # members carry a checksum: what opens at all has its own values
        check_values(import_all(Path(told))[0], truth.voxels, damaged="")
        close_archives()


@settings(max_examples=60, derandomize=True, **often)
@given(damage=hits)
def test_a_damaged_archive_gives_true_values_or_none(
    small_exam_bytes: tuple[Any, dict[str, bytes]], damage: Hits
) -> None:
    check_archive(small_exam_bytes, damage)


@pytest.mark.long
@settings(max_examples=400, **often)
@given(damage=hits)
def test_thousands_of_damaged_archives_give_true_values_or_none(
    small_exam_bytes: tuple[Any, dict[str, bytes]], damage: Hits
) -> None:
    check_archive(small_exam_bytes, damage)


@pytest.fixture(scope="module")
def disc(
    small_exam_bytes: tuple[Any, dict[str, bytes]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Any, Path]:
    """A disc with an index, as pydicom writes it."""
    truth, _ = small_exam_bytes
    made = FileSet()
    for path in sorted(truth.folder.iterdir()):
        one = dcmread(path)
        # an index wants these, and the files of the exam do without
        one.StudyID, one.SeriesNumber, one.StudyTime = "1", "1", "120000"
        made.add(one)
    folder = tmp_path_factory.mktemp("disc")
    staged = made._stage["t"]
    made.write(folder)
    # pydicom leaves both to the garbage collector, which complains
    for left in (staged, made._stage["t"]):
        left.cleanup()
    return truth, folder


@settings(max_examples=30, derandomize=True, **often)
@given(damage=hits)
def test_a_damaged_index_changes_nothing_about_the_images_beside_it(
    disc: tuple[Any, Path], damage: Hits
) -> None:
    _, folder = disc
    index = folder / "DICOMDIR"
    whole = index.read_bytes()
    try:
        index.write_bytes(hurt(whole, damage))
        opened, found = import_all(folder)
    finally:
        index.write_bytes(whole)
    assert [len(one.files) for one in found] == [6]
    assert [list(one.exam.maps) for one in opened] == [["FF", "R2STAR"]]


# -- tags that are not there ------------------------------------------------------------------------------


def test_without_any_one_of_its_elements_a_slice_keeps_its_values_or_is_refused(
    small_exam_bytes: tuple[Any, dict[str, bytes]], tmp_path: Path
) -> None:
    truth, files = small_exam_bytes
    for path in sorted(truth.folder.iterdir()):
        (tmp_path / path.name).write_bytes(files[path.name])
    whole = dcmread(truth.folder / "FF_01")
    maps = Counter[int]()
    for element in whole:
        made = dcmread(truth.folder / "FF_01")
        del made[element.tag]
        made.save_as(tmp_path / "FF_01")
        maps[check_values(import_all(tmp_path)[0], truth.voxels, damaged="")] += 1
    # most elements matter to the map they are missing from, and none to the other one
    assert maps.total() == len(whole)
    assert maps[2] >= 5
    assert maps[1] + maps[0] >= 15
