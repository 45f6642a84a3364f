"""The fold with the files that are not used, by reason."""

from __future__ import annotations

from PySide6.QtCore import QObject, QSize, Qt
from PySide6.QtWidgets import QToolButton, QTreeWidget, QTreeWidgetItem

from app.files.dicom.found import Refusal
from app.ui.present import text
from app.ui.present.import_unused import Reason, reasons_of, unused_title

# more are in the report that can be saved
_SHOWN = 300
_HEIGHT = 168


class UnusedFold(QObject):
    """A title that opens a list: reasons, and below each its files."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.title = QToolButton()
        self.title.setCheckable(True)
        self.title.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.title.setArrowType(Qt.ArrowType.RightArrow)
        self.title.setIconSize(QSize(10, 10))
        self.title.setToolTip(text("images.unused_tip"))
        self.title.setProperty("role", "fold")
        self.list = QTreeWidget()
        self.list.setHeaderHidden(True)
        self.list.setFixedHeight(_HEIGHT)
        self.list.setVisible(False)
        self.list.setAccessibleName(text("images.unused_tip"))
        self._reasons: tuple[Reason, ...] = ()
        self.title.toggled.connect(self._on_toggled)
        self.list.itemExpanded.connect(self._on_expanded)

    def show_refused(self, refused: tuple[Refusal, ...]) -> None:
        """Show other files."""
        self._reasons = reasons_of(refused)
        self.title.setText(unused_title(refused))
        self.title.setEnabled(bool(refused))
        if not refused:
            self.title.setChecked(False)
        self.list.clear()
        for reason in self._reasons:
            item = QTreeWidgetItem(self.list, [reason.words])
            item.setToolTip(0, reason.words)
            item.setChildIndicatorPolicy(QTreeWidgetItem.ChildIndicatorPolicy.ShowIndicator)

    def _on_toggled(self, opened: bool) -> None:
        self.title.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self.list.setVisible(opened)

    def _on_expanded(self, item: QTreeWidgetItem) -> None:
        """List the files of a reason when they are first looked at: there may be very many."""
        if item.parent() is not None or item.childCount():
            return
        reason = self._reasons[self.list.indexOfTopLevelItem(item)]
        for path, words in reason.files[:_SHOWN]:
            line = QTreeWidgetItem(item, [str(path)])
            line.setToolTip(0, words)
        more = len(reason.files) - _SHOWN
        if more > 0:
            QTreeWidgetItem(item, [text("images.unused_more", count=more)])
