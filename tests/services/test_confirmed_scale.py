"""A scale that is in doubt is imported only when a person says what it is, and their name goes with it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom import dcmread

from app.domain.errors import InputError
from app.domain.maps import Quantity
from app.domain.phantom import make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.progress import Silent
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services.import_exams import import_path
from app.services.open_session import Session, create_session
from app.store import exported


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = create_session(tmp_path / "study")
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An exam of a vendor whose rule nobody knows: its FF could be in percent."""
    folder = tmp_path / "dicom"
    phantom = make_phantom(PhantomSpec(seed=3, slices=4, rows=96, cols=96))
    case = CaseHeader("Phantom^01", "0012", "A1", "20260102", "F")
    write_ideal_iq(phantom, folder, case=case, uid_seed="doubt")
    for path in [one for one in folder.rglob("*") if one.is_file()]:
        header = dcmread(path)
        header.Manufacturer = "CANON_MEC"
        if "R2_STAR_MAP" in header.ImageType:
            path.unlink()
        else:
            header.save_as(path)
    return folder


def test_without_a_word_nothing_in_doubt_is_imported(session: Session, folder: Path) -> None:
    report = import_path(session, folder, Silent())
    assert report.exams == ()
    doubted = [one for one in report.refused if one.code == "scale.needs_confirmation"]
    assert {one.values["option"] for one in doubted} == {"--confirm-scale FF=1"}


def test_a_confirmed_scale_is_imported_and_the_name_stays_with_it(session: Session, folder: Path) -> None:
    report = import_path(session, folder, Silent(), confirmed={Quantity.FF: 1.0}, who="A. Reader")
    (exam,) = report.exams
    assert Quantity.FF in exam.quantities
    (facts,) = exported.exam_facts(session.database)
    scaling = facts.maps[Quantity.FF].scaling
    assert (scaling.rule, scaling.factor, scaling.confirmed_by) == ("none", 1.0, "A. Reader")


def test_nobody_cannot_confirm(session: Session, folder: Path) -> None:
    with pytest.raises(InputError, match=r"scale\.bad_confirmation"):
        import_path(session, folder, Silent(), confirmed={Quantity.FF: 1.0})
