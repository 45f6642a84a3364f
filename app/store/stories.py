"""Whole readings as rows, to be compared with those of another session file and written into it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.store import faults
from app.store.database import Database, Row
from app.store.readings import add_measurements, rectangle_of

Numbers = Mapping[Quantity, RoiStats]

_STATS = tuple(RoiStats.__dataclass_fields__)
# of each table what is taken over as it is
_REVISION = (
    "level",
    "kind",
    "slice",
    "row0",
    "col0",
    "rows",
    "cols",
    "reason",
    "note",
    "action",
    "rule",
    "software",
    "at_utc",
)
_BOX = frozenset({"slice", "row0", "col0", "rows", "cols"})
_EVENT = ("kind", "software", "at_utc")
_FACT = ("kind", "value", "note", "software", "at_utc")
_SHAPE = ("angle_deg", "depth")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a reading's story, without the keys it happens to have in its file.

    Attributes
    ----------
    values : tuple
        Its columns in a fixed order.
    protocol : str
        Stamp of the protocol it was made under.
    refers : int or None
        Place in the story of the revision it names.
    more : tuple
        Of a revision how it is turned and how deep it is, of an event the reason; empty for the usual case.
    id : int
        Key in the file it was read from; no part of what makes two lines the same.
    """

    values: tuple[object, ...]
    protocol: str
    refers: int | None = None
    more: tuple[object, ...] = ()
    id: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Drawn(Line):
    """A revision with what it shows and holds.

    Attributes
    ----------
    level : str
        The slot.
    rectangle : Rectangle or None
        Where; None for a level that was emptied or marked.
    numbers : mapping of Quantity to RoiStats
        What the file says was counted. They are checked against voxels, not compared with each other: a map
        that joins an exam later adds numbers to revisions.
    """

    level: str = ""
    rectangle: Rectangle | None = field(default=None, compare=False)
    numbers: Numbers = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Story:
    """All rows of one reading that count.

    Attributes
    ----------
    reading_id, exam_id : int
        Keys in the file it was read from; 0 before there is a reading.
    origin, at_utc : str
        From images or a table, and since when.
    revisions : tuple of Drawn
        Oldest first, as are the others.
    events, facts : tuple of Line
        Sign-offs, and what was said of the case.
    """

    reading_id: int = 0
    exam_id: int = 0
    origin: str = "images"
    at_utc: str = ""
    revisions: tuple[Drawn, ...] = ()
    events: tuple[Line, ...] = ()
    facts: tuple[Line, ...] = ()

    def begins_with(self, other: Story) -> bool:
        """Whether everything of another story is here too, in the same order and before anything else."""
        pairs = (
            (self.revisions, other.revisions),
            (self.events, other.events),
            (self.facts, other.facts),
        )
        return all(mine[: len(theirs)] == theirs for mine, theirs in pairs)

    def after(self, other: Story) -> Story:
        """What comes after another story that this one begins with."""
        return replace(
            self,
            revisions=self.revisions[len(other.revisions) :],
            events=self.events[len(other.events) :],
            facts=self.facts[len(other.facts) :],
        )

    def without_places(self) -> Story:
        """The values alone, as those of a table: where a rectangle lay says nothing without its image."""
        bare = tuple(
            replace(
                one,
                values=tuple(
                    None if name in _BOX else value for name, value in zip(_REVISION, one.values, strict=True)
                ),
                more=(),
                rectangle=None,
            )
            for one in self.revisions
        )
        return replace(self, origin="table", revisions=bare)

    @property
    def empty(self) -> bool:
        """Whether nothing was written."""
        return not (self.revisions or self.events or self.facts)

    @property
    def locked(self) -> bool:
        """Whether the reading is signed off."""
        return bool(self.events) and self.events[-1].values[0] == "signed_off"


_REVISIONS = (
    "SELECT live_revision.*, angle_deg, depth FROM live_revision JOIN reading ON reading.id = reading_id"
    " LEFT JOIN roi_shape ON revision_id = live_revision.id"
    " WHERE reader_id = ? AND round = ? ORDER BY live_revision.id"
)
_NUMBERS = (
    "SELECT measurement.* FROM measurement JOIN roi_revision ON roi_revision.id = revision_id"
    " JOIN reading ON reading.id = reading_id WHERE reader_id = ? AND round = ?"
)
_EVENTS = (
    "SELECT live_event.*, reason FROM live_event JOIN reading ON reading.id = reading_id"
    " LEFT JOIN reading_reason ON event_id = live_event.id"
    " WHERE reader_id = ? AND round = ? ORDER BY live_event.id"
)
_FACTS = (
    "SELECT live_fact.* FROM live_fact JOIN reading ON reading.id = reading_id"
    " WHERE reader_id = ? AND round = ? ORDER BY live_fact.id"
)


def stories(database: Database, reader_id: int, round_number: int) -> dict[int, Story]:
    """All readings of one reader in one round that hold anything, by exam.

    Raises
    ------
    StoreUnavailable
        ``store.corrupt`` where the rows make no sense.
    """
    whose = (reader_id, round_number)
    with database.snapshot(), faults.understood(database.path):
        stamps = {
            row["id"]: f"{row['name']} v{row['version']}"
            for row in database.rows("SELECT id, name, version FROM protocol")
        }
        revisions = _revisions(database, whose, stamps)
        place = {one.id: index for lines in revisions.values() for index, one in enumerate(lines)}
        events = _events(database, whose, stamps)
        facts = _facts(database, whose, stamps, place)
        found = [
            Story(
                reading_id=row["id"],
                exam_id=row["exam_id"],
                origin=row["origin"],
                at_utc=row["at_utc"],
                revisions=tuple(revisions.get(row["id"], ())),
                events=tuple(events.get(row["id"], ())),
                facts=tuple(facts.get(row["id"], ())),
            )
            for row in database.rows("SELECT * FROM reading WHERE reader_id = ? AND round = ?", whose)
        ]
    return {one.exam_id: one for one in found}


def _values(row: Row, names: Sequence[str]) -> tuple[object, ...]:
    return tuple(row[name] for name in names)


def _revisions(
    database: Database, whose: tuple[int, int], stamps: Mapping[int, str]
) -> dict[int, list[Drawn]]:
    numbers: dict[int, dict[Quantity, RoiStats]] = defaultdict(dict)
    for row in database.rows(_NUMBERS, whose):
        counted = RoiStats(**{name: row[name] for name in _STATS})
        numbers[row["revision_id"]][Quantity(row["quantity"])] = counted
    found: dict[int, list[Drawn]] = defaultdict(list)
    place: dict[int, int] = {}
    for row in database.rows(_REVISIONS, whose):
        # whatever it says, it is said in words that are known here
        Level(row["level"]), Reason(row["reason"] or Reason.OTHER)
        lines = found[row["reading_id"]]
        place[row["id"]] = len(lines)
        lines.append(
            Drawn(
                values=_values(row, _REVISION),
                protocol=stamps[row["protocol_id"]],
                refers=None if row["target"] is None else place[row["target"]],
                more=() if row["depth"] is None else _values(row, _SHAPE),
                id=row["id"],
                level=row["level"],
                rectangle=rectangle_of(row),
                numbers=numbers.get(row["id"], {}),
            )
        )
    return found


def _events(database: Database, whose: tuple[int, int], stamps: Mapping[int, str]) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = defaultdict(list)
    for row in database.rows(_EVENTS, whose):
        more = () if row["reason"] is None else (row["reason"],)
        line = Line(_values(row, _EVENT), stamps[row["protocol_id"]], None, more, row["id"])
        found[row["reading_id"]].append(line)
    return found


def _facts(
    database: Database, whose: tuple[int, int], stamps: Mapping[int, str], place: Mapping[int, int]
) -> dict[int, list[Line]]:
    found: dict[int, list[Line]] = defaultdict(list)
    for row in database.rows(_FACTS, whose):
        refers = None if row["revision_id"] is None else place[row["revision_id"]]
        line = Line(_values(row, _FACT), stamps[row["protocol_id"]], refers, (), row["id"])
        found[row["reading_id"]].append(line)
    return found


# ---- into another file


@dataclass(frozen=True, slots=True)
class Whose:
    """Where a story goes.

    Attributes
    ----------
    exam_id, reader_id, round : int
        Keys in the file that is written.
    protocols : mapping of str to int
        Key of each protocol there, by its stamp.
    """

    exam_id: int
    reader_id: int
    round: int
    protocols: Mapping[str, int]


def write_story(
    database: Database, whose: Whose, held: Story, new: Story, counted: Mapping[int, Numbers] | None = None
) -> None:
    """Write what comes after the story that is held, inside the caller's transaction.

    Parameters
    ----------
    database : Database
        The file that is written.
    whose : Whose
        Where the story goes.
    held : Story
        What is there already; an empty one where no reading is.
    new : Story
        The rows that come after it.
    counted : mapping of int to Numbers, optional
        What each revision holds, by the key it has in the file it comes from; otherwise what that file says.
    """
    reading_id = held.reading_id or database.insert(
        "INSERT INTO reading (exam_id, reader_id, round, origin, at_utc) VALUES (?, ?, ?, ?, ?)",
        (whose.exam_id, whose.reader_id, whose.round, new.origin, new.at_utc),
    )
    keys = [one.id for one in held.revisions]
    for one in new.revisions:
        keys.append(_write_revision(database, reading_id, whose, one, keys))
        add_measurements(database, keys[-1], one.numbers if counted is None else counted.get(one.id, {}))
    _write_events(database, reading_id, whose, new.events)
    for fact in new.facts:
        named = None if fact.refers is None else keys[fact.refers]
        database.insert(
            "INSERT INTO case_fact"
            " (reading_id, kind, value, note, software, at_utc, revision_id, protocol_id)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (reading_id, *fact.values, named, whose.protocols[fact.protocol]),
        )


def _write_revision(
    database: Database, reading_id: int, whose: Whose, one: Drawn, keys: Sequence[int]
) -> int:
    target = None if one.refers is None else keys[one.refers]
    key = database.insert(
        f"INSERT INTO roi_revision (reading_id, {', '.join(_REVISION)}, target, protocol_id)"  # noqa: S608 - own names
        f" VALUES ({', '.join('?' * (len(_REVISION) + 3))})",
        (reading_id, *one.values, target, whose.protocols[one.protocol]),
    )
    if one.more:
        database.insert(
            "INSERT INTO roi_shape (revision_id, angle_deg, depth) VALUES (?, ?, ?)", (key, *one.more)
        )
    return key


def _write_events(database: Database, reading_id: int, whose: Whose, events: Iterable[Line]) -> None:
    for one in events:
        key = database.insert(
            "INSERT INTO reading_event (reading_id, kind, software, at_utc, protocol_id)"
            " VALUES (?, ?, ?, ?, ?)",
            (reading_id, *one.values, whose.protocols[one.protocol]),
        )
        if one.more:
            database.insert("INSERT INTO reading_reason (event_id, reason) VALUES (?, ?)", (key, *one.more))
