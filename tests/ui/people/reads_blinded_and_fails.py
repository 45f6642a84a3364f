"""Bo's day at the program, without a screen: ``python THIS SESSION FOLDER SECRET``.

Bo reads everything, tries to export, to save a copy and to print pages, and then the program fails over a
patient's name. Everything that it writes, it writes as it always does.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
sys.path.insert(0, str(Path(__file__).parents[3]))

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app import compose
from app.domain.errors import AppError
from app.domain.protocol import LEVELS
from app.domain.reading import Role
from app.domain.shapes import place
from app.services import open_session, package, rescue
from app.services.export import export
from app.ui.dialogs.report import ReportDialog
from app.ui.main_window import MainWindow
from app.ui.topbar import PAGES

FAILS = "PATIENT 'Doe^Jane0001' IN /data/Doe^Jane0001/FF.dcm"


def read_everything(window: MainWindow) -> None:
    """Draw all levels of all cases elsewhere than Ana, and sign them off."""
    space = window.workspace
    for row in space.cases:
        space.open_case(row.exam_id)
        assert space.case is not None
        grid = space.case.exam.grid
        for index, level in enumerate(LEVELS):
            down, turned = 17.0 + 16 * index, grid.shape[1] < grid.shape[2]
            box = (grid, 6, 40.0, grid.shape[2] - down, (11, 8)) if turned else (grid, 6, down, 40.0, (8, 11))
            space.show_preview(level, place(*box))
            space.commit_preview()
        space.sign_off(go_on=False)


def try_everything(window: MainWindow, folder: Path) -> None:
    """Do what a curious reader can think of."""
    session = window.workspace.session
    viewer = window.workspace.viewer
    assert session is not None
    assert viewer is not None
    for page in PAGES:
        window.show_page(page)
        QApplication.processEvents()
    tries: list[Callable[[], object]] = [
        lambda: export(session, viewer, folder / "export"),
        lambda: open_session.save_copy(session, folder / "copy.marrow"),
        lambda: package.write_package(session, viewer, viewer.reader.id, 1, folder / "package.marrow"),
        lambda: package.write_results(session, viewer, folder / "results.marrow"),
    ]
    for one in tries:
        with suppress(AppError):
            one()
    window.tasks.export(folder)
    # the ten minutes after which a backup is made are over
    rescue.back_up(session)


def main() -> int:
    """Play the day, and give what the program itself gives back."""
    path, folder, secret = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    compose.application()

    def day() -> None:
        (window,) = (one for one in QApplication.topLevelWidgets() if isinstance(one, MainWindow))
        assert window.workspace.sign_in(2, Role.READER, secret) is None
        read_everything(window)
        try_everything(window, folder)
        QTimer.singleShot(500, leave)
        raise RuntimeError(FAILS)

    def leave() -> None:
        (report,) = (one for one in QApplication.topLevelWidgets() if isinstance(one, ReportDialog))
        # what the button to copy would give away
        (folder / "report.txt").write_text(report.body.toPlainText(), encoding="utf-8")
        report.close()

    QTimer.singleShot(0, day)
    return compose.run_window(path)


if __name__ == "__main__":
    sys.exit(main())
