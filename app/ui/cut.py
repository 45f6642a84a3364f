"""Words that give way where a bar is narrow: cut with a mark, and told whole where the pointer rests."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QPaintEvent, QPalette, QResizeEvent
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QToolTip, QWidget

# room for a letter and the mark
_LEAST = 3


class CutLabel(QLabel):
    """A line that is cut to the room there is.

    Parameters
    ----------
    text : str
        What it says.
    role : str
        Role of the style sheet.

    Attributes
    ----------
    short : str
        Stands instead where the words have no room; without one they are cut.
    """

    def __init__(self, text: str = "", role: str = "", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.short = ""
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        if role:
            self.setProperty("role", role)

    @property
    def shown(self) -> str:
        """What can be read of it."""
        metrics, room = self.fontMetrics(), self.contentsRect().width()
        if metrics.horizontalAdvance(self.text()) <= room:
            return self.text()
        if self.short and metrics.horizontalAdvance(self.short) <= room:
            return self.short
        return metrics.elidedText(self.text(), Qt.TextElideMode.ElideRight, room)

    def minimumSizeHint(self) -> QSize:
        """As narrow as its short words, or as a few letters."""
        least = self.short or "M" * _LEAST
        wanted = min(self.fontMetrics().horizontalAdvance(least), self.sizeHint().width())
        return QSize(wanted, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint what has room, in the colour of the theme."""
        painter = QPainter(self)
        flags = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
        role = QPalette.ColorRole.WindowText
        self.style().drawItemText(
            painter, self.contentsRect(), flags, self.palette(), self.isEnabled(), self.shown, role
        )
        painter.end()

    def event(self, event: QEvent) -> bool:
        """Tell the words whole, before whatever else there is to tell."""
        if isinstance(event, QHelpEvent) and self.shown != self.text():
            told = [line for line in (self.text(), self.toolTip()) if line]
            QToolTip.showText(event.globalPos(), "\n".join(told), self)
            return True
        return super().event(event)


class CutButton(QPushButton):
    """A button whose words are cut to the room there is.

    Parameters
    ----------
    padding : int
        Room beside its words, both sides together.
    """

    def __init__(self, padding: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._told, self._padding = "", padding
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def tell(self, told: str) -> None:
        """Say something else."""
        self._told = told
        self.setAccessibleDescription(told)
        self._cut()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the words to the new room."""
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        room = self.width() - self._padding
        words = self.fontMetrics().elidedText(self._told, Qt.TextElideMode.ElideRight, room)
        self.setText(words.replace("&", "&&"))
