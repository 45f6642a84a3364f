"""What could be imported is looked at first: scales, pictures, and how each exam stands to the session."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from app.domain.errors import Cancelled, InputError
from app.domain.maps import Quantity
from app.domain.phantom import make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.progress import Silent
from app.files.dicom import inspecting
from app.files.dicom.found import Refusal, ScaleDecision
from app.files.dicom.wishes import Answer, Wishes
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services.import_exams import Pick, import_exams, import_path, remember_answers
from app.services.open_session import Session, create_session
from app.services.survey_import import (
    Standing,
    Survey,
    SurveyedExam,
    SurveyedMap,
    confirm_scale,
    survey,
)
from app.services.thumbnails import thumbnail

Edit = Callable[[Dataset, str], None]
FF, R2STAR = Quantity.FF, Quantity.R2STAR
CASE = CaseHeader("Phantom^01", "0012", "A1", "20260102", "F")
TOKENS = {
    "FAT_FRACTION": FF,
    "R2_STAR_MAP": R2STAR,
    "WATER": Quantity.WATER,
    "FAT": Quantity.FAT,
    "IN_PHASE": Quantity.IN_PHASE,
    "OUT_PHASE": Quantity.OUT_PHASE,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("survey") / "exam"
    phantom = make_phantom(PhantomSpec(seed=3, slices=4, rows=96, cols=112))
    write_ideal_iq(phantom, folder, case=CASE, uid_seed="survey")
    return folder


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = create_session(tmp_path / "study")
    yield made
    made.close()


@pytest.fixture
def study(written: Path, tmp_path: Path) -> Callable[..., Path]:
    """Write a copy of the exam with some of its maps, each file changed on the way."""

    def write(name: str, *quantities: Quantity, edit: Edit | None = None) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for path in sorted(written.iterdir()):
            made = dcmread(path)
            quantity = TOKENS[made.ImageType[3]]
            if quantities and quantity not in quantities:
                continue
            if edit is not None:
                edit(made, quantity)
            made.save_as(folder / path.name)
        return folder

    return write


def canon(made: Dataset, _quantity: str) -> None:
    """A vendor whose rule nobody knows for certain: every measured map is in doubt."""
    made.Manufacturer = "CANON_MEC"


def canon_ff(made: Dataset, quantity: str) -> None:
    if quantity == FF:
        made.Manufacturer = "CANON_MEC"


def shifted_r2star(made: Dataset, quantity: str) -> None:
    """R2* with lines of its own, a third of a voxel from those of FF."""
    if quantity == R2STAR:
        left, back, up = made.ImagePositionPatient
        made.ImagePositionPatient = [left, back, up - made.PixelSpacing[0] / 3]


def look(session: Session, *paths: Path, wishes: Wishes | None = None) -> Survey:
    return survey(session, paths, Silent(), wishes or Wishes())


def only(looked: Survey) -> SurveyedExam:
    (exam,) = looked.exams
    return exam


def of(exam: SurveyedExam, quantity: Quantity) -> SurveyedMap:
    return next(one for one in exam.maps if one.found.quantity is quantity)


# ---- what is seen


def test_a_new_exam_is_shown_with_every_scale_settled_and_every_map_as_a_picture(
    session: Session, written: Path
) -> None:
    exam = only(look(session, written))
    assert (exam.standing, exam.code, exam.waiting, exam.refused) == (Standing.NEW, "", (), ())
    assert [one.found.quantity for one in exam.maps] == list(Quantity)
    for one in exam.maps:
        assert isinstance(one.decision, ScaleDecision)
        assert one.scaling is not None
        assert one.scaling == one.found.scaling
        assert not one.doubted
        assert max(one.thumbnail.shape) == 96
        assert one.thumbnail.max() > 0


def test_pictures_of_measured_maps_have_fixed_ranges_and_show_the_slice_a_case_opens_at(
    session: Session, written: Path
) -> None:
    exam = only(look(session, written))
    phantom = make_phantom(PhantomSpec(seed=3, slices=4, rows=96, cols=112))
    rows, cols = phantom.grid.spacing_mm[1:]
    assert of(exam, FF).thumbnail.shape == (round(96 * 96 * rows / (112 * cols)), 96)
    for quantity, white in ((FF, 100.0), (R2STAR, 300.0)):
        token = next(token for token, one in TOKENS.items() if one is quantity)
        middle, before = (phantom.images[token][index].astype(float) for index in (2, 1))
        assert np.array_equal(of(exam, quantity).thumbnail, thumbnail(middle, phantom.grid, (0.0, white)))
        assert not np.array_equal(of(exam, quantity).thumbnail, thumbnail(before, phantom.grid, (0.0, white)))


def test_voxels_are_let_go_before_the_next_exam_is_read(
    session: Session, written: Path, study: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def other(made: Dataset, _quantity: str) -> None:
        made.StudyInstanceUID += ".2"
        made.SOPInstanceUID += ".2"

    judge = inspecting.judge_exam
    alive: list[weakref.ref[Any]] = []

    def watched(found: Any, progress: Any) -> Any:
        assert not [one for one in alive if one() is not None]
        judged = judge(found, progress)
        alive.extend(weakref.ref(stored) for stored in judged.stored.values())
        return judged

    monkeypatch.setattr(inspecting, "judge_exam", watched)
    looked = look(session, written, study("other", edit=other))
    assert [exam.standing for exam in looked.exams] == [Standing.NEW, Standing.NEW]
    assert len(alive) == 12
    assert not [one for one in alive if one() is not None]


def test_a_path_inside_another_one_is_looked_at_once(session: Session, written: Path) -> None:
    assert only(look(session, next(written.iterdir()), written, written)).standing is Standing.NEW


def test_an_exam_that_cannot_be_read_is_refused_file_by_file_without_a_picture(
    session: Session, study: Callable[..., Path]
) -> None:
    folder = study("broken")
    files = sorted(folder.iterdir())
    for path in files:
        path.write_bytes(path.read_bytes()[:-400])
    exam = only(look(session, folder))
    assert exam.standing is Standing.REFUSED
    assert [one.path for one in exam.refused] == files
    for one in exam.maps:
        assert isinstance(one.decision, Refusal)
        assert (one.scaling, one.doubted, one.thumbnail.shape) == (None, False, (0, 0))


# ---- how it stands to the session


def test_an_exam_that_is_in_the_session_is_known_wherever_it_lies(
    session: Session, written: Path, tmp_path: Path
) -> None:
    (imported,) = import_path(session, written, Silent()).exams
    copied = Path(shutil.copytree(written, tmp_path / "elsewhere"))
    exam = only(look(session, copied))
    assert (exam.standing, exam.code) == (Standing.KNOWN, imported.code)


def test_maps_that_the_exam_of_the_session_lacks_join_it(
    session: Session, written: Path, study: Callable[..., Path]
) -> None:
    (imported,) = import_path(session, study("ff", FF), Silent()).exams
    exam = only(look(session, written))
    assert (exam.standing, exam.code) == (Standing.JOINS, imported.code)


def test_the_same_voxels_under_another_study_are_a_new_exam_with_a_warning(
    session: Session, written: Path, study: Callable[..., Path]
) -> None:
    def anew(made: Dataset, _quantity: str) -> None:
        made.StudyInstanceUID += ".2"
        made.SOPInstanceUID += ".2"

    assert only(look(session, study("first", edit=anew))).same_as == ()
    (imported,) = import_path(session, written, Silent()).exams
    exam = only(look(session, study("again", edit=anew)))
    assert (exam.standing, exam.code, exam.same_as) == (Standing.NEW, "", (imported.code,))
    (warning,) = exam.warnings
    assert (warning.code, warning.values) == ("exam.same_voxels", {"case": imported.code})
    # known by its study it needs no such word
    assert only(look(session, written)).same_as == ()


def test_other_voxels_of_the_same_study_are_refused_and_the_case_is_named(
    session: Session, written: Path, study: Callable[..., Path]
) -> None:
    def other(made: Dataset, quantity: str) -> None:
        if quantity == FF:
            made.PixelData = bytes(reversed(made.PixelData[:2])) + made.PixelData[2:]
            made.PixelData = (np.frombuffer(made.PixelData, "<i2") // 2).astype("<i2").tobytes()

    (imported,) = import_path(session, written, Silent()).exams
    folder = study("changed", edit=other)
    exam = only(look(session, folder))
    assert (exam.standing, exam.code) == (Standing.REFUSED, imported.code)
    assert {one.path: one.code for one in exam.refused} == dict.fromkeys(
        sorted(folder.iterdir()), "import.maps_differ"
    )


# ---- scales in doubt


def test_a_doubted_scale_waits_with_its_evidence_and_a_picture_of_the_stored_numbers(
    session: Session, study: Callable[..., Path]
) -> None:
    exam = only(look(session, study("canon", edit=canon)))
    assert (exam.standing, exam.waiting, exam.once_confirmed) == (
        Standing.WAITS,
        (FF, R2STAR),
        Standing.NEW,
    )
    ff = of(exam, FF)
    assert isinstance(ff.decision, ScaleDecision)
    assert (ff.doubted, ff.scaling, ff.decision.factor) == (True, None, 1.0)
    assert ff.thumbnail.max() == 255
    assert {one.code for one in exam.refused} == {"scale.needs_confirmation", "exam.no_measured_map"}


def test_once_every_doubted_scale_is_confirmed_the_exam_can_be_imported(
    session: Session, study: Callable[..., Path]
) -> None:
    looked = look(session, study("canon", edit=canon))
    exam = confirm_scale(only(looked), FF, 1.0, " A. Reader ")
    assert (exam.standing, exam.waiting) == (Standing.WAITS, (R2STAR,))
    assert {one.code for one in exam.refused} == {"scale.needs_confirmation"}
    exam = confirm_scale(exam, R2STAR, 1.0, "A. Reader")
    assert (exam.standing, exam.waiting, exam.refused) == (Standing.NEW, (), ())
    assert of(exam, FF).found.confirmed == of(exam, R2STAR).found.confirmed
    report = import_exams(session, [Pick(exam.found, "MM-01")], Silent())
    assert [one.code for one in report.exams] == ["MM-01"]
    assert set(report.exams[0].quantities) == set(Quantity)
    assert report.refused == ()


def test_what_waits_and_is_in_the_session_already_is_known(
    session: Session, study: Callable[..., Path]
) -> None:
    folder = study("canon", edit=canon)
    confirmed = {FF: 1.0, R2STAR: 1.0}
    import_path(session, folder, Silent(), confirmed=confirmed, who="A. Reader")
    exam = only(look(session, folder))
    assert (exam.standing, exam.waiting) == (Standing.KNOWN, ())


def test_a_confirmed_map_takes_its_refusals_and_the_warning_of_its_absence_away(
    session: Session, study: Callable[..., Path]
) -> None:
    exam = only(look(session, study("mixed", edit=canon_ff)))
    assert (exam.standing, exam.waiting) == (Standing.WAITS, (FF,))
    assert [one.code for one in exam.warnings] == ["exam.no_ff"]
    assert [one.path for one in exam.refused] == list(of(exam, FF).found.files)
    confirmed = confirm_scale(exam, FF, 1.0, "A. Reader")
    assert (confirmed.standing, confirmed.warnings, confirmed.refused) == (Standing.NEW, (), ())
    # another word on the same map replaces the first
    again = confirm_scale(confirmed, FF, 0.9, "B. Reader")
    word = of(again, FF).found.confirmed
    assert word is not None
    assert (word.factor, word.who, again.standing) == (0.9, "B. Reader", Standing.NEW)


@pytest.mark.parametrize("factor", [0.001, 10.0])
def test_a_factor_that_makes_impossible_values_is_refused_with_the_evidence(
    session: Session, study: Callable[..., Path], factor: float
) -> None:
    exam = only(look(session, study("canon", FF, edit=canon)))
    with pytest.raises(InputError) as caught:
        confirm_scale(exam, FF, factor, "A. Reader")
    assert (caught.value.code, caught.value.values["factor"]) == ("scale.confirmed_out_of_range", factor)
    assert {"path", "rule", "foreground", "p50", "p995"} <= set(caught.value.values)


def test_nobody_cannot_confirm(session: Session, study: Callable[..., Path]) -> None:
    exam = only(look(session, study("canon", FF, edit=canon)))
    with pytest.raises(InputError, match=r"scale\.bad_confirmation"):
        confirm_scale(exam, FF, 1.0, " ")


def test_a_settled_scale_needs_no_word_and_takes_none(session: Session, written: Path) -> None:
    exam = only(look(session, written))
    assert confirm_scale(exam, FF, 0.5, "A. Reader") is exam


# ---- what a person asked for


def nameless(made: Dataset, quantity: str) -> None:
    """R2* that says nowhere what it is."""
    if quantity == R2STAR:
        made.ImageType = ["DERIVED", "PRIMARY", "OTHER"]
        made.SeriesDescription = "Sag map 3"


def test_an_answer_that_the_session_remembers_holds_unless_another_is_given(
    session: Session, study: Callable[..., Path]
) -> None:
    folder = study("nameless", edit=nameless)
    looked = look(session, folder)
    (question,) = looked.questions
    assert (question.description, question.answer) == ("Sag map 3", None)
    assert question.key is not None
    assert R2STAR not in [one.found.quantity for one in only(looked).maps]
    remember_answers(session, {question.key: Answer("R2STAR", "", "A. Reader")})
    looked = look(session, folder)
    assert looked.wishes.answers == {question.key: Answer("R2STAR", "", "A. Reader")}
    assert R2STAR in [one.found.quantity for one in only(looked).maps]
    wishes = Wishes(answers={question.key: Answer("NOTHING", "", "B. Reader")})
    looked = look(session, folder, wishes=wishes)
    assert looked.wishes.answers == wishes.answers
    assert R2STAR not in [one.found.quantity for one in only(looked).maps]


def test_r2star_that_does_not_fit_is_shown_and_resampled_when_asked(
    session: Session, study: Callable[..., Path]
) -> None:
    folder = study("apart", edit=shifted_r2star)
    exam = only(look(session, folder))
    assert [one.quantity for one in exam.found.unpaired] == [R2STAR]
    exam = only(look(session, folder, wishes=Wishes(resample=True)))
    assert (exam.standing, exam.found.unpaired) == (Standing.NEW, ())
    one = of(exam, R2STAR)
    assert one.scaling is not None
    assert one.scaling.derived == "resampled"
    assert one.scaling.missing > 0


def test_resampled_r2star_in_doubt_waits_to_join_the_ff_of_the_session(
    session: Session, study: Callable[..., Path]
) -> None:
    def edit(made: Dataset, quantity: str) -> None:
        shifted_r2star(made, quantity)
        if quantity == R2STAR:
            made.Manufacturer = "CANON_MEC"

    folder = study("apart", FF, R2STAR, edit=edit)
    (imported,) = import_path(session, folder, Silent()).exams
    exam = only(look(session, folder, wishes=Wishes(resample=True)))
    assert (exam.standing, exam.code, exam.waiting) == (Standing.WAITS, imported.code, (R2STAR,))
    assert of(exam, R2STAR).thumbnail.max() > 0
    exam = confirm_scale(exam, R2STAR, 1.0, "A. Reader")
    assert exam.standing is Standing.JOINS
    assert {one.code for one in exam.warnings} == {"map.resampled"}


def test_r2star_from_elsewhere_in_the_body_is_refused_whatever_a_person_says(
    session: Session, study: Callable[..., Path]
) -> None:
    def far(made: Dataset, quantity: str) -> None:
        if quantity == R2STAR:
            left, back, up = made.ImagePositionPatient
            made.ImagePositionPatient = [left, back, up + 5000]

    exam = only(look(session, study("far", FF, R2STAR, edit=far), wishes=Wishes(resample=True)))
    one = of(exam, R2STAR)
    assert isinstance(one.decision, Refusal)
    assert (one.decision.code, one.doubted) == ("pair.no_overlap", False)
    assert exam.standing is Standing.NEW


# ---- references


def anatomy(made: Dataset, quantity: str) -> None:
    """Water becomes a T1 series."""
    if quantity == Quantity.WATER:
        made.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
        made.SeriesDescription = "Sag T1 FSE"
        made.ScanningSequence = "SE"
        made.RepetitionTime, made.EchoTime = 600, 12
        del made[0x0019109C]


def test_reference_series_are_shown_and_join_an_exam_that_lacks_them(
    session: Session, study: Callable[..., Path]
) -> None:
    (imported,) = import_path(session, study("maps", FF, R2STAR), Silent()).exams
    folder = study("all", FF, R2STAR, Quantity.WATER, edit=anatomy)
    exam = only(look(session, folder))
    (reference,) = exam.references
    assert reference.found.name == "T1"
    assert max(reference.thumbnail.shape) == 96
    assert (exam.standing, exam.code) == (Standing.JOINS, imported.code)
    import_exams(session, [Pick(look(session, folder).exams[0].found)], Silent())
    assert only(look(session, folder)).standing is Standing.KNOWN


def test_a_reference_that_cannot_be_read_has_no_picture_and_costs_nothing_else(
    session: Session, study: Callable[..., Path]
) -> None:
    folder = study("all", FF, Quantity.WATER, edit=anatomy)
    for path in folder.iterdir():
        if dcmread(path, specific_tags=["SeriesDescription"]).SeriesDescription == "Sag T1 FSE":
            path.write_bytes(path.read_bytes()[:-400])
    exam = only(look(session, folder))
    assert exam.standing is Standing.NEW
    assert [one.thumbnail.shape for one in exam.references] == [(0, 0)]


# ---- progress


class Watched:
    """Progress that remembers every report and asks to stop at one of them."""

    def __init__(self, stop_at: int = -1) -> None:
        self.reports: list[tuple[int, int | None]] = []
        self.stop_at = stop_at

    def report(self, done: int, total: int | None) -> None:
        if len(self.reports) == self.stop_at:
            raise Cancelled
        self.reports.append((done, total))


def test_headers_and_voxels_are_one_count_that_never_falls(session: Session, written: Path) -> None:
    watched = Watched()
    survey(session, [written], watched)
    counted = [(done, total) for done, total in watched.reports if total is not None]
    shares = [done / total for done, total in counted if total]
    assert shares == sorted(shares)
    assert [done for done, _ in counted] == sorted(done for done, _ in counted)
    # 24 headers, then 24 slices
    assert counted[-1] == (48, 48)


def test_cancelling_stops_at_the_next_report_wherever_that_is(session: Session, written: Path) -> None:
    watched = Watched()
    survey(session, [written], watched)
    for stop_at in range(0, len(watched.reports), 7):
        stopped = Watched(stop_at)
        with pytest.raises(Cancelled):
            survey(session, [written], stopped)
        assert len(stopped.reports) == stop_at
