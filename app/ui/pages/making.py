"""Makes the pages of the window when they are first wanted: a start does not wait for statistics."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from app.ui.main_window import MainWindow

# ruff: noqa: PLC0415 - each page is imported when it is first wanted


def make_page(name: str, window: MainWindow) -> QWidget:
    """A page, and what it asks of the window.

    Parameters
    ----------
    name : str
        One of :data:`app.ui.topbar.PAGES`.
    window : MainWindow
        Answers what the page asks for.
    """
    space, actions = window.workspace, window.file_menu.actions
    if name == "read":
        from app.ui.pages.reading import ReadingPage

        reading = ReadingPage(space)
        reading.empty.import_wanted.connect(actions["import"].trigger)
        return reading
    if name == "worklist":
        from app.ui.pages.worklist import WorklistPage

        worklist = WorklistPage(space)
        worklist.case_opened.connect(window.show_case)
        worklist.said.connect(partial(window.banner.say, bad=False))
        return worklist
    if name == "clinical":
        from app.ui.pages.clinical import ClinicalPage

        clinical = ClinicalPage(space)
        clinical.import_wanted.connect(actions["clinical"].trigger)
        return clinical
    if name == "audit":
        from app.ui.pages.audit import AuditPage

        return AuditPage(space)
    if name == "disagreements":
        from app.ui.pages.disagreements import DisagreementsPage

        differences = DisagreementsPage(space)
        window.comparing.case_wanted.connect(differences.show_case)
        return differences
    from app.ui.pages.statistics import StatisticsPage

    statistics = StatisticsPage(space, settings=window.settings)
    statistics.case_clicked.connect(window.show_case_of)
    return statistics
