"""Say whether a session is as the program left it, and where it is not."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.domain.errors import StoreUnavailable
from app.domain.progress import Progress
from app.domain.reading import Viewer
from app.services.open_session import Session
from app.services.recount import recount
from app.store import audit, checks, old_record, people, sealing
from app.store.database import Database
from app.store.sealing import Flaw as Flaw


@dataclass(frozen=True, slots=True)
class Verification:
    """What was found.

    Attributes
    ----------
    entries : int
        Entries of the session's own record.
    chains : int
        Records of merged files that were checked as well.
    rows : int
        Rows that the record holds a seal of.
    older_rows : int
        Of these, rows that an older version wrote: their seals are of the day when this version opened the
        session first.
    recomputed : int or None
        Rectangles counted once more; None where that was not asked for.
    head : str
        Hash of the newest entry. Whoever keeps it elsewhere can show later that nothing was cut off.
    wanted, found_at : str, int or None
        The hash that was asked for, and the number of its entry; None where the record has none.
    flaws : tuple of Flaw
        Everything that is not as it was left, each with its place.
    """

    entries: int
    chains: int
    rows: int
    older_rows: int
    recomputed: int | None
    head: str
    wanted: str
    found_at: int | None
    flaws: tuple[Flaw, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is amiss."""
        return not self.flaws


def verify(
    session: Session,
    viewer: Viewer,
    progress: Progress,
    *,
    recompute: bool = False,
    head: str = "",
) -> Verification:
    """Check pages, triggers, the record and the records of merged files, every row against it, and voxels.

    Parameters
    ----------
    session : Session
        Read, never written to.
    viewer : Viewer
        Who asks.
    progress : Progress
        Told of tables, then of maps, then of exams.
    recompute : bool
        Also count the voxels of every rectangle once more. Of sessions that an older version wrote nothing
        else tells of a changed value.
    head : str
        Hash that an earlier export printed; it must be in the record. Without it nobody can tell that entries
        were cut off at the end together with what they tell of, or that the whole record was made anew.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the study is blinded.
    Cancelled
        When ``progress`` says so.
    """
    database = session.database
    people.refuse_while_blinded(database, viewer)
    found = _Found()
    found.flaws += checks.pages(database, progress)
    try:
        with database.snapshot():
            _look_at_record(database, head, found)
        found.flaws += checks.voxels(database, progress)
        if recompute:
            recounted = recount(database, progress)
            found.recomputed, found.flaws = recounted.rectangles, [*found.flaws, *recounted.flaws]
    except StoreUnavailable:
        # the pages that are to blame were named above
        found.flaws.append(Flaw("verify.stopped", {"file": session.name}))
    return Verification(
        entries=found.entries,
        chains=found.chains,
        rows=found.rows,
        older_rows=found.older_rows,
        recomputed=found.recomputed,
        head=found.head,
        wanted=head,
        found_at=found.found_at,
        flaws=tuple(found.flaws),
    )


@dataclass(slots=True)
class _Found:
    """What is known so far."""

    flaws: list[Flaw] = field(default_factory=list)
    entries: int = 0
    chains: int = 0
    rows: int = 0
    older_rows: int = 0
    head: str = ""
    found_at: int | None = None
    recomputed: int | None = None


def _look_at_record(database: Database, head: str, found: _Found) -> None:
    """Hold the record against itself, and every row against it."""
    found.flaws += checks.triggers(database)
    found.flaws += checks.chain(database)
    found.flaws += checks.foreign_chains(database)
    sealed = sealing.sealed_rows(database)
    found.flaws += sealing.compare(database, sealed)
    found.flaws += old_record.compare(database, sealed)
    entries = [one for rows in sealed.values() for one in rows.values()]
    found.rows = len(entries)
    found.older_rows = sum(one.action == sealing.BASELINE for one in entries)
    found.entries, found.chains = audit.count(database), checks.count_chains(database)
    found.head = audit.head_hash(database)
    if head:
        found.found_at = audit.number_of(database, head)
        if found.found_at is None:
            found.flaws.append(Flaw("verify.head_unknown", {"head": head}))
