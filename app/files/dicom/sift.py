"""The near side of the sift: hand files to reading processes and take what they saw, in order.

A process that dies or hangs over a damaged file costs only its speed: those files are left to pydicom.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from app.domain.progress import Progress
from app.files.dicom.sieve import Values, serve
from app.files.dicom.worker import Serve, Worker

# fewer files are read sooner than a process starts
WORTH_SIFTING = 300
_CHUNK = 32
_PROCESSES = 2
# a slow network needs this long for one chunk; a made-up length may need for ever
PATIENCE_S = 10.0
_LIVES = 3


@dataclass(slots=True)
class Sift:
    """Reading processes for one scan; a context manager that ends them.

    Attributes
    ----------
    worth : int
        Fewer files are not worth a process and all go to pydicom.
    patience_s : float
        How long one chunk may take.
    body : callable
        What runs in the process.
    """

    worth: int = WORTH_SIFTING
    patience_s: float = PATIENCE_S
    body: Serve = serve
    _readers: list[Worker] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Start nothing yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """End every process."""
        # they die side by side: somebody may be waiting for the end
        for reader in self._readers:
            reader.kill()
        for reader in self._readers:
            reader.stop()

    def values(self, files: Sequence[Path], progress: Progress) -> Iterator[Values | None]:
        """What the sift saw of each file, in order.

        Parameters
        ----------
        files : sequence of Path
            Files on disc.
        progress : Progress
            Asked while waiting whether to stop; told of no file.

        Yields
        ------
        Values or None
            None for a file that pydicom must read.

        Raises
        ------
        Cancelled
            When the user asked to stop.
        """
        if len(files) < self.worth:
            yield from (None for _ in files)
            return
        chunks = [files[start : start + _CHUNK] for start in range(0, len(files), _CHUNK)]
        count = max(1, min(_PROCESSES, os.cpu_count() or 1, len(chunks)))
        self._readers = [Worker(self.body, _LIVES) for _ in range(count)]
        for reader, chunk in zip(self._readers, chunks, strict=False):
            reader.give([str(file) for file in chunk])
        for index, chunk in enumerate(chunks):
            reader = self._readers[index % count]
            answer = reader.take(_looking(progress, index * _CHUNK, len(files)), self.patience_s)
            # one chunk in hand each: two full pipes would wait for each other
            if index + count < len(chunks):
                reader.give([str(file) for file in chunks[index + count]])
            yield from (None for _ in chunk) if answer is None else answer


def _looking(progress: Progress, done: int, total: int) -> Callable[[], None]:
    return lambda: progress.report(done, total)
