"""Everything the program can refuse, each with a code and values.

An error never carries a finished sentence: :mod:`app.ui.sentences` makes it from the code, so that a
translation has one place to look. Values must be free of patient names and identifiers.
"""

from __future__ import annotations

from pathlib import Path

Value = str | int | float | bool | None


class AppError(Exception):
    """Something the user can be told and can act on.

    Parameters
    ----------
    code : str
        Key of the sentence, such as ``"roi.outside"``.
    **values : str, int, float, bool or None
        What the sentence needs to name.
    """

    def __init__(self, code: str, **values: Value) -> None:
        super().__init__(code)
        self.code = code
        self.values = values

    def __str__(self) -> str:
        told = ", ".join(f"{key}={value!r}" for key, value in self.values.items())
        return f"{self.code}({told})"


class InputError(AppError):
    """What was asked for cannot be done as asked."""


class DataError(AppError):
    """A file from outside cannot be used.

    Parameters
    ----------
    code : str
        Key of the sentence.
    path : Path
        The file it is about. Told to the user, but kept out of ``str`` and ``repr``, which end in logs:
        people name folders after patients.
    """

    def __init__(self, code: str, path: Path, **values: Value) -> None:
        super().__init__(code, path=str(path), **values)
        self.path = path

    def __str__(self) -> str:
        told = ", ".join(f"{key}={value!r}" for key, value in self.values.items() if key != "path")
        return f"{self.code}({told})"


class StoreUnavailable(AppError):  # noqa: N818 - the name of the architecture; it says a state of the world
    """The session file is full, locked, read-only, missing or corrupt."""


class StoreTooNew(AppError):  # noqa: N818 - as above
    """The session file was written by a newer version of the program."""


class BlindingError(AppError):
    """A reader asked for what blinding keeps from them."""


class Cancelled(AppError):  # noqa: N818 - not an error to report, a wish to obey
    """The user stopped a long task."""

    def __init__(self) -> None:
        super().__init__("task.cancelled")
