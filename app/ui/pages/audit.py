"""The record of changes: looked through, verified, exported."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.domain.errors import AppError
from app.services import open_session as sessions
from app.ui import present
from app.ui.pages.audit_checks import AuditChecks
from app.ui.pages.audit_filter import AuditFilter
from app.ui.pages.audit_table import AuditTable
from app.ui.present.record import Entry, actions_of, entry_of, kept, people_of
from app.ui.scale import scaled
from app.ui.widgets import named, words
from app.ui.workspace import Workspace

_COLUMNS = {
    "audit.when": 170,
    "audit.who": 110,
    "audit.what": 160,
    "audit.subject": 160,
    "audit.old": 250,
    "audit.new": 250,
    "audit.reason": 150,
    "audit.versions": 150,
}


class AuditPage(QWidget):
    """Append-only list, the newest entry first.

    Parameters
    ----------
    workspace : Workspace
        What is open.
    """

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._workspace = workspace
        self._entries: list[Entry] = []
        self._whose: object = None
        self.filter = AuditFilter()
        self.checks = AuditChecks(workspace)
        self.table = AuditTable([present.text(code) for code in _COLUMNS], self)
        self.view = _view_of(self.table)
        self._count = words(role="quiet")
        self._empty = words(present.text("audit.empty"), "quiet")
        self._lay_out()
        self.filter.changed.connect(self._show)
        workspace.changed.connect(self._on_changed)
        self._on_changed()

    def _lay_out(self) -> None:
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        bar = QHBoxLayout()
        bar.addWidget(self.filter, 1)
        bar.addWidget(self._count)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addLayout(bar)
        column.addWidget(self.checks)
        column.addWidget(body, 1)

    def showEvent(self, event: QShowEvent) -> None:
        """Read the record when it is looked at, not at every step of a reader."""
        self._read()

    def _on_changed(self) -> None:
        if self.isVisible() or self._workspace.session is None:
            self._read()

    def _read(self) -> None:
        """Take what was added since the last look; everything of another session or for another person."""
        space = self._workspace
        whose = (space.session, space.viewer)
        if self._whose != whose:
            self._whose, self._entries = whose, []
            self.checks.forget()
        if space.session is None or space.viewer is None:
            self._close(present.text("audit.empty"))
            return
        last = self._entries[0].row.seq if self._entries else 0
        try:
            added = sessions.audit_entries(space.session, space.viewer, last)
        except AppError as problem:
            self._close(present.error_text(problem))
            return
        self._entries[:0] = [entry_of(row) for row in reversed(added)]
        self.filter.offer(people_of(self._entries), actions_of(self._entries))
        self._enable(open_to_all=True)
        self._show()

    def _close(self, why: str) -> None:
        """Show a sentence instead of the record."""
        self._entries = []
        self.filter.offer((), ())
        self.table.show_entries(())
        self._count.setText("")
        self._empty.setText(why)
        self._stack.setCurrentWidget(self._empty)
        self._enable(open_to_all=False)

    def _enable(self, *, open_to_all: bool) -> None:
        self.filter.setEnabled(open_to_all)
        self.checks.setEnabled(open_to_all)

    def _show(self) -> None:
        found = kept(self._entries, self.filter.wanted)
        self.table.show_entries(found)
        self._empty.setText(present.text("audit.none"))
        self._stack.setCurrentWidget(self.view if found else self._empty)
        self._count.setText(present.text("audit.shown", shown=len(found), count=len(self._entries)))


def _view_of(table: AuditTable) -> QTableView:
    view = QTableView()
    view.setModel(table)
    view.setAccessibleName(present.text("page.audit"))
    view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setShowGrid(False)
    view.setWordWrap(False)
    view.setTabKeyNavigation(False)
    view.verticalHeader().hide()
    view.horizontalHeader().setStretchLastSection(True)
    for column, width in enumerate(_COLUMNS.values()):
        view.setColumnWidth(column, scaled(width))
    return view
