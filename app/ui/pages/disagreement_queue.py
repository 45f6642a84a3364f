"""The list of levels on which readers differ: which are shown, and which one is in front."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Signal
from PySide6.QtWidgets import QAbstractItemView, QWidget

from app.domain.protocol import Level
from app.services.disagreements import Dispute
from app.ui import present
from app.ui.pages.statistics_bar import ChoiceBox
from app.ui.pages.table_page import TablePage
from app.ui.present.disagreement import queue_row
from app.ui.widgets import words

_HEADERS = (
    "disagree.case",
    "disagree.level",
    "disagree.ff",
    "disagree.ff_gap",
    "disagree.r2star",
    "disagree.r2star_gap",
    "disagree.why",
    "disagree.decision",
)
_WIDTHS = (80, 52, 120, 76, 130, 84, 280)
_WAITING, _DECIDED, _ALL = "waiting", "decided", "all"

Place = tuple[int, Level | None]
"""An exam's key and a level; None for the first one listed."""


class DisagreementQueue(TablePage):
    """One row a level.

    Signals
    -------
    chosen : Dispute
        The level in front is another one.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        headers = [present.text(code) for code in _HEADERS]
        super().__init__(headers, present.text("page.disagreements"), present.text("disagree.empty"), parent)
        self.disputes: list[Dispute] = []
        self._shown: list[Dispute] = []
        self._empty_words = present.text("disagree.empty")
        self.counted = words(role="quiet")
        self.kind = ChoiceBox("disagree.show")
        for name in (_WAITING, _DECIDED, _ALL):
            self.kind.addItem(present.text(f"disagree.show_{name}"), name)
        self.bar.insertWidget(1, self.kind)
        self.bar.addWidget(self.counted)
        self.view.horizontalHeader().setToolTip(present.text("disagree.header_tip"))
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.kind.activated.connect(self._refill)
        self.view.selectionModel().currentRowChanged.connect(self._on_current)

    # -- what is listed -------------------------------------------------------------------------------

    def show_disputes(self, disputes: list[Dispute], empty: str) -> None:
        """List other levels, or say why there are none."""
        self.disputes, self._empty_words = disputes, empty
        self._refill()

    def replace(self, dispute: Dispute) -> None:
        """Show a level as it is now, also where it would not be listed any more."""
        key = (dispute.exam_id, dispute.level)
        self.disputes = [dispute if (one.exam_id, one.level) == key else one for one in self.disputes]
        rows = [number for number, one in enumerate(self._shown) if (one.exam_id, one.level) == key]
        if not rows:
            # it was not in the queue before; a new look at the choice lists it
            self.disputes = sorted([*self.disputes, dispute], key=lambda one: (one.code, one.level))
        for number in rows:
            self._shown[number] = dispute
            self.table.show_row(number, queue_row(dispute))
        self._count()

    def _refill(self) -> None:
        kind = self.kind.currentData()
        listed = {
            _WAITING: [one for one in self.disputes if one.waits],
            _DECIDED: [one for one in self.disputes if one.decided is not None],
            _ALL: self.disputes,
        }
        self._shown = list(listed[kind])
        none = self.disputes and kind == _WAITING
        empty = present.text("disagree.empty_waiting") if none else self._empty_words
        self.show_rows([queue_row(one) for one in self._shown], _WIDTHS, empty=empty)
        self._count()
        if self._shown and self.sender() is self.kind:
            self.go_to_first()

    def _count(self) -> None:
        waiting = sum(one.waits for one in self.disputes)
        told = present.text("disagree.counted", waiting=waiting, count=len(self.disputes))
        self.counted.setText(told if self.disputes else "")

    # -- which one is in front ------------------------------------------------------------------------

    @property
    def current(self) -> Place | None:
        """The level in front."""
        index = self.view.currentIndex()
        if not index.isValid():
            return None
        one = self._shown[self.source_row(index)]
        return one.exam_id, one.level

    def _on_current(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(self._shown[self.source_row(index)])

    def select(self, exam_id: int, level: Level | None) -> bool:
        """Bring a listed level to the front; False where it is not listed."""
        for row in range(self.view.model().rowCount()):
            index = self.view.model().index(row, 0)
            one = self._shown[self.source_row(index)]
            if one.exam_id == exam_id and level in {None, one.level}:
                self._go(row)
                return True
        return False

    def go_to_first(self) -> None:
        """Bring the first listed level to the front."""
        if self.view.model().rowCount():
            self._go(0)

    def step(self, step: int) -> None:
        """Go up or down in the list, stopping at its ends."""
        rows = self.view.model().rowCount()
        if rows:
            here = self.view.currentIndex().row()
            self._go(min(max(here + step, 0), rows - 1))

    def go_on(self) -> bool:
        """Go to the next listed level that waits, going round; False where none does."""
        rows = self.view.model().rowCount()
        here = self.view.currentIndex().row()
        for row in (*range(here + 1, rows), *range(max(here, 0))):
            if self._shown[self.source_row(self.view.model().index(row, 0))].waits:
                self._go(row)
                return True
        return False

    def _go(self, row: int) -> None:
        index = self.view.model().index(row, 0)
        flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
        model = self.view.selectionModel()
        if self.view.currentIndex().row() == row:
            # the same row may hold another level now
            model.select(index, flags)
            self._on_current(index)
        else:
            model.setCurrentIndex(index, flags)
        self.view.scrollTo(index)

    def take_keys(self) -> None:
        """Give the keyboard to the list."""
        self.view.setFocus()
