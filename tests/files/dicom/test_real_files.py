"""Real files of several vendors: opened with the facts known about them, or refused with a reason."""

from __future__ import annotations

import hashlib
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from app.domain.grid import orientation_of
from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import LoadedExam
from app.files.dicom.inspecting import inspect_paths
from app.files.dicom.load import load_exam

SPINE = {
    Quantity.FF: ("IM00", "IM01", "IM02"),
    Quantity.R2STAR: ("IM10", "IM11", "IM12"),
    Quantity.WATER: ("IM20", "IM21", "IM22"),
    Quantity.FAT: ("IM30", "IM31", "IM32"),
}


@pytest.fixture(scope="module")
def spine(test_data: Path) -> LoadedExam:
    found = find_exams(test_data / "real_spine_exam", Silent())
    assert [refusal.path.name for refusal in found.refused] == ["NOTICE.txt"]
    (exam,) = found.exams
    return load_exam(exam, Silent())


def test_the_real_exam_opens_with_its_facts(spine: LoadedExam) -> None:
    assert tuple(spine.exam.maps) == tuple(SPINE)
    assert spine.warnings == ()
    assert spine.exam.grid.shape == (3, 160, 208)
    assert spine.exam.grid.spacing_mm == (4.0, 1.3, 1.3)
    assert (spine.exam.field_strength_t, spine.exam.native_voxel_mm) == (1.494, (1.3, 1.3))
    ff, r2star = (spine.exam.maps[quantity] for quantity in (Quantity.FF, Quantity.R2STAR))
    assert (ff.unit, ff.scaling.check, ff.scaling.rule) == ("%", "ff.percent", "ge.physical")
    assert (r2star.unit, r2star.scaling.check) == ("/s", "r2star.per_second")
    assert ff.scaling.foreground == "water_and_fat"


def test_the_real_exam_is_stored_with_anterior_to_the_right_and_shown_to_the_left(spine: LoadedExam) -> None:
    assert spine.exam.grid.plane == "sagittal"
    # columns run towards anterior: minus y
    assert spine.exam.grid.axes[2] == (0.0, -1.0, 0.0)
    shown = orientation_of(spine.exam.grid)
    assert shown.flip_cols
    assert shown.letters == ("A", "P", "S", "I")


def test_the_capped_r2star_is_counted_and_not_hidden(spine: LoadedExam) -> None:
    r2star = spine.exam.maps[Quantity.R2STAR]
    assert r2star.largest_stored == 300
    assert r2star.scaling.maximum == np.count_nonzero(r2star.stored == 300) > 3000


def test_values_of_the_real_exam_equal_the_bytes_at_the_end_of_its_files(
    spine: LoadedExam, test_data: Path
) -> None:
    for quantity, names in SPINE.items():
        # pixel data is the last element of these files: 160 x 208 little-endian int16
        raw = b"".join(
            (test_data / "real_spine_exam" / name).read_bytes()[-160 * 208 * 2 :] for name in names
        )
        stored = spine.exam.maps[quantity].stored
        assert hashlib.sha256(stored.astype("<i2").tobytes()).digest() == hashlib.sha256(raw).digest()


def test_simpleitk_sees_the_same_values_at_the_same_places(spine: LoadedExam, test_data: Path) -> None:
    with warnings.catch_warnings():
        # SWIG's own deprecation notices at import
        warnings.simplefilter("ignore", DeprecationWarning)
        itk = pytest.importorskip("SimpleITK")
    for quantity, names in SPINE.items():
        image = itk.ReadImage([str(test_data / "real_spine_exam" / name) for name in names])
        one = spine.exam.maps[quantity]
        np.testing.assert_array_equal(itk.GetArrayFromImage(image), one.stored)
        for index in ((0, 0, 0), (2, 159, 207), (1, 70, 33)):
            point = image.TransformIndexToPhysicalPoint(index[::-1])
            np.testing.assert_allclose(one.grid.to_patient(index), point, atol=1e-6)


def test_localizers_and_bad_series_are_refused_with_a_reason(test_data: Path) -> None:
    expected = {
        "ge_3plane_localizer": {"series.mixed_orientations": 11},
        "bad_series/sliceorientation/001": {"series.mixed_orientations": 4},
        "bad_series/slicecount/001": {"role.none": 2},
    }
    for folder, counts in expected.items():
        found = find_exams(test_data / folder, Silent())
        assert found.exams == ()
        told = Counter(refusal.code for refusal in found.refused if refusal.path.suffix != ".txt")
        assert told == counts


def test_a_field_map_in_hertz_never_becomes_a_map(test_data: Path) -> None:
    found = find_exams(test_data / "ge_b0map_hz_mixed_series", Silent())
    assert found.exams == ()
    assert Counter(refusal.code for refusal in found.refused) == {"role.none": 32, "file.not_dicom": 1}


def test_every_real_file_is_accounted_for_without_an_exception_or_a_warning(
    test_data: Path, recwarn: pytest.WarningsRecorder, caplog: pytest.LogCaptureFixture
) -> None:
    found = inspect_paths([test_data], Silent())
    account = Counter(path for exam in found.exams for path in exam.files)
    account.update(refusal.path for refusal in found.refused)
    on_disc = {path: told for path, told in account.items() if path.is_file()}
    assert on_disc == Counter(path for path in test_data.rglob("*") if path.is_file())
    # the others lie in archives
    assert all(
        any(parent.suffix == ".zip" for parent in path.parents) for path in account.keys() - on_disc.keys()
    )
    assert set(account.values()) == {1}
    assert [exam.files[0].parent.name for exam in found.exams] == ["real_spine_exam"]
    assert not recwarn.list
    assert not caplog.records
