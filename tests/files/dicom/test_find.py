"""From a folder to exams: which file goes where, and what is known of each exam."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from app.domain.grid import orientation_of
from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import Notice

# gives the exam of conftest.py
Write = Callable[..., Any]


def test_one_series_per_contrast_becomes_one_exam(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF", "R2STAR", "WATER", "FAT", "IN_PHASE", "OUT_PHASE"))
    found = find_exams(made.folder, Silent())
    (exam,) = found.exams
    assert found.refused == ()
    assert [one.quantity for one in exam.maps] == list(Quantity)
    assert exam.maps[0].files == tuple(made.files["FF"])
    assert exam.maps[0].description == "FatFrac: Sag IDEAL IQ"
    assert exam.maps[0].rule == "ge.physical"
    assert (exam.field_strength_t, exam.manufacturer, exam.model) == (3.0, "GE MEDICAL SYSTEMS", "SIGNA Test")
    assert exam.native_voxel_mm == (12 * 1.5 / 6, 16 * 1.25 / 8)
    assert exam.warnings == ()


def test_identity_is_read_as_written_with_iso_dates(tmp_path: Path, write: Write) -> None:
    (exam,) = find_exams(write(tmp_path / "exam").folder, Silent()).exams
    who = exam.identity
    assert (who.patient_name, who.patient_id, who.sex) == ("Doe^Jane", "000417", "F")
    assert (who.birth_date, who.study_date, who.accession) == ("1960-02-29", "2024-01-31", "ACC1")
    assert (who.study_uid, who.frame_uid) == ("1.2.3.1", "1.2.3.2")


def test_dirty_identity_is_left_empty_and_refuses_nothing(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        made["PatientBirthDate"]._value = "1990/01/"
        made.PatientSex = "W"
        made["MagneticFieldStrength"]._value = "three"
        made.AcquisitionMatrix = [0, 0]

    (exam,) = find_exams(write(tmp_path / "exam", edit=edit).folder, Silent()).exams
    assert (exam.identity.birth_date, exam.identity.sex) == ("", "")
    assert (exam.field_strength_t, exam.native_voxel_mm) == (None, None)


@pytest.mark.parametrize("matrix", [None, [0, 0, 6, 0]])
def test_without_a_usable_acquisition_matrix_the_native_voxel_is_unknown(
    tmp_path: Path, write: Write, matrix: list[int] | None
) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        del made.AcquisitionMatrix
        if matrix is not None:
            made.AcquisitionMatrix = matrix

    (exam,) = find_exams(write(tmp_path / "exam", edit=edit).folder, Silent()).exams
    assert exam.native_voxel_mm is None


def test_all_contrasts_in_one_scrambled_series_are_told_apart(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, quantity: str, index: int) -> None:
        made.SeriesInstanceUID = "1.2.3.3"
        made.SeriesDescription = "Sag IDEAL IQ"
        made.InstanceNumber = str((index * 7 + len(quantity) * 3) % 11)

    made = write(tmp_path / "exam", ("FF", "R2STAR", "WATER", "FAT", "IN_PHASE", "OUT_PHASE"), edit=edit)
    files = sorted(made.folder.iterdir())
    order = np.random.default_rng(5).permutation(len(files))
    for place, path in zip(order, files, strict=True):
        path.rename(made.folder / f"IM{place:04}")
    found = find_exams(made.folder, Silent())
    (exam,) = found.exams
    assert found.refused == ()
    assert [one.quantity for one in exam.maps] == list(Quantity)
    for one in exam.maps:
        assert [uid.rsplit(".", 1)[1] for uid in one.sop_uids] == ["0", "1", "2", "3"]


def test_slices_are_sorted_by_position_and_never_by_instance_number(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, index: int) -> None:
        made.InstanceNumber = str(99 - index)

    made = write(tmp_path / "exam", edit=edit)
    (exam,) = find_exams(made.folder, Silent()).exams
    assert exam.maps[0].files == tuple(made.files["FF"])


def test_the_grid_comes_from_positions(tmp_path: Path, write: Write) -> None:
    (exam,) = find_exams(write(tmp_path / "exam").folder, Silent()).exams
    grid = exam.maps[0].grid
    assert grid.shape == (4, 12, 16)
    assert grid.spacing_mm == (4.0, 1.5, 1.25)
    # the last slice, third row, sixth column: by hand from the positions written
    np.testing.assert_allclose(grid.to_patient((3, 2, 5)), (20 - 12, -40.5 + 5 * 1.25, 60.25 - 2 * 1.5))
    assert orientation_of(grid).letters == ("A", "P", "S", "I")


def test_oblique_cosines_within_tolerance_are_made_orthonormal(tmp_path: Path, write: Write) -> None:
    turn = np.radians(20)

    def edit(made: Dataset, _quantity: str, index: int) -> None:
        made.ImageOrientationPatient = [-np.sin(turn), np.cos(turn), 0.0004, 0, 0, -1.0003]
        normal = np.cross(made.ImageOrientationPatient[:3], made.ImageOrientationPatient[3:])
        made.ImagePositionPatient = [float(x) for x in 4.0 * index * normal / np.linalg.norm(normal)]

    (exam,) = find_exams(write(tmp_path / "exam", edit=edit).folder, Silent()).exams
    axes = np.array(exam.maps[0].grid.axes)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    assert exam.warnings == (Notice("exam.oblique", {"degrees": 20}),)


def test_an_axial_exam_opens_with_a_warning(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, index: int) -> None:
        made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        made.ImagePositionPatient = [0, 0, 4 * index]

    (exam,) = find_exams(write(tmp_path / "exam", edit=edit).folder, Silent()).exams
    assert exam.warnings == (Notice("exam.not_sagittal", {"plane": "axial"}),)


@pytest.mark.parametrize(("present", "warning"), [("FF", "exam.no_r2star"), ("R2STAR", "exam.no_ff")])
def test_an_exam_with_one_measured_map_opens_and_says_what_is_missing(
    tmp_path: Path, write: Write, present: str, warning: str
) -> None:
    found = find_exams(write(tmp_path / "exam", (present, "WATER")).folder, Silent())
    assert [notice.code for notice in found.exams[0].warnings] == [warning]
    assert found.refused == ()


def test_two_studies_and_two_frames_of_reference_are_separate_exams(tmp_path: Path, write: Write) -> None:
    def other_study(made: Dataset, _quantity: str, _index: int) -> None:
        made.StudyInstanceUID, made.SOPInstanceUID = "1.9", made.SOPInstanceUID + ".9"

    def other_frame(made: Dataset, _quantity: str, _index: int) -> None:
        made.FrameOfReferenceUID, made.SOPInstanceUID = "1.8", made.SOPInstanceUID + ".8"

    write(tmp_path / "all" / "a")
    write(tmp_path / "all" / "b", edit=other_study)
    write(tmp_path / "all" / "c", edit=other_frame)
    found = find_exams(tmp_path / "all", Silent())
    assert [exam.files[0].parent.name for exam in found.exams] == ["a", "b", "c"]
    assert found.refused == ()


@pytest.mark.parametrize("slices", [1, 2])
def test_few_slices_are_enough(tmp_path: Path, write: Write, slices: int) -> None:
    (exam,) = find_exams(write(tmp_path / "exam", slices=slices).folder, Silent()).exams
    assert exam.maps[0].grid.shape[0] == slices
    assert exam.maps[0].grid.spacing_mm[0] == 4.0


def test_the_thickness_stands_in_for_the_spacing_of_a_single_slice(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        del made.SpacingBetweenSlices
        made.SliceThickness = "5"

    (exam,) = find_exams(write(tmp_path / "exam", slices=1, edit=edit).folder, Silent()).exams
    assert exam.maps[0].grid.spacing_mm[0] == 5.0
