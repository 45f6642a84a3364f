"""Whether something rests on what a merge brought, so that it cannot be taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from app.domain.errors import InputError
from app.store import people, rounds, sessions
from app.store.database import Database

Span = tuple[int, int]
"""First and last key of the rows that came; the first is greater where none did."""

STORIES = {"revision": "roi_revision", "event": "reading_event", "fact": "case_fact"}
"""Tables of what readers say, each with a view ``live_...`` of what counts of it."""


def refuse_built_upon(database: Database, spans: Mapping[str, Span]) -> None:
    """Refuse where a reading goes on after the rows of a merge of results.

    Raises
    ------
    InputError
        ``merge.built_upon`` with the number of cases and the code of the first.
    """
    cases = _codes(database, _read_later(database, spans, _touched(database, spans)))
    if cases:
        raise InputError("merge.built_upon", count=len(cases), first=cases[0])


def refuse_used(database: Database, merge_id: int, spans: Mapping[str, Span], actor: str) -> None:
    """Refuse where anything done here rests on a centre that was joined.

    Raises
    ------
    InputError
        ``join.kept_too_little`` where an older version joined it; ``join.built_upon`` where its exams were
        read, decided on, given clinical values or further images, or its readers or rounds have read others;
        ``join.reader_stays`` where a reader of it holds a role or a secret here, or is the one who asks;
        ``join.round_stays`` where cases are assigned in a round that came with it.
    """
    if "exam" not in spans:
        raise InputError("join.kept_too_little")
    cases = _codes(database, set(_used(database, merge_id, spans)))
    if cases:
        raise InputError("join.built_upon", count=len(cases), first=cases[0])
    _refuse_readers(database, spans["reader"], actor)
    _refuse_rounds(database, spans["round"])


def _keys(database: Database, sql: str, parameters: tuple[int, ...]) -> set[int]:
    return {row[0] for row in database.rows(sql, parameters)}


def _codes(database: Database, exam_ids: set[int]) -> list[str]:
    rows = database.rows("SELECT id, code FROM live_exam ORDER BY code")
    return [row["code"] for row in rows if row["id"] in exam_ids]


def _touched(database: Database, spans: Mapping[str, Span]) -> set[int]:
    """Readings that rows of a merge went into."""
    found: set[int] = set()
    for what, table in STORIES.items():
        sql = f"SELECT DISTINCT reading_id FROM {table} WHERE id BETWEEN ? AND ?"  # noqa: S608 - own names
        found |= _keys(database, sql, spans[what])
    return found


def _read_later(database: Database, spans: Mapping[str, Span], readings: set[int]) -> set[int]:
    """Exams of those readings in which something counts that came after a merge."""
    later: set[int] = set()
    for what in STORIES:
        sql = f"SELECT DISTINCT reading_id FROM live_{what} WHERE id > ?"  # noqa: S608 - own names
        later |= _keys(database, sql, spans[what][1:])
    rows = database.rows("SELECT id, exam_id FROM reading")
    return {row["exam_id"] for row in rows if row["id"] in readings & later}


_READINGS = """
SELECT reading.id FROM reading
WHERE exam_id IN (SELECT exam_id FROM centre_case WHERE merge_id = ? AND NOT same)
    OR reader_id BETWEEN ? AND ?
    OR round IN (SELECT number FROM study_round WHERE id BETWEEN ? AND ? AND number > ?)
"""
_NEW = "exam_id IN (SELECT exam_id FROM centre_case WHERE merge_id = ? AND NOT same)"
_ITS = "exam_id IN (SELECT exam_id FROM centre_case WHERE merge_id = ?)"
# exams that are here already and had no row and nothing typed in before
_GIVEN = """exam_id IN (
    SELECT exam_id FROM clinical_edit WHERE id BETWEEN ? AND ?
    UNION SELECT exam_id FROM clinical_row WHERE import_id BETWEEN ? AND ? AND exam_id NOT IN (
        SELECT exam_id FROM clinical_row WHERE exam_id IS NOT NULL
        AND import_id = (SELECT max(id) FROM live_clinical WHERE id < ?)
    )
)"""


def _used(database: Database, merge_id: int, spans: Mapping[str, Span]) -> Iterator[int]:
    """Exams on which something was done since that rests on a centre."""
    of_centre = (merge_id, *spans["reader"], *spans["round"], rounds.FIRST)
    readings = _keys(database, _READINGS, of_centre) | _touched(database, spans)
    yield from _read_later(database, spans, readings)
    for table, what, whose in (
        ("live_decision", "decision", _ITS),
        ("live_typed", "typed", _NEW),
        ("map", "map", _NEW),
        ("reference_series", "series", _NEW),
    ):
        sql = f"SELECT exam_id FROM {table} WHERE id > ? AND {whose}"  # noqa: S608 - own words
        yield from _keys(database, sql, (spans[what][1], merge_id))
    given = (*spans["typed"], *spans["clinical"], spans["clinical"][0])
    sql = f"SELECT exam_id FROM live_typed WHERE id > ? AND {_GIVEN}"  # noqa: S608 - own words
    yield from _keys(database, sql, (spans["typed"][1], *given))
    rows = "SELECT exam_id FROM clinical_row JOIN live_clinical ON live_clinical.id = import_id"
    sql = f"{rows} WHERE import_id > ? AND {_NEW}"
    yield from _keys(database, sql, (spans["clinical"][1], merge_id))
    # a later join takes over the rows that are there; any other table has its own
    sql = f"{rows} WHERE import_id > ? AND encoding = 'marrow' AND {_GIVEN}"
    yield from _keys(database, sql, (spans["clinical"][1], *given))


def _refuse_readers(database: Database, came: Span, actor: str) -> None:
    held = people.roles(database) if people.any_grant(database) else {}
    proving = people.with_secret(database)
    for reader in sessions.readers(database):
        works = held.get(reader.id) or reader.id in proving or reader.name == actor
        if works and came[0] <= reader.id <= came[1]:
            raise InputError("join.reader_stays", name=reader.name)


def _refuse_rounds(database: Database, came: Span) -> None:
    sql = "SELECT number FROM study_round WHERE id BETWEEN ? AND ? AND number > ?"
    numbers = _keys(database, sql, (*came, rounds.FIRST))
    for (_, number), cases in rounds.given(database).items():
        if number in numbers and any(one.active for one in cases.values()):
            raise InputError("join.round_stays", round=number)
