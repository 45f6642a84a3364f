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
from app.ui.pages.statistics_options import OptionsRow
from app.ui.pages.statistics_patients import NO_ROWS, PatientsView
from app.ui.pages.statistics_prose import ProseView
from app.ui.pages.statistics_tables import StatisticsTable
from app.ui.plots.flow_spec import FlowChart
from app.ui.tabs.content import LongTable, Panel, Prose, Table
from app.ui.widgets import button, named, words

_MARGIN = 14


def plain_card() -> tuple[QFrame, QVBoxLayout]:
    """Make an empty card, and the layout that its parts are added to."""
    card = QFrame()
    named(card, "card")
    layout = QVBoxLayout(card)
    layout.setContentsMargins(_MARGIN, 10, _MARGIN, 10)
    layout.setSpacing(8)
    return card, layout


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
    """Title, hint and button above the plot, or above what stands in its place.

    Parameters
    ----------
    plot, flow : QWidget
        Show a figure, and a flow of participants.
    """

    def __init__(self, plot: QWidget, flow: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "card")
        self._plot, self._flow = plot, flow
        self._title, self._hint = words(role="section"), CutLabel(role="quiet")
        self._hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._reason = words(role="quiet")
        self._reason.setWordWrap(True)
        self._reason.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._tables = TableStack()
        self.options = OptionsRow()
        self.export: QPushButton = button("stats.export_figure")
        self.export.setToolTip(sentences.label("stats.export_figure_tip"))
        self.copy: QPushButton = button("cohort.copy_main", tip=sentences.label("cohort.copy_main_tip"))
        self.patients, self.prose = PatientsView(), ProseView()
        self._stack = QStackedLayout()
        for page in (plot, flow, self.patients, self.prose, self._tables, self._reason):
            self._stack.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(_MARGIN, 10, _MARGIN, 10)
        layout.setSpacing(6)
        layout.addLayout(self._header())
        layout.addWidget(self.options)
        layout.addLayout(self._stack, 1)

    def _header(self) -> QHBoxLayout:
        told = QVBoxLayout()
        told.setSpacing(1)
        told.addWidget(self._title)
        told.addWidget(self._hint)
        header = QHBoxLayout()
        header.addLayout(told, 1)
        for part in (self.export, self.copy):
            header.addWidget(part, 0, Qt.AlignmentFlag.AlignTop)
        return header

    def show_panel(self, panel: Panel) -> None:
        """Show the plot's words, or what stands in place of the plot."""
        self._title.setText(panel.title)
        self._plot.setAccessibleName(panel.title)
        self._plot.setAccessibleDescription(panel.hint)
        self._hint.setText(panel.hint)
        self._hint.setVisible(bool(panel.hint))
        self._reason.setText(panel.reason)
        self.options.show_options(panel.options)
        # without a plot there is more room here than beside it
        self._tables.show_tables(panel.below, panel.notes if panel.below else ())
        self.export.setVisible(panel.figure is not None)
        self.copy.setVisible(panel.main is not None)
        self.patients.show_table(panel.main if isinstance(panel.main, LongTable) else NO_ROWS)
        self.prose.show_prose(panel.main if isinstance(panel.main, Prose) else Prose(()))
        self._stack.setCurrentWidget(self._page_of(panel))

    def _page_of(self, panel: Panel) -> QWidget:
        if panel.main is not None:
            return self.patients if isinstance(panel.main, LongTable) else self.prose
        if panel.figure is not None:
            return self._flow if isinstance(panel.figure, FlowChart) else self._plot
        return self._reason if panel.reason else self._tables


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
