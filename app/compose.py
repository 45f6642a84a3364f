"""Composition root: settings, log, workspace and window are put together here and nowhere else."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
from importlib import import_module
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from app.domain.progress import Silent
from app.files.resources import resource
from app.ui import memory
from app.ui.traces import TraceFormatter

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from app.ui.main_window import MainWindow

_NAME = "MarrowMark"
_LOG_BYTES = 1_000_000


def home() -> Path:
    """Folder of settings, log and demo; ``MARROWMARK_HOME`` moves it."""
    told = os.environ.get("MARROWMARK_HOME")
    if told:
        return Path(told)
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / _NAME
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / _NAME
    return Path(os.environ.get("XDG_DATA_HOME", Path.home() / ".local" / "share")) / _NAME


def application() -> QApplication:
    """The one QApplication, with style, font and names set."""
    memory.keep_one_store()
    # first what needs no Qt: its bindings, once loaded, read the source of every module imported after them
    for name in ("app.services.read_exam", "app.ui.present"):
        import_module(name)
    from PySide6.QtCore import QLocale  # noqa: PLC0415 - Qt is loaded when a window is wanted
    from PySide6.QtGui import QFont, QIcon  # noqa: PLC0415
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    found = QApplication.instance()
    if isinstance(found, QApplication):
        return found
    app = QApplication([_NAME])
    app.setApplicationName(_NAME)
    app.setApplicationDisplayName(_NAME)
    app.setStyle("Fusion")
    # numbers are written with a dot everywhere, on every computer
    QLocale.setDefault(QLocale.c())
    font = QFont(app.font())
    # one system's own face each, then what Linux usually has; Chinese falls back by itself
    font.setFamilies(["Segoe UI", "SF Pro Text", "Inter", "Noto Sans", "DejaVu Sans", font.family()])
    font.setFeature(QFont.Tag("tnum"), 1)
    app.setFont(font)
    app.setWindowIcon(QIcon(str(resource("icons", "marrowmark.svg"))))
    return app


def window(folder: Path) -> MainWindow:
    """The main window with everything behind it, not shown yet.

    Parameters
    ----------
    folder : Path
        Home of settings and demo.
    """
    from app.ui.main_window import MainWindow  # noqa: PLC0415 - as above
    from app.ui.settings import Settings  # noqa: PLC0415
    from app.ui.workspace import Workspace  # noqa: PLC0415

    def demo(name: str) -> Path:
        return make_demo(folder / "demo", name)

    made = MainWindow(Workspace(), Settings(folder / "settings.ini"), demo)
    made.workspace.setParent(made)
    return made


def make_demo(folder: Path, name: str) -> Path:
    """Make the demo ``"reading"`` or ``"study"`` where it is missing."""
    from app.services.demo import make_reading_demo, make_study_demo  # noqa: PLC0415 - loads the DICOM library

    return make_reading_demo(folder, Silent()) if name == "reading" else make_study_demo(folder)


def run_window(session: Path | None) -> int:
    """Open the window, on a session if one is given, and give the exit status when it closes."""
    from app.ui.dialogs.crash import CrashHandler  # noqa: PLC0415 - as above

    folder = home()
    folder.mkdir(parents=True, exist_ok=True)
    crashed = _start_log(folder)
    _route_qt_messages()
    app = application()
    main = window(folder)
    crash = CrashHandler(main.workspace.close)
    crash.install()
    if session is not None:
        main.open(session)
    main.restore_place()
    main.show()
    if crashed:
        main.tell_crash(crashed)
    return app.exec()


def run_demo(folder: Path | None) -> int:
    """Open the window on the reading demo, which is made at the first start."""
    where = folder or home() / "demo"
    path = make_demo(where, "reading")
    make_demo(where, "study")
    return run_window(path)


def run_headless_demo(folder: Path | None) -> int:
    """Play the demo without a screen and print where the results lie."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    _route_qt_messages()
    from app.headless import play  # noqa: PLC0415 - as above

    return play(folder or home() / "demo-headless", application(), window)


def _route_qt_messages() -> None:
    """Qt's own remarks go to our log, not to the terminal of whoever started the program."""
    from PySide6.QtCore import QtMsgType, qInstallMessageHandler  # noqa: PLC0415 - as above

    levels = {
        QtMsgType.QtWarningMsg: logging.INFO,
        QtMsgType.QtCriticalMsg: logging.ERROR,
        QtMsgType.QtFatalMsg: logging.CRITICAL,
    }

    def log(kind: QtMsgType, _context: object, message: str) -> None:
        logging.getLogger("qt").log(levels.get(kind, logging.DEBUG), message)

    qInstallMessageHandler(log)


def _start_log(folder: Path) -> Path | None:
    """Log to a file; a crash of Python itself leaves a trace that the next start reports."""
    handler = RotatingFileHandler(
        folder / "marrowmark.log", maxBytes=_LOG_BYTES, backupCount=2, encoding="utf-8"
    )
    handler.setFormatter(TraceFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)
    trace = folder / "crash.txt"
    kept = folder / "crash-last-time.txt"
    crashed = trace.exists() and trace.stat().st_size > 0
    if crashed:
        trace.replace(kept)
    # stays open as long as the program: a crash leaves no time to open it
    faulthandler.enable(trace.open("w", encoding="utf-8"))
    return kept if crashed else None
