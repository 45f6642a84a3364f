"""A long text to read, copy or save: import report, keys and mouse, a crash."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.ui import present
from app.ui.copying import copy_text
from app.ui.dialogs.files import FileDialog
from app.ui.widgets import words

# room for keys beside what they do
_TAB = 220.0


class ReportDialog(QDialog):
    """Shows a text without stopping the window behind it.

    Parameters
    ----------
    title, summary, body : str
        Window title, the sentence above, and the text.
    save_as : str
        Suggested file name; no save button without one.
    to_save : str
        What is saved instead, where a file must say less than the screen.
    """

    def __init__(
        self,
        title: str,
        summary: str,
        body: str,
        parent: QWidget | None = None,
        *,
        save_as: str = "",
        to_save: str = "",
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.resize(760, 460)
        self.body = QPlainTextEdit(body)
        self.body.setReadOnly(True)
        self.body.setTabStopDistance(_TAB)
        self.body.setAccessibleName(title)
        self._save_as, self._to_save = save_as, to_save
        heading = words(summary, "section")
        heading.setWordWrap(True)
        buttons = QDialogButtonBox()
        close = buttons.addButton(present.text("app.close"), QDialogButtonBox.ButtonRole.RejectRole)
        copy = buttons.addButton(present.text("app.copy"), QDialogButtonBox.ButtonRole.ActionRole)
        close.setToolTip(present.text("app.close_tip"))
        copy.setToolTip(present.text("app.copy_tip"))
        buttons.rejected.connect(self.close)
        copy.clicked.connect(self._copy)
        if save_as:
            save = QPushButton(present.text("import.save"))
            save.setToolTip(present.text("import.save_tip"))
            buttons.addButton(save, QDialogButtonBox.ButtonRole.ActionRole)
            save.clicked.connect(self._ask_where)
        close.setDefault(True)
        column = QVBoxLayout(self)
        column.addWidget(heading)
        column.addWidget(self.body, 1)
        column.addWidget(buttons)

    def _copy(self) -> None:
        copy_text(self.body.toPlainText())

    def _ask_where(self) -> None:
        dialog = FileDialog(self, present.text("import.save"), self._save_as)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilter(present.text("dialog.text_filter"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self.save)
        dialog.open()

    def save(self, path: str) -> None:
        """Write the text as UTF-8."""
        try:
            told = self._to_save or self.body.toPlainText()
            # a file's name may be no text at all
            Path(path).write_text(told + "\n", encoding="utf-8", errors="backslashreplace")
        except OSError:
            self.body.appendPlainText(present.text("import.not_saved", file=Path(path).name))
