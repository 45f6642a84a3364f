"""FF from water and fat signals: only where there is no FF map, only where a person asks, and labelled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamRefused, Notice, Refusal
from app.files.dicom.load import judge_exam, load_exam
from app.files.dicom.wishes import Wishes

Write = Callable[..., Any]

SIGNAL_FF = Wishes(signal_ff=True)


def test_signal_ff_is_the_share_of_fat_voxel_by_voxel(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, index: int) -> None:
        if index == 1:
            pixels = np.frombuffer(made.PixelData, "<i2").copy()
            pixels[:5] = 0
            made.PixelData = pixels.tobytes()

    made = write(tmp_path / "exam", ("WATER", "FAT", "R2STAR"), edit=edit)
    found = find_exams(made.folder, Silent(), SIGNAL_FF)
    (exam,) = found.exams
    assert found.refused == ()
    assert exam.signal_ff
    assert exam.warnings == (Notice("exam.signal_ff"),)
    assert len(exam.files) == 12
    loaded = load_exam(exam, Silent())
    one, source = loaded.exam.maps[Quantity.FF], loaded.sources[Quantity.FF]
    water, fat = (made.voxels[name].astype(float) for name in ("WATER", "FAT"))
    water[1, 0, :5] = fat[1, 0, :5] = 0
    with np.errstate(invalid="ignore"):
        expected = 100 * fat / (water + fat)
    assert np.count_nonzero(np.isnan(expected)) == 5
    np.testing.assert_allclose(one.stored, expected, rtol=1e-6)
    assert one.stored.dtype == np.float32
    assert (one.scaling.rule, one.scaling.derived, one.scaling.role_evidence) == ("signal_ff",) * 3
    assert (one.scaling.check, one.scaling.foreground) == ("ff.percent", "water_and_fat")
    assert one.scaling.missing == 5
    assert source.files == tuple(made.files["FAT"])
    assert source.sop_uids == loaded.sources[Quantity.FAT].sop_uids
    assert loaded.warnings == (Notice("exam.signal_ff"),)


def test_progress_counts_the_slices_that_are_read(tmp_path: Path, write: Write) -> None:
    told: list[tuple[int, int | None]] = []

    class Count:
        def report(self, done: int, total: int | None) -> None:
            told.append((done, total))

    (exam,) = find_exams(write(tmp_path / "exam", ("WATER", "FAT")).folder, Silent(), SIGNAL_FF).exams
    load_exam(exam, Count())
    assert {total for _, total in told} == {8}
    assert told[-1] == (8, 8)


def test_unasked_no_ff_is_computed(tmp_path: Path, write: Write) -> None:
    (exam,) = find_exams(write(tmp_path / "exam", ("WATER", "FAT", "R2STAR")).folder, Silent()).exams
    assert [one.quantity for one in exam.maps] == [Quantity.R2STAR, Quantity.WATER, Quantity.FAT]
    assert [notice.code for notice in exam.warnings] == ["exam.no_ff"]


def test_an_ff_map_is_never_replaced(tmp_path: Path, write: Write) -> None:
    (exam,) = find_exams(write(tmp_path / "exam").folder, Silent(), SIGNAL_FF).exams
    assert (exam.signal_ff, exam.maps[0].rule) == (False, "ge.physical")


def test_two_ff_series_of_which_none_is_chosen_are_not_replaced_either(tmp_path: Path, write: Write) -> None:
    def second(made: Dataset, _quantity: str, _index: int) -> None:
        made.SeriesInstanceUID, made.SOPInstanceUID = (
            made.SeriesInstanceUID + ".9",
            made.SOPInstanceUID + ".9",
        )

    write(tmp_path / "all" / "a", ("FF", "WATER", "FAT"))
    write(tmp_path / "all" / "b", ("FF",), edit=second)
    found = find_exams(tmp_path / "all", Silent(), SIGNAL_FF)
    assert found.exams == ()
    assert {one.code for one in found.refused} == {"map.second_of_its_kind", "exam.no_measured_map"}


def _scaled(made: Dataset, quantity: str, _index: int) -> None:
    if quantity == "FAT":
        made.RescaleSlope, made.RescaleIntercept = "2", "0"


def _elsewhere(made: Dataset, quantity: str, _index: int) -> None:
    if quantity == "FAT":
        made.PixelSpacing = ["1.6", "1.25"]


@pytest.mark.parametrize("edit", [_scaled, _elsewhere])
def test_signals_in_two_scales_or_places_are_not_added(
    tmp_path: Path, write: Write, edit: Callable[[Dataset, str, int], None]
) -> None:
    found = find_exams(write(tmp_path / "exam", ("WATER", "FAT"), edit=edit).folder, Silent(), SIGNAL_FF)
    assert found.exams == ()
    assert {one.code for one in found.refused} == {"exam.no_measured_map"}


def test_a_common_offset_of_the_signals_is_taken_off_first(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        made.RescaleSlope, made.RescaleIntercept = "0.5", "-20"

    made = write(tmp_path / "exam", ("WATER", "FAT"), edit=edit)
    (exam,) = find_exams(made.folder, Silent(), SIGNAL_FF).exams
    water, fat = (made.voxels[name] * 0.5 - 20 for name in ("WATER", "FAT"))
    told = load_exam(exam, Silent()).exam.maps[Quantity.FF].stored
    np.testing.assert_allclose(told, 100 * fat / (water + fat), rtol=1e-6)


def test_signal_ff_and_r2star_pair_like_any_other_maps(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, quantity: str, _index: int) -> None:
        if quantity == "R2STAR":
            made.PixelSpacing = ["1.6", "1.25"]

    made = write(tmp_path / "exam", ("WATER", "FAT", "R2STAR"), edit=edit)
    found = find_exams(made.folder, Silent(), SIGNAL_FF)
    (exam,) = found.exams
    assert [one.quantity for one in exam.maps] == [Quantity.FF, Quantity.WATER, Quantity.FAT]
    assert {one.code for one in found.refused} == {"pair.grids_differ"}


def test_without_whole_water_there_is_no_signal_ff(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("WATER", "FAT", "R2STAR"))
    made.files["WATER"][0].write_bytes(made.files["WATER"][0].read_bytes()[:-4])
    (exam,) = find_exams(made.folder, Silent(), SIGNAL_FF).exams
    loaded = load_exam(exam, Silent())
    assert set(loaded.exam.maps) == {Quantity.R2STAR, Quantity.FAT}
    assert [notice.code for notice in loaded.warnings] == ["exam.no_ff", "map.signal_ff_failed"]
    assert {one.code for one in loaded.refused} == {"pixels.truncated", "map.incomplete"}
    judged = judge_exam(exam, Silent())
    assert judged.decisions[Quantity.FF] == Refusal(made.files["FAT"][0], "map.signal_ff_failed")


def test_with_nothing_left_every_file_has_one_reason(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("WATER", "FAT"))
    made.files["WATER"][0].write_bytes(made.files["WATER"][0].read_bytes()[:-4])
    (exam,) = find_exams(made.folder, Silent(), SIGNAL_FF).exams
    with pytest.raises(ExamRefused) as caught:
        load_exam(exam, Silent())
    assert [one.path for one in caught.value.refused] == sorted(exam.files)
    assert {one.code for one in caught.value.refused} == {
        "pixels.truncated",
        "map.incomplete",
        "map.signal_ff_failed",
        "exam.no_measured_map",
    }
