"""Contradictions, odd headers and files that vanish: each refused with its reason, none taken for a map."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom.classify import Role
from app.files.dicom.enhanced import read_frames
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamRefused, LoadedExam, Refusal, ScaleDecision
from app.files.dicom.image import Unfit
from app.files.dicom.load import judge_exam, load_exam
from app.files.dicom.look_closer import look_closer
from app.files.dicom.rules import rule_of
from app.files.dicom.scale import confirm
from app.files.dicom.scan import scan

Write = Callable[..., Any]


def load(folder: Path) -> LoadedExam:
    found = find_exams(folder, Silent())
    assert found.refused == ()
    (exam,) = found.exams
    return load_exam(exam, Silent())


def refused(folder: Path) -> Refusal:
    """The one reason that holds for every file."""
    found = find_exams(folder, Silent())
    reasons = found.refused
    for exam in found.exams:
        with pytest.raises(ExamRefused) as caught:
            load_exam(exam, Silent())
        reasons = (*reasons, *caught.value.refused)
    (told,) = {(one.code, tuple(sorted(one.values.items()))) for one in reasons}
    return Refusal(folder, told[0], dict(told[1]))


def check_values(loaded: LoadedExam, values: dict[str, np.ndarray]) -> None:
    for name, true in values.items():
        if name in {"M", "T2STAR"} and "R2STAR" in values:
            continue
        one = loaded.exam.maps[Quantity("R2STAR" if name == "T2STAR" else name)]
        expected = 1000 / true if name == "T2STAR" else true
        told = np.stack([one.slice_values(index) for index in range(one.grid.shape[0])])
        if name in {"WATER", "FAT"}:
            np.testing.assert_allclose(told, expected, rtol=1e-9)
        else:
            np.testing.assert_allclose(told, expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("quantity", "unit"), [("FF", "Hz"), ("R2STAR", "ms"), ("FF", "mrad"), ("R2STAR", "%")]
)
def test_a_unit_of_another_quantity_is_a_contradiction(
    tmp_path: Path, write_vendor: Write, quantity: str, unit: str
) -> None:
    def edit(made: Dataset, _name: str, _index: int) -> None:
        made.RealWorldValueMappingSequence[0].MeasurementUnitsCodeSequence[0].CodeValue = unit

    told = refused(write_vendor(tmp_path / "exam", "rwvm_only", quantity, edit=edit).folder)
    assert told.code == "role.contradiction"


def test_a_rescale_beside_a_different_mapping_waits_for_a_person(tmp_path: Path, write_vendor: Write) -> None:
    def edit(made: Dataset, _name: str, _index: int) -> None:
        made.RescaleSlope, made.RescaleIntercept = 3, 0

    told = refused(write_vendor(tmp_path / "exam", "rwvm_only", "R2STAR", edit=edit).folder)
    assert (told.code, told.values["rule"]) == ("scale.needs_confirmation", "rwvm.unit")


def test_several_different_mappings_are_refused(tmp_path: Path, write_vendor: Write) -> None:
    def edit(made: Dataset, _name: str, _index: int) -> None:
        other = deepcopy(made.RealWorldValueMappingSequence[0])
        other.RealWorldValueSlope = 0.25
        made.RealWorldValueMappingSequence = Sequence([made.RealWorldValueMappingSequence[0], other])

    assert (
        refused(write_vendor(tmp_path / "exam", "rwvm_only", "R2STAR", edit=edit).folder).code
        == "scale.several_mappings"
    )


def test_values_outside_the_mapping_are_refused(tmp_path: Path, write_vendor: Write) -> None:
    def edit(made: Dataset, _name: str, _index: int) -> None:
        made.RealWorldValueMappingSequence[0][0x00409211].value = 100

    made = write_vendor(tmp_path / "exam", "rwvm_only", "R2STAR", edit=edit)
    assert refused(made.folder).code == "scale.outside_mapping"
    (exam,) = find_exams(made.folder, Silent()).exams
    decided = judge_exam(exam, Silent()).decisions[Quantity.R2STAR]
    assert isinstance(decided, Refusal)


def test_deciding_says_which_file_could_not_be_read(tmp_path: Path, write_vendor: Write) -> None:
    made = write_vendor(tmp_path / "exam", "ge_one_series", "FF", "WATER")
    (exam,) = find_exams(made.folder, Silent()).exams
    broken = exam.maps[0].files[1]
    broken.write_bytes(b"")
    decided = judge_exam(exam, Silent()).decisions
    assert set(decided) == {Quantity.FF, Quantity.WATER}
    assert isinstance(decided[Quantity.WATER], ScaleDecision)
    assert (decided[Quantity.FF].path, decided[Quantity.FF].code) == (broken, "file.broken")


def test_a_t2star_beside_an_r2star_is_not_needed(tmp_path: Path, write_vendor: Write) -> None:
    made = write_vendor(tmp_path / "exam", "ge_one_series", "FF", "R2STAR")
    other = write_vendor(tmp_path / "exam" / "t2", "ge_t2star", edit=_renamed)
    found = find_exams(tmp_path / "exam", Silent())
    assert {one.path: one.code for one in found.refused} == dict.fromkeys(
        sorted(other.files), "map.t2star_beside_r2star"
    )
    check_values(load_exam(found.exams[0], Silent()), made.values)


def _renamed(made: Dataset, _name: str, _index: int) -> None:
    made.SOPInstanceUID += ".9"


def test_slices_that_say_in_different_ways_what_they_show_are_refused(
    tmp_path: Path, write_vendor: Write
) -> None:
    def edit(made: Dataset, _name: str, index: int) -> None:
        if index:
            made.ImageType, made.SeriesDescription = ["DERIVED", "SECONDARY"], "FatFrac(%)"

    found = find_exams(write_vendor(tmp_path / "exam", "ge_one_series", "FF", edit=edit).folder, Silent())
    assert {one.code for one in found.refused} == {"map.mixed_evidence"}


def test_a_duplicate_multi_frame_file_is_dropped(tmp_path: Path, write_enhanced: Write) -> None:
    made = write_enhanced(tmp_path / "exam", "FF", "R2STAR")
    (made.folder / "copy").write_bytes(made.files[0].read_bytes())
    found = find_exams(made.folder, Silent())
    assert [(one.path.name, one.code) for one in found.refused] == [("copy", "file.duplicate")] or [
        (one.path.name, one.code) for one in found.refused
    ] == [("IM_0001", "file.duplicate")]
    check_values(load_exam(found.exams[0], Silent()), made.values)


def test_the_frames_of_real_quantitative_files_keep_their_own_scale(test_data: Path) -> None:
    folder = test_data / "philips_enhanced_quant"
    expected = {
        "IM_0001": ("T1", 1.0017094017094, -7.0, "ms"),
        "IM_0027_fMAP.dcm": ("B0", 0.24420024420024, -500.0, "Hz"),
    }
    for name, (kind, slope, intercept, unit) in expected.items():
        frames = [one.evidence for one in read_frames(folder / name)]
        of_kind = [one for one in frames if one.philips_type == kind]
        assert of_kind
        for one in of_kind:
            assert one.rescale == pytest.approx((slope, intercept))
            assert one.mappings[0].unit == unit
            assert one.philips_scale * one.rescale[0] == pytest.approx(1.0, abs=1e-4)
        others = [one for one in frames if one.philips_type != kind]
        assert all(one.rescale != pytest.approx((slope, intercept)) for one in others)
    found = find_exams(folder, Silent())
    assert found.exams == ()


def test_frames_of_a_file_that_is_none_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\x02\x00\x00\x00UL\xff\xff" + b"\xff" * 50)
    with pytest.raises(Unfit):
        read_frames(tmp_path / "x")


def test_a_mapping_whose_unit_is_no_ucum_is_refused(tmp_path: Path, write_vendor: Write) -> None:
    def edit(made: Dataset, _name: str, _index: int) -> None:
        made.RealWorldValueMappingSequence[0].MeasurementUnitsCodeSequence[0].CodingSchemeDesignator = "99X"

    told = refused(write_vendor(tmp_path / "exam", "rwvm_only", "R2STAR", edit=edit).folder)
    assert told.code == "scale.mapping_not_supported_yet"


def test_a_mapping_that_cannot_be_read_is_refused(tmp_path: Path, write_vendor: Write) -> None:
    made = write_vendor(tmp_path / "exam", "rwvm_only", "R2STAR")
    for path in made.files:
        data = path.read_bytes()
        at = data.index(b"\x40\x00\x24\x92FD\x08\x00")
        path.write_bytes(data[: at + 8] + b"\x00\x00\x00\x00\x00\x00\xf8\x7f" + data[at + 16 :])
    assert refused(made.folder).code == "header.bad_value"


def test_a_philips_file_whose_private_type_contradicts_is_refused(
    tmp_path: Path, write_vendor: Write
) -> None:
    def edit(made: Dataset, _name: str, _index: int) -> None:
        made[0x20051011].value = "T1"

    told = refused(write_vendor(tmp_path / "exam", "philips_classic", "FF", edit=edit).folder)
    assert told.code == "role.contradiction"


def test_a_private_type_in_bytes_says_nothing(tmp_path: Path, write_vendor: Write) -> None:
    def edit(made: Dataset, _name: str, _index: int) -> None:
        made[0x2005100E] = DataElement(0x2005100E, "UN", b"\x01\x02\x03\x04")

    made = write_vendor(tmp_path / "exam", "philips_classic", "FF", edit=edit)
    check_values(load(made.folder), made.values)


def test_files_that_vanish_between_two_looks_are_refused(
    tmp_path: Path, write_vendor: Write, write_enhanced: Write
) -> None:
    made = write_vendor(tmp_path / "exam", "philips_classic", "FF")
    several = write_enhanced(tmp_path / "exam" / "more", "FF")
    mapped = write_vendor(tmp_path / "exam" / "mapped", "rwvm_only", "FF")
    scanned = scan(tmp_path / "exam", Silent())
    for path in (*made.files, *several.files, *mapped.files):
        path.unlink()
    closer = look_closer(scanned, Silent())
    assert closer.slices == []
    told = {one.path: one.code for one in closer.refused}
    assert {told[path] for path in (*made.files, *several.files)} == {"file.unreadable"}
    # without its bytes a file that had no role has none
    assert {told[path] for path in mapped.files} == {"role.none"}


def test_a_confirmed_t2star_must_give_possible_rates(tmp_path: Path, write_vendor: Write) -> None:
    def edit(made: Dataset, _name: str, _index: int) -> None:
        made.Manufacturer, made.ImageType = "CANON_MEC", ["DERIVED", "PRIMARY", "T2_STAR_MAP"]

    made = write_vendor(tmp_path / "exam", "siemens_t2star", edit=edit)
    (exam,) = find_exams(made.folder, Silent()).exams
    check_values(load_exam(confirm(exam, Quantity.R2STAR, 0.1, "me"), Silent()), made.values)
    with pytest.raises(ExamRefused):
        load_exam(confirm(exam, Quantity.R2STAR, 10.0, "me"), Silent())


def test_a_rule_needs_a_slope_above_zero() -> None:
    with pytest.raises(Unfit, match=r"scale\.bad_rescale"):
        rule_of("GE", (-1.0, 0.0), (), Role(Quantity.FF, "image_type"))


def test_frames_without_a_private_copy_are_read_too(tmp_path: Path, write_enhanced: Write) -> None:
    def edit(group: Dataset, _name: str, _index: int) -> None:
        del group[0x2005140F]

    made = write_enhanced(tmp_path / "exam", "FF", edit=edit)
    check_values(load(made.folder), made.values)


def test_groups_that_are_no_groups_are_refused(tmp_path: Path, write_enhanced: Write) -> None:
    def change(made: Dataset) -> None:
        del made.SharedFunctionalGroupsSequence
        made.add_new(0x52009229, "LO", "text")

    assert refused(write_enhanced(tmp_path / "exam", "FF", change=change).folder).code == "file.broken"


def test_a_private_scale_that_is_no_text_says_nothing(tmp_path: Path, write_vendor: Write) -> None:
    def edit(made: Dataset, _name: str, _index: int) -> None:
        made[0x20051011] = DataElement(0x20051011, "OB", b"FF")

    made = write_vendor(tmp_path / "exam", "philips_classic", "FF", edit=edit)
    check_values(load(made.folder), made.values)


def test_frames_without_a_frame_type_have_their_private_one(tmp_path: Path, write_enhanced: Write) -> None:
    def edit(group: Dataset, _name: str, _index: int) -> None:
        del group.MRImageFrameTypeSequence

    def change(made: Dataset) -> None:
        del made.SharedFunctionalGroupsSequence[0].MRFOVGeometrySequence

    made = write_enhanced(tmp_path / "exam", "FF", "R2STAR", edit=edit, change=change)
    loaded = load(made.folder)
    check_values(loaded, made.values)
    assert loaded.sources[Quantity.FF].role_evidence == "philips_private"
    assert loaded.exam.native_voxel_mm is None


def test_a_mapping_near_the_frame_holds_against_one_of_the_file(
    tmp_path: Path, write_enhanced: Write
) -> None:
    def change(made: Dataset) -> None:
        other = deepcopy(made.PerFrameFunctionalGroupsSequence[0].RealWorldValueMappingSequence)
        other[0].RealWorldValueSlope = 0.03
        made.RealWorldValueMappingSequence = other

    made = write_enhanced(tmp_path / "exam", "FF", change=change)
    check_values(load(made.folder), made.values)
