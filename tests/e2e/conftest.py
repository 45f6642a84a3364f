"""A screen without a monitor, the program on it, and a hand that moves a real mouse."""

from __future__ import annotations

import json
import os
import select
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QImage

ROOT = Path(__file__).parents[2]
WINDOW = (1500, 840)
# room for the largest window a test asks for and its frame
_SCREEN = (1700, 1000)
_PATIENCE_S = 30
_XWD_COLOURS_AT = 19
_XWD_COLOUR_BYTES = 12

Box = tuple[int, int, int, int, int]


def wait_for(what: Callable[[], Any], told: str, *, every_s: float = 0.02) -> Any:
    """Ask again until the answer is true; another process has no signal to wait for."""
    waiting = threading.Event()
    for _ in range(round(_PATIENCE_S / every_s)):
        answer = what()
        if answer:
            return answer
        waiting.wait(every_s)
    pytest.fail(f"in vain waited {_PATIENCE_S} s for {told}")


@dataclass(frozen=True)
class Screen:
    """An X server with one screen in memory.

    Attributes
    ----------
    environment : dict
        For programs that are to show something on it.
    frame : Path
        Where the server keeps the picture.
    """

    environment: dict[str, str]
    frame: Path

    def run(self, *command: str) -> str:
        """Run a tool on the screen and give what it printed."""
        done = subprocess.run(
            command, env=self.environment, check=True, capture_output=True, text=True, timeout=_PATIENCE_S
        )
        return done.stdout

    def window_corner(self, window: str) -> tuple[int, int]:
        """Where a window's upper left corner lies on the screen; the pointer goes there."""
        # xdotool's own getwindowgeometry counts the frame of the window manager twice
        told = self.run("xdotool", "mousemove", "--window", window, "0", "0", "getmouselocation", "--shell")
        facts = dict(line.split("=") for line in told.split())
        return int(facts["X"]), int(facts["Y"])

    def picture(self) -> npt.NDArray[np.uint8]:
        """What is on the screen now, shape (height, width, 3), red green blue."""
        raw = self.frame.read_bytes()
        header = np.frombuffer(raw, ">u4", 25)
        start = int(header[0]) + int(header[_XWD_COLOURS_AT]) * _XWD_COLOUR_BYTES
        width, height, line = int(header[4]), int(header[5]), int(header[12])
        pixels = np.frombuffer(raw, np.uint8, height * line, start).reshape(height, line // 4, 4)
        return pixels[:, :width, 2::-1].copy()


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screen]:
    """An Xvfb of our own, with a window manager where there is one."""
    for tool in ("Xvfb", "xdotool"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}")
    folder = tmp_path_factory.mktemp("screen")
    reading, writing = os.pipe()
    # 96 dots an inch, as without a screen: the same fonts, the same layout
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{_SCREEN[0]}x{_SCREEN[1]}x24", "-dpi", "96",
         "-fbdir", str(folder), "-nolisten", "tcp", "-noreset"],
        pass_fds=[writing], stderr=subprocess.DEVNULL,
    )  # fmt: skip
    os.close(writing)
    with os.fdopen(reading) as told:
        number = told.readline().strip()
    if not number:
        server.wait(_PATIENCE_S)
        pytest.skip("needs an Xvfb that starts")
    environment = os.environ | {"DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb", "NO_AT_BRIDGE": "1"}
    for unwanted in ("QT_SCALE_FACTOR", "QT_FONT_DPI", "WAYLAND_DISPLAY"):
        environment.pop(unwanted, None)
    manager = None
    if shutil.which("openbox"):
        manager = subprocess.Popen(
            ["openbox", "--sm-disable", "--config-file", os.devnull],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    try:
        yield Screen(environment, folder / "Xvfb_screen0")
    finally:
        for process in (manager, server):
            if process is not None:
                process.terminate()
                process.wait(_PATIENCE_S)


@dataclass(frozen=True)
class Layout:
    """Where things lie in the window, and what a second window on the session would say."""

    told: dict[str, Any]

    def point(self, row: float, col: float, quantity: str = "FF") -> tuple[int, int]:
        """Window point of a shown voxel position ``(row, col)``, in voxel edges."""
        left, top, right, bottom = self.told["pictures"][quantity]
        rows, cols = self.told["shape"]
        return round(left + col / cols * (right - left)), round(top + row / rows * (bottom - top))

    @property
    def sign_off(self) -> tuple[int, int]:
        """Middle of the sign-off button."""
        left, top, width, height = self.told["sign_off"]
        return left + width // 2, top + height // 2


class Program:
    """The program as a user has it: a process, a window, a mouse and a keyboard."""

    def __init__(
        self,
        screen: Screen,
        session: Path | None,
        home: Path,
        size: tuple[int, int] = WINDOW,
        *,
        telling: bool = False,
    ) -> None:
        self._screen = screen
        words = ["-m", "app", "open", *([str(session)] if session else [])]
        if telling:
            words = [str(Path(__file__).with_name("tells.py")), str(session)]
        pipe = subprocess.PIPE if telling else None
        self.process = subprocess.Popen(
            [sys.executable, *words],
            cwd=ROOT,
            env=screen.environment | {"MARROWMARK_HOME": str(home)},
            stdin=pipe,
            stdout=pipe,
            stderr=subprocess.PIPE,
        )
        self.window = wait_for(self._find_window, "the window")
        self._tool("windowmove", "--sync", self.window, "20", "40")
        self._tool("windowsize", "--sync", self.window, *map(str, size))
        self._tool("windowfocus", "--sync", self.window)

    def _find_window(self) -> str:
        assert self.process.poll() is None, self._last_words()
        return next(iter(self.windows("MarrowMark$")), "")

    def windows(self, title: str) -> list[str]:
        """Its visible windows with such a title."""
        by_process = ("search", "--all", "--onlyvisible", "--pid", str(self.process.pid), "--name", title)
        # xdotool's way of saying none
        with suppress(subprocess.CalledProcessError):
            return self._tool(*by_process).split()
        return []

    def in_sight(self) -> dict[str, Any]:
        """What can be seen and where on the screen, of a program that tells: see ``tells.py``."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(b"?\n")
        self.process.stdin.flush()
        ready, _, _ = select.select([self.process.stdout], [], [], _PATIENCE_S)
        assert ready, "the program does not answer"
        told: dict[str, Any] = json.loads(self.process.stdout.readline())
        return told

    def click_screen(self, point: tuple[int, int]) -> None:
        """Click a point of the screen, whatever window is there."""
        self._tool("mousemove", str(point[0]), str(point[1]), "click", "1")

    def choose_file(self, key: str, title: str, path: Path) -> None:
        """Press a key that asks for a file, type its path into the dialog and accept it."""
        self.key(key)
        dialog = wait_for(lambda: next(iter(self.windows(title)), ""), f"the dialog {title}")
        self.focus(dialog)
        self.write(str(path))
        self.key("Return")
        wait_for(lambda: not self.windows(title), f"the end of the dialog {title}")
        self.focus(self.window)

    def _tool(self, *words: str) -> str:
        return self._screen.run("xdotool", *words)

    def _last_words(self) -> str:
        return self.process.stderr.read().decode() if self.process.stderr else ""

    def move(self, point: tuple[int, int]) -> None:
        """Put the pointer on a point of the window."""
        self._tool("mousemove", "--window", self.window, str(point[0]), str(point[1]))

    def click(self, point: tuple[int, int]) -> None:
        """Click a point of the window."""
        self.move(point)
        self._tool("click", "1")

    def drag(self, start: tuple[int, int], end: tuple[int, int], *, let_go: bool = True) -> None:
        """Drag in small steps, as a hand does."""
        self.move(start)
        self._tool("mousedown", "1")
        for step in range(1, 9):
            part = [round(a + (b - a) * step / 8) for a, b in zip(start, end, strict=True)]
            self.move((part[0], part[1]))
        if let_go:
            self._tool("mouseup", "1")

    def wheel(self, point: tuple[int, int], steps: int) -> None:
        """Turn the wheel over a point; positive is away from the hand."""
        self.move(point)
        self._tool("click", "--repeat", str(abs(steps)), "4" if steps > 0 else "5")

    def key(self, *names: str) -> None:
        """Press keys one after the other, such as ``ctrl+i``."""
        self._tool("key", *names)

    def write(self, words: str) -> None:
        """Type."""
        self._tool("type", "--delay", "5", words)

    def focus(self, window: str) -> None:
        """Give one of its windows the keyboard."""
        self._tool("windowfocus", "--sync", window)

    def close(self) -> str:
        """Close the window as a user does, and give what was said on stderr."""
        self.key("ctrl+q")
        said = self._last_words()
        assert self.process.wait(_PATIENCE_S) == 0, said
        return said

    def kill(self) -> None:
        """End the process as a power cut would: no handler of its runs."""
        self.process.kill()
        self.process.wait(_PATIENCE_S)
        # the button of a drag is still down on the screen
        self._tool("mouseup", "1")

    def give_up(self) -> None:
        """Leave nothing behind; a failed test shows what was said."""
        if self.process.poll() is None:
            self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        if self.process.stderr and not self.process.stderr.closed:
            sys.stderr.write(self._last_words())
            self.process.stderr.close()


@dataclass(frozen=True)
class Stored:
    """What stands in a session file, asked with plain SQL while the program has it open."""

    path: Path

    def rows(self, sql: str, *values: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro", uri=True)) as connection:
            return connection.execute(sql, values).fetchall()

    def count(self, table: str) -> int:
        """Rows of a table."""
        return int(self.rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - our own names

    def revisions(self) -> int:
        """Steps taken so far."""
        return self.count("roi_revision")

    def boxes(self, case: str) -> dict[str, Box]:
        """Newest ``(slice, row0, col0, rows, cols)`` of each level of a case."""
        rows = self.rows(
            "SELECT level, slice, row0, col0, rows, cols FROM roi_revision JOIN reading"
            " ON reading.id = reading_id JOIN exam ON exam.id = exam_id"
            " WHERE code = ? ORDER BY roi_revision.id",
            case,
        )
        return {level: (k, row, col, rows, cols) for level, k, row, col, rows, cols in rows}

    def place(self) -> tuple[str, int, str]:
        """Case, slice and level the reader was at last."""
        rows = self.rows(
            "SELECT code, slice, level FROM position JOIN exam ON exam.id = exam_id ORDER BY position.id DESC"
        )
        return rows[0] if rows else ("", -1, "")

    def wait(self, revisions: int) -> None:
        """Wait until so many steps are stored, and see that there is not one more."""
        wait_for(lambda: self.revisions() >= revisions, f"{revisions} stored steps")
        assert self.revisions() == revisions


class Desk:
    """All a test needs: start the program, look things up, ask the command line."""

    def __init__(self, screen: Screen, folder: Path) -> None:
        self.screen = screen
        self.folder = folder
        self._started: list[Program] = []

    def start(
        self,
        session: Path | None,
        size: tuple[int, int] = WINDOW,
        *,
        home: str = "home",
        telling: bool = False,
    ) -> Program:
        """Start the program, on a session if one is given; one that tells says where things lie."""
        self._started.append(Program(self.screen, session, self.folder / home, size, telling=telling))
        return self._started[-1]

    def command(self, *words: str) -> str:
        """Run the command line and give what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "app", *words],
            cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def layout(self, session: Path, size: tuple[int, int] = WINDOW) -> Layout:
        """Lay the same window out without a screen, on a copy of the session, which may be in use."""
        copy = self.folder / "copies" / session.name
        copy.parent.mkdir(exist_ok=True)
        copy.unlink(missing_ok=True)
        read_only = sqlite3.connect(f"file:{session}?mode=ro", uri=True)
        with closing(read_only), closing(sqlite3.connect(copy)) as target:
            read_only.backup(target)
        return self.second_window(copy, size)

    def second_window(self, session: Path, size: tuple[int, int] = WINDOW) -> Layout:
        """Open the session itself a second time, without a screen."""
        tool = str(Path(__file__).with_name("layout.py"))
        done = subprocess.run(
            [sys.executable, tool, str(session), *map(str, size)],
            check=True, stdout=subprocess.PIPE, text=True, timeout=_PATIENCE_S,
        )  # fmt: skip
        return Layout(json.loads(done.stdout))

    def stored(self, session: Path) -> Stored:
        """What stands in a session file."""
        return Stored(session)

    def wait_for(self, what: Callable[[], Any], told: str, *, every_s: float = 0.02) -> Any:
        """Ask again until the answer is true."""
        return wait_for(what, told, every_s=every_s)

    def still_picture(self) -> npt.NDArray[np.uint8]:
        """What is on the screen once it has come to rest, shape (height, width, 3)."""
        pictures = [self.screen.picture()]

        def rests() -> bool:
            pictures.append(self.screen.picture())
            return bool(np.array_equal(pictures[-1], pictures.pop(0)))

        wait_for(rests, "a screen at rest", every_s=0.1)
        return pictures[-1]

    def save_picture(self, name: str) -> None:
        """Keep what is on the screen, to be looked at by people."""
        picture = self.still_picture()
        height, width, _ = picture.shape
        (self.folder / f"{name}.ppm").write_bytes(b"P6 %d %d 255\n" % (width, height) + picture.tobytes())

    def keep_picture(self, name: str, window: str) -> npt.NDArray[np.uint8]:
        """Keep what a window shows as PNG, also where ``MARROWMARK_PICTURES`` wants it, and give it."""
        left, top = self.screen.window_corner(window)
        told = self.screen.run("xdotool", "getwindowgeometry", "--shell", window)
        facts = dict(line.split("=") for line in told.split())
        # the pointer is no part of the window
        self.screen.run("xdotool", "mousemove", *map(str, _SCREEN))
        shown = self.still_picture()[
            top : top + int(facts["HEIGHT"]), left : left + int(facts["WIDTH"])
        ].copy()
        height, width, _ = shown.shape
        image = QImage(shown.data, width, height, shown.strides[0], QImage.Format.Format_RGB888)
        wanted = os.environ.get("MARROWMARK_PICTURES")
        for folder in (self.folder, *([Path(wanted)] if wanted else [])):
            # quality 0 is the smallest file, not a worse picture
            assert image.save(str(folder / f"{name}.png"), "PNG", 0)
        return shown

    def keep_screen(self, name: str) -> None:
        """Keep what is on the whole screen as PNG."""
        shown = self.still_picture()
        height, width, _ = shown.shape
        image = QImage(shown.data, width, height, shown.strides[0], QImage.Format.Format_RGB888)
        assert image.save(str(self.folder / f"{name}.png"), "PNG")

    def clear(self) -> None:
        """Keep the last sight for whoever looks for a failure, and leave nothing running."""
        self.save_picture("last")
        for program in self._started:
            program.give_up()


@pytest.fixture
def desk(screen: Screen, tmp_path: Path) -> Iterator[Desk]:
    """The program on a screen."""
    made = Desk(screen, tmp_path)
    yield made
    made.clear()
