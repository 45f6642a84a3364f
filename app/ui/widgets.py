"""Small pieces every page is made of, so that the style sheet finds them by role."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from app.ui import sentences
from app.ui.shortcuts import keyed

_WRAPPED_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)
# around a window: borders, and a title bar of at most three of them
_FRAME = 22
# no line is this long, no text this high
_ENDLESS = 10_000


def named(widget: QWidget, name: str) -> QWidget:
    """Give a widget the name the style sheet knows, and let it paint its background."""
    widget.setObjectName(name)
    return widget


def words(text: str = "", role: str = "") -> QLabel:
    """Make a label with a role of the style sheet."""
    label = QLabel(text)
    if role:
        label.setProperty("role", role)
    return label


def button(code: str, *, role: str = "", action: str = "", tip: str = "") -> QPushButton:
    """Make a button with the words of a code, and a tooltip.

    Parameters
    ----------
    code : str
        Its words.
    role : str
        Role of the style sheet.
    action : str
        An action of the table of keys: the tooltip names its key, whichever that is.
    tip : str
        Says more than the words; they stand in the tooltip without it.
    """
    text = sentences.label(code)
    made = QPushButton(text)
    if role:
        made.setProperty("role", role)
    told = tip or text
    made.setToolTip(told)
    if action:
        keyed(made, told, action)
    return made


def place_in_middle(window: QWidget, size: QSize) -> None:
    """Put a window with its whole frame in the middle of its screen, no larger than there is room."""
    room = window.screen().availableGeometry()
    inside = room.adjusted(_FRAME, _FRAME // 2, -_FRAME, -3 * _FRAME)
    window.resize(size.boundedTo(inside.size()))
    spare = (inside.size() - window.size()) / 2
    window.move(inside.left() + spare.width(), inside.top() + spare.height())


class LiveText(QWidget):
    """Words at the right edge that change while a hand drags.

    A label asks for a new layout of everything around it with every word; this asks only when its words need
    another number of lines.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""

    def text(self) -> str:
        """What it says."""
        return self._text

    def setText(self, text: str) -> None:  # noqa: N802 - stands where a QLabel stood
        """Say something else."""
        if text == self._text:
            return
        before = self.heightForWidth(self.width())
        self._text = text
        self.setAccessibleName(text)
        if self.heightForWidth(self.width()) != before:
            self.updateGeometry()
        self.update()

    def hasHeightForWidth(self) -> bool:  # noqa: N802 - Qt's name
        """Long words wrap."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802 - Qt's name
        """Height of the words in a width."""
        # a space is as high as any word: a line that says nothing yet keeps its place
        room = QRect(0, 0, width, _ENDLESS)
        return self.fontMetrics().boundingRect(room, _WRAPPED_RIGHT, self._text or " ").height()

    def sizeHint(self) -> QSize:
        """All words in one line."""
        return QSize(self.fontMetrics().horizontalAdvance(self._text), self.heightForWidth(_ENDLESS))

    def minimumSizeHint(self) -> QSize:
        """As narrow as need be, one line high."""
        return QSize(0, self.heightForWidth(_ENDLESS))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the words in the colour of the theme."""
        painter = QPainter(self)
        painter.drawText(self.rect(), _WRAPPED_RIGHT, self._text)
        painter.end()
