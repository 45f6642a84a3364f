"""The record of changes, with a check of its chain."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.domain.errors import AppError
from app.services import open_session as sessions
from app.ui import present
from app.ui.pages.table_page import TablePage
from app.ui.present_worklist import audit_row, chain_text
from app.ui.widgets import button, words
from app.ui.workspace import Workspace

_HEADERS = ("audit.when", "audit.who", "audit.what", "audit.subject", "audit.old", "audit.new")


class AuditPage(TablePage):
    """Append-only list, the newest entry first."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        headers = [present.text(code) for code in _HEADERS]
        super().__init__(headers, present.text("page.audit"), present.text("audit.empty"), parent)
        self._workspace = workspace
        self.verdict = words(role="quiet")
        self.verify = button("audit.verify")
        self.bar.insertWidget(1, self.verdict, 1)
        self.bar.addWidget(self.verify)
        self.verify.clicked.connect(self._on_verify)
        workspace.changed.connect(self._on_changed)
        self._on_changed()

    def showEvent(self, event: object) -> None:
        """Read the record when it is looked at, not at every step of a reader."""
        self._read()

    def _on_changed(self) -> None:
        if self.isVisible() or self._workspace.session is None:
            self._read()

    def _read(self) -> None:
        space = self._workspace
        self.verdict.setText("")
        self.verify.setEnabled(space.session is not None)
        if space.session is None or space.viewer is None:
            self.show_rows([])
            return
        try:
            found = sessions.audit_entries(space.session, space.viewer)
        except AppError as problem:
            self.show_rows([], empty=present.error_text(problem))
            return
        self.show_rows([audit_row(entry) for entry in reversed(found)], (170, 120, 170, 160, 350))

    def _on_verify(self) -> None:
        if self._workspace.session is not None:
            broken = sessions.audit_break(self._workspace.session)
            self.verdict.setText(chain_text(len(self.table.rows), broken))
