"""The two cards and the sentences for the paper: everything of the Statistics page that needs a plot."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.ui.copying import copy_text
from app.ui.pages.statistics_cards import FigureCard, TablesCard
from app.ui.plots.flow_spec import FlowChart
from app.ui.plots.flow_view import FlowView
from app.ui.plots.view import FigureView
from app.ui.sentences import label
from app.ui.tabs.content import Panel, main_text, tsv
from app.ui.theme import Theme
from app.ui.widgets import words

# a square plot leaves room for a wide table, and some tables need more than it leaves
_SHARES, _SQUARE_SHARES, _WIDE_SHARES = (65, 35), (47, 53), (43, 57)


class StatisticsBody(QWidget):
    """Shows one :class:`Panel` at a time.

    Signals
    -------
    case_clicked : str
        Case code of the point that was clicked.
    export_wanted
        The figure shall be saved.
    option_chosen : str, str
        Another method of the tab was chosen: its name and value.
    """

    case_clicked = Signal(str)
    export_wanted = Signal()
    option_chosen = Signal(str, str)

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._panel: Panel | None = None
        self.plot = FigureView(theme)
        self.plot.case_clicked.connect(self.case_clicked)
        self.flow = FlowView(theme)
        self.figure_card, self.tables_card = FigureCard(self.plot, self.flow), TablesCard()
        self.figure_card.patients.case_clicked.connect(self.case_clicked)
        self.figure_card.copy.clicked.connect(self.copy_main)
        self.figure_card.options.chosen.connect(self.option_chosen)
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
        chart = panel.figure if isinstance(panel.figure, FlowChart) else None
        figure = None if isinstance(panel.figure, FlowChart) else panel.figure
        square = figure is not None and figure.square
        shares = _WIDE_SHARES if panel.wide else _SQUARE_SHARES if square else _SHARES
        for place, share in enumerate(shares):
            self._cards.setStretch(place, share)
        self.flow.show_chart(chart)
        if figure is None:
            self.plot.clear()
        else:
            self.plot.show_figure(figure)
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
        self.flow.show_theme(theme)

    def copy_tables(self) -> None:
        """Put the tables on the clipboard as tab-separated text."""
        if self._panel is not None and self._panel.tables:
            copy_text(tsv(self._panel.tables))
            self.tables_card.say_copied()

    def copy_main(self) -> None:
        """Put what stands in place of a plot on the clipboard."""
        if self._panel is not None and self._panel.main is not None:
            copy_text(main_text(self._panel.main))
            self.tables_card.say_copied()
