"""Start: ``python -m app`` is the command ``marrowmark``."""

from __future__ import annotations

import multiprocessing
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give the exit status: 0 done, 1 could not, 2 wrong usage."""
    # frozen into one executable, the program is also what its own helper processes start: they end here
    multiprocessing.freeze_support()
    from app.cli.commands import run  # noqa: PLC0415 - the entry point of a package should not load anything by itself

    return run(argv)


if __name__ == "__main__":
    sys.exit(main())
