"""Gives actions other keys: choose one, press the key. What has the key is told before it loses it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QModelIndex, QSize, QSortFilterProxyModel, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.ui import present
from app.ui.keys import ACTIONS, BY_NAME, DEFAULT, Action, Keymap
from app.ui.pages.table_page import TextTable
from app.ui.present.keys import key_text, keys_text
from app.ui.scale import scaled
from app.ui.shortcuts import key_of
from app.ui.widgets import button, place_in_middle, words

_SIZE = QSize(820, 600)
_WIDTHS = (430, 130)
_FORBIDDEN = "let_go"


class Capture(QLabel):
    """A line that takes the next key whole: no shortcut acts and no focus moves meanwhile.

    Signals
    -------
    pressed : str
        The key in the notation of the table.
    left
        The focus went elsewhere.
    """

    pressed = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "warning")
        self.setWordWrap(True)
        self.setAccessibleName(present.text("change_keys.capture"))

    def event(self, event: QEvent) -> bool:
        """Take keys before Qt moves the focus with them."""
        if isinstance(event, QKeyEvent) and self.focusPolicy() is not Qt.FocusPolicy.NoFocus:
            event.accept()
            if event.type() is QEvent.Type.KeyPress and not event.isAutoRepeat() and key_of(event):
                self.pressed.emit(key_of(event))
            return True
        if event.type() is QEvent.Type.FocusOut:
            self.left.emit()
        return super().event(event)


class KeysDialog(QDialog):
    """All actions with their keys; what is changed holds at once.

    Signals
    -------
    changed : object
        The :class:`Keymap` from now on.
    """

    changed = Signal(object)

    def __init__(self, keymap: Keymap, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(present.text("change_keys.title"))
        self.keymap = keymap
        self._adds = self._capturing = False
        self._asked = ""
        self.search = QLineEdit()
        self.search.setPlaceholderText(present.text("keys.search"))
        self.search.setAccessibleName(present.text("keys.search"))
        self.search.setClearButtonEnabled(True)
        self.table = QTableView()
        self._rows = TextTable(
            [present.text(f"change_keys.{name}") for name in ("action", "group", "keys")], self
        )
        self._found = QSortFilterProxyModel(self)
        self.told = words(present.text("change_keys.how"), "quiet")
        self.told.setWordWrap(True)
        self.capture = Capture()
        self.buttons = {
            name: button(f"change_keys.{name}", tip=present.text(f"change_keys.{name}_tip"))
            for name in ("take", "leave", "new", "more", "none", "reset", "reset_all")
        }
        self.close_button = button("app.close", tip=present.text("app.close_tip"))
        self._set_up_table()
        self._lay_out()
        self._connect()
        self._show_rows()
        self._wait()
        place_in_middle(self, QSize(scaled(_SIZE.width()), scaled(_SIZE.height())))
        self.search.setFocus()

    def _set_up_table(self) -> None:
        self._found.setSourceModel(self._rows)
        self._found.setFilterKeyColumn(-1)
        self._found.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.table.setModel(self._found)
        self.table.setAccessibleName(present.text("change_keys.table"))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        for column, width in enumerate(_WIDTHS):
            header.resizeSection(column, scaled(width))

    def _lay_out(self) -> None:
        answers, changes = QHBoxLayout(), QHBoxLayout()
        answers.addWidget(self.told, 1)
        answers.addWidget(self.capture, 1)
        for name, place in self.buttons.items():
            (answers if name in ("take", "leave") else changes).addWidget(place)
            place.setAutoDefault(False)
        changes.addStretch(1)
        changes.addWidget(self.close_button)
        self.close_button.setAutoDefault(False)
        column = QVBoxLayout(self)
        column.addWidget(self.search)
        column.addWidget(self.table, 1)
        column.addLayout(answers)
        column.addLayout(changes)

    def _connect(self) -> None:
        self.search.textChanged.connect(self._found.setFilterFixedString)
        self.table.selectionModel().currentRowChanged.connect(self._on_chosen)
        self.table.activated.connect(self._ask_new)
        self.capture.pressed.connect(self._on_key)
        self.capture.left.connect(self._on_left)
        acts = {
            "take": self._take, "leave": self._wait, "new": self._ask_new, "more": self._ask_more,
            "none": self._take_away, "reset": self._reset, "reset_all": self._reset_all,
        }  # fmt: skip
        for name, act in acts.items():
            self.buttons[name].clicked.connect(act)
        self.close_button.clicked.connect(self.close)

    # -- showing --------------------------------------------------------------------------------------

    @property
    def chosen(self) -> Action | None:
        """The action in hand."""
        index = self.table.currentIndex()
        return ACTIONS[self._found.mapToSource(index).row()] if index.isValid() else None

    def choose(self, name: str) -> None:
        """Take an action in hand."""
        place = self._found.mapFromSource(self._rows.index(ACTIONS.index(BY_NAME[name]), 0))
        self.table.setCurrentIndex(place)
        self.table.scrollTo(place)

    def _on_chosen(self, index: QModelIndex) -> None:
        """Mark the line as well where only the keyboard came to it."""
        if index.isValid():
            self.table.selectRow(index.row())
        self._wait()

    def _show_rows(self) -> None:
        name = self.chosen.name if self.chosen else ""
        self._rows.show_rows([self._row(action) for action in ACTIONS])
        if name:
            self.choose(name)

    def _row(self, action: Action) -> tuple[str, str, str]:
        keys = keys_text(self.keymap.keys(action.name))
        if action.name in self.keymap.changed:
            keys = present.text("change_keys.changed", keys=keys)
        return present.text(action.sentence), present.text(f"keys.group_{action.group}"), keys

    def _say(self, code: str, **values: str) -> None:
        self._show_state(present.text(code, **values))

    def _show_state(self, said: str, *, capturing: bool = False, asking: bool = False) -> None:
        """Show the sentence where it belongs, and the buttons that make sense with it."""
        self._capturing = capturing
        self.told.setVisible(not capturing)
        self.capture.setVisible(capturing)
        (self.capture if capturing else self.told).setText(said)
        self.capture.setFocusPolicy(Qt.FocusPolicy.StrongFocus if capturing else Qt.FocusPolicy.NoFocus)
        for name, control in self.buttons.items():
            if name in ("take", "leave"):
                control.setVisible(asking)
            elif name != "reset_all":
                control.setEnabled(self.chosen is not None and self.chosen.name != _FORBIDDEN)
        self.buttons["reset_all"].setEnabled(bool(self.keymap.changed))

    def _wait(self) -> None:
        self._asked = ""
        self._say("change_keys.how")

    # -- asking for a key -----------------------------------------------------------------------------

    def _ask_new(self, _index: QModelIndex | None = None) -> None:
        self._ask(adds=False)

    def _ask_more(self) -> None:
        self._ask(adds=True)

    def _ask(self, *, adds: bool) -> None:
        action = self.chosen
        if action is None:
            return
        if action.name == _FORBIDDEN:
            self._say("change_keys.escape")
            return
        self._adds = adds
        does = present.text(action.sentence)
        self._show_state(present.text("change_keys.press", does=does), capturing=True)
        self.capture.setFocus()

    def _on_left(self) -> None:
        """Ask no more when the focus went elsewhere without a key."""
        if self._capturing:
            self._wait()

    def _on_key(self, key: str) -> None:
        action = self.chosen
        if action is None or key == DEFAULT.first(_FORBIDDEN):
            self._go_on("change_keys.how")
        elif action.held and "+" in key[:-1]:
            self._go_on("change_keys.not_held", key=key_text(key))
        else:
            self._offer(action, key)

    def _offer(self, action: Action, key: str) -> None:
        """Give the key, or tell what has it."""
        holder = self.keymap.holder(key)
        if holder is None:
            self._give(action, key)
        elif holder == action.name and (self._adds or self.keymap.keys(holder) == (key,)):
            self._go_on("change_keys.same", key=key_text(key), does=present.text(action.sentence))
        elif holder == action.name:
            self._give(action, key)
        elif holder == _FORBIDDEN:
            self._go_on("change_keys.escape")
        else:
            self._asked = key
            other = present.text(BY_NAME[holder].sentence)
            self._show_state(present.text("change_keys.taken", key=key_text(key), other=other), asking=True)
            self.buttons["take"].setFocus()

    def _go_on(self, code: str, **values: str) -> None:
        """Say how it went and give the keyboard back to the table."""
        self._say(code, **values)
        self.table.setFocus()

    def _take(self) -> None:
        if self.chosen is not None and self._asked:
            self._give(self.chosen, self._asked)

    def _give(self, action: Action, key: str) -> None:
        given = self.keymap.with_key if self._adds else self._only
        self._use(given(action.name, key))
        self._go_on("change_keys.done", key=key_text(key), does=present.text(action.sentence))

    def _only(self, name: str, key: str) -> Keymap:
        return self.keymap.with_keys(name, (key,))

    def _take_away(self) -> None:
        if self.chosen is not None:
            self._use(self.keymap.without_keys(self.chosen.name))

    def _reset(self) -> None:
        if self.chosen is None:
            return
        before, name = self.keymap, self.chosen.name
        robbed = (before.holder(key) for key in BY_NAME[name].keys)
        others = [present.text(BY_NAME[other].sentence) for other in robbed if other not in (None, name)]
        self._use(before.reset(name))
        if others:
            self._say("change_keys.took_back", others="; ".join(others))

    def _reset_all(self) -> None:
        self._use(DEFAULT)

    def _use(self, keymap: Keymap) -> None:
        self.keymap = keymap
        self._asked = ""
        self._show_rows()
        self._wait()
        self.changed.emit(keymap)
