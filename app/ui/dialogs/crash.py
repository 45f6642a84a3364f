"""When the program itself is wrong: log it, show it with details to copy, close in order."""

from __future__ import annotations

import logging
import platform
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from PySide6 import __version__ as pyside_version
from PySide6.QtWidgets import QApplication

from app import __version__
from app.ui import present, traces
from app.ui.dialogs.report import ReportDialog

_LOG = logging.getLogger(__name__)


def details(problem: BaseException) -> str:
    """Versions and traceback, without a patient's data, for whoever looks after the program."""
    versions = (
        f"MarrowMark {__version__}, Python {platform.python_version()}, PySide6 {pyside_version}, "
        f"{platform.platform()}"
    )
    return versions + "\n\n" + traces.trace(problem)


class CrashHandler:
    """Exception hook of the window: the first unexpected error ends the program in order.

    Parameters
    ----------
    close : callable
        Closes the session; everything done is stored already.
    """

    def __init__(self, close: Callable[[], None]) -> None:
        self._close = close
        self._seen = False
        self.dialog: ReportDialog | None = None

    def install(self) -> None:
        """Take over from Python's own hook."""
        sys.excepthook = self.handle

    def handle(self, kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
        """Log, show, close. A second error while doing so is only logged."""
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        _LOG.critical("unexpected error", exc_info=(kind, problem, trace))
        # a window can be made in its own thread only, and what a thread was doing for it has its own answer
        if self._seen or threading.current_thread() is not threading.main_thread():
            return
        self._seen = True
        try:
            self._close()
        except Exception:  # noqa: BLE001 - whatever it is, the details must still be shown
            _LOG.exception("closing after an unexpected error failed")
        self.dialog = ReportDialog(present.text("crash.title"), present.text("crash.text"), details(problem))
        self.dialog.finished.connect(QApplication.quit)
        self.dialog.destroyed.connect(QApplication.quit)
        self.dialog.show()
