"""The bar that is always in sight: session, pages, blinding, reader."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QInputDialog,
    QLineEdit,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from app.services import open_session as sessions
from app.ui import present
from app.ui.cut import CutLabel
from app.ui.shortcuts import keyed
from app.ui.widgets import named, words
from app.ui.workspace import Workspace

_ANSWERS = ("app.new_reader_add_tip", "app.new_reader_cancel_tip")
PAGES = ("worklist", "read", "clinical", "statistics", "audit")


class TopBar(QWidget):
    """Brand, menu, session name, page buttons, badges, reader.

    Signals
    -------
    page_wanted : str
        One of :data:`PAGES`.
    """

    page_wanted = Signal(str)

    def __init__(self, workspace: Workspace, menu: QMenu, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "topbar")
        # a page that would like more room takes none of this
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._workspace = workspace
        self.menu_button = QToolButton()
        self.menu_button.setText(present.text("menu.button"))
        self.menu_button.setAccessibleName(present.text("menu.file"))
        keyed(self.menu_button, present.text("menu.file"), "menu")
        self.menu_button.setMenu(menu)
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._session = CutLabel(role="quiet")
        self._badges = {
            "synthetic": words(present.text("app.synthetic"), "badge-warn"),
            "read_only": words(present.text("app.read_only"), "badge-warn"),
            "blinded": words("", "badge"),
        }
        self.pages = {name: self._page_button(name) for name in PAGES}
        self._group = QButtonGroup(self)
        for control in self.pages.values():
            self._group.addButton(control)
        self.reader = QToolButton()
        self.reader.setToolTip(present.text("app.reader_tip"))
        self.reader.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._readers = QMenu(self)
        self.reader.setMenu(self._readers)
        self._readers.triggered.connect(self._on_reader)
        self._lay_out()
        workspace.changed.connect(self.refresh)
        self.refresh()

    def _page_button(self, name: str) -> QPushButton:
        text = present.text(f"page.{name}")
        control = QPushButton(text)
        control.setObjectName(name)
        control.setProperty("role", "nav")
        control.setCheckable(True)
        keyed(control, text, f"page_{name}")
        control.clicked.connect(self._on_page)
        return control

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 5, 12, 5)
        row.setSpacing(6)
        row.addWidget(self.menu_button)
        row.addWidget(words(present.text("app.name"), "section"))
        row.addSpacing(8)
        row.addWidget(self._session)
        row.addSpacing(16)
        for control in self.pages.values():
            row.addWidget(control)
        row.addStretch(1)
        for badge in self._badges.values():
            row.addWidget(badge)
        row.addWidget(self.reader)

    def show_page(self, name: str) -> None:
        """Mark the page in front."""
        self.pages[name].setChecked(True)

    def refresh(self) -> None:
        """Show session, badges and reader as they are."""
        space = self._workspace
        session, viewer = space.session, space.viewer
        self._session.setText(session.name if session else "")
        self._badges["synthetic"].setVisible(session is not None and session.synthetic)
        self._badges["read_only"].setVisible(session is not None and session.read_only)
        if session is not None and session.read_only:
            self._badges["read_only"].setToolTip(present.read_only_text(session.holder))
        blinded = session is not None and viewer is not None and session.protocol.blinded
        self._badges["blinded"].setVisible(blinded)
        if viewer is not None:
            self._badges["blinded"].setText(present.text("app.blinded", round=viewer.round))
            self.reader.setText(present.text("app.reader", name=viewer.reader.name))
        for control in (*self.pages.values(), self.reader):
            control.setVisible(session is not None)
        self._fill_readers()

    def _fill_readers(self) -> None:
        self._readers.clear()
        space = self._workspace
        if space.session is None:
            return
        for reader in sessions.readers_of(space.session):
            action = QAction(reader.name, self._readers)
            action.setData(reader.name)
            action.setCheckable(True)
            action.setChecked(space.viewer is not None and reader.id == space.viewer.reader.id)
            self._readers.addAction(action)
        self._readers.addSeparator()
        self._readers.addAction(QAction(present.text("app.new_reader"), self._readers))

    def _on_page(self) -> None:
        self.page_wanted.emit(self.sender().objectName())

    def _on_reader(self, action: QAction) -> None:
        name = action.data()
        if name is not None:
            self._workspace.set_reader(str(name))
            return
        dialog = QInputDialog(self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(present.text("app.new_reader"))
        dialog.setLabelText(present.text("app.new_reader_ask"))
        dialog.setOkButtonText(present.text("app.new_reader_add"))
        dialog.setCancelButtonText(present.text("app.cancel"))
        dialog.textValueSelected.connect(self._workspace.set_reader)
        dialog.open()
        # Qt makes its parts when it opens
        for line in dialog.findChildren(QLineEdit):
            line.setAccessibleName(present.text("app.new_reader_ask"))
        for place, code in zip(dialog.findChildren(QPushButton), _ANSWERS, strict=True):
            place.setToolTip(present.text(code))
