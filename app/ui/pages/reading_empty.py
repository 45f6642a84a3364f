"""The Read page without a case: a calm word on what to do next."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.ui import present
from app.ui.present.worklist import waiting_tip
from app.ui.scale import scaled
from app.ui.widgets import button, named, words
from app.ui.workspace import Workspace

_WIDTH = 460


class ReadingEmpty(QWidget):
    """Says why nothing is there to read.

    Signals
    -------
    import_wanted
        Images are to be imported.
    """

    import_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = words(role="title")
        self.what = words(role="quiet")
        self.what.setWordWrap(True)
        self.bring = button("read.empty_import", role="primary")
        self.bring.clicked.connect(self.import_wanted)
        for label in (self.title, self.what):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        middle = QWidget()
        middle.setFixedWidth(scaled(_WIDTH))
        column = QVBoxLayout(middle)
        column.setSpacing(14)
        column.addStretch(2)
        column.addWidget(self.title)
        column.addWidget(self.what)
        column.addWidget(self.bring, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        row = QHBoxLayout(self)
        row.addWidget(middle)

    def refresh(self, space: Workspace, *, any_cases: bool, from_table: bool) -> None:
        """Say what fits the session at hand."""
        self.title.setText(present.text("read.empty_pick_title" if any_cases else "read.empty_title"))
        code = "read.empty_pick" if any_cases else "read.empty_table" if from_table else "read.empty_what"
        kept_out = space.people.kept_out and not any_cases
        waits = "" if any_cases else waiting_tip(space.waits(()))
        self.what.setText(waits or present.text("worklist.no_cases" if kept_out else code))
        self.bring.setVisible(not (any_cases or kept_out or waits))
        self.bring.setEnabled(space.session is not None and not space.session.read_only)
