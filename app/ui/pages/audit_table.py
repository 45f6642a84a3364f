"""The entries of the record as a table that makes words only of what is seen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QWidget

from app.services.open_session import AuditRow
from app.ui.present.record import record_row

Index = QModelIndex | QPersistentModelIndex


class AuditTable(QAbstractTableModel):
    """Rows of the record, in the order given."""

    def __init__(self, headers: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._headers = tuple(headers)
        self._entries: Sequence[AuditRow] = ()

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """All rows in words."""
        return [record_row(entry) for entry in self._entries]

    def rowCount(self, parent: Index | None = None) -> int:
        """All rows."""
        return 0 if parent is not None and parent.isValid() else len(self._entries)

    def columnCount(self, parent: Index | None = None) -> int:
        """As many as there are headers."""
        return 0 if parent is not None and parent.isValid() else len(self._headers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text of a cell, also as tooltip where a narrow column would hide it."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return record_row(self._entries[index.row()])[index.column()]
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Column titles."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return self._headers[section]
        return None

    def show_entries(self, entries: Sequence[AuditRow]) -> None:
        """Take other entries."""
        self.beginResetModel()
        self._entries = entries
        self.endResetModel()
