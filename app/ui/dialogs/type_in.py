"""Asks for one value of a case and why it is typed in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.domain.clinical_items import Item, What
from app.domain.errors import AppError
from app.ui import present
from app.ui.dialogs.choice import Choice
from app.ui.present import text
from app.ui.present.tables import item_text, screen_text
from app.ui.scale import scaled
from app.ui.widgets import button, words

_WIDTH = 460
# of an item: its value as text and the reason, or None to let the table hold again; gives why it was not done
Keep = Callable[[Item, str | None, str], AppError | None]


class TypeInDialog(QDialog):
    """One value, one reason.

    Parameters
    ----------
    code : str
        The case.
    items : sequence of Item
        What can be typed in; one where a single cell was meant.
    now : mapping of Item to str
        What each says now.
    typed : collection of Item
        Those that were typed in before.
    keep : callable
        Keeps a value, or takes it back.
    """

    def __init__(
        self,
        code: str,
        items: Sequence[Item],
        now: Mapping[Item, str],
        typed: frozenset[Item],
        keep: Keep,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._code, self._now, self._typed, self._keep = code, now, typed, keep
        accept = items[0].what is What.INTERVAL
        self.setWindowTitle(text("type_in.accept_title" if accept else "type_in.title"))
        self.heading = words(role="section")
        self.heading.setWordWrap(True)
        self.says = words(role="quiet")
        self.says.setWordWrap(True)
        self.which = Choice()
        for item in items:
            self.which.addItem(item_text(item), item)
        self._items = tuple(items)
        self.value, self.reason = self._field("value"), self._field("reason")
        self.told = words(role="warning")
        self.told.setWordWrap(True)
        self.told.hide()
        self.back = button("type_in.back", tip=text("type_in.back_tip"))
        self.cancel = button("app.cancel", tip=text("why.cancel_tip"))
        self.go = button("type_in.go", role="primary", tip=text("type_in.go_tip"))
        self._lay_out(accept=accept, several=len(items) > 1)
        self._connect()
        self._show_item()

    def _field(self, name: str) -> QLineEdit:
        made = QLineEdit()
        made.setAccessibleName(text(f"type_in.{name}"))
        made.setToolTip(text(f"type_in.{name}_tip"))
        return made

    def _lay_out(self, *, accept: bool, several: bool) -> None:
        form = QFormLayout()
        self.which.setAccessibleName(text("type_in.which"))
        self.which.setToolTip(text("type_in.which"))
        self.which.setVisible(several)
        if several:
            form.addRow(text("type_in.which"), self.which)
        self.value.setVisible(not accept)
        if not accept:
            form.addRow(text("type_in.value"), self.value)
        form.addRow(text("type_in.reason"), self.reason)
        row = QHBoxLayout()
        row.addWidget(self.back)
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.go)
        for one in (self.back, self.cancel):
            one.setAutoDefault(False)
        self.go.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        for part in (self.heading, self.says):
            column.addWidget(part)
        column.addLayout(form)
        column.addWidget(self.told)
        column.addLayout(row)
        self.setFixedWidth(scaled(_WIDTH))

    def _connect(self) -> None:
        self.which.activated.connect(self._show_item)
        self.reason.textChanged.connect(self._on_typed)
        self.value.textChanged.connect(self.told.hide)
        self.go.clicked.connect(lambda: self._do(self.value.text()))
        self.back.clicked.connect(lambda: self._do(None))
        self.cancel.clicked.connect(self.reject)

    @property
    def item(self) -> Item:
        """Which value is meant."""
        return self._items[max(self.which.currentIndex(), 0)]

    def _show_item(self) -> None:
        item = self.item
        accept = item.what is What.INTERVAL
        told = (
            text("type_in.accept", case=self._code)
            if accept
            else text("type_in.told", case=self._code, item=item_text(item))
        )
        self.heading.setText(told)
        self.says.setText(text("type_in.says", value=screen_text(self._now.get(item, ""))))
        self.says.setVisible(not accept)
        self.back.setVisible(item in self._typed)
        self._on_typed()

    def _on_typed(self) -> None:
        self.told.hide()
        for one in (self.go, self.back):
            one.setEnabled(bool(self.reason.text().strip()))

    def _do(self, value: str | None) -> None:
        problem = self._keep(self.item, value, self.reason.text().strip())
        if problem is None:
            self.accept()
            return
        self.told.setText(present.error_text(problem))
        self.told.show()
