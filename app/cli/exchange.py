"""Commands that take parts of a study elsewhere and back: packages, results, merging, joining centres."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.cli.output import progress, say
from app.cli.passphrase import manager
from app.domain.errors import InputError
from app.domain.reading import Reader
from app.services.join_centres import JoinPlan, join_centres, plan_join_centres
from app.services.merge import MergePlan, Outcome, merge, merges, plan_merge, undo_merge
from app.services.open_session import Session, last_viewer, open_session, readers_of
from app.services.package import write_package, write_results
from app.ui.sentences import label, sentence


def run(asked: Namespace) -> int:
    """Run whichever of these commands was asked for."""
    if asked.name == "package":
        return package(asked.session, asked.reader, asked.round, asked.out)
    if asked.name == "results":
        return results(asked.session, asked.out)
    if asked.name == "merge":
        return merge_file(asked.session, asked.file, dry_run=asked.dry_run)
    if asked.name == "undo-merge":
        return undo(asked.session, asked.merge)
    centre = Centre(asked.file, asked.centre, asked.values_only, asked.same_reader)
    return join(asked.session, centre, dry_run=asked.dry_run)


def package(path: Path, reader: str, round_number: int, target: Path) -> int:
    """Write a package for a reader.

    Raises
    ------
    AppError
        When the session cannot be opened, nobody proves to coordinate it, or the package cannot be made.
    """
    with closing(open_session(path)) as session:
        viewer = manager(session)
        whose = _reader(session, reader)
        with progress() as told:
            made = write_package(session, viewer, whose.id, round_number, target, told)
    say(label("package.done", cases=made.cases, reader=whose.name, file=str(target)))
    return 0


def _reader(session: Session, name: str) -> Reader:
    found = next((one for one in readers_of(session) if one.name == name), None)
    if found is None:
        raise InputError("package.unknown_reader")
    return found


def results(path: Path, target: Path) -> int:
    """Write the results of a package.

    Raises
    ------
    AppError
        When the session cannot be opened, is no package, or the file cannot be written.
    """
    with closing(open_session(path)) as session:
        write_results(session, last_viewer(session), target)
    say(label("results.done", file=str(target)))
    return 0


def merge_file(path: Path, came: Path, *, dry_run: bool) -> int:
    """Say what merging a file would do, and do it.

    Raises
    ------
    AppError
        When one of both cannot be read, nobody proves to coordinate the study, or the file is refused.
    """
    with closing(open_session(path)) as session:
        viewer = manager(session)
        plan = plan_merge(session, came)
        if plan.refusal is not None:
            raise InputError(plan.refusal.code, **plan.refusal.values)
        _say_merge(plan)
        if dry_run:
            return 0
        done = merge(session, viewer, plan)
    number = done.merge_id
    say(label("merge.nothing") if number is None else label("merge.done", number=number))
    return 0


def _say_merge(plan: MergePlan) -> None:
    counts = {outcome.value: plan.count(outcome) for outcome in Outcome}
    say(label("merge.counts", reader=plan.reader, round=plan.round, **counts))
    for one in plan.cases:
        if one.why is not None:
            say(sentence(one.why.code, one.why.values))


def undo(path: Path, merge_id: int | None) -> int:
    """Take a merge or a centre back; the newest one that stands, where none is named.

    Raises
    ------
    AppError
        When the session cannot be opened, nobody proves to coordinate it, or the merge cannot be undone.
    """
    with closing(open_session(path)) as session:
        viewer = manager(session)
        if merge_id is None:
            standing = [one.id for one in merges(session, viewer) if not one.undone]
            merge_id = standing[-1] if standing else 0
        undo_merge(session, viewer, merge_id)
        (done,) = (one for one in merges(session, viewer) if one.id == merge_id)
    if done.kind == "centre":
        say(label("join.undone", number=merge_id, centre=done.label))
    else:
        say(label("merge.undone", number=merge_id))
    return 0


@dataclass(frozen=True, slots=True)
class Centre:
    """Another centre's session.

    Attributes
    ----------
    path, label : Path, str
        The file, and the centre's short name.
    values_only : bool
        Leave the images there.
    same_readers : collection of str
        Names that are the same person at both centres.
    """

    path: Path
    label: str
    values_only: bool
    same_readers: Collection[str]


def join(path: Path, centre: Centre, *, dry_run: bool) -> int:
    """Say what joining a centre would do, and do it.

    Raises
    ------
    AppError
        When one of both cannot be read, nobody proves to coordinate the study, or the centre is refused.
    """
    with closing(open_session(path)) as session:
        viewer = manager(session)
        plan = plan_join_centres(
            session,
            centre.path,
            centre.label,
            with_images=not centre.values_only,
            same_readers=centre.same_readers,
        )
        if plan.refusal is not None:
            raise InputError(plan.refusal.code, **plan.refusal.values)
        _say_join(plan)
        if dry_run:
            return 0
        with progress() as told:
            done = join_centres(session, viewer, plan, told)
    say(label("join.done", number=done.merge_id))
    return 0


def _say_join(plan: JoinPlan) -> None:
    coming = [one for one in plan.cases if one.why is None]
    say(
        label(
            "join.counts",
            centre=plan.label,
            new=sum(not one.same for one in coming),
            same=sum(one.same for one in coming),
            refused=len(plan.cases) - len(coming),
            readings=plan.readings,
            clinical=plan.clinical_rows,
            typed=plan.typed,
            decisions=plan.decisions,
        )
    )
    for one in plan.cases:
        if one.why is not None:
            say(sentence(one.why.code, one.why.values))
        elif one.code_here != one.code_there:
            say(label("join.code", there=one.code_there, here=one.code_here))
    for there, here in plan.readers:
        if there != here:
            say(label("join.reader", there=there, here=here))
