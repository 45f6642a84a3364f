"""Series of which nothing says what they show: asked about, answered, and never against their own headers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from app.domain.errors import Cancelled
from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom import look_closer as second_look
from app.files.dicom import questions as asking
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamRefused, Found
from app.files.dicom.headers import quietly
from app.files.dicom.load import load_exam
from app.files.dicom.look_closer import Closer, look_closer
from app.files.dicom.questions import Asked, ask
from app.files.dicom.scan import scan
from app.files.dicom.sift import Sift
from app.files.dicom.wishes import NOTHING, REFERENCE, T2STAR, Answer, SeriesKey, Wishes

Write = Callable[..., Any]
NEVER = 10**9
KEY = SeriesKey("CANON_MEC", "Galan", "Spine quant", "Sag map A", "DERIVED\\PRIMARY\\OTHER")


def silent(made: Dataset, quantity: str, _index: int) -> None:
    """FF as a map that says nothing of itself, R2* as another one."""
    made.Manufacturer, made.ManufacturerModelName, made.ProtocolName = "CANON_MEC", "Galan", "Spine quant"
    made.ImageType = ["DERIVED", "PRIMARY", "OTHER"]
    made.SeriesDescription = {"FF": "Sag map A", "R2STAR": "Sag map B"}.get(quantity, "Sag map C")
    del made[0x00190010], made[0x0019109C]


def find(folder: Path, **answers: Answer) -> Found:
    """With answers by the letter of the description."""
    told = {replace(KEY, description=f"Sag map {letter}"): answer for letter, answer in answers.items()}
    return find_exams(folder, Silent(), Wishes(answers=told))


def codes(found: Found) -> dict[str, str]:
    told = {one.path.name: one.code for one in found.refused}
    assert len(told) == len(found.refused)
    return told


def why_refused(found: Found) -> set[str]:
    """Reasons of the voxels."""
    (exam,) = found.exams
    with pytest.raises(ExamRefused) as caught:
        load_exam(exam, Silent())
    return {one.code for one in caught.value.refused}


def test_a_series_without_a_role_is_asked_about_and_refused_meanwhile(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF", "R2STAR"), edit=silent)
    found = find_exams(made.folder, Silent())
    assert found.exams == ()
    assert set(codes(found).values()) == {"role.none"}
    assert len(found.refused) == 8
    one, other = found.questions
    assert (one.key, one.files, one.answer) == (KEY, tuple(made.files["FF"]), None)
    assert (one.shape, one.plane, one.description) == ((4, 12, 16), "sagittal", "Sag map A")
    assert other.key == replace(KEY, description="Sag map B")


def test_an_answer_with_its_unit_makes_a_map_and_says_who_said_so(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF", "R2STAR"), edit=silent)
    ff, r2star = Answer("FF", "ff.percent", "LS"), Answer("R2STAR", "r2star.per_second", "LS")
    found = find(made.folder, A=ff, B=r2star)
    assert found.refused == ()
    assert [question.answer for question in found.questions] == [ff, r2star]
    (exam,) = found.exams
    assert {one.code for one in exam.warnings} == {"role.answered"}
    assert [one.values for one in exam.warnings] == [
        {"quantity": "FF", "who": "LS"},
        {"quantity": "R2STAR", "who": "LS"},
    ]
    loaded = load_exam(exam, Silent())
    for quantity in (Quantity.FF, Quantity.R2STAR):
        one = loaded.exam.maps[quantity]
        np.testing.assert_array_equal(one.scale(one.stored), made.voxels[quantity])
        assert (one.scaling.rule, one.scaling.role_evidence) == ("person.stated", "answer")


def test_a_stated_unit_that_the_range_contradicts_is_not_applied(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF",), edit=silent)
    assert why_refused(find(made.folder, A=Answer("FF", "ff.permille"))) == {"scale.needs_confirmation"}
    assert why_refused(find(made.folder, A=Answer("FF"))) == {"scale.needs_confirmation"}


def test_a_stated_unit_counts_on_top_of_the_rescale_of_the_file(tmp_path: Path, write: Write) -> None:
    def rescaled(made: Dataset, quantity: str, index: int) -> None:
        silent(made, quantity, index)
        made.RescaleSlope, made.RescaleIntercept = "0.01", "0"

    made = write(tmp_path / "exam", ("FF",), edit=rescaled)
    (exam,) = find(made.folder, A=Answer("FF", "ff.fraction")).exams
    one = load_exam(exam, Silent()).exam.maps[Quantity.FF]
    np.testing.assert_allclose(one.scale(one.stored), made.voxels["FF"], rtol=1e-12)


def test_without_a_unit_the_rule_of_the_vendor_holds(tmp_path: Path, write: Write) -> None:
    def ge(made: Dataset, quantity: str, index: int) -> None:
        silent(made, quantity, index)
        made.Manufacturer = "GE MEDICAL SYSTEMS"

    made = write(tmp_path / "exam", ("FF",), edit=ge)
    key = replace(KEY, manufacturer="GE MEDICAL SYSTEMS")
    (exam,) = find_exams(made.folder, Silent(), Wishes(answers={key: Answer("FF")})).exams
    assert load_exam(exam, Silent()).exam.maps[Quantity.FF].scaling.rule == "ge.physical"


def test_a_t2star_answer_becomes_r2star_voxel_by_voxel(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF",), edit=silent)
    (exam,) = find(made.folder, A=Answer(T2STAR, "t2star.tenths_of_ms")).exams
    one = load_exam(exam, Silent()).exam.maps[Quantity.R2STAR]
    np.testing.assert_allclose(one.scale(one.stored), 10000 / made.voxels["FF"], rtol=1e-12)


def test_signal_images_can_be_answered_too(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF", "R2STAR"), edit=silent)
    (exam,) = find(made.folder, A=Answer("FF", "ff.percent"), B=Answer("WATER")).exams
    assert [one.quantity for one in exam.maps] == ["FF", "WATER"]
    assert [one.values["quantity"] for one in exam.warnings if one.code == "role.answered"] == ["FF"]


def test_a_series_that_is_of_no_use_is_refused_as_such(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF", "R2STAR"), edit=silent)
    told = codes(find(made.folder, A=Answer(NOTHING)))
    assert {told[path.name] for path in made.files["FF"]} == {"role.answered_nothing"}
    assert {told[path.name] for path in made.files["R2STAR"]} == {"role.none"}


@pytest.mark.parametrize(
    ("shows", "unit"),
    [
        ("FF", "r2star.per_second"),
        ("FF", "signal"),
        ("FF", "ff.dozens"),
        ("WATER", "ff.percent"),
        (T2STAR, "r2star.per_second"),
        ("BRAIN", ""),
    ],
)
def test_an_answer_that_means_nothing_is_refused(tmp_path: Path, write: Write, shows: str, unit: str) -> None:
    made = write(tmp_path / "exam", ("FF",), edit=silent)
    found = find(made.folder, A=Answer(shows, unit))
    assert set(codes(found).values()) == {"role.answer_unusable"}
    assert found.refused[0].values == {"shows": shows, "unit": unit}


def test_an_answer_holds_for_the_same_kind_of_series_of_another_patient(tmp_path: Path, write: Write) -> None:
    def next_year(made: Dataset, quantity: str, index: int) -> None:
        silent(made, quantity, index)
        made.StudyInstanceUID, made.FrameOfReferenceUID, made.SeriesInstanceUID = "7.1", "7.2", "7.3"
        made.SOPInstanceUID = f"7.4.{index}"
        made.PatientName, made.PatientID, made.StudyDate = "Roe^Richard", "5", "20250202"

    write(tmp_path / "all" / "one", ("FF",), edit=silent)
    write(tmp_path / "all" / "two", ("FF",), edit=next_year)
    found = find(tmp_path / "all", A=Answer("FF", "ff.percent"))
    assert [exam.identity.patient_id for exam in found.exams] == ["000417", "5"]
    assert found.refused == ()


def test_a_key_holds_nothing_of_the_patient(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF",), edit=silent)
    (question,) = find_exams(made.folder, Silent()).questions
    header = dcmread(made.files["FF"][0])
    own = {str(header[keyword].value) for keyword in ("PatientName", "PatientID", "AccessionNumber")}
    own |= {str(one.value) for one in header if one.VR == "UI"} | {"Doe", "Jane", "20240131"}
    told = "\n".join(str(value) for value in asdict(question.key).values())
    assert not [value for value in own if value in told]


def test_an_answer_never_overrules_what_the_header_says(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF", "R2STAR"))
    header = dcmread(made.files["FF"][0])
    key = SeriesKey(
        header.Manufacturer,
        header.ManufacturerModelName,
        "",
        header.SeriesDescription,
        "\\".join(header.ImageType),
    )
    found = find_exams(made.folder, Silent(), Wishes(answers={key: Answer("WATER")}))
    assert [one.quantity for one in found.exams[0].maps] == ["FF", "R2STAR"]
    assert found.questions == ()


def test_an_answered_map_does_not_rival_one_that_says_itself_what_it_is(tmp_path: Path, write: Write) -> None:
    def half_silent(made: Dataset, quantity: str, index: int) -> None:
        if quantity == "WATER":
            silent(made, quantity, index)

    made = write(tmp_path / "exam", ("FF", "R2STAR", "WATER"), edit=half_silent)
    found = find(made.folder, C=Answer("FF", "ff.percent"))
    assert [one.quantity for one in found.exams[0].maps] == ["FF", "R2STAR"]
    assert set(codes(found).values()) == {"role.answer_not_needed"}
    # T2* would become a second R2*
    found = find(made.folder, C=Answer(T2STAR, "t2star.ms"))
    assert set(codes(found).values()) == {"role.answer_not_needed"}


def test_two_series_that_were_called_the_same_are_both_refused(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF", "R2STAR"), edit=silent)
    found = find(made.folder, A=Answer("FF", "ff.percent"), B=Answer("FF", "ff.percent"))
    assert set(codes(found).values()) == {"map.second_of_its_kind"}


def test_images_of_two_kinds_in_one_series_are_two_questions(tmp_path: Path, write: Write) -> None:
    def together(made: Dataset, quantity: str, index: int) -> None:
        silent(made, "FF", index)
        made.SeriesInstanceUID = "1.2.3.3"
        made.ImageType = ["DERIVED", "PRIMARY", "A" if quantity == "FF" else "B"]

    made = write(tmp_path / "exam", ("FF", "R2STAR"), edit=together)
    found = find_exams(made.folder, Silent())
    assert [question.files for question in found.questions] == [
        tuple(made.files["FF"]),
        tuple(made.files["R2STAR"]),
    ]


def _set(keyword: str, value: object) -> Callable[[Dataset], None]:
    return lambda made: setattr(made, keyword, value)


def _mapping(unit: str) -> Dataset:
    item, units = Dataset(), Dataset()
    units.CodeValue, units.CodingSchemeDesignator, units.CodeMeaning = unit, "UCUM", "unit"
    item.MeasurementUnitsCodeSequence = Sequence([units])
    item.RealWorldValueIntercept, item.RealWorldValueSlope = 0.0, 1.0
    return item


@pytest.mark.parametrize(
    "change",
    [
        _set("SeriesDescription", "Sag B0 map"),
        _set("SeriesDescription", "Survey"),
        _set("ProtocolName", "3-plane loc"),
        _set("SeriesDescription", "三平面定位"),
        _set("ImageType", ["ORIGINAL", "PRIMARY", "P", "ND"]),
        _set("ImageType", ["ORIGINAL", "PRIMARY", "M", "ND", "MOSAIC"]),
        _set("ImageType", ["ORIGINAL", "PRIMARY", "T1", "M"]),
        _set("ImageType", ["DERIVED", "PRIMARY", "ADC"]),
        _set("ImageType", ["DERIVED", "PRIMARY", "MPR"]),
        _set("RealWorldValueMappingSequence", Sequence([_mapping("mm2/s")])),
        _set("LossyImageCompression", "01"),
        lambda made: made.pop("FrameOfReferenceUID"),
        lambda made: made.pop("ImagePositionPatient"),
        lambda made: made.pop("ImageOrientationPatient"),
    ],
)
def test_nobody_is_asked_about_what_is_something_else_or_cannot_be_used(
    tmp_path: Path, write: Write, change: Callable[[Dataset], object]
) -> None:
    def edit(made: Dataset, quantity: str, index: int) -> None:
        silent(made, quantity, index)
        made.SpecificCharacterSet = "ISO_IR 192"
        change(made)

    found = find_exams(write(tmp_path / "exam", ("FF",), edit=edit).folder, Silent())
    assert found.questions == ()
    assert set(codes(found).values()) == {"role.none"}


def test_an_image_whose_own_header_speaks_is_judged_by_that(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, quantity: str, index: int) -> None:
        silent(made, quantity, index)
        if index == 3:
            made.RealWorldValueMappingSequence = Sequence([_mapping("mm2/s")])

    made = write(tmp_path / "exam", ("FF",), edit=edit)
    found = find(made.folder, A=Answer("FF", "ff.percent"))
    assert codes(found) == {"FF_03": "role.contradiction"}
    assert found.exams[0].slices == 3


@pytest.mark.parametrize(("unit", "trusted"), [("ff.percent", True), ("ff.permille", False), ("", True)])
def test_a_mapping_of_the_file_stands_and_another_word_makes_it_doubtful(
    tmp_path: Path, write: Write, unit: str, trusted: bool
) -> None:
    def edit(made: Dataset, quantity: str, index: int) -> None:
        silent(made, quantity, index)
        made.RealWorldValueMappingSequence = Sequence([_mapping("%")])

    (exam,) = find(write(tmp_path / "exam", ("FF",), edit=edit).folder, A=Answer("FF", unit)).exams
    (one,) = exam.maps
    assert (one.rule, one.expects, one.trusted) == ("rwvm.unit", "ff.percent", trusted)


def test_cancelling_is_heard_while_an_answered_series_is_read(tmp_path: Path, write: Write) -> None:
    class AtTheThird:
        def report(self, done: int, total: int | None) -> None:
            if (done, total) == (2, 4):
                raise Cancelled

    made = write(tmp_path / "exam", ("FF",), edit=silent)
    with quietly():
        scanned = scan(made.folder, Silent())
        closer = look_closer(scanned, Silent())
        (series,) = ask(scanned, closer, {}, Silent()).series
        with pytest.raises(Cancelled):
            ask(scanned, closer, {series.key: Answer("FF")}, AtTheThird())


def test_files_that_vanish_are_not_asked_about_or_refused(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF", "R2STAR"), edit=silent)
    scanned = scan(made.folder, Silent())
    made.files["R2STAR"][0].unlink()
    made.files["FF"][2].unlink()
    with quietly():
        asked = ask(scanned, look_closer(scanned, Silent()), {KEY: Answer("FF")}, Silent())
    assert [series.key for series in asked.series] == [KEY]
    assert {one.path.name: one.code for one in asked.refused} == {"FF_02": "file.unreadable"}
    assert [one.image.path.name for one in asked.slices] == ["FF_00", "FF_01", "FF_03"]


# -- many files ----------------------------------------------------------------------------------------------


def look_at(folder: Path, worth: int) -> tuple[Closer, Asked]:
    with quietly():
        scanned = scan(folder, Silent(), Sift(worth=worth))
        closer = look_closer(scanned, Silent())
        return closer, ask(scanned, closer, {}, Silent())


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Path]]:
    """Every file that is looked at again, and every header that is read for a question."""
    told: dict[str, list[Path]] = {"glance": [], "header": []}
    glance, header = second_look._worth_it, asking.read_whole_header

    def count_glance(path: Path) -> bool:
        told["glance"].append(path)
        return glance(path)

    def count_header(path: Path) -> Dataset:
        told["header"].append(path)
        return header(path)

    monkeypatch.setattr(second_look, "_worth_it", count_glance)
    monkeypatch.setattr(asking, "read_whole_header", count_header)
    return told


def test_of_many_files_without_a_role_one_of_each_series_is_read(
    tmp_path: Path, write: Write, counted: dict[str, list[Path]]
) -> None:
    folder = write(tmp_path / "exam", ("FF", "R2STAR"), slices=60, edit=silent).folder
    closer, asked = look_at(folder, worth=1)
    assert len(closer.refused) == 120
    assert [len(series.files) for series in asked.series] == [60, 60]
    assert len(counted["header"]) == 2
    lengths = {(path.name[:2], path.stat().st_size) for path in folder.iterdir()}
    assert len(counted["glance"]) == len(lengths) < 20


def test_a_map_among_files_that_the_sift_cannot_tell_apart_is_still_found(
    tmp_path: Path, write: Write
) -> None:
    def edit(made: Dataset, quantity: str, index: int) -> None:
        silent(made, "FF", index)
        made.SeriesInstanceUID = "1.2.3.3"
        if quantity == "R2STAR":
            item = _mapping("/s")
            name, code, content = Dataset(), Dataset(), Dataset()
            name.CodeValue, name.CodingSchemeDesignator, name.CodeMeaning = "246205007", "SCT", "Quantity"
            code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "126395", "DCM", "R2*"
            content.ConceptNameCodeSequence, content.ConceptCodeSequence = Sequence([name]), Sequence([code])
            item.QuantityDefinitionSequence = Sequence([content])
            made.RealWorldValueMappingSequence = Sequence([item])

    made = write(tmp_path / "exam", ("FF", "R2STAR"), slices=6, edit=edit)
    sifted, _ = look_at(made.folder, worth=1)
    read, _ = look_at(made.folder, worth=NEVER)
    assert sifted == read
    assert [one.image.path for one in sifted.slices] == made.files["R2STAR"]


def test_a_philips_private_type_is_looked_for_in_every_file(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, quantity: str, index: int) -> None:
        silent(made, "FF", index)
        made.Manufacturer, made.SeriesInstanceUID = "Philips", "1.2.3.3"
        block = made.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
        # padded to one length
        block.add_new(0x11, "CS", "M " if quantity == "FF" else "FF")
        made.RescaleSlope, made.RescaleIntercept = "0.1", "0"

    made = write(tmp_path / "exam", ("FF", "R2STAR"), slices=6, edit=edit)
    sifted, _ = look_at(made.folder, worth=1)
    read, _ = look_at(made.folder, worth=NEVER)
    assert sifted == read
    assert [one.image.path for one in sifted.slices] == made.files["R2STAR"]


def test_every_real_file_gets_the_same_verdict_with_and_without_the_sift(test_data: Path) -> None:
    sifted, asked = look_at(test_data, worth=1)
    read, told = look_at(test_data, worth=NEVER)
    assert sifted.slices == read.slices
    assert {one.path: one for one in sifted.refused} == {one.path: one for one in read.refused}
    assert [series.files for series in asked.series] == [series.files for series in told.series]
    assert any(series.key.model == "Ingenia Elition X" for series in told.series)


def test_calling_a_series_a_reference_is_left_to_those_who_show_it(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path / "exam", ("FF",), edit=silent)
    assert set(codes(find(made.folder, A=Answer(REFERENCE))).values()) == {"reference.no_exam"}
