"""The demo without a screen: scripted readers, then statistics, CSV and a picture of each page.

The readers are a script that knows where the vertebrae of the synthetic exams lie; their names say so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QDeadlineTimer, QEventLoop
from PySide6.QtWidgets import QApplication

from app.domain.errors import AppError
from app.domain.progress import Silent
from app.domain.protocol import LEVELS, Level
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle, move
from app.services.demo import demo_in, make_reading_demo, make_study_demo
from app.services.export import export
from app.ui import present
from app.ui.canvas.figure import save_figure
from app.ui.main_window import MainWindow
from app.ui.topbar import PAGES
from app.ui.workspace import Workspace

# the second reader's hand is one voxel off, so that agreement is not perfect by construction
_READERS = {"Scripted reader 1": (0, 0), "Scripted reader 2": (1, -1)}
_SIZE = (1600, 900)
_PATIENCE_MS = 60_000


def play(folder: Path, app: QApplication, make_window: Callable[[Path], MainWindow]) -> int:
    """Play the whole demo in a folder.

    Parameters
    ----------
    folder : Path
        Receives sessions, CSV files and pictures; what an earlier run left is used again.
    app : QApplication
        Running without a display.
    make_window : callable
        Makes the main window for a home folder.

    Returns
    -------
    int
        Exit status: 0, or 1 when a step failed.
    """
    demo = demo_in(folder)
    make_reading_demo(folder, Silent())
    make_study_demo(folder)
    window = make_window(folder)
    problems: list[AppError] = []
    window.workspace.failed.connect(problems.append)
    window.resize(*_SIZE)
    window.show()
    pictures = folder / "pictures"
    pictures.mkdir(exist_ok=True)
    window.grab().save(str(pictures / "start.png"))
    window.open(demo.reading)
    read = [_read_all(window.workspace, demo.truth, name, off) for name, off in _READERS.items()]
    for name in PAGES:
        _picture(app, window, name, pictures / f"reading-{name}.png")
    _save_maps(window.workspace, pictures / "maps-300dpi.png")
    written = _export(window.workspace, folder / "csv")
    window.open(demo.study)
    _picture(app, window, "statistics", pictures / "study-statistics.png")
    written += _export(window.workspace, folder / "csv")
    window.close()
    for problem in problems:
        print(present.error_text(problem))
    for line in present.demo_lines(folder, sum(read), len(_READERS), len(written)):
        print(line)
    return 1 if problems else 0


def _read_all(space: Workspace, truth: Path, reader: str, off: tuple[int, int]) -> int:
    """Let one scripted reader sign off every case; how many were."""
    space.set_reader(reader)
    for case in space.cases:
        if case.locked:
            continue
        space.open_case(case.exam_id)
        levels = json.loads((truth / f"{case.code}.json").read_text(encoding="utf-8"))["levels"]
        for level, known in zip(LEVELS, levels, strict=True):
            _read_level(space, level, known, off)
        space.sign_off(go_on=False)
    return sum(case.locked for case in space.cases)


def _read_level(space: Workspace, level: Level, known: dict[str, object], off: tuple[int, int]) -> None:
    if space.case is None:
        return
    space.select(level)
    if known["flag"] is not None:
        space.mark(Reason(str(known["flag"])))
        return
    safe = known["safe"]
    if isinstance(safe, dict):
        box = Rectangle(safe["slice_index"], safe["row0"], safe["col0"], safe["rows"], safe["cols"])
        space.show_preview(level, move(box, *off, space.case.exam.grid))
        space.commit_preview()


def _picture(app: QApplication, window: MainWindow, name: str, path: Path) -> None:
    """Show a page, wait until it has its numbers, and save what it looks like."""
    window.show_page(name)
    page = window.page(name)
    deadline = QDeadlineTimer(_PATIENCE_MS)
    while getattr(page, "is_busy", False) and not deadline.hasExpired():
        app.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 50)
    app.processEvents()
    window.grab().save(str(path))


def _save_maps(space: Workspace, path: Path) -> None:
    if space.case is not None and space.orientation is not None:
        save_figure(space.case, space.orientation, space.slice, path)


def _export(space: Workspace, folder: Path) -> tuple[Path, ...]:
    if space.session is None or space.viewer is None:
        return ()
    folder.mkdir(exist_ok=True)
    return export(space.session, space.viewer, folder)
