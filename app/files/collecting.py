"""Making very many values at once without Python looking through them for rubbish again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep the collector of cycles still for a moment.

    Rows and values hold no cycles, and all of them are kept; looking through a hundred thousand of them each
    time some more are made takes as long as making them.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()
