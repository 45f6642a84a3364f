"""From a found exam to voxels that are exactly those in the files, or a reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from app.domain.errors import Cancelled
from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamRefused, LoadedExam
from app.files.dicom.inspecting import inspect_paths
from app.files.dicom.load import load_exam
from app.store.pixels import pixel_sha256

# gives the exam of conftest.py
Write = Callable[..., Any]


def load(folder: Path) -> LoadedExam:
    (exam,) = find_exams(folder, Silent()).exams
    return load_exam(exam, Silent())


def refusal_codes(folder: Path) -> dict[str, str]:
    (exam,) = find_exams(folder, Silent()).exams
    with pytest.raises(ExamRefused) as caught:
        load_exam(exam, Silent())
    assert {refusal.path for refusal in caught.value.refused} == set(exam.files)
    assert len(caught.value.refused) == len(exam.files)
    return {refusal.path.name: refusal.code for refusal in caught.value.refused}


def test_voxels_arrive_exactly_as_stored(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam")
    loaded = load(made.folder)
    assert loaded.exam.code == ""
    assert loaded.refused == ()
    for quantity, voxels in made.voxels.items():
        one = loaded.exam.maps[Quantity(quantity)]
        np.testing.assert_array_equal(one.stored, voxels)
        assert one.stored.dtype == np.int16
        assert not one.stored.flags.writeable
        assert loaded.sources[Quantity(quantity)].scaling == one.scaling
    assert loaded.exam.maps[Quantity.FF].scaling.check == "ff.percent"
    assert loaded.exam.maps[Quantity.R2STAR].scaling.check == "r2star.per_second"
    assert loaded.exam.maps[Quantity.WATER].scaling.foreground == "water_and_fat"
    assert (loaded.exam.field_strength_t, loaded.exam.native_voxel_mm) == (3.0, (3.0, 2.5))
    assert loaded.identity.patient_id == "000417"


def test_rescale_in_the_file_is_applied_and_named(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, quantity: str, _index: int) -> None:
        if quantity == "FF":
            made.RescaleIntercept, made.RescaleSlope = -2, 0.5

    made = write(tmp_path / "exam", edit=edit)
    one = load(made.folder).exam.maps[Quantity.FF]
    assert one.scaling.rule == "dicom.rescale"
    np.testing.assert_allclose(one.slice_values(2), made.voxels["FF"][2] * 0.5 - 2)


def test_unsigned_twelve_bit_integers_stay_as_they_are(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        made.PixelRepresentation, made.BitsStored, made.HighBit = 0, 12, 11

    made = write(tmp_path / "exam", edit=edit)
    one = load(made.folder).exam.maps[Quantity.FF]
    assert one.stored.dtype == np.uint16
    np.testing.assert_array_equal(one.stored, made.voxels["FF"])


@pytest.mark.parametrize("signed", [0, 1])
def test_something_in_the_unused_bits_is_refused_and_not_cut_off(
    tmp_path: Path, write: Write, signed: int
) -> None:
    def edit(made: Dataset, _quantity: str, index: int) -> None:
        made.PixelRepresentation, made.BitsStored, made.HighBit = signed, 12, 11
        if index == 1:
            pixels = np.frombuffer(made.PixelData, "<u2") | 0x1000
            made.PixelData = pixels.tobytes()

    made = write(tmp_path / "exam", ("FF",), slices=2, edit=edit)
    assert refusal_codes(made.folder) == {"FF_00": "map.incomplete", "FF_01": "pixels.unused_bits"}


def test_negative_twelve_bit_integers_are_no_unused_bits(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        made.BitsStored, made.HighBit = 12, 11
        pixels = np.frombuffer(made.PixelData, "<i2").copy()
        pixels[:3] = -4
        made.PixelData = pixels.tobytes()

    made = write(tmp_path / "exam", ("FF",), edit=edit)
    one = load(made.folder).exam.maps[Quantity.FF]
    assert one.scaling.below == 12
    assert int(one.stored.min()) == -4


def test_big_endian_implicit_and_run_length_files_give_the_same_integers(
    tmp_path: Path, write: Write
) -> None:
    plain = write(tmp_path / "plain")
    digests = {pixel_sha256(load(plain.folder).exam.maps[Quantity.FF].stored)}
    for name in ("big", "implicit", "rle"):
        folder = tmp_path / name
        shutil.copytree(plain.folder, folder)
        for path in folder.iterdir():
            _rewrite(path, name)
        one = load(folder).exam.maps[Quantity.FF]
        np.testing.assert_array_equal(one.stored, plain.voxels["FF"])
        assert one.stored.dtype.isnative
        digests.add(pixel_sha256(one.stored))
    assert len(digests) == 1


def _rewrite(path: Path, name: str) -> None:
    made = dcmread(path)
    if name == "rle":
        made.compress(RLELossless, generate_instance_uid=False)
        made.save_as(path)
        return
    syntax = ExplicitVRBigEndian if name == "big" else ImplicitVRLittleEndian
    if name == "big":
        made.PixelData = np.frombuffer(made.PixelData, "<i2").astype(">i2").tobytes()
    # decoding every element first lets pydicom write it in another byte order
    list(made.iterall())
    made.file_meta.TransferSyntaxUID = syntax
    dcmwrite(path, made, implicit_vr=name == "implicit", little_endian=name != "big", force_encoding=True)


def test_a_file_without_preamble_is_read(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF",), slices=2)
    for path in made.files["FF"]:
        path.write_bytes(path.read_bytes()[132:])
    np.testing.assert_array_equal(load(made.folder).exam.maps[Quantity.FF].stored, made.voxels["FF"])


def test_a_map_cut_off_in_its_pixels_is_refused_whole_and_the_other_opens(
    tmp_path: Path, write: Write
) -> None:
    made = write(tmp_path / "exam")
    path = made.files["FF"][2]
    path.write_bytes(path.read_bytes()[:-10])
    loaded = load(made.folder)
    assert Quantity.FF not in loaded.exam.maps
    assert [notice.code for notice in loaded.warnings] == ["exam.no_ff"]
    assert {refusal.path.name: refusal.code for refusal in loaded.refused} == {
        "FF_00": "map.incomplete",
        "FF_01": "map.incomplete",
        "FF_02": "pixels.truncated",
        "FF_03": "map.incomplete",
    }
    assert dict(loaded.refused[2].values) == {"expected": 384, "found": 374}


def test_too_many_pixels_are_as_wrong_as_too_few(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        made.PixelData += bytes(32)

    assert set(refusal_codes(write(tmp_path / "exam", ("FF",), edit=edit).folder).values()) == {
        "pixels.length"
    }


def test_a_file_without_pixels_is_refused(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        del made.PixelData
        made.add_new(0xFFFCFFFC, "OB", bytes(2000))

    made = write(tmp_path / "exam", ("FF",), edit=edit)
    assert set(refusal_codes(made.folder).values()) == {"pixels.truncated"}


def test_files_that_change_after_the_scan_are_refused(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF",), slices=5)
    (exam,) = find_exams(made.folder, Silent()).exams
    shutil.copy(made.files["FF"][1], made.files["FF"][0])
    made.files["FF"][2].unlink()
    made.files["FF"][3].write_bytes(b"")
    with made.files["FF"][4].open("ab") as file:
        file.truncate(17 * 2**20)
    with pytest.raises(ExamRefused) as caught:
        load_exam(exam, Silent())
    assert {refusal.path.name: refusal.code for refusal in caught.value.refused} == {
        "FF_00": "file.changed",
        "FF_01": "map.incomplete",
        "FF_02": "file.unreadable",
        "FF_03": "file.broken",
        "FF_04": "pixels.length",
    }


def test_run_lengths_that_make_no_image_are_refused(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF",), slices=1)
    path = made.files["FF"][0]
    _rewrite(path, "rle")
    data = path.read_bytes()
    start = data.index(b"\xe0\x7f\x10\x00")
    path.write_bytes(data[: start + 90])
    assert refusal_codes(made.folder) == {"FF_00": "file.broken"}
    # the first segment's offset, behind the offset table and the item's head, points beyond the end
    path.write_bytes(data[: start + 32] + b"\xff\xff\x00\x00" + data[start + 36 :])
    assert refusal_codes(made.folder) == {"FF_00": "file.broken"}


@pytest.mark.parametrize(
    ("factor", "code"),
    [(10, "scale.needs_confirmation"), (100, "scale.needs_confirmation"), (300, "scale.ff.out_of_range")],
)
def test_ff_in_another_unit_is_refused_with_the_evidence(
    tmp_path: Path, write: Write, factor: int, code: str
) -> None:
    def edit(made: Dataset, quantity: str, _index: int) -> None:
        if quantity == "FF":
            pixels = np.frombuffer(made.PixelData, "<i2") * np.int16(factor)
            made.PixelData = pixels.tobytes()

    made = write(tmp_path / "exam", edit=edit)
    loaded = load(made.folder)
    assert set(loaded.exam.maps) == {Quantity.R2STAR, Quantity.WATER, Quantity.FAT}
    assert {refusal.code for refusal in loaded.refused} == {code}
    told = loaded.refused[0].values
    assert (told["rule"], told["foreground"]) == ("ge.physical", "water_and_fat")
    assert told["p995"] == pytest.approx(np.percentile(made.voxels["FF"] * factor, 99.5))


def test_nothing_measured_left_refuses_the_signal_images_too(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, quantity: str, _index: int) -> None:
        if quantity == "FF":
            made.RescaleIntercept, made.RescaleSlope = 0, 10

    codes = refusal_codes(write(tmp_path / "exam", ("FF", "WATER"), slices=1, edit=edit).folder)
    assert codes == {"FF_00": "scale.needs_confirmation", "WATER_00": "exam.no_measured_map"}


def test_water_and_fat_in_different_scales_are_not_added(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, quantity: str, _index: int) -> None:
        if quantity == "FAT":
            made.RescaleIntercept, made.RescaleSlope = 0, 2

    loaded = load(write(tmp_path / "exam", edit=edit).folder)
    assert loaded.exam.maps[Quantity.FF].scaling.foreground == "water_signal"


@pytest.mark.parametrize(
    ("signals", "foreground"),
    [
        (("IN_PHASE",), "in_phase_signal"),
        (("OUT_PHASE", "FAT"), "fat_signal"),
        (("WATER", "IN_PHASE"), "in_phase_signal"),
        (("WATER", "FAT", "IN_PHASE"), "water_and_fat"),
        (("OUT_PHASE",), "out_phase_signal"),
        ((), "central_half"),
    ],
)
def test_any_signal_on_the_voxels_of_a_map_shows_where_to_look(
    tmp_path: Path, write: Write, signals: tuple[str, ...], foreground: str
) -> None:
    """Air in a map is noise over the whole range: without a signal image it would speak for tissue."""

    def edit(made: Dataset, quantity: str, _index: int) -> None:
        pixels = np.full(made.Rows * made.Columns, 600, "<i2")
        if quantity == "FF":
            # half a picture of fat fractions of 40 and half of noise
            pixels = np.where(np.arange(len(pixels)) % 2, 40, 90).astype("<i2")
        elif quantity in signals:
            pixels = np.where(np.arange(len(pixels)) % 2, 600, 7).astype("<i2")
        if quantity != "R2STAR":
            made.PixelData = pixels.tobytes()

    loaded = load(write(tmp_path / "exam", ("FF", "R2STAR", *signals), edit=edit).folder)
    scaling = loaded.exam.maps[Quantity.FF].scaling
    assert scaling.foreground == foreground
    if signals:
        assert (scaling.p50, scaling.p995) == (40.0, 40.0)


def test_cancelling_while_loading_stops(tmp_path: Path, write: Write) -> None:
    class Stop:
        def report(self, done: int, total: int | None) -> None:
            assert total == 16
            if done == 3:
                raise Cancelled

    (exam,) = find_exams(write(tmp_path / "exam").folder, Silent()).exams
    with pytest.raises(Cancelled):
        load_exam(exam, Stop())


def test_inspecting_gives_scaling_and_every_refusal(tmp_path: Path, write: Write) -> None:
    def permille(made: Dataset, quantity: str, _index: int) -> None:
        made.StudyInstanceUID += ".7"
        made.SOPInstanceUID += ".7"
        if quantity == "FF":
            made.RescaleIntercept, made.RescaleSlope = 0, 10

    good = write(tmp_path / "all" / "good")
    bad = write(tmp_path / "all" / "bad", ("FF",), edit=permille)
    (tmp_path / "all" / "note").write_text("x")
    found = inspect_paths([tmp_path / "all"], Silent())
    none, exam = found.exams
    assert exam.usable == exam.found.maps
    assert (none.usable, none.files) == ((), ())
    assert sorted(exam.files) == sorted(path for files in good.files.values() for path in files)
    assert [refusal.path for refusal in found.refused] == [*bad.files["FF"], tmp_path / "all" / "note"]
