"""Commands for a session that was perhaps tampered with or damaged: ``verify``, ``salvage``, ``restore``."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.cli.output import progress, say, write_json
from app.cli.passphrase import coordinator
from app.services.open_session import open_session
from app.services.rescue import Salvaged, restore_backup, salvage_session
from app.services.verify import Flaw, Verification, verify
from app.ui.present.verify import flaw_text, restored_lines, salvaged_lines, verification_lines


@dataclass(frozen=True, slots=True)
class Wanted:
    """How ``verify`` was asked.

    Attributes
    ----------
    head : str
        Hash that must be in the record; empty for none.
    recompute : bool
        Whether every rectangle is counted once more.
    as_json : bool
        Whether to answer as JSON.
    reason : str
        Why a coordinator looks before their own reading is done.
    """

    head: str = ""
    recompute: bool = False
    as_json: bool = False
    reason: str = ""


def verify_session(path: Path, wanted: Wanted) -> int:
    """Say whether a session is as the program left it; 1 when it is not.

    Raises
    ------
    AppError
        When the session cannot be opened, or nobody proves to coordinate a blinded study.
    """
    with closing(open_session(path)) as session, progress() as told:
        viewer = coordinator(session, wanted.reason)
        found = verify(session, viewer, told, recompute=wanted.recompute, head=wanted.head)
    if wanted.as_json:
        write_json(_verification(found))
    else:
        for line in verification_lines(found):
            say(line)
    return 0 if found.whole else 1


def _verification(found: Verification) -> dict[str, object]:
    return {
        "whole": found.whole,
        "entries": found.entries,
        "rows": found.rows,
        "older_rows": found.older_rows,
        "chains": found.chains,
        "recomputed": found.recomputed,
        "head": found.head,
        "wanted_head": found.wanted or None,
        "wanted_head_entry": found.found_at,
        "flaws": [_flaw(one) for one in found.flaws],
    }


def _flaw(flaw: Flaw) -> dict[str, object]:
    return {"code": flaw.code, **flaw.values, "sentence": flaw_text(flaw)}


def salvage(broken: Path, target: Path, *, as_json: bool) -> int:
    """Bring what can be read of a damaged session into a new one; 1 when something is lost.

    Raises
    ------
    AppError
        When nothing can be read, or the new session cannot be made.
    """
    with progress() as told:
        found = salvage_session(broken, target, told)
    if as_json:
        write_json(_salvaged(found))
    else:
        for line in salvaged_lines(found):
            say(line)
    return 0 if found.whole else 1


def _salvaged(found: Salvaged) -> dict[str, object]:
    return {
        "file": found.path,
        "whole": found.whole,
        "tables": [
            {"table": one.table, "kept": one.kept, "gaps": one.gaps, "refused": one.refused}
            for one in found.tables
        ],
        "lost": [_flaw(one) for one in found.lost],
    }


def restore(backup: Path, images: Path, target: Path) -> int:
    """Make a session of a backup and of another file's images; 1 when some were not found.

    Raises
    ------
    AppError
        When the backup cannot be used, or the new session cannot be made.
    """
    with progress() as told:
        found = restore_backup(backup, images, target, told)
    for line in restored_lines(found, images):
        say(line)
    return 1 if found.lost else 0
