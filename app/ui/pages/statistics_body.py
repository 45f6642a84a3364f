"""The two cards and the sentences for the paper: everything of the Statistics page that needs a plot."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.ui.pages.statistics_cards import FigureCard, TablesCard
from app.ui.pages.statistics_content import Panel, tsv
from app.ui.plots.view import FigureView
from app.ui.sentences import label
from app.ui.theme import Theme
from app.ui.widgets import words

# a square plot leaves room for a wide table
_SHARES, _SQUARE_SHARES = (65, 35), (47, 53)


class StatisticsBody(QWidget):
    """Shows one :class:`Panel` at a time.

    Signals
    -------
    case_clicked : str
        Case code of the point that was clicked.
    export_wanted
        The figure shall be saved.
    """

    case_clicked = Signal(str)
    export_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panel: Panel | None = None
        self.plot = FigureView(theme)
        self.plot.case_clicked.connect(self.case_clicked)
        self.figure_card, self.tables_card = FigureCard(self.plot), TablesCard()
        self.figure_card.export.clicked.connect(self.export_wanted)
        self.tables_card.copy.clicked.connect(self.copy_tables)
        self.paper = words(role="sentence")
        self.paper.setWordWrap(True)
        self.paper.setTextFormat(Qt.TextFormat.RichText)
        self.paper.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self._cards = QHBoxLayout()
        self._cards.setSpacing(12)
        self._cards.addWidget(self.figure_card)
        self._cards.addWidget(self.tables_card)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(self._cards, 1)
        layout.addWidget(self.paper)

    @property
    def panel(self) -> Panel | None:
        """What is shown."""
        return self._panel

    def show_panel(self, panel: Panel) -> None:
        """Replace everything."""
        self._panel = panel
        square = panel.figure is not None and panel.figure.square
        for place, share in enumerate(_SQUARE_SHARES if square else _SHARES):
            self._cards.setStretch(place, share)
        if panel.figure is None:
            self.plot.clear()
        else:
            self.plot.show_figure(panel.figure)
        self.figure_card.show_panel(panel)
        self.tables_card.show_panel(panel)
        self.paper.setVisible(bool(panel.paper))
        # criteria hold < and >
        self.paper.setText(label("stats.paper_text", title=label("stats.paper"), text=escape(panel.paper)))

    def clear(self) -> None:
        """Forget what is shown: the next reader may not be allowed to see it."""
        self.show_panel(Panel(title="", hint="", beside=()))
        self._panel = None

    def show_theme(self, theme: Theme) -> None:
        """Recolour the plot; the style sheet does the rest."""
        self.plot.show_theme(theme)

    def copy_tables(self) -> None:
        """Put the tables on the clipboard as tab-separated text."""
        if self._panel is not None and self._panel.tables:
            QGuiApplication.clipboard().setText(tsv(self._panel.tables))
            self.tables_card.say_copied()
