"""The two cards of the Statistics page: the figure (or tables in its place), and the tables beside it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.ui import sentences
from app.ui.cut import CutLabel
from app.ui.pages.statistics_content import Panel, Table
from app.ui.pages.statistics_tables import StatisticsTable
from app.ui.widgets import button, named, words

_MARGIN = 14


class TableStack(QScrollArea):
    """Tables below each other; scrolls when the window is too low for them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        # with the keyboard on it, arrows scroll
        self.setAccessibleName(sentences.label("stats.tables"))
        # the card shines through; children keep the style of the program
        self.setStyleSheet("QScrollArea, #tablestack { background: transparent; }")
        self._fill((), ())

    def show_tables(self, tables: tuple[Table, ...], notes: tuple[str, ...] = ()) -> None:
        """Replace the tables, and the warnings below them."""
        self._fill(tables, notes)

    def _fill(self, tables: tuple[Table, ...], notes: tuple[str, ...]) -> None:
        inside = QWidget()
        named(inside, "tablestack")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 4)
        layout.setSpacing(14)
        for table in tables:
            layout.addWidget(StatisticsTable(table, inside))
        if notes:
            layout.addWidget(_warning(notes))
        layout.addStretch(1)
        # takes the place of the one before, which Qt deletes
        self.setWidget(inside)


def _warning(notes: tuple[str, ...]) -> QLabel:
    made = words("\n".join(notes), "warning")
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


class FigureCard(QFrame):
    """Title, hint and button above the plot."""

    def __init__(self, plot: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "card")
        self._plot = plot
        self._title, self._hint = words(role="section"), CutLabel(role="quiet")
        self._hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._reason = words(role="quiet")
        self._reason.setWordWrap(True)
        self._reason.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._tables = TableStack()
        self.export: QPushButton = button("stats.export_figure")
        self.export.setToolTip(sentences.label("stats.export_figure_tip"))
        self._stack = QStackedLayout()
        for page in (plot, self._tables, self._reason):
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN, 10, _MARGIN, 10)
        layout.setSpacing(6)
        layout.addLayout(self._header())
        layout.addLayout(self._stack, 1)

    def _header(self) -> QHBoxLayout:
        told = QVBoxLayout()
        told.setSpacing(1)
        told.addWidget(self._title)
        told.addWidget(self._hint)
        header = QHBoxLayout()
        header.addLayout(told, 1)
        header.addWidget(self.export, 0, Qt.AlignmentFlag.AlignTop)
        return header

    def show_panel(self, panel: Panel) -> None:
        """Show the plot's words, or what stands in place of the plot."""
        self._title.setText(panel.title)
        self._plot.setAccessibleName(panel.title)
        self._plot.setAccessibleDescription(panel.hint)
        self._hint.setText(panel.hint)
        self._hint.setVisible(bool(panel.hint))
        self._reason.setText(panel.reason)
        # without a plot there is more room here than beside it
        self._tables.show_tables(panel.below, panel.notes if panel.below else ())
        self.export.setVisible(panel.figure is not None)
        if panel.figure is not None:
            self._stack.setCurrentWidget(self._plot)
        else:
            self._stack.setCurrentWidget(self._reason if panel.reason else self._tables)


class TablesCard(QFrame):
    """The tables beside the plot, and the button that copies them."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "card")
        self._tables = TableStack()
        self.copy: QPushButton = button("stats.copy_table")
        self.copy.setToolTip(sentences.label("stats.copy_table_tip"))
        self._copied = words(role="quiet")
        footer = QHBoxLayout()
        footer.addWidget(self.copy)
        footer.addWidget(self._copied, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN, 10, _MARGIN, 10)
        layout.setSpacing(8)
        layout.addWidget(self._tables, 1)
        layout.addLayout(footer)

    def show_panel(self, panel: Panel) -> None:
        """Show the tables and warnings."""
        self._tables.show_tables(panel.beside, () if panel.below else panel.notes)
        self._copied.clear()
        self.copy.setEnabled(bool(panel.tables))

    def say_copied(self) -> None:
        """Confirm quietly, until something else is shown."""
        self._copied.setText(sentences.label("stats.copied"))
