"""What the menu offers: each entry asks for a file where it needs one, then hands the wish on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QFileDialog, QMenu, QWidget

from app.ui import present
from app.ui.canvas.mouse_presets import PRESETS
from app.ui.dialogs.files import FileDialog
from app.ui.keys import Keymap
from app.ui.present.keys import mouse_tip, preset_name
from app.ui.settings import IDLE, THEMES
from app.ui.shortcuts import bind

# entries, whose keys stand in the table of keys; None is a line between groups
_ENTRIES = (
    "new", "open", "study", None,
    "import", "import_files", "clinical", "export", "picture", "copy", "lock", "close", None,
    "keys", "change_keys", "help", "about", "quit",
)  # fmt: skip
# these make sense only with an open session, and some not for whoever sees only their own readings
_NEED_SESSION = ("import", "import_files", "clinical", "export", "picture", "copy", "close")
_KEPT = ("import", "import_files", "clinical", "export", "copy")


class FileMenu(QObject):
    """The menu with its actions.

    Signals
    -------
    wanted : str
        An entry that needs no file.
    path_wanted : str, object
        An entry and the Path that was chosen for it.
    images_wanted : object
        Paths of images, as a tuple.
    theme_wanted : str
        Name of a theme.
    mouse_wanted : str
        Name of a mouse preset.
    idle_wanted : object
        Minutes after which the window locks; None for what is usual.
    """

    wanted = Signal(str)
    path_wanted = Signal(str, object)
    images_wanted = Signal(object)
    theme_wanted = Signal(str)
    mouse_wanted = Signal(str)
    idle_wanted = Signal(object)

    def __init__(self, window: QWidget, theme: str, mouse: str, idle: int | None) -> None:
        super().__init__(window)
        self._window = window
        self.menu = QMenu(window)
        self.actions: dict[str, QAction] = {}
        self.choices: dict[str, QAction] = {}
        for entry in _ENTRIES:
            if entry is None:
                self.menu.addSeparator()
            else:
                self._add(entry)
            if entry == "close":
                view = self.menu.addMenu(present.text("menu.view"))
                themes = {name: present.text(f"menu.theme_{name}") for name in THEMES}
                mice = {preset.name: preset_name(preset) for preset in PRESETS.values()}
                self._add_choice(view, "theme", themes, theme).triggered.connect(self._on_theme)
                self._add_choice(view, "mouse", mice, mouse).triggered.connect(self._on_mouse)
                waits = {f"idle_{when}": present.text(f"menu.idle_{when}") for when in ("usual", *IDLE)}
                chosen = f"idle_{'usual' if idle is None else idle}"
                self._add_choice(view, "idle", waits, chosen).triggered.connect(self._on_idle)

    def _add(self, name: str) -> None:
        action = QAction(present.text(f"menu.{name}"), self.menu)
        bind(action, name)
        action.triggered.connect(self._on_action)
        self.menu.addAction(action)
        # shortcuts work while the menu is closed
        self._window.addAction(action)
        self.actions[name] = action

    def _add_choice(self, view: QMenu, code: str, names: dict[str, str], chosen: str) -> QActionGroup:
        """One of several, with a mark at the one that holds."""
        menu = view.addMenu(present.text(f"menu.{code}"))
        menu.setToolTipsVisible(True)
        group = QActionGroup(menu)
        for name, title in names.items():
            action = QAction(title, menu)
            action.setObjectName(name)
            action.setCheckable(True)
            action.setChecked(name == chosen)
            group.addAction(action)
            menu.addAction(action)
            self.choices[name] = action
        return group

    def show_habits(self, keymap: Keymap) -> None:
        """Say what each mouse preset does, with these keys."""
        for name, preset in PRESETS.items():
            self.choices[name].setToolTip(mouse_tip(preset, keymap))

    def enable(self, *, session: bool, kept_out: bool = False, lock: bool = False) -> None:
        """Offer what makes sense now.

        Parameters
        ----------
        session : bool
            One is open.
        kept_out : bool
            Whoever works in it, if anybody, sees only their own readings.
        lock : bool
            Somebody could be signed out.
        """
        for name in _NEED_SESSION:
            self.actions[name].setEnabled(session)
        for name in _KEPT:
            self.actions[name].setEnabled(session and not kept_out)
        self.actions["study"].setEnabled(not kept_out)
        self.actions["lock"].setEnabled(lock)

    def _on_theme(self, action: QAction) -> None:
        self.theme_wanted.emit(action.objectName())

    def _on_mouse(self, action: QAction) -> None:
        self.mouse_wanted.emit(action.objectName())

    def _on_idle(self, action: QAction) -> None:
        told = action.objectName().removeprefix("idle_")
        self.idle_wanted.emit(None if told == "usual" else int(told))

    def _on_action(self) -> None:
        name = self.sender().objectName()
        asks: dict[str, Callable[[], QFileDialog]] = {
            "new": self._ask_new,
            "open": self._ask_open,
            "import": self._ask_folder,
            "import_files": self._ask_images,
            "clinical": self._ask_table,
            "export": self._ask_folder,
            "picture": self._ask_picture,
            "copy": self._ask_new,
        }
        if name not in asks:
            self.wanted.emit(name)
            return
        dialog = asks[name]()
        dialog.setObjectName(name)
        dialog.setWindowTitle(present.text(f"menu.{name}"))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if name.startswith("import"):
            dialog.filesSelected.connect(self._on_images)
        else:
            dialog.fileSelected.connect(self._on_chosen)
        dialog.open()

    def _on_chosen(self, path: str) -> None:
        self.path_wanted.emit(self.sender().objectName(), Path(path))

    def _on_images(self, paths: list[str]) -> None:
        self.images_wanted.emit(tuple(Path(path) for path in paths))

    def _ask_images(self) -> QFileDialog:
        dialog = FileDialog(self._window)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        return dialog

    def _ask_new(self) -> QFileDialog:
        return self._ask_save("marrow", "dialog.session_filter")

    def _ask_picture(self) -> QFileDialog:
        return self._ask_save("png", "dialog.picture_filter")

    def _ask_save(self, suffix: str, files: str) -> QFileDialog:
        dialog = FileDialog(self._window)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(suffix)
        dialog.setNameFilter(present.text(files))
        return dialog

    def _ask_open(self) -> QFileDialog:
        return self._ask_existing("dialog.session_filter")

    def _ask_table(self) -> QFileDialog:
        return self._ask_existing("dialog.table_filter")

    def _ask_existing(self, files: str) -> QFileDialog:
        dialog = FileDialog(self._window)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilter(present.text(files))
        return dialog

    def _ask_folder(self) -> QFileDialog:
        dialog = FileDialog(self._window)
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        return dialog
