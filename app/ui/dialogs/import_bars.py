"""What lies above and below the tree of the import dialog: wishes, progress, buttons."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.domain.progress import TimeLeft
from app.ui import present
from app.ui.import_draft import Draft
from app.ui.present import text
from app.ui.widgets import button, words

_BAR = (110, 6)


class Wishing(QWidget):
    """What may be made of the files beyond what they say, and where the case codes come from.

    Signals
    -------
    wished : bool, bool
        Signal FF, and R2* resampled: what a person asks for now.
    codes_wanted
        Case codes should come from a table.
    """

    wished = Signal(bool, bool)
    codes_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.signal_ff = check_box("images.signal_ff")
        self.resample = check_box("images.resample")
        self.codes = button("images.codes")
        self.codes.setToolTip(text("images.codes_tip"))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(18)
        row.addWidget(self.signal_ff)
        row.addWidget(self.resample)
        row.addStretch(1)
        row.addWidget(self.codes)
        # not toggled: what the program sets itself is no wish
        self.signal_ff.clicked.connect(self._on_clicked)
        self.resample.clicked.connect(self._on_clicked)
        self.codes.clicked.connect(self.codes_wanted)

    def show_draft(self, draft: Draft) -> None:
        """Show what was asked for, and offer what can be."""
        apart = any(exam.found.unpaired for exam in draft.exams.values())
        self.signal_ff.setChecked(draft.signal_ff)
        self.resample.setChecked(draft.resample)
        self.resample.setEnabled(apart or draft.resample)
        self.codes.setEnabled(bool(draft.exams))

    def _on_clicked(self) -> None:
        self.wished.emit(self.signal_ff.isChecked(), self.resample.isChecked())


class Footer(QWidget):
    """One sentence or the progress of what runs, and the buttons.

    Parameters
    ----------
    fold : QWidget
        Opens the files that are not used; stands at the left.

    Signals
    -------
    stop_wanted, save_wanted, cancel_wanted, import_wanted
        Buttons.
    """

    stop_wanted = Signal()
    save_wanted = Signal()
    cancel_wanted = Signal()
    import_wanted = Signal()

    def __init__(self, fold: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.notice = words(role="warning")
        self.notice.setWordWrap(True)
        self.notice.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.notice.hide()
        self._progress = words(role="quiet")
        self._progress.setWordWrap(True)
        self._bar = QProgressBar()
        self._bar.setFixedSize(*_BAR)
        self._bar.setTextVisible(False)
        self.stop = button("images.stop")
        self.stop.setToolTip(text("images.stop_tip"))
        self.save = button("images.save")
        self.save.setToolTip(text("images.save_tip"))
        self.cancel = button("app.cancel")
        self.cancel.setToolTip(text("images.cancel_tip"))
        self.go = button("images.import_none", role="primary")
        self._left = TimeLeft()
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(fold)
        row.addWidget(self.save)
        row.addSpacing(8)
        row.addWidget(self._bar)
        row.addWidget(self._progress, 1)
        row.addWidget(self.stop)
        row.addStretch()
        row.addWidget(self.cancel)
        row.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.notice)
        column.addLayout(row)
        self.stop.clicked.connect(self.stop_wanted)
        self.save.clicked.connect(self.save_wanted)
        self.cancel.clicked.connect(self.cancel_wanted)
        self.go.clicked.connect(self.import_wanted)
        self.show_idle()

    def say(self, sentence: str) -> None:
        """Say something, or nothing any more."""
        self.notice.setText(sentence)
        self.notice.setVisible(bool(sentence))

    def offer(self, count: int, *, answers: bool = False) -> None:
        """Offer to import some exams, or else to keep the answers alone."""
        code = "images.import_many" if count > 1 else "images.import_one" if count else "images.import_none"
        if answers and not count:
            code = "images.keep_answers"
        said = text(code, count=count)
        self.go.setText(said)
        self.go.setToolTip(text("images.import_tip", words=said))
        self.go.setEnabled(count > 0 or answers)
        self.cancel.setToolTip(text("images.cancel_answers_tip" if answers else "images.cancel_tip"))

    def show_progress(self, code: str, done: int, total: int | None) -> None:
        """Show how far the task is."""
        if self._bar.isHidden():
            self._left = TimeLeft()
        told = present.progress_text(done, total, self._left.after(done, total, monotonic()))
        self._progress.setText(text(code, progress=told))
        self._bar.setMaximum(total or 0)
        self._bar.setValue(done if total else -1)
        self._show_running(shown=True)

    def show_idle(self) -> None:
        """Nothing runs."""
        self._show_running(shown=False)

    def _show_running(self, *, shown: bool) -> None:
        for part in (self._progress, self._bar, self.stop):
            part.setVisible(shown)


def check_box(code: str) -> QCheckBox:
    """A box with the words of a code and the tooltip that belongs to them."""
    made = QCheckBox(text(code))
    made.setToolTip(text(f"{code}_tip"))
    return made
