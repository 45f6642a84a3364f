"""Gives whoever works here another PIN or passphrase."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QVBoxLayout, QWidget

from app.domain.errors import AppError, InputError
from app.services import sign_in as doors
from app.services.changed import What
from app.ui import present
from app.ui.scale import scaled
from app.ui.widgets import button, words
from app.ui.workspace import Workspace

_WIDTH = 360


class OwnSecretDialog(QDialog):
    """The present secret where there is one, and the new one twice."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._workspace = workspace
        viewer = workspace.viewer
        self._who = viewer.reader.id if viewer else 0
        person = workspace.people.person(self._who)
        name = viewer.reader.name if viewer else ""
        self.setWindowTitle(present.text("sign_in.set_title", name=name))
        self.old, self.new, self.again = QLineEdit(), QLineEdit(), QLineEdit()
        self.told = words(role="warning")
        self.told.setWordWrap(True)
        self.told.hide()
        self.keep = button("sign_in.keep", role="primary", tip=present.text("sign_in.keep_tip"))
        self.cancel = button("app.cancel", tip=present.text("why.cancel_tip"))
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        for code, field in (
            ("sign_in.old", self.old),
            ("sign_in.new", self.new),
            ("sign_in.again", self.again),
        ):
            self._add(column, code, field, shown=field is not self.old or bool(person and person.has_secret))
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.keep)
        column.addWidget(self.told)
        column.addLayout(row)
        self.setFixedWidth(scaled(_WIDTH))
        self.keep.setDefault(True)
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self.reject)
        self.keep.clicked.connect(self._on_keep)

    def _add(self, column: QVBoxLayout, code: str, field: QLineEdit, *, shown: bool) -> None:
        label = QLabel(present.text(code))
        label.setBuddy(field)
        field.setEchoMode(QLineEdit.EchoMode.Password)
        field.setAccessibleName(present.text(code))
        field.setToolTip(present.text("study.secret_tip"))
        field.textEdited.connect(self.told.hide)
        for part in (label, field):
            part.setVisible(shown)
            column.addWidget(part)

    def _on_keep(self) -> None:
        problem = self._change()
        if problem is None:
            self.accept()
            return
        self.told.setText(present.error_text(problem))
        self.told.show()

    def _change(self) -> AppError | None:
        """Keep the new one; why not, where that fails."""
        session = self._workspace.session
        if self.new.text() != self.again.text():
            return InputError("sign_in.different")
        try:
            if session is not None:
                doors.set_secret(session, self._who, self.new.text(), self.old.text())
        except AppError as problem:
            return problem
        self._workspace.people.look_again()
        self._workspace.changed.emit(What.READERS)
        return None
