"""The Statistics page: one tab of one selection at a time, of what is signed off, always up to date."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QFrame, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.domain.errors import AppError, BlindingError, Cancelled
from app.services.changed import What
from app.services.selection import Selection
from app.ui.jobs import Job
from app.ui.pages.statistics_bar import SelectionBar
from app.ui.pages.statistics_export import FigureSaver
from app.ui.pages.statistics_job import STEPS, Answer, finish_panel, make_panel
from app.ui.pages.statistics_message import Message
from app.ui.present import error_text, text
from app.ui.settings import Settings
from app.ui.tabs.content import SESSIONLESS, Panel, Tab
from app.ui.theme import LIGHT, Theme
from app.ui.widgets import named
from app.ui.workspace import Workspace

if TYPE_CHECKING:
    # holds the plot: loaded with the libraries of statistics, when the page is first asked for
    from app.ui.pages.check_table import CheckPage
    from app.ui.pages.sample_size import SizePage
    from app.ui.pages.statistics_body import StatisticsBody

DEBOUNCE_MS = 150
_OTHER_EYES = What.SESSION | What.READERS
_MATTERS = _OTHER_EYES | What.EXAMS | What.SIGN_OFF | What.CLINICAL | What.DECISION
# tabs that show both maps
_BOTH_MAPS = (Tab.COHORT, Tab.GROUPS, Tab.ROC)


class StatisticsPage(QWidget):
    """Shows the statistics of the open session and makes them anew when their facts change.

    Signals
    -------
    case_clicked : str
        Case code of a point that was clicked.
    """

    case_clicked = Signal(str)

    def __init__(
        self, workspace: Workspace, parent: QWidget | None = None, *, settings: Settings | None = None
    ) -> None:
        super().__init__(parent)
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._workspace = workspace
        self._theme = LIGHT
        self._answer: Answer | None = None
        # what was made of the same facts; going back to a tab costs nothing
        self._made: dict[tuple[Tab, Selection], Answer] = {}
        self.saver = FigureSaver(self, settings)
        self._stale, self._waiting = True, False
        self._job, self._finishing = Job(self), Job(self)
        self._debounce = QTimer(self)
        self._debounce.setSingleShot(True)
        self._debounce.setInterval(DEBOUNCE_MS)
        self._build()
        self._job.progressed.connect(self._show_progress)
        self._job.finished.connect(self._receive)
        self._job.failed.connect(self._fail)
        self._finishing.finished.connect(self._receive_finished)
        self._finishing.failed.connect(self._fail)
        self._debounce.timeout.connect(self._refresh)
        workspace.changed.connect(self._take_note)
        workspace.closing.connect(self.stop)
        self.saver.said.connect(self.bar.say)
        self.saver.failed.connect(workspace.failed)
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
        self.check: CheckPage | None = None
        self.planning: SizePage | None = None
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
        self.tabs.currentChanged.connect(self._choose)
        self.bar.changed.connect(self._choose)

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
        return self._answer.panel if self._answer else None

    @property
    def is_busy(self) -> bool:
        """Whether newer numbers are on their way."""
        if any(own is not None and own.is_busy for own in (self.check, self.planning)):
            return True
        return self._debounce.isActive() or self._job.running or self._finishing.running

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
        self._finishing.wait()
        for own in (self.check, self.planning):
            if own is not None:
                own.stop()

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
        # what is at hand ends first, and is about facts of before
        self._finishing.cancel()
        self._made.clear()
        if self.isVisible():
            self._debounce.start()

    def _forget(self) -> None:
        """Take everything off the screen at once: the next reader may not be allowed to see it."""
        self._job.cancel()
        self._finishing.cancel()
        self._answer = None
        self.saver.forget()
        self._made.clear()
        self._waiting = False
        self.bar.clear()
        if self.body is not None:
            self.body.clear()
        self._show_nothing()

    def _choose(self) -> None:
        """Show another tab, or the same one of another selection."""
        if self.tab in SESSIONLESS:
            self._show_own()
            return
        made = self._made.get((self.tab, self.bar.selection))
        if made is not None:
            self._job.cancel()
            self._waiting = False
            self._show_answer(made)
        elif self._workspace.session is None:
            self._show_nothing()
        elif not self._debounce.isActive():
            self._start()

    def _refresh(self) -> None:
        self._debounce.stop()
        self._stale = False
        if self._workspace.session is None or self._workspace.viewer is None:
            self._show_nothing()
            return
        self._made.clear()
        # a printed table or a plan has nothing to do with the session
        if self.tab not in SESSIONLESS:
            self._start(anew=True)
        else:
            self._answer = None

    def _start(self, *, anew: bool = False) -> None:
        session, viewer = self._workspace.session, self._workspace.viewer
        if session is None or viewer is None:
            return
        self._waiting = True
        self._finishing.cancel()
        if self._answer is None:
            self._say(text("stats.loading"), text("stats.loading_more"), 0)
        else:
            self.bar.say(text("stats.updating"))
        before = self._answer.study if self._answer is not None and not anew else None
        self._job.start(partial(make_panel, session, viewer, before, self.bar.selection, self.tab))

    def _show_progress(self, done: int, _total: int | None) -> None:
        if self._waiting and self._answer is None:
            self._say(text("stats.loading"), text("stats.loading_more"), done)
            if done == STEPS - 1:
                # while the job puts the figures into words: so the window does not stand still twice as long
                _load_plots()

    def _receive(self, answer: Answer) -> None:
        if not self._waiting:
            return
        self._waiting = False
        self._show_answer(answer)

    def _receive_finished(self, answer: Answer) -> None:
        if self._answer is None or answer.gathered is not self._answer.gathered:
            return
        self._made[answer.tab, answer.selection] = answer
        # the reader may be at another tab by now
        if (answer.tab, answer.selection) == (self.tab, self.bar.selection):
            self._answer = answer
            self._show_panel()

    def _show_answer(self, answer: Answer) -> None:
        self._answer = answer
        self._made[answer.tab, answer.selection] = answer
        self.bar.show_bar(answer.bar, answer.selection)
        self._show_panel()
        if answer.panel.unfinished:
            self._finishing.start(partial(finish_panel, answer))

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

    def _show_own(self) -> None:
        self.bar.setVisible(False)
        own: QWidget = self._ready_check() if self.tab is Tab.CHECK else self._ready_planning()
        self._stack.setCurrentWidget(own)

    def _ready_check(self) -> CheckPage:
        if self.check is None:
            from app.ui.pages.check_table import CheckPage  # noqa: PLC0415 - when it is first asked for

            self.check = CheckPage()
            self._stack.addWidget(self.check)
        return self.check

    def _ready_planning(self) -> SizePage:
        if self.planning is None:
            from app.ui.pages.sample_size import SizePage  # noqa: PLC0415 - as above

            self.planning = SizePage()
            self._stack.addWidget(self.planning)
        return self.planning

    def _show_nothing(self) -> None:
        if self.tab in SESSIONLESS:
            self._show_own()
            return
        open_session = self._workspace.session is not None
        self._say("", text("stats.loading" if open_session else "stats.no_session"))

    def _say(self, title: str, told: str, step: int | None = None) -> None:
        if self.tab in SESSIONLESS:
            return
        self.bar.setVisible(False)
        self.message.say(title, told, None if step is None else (step, STEPS))
        self._stack.setCurrentWidget(self.message)

    def _show_panel(self) -> None:
        answer = self._answer
        if answer is None or self.tab in SESSIONLESS:
            return
        if answer.bar.empty:
            self._say("", answer.bar.empty)
            return
        body = self._ready_body()
        body.show_panel(answer.panel)
        self.bar.setVisible(True)
        self.bar.offer_map(offered=self.tab not in _BOTH_MAPS)
        self.bar.offer_mean(offered=self.tab is not Tab.AGREEMENT)
        self._stack.setCurrentWidget(body)

    def _export(self) -> None:
        if self.panel is not None and self.tab not in SESSIONLESS:
            self.saver.ask(self.panel)

    def _ready_body(self) -> StatisticsBody:
        if self.body is None:
            self.body = _load_plots()(self._theme)
            self.body.case_clicked.connect(self.case_clicked)
            self.body.export_wanted.connect(self._export)
            self.body.option_chosen.connect(self.bar.choose_option)
            self._stack.addWidget(self.body)
        return self.body


def _load_plots() -> type[StatisticsBody]:
    """The part of the page with the plot; loading pyqtgraph takes a sixth of a second, once."""
    from app.ui.pages.statistics_body import StatisticsBody  # noqa: PLC0415 - reading goes without the plots

    return StatisticsBody
