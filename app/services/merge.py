"""Bring the readings of a package back into the study, after checks, as one step that can be undone."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import BlindingError
from app.domain.reading import Viewer
from app.services.changed import Changed, What
from app.services.merge_checks import Came
from app.services.merge_plan import CasePlan as CasePlan
from app.services.merge_plan import MergePlan as MergePlan
from app.services.merge_plan import Outcome as Outcome
from app.services.merge_plan import Ready, prepare, refuse
from app.services.merge_plan import Why as Why
from app.services.open_session import Session
from app.store import audit, foreign, merging, people, sessions, stories, taking_back
from app.store.database import Database, json_text
from app.store.merging import CENTRE, RESULTS
from app.store.stories import Whose


@dataclass(frozen=True, slots=True)
class MergeDone:
    """What merging did.

    Attributes
    ----------
    merge_id : int or None
        By which it is undone; None where everything was here already, so that nothing was written.
    plan : MergePlan
        What was done, case by case.
    changed : Changed
        What is different now.
    """

    merge_id: int | None
    plan: MergePlan
    changed: Changed


@dataclass(frozen=True, slots=True)
class Merged:
    """A merge of the past.

    Attributes
    ----------
    id : int
        Its key.
    kind : str
        ``results`` or ``centre``.
    reader, round : str, int
        Whose readings came; empty and 0 for a centre.
    label : str
        Name of the centre.
    origin, head_hash : str
        The other file, and the end of its record.
    at_utc : str
        When.
    undone : bool
        It was taken back.
    """

    id: int
    kind: str
    reader: str
    round: int
    label: str
    origin: str
    head_hash: str
    at_utc: str
    undone: bool


def plan_merge(session: Session, path: Path) -> MergePlan:
    """What merging a file would do; writes nothing, here or there.

    Parameters
    ----------
    session : Session
        The study.
    path : Path
        A package that came back, or its results.

    Returns
    -------
    MergePlan
        With a refusal, where the file is not taken in at all.

    Raises
    ------
    BlindingError
        ``blinding.closed`` on a guarded connection.
    StoreUnavailable, StoreTooNew
        When the file cannot be read.
    """
    if session.database.guarded:
        raise BlindingError("blinding.closed")
    with closing(foreign.open_foreign(path)) as theirs, theirs.snapshot(), session.database.snapshot():
        return prepare(session.database, theirs, path)[0]


def merge(session: Session, viewer: Viewer, plan: MergePlan) -> MergeDone:
    """Do what was planned, all of it or nothing. Where nothing is new, nothing is written.

    Parameters
    ----------
    session : Session
        The study.
    viewer : Viewer
        The coordinator.
    plan : MergePlan
        From :func:`plan_merge`; made once more here and compared.

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
        now, ready, came = prepare(ours, theirs, plan.path)
        refuse(plan, now)
        if came is None or not plan.changes:
            return MergeDone(None, plan, Changed(What.NOTHING))
        merge_id = _write(ours, viewer, plan, ready, came)
    return MergeDone(merge_id, plan, Changed(What.READING | What.SIGN_OFF))


def _write(ours: Database, viewer: Viewer, plan: MergePlan, ready: list[Ready], came: Came) -> int:
    before = merging.newest_keys(ours)
    whose = Whose(0, came.reader.id, plan.round, came.protocols)
    merge_id = merging.begin_merge(ours, RESULTS, came.record, plan.origin, whose=whose)
    for one in ready:
        if one.plan.outcome in {Outcome.NEW, Outcome.EXTENDED}:
            place = Whose(one.exam_id, came.reader.id, plan.round, came.protocols)
            stories.write_story(ours, place, one.held, one.new, one.counted)
    merging.end_merge(ours, merge_id, before)
    content = {
        "merge": merge_id,
        "origin": plan.origin,
        "entries": plan.entries,
        "head_hash": plan.head_hash,
        **{outcome.value: plan.count(outcome) for outcome in Outcome},
        "why": {one.code: one.why.code for one in plan.cases if one.why},
    }
    audit.append(
        ours,
        actor=viewer.reader.name,
        action="merge.done",
        subject=f"{plan.reader}/round {plan.round}",
        new=json_text(content),
        protocol=plan.protocol,
    )
    return merge_id


def undo_merge(session: Session, viewer: Viewer, merge_id: int) -> Changed:
    """Take a merge back as one step: its rows stay but do not count. Merging again brings them back.

    A centre that was joined goes the same way, with its exams, its readers and all that is known of them.

    Raises
    ------
    BlindingError, InputError
        ``blinding.closed``, ``study.not_coordinator``; ``merge.unknown``; ``merge.undone_already``;
        ``merge.built_upon`` where something was written on top of it since; of a centre ``join.built_upon``,
        ``join.reader_stays``, ``join.round_stays``, ``join.kept_too_little``.
    """
    people.refuse_other_than_coordinator(session.database, viewer)
    kind = taking_back.withdraw(session.database, merge_id, actor=viewer.reader.name)
    return Changed(_OF_CENTRE if kind == CENTRE else _OF_RESULTS)


_OF_RESULTS = What.READING | What.SIGN_OFF
_OF_CENTRE = _OF_RESULTS | What.EXAMS | What.READERS | What.CLINICAL | What.DECISION


def merges(session: Session, viewer: Viewer) -> list[Merged]:
    """All merges, oldest first.

    Raises
    ------
    BlindingError, InputError
        ``blinding.closed``, ``study.not_coordinator``.
    """
    people.refuse_other_than_coordinator(session.database, viewer)
    names = {reader.id: reader.name for reader in sessions.readers(session.database)}
    return [
        Merged(
            id=one.id,
            kind=one.kind,
            reader=names.get(one.reader_id or 0, ""),
            round=one.round or 0,
            label=one.label,
            origin=one.origin,
            head_hash=one.head_hash,
            at_utc=one.at_utc,
            undone=one.undone,
        )
        for one in merging.merges(session.database)
    ]
