"""Look for whatever another program may have done to a session file: pages, triggers, chains, pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from app.domain.errors import StoreUnavailable
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.progress import Progress
from app.store import audit, faults, pixels, schema
from app.store.database import Database, Row
from app.store.sealing import Flaw, case_of
from app.store.voxels import STACKS, Stack


def pages(database: Database, progress: Progress) -> Iterator[Flaw]:
    """What SQLite itself finds wrong with tables and indexes, and rows that refer to none.

    Yields
    ------
    Flaw
        ``verify.page`` or ``verify.page_unreadable`` once for each damaged table, ``verify.orphan``.
    """
    tables, readable = tuple(schema.newest().tables), True
    for done, table in enumerate(tables):
        progress.report(done, len(tables))
        try:
            told = database.rows("SELECT quick_check FROM pragma_quick_check(?)", (table,))[0][0]
        except StoreUnavailable:
            readable = False
            yield Flaw("verify.page_unreadable", {"table": table})
            continue
        if told != "ok":
            readable = False
            yield Flaw("verify.page", {"table": table, "told": told})
    progress.report(len(tables), len(tables))
    for row in database.rows("SELECT * FROM pragma_foreign_key_check") if readable else ():
        yield Flaw("verify.orphan", {"table": row["table"], "key": row["rowid"], "parent": row["parent"]})


def triggers(database: Database) -> Iterator[Flaw]:
    """Triggers that are not those of the schema, word for word.

    Yields
    ------
    Flaw
        ``verify.trigger_missing``, ``verify.trigger_changed``, ``verify.trigger_added``.
    """
    wanted = schema.newest().triggers
    rows = database.rows("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name")
    found = {row["name"]: row["sql"] for row in rows}
    for name in sorted(wanted.keys() | found.keys()):
        if name not in found:
            yield Flaw("verify.trigger_missing", {"trigger": name})
        elif name not in wanted:
            yield Flaw("verify.trigger_added", {"trigger": name})
        elif found[name] != wanted[name]:
            yield Flaw("verify.trigger_changed", {"trigger": name})


def chain(database: Database) -> Iterator[Flaw]:
    """Where our own record was edited first.

    Yields
    ------
    Flaw
        ``verify.chain`` with the number of the entry.
    """
    broken = audit.first_break(database)
    if broken is not None:
        yield Flaw("verify.chain", {"seq": broken})


def foreign_chains(database: Database) -> Iterator[Flaw]:
    """Records of files that were merged, each against itself and against what the merge said of it.

    Yields
    ------
    Flaw
        ``verify.foreign_chain`` with merge and entry, ``verify.foreign_head`` with the merge.
    """
    entries = {
        merge_id: list(rows)
        for merge_id, rows in groupby(
            database.rows("SELECT * FROM foreign_audit ORDER BY merge_id, seq"), lambda row: row["merge_id"]
        )
    }
    for merge in database.rows("SELECT id, entries, head_hash FROM merge ORDER BY id"):
        yield from _foreign_chain(merge, entries.pop(merge["id"], []))
    for merge_id in entries:
        yield Flaw("verify.foreign_head", {"merge": merge_id})


def _foreign_chain(merge: Row, entries: Sequence[Row]) -> Iterator[Flaw]:
    broken = audit.chain_break(entries)
    if broken is not None:
        yield Flaw("verify.foreign_chain", {"merge": merge["id"], "seq": broken})
    head = entries[-1]["hash"] if entries else audit.START
    if (len(entries), head) != (merge["entries"], merge["head_hash"]):
        yield Flaw("verify.foreign_head", {"merge": merge["id"]})


def voxels(database: Database, progress: Progress) -> Iterator[Flaw]:
    """Maps and series whose voxels are not those that were imported.

    Yields
    ------
    Flaw
        ``verify.pixels`` with case and map.
    """
    found: list[tuple[Stack, Row]] = []
    for stack in STACKS:
        rows = database.rows(f"SELECT * FROM {stack.maps} ORDER BY id")  # noqa: S608 - own names
        found += [(stack, row) for row in rows]
    for done, (stack, row) in enumerate(found):
        progress.report(done, len(found))
        if not _same_voxels(database, stack, row):
            where = case_of(database, stack.maps, str(row["id"]))
            yield Flaw("verify.pixels", {"where": where, "map": row[stack.name]})
    progress.report(len(found), len(found))


def _same_voxels(database: Database, stack: Stack, row: Row) -> bool:
    sql = f"SELECT codec, content FROM {stack.slices} WHERE {stack.key} = ? ORDER BY slice"  # noqa: S608 - own names
    try:
        packed = database.rows(sql, (row["id"],))
        with faults.understood(database.path):
            stored = pixels.unpack(row["dtype"], pixels.read_grid(row["grid"]), packed)
    except StoreUnavailable:
        return False
    return bool(pixels.pixel_sha256(stored) == row["sha256"])


def count_chains(database: Database) -> int:
    """How many records of other files there are."""
    (row,) = database.rows("SELECT count(*) AS found FROM merge")
    return int(row["found"])


def values_of(database: Database, exam_id: int) -> dict[int, dict[Quantity, RoiStats]]:
    """Measured values of every revision on an exam, of all readers, by the key of the revision.

    Nobody may be shown them: they are held against voxels, in place.

    Raises
    ------
    StoreUnavailable
        ``store.corrupt`` where they make no sense.
    """
    rows = database.rows(
        "SELECT measurement.* FROM measurement JOIN roi_revision ON roi_revision.id = revision_id"
        " JOIN reading ON reading.id = reading_id WHERE exam_id = ?",
        (exam_id,),
    )
    found: dict[int, dict[Quantity, RoiStats]] = {}
    with faults.understood(database.path):
        for row in rows:
            stats = RoiStats(**{name: row[name] for name in RoiStats.__dataclass_fields__})
            found.setdefault(row["revision_id"], {})[Quantity(row["quantity"])] = stats
    return found
