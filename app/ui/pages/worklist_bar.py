"""What stands above a worklist: search, which cases, how far one is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QProgressBar, QWidget

from app.ui.cut import CutLabel
from app.ui.pages.long_list import ALL, LongList
from app.ui.pages.statistics_bar import ChoiceBox
from app.ui.present import text
from app.ui.scale import scaled

_SEARCH, _SEARCH_LEAST, _PROGRESS = 240, 110, 120


class WorklistBar(QWidget):
    """Filters a list; buttons are added at the right.

    Parameters
    ----------
    view : LongList
        What is filtered.
    kinds : sequence of str
        Choices of the filter, beside all.
    """

    def __init__(self, view: LongList, kinds: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.search = QLineEdit()
        self.search.setPlaceholderText(text("worklist.search"))
        self.search.setAccessibleName(text("worklist.search"))
        self.search.setToolTip(text("worklist.search_tip"))
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(scaled(_SEARCH_LEAST))
        self.search.setMaximumWidth(scaled(_SEARCH))
        self.kind = ChoiceBox("worklist.show")
        for name in (ALL, *kinds):
            self.kind.addItem(text(f"worklist.show_{name}"), name)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedSize(scaled(_PROGRESS), 6)
        self.progress.setAccessibleName(text("worklist.progress"))
        self.counted, self.said = CutLabel(role="quiet"), CutLabel(role="quiet")
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(10)
        for part in (self.search, self.kind, self.progress, self.counted, self.said):
            self.row.addWidget(part)
        self.row.addStretch(1)
        self._view = view
        self.search.textChanged.connect(view.sieve.search)
        self.kind.activated.connect(self._on_kind)

    def _on_kind(self) -> None:
        self._view.sieve.keep(str(self.kind.currentData()))

    def show_progress(self, done: int, total: int, told: str) -> None:
        """Show how far one is."""
        self.progress.setMaximum(max(total, 1))
        self.progress.setValue(done)
        self.progress.setVisible(total > 0)
        self.counted.setText(told)
