"""Where the program failed, without what it was working on: fit for a log and for whoever looks after it."""

from __future__ import annotations

import logging
import re
import traceback
from types import TracebackType

# these speak of the program's own names; what others quote may be a value of somebody's images, or a folder
_OF_THE_PROGRAM = (AssertionError, AttributeError, ImportError, NameError, TypeError)
# from the first mark to the last one, as a name may hold one itself
_QUOTED = re.compile(r"""(["'`]).*\1""", re.DOTALL)
# a folder may have spaces in its name: nobody knows where a path ends
_PATH = re.compile(r"\S*[\\/].*", re.DOTALL)
_LEFT_OUT = "(…)"
_CAUSE = "\nThe above was the cause of this:\n\n"

_Failure = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def trace(problem: BaseException) -> str:
    """Places in the code and the kind of error, oldest cause first; what a message quotes is left out.

    Parameters
    ----------
    problem : BaseException
        What went wrong.
    """
    told = []
    seen: set[int] = set()
    last: BaseException | None = problem
    while last is not None and id(last) not in seen:
        seen.add(id(last))
        told.append("".join(traceback.format_tb(last.__traceback__)) + _line(last))
        last = last.__cause__ or (None if last.__suppress_context__ else last.__context__)
    return _CAUSE.join(reversed(told))


def _line(problem: BaseException) -> str:
    kind = type(problem)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    message = str(problem)
    if not isinstance(problem, _OF_THE_PROGRAM):
        message = _PATH.sub(_LEFT_OUT, _QUOTED.sub(_LEFT_OUT, message))
    return f"{name}: {message}\n" if message else f"{name}\n"


class TraceFormatter(logging.Formatter):
    """Writes failures into the log as :func:`trace` tells them."""

    def formatException(self, ei: _Failure) -> str:  # noqa: N802 - the name logging calls it by
        """Tell a failure."""
        return trace(ei[1]) if ei[1] is not None else ""
