from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from app.domain.errors import InputError
from app.domain.maps import Quantity
from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.progress import Silent
from app.domain.shapes import Rectangle
from app.files.dicom.wishes import Wishes
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services.measure_files import Measured, measure_files

CONTRASTS = {
    Quantity.FF: "FAT_FRACTION",
    Quantity.R2STAR: "R2_STAR_MAP",
    Quantity.WATER: "WATER",
    Quantity.FAT: "FAT",
    Quantity.IN_PHASE: "IN_PHASE",
    Quantity.OUT_PHASE: "OUT_PHASE",
}
BOX = Rectangle(2, 30, 41, 7, 5)


def write_exam(folder: Path, seed: int, **spec: int) -> Phantom:
    phantom = make_phantom(PhantomSpec(seed=seed, **{"slices": 4, "rows": 96, "cols": 96, **spec}))
    case = CaseHeader("Secret^Name", "0012", "ACC", "20240305", "F")
    write_ideal_iq(phantom, folder, case=case, layout="one_series_scrambled", uid_seed=f"exam{seed}")
    return phantom


def measured(folder: Path, box: Rectangle = BOX) -> Measured:
    return measure_files(folder, box, Silent())


def test_every_map_of_the_exam_is_counted_voxel_by_voxel(tmp_path: Path) -> None:
    phantom = write_exam(tmp_path, 1)
    (exam,) = measured(tmp_path).exams
    assert exam.shape == (4, 96, 96)
    assert set(exam.maps) == set(CONTRASTS)
    for quantity, contrast in CONTRASTS.items():
        voxels = phantom.images[contrast][2, 30:37, 41:46].astype(float)
        stats = exam.maps[quantity].stats
        assert (stats.n, stats.mean) == (35, pytest.approx(voxels.mean(), rel=1e-14))
        assert stats.sd == pytest.approx(voxels.std(ddof=1), rel=1e-13)
        assert (stats.median, stats.minimum, stats.maximum) == (
            np.median(voxels),
            voxels.min(),
            voxels.max(),
        )
    assert [exam.maps[quantity].unit for quantity in (Quantity.FF, Quantity.R2STAR, Quantity.FAT)] == [
        "%",
        "/s",
        "",
    ]


def test_several_exams_are_listed_one_by_one(tmp_path: Path) -> None:
    phantoms = [write_exam(tmp_path / f"exam{seed}", seed) for seed in (1, 2)]
    found = measured(tmp_path)
    means = [exam.maps[Quantity.FF].stats.mean for exam in found.exams]
    expected = [phantom.images["FAT_FRACTION"][2, 30:37, 41:46].mean() for phantom in phantoms]
    assert means == pytest.approx(expected)
    assert found.refused == ()


@pytest.mark.parametrize(
    "box",
    [
        Rectangle(4, 0, 0, 2, 2),
        Rectangle(-1, 0, 0, 2, 2),
        Rectangle(0, -1, 0, 2, 2),
        Rectangle(0, 0, 95, 1, 2),
        Rectangle(0, 95, 0, 2, 1),
    ],
)
def test_a_rectangle_outside_the_image_is_refused_with_the_last_voxels(
    tmp_path: Path, box: Rectangle
) -> None:
    write_exam(tmp_path, 1)
    with pytest.raises(InputError) as refused:
        measured(tmp_path, box)
    assert refused.value.code == "measure.outside"
    assert refused.value.values == {"last_slice": 3, "last_row": 95, "last_col": 95}


def test_nothing_to_measure_is_an_answer_too(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("no images")
    found = measured(tmp_path)
    assert (found.exams, found.lost) == ((), ())
    assert "file.not_dicom" in {one.code for one in found.refused}


def test_a_map_that_cannot_be_read_is_told_and_the_others_are_counted(tmp_path: Path) -> None:
    write_exam(tmp_path, 1)
    whole = measured(tmp_path).exams[0].maps
    broken = whole[Quantity.FF].files[0]
    broken.write_bytes(broken.read_bytes()[:-100])
    found = measured(tmp_path)
    (exam,) = found.exams
    assert exam.maps[Quantity.R2STAR].stats == whole[Quantity.R2STAR].stats
    assert Quantity.FF not in exam.maps
    assert {refusal.path for refusal in found.refused} == set(whole[Quantity.FF].files)


def test_an_exam_whose_measured_maps_cannot_be_read_is_no_exam(tmp_path: Path) -> None:
    write_exam(tmp_path, 1)
    maps = measured(tmp_path).exams[0].maps
    for quantity in (Quantity.FF, Quantity.R2STAR):
        broken = maps[quantity].files[0]
        broken.write_bytes(broken.read_bytes()[:-100])
    found = measured(tmp_path)
    assert (found.exams, len(found.refused)) == ((), 24)
    assert {one.code for one in found.lost} >= {"pixels.truncated"}


def doubtful(folder: Path) -> None:
    """Of a vendor whose rule nobody knows for certain."""
    write_exam(folder, 1)
    for path in folder.iterdir():
        made = dcmread(path)
        made.Manufacturer = "CANON_MEC"
        made.save_as(path)


def test_a_map_that_waits_for_a_person_is_told_once_and_counted_when_confirmed(tmp_path: Path) -> None:
    write_exam(tmp_path / "ge", 1)
    doubtful(tmp_path / "canon")
    silent = measured(tmp_path / "canon")
    assert silent.exams == ()
    assert len(silent.lost) == 2
    assert {(one.code, one.values["quantity"]) for one in silent.lost} == {
        ("scale.needs_confirmation", "FF"),
        ("scale.needs_confirmation", "R2STAR"),
    }
    both = {Quantity.FF: 1.0, Quantity.R2STAR: 1.0}
    (exam,) = measure_files(tmp_path / "canon", BOX, Silent(), confirmed=both, who="A. Reader").exams
    (plain,) = measured(tmp_path / "ge").exams
    for quantity in both:
        assert exam.maps[quantity].stats == plain.maps[quantity].stats
        assert exam.maps[quantity].scaling.confirmed_by == "A. Reader"


def test_what_a_person_asked_for_is_made_before_it_is_counted(tmp_path: Path) -> None:
    write_exam(tmp_path, 1)
    for path in tmp_path.iterdir():
        if dcmread(path).ImageType[3] == "FAT_FRACTION":
            path.unlink()
    (without,) = measured(tmp_path).exams
    assert Quantity.FF not in without.maps
    (exam,) = measure_files(tmp_path, BOX, Silent(), wishes=Wishes(signal_ff=True)).exams
    assert exam.maps[Quantity.FF].scaling.derived == "signal_ff"


def test_one_of_two_series_of_a_map_is_told_as_lost(tmp_path: Path) -> None:
    write_exam(tmp_path, 1)
    for path in list(tmp_path.iterdir()):
        made = dcmread(path)
        if made.ImageType[3] == "FAT_FRACTION":
            made.SeriesInstanceUID += ".2"
            made.SOPInstanceUID += ".2"
            made.save_as(path.with_name(f"{path.name}-2"))
    assert [one.code for one in measured(tmp_path).lost] == ["map.second_of_its_kind"]
