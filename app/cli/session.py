"""Commands that read a session: ``analyse``, ``export``; and ``self-test``."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

from app import __version__
from app.cli.output import say, warn, write_json
from app.cli.passphrase import coordinator
from app.domain.clinical import Scheme
from app.services.analyse import analyse
from app.services.analysis_report import analysis_sentences, analysis_to_dict
from app.services.export import export
from app.services.open_session import open_session
from app.services.selection import LevelMean
from app.services.self_test import self_test, versions
from app.ui.sentences import RESEARCH_USE, label

_PLATFORM = "QT_QPA_PLATFORM"


def analyse_session(
    path: Path, levels: str | None, mean: LevelMean, scheme: Scheme, *, as_json: bool, reason: str = ""
) -> int:
    """Print the statistics of whatever is signed off.

    Parameters
    ----------
    path : Path
        The session.
    levels : str, optional
        ``L1-L4`` or ``L1-L5``; the protocol's mean otherwise.
    mean : LevelMean
        What becomes of means that lack levels.
    scheme : Scheme
        What makes the groups and the outcome.
    as_json : bool
        With the keys of :mod:`app.services.analysis_report`.
    reason : str
        Why a coordinator looks before their own reading is done.

    Raises
    ------
    AppError
        When the session cannot be opened, or a blinded round is open and nobody proves to coordinate it.
    """
    with closing(open_session(path)) as session:
        viewer = coordinator(session, reason)
        found = analyse(session, viewer, levels=levels, mean=mean, scheme=scheme)
    if as_json:
        write_json(analysis_to_dict(found))
        return 0
    for line in analysis_sentences(found):
        say(line)
    say(RESEARCH_USE)
    return 0


def export_session(path: Path, folder: Path, *, with_identity: bool, reason: str = "") -> int:
    """Write the tables of a session.

    Raises
    ------
    AppError
        When the session cannot be opened or the folder not written to, or as for :func:`analyse_session`.
    """
    with closing(open_session(path)) as session:
        written = export(session, coordinator(session, reason), folder, with_identity=with_identity)
    say(label("export.done", folder=str(folder), files=", ".join(file.name for file in written)))
    return 0


def try_everything() -> int:
    """Try on this computer what the program does, and say what it runs on.

    Raises
    ------
    AppError
        When something cannot be done at all.
    """
    say(label("self_test.version", name="MarrowMark", version=__version__))
    for name, version in versions().items():
        say(label("self_test.version", name=name, version=version))
    checks = [(check.code, check.passed) for check in self_test()]
    checks.append(("self_test.window", _window_opens()))
    for code, passed in checks:
        say(label("self_test.passed" if passed else "self_test.failed", what=label(code)))
    return 0 if all(passed for _, passed in checks) else 1


def _window_opens() -> bool:
    """Whether Qt can draw a window here, without needing a screen."""
    try:
        # Qt is loaded last: all else is told before a library that is missing can stop us
        from PySide6.QtCore import qVersion  # noqa: PLC0415
        from PySide6.QtWidgets import QWidget  # noqa: PLC0415

        from app.compose import application  # noqa: PLC0415
    except ImportError as problem:
        # on a bare Linux a library of the system is missing; its name is all that helps
        warn(label("self_test.no_qt", reason=str(problem)))
        return False
    say(label("self_test.version", name="Qt", version=qVersion()))
    before = os.environ.get(_PLATFORM)
    os.environ[_PLATFORM] = "offscreen"
    try:
        running = application()
        return bool(running.platformName()) and not QWidget().grab().isNull()
    finally:
        os.environ.pop(_PLATFORM)
        if before is not None:
            os.environ[_PLATFORM] = before
