"""Every vendor's form opens with the values it was written with, waits for a person, or says why not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset

from app.domain.errors import InputError
from app.domain.maps import Quantity, Scaling
from app.domain.measure import measure
from app.domain.progress import Silent
from app.domain.shapes import Rectangle
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamRefused, LoadedExam, Refusal, ScaleDecision
from app.files.dicom.load import judge_exam, load_exam
from app.files.dicom.scale import confirm

Write = Callable[..., Any]

RULES = {
    "ge_one_series": ("ge.physical", "image_type"),
    "ge_t2star": ("ge.physical", "image_type"),
    "philips_classic": ("philips.rescale", "image_type"),
    "philips_r12": ("rwvm.unit", "rwvm_unit"),
    "philips_private": ("philips.rescale", "philips_private"),
    "siemens_tokens": ("siemens.stored", "image_type"),
    "siemens_suffixes": ("siemens.stored", "description"),
    "siemens_t2star": ("siemens.stored", "image_type"),
    "siemens_rescaled": ("siemens.rescale", "image_type"),
    "rwvm_only": ("rwvm.unit", "rwvm_code"),
    "rwvm_t2star": ("rwvm.unit", "rwvm_code"),
}


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


@pytest.mark.parametrize("name", RULES)
def test_each_vendors_form_opens_with_the_values_it_was_written_with(
    tmp_path: Path, write_vendor: Write, name: str
) -> None:
    made = write_vendor(tmp_path / "exam", name)
    loaded = load(made.folder)
    check_values(loaded, made.values)
    assert loaded.refused == ()
    for quantity in (Quantity.FF, Quantity.R2STAR):
        if quantity in loaded.exam.maps:
            scaling = loaded.exam.maps[quantity].scaling
            assert (scaling.rule, scaling.role_evidence) == RULES[name]
            assert scaling.confirmed_by == ""


def test_a_multi_frame_file_of_mixed_types_opens_frame_by_frame(
    tmp_path: Path, write_enhanced: Write
) -> None:
    made = write_enhanced(tmp_path / "exam")
    loaded = load(made.folder)
    check_values(loaded, made.values)
    for name in ("FF", "R2STAR", "WATER", "FAT"):
        np.testing.assert_array_equal(loaded.exam.maps[Quantity(name)].stored, made.stored[name])
    codes = [notice.code for notice in loaded.warnings]
    assert codes == ["exam.frames_left_out", "map.t2star_beside_r2star"]
    assert dict(loaded.warnings[0].values) == {"file": "IM_0001", "frames": 3, "of": 18}
    assert loaded.exam.native_voxel_mm == (3.0, 2.5)
    assert loaded.exam.maps[Quantity.FF].scaling.rule == "rwvm.unit"


def test_frames_without_mappings_are_read_by_their_own_rescale(tmp_path: Path, write_enhanced: Write) -> None:
    def edit(group: Dataset, _name: str, _index: int) -> None:
        del group.RealWorldValueMappingSequence

    made = write_enhanced(tmp_path / "exam", "FF", "R2STAR", edit=edit)
    loaded = load(made.folder)
    check_values(loaded, made.values)
    assert loaded.warnings == ()
    assert loaded.exam.maps[Quantity.FF].scaling.rule == "philips.rescale"


def test_one_unusable_map_of_a_multi_frame_file_leaves_the_other_with_a_warning(
    tmp_path: Path, write_enhanced: Write
) -> None:
    def edit(group: Dataset, name: str, index: int) -> None:
        if name == "FF" and index == 1:
            group.PixelValueTransformationSequence[0].RescaleSlope = "0.5"
            del group.RealWorldValueMappingSequence

    made = write_enhanced(tmp_path / "exam", "FF", "R2STAR", edit=edit)
    loaded = load(made.folder)
    assert set(loaded.exam.maps) == {Quantity.R2STAR}
    assert [notice.code for notice in loaded.warnings] == ["exam.no_ff", "map.mixed_rescale"]


def test_a_map_of_a_multi_frame_file_refused_by_its_range_leaves_the_other(
    tmp_path: Path, write_enhanced: Write
) -> None:
    def edit(group: Dataset, name: str, _index: int) -> None:
        if name == "FF":
            group.RealWorldValueMappingSequence[0].RealWorldValueSlope = 1.0
            group.PixelValueTransformationSequence[0].RescaleSlope = "1"

    loaded = load(write_enhanced(tmp_path / "exam", "FF", "R2STAR", edit=edit).folder)
    assert set(loaded.exam.maps) == {Quantity.R2STAR}
    assert loaded.refused == ()
    assert {notice.code for notice in loaded.warnings} == {
        "exam.no_ff",
        "scale.philips_product",
        "scale.needs_confirmation",
    }


def test_a_multi_frame_file_of_which_nothing_is_left_is_refused_once(
    tmp_path: Path, write_enhanced: Write
) -> None:
    def edit(group: Dataset, _name: str, index: int) -> None:
        group.PlanePositionSequence[0].ImagePositionPatient = [str((5, 0, 1)[index]), "0", "0"]

    found = find_exams(write_enhanced(tmp_path / "exam", "FF", "R2STAR", edit=edit).folder, Silent())
    assert found.exams == ()
    assert [one.code for one in found.refused] == ["map.gap"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda made: delattr(made, "PerFrameFunctionalGroupsSequence"), "header.missing_tags"),
        (lambda made: setattr(made, "NumberOfFrames", 7), "header.bad_value"),
        (lambda made: setattr(made, "PhotometricInterpretation", "PALETTE COLOR"), "object.colour"),
        (lambda made: setattr(made, "Rows", 120), "pixels.truncated"),
        (lambda made: setattr(made, "LossyImageCompression", "01"), "pixels.lossy"),
        (lambda made: setattr(made, "HighBit", 9), "pixels.bits_not_supported_yet"),
        (lambda made: setattr(made, "PixelData", made.PixelData + bytes(64)), "pixels.length"),
        (lambda made: setattr(made, "SeriesDescription", "FF confidence"), "role.excluded"),
    ],
)
def test_unusable_multi_frame_files_are_refused_whole(
    tmp_path: Path, write_enhanced: Write, change: Callable[[Dataset], None], code: str
) -> None:
    assert refused(write_enhanced(tmp_path / "exam", "FF", "R2STAR", change=change).folder).code == code


@pytest.mark.parametrize(
    ("edit", "code"),
    [
        (lambda g: g.MRImageFrameTypeSequence[0].FrameType.append("LOCALIZER"), "object.localizer"),
        (lambda g: g.PlanePositionSequence.append(g.PlanePositionSequence[0]), "header.bad_value"),
        (lambda g: delattr(g, "PlanePositionSequence"), "header.missing_tags"),
        (
            lambda g: delattr(g.RealWorldValueMappingSequence[0], "RealWorldValueSlope"),
            "scale.mapping_not_supported_yet",
        ),
        (
            lambda g: setattr(g.RealWorldValueMappingSequence[0], "RealWorldValueSlope", -1.0),
            "scale.bad_rescale",
        ),
        (lambda g: g.MRImageFrameTypeSequence[0].FrameType.append("B0 MAP"), "role.contradiction"),
        (lambda g: g.MRImageFrameTypeSequence[0].FrameType.append("W"), "role.contradiction"),
        (lambda g: setattr(g.PixelValueTransformationSequence[0], "RescaleSlope", "-2"), "scale.bad_rescale"),
    ],
)
def test_one_unusable_frame_of_a_map_refuses_the_file(
    tmp_path: Path, write_enhanced: Write, edit: Callable[[Dataset], None], code: str
) -> None:
    def one(group: Dataset, _name: str, index: int) -> None:
        if index == 1:
            edit(group)

    assert refused(write_enhanced(tmp_path / "exam", "FF", edit=one).folder).code == code


def test_a_frame_with_a_type_of_its_own_beside_the_private_one_is_a_contradiction(
    tmp_path: Path, write_enhanced: Write
) -> None:
    def edit(group: Dataset, _name: str, _index: int) -> None:
        group[0x2005140F].value[0][0x20051011].value = "B0"

    told = refused(write_enhanced(tmp_path / "exam", "FF", edit=edit).folder)
    assert (told.code, told.values["second"]) == ("role.contradiction", "B0")


def test_a_multi_frame_file_without_any_map_has_no_role(tmp_path: Path, write_enhanced: Write) -> None:
    # the description names FF, but every frame calls itself magnitude
    assert refused(write_enhanced(tmp_path / "exam", "M").folder).code == "role.none"


def test_the_phase_direction_decides_the_native_voxel(tmp_path: Path, write_enhanced: Write) -> None:
    def change(made: Dataset) -> None:
        view = made.SharedFunctionalGroupsSequence[0].MRFOVGeometrySequence[0]
        view.InPlanePhaseEncodingDirection = "COLUMN"
        view.MRAcquisitionFrequencyEncodingSteps = 4

    assert load(write_enhanced(tmp_path / "a", "FF", change=change).folder).exam.native_voxel_mm == (
        2.25,
        5.0,
    )

    def without(made: Dataset) -> None:
        del made.SharedFunctionalGroupsSequence[0].MRFOVGeometrySequence[0].InPlanePhaseEncodingDirection

    assert load(write_enhanced(tmp_path / "b", "FF", change=without).folder).exam.native_voxel_mm is None

    def damaged(made: Dataset) -> None:
        del (
            made.SharedFunctionalGroupsSequence[0]
            .MRFOVGeometrySequence[0]
            .MRAcquisitionFrequencyEncodingSteps
        )

    assert load(write_enhanced(tmp_path / "c", "FF", change=damaged).folder).exam.native_voxel_mm is None


def test_a_philips_product_that_is_not_one_is_pointed_out(tmp_path: Path, write_vendor: Write) -> None:
    def edit(made: Dataset, name: str, _index: int) -> None:
        if name == "FF":
            made[0x2005100E].value = 12.0
        if name == "R2STAR":
            made[0x2005100E].value = float("inf")

    loaded = load(write_vendor(tmp_path / "exam", "philips_classic", edit=edit).folder)
    told = {notice.values["quantity"]: notice.values["product"] for notice in loaded.warnings}
    assert {notice.code for notice in loaded.warnings} == {"scale.philips_product"}
    assert told == {"FF": "0.293", "R2STAR": "?"}


def test_philips_maps_without_rescale_wait_for_a_person(tmp_path: Path, write_vendor: Write) -> None:
    def edit(made: Dataset, _name: str, _index: int) -> None:
        del made.RescaleSlope, made.RescaleIntercept

    told = refused(write_vendor(tmp_path / "exam", "philips_classic", "FF", edit=edit).folder)
    assert (told.code, told.values["rule"], told.values["expected"]) == (
        "scale.needs_confirmation",
        "none",
        "none",
    )


def test_canon_waits_for_a_person_though_the_range_fits(tmp_path: Path, write_vendor: Write) -> None:
    made = write_vendor(tmp_path / "exam", "canon")
    (exam,) = find_exams(made.folder, Silent()).exams
    decisions = judge_exam(exam, Silent()).decisions
    ff = decisions[Quantity.FF]
    assert isinstance(ff, ScaleDecision)
    assert (ff.rule, ff.expected, ff.seen, ff.factor) == ("dicom.rescale", "ff.percent", "ff.percent", 1.0)
    assert ff.needs_confirmation
    with pytest.raises(ExamRefused) as caught:
        load_exam(exam, Silent())
    assert {one.code for one in caught.value.refused} == {"scale.needs_confirmation"}
    assert {one.values["option"] for one in caught.value.refused} == {
        "--confirm-scale FF=1",
        "--confirm-scale R2STAR=1",
    }
    exam = confirm(confirm(exam, Quantity.FF, 1.0, "A. Reader"), Quantity.R2STAR, 1.0, " A. Reader ")
    loaded = load_exam(exam, Silent())
    check_values(loaded, made.values)
    assert {one.scaling.confirmed_by for one in loaded.exam.maps.values()} == {"A. Reader"}


def test_the_uih_factor_is_shown_and_not_applied(tmp_path: Path, write_vendor: Write) -> None:
    def edit(made: Dataset, _name: str, index: int) -> None:
        block = made.private_block(0x0065, "Image Private Header", create=True)
        block.add_new(0x2F, "DS", "340.0")

    made = write_vendor(tmp_path / "exam", "uih", edit=edit)
    (exam,) = find_exams(made.folder, Silent()).exams
    assert [(one.code, one.values.get("factor")) for one in exam.warnings] == [
        ("exam.no_r2star", None),
        ("scale.uih_factor", "340"),
    ]
    assert judge_exam(exam, Silent()).decisions[Quantity.FF].factor == 0.1
    loaded = load_exam(confirm(exam, Quantity.FF, 0.1, "A. Reader"), Silent())
    check_values(loaded, made.values)
    assert loaded.exam.maps[Quantity.FF].scaling.factor == 0.1


def test_siemens_ff_that_looks_like_percent_is_not_divided_by_ten(
    tmp_path: Path, write_vendor: Write
) -> None:
    def edit(made: Dataset, name: str, _index: int) -> None:
        if name == "FF":
            made.PixelData = (np.frombuffer(made.PixelData, "<i2") // 10).astype("<i2").tobytes()

    told = refused(write_vendor(tmp_path / "exam", "siemens_tokens", "FF", edit=edit).folder)
    assert told.code == "scale.needs_confirmation"
    assert (told.values["expected"], told.values["seen"], told.values["factor"]) == (
        "ff.permille",
        "ff.percent",
        1.0,
    )


def test_siemens_r2star_times_ten_is_proposed_and_applied_when_confirmed(
    tmp_path: Path, write_vendor: Write
) -> None:
    def edit(made: Dataset, _name: str, _index: int) -> None:
        made.PixelData = (np.frombuffer(made.PixelData, "<i2") * 10).astype("<i2").tobytes()

    made = write_vendor(tmp_path / "exam", "siemens_tokens", "R2STAR", edit=edit)
    assert refused(made.folder).values["option"] == "--confirm-scale R2STAR=0.1"
    (exam,) = find_exams(made.folder, Silent()).exams
    check_values(load_exam(confirm(exam, Quantity.R2STAR, 0.1, "me"), Silent()), made.values)


def test_a_confirmed_factor_changes_nothing_where_rule_and_range_agree(
    tmp_path: Path, write_vendor: Write
) -> None:
    made = write_vendor(tmp_path / "exam", "ge_one_series")
    (exam,) = find_exams(made.folder, Silent()).exams
    loaded = load_exam(confirm(exam, Quantity.FF, 0.1, "me"), Silent())
    check_values(loaded, made.values)
    assert loaded.exam.maps[Quantity.FF].scaling.confirmed_by == ""


@pytest.mark.parametrize(("name", "quantity", "factor"), [("canon", "FF", 10.0), ("canon", "R2STAR", 100.0)])
def test_a_confirmed_factor_with_impossible_values_is_refused(
    tmp_path: Path, write_vendor: Write, name: str, quantity: str, factor: float
) -> None:
    (exam,) = find_exams(write_vendor(tmp_path / "exam", name, quantity).folder, Silent()).exams
    with pytest.raises(ExamRefused) as caught:
        load_exam(confirm(exam, Quantity(quantity), factor, "me"), Silent())
    assert {one.code for one in caught.value.refused} == {"scale.confirmed_out_of_range"}


@pytest.mark.parametrize(
    ("factor", "who"), [(0.0, "me"), (-1.0, "me"), (float("nan"), "me"), (float("inf"), "me"), (1.0, " ")]
)
def test_nobody_can_confirm_nothing(tmp_path: Path, write_vendor: Write, factor: float, who: str) -> None:
    (exam,) = find_exams(write_vendor(tmp_path / "exam", "canon", "FF").folder, Silent()).exams
    with pytest.raises(InputError, match=r"scale\.bad_confirmation"):
        confirm(exam, Quantity.FF, factor, who)


def test_an_anatomical_t2star_series_is_never_applied_by_itself(tmp_path: Path, write_vendor: Write) -> None:
    def edit(made: Dataset, _name: str, _index: int) -> None:
        made.ImageType, made.SeriesDescription = ["ORIGINAL", "PRIMARY", "M", "ND"], "T2* GRE sag"

    told = refused(write_vendor(tmp_path / "exam", "siemens_t2star", edit=edit).folder)
    assert told.code == "scale.needs_confirmation"


def test_t2star_becomes_r2star_voxel_by_voxel_and_zero_has_no_value(
    tmp_path: Path, write_vendor: Write
) -> None:
    def edit(made: Dataset, _name: str, _index: int) -> None:
        pixels = np.frombuffer(made.PixelData, "<i2").copy()
        pixels[:5] = 0
        made.PixelData = pixels.tobytes()

    made = write_vendor(tmp_path / "exam", "siemens_t2star", edit=edit)
    one = load(made.folder).exam.maps[Quantity.R2STAR]
    assert one.scaling.transform == "reciprocal_ms"
    assert one.scaling.missing == 15
    assert one.unit == "/s"
    told = measure(one, Rectangle(1, 0, 0, 4, 8))
    true = made.values["T2STAR"][1, :4, :8].copy()
    true[0, :5] = np.nan
    assert (told.nan, told.n, told.zero) == (5, 27, 0)
    assert told.mean == pytest.approx(np.nanmean(1000 / true))
    assert told.mean != pytest.approx(1000 / np.nanmean(true))
    assert one.value_at(1, 0, 0) is not None
    assert np.isnan(one.value_at(1, 0, 0))
    central = made.values["T2STAR"][:, 3:9, 4:12]
    assert one.scaling.p50 == pytest.approx(np.median(1000 / central), rel=0.02)
    assert one.scaling.p995 == pytest.approx(np.percentile(1000 / central, 99.5), rel=0.05)


def test_a_t2star_that_misses_zero_by_its_last_digit_has_no_value() -> None:
    scaling = Scaling(0.1, -7.0, "", "", "", "", 0, 0, 0, 0, 0, 0, transform="reciprocal_ms")
    values = scaling.values(np.array([70, 80], np.int16))
    assert np.isnan(values[0])
    assert values[1] == pytest.approx(1000)


def test_a_scaling_stored_before_the_new_fields_still_opens() -> None:
    old = Scaling(2.0, 1.0, "ge.physical", "image_type", "ff.percent", "central_half", 1, 2, 0, 0, 0, 0)
    assert (old.transform, old.factor, old.confirmed_by, old.missing) == ("linear", 1.0, "", 0)
    np.testing.assert_array_equal(old.values(np.array([0, 3], np.int16)), [1.0, 7.0])
