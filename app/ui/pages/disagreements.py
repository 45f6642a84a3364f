"""The page on which readers are compared: a queue of levels, their rectangles, and what is decided."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QWidget

from app.domain.disagreement import How
from app.domain.errors import AppError
from app.domain.progress import Progress
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Viewer
from app.services import disagreements
from app.services.changed import What
from app.services.disagreements import Dispute, SideBySide
from app.services.open_session import Session
from app.ui import present
from app.ui.canvas.both_readers import ReadersPair
from app.ui.canvas.hits import stored_edges
from app.ui.canvas.mouse_presets import MousePreset
from app.ui.jobs import Job
from app.ui.keys import DEFAULT, Keymap
from app.ui.own_rectangle import OwnRectangle
from app.ui.pages.disagreement_panel import DisagreementPanel
from app.ui.pages.disagreement_queue import DisagreementQueue, Place
from app.ui.present.keys import mouse_tip
from app.ui.scale import scaled
from app.ui.shortcuts import bind, held_by
from app.ui.widgets import named
from app.ui.workspace import Workspace

_MATTERS = What.SESSION | What.READERS | What.SIGN_OFF | What.EXAMS | What.DECISION
_SIDES = {"up": (-1, 0), "down": (1, 0), "left": (0, -1), "right": (0, 1)}
_KEYS = {QEvent.Type.KeyPress, QEvent.Type.KeyRelease}
_ZOOM = 1.2
# heights of the list, points
_LIST, _LIST_LEAST = 240, 140


def find_queue(session: Session, viewer: Viewer, progress: Progress) -> list[Dispute]:
    """Compare all readers on a connection of its own; runs outside the window's thread.

    Raises
    ------
    BlindingError, InputError, StoreUnavailable
        As :func:`app.services.disagreements.queue`.
    """
    progress.report(0, None)
    own = session.another()
    try:
        return disagreements.queue(own, viewer)
    finally:
        own.close()


class DisagreementsPage(QWidget):
    """Where a coordinator looks at what readers do not agree on.

    Signals
    -------
    found
        The queue was read anew.
    """

    found = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._workspace = workspace
        self._keymap = DEFAULT
        self._stale, self._deciding = True, False
        self._wanted: Place | None = None
        self._beside: SideBySide | None = None
        self._exam_id = 0
        self.own = OwnRectangle(self)
        self.queue = DisagreementQueue()
        self.maps = ReadersPair(self.own)
        self.panel = DisagreementPanel(self.own)
        self._job = Job(self)
        self._lay_out()
        self._add_actions()
        self._job.finished.connect(self._receive)
        self._job.failed.connect(self._fail)
        self.queue.chosen.connect(self._on_chosen)
        self.panel.decide_wanted.connect(self._decide)
        self.panel.step_wanted.connect(self.queue.step)
        workspace.changed.connect(self._on_changed)
        workspace.closing.connect(self._let_go)
        for widget in (self, *self.maps.views.values()):
            widget.installEventFilter(self)

    def _lay_out(self) -> None:
        split = QSplitter(Qt.Orientation.Vertical)
        split.addWidget(self.queue)
        split.addWidget(self.maps)
        # the list has room for some six levels, the maps get what is left
        split.setSizes([scaled(_LIST), scaled(3 * _LIST)])
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        split.setChildrenCollapsible(False)
        self.queue.setMinimumHeight(scaled(_LIST_LEAST))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(split, 1)
        row.addWidget(self.panel)

    # -- the queue ------------------------------------------------------------------------------------

    @property
    def is_busy(self) -> bool:
        """Whether readers are being compared."""
        return self._job.running

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what changed while the page was not seen."""
        super().showEvent(event)
        if self._stale:
            self._look()

    def _on_changed(self, what: What) -> None:
        if what & (What.SESSION | What.READERS):
            # the next person may not be allowed to see it
            self._let_go()
        if what & _MATTERS and not self._deciding:
            self._stale = True
            if self.isVisible():
                self._look()

    def _let_go(self) -> None:
        self._job.wait()
        self._beside, self._wanted, self._stale = None, None, True
        self.queue.show_disputes([], present.text("disagree.empty"))
        self.own.close()
        self.panel.show_dispute(None)

    def _look(self) -> None:
        session, viewer = self._workspace.session, self._workspace.viewer
        self._stale = False
        if session is None or viewer is None:
            self._let_go()
            return
        if not self.queue.disputes:
            self.queue.show_disputes([], present.text("disagree.loading"))
        self._job.start(partial(find_queue, session, viewer))

    def _receive(self, found: list[Dispute]) -> None:
        wanted, self._wanted = self._wanted or self.queue.current, None
        self._beside = None
        self.queue.show_disputes(found, present.text("disagree.empty"))
        if wanted is None or not self.show_place(*wanted):
            self.queue.go_to_first()
        self.found.emit()

    def _fail(self, problem: AppError) -> None:
        self._let_go()
        self.queue.show_disputes([], present.error_text(problem))
        self.found.emit()

    # -- one level ------------------------------------------------------------------------------------

    def show_case(self, exam_id: int) -> None:
        """Show the first listed level of a case; of a case that is not in the queue its topmost level."""
        if self._stale or self.is_busy:
            self._wanted = (exam_id, None)
            if self.isVisible() and not self.is_busy:
                self._look()
        else:
            self.show_place(exam_id, None)

    def show_place(self, exam_id: int, level: Level | None) -> bool:
        """Show a level, in the list or not; False where there is nothing to compare."""
        if self.queue.select(exam_id, level):
            return True
        beside = self._read(exam_id)
        if beside is None or not beside.levels:
            return False
        self._show(exam_id, next((one for one in beside.levels if one is level), next(iter(beside.levels))))
        return True

    def _on_chosen(self, dispute: Dispute) -> None:
        self._show(dispute.exam_id, dispute.level)

    def _read(self, exam_id: int) -> SideBySide | None:
        """The case with all readings; None where that fails, which is told."""
        session, viewer = self._workspace.session, self._workspace.viewer
        if self._beside is not None and self._exam_id == exam_id:
            return self._beside
        if session is None or viewer is None:
            return None
        try:
            self._beside = disagreements.side_by_side(session, viewer, exam_id)
        except AppError as problem:
            self._workspace.failed.emit(problem)
            return None
        self._exam_id = exam_id
        return self._beside

    def _show(self, exam_id: int, level: Level) -> None:
        beside, session = self._read(exam_id), self._workspace.session
        if beside is None or session is None or level not in beside.levels:
            return
        self.own.open_level(beside, level, session.protocol)
        self.panel.show_dispute(beside.levels[level])

    def _show_level(self, level: Level) -> None:
        """Show another level of the same case."""
        if self._beside is not None and not self.queue.select(self._exam_id, level):
            self._show(self._exam_id, level)

    # -- deciding -------------------------------------------------------------------------------------

    def _decide(self) -> None:
        session, viewer, level = self._workspace.session, self._workspace.viewer, self.own.level
        if session is None or viewer is None or level is None:
            return
        try:
            ruling = self.panel.ruling()
            changed = disagreements.adjudicate(session, viewer, self._exam_id, level, ruling)
        except AppError as problem:
            self._workspace.failed.emit(problem)
            return
        if changed.what:
            self._take_over(level)
            self._deciding = True
            self._workspace.note(changed.what)
            self._deciding = False
        if not self.queue.go_on():
            self._show(self._exam_id, level)

    def _take_over(self, level: Level) -> None:
        """Show the decision in the list without comparing everything again; the maps are the same."""
        exam = self._beside.exam if self._beside else None
        self._beside = None
        beside = self._read(self._exam_id)
        if beside is not None:
            # what is seen stays where it is
            self._beside = SideBySide(exam, beside.levels)
            self.queue.replace(beside.levels[level])

    # -- keys -----------------------------------------------------------------------------------------

    def show_habits(self, keymap: Keymap, preset: MousePreset) -> None:
        """Use keys and mouse as this person has them."""
        self._keymap = keymap
        self.maps.use_mouse(preset, mouse_tip(preset, keymap))

    def _add_actions(self) -> None:
        for name, act in self._acts().items():
            action = QAction(self)
            bind(action, name, self._keymap)
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(act)
            self.addAction(action)

    def _acts(self) -> dict[str, Callable[[], None]]:
        """What each key of the Read page does here."""
        acts: dict[str, Callable[[], None]] = {
            "next_case": partial(self.queue.step, 1),
            "previous_case": partial(self.queue.step, -1),
            "sign_off_next": self._decide,
            "slice_up": partial(self._step_slice, -1),
            "slice_down": partial(self._step_slice, 1),
            "zoom_in": partial(self.maps.zoom, _ZOOM),
            "zoom_out": partial(self.maps.zoom, 1 / _ZOOM),
            "reset_view": self.maps.reset_view,
            "colour_map": self.maps.next_colour_map,
            "place": self._place,
            "remove": self.own.remove,
            "not_measurable": self._leave_out,
            "note": self.panel.note.setFocus,
            "let_go": self._escape,
        }
        acts |= {f"level_{level[1:]}": partial(self._show_level, level) for level in LEVELS}
        for side in _SIDES:
            acts[f"nudge_{side}"] = acts[f"nudge_{side}_5"] = self._nudge
        return acts

    def _step_slice(self, step: int) -> None:
        self.own.set_slice(self.own.slice + step)

    def _place(self) -> None:
        self.panel.choose(How.DRAWN)
        self.own.place_in_middle()

    def _leave_out(self) -> None:
        self.panel.choose(How.EXCLUDED)
        if self.panel.reason.isVisible():
            self.panel.reason.setFocus()

    def _escape(self) -> None:
        if not self.maps.cancel_drag():
            self.queue.take_keys()

    def _nudge(self) -> None:
        """Move the own rectangle the way the arrow points; while none is drawn, change the slice."""
        _, side, *more = self.sender().objectName().split("_")
        step = 5 if more else 1
        if self.own.drawing and self.own.rectangle is not None and self.maps.orientation is not None:
            rows, cols = stored_edges(self.maps.orientation, _SIDES[side])
            self.own.reshape(rows * step, cols * step)
        else:
            self._step_slice(step * _SIDES[side][0])

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Follow the key that hides rectangles as long as it is held."""
        if event.type() is QEvent.Type.WindowDeactivate:
            self.maps.set_hidden(hidden=False)
        key = isinstance(event, QKeyEvent) and event.type() in _KEYS and not event.isAutoRepeat()
        if isinstance(event, QKeyEvent) and key and held_by(self._keymap, event) == "hide":
            self.maps.set_hidden(hidden=event.type() is QEvent.Type.KeyPress)
            return True
        return super().eventFilter(watched, event)
