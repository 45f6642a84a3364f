"""What can be done with the whole record: verify the session, export the record. In the background."""

from __future__ import annotations

from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QFileDialog, QHBoxLayout, QWidget

from app.domain.errors import AppError, Cancelled
from app.domain.progress import Progress, TimeLeft
from app.ui import present
from app.ui.dialogs.files import FileDialog
from app.ui.dialogs.report import ReportDialog
from app.ui.jobs import Job
from app.ui.widgets import button, words
from app.ui.workspace import Workspace

if TYPE_CHECKING:
    # loaded by the first look at a session, not by the page
    from app.services.verify import Verification


class AuditChecks(QWidget):
    """Buttons, and beside them what came of the last one.

    Parameters
    ----------
    workspace : Workspace
        What is open.
    """

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._job = Job(self)
        self._left = TimeLeft()
        self._found: Verification | None = None
        self.verdict = words(role="quiet")
        self.verdict.setWordWrap(True)
        self.details = button("audit.verify_details", tip=present.text("audit.details_tip"))
        self.recompute = QCheckBox(present.text("audit.recompute"))
        self.recompute.setToolTip(present.text("audit.recompute_tip"))
        self.verify = button("audit.verify", tip=present.text("audit.verify_tip"))
        self.stop = button("app.cancel")
        self.export = button("audit.export", tip=present.text("audit.export_tip"))
        bar = QHBoxLayout(self)
        bar.setContentsMargins(0, 0, 0, 0)
        bar.addWidget(self.verdict, 1)
        for part in (self.details, self.recompute, self.verify, self.stop, self.export):
            bar.addWidget(part)
        self._connect()
        self.forget()

    def _connect(self) -> None:
        self.verify.clicked.connect(self._on_verify)
        self.stop.clicked.connect(self._job.cancel)
        self.details.clicked.connect(self._on_details)
        self.export.clicked.connect(self._on_export)
        self._job.progressed.connect(self._on_progress)
        self._job.finished.connect(self._on_finished)
        self._job.failed.connect(self._on_failed)
        self._workspace.closing.connect(self._job.wait)

    def forget(self) -> None:
        """Another session, or another person: what was found is not theirs."""
        self._job.wait()
        self._found = None
        self.verdict.setText("")
        self._show_running(running=False)

    def _show_running(self, *, running: bool) -> None:
        for part in (self.verify, self.recompute, self.export):
            part.setVisible(not running)
        self.stop.setVisible(running)
        self.details.setVisible(not running and self._found is not None)

    # -- verifying ------------------------------------------------------------------------------------

    def _on_verify(self) -> None:
        session, viewer = self._workspace.session, self._workspace.viewer
        if session is None or viewer is None:
            return
        recompute = self.recompute.isChecked()

        def work(progress: Progress) -> object:
            from app.services.verify import verify  # noqa: PLC0415 - as above

            own = session.another()
            try:
                return verify(own, viewer, progress, recompute=recompute)
            finally:
                own.close()

        self._found = None
        self._begin()
        self._job.start(work)

    def _begin(self) -> None:
        self._left = TimeLeft()
        self.verdict.setText(present.text("task.working"))
        self._show_running(running=True)

    def _on_progress(self, done: int, total: int | None) -> None:
        left = self._left.after(done, total, monotonic())
        self.verdict.setText(present.progress_text(done, total, left))

    def _on_finished(self, found: object) -> None:
        from app.services.verify import Verification  # noqa: PLC0415 - loaded by the job already
        from app.ui.present.verify import verification_summary  # noqa: PLC0415 - as above

        if isinstance(found, Verification):
            self._found = found
            self.verdict.setText(verification_summary(found))
        elif isinstance(found, tuple):
            files = ", ".join(path.name for path in found)
            self.verdict.setText(present.text("export.done", folder=str(found[0].parent), files=files))
        self._show_running(running=False)

    def _on_failed(self, problem: AppError) -> None:
        self.verdict.setText("")
        self._show_running(running=False)
        if not isinstance(problem, Cancelled):
            self._workspace.failed.emit(problem)

    def _on_details(self) -> None:
        from app.ui.present.verify import verification_lines, verification_summary  # noqa: PLC0415 - as above

        if self._found is not None:
            summary = verification_summary(self._found)
            lines = "\n".join(verification_lines(self._found))
            ReportDialog(present.text("audit.report"), summary, lines, self.window()).show()

    # -- export ---------------------------------------------------------------------------------------

    def _on_export(self) -> None:
        dialog = FileDialog(self.window(), present.text("audit.export"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._write)
        dialog.open()

    def _write(self, folder: str) -> None:
        session, viewer = self._workspace.session, self._workspace.viewer
        if session is None or viewer is None:
            return

        def work(_: Progress) -> object:
            from app.services.export_audit import export_audit  # noqa: PLC0415 - as above

            own = session.another()
            try:
                return export_audit(own, viewer, Path(folder))
            finally:
                own.close()

        self._begin()
        self._job.start(work)
