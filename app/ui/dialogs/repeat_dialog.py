"""Starts a repeat round: which part, after how many days, and from which number it is drawn."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.domain.errors import AppError, InputError
from app.domain.protocol import Protocol
from app.services.study import Overview
from app.ui.dialogs.work_dialog import tick_box
from app.ui.present import error_text, text
from app.ui.present.overview import repeat_lines
from app.ui.scale import scaled
from app.ui.study_draft import SEED_LIMIT
from app.ui.widgets import button, words

_WIDTH, _FIELD = 520, 150
# share, days, seed, reason; gives why it was not started, or None
Start = Callable[[float, int, int | None, str], AppError | None]


class RepeatDialog(QDialog):
    """Three fields, what they come to for each reader, and the button.

    Parameters
    ----------
    protocol : Protocol
        Says what holds if nothing else is written.
    overview : Overview
        How many cases each reader has signed off.
    start : callable
        Starts the round.
    """

    def __init__(
        self, protocol: Protocol, overview: Overview, start: Start, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(text("repeat.title"))
        self._overview, self._start = overview, start
        percent, days = f"{protocol.repeat_share * 100:.10g}", str(protocol.washout_days)
        self.share = _field("repeat.share", percent, text("repeat.share_tip", percent=percent))
        self.days = _field("repeat.days", days, text("repeat.days_tip", days=days))
        self.seed = _field("repeat.seed", "", text("repeat.seed_tip"))
        self.seed.setPlaceholderText(text("repeat.seed_drawn"))
        self.override = tick_box("repeat.override")
        self.reason = _field("repeat.reason", "", text("why.reason_ask"))
        self.reason.setPlaceholderText(text("repeat.reason"))
        self.counted, self.told = words(role="quiet"), words(role="warning")
        self.cancel = button("app.cancel", tip=text("why.cancel_tip"))
        self.go = button("repeat.go", role="primary", tip=text("repeat.go_tip"))
        self._lay_out()
        self.share.textChanged.connect(self._refresh)
        self.override.toggled.connect(self._on_override)
        for field in (self.days, self.seed, self.reason):
            field.textChanged.connect(self.told.hide)
        self.cancel.clicked.connect(self.reject)
        self.go.clicked.connect(self._on_go)
        self._on_override(False)
        self._refresh()

    def _lay_out(self) -> None:
        told = words(text("repeat.told"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        fields = {"repeat.share": self.share, "repeat.days": self.days, "repeat.seed": self.seed}
        for row, (code, field) in enumerate(fields.items()):
            name = words(text(code), "quiet")
            name.setBuddy(field)
            field.setMaximumWidth(scaled(_FIELD))
            grid.addWidget(name, row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        self.cancel.setAutoDefault(False)
        self.go.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        for label in (told, self.counted, self.told):
            label.setWordWrap(True)
        column.addWidget(told)
        column.addLayout(grid)
        for part in (self.counted, self.override, self.reason, self.told):
            column.addWidget(part)
        column.addLayout(buttons)
        self.told.hide()
        self.setFixedWidth(scaled(_WIDTH))

    # -- what is written ------------------------------------------------------------------------------

    def _refresh(self) -> None:
        """Show what the share comes to."""
        self.told.hide()
        try:
            share = self._read_share()
        except InputError:
            self.counted.setText("")
        else:
            self.counted.setText("\n".join(repeat_lines(self._overview, share)))

    def _on_override(self, offered: bool) -> None:
        self.days.setEnabled(not offered)
        self.reason.setVisible(offered)
        self.told.hide()
        if offered:
            self.reason.setFocus()

    def _read_share(self) -> float:
        try:
            percent = float(self.share.text().strip().replace(",", "."))
        except ValueError as problem:
            raise InputError("study.no_share") from problem
        if not 0.0 < percent <= 100.0:  # noqa: PLR2004 - percent
            raise InputError("study.no_share")
        return percent / 100

    def _read_days(self) -> int:
        told = self.days.text().strip()
        if not told.isdecimal():
            raise InputError("study.no_days")
        return int(told)

    def _read_seed(self) -> int | None:
        told = self.seed.text().strip()
        if not told:
            return None
        if not told.isdecimal() or int(told) > SEED_LIMIT:
            raise InputError("study.no_seed", given=told, limit=SEED_LIMIT)
        return int(told)

    def _read_reason(self) -> str:
        reason = self.reason.text().strip() if self.override.isChecked() else ""
        if self.override.isChecked() and not reason:
            raise InputError("study.needs_reason")
        return reason

    def _on_go(self) -> None:
        try:
            wanted = (self._read_share(), self._read_days(), self._read_seed(), self._read_reason())
        except InputError as problem:
            self._say(problem)
            return
        refused = self._start(*wanted)
        if refused is None:
            self.accept()
        else:
            self._say(refused)

    def _say(self, problem: AppError) -> None:
        self.told.setText(error_text(problem))
        self.told.show()


def _field(code: str, value: str, tip: str) -> QLineEdit:
    made = QLineEdit(value)
    made.setAccessibleName(text(code))
    made.setToolTip(tip)
    return made
