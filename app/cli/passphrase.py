"""The door of commands that show readings: in a blinded study they ask for the coordinator's passphrase."""

from __future__ import annotations

import os
import sys
from getpass import getpass

from app.domain.reading import Viewer
from app.services.open_session import Session
from app.services.sign_in import (
    coordinate,
    coordinator_has_secret,
    needs_sign_in,
    open_to_import,
    require_coordinator,
)
from app.ui.sentences import label

VARIABLE = "MARROWMARK_PASSPHRASE"


def coordinator(session: Session, reason: str = "") -> Viewer:
    """Open a session whole for a command that shows readings.

    Parameters
    ----------
    session : Session
        As it was opened.
    reason : str
        Why somebody who reads too looks before their own reading is done.

    Raises
    ------
    AppError
        As :func:`app.services.sign_in.require_coordinator`.
    """
    return require_coordinator(session, _passphrase(session), reason=reason)


def manager(session: Session) -> Viewer:
    """Open a session for a command of the coordinator that shows no readings.

    Raises
    ------
    AppError
        As :func:`app.services.sign_in.coordinate`.
    """
    return coordinate(session, _passphrase(session))


def importer(session: Session) -> str:
    """Open a session for an import, which shows no readings.

    Returns
    -------
    str
        Who proved to be its coordinator; empty where nobody had to.

    Raises
    ------
    AppError
        As :func:`app.services.sign_in.open_to_import`.
    """
    viewer = open_to_import(session, _passphrase(session))
    return viewer.reader.name if viewer else ""


def _passphrase(session: Session) -> str | None:
    """What the environment says or a person types; None where nobody can or need be asked."""
    if not (needs_sign_in(session) and coordinator_has_secret(session)):
        return None
    told = os.environ.get(VARIABLE)
    if told is None and sys.stdin is not None and sys.stdin.isatty():
        told = getpass(f"{label('cli.passphrase')} ", stream=sys.stderr)
    return told or None
