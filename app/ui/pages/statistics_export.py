"""From the figure on the page to a file: how, where, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.domain.errors import AppError
from app.ui.dialogs.files import FileDialog
from app.ui.plots.picture import Picture
from app.ui.present import text
from app.ui.settings import Settings

if TYPE_CHECKING:
    from app.ui.plots.export import Drawing
    from app.ui.tabs.content import Panel


class FigureSaver(QObject):
    """Asks and writes, one figure at a time.

    Parameters
    ----------
    page : QWidget
        Over which it asks.
    settings : Settings or None
        Keep how the last figure was printed; without them that is known as long as the page lives.

    Signals
    -------
    said : str
        What was written.
    failed : AppError
        Why nothing was.
    """

    said = Signal(str)
    failed = Signal(object)

    def __init__(self, page: QWidget, settings: Settings | None) -> None:
        super().__init__(page)
        self._page, self._settings = page, settings
        self._picture = Picture() if settings is None else settings.picture
        self._panel: Panel | None = None

    def ask(self, panel: Panel) -> None:
        """Ask how the figure of a panel is to be printed."""
        if panel.figure is None:
            return
        # with the plots, when they are loaded anyway
        from app.ui.dialogs.figure_dialog import FigureDialog  # noqa: PLC0415

        self._panel = panel
        dialog = FigureDialog(panel.figure, self._picture, self._page)
        dialog.chosen.connect(self._ask_where)
        dialog.open()

    def forget(self) -> None:
        """Write nothing any more: the next reader may not be allowed to see it."""
        self._panel = None

    def _ask_where(self, picture: Picture) -> None:
        panel = self._panel
        if panel is None:
            return
        self._picture = picture
        if self._settings is not None:
            self._settings.picture = picture
        dialog = FileDialog(self._page, text("stats.export_figure"), panel.stem)
        dialog.setNameFilter(text(f"figure.filter.{picture.format.value}"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(picture.format.value)
        dialog.selectFile(panel.stem)
        dialog.fileSelected.connect(self._save)
        dialog.open()

    def _save(self, file: str) -> None:
        # the reader may have changed while the dialog was open
        if self._panel is not None and self._panel.figure is not None:
            self.save(self._panel.figure, Path(file), self._panel.title)

    def save(self, figure: Drawing, path: Path, title: str = "") -> None:
        """Write a figure as it was chosen last, and say so, or why not."""
        from app.ui.plots.export import save_figure  # noqa: PLC0415 - as above

        try:
            save_figure(figure, path, self._picture, title)
        except AppError as problem:
            self.failed.emit(problem)
            return
        self.said.emit(text("picture.done", file=path.name))
