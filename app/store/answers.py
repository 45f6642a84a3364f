"""What people said that kinds of series show. Answers are added, the newest holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass

from app.store import audit
from app.store.database import Database, json_text


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """An answer as it is kept.

    Attributes
    ----------
    manufacturer, model, protocol, description, image_type : str
        Of which kind of series.
    shows, unit : str
        What it shows, and in which unit.
    who : str
        Who said so.
    """

    manufacturer: str
    model: str
    protocol: str
    description: str
    image_type: str
    shows: str
    unit: str
    who: str


_NAMES = tuple(AnswerRow.__dataclass_fields__)


def remember(database: Database, answers: Sequence[AnswerRow]) -> None:
    """Write answers with their entries in the record, all or nothing."""
    marks = ", ".join("?" * len(_NAMES))
    with database.transaction():
        now = audit.utc_now()
        for answer in answers:
            database.insert(
                f"INSERT INTO series_answer ({', '.join(_NAMES)}, at_utc) VALUES ({marks}, ?)",  # noqa: S608 - names of our own fields
                (*astuple(answer), now),
            )
            audit.append(
                database,
                actor=answer.who,
                action="series.answered",
                subject="session",
                new=json_text(asdict(answer)),
            )


def remembered(database: Database) -> list[AnswerRow]:
    """All answers, oldest first."""
    sql = f"SELECT {', '.join(_NAMES)} FROM series_answer ORDER BY id"  # noqa: S608 - as above
    return [AnswerRow(*row) for row in database.rows(sql)]
