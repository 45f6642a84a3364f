"""Small exams of several makes, looked at once, and the dialog that shows them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from PySide6.QtCore import QModelIndex
from pytestqt.qtbot import QtBot

from app.domain.maps import Quantity
from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.progress import Progress, Silent
from app.files.dicom.wishes import Wishes
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services import survey_import
from app.services.open_session import Session, create_session
from app.services.survey_import import Survey, survey
from app.ui.dialogs.import_dialog import ImportDialog
from app.ui.dialogs.report import ReportDialog
from app.ui.import_row import Column, Kind, Row
from app.ui.main_window import MainWindow

Edit = Callable[[Dataset, str], bool]
CASE = CaseHeader("Wong^Jane", "0012", "A1", "20260102", "F", "19600229")
UNKNOWN = CaseHeader("", "", "", "", "")
MEASURED = ("FAT_FRACTION", "R2_STAR_MAP")
SIGNALS = ("WATER", "FAT")


def all_of_it(made: Dataset, contrast: str) -> bool:
    return True


def canon(made: Dataset, contrast: str) -> bool:
    """A vendor whose rule nobody knows for certain."""
    made.Manufacturer, made.ManufacturerModelName = "CANON_MEC", "Galan"
    return contrast in MEASURED


def canon_ff(made: Dataset, contrast: str) -> bool:
    if contrast == "FAT_FRACTION":
        made.Manufacturer = "CANON_MEC"
    return contrast in MEASURED


def nameless_series(made: Dataset, contrast: str) -> bool:
    """Nothing says what they show."""
    made.Manufacturer, made.ManufacturerModelName = "Hitachi", "Echelon"
    made.ImageType = ["DERIVED", "PRIMARY", "OTHER"]
    made.SeriesDescription = f"calc {MEASURED.index(contrast)}" if contrast in MEASURED else ""
    return contrast in MEASURED


def apart(made: Dataset, contrast: str) -> bool:
    """R2* with lines of its own, a third of a voxel from those of FF."""
    if contrast == "R2_STAR_MAP":
        left, back, up = made.ImagePositionPatient
        made.ImagePositionPatient = [left, back, up - made.PixelSpacing[0] / 3]
    return contrast in (*MEASURED, *SIGNALS)


def signals(made: Dataset, contrast: str) -> bool:
    return contrast in (*SIGNALS, "R2_STAR_MAP")


def lossy(made: Dataset, contrast: str) -> bool:
    made.LossyImageCompression = "01"
    return contrast in MEASURED


def anatomy(made: Dataset, contrast: str) -> bool:
    """A T1 series of the same study beside the maps."""
    if contrast == "IN_PHASE":
        made.ImageType, made.SeriesDescription = ["ORIGINAL", "PRIMARY", "OTHER"], "Sag T1 FSE"
        made.ScanningSequence, made.RepetitionTime, made.EchoTime = "SE", 500, 10
    return contrast != "OUT_PHASE"


def big5(made: Dataset, contrast: str) -> bool:
    """A name from Taiwan that calls itself Latin."""
    made.SpecificCharacterSet = "ISO_IR 100"
    made.add_new("PatientName", "PN", "陳^大文".encode("big5"))
    return contrast in MEASURED


WRITTEN: dict[str, tuple[CaseHeader, Edit]] = {
    "plain": (CASE, all_of_it),
    "canon": (CaseHeader("Suzuki^Hanako", "31", "A2", "20260103", "F"), canon),
    "half": (CaseHeader("Sato^Ken", "32", "A3", "20260103", "M"), canon_ff),
    "nameless": (CaseHeader("Garcia^Ana", "33", "A4", "20260104", "F"), nameless_series),
    "apart": (CaseHeader("Nowak^Piotr", "34", "A5", "20260104", "M"), apart),
    "signals": (CaseHeader("Rossi^Carla", "35", "A6", "20260104", "F"), signals),
    "anatomy": (CaseHeader("Lee^Ann", "36", "A7", "20260105", "F"), anatomy),
    "unknown": (UNKNOWN, all_of_it),
    "big5": (CaseHeader("", "38", "A9", "20260106", "M"), big5),
    "lossy": (CaseHeader("Weber^Max", "37", "A8", "20260105", "M"), lossy),
}


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    return make_phantom(PhantomSpec(seed=3, slices=4, rows=96, cols=112))


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory, phantom: Phantom) -> Path:
    """A folder of folders, one exam each, by the names of :data:`WRITTEN`."""
    root = tmp_path_factory.mktemp("images")
    for number, (name, (case, edit)) in enumerate(WRITTEN.items(), start=1):
        for path in write_ideal_iq(phantom, root / name, case=case, uid_seed=name):
            made = dcmread(path)
            # each a patient with voxels of their own
            made.PixelData = made.PixelData[:-2] + number.to_bytes(2, "little")
            if edit(made, made.ImageType[3]):
                made.save_as(path)
            else:
                path.unlink()
    (root / "plain" / "readme.txt").write_text("viewer", encoding="ascii")
    return root


Look = Callable[..., Survey]


@pytest.fixture(scope="session")
def look(images: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """Give a function that looks at some of the exams with wishes; each look is made once."""
    kept: dict[str, Survey] = {}
    with closing(create_session(tmp_path_factory.mktemp("empty") / "empty.marrow")) as session:

        def look(*names: str, wishes: Wishes | None = None) -> Survey:
            key = f"{names} {wishes}"
            if key not in kept:
                paths = [images / name for name in names]
                kept[key] = survey(session, paths, Silent(), wishes or Wishes())
            return kept[key]

        yield look


@dataclass
class Looker:
    """Stands for the survey: notes what it was asked for, and answers when it may with what it is given."""

    answer: Survey | None = None
    asked: list[tuple[tuple[Path, ...], Wishes]] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)

    def __call__(self, session: Session, paths: Sequence[Path], progress: Progress, wishes: Wishes) -> Survey:
        self.asked.append((tuple(paths), wishes))
        progress.report(1, 2)
        self.go_on.wait(10)
        progress.report(2, 2)
        assert self.answer is not None
        return self.answer


@pytest.fixture
def looker(monkeypatch: pytest.MonkeyPatch) -> Looker:
    made = Looker()
    made.go_on.set()
    monkeypatch.setattr(survey_import, "survey", made)
    return made


class Hand:
    """The dialog of a window, as a hand uses it."""

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.qtbot = window, qtbot

    @property
    def dialog(self) -> ImportDialog:
        assert self.window.importing.dialog is not None
        return self.window.importing.dialog

    def open(self, looked: Survey, *paths: Path) -> ImportDialog:
        """Show a survey as if it had just been made."""
        self.window.tasks.surveyed.emit(paths, looked)
        return self.take_keyboard()

    def take_keyboard(self) -> ImportDialog:
        """Give the dialog the keyboard, as the desktop does with a new window."""
        self.dialog.activateWindow()
        self.qtbot.waitUntil(self.dialog.isActiveWindow, timeout=60_000)
        return self.dialog

    def find(self, kind: Kind, number: int = 0) -> QModelIndex:
        return self.dialog.tree.all_of(kind)[number]

    def find_map(self, quantity: Quantity, number: int = 0) -> QModelIndex:
        """The map of a quantity in the exam with a number."""
        exam = self.dialog.tree.row_of(self.find(Kind.EXAM, number))
        return self.dialog.tree.find(f"{exam.key}|{quantity}")

    def row(self, index: QModelIndex) -> Row:
        return self.dialog.tree.row_of(index)

    def select(self, index: QModelIndex) -> Row:
        self.dialog.view.setCurrentIndex(index)
        return self.row(index)

    def wait(self) -> None:
        """Until nothing runs."""
        self.qtbot.waitUntil(lambda: not self.window.tasks.running, timeout=60_000)

    def choose(self, index: QModelIndex, column: Column, value: str) -> None:
        """Take an answer from the choice in a line."""
        choice = self.dialog.view.indexWidget(index.siblingAtColumn(column))
        assert choice is not None
        choice.setCurrentIndex(choice.findData(value))
        choice.activated.emit(choice.currentIndex())

    def reports(self) -> list[ReportDialog]:
        return [one for one in self.window.findChildren(ReportDialog) if one.isVisible()]


@pytest.fixture
def hand(window: MainWindow, qtbot: QtBot) -> Iterator[Hand]:
    made = Hand(window, qtbot)
    yield made
    for report in made.reports():
        report.close()
    if window.importing.dialog is not None:
        window.importing.dialog.close()
