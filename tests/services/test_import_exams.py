"""From a folder to a session."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread

from app.domain.errors import Cancelled, InputError, StoreUnavailable
from app.domain.maps import Quantity
from app.domain.phantom import make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.progress import Silent
from app.domain.protocol import Level
from app.domain.reference import ReferenceSeries
from app.domain.shapes import Rectangle
from app.files.dicom.find import find_exams
from app.files.dicom.found import ReferenceFound, Refusal
from app.files.dicom.wishes import Answer, SeriesKey, Wishes
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services import beside, import_exams, open_session, read_exam
from app.services.case_codes import CaseCodes, read_case_codes
from app.services.changed import What
from app.services.import_exams import Pick, import_path
from app.store import exams
from app.ui.sentences import sentence

HEADER = CaseHeader("Phantom^01", "0012", "A1", "20260102", "F")


class StopAfter:
    """Progress that asks to stop at its n-th report."""

    def __init__(self, reports: int) -> None:
        self.left = reports

    def report(self, done: int, total: int | None) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two small exams and a file that is none."""
    root = tmp_path_factory.mktemp("dicom")
    for number in (1, 2):
        phantom = make_phantom(PhantomSpec(seed=number, slices=8, rows=128, cols=128))
        write_ideal_iq(phantom, root / f"exam{number}", case=HEADER, uid_seed=f"import-{number}")
    (root / "readme.txt").write_text("no image", encoding="utf-8")
    return root


@pytest.fixture
def session(tmp_path):
    made = open_session.create_session(tmp_path / "study")
    yield made
    made.close()


def test_every_exam_of_a_folder_comes_in_and_every_other_file_has_its_reason(session, folder):
    report = import_path(session, folder, Silent())
    assert [set(exam.quantities) for exam in report.exams] == [set(Quantity)] * 2
    assert [(refusal.path.name, refusal.code) for refusal in report.refused] == [
        ("readme.txt", "file.not_dicom")
    ]
    assert report.changed.what == What.EXAMS
    assert not report.cancelled


def test_imported_pixels_are_the_files_own_integers(session, folder):
    report = import_path(session, folder / "exam1", Silent())
    stored = exams.load(session.database, 1)
    phantom = make_phantom(PhantomSpec(seed=1, slices=8, rows=128, cols=128))
    assert (stored.maps[Quantity.FF].stored == phantom.images["FAT_FRACTION"]).all()
    assert (stored.maps[Quantity.R2STAR].stored == phantom.images["R2_STAR_MAP"]).all()
    assert stored.code == report.exams[0].code


def test_the_same_exam_is_not_imported_twice(session, folder):
    first = import_path(session, folder / "exam1", Silent())
    again = import_path(session, folder / "exam1", Silent())
    assert [exam.already for exam in again.exams] == [True]
    assert again.exams[0].code == first.exams[0].code
    assert again.changed.what == What.NOTHING
    assert len(exams.exams(session.database)) == 1


def test_names_go_to_the_identity_table_and_nowhere_else(session, folder):
    import_path(session, folder / "exam1", Silent())
    assert session.database.row("SELECT patient_name FROM identity")["patient_name"] == "Phantom^01"
    tables = [
        row["name"] for row in session.database.rows("SELECT name FROM sqlite_schema WHERE type='table'")
    ]
    for table in set(tables) - {"identity", "map_slice"}:
        for row in session.database.rows(f"SELECT * FROM {table}"):  # noqa: S608 - our own table names
            assert not any("Phantom^01" in str(value) or str(value) == "0012" for value in tuple(row)), table


def test_cancelling_keeps_the_exams_that_are_in_and_drops_the_one_at_hand(session, folder, monkeypatch):
    load = import_exams.load_exam
    loaded = []

    def load_then_stop(found, progress):
        if loaded:
            raise Cancelled
        loaded.append(found)
        return load(found, progress)

    monkeypatch.setattr(import_exams, "load_exam", load_then_stop)
    report = import_path(session, folder, Silent())
    assert report.cancelled
    assert len(report.exams) == 1
    assert len(exams.exams(session.database)) == 1


def test_cancelling_while_the_folder_is_looked_through_changes_nothing(session, folder):
    with pytest.raises(Cancelled):
        import_path(session, folder, StopAfter(0))
    assert exams.exams(session.database) == []


def test_an_exam_whose_voxels_break_their_promise_is_reported_file_by_file(session, folder, tmp_path):
    broken = tmp_path / "broken"
    phantom = make_phantom(PhantomSpec(seed=3, slices=8, rows=128, cols=128))
    files = write_ideal_iq(phantom, broken, case=HEADER, uid_seed="import-3")
    for path in files:
        path.write_bytes(path.read_bytes()[:-400])
    report = import_path(session, broken, Silent())
    assert report.exams == ()
    assert {refusal.path for refusal in report.refused} == set(files)
    assert exams.exams(session.database) == []


def test_a_read_only_session_takes_no_import_and_says_so(session, folder):
    second = open_session.open_session(session.path)
    with pytest.raises(StoreUnavailable) as refused:
        import_path(second, folder / "exam1", Silent())
    assert refused.value.code == "store.read_only"
    second.close()


def test_a_report_without_new_exams_changes_nothing():
    report = import_exams.ImportReport((), ())
    assert report.changed.what == What.NOTHING
    exam = import_exams.ImportedExam("C1", (Quantity.FF,), 3, ())
    assert replace(report, exams=(exam,)).changed.what == What.EXAMS
    again = replace(exam, already=True)
    assert replace(report, exams=(again,)).changed.what == What.NOTHING
    looked_at = replace(again, references=1)
    assert replace(report, exams=(looked_at,)).changed.what == What.EXAMS
    joined = replace(again, joined=(Quantity.R2STAR,))
    assert replace(report, exams=(joined,)).changed.what == What.EXAMS | What.READING


# ---- exams that come in parts


@pytest.fixture(scope="module")
def parts(tmp_path_factory) -> Path:
    """One exam whose FF and R2* lie in folders of their own, and the FF of another fit."""
    root = tmp_path_factory.mktemp("parts")
    phantom = make_phantom(PhantomSpec(seed=4, slices=4, rows=96, cols=96))
    for path in write_ideal_iq(phantom, root / "all", case=HEADER, uid_seed="parts"):
        kind = {"FAT_FRACTION": "ff", "R2_STAR_MAP": "r2star"}.get(dcmread(path).ImageType[-1])
        if kind:
            (root / kind).mkdir(exist_ok=True)
            shutil.copy(path, root / kind)
    other = write_ideal_iq(
        make_phantom(PhantomSpec(seed=5, slices=4, rows=96, cols=96)),
        root / "other",
        case=HEADER,
        uid_seed="parts",
    )
    for path in other:
        if dcmread(path).ImageType[-1] != "FAT_FRACTION":
            path.unlink()
    return root


BOX = Rectangle(1, 30, 40, 6, 8)


def draw(session, exam_id=1):
    viewer = open_session.last_viewer(session)
    case = read_exam.open_case(session, viewer, exam_id)
    return read_exam.set_rectangle(session, case, Level.L1, BOX)[0]


def test_r2star_that_comes_a_week_later_joins_and_every_rectangle_has_its_numbers(session, parts):
    first = import_path(session, parts / "ff", Silent())
    drawn = draw(session)
    assert set(drawn.reading.history.current[Level.L1].stats) == {Quantity.FF}
    report = import_path(session, parts / "r2star", Silent())
    (exam,) = report.exams
    assert (exam.code, exam.already, exam.joined) == (first.exams[0].code, True, (Quantity.R2STAR,))
    assert report.changed.what == What.EXAMS | What.READING
    case = read_exam.open_case(session, open_session.last_viewer(session), 1)
    stats = case.reading.history.current[Level.L1].stats
    assert stats == read_exam.preview(case, BOX)
    assert set(stats) == {Quantity.FF, Quantity.R2STAR}
    assert len(exams.exams(session.database)) == 1
    assert [one.already for one in import_path(session, parts / "ff", Silent()).exams] == [True]
    again = import_path(session, parts / "all", Silent()).exams[0]
    assert set(again.joined) == set(Quantity) - {Quantity.FF, Quantity.R2STAR}


def test_other_voxels_of_a_study_that_is_there_are_refused_file_by_file(session, parts):
    import_path(session, parts / "ff", Silent())
    report = import_path(session, parts / "other", Silent())
    assert report.exams == ()
    assert {refusal.code for refusal in report.refused} == {"import.maps_differ"}
    assert {refusal.path for refusal in report.refused} == set((parts / "other").iterdir())
    assert report.changed.what == What.NOTHING
    told = sentence(report.refused[0].code, {"path": "x", **report.refused[0].values})
    assert exams.exams(session.database)[0].code in told


def test_files_that_were_refused_for_themselves_are_not_refused_twice(session, parts, monkeypatch):
    import_path(session, parts / "ff", Silent())
    load = import_exams.load_exam
    blamed = []

    def load_less(found, progress):
        loaded = load(found, progress)
        blamed.append(found.files[0])
        return replace(loaded, refused=(Refusal(found.files[0], "file.changed"),))

    monkeypatch.setattr(import_exams, "load_exam", load_less)
    report = import_path(session, parts / "other", Silent())
    assert [one.code for one in report.refused if one.path in blamed] == ["file.changed"]
    assert len(report.refused) == len(list((parts / "other").iterdir()))


def test_series_for_reference_come_along_and_join_later_ones(session, parts, monkeypatch):
    (found,) = find_exams(parts / "ff", Silent()).exams
    ff = found.maps[0]
    load = import_exams.load_exam
    names = ["T1"]

    def load_with_series(found, progress):
        loaded = load(found, progress)
        grid = loaded.exam.grid
        beside = []
        for number, name in enumerate(names):
            series = ReferenceSeries(name, np.full(grid.shape, number, np.uint16), grid, (0.0, 1.0))
            source = ReferenceFound(name, grid, ff.files, ff.sop_uids, "9", name, ff.pixels)
            beside.append((source, series))
        return replace(loaded, references=tuple(beside))

    monkeypatch.setattr(import_exams, "load_exam", load_with_series)
    (exam,) = import_exams.import_exams(session, [Pick(found)], Silent()).exams
    assert (exam.already, exam.references) == (False, 1)
    names.append("T2")
    report = import_exams.import_exams(session, [Pick(found)], Silent())
    assert (report.exams[0].already, report.exams[0].joined, report.exams[0].references) == (True, (), 1)
    assert report.changed.what == What.EXAMS
    assert exams.references(session.database, 1) == ["T1", "T2"]
    assert beside.names(session, 1)[:2] == ["T1", "T2"]
    assert import_exams.import_exams(session, [Pick(found)], Silent()).exams[0].references == 0


# ---- the same images under another study


@pytest.fixture(scope="module")
def deidentified_again(folder, tmp_path_factory) -> Path:
    """The first exam as another de-identification leaves it."""
    root = tmp_path_factory.mktemp("again")
    phantom = make_phantom(PhantomSpec(seed=1, slices=8, rows=128, cols=128))
    write_ideal_iq(phantom, root, case=CaseHeader("anon", "9", "", "", ""), uid_seed="import-again")
    return root


def test_voxels_of_another_study_make_no_second_patient_in_silence(session, folder, deidentified_again):
    (first,) = import_path(session, folder / "exam1", Silent()).exams
    report = import_path(session, deidentified_again, Silent())
    assert report.exams == ()
    assert {(one.code, one.values["case"]) for one in report.refused} == {("import.same_voxels", first.code)}
    assert len(report.refused) == len(list(deidentified_again.iterdir()))
    # asked for, they are a case of their own and join nothing
    again = import_exams.import_paths(session, [deidentified_again], Silent(), twins=True)
    assert [exam.already for exam in again.exams] == [False]
    assert exams.codes(session.database) == {first.code, again.exams[0].code}
    assert len(exams.load(session.database, 1).maps) == len(Quantity)


def test_the_same_images_twice_in_one_import_make_one_case(session, folder, deidentified_again):
    report = import_exams.import_paths(session, [folder / "exam1", deidentified_again], Silent())
    assert len(report.exams) == 1
    assert {one.code for one in report.refused} == {"import.same_voxels"}


def test_one_measured_map_that_is_the_same_is_enough(session, parts):
    import_path(session, parts / "ff", Silent())
    (found,) = find_exams(parts / "all", Silent()).exams
    elsewhere = replace(found, identity=replace(found.identity, study_uid="1.9", frame_uid="1.8"))
    report = import_exams.import_exams(session, [Pick(elsewhere)], Silent())
    assert {one.code for one in report.refused} == {"import.same_voxels"}


# ---- the record


def recorded(session, action):
    rows = session.database.rows("SELECT actor, new FROM audit WHERE action = ? ORDER BY seq", (action,))
    return [(row["actor"], json.loads(row["new"])) for row in rows]


def test_the_record_names_who_imported_and_by_which_scale(session, parts):
    (found,) = find_exams(parts / "ff", Silent()).exams
    import_exams.import_exams(session, [Pick(found)], Silent(), actor="Ana")
    (whole,) = find_exams(parts / "all", Silent()).exams
    import_exams.import_exams(session, [Pick(whole)], Silent(), actor="Bo")
    scale = {"rule": "ge.physical", "factor": 1.0, "confirmed_by": ""}
    ((actor, content),) = recorded(session, "exam.imported")
    assert (actor, content["scales"]) == ("Ana", {"FF": scale})
    ((actor, content),) = recorded(session, "exam.map_added")
    assert (actor, content["scales"]) == ("Bo", {"R2STAR": scale})
    import_exams.import_exams(session, [Pick(replace(whole, references=()))], Silent())
    assert len(recorded(session, "exam.map_added")) == 1


# ---- codes, answers, progress


def test_an_exam_gets_the_code_it_was_picked_with(session, folder):
    found = find_exams(folder, Silent()).exams
    report = import_exams.import_exams(session, [Pick(found[0], "S-01"), Pick(found[1])], Silent())
    assert report.exams[0].code == "S-01"
    assert exams.codes(session.database) == {exam.code for exam in report.exams}
    again = import_exams.import_exams(session, [Pick(found[0], "Another")], Silent())
    assert again.exams[0].code == "S-01"


def test_a_bad_code_stops_everything_before_it_begins(session, folder):
    found = find_exams(folder, Silent()).exams
    with pytest.raises(InputError) as refused:
        import_exams.import_exams(session, [Pick(found[0]), Pick(found[1], "0012")], Silent())
    assert refused.value.code == "code.invalid"
    assert exams.exams(session.database) == []


def test_one_code_is_for_one_exam(session, folder):
    assert import_path(session, folder / "exam1", Silent(), codes=CaseCodes("S-01")).exams[0].code == "S-01"
    with pytest.raises(InputError) as refused:
        import_path(session, folder, Silent(), codes=CaseCodes("S-02"))
    assert (refused.value.code, refused.value.values) == ("code.one_exam", {"exams": 2})


def test_a_table_of_codes_names_the_exams(session, folder, tmp_path):
    table = tmp_path / "codes.csv"
    table.write_text("患者ID,病例编号\n0012,S-01\n", encoding="gb18030")
    codes = read_case_codes(table)
    assert import_path(session, folder / "exam1", Silent(), codes=codes).exams[0].code == "S-01"
    # the second exam of the same patient would get the same code
    with pytest.raises(InputError) as refused:
        import_path(session, folder / "exam2", Silent(), codes=codes)
    assert refused.value.code == "code.taken"


KEY = SeriesKey("CANON", "Orian", "spine", "map a", "ORIGINAL")
OTHER = replace(KEY, description="map b")


def test_the_newest_answer_on_a_series_is_remembered(session):
    import_exams.remember_answers(session, {})
    assert import_exams.remembered_answers(session) == {}
    import_exams.remember_answers(session, {KEY: Answer("FF", "percent", "Ana"), OTHER: Answer("NOTHING")})
    import_exams.remember_answers(session, {KEY: Answer("R2STAR", "per_second", "Bo")})
    assert import_exams.remembered_answers(session) == {
        KEY: Answer("R2STAR", "per_second", "Bo"),
        OTHER: Answer("NOTHING"),
    }


def test_an_import_follows_what_was_said_in_the_session_unless_it_is_told_otherwise(
    session, folder, monkeypatch
):
    import_exams.remember_answers(session, {KEY: Answer("FF"), OTHER: Answer("NOTHING")})
    asked = []
    find = import_exams.find_all

    def listen(paths, progress, wishes):
        asked.append(wishes)
        return find(paths, progress, wishes)

    monkeypatch.setattr(import_exams, "find_all", listen)
    import_path(session, folder / "exam1", Silent(), wishes=Wishes({OTHER: Answer("R2STAR")}, signal_ff=True))
    assert asked == [Wishes({KEY: Answer("FF"), OTHER: Answer("R2STAR")}, signal_ff=True)]


class Counted:
    """Progress that keeps every report."""

    def __init__(self) -> None:
        self.reports: list[tuple[int, int | None]] = []

    def report(self, done: int, total: int | None) -> None:
        self.reports.append((done, total))


def test_several_exams_are_one_count_that_never_falls(session, folder):
    found = find_exams(folder, Silent()).exams
    counted = Counted()
    import_exams.import_exams(session, [Pick(one) for one in found], counted)
    done = [report[0] for report in counted.reports]
    assert {report[1] for report in counted.reports} == {sum(one.slices for one in found)}
    assert done == sorted(done)
    assert done[-1] == sum(one.slices for one in found)
