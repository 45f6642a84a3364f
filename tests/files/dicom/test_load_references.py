"""Anatomical series are read like maps and never cost the exam anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - the name everybody gives it

from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamFound, ExamRefused, MapFound, ReferenceFound
from app.files.dicom.load import judge_exam, load_exam
from app.files.volumes import describe

Write = Callable[..., Any]


def reference_of(found: MapFound, name: str = "T1") -> ReferenceFound:
    return ReferenceFound(
        name, found.grid, found.files, found.sop_uids, found.series_uid, found.description, found.pixels
    )


def exam_with_reference(folder: Path) -> ExamFound:
    """The fat images stand in for an anatomical series."""
    (exam,) = find_exams(folder, Silent()).exams
    *maps, fat = exam.maps
    return replace(exam, maps=tuple(maps), references=(reference_of(fat),))


def test_a_reference_arrives_as_stored_with_a_window(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam")
    exam = exam_with_reference(made.folder)
    ((found, series),) = load_exam(exam, Silent()).references
    assert found == exam.references[0]
    assert (series.name, series.grid) == ("T1", exam.references[0].grid)
    np.testing.assert_array_equal(series.stored, made.voxels["FAT"])
    assert not series.stored.flags.writeable
    assert series.window == pytest.approx(tuple(np.percentile(made.voxels["FAT"], (1, 99.5))))


def test_a_reference_of_one_grey_has_a_window_too(tmp_path: Path, write: Write) -> None:
    def edit(made: Any, quantity: str, _index: int) -> None:
        if quantity == "FAT":
            made.PixelData = np.full((12, 16), 7, "<i2").tobytes()

    exam = exam_with_reference(write(tmp_path / "exam", edit=edit).folder)
    ((_, series),) = load_exam(exam, Silent()).references
    assert series.window == (7.0, 8.0)


def test_a_reference_that_is_not_whole_costs_only_itself(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam")
    exam = exam_with_reference(made.folder)
    made.files["FAT"][1].write_bytes(made.files["FAT"][1].read_bytes()[:-6])
    loaded = load_exam(exam, Silent())
    assert set(loaded.exam.maps) == {Quantity.FF, Quantity.R2STAR, Quantity.WATER}
    assert loaded.references == ()
    assert loaded.warnings == ()
    assert {one.path.name: (one.code, dict(one.values)) for one in loaded.refused} == {
        "FAT_00": ("reference.incomplete", {"name": "T1", "files": 1}),
        "FAT_01": ("pixels.truncated", {"expected": 384, "found": 378}),
        "FAT_02": ("reference.incomplete", {"name": "T1", "files": 1}),
        "FAT_03": ("reference.incomplete", {"name": "T1", "files": 1}),
    }


def test_references_of_an_exam_without_a_map_are_refused_with_it(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF", "FAT"))
    exam = exam_with_reference(made.folder)
    made.files["FF"][0].write_bytes(made.files["FF"][0].read_bytes()[:-6])
    with pytest.raises(ExamRefused) as caught:
        load_exam(exam, Silent())
    assert {one.path: one.code for one in caught.value.refused} == (
        dict.fromkeys(made.files["FAT"], "exam.no_measured_map")
        | dict.fromkeys(made.files["FF"], "map.incomplete")
        | {made.files["FF"][0]: "pixels.truncated"}
    )
    # who decides about such an exam may still look at them
    judged = judge_exam(exam, Silent())
    assert (judged.loaded, len(judged.references)) == (None, 1)


def test_slices_of_references_are_counted(tmp_path: Path, write: Write) -> None:
    told: list[tuple[int, int | None]] = []

    class Count:
        def report(self, done: int, total: int | None) -> None:
            told.append((done, total))

    load_exam(exam_with_reference(write(tmp_path / "exam").folder), Count())
    assert {total for _, total in told} == {16}
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (16, 16)


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    image = sitk.GetImageFromArray(np.random.default_rng(3).integers(20, 80, (3, 8, 10)).astype(np.int16))
    image.SetSpacing((1.0, 1.5, 4.0))
    path = tmp_path / "ff.mha"
    sitk.WriteImage(image, str(path))
    return path


def volume_exam(exam: ExamFound, path: Path) -> ExamFound:
    """The FF map of an exam, read from a volume file instead."""
    info = describe(path)
    files = (path,) * info.grid.shape[0]
    whole = replace(exam.maps[0], grid=info.grid, files=files, sop_uids=("",) * len(files), volume=info.kind)
    return replace(exam, maps=(whole,))


def test_a_map_in_a_volume_file_is_read_whole(tmp_path: Path, write: Write, volume: Path) -> None:
    (exam,) = find_exams(write(tmp_path / "exam", ("FF",)).folder, Silent()).exams
    loaded = load_exam(volume_exam(exam, volume), Silent())
    one = loaded.exam.maps[Quantity.FF]
    assert one.stored.shape == one.grid.shape
    assert sorted(one.stored.ravel()) == sorted(sitk.GetArrayFromImage(sitk.ReadImage(str(volume))).ravel())
    assert one.scaling.check == "ff.percent"


def test_a_volume_that_lies_elsewhere_by_now_is_refused(tmp_path: Path, write: Write, volume: Path) -> None:
    (exam,) = find_exams(write(tmp_path / "exam", ("FF",)).folder, Silent()).exams
    found = volume_exam(exam, volume)
    moved = sitk.ReadImage(str(volume))
    moved.SetOrigin((0.0, 5.0, 0.0))
    sitk.WriteImage(moved, str(volume))
    with pytest.raises(ExamRefused) as caught:
        load_exam(found, Silent())
    assert [(one.path, one.code) for one in caught.value.refused] == [(volume, "file.changed")]
    volume.write_bytes(b"")
    with pytest.raises(ExamRefused) as caught:
        load_exam(found, Silent())
    assert [one.path for one in caught.value.refused] == [volume]


def test_a_reference_may_be_a_volume(tmp_path: Path, write: Write, volume: Path) -> None:
    (exam,) = find_exams(write(tmp_path / "exam", ("FF",)).folder, Silent()).exams
    reference = replace(reference_of(volume_exam(exam, volume).maps[0]), volume="metaimage")
    ((_, series),) = load_exam(replace(exam, references=(reference,)), Silent()).references
    assert (series.name, series.stored.shape) == ("T1", reference.grid.shape)
