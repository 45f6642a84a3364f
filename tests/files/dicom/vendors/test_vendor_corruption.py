"""Damage to any vendor's files never crashes the import and never changes a scale, or another slice."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.uid import DeflatedExplicitVRLittleEndian

from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamFound, ExamRefused, LoadedExam
from app.files.dicom.load import load_exam

Scale = tuple[object, ...]
FORMS = (
    *("enhanced", "ge_one_series", "ge_t2star", "philips_classic", "philips_r12", "philips_private"),
    *("siemens_tokens", "siemens_suffixes", "siemens_t2star", "siemens_rescaled", "rwvm_only", "rwvm_t2star"),
    *("canon", "uih"),
)


@dataclass(frozen=True)
class Original:
    """Files of one form, the scales they open with and the bytes of each of their slices."""

    files: dict[str, bytes]
    scales: frozenset[Scale]
    slices: frozenset[bytes]


@pytest.fixture(scope="module")
def originals() -> dict[str, Original]:
    """Each form, filled by the first test that needs it."""
    return {}


@pytest.fixture
def original(
    originals: dict[str, Original], write_vendor: Any, write_enhanced: Any, tmp_path: Path
) -> Callable[[str], Original]:
    def get(name: str) -> Original:
        if name not in originals:
            folder = tmp_path / name
            if name == "enhanced":
                exam = write_enhanced(folder, "FF", "R2STAR")
            else:
                exam = write_vendor(folder, name)
            files = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
            slices = {one.astype("<i2").tobytes() for stored in exam.stored.values() for one in stored}
            originals[name] = Original(files, frozenset(opened(folder, "", b"", slices)), frozenset(slices))
        return originals[name]

    return get


def opened(folder: Path, name: str, damaged: bytes, slices: set[bytes] | frozenset[bytes]) -> set[Scale]:
    """Scale of each measured map that opens; checks that every file and every slice is accounted for."""
    found = find_exams(folder, Silent())
    account = {path for exam in found.exams for path in exam.files}
    assert account.isdisjoint(one.path for one in found.refused)
    assert account | {one.path for one in found.refused} - {folder} == set(folder.iterdir())
    told: set[Scale] = set()
    for exam in found.exams:
        loaded = loaded_or_refused(exam)
        if loaded is None:
            continue
        for quantity, one in loaded.exam.maps.items():
            for stored, path in zip(one.stored, loaded.sources[quantity].files, strict=True):
                content = stored.astype("<i2").tobytes()
                # plain integers carry no checksum: of the damaged file it is known only that they are in it
                assert content in damaged if path.name == name else content in slices
            line = (round(one.scaling.slope, 12), one.scaling.intercept)
            if quantity in {"FF", "R2STAR"}:
                told.add((str(quantity), *line, one.scaling.transform))
    return told


def loaded_or_refused(exam: ExamFound) -> LoadedExam | None:
    try:
        loaded = load_exam(exam, Silent())
    except ExamRefused as verdict:
        assert {one.path for one in verdict.refused} == set(exam.files)  # noqa: PT017 - opening it is as good
        return None
    used = {path for one in loaded.sources.values() for path in one.files}
    assert used.isdisjoint(one.path for one in loaded.refused)
    assert used | {one.path for one in loaded.refused} == set(exam.files)
    return loaded


def check(whole: Original, name: str, damaged: bytes) -> None:
    with tempfile.TemporaryDirectory() as told:
        folder = Path(told)
        for each, content in whole.files.items():
            (folder / each).write_bytes(damaged if each == name else content)
        assert opened(folder, name, damaged, whole.slices) <= whole.scales


def hurt(data: bytes, kind: str, place: float, value: int) -> bytes:
    at = min(int(place * len(data)), len(data) - 1)
    if kind == "cut":
        return data[:at]
    if kind == "lose":
        return data[:at] + data[at + 1 + value % 40 :]
    if kind == "insert":
        return data[:at] + bytes([value]) * (1 + value % 17) + data[at:]
    return data[:at] + bytes([data[at] ^ value]) + data[at + 1 :]


damages = st.tuples(
    st.sampled_from(["flip", "flip", "flip", "cut", "lose", "insert"]), st.floats(0, 1), st.integers(1, 255)
)


def damage_and_check(
    original: Callable[[str], Original], form: str, which: float, hits: list[tuple[str, float, int]]
) -> None:
    whole = original(form)
    name = sorted(whole.files)[min(int(which * len(whole.files)), len(whole.files) - 1)]
    damaged = whole.files[name]
    for kind, place, value in hits:
        damaged = hurt(damaged, kind, place, value) or b"\0"
    check(whole, name, damaged)


@pytest.mark.parametrize("form", FORMS)
@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(which=st.floats(0, 1), hits=st.lists(damages, min_size=1, max_size=3))
def test_damage_never_crashes_and_never_changes_a_scale(
    original: Callable[[str], Original], form: str, which: float, hits: list[tuple[str, float, int]]
) -> None:
    damage_and_check(original, form, which, hits)


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS)
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(which=st.floats(0, 1), hits=st.lists(damages, min_size=1, max_size=3))
def test_thousands_of_damages_never_crash_and_never_change_a_scale(
    original: Callable[[str], Original], form: str, which: float, hits: list[tuple[str, float, int]]
) -> None:
    damage_and_check(original, form, which, hits)


@pytest.mark.parametrize("form", FORMS)
def test_without_any_one_of_its_elements_a_file_opens_as_it_was_or_not_at_all(
    original: Callable[[str], Original], form: str, tmp_path: Path
) -> None:
    whole = original(form)
    name = min(whole.files)
    (tmp_path / name).write_bytes(whole.files[name])
    made = dcmread(tmp_path / name)
    scales = []
    for tag in list(made.keys()):
        made = dcmread(tmp_path / name)
        del made[tag]
        made.save_as(tmp_path / "less", enforce_file_format=False)
        less = (tmp_path / "less").read_bytes()
        with tempfile.TemporaryDirectory() as told:
            for each, content in whole.files.items():
                (Path(told) / each).write_bytes(less if each == name else content)
            scales.append(opened(Path(told), name, less, whole.slices))
    # without its Rescale a vendor's map may fall to another rule; then the range or a person must agree
    assert all(scale <= whole.scales for scale in scales)
    assert min(scales, key=len) < whole.scales or not whole.scales


def test_a_deflated_multi_frame_file_shorter_than_its_pixels_opens(
    tmp_path: Path, write_enhanced: Any
) -> None:
    def flat(made: Any) -> None:
        made.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        made.PixelData = bytes(len(made.PixelData)) + b""

    write_enhanced(tmp_path, "FF", "R2STAR", change=flat)
    assert (tmp_path / "IM_0001").stat().st_size < 2 * 6 * 12 * 16 * 4
    (exam,) = find_exams(tmp_path, Silent()).exams
    assert np.prod(exam.maps[0].grid.shape) == 3 * 12 * 16
