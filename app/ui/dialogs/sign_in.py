"""Who is there: a card over an empty page, or a small panel below the reader's button."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.domain.reading import Role
from app.services.sign_in import Person
from app.ui import present
from app.ui.patience import Patience
from app.ui.scale import scaled
from app.ui.widgets import button, named, words
from app.ui.workspace import Workspace

_CARD_WIDTH = 380
_PANEL_WIDTH = 320
_BAR = 46
_LINE = 25
_MOST_LINES = 7
_TICK_MS = 250
_ENTER = {Qt.Key.Key_Return, Qt.Key.Key_Enter}
_KEY = Qt.ItemDataRole.UserRole


class SignIn(QWidget):
    """Person, role and secret; Enter signs in.

    A wrong secret costs a wait that grows, while everything else goes on.

    Parameters
    ----------
    workspace : Workspace
        Where one signs in.
    patience : Patience
        Who has to wait how long; shared by all places where one can sign in.

    Signals
    -------
    done
        Somebody signed in.
    """

    done = Signal()

    def __init__(self, workspace: Workspace, patience: Patience, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace, self._patience = workspace, patience
        self.people = QListWidget()
        self.people.setAccessibleName(present.text("sign_in.people"))
        self._as = words(present.text("sign_in.as"), "quiet")
        self.roles = {role: QRadioButton(present.text(f"role.{role.value}")) for role in Role}
        self._group = QButtonGroup(self)
        self._asked = words(role="quiet")
        self.secret = QLineEdit()
        self.secret.setEchoMode(QLineEdit.EchoMode.Password)
        self.told = words(role="warning")
        self.told.setWordWrap(True)
        self.told.hide()
        self.go = button("sign_in.go", role="primary", tip=present.text("sign_in.go_tip"))
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self._show_wait)
        self._lay_out()
        self.people.currentRowChanged.connect(self._show_person)
        # not by Enter as well, which would reach the form a second time
        self.people.itemDoubleClicked.connect(self._on_chosen)
        self.go.clicked.connect(self.try_now)

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.people)
        row = QHBoxLayout()
        row.addWidget(self._as)
        for role, choice in self.roles.items():
            choice.setToolTip(present.text(f"role.{role.value}_tip"))
            self._group.addButton(choice)
            row.addWidget(choice)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self._asked)
        column.addWidget(self.secret)
        column.addWidget(self.told)
        column.addWidget(self.go)

    # -- showing --------------------------------------------------------------------------------------

    def ask(self, known: list[Person], who: int = 0, role: Role = Role.READER) -> None:
        """Offer people, with one of them chosen.

        Parameters
        ----------
        known : list of Person
            Whoever may sign in.
        who : int
            Key of the person who probably sits there.
        role : Role
            What that person did last.
        """
        self.secret.clear()
        self.told.hide()
        self.people.blockSignals(True)
        self.people.clear()
        for person in known:
            item = QListWidgetItem(person.reader.name)
            item.setData(_KEY, person.reader.id)
            self.people.addItem(item)
        self.people.blockSignals(False)
        self.people.setVisible(len(known) > 1)
        self.people.setFixedHeight(scaled(_LINE) * min(max(len(known), 1), _MOST_LINES) + 8)
        keys = [person.reader.id for person in known]
        self.people.setCurrentRow(keys.index(who) if who in keys else 0)
        self._show_person()
        self.roles[role].setChecked(self.roles[role].isEnabled())

    @property
    def person(self) -> Person | None:
        """The person chosen."""
        if self.people.currentRow() < 0:
            return None
        return self._workspace.people.person(self.people.currentItem().data(_KEY))

    @property
    def role(self) -> Role:
        """What the person wants to do."""
        return next((role for role, choice in self.roles.items() if choice.isChecked()), Role.READER)

    def _show_person(self) -> None:
        person = self.person
        held = person.roles if person else frozenset()
        for role, choice in self.roles.items():
            choice.setEnabled(role in held)
            choice.setVisible(len(held) > 1)
        first = next((role for role in Role if role in held), Role.READER)
        self.roles[first].setChecked(True)
        self._as.setVisible(len(held) > 1)
        asked = person is not None and person.has_secret
        name = person.reader.name if person else ""
        self._asked.setText(present.text("sign_in.secret", name=name))
        self.secret.setAccessibleName(present.text("sign_in.secret", name=name))
        self.secret.setToolTip(present.text("sign_in.secret", name=name))
        self._asked.setVisible(asked)
        self.secret.setVisible(asked)
        self.secret.clear()
        self.told.hide()
        self._show_wait()

    def take_keys(self) -> None:
        """Give the keyboard to what is asked first."""
        if self.secret.isHidden():
            (self.go if self.people.isHidden() else self.people).setFocus()
        else:
            self.secret.setFocus()

    def _on_chosen(self) -> None:
        """Go on where nothing more is asked; else ask for the secret."""
        if self.person is not None and not self.person.has_secret and len(self.person.roles) == 1:
            self.try_now()
        else:
            self.take_keys()

    # -- signing in -----------------------------------------------------------------------------------

    def try_now(self) -> None:
        """Sign in with what is chosen and typed, or say why not."""
        person = self.person
        if person is None or self._patience.left(person.reader.id):
            return
        secret = self.secret.text()
        self.secret.clear()
        problem = self._workspace.sign_in(person.reader.id, self.role, secret)
        if problem is None:
            self._patience.right(person.reader.id)
            self.done.emit()
            return
        if problem.code == "sign_in.wrong_secret":
            self._patience.wrong(person.reader.id)
        self.told.setText(present.error_text(problem))
        self.told.show()
        self._show_wait()
        self.take_keys()

    def _show_wait(self) -> None:
        """Count down on the button while a wrong secret is paid for."""
        person = self.person
        left = self._patience.left(person.reader.id) if person else 0
        self.go.setEnabled(person is not None and not left)
        self.go.setText(present.text("sign_in.wait", seconds=left) if left else present.text("sign_in.go"))
        if left and self.isVisible():
            self._tick.start()
        else:
            self._tick.stop()

    def showEvent(self, event: object) -> None:
        """Count on where it was left."""
        self._show_wait()

    def hideEvent(self, event: object) -> None:
        """Nobody looks: no counting, and nothing typed stays."""
        self._tick.stop()
        self.secret.clear()

    def event(self, event: QEvent) -> bool:
        """Keep Enter: elsewhere in the window it signs a case off."""
        if isinstance(event, QKeyEvent) and event.key() in _ENTER:
            event.accept()
            if event.type() is QEvent.Type.KeyPress and not event.isAutoRepeat():
                (self._on_chosen if self.people.hasFocus() else self.try_now)()
            return True
        return super().event(event)


class SignInPage(QWidget):
    """An empty page with the card in its middle: nothing of any case is behind it.

    Signals
    -------
    close_wanted
        The session is to be closed.
    """

    close_wanted = Signal()

    def __init__(self, workspace: Workspace, patience: Patience, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title, self.told = words(role="title"), words(role="quiet")
        self.told.setWordWrap(True)
        self.form = SignIn(workspace, patience)
        self.leave = button("sign_in.close", role="link", tip=present.text("sign_in.close_tip"))
        self.leave.clicked.connect(self.close_wanted)
        card = QFrame()
        named(card, "card")
        card.setFixedWidth(scaled(_CARD_WIDTH))
        inside = QVBoxLayout(card)
        inside.setContentsMargins(24, 22, 24, 18)
        inside.setSpacing(10)
        for part in (self.title, self.told, self.form):
            inside.addWidget(part)
        inside.addWidget(self.leave, 0, Qt.AlignmentFlag.AlignHCenter)
        # not aligned: then Qt would not ask how high its wrapped words are
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(card)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.addStretch(2)
        column.addLayout(row)
        column.addStretch(3)
        self.setFocusProxy(self.form)
        self.form.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def ask(self, known: list[Person], who: int, role: Role, *, locked: bool) -> None:
        """Offer people; say whether somebody was here a moment ago."""
        self.title.setText(present.text("sign_in.locked" if locked else "sign_in.title"))
        self.told.setText(present.text("sign_in.locked_told" if locked else "sign_in.told"))
        self.form.ask(known, who, role)

    def take_keys(self) -> None:
        """Give the keyboard to what is asked first."""
        self.form.take_keys()


class SignInPanel(QDialog):
    """One person at the reader's button: what they want to do, and their secret."""

    def __init__(
        self, workspace: Workspace, patience: Patience, person: Person, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(present.text("sign_in.go"))
        self.form = SignIn(workspace, patience)
        self.cancel = button("app.cancel", tip=present.text("why.cancel_tip"))
        self.cancel.setAutoDefault(False)
        self.cancel.clicked.connect(self.reject)
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 14)
        column.addWidget(words(person.reader.name, "section"))
        column.addWidget(self.form)
        column.addWidget(self.cancel)
        self.setFixedWidth(scaled(_PANEL_WIDTH))
        self.form.ask([person], person.reader.id)
        self.form.done.connect(self.accept)

    def open_in_corner(self) -> None:
        """Open where the name was chosen: in the upper right corner of the window, below the bar."""
        window = self.parentWidget()
        if window is not None:
            self.move(window.mapToGlobal(QPoint(window.width() - self.width() - 12, scaled(_BAR))))
        self.open()
        self.form.take_keys()
