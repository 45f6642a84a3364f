"""Taking a merge back as one step: its rows stay in the file and no longer count."""

from __future__ import annotations

from collections.abc import Mapping

from app.domain.errors import InputError
from app.store import audit, centre_use, merging
from app.store.centre_use import STORIES, Span
from app.store.database import Database, json_text
from app.store.merging import CENTRE, MergeRow

# what of a centre no longer counts beside its readings
_BESIDE = ("exam", "reader", "round", "clinical", "typed", "decision")


def withdraw(database: Database, merge_id: int, *, actor: str) -> str:
    """Take back all rows of a merge, of results or of a centre, with its entry in the record.

    Parameters
    ----------
    database : Database
        The session.
    merge_id : int
        Which merge.
    actor : str
        Who takes it back.

    Returns
    -------
    str
        Kind of the merge.

    Raises
    ------
    InputError
        ``merge.unknown``; ``merge.undone_already``; ``merge.built_upon`` where rows that came later rest on
        those of the merge; of a centre ``join.built_upon``, ``join.reader_stays``, ``join.round_stays``, and
        ``join.kept_too_little`` where an older version joined it.
    """
    with database.transaction():
        found = next((one for one in merging.merges(database) if one.id == merge_id), None)
        if found is None:
            raise InputError("merge.unknown")
        if found.undone:
            raise InputError("merge.undone_already")
        rows = database.rows("SELECT what, first, last FROM merge_rows WHERE merge_id = ?", (merge_id,))
        spans = {row["what"]: (row["first"], row["last"]) for row in rows}
        if found.kind == CENTRE:
            centre_use.refuse_used(database, merge_id, spans, actor)
            _withdraw_centre(database, merge_id, spans)
        else:
            centre_use.refuse_built_upon(database, spans)
            for what in STORIES:
                _add(database, found.reader_id, merge_id, what, spans[what])
        _note(database, found, actor)
    return found.kind


def _withdraw_centre(database: Database, merge_id: int, spans: Mapping[str, Span]) -> None:
    for what, table in STORIES.items():
        sql = (
            f"SELECT DISTINCT reader_id FROM {table} AS one JOIN reading ON reading.id = reading_id"  # noqa: S608 - own names
            " WHERE one.id BETWEEN ? AND ? ORDER BY reader_id"
        )
        # one for each reader, because a reader has to see which of their own rows count
        for row in database.rows(sql, spans[what]):
            _add(database, row["reader_id"], merge_id, what, spans[what])
    for what in _BESIDE:
        _add(database, None, merge_id, what, spans[what], always=what == "exam")


def _add(
    database: Database, reader_id: int | None, merge_id: int, what: str, span: Span, *, always: bool = False
) -> None:
    """Write that rows no longer count; where there are none, only if something has to tell of the merge."""
    if always or span[0] <= span[1]:
        database.insert(
            "INSERT INTO withdrawn (reader_id, merge_id, what, first, last, at_utc)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (reader_id, merge_id, what, *span, audit.utc_now()),
        )


def _note(database: Database, found: MergeRow, actor: str) -> None:
    content = {"merge": found.id, "origin": found.origin, "head_hash": found.head_hash}
    centre = found.kind == CENTRE
    audit.append(
        database,
        actor=actor,
        action="centre.taken_back" if centre else "merge.undone",
        subject=found.label if centre else "session",
        old=json_text(content),
    )
