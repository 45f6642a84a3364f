"""The panel beside the maps: levels, the selected rectangle, what speaks against it, the case, sign-off."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.domain.maps import Quantity
from app.domain.protocol import LEVELS
from app.domain.reading import LevelState
from app.services.read_exam import Case
from app.ui import present
from app.ui.dialogs.unlock import ReopenDialog
from app.ui.keys import DEFAULT, Keymap
from app.ui.pages.asking_panel import Asking
from app.ui.pages.case_words_view import CaseWordsView, SignedOff
from app.ui.pages.help_line import HelpLine
from app.ui.pages.level_table import LevelTable
from app.ui.pages.rectangle_facts import Histograms, RectangleLines
from app.ui.present import levels as present_levels
from app.ui.present.keys import key_text
from app.ui.scale import scaled
from app.ui.theme import Theme
from app.ui.widgets import LiveText, button, named, words
from app.ui.workspace import Workspace

WIDTH = 336
_MARGIN = 14


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
        self.setFixedWidth(scaled(WIDTH))
        self._workspace = workspace
        self._keymap = DEFAULT
        self._title = words(role="title")
        self._facts = LiveText()
        named(self._facts, "facts")
        self.table = LevelTable()
        self.lines = RectangleLines()
        self.warning = words(role="warning")
        self.warning.setWordWrap(True)
        self.help = HelpLine(workspace)
        self.histograms = Histograms()
        self.case_words = CaseWordsView()
        self.signed_off = SignedOff()
        self.exclude = button("read.not_measurable", action="not_measurable")
        self.reopen = button("read.reopen")
        self.sign_off = button("read.sign_off", role="primary", action="sign_off_next")
        for control in (self.exclude, self.reopen, self.sign_off):
            # a click leaves the keys with the maps, or Space would press the button again instead of panning
            control.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.asking = Asking(workspace, {"not_measurable": self.exclude, **self.case_words.values}, self)
        self.note = self.asking.note
        self._lay_out()
        self.table.clicked.connect(self._on_level)
        self.exclude.clicked.connect(self.asking.ask_mark)
        self.reopen.clicked.connect(self._on_reopen)
        self.sign_off.clicked.connect(self.sign_off_wanted)
        self.case_words.wanted.connect(self.asking.ask)
        self.asking.done.connect(self.done)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(_MARGIN, 10, _MARGIN, 10)
        column.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._title)
        head.addWidget(self._facts, 1)
        column.addLayout(head)
        column.addWidget(self.table)
        column.addWidget(self.lines)
        column.addWidget(self.help)
        column.addWidget(self.warning)
        column.addWidget(self.histograms, 2)
        column.addStretch(1)
        column.addWidget(self.case_words)
        column.addWidget(self.signed_off)
        column.addWidget(self.note)
        self._buttons = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._buttons.addWidget(self.exclude)
        self._buttons.addWidget(self.reopen)
        self._buttons.addWidget(self.sign_off, 1)
        column.addLayout(self._buttons)

    def show_keys(self, keymap: Keymap) -> None:
        """Name on the buttons the keys that do the same."""
        self._keymap = keymap
        self._name_buttons()

    def _name_buttons(self) -> None:
        case = self._workspace.case
        locked = case is not None and case.reading.locked
        for control, action, code in (
            (self.exclude, "not_measurable", "read.not_measurable"),
            (self.sign_off, "sign_off_next", "read.next" if locked else "read.sign_off"),
        ):
            told, key = present.text(code), key_text(self._keymap.first(action))
            control.setText(present.text("read.with_key", words=told, key=key) if key else told)
        self._fit_buttons()

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.table.show_theme(theme)
        self.histograms.show_theme(theme)

    # -- showing --------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show everything of the case at hand; without one nothing is seen of the panel."""
        space, case = self._workspace, self._workspace.case
        self.asking.follow()
        if case is None or space.viewer is None:
            self.table.levels.show_rows([present_levels.LevelRow(level) for level in LEVELS])
            self._show_rectangle()
            return
        self._title.setText(present.text("read.case", code=case.exam.code))
        self._facts.setText(present.case_line(case.exam, space.viewer.round))
        self._show_levels(case)
        self.table.show_selected(space.selected)
        self._show_rectangle()
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
        self._show_warning(case)
        self.help.refresh()
        self.case_words.refresh(space)
        self.signed_off.refresh(space)
        self._name_buttons()

    def _show_levels(self, case: Case) -> None:
        space = self._workspace
        self.table.levels.use_unit(present.quantity_unit(Quantity.R2STAR, case.protocol.r2star_unit))
        armed = space.selected if space.armed else None
        self.table.levels.show_rows(present_levels.level_rows(case, armed=armed))

    def _show_warning(self, case: Case | None) -> None:
        spoken = present_levels.case_warning(case, self._workspace.selected) if case is not None else ""
        self.warning.setText(spoken)
        self.warning.setVisible(bool(spoken))

    def show_findings(self) -> None:
        """Show what rules say by now, and nothing else anew; while a rectangle is dragged, nothing."""
        case = self._workspace.case
        if case is not None and self._workspace.preview is None:
            self._show_levels(case)
            self._show_warning(case)
            self.signed_off.refresh(self._workspace)

    def _fit_buttons(self) -> None:
        """Beside each other where their words leave room, else one below the other."""
        first = self.reopen if self.exclude.isHidden() else self.exclude
        wanted = first.sizeHint().width() + self.sign_off.sizeHint().width() + self._buttons.spacing()
        beside = wanted <= self.width() - 2 * _MARGIN
        self._buttons.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )

    def show_preview(self) -> None:
        """Show the numbers of the rectangle under the hand, and nothing else anew."""
        preview, case = self._workspace.preview, self._workspace.case
        if preview is None or case is None:
            return
        state = LevelState.measured(preview.rectangle)
        row = present_levels.level_row(
            preview.level,
            state,
            preview.stats,
            hidden=not case.numbers_shown,
            r2star_unit=case.protocol.r2star_unit,
        )
        number = LEVELS.index(preview.level)
        rows = list(self.table.levels.rows)
        rows[number] = replace(row, warning=rows[number].warning)
        self.table.levels.show_rows(rows)
        self._show_rectangle()

    def _show_rectangle(self) -> None:
        """Show the rectangle under the hand, else that of the selected level."""
        space, case, preview = self._workspace, self._workspace.case, self._workspace.preview
        level = preview.level if preview else space.selected
        revision = case.reading.history.current.get(level) if case and level else None
        rectangle = revision.state.rectangle if revision else None
        stats = revision.stats if revision else {}
        if preview is not None:
            rectangle, stats = preview.rectangle, preview.stats
        shown = case is not None and case.numbers_shown
        unit = case.protocol.r2star_unit if case is not None else present.PER_SECOND
        self.lines.show_rectangle(level, rectangle, stats, hidden=not shown, r2star_unit=unit)
        exam = case.exam if case and shown else None
        self.histograms.show_rectangle(exam, level, rectangle, stats, r2star_unit=unit)

    def _on_reopen(self) -> None:
        """Open the case again; once its reader has gone on, with the reason that a dialog asks for."""
        space = self._workspace
        if space.case is None or not space.reopening_wants_reason:
            space.reopen()
            return
        ReopenDialog(space.case.exam.code, space.reopen, self.window()).open()

    def _on_level(self) -> None:
        level = LEVELS[self.table.currentIndex().row()]
        # which lets the table follow the selection
        self.asking.finish()
        self._workspace.select(level)
