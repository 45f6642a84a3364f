"""What the program remembers between starts. Values only; study rules live in the session's protocol."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QByteArray, QSettings

from app.ui.canvas.mouse_presets import MARROWMARK, PRESETS, MousePreset
from app.ui.keys import Keymap, keymap_from
from app.ui.plots.picture import Picture

THEMES = ("auto", "dark", "light")
# minutes, as they are kept
IDLE = ("5", "10", "30", "0")
_RECENT = 8


class Progress(NamedTuple):
    """How far a session was when it was closed last.

    Attributes
    ----------
    signed_off, cases : int
        Of whoever worked there then.
    day : str
        The day, as ``YYYY-MM-DD``.
    """

    signed_off: int
    cases: int
    day: str


class Settings:
    """Recent sessions, theme, keys, mouse and window place, in one INI file.

    Parameters
    ----------
    path : Path
        The INI file; made when first written.
    """

    def __init__(self, path: Path) -> None:
        self._store = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def theme(self) -> str:
        """``auto`` (dark for reading, light for statistics), ``dark`` or ``light``."""
        # INI files hold text only, so the type is asked for
        chosen = str(self._store.value("theme", "auto", type=str))
        return chosen if chosen in THEMES else "auto"

    @theme.setter
    def theme(self, name: str) -> None:
        self._store.setValue("theme", name)

    @property
    def keymap(self) -> Keymap:
        """Which keys do what; those of the table until one is changed."""
        return keymap_from(str(self._store.value("keys", "", type=str)))

    @keymap.setter
    def keymap(self, keymap: Keymap) -> None:
        self._store.setValue("keys", keymap.as_text())

    @property
    def mouse(self) -> MousePreset:
        """Which buttons pan, zoom and window."""
        return PRESETS.get(str(self._store.value("mouse", "", type=str)), MARROWMARK)

    @mouse.setter
    def mouse(self, preset: MousePreset) -> None:
        self._store.setValue("mouse", preset.name)

    @property
    def recent(self) -> list[Path]:
        """Sessions opened lately that still exist, the newest first."""
        told = str(self._store.value("recent", "", type=str))
        return [Path(line) for line in told.split("|") if line and Path(line).is_file()]

    def progress(self, session: Path) -> Progress | None:
        """How far a session was when it was closed last."""
        for line in str(self._store.value("progress", "", type=str)).split("|"):
            signed_off, cases, day, path = [*line.split(" ", 3), "", "", ""][:4]
            if path == str(session) and signed_off.isdecimal() and cases.isdecimal():
                return Progress(int(signed_off), int(cases), day)
        return None

    def note_progress(self, session: Path, signed_off: int, cases: int) -> None:
        """Remember how far a session is; of one that is not among the recent ones nothing is kept."""
        now = Progress(signed_off, cases, datetime.now().astimezone().date().isoformat())
        known = {path: self.progress(path) for path in self.recent} | {session.absolute(): now}
        lines = [f"{one.signed_off} {one.cases} {one.day} {path}" for path, one in known.items() if one]
        self._store.setValue("progress", "|".join(lines))

    def remember(self, session: Path) -> None:
        """Put a session at the head of the recent ones."""
        paths = [session.absolute(), *(path for path in self.recent if path != session.absolute())]
        self._store.setValue("recent", "|".join(str(path) for path in paths[:_RECENT]))

    @property
    def idle_minutes(self) -> int | None:
        """After how long without a hand the window locks: 0 for never, None for what is usual."""
        told = str(self._store.value("idle_minutes", "", type=str))
        return int(told) if told in IDLE else None

    @idle_minutes.setter
    def idle_minutes(self, minutes: int | None) -> None:
        self._store.setValue("idle_minutes", "" if minutes is None else str(minutes))

    @property
    def picture(self) -> Picture:
        """How the last figure was printed."""
        return Picture.from_text(str(self._store.value("picture", "", type=str)))

    @picture.setter
    def picture(self, picture: Picture) -> None:
        self._store.setValue("picture", picture.as_text())

    @property
    def geometry(self) -> QByteArray:
        """Place of the window; empty at the first start."""
        found = self._store.value("geometry", QByteArray(), type=QByteArray)
        return found if isinstance(found, QByteArray) else QByteArray()

    @geometry.setter
    def geometry(self, place: QByteArray) -> None:
        self._store.setValue("geometry", place)
