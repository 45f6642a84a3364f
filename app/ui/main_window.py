"""The window: pages, menu, status. Brings wishes to the workspace and the tasks; holds no rules."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QSize, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDropEvent,
    QKeyEvent,
)
from PySide6.QtWidgets import QApplication, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from app import __version__
from app.domain.errors import AppError
from app.services import open_session as sessions
from app.ui import present, sentences, theme
from app.ui.backups import RollingBackups
from app.ui.banner import Banner
from app.ui.canvas.mouse_presets import MousePreset
from app.ui.comparing import Comparing
from app.ui.dialogs.report import ReportDialog
from app.ui.door import Door
from app.ui.importing import Importing
from app.ui.keyboard import Keyboard
from app.ui.keys import Keymap
from app.ui.menu import FileMenu
from app.ui.pages.making import make_page
from app.ui.pages.start import StartPage
from app.ui.rescuing import Rescuing
from app.ui.saving import Saving
from app.ui.settings import Settings
from app.ui.status import StatusBar
from app.ui.studying import Studying
from app.ui.table_importing import SUFFIXES, TableImporting
from app.ui.tasks import Tasks
from app.ui.topbar import TopBar
from app.ui.workspace import Workspace

# pages of numbers are read on paper white, pictures in the dark
_LIGHT_PAGES = {"statistics"}


class MainWindow(QMainWindow):
    """Everything in one window.

    Parameters
    ----------
    workspace : Workspace
        What is open.
    settings : Settings
        What is remembered between starts.
    demo : callable
        ``demo(name)`` makes the demo ``"reading"`` or ``"study"`` where it is missing and gives its path.
    """

    def __init__(self, workspace: Workspace, settings: Settings, demo: Callable[[str], Path]) -> None:
        super().__init__()
        self.workspace = workspace
        self.settings = settings
        self._demo = demo
        self.tasks = Tasks(workspace, self)
        self.importing = Importing(workspace, self.tasks, self)
        self.tables = TableImporting(workspace, self.tasks, self)
        self.keyboard = Keyboard(self, settings)
        self.file_menu = FileMenu(self, settings.theme, settings.mouse.name, settings.idle_minutes)
        self.door = Door(workspace, self.tasks, settings, self)
        self.studying = Studying(workspace, settings, self)
        self.saving = Saving(workspace, self)
        self.backups = RollingBackups(workspace, self)
        self.rescuing = Rescuing(workspace, self)
        self.comparing = Comparing(workspace, self)
        self.topbar = TopBar(workspace, self.file_menu.menu)
        self.banner = Banner()
        self.status = StatusBar(workspace, self.tasks)
        self.start = StartPage()
        self.stack = QStackedWidget()
        for page in (self.start, self.door.card, self.door.closed):
            self.stack.addWidget(page)
        self._pages: dict[str, QWidget] = {}
        # files that wait for a session
        self._dropped: list[Path] = []
        self._page = ""
        self._theme: theme.Theme | None = None
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)
        self.keyboard.teach(self)
        self.resize(1366, 768)
        self.setMinimumSize(QSize(1000, 620))
        self._on_session()

    def _lay_out(self) -> None:
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.topbar)
        column.addWidget(self.banner)
        column.addWidget(self.stack, 1)
        column.addWidget(self.status)
        self.setCentralWidget(whole)

    def _connect(self) -> None:
        self.topbar.page_wanted.connect(self.show_page)
        self.keyboard.page_wanted.connect(self.show_page)
        self.keyboard.menu_wanted.connect(self.topbar.menu_button.click)
        self.file_menu.mouse_wanted.connect(self.keyboard.use_mouse)
        self.file_menu.wanted.connect(self._on_wanted)
        self.file_menu.path_wanted.connect(self._on_path)
        self.file_menu.images_wanted.connect(self._on_images)
        self.file_menu.theme_wanted.connect(self._on_theme)
        self.status.keys.clicked.connect(self.keyboard.show_sheet)
        self.start.new_wanted.connect(self.file_menu.actions["new"].trigger)
        self.start.open_wanted.connect(self.file_menu.actions["open"].trigger)
        self.start.demo_reading_wanted.connect(self._on_demo_reading)
        self.start.demo_study_wanted.connect(self._on_demo_study)
        self.start.session_wanted.connect(self.open)
        self.start.study_wanted.connect(self.studying.begin)
        self.topbar.person_wanted.connect(self.door.let_in)
        self.topbar.step_wanted.connect(self._on_wanted)
        self.comparing.offered.connect(self.topbar.offer_differences)
        self.file_menu.idle_wanted.connect(self.door.use_idle)
        self.door.turned.connect(self._on_turned)
        self.door.said.connect(self._say)
        self.door.closed.back_wanted.connect(self.show_case)
        for part in (self.studying, self.saving):
            part.said.connect(self._say)
        self.rescuing.saved.connect(self.open)
        self.rescuing.failed.connect(self.tell_error)
        self.workspace.parted.connect(self._on_parted)
        self.workspace.closing.connect(self._note_progress)
        self.workspace.failed.connect(self.tell_error)
        self.workspace.changed.connect(self._on_changed)
        self.importing.brought.connect(self.show_case)
        self.tables.brought.connect(self._on_brought)
        self.tasks.exported.connect(self._on_exported)

    # -- pages ----------------------------------------------------------------------------------------

    def page(self, name: str) -> QWidget:
        """A page, made when it is first wanted."""
        if name not in self._pages:
            made = make_page(name, self)
            self._pages[name] = made
            self.stack.addWidget(made)
            self.keyboard.teach(made)
            if self._theme is not None and hasattr(made, "show_theme"):
                made.show_theme(self._theme)
        return self._pages[name]

    def show_page(self, name: str) -> None:
        """Bring a page forward; the start page while no session is open."""
        if self.workspace.session is None:
            name = ""
        self._page = name
        self._dress()
        if not name:
            recent = self.settings.recent
            self.start.show_recent({path: self.settings.progress(path) for path in recent})
            self.stack.setCurrentWidget(self.start)
            return
        shown = self.door.instead_of(name) or self.page(name)
        self.stack.setCurrentWidget(shown)
        self.topbar.show_page(name)
        shown.setFocus()
        if shown is self.door.card:
            self.door.card.take_keys()

    def _on_turned(self) -> None:
        """Show the page in front to whoever works here now, or what stands instead of it."""
        if self.workspace.session is None or not self._page:
            return
        wanted = self.door.instead_of(self._page) or self._pages.get(self._page)
        if wanted is None or wanted is not self.stack.currentWidget():
            self.show_page(self._page)

    def _on_parted(self) -> None:
        """Throw away every page: whatever it holds, shown or not, was for whoever worked here before."""
        self.banner.hide()
        for made in self._pages.values():
            self.stack.removeWidget(made)
            made.deleteLater()
        self._pages.clear()

    def show_case(self) -> None:
        """Bring the case at hand forward."""
        self.show_page("read")

    def show_case_of(self, code: str) -> None:
        """Show the readers of the case behind a point of a plot, or open it where it has images."""
        compared = self.comparing.exam_of(code)
        if compared is not None:
            self.show_page("disagreements")
            self.comparing.case_wanted.emit(compared)
            return
        exam_id = next((case.exam_id for case in self.workspace.cases if case.code == code), None)
        if exam_id is None:
            self.banner.say(present.text("stats.case_without_images", code=code), bad=False)
            return
        self.workspace.open_case(exam_id)
        self.show_page("read")

    # -- theme ----------------------------------------------------------------------------------------

    def _dress(self) -> None:
        chosen = self.settings.theme
        light = chosen == "light" or (chosen == "auto" and self._page in _LIGHT_PAGES)
        wanted = theme.LIGHT if light else theme.DARK
        if wanted is self._theme:
            return
        self._theme = wanted
        app = QApplication.instance()
        if isinstance(app, QApplication):
            theme.apply(app, wanted)
        self.banner.show_theme(wanted)
        for made in self._pages.values():
            if hasattr(made, "show_theme"):
                made.show_theme(wanted)
        self.importing.show_theme(wanted)
        self.tables.show_theme(wanted)

    def _on_theme(self, name: str) -> None:
        self.settings.theme = name
        self._dress()

    # -- session --------------------------------------------------------------------------------------

    def open(self, path: Path) -> None:
        """Open a session; what went wrong is said in the banner."""
        self.banner.hide()
        if self.workspace.open(path):
            self.settings.remember(path)
        else:
            self.rescuing.look(path)

    def _on_changed(self, what: sessions.What) -> None:
        if what & sessions.What.SESSION:
            self._on_session()
        if self._dropped and self.workspace.viewer is not None:
            # once the session is open in all its parts
            QTimer.singleShot(0, self._take_dropped)

    def _note_progress(self) -> None:
        """Remember how far the session at hand is, for the list of the start page."""
        session, cases = self.workspace.session, self.workspace.cases
        if session is not None and cases:
            self.settings.note_progress(session.path, sum(case.locked for case in cases), len(cases))

    def _on_session(self) -> None:
        """Follow another session: title, menu, first page."""
        session = self.workspace.session
        people, nobody = self.workspace.people, self.workspace.viewer is None
        lock = people.sign_in_needed and not nobody
        self.file_menu.enable(session=session is not None, kept_out=people.kept_out, lock=lock)
        if session is None:
            self.setWindowTitle(present.text("app.name"))
            self.show_page("")
            return
        self.setWindowTitle(present.text("app.title", session=session.name))
        if session.read_only:
            self.banner.say(present.read_only_text(session.holder), bad=True)
        elif session.slow_journal:
            told = sentences.sentence("store.slow_journal", {"file": session.name})
            self.banner.say(told, bad=False)
        if not self._page:
            seen = people.kept_out or any(self.workspace.cases)
            table_only = not seen and bool(sessions.has_readings(session))
            self.show_page("statistics" if table_only else "read")

    # -- wishes ---------------------------------------------------------------------------------------

    def _on_demo_reading(self) -> None:
        self._open_demo("reading")

    def _on_demo_study(self) -> None:
        self._open_demo("study")

    def _open_demo(self, name: str) -> None:
        QApplication.setOverrideCursor(Qt.CursorShape.WaitCursor)
        try:
            path = self._demo(name)
        except AppError as problem:
            self.tell_error(problem)
        except OSError:
            self.banner.say(present.text("demo.cannot_write"), bad=True)
        else:
            self.open(path)
        finally:
            QApplication.restoreOverrideCursor()

    def _on_wanted(self, name: str) -> None:
        if name == "close":
            self.workspace.close()
        elif name == "quit":
            self.close()
        elif name == "about":
            text = present.text("app.about_text", version=__version__, research=sentences.RESEARCH_USE_LONG)
            self._show_report(present.text("menu.about"), present.text("app.name"), text)
        elif name == "keys":
            self.keyboard.show_sheet()
        elif name == "change_keys":
            self.keyboard.show_dialog()
        elif name == "help":
            self._show_help()
        elif name == "study":
            self.studying.change() if self.workspace.session else self.studying.begin()
        else:
            self.door.step(name)

    def _say(self, words: str) -> None:
        self.banner.say(words, bad=False)

    def _show_help(self) -> None:
        try:
            text = present.help_text()
        except AppError as problem:
            self.tell_error(problem)
            return
        self._show_report(present.text("menu.help"), present.text("app.name"), text)

    def _show_report(self, title: str, summary: str, body: str) -> None:
        ReportDialog(title, summary, body, self).show()

    def _on_path(self, name: str, path: Path) -> None:
        self.banner.hide()
        if name == "open":
            self.open(path)
        elif name == "new":
            if self.workspace.create(path) and self.workspace.session is not None:
                self.settings.remember(self.workspace.session.path)
        elif name == "clinical":
            self.tables.look_at(path)
        elif name == "export":
            self.door.when_done(partial(self.tasks.export, path))
        elif name == "copy":
            self.saving.copy(path)
        elif name == "picture":
            self.saving.picture(path)

    def _on_images(self, paths: tuple[Path, ...]) -> None:
        self.banner.hide()
        self.importing.look_at(paths)

    def tell_error(self, problem: AppError) -> None:
        """Say what could not be done, why, and what to do."""
        self.banner.say(present.error_text(problem), bad=True)

    # -- finished tasks -------------------------------------------------------------------------------

    def _on_brought(self, words: str, page: str) -> None:
        self._say(words)
        self.show_page(page)

    def _on_exported(self, paths: tuple[Path, ...]) -> None:
        if paths:
            files = ", ".join(path.name for path in paths)
            self.banner.say(present.text("export.done", folder=str(paths[0].parent), files=files), bad=False)

    def restore_place(self) -> None:
        """Put the window where it was last time."""
        self.restoreGeometry(self.settings.geometry)

    def tell_crash(self, record: Path) -> None:
        """Say that the last run ended with a crash."""
        self.banner.say(present.text("crash.last_time", file=str(record)), bad=True)

    # -- window ---------------------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Leave to a field or a control what belongs to it."""
        if isinstance(event, QKeyEvent) and self.keyboard.takes(event):
            return True
        return super().event(event)

    def show_habits(self, keymap: Keymap, preset: MousePreset) -> None:
        """Bring to the menu what is no widget."""
        self.file_menu.show_habits(keymap)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and folders."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open a session, join a table, or import anything else."""
        self.take([Path(url.toLocalFile()) for url in event.mimeData().urls()])
        event.acceptProposedAction()

    def take(self, paths: list[Path]) -> None:
        """Do the likely thing with files and folders that were dropped: sessions first, images together."""
        for path in paths:
            if path.suffix == sessions.SUFFIX:
                self.open(path)
        others = [path for path in paths if path.suffix != sessions.SUFFIX]
        images = tuple(path for path in others if path.suffix.lower() not in SUFFIXES)
        if others and self.workspace.session is None:
            self._dropped = others
            self.banner.say(present.text("start.drop_needs_session"), bad=False)
            self.file_menu.actions["new"].trigger()
            return
        if others and self.workspace.viewer is None:
            self.banner.say(present.text("sign_in.first"), bad=True)
            return
        for path in others:
            if path not in images:
                self.tables.look_at(path)
        if images:
            self._on_images(images)

    def _take_dropped(self) -> None:
        """Look at what was dropped while no session was open."""
        dropped, self._dropped = self._dropped, []
        self.take(dropped)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop what runs, close the session, remember the place."""
        self.settings.geometry = self.saveGeometry()
        self.workspace.close()
        event.accept()
