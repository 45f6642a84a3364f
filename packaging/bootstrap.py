"""Set MarrowMark up and start it, or run its tests: the first thing to call in a fresh clone.

The file uses the standard library only and is written so that any Python 3.8 or newer can at least read
it: an old Python is told in a sentence what it lacks, not by a syntax error. All else lies in the modules
beside it, which are loaded only after that check.
"""

from __future__ import annotations

import sys

OLDEST_PYTHON = (3, 11)

HELP = """\
usage: python3 packaging/bootstrap.py run [ARGUMENTS OF THE PROGRAM]
       python3 packaging/bootstrap.py test [--quick] [ARGUMENTS OF PYTEST]
       python3 packaging/bootstrap.py --help

run    makes .venv, installs the locked libraries and what Qt needs of the system,
       and opens the program on its demo session. Without a display the demo does
       its work off-screen and says where the results lie. Arguments go to the
       program instead: run open mine.marrow, run inspect FOLDER, run --help.
test   installs the test tools as well, then runs the style and type checks, the
       quick test suite and the long tests. With --quick the long tests are left
       out. With pytest arguments (test -k rois) only pytest runs, on what they name.

The first time takes some minutes and downloads about {download_mb} MB; a second start is
immediate. On Windows write py instead of python3. To start afresh delete .venv.

exit status: that of the program or of the tests; 1 could not, 2 wrong usage."""


def refusal_of_python(version: tuple[int, ...], executable: str) -> str:
    """Return why this Python cannot be used, or an empty text where it can."""
    if version >= OLDEST_PYTHON:
        return ""
    return (
        f"MarrowMark needs Python 3.11 or newer; {executable} is Python {version[0]}.{version[1]}.\n"
        "Install a newer Python and start this script with it, for example:\n"
        "    python3.13 packaging/bootstrap.py run"
    )


def main(arguments: list[str]) -> int:
    """Carry out one command line and return its exit status."""
    refusal = refusal_of_python(sys.version_info[:2], sys.executable)
    if refusal:
        print(refusal, file=sys.stderr)
        return 1
    import commands  # noqa: PLC0415  (an older Python must get as far as the sentence above)

    return commands.carry_out(arguments, HELP)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
