"""The line at the bottom: saved, undo, protocol, what runs, and what this program is not."""

from __future__ import annotations

from time import monotonic

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QWidget

from app.domain.progress import TimeLeft
from app.ui import present, sentences
from app.ui.canvas.mouse_presets import MousePreset
from app.ui.cut import CutLabel
from app.ui.keys import Keymap
from app.ui.present.keys import key_text
from app.ui.proposals import OFF
from app.ui.shortcuts import keyed
from app.ui.tasks import Tasks
from app.ui.widgets import named, words
from app.ui.workspace import Workspace


class StatusBar(QWidget):
    """Quiet facts; while a task runs, its progress with count, time left and Cancel."""

    def __init__(self, workspace: Workspace, tasks: Tasks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "statusbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._workspace = workspace
        self.saved = CutLabel(role="quiet")
        self._undo = words(role="quiet")
        self._protocol = CutLabel(role="quiet")
        self._task = words(role="quiet")
        self._bar = QProgressBar()
        self._bar.setFixedSize(140, 6)
        self._bar.setTextVisible(False)
        self.cancel = QPushButton(present.text("app.cancel"))
        self.cancel.setToolTip(present.text("task.cancel_tip"))
        self.cancel.clicked.connect(tasks.cancel)
        self.keys = QPushButton()
        self.keys.setProperty("role", "link")
        self.keys.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        keyed(self.keys, present.text("keys.title"), "keys")
        self._left = TimeLeft()
        row = QHBoxLayout(self)
        row.setContentsMargins(14, 3, 14, 3)
        row.setSpacing(18)
        for fact in (self.saved, self._undo, self._protocol):
            row.addWidget(fact)
        row.addStretch(1)
        for part in (self._task, self._bar, self.cancel):
            row.addWidget(part)
        row.addStretch(1)
        row.addWidget(words(sentences.RESEARCH_USE, "quiet"))
        row.addWidget(self.keys)
        self._show_task(shown=False)
        workspace.changed.connect(self.refresh)
        workspace.selection_changed.connect(self.refresh)
        workspace.proposed.connect(self.refresh)
        tasks.progressed.connect(self._on_progress)
        tasks.ended.connect(self._on_ended)
        self.refresh()

    def show_habits(self, keymap: Keymap, preset: MousePreset) -> None:
        """Say which key shows the sheet of keys."""
        key = key_text(keymap.first("keys"))
        title = present.text("keys.title")
        self.keys.setText(present.text("page.tip", page=title, key=key) if key else title)

    def refresh(self) -> None:
        """Show the facts as they are."""
        space = self._workspace
        if space.session is None:
            for widget in (self.saved, self._undo, self._protocol):
                widget.setText("")
            return
        self.saved.setText(present.saved_text(space.saved_at, read_only=space.session.read_only))
        count = len(space.case.reading.history.undoable) if space.case else 0
        self._undo.setText(present.text("app.undo_count", count=count))
        self._protocol.setText(present.text("app.protocol", stamp=space.session.protocol.stamp))
        if space.no_proposal == OFF:
            # for as long as nothing else is done, in place of what was saved last
            self.saved.setText(sentences.SENTENCES[OFF])
            self._undo.setText("")

    def _on_progress(self, done: int, total: int | None) -> None:
        if self._bar.isHidden():
            self._left = TimeLeft()
            self._show_task(shown=True)
        self._bar.setMaximum(total or 0)
        self._bar.setValue(done if total else -1)
        self._task.setText(present.progress_text(done, total, self._left.after(done, total, monotonic())))

    def _on_ended(self) -> None:
        self._show_task(shown=False)

    def _show_task(self, *, shown: bool) -> None:
        for widget in (self._task, self._bar, self.cancel):
            widget.setVisible(shown)
