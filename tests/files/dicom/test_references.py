"""Anatomical series beside the maps: found, named, placed on a grid of their own, and never in the way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamFound, Found
from app.files.dicom.load import load_exam
from app.files.dicom.references import contrast_of
from app.files.dicom.wishes import NOTHING, REFERENCE, Answer, SeriesKey, Wishes

Write = Callable[..., Any]
Change = Callable[[Dataset, int], None]
AXIAL = ["1", "0", "0", "0", "1", "0"]


class Disc:
    """A folder with the maps of one exam, to which other series are added."""

    def __init__(self, folder: Path, slice_maker: Callable[..., Dataset], write: Write) -> None:
        self.folder, self._maker, self._series = folder, slice_maker, 0
        write(folder / "maps", ("FF", "R2STAR"))
        self.files: dict[str, list[Path]] = {}
        self.voxels: dict[str, npt.NDArray[np.int16]] = {}

    def add(self, name: str, description: str, *, slices: int = 5, change: Change | None = None) -> None:
        """A sagittal original of the same study on a grid of its own, 5 mm apart."""
        self._series += 1
        rng = np.random.default_rng(self._series)
        self.voxels[name] = rng.integers(0, 2000, (slices, 20, 24)).astype(np.int16)
        self.files[name] = []
        for index in range(slices):
            made = self._maker("FF", index, self.voxels[name][index])
            made.ImageType, made.SeriesDescription = ["ORIGINAL", "PRIMARY", "OTHER"], description
            made.SeriesInstanceUID = f"1.2.3.5.{self._series}"
            made.SOPInstanceUID = f"1.2.3.6.{self._series}.{index}"
            made.PixelSpacing, made.SpacingBetweenSlices = ["0.7", "0.7"], "5"
            made.ImagePositionPatient = [str(22.0 - 5 * index), "-38", "55"]
            if change is not None:
                change(made, index)
            path = self.folder / f"{name}_{index}"
            made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
            made.save_as(path, enforce_file_format=True)
            self.files[name].append(path)

    def find(self, **answers: Answer) -> Found:
        """With answers by series, spaces of the description as underscores."""
        image_type = "ORIGINAL\\PRIMARY\\OTHER"
        told = {
            SeriesKey("GE MEDICAL SYSTEMS", "SIGNA Test", "", name.replace("_", " "), image_type): answer
            for name, answer in answers.items()
        }
        return find_exams(self.folder, Silent(), Wishes(answers=told))


@pytest.fixture
def disc(tmp_path: Path, slice_maker: Callable[..., Dataset], write: Write) -> Disc:
    return Disc(tmp_path / "disc", slice_maker, write)


def names(exam: ExamFound) -> list[str]:
    return [one.name for one in exam.references]


def reasons(found: Found, paths: list[Path]) -> set[str]:
    told = {one.path: one.code for one in found.refused}
    assert len(told) == len(found.refused)
    return {told.get(path, "used") for path in paths}


def test_sagittal_anatomy_of_the_study_lies_beside_the_maps(disc: Disc) -> None:
    disc.add("a", "Sag T2")
    disc.add("b", "Sag STIR")
    disc.add("c", "Sag T1")
    found = disc.find()
    (exam,) = found.exams
    assert names(exam) == ["T2", "STIR", "T1"]
    assert (found.refused, found.questions) == ((), ())
    assert [one.quantity for one in exam.maps] == ["FF", "R2STAR"]
    one = exam.references[0]
    assert (one.files, one.description, one.series_uid) == (tuple(disc.files["a"]), "Sag T2", "1.2.3.5.1")
    assert (one.grid.shape, one.grid.spacing_mm) == ((5, 20, 24), (5.0, 0.7, 0.7))
    assert one.grid.origin_mm == (22.0, -38.0, 55.0)
    assert set(disc.files["b"]) <= set(exam.files)


def test_the_voxels_of_a_reference_are_loaded_as_they_came(disc: Disc) -> None:
    def scaled(made: Dataset, index: int) -> None:
        # signal is in no unit: what a slice is multiplied by matters to nobody
        made.RescaleSlope, made.RescaleIntercept = f"{1 + index / 10}", "0"

    disc.add("a", "Sag T2", change=scaled)
    (exam,) = disc.find().exams
    ((found, series),) = load_exam(exam, Silent()).references
    assert (found, series.name, series.grid) == (exam.references[0], "T2", exam.references[0].grid)
    np.testing.assert_array_equal(series.stored, disc.voxels["a"])


def test_series_of_one_contrast_are_numbered(disc: Disc) -> None:
    for name, description in (("a", "Sag T2 FSE"), ("b", "Sag T1"), ("c", "Sag T2 FRFSE")):
        disc.add(name, description)
    assert names(disc.find().exams[0]) == ["T2 1", "T1", "T2 2"]


def test_what_no_word_and_no_time_names_is_shown_and_asked_about(disc: Disc) -> None:
    disc.add("a", "Sag special")
    found = disc.find()
    assert names(found.exams[0]) == ["MR"]
    assert found.refused == ()
    assert [question.files for question in found.questions] == [tuple(disc.files["a"])]


def _turn(made: Dataset, index: int) -> None:
    made.ImageOrientationPatient, made.ImagePositionPatient = AXIAL, ["0", "0", str(5 * index)]


def _other_frame(made: Dataset, _index: int) -> None:
    made.FrameOfReferenceUID = "1.2.3.99"


def _other_study(made: Dataset, _index: int) -> None:
    made.StudyInstanceUID = "1.2.3.98"


def _derived(made: Dataset, _index: int) -> None:
    made.ImageType = ["DERIVED", "PRIMARY", "OTHER"]


def _diffusion(made: Dataset, _index: int) -> None:
    made.ImageType = ["ORIGINAL", "PRIMARY", "DIFFUSION", "NONE"]


def _echo_planar(made: Dataset, _index: int) -> None:
    made.ScanningSequence = ["SE", "EP"]


@pytest.mark.parametrize("change", [_turn, _other_frame, _other_study, _derived, _diffusion, _echo_planar])
def test_any_other_series_is_refused_as_before_and_may_be_asked_about(disc: Disc, change: Change) -> None:
    disc.add("a", "T2", change=change)
    found = disc.find()
    (exam,) = found.exams
    assert exam.references == ()
    assert reasons(found, disc.files["a"]) == {"role.none"}
    assert [question.files for question in found.questions] == [tuple(disc.files["a"])]


def test_a_localizer_is_neither_shown_nor_asked_about(disc: Disc) -> None:
    def labelled(made: Dataset, _index: int) -> None:
        made.ImageType = ["ORIGINAL", "PRIMARY", "LOCALIZER"]

    disc.add("a", "Sag T2", change=labelled)
    disc.add("b", "Survey T2")
    found = disc.find()
    assert (found.exams[0].references, found.questions) == ((), ())
    assert reasons(found, disc.files["a"]) == {"object.localizer"}
    assert reasons(found, disc.files["b"]) == {"role.none"}


def _gap(made: Dataset, index: int) -> None:
    if index == 4:
        made.ImagePositionPatient = ["-8", "-38", "55"]


def _two_echoes(made: Dataset, index: int) -> None:
    made.ImagePositionPatient = [str(22.0 - 5 * (index // 2)), "-38", "55"]


def _shifted(made: Dataset, index: int) -> None:
    made.ImagePositionPatient = [str(22.0 - 5 * index), str(-38 + index), "55"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_gap, "reference.gap"),
        (_two_echoes, "reference.same_position"),
        (_shifted, "reference.irregular"),
    ],
)
def test_an_anatomical_series_that_makes_no_stack_costs_only_itself(
    disc: Disc, change: Change, code: str
) -> None:
    disc.add("a", "Sag T2", change=change)
    disc.add("b", "Sag T1")
    found = disc.find()
    (exam,) = found.exams
    assert names(exam) == ["T1"]
    assert reasons(found, disc.files["a"]) == {code}
    assert found.questions == ()
    assert len(load_exam(exam, Silent()).exam.maps) == 2


def test_a_copy_of_an_image_of_a_reference_is_a_duplicate(disc: Disc) -> None:
    disc.add("a", "Sag T2")
    copy = disc.folder / "copy"
    copy.write_bytes(disc.files["a"][2].read_bytes())
    found = disc.find()
    assert names(found.exams[0]) == ["T2"]
    assert reasons(found, [copy]) == {"file.duplicate"}


def test_an_image_of_a_reference_that_cannot_be_used_has_its_own_reason(disc: Disc) -> None:
    def last_is_lossy(made: Dataset, index: int) -> None:
        made.LossyImageCompression = "01" if index == 4 else "00"

    disc.add("a", "Sag T2", change=last_is_lossy)
    found = disc.find()
    assert found.exams[0].references[0].files == tuple(disc.files["a"][:4])
    assert reasons(found, disc.files["a"][4:]) == {"pixels.lossy"}


def test_images_of_somebody_else_are_never_shown_beside_the_maps(disc: Disc) -> None:
    def other(made: Dataset, _index: int) -> None:
        made.PatientID = "somebody"

    disc.add("a", "Sag T2", change=other)
    found = disc.find()
    assert found.exams[0].references == ()
    assert reasons(found, disc.files["a"]) == {"reference.other_patient"}


def test_a_person_may_take_a_series_away_or_add_one_of_another_plane(disc: Disc) -> None:
    disc.add("a", "Sag T2")
    disc.add("b", "Ax T2", change=_turn)
    found = disc.find(Sag_T2=Answer(NOTHING), Ax_T2=Answer(REFERENCE))
    (exam,) = found.exams
    assert [one.files for one in exam.references] == [tuple(disc.files["b"])]
    assert reasons(found, disc.files["a"]) == {"role.answered_nothing"}
    assert [question.answer for question in found.questions] == [Answer(NOTHING), Answer(REFERENCE)]


def test_a_person_may_show_echo_planar_images(disc: Disc) -> None:
    disc.add("a", "Sag DTI", change=_echo_planar)
    assert names(disc.find(Sag_DTI=Answer(REFERENCE)).exams[0]) == ["MR"]


def test_a_series_that_was_called_a_map_is_no_reference(disc: Disc) -> None:
    disc.add("a", "Sag special", slices=4)
    (exam, *_), refused = disc.find(Sag_special=Answer("WATER")).exams, disc.find().refused
    assert exam.references == ()
    assert refused == ()


def test_a_reference_without_maps_to_lie_beside_says_so(disc: Disc) -> None:
    disc.add("a", "Sag T2", change=_other_frame)
    found = disc.find(Sag_T2=Answer(REFERENCE))
    assert reasons(found, disc.files["a"]) == {"reference.no_exam"}


@pytest.mark.parametrize(
    ("description", "sequence", "variant", "times", "name"),
    [
        ("", ["SE"], ["SK"], (500, 10, None), "T1"),
        ("", ["SE"], ["SK"], (3000, 100, None), "T2"),
        ("", ["SE"], ["SK"], (3000, 60, None), "T2"),
        ("", ["SE"], ["SK"], (3000, 40, None), "MR"),
        ("", ["SE"], ["SK"], (1000, 10, None), "MR"),
        ("", ["SE", "IR"], ["SK"], (4000, 40, 160), "STIR"),
        ("", ["SE", "IR"], ["SK"], (4000, 80, 160), "STIR"),
        # fluid or T1 is what a long inversion shows
        ("Sag T1 FLAIR", ["SE", "IR"], ["SK"], (2500, 12, 860), "T1"),
        ("", ["SE", "IR"], ["SK"], (9000, 110, 2500), "MR"),
        ("sag stir", ["SE"], ["SK"], (4000, 60, None), "STIR"),
        ("t2_tirm_sag", ["SE"], [], (None, None, None), "STIR"),
        # spoiled after a preparation pulse
        ("", ["GR"], ["SS", "SP", "SK"], (8.9, 3.2, 900), "T1"),
        ("Sag FIESTA T2", ["GR"], ["SS"], (5, 2, None), "T2"),
        ("Sag PD", ["SE"], ["SK"], (3000, 20, None), "MR"),
        ("t1_tse_sag", [], [], (None, None, None), "T1"),
        ("Sag T2 frFSE", [], [], (None, None, None), "T2"),
        ("CT12 of T10", [], [], (None, None, None), "MR"),
        ("", [], [], (None, None, None), "MR"),
        # the timing is measured, the description typed
        ("Sag T1", ["SE"], ["SK"], (3000, 100, None), "T2"),
    ],
)
def test_the_contrast_is_named_by_its_timing_and_else_by_words(
    description: str,
    sequence: list[str],
    variant: list[str],
    times: tuple[float | None, float | None, float | None],
    name: str,
) -> None:
    header = Dataset()
    header.SeriesDescription, header.ScanningSequence, header.SequenceVariant = description, sequence, variant
    for keyword, value in zip(("RepetitionTime", "EchoTime", "InversionTime"), times, strict=True):
        if value is not None:
            setattr(header, keyword, str(value))
    assert contrast_of(header) == name


def test_times_that_are_no_numbers_name_nothing() -> None:
    header = Dataset()
    header.add_new("EchoTime", "LO", "short")
    header.add_new("RepetitionTime", "LO", "")
    assert contrast_of(header) == "MR"


def test_a_real_sagittal_series_lies_beside_the_real_spine_exam(test_data: Path, tmp_path: Path) -> None:
    maps = test_data / "real_spine_exam"
    for path in maps.glob("IM*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    exam_header = dcmread(maps / "IM00", stop_before_pixels=True)
    truth = {}
    for path in (test_data / "ge_sagittal_anatomical" / "001").iterdir():
        made = dcmread(path)
        for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "FrameOfReferenceUID"):
            setattr(made, keyword, exam_header[keyword].value)
        made.save_as(tmp_path / path.name)
        truth[float(made.ImagePositionPatient[0])] = made.pixel_array
    found = find_exams(tmp_path, Silent())
    (exam,) = found.exams
    ((one, series),) = load_exam(exam, Silent()).references
    assert (found.refused, series.name, one.grid.plane) == ((), "T1", "sagittal")
    assert one.grid.obliquity_deg == pytest.approx(3.04, abs=0.01)
    for index in range(one.grid.shape[0]):
        x, _, _ = one.grid.to_patient((index, 0, 0)).tolist()
        nearest = min(truth, key=lambda place: abs(place - x))
        np.testing.assert_array_equal(series.stored[index], truth[nearest])
