"""How commands write: sentences for people, strict JSON for programs, progress for who waits."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from app.domain.progress import Progress, Silent
from app.ui.sentences import label

Json = dict[str, Any] | list[Any] | str | int | float | bool | None


def say(words: str = "") -> None:
    """Write a line of the answer."""
    print(words)


def warn(words: str) -> None:
    """Write a line beside the answer."""
    print(words, file=sys.stderr)


def write_json(content: Mapping[str, Any]) -> None:
    """Write an answer as strict JSON: a number that is none becomes null."""
    print(json.dumps(_strict(content), ensure_ascii=False, indent=1, allow_nan=False))


def _strict(value: Any) -> Json:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): _strict(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_strict(one) for one in value]
    return value.as_posix() if isinstance(value, Path) else value


class _Line:
    """Progress in one line of the terminal, rewritten in place."""

    def __init__(self) -> None:
        self._shown = ""

    def report(self, done: int, total: int | None) -> None:
        """Rewrite the line when there is something new to see."""
        if total:
            self.show(label("cli.running", percent=100 * done // total))
        else:
            self.show(label("cli.counting", done=done))

    def show(self, words: str) -> None:
        """Rewrite the line; nothing to say empties it."""
        if words != self._shown:
            print(f"\r{words:<{len(self._shown)}}", end="" if words else "\r", file=sys.stderr, flush=True)
            self._shown = words


@contextmanager
def progress() -> Iterator[Progress]:
    """Progress on stderr where a person watches, none where a file does."""
    if not sys.stderr.isatty():
        yield Silent()
        return
    line = _Line()
    try:
        yield line
    finally:
        line.show("")
