"""The reading page: cases, both maps, numbers. Hands every wish to the workspace."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from app.domain.exam import Exam
from app.domain.protocol import LEVELS, Level
from app.services.changed import What
from app.services.read_exam import Case
from app.ui import present
from app.ui.canvas.hits import stored_edges
from app.ui.canvas.map_pair import MapPair
from app.ui.keys import HIDE_KEY_NAME, KEYS, PAN_KEY_NAME
from app.ui.pages.case_list import CaseList
from app.ui.pages.reading_panel import ReadingPanel
from app.ui.theme import Theme
from app.ui.widgets import named
from app.ui.workspace import Workspace

_HIDE_KEY = Qt.Key[f"Key_{HIDE_KEY_NAME}"]
_PAN_KEY = Qt.Key[f"Key_{PAN_KEY_NAME}"]
# what the menu of a right click offers
_OFFERED = ("not_measurable", "remove", "undo", "redo", "reset_view", "colour_map", "reference")
_SIDES = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}


class ReadingPage(QWidget):
    """Where a reader spends the day."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.cases = CaseList()
        named(self.cases, "sidebar")
        self.cases.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.cases.setFixedWidth(172)
        self.maps = MapPair(workspace)
        self.panel = ReadingPanel(workspace)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.cases)
        row.addWidget(self.maps, 1)
        row.addWidget(self.panel)
        self._exam: Exam | None = None
        self._in_panel: tuple[Case | None, Level | None] | None = None
        self._context = QMenu(self)
        self._add_actions()
        self.cases.wanted.connect(self._on_case_wanted)
        self.maps.menu_wanted.connect(self._on_menu_wanted)
        self.panel.sign_off_wanted.connect(self._sign_off_next)
        self.panel.done.connect(self.setFocus)
        workspace.changed.connect(self._on_changed)
        workspace.selection_changed.connect(self._on_selection)
        workspace.previewed.connect(self._on_preview)
        for widget in (self, *self.maps.views.values(), self.maps.reference.view):
            widget.installEventFilter(self)
        self._on_changed(What.SESSION)

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.cases.show_theme(theme)
        self.panel.show_theme(theme)

    # -- keys -----------------------------------------------------------------------------------------

    def _add_actions(self) -> None:
        for name, act in self._acts().items():
            action = QAction(self)
            action.setObjectName(name)
            if name in _OFFERED:
                action.setText(present.text(f"action.{name}"))
                action.setShortcutVisibleInContextMenu(True)
            action.setShortcuts([QKeySequence(key) for key in KEYS[name]])
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(act)
            self.addAction(action)

    def _acts(self) -> dict[str, Callable[[], None]]:
        """What each key does. Bound methods of the workspace: a lambda here would keep the page alive."""
        space = self._workspace
        acts: dict[str, Callable[[], None]] = {
            "next_level": partial(space.select_step, 1),
            "previous_level": partial(space.select_step, -1),
            "not_measurable": self.panel.ask_reason,
            "remove": space.remove,
            "undo": space.undo,
            "redo": space.redo,
            "slice_up": self._slice_up,
            "slice_down": self._slice_down,
            "sign_off_next": self._sign_off_next,
            "sign_off_stay": partial(space.sign_off, go_on=False),
            "next_case": partial(space.step_case, 1),
            "previous_case": partial(space.step_case, -1),
            "reset_view": self.maps.reset_view,
            "colour_map": self.maps.next_colour_map,
            "reference": self.maps.toggle_reference,
            "let_go": self._let_go,
        }
        acts |= {f"level_{level[1:]}": partial(space.select, level) for level in LEVELS}
        acts |= {f"preset_{number + 1}": self._preset for number in range(4)}
        for side in _SIDES:
            acts[f"nudge_{side}"] = self._nudge
            acts[f"nudge_{side}_5"] = self._nudge
            acts[f"grow_{side}"] = self._grow
        return acts

    def _preset(self) -> None:
        self.maps.set_preset(int(self.sender().objectName().split("_")[1]) - 1)

    def _slice_up(self) -> None:
        self._workspace.set_slice(self._workspace.slice - 1)

    def _slice_down(self) -> None:
        self._workspace.set_slice(self._workspace.slice + 1)

    def _sign_off_next(self) -> None:
        self._workspace.sign_off(go_on=True)

    def _nudge(self) -> None:
        """Move the selected rectangle the way the arrow points on screen; without one, change the slice."""
        _, side, *more = self.sender().objectName().split("_")
        space = self._workspace
        step = 5 if more else 1
        if space.selected is None or space.selected not in space.rectangles:
            space.set_slice(space.slice + step * _SIDES[side][0])
        elif space.orientation is not None:
            rows, cols = stored_edges(space.orientation, _SIDES[side])
            space.nudge(rows * step, cols * step)

    def _grow(self) -> None:
        """Move the right (lower) edge on screen: right and down grow, left and up shrink."""
        side = self.sender().objectName().split("_")[1]
        space = self._workspace
        if space.orientation is None:
            return
        vertical, horizontal = _SIDES[side]
        edge = stored_edges(space.orientation, (abs(vertical), abs(horizontal)))
        grow = vertical + horizontal
        rows, cols = ((-grow, 0) if sign < 0 else (0, grow) if sign > 0 else (0, 0) for sign in edge)
        space.resize(rows, cols)

    def _let_go(self) -> None:
        if self.panel.note.isVisible():
            self.panel.note.hide()
            self.setFocus()
        elif not self.maps.cancel_drag():
            self._workspace.select(None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the keys that act while they are held, and those whose release goes to another window."""
        if event.type() is QEvent.Type.WindowDeactivate:
            self.maps.set_hidden(hidden=False)
            self.maps.space_held = False
        if isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            down = event.type() is QEvent.Type.KeyPress
            if event.key() == _HIDE_KEY:
                self.maps.set_hidden(hidden=down)
                return True
            if event.key() == _PAN_KEY:
                self.maps.space_held = down
                return True
        return super().eventFilter(watched, event)

    # -- mouse ----------------------------------------------------------------------------------------

    def _on_case_wanted(self, exam_id: int) -> None:
        self._workspace.open_case(exam_id)
        self.setFocus()

    def _on_menu_wanted(self, place: QPointF) -> None:
        """Offer what can be done here, with its keys."""
        self._context.clear()
        for name in _OFFERED:
            action = self.findChild(QAction, name)
            if isinstance(action, QAction):
                self._context.addAction(action)
        self._context.popup(place.toPoint())

    # -- following the workspace ----------------------------------------------------------------------

    def _on_changed(self, what: What) -> None:
        if not what & (What.SESSION | What.EXAMS | What.READING | What.SIGN_OFF | What.READERS):
            return
        case = self._workspace.case
        exam = case.exam if case else None
        self.cases.show_cases(self._workspace.cases, exam.id if exam else None)
        # another one, or the same with a map that joined it
        if exam is not self._exam or what & What.SESSION:
            self._exam = exam
            self.maps.show_case()
        elif what & What.EXAMS:
            self.maps.reference.begin_case()
        self._in_panel = None
        self._on_selection()

    def _on_selection(self) -> None:
        self.maps.refresh()
        # the panel shows nothing of the slice: while slices change it stays as it is
        wanted = (self._workspace.case, self._workspace.selected)
        if wanted != self._in_panel:
            self._in_panel = wanted
            self.panel.refresh()

    def _on_preview(self) -> None:
        self.maps.refresh()
        if self._workspace.preview is None:
            self.panel.refresh()
        else:
            self.panel.show_preview()
