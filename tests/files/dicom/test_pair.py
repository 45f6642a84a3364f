"""FF and R2* are measured together only where one rectangle means whole voxels of both; else why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage

from app.domain.maps import Quantity
from app.domain.measure import measure
from app.domain.progress import Silent
from app.domain.shapes import Rectangle
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamFound, Found, Notice
from app.files.dicom.load import load_exam
from app.files.dicom.wishes import Wishes

Write = Callable[..., Any]

RESAMPLE = Wishes(resample=True)


def fine(made: Dataset, seed: int = 0) -> None:
    """Twice as many rows and columns over the same field of view."""
    made.Rows, made.Columns = 2 * made.Rows, 2 * made.Columns
    made.PixelSpacing = ["0.75", "0.625"]
    left, *_ = made.ImagePositionPatient
    # the outer edges stay, so the first voxel centre moves by a quarter of a coarse voxel
    made.ImagePositionPatient = [str(left), "-40.8125", "60.625"]
    pixels = np.random.default_rng([seed, int(made.InstanceNumber)]).integers(
        30, 160, (made.Rows, made.Columns)
    )
    made.PixelData = pixels.astype("<i2").tobytes()


def fine_map_of(name: str) -> Callable[[Dataset, str, int], None]:
    def edit(made: Dataset, quantity: str, _index: int) -> None:
        if quantity == name:
            fine(made)

    return edit


def of_r2star(change: Callable[[Dataset, int], None]) -> Callable[[Dataset, str, int], None]:
    def edit(made: Dataset, quantity: str, index: int) -> None:
        if quantity == "R2STAR":
            change(made, index)

    return edit


def turned(made: Dataset, index: int) -> None:
    """Ten degrees about the left-right axis: the same slices, other lines."""
    angle = np.radians(10)
    down, across = (0, -np.sin(angle), -np.cos(angle)), (0, np.cos(angle), -np.sin(angle))
    made.ImageOrientationPatient = [f"{part:.12f}" for part in (*across, *down)]
    made.ImagePositionPatient = [str(20.0 - 4 * index), "-40.5", "60.25"]


def mirrored(made: Dataset, _index: int) -> None:
    left, *_ = made.ImagePositionPatient
    made.ImageOrientationPatient = ["0", "1", "0", "0", "0", "1"]
    made.ImagePositionPatient = [str(left), "-40.5", str(60.25 - 11 * 1.5)]


def beside(made: Dataset, _index: int) -> None:
    left, *_ = made.ImagePositionPatient
    made.ImagePositionPatient = [str(float(left) + 1), "-40.5", "60.25"]


def shifted(made: Dataset, _index: int) -> None:
    left, *_ = made.ImagePositionPatient
    made.ImagePositionPatient = [str(left), "-40", "60.25"]


def wider(made: Dataset, _index: int) -> None:
    made.PixelSpacing = ["1.6", "1.25"]


def codes(found: Found) -> set[str]:
    return {refusal.code for refusal in found.refused}


def exam_of(folder: Path, wishes: Wishes = Wishes()) -> ExamFound:  # noqa: B008 - a frozen value
    (exam,) = find_exams(folder, Silent(), wishes).exams
    return exam


def told(exam: ExamFound) -> list[str]:
    return [notice.code for notice in exam.warnings]


@pytest.mark.parametrize("finer", ["FF", "R2STAR"])
def test_a_map_of_half_the_voxel_size_is_counted_on_its_own_voxels(
    tmp_path: Path, write: Write, finer: str
) -> None:
    made = write(tmp_path / "exam", ("FF", "R2STAR"), edit=fine_map_of(finer))
    found = exam_of(made.folder)
    own = (
        {"ff": "12 x 16", "r2star": "24 x 32"}
        if finer == "R2STAR"
        else {"ff": "24 x 32", "r2star": "12 x 16"}
    )
    assert found.warnings == (Notice("pair.own_voxels", own),)
    # the fine map's values are of the range of R2*, so it is FF that a person would have to look at
    if finer == "FF":
        return
    exam = load_exam(found, Silent()).exam
    assert exam.grid.shape == (4, 12, 16)
    assert exam.parts(Quantity.R2STAR) == (2, 2)
    rectangle = Rectangle(slice=2, row0=3, col0=4, rows=2, cols=5)
    fine_values = np.random.default_rng([0, 3]).integers(30, 160, (24, 32))[6:10, 8:18]
    counted = measure(exam.maps[Quantity.R2STAR], exam.on_map(Quantity.R2STAR, rectangle))
    assert counted.n == 40
    assert counted.mean == pytest.approx(fine_values.mean())
    coarse = measure(exam.maps[Quantity.FF], exam.on_map(Quantity.FF, rectangle))
    assert coarse.mean == pytest.approx(made.voxels["FF"][2, 3:5, 4:9].mean())


@pytest.mark.parametrize(
    ("change", "code", "values"),
    [
        (turned, "pair.orientations_differ", {"degrees": 10.0, "ff": "sagittal", "r2star": "sagittal"}),
        (mirrored, "pair.orientations_differ", {"degrees": 180.0}),
        (
            beside,
            "pair.slices_differ",
            {
                "ff": "4 slices, 4 mm apart, from -20 to -8 mm",
                "r2star": "4 slices, 4 mm apart, from -21 to -9 mm",
            },
        ),
        (
            shifted,
            "pair.grids_differ",
            {"r2star": "4 x 12 x 16 voxels of 4 x 1.5 x 1.25 mm from (20, -40, 60.25)"},
        ),
        (
            wider,
            "pair.grids_differ",
            {"r2star": "4 x 12 x 16 voxels of 4 x 1.6 x 1.25 mm from (20, -40.5, 60.25)"},
        ),
    ],
)
def test_r2star_that_does_not_fit_is_refused_with_the_true_reason_and_ff_opens(
    tmp_path: Path, write: Write, change: Callable[[Dataset, int], None], code: str, values: dict[str, Any]
) -> None:
    made = write(tmp_path / "exam", edit=of_r2star(change))
    found = find_exams(made.folder, Silent())
    (exam,) = found.exams
    assert [one.quantity for one in exam.maps] == [Quantity.FF, Quantity.WATER, Quantity.FAT]
    assert told(exam) == ["exam.no_r2star"]
    assert [one.quantity for one in exam.unpaired] == [Quantity.R2STAR]
    assert [refusal.path for refusal in found.refused] == made.files["R2STAR"]
    assert codes(found) == {code}
    assert values.items() <= found.refused[0].values.items()
    assert set(load_exam(exam, Silent()).exam.maps) == {Quantity.FF, Quantity.WATER, Quantity.FAT}


def test_a_matrix_between_the_lines_of_the_other_has_no_common_lines(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _index: int) -> None:
        made.Rows, made.Columns = 18, 24
        made.PixelSpacing = ["1.0", "0.833333333333"]
        made.PixelData = np.full((18, 24), 60, "<i2").tobytes()

    assert codes(find_exams(write(tmp_path / "exam", edit=of_r2star(edit)).folder, Silent())) == {
        "pair.grids_differ"
    }


def test_an_unusable_r2star_frame_of_a_multi_frame_file_is_a_warning(
    tmp_path: Path, write_both: Write
) -> None:
    exam = exam_of(write_both(tmp_path / "exam"))
    assert [one.quantity for one in exam.maps] == [Quantity.FF]
    assert told(exam) == ["exam.no_r2star", "pair.slices_differ"]
    assert exam.warnings[1].values["path"] == "IM_0001"


@pytest.fixture
def write_both(slice_maker: Callable[..., Dataset]) -> Write:
    """A multi-frame file whose R2* lies 2 mm beside its FF."""

    def write(folder: Path) -> Path:
        folder.mkdir()
        made = slice_maker("FF", 0, np.full((12, 16), 50))
        made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
        made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
        groups = []
        for token, shift in (("FAT_FRACTION", 0), ("R2_STAR_MAP", 2)):
            for index in range(3):
                kind, place = Dataset(), Dataset()
                kind.FrameType = ["DERIVED", "PRIMARY", "DIXON", token]
                place.ImagePositionPatient = [str(20.0 + shift - 4 * index), "-40.5", "60.25"]
                group = Dataset()
                group.MRImageFrameTypeSequence = Sequence([kind])
                group.PlanePositionSequence = Sequence([place])
                groups.append(group)
        measures, plane, shared = Dataset(), Dataset(), Dataset()
        measures.PixelSpacing, measures.SliceThickness = made.PixelSpacing, "4"
        plane.ImageOrientationPatient = made.ImageOrientationPatient
        shared.PixelMeasuresSequence = Sequence([measures])
        shared.PlaneOrientationSequence = Sequence([plane])
        made.SharedFunctionalGroupsSequence = Sequence([shared])
        made.PerFrameFunctionalGroupsSequence = Sequence(groups)
        made.NumberOfFrames = len(groups)
        made.PixelData = bytes(made.PixelData) * len(groups)
        made.save_as(folder / "IM_0001", enforce_file_format=True)
        return folder

    return write


def test_ff_and_r2star_in_frames_of_reference_of_their_own_are_pointed_out_on_both(
    tmp_path: Path, write: Write
) -> None:
    def edit(made: Dataset, _index: int) -> None:
        made.FrameOfReferenceUID = "1.2.3.9"

    found = find_exams(write(tmp_path / "exam", ("FF", "R2STAR"), edit=of_r2star(edit)).folder, Silent())
    ff, r2star = found.exams
    assert ff.warnings == (Notice("exam.no_r2star"), Notice("pair.other_frame", {"quantity": "R2STAR"}))
    assert r2star.warnings == (Notice("exam.no_ff"), Notice("pair.other_frame", {"quantity": "FF"}))


def test_ff_of_one_study_and_r2star_of_another_have_nothing_to_point_out(
    tmp_path: Path, write: Write
) -> None:
    def edit(made: Dataset, _index: int) -> None:
        made.StudyInstanceUID, made.FrameOfReferenceUID = "1.9", "1.2.3.9"

    found = find_exams(write(tmp_path / "exam", ("FF", "R2STAR"), edit=of_r2star(edit)).folder, Silent())
    assert [told(exam) for exam in found.exams] == [["exam.no_r2star"], ["exam.no_ff"]]


@pytest.mark.parametrize("change", [turned, shifted, wider])
def test_asked_for_r2star_is_brought_onto_the_voxels_of_ff(
    tmp_path: Path, write: Write, change: Callable[[Dataset, int], None]
) -> None:
    def ramp(made: Dataset, quantity: str, index: int) -> None:
        if quantity != "R2STAR":
            return
        change(made, index)
        down, across = (
            np.array(made.ImageOrientationPatient[3:], float),
            np.array(made.ImageOrientationPatient[:3], float),
        )
        spacing = [float(part) for part in made.PixelSpacing]
        rows, cols = np.mgrid[:12, :16]
        place = (
            np.array(made.ImagePositionPatient, float)
            + rows[..., None] * down * spacing[0]
            + cols[..., None] * across * spacing[1]
        )
        # a plane in patient coordinates: linear interpolation must give it back
        made.PixelData = np.round(100 * height(place)).astype("<i2").tobytes()
        made.RescaleSlope, made.RescaleIntercept = "0.01", "0"

    made = write(tmp_path / "exam", ("FF", "R2STAR"), edit=ramp)
    found = find_exams(made.folder, Silent(), RESAMPLE)
    (exam,) = found.exams
    assert found.refused == ()
    assert exam.unpaired == ()
    assert exam.maps[1].onto == exam.maps[0].grid
    assert exam.warnings == (Notice("map.resampled", {"quantity": "R2STAR", "matrix": "12 x 16"}),)
    loaded = load_exam(exam, Silent())
    one = loaded.exam.maps[Quantity.R2STAR]
    assert (one.stored.dtype, one.grid) == (np.float32, exam.maps[0].grid)
    assert (one.scaling.derived, one.scaling.slope, one.scaling.rule) == ("resampled", 1.0, "dicom.rescale")
    assert [notice.code for notice in loaded.warnings] == ["map.resampled"]
    where = np.isfinite(one.stored)
    assert one.scaling.missing == np.count_nonzero(~where)
    assert where.mean() > 0.5
    places = one.grid.to_patient(np.stack(np.indices(one.grid.shape), axis=-1))
    off = np.abs(one.stored - height(places))[where]
    # up to a tenth of a voxel beyond the outer voxel centres the value of the edge is taken
    assert np.mean(off < 0.02) > 0.95
    assert off.max() < 0.1 * (0.7 * 1.6 + 0.5 * 1.6)


def height(place: np.ndarray) -> np.ndarray:
    """A plane over patient coordinates, shape (..., 3), that looks like R2*."""
    return 90 + place @ (0.5, 0.7, 0.4)


def test_t2star_becomes_r2star_before_it_is_resampled(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, quantity: str, index: int) -> None:
        if quantity == "R2STAR":
            beside(made, index)
            made.ImageType = ["DERIVED", "PRIMARY", "DIXON", "T2_STAR_MAP"]
            made.SeriesDescription = "T2*: Sag"
            # 10 ms and 20 ms in turn: 100 and 50 per second
            made.PixelData = np.full((12, 16), 10 * (1 + index % 2), "<i2").tobytes()

    found = exam_of(write(tmp_path / "exam", ("FF", "R2STAR"), edit=edit).folder, RESAMPLE)
    one = load_exam(found, Silent()).exam.maps[Quantity.R2STAR]
    assert one.scaling.transform == "linear"
    # R2* lies 1 mm to the left of FF, of 4 mm between slices
    assert one.stored[0, 5, 5] == pytest.approx(0.75 * 100 + 0.25 * 50)
    assert one.stored[1, 5, 5] == pytest.approx(0.75 * 50 + 0.25 * 100)


def test_r2star_that_lies_nowhere_in_ff_is_not_resampled(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _index: int) -> None:
        left, *_ = made.ImagePositionPatient
        made.ImagePositionPatient = [str(float(left) + 400), "-40.5", "60.25"]

    made = write(tmp_path / "exam", ("FF", "R2STAR"), edit=of_r2star(edit))
    loaded = load_exam(exam_of(made.folder, RESAMPLE), Silent())
    assert set(loaded.exam.maps) == {Quantity.FF}
    assert [refusal.path for refusal in loaded.refused] == made.files["R2STAR"]
    assert {refusal.code for refusal in loaded.refused} == {"pair.no_overlap"}
    assert [notice.code for notice in loaded.warnings] == ["exam.no_r2star"]


def test_without_ff_in_the_end_r2star_stays_on_its_own_voxels(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF", "R2STAR"), edit=of_r2star(shifted))
    made.files["FF"][0].write_bytes(made.files["FF"][0].read_bytes()[:-4])
    loaded = load_exam(exam_of(made.folder, RESAMPLE), Silent())
    one = loaded.exam.maps[Quantity.R2STAR]
    np.testing.assert_array_equal(one.stored, made.voxels["R2STAR"])
    assert (one.scaling.derived, loaded.sources[Quantity.R2STAR].onto) == ("", None)
    assert [notice.code for notice in loaded.warnings] == ["exam.no_ff"]


def test_maps_that_fit_are_not_resampled_though_it_was_asked_for(tmp_path: Path, write: Write) -> None:
    exam = exam_of(write(tmp_path / "exam").folder, RESAMPLE)
    assert all(one.onto is None for one in exam.maps)
    assert exam.warnings == ()


def test_signal_images_on_the_voxels_of_either_map_are_kept(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, quantity: str, _index: int) -> None:
        if quantity in {"R2STAR", "WATER", "FAT"}:
            fine(made, seed=len(quantity))

    made = write(tmp_path / "exam", edit=edit)
    loaded = load_exam(exam_of(made.folder), Silent())
    assert set(loaded.exam.maps) == {Quantity.FF, Quantity.R2STAR, Quantity.WATER, Quantity.FAT}
    # water and fat say where there is signal only on their own voxels
    assert loaded.exam.maps[Quantity.FF].scaling.foreground == "central_half"
    assert loaded.exam.maps[Quantity.R2STAR].scaling.foreground == "water_and_fat"
