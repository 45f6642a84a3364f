"""The record of changes as its page shows it: rows in words, and what a filter lets through. Pure, no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.services.open_session import AuditRow
from app.ui import sentences
from app.ui.present.worklist import audit_row

# a day and a time of day are as long as they are written
_WORDS = ("actor", "subject", "old", "new", "reason", "protocol", "software", "at_utc")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry, and its words in small letters."""

    row: AuditRow
    searched: str


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """What is looked for; an empty text lets everything through.

    Attributes
    ----------
    actor, action : str
        Exactly who, and the action as the record names it.
    case : str
        Beginning of a case code.
    text : str
        Anywhere in the entry.
    since, until : str
        Times in UTC, as far as they are written: ``2026-01-31`` is the whole day.
    """

    actor: str = ""
    action: str = ""
    case: str = ""
    text: str = ""
    since: str = ""
    until: str = ""

    def keeps(self, entry: Entry) -> bool:
        """Whether an entry is let through."""
        row = entry.row
        since, until = _iso(self.since), _iso(self.until)
        return (
            (not self.actor or row.actor == self.actor)
            and (not self.action or row.action == self.action)
            and row.subject.lower().startswith(self.case.strip().lower())
            and self.text.strip().lower() in entry.searched
            and row.at_utc[: len(since)] >= since
            and row.at_utc[: len(until)] <= until
        )


def _iso(told: str) -> str:
    return told.strip().replace(" ", "T")


def entry_of(row: AuditRow) -> Entry:
    """An entry that can be searched in the words of the page and in those of the record."""
    words = [sentences.ACTIONS.get(row.action, ""), row.action, *(str(getattr(row, name)) for name in _WORDS)]
    return Entry(row, "\n".join(words).lower())


def kept(entries: Iterable[Entry], wanted: RecordFilter) -> list[AuditRow]:
    """What a filter lets through, in the order given."""
    return [entry.row for entry in entries if wanted.keeps(entry)]


def record_row(row: AuditRow) -> tuple[str, ...]:
    """Time, who, action, subject, before, now, reason, versions."""
    versions = " · ".join(told for told in (row.protocol, row.software) if told)
    return (*audit_row(row), row.reason, versions)


def people_of(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """Who there is to choose, as shown and as the record names them."""
    return [(name, name) for name in sorted({entry.row.actor for entry in entries})]


def actions_of(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """Which actions there are to choose, as shown and as the record names them."""
    found = {entry.row.action for entry in entries}
    return sorted((sentences.ACTIONS.get(action, action), action) for action in found)
