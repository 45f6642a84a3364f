"""What the import dialog says, without any window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.errors import InputError
from app.domain.maps import Quantity
from app.files.dicom.found import Confirmation, Refusal
from app.files.dicom.rules import FACTORS
from app.files.dicom.wishes import REFERENCE, T2STAR, Answer, Question, SeriesKey, Wishes
from app.services.import_exams import ImportReport
from app.services.open_session import Session
from app.services.survey_import import Standing, Survey
from app.ui.import_draft import UNITS_OF, Draft, MapState, state_of
from app.ui.import_row import Column, Kind, Row, Tick
from app.ui.present.import_details import Details, choices_of, details_of
from app.ui.present.import_unused import all_refused, reasons_of, report_lines, unused_title
from app.ui.present.imports import SHOWS, found_text, rows_of
from app.ui.present.pages import import_lines
from app.ui.present.unnamed import unnamed_lines
from app.ui.sentences import LABELS

Look = Callable[..., Survey]
FF, R2STAR, WATER = Quantity.FF, Quantity.R2STAR, Quantity.WATER


def all_rows(draft: Draft, *, hide_names: bool = False) -> list[Row]:
    def below(rows: tuple[Row, ...]) -> list[Row]:
        return [one for row in rows for one in (row, *below(row.children))]

    return below(rows_of(draft, hide_names=hide_names))


def row_of(draft: Draft, kind: Kind, number: int = 0) -> Row:
    return [row for row in all_rows(draft) if row.kind is kind][number]


def map_row(draft: Draft, quantity: Quantity) -> Row:
    return next(row for row in all_rows(draft) if row.key.endswith(f"|{quantity}"))


def only(draft: Draft) -> str:
    (key,) = draft.exams
    return key


def confirmed(draft: Draft, quantity: Quantity, factor: float = 1.0) -> None:
    draft.confirm(only(draft), quantity, Confirmation(factor, "Ana"))


# -- rows -------------------------------------------------------------------------------------------------


def test_a_clean_exam_is_ticked_with_every_map_settled(look: Look) -> None:
    draft = Draft(look("plain"))
    patient, exam = row_of(draft, Kind.PATIENT), row_of(draft, Kind.EXAM)
    assert patient.cell(Column.WHAT).title == "Wong Jane · 0012"
    assert patient.cell(Column.WHAT).quiet == "born 1960-02-29"
    assert (patient.tick, exam.tick) == (Tick.ON, Tick.ON)
    assert exam.cell(Column.STATE).title == "new"
    assert exam.cell(Column.GEOMETRY).title == "same voxels"
    ff = map_row(draft, FF)
    assert (ff.tick, ff.cell(Column.UNIT).title, ff.cell(Column.STATE).title) == (Tick.ON, "%", "settled")
    assert ff.picture is not None
    assert max(ff.picture.shape) <= 96
    # signals are never measured: they come with the maps
    water = map_row(draft, WATER)
    assert (water.tick, water.cell(Column.STATE).title) == (Tick.NONE, "comes along")
    assert found_text(draft) == "1 exam found"


def test_names_and_ids_are_hidden_when_wished(look: Look) -> None:
    draft = Draft(look("plain", "canon"))
    rows = all_rows(draft, hide_names=True)
    said = " ".join(cell.title + cell.quiet for row in rows for cell in row.cells.values())
    assert "Patient 1" in said
    assert "Patient 2" in said
    for word in ("Wong", "Suzuki", "0012", "1960"):
        assert word not in said


def test_images_without_name_and_id_say_so(look: Look) -> None:
    assert row_of(Draft(look("unknown")), Kind.PATIENT).cell(Column.WHAT).title == "no name, no ID"


@pytest.mark.parametrize(
    ("name", "patient_id", "said"),
    [
        ("王^小明=Wang^Xiaoming", "7", "王 小明 / Wang Xiaoming · 7"),
        ("Doe^^", "", "Doe · no ID"),
        ("", "7", "no name · 7"),
    ],
)
def test_a_patient_is_named_as_far_as_the_images_do(
    look: Look, name: str, patient_id: str, said: str
) -> None:
    looked = look("plain")
    (exam,) = looked.exams
    identity = replace(exam.found.identity, patient_name=name, patient_id=patient_id)
    draft = Draft(replace(looked, exams=(replace(exam, found=replace(exam.found, identity=identity)),)))
    assert row_of(draft, Kind.PATIENT).cell(Column.WHAT).title == said


def test_an_exam_whose_scale_is_in_doubt_waits_unticked(look: Look) -> None:
    draft = Draft(look("canon"))
    exam, ff = row_of(draft, Kind.EXAM), map_row(draft, FF)
    assert (exam.tick, exam.enabled) == (Tick.OFF, False)
    assert exam.cell(Column.STATE).title == "needs an answer"
    assert ff.cell(Column.UNIT).title == "not settled"
    assert list(draft.picks()) == []
    assert found_text(draft) == "1 exam found, it needs an answer"


def test_a_confirmed_exam_is_ticked_and_carries_factor_and_confirmer(look: Look) -> None:
    draft = Draft(look("canon"))
    confirmed(draft, FF)
    assert list(draft.picks()) == []
    confirmed(draft, R2STAR)
    (pick,) = draft.picks()
    words = {one.quantity: one.confirmed for one in pick.found.maps}
    assert words == {FF: Confirmation(1.0, "Ana"), R2STAR: Confirmation(1.0, "Ana")}
    assert map_row(draft, FF).cell(Column.STATE).quiet == "by Ana"
    assert row_of(draft, Kind.EXAM).cell(Column.STATE).title == "new"
    draft.take_back(only(draft), FF)
    assert list(draft.picks()) == []
    assert map_row(draft, R2STAR).cell(Column.STATE).title == "confirmed"


def test_a_factor_that_cannot_be_is_refused_and_changes_nothing(look: Look) -> None:
    draft = Draft(look("canon"))
    with pytest.raises(InputError, match=r"scale\.confirmed_out_of_range"):
        confirmed(draft, FF, 1000.0)
    assert draft.confirmed == {}
    assert map_row(draft, FF).cell(Column.STATE).title == "needs an answer"


def test_what_is_settled_can_be_imported_while_the_rest_waits_but_only_when_ticked(look: Look) -> None:
    draft = Draft(look("half"))
    assert list(draft.picks()) == []
    draft.tick_map(only(draft), R2STAR, on=True)
    (pick,) = draft.picks()
    assert [one.quantity for one in pick.found.maps] == [R2STAR]
    assert row_of(draft, Kind.EXAM).tick is Tick.PART


def test_an_unticked_map_stays_out_and_its_signals_come_along(look: Look) -> None:
    draft = Draft(look("plain"))
    draft.tick_map(only(draft), R2STAR, on=False)
    (pick,) = draft.picks()
    assert FF in {one.quantity for one in pick.found.maps}
    assert R2STAR not in {one.quantity for one in pick.found.maps}
    assert WATER in {one.quantity for one in pick.found.maps}
    draft.tick_exam(only(draft), on=False)
    assert list(draft.picks()) == []


def test_a_reference_series_comes_with_the_maps_and_never_alone(look: Look) -> None:
    draft = Draft(look("anatomy"))
    key, reference = only(draft), row_of(draft, Kind.REFERENCE)
    assert reference.cell(Column.WHAT).title == "T1 for reference"
    assert reference.tick is Tick.ON
    (pick,) = draft.picks()
    assert len(pick.found.references) == 1
    draft.tick_map(key, FF, on=False)
    draft.tick_map(key, R2STAR, on=False)
    assert list(draft.picks()) == []
    found = draft.exams[key].references[0].found
    draft.tick_reference(key, found, on=True)
    assert {one.quantity for one in next(draft.picks()).found.maps} >= {FF, R2STAR}
    draft.tick_reference(key, found, on=False)
    assert next(draft.picks()).found.references == ()


def test_an_exam_that_is_in_the_session_is_neither_ticked_nor_offered(look: Look) -> None:
    looked = look("anatomy")
    (exam,) = looked.exams
    known = replace(exam, standing=Standing.KNOWN, code="C0417")
    draft = Draft(replace(looked, exams=(known,)))
    row = row_of(draft, Kind.EXAM)
    assert (row.tick, row.enabled, row.cell(Column.CODE).title) == (Tick.OFF, False, "C0417")
    assert row.cell(Column.STATE).quiet == "as C0417"
    assert {state_of(known, one) for one in known.maps} == {MapState.KNOWN}
    draft.tick_exam(row.key, on=True)
    assert list(draft.picks()) == []
    assert found_text(draft) == "1 exam found, it is in the session already"


def test_what_an_exam_adds_is_ticked_and_what_the_session_has_is_not(look: Look) -> None:
    looked = look("anatomy")
    (exam,) = looked.exams
    joins = replace(exam, standing=Standing.JOINS, code="C0417", adds=(R2STAR,))
    draft = Draft(replace(looked, exams=(joins,)))
    assert row_of(draft, Kind.EXAM).cell(Column.STATE).title == "joins C0417"
    assert row_of(draft, Kind.EXAM).cell(Column.STATE).quiet == "adds R2*"
    assert map_row(draft, FF).tick is Tick.NONE
    assert map_row(draft, R2STAR).tick is Tick.ON
    draft.tick_map(only(draft), R2STAR, on=False)
    # a reference series alone may join
    (pick,) = draft.picks()
    assert len(pick.found.references) == 1
    only_series = Draft(replace(looked, exams=(replace(joins, adds=()),)))
    assert row_of(only_series, Kind.EXAM).cell(Column.STATE).quiet == "adds reference series"


def test_maps_that_do_not_fit_are_shown_with_the_reason(look: Look) -> None:
    draft = Draft(look("apart"))
    assert row_of(draft, Kind.EXAM).cell(Column.GEOMETRY).title == "no common lines"
    row = next(row for row in all_rows(draft) if row.key.endswith("|apart"))
    assert (row.tick, row.cell(Column.STATE).title) == (Tick.NONE, "refused")
    assert "resampled" in details_of(draft, row).warnings[0]
    together = Draft(look("apart", wishes=Wishes(resample=True)))
    assert row_of(together, Kind.EXAM).cell(Column.GEOMETRY).title == "resampled"


def test_ff_of_signals_is_called_so(look: Look) -> None:
    assert row_of(Draft(look("signals")), Kind.EXAM).cell(Column.GEOMETRY).title == "R2* alone"
    draft = Draft(look("signals", wishes=Wishes(signal_ff=True)), signal_ff=True)
    assert map_row(draft, FF).cell(Column.WHAT).title == "Signal FF"
    draft.tick_map(only(draft), FF, on=False)
    assert not next(draft.picks()).found.signal_ff


def test_a_map_on_finer_voxels_shares_its_lines(look: Look) -> None:
    looked = look("plain")
    (exam,) = looked.exams
    grid = exam.found.maps[0].grid
    slices, rows, cols = grid.shape
    between, down, across = grid.spacing_mm
    corner = tuple(grid.to_patient((0, -0.25, -0.25)).tolist())
    finer = replace(
        grid, shape=(slices, 2 * rows, 2 * cols), spacing_mm=(between, down / 2, across / 2), origin_mm=corner
    )
    maps = tuple(replace(one, grid=finer) if one.quantity is R2STAR else one for one in exam.found.maps)
    draft = Draft(replace(looked, exams=(replace(exam, found=replace(exam.found, maps=maps)),)))
    cell = row_of(draft, Kind.EXAM).cell(Column.GEOMETRY)
    assert (cell.title, cell.quiet) == ("common lines", "2 × 2 of R2* in one of Fat fraction")


def test_a_map_that_cannot_be_read_says_why(look: Look) -> None:
    looked = look("plain")
    (exam,) = looked.exams
    refusal = Refusal(exam.found.maps[0].files[0], "pixels.truncated", {"found": 3, "expected": 9})
    maps = (replace(exam.maps[0], scaling=None, decision=refusal), *exam.maps[1:])
    draft = Draft(replace(looked, exams=(replace(exam, maps=maps, refused=(refusal,)),)))
    row = map_row(draft, FF)
    assert (row.tick, row.cell(Column.STATE).title) == (Tick.NONE, "refused")
    assert "3 of 9 bytes" in details_of(draft, row).warnings[0]
    assert "3 of 9 bytes" in details_of(draft, row_of(draft, Kind.EXAM)).warnings[0]
    assert next(draft.picks()).found.maps[0].quantity is not FF
    closed = replace(exam, maps=maps, standing=Standing.REFUSED)
    row = row_of(Draft(replace(looked, exams=(closed,))), Kind.EXAM)
    assert (row.cell(Column.STATE).title, Column.CODE in row.cells) == ("refused", False)


# -- a second look ----------------------------------------------------------------------------------------


def test_decisions_survive_a_second_look_at_the_same_files(look: Look, session: Session) -> None:
    draft = Draft(look("canon", "plain"))
    canon, plain = draft.exams
    assert found_text(draft) == "2 exams found, 1 of them needs an answer"
    draft.tick_map(plain, R2STAR, on=False)
    draft.name_case(session, plain, "Left")
    draft.confirm(canon, FF, Confirmation(1.0, "Ana"))
    draft.look_again(look("plain", "canon", "signals", wishes=Wishes(signal_ff=True)))
    assert R2STAR not in {one.quantity for one in next(draft.picks()).found.maps}
    assert next(draft.picks()).code == "Left"
    assert state_of(draft.exams[canon], draft.exams[canon].maps[0]) is MapState.CONFIRMED
    assert len(draft.exams) == 3
    draft.look_again(look("plain"))
    assert draft.confirmed == {}


def test_wishes_that_no_look_obeyed_are_taken_back(look: Look) -> None:
    draft = Draft(look("nameless"))
    (first, _) = draft.survey.questions
    draft.answer(first, Answer("FF", who="Ana"))
    draft.signal_ff = True
    assert draft.wishes.signal_ff
    draft.keep_to_survey()
    assert draft.wishes == Wishes()


# -- series nobody knows ----------------------------------------------------------------------------------


def test_series_without_a_role_are_listed_under_their_own_heading(look: Look) -> None:
    draft = Draft(look("nameless"))
    heading = row_of(draft, Kind.QUESTIONS)
    assert heading.cell(Column.WHAT).title == "Series without a known role"
    assert [row.cell(Column.WHAT).title for row in heading.children] == ["calc 0", "calc 1"]
    assert heading.children[0].cell(Column.STATE).title == "not used"
    question = draft.survey.questions[0]
    draft.answer(question, Answer("FF", who="Ana"))
    assert row_of(draft, Kind.QUESTION).cell(Column.STATE).title == "answered"
    details = details_of(draft, row_of(draft, Kind.QUESTION))
    assert ("Scanner", "Hitachi Echelon") in details.sections[0].facts
    draft.forget(question)
    assert row_of(draft, Kind.QUESTION).cell(Column.EVIDENCE).title == "not said"
    assert found_text(draft) == "No exam found"


def test_a_volume_needs_its_unit_before_it_is_looked_at_again(look: Look, tmp_path: Path) -> None:
    volume = Question(None, (tmp_path / "ff.nii",), (4, 96, 112), "sagittal", "ff.nii")
    draft = Draft(replace(look("plain"), questions=(volume,)))
    draft.answer(volume, Answer("FF"))
    assert row_of(draft, Kind.QUESTION).cell(Column.STATE).title == "its unit is missing"
    assert draft.wishes.volumes == {}
    draft.answer(volume, Answer("FF", "ff.permille", "Ana"))
    assert draft.wishes.volumes == {tmp_path / "ff.nii": Answer("FF", "ff.permille", "Ana")}
    assert row_of(draft, Kind.QUESTION).cell(Column.UNIT).title == "per mille"
    assert "neither what it shows" in details_of(draft, row_of(draft, Kind.QUESTION)).sections[0].sentences[0]
    draft.answer(volume, Answer(REFERENCE))
    assert draft.wishes.volumes[tmp_path / "ff.nii"].shows == REFERENCE
    draft.forget(volume)
    assert draft.answer_of(volume) is None


# -- details ----------------------------------------------------------------------------------------------


def facts_of(details: Details) -> dict[str, str]:
    return {name: value for section in details.sections for name, value in section.facts}


def test_the_details_of_a_settled_map_name_rule_range_and_counts(look: Look) -> None:
    draft = Draft(look("plain"))
    details = details_of(draft, map_row(draft, FF))
    facts = facts_of(details)
    assert facts["It expects"] == facts["Range says"] == "percent"
    assert facts["Applied"] == "as in the file"
    assert "above 100" in facts["Voxels"]
    assert facts["Matrix"] == "4 × 96 × 112"
    assert details.sections[0].sentences == ("Rule and range agree, so the scale is applied.",)
    assert details.asked is None
    assert "above" not in facts_of(details_of(draft, map_row(draft, R2STAR)))["Voxels"]
    # a signal has no scale to decide
    assert details_of(draft, map_row(draft, WATER)).sections[0].heading == "Role"


def test_the_details_of_a_map_in_doubt_ask_and_propose_what_the_range_says_first(look: Look) -> None:
    draft = Draft(look("canon"))
    details = details_of(draft, map_row(draft, FF))
    assert details.asked is not None
    assert "until someone confirms" in details.sections[0].sentences[0]
    first, *others = choices_of(details.asked)
    assert (first.words, first.factor, first.proposed) == ("percent: × 1", 1.0, True)
    assert "%" in first.result
    assert [choice.factor for choice in others if not choice.possible] == [100.0, 0.01]
    confirmed(draft, FF)
    details = details_of(draft, map_row(draft, FF))
    assert details.sections[0].sentences[0].startswith("Ana confirmed the factor 1.")
    assert details.asked is not None


def test_rule_and_range_that_disagree_are_told_apart_from_no_rule(look: Look) -> None:
    looked = look("canon")
    (exam,) = looked.exams
    one = exam.maps[0]
    maps = (replace(one, decision=replace(one.decision, expected="ff.permille")), *exam.maps[1:])
    draft = Draft(replace(looked, exams=(replace(exam, maps=maps),)))
    assert details_of(draft, map_row(draft, FF)).sections[0].sentences[0].startswith("Rule and range disag")


def test_t2star_is_proposed_in_rates(look: Look) -> None:
    looked = look("canon")
    (exam,) = looked.exams
    one = exam.maps[1]
    decision = replace(one.decision, p50=20.0, seen="t2star.ms", expected="t2star.ms")
    turned = replace(one, found=replace(one.found, reciprocal=True), decision=decision)
    first = choices_of(turned)[0]
    assert (first.words, first.result) == ("milliseconds of T2*: × 1", "median 50 s⁻¹ (T2* 20 ms)")
    assert T2STAR == "T2STAR"


def test_every_unit_and_every_answer_has_words() -> None:
    units = {*FACTORS, "none", "ff.out_of_range", "r2star.out_of_range", "t2star.out_of_range"}
    units |= {"r2star.or_t2star", "r2star.or_times_ten"}
    assert {f"images.{unit}" for unit in units} <= set(LABELS)
    assert {f"images.shows_{shows}" for shows in SHOWS} <= set(LABELS)
    assert {unit for units in UNITS_OF.values() for unit in units} <= set(FACTORS)


def test_warnings_are_whole_sentences(look: Look) -> None:
    draft = Draft(look("signals"))
    (warning,) = details_of(draft, row_of(draft, Kind.EXAM)).warnings
    assert warning.startswith("This exam has no usable FF map")
    assert details_of(draft, row_of(draft, Kind.PATIENT)).title == "Rossi Carla · 35"
    reference = Draft(look("anatomy"))
    assert facts_of(details_of(reference, row_of(reference, Kind.REFERENCE)))["Series"] == "Sag T1 FSE"


# -- case codes -------------------------------------------------------------------------------------------


def test_a_case_code_that_cannot_be_is_refused(look: Look, session: Session) -> None:
    draft = Draft(look("canon", "plain"))
    canon, plain = draft.exams
    draft.name_case(session, plain, "Left")
    for code, why in (
        ("Wong", "code.is_identity"),
        ("9", "code.invalid"),
        ("left", "code.twice"),
    ):
        with pytest.raises(InputError, match=why.replace(".", r"\.")):
            draft.name_case(session, canon, code)
    assert draft.codes == {plain: "Left"}
    draft.name_case(session, plain, "")
    assert next(draft.picks()).code == ""


# -- files that are not used ------------------------------------------------------------------------------


def test_files_that_are_not_used_are_grouped_by_reason(tmp_path: Path) -> None:
    refused = [
        Refusal(tmp_path / "a", "object.not_mr", {"kind": "CT"}),
        Refusal(tmp_path / "b", "object.not_mr", {"kind": "US"}),
        Refusal(tmp_path / "c", "file.empty"),
    ]
    first, second = reasons_of(refused)
    assert first.words == "2 ×   The file is not an MR image (…). Nothing to do."
    assert [path.name for path, _ in first.files] == ["a", "b"]
    assert "CT" in first.files[0][1]
    assert second.words.startswith("1 ×   The file is empty")
    assert unused_title(tuple(refused)) == "Not used: 3 files, 2 reasons"
    assert unused_title(tuple(refused[:2])) == "Not used: 2 files, one reason"
    assert unused_title(tuple(refused[:1])) == "Not used: 1 file"
    assert unused_title(()) == "Every file is used"


def test_figures_that_differ_are_left_open_in_the_reason_of_a_group(tmp_path: Path) -> None:
    values = {"rule": "none", "foreground": "central_half", "p50": 1.0, "p995": 2.0}
    group = [Refusal(tmp_path / name, "scale.ff.out_of_range", values | {"p50": p50}) for name, p50 in
             (("a", 1.0), ("b", 9.0))]  # fmt: skip
    (reason,) = reasons_of(group)
    assert "median …" in reason.words
    assert "percentile 2," in reason.words


def test_the_report_names_every_file_and_no_patient(look: Look) -> None:
    draft = Draft(look("plain", "canon", "lossy"))
    said = "\n".join(report_lines(draft))
    assert "Exam 1: Fat fraction, R2* (8 files), needs an answer" in said
    assert "Exam 2: Fat fraction, R2*, Water" in said
    assert "\nfolder 2/readme.txt is not a DICOM file" in said
    assert "compressed with loss" in said
    for word in ("Wong", "Suzuki", "Weber", "0012", "1960"):
        assert word not in said
    folders = {part for one in all_refused(draft) for part in one.path.parent.parts[1:]}
    assert not [name for name in folders if f"{name}/" in said]


def test_no_folder_or_archive_stands_in_the_saved_report_by_its_name(tmp_path: Path) -> None:
    first, second = tmp_path / "ZHANG^SAN_0012345", tmp_path / "Li_Si.zip"
    refused = (
        Refusal(first, "scan.no_dicom", {"files": 3}),
        Refusal(first / "IM0001", "file.empty"),
        Refusal(second, "archive.entered", {"files": 2}),
        Refusal(second / "IM0001", "file.empty"),
        Refusal(first / "IM0002", "file.empty"),
    )
    told = unnamed_lines(refused)
    starts = ("folder 1 holds", "folder 1/IM0001 is", "folder 2 is", "folder 2/IM0001 is", "folder 1/IM0002")
    assert [line for line, start in zip(told, starts, strict=True) if not line.startswith(start)] == []
    report = ImportReport((), refused)
    assert import_lines(report, to_save=True)[-5:] == told
    assert str(first / "IM0001") in "\n".join(import_lines(report))


def test_files_that_wait_for_an_answer_are_not_called_unused(look: Look) -> None:
    draft = Draft(look("canon"))
    assert {one.code for exam in draft.exams.values() for one in exam.refused} == {"scale.needs_confirmation"}
    assert all_refused(draft) == ()


def test_an_exam_whose_voxels_another_case_holds_is_ticked_by_a_person_only(look: Look) -> None:
    looked = look("plain")
    twin = replace(looked.exams[0], same_as=("C0007", "C0009"))
    draft = Draft(replace(looked, exams=(twin,)))
    state = row_of(draft, Kind.EXAM).cell(Column.STATE)
    assert (state.title, state.quiet, state.tone) == ("same voxels", "as C0007, C0009", "warn")
    assert row_of(draft, Kind.EXAM).tick is Tick.OFF
    assert list(draft.picks()) == []
    draft.tick_exam(only(draft), on=True)
    assert [pick.twin for pick in draft.picks()] == [True]
    assert [pick.twin for pick in Draft(looked).picks()] == [False]


@pytest.mark.parametrize("code", ["scale.r2star.or_t2star", "scale.r2star.or_times_ten"])
def test_a_rate_that_can_be_read_in_two_ways_is_not_called_unused(look: Look, code: str) -> None:
    looked = look("canon")
    waits = tuple(replace(one, code=code) for one in looked.exams[0].refused)
    assert all_refused(Draft(replace(looked, exams=(replace(looked.exams[0], refused=waits),)))) == ()


def test_an_answer_is_kept_by_scanner_and_protocol(look: Look) -> None:
    draft = Draft(look("nameless"))
    draft.answer(draft.survey.questions[0], Answer("FF", who="Ana"))
    (key,) = draft.wishes.answers
    assert isinstance(key, SeriesKey)
    assert (key.manufacturer, key.description) == ("Hitachi", "calc 0")
