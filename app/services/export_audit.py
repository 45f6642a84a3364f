"""The record of changes as CSV, complete enough for anybody to check its chain."""

from __future__ import annotations

from pathlib import Path

from app import __version__
from app.domain.reading import Viewer
from app.files.tables import Table, write_tables
from app.services.export_fields import Field, table_of
from app.services.open_session import AuditRow, Session, audit_entries
from app.store import audit

_FIELDS: tuple[Field[AuditRow], ...] = (
    Field("entry", "Number of the entry, from 1 without a gap.", lambda one: one.seq),
    Field("at_utc", "When it was written.", lambda one: one.at_utc, values="ISO time, UTC"),
    Field("who", "Who did it.", lambda one: one.actor),
    Field("action", "What was done.", lambda one: one.action),
    Field("what", "To what: case code, level, round.", lambda one: one.subject),
    Field("old", "What it was before.", lambda one: one.old, values="JSON or text"),
    Field(
        "new",
        "What it is now. Under 'sealed' stand digests of the rows that were written, by table and key.",
        lambda one: one.kept,
        values="JSON or text",
    ),
    Field("reason", "The reason that was given.", lambda one: one.reason),
    Field("protocol", "Protocol and version in force.", lambda one: one.protocol),
    Field("software", "Version of the program.", lambda one: one.software),
    Field(
        "hash",
        "SHA-256 over the JSON list (without blanks, not escaped, UTF-8) of the hash of the entry before (64 "
        "zeros before the first) and of this row from 'entry' to 'software', before an apostrophe was set in "
        "front of a formula.",
        lambda one: one.hash,
    ),
)


def export_audit(session: Session, viewer: Viewer, folder: Path) -> tuple[Path, ...]:
    """Write ``NAME-audit.csv`` and ``NAME-audit-codebook.csv``, both or none.

    Parameters
    ----------
    session : Session
        The study; NAME is its file name without ending.
    viewer : Viewer
        Who asks.
    folder : Path
        Where; made when missing. Files of an earlier export are replaced.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the study is blinded.
    DataError
        ``export.cannot_write``.
    """
    entries = audit_entries(session, viewer)
    head = entries[-1].hash if entries else audit.START
    name = f"{session.path.stem}-audit"
    explained = [(one.name, one.meaning, one.values) for one in _FIELDS]
    explained += [
        (
            "",
            "Hash of the newest entry: kept elsewhere, it shows later whether the record was cut off.",
            head,
        ),
        ("", "Written by this version of MarrowMark.", __version__),
    ]
    tables = {
        f"{name}.csv": table_of(_FIELDS, entries),
        f"{name}-codebook.csv": Table(("column", "meaning", "values"), explained),
    }
    return write_tables(folder, tables)
