"""Notices that nobody has touched mouse or keyboard for a while."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QWindow

_MINUTE_MS = 60_000
_HANDS = {
    QEvent.Type.KeyPress,
    QEvent.Type.MouseButtonPress,
    QEvent.Type.MouseMove,
    QEvent.Type.Wheel,
    QEvent.Type.TouchBegin,
    QEvent.Type.TabletPress,
    QEvent.Type.Drop,
}


class IdleLock(QObject):
    """A watch that every touch sets back.

    It looks at what reaches the windows of the program, dialogs too, not at every event of every widget: a
    drag on a map must not pay for it.

    Signals
    -------
    idle
        Nobody was there for the whole time.
    """

    idle = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self.idle)
        self._watching = False

    @property
    def minutes(self) -> float:
        """After how long it speaks; 0 while it does not."""
        return self._timer.interval() / _MINUTE_MS if self._timer.isActive() else 0

    def watch(self, minutes: float) -> None:
        """Speak when nobody was there for so long; 0 for never."""
        if not minutes:
            self.stop()
            return
        if not self._watching:
            self._watching = True
            application = QGuiApplication.instance()
            if isinstance(application, QGuiApplication):
                application.focusWindowChanged.connect(self._look_at)
        for window in QGuiApplication.allWindows():
            self._look_at(window)
        self._timer.start(round(minutes * _MINUTE_MS))

    def stop(self) -> None:
        """Watch no longer."""
        self._timer.stop()
        if self._watching:
            self._watching = False
            application = QGuiApplication.instance()
            if isinstance(application, QGuiApplication):
                application.focusWindowChanged.disconnect(self._look_at)
            for window in QGuiApplication.allWindows():
                window.removeEventFilter(self)

    def put_off(self) -> None:
        """Begin the whole time anew."""
        if self._watching:
            self._timer.start()

    def _look_at(self, window: QWindow | None) -> None:
        if window is not None:
            # one that is installed already is only moved to the front
            window.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Begin anew at every touch; keep nothing from anybody."""
        if event.type() in _HANDS:
            self._timer.start()
        return False
