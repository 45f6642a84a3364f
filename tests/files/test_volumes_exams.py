"""Exams from volume files: what a person says of them, and how every file is accounted for."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import SimpleITK as sitk  # noqa: N813 - the name everybody gives it

from app.domain.errors import Cancelled
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.phantom import make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import Found, LoadedExam
from app.files.dicom.load import load_exam
from app.files.dicom.wishes import NOTHING, REFERENCE, T2STAR, Answer, Wishes
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq

SAGITTAL = (0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
SHAPE = (4, 12, 16)
PERCENT, RATE = Answer("FF", "ff.percent", "Dr A"), Answer("R2STAR", "r2star.per_second", "Dr A")


def values(low: float, high: float, shape: tuple[int, ...] = SHAPE) -> npt.NDArray[np.float32]:
    return np.random.default_rng(3).uniform(low, high, shape).astype(np.float32)


FF, R2STAR = values(20, 70), values(60, 160)


def write(
    path: Path,
    stored: npt.NDArray[np.generic],
    *,
    spacing: tuple[float, float, float] = (1.25, 1.5, 4.0),
    origin: tuple[float, float, float] = (7.5, -41.25, 63.0),
    direction: tuple[float, ...] = SAGITTAL,
) -> Path:
    made = sitk.GetImageFromArray(stored)
    made.SetSpacing(spacing)
    made.SetOrigin(origin)
    made.SetDirection(direction)
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(made, str(path))
    return path


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """FF in percent and R2* per second, beside each other."""
    return write(tmp_path / "FF.nii.gz", FF), write(tmp_path / "R2s.nii.gz", R2STAR)


def find(folder: Path, answers: dict[Path, Answer] | None = None, **wanted: bool) -> Found:
    return find_exams(folder, Silent(), Wishes(volumes=answers or {}, **wanted))


def codes(found: Found) -> dict[str, str]:
    return {refusal.path.name: refusal.code for refusal in found.refused}


def only(found: Found) -> LoadedExam:
    (exam,) = found.exams
    return load_exam(exam, Silent())


def test_two_answered_files_are_an_exam_with_the_very_values(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    found = find(tmp_path, {pair[0]: PERCENT, pair[1]: RATE})
    assert not found.refused
    loaded = only(found)
    maps = loaded.exam.maps
    assert loaded.exam.grid.shape == SHAPE
    assert loaded.exam.shares_voxels
    for quantity, truth in ((Quantity.FF, FF), (Quantity.R2STAR, R2STAR)):
        made = sitk.ReadImage(str(pair[quantity == Quantity.R2STAR]))
        for index in ((0, 0, 0), (15, 11, 3), (5, 2, 1)):
            place = loaded.exam.grid.to_index(made.TransformIndexToPhysicalPoint(index))
            value = maps[quantity].value_at(*np.round(place).astype(int).tolist())
            assert value == float(truth[index[::-1]])


def test_an_answered_map_says_who_called_it_so_and_by_which_rule(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    loaded = only(find(tmp_path, {pair[0]: PERCENT, pair[1]: RATE}))
    source = loaded.sources[Quantity.FF]
    assert source.scaling is not None
    assert (source.scaling.rule, source.scaling.check) == ("volume.stated", "ff.percent")
    assert (source.files, source.volume) == ((pair[0],) * 4, "nifti")
    answered = [notice for notice in loaded.warnings if notice.code == "role.answered"]
    assert [notice.values for notice in answered] == [
        {"quantity": "FF", "who": "Dr A"},
        {"quantity": "R2STAR", "who": "Dr A"},
    ]


def test_nobody_is_known_and_the_exam_says_so(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    (exam,) = find(tmp_path, {pair[0]: PERCENT}).exams
    assert exam.identity == Identity()
    assert (exam.manufacturer, exam.field_strength_t) == ("", None)
    assert {"volume.no_identity", "exam.no_r2star"} <= {notice.code for notice in exam.warnings}


def test_without_an_answer_every_volume_is_a_question_and_refused(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    found = find(tmp_path)
    assert not found.exams
    assert codes(found) == {"FF.nii.gz": "role.volume", "R2s.nii.gz": "role.volume"}
    asked = found.questions
    assert [(one.key, one.files, one.description) for one in asked] == [
        (None, (path,), path.name) for path in pair
    ]
    assert {(one.shape, one.plane, one.answer) for one in asked} == {(SHAPE, "sagittal", None)}


def test_a_question_shows_the_answer_it_has(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    asked = find(tmp_path, {pair[0]: PERCENT}).questions
    assert [one.answer for one in asked] == [PERCENT, None]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer("FF"), "volume.unit_needed"),
        (Answer(T2STAR), "volume.unit_needed"),
        (Answer("FF", "r2star.per_second"), "role.answer_unusable"),
        (Answer("FF", "ff.dozens"), "role.answer_unusable"),
        (Answer("KIDNEY", "ff.percent"), "role.answer_unusable"),
        (Answer(NOTHING), "role.answered_nothing"),
        (Answer(REFERENCE), "reference.no_exam"),
        (Answer("WATER"), "exam.no_measured_map"),
    ],
)
def test_an_answer_that_makes_no_map_refuses_the_file(
    tmp_path: Path, pair: tuple[Path, Path], answer: Answer, code: str
) -> None:
    found = find(tmp_path, {pair[0]: answer})
    assert not found.exams
    assert codes(found)["FF.nii.gz"] == code


@pytest.mark.parametrize(
    ("stored", "answer", "factor"),
    [
        (values(0.2, 0.7), Answer("FF", "ff.fraction"), 100.0),
        (values(200, 700).astype(np.int16), Answer("FF", "ff.permille"), 0.1),
        (values(0.06, 0.16), Answer("R2STAR", "r2star.per_ms"), 1000.0),
    ],
)
def test_the_stated_unit_is_brought_to_percent_and_per_second(
    tmp_path: Path, stored: npt.NDArray[np.generic], answer: Answer, factor: float
) -> None:
    path = write(tmp_path / "map.mha", stored)
    loaded = only(find(tmp_path, {path: answer}))
    (made,) = loaded.exam.measured
    shown = np.concatenate([made.slice_values(index) for index in range(4)], axis=None)
    np.testing.assert_allclose(np.sort(shown), np.sort(stored, axis=None) * factor, rtol=1e-6)


def test_t2star_becomes_a_rate_and_no_value_stays_none(tmp_path: Path) -> None:
    times = values(8, 30)
    times[1, 2, 3] = np.nan
    path = write(tmp_path / "T2s.nii", times)
    (made,) = only(find(tmp_path, {path: Answer(T2STAR, "t2star.ms")})).exam.measured
    shown = np.stack([made.slice_values(index) for index in range(4)])
    assert (made.quantity, np.isnan(shown).sum(), made.scaling.missing) == (Quantity.R2STAR, 1, 1)
    expected = np.sort(1000 / times.astype(float), axis=None)
    np.testing.assert_allclose(np.sort(shown, axis=None), expected, rtol=1e-12)


def test_a_unit_that_the_range_contradicts_waits_for_a_person(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    found = find(tmp_path, {pair[0]: Answer("FF", "ff.permille"), pair[1]: RATE})
    loaded = only(found)
    assert set(loaded.exam.maps) == {Quantity.R2STAR}
    assert [(one.path, one.code) for one in loaded.refused] == [(pair[0], "scale.needs_confirmation")]


def test_a_scale_in_the_file_is_told(tmp_path: Path) -> None:
    path = write(tmp_path / "FF.nii", values(200, 700).astype(np.int16))
    data = bytearray(path.read_bytes())
    data[112:120] = np.array([0.1, 0.0], "<f4").tobytes()
    path.write_bytes(data)
    loaded = only(find(tmp_path, {path: PERCENT}))
    (told,) = [notice for notice in loaded.warnings if notice.code == "volume.scaled_by_file"]
    assert told.values["slope"] == pytest.approx(0.1)
    assert loaded.exam.measured[0].scaling.p50 == pytest.approx(45, abs=5)


def test_two_files_called_ff_in_one_folder_are_both_refused(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, FF) for name in ("one.nii", "two.nrrd")]
    found = find(tmp_path, dict.fromkeys(paths, PERCENT))
    assert not found.exams
    assert set(codes(found).values()) == {"map.second_of_its_kind"}


def test_each_folder_is_an_exam_of_its_own(tmp_path: Path) -> None:
    answers = {}
    for folder in ("a", "b"):
        answers[write(tmp_path / folder / "FF.nii", FF)] = PERCENT
        answers[write(tmp_path / folder / "R2s.mha", R2STAR)] = RATE
    found = find(tmp_path, answers)
    assert [exam.maps[0].files[0].parent.name for exam in found.exams] == ["a", "b"]
    assert not found.refused


def test_maps_in_different_orders_of_axes_share_their_voxels(tmp_path: Path) -> None:
    ff = write(tmp_path / "FF.nii", FF)
    moved = sitk.Flip(sitk.PermuteAxes(sitk.ReadImage(str(ff)), (2, 0, 1)), (True, False, True))
    sitk.WriteImage(moved, str(tmp_path / "R2s.nrrd"))
    loaded = only(find(tmp_path, {ff: PERCENT, tmp_path / "R2s.nrrd": Answer("R2STAR", "r2star.per_second")}))
    assert loaded.exam.shares_voxels
    one, other = (loaded.exam.maps[quantity].stored for quantity in (Quantity.FF, Quantity.R2STAR))
    np.testing.assert_array_equal(one, other)


def test_r2star_of_half_the_voxel_size_is_counted_on_its_own_voxels(tmp_path: Path) -> None:
    ff = write(tmp_path / "FF.nii", FF)
    finer = write(
        tmp_path / "R2s.nii",
        values(60, 160, (4, 24, 32)),
        spacing=(0.625, 0.75, 4.0),
        origin=(7.5, -41.25 - 0.3125, 63.0 + 0.375),
    )
    exam = only(find(tmp_path, {ff: PERCENT, finer: RATE})).exam
    assert exam.parts(Quantity.R2STAR) == (2, 2)


def test_r2star_on_other_voxels_is_resampled_only_when_asked_for(tmp_path: Path) -> None:
    ff = write(tmp_path / "FF.nii", FF)
    other = write(tmp_path / "R2s.nii", R2STAR, origin=(7.5, -40.75, 63.0))
    answers = {ff: PERCENT, other: RATE}
    found = find(tmp_path, answers)
    assert codes(found)["R2s.nii"].startswith("pair.")
    made = only(find(tmp_path, answers, resample=True)).exam.maps[Quantity.R2STAR]
    assert made.scaling.derived == "resampled"
    assert made.grid == only(found).exam.grid


def test_a_reference_volume_is_shown_beside_the_maps(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    pictures = [
        write(tmp_path / name, values(0, 900, (6, 20, 20)).astype(np.uint16))
        for name in ("sag_T1.nii", "STIR.mha", "T2_fse.nrrd", "t2_again.nrrd")
    ]
    shown = dict.fromkeys(pictures, Answer(REFERENCE))
    found = find(tmp_path, {pair[0]: PERCENT, pair[1]: RATE, **shown})
    assert not found.refused
    loaded = only(found)
    assert [series.name for _, series in loaded.references] == ["STIR", "T2 1", "T1", "T2 2"]
    assert {series.stored.shape for _, series in loaded.references} == {(6, 20, 20)}


def test_ff_is_computed_from_water_and_fat_volumes_when_asked_for(tmp_path: Path) -> None:
    water, fat = (write(tmp_path / name, values(100, 900)) for name in ("water.nii", "fat.nii"))
    found = find(tmp_path, {water: Answer("WATER"), fat: Answer("FAT")}, signal_ff=True)
    (made,) = only(found).exam.measured
    assert made.scaling.derived == "signal_ff"
    assert made.value_at(0, 0, 0) == pytest.approx(50)


@pytest.mark.parametrize("name", ["FF.mhd", "FF.nhdr"])
def test_the_file_with_the_voxels_is_a_part_of_its_header(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, FF)
    found = find(tmp_path, {path: PERCENT})
    assert codes(found) == {"FF.raw": "volume.part"}
    assert len(found.exams) == 1


def test_a_damaged_volume_is_refused_with_its_reason(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    whole = gzip.decompress(pair[0].read_bytes())
    (tmp_path / "short.nii").write_bytes(whole[:-10])
    (tmp_path / "letter.nrrd").write_text("Dear colleague")
    found = codes(find(tmp_path))
    assert (found["short.nii"], found["letter.nrrd"]) == ("volume.length", "volume.other_content")


def test_a_volume_damaged_after_it_was_found_is_refused_when_it_is_read(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    found = find(tmp_path, {pair[0]: PERCENT, pair[1]: RATE})
    damaged = bytearray(pair[0].read_bytes())
    damaged[-6] ^= 1
    pair[0].write_bytes(damaged)
    loaded = only(found)
    assert set(loaded.exam.maps) == {Quantity.R2STAR}
    assert [(one.path, one.code) for one in loaded.refused] == [(pair[0], "volume.damaged")]


def test_a_folder_of_volumes_is_not_said_to_hold_no_images(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    (tmp_path / "notes.txt").write_text("measured on Tuesday")
    assert codes(find(pair[0].parent)) == {
        "FF.nii.gz": "role.volume",
        "R2s.nii.gz": "role.volume",
        "notes.txt": "file.not_dicom",
    }


def test_a_folder_without_any_volume_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "notes.nii").write_text("measured on Tuesday")
    assert codes(find(tmp_path)) == {"notes.nii": "volume.other_content", tmp_path.name: "scan.no_dicom"}


def test_looking_at_volumes_can_be_stopped(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    class Impatient:
        last: tuple[int, int | None] = (0, None)

        def report(self, done: int, total: int | None) -> None:
            # the second stretch of work is that over the volumes
            if self.last == (2, 2) and done == 0:
                raise Cancelled
            self.last = done, total

    with pytest.raises(Cancelled):
        find_exams(pair[0].parent, Impatient())


@pytest.fixture(scope="module")
def dicom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A phantom as DICOM series, stored with the front of the body to the right."""
    phantom = make_phantom(PhantomSpec(seed=11, slices=4, rows=96, cols=112, anterior_right=True))
    case = CaseHeader("Phantom^01", "00417", "MR260101", "20260208", "F")
    folder = tmp_path_factory.mktemp("dicom")
    write_ideal_iq(phantom, folder, case=case, uid_seed="volumes")
    return folder


@pytest.mark.parametrize("name", ["FF.nii.gz", "FF.nrrd", "FF.mha"])
def test_a_converted_series_has_its_values_at_the_places_of_the_dicom_series(
    tmp_path: Path, dicom: Path, name: str
) -> None:
    original = only(find(dicom)).exam.maps[Quantity.FF]
    series = sitk.ImageSeriesReader()
    source = only(find(dicom)).sources[Quantity.FF]
    series.SetFileNames([str(path) for path in reversed(source.files)])
    path = tmp_path / name
    sitk.WriteImage(series.Execute(), str(path))
    converted = only(find(tmp_path, {path: PERCENT})).exam.maps[Quantity.FF]
    index = np.moveaxis(np.indices(original.grid.shape), 0, -1)
    there = converted.grid.to_index(original.grid.to_patient(index))
    assert np.abs(there - np.round(there)).max() < 1e-3
    there = np.round(there).astype(int)
    np.testing.assert_array_equal(converted.stored[tuple(np.moveaxis(there, -1, 0))], original.stored)


ALONE = """
import sys
from pathlib import Path
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.load import load_exam
from app.files.dicom.wishes import Answer, Wishes
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    wishes = Wishes(volumes={folder / "FF.nii": Answer("FF", "ff.percent", "Dr A")})
    (exam,) = find_exams(folder, Silent(), wishes).exams
    load_exam(exam, Silent())
    sys.exit("SimpleITK" in sys.modules)
"""


@pytest.mark.parametrize("kind", ["dicom", "volume"])
def test_the_large_library_is_not_loaded_into_the_program(tmp_path: Path, dicom: Path, kind: str) -> None:
    folder = dicom if kind == "dicom" else write(tmp_path / "data" / "FF.nii", FF).parent
    script = tmp_path / "alone.py"
    script.write_text(ALONE)
    root = Path(__file__).resolve().parents[2]
    variables = os.environ | {"PYTHONPATH": str(root)}
    done = subprocess.run(
        [sys.executable, str(script), str(folder)], cwd=tmp_path, env=variables, check=False
    )
    assert done.returncode == 0
