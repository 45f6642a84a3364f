"""The pane beside the tree: picture, the scale as a decision, role, geometry, warnings."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from app.ui.dialogs.import_cells import image_of
from app.ui.dialogs.import_confirm import ConfirmBox
from app.ui.present import text
from app.ui.present.import_details import Details, Section
from app.ui.widgets import named, words

_PICTURE = 192
_WIDTH = 340


class Picture(QWidget):
    """One slice, as large as it goes."""

    def __init__(self, image: QImage, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._image = image
        self.setAccessibleName(text("images.picture", what=what))
        self.setToolTip(text("images.picture", what=what))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """High enough to recognise a spine."""
        return QSize(_PICTURE, _PICTURE)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the slice in the middle of black."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), Qt.GlobalColor.black)
        size = self._image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect((self.width() - size.width()) // 2, (self.height() - size.height()) // 2, 0, 0)
        place.setSize(size)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(place, self._image)
        painter.end()


class DetailsPane(QScrollArea):
    """Shows what is known of one line.

    Signals
    -------
    confirmed : object
        A Confirmation of the scale of the map at hand.
    taken_back
        What was confirmed of it shall no longer hold.
    """

    confirmed = Signal(object)
    taken_back = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "details")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(_WIDTH)
        self.setAccessibleName(text("images.details"))
        self.box: ConfirmBox | None = None
        self._shown: Details | None = None
        self.show_details(None, "")

    def show_details(self, details: Details | None, who: str) -> None:
        """Show a line.

        Parameters
        ----------
        details : Details or None
            What is known of it; None where no line is selected.
        who : str
            Who would confirm a scale.
        """
        self._shown = details
        self.box = None
        inner = named(QWidget(), "panel")
        inner.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(inner)
        column.setContentsMargins(14, 12, 14, 12)
        column.setSpacing(8)
        if details is None:
            column.addWidget(_wrapped(text("images.details_none"), "quiet"))
        else:
            self._fill(column, details, who)
        column.addStretch(1)
        self.setWidget(inner)

    def _fill(self, column: QVBoxLayout, details: Details, who: str) -> None:
        column.addWidget(_wrapped(details.title, "title"))
        if details.subtitle:
            column.addWidget(_wrapped(details.subtitle, "quiet"))
        if details.picture is not None and details.picture.size:
            column.addWidget(Picture(image_of(details.picture), details.title))
        for warning in details.warnings:
            column.addWidget(_wrapped(warning, "warning"))
        if details.asked is not None:
            self.box = ConfirmBox(details.asked, who)
            self.box.confirmed.connect(self.confirmed)
            self.box.taken_back.connect(self.taken_back)
            column.addWidget(self.box)
        for section in details.sections:
            column.addWidget(_section(section))


def _wrapped(said: str, role: str) -> QLabel:
    label = words(said, role)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _section(section: Section) -> QWidget:
    made = QWidget()
    column = QVBoxLayout(made)
    column.setContentsMargins(0, 2, 0, 0)
    column.setSpacing(4)
    column.addWidget(words(section.heading, "section"))
    for said in section.sentences:
        column.addWidget(_wrapped(said, ""))
    grid = QGridLayout()
    grid.setHorizontalSpacing(12)
    grid.setVerticalSpacing(3)
    grid.setColumnStretch(1, 1)
    for line, (name, value) in enumerate(section.facts):
        grid.addWidget(words(name, "quiet"), line, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(_wrapped(value, ""), line, 1)
    column.addLayout(grid)
    return made
