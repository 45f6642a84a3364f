"""What a coordinator decided where readers differ, as rows and columns of the long table."""

from __future__ import annotations

from collections.abc import Callable

from app.domain.disagreement import How
from app.domain.reading import Kind
from app.services.assemble_cohort import ROUND
from app.services.export_fields import Field, RowT
from app.store.adjudications import Adjudication
from app.store.exported import ExamFacts
from app.store.results import LevelResult

DECIDED = "adjudicated"
"""Origin of a row that a coordinator decided on."""

EXCLUDED = "excluded"
"""Why such a row has no mean."""


def decided_cell(one: Adjudication, exam: ExamFacts) -> LevelResult:
    """A decision in the form of a reading; its reader is who decided."""
    ruling = one.ruling
    return LevelResult(
        exam_id=one.exam_id,
        code=exam.code,
        field_strength_t=exam.field_strength_t,
        reader=one.who,
        round=ROUND,
        origin=DECIDED,
        signed_off=False,
        signed_off_utc="",
        level=one.level,
        kind=Kind.NOT_MEASURABLE if ruling.how is How.EXCLUDED else Kind.MEASURED,
        reason=ruling.reason,
        note=ruling.note,
        rectangle=ruling.rectangle,
        stats=dict(one.values),
        rule=one.rule,
        protocol=one.protocol,
        software=one.software,
        at_utc=one.at_utc,
    )


def left_out(one: Adjudication | None) -> bool:
    """Whether a decision leaves its level out."""
    return one is not None and one.ruling.how is How.EXCLUDED


def decision_fields(decided: Callable[[RowT], Adjudication | None]) -> tuple[Field[RowT], Field[RowT]]:
    """Columns about the decision of a row.

    Parameters
    ----------
    decided : callable
        Gives the decision that a row tells, or None.
    """
    return (
        Field(
            "decision",
            "What the coordinator decided on the level; empty in the row of a reader.",
            lambda row: one.ruling.how.value if (one := decided(row)) else None,
            values="mean (of the readers stands), reader (what decision_for measured stands), drawn (a "
            "rectangle of the coordinator's own), excluded (the level is left out)",
        ),
        Field(
            "decision_for",
            "The reader whose value stands.",
            lambda row: one.ruling.chosen if (one := decided(row)) else None,
        ),
    )
