"""Files that look like maps and cannot be trusted are refused, each with its reason."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    EnhancedMRImageStorage,
    JPEG2000MCLossless,
    MediaStorageDirectoryStorage,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import Found
from app.files.dicom.wishes import Wishes

# gives the exam of conftest.py
Write = Callable[..., Any]


def codes(found: Found) -> dict[str, str]:
    return {refusal.path.name: refusal.code for refusal in found.refused}


def only_code(found: Found) -> str:
    assert found.exams == ()
    (code,) = set(codes(found).values())
    return code


@pytest.mark.parametrize(
    ("present", "code"),
    [
        (("WATER", "FAT"), "exam.signal_ff_possible"),
        (("FAT",), "exam.no_measured_map"),
        (("IN_PHASE", "OUT_PHASE"), "exam.no_measured_map"),
    ],
)
def test_signal_images_alone_make_no_exam(
    tmp_path: Path, write: Write, present: tuple[str, ...], code: str
) -> None:
    assert only_code(find_exams(write(tmp_path / "exam", present).folder, Silent())) == code


def test_a_single_slice_without_any_spacing_is_refused(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        del made.SpacingBetweenSlices, made.SliceThickness

    found = find_exams(write(tmp_path / "exam", slices=1, edit=edit).folder, Silent())
    assert only_code(found) == "header.missing_tags"


def test_a_lost_slice_refuses_the_map_and_says_where(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", slices=6)
    made.files["FF"][2].unlink()
    found = find_exams(made.folder, Silent())
    assert [one.quantity for one in found.exams[0].maps] == [Quantity.R2STAR, Quantity.WATER, Quantity.FAT]
    assert [notice.code for notice in found.exams[0].warnings] == ["exam.no_ff"]
    assert len(found.refused) == 5
    for refusal in found.refused:
        assert refusal.code == "map.gap"
        assert dict(refusal.values) == {"slice": 2, "found_mm": 8.0, "expected_mm": 4.0}


def test_evenly_lost_slices_are_seen_by_the_stated_spacing(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF",), slices=3)
    made.files["FF"][1].unlink()
    assert only_code(find_exams(made.folder, Silent())) == "map.gap"


def test_a_lost_outer_slice_of_one_map_refuses_r2star(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF", "R2STAR"))
    made.files["FF"][-1].unlink()
    found = find_exams(made.folder, Silent())
    assert [one.quantity for one in found.exams[0].maps] == [Quantity.FF]
    assert codes(found) == {path.name: "pair.slices_differ" for path in made.files["R2STAR"]}
    told = found.refused[0].values
    assert told["ff"] == "3 slices, 4 mm apart, from -20 to -12 mm"
    assert told["r2star"] == "4 slices, 4 mm apart, from -20 to -8 mm"


def test_a_signal_image_on_another_grid_is_left_out_alone(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, quantity: str, _index: int) -> None:
        if quantity == "WATER":
            made.PixelSpacing = [3, 3]

    found = find_exams(write(tmp_path / "exam", edit=edit).folder, Silent())
    assert [one.quantity for one in found.exams[0].maps] == [Quantity.FF, Quantity.R2STAR, Quantity.FAT]
    assert set(codes(found).values()) == {"pair.signal_grid_differs"}


def test_the_same_image_twice_is_used_once(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam")
    shutil.copy(made.files["FF"][1], made.folder / "copy of FF")
    found = find_exams(made.folder, Silent())
    assert len(found.exams) == 1
    (refusal,) = found.refused
    assert (refusal.path.name, refusal.code, dict(refusal.values)) == (
        "copy of FF",
        "file.duplicate",
        {"of": "FF_01"},
    )


def test_different_images_with_one_uid_are_all_refused(
    tmp_path: Path, write: Write, slice_maker: Callable[..., Dataset]
) -> None:
    made = write(tmp_path / "exam", ("FF",), slices=1)
    other = slice_maker("FF", 0, made.voxels["FF"][0] + 1)
    other.file_meta.MediaStorageSOPInstanceUID = other.SOPInstanceUID
    other.save_as(made.folder / "other", enforce_file_format=True)
    assert only_code(find_exams(made.folder, Silent())) == "file.same_uid_differs"


def test_a_damaged_copy_is_not_taken_for_the_same_image(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF",), slices=1)
    (made.folder / "short copy").write_bytes(made.files["FF"][0].read_bytes()[:-2])
    assert only_code(find_exams(made.folder, Silent())) == "file.same_uid_differs"


@pytest.mark.parametrize("position", ["12", "11.9"])
def test_two_images_at_one_position_refuse_the_map(tmp_path: Path, write: Write, position: str) -> None:
    def edit(made: Dataset, quantity: str, index: int) -> None:
        if quantity == "FF" and index == 3:
            made.ImagePositionPatient = [position, "-40.5", "60.25"]

    found = find_exams(write(tmp_path / "exam", edit=edit).folder, Silent())
    assert {refusal.code for refusal in found.refused} == {"map.same_position"}
    assert dict(found.refused[0].values) == {"slice": 3, "slices": 4}
    assert [notice.code for notice in found.exams[0].warnings] == ["exam.no_ff"]


def test_two_series_of_one_quantity_are_both_refused(tmp_path: Path, write: Write) -> None:
    def second(made: Dataset, _quantity: str, _index: int) -> None:
        made.SeriesInstanceUID += ".9"
        made.SOPInstanceUID += ".9"

    write(tmp_path / "all" / "a", ("FF", "R2STAR"))
    write(tmp_path / "all" / "b", ("FF",), edit=second)
    found = find_exams(tmp_path / "all", Silent())
    assert [one.quantity for one in found.exams[0].maps] == [Quantity.R2STAR]
    assert {refusal.code for refusal in found.refused} == {"map.second_of_its_kind"}
    assert {refusal.path.parent.name for refusal in found.refused} == {"a", "b"}


def two_series(root: Path, write: Write, *quantities: str) -> None:
    """An exam, and a second series of each quantity."""

    def second(made: Dataset, _quantity: str, _index: int) -> None:
        made.SeriesInstanceUID += ".9"
        made.SOPInstanceUID += ".9"
        made.SeriesDescription += " 2"

    write(root / "a", ("FF", "R2STAR"))
    write(root / "b", quantities, edit=second)


def test_of_two_series_of_one_quantity_a_person_may_choose_one(tmp_path: Path, write: Write) -> None:
    two_series(tmp_path, write, "FF")
    first, second = find_exams(tmp_path, Silent()).rivals
    assert (first.shows, first.of, first.chosen, second.chosen) == ("FF", 2, False, False)
    assert [one.files[0].parent.name for one in (first, second)] == ["a", "b"]
    wish = Wishes(chosen=frozenset({second.series_uid}))
    found = find_exams(tmp_path, Silent(), wish)
    (exam,) = found.exams
    assert [(one.quantity, one.files[0].parent.name) for one in exam.maps] == [
        (Quantity.FF, "b"),
        (Quantity.R2STAR, "a"),
    ]
    assert [(one.code, one.values["series"]) for one in exam.warnings] == [("map.chosen", 2)]
    assert {(one.code, one.path.parent.name) for one in found.refused} == {("map.not_chosen", "a")}
    assert [one.chosen for one in found.rivals] == [False, True]


def test_choosing_both_series_or_another_one_chooses_none(tmp_path: Path, write: Write) -> None:
    two_series(tmp_path, write, "FF", "R2STAR")
    rivals = find_exams(tmp_path, Silent()).rivals
    assert [one.shows for one in rivals] == ["FF", "FF", "R2STAR", "R2STAR"]
    for chosen in (frozenset(one.series_uid for one in rivals), frozenset({"1.2.3"})):
        found = find_exams(tmp_path, Silent(), Wishes(chosen=chosen))
        assert found.exams == ()
        assert not any(one.chosen for one in found.rivals)


def test_two_stacks_of_one_series_cannot_be_told_apart_and_none_is_offered(
    tmp_path: Path, write: Write
) -> None:
    def turned(made: Dataset, _quantity: str, _index: int) -> None:
        made.SOPInstanceUID += ".9"
        made.PixelSpacing = [2 * part for part in made.PixelSpacing]

    write(tmp_path / "a", ("FF", "R2STAR"))
    write(tmp_path / "b", ("FF",), edit=turned)
    assert find_exams(tmp_path, Silent()).rivals == ()


def test_two_patients_in_one_study_are_refused(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, quantity: str, _index: int) -> None:
        made.PatientID = quantity

    found = find_exams(write(tmp_path / "exam", edit=edit).folder, Silent())
    assert only_code(found) == "exam.mixed_patients"
    assert "000417" not in repr(found.refused)


def _second(keyword: str, value: object) -> Callable[[Dataset, str, int], None]:
    def edit(made: Dataset, _quantity: str, index: int) -> None:
        if index == 1:
            setattr(made, keyword, value)

    return edit


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (_second("ImageOrientationPatient", [1, 0, 0, 0, 1, 0]), "series.mixed_orientations"),
        (_second("PixelSpacing", [1.5, 1.26]), "map.mixed_spacing"),
        (_second("PixelRepresentation", 0), "map.mixed_bits"),
        (_second("ImagePositionPatient", [16, -40, 60.25]), "map.shifted_slices"),
    ],
)
def test_slices_that_differ_refuse_their_map(
    tmp_path: Path, write: Write, edit: Callable[[Dataset, str, int], None], code: str
) -> None:
    assert only_code(find_exams(write(tmp_path / "exam", ("FF",), edit=edit).folder, Silent())) == code


def test_slices_of_two_sizes_refuse_their_map(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, index: int) -> None:
        if index == 1:
            made.Rows, made.Columns = 16, 12

    found = find_exams(write(tmp_path / "exam", ("FF",), edit=edit).folder, Silent())
    assert only_code(found) == "map.mixed_matrix"


def test_slices_scaled_by_two_rules_refuse_their_map(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, index: int) -> None:
        if index == 2:
            made.RescaleIntercept, made.RescaleSlope = 0, 1

    assert (
        only_code(find_exams(write(tmp_path / "exam", ("FF",), edit=edit).folder, Silent()))
        == "map.mixed_rescale"
    )


def _always(keyword: str, value: object) -> Callable[[Dataset, str, int], None]:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        if value is None:
            delattr(made, keyword)
        else:
            setattr(made, keyword, value)

    return edit


@pytest.mark.parametrize(
    ("keyword", "value", "code"),
    [
        ("SOPClassUID", EnhancedMRImageStorage, "header.missing_tags"),
        ("SOPClassUID", SecondaryCaptureImageStorage, "object.screen_capture"),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.7.2", "object.screen_capture"),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.11.1", "object.presentation_state"),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.66", "object.raw_data"),
        ("SOPClassUID", "1.2.840.10008.5.1.4.1.1.88.33", "object.report"),
        ("SOPClassUID", MediaStorageDirectoryStorage, "object.directory"),
        ("Modality", "PT", "object.not_mr"),
        ("PhotometricInterpretation", "RGB", "object.colour"),
        ("ImageType", ["ORIGINAL", "PRIMARY", "LOCALIZER"], "object.localizer"),
        ("NumberOfFrames", 2, "object.several_frames"),
        ("LossyImageCompression", "01", "pixels.lossy"),
        ("BitsAllocated", 32, "pixels.bits_not_supported_yet"),
        ("HighBit", 14, "pixels.bits_not_supported_yet"),
        ("PixelRepresentation", 2, "header.bad_value"),
        ("Rows", 30_000, "pixels.truncated"),
        ("Rows", 0, "header.bad_value"),
        ("PixelSpacing", [0, 1], "header.bad_value"),
        ("PixelSpacing", [1, 1, 1], "header.bad_value"),
        ("ImageOrientationPatient", [1, 0, 0, 0.5, 0.9, 0], "header.bad_value"),
        ("ImageOrientationPatient", [1, 0, 0, 0, 2, 0], "header.bad_value"),
        ("RescaleSlope", 2, "scale.bad_rescale"),
        ("RescaleIntercept", 2, "scale.bad_rescale"),
        ("ModalityLUTSequence", Sequence([Dataset()]), "scale.mapping_not_supported_yet"),
        ("RealWorldValueMappingSequence", Sequence([Dataset()]), "scale.mapping_not_supported_yet"),
        ("FrameOfReferenceUID", None, "header.missing_tags"),
        ("ImagePositionPatient", "", "header.missing_tags"),
        ("SeriesDescription", "T2*: Sag IDEAL IQ", "role.contradiction"),
    ],
)
def test_files_that_cannot_be_used_are_refused_with_their_reason(
    tmp_path: Path, write: Write, keyword: str, value: object, code: str
) -> None:
    found = find_exams(write(tmp_path / "exam", ("FF",), edit=_always(keyword, value)).folder, Silent())
    assert only_code(found) == code


def test_a_negative_slope_is_refused(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        made.RescaleIntercept, made.RescaleSlope = 0, -1

    assert (
        only_code(find_exams(write(tmp_path / "exam", ("FF",), edit=edit).folder, Silent()))
        == "scale.bad_rescale"
    )


@pytest.mark.parametrize(
    ("keyword", "written"),
    [
        ("ImagePositionPatient", b"1\\two\\3 "),
        ("ImagePositionPatient", b"1\\nan\\3 "),
        ("PixelSpacing", b"1\\inf "),
        ("PixelSpacing", b"\xff\xfe\\\x00"),
    ],
)
def test_unreadable_numbers_are_refused_by_name(
    tmp_path: Path, write: Write, keyword: str, written: bytes
) -> None:
    made = write(tmp_path / "exam", ("FF",), slices=1)
    path = made.files["FF"][0]
    old = b"20.0\\-40.5\\60.25" if keyword == "ImagePositionPatient" else b"1.5\\1.25"
    data = path.read_bytes()
    assert old in data
    path.write_bytes(data.replace(old, written.ljust(len(old))))
    found = find_exams(made.folder, Silent())
    assert only_code(found) == "header.bad_value"
    assert dict(found.refused[0].values) == {"tag": keyword}


def test_a_fractional_bit_depth_is_refused(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF",), slices=1)
    path = made.files["FF"][0]
    data = path.read_bytes()
    place = data.index(b"\x28\x00\x01\x01US")
    path.write_bytes(data[:place] + b"\x28\x00\x01\x01DS\x04\x0015.5" + data[place + 10 :])
    assert only_code(find_exams(made.folder, Silent())) == "header.bad_value"


@pytest.mark.parametrize("syntax", [JPEG2000MCLossless, RLELossless])
def test_encodings_are_refused_unless_they_can_be_read(tmp_path: Path, write: Write, syntax: str) -> None:
    made = write(tmp_path / "exam", ("FF",), slices=1)
    path = made.files["FF"][0]
    # the header alone decides here, so the UID is exchanged in place
    old, new = b"1.2.840.10008.1.2.1\x00", str(syntax).encode()
    data = path.read_bytes()
    meta = data[: data.index(b"\x08\x00\x08\x00")]
    longer = len(new) + len(new) % 2 - len(old)
    changed = meta.replace(
        bytes([len(old), 0]) + old, bytes([len(old) + longer, 0]) + new.ljust(len(old) + longer, b"\0")
    )
    length = int.from_bytes(meta[140:144], "little") + longer
    changed = changed[:140] + length.to_bytes(4, "little") + changed[144:]
    path.write_bytes(changed + data[len(meta) :])
    found = find_exams(made.folder, Silent())
    if syntax == RLELossless:
        assert len(found.exams) == 1
    else:
        assert only_code(found) == "pixels.encoding_not_supported_yet"
        assert "Part 2" in str(found.refused[0].values["encoding"])
