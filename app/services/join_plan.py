"""What of another centre's session would come, under which codes and names, and what forbids it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

from app.domain.protocol import Protocol
from app.services import join_decisions, merge_checks
from app.services.case_codes import LONGEST
from app.services.merge_checks import MergeRefused
from app.services.merge_plan import Why
from app.store import (
    faults,
    foreign,
    joining_clinical,
    merging,
    people,
    recounting,
    sealing,
    sessions,
    stories,
)
from app.store.database import Database, Row
from app.store.recounting import Place
from app.store.stories import Story

# what decides which voxels a number is made of; figures that only warn or analyse may differ
_MEASURES = (
    "slices",
    "rotation",
    "size_locked",
    "first_ap_mm",
    "first_cc_mm",
    "anterior_fraction",
    "margin_mm",
    "margin_native_voxels",
    "min_area_mm2",
    "min_native_voxels",
)
_CODES = "SELECT id, code FROM live_exam"


@dataclass(frozen=True, slots=True)
class CentreCase:
    """One exam of the other centre.

    Attributes
    ----------
    code_there, code_here : str
        Its case code there, and the one it gets or has here.
    same : bool
        The exam is here already (the same voxels); only readings come.
    field_strength_t : float or None
        Of the scanner, tesla.
    why : Why or None
        Why it does not come.
    """

    code_there: str
    code_here: str
    same: bool
    field_strength_t: float | None
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class JoinPlan:
    """What joining would do; one of which only the wishes are known holds nothing else.

    Attributes
    ----------
    path, label : Path, str
        The other session, and the short name of its centre.
    origin : str
        What the other session is known by.
    with_images : bool
        Whether voxels come, or values only.
    same_readers : frozenset of str
        Names that are the same person at both centres.
    cases : tuple of CentreCase
        Exam by exam.
    readers : tuple of (str, str)
        Name there and name here of each reader.
    readings, clinical_rows, typed, decisions : int
        How many readings come, rows of the clinical table, values that were typed in, and levels that a
        coordinator decided on.
    refusal : Why or None
        Why the whole session is refused.
    head_hash : str
        End of the other session's record.
    """

    path: Path
    label: str
    origin: str
    with_images: bool
    same_readers: frozenset[str]
    cases: tuple[CentreCase, ...] = ()
    readers: tuple[tuple[str, str], ...] = ()
    readings: int = 0
    clinical_rows: int = 0
    typed: int = 0
    decisions: int = 0
    refusal: Why | None = None
    head_hash: str = ""


def planned(ours: Database, theirs: Database, asked: JoinPlan) -> JoinPlan:
    """Fill in a plan of which only the wishes are known."""
    origin = foreign.about(theirs).origin
    try:
        record = _accept(ours, theirs)
        readers = tuple(_named(ours, theirs, asked))
        cases = _cases(ours, theirs, asked, readers)
    except MergeRefused as no:
        return replace(asked, origin=origin, refusal=Why(no.code, no.values))
    coming = {one.code_there for one in cases if one.why is None}
    codes = {row["id"]: row["code"] for row in theirs.rows(_CODES)}
    known = joining_clinical.known(theirs, undescribed(ours, theirs, cases))
    return replace(
        asked,
        origin=origin,
        cases=cases,
        readers=tuple((there, here) for _, there, here in readers),
        readings=sum(codes[story.exam_id] in coming for _, _, story in stories_of(theirs)),
        clinical_rows=known.rows,
        typed=known.typed,
        decisions=len(join_decisions.decided(theirs, undecided(ours, theirs, cases))),
        head_hash=record[-1]["hash"],
    )


def undescribed(ours: Database, theirs: Database, cases: Sequence[CentreCase]) -> frozenset[int]:
    """Keys there of exams that come and of whose patients nothing is known here; of others ours stays."""
    return _there(ours, theirs, cases, joining_clinical.described(ours))


def undecided(ours: Database, theirs: Database, cases: Sequence[CentreCase]) -> frozenset[int]:
    """Keys there of exams that come and on which nothing was decided here; of others ours stands."""
    return _there(ours, theirs, cases, join_decisions.exams_decided(ours))


def _there(
    ours: Database, theirs: Database, cases: Sequence[CentreCase], held: Collection[int]
) -> frozenset[int]:
    known = {row["code"] for row in ours.rows(_CODES) if row["id"] in held}
    wanted = {
        one.code_there for one in cases if one.why is None and not (one.same and one.code_here in known)
    }
    return frozenset(row["id"] for row in theirs.rows(_CODES) if row["code"] in wanted)


def _accept(ours: Database, theirs: Database) -> Sequence[Row]:
    """Check the other session as a whole, and give its record.

    Raises
    ------
    MergeRefused
        ``merge.same_session``, ``join.is_package``, ``join.blinded``, ``join.already``,
        ``merge.chain_broken``, ``merge.rows_changed``, ``join.protocols_differ``.
    """
    about = foreign.about(theirs)
    if about.origin == foreign.about(ours).origin:
        raise MergeRefused("merge.same_session")
    if about.study:
        raise MergeRefused("join.is_package")
    if people.blinded(theirs):
        raise MergeRefused("join.blinded")
    if any(one.origin == about.origin and not one.undone for one in merging.merges(ours)):
        raise MergeRefused("join.already")
    record = merge_checks.checked_record(theirs)
    flaws = list(sealing.compare(theirs, sealing.sealed_rows(theirs)))
    if flaws:
        raise MergeRefused("merge.rows_changed", count=len(flaws))
    _refuse_other_rules(ours, theirs)
    return record


def _refuse_other_rules(ours: Database, theirs: Database) -> None:
    here = sessions.current_protocol(ours)[1]
    for row in theirs.rows("SELECT DISTINCT content FROM protocol"):
        with faults.understood(theirs.path):
            there = Protocol.from_json(row["content"])
        for name in _MEASURES:
            one, other = getattr(here, name), getattr(there, name)
            if one != other:
                told = {"field": name, "here": str(one), "there": str(other), "protocol": there.stamp}
                raise MergeRefused("join.protocols_differ", **told)


def _named(ours: Database, theirs: Database, asked: JoinPlan) -> Iterator[tuple[int, str, str]]:
    """Key there, name there and name here of each reader who has read or decided anything."""
    taken = {reader.name for reader in sessions.readers(ours)}
    active = {row["reader_id"] for row in theirs.rows(_ACTIVE)}
    for reader in sessions.readers(theirs):
        if reader.id in active:
            name = reader.name
            if name in taken and name not in asked.same_readers:
                numbered = (f"{name} ({asked.label} {number})" for number in count(2))
                first = f"{name} ({asked.label})"
                name = first if first not in taken else next(one for one in numbered if one not in taken)
            taken.add(name)
            yield reader.id, reader.name, name


_ACTIVE = "SELECT reader_id FROM live_reading UNION SELECT reader_id FROM live_decision"


def stories_of(theirs: Database) -> Iterator[tuple[int, int, Story]]:
    """Reader and round of every reading that holds anything, and the reading."""
    for row in theirs.rows("SELECT DISTINCT reader_id, round FROM reading ORDER BY reader_id, round"):
        for story in stories.stories(theirs, row["reader_id"], row["round"]).values():
            if not story.empty:
                yield row["reader_id"], row["round"], story


def _cases(
    ours: Database, theirs: Database, asked: JoinPlan, readers: Sequence[tuple[int, str, str]]
) -> tuple[CentreCase, ...]:
    taken = {row["code"].casefold() for row in ours.rows(_CODES)}
    listed = theirs.rows("SELECT id, code, field_strength_t FROM live_exam ORDER BY code")
    # a code that clashes with nothing stays, so none of the new ones may be one of those
    taken_there = {row["code"].casefold() for row in listed}
    by_voxels = _by_voxels(ours)
    there = recounting.places(theirs)
    clashing = _read_by_both(ours, theirs, readers)
    found = []
    for row in listed:
        place = there.get(row["id"])
        same = _same_exam(by_voxels, place)
        why = None
        if same is not None:
            code = same[1]
            why = _why_not(same, place, row["code"])
            if why is None and (row["id"], same[0].exam_id) in clashing:
                why = Why("merge.conflict", {"case": code})
        else:
            code = row["code"]
            if code.casefold() in taken:
                code = _free_code(asked.label, code, taken | taken_there)
            taken.add(code.casefold())
        found.append(CentreCase(row["code"], code, same is not None, row["field_strength_t"], why))
    return tuple(found)


_Known = tuple[Place, str]


def _by_voxels(ours: Database) -> dict[str, _Known]:
    """Exam and code by the hash of each of its measured maps."""
    codes = {row["id"]: row["code"] for row in ours.rows(_CODES)}
    return {
        sha256: (place, codes[place.exam_id])
        for place in recounting.places(ours).values()
        if place.exam_id in codes
        for sha256 in place.hashes.values()
    }


def _same_exam(by_voxels: Mapping[str, _Known], place: Place | None) -> _Known | None:
    hashes = place.hashes.values() if place else ()
    return next((by_voxels[sha256] for sha256 in hashes if sha256 in by_voxels), None)


def _why_not(same: _Known, place: Place | None, code: str) -> Why | None:
    try:
        merge_checks.same_voxels(code, same[0], place)
    except MergeRefused as no:
        return Why(no.code, no.values)
    return None


def _read_by_both(
    ours: Database, theirs: Database, readers: Sequence[tuple[int, str, str]]
) -> set[tuple[int, int]]:
    """Exams there and here that the same reader has read in the same round at both places."""
    known = {reader.name: reader.id for reader in sessions.readers(ours)}
    keys = {key: known[name] for key, _, name in readers if name in known}
    here: dict[tuple[int | None, int], set[int]] = {}
    for row in ours.rows("SELECT reader_id, round, exam_id FROM live_reading"):
        here.setdefault((row["reader_id"], row["round"]), set()).add(row["exam_id"])
    return {
        (row["exam_id"], exam_id)
        for row in theirs.rows("SELECT reader_id, round, exam_id FROM live_reading")
        for exam_id in here.get((keys.get(row["reader_id"]), row["round"]), ())
    }


def _free_code(label: str, code: str, taken: Collection[str]) -> str:
    wanted = f"{label}-{code}"
    numbered = (f"{label}-{number:04d}" for number in count(1))
    if len(wanted) <= LONGEST and wanted.casefold() not in taken:
        return wanted
    return next(one for one in numbered if one.casefold() not in taken)
