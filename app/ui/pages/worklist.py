"""The worklist: a reader's own cases, and for whoever coordinates those of all readers."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedLayout, QVBoxLayout, QWidget

from app.services.changed import What
from app.ui.coordination import Coordination
from app.ui.pages.worklist_own import OwnWorklist
from app.ui.pages.worklist_study import StudyWorklist
from app.ui.present import text
from app.ui.theme import Theme
from app.ui.widgets import button, named
from app.ui.workspace import Workspace

_NAMES = ("own", "study")
_OWN, _STUDY = 0, 1


class WorklistPage(QWidget):
    """One list or the other; a reader of a study with roles is shown the own one only.

    Signals
    -------
    case_opened
        The reading page should come forward.
    said : str
        Something was done that is worth a sentence.
    """

    case_opened = Signal()
    said = Signal(str)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._workspace = workspace
        self.acts = Coordination(workspace, self)
        self.own = OwnWorklist(workspace, self.acts)
        self.study = StudyWorklist(self.acts)
        self.choices = [self._choice(name) for name in _NAMES]
        self._lay_out()
        self.own.case_opened.connect(self.case_opened)
        self.own.results.said.connect(self.said)
        self.study.said.connect(self.said)
        workspace.changed.connect(self._on_changed)
        self._on_changed(What.SESSION)

    def _choice(self, name: str) -> QPushButton:
        made = button(f"worklist.{name}", role="nav", tip=text(f"worklist.{name}_tip"))
        made.setCheckable(True)
        made.setObjectName(name)
        made.clicked.connect(self._on_choice)
        return made

    def _lay_out(self) -> None:
        self._switch = QWidget()
        row = QHBoxLayout(self._switch)
        row.setContentsMargins(0, 0, 0, 0)
        self._group = QButtonGroup(self)
        for made in self.choices:
            self._group.addButton(made)
            row.addWidget(made)
        row.addStretch(1)
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.own)
        self._stack.addWidget(self.study)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 12, 20, 14)
        column.setSpacing(8)
        column.addWidget(self._switch)
        column.addWidget(body, 1)

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.own.show_theme(theme)
        self.study.show_theme(theme)

    def _on_choice(self) -> None:
        self.show_list(_NAMES.index(self.sender().objectName()))

    def show_list(self, place: int) -> None:
        """Show the own list or that of all readers."""
        self.choices[place].setChecked(True)
        self._stack.setCurrentIndex(place)

    @property
    def is_busy(self) -> bool:
        """Whether cases are looked through, or something long runs."""
        return self.own.looking.running or self.acts.running

    def _on_changed(self, what: What) -> None:
        """Follow whoever works here: whose list it may be, and which comes first."""
        if not what & (What.SESSION | What.READERS):
            return
        people, viewer = self._workspace.people, self._workspace.viewer
        may = viewer is not None and (people.coordinates or not people.sign_in_needed)
        self._switch.setVisible(may and people.reads)
        stays = may and self._stack.currentIndex() == _STUDY
        # whoever gave a name only did not say as what they come
        first = people.coordinates and (people.sign_in_needed or not people.reads)
        self.show_list(_STUDY if stays or first else _OWN)
