"""What verifying, salvage and restoring found, in words. Pure, no Qt."""

from __future__ import annotations

from pathlib import Path

from app.domain.errors import Value
from app.services.rescue import Restored, Salvaged
from app.services.verify import Flaw, Verification
from app.ui.sentences import label, sentence

# what a flaw may not know of its place
_UNKNOWN: dict[str, Value] = {"where": "?", "seq": "?", "key": "?", "actor": "?"}


def flaw_text(flaw: Flaw) -> str:
    """Sentence of one flaw."""
    known = {name: value for name, value in flaw.values.items() if value not in (None, "")}
    return sentence(flaw.code, _UNKNOWN | known)


def verification_lines(found: Verification) -> list[str]:
    """Everything that was found, line by line."""
    lines = []
    if found.whole:
        lines.append(label("verify.whole", entries=found.entries, rows=found.rows))
    else:
        lines.append(label("verify.amiss", count=len(found.flaws)))
        lines += [f"    {flaw_text(flaw)}" for flaw in found.flaws]
    if found.older_rows:
        lines.append(label("verify.older", rows=found.older_rows))
    if found.chains:
        lines.append(label("verify.chains", count=found.chains))
    if found.recomputed is not None:
        lines.append(label("verify.counted", count=found.recomputed))
    if found.found_at is not None:
        lines.append(label("verify.head_found", seq=found.found_at))
    return [*lines, label("verify.head", head=found.head), label("verify.limits")]


def salvaged_lines(found: Salvaged) -> list[str]:
    """What came over from a damaged session, and what did not."""
    lines = [label("salvage.done", kept=sum(one.kept for one in found.tables), file=found.path.name)]
    if found.whole:
        lines.append(label("salvage.whole"))
    lines += [
        label("salvage.table", table=one.table, kept=one.kept, gaps=one.gaps, refused=one.refused)
        for one in found.tables
        if not one.whole
    ]
    if found.lost:
        lines.append(label("salvage.lost"))
    return [*lines, *(f"    {flaw_text(one)}" for one in found.lost)]


def restored_lines(found: Restored, images: Path) -> list[str]:
    """What a restored session holds, and which images it lacks."""
    lost = [label("restore.lost", name=one.name, code=one.code) for one in found.lost]
    return [label("restore.done", file=found.path.name, images=images.name), *lost]


def verification_summary(found: Verification) -> str:
    """One line for the page of the record."""
    if found.whole:
        return label("audit.verify_whole", entries=found.entries, rows=found.rows)
    return label("audit.verify_amiss", count=len(found.flaws), first=flaw_text(found.flaws[0]))
