from pathlib import Path

import numpy as np
import pytest

from app.domain.errors import InputError
from app.domain.maps import Quantity
from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.progress import Silent
from app.domain.shapes import Rectangle
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
    with pytest.raises(InputError, match=r"measure\.no_exam"):
        measured(tmp_path)


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
    with pytest.raises(InputError, match=r"measure\.no_exam\(files=24\)"):
        measured(tmp_path)
