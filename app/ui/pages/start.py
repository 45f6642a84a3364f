"""The first page: recent sessions, a new one, an old one, the demo."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.ui import present, sentences
from app.ui.settings import Progress
from app.ui.widgets import button, named, words

_ABOVE = 3


class StartPage(QWidget):
    """Shown while no session is open.

    Signals
    -------
    new_wanted, study_wanted, open_wanted, demo_reading_wanted, demo_study_wanted
        Buttons.
    session_wanted : object
        Path of a recent session.
    """

    new_wanted = Signal()
    study_wanted = Signal()
    open_wanted = Signal()
    demo_reading_wanted = Signal()
    demo_study_wanted = Signal()
    session_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "page")
        what = words(present.text("start.what"), "quiet")
        what.setWordWrap(True)
        self.recent = QListWidget()
        self.recent.setAccessibleName(present.text("start.recent"))
        self._none = words(present.text("start.none"), "quiet")
        self._none.setWordWrap(True)
        research = words(sentences.RESEARCH_USE_LONG, "quiet")
        research.setWordWrap(True)
        column = QVBoxLayout()
        column.setSpacing(12)
        column.addStretch(1)
        column.addWidget(words(present.text("app.name"), "hero"))
        column.addWidget(what)
        column.addSpacing(8)
        column.addLayout(self._buttons())
        column.addSpacing(8)
        column.addWidget(words(present.text("start.recent"), "section"))
        column.addWidget(self._none)
        column.addWidget(self.recent)
        drop = words(present.text("start.drop"), "quiet")
        drop.setWordWrap(True)
        column.addWidget(drop)
        column.addStretch(2)
        column.addWidget(research)
        narrow = QWidget()
        narrow.setLayout(column)
        narrow.setMaximumWidth(640)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(24, 16, 24, 20)
        outer.addWidget(narrow, 1, Qt.AlignmentFlag.AlignHCenter)
        narrow.setMinimumWidth(560)
        self.recent.itemActivated.connect(self._on_recent)
        self.recent.itemClicked.connect(self._on_recent)

    def _buttons(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(10)
        made = (
            ("start.new", self.new_wanted, "primary"),
            ("start.study", self.study_wanted, ""),
            ("start.open", self.open_wanted, ""),
            ("start.demo_reading", self.demo_reading_wanted, ""),
            ("start.demo_study", self.demo_study_wanted, ""),
        )
        for place, (code, signal, role) in enumerate(made):
            control = button(code, role=role)
            control.setMinimumHeight(40)
            if f"{code}_tip" in sentences.LABELS:
                control.setToolTip(present.text(f"{code}_tip"))
            control.clicked.connect(signal)
            # three above, two below
            row, width = (0, 2) if place < _ABOVE else (1, 3)
            grid.addWidget(control, row, width * (place - row * _ABOVE), 1, width)
        return grid

    def show_recent(self, paths: Mapping[Path, Progress | None]) -> None:
        """List the sessions opened lately, with how far they were."""
        self.recent.clear()
        for path, progress in paths.items():
            item = QListWidgetItem(_line(path, progress))
            item.setData(Qt.ItemDataRole.UserRole, str(path))
            self.recent.addItem(item)
        self.recent.setVisible(bool(paths))
        self._none.setVisible(not paths)
        self.recent.setMaximumHeight(34 * max(len(paths), 1) + 8)

    def _on_recent(self, item: QListWidgetItem) -> None:
        self.session_wanted.emit(Path(item.data(Qt.ItemDataRole.UserRole)))


def _line(path: Path, progress: Progress | None) -> str:
    told = {"name": path.name, "folder": str(path.parent)}
    if progress is None:
        return present.text("start.recent_line", **told)
    signed, cases, day = progress
    return present.text("start.recent_progress", **told, signed=signed, cases=cases, day=day)
