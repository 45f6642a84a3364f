"""What a coordinator of another centre decided where its readers differed, on its way into this session."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from app.domain.disagreement import told
from app.domain.protocol import Level
from app.domain.reading import Reader, Role, Viewer
from app.services.final_values import Place, held_by_level, in_force
from app.store import adjudications, faults, joining
from app.store.database import Database
from app.store.results import results

# the round that final values come from
_ROUND = 1
# asks for everything; no session that is joined is blinded
_EVERYTHING = Viewer(Reader(0, ""), Role.COORDINATOR)


@dataclass(frozen=True, slots=True)
class Here:
    """What things of the centre are here.

    Attributes
    ----------
    exams, readers : mapping of int to int
        Key here of each that came, by its key there.
    names : mapping of str to str
        Name here of each reader, by the name there.
    protocols : mapping of str to int
        Key here of each protocol, by its stamp there.
    """

    exams: Mapping[int, int]
    readers: Mapping[int, int]
    names: Mapping[str, str]
    protocols: Mapping[str, int]


def exams_decided(database: Database) -> frozenset[int]:
    """Exams on whose levels anything was decided."""
    return frozenset(row["exam_id"] for row in database.rows("SELECT exam_id FROM live_decision"))


def decided(database: Database, exam_ids: Collection[int]) -> frozenset[Place]:
    """Levels of some exams on which anything was decided."""
    rows = database.rows("SELECT exam_id, level FROM live_decision")
    with faults.understood(database.path):
        return frozenset((row["exam_id"], Level(row["level"])) for row in rows if row["exam_id"] in exam_ids)


def write(theirs: Database, ours: Database, exam_ids: Collection[int], here: Here) -> None:
    """Write decisions on some exams with their values, inside the caller's transaction.

    A decision rests on what the readers held. Where it holds there it holds here too, on the readings as they
    were counted here; one that has ended there stays one that has ended.

    Parameters
    ----------
    theirs, ours : Database
        From where, and where to; the readings are written already.
    exam_ids : collection of int
        Keys of the exams there.
    here : Here
        What things of the centre are here.
    """
    rows = [
        row
        for row in theirs.rows("SELECT * FROM live_decision ORDER BY id")
        if row["exam_id"] in exam_ids and row["exam_id"] in here.exams
    ]
    if not rows:
        return
    holding, now = _holding(theirs), _held_here(ours, here)
    stamps = {
        row["id"]: f"{row['name']} v{row['version']}"
        for row in theirs.rows("SELECT id, name, version FROM protocol")
    }
    newest = {(row["exam_id"], row["level"]): row["id"] for row in rows}
    for row in rows:
        place, exam_id = (row["exam_id"], row["level"]), here.exams[row["exam_id"]]
        holds = place in holding and newest[place] == row["id"]
        with faults.understood(theirs.path):
            once = _renamed(row["readings"], here.names)
        instead = {
            "exam_id": exam_id,
            "chosen": here.names.get(row["chosen"], row["chosen"]),
            "readings": now.get((exam_id, row["level"]), once) if holds else once,
            "reader_id": here.readers[row["reader_id"]],
            "protocol_id": here.protocols[stamps[row["protocol_id"]]],
        }
        joining.copy_decision(theirs, ours, row, instead)


def _holding(theirs: Database) -> Collection[tuple[int, str]]:
    """Levels on which a decision of the centre holds."""
    cells = [one for one in results(theirs, _EVERYTHING) if one.signed_off and one.round == _ROUND]
    made = adjudications.adjudications(theirs, _EVERYTHING)
    return {(exam_id, level.value) for exam_id, level in in_force(made, held_by_level(cells))}


def _held_here(ours: Database, here: Here) -> dict[tuple[int, str], str]:
    """What the centre's readers hold here now, at each level of its exams."""
    names, exams = set(here.names.values()), set(here.exams.values())
    cells = [
        one
        for one in results(ours, _EVERYTHING)
        if one.signed_off and one.round == _ROUND and one.reader in names and one.exam_id in exams
    ]
    return {(exam_id, level.value): told(held) for (exam_id, level), held in held_by_level(cells).items()}


def _renamed(readings: str, names: Mapping[str, str]) -> str:
    """What readers held once, with the names they have here."""
    content = json.loads(readings)
    for one in content:
        one["reader"] = names.get(one["reader"], one["reader"])
    return json.dumps(sorted(content, key=lambda one: str(one["reader"])), sort_keys=True)
