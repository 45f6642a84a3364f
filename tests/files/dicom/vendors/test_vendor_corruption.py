"""Damage to any vendor's files never crashes the import and never changes a scale in silence."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamRefused
from app.files.dicom.load import load_exam

Damage = Callable[[bytes], bytes]
FORMS = ("enhanced", "philips_classic", "philips_r12", "siemens_tokens", "siemens_suffixes", "rwvm_only")


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, bytes]]:
    """Bytes of each form's files by name; filled by the first test that needs a form."""
    del tmp_path_factory
    return {}


@pytest.fixture
def original(
    originals: dict[str, dict[str, bytes]], write_vendor: Any, write_enhanced: Any, tmp_path: Path
) -> Callable[[str], dict[str, bytes]]:
    def get(name: str) -> dict[str, bytes]:
        if name not in originals:
            folder = tmp_path / name
            if name == "enhanced":
                write_enhanced(folder, "FF", "R2STAR")
            else:
                write_vendor(folder, name)
            originals[name] = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
        return originals[name]

    return get


def scales_of(folder: Path) -> dict[str, tuple[object, ...]]:
    """How each map that opens is scaled; checks that every file is accounted for."""
    found = find_exams(folder, Silent())
    account = {path for exam in found.exams for path in exam.files}
    assert account.isdisjoint(one.path for one in found.refused)
    assert account | {one.path for one in found.refused} - {folder} == set(folder.iterdir())
    told: dict[str, tuple[object, ...]] = {}
    for exam in found.exams:
        try:
            loaded = load_exam(exam, Silent())
        except ExamRefused as verdict:
            assert {one.path for one in verdict.refused} == set(exam.files)  # noqa: PT017 - opening it is as good
            continue
        used = {path for one in loaded.sources.values() for path in one.files}
        assert used.isdisjoint(one.path for one in loaded.refused)
        assert used | {one.path for one in loaded.refused} == set(exam.files)
        for quantity, one in loaded.exam.maps.items():
            scaling = one.scaling
            line = (round(scaling.slope, 12), scaling.intercept)
            if quantity in {"FF", "R2STAR"}:
                told[f"{quantity} {len(told)}"] = (str(quantity), *line, scaling.transform)
    return told


def check(files: dict[str, bytes], name: str, damaged: bytes) -> None:
    with tempfile.TemporaryDirectory() as told:
        folder = Path(told)
        for each, content in files.items():
            (folder / each).write_bytes(content)
        whole = set(scales_of(folder).values())
        (folder / name).write_bytes(damaged)
        assert set(scales_of(folder).values()) <= whole


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
    original: Callable[[str], dict[str, bytes]], form: str, which: float, hits: list[tuple[str, float, int]]
) -> None:
    files = original(form)
    name = sorted(files)[min(int(which * len(files)), len(files) - 1)]
    damaged = files[name]
    for kind, place, value in hits:
        damaged = hurt(damaged, kind, place, value) or b"\0"
    check(files, name, damaged)


@pytest.mark.parametrize("form", FORMS)
@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(which=st.floats(0, 1), hits=st.lists(damages, min_size=1, max_size=3))
def test_damage_never_crashes_and_never_changes_a_scale(
    original: Callable[[str], dict[str, bytes]], form: str, which: float, hits: list[tuple[str, float, int]]
) -> None:
    damage_and_check(original, form, which, hits)


@pytest.mark.long
@pytest.mark.parametrize("form", FORMS)
@settings(
    max_examples=500,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(which=st.floats(0, 1), hits=st.lists(damages, min_size=1, max_size=3))
def test_thousands_of_damages_never_crash_and_never_change_a_scale(
    original: Callable[[str], dict[str, bytes]], form: str, which: float, hits: list[tuple[str, float, int]]
) -> None:
    damage_and_check(original, form, which, hits)
