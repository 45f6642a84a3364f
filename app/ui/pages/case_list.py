"""The reader's cases in the reader's order, as a narrow list beside the maps."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QProgressBar,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.services.case import Standing
from app.services.read_exam import CaseRow
from app.ui import present
from app.ui.present import case as present_case
from app.ui.scale import row_height
from app.ui.theme import DARK, Theme
from app.ui.widgets import words

Index = QModelIndex | QPersistentModelIndex
Ask = Callable[[int], Standing | None]


class _CaseModel(QAbstractListModel):
    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cases: list[CaseRow] = []
        self._ask = ask
        self._asked: dict[CaseRow, str] = {}

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.cases)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        case = self.cases[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return case.code
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleDescriptionRole):
            return self._told(case)
        return None

    def _told(self, case: CaseRow) -> str:
        """State of a case, with what stands of it: read when a pointer rests there, kept until it changes."""
        if not case.locked:
            return present_case.case_state(case)
        if case not in self._asked:
            self._asked = {one: told for one, told in self._asked.items() if one in self.cases}
            self._asked[case] = present_case.case_tooltip(case, self._ask(case.exam_id))
        return self._asked[case]

    def show_cases(self, cases: list[CaseRow]) -> None:
        if cases == self.cases:
            return
        self.beginResetModel()
        self.cases = cases
        self.endResetModel()


class _CaseDelegate(QStyledItemDelegate):
    """A dot (full: signed off, ring: open), the code, the levels done."""

    def __init__(self, parent: QListView) -> None:
        super().__init__(parent)
        self.theme = DARK

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, row_height(30))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, _CaseModel):
            return
        case, rect = model.cases[index.row()], option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(self.theme.selected))
            painter.fillRect(rect.left(), rect.top(), 3, rect.height(), QColor(self.theme.accent))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = QColor(
            self.theme.good if case.locked else self.theme.warn if case.done else self.theme.quiet
        )
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(colour if case.locked else Qt.BrushStyle.NoBrush)
        painter.drawEllipse(rect.left() + 12, rect.center().y() - 4, 8, 8)
        painter.setPen(QColor(self.theme.text))
        painter.drawText(rect.adjusted(30, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, case.code)
        painter.setPen(QColor(self.theme.quiet))
        right = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight
        painter.drawText(rect.adjusted(0, 0, -12, 0), right, present_case.case_side(case))
        painter.restore()


class CaseList(QWidget):
    """Progress and list of cases.

    Parameters
    ----------
    ask : callable
        Gives what stands of a signed-off case, by the key of its exam.

    Signals
    -------
    wanted : object
        Key of the exam that was clicked.
    """

    wanted = Signal(object)

    def __init__(self, ask: Ask, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = _CaseModel(ask, self)
        self._progress_words = words(role="quiet")
        self._progress_words.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(4)
        self.view = QListView()
        self._delegate = _CaseDelegate(self.view)
        self.view.setModel(self._model)
        self.view.setItemDelegate(self._delegate)
        self.view.setAccessibleName(present.text("page.worklist"))
        self.view.setFrameShape(QListView.Shape.NoFrame)
        self.view.setUniformItemSizes(True)
        # a click leaves the keys with the maps
        self.view.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.view.clicked.connect(self._on_click)
        self.view.activated.connect(self._on_activated)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 12, 0, 0)
        top = QVBoxLayout()
        top.setContentsMargins(12, 0, 12, 6)
        top.addWidget(self._progress_words)
        top.addWidget(self._bar)
        column.addLayout(top)
        column.addWidget(self.view, 1)

    def show_cases(self, cases: list[CaseRow], current: int | None) -> None:
        """Show the cases and mark the one at hand."""
        self._model.show_cases(cases)
        done = sum(case.locked for case in cases)
        self._progress_words.setText(present_case.list_progress(cases))
        self._bar.setMaximum(max(len(cases), 1))
        self._bar.setValue(done)
        places = [case.exam_id for case in cases]
        if current in places:
            index = self._model.index(places.index(current))
            self.view.setCurrentIndex(index)
            self.view.scrollTo(index)
        else:
            self.view.clearSelection()

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._delegate.theme = theme
        self.view.viewport().update()

    def _on_activated(self, index: QModelIndex) -> None:
        """Open with Enter; where one click activates, it came already."""
        if self.view.hasFocus():
            self._on_click(index)

    def _on_click(self, index: QModelIndex) -> None:
        self.wanted.emit(self._model.cases[index.row()].exam_id)
