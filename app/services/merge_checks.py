"""What must hold before readings that were made elsewhere are taken in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.domain.errors import InputError
from app.domain.maps import Quantity
from app.domain.protocol import Protocol
from app.domain.reading import Reader
from app.store import audit, faults, foreign, merging, sealing, sessions
from app.store.database import Database, Row
from app.store.foreign import About
from app.store.merging import PackageRow
from app.store.recounting import Place

STORY = frozenset(
    {"reading", "roi_revision", "roi_shape", "measurement", "reading_event", "reading_reason", "case_fact"}
)
"""Tables whose rows are taken in: what the file's own record says of them must hold."""


class MergeRefused(InputError):  # noqa: N818 - a verdict on a file
    """A file, or the reading of one case in it, is not taken in."""


@dataclass(frozen=True, slots=True)
class Came:
    """A package that came back and may be taken in.

    Attributes
    ----------
    about : About
        What the file says of itself.
    record : sequence of rows
        Its own record, whole.
    reader : Reader
        Whose readings it brings, as they are known here.
    reader_there : int
        Key of that reader in the file.
    protocols : mapping of str to int
        Key here of each protocol of the file, by its stamp.
    altered : frozenset of str
        Codes of cases whose rows are not those the file's record tells of.
    """

    about: About
    record: Sequence[Row]
    reader: Reader
    reader_there: int
    protocols: Mapping[str, int]
    altered: frozenset[str]


def accept(ours: Database, theirs: Database) -> Came:
    """Check a file as a whole.

    Raises
    ------
    MergeRefused
        ``merge.same_session``, ``merge.not_a_package``, ``merge.other_study``, ``merge.chain_broken``,
        ``merge.chain_start``, ``merge.chain_forked``, ``merge.other_reader``, ``merge.other_readings``,
        ``merge.unknown_protocol``, ``merge.protocol_differs``, ``merge.rows_changed``.
    """
    about, mine = foreign.about(theirs), foreign.about(ours).origin
    if about.origin == mine:
        raise MergeRefused("merge.same_session")
    if not about.study:
        raise MergeRefused("merge.not_a_package")
    if about.study != mine:
        raise MergeRefused("merge.other_study")
    record = checked_record(theirs)
    package = _package(ours, about, record)
    refuse_fork(ours, about.origin, record)
    reader, there = _reader(ours, theirs, package)
    protocols = known_protocols(ours, theirs)
    return Came(about, record, reader, there, protocols, altered_cases(theirs))


def checked_record(theirs: Database) -> Sequence[Row]:
    """The record of a file, whole and unbroken.

    Raises
    ------
    MergeRefused
        ``merge.chain_broken``.
    """
    record = foreign.record(theirs)
    broken = audit.chain_break(record)
    if broken is not None or not record:
        raise MergeRefused("merge.chain_broken", seq=broken or 1)
    return record


def _package(ours: Database, about: About, record: Sequence[Row]) -> PackageRow:
    """What we remember of a package: its record must begin where it was made, after an entry of ours."""
    package = next((one for one in merging.packages(ours) if one.origin == about.origin), None)
    begins = package is not None and package.first_hash == record[0]["hash"]
    if package is None or not begins or audit.number_of(ours, package.parent_hash) is None:
        raise MergeRefused("merge.chain_start")
    return package


def refuse_fork(ours: Database, origin: str, record: Sequence[Row]) -> None:
    """Refuse a file whose record is not the one that came before, carried on.

    Raises
    ------
    MergeRefused
        ``merge.chain_forked``.
    """
    for before in merging.merges(ours):
        if before.origin != origin or before.undone:
            continue
        if len(record) >= before.entries:
            same = record[before.entries - 1]["hash"] == before.head_hash
        else:
            # an older state of the file: all of it is here
            same = foreign.kept_record(ours, before.id)[len(record) - 1]["hash"] == record[-1]["hash"]
        if not same:
            raise MergeRefused("merge.chain_forked")


def _reader(ours: Database, theirs: Database, package: PackageRow) -> tuple[Reader, int]:
    (reader,) = (one for one in sessions.readers(ours) if one.id == package.reader_id)
    there = next((one.id for one in sessions.readers(theirs) if one.name == reader.name), None)
    if there is None:
        raise MergeRefused("merge.other_reader", reader=reader.name)
    sql = "SELECT 1 FROM reading WHERE reader_id <> ? OR round <> ? LIMIT 1"
    if theirs.row(sql, (there, package.round)) is not None:
        raise MergeRefused("merge.other_readings", reader=reader.name, round=package.round)
    return reader, there


def known_protocols(ours: Database, theirs: Database) -> dict[str, int]:
    """Key here of each protocol of a file.

    Raises
    ------
    MergeRefused
        ``merge.unknown_protocol``; ``merge.protocol_differs`` when it says something else here.
    """
    known = {f"{row['name']} v{row['version']}": row for row in _protocols(ours)}
    found = {}
    for row in _protocols(theirs):
        stamp = f"{row['name']} v{row['version']}"
        if stamp not in known:
            raise MergeRefused("merge.unknown_protocol", protocol=stamp)
        with faults.understood(theirs.path):
            same = Protocol.from_json(known[stamp]["content"]) == Protocol.from_json(row["content"])
        if not same:
            raise MergeRefused("merge.protocol_differs", protocol=stamp)
        found[stamp] = known[stamp]["id"]
    return found


def _protocols(database: Database) -> list[Row]:
    return database.rows("SELECT id, name, version, content FROM protocol ORDER BY id")


def altered_cases(theirs: Database) -> frozenset[str]:
    """Codes of cases in which rows are not as the file's own record says they were written.

    Raises
    ------
    MergeRefused
        ``merge.rows_changed`` where it cannot be told which case it is.
    """
    flaws = [
        flaw for flaw in sealing.compare(theirs, sealing.sealed_rows(theirs)) if flaw.values["table"] in STORY
    ]
    # "C0417/L1/round 1/name"
    codes = [str(flaw.values["where"]).partition("/")[0] for flaw in flaws]
    known = {row["code"] for row in theirs.rows("SELECT code FROM exam")}
    if not set(codes) <= known:
        raise MergeRefused("merge.rows_changed", count=len(flaws))
    return frozenset(codes)


def refuse_case(came: Came, case: str, *, known: bool) -> None:
    """Refuse a case that nobody knows here, or that was tampered with.

    Raises
    ------
    MergeRefused
        ``merge.unknown_case``, ``merge.not_in_record``.
    """
    if not known:
        raise MergeRefused("merge.unknown_case", case=case)
    if case in came.altered:
        raise MergeRefused("merge.not_in_record", case=case)


def same_voxels(case: str, here: Place | None, there: Place | None) -> Place:
    """Check that an exam is the same one in both files, and give it as it is here.

    Raises
    ------
    MergeRefused
        ``merge.pixels_differ``; ``merge.grid_changed`` where a map that joined here meanwhile changed the
        lines on which rectangles are drawn.
    """
    differ = next(_differing(here, there), None)
    if here is None or there is None or differ is not None:
        raise MergeRefused("merge.pixels_differ", case=case, quantity=(differ or Quantity.FF).value)
    if here.lines != there.lines:
        raise MergeRefused("merge.grid_changed", case=case)
    return here


def _differing(here: Place | None, there: Place | None) -> Iterator[Quantity]:
    if here is not None and there is not None:
        for quantity, sha256 in there.hashes.items():
            if here.hashes.get(quantity) != sha256:
                yield quantity
