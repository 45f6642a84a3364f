"""The reading page: cases, both maps, numbers. Hands every wish to the workspace."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, QPointF, Qt
from PySide6.QtGui import QAction, QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QVBoxLayout, QWidget

from app.domain.exam import Exam
from app.domain.protocol import LEVELS, Level
from app.services import open_session as sessions
from app.services.changed import What
from app.services.read_exam import Case, CaseRow
from app.ui import present
from app.ui.canvas import by_key
from app.ui.canvas.hits import stored_edges
from app.ui.canvas.map_pair import MapPair
from app.ui.canvas.mouse_presets import MousePreset
from app.ui.keys import DEFAULT, Keymap
from app.ui.pages.case_list import CaseList
from app.ui.pages.reading_empty import ReadingEmpty
from app.ui.pages.reading_panel import ReadingPanel
from app.ui.pages.training_feedback import TrainingFeedback
from app.ui.present.keys import mouse_tip
from app.ui.scale import scaled
from app.ui.shortcuts import bind, held_by
from app.ui.theme import Theme
from app.ui.widgets import named
from app.ui.workspace import Workspace

# what the menu of a right click offers
_OFFERED = ("not_measurable", "remove", "undo", "redo", "reset_view", "colour_map", "reference")
# what is being written is taken before these
_GOES_ON = {"sign_off_next", "sign_off_stay", "next_case", "previous_case", "next_level", "previous_level"}
_KEYS = {QEvent.Type.KeyPress, QEvent.Type.KeyRelease}
_SIDE = 172
_OVERLAYS = ("water", "fat", "reference")
_SIDES = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}


class ReadingPage(QWidget):
    """Where a reader spends the day."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.cases = CaseList(workspace.standing_of)
        named(self.cases, "sidebar")
        self.cases.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.cases.setFixedWidth(scaled(_SIDE))
        self.feedback = TrainingFeedback(workspace)
        named(self.feedback, "sidebar")
        self.feedback.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.feedback.setFixedWidth(scaled(_SIDE))
        self.maps = MapPair(workspace)
        self.panel = ReadingPanel(workspace)
        self.empty = ReadingEmpty()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        side = QVBoxLayout()
        side.setSpacing(0)
        side.addWidget(self.cases, 1)
        side.addWidget(self.feedback)
        row.addLayout(side)
        row.addWidget(self.maps, 1)
        row.addWidget(self.panel)
        row.addWidget(self.empty, 1)
        self._exam: Exam | None = None
        self._in_panel: tuple[Case | None, Level | None] | None = None
        self._context = QMenu(self)
        self._keymap = DEFAULT
        self._add_actions()
        self.cases.wanted.connect(self._on_case_wanted)
        self.maps.menu_wanted.connect(self._on_menu_wanted)
        self.panel.sign_off_wanted.connect(self.panel.asking.finish)
        self.panel.sign_off_wanted.connect(self._sign_off_next)
        self.panel.done.connect(self.setFocus)
        workspace.changed.connect(self._on_changed)
        workspace.changed.connect(self.feedback.follow)
        workspace.selection_changed.connect(self._on_selection)
        workspace.previewed.connect(self._on_preview)
        workspace.proposed.connect(self._on_proposed)
        workspace.judged.connect(self._on_judged)
        for widget in (self, *self.maps.views.values(), self.maps.reference.view):
            widget.installEventFilter(self)
        self._on_changed(What.SESSION)

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.cases.show_theme(theme)
        self.panel.show_theme(theme)

    # -- keys -----------------------------------------------------------------------------------------

    def show_habits(self, keymap: Keymap, preset: MousePreset) -> None:
        """Use keys and mouse as this person has them."""
        self._keymap = keymap
        self.panel.show_keys(keymap)
        self.maps.use_mouse(preset, mouse_tip(preset, keymap))

    def _add_actions(self) -> None:
        for name, act in self._acts().items():
            action = QAction(self)
            bind(action, name, self._keymap)
            if name in _OFFERED:
                action.setText(present.text(f"action.{name}"))
                action.setShortcutVisibleInContextMenu(True)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            if name in _GOES_ON:
                action.triggered.connect(self.panel.asking.finish)
            action.triggered.connect(act)
            self.addAction(action)

    def _acts(self) -> dict[str, Callable[[], None]]:
        """What each key does. Bound methods of the workspace: a lambda here would keep the page alive."""
        space = self._workspace
        acts: dict[str, Callable[[], None]] = {
            "next_level": partial(space.select_step, 1),
            "previous_level": partial(space.select_step, -1),
            "not_measurable": self.panel.asking.ask_mark,
            "accept": self.panel.asking.ask_accept,
            "counted": self.panel.asking.ask_count,
            "exclude_patient": self.panel.asking.ask_exclude,
            "note": self.panel.asking.ask_note,
            "remove": space.remove,
            "fit": partial(by_key.fit, self.maps, space),
            "ladder": space.propose_ladder,
            "rotate_back": partial(space.rotate, -1.0),
            "rotate_on": partial(space.rotate, 1.0),
            "rotate_back_5": partial(space.rotate, -5.0),
            "rotate_on_5": partial(space.rotate, 5.0),
            "to_slice_above": partial(space.to_slice, -1),
            "to_slice_below": partial(space.to_slice, 1),
            "to_this_slice": space.to_this_slice,
            "undo": space.undo,
            "redo": space.redo,
            "slice_up": self._slice_up,
            "slice_down": self._slice_down,
            "sign_off_next": self._on_enter,
            "sign_off_stay": partial(space.sign_off, go_on=False),
            "next_case": partial(space.step_case, 1),
            "previous_case": partial(space.step_case, -1),
            "reset_view": self.maps.reset_view,
            "colour_map": self.maps.next_colour_map,
            "reference": self.maps.toggle_reference,
            "let_go": self._let_go,
            "place": partial(by_key.place, self.maps, space),
            "zoom_in": partial(by_key.zoom, self.maps, by_key.ZOOM),
            "zoom_out": partial(by_key.zoom, self.maps, 1 / by_key.ZOOM),
            "maximise": partial(by_key.maximise_next, self.maps),
        }
        acts |= {f"level_{level[1:]}": partial(space.select, level) for level in LEVELS}
        acts |= {f"preset_{number + 1}": self._preset for number in range(4)}
        for side, (down, right) in _SIDES.items():
            acts[f"pan_{side}"] = partial(by_key.look, self.maps, down, right)
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

    def _on_enter(self) -> None:
        """Place what is proposed; without that, sign off."""
        if not self._workspace.accept_proposal():
            self._sign_off_next()

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
            self.panel.asking.leave()
            self.setFocus()
        elif not self.maps.cancel_drag() and not self._workspace.drop_proposal():
            self._workspace.select(None)

    def _holds(self) -> dict[str, Callable[[bool], None]]:
        """What each held key does: called with True when it goes down, with False when it is let go."""
        overlays = {f"overlay_{name}": partial(self._hold_overlay, name) for name in _OVERLAYS}
        return {"hide": self._hold_hide, "pan": self._hold_pan, **overlays}

    def _hold(self, name: str, *, down: bool) -> None:
        holds = self._holds()
        if name in holds:
            holds[name](down)

    def _hold_hide(self, down: bool) -> None:
        self.maps.set_hidden(hidden=down)

    def _hold_overlay(self, name: str, down: bool) -> None:
        self.maps.hold_overlay(name if down else "")

    def _hold_pan(self, down: bool) -> None:
        self.maps.space_held = down

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the keys that act while they are held, and those whose release goes to another window."""
        if event.type() is QEvent.Type.WindowDeactivate:
            for name in self._holds():
                self._hold(name, down=False)
        if event.type() in _KEYS and isinstance(event, QKeyEvent) and not event.isAutoRepeat():
            held = held_by(self._keymap, event)
            if held is not None:
                self._hold(held, down=event.type() is QEvent.Type.KeyPress)
                return True
        return super().eventFilter(watched, event)

    # -- mouse ----------------------------------------------------------------------------------------

    def _on_case_wanted(self, exam_id: int) -> None:
        self.panel.asking.finish()
        self._workspace.open_case(exam_id)
        self.setFocus()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Offer the same to whoever asks by key; the right button has its own way to ask."""
        if event.reason() is QContextMenuEvent.Reason.Keyboard:
            self._on_menu_wanted(self.maps.mapToGlobal(QPointF(self.maps.rect().center())))

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
        cases = self._workspace.cases
        self.cases.show_cases(cases, exam.id if exam else None)
        self._show_empty(cases)
        # another one, or the same with a map that joined it
        if exam is not self._exam or what & What.SESSION:
            self._exam = exam
            self.maps.show_case()
        elif what & What.EXAMS:
            self.maps.reference.begin_case()
        self._in_panel = None
        self._on_selection()

    def _show_empty(self, cases: list[CaseRow]) -> None:
        """Where there is no case, say what to do next instead of showing empty maps."""
        session, there = self._workspace.session, self._workspace.case is not None
        held = self.window().focusWidget()
        if not there and held is not None and self.isAncestorOf(held):
            # hidden, it would hand the keys to the bar above, and they would be lost to the next case
            self.setFocus()
        self.cases.setVisible(bool(cases))
        self.maps.setVisible(there)
        self.panel.setVisible(there)
        self.empty.setVisible(not there)
        if not there:
            from_table = session is not None and not cases and sessions.has_readings(session)
            self.empty.refresh(self._workspace, any_cases=bool(cases), from_table=from_table)

    def _on_selection(self) -> None:
        self.maps.refresh()
        self.maps.describe()
        # the panel shows nothing of the slice: while slices change it stays as it is
        wanted = (self._workspace.case, self._workspace.selected)
        if wanted != self._in_panel:
            self._in_panel = wanted
            self.panel.refresh()

    def _on_judged(self) -> None:
        # the case holds more findings and is the same otherwise: what is being written stays open
        self._in_panel = (self._workspace.case, self._workspace.selected)
        self.panel.show_findings()

    def _on_proposed(self) -> None:
        self.maps.refresh()
        self.panel.help.refresh()

    def _on_preview(self) -> None:
        self.maps.refresh()
        if self._workspace.preview is None:
            self.maps.describe()
            self.panel.refresh()
        else:
            self.panel.show_preview()
