"""What the set-up says to the person in front of it, and how it stops with a sentence."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDEST_LINE = 160


class SetupStoppedError(Exception):
    """The set-up cannot go on; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a started command ended.

    Attributes
    ----------
    status : int
        Its exit status.
    output : str
        What it printed, both streams together.
    """

    status: int
    output: str

    def last_lines(self, count: int = 5) -> str:
        """Return the last lines, indented and cut to a width, without those about repeated attempts."""
        lines = [line.rstrip() for line in self.output.splitlines() if line.strip()]
        telling = [line for line in lines if not line.startswith("WARNING: Retrying")]
        return "\n".join("    " + line[:WIDEST_LINE] for line in telling[-count:])


def say(text: str) -> None:
    """Print one message at once, also into a pipe, whatever letters the terminal lacks."""
    encoding = sys.stdout.encoding or "ascii"
    print(text.encode(encoding, errors="replace").decode(encoding), flush=True)


def complain(text: str) -> None:
    """Print one message on standard error."""
    encoding = sys.stderr.encoding or "ascii"
    print(text.encode(encoding, errors="replace").decode(encoding), file=sys.stderr, flush=True)


def run_quietly(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Outcome:
    """Run a command without input and keep what it prints; one that is not there ends with status 127."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        return Outcome(127, str(error))
    return Outcome(done.returncode, done.stdout)
