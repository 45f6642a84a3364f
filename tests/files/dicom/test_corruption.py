"""Damaged files never crash the import, never hang it, and never change a value in silence."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamFound, ExamRefused, LoadedExam
from app.files.dicom.load import load_exam

Small = tuple["GeExam", dict[str, bytes]]  # noqa: F821 - the fixture's class lives in conftest.py
Voxels = dict[str, np.ndarray]
Damage = Callable[[bytes], bytes]


def check_damaged(exam: Small, name: str, damaged: bytes) -> set[str]:
    """Import the exam with one damaged file; returns the codes of all refusals."""
    truth, files = exam
    with tempfile.TemporaryDirectory() as told:
        folder = Path(told)
        for each, content in files.items():
            (folder / each).write_bytes(damaged if each == name else content)
        found = find_exams(folder, Silent())
        account = Counter(path for one in found.exams for path in one.files)
        account.update(refusal.path for refusal in found.refused)
        assert account == Counter(folder / each for each in files)
        codes = {refusal.code for refusal in found.refused}
        for one in found.exams:
            codes |= _check_loaded(one, truth.voxels, name, damaged)
    return codes


def _check_loaded(found: ExamFound, voxels: Voxels, name: str, damaged: bytes) -> set[str]:
    try:
        loaded = load_exam(found, Silent())
    except ExamRefused as verdict:
        refused = verdict.refused
    else:
        return _check_opened(found, loaded, voxels, name, damaged)
    assert {refusal.path for refusal in refused} == set(found.files)
    return {refusal.code for refusal in refused}


def _check_opened(
    found: ExamFound, loaded: LoadedExam, voxels: Voxels, name: str, damaged: bytes
) -> set[str]:
    used = {path for one in loaded.sources.values() for path in one.files}
    assert used.isdisjoint(refusal.path for refusal in loaded.refused)
    assert used | {refusal.path for refusal in loaded.refused} == set(found.files)
    for quantity, source in loaded.sources.items():
        one = loaded.exam.maps[quantity]
        assert (one.scaling.slope, one.scaling.intercept) == (1.0, 0.0)
        assert one.grid.shape[1:] == (12, 16)
        for stored, path in zip(one.stored, source.files, strict=True):
            assert path.name.startswith(quantity)
            if path.name == name:
                # whatever is shown of the damaged file is in it
                assert stored.astype("<i2").tobytes() in damaged
            else:
                np.testing.assert_array_equal(stored, voxels[quantity][int(path.name[-2:])])
    return {refusal.code for refusal in loaded.refused}


@st.composite
def damages(draw: st.DrawFn) -> tuple[str, Damage]:
    """A file of the exam and something that happens to its bytes."""
    name = draw(st.sampled_from(["FF_00", "FF_01", "FF_02", "R2STAR_00", "R2STAR_01", "R2STAR_02"]))
    # the header is where damage has consequences: it is 1 kB, the pixels 384 bytes
    place = st.floats(0, 1)
    kind = draw(st.sampled_from(["flip", "set", "cut", "lose", "insert"]))
    if kind in {"flip", "set"}:
        changes = draw(st.lists(st.tuples(place, st.integers(1, 255)), min_size=1, max_size=6))
        return name, lambda data: _change(data, changes, flip=kind == "flip")
    start = draw(place)
    if kind == "cut":
        return name, lambda data: data[: int(start * len(data))]
    if kind == "lose":
        count = draw(st.integers(1, 64))
        return name, lambda data: data[: int(start * len(data))] + data[int(start * len(data)) + count :]
    extra = draw(st.binary(min_size=1, max_size=40))
    return name, lambda data: data[: int(start * len(data))] + extra + data[int(start * len(data)) :]


def _change(data: bytes, changes: list[tuple[float, int]], *, flip: bool) -> bytes:
    changed = bytearray(data)
    for place, value in changes:
        index = min(int(place * len(data)), len(data) - 1)
        changed[index] = changed[index] ^ value if flip else value
    return bytes(changed)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(damage=damages())
def test_a_damaged_file_never_crashes_and_never_changes_a_value(
    small_exam_bytes: Small, damage: tuple[str, Damage]
) -> None:
    name, hurt = damage
    check_damaged(small_exam_bytes, name, hurt(small_exam_bytes[1][name]))


@pytest.mark.long
@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damage=damages())
def test_thousands_of_damaged_files_never_crash_and_never_change_a_value(
    small_exam_bytes: Small, damage: tuple[str, Damage]
) -> None:
    name, hurt = damage
    check_damaged(small_exam_bytes, name, hurt(small_exam_bytes[1][name]))


@pytest.mark.parametrize("offset", [0, 1, 127, 128, 131, 132, 140, 200, 340, 700, -385, -384, -383, -2, -1])
def test_a_file_cut_off_anywhere_is_refused_and_its_map_with_it(small_exam_bytes: Small, offset: int) -> None:
    for name in ("FF_01", "R2STAR_02"):
        codes = check_damaged(small_exam_bytes, name, small_exam_bytes[1][name][:offset])
        assert codes & {
            "file.empty",
            "file.not_dicom",
            "file.broken",
            "header.missing_tags",
            "pixels.truncated",
        }
        assert codes & {"map.gap", "map.incomplete", "pair.slices_differ", "pixels.truncated"}


@pytest.mark.long
def test_a_file_cut_off_at_every_single_byte_is_refused(small_exam_bytes: Small) -> None:
    name = "FF_01"
    data = small_exam_bytes[1][name]
    for offset in range(len(data)):
        assert check_damaged(small_exam_bytes, name, data[:offset])
