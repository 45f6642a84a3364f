"""Frames of which nothing says what they show: asked about, answered, and shown beside the maps."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.found import Found
from app.files.dicom.load import load_exam
from app.files.dicom.wishes import NOTHING, REFERENCE, Answer, SeriesKey, Wishes

Write = Callable[..., Any]
UNKNOWN = {"FF": ["DERIVED", "PRIMARY", "DIXON", "X"], "R2STAR": ["DERIVED", "PRIMARY", "DIXON", "Y"]}


def silent(group: Dataset, name: str, _index: int) -> None:
    """Frames whose type is nobody's word for a map."""
    group.MRImageFrameTypeSequence[0].FrameType = UNKNOWN[name]
    del group[0x2005140F], group.RealWorldValueMappingSequence


def plain(made: Dataset) -> None:
    made.SeriesDescription, made.ProtocolName = "Sag quant", "Spine"


def key(name: str) -> SeriesKey:
    return SeriesKey("Philips", "SIGNA Test", "Spine", "Sag quant", "\\".join(UNKNOWN[name]))


def find(folder: Path, **answers: Answer) -> Found:
    return find_exams(folder, Silent(), Wishes(answers={key(name): told for name, told in answers.items()}))


@pytest.fixture
def folder(tmp_path: Path, write_enhanced: Write) -> Any:
    return write_enhanced(tmp_path / "exam", "FF", "R2STAR", edit=silent, change=plain)


def test_each_kind_of_frame_is_a_question_of_its_own(folder: Any) -> None:
    found = find(folder.folder)
    assert [one.code for one in found.refused] == ["role.none"]
    assert [question.key for question in found.questions] == [key("FF"), key("R2STAR")]
    assert {question.shape for question in found.questions} == {(3, 12, 16)}
    assert {question.files for question in found.questions} == {(folder.folder / "IM_0001",)}


def test_answered_frames_become_a_map_and_the_others_are_said_to_be_left_out(folder: Any) -> None:
    found = find(folder.folder, FF=Answer("FF", "ff.percent"))
    (exam,) = found.exams
    assert found.refused == ()
    told = {one.code: dict(one.values) for one in exam.warnings}
    assert told["exam.frames_left_out"] == {"file": "IM_0001", "frames": 3, "of": 6}
    one = load_exam(exam, Silent()).exam.maps[Quantity.FF]
    np.testing.assert_allclose(one.scale(one.stored), folder.values["FF"], rtol=1e-9)


def test_all_frames_answered_leave_none_out(folder: Any) -> None:
    found = find(folder.folder, FF=Answer("FF", "ff.percent"), R2STAR=Answer("R2STAR", "r2star.per_second"))
    (exam,) = found.exams
    assert "exam.frames_left_out" not in {one.code for one in exam.warnings}
    loaded = load_exam(exam, Silent()).exam.maps
    np.testing.assert_allclose(
        loaded[Quantity.R2STAR].scale(loaded[Quantity.R2STAR].stored), folder.values["R2STAR"], rtol=1e-9
    )


def test_a_file_whose_frames_are_of_no_use_is_refused_once(folder: Any) -> None:
    found = find(folder.folder, FF=Answer(NOTHING), R2STAR=Answer(NOTHING))
    assert [one.code for one in found.refused] == ["role.answered_nothing"]


def test_frames_are_used_all_or_none(tmp_path: Path, write_enhanced: Write) -> None:
    def one_bad(group: Dataset, name: str, index: int) -> None:
        units, item = Dataset(), Dataset()
        silent(group, name, index)
        if index == 0:
            units.CodeValue, units.CodingSchemeDesignator, units.CodeMeaning = "mm2/s", "UCUM", "unit"
            item.MeasurementUnitsCodeSequence = Sequence([units])
            group.RealWorldValueMappingSequence = Sequence([item])

    made = write_enhanced(tmp_path / "exam", "FF", edit=one_bad, change=plain)
    found = find(made.folder, FF=Answer("FF", "ff.percent"))
    assert (found.exams, [one.code for one in found.refused]) == ((), ["role.contradiction"])


def test_a_scout_of_several_frames_is_not_asked_about(tmp_path: Path, write_enhanced: Write) -> None:
    def scout(made: Dataset) -> None:
        made.SeriesDescription = "Survey"

    made = write_enhanced(tmp_path / "exam", "FF", edit=silent, change=scout)
    assert find(made.folder).questions == ()


def test_anatomical_frames_lie_beside_the_maps(tmp_path: Path, write: Write, write_enhanced: Write) -> None:
    def anatomical(group: Dataset, _name: str, _index: int) -> None:
        silent(group, "FF", 0)
        group.MRImageFrameTypeSequence[0].FrameType = ["ORIGINAL", "PRIMARY", "M", "NONE"]
        timing, echo, modifier = Dataset(), Dataset(), Dataset()
        timing.RepetitionTime, echo.EffectiveEchoTime = 4000.0, 60.0
        modifier.InversionRecovery, modifier.InversionTimes = "YES", [170.0]
        group.MRTimingAndRelatedParametersSequence = Sequence([timing])
        group.MREchoSequence, group.MRModifierSequence = Sequence([echo]), Sequence([modifier])

    write(tmp_path / "exam", ("FF", "R2STAR"))
    made = write_enhanced(tmp_path / "exam", "FF", edit=anatomical, change=plain)
    found = find(made.folder)
    (exam,) = found.exams
    assert (found.refused, found.questions) == ((), ())
    ((one, series),) = load_exam(exam, Silent()).references
    # the file holds the slices backwards
    assert (one.name, one.frames) == ("STIR", (2, 1, 0))
    np.testing.assert_array_equal(series.stored, made.stored["FF"])


def test_frames_that_were_called_a_reference_without_maps_are_refused(folder: Any) -> None:
    found = find(folder.folder, FF=Answer(REFERENCE))
    assert [one.code for one in found.refused] == ["reference.no_exam"]
