"""From a folder to a session."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.errors import Cancelled, StoreUnavailable
from app.domain.maps import Quantity
from app.domain.phantom import make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.progress import Silent
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services import import_exams, open_session
from app.services.changed import What
from app.services.import_exams import import_path
from app.store import exams

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


def test_case_codes_are_random_begin_with_a_letter_and_never_repeat(monkeypatch):
    drawn = iter([7, 7, 8])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(drawn))
    first = import_exams._free_code(set())
    second = import_exams._free_code({first})
    assert (first, second) == ("C0007", "C0008")


def test_codes_grow_longer_before_they_run_out():
    taken = {f"C{number:04d}" for number in range(5001)}
    assert len(import_exams._free_code(taken)) == 6


def test_a_report_without_new_exams_changes_nothing():
    report = import_exams.ImportReport((), ())
    assert report.changed.what == What.NOTHING
    exam = import_exams.ImportedExam("C1", (Quantity.FF,), 3, ())
    assert replace(report, exams=(exam,)).changed.what == What.EXAMS
