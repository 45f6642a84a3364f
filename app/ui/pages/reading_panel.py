"""The panel beside the maps: levels, the selected rectangle, what speaks against it, histograms, sign-off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QLineEdit, QMenu, QVBoxLayout, QWidget

from app.domain.maps import DISPLAY_RANGE, MEASURED, Quantity
from app.domain.measure import RoiStats, histogram
from app.domain.protocol import LEVELS, Level
from app.domain.reading import LevelState
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.ui import present, sentences
from app.ui.keys import first_key
from app.ui.pages.histogram import MOST_BINS, Histogram
from app.ui.pages.level_table import LevelTable
from app.ui.theme import LEVEL_COLOURS, Theme
from app.ui.widgets import LiveText, button, named, words
from app.ui.workspace import Workspace

WIDTH = 336
_MARGIN = 14


class _Note(QLineEdit):
    """A line that keeps Enter for itself: on this page it signs off everywhere else."""

    def event(self, event: QEvent) -> bool:
        """Claim Enter before the page's shortcut does."""
        override = event.type() is QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            event.accept()
            return True
        return super().event(event)


class ReadingPanel(QWidget):
    """Numbers of the case at hand and the way out of it.

    Signals
    -------
    sign_off_wanted
        The sign-off button was pressed.
    done
        Nothing more is written here: the keys may go back to the maps.
    """

    sign_off_wanted = Signal()
    done = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(WIDTH)
        self._workspace = workspace
        self._title = words(role="title")
        self._facts = words(role="quiet")
        self._facts.setWordWrap(True)
        self.table = LevelTable()
        self._lines = [(words(role="quiet"), LiveText()) for _ in range(3)]
        self.warning = words(role="warning")
        self.warning.setWordWrap(True)
        self.histograms = {quantity: Histogram() for quantity in MEASURED}
        self.note = _Note()
        self.note.setPlaceholderText(present.text("read.note"))
        self.note.hide()
        self.exclude = button("read.not_measurable", key=first_key("not_measurable"))
        self.reopen = button("read.reopen")
        self.sign_off = button("read.sign_off", role="primary", key=present.text("key.enter"))
        for control in (self.exclude, self.reopen, self.sign_off):
            # a click leaves the keys with the maps, or Space would press the button again instead of panning
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._menu = QMenu(self)
        self._lay_out()
        self.table.clicked.connect(self._on_level)
        self.note.returnPressed.connect(self._on_note)
        self.exclude.clicked.connect(self.ask_reason)
        self.reopen.clicked.connect(workspace.reopen)
        self.sign_off.clicked.connect(self.sign_off_wanted)
        for reason in Reason:
            action = QAction(sentences.REASONS[reason].capitalize(), self._menu)
            action.setData(reason)
            self._menu.addAction(action)
        self._menu.triggered.connect(self._on_reason)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, 12, _MARGIN, 12)
        column.setSpacing(6)
        column.addWidget(self._title)
        column.addWidget(self._facts)
        column.addWidget(self.table)
        grid = QGridLayout()
        grid.setVerticalSpacing(2)
        for row, (name, value) in enumerate(self._lines):
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, row, 1)
        grid.setColumnStretch(1, 1)
        column.addLayout(grid)
        column.addWidget(self.warning)
        for histogram_view in self.histograms.values():
            column.addWidget(histogram_view, 2)
        column.addStretch(1)
        column.addWidget(self.note)
        self._buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._buttons.addWidget(self.exclude)
        self._buttons.addWidget(self.reopen)
        self._buttons.addWidget(self.sign_off, 1)
        column.addLayout(self._buttons)

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.table.show_theme(theme)
        for histogram_view in self.histograms.values():
            histogram_view.show_theme(theme)

    # -- showing --------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show everything of the case at hand."""
        space, case = self._workspace, self._workspace.case
        self.setEnabled(case is not None)
        self.note.hide()
        if case is None or space.viewer is None:
            self._title.setText("")
            self._facts.setText("")
            self.table.levels.show_rows([present.LevelRow(level) for level in LEVELS])
            self._show_rectangle(None, None, {})
            self.warning.hide()
            return
        self._title.setText(present.text("read.case", code=case.exam.code))
        self._facts.setText(present.case_line(case.exam, space.viewer.round))
        self.table.levels.show_rows(present.level_rows(case, armed=space.selected if space.armed else None))
        self.table.show_selected(space.selected)
        level = space.selected
        revision = case.reading.history.current.get(level) if level else None
        self._show_rectangle(
            level, revision.state.rectangle if revision else None, revision.stats if revision else {}
        )
        self._show_state()

    def _show_state(self) -> None:
        space = self._workspace
        case = space.case
        locked = case is not None and case.reading.locked
        self.exclude.setEnabled(space.writable and space.selected is not None)
        self.exclude.setVisible(not locked)
        self.reopen.setVisible(locked)
        self.reopen.setEnabled(space.session is not None and not space.session.read_only)
        self.sign_off.setEnabled(case is not None and (locked or space.writable))
        self.sign_off.setText(present.text("read.next" if locked else "read.sign_off"))
        spoken = present.case_warning(case, space.selected) if case is not None else ""
        self.warning.setText(spoken)
        self.warning.setVisible(bool(spoken))
        self._fit_buttons()

    def _fit_buttons(self) -> None:
        """Beside each other where their words leave room, else one below the other."""
        first = self.reopen if self.exclude.isHidden() else self.exclude
        wanted = first.sizeHint().width() + self.sign_off.sizeHint().width() + self._buttons.spacing()
        beside = wanted <= WIDTH - 2 * _MARGIN
        self._buttons.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )

    def show_preview(self) -> None:
        """Show the numbers of the rectangle under the hand, and nothing else anew."""
        preview, case = self._workspace.preview, self._workspace.case
        if preview is None or case is None:
            return
        row = present.level_row(preview.level, LevelState.measured(preview.rectangle), preview.stats)
        number = LEVELS.index(preview.level)
        rows = list(self.table.levels.rows)
        rows[number] = replace(row, warning=rows[number].warning)
        self.table.levels.show_rows(rows)
        self._show_rectangle(preview.level, preview.rectangle, preview.stats)

    def _show_rectangle(
        self, level: Level | None, rectangle: Rectangle | None, stats: Mapping[Quantity, RoiStats]
    ) -> None:
        lines = present.rectangle_lines(level, rectangle, stats)
        for (name, value), (title, shown) in zip(self._lines, lines, strict=True):
            name.setText(title)
            value.setText(shown)
        for quantity, view in self.histograms.items():
            if level is None or rectangle is None or quantity not in stats:
                view.show_counts(None)
            else:
                self._show_histogram(view, level, quantity, rectangle, stats[quantity])

    def _show_histogram(
        self, view: Histogram, level: Level, quantity: Quantity, rectangle: Rectangle, stats: RoiStats
    ) -> None:
        case = self._workspace.case
        if case is None or quantity not in case.exam.maps:
            return
        found = case.exam.maps[quantity]
        span = present.histogram_span(stats, DISPLAY_RANGE[quantity])
        bins = present.histogram_bins(span, present.value_step(found), MOST_BINS)
        view.show_counts(
            # on the map's own voxels, as the numbers beside it
            histogram(found, case.exam.on_map(quantity, rectangle), span, bins),
            present.text("read.histogram", level=level.value, quantity=present.quantity_title(quantity)),
            present.span_text(quantity, span),
            LEVEL_COLOURS[level],
        )

    # -- acting ---------------------------------------------------------------------------------------

    def ask_reason(self) -> None:
        """Offer the reasons for the selected level."""
        if self._workspace.writable and self._workspace.selected is not None:
            corner = self.exclude.mapToGlobal(QPoint(0, 0))
            self._menu.popup(corner - QPoint(0, self._menu.sizeHint().height()))
        else:
            self._workspace.say_why_not()

    def _on_reason(self, action: QAction) -> None:
        reason = Reason(action.data())
        if reason is Reason.OTHER:
            self.note.clear()
            self.note.show()
            self.note.setFocus()
        else:
            self._workspace.mark(reason)

    def _on_note(self) -> None:
        self._workspace.mark(Reason.OTHER, self.note.text())
        if self.note.isHidden():
            self.done.emit()

    def _on_level(self) -> None:
        self._workspace.select(LEVELS[self.table.currentIndex().row()])
