"""The dialog of tables: how a clinical table or one of readings is read, what it would do, and Import."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from time import monotonic

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QSplitter, QVBoxLayout, QWidget

from app.domain.errors import AppError
from app.domain.progress import TimeLeft
from app.files.clinical_headers import Field
from app.files.readings_headers import Holds
from app.services.look_at_table import CLINICAL, Look, Wish
from app.ui import present
from app.ui.dialogs.table_findings import TableFindings
from app.ui.dialogs.table_preview import TablePreview
from app.ui.dialogs.table_source import SourceBar
from app.ui.present import text
from app.ui.present.tables import found_text, headings, offer
from app.ui.scale import scaled
from app.ui.table_columns import (
    clinical_choices,
    clinical_key,
    clinical_said,
    readings_choices,
    readings_key,
    readings_said,
)
from app.ui.tasks import Tasks
from app.ui.theme import Theme
from app.ui.widgets import button, place_in_middle, words
from app.ui.workspace import Workspace

_SIZE = QSize(1180, 720)
_ABOVE, _BELOW = 340, 220
_LEAST_ABOVE, _LEAST_BELOW = 150, 90
_BAR = (110, 6)


class ClinicalDialog(QDialog):
    """Shows a table beside the window, and imports it when that is pressed; nothing is written before.

    Every choice looks again: what is shown below is what would happen.

    Parameters
    ----------
    workspace : Workspace
        The session that is open.
    tasks : Tasks
        Looks, and imports.
    path : Path
        The file.
    """

    def __init__(self, workspace: Workspace, tasks: Tasks, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(text("tables.title"))
        self.setAcceptDrops(True)
        self._tasks = tasks
        self.wish = Wish(path)
        self.look: Look | None = None
        self._importing = False
        self.heading = words(role="title")
        self.source = SourceBar()
        self.preview = TablePreview()
        self.findings = TableFindings()
        self.notice = words(role="warning")
        self.notice.setWordWrap(True)
        self.notice.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.progress = words(role="quiet")
        self._bar = QProgressBar()
        self._bar.setFixedSize(*_BAR)
        self._bar.setTextVisible(False)
        self._left = TimeLeft()
        self.cancel = button("app.cancel", tip=text("tables.cancel_tip"))
        self.go = button("tables.import_none", role="primary")
        # Enter in a choice opens it
        for one in (self.cancel, self.go):
            one.setAutoDefault(False)
        self._lay_out()
        self._connect(workspace)
        place_in_middle(self, QSize(scaled(_SIZE.width()), scaled(_SIZE.height())))
        self._refresh()
        self.look_again(self.wish)

    def _lay_out(self) -> None:
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.preview)
        split.addWidget(self.findings)
        split.setStretchFactor(0, 1)
        split.setChildrenCollapsible(False)
        split.setSizes([_ABOVE, _BELOW])
        for part, least in ((self.preview, _LEAST_ABOVE), (self.findings, _LEAST_BELOW)):
            part.setMinimumHeight(scaled(least))
        foot = QHBoxLayout()
        foot.setSpacing(10)
        foot.addWidget(self._bar)
        foot.addWidget(self.progress, 1)
        foot.addStretch()
        foot.addWidget(self.cancel)
        foot.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        column.addWidget(self.heading)
        column.addWidget(self.source)
        column.addWidget(split, 1)
        column.addWidget(self.notice)
        column.addLayout(foot)

    def _connect(self, workspace: Workspace) -> None:
        self.source.wished.connect(self.look_again)
        self.preview.chosen.connect(self._on_column)
        self.cancel.clicked.connect(self.close)
        self.go.clicked.connect(self.import_table)
        self._tasks.table_seen.connect(self._on_seen)
        self._tasks.joined.connect(self._on_joined)
        self._tasks.progressed.connect(self._on_progress)
        self._tasks.ended.connect(self._show_idle)
        workspace.failed.connect(self._on_failed)
        workspace.closing.connect(self.close)

    # -- what is shown --------------------------------------------------------------------------------

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.findings.show_theme(theme)

    def _refresh(self) -> None:
        look = self.look
        problem = look.problem if look else None
        self.notice.setText(present.error_text(problem) if problem else "")
        self.notice.setVisible(problem is not None)
        self.heading.setText(found_text(look) if look else self.wish.path.name)
        title, count = offer(look) if look else (text("tables.import_none"), 0)
        self.go.setText(title)
        clinical = look is None or look.kind == CLINICAL
        self.go.setToolTip(text("tables.import_tip" if clinical else "tables.import_readings_tip"))
        self.go.setEnabled(count > 0 and not self._importing)
        for part in (self.source, self.preview):
            part.setEnabled(look is not None and not self._importing)

    def _show_look(self, look: Look) -> None:
        self.source.show_look(look)
        if look.kind == CLINICAL:
            columns = {one.position: one for one in look.meaning.columns or ()}
            said = {at: clinical_key(one) for at, one in columns.items()}
            choices = clinical_choices()
            hidden = {at for at, one in columns.items() if one.field is Field.NAME}
        else:
            held = {one.position: one for one in look.readings_meaning.columns or ()}
            said = {at: readings_key(one) for at, one in held.items()}
            choices = readings_choices(tuple(held.values()))
            hidden = {at for at, one in held.items() if one.holds is Holds.NAME}
        self.preview.show_table(look.raw, choices, said, frozenset(hidden))
        self.findings.show_headings(() if look.raw is None else headings(look))

    # -- looking --------------------------------------------------------------------------------------

    def look_at(self, path: Path) -> None:
        """Look at another file."""
        if not self._importing:
            self.look = None
            self.look_again(Wish(path))

    def look_again(self, wish: Wish) -> None:
        """Look at the table as it is wished for now; a look under way is dropped."""
        if self._importing:
            return
        self.wish = wish
        self._tasks.look_at_table(wish, self.look)
        self._refresh()

    def _on_column(self, position: int, key: str) -> None:
        look = self.look
        if look is None or look.raw is None:
            return
        header = look.raw.headers[position]
        if look.kind == CLINICAL:
            columns = clinical_said(look.meaning.columns or (), position, header, key)
            self.look_again(replace(self.wish, kind=look.kind, clinical=columns))
        else:
            held = readings_said(look.readings_meaning.columns or (), position, header, key)
            self.look_again(replace(self.wish, kind=look.kind, readings=held))

    def _on_seen(self, look: Look) -> None:
        if look.wish is self.wish:
            self.look = look
            self._show_look(look)
            self._refresh()

    # -- importing ------------------------------------------------------------------------------------

    def import_table(self) -> None:
        """Do what is shown; the dialog closes when that is done."""
        look = self.look
        if look is None or look.plan is None or self._importing or look.wish is not self.wish:
            return
        self._importing = self._tasks.take_table(look.plan)
        self._refresh()

    def _on_joined(self) -> None:
        if self._importing:
            self.close()

    def _on_progress(self, done: int, total: int | None) -> None:
        if self._bar.isHidden():
            self._left = TimeLeft()
        told = present.progress_text(done, total, self._left.after(done, total, monotonic()))
        code = "tables.importing" if self._importing else "tables.looking"
        self.progress.setText(text(code, progress=told))
        self._bar.setMaximum(total or 0)
        self._bar.setValue(done if total else -1)
        self._bar.show()

    def _show_idle(self) -> None:
        self._bar.hide()
        self.progress.setText("")

    def _on_failed(self, problem: AppError) -> None:
        self._importing = False
        self._refresh()
        self.notice.setText(present.error_text(problem))
        self.notice.show()

    # -- files ----------------------------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take another table."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Look at it instead."""
        self.look_at(Path(event.mimeData().urls()[0].toLocalFile()))
        event.acceptProposedAction()
