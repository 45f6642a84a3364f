"""Slices that each have a scale of their own: every value as the slice's own tags say it, or no map."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamRefused, LoadedExam, Notice
from app.files.dicom.load import judge_exam, load_exam
from app.files.dicom.scale import confirm

Write = Callable[..., Any]
Edit = Callable[[Dataset, str, int], None]

FRAME_TYPES = {"FF": "FF", "R2STAR": "R2_STAR", "T2STAR": "T2_STAR", "WATER": "W", "FAT": "F"}


def own_line(slope: float, intercept: float = 0.0, *, mapped: bool = False) -> Edit:
    """Each frame's slope grows by a fraction from slice to slice; the stored integers stay."""

    def edit(group: Dataset, _name: str, index: int) -> None:
        values = group.PixelValueTransformationSequence[0]
        changed = float(values.RescaleSlope) * (1 + slope * index)
        values.RescaleSlope, values.RescaleIntercept = f"{changed:.10g}", f"{intercept * index:g}"
        # what Philips demands of quantitative images: the product of both slopes is 1
        group[0x2005140F][0][0x2005100E].value = 1 / changed
        if mapped:
            mapping = group.RealWorldValueMappingSequence[0]
            mapping.RealWorldValueSlope = float(values.RescaleSlope)
            mapping.RealWorldValueIntercept = float(values.RescaleIntercept)
        else:
            del group.RealWorldValueMappingSequence

    return edit


def truth(path: Path, name: str) -> np.ndarray:
    """Values of one type of frame, worked out from the file alone, in order of position along -x."""
    file = pydicom.dcmread(path)
    frames = []
    for pixels, group in zip(file.pixel_array, file.PerFrameFunctionalGroupsSequence, strict=True):
        if group.MRImageFrameTypeSequence[0].FrameType[-1] == FRAME_TYPES[name]:
            line = group.PixelValueTransformationSequence[0]
            x = float(group.PlanePositionSequence[0].ImagePositionPatient[0])
            frames.append((-x, pixels * float(line.RescaleSlope) + float(line.RescaleIntercept)))
    return np.stack([values for _, values in sorted(frames, key=lambda frame: frame[0])])


def load(folder: Path) -> LoadedExam:
    found = find_exams(folder, Silent())
    assert found.refused == ()
    (exam,) = found.exams
    return load_exam(exam, Silent())


@pytest.mark.parametrize("mapped", [False, True])
def test_each_slice_is_scaled_by_its_own_tags(tmp_path: Path, write_enhanced: Write, mapped: bool) -> None:
    edit = own_line(0.03, -0.25 * mapped, mapped=mapped)
    made = write_enhanced(tmp_path / "exam", "FF", "R2STAR", "WATER", "FAT", edit=edit)
    loaded = load(made.folder)
    for name in ("FF", "R2STAR", "WATER", "FAT"):
        one, source = loaded.exam.maps[Quantity(name)], loaded.sources[Quantity(name)]
        expected = truth(made.files[0], name)
        # exactly: the same product and the same sum in double precision
        np.testing.assert_array_equal(one.scale(one.stored), expected)
        assert one.stored.dtype == np.float64
        assert (one.scaling.slope, one.scaling.intercept) == (1.0, 0.0)
        assert len(set(source.lines)) == 3
    slopes = [slope for slope, _ in loaded.sources[Quantity.FF].lines]
    assert slopes == sorted(slopes)
    told = {"quantity": "FF", "smallest": slopes[0], "largest": slopes[-1]}
    assert [notice.code for notice in loaded.warnings] == ["map.lines_differ"] * 2
    assert loaded.warnings[0] == Notice("map.lines_differ", told)
    scaling = loaded.exam.maps[Quantity.FF].scaling
    assert scaling.rule == ("rwvm.unit" if mapped else "philips.rescale")
    assert (scaling.check, scaling.foreground) == ("ff.percent", "water_and_fat")


def _intercepts(group: Dataset, name: str, index: int) -> None:
    own_line(0.03, -0.25)(group, name, index)


def _no_private_slope(group: Dataset, name: str, index: int) -> None:
    own_line(0.03)(group, name, index)
    del group[0x2005140F][0][0x2005100E]


def _one_slope_damaged(group: Dataset, name: str, index: int) -> None:
    del group.RealWorldValueMappingSequence
    if (name, index) == ("FF", 1):
        group.PixelValueTransformationSequence[0].RescaleSlope = "0.02462002442"


@pytest.mark.parametrize("edit", [_intercepts, _no_private_slope, _one_slope_damaged])
def test_scales_that_differ_and_are_said_only_once_wait_for_a_person(
    tmp_path: Path, write_enhanced: Write, edit: Edit
) -> None:
    made = write_enhanced(tmp_path / "exam", "FF", edit=edit)
    (exam,) = find_exams(made.folder, Silent()).exams
    with pytest.raises(ExamRefused) as caught:
        load_exam(exam, Silent())
    assert [one.code for one in caught.value.refused] == ["scale.needs_confirmation"]
    loaded = load_exam(confirm(exam, Quantity.FF, 1.0, "A. Reader"), Silent())
    one = loaded.exam.maps[Quantity.FF]
    np.testing.assert_array_equal(one.scale(one.stored), truth(made.files[0], "FF"))
    assert "map.lines_differ" in {notice.code for notice in loaded.warnings}


def test_signals_whose_scales_differ_and_are_said_only_once_are_left_out(
    tmp_path: Path, write_enhanced: Write
) -> None:
    def edit(group: Dataset, name: str, index: int) -> None:
        if name == "WATER":
            _no_private_slope(group, name, index)

    made = write_enhanced(tmp_path / "exam", "FF", "WATER", "FAT", edit=edit)
    (exam,) = find_exams(made.folder, Silent()).exams
    assert [one.quantity for one in exam.maps] == [Quantity.FF, Quantity.FAT]
    assert "map.mixed_rescale" in {notice.code for notice in exam.warnings}


def test_scales_that_are_nearly_the_same_are_damage(tmp_path: Path, write_enhanced: Write) -> None:
    found = find_exams(
        write_enhanced(tmp_path / "exam", "FF", edit=own_line(2e-6, mapped=True)).folder, Silent()
    )
    assert [one.code for one in found.refused] == ["map.mixed_rescale"]


def test_t2star_of_several_scales_becomes_r2star(tmp_path: Path, write_enhanced: Write) -> None:
    made = write_enhanced(tmp_path / "exam", "T2STAR", edit=own_line(0.05))
    one = load(made.folder).exam.maps[Quantity.R2STAR]
    np.testing.assert_allclose(one.scale(one.stored), 1000 / truth(made.files[0], "T2STAR"), rtol=1e-12)


def test_the_ends_of_a_mapping_hold_for_stored_integers(tmp_path: Path, write_enhanced: Write) -> None:
    def up_to(last: int) -> Edit:
        line = own_line(0.03, mapped=True)

        def edit(group: Dataset, name: str, index: int) -> None:
            line(group, name, index)
            group.RealWorldValueMappingSequence[0][0x00409211].value = last

        return edit

    made = write_enhanced(tmp_path / "all", "R2STAR", edit=up_to(4095))
    largest = int(made.stored["R2STAR"].max())
    # the values reach up to 160 only: they would lie inside any such ends
    assert set(load(write_enhanced(tmp_path / "in", "R2STAR", edit=up_to(largest)).folder).exam.maps) == {
        Quantity.R2STAR
    }
    (exam,) = find_exams(
        write_enhanced(tmp_path / "out", "R2STAR", edit=up_to(largest - 1)).folder, Silent()
    ).exams
    with pytest.raises(ExamRefused) as caught:
        load_exam(exam, Silent())
    assert [(one.code, dict(one.values)) for one in caught.value.refused] == [
        ("scale.outside_mapping", {"first": 0.0, "last": float(largest - 1)})
    ]
    assert judge_exam(exam, Silent()).decisions[Quantity.R2STAR] == caught.value.refused[0]


def test_slices_with_mappings_of_different_ends_are_no_map(tmp_path: Path, write_enhanced: Write) -> None:
    def edit(group: Dataset, _name: str, index: int) -> None:
        group.RealWorldValueMappingSequence[0][0x00409211].value = 4095 - index

    found = find_exams(write_enhanced(tmp_path / "exam", "FF", edit=edit).folder, Silent())
    assert [one.code for one in found.refused] == ["map.mixed_rescale"]


def test_classic_slices_may_have_scales_of_their_own_too(tmp_path: Path, write_vendor: Write) -> None:
    def edit(made: Dataset, name: str, index: int) -> None:
        if name == "FF":
            made.RescaleSlope = f"{float(made.RescaleSlope) * (1 + 0.02 * index):.10g}"
            made[0x2005100E].value = 1 / float(made.RescaleSlope)

    made = write_vendor(tmp_path / "exam", "philips_classic", edit=edit)
    loaded = load(made.folder)
    one, source = loaded.exam.maps[Quantity.FF], loaded.sources[Quantity.FF]
    for index, path in enumerate(source.files):
        file = pydicom.dcmread(path)
        np.testing.assert_array_equal(one.slice_values(index), file.pixel_array * float(file.RescaleSlope))
    # the others keep their integers
    np.testing.assert_array_equal(loaded.exam.maps[Quantity.R2STAR].stored, made.stored["R2STAR"])
