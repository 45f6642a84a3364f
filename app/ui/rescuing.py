"""When a session is damaged: offers its newest backup beside the images, or what can still be read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from app.domain.errors import AppError
from app.domain.progress import Progress
from app.services import rescue
from app.services.rescue import Backup
from app.ui import present
from app.ui.dialogs.files import FileDialog
from app.ui.dialogs.report import ReportDialog
from app.ui.jobs import Job
from app.ui.present.verify import restored_lines, salvaged_lines
from app.ui.workspace import Workspace


class Rescuing(QObject):
    """Asks what is to be done with a damaged session, and does it in the background.

    Parameters
    ----------
    workspace : Workspace
        Says what went wrong when a session was opened.
    window : QWidget
        In front of which it is asked.

    Signals
    -------
    saved : object
        Path of the new session.
    failed : object
        The AppError that stood in the way.
    """

    saved = Signal(object)
    failed = Signal(object)

    def __init__(self, workspace: Workspace, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._problem = ""
        workspace.failed.connect(self._note)
        self._broken = Path()
        self._backup: Backup | None = None
        self.job = Job(self)
        self.job.finished.connect(self._on_finished)
        self.job.failed.connect(self.failed)

    def _note(self, problem: AppError) -> None:
        self._problem = problem.code

    def look(self, path: Path) -> None:
        """Offer a rescue of a session that could not be opened, if it is damaged."""
        problem, self._problem = self._problem, ""
        if problem == "store.corrupt":
            self.offer(path)

    def offer(self, broken: Path) -> QMessageBox:
        """Ask what is to be done; gives the question, which is open already."""
        self._broken = broken
        self._backup = next(iter(rescue.backups_of(broken)), None)
        box = QMessageBox(QMessageBox.Icon.Warning, present.text("rescue.title"), "", parent=self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setText(present.text("rescue.damaged", file=broken.name))
        box.setInformativeText(present.text("rescue.choice"))
        self._add(box, "rescue.salvage", "salvage")
        if self._backup is not None:
            time = f"{self._backup.at_utc:%Y-%m-%d %H:%M}"
            self._add(box, "rescue.restore", "restore", time=time)
        box.addButton(present.text("app.cancel"), QMessageBox.ButtonRole.RejectRole)
        box.open()
        return box

    def _add(self, box: QMessageBox, code: str, name: str, **values: str) -> None:
        made = box.addButton(present.text(code, **values), QMessageBox.ButtonRole.AcceptRole)
        made.setObjectName(name)
        made.setToolTip(present.text(f"{code}_tip"))
        made.clicked.connect(self._on_chosen)

    def _on_chosen(self) -> None:
        dialog = FileDialog(self._window, present.text("rescue.where"))
        dialog.setObjectName(self.sender().objectName())
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("marrow")
        dialog.setNameFilter(present.text("dialog.session_filter"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._on_target)
        dialog.open()

    def _on_target(self, told: str) -> None:
        broken, target = self._broken, Path(told)
        backup = self._backup if self.sender().objectName() == "restore" else None

        def work(progress: Progress) -> object:
            if backup is not None:
                return rescue.restore_backup(backup.path, broken, target, progress)
            return rescue.salvage_session(broken, target, progress)

        self.job.start(work)

    def _on_finished(self, found: Any) -> None:
        told = (
            salvaged_lines(found)
            if isinstance(found, rescue.Salvaged)
            else restored_lines(found, self._broken)
        )
        title = present.text("rescue.title")
        ReportDialog(title, told[0], "\n".join(told[1:]), self._window).show()
        self.saved.emit(found.path)
