"""The command line: what can be asked, and how an answer or a refusal reaches the terminal.

Each command loads what it needs when it runs: ``--version`` answers at once, ``open`` loads no statistics.
What the commands print as JSON is described in ``resources/help/command-line.md``.
"""

from __future__ import annotations

import argparse
import io
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from app import __version__
from app.cli.arguments import add_table_arguments
from app.domain.errors import AppError
from app.domain.protocol import SLICE_COUNTS
from app.ui.sentences import RESEARCH_USE_LONG, label, sentence

if TYPE_CHECKING:
    from app.cli.wishes import AskedFor

DONE, COULD_NOT = 0, 1
NAME = "marrowmark"

_LEVELS = ("L1-L4", "L1-L5")
# what becomes of means that lack levels, and what makes the groups: the first is the default
_INCOMPLETE = ("at-least", "complete", "adjusted")
_SCHEMES = ("t-score", "qct")
# the maps whose scale a person may have to confirm
_CONFIRMED = ("FF", "R2STAR")
# what a person may say a series shows, with the units of its values; the readers of files know these too, but
# are loaded by no command that only opens the window
SHOWS: dict[str, tuple[str, ...]] = {
    "FF": ("percent", "fraction", "permille", "hundredths"),
    "R2STAR": ("per_second", "times_ten", "per_ms"),
    "T2STAR": ("ms", "tenths_of_ms", "seconds"),
    "WATER": (),
    "FAT": (),
    "IN_PHASE": (),
    "OUT_PHASE": (),
    "REFERENCE": (),
    "NOTHING": (),
}
# character sets of names; what reads files knows them too
CHARSETS = ("GB18030", "Big5", "UTF-8", "Shift-JIS", "EUC-KR")
# the store knows it too, but is loaded by no command that only opens the window
_SUFFIX = ".marrow"

Asked = argparse.Namespace
Command = Callable[[Asked], int]


def run(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments after the program's name; those of the process otherwise.

    Returns
    -------
    int
        0 done, 1 could not (said on stderr).

    Raises
    ------
    SystemExit
        2 for wrong usage, 0 for ``--help`` and ``--version``.
    """
    _write_utf8()
    asked = parser().parse_args(argv)
    command: Command = asked.command
    try:
        status = command(asked)
        sys.stdout.flush()
    except AppError as problem:
        print(sentence(problem.code, problem.values), file=sys.stderr)
    except BrokenPipeError:
        # whoever read us has gone; Python must not find out a second time when it closes the stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as problem:
        print(sentence("cli.system", {"reason": problem.strerror or str(problem)}), file=sys.stderr)
    except KeyboardInterrupt:
        print(label("cli.interrupted"), file=sys.stderr)
    else:
        return status
    return COULD_NOT


def _write_utf8() -> None:
    """Let no code page of Windows and no bare Unix locale stop a sentence half-way."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def parser() -> argparse.ArgumentParser:
    """Everything that can be asked."""
    made = argparse.ArgumentParser(
        prog=NAME,
        description=label("cli.what"),
        epilog=RESEARCH_USE_LONG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--version", action="version", version=f"{NAME} {__version__}")
    commands = made.add_subparsers(metavar=label("cli.command"), required=True)

    def add(name: str, command: Command) -> argparse.ArgumentParser:
        told = label(f"cli.{name}")
        one = commands.add_parser(name, help=told, description=told)
        one.set_defaults(command=command, name=name)
        return one

    _add_window_commands(add)
    _add_file_commands(add)
    _add_table_commands(add)
    _add_session_commands(add)
    return made


_Add = Callable[[str, Command], argparse.ArgumentParser]


def _add_window_commands(add: _Add) -> None:
    one = add("open", _open)
    one.add_argument("session", nargs="?", type=_session, metavar="SESSION", help=label("cli.session"))
    one = add("demo", _demo)
    one.add_argument("--dir", type=Path, metavar="D", help=label("cli.demo_dir"))
    one.add_argument("--headless", action="store_true", help=label("cli.headless"))


def _add_file_commands(add: _Add) -> None:
    one = add("inspect", _inspect)
    _add_paths(one)
    _add_wishes(one)
    _add_json(one)
    _add_import(add("import", _import))
    one = add("measure", _measure)
    one.add_argument("path", type=Path, metavar="PATH", help=label("cli.path"))
    one.add_argument("--slice", type=int, required=True, metavar="K", help=label("cli.slice"))
    rectangle = ("ROW", "COL", "ROWS", "COLS")
    one.add_argument("--rect", type=int, nargs=4, required=True, metavar=rectangle, help=label("cli.rect"))
    one.add_argument("--angle", type=float, default=0.0, metavar="DEGREES", help=label("cli.angle"))
    one.add_argument("--slices", type=int, default=1, choices=SLICE_COUNTS, help=label("cli.slices"))
    _add_wishes(one)
    _add_confirmation(one)
    _add_json(one)


def _add_import(one: argparse.ArgumentParser) -> None:
    _add_paths(one)
    _add_session(one, "cli.session_made")
    one.add_argument("--protocol", type=Path, metavar="FILE", help=label("cli.protocol"))
    codes = one.add_mutually_exclusive_group()
    codes.add_argument("--code", default="", metavar="CODE", help=label("cli.code"))
    codes.add_argument("--codes", type=Path, metavar="TABLE", help=label("cli.codes"))
    one.add_argument("--charset", choices=CHARSETS, default="", help=label("cli.charset"))
    one.add_argument("--same-voxels", action="store_true", help=label("cli.same_voxels"))
    _add_wishes(one)
    _add_confirmation(one)


def _add_confirmation(one: argparse.ArgumentParser) -> None:
    """Let a person say what the values of a map in doubt are."""
    one.add_argument(
        "--confirm-scale",
        type=_factor,
        action="append",
        default=[],
        metavar="MAP=FACTOR",
        help=label("cli.confirm_scale"),
    )
    one.add_argument("--confirmed-by", default="", metavar="NAME", help=label("cli.confirmed_by"))


def _add_table_commands(add: _Add) -> None:
    for name, command in (("clinical", _clinical), ("readings", _readings)):
        one = add(name, command)
        _add_session(one, "cli.session")
        add_table_arguments(one, readings=name == "readings")
        _add_reason(one)


def _add_session_commands(add: _Add) -> None:
    one = add("analyse", _analyse)
    _add_session(one, "cli.session")
    one.add_argument("--levels", choices=_LEVELS, help=label("cli.levels"))
    for name, choices in (("incomplete", _INCOMPLETE), ("groups", _SCHEMES)):
        one.add_argument(f"--{name}", choices=choices, default=choices[0], help=label(f"cli.{name}"))
    _add_reason(one)
    _add_json(one)
    one = add("export", _export)
    _add_session(one, "cli.session")
    one.add_argument("--out", type=Path, required=True, metavar="DIR", help=label("cli.out"))
    one.add_argument("--with-identity", action="store_true", help=label("cli.with_identity"))
    _add_reason(one)
    _add_rescue_commands(add)
    _add_exchange_commands(add)
    add("self-test", _self_test)


def _add_rescue_commands(add: _Add) -> None:
    one = add("verify", _verify)
    _add_session(one, "cli.session")
    one.add_argument("--head", default="", metavar="HASH", help=label("cli.head"))
    one.add_argument("--recompute", action="store_true", help=label("cli.recompute"))
    _add_reason(one)
    _add_json(one)
    one = add("salvage", _salvage)
    one.add_argument("broken", type=Path, metavar="BROKEN", help=label("cli.broken"))
    one.add_argument("--to", type=Path, required=True, metavar="NEW", help=label("cli.salvage_to"))
    _add_json(one)
    one = add("restore", _restore)
    one.add_argument("backup", type=Path, metavar="BACKUP", help=label("cli.backup"))
    one.add_argument("--images", type=_session, required=True, metavar="S", help=label("cli.images"))
    one.add_argument("--to", type=Path, required=True, metavar="NEW", help=label("cli.salvage_to"))


def _add_exchange_commands(add: _Add) -> None:
    one = add("package", _exchange)
    _add_session(one, "cli.session")
    one.add_argument("--reader", required=True, metavar="NAME", help=label("cli.reader"))
    one.add_argument("--round", type=int, default=1, metavar="N", help=label("cli.round"))
    one.add_argument("--out", type=Path, required=True, metavar="FILE", help=label("cli.package_out"))
    one = add("results", _exchange)
    _add_session(one, "cli.package_session")
    one.add_argument("--out", type=Path, required=True, metavar="FILE", help=label("cli.package_out"))
    one = add("undo-merge", _exchange)
    _add_session(one, "cli.session")
    one.add_argument("--merge", type=int, metavar="N", help=label("cli.merge_number"))
    for name, told in (("merge", "cli.came"), ("join", "cli.centre_file")):
        one = add(name, _exchange)
        one.add_argument("file", type=Path, metavar="FILE", help=label(told))
        _add_session(one, "cli.session")
        one.add_argument("--dry-run", action="store_true", help=label("cli.dry_run"))
    one.add_argument("--centre", required=True, metavar="LABEL", help=label("cli.centre"))
    one.add_argument("--values-only", action="store_true", help=label("cli.values_only"))
    readers = label("cli.same_reader")
    one.add_argument("--same-reader", action="append", default=[], metavar="NAME", help=readers)


def _add_paths(one: argparse.ArgumentParser) -> None:
    one.add_argument("paths", type=Path, nargs="+", metavar="PATH", help=label("cli.paths"))


def _add_wishes(one: argparse.ArgumentParser) -> None:
    """What a person may ask for beyond what the headers say."""
    units = "; ".join(f"{shows}:{', :'.join(names)}" if names else shows for shows, names in SHOWS.items())
    asked = one.add_argument_group(label("cli.wishes"), label("cli.units", units=units))
    asked.add_argument("--signal-ff", action="store_true", help=label("cli.signal_ff"))
    asked.add_argument("--resample", action="store_true", help=label("cli.resample"))
    for option, metavar in (("volume", "FILE=MAP:UNIT"), ("answer", "DESCRIPTION=MAP[:UNIT]")):
        asked.add_argument(
            f"--{option}",
            type=_shown,
            action="append",
            default=[],
            metavar=metavar,
            help=label(f"cli.{option}"),
        )
    asked.add_argument("--who", default="", metavar="NAME", help=label("cli.who"))


def _add_session(one: argparse.ArgumentParser, told: str) -> None:
    one.add_argument("--session", type=_session, required=True, metavar="S", help=label(told))


def _add_reason(one: argparse.ArgumentParser) -> None:
    one.add_argument("--reason", default="", metavar="WORDS", help=label("cli.reason"))


def _session(told: str) -> Path:
    """A session may be named without its ending."""
    path = Path(told)
    return path if path.exists() or path.suffix == _SUFFIX else path.with_name(f"{path.name}{_SUFFIX}")


def _factor(told: str) -> tuple[str, float]:
    """A map and a factor, such as ``FF=0.1``; anything else is wrong usage."""
    name, _, factor = told.partition("=")
    try:
        number = float(factor)
    except ValueError:
        number = math.nan
    if name not in _CONFIRMED or not math.isfinite(number):
        raise argparse.ArgumentTypeError(label("cli.no_factor", told=told))
    return name, number


def _shown(told: str) -> tuple[str, str, str]:
    """A file or description, a map and a unit, such as ``ff.nii=FF:percent``; else wrong usage."""
    name, _, rest = told.rpartition("=")
    shows, _, unit = rest.partition(":")
    if not name or shows not in SHOWS or (unit and unit not in SHOWS[shows]):
        raise argparse.ArgumentTypeError(label("cli.not_shown", told=told))
    return name, shows, f"{shows.lower()}.{unit}" if unit else ""


def _add_json(one: argparse.ArgumentParser) -> None:
    one.add_argument("--json", action="store_true", help=label("cli.json"))


# ---- the commands: each imports its own libraries, which is the one reason for imports inside functions


def _open(asked: Asked) -> int:
    from app import compose

    return compose.run_window(asked.session)


def _demo(asked: Asked) -> int:
    from app import compose

    return compose.run_headless_demo(asked.dir) if asked.headless else compose.run_demo(asked.dir)


def _inspect(asked: Asked) -> int:
    from app.cli.inspect import inspect

    return inspect(asked.paths, _asked_for(asked), as_json=asked.json)


def _import(asked: Asked) -> int:
    from app.cli.imports import Import, import_files

    wanted = Import(
        protocol=asked.protocol,
        code=asked.code,
        codes=asked.codes,
        asked=_asked_for(asked),
        twins=asked.same_voxels,
    )
    return import_files(asked.paths, asked.session, wanted)


def _asked_for(asked: Asked) -> AskedFor:
    from app.cli.wishes import AskedFor

    # looking confirms nothing
    named = getattr(asked, "confirmed_by", "")
    return AskedFor(
        volumes=tuple(asked.volume),
        answers=tuple(asked.answer),
        who=asked.who or named,
        signal_ff=asked.signal_ff,
        resample=asked.resample,
        charset=getattr(asked, "charset", ""),
        confirmed=dict(getattr(asked, "confirm_scale", ())),
        confirmed_by=named or asked.who,
    )


def _measure(asked: Asked) -> int:
    from app.cli.files import measure
    from app.domain.shapes import Rectangle

    row, col, rows, cols = asked.rect
    rectangle = Rectangle(asked.slice, row, col, rows, cols, asked.angle, asked.slices)
    return measure(asked.path, rectangle, _asked_for(asked), as_json=asked.json)


def _clinical(asked: Asked) -> int:
    from app.cli.tables import import_table, table_command

    return import_table(table_command(asked, "clinical"))


def _readings(asked: Asked) -> int:
    from app.cli.tables import import_table, table_command

    return import_table(table_command(asked, "readings"))


def _analyse(asked: Asked) -> int:
    from app.cli.session import analyse_session
    from app.domain.clinical import Scheme
    from app.services.selection import LevelMean

    mean, scheme = (one.replace("-", "_") for one in (asked.incomplete, asked.groups))
    return analyse_session(
        asked.session, asked.levels, LevelMean(mean), Scheme(scheme), as_json=asked.json, reason=asked.reason
    )


def _export(asked: Asked) -> int:
    from app.cli.session import export_session

    return export_session(asked.session, asked.out, with_identity=asked.with_identity, reason=asked.reason)


def _verify(asked: Asked) -> int:
    from app.cli.verify import Wanted, verify_session

    wanted = Wanted(asked.head.strip().lower(), asked.recompute, asked.json, asked.reason)
    return verify_session(asked.session, wanted)


def _salvage(asked: Asked) -> int:
    from app.cli.verify import salvage

    return salvage(asked.broken, asked.to, as_json=asked.json)


def _restore(asked: Asked) -> int:
    from app.cli.verify import restore

    return restore(asked.backup, asked.images, asked.to)


def _exchange(asked: Asked) -> int:
    from app.cli.exchange import run

    return run(asked)


def _self_test(_asked: Asked) -> int:
    from app.cli.session import try_everything

    return try_everything()
