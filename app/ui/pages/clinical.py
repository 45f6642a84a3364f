"""The clinical table beside the cases: what joined, what did not, and why."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.domain.errors import AppError
from app.services.changed import What
from app.ui import present
from app.ui.pages.table_page import TablePage
from app.ui.widgets import button
from app.ui.workspace import Workspace

_COLUMNS = ("case", "matched", "sex", "age", "bmi", "bmd", "tscore", "group", "problems")


class ClinicalPage(TablePage):
    """One line a row of the imported table.

    Signals
    -------
    import_wanted
        The import button was pressed.
    """

    import_wanted = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        headers = [present.text(f"clinical.column_{name}") for name in _COLUMNS]
        super().__init__(headers, present.text("page.clinical"), present.text("clinical.empty"), parent)
        self._workspace = workspace
        self._stale = True
        import_table = button("clinical.import", role="primary")
        import_table.clicked.connect(self.import_wanted)
        self.bar.addWidget(import_table)
        workspace.changed.connect(self._on_changed)

    def showEvent(self, event: object) -> None:
        """Read the table when it is looked at."""
        if self._stale:
            self._read()

    def _on_changed(self, what: What) -> None:
        if what & (What.SESSION | What.CLINICAL | What.EXAMS | What.READERS):
            self._stale = True
            if self.isVisible():
                self._read()

    def _read(self) -> None:
        # what joins tables is loaded by the first look, not by the start of the program
        from app.services.join_clinical import clinical_view  # noqa: PLC0415
        from app.ui.present_pages import clinical_row  # noqa: PLC0415

        self._stale = False
        space = self._workspace
        if space.session is None or space.viewer is None:
            self.show_rows([])
            return
        try:
            lines = clinical_view(space.session, space.viewer)
        except AppError as problem:
            self.show_rows([], empty=present.error_text(problem))
            return
        self.show_rows([clinical_row(line) for line in lines], (130, 110, 60, 60, 70, 130, 80, 150))
