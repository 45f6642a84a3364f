"""Readings that came from a table: which places are taken, and writing many of them at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app import __version__
from app.domain.errors import InputError
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.domain.reading import Viewer
from app.store import audit, exams, results, sessions
from app.store.database import Database, json_text
from app.store.people import refuse_while_blinded

Place = tuple[int, str, int]
"""Key of an exam, name of a reader, round: each holds one reading."""


@dataclass(frozen=True, slots=True)
class NewReading:
    """A reading on its way into the store.

    Attributes
    ----------
    exam : int
        Key of the exam; negative for one that is made with it.
    reader, round : str, int
        Whose; somebody unknown is enrolled.
    means : mapping of Level to mapping of Quantity to float
        FF in %, R2* in s^-1.
    """

    exam: int
    reader: str
    round: int
    means: Mapping[Level, Mapping[Quantity, float]]


def places(database: Database, viewer: Viewer) -> dict[Place, str]:
    """Which places are taken, and whether by ``images`` or ``table``.

    Raises
    ------
    BlindingError
        As :func:`app.store.people.refuse_while_blinded`.
    """
    refuse_while_blinded(database, viewer)
    rows = database.rows(
        "SELECT exam_id, reader.name, round, origin FROM reading"
        " JOIN live_reader AS reader ON reader.id = reader_id"
    )
    return {(row["exam_id"], row["name"], row["round"]): row["origin"] for row in rows}


def add(
    database: Database,
    viewer: Viewer,
    new: Sequence[NewReading],
    cases: Mapping[int, tuple[str, Identity, float | None]],
    *,
    sha256: str,
) -> None:
    """Write readings as signed off, all of them or none, with the exams and readers they need.

    Parameters
    ----------
    database : Database
        The session.
    viewer : Viewer
        Who imports.
    new : sequence of NewReading
        No two for one place.
    cases : mapping of int to (str, Identity, float or None)
        Case code, identity and field strength in tesla of exams to be made, by the negative keys of ``new``.
    sha256 : str
        Of the file they came from.

    Raises
    ------
    InputError
        ``readings.changed_meanwhile`` when a place or a case code was taken since it was looked at.
    BlindingError
        As :func:`places`.
    """
    now = audit.utc_now()
    with database.transaction():
        taken = places(database, viewer)
        codes = {code.casefold() for code in exams.codes(database)}
        if any((one.exam, one.reader, one.round) in taken for one in new) or any(
            code.casefold() in codes for code, *_ in cases.values()
        ):
            raise InputError("readings.changed_meanwhile")
        keys = {key: exams.add_from_table(database, *told) for key, told in cases.items()}
        readers = {one.name: one.id for one in sessions.readers(database)}
        protocol_id, protocol = sessions.current_protocol(database)
        for one in new:
            if one.reader not in readers:
                readers[one.reader] = sessions.enrol(database, one.reader).id
            results.add_table_reading(
                database,
                keys.get(one.exam, one.exam),
                readers[one.reader],
                {level: dict(of_level) for level, of_level in one.means.items()},
                protocol_id=protocol_id,
                software=__version__,
                at_utc=now,
                round_number=one.round,
            )
        audit.append(
            database,
            actor=viewer.reader.name,
            action="table.imported",
            subject=f"{len({one.exam for one in new})} exams",
            new=json_text({"sha256": sha256, "readings": len(new), "new_cases": len(cases)}),
            protocol=protocol.stamp,
        )
