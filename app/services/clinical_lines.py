"""What is known of each case from the clinical table, as the Clinical page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.clinical import (
    INTERVAL_TOO_LONG,
    TOTAL,
    ClinicalRow,
    Covariate,
    Group,
    Kind,
    Problem,
    counts_for_lowest,
    group_of,
)
from app.domain.clinical_items import Item, TypedIn, What, items_of
from app.domain.protocol import LOWEST, Protocol
from app.domain.reading import Viewer
from app.services.open_session import Session
from app.store import clinical, exams
from app.store.clinical import JoinedRow

MOST_UNMATCHED = 500
"""Lines without a case that are listed; a register of a hospital has a hundred thousand."""


@dataclass(frozen=True, slots=True)
class ClinicalLine:
    """What the Clinical page shows of one row.

    Attributes
    ----------
    line : int
        Line of the file; 0 for a case without a row.
    code : str
        Case code, empty where the row joined no exam.
    matched_by : str
        ``accession``, ``patient_id``, ``code`` or empty.
    sex : str
        ``M``, ``F`` or empty.
    age, bmi : float or None
        Years, kg/m2.
    tscore, bmd : float or None
        Of the protocol's region, or of the plain column where the table has none for it.
    bmd_unit, bmd_verbatim : str
        As the table says.
    region : str
        The protocol's region of BMD.
    region_stated : bool
        False where a plain column stands for a region of the protocol.
    group : Group or None
        By T-score.
    exam_date : str
        ISO date of the reference examination, or empty.
    problems : tuple of Problem
        Why it did not join, and what was not understood.
    bmd_region, tscore_region : str
        The region that each of both is really of.
    by_lowest : bool
        The protocol goes by the lowest T-score of a patient.
    covariates : tuple of Covariate
        Further numbers.
    typed : tuple of TypedIn
        What of it was typed in.
    says : mapping of Item to str
        Every value as text with its unit.
    """

    line: int
    code: str
    matched_by: str
    sex: str
    age: float | None
    bmi: float | None
    tscore: float | None
    bmd: float | None
    bmd_unit: str
    bmd_verbatim: str
    region: str
    region_stated: bool
    group: Group | None
    exam_date: str
    problems: tuple[Problem, ...]
    bmd_region: str = ""
    tscore_region: str = ""
    by_lowest: bool = False
    covariates: tuple[Covariate, ...] = ()
    typed: tuple[TypedIn, ...] = ()
    says: Mapping[Item, str] = field(default_factory=dict)

    @property
    def left_out(self) -> bool:
        """Whether BMD and T-score are not used because of their date."""
        return any(problem.code == INTERVAL_TOO_LONG for problem in self.problems)

    def item(self, what: What, name: str = "") -> Item:
        """Which value stands in a column of the page."""
        if what is What.BMD:
            return Item(what, self.bmd_region)
        return Item(what, self.tscore_region) if what is What.TSCORE else Item(what, name)

    def is_typed(self, item: Item) -> bool:
        """Whether a value was typed in."""
        return any(one.item == item for one in self.typed)


def clinical_view(session: Session, viewer: Viewer, *, every_case: bool = False) -> list[ClinicalLine]:
    """The newest clinical table with what was typed in, as the Clinical page shows it: no identifiers.

    Of the lines without a case only the first :data:`MOST_UNMATCHED` are among them: see :func:`unlisted`.

    Parameters
    ----------
    session : Session
        The study.
    viewer : Viewer
        Who looks.
    every_case : bool
        Also cases of which nothing is known, at the end.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds.
    """
    joined = clinical.newest(session.database, viewer, unmatched=MOST_UNMATCHED)
    codes = {exam.id: exam.code for exam in exams.exams(session.database)}
    if every_case:
        known = {one.exam_id for one in joined}
        joined += [JoinedRow(ClinicalRow(line=0), key, "") for key in codes if key not in known]
    return [_line(one, codes, session.protocol) for one in joined]


def _line(one: JoinedRow, codes: Mapping[int, str], protocol: Protocol) -> ClinicalLine:
    row, region, of_tscore = one.row, protocol.bmd_region, protocol.tscore_region
    tscore, bmd = row.tscore(of_tscore), row.find(Kind.BMD, region)
    # the lowest is of whichever region; one that is typed in where there is none is of a region
    wanted = of_tscore
    if of_tscore == LOWEST:
        wanted = tscore.region if tscore else region if counts_for_lowest(region) else TOTAL
    return ClinicalLine(
        line=row.line,
        code="" if one.exam_id is None else codes[one.exam_id],
        matched_by=one.matched_by,
        sex=row.sex,
        age=row.age,
        bmi=row.bmi,
        tscore=tscore.value if tscore else None,
        bmd=bmd.value if bmd else None,
        bmd_unit=bmd.unit if bmd else "",
        bmd_verbatim=bmd.verbatim if bmd else "",
        region=region,
        region_stated=all(
            value.region == stated for value, stated in ((tscore, wanted), (bmd, region)) if value is not None
        ),
        group=group_of(tscore.value if tscore else None),
        exam_date=row.exam_date,
        problems=row.problems,
        bmd_region=bmd.region if bmd else region,
        tscore_region=tscore.region if tscore else wanted,
        by_lowest=of_tscore == LOWEST,
        covariates=row.covariates,
        typed=one.typed,
        says=items_of(row),
    )


def unlisted(session: Session, viewer: Viewer) -> int:
    """How many lines without a case :func:`clinical_view` leaves out; errors as there."""
    return max(clinical.count_unmatched(session.database, viewer) - MOST_UNMATCHED, 0)
