"""The Statistics page: agreement, correlation and ROC of what is signed off, always up to date."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFileDialog, QFrame, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.domain.errors import AppError, BlindingError, Cancelled
from app.services.changed import What
from app.ui.dialogs.files import FileDialog
from app.ui.jobs import Job
from app.ui.pages.statistics_bar import SelectionBar
from app.ui.pages.statistics_content import Panel, Report, Tab
from app.ui.pages.statistics_job import STEPS, make_report
from app.ui.pages.statistics_message import Message
from app.ui.plots.spec import Figure
from app.ui.present import error_text, text
from app.ui.theme import LIGHT, Theme
from app.ui.widgets import named
from app.ui.workspace import Workspace

if TYPE_CHECKING:
    # holds the plot: loaded with the libraries of statistics, when the page is first asked for
    from app.ui.pages.statistics_body import StatisticsBody

DEBOUNCE_MS = 150
_OTHER_EYES = What.SESSION | What.READERS
_MATTERS = _OTHER_EYES | What.EXAMS | What.SIGN_OFF | What.CLINICAL
_BOTH_MAPS = (Tab.COHORT, Tab.ROC)


class StatisticsPage(QWidget):
    """Shows the statistics of the open session and makes them anew when their facts change.

    Signals
    -------
    case_clicked : str
        Case code of a point that was clicked.
    """

    case_clicked = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._workspace = workspace
        self._theme = LIGHT
        self._report: Report | None = None
        self._levels: str | None = None
        self._exported: Figure | None = None
        self._stale, self._waiting = True, False
        self._job = Job(self)
        self._debounce = QTimer(self)
        self._debounce.setSingleShot(True)
        self._debounce.setInterval(DEBOUNCE_MS)
        self._build()
        self._job.progressed.connect(self._show_progress)
        self._job.finished.connect(self._receive)
        self._job.failed.connect(self._fail)
        self._debounce.timeout.connect(self._refresh)
        workspace.changed.connect(self._take_note)
        workspace.closing.connect(self.stop)
        self._show_nothing()

    def _build(self) -> None:
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(text("page.statistics"))
        for tab in Tab:
            self.tabs.addTab(text(f"stats.tab.{tab.value}"))
        self.tabs.setCurrentIndex(list(Tab).index(Tab.AGREEMENT))
        self.bar = SelectionBar()
        self.message = Message()
        self.body: StatisticsBody | None = None
        self._stack = QStackedWidget()
        self._stack.addWidget(self.message)
        inside = QVBoxLayout()
        inside.setContentsMargins(20, 8, 20, 12)
        inside.setSpacing(10)
        inside.addWidget(self.bar)
        inside.addWidget(self._stack, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._tab_band())
        layout.addLayout(inside, 1)
        self.tabs.currentChanged.connect(self._show_panel)
        self.bar.map_changed.connect(self._show_panel)
        self.bar.levels_changed.connect(self._choose_levels)

    def _tab_band(self) -> QWidget:
        band = QFrame()
        named(band, "mapbar")
        layout = QVBoxLayout(band)
        # the lowest line is the border
        layout.setContentsMargins(12, 0, 12, 1)
        layout.addWidget(self.tabs)
        return band

    # -- what is asked of the page ----------------------------------------------------------------------

    @property
    def tab(self) -> Tab:
        """The tab in front."""
        return list(Tab)[self.tabs.currentIndex()]

    @property
    def panel(self) -> Panel | None:
        """What is shown; None while there is no result."""
        return self._report.panels[self.tab, self.bar.quantity] if self._report else None

    @property
    def is_busy(self) -> bool:
        """Whether newer numbers are on their way."""
        return self._debounce.isActive() or self._job.running

    def show_theme(self, theme: Theme) -> None:
        """Recolour the plots."""
        self._theme = theme
        if self.body is not None:
            self.body.show_theme(theme)

    def stop(self) -> None:
        """Wait for the work at hand to end; before the session closes."""
        self._debounce.stop()
        self._stale = self._stale or self._waiting
        self._waiting = False
        self._job.wait()

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what changed while the page was not seen."""
        super().showEvent(event)
        if self._stale:
            self._refresh()

    # -- keeping up to date -----------------------------------------------------------------------------

    def _take_note(self, what: What) -> None:
        if what & _OTHER_EYES:
            self._forget()
        if not what & _MATTERS:
            return
        self._stale = True
        if self.isVisible():
            self._debounce.start()

    def _forget(self) -> None:
        """Take everything off the screen at once: the next reader may not be allowed to see it."""
        self._job.cancel()
        self._report = self._levels = self._exported = None
        self._waiting = False
        self.bar.clear()
        if self.body is not None:
            self.body.clear()
        self._show_nothing()

    def _choose_levels(self) -> None:
        self._levels = self.bar.levels
        self._refresh()

    def _refresh(self) -> None:
        session, viewer = self._workspace.session, self._workspace.viewer
        self._debounce.stop()
        self._stale = False
        if session is None or viewer is None:
            self._show_nothing()
            return
        self._waiting = True
        if self._report is None:
            self._say(text("stats.loading"), text("stats.loading_more"), 0)
        else:
            self.bar.say(text("stats.updating"))
        self._job.start(partial(make_report, session, viewer, self._levels))

    def _show_progress(self, done: int, _total: int | None) -> None:
        if self._waiting and self._report is None:
            self._say(text("stats.loading"), text("stats.loading_more"), done)
            if done == STEPS - 1:
                # while the job puts the figures into words: so the window does not stand still twice as long
                _load_plots()

    def _receive(self, report: Report) -> None:
        if not self._waiting:
            return
        self._waiting = False
        self._report = report
        self.bar.show_report(report)
        self._show_panel()

    def _fail(self, problem: AppError) -> None:
        if not self._waiting:
            return
        self._forget()
        if isinstance(problem, Cancelled):
            self._stale = True
            return
        closed = isinstance(problem, BlindingError)
        self._say(text("stats.closed" if closed else "stats.failed"), error_text(problem))

    # -- showing ----------------------------------------------------------------------------------------

    def _show_nothing(self) -> None:
        open_session = self._workspace.session is not None
        self._say("", text("stats.loading" if open_session else "stats.no_session"))

    def _say(self, title: str, told: str, step: int | None = None) -> None:
        self.bar.setVisible(False)
        self.message.say(title, told, None if step is None else (step, STEPS))
        self._stack.setCurrentWidget(self.message)

    def _show_panel(self) -> None:
        report, panel = self._report, self.panel
        if report is None or panel is None:
            return
        if report.empty:
            self._say("", report.empty)
            return
        body = self._ready_body()
        body.show_panel(panel)
        self.bar.setVisible(True)
        self.bar.offer_map(offered=self.tab not in _BOTH_MAPS)
        self._stack.setCurrentWidget(body)

    def _ready_body(self) -> StatisticsBody:
        if self.body is None:
            self.body = _load_plots()(self._theme)
            self.body.case_clicked.connect(self.case_clicked)
            self.body.export_wanted.connect(self._ask_where)
            self._stack.addWidget(self.body)
        return self.body

    # -- the figure as a picture ------------------------------------------------------------------------

    def _ask_where(self) -> None:
        panel = self.panel
        if panel is None or panel.figure is None:
            return
        self._exported = panel.figure
        dialog = FileDialog(self, text("stats.export_figure"), panel.stem)
        dialog.setNameFilter(text("dialog.picture_filter"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("png")
        dialog.selectFile(panel.stem)
        dialog.fileSelected.connect(self._save)
        dialog.open()

    def _save(self, file: str) -> None:
        # the reader may have changed while the dialog was open
        if self._exported is not None:
            self.save_figure(self._exported, Path(file))

    def save_figure(self, figure: Figure, path: Path) -> None:
        """Write a figure as PNG at 300 dpi and say so, or why not."""
        from app.ui.plots.export import save_figure  # noqa: PLC0415 - as _load_plots

        try:
            save_figure(figure, path)
        except AppError as problem:
            self._workspace.failed.emit(problem)
            return
        self.bar.say(text("picture.done", file=path.name))


def _load_plots() -> type[StatisticsBody]:
    """The part of the page with the plot; loading pyqtgraph takes a sixth of a second, once."""
    from app.ui.pages.statistics_body import StatisticsBody  # noqa: PLC0415 - reading goes without the plots

    return StatisticsBody
