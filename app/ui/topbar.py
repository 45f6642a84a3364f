"""The bar that is always in sight: session, pages, blinding and round, reader and role."""

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

from app.ui import present
from app.ui.cut import CutLabel
from app.ui.present.study import blinding_words, who_text
from app.ui.scale import scaled
from app.ui.shortcuts import keyed
from app.ui.widgets import named, words
from app.ui.workspace import Workspace

_ANSWERS = ("app.new_reader_add_tip", "app.new_reader_cancel_tip")
# of the name and role at the right
_LONGEST_NAME = 190
PAGES = ("worklist", "read", "clinical", "statistics", "audit", "disagreements")
# offered only while there is something on it that may be seen
_AT_TIMES = "disagreements"


class TopBar(QWidget):
    """Brand, menu, session name, page buttons, badges, reader.

    Signals
    -------
    page_wanted : str
        One of :data:`PAGES`.
    person_wanted : int
        Key of somebody who wants to sign in.
    step_wanted : str
        One of ``lock``, ``secret``, ``unblind`` and ``blind``.
    """

    page_wanted = Signal(str)
    person_wanted = Signal(int)
    step_wanted = Signal(str)

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
        self._withheld = {_AT_TIMES}
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
        # gives way as the session's name does
        row.addWidget(CutLabel(present.text("app.name"), "section"))
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

    def offer_differences(self, offered: bool) -> None:
        """Offer the page on which readers are compared, or withhold it."""
        self._withheld = set() if offered else {_AT_TIMES}
        self.refresh()

    def refresh(self) -> None:
        """Show session, badges and reader as they are."""
        space = self._workspace
        session, viewer = space.session, space.viewer
        self._session.setText(session.name if session else "")
        self._badges["synthetic"].setVisible(session is not None and session.synthetic)
        self._badges["read_only"].setVisible(session is not None and session.read_only)
        if session is not None and session.read_only:
            self._badges["read_only"].setToolTip(present.read_only_text(session.holder))
        self._badges["blinded"].setVisible(viewer is not None and space.people.sign_in_needed)
        if viewer is not None:
            said, tip = blinding_words(space.people, viewer)
            self._badges["blinded"].setText(said)
            self._badges["blinded"].setToolTip(tip)
            with_role = space.people.sign_in_needed or space.people.coordinates
            name = viewer.reader.name
            self._say_who(who_text(viewer) if with_role else present.text("app.reader", name=name))
        for name, control in self.pages.items():
            control.setVisible(viewer is not None and name not in self._withheld)
        self.reader.setVisible(viewer is not None)
        self._fill_readers()

    def _say_who(self, told: str) -> None:
        """Show who reads; a long name is cut, and told whole where the pointer rests."""
        room = scaled(_LONGEST_NAME)
        shown = self.reader.fontMetrics().elidedText(told, Qt.TextElideMode.ElideMiddle, room)
        self.reader.setText(shown)
        tip = present.text("app.reader_tip")
        self.reader.setToolTip(tip if shown == told else present.text("app.reader_whole", name=told, tip=tip))

    def _fill_readers(self) -> None:
        self._readers.clear()
        space = self._workspace
        if space.session is None or space.viewer is None:
            return
        for reader in (person.reader for person in space.people.known):
            action = self._entry(reader.name)
            action.setData(reader.id)
            action.setCheckable(True)
            action.setChecked(reader.id == space.viewer.reader.id)
        self._readers.addSeparator()
        if not space.people.sign_in_needed:
            self._entry(present.text("app.new_reader"))
            return
        self._step("sign_in.set", "secret")
        if space.people.coordinates:
            blinded = space.people.blinded
            self._step("app.unblind" if blinded else "app.blind_again", "unblind" if blinded else "blind")
        self._step("menu.lock", "lock")

    def _entry(self, told: str) -> QAction:
        action = QAction(told, self._readers)
        self._readers.addAction(action)
        return action

    def _step(self, code: str, name: str) -> None:
        self._entry(present.text(code)).setData(name)

    def _on_page(self) -> None:
        self.page_wanted.emit(self.sender().objectName())

    def _on_reader(self, action: QAction) -> None:
        chosen = action.data()
        if isinstance(chosen, str):
            self.step_wanted.emit(chosen)
        elif chosen is not None and self._workspace.people.sign_in_needed:
            self.person_wanted.emit(chosen)
        elif chosen is not None:
            person = self._workspace.people.person(chosen)
            self._workspace.set_reader(person.reader.name if person else "")
        else:
            self._ask_new()

    def _ask_new(self) -> None:
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
