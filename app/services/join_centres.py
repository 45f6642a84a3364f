"""Take the session of another centre into this one, so that both make one cohort."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

from app.domain.errors import BlindingError, InputError
from app.domain.progress import Progress, Silent
from app.domain.reading import Viewer
from app.services import join_decisions
from app.services.changed import Changed, What
from app.services.join_plan import CentreCase as CentreCase
from app.services.join_plan import JoinPlan as JoinPlan
from app.services.join_plan import planned, stories_of, undecided, undescribed
from app.services.merge_plan import refuse
from app.services.open_session import Session
from app.store import (
    audit,
    foreign,
    joining,
    joining_clinical,
    merging,
    people,
    recounting,
    sessions,
    stories,
)
from app.store.database import Database, json_text
from app.store.merging import CENTRE
from app.store.stories import Story, Whose

_UNWATCHED = Silent()
_NOTHING = Story()
_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9]{0,7}")


@dataclass(frozen=True, slots=True)
class JoinDone:
    """What joining did.

    Attributes
    ----------
    merge_id : int
        What it is known by.
    plan : JoinPlan
        What was done, case by case.
    changed : Changed
        What is different now.
    """

    merge_id: int
    plan: JoinPlan
    changed: Changed


def plan_join_centres(
    session: Session,
    path: Path,
    label: str,
    *,
    with_images: bool = True,
    same_readers: Collection[str] = (),
) -> JoinPlan:
    """What taking in the session of another centre would do; writes nothing, here or there.

    Exams come with readings, decisions of a coordinator, and what is known of the patients from tables and by
    hand; names, identifiers and source UIDs of patients never do.

    Parameters
    ----------
    session : Session
        Where to.
    path : Path
        The other session; it must not be blinded, because nobody proves here who they are there.
    label : str
        Short name of the centre, up to 8 letters and digits.
    with_images : bool
        Take the voxels too.
    same_readers : collection of str
        Names that are the same person at both centres; others who share a name are told apart by the label.

    Raises
    ------
    BlindingError
        ``blinding.closed`` on a guarded connection.
    InputError
        ``join.label``.
    StoreUnavailable, StoreTooNew
        When the file cannot be read.
    """
    if session.database.guarded:
        raise BlindingError("blinding.closed")
    if not _LABEL.fullmatch(label):
        raise InputError("join.label")
    asked = JoinPlan(path, label, "", with_images, frozenset(same_readers))
    with closing(foreign.open_foreign(path)) as theirs, theirs.snapshot(), session.database.snapshot():
        return planned(session.database, theirs, asked)


def join_centres(
    session: Session, viewer: Viewer, plan: JoinPlan, progress: Progress = _UNWATCHED
) -> JoinDone:
    """Do what was planned, all of it or nothing.

    Parameters
    ----------
    session : Session
        Where to.
    viewer : Viewer
        The coordinator.
    plan : JoinPlan
        From :func:`plan_join_centres`; made once more here and compared.
    progress : Progress
        Told of exams. To stop, it raises ``Cancelled``: nothing has changed then.

    Raises
    ------
    BlindingError, InputError
        ``blinding.closed``, ``study.not_coordinator``; the code of the plan's refusal; ``merge.outdated``
        when the file or the session changed since it was planned.
    StoreUnavailable
        When the file cannot be read or the session not written to.
    """
    ours = session.database
    people.refuse_other_than_coordinator(ours, viewer)
    with closing(foreign.open_foreign(plan.path)) as theirs, theirs.snapshot(), ours.transaction():
        asked = JoinPlan(plan.path, plan.label, "", plan.with_images, plan.same_readers)
        refuse(plan, planned(ours, theirs, asked))
        merge_id = _write(ours, theirs, plan, viewer, progress)
    return JoinDone(merge_id, plan, Changed(_CHANGES))


_CHANGES = What.EXAMS | What.READERS | What.READING | What.CLINICAL | What.DECISION


def _write(ours: Database, theirs: Database, plan: JoinPlan, viewer: Viewer, progress: Progress) -> int:
    before = merging.newest_keys(ours)
    # asked first, because what is written now is described and decided too
    clinical, decisions = undescribed(ours, theirs, plan.cases), undecided(ours, theirs, plan.cases)
    merge_id = merging.begin_merge(ours, CENTRE, foreign.record(theirs), plan.origin, plan.label)
    protocols = joining.copy_protocols(theirs, ours, plan.label)
    joining.copy_rounds(theirs, ours)
    there = {reader.name: reader.id for reader in sessions.readers(theirs)}
    here = {reader.name: reader.id for reader in sessions.readers(ours)}
    readers = {
        there[name]: here[new] if new in here else joining.copy_reader(theirs, ours, there[name], new)
        for name, new in plan.readers
    }
    exams = _write_cases(ours, theirs, plan, merge_id, (set(here.values()), set(readers.values())), progress)
    _write_readings(ours, theirs, exams, readers, protocols)
    names = dict(plan.readers)
    described = {old: new for old, new in exams.items() if old in clinical}
    joining_clinical.copy(theirs, ours, described, names, plan.head_hash)
    to = join_decisions.Here(exams, readers, names, protocols)
    join_decisions.write(theirs, ours, decisions, to)
    merging.end_merge(ours, merge_id, before)
    _note(ours, plan, merge_id, viewer)
    return merge_id


def _note(ours: Database, plan: JoinPlan, merge_id: int, viewer: Viewer) -> None:
    content = {
        "merge": merge_id,
        "origin": plan.origin,
        "head_hash": plan.head_hash,
        "images": plan.with_images,
        "cases": {one.code_there: one.code_here for one in plan.cases if one.why is None},
        "why": {one.code_there: one.why.code for one in plan.cases if one.why},
        "readers": dict(plan.readers),
        "clinical_rows": plan.clinical_rows,
        "typed": plan.typed,
        "decisions": plan.decisions,
    }
    audit.append(
        ours,
        actor=viewer.reader.name,
        action="centre.joined",
        subject=plan.label,
        new=json_text(content),
        protocol=sessions.current_protocol(ours)[1].stamp,
    )


def _write_cases(
    ours: Database,
    theirs: Database,
    plan: JoinPlan,
    merge_id: int,
    readers: tuple[set[int], set[int]],
    progress: Progress,
) -> dict[int, int]:
    """Write exams, and give the key here of each that came by its key there."""
    keys = {row["code"]: row["id"] for row in theirs.rows("SELECT id, code FROM live_exam")}
    known = {row["code"]: row["id"] for row in ours.rows("SELECT id, code FROM live_exam")}
    coming = [one for one in plan.cases if one.why is None]
    found, new = {}, []
    for done, one in enumerate(coming):
        progress.report(done, len(coming))
        key = known.get(one.code_here) if one.same else None
        if key is None:
            key = joining.copy_case(
                theirs, ours, keys[one.code_there], one.code_here, with_images=plan.with_images
            )
            new.append(key)
        found[keys[one.code_there]] = key
        joining.note_case(ours, merge_id, key, one.code_there, same=one.same)
    progress.report(len(coming), len(coming))
    mine, came = readers
    joining.keep_apart(ours, sorted(mine - came), new, plan.label)
    joining.keep_apart(ours, sorted(came - mine), known.values(), plan.label)
    return found


def _write_readings(
    ours: Database,
    theirs: Database,
    exams: Mapping[int, int],
    readers: Mapping[int, int],
    protocols: Mapping[str, int],
) -> None:
    places = recounting.places(ours)
    # a reading is there already, and empty, where the centre was joined before and taken back
    held = cache(partial(stories.stories, ours))
    for reader_id, number, story in stories_of(theirs):
        if story.exam_id not in exams:
            continue
        whose = Whose(exams[story.exam_id], readers[reader_id], number, protocols)
        before = held(whose.reader_id, number).get(whose.exam_id, _NOTHING)
        place = places.get(whose.exam_id)
        if place is None:
            stories.write_story(ours, whose, before, story.without_places())
            continue
        drawn = {one.id: one.rectangle for one in story.revisions if one.rectangle is not None}
        # counted here, where the voxels are here too: an exam may have a map that the other centre lacks
        counted = recounting.recount(ours, place, drawn)
        stories.write_story(ours, whose, before, story, counted)
