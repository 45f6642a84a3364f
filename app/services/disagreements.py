"""Where readers differ: the queue of such levels, and what a coordinator decides on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from app.domain.checks import Finding, Severity, check_geometry
from app.domain.checks_values import MANY_BAD
from app.domain.disagreement import (
    Comparison,
    Ground,
    Held,
    How,
    Ruling,
    Urgency,
    compare,
    only_mean,
    told,
)
from app.domain.errors import BlindingError, InputError
from app.domain.exam import Exam, common_grid
from app.domain.grid import Grid
from app.domain.maps import MEASURED, Quantity
from app.domain.measure import RoiStats, measure
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Viewer
from app.domain.shapes import Rectangle
from app.services.assemble_cohort import ROUND, excluded_of
from app.services.changed import Changed, What
from app.services.final_values import Place, held_by_level, newest
from app.services.open_session import Session
from app.services.stored_findings import value_findings
from app.store import adjudications, exams, people
from app.store.adjudications import Adjudication as Adjudication
from app.store.case_facts import CaseResult, results_of_cases
from app.store.exported import exam_facts
from app.store.results import LevelResult, results

_FEWEST = 2
"""Readers a level needs to be disputed."""

UNEXPLAINED = "readers.many_bad_voxels"
"""Ground of a value with so many bad voxels that it needs a reason, which no reader has given."""


@dataclass(frozen=True, slots=True)
class Dispute:
    """One level of one case that two readers at least have signed off.

    Attributes
    ----------
    exam_id, code, level : int, str, Level
        Where.
    held : tuple of Held
        What the readers hold, by enrolment.
    comparison : Comparison
        How far they are apart, and why that matters.
    decided : Adjudication or None
        The decision that holds.
    ended : bool
        A decision was made, but the readings have changed since.
    """

    exam_id: int
    code: str
    level: Level
    held: tuple[Held, ...]
    comparison: Comparison
    decided: Adjudication | None = None
    ended: bool = False

    @property
    def waits(self) -> bool:
        """Whether the protocol asks for a decision, or for a look, and none holds."""
        urgency = self.comparison.urgency
        return self.decided is None and (self.ended or (urgency is not None and urgency > Urgency.WARNING))

    @property
    def unexplained(self) -> frozenset[str]:
        """Readers whose value can be used with a reason only, and has none."""
        return frozenset(one.reader for one in self.comparison.grounds if one.code == UNEXPLAINED)

    @property
    def of_mean(self) -> Mapping[Quantity, RoiStats]:
        """Means of the readers who measured; nothing else is known of them."""
        found = {}
        for quantity in MEASURED:
            means = [mean for one in self.held if (mean := one.mean(quantity)) is not None]
            if means:
                found[quantity] = only_mean(sum(means) / len(means))
        return found

    def of_reader(self, name: str) -> Mapping[Quantity, RoiStats]:
        """Values of one reader; empty where this reader measured nothing here."""
        return next((one.stats for one in self.held if one.reader == name), {})


@dataclass(frozen=True, slots=True, eq=False)
class SideBySide:
    """A case with everybody's readings.

    Attributes
    ----------
    exam : Exam or None
        The maps; None where nobody drew on them: the values come from a table, or there are none.
    levels : mapping of Level to Dispute
        The levels of which two readers at least hold something, in the queue or not.
    """

    exam: Exam | None
    levels: Mapping[Level, Dispute]


def offered(session: Session, viewer: Viewer) -> bool:
    """Whether the queue may be shown: not blinded, two readers at least, and the viewer coordinates."""
    try:
        _refuse(session, viewer)
    except (BlindingError, InputError):
        return False
    return adjudications.readers_signed_off(session.database, viewer) >= _FEWEST


def _refuse(session: Session, viewer: Viewer) -> None:
    if people.blinded(session.database):
        raise BlindingError("blinding.closed")
    people.refuse_other_than_coordinator(session.database, viewer)


def queue(session: Session, viewer: Viewer) -> list[Dispute]:
    """Levels that the protocol's limits bring up, and those decided on, by case code and level.

    Those between readers, and those for the values of each: in a blinded round no reader was told of them.
    Patients whom a reader left out are not among them: they have no final value to decide on.

    Raises
    ------
    BlindingError
        ``blinding.closed`` while the study is blinded, also for the coordinator.
    InputError
        ``study.not_coordinator``.
    """
    _refuse(session, viewer)
    with session.database.snapshot():
        said = results_of_cases(session.database, viewer)
        left_out = excluded_of(said)
        cells = [one for one in _signed(session, viewer) if one.exam_id not in left_out]
        grids = {
            facts.id: common_grid(one.grid for quantity, one in facts.maps.items() if quantity in MEASURED)
            for facts in exam_facts(session.database)
        }
        found = _disputes(session, viewer, cells, grids, said)
    return [one for one in found if one.comparison.grounds or one.decided or one.ended]


def _signed(session: Session, viewer: Viewer, exam_id: int | None = None) -> list[LevelResult]:
    found = results(session.database, viewer, exam_id)
    # a case for practice has no final value
    return [one for one in found if one.signed_off and one.round == ROUND and not one.training]


def _disputes(
    session: Session,
    viewer: Viewer,
    cells: Sequence[LevelResult],
    grids: Mapping[int, Grid | None],
    said: Sequence[CaseResult],
) -> list[Dispute]:
    """Every level that two readers at least have signed off, by case code and level."""
    codes = {cell.exam_id: cell.code for cell in cells}
    made = newest(adjudications.adjudications(session.database, viewer))
    protocol = session.protocol
    grounds = _about_values(cells, said, protocol)
    found = []
    for (exam_id, level), held in held_by_level(cells).items():
        if len(held) < _FEWEST:
            continue
        decided = made.get((exam_id, level))
        holds = decided is not None and decided.readings == told(held)
        found.append(
            Dispute(
                exam_id=exam_id,
                code=codes[exam_id],
                level=level,
                held=held,
                comparison=compare(held, grids.get(exam_id), protocol).with_grounds(
                    grounds.get((exam_id, level), ())
                ),
                decided=decided if holds else None,
                ended=decided is not None and not holds,
            )
        )
    return sorted(found, key=lambda one: (one.code, LEVELS.index(one.level)))


def _about_values(
    cells: Sequence[LevelResult], said: Sequence[CaseResult], protocol: Protocol
) -> dict[Place, tuple[Ground, ...]]:
    """What rules of value say of single readings, but for levels that their readers gave a reason for."""
    accepted = {
        (one.exam_id, one.reader, level) for one in said if one.round == ROUND for level in one.accepted
    }
    found: dict[Place, tuple[Ground, ...]] = {}
    for (exam_id, reader, _, level), findings in value_findings(cells, protocol).items():
        if (exam_id, reader, level) not in accepted:
            grounds = tuple(_ground(one, reader) for one in findings)
            found[exam_id, level] = (*found.get((exam_id, level), ()), *grounds)
    return found


def _ground(finding: Finding, reader: str) -> Ground:
    values = {**finding.values, "level": finding.level.value, "reader": reader}
    if finding.code == MANY_BAD:
        return Ground(UNEXPLAINED, Urgency.QUERY, values, reader)
    return Ground(finding.code, Urgency.WARNING, values, reader)


def side_by_side(session: Session, viewer: Viewer, exam_id: int) -> SideBySide:
    """Read a case with all signed-off readings of the first round.

    Raises
    ------
    BlindingError, InputError
        As :func:`queue`.
    StoreUnavailable
        ``store.corrupt`` when its voxels cannot be read.
    """
    _refuse(session, viewer)
    cells = _signed(session, viewer, exam_id)
    drawn = any(one.rectangle is not None for one in cells)
    exam = exams.load(session.database, exam_id, MEASURED) if drawn else None
    said = results_of_cases(session.database, viewer)
    found = _disputes(session, viewer, cells, {exam_id: exam.grid if exam else None}, said)
    return SideBySide(exam, MappingProxyType({one.level: one for one in found}))


def exam_of(session: Session, viewer: Viewer, code: str) -> int | None:
    """The exam of a case code, where it has images and two readers at least have signed it off.

    Raises
    ------
    BlindingError, InputError
        As :func:`queue`.
    """
    _refuse(session, viewer)
    return adjudications.exam_read_twice(session.database, viewer, code)


def preview(exam: Exam, rectangle: Rectangle) -> dict[Quantity, RoiStats]:
    """What a rectangle of the coordinator's own would give on each map; nothing is stored."""
    return {one.quantity: measure(one, exam.on_map(one.quantity, rectangle)) for one in exam.measured}


def adjudicate(session: Session, viewer: Viewer, exam_id: int, level: Level, ruling: Ruling) -> Changed:
    """Decide on a level; a decision made before is kept, and this one holds.

    Raises
    ------
    BlindingError, InputError
        As :func:`queue`; ``adjudication.not_read_twice`` for a level that fewer than two readers have signed
        off; ``adjudication.without_value`` where the chosen reader, or nobody, measured it;
        ``adjudication.needs_note`` where a value stands that needs a reason, and none is given;
        ``adjudication.without_images`` and, as at sign-off, ``roi.outside``, ``area.too_small`` and
        ``area.too_few_voxels`` for a rectangle that is drawn.
    """
    beside = side_by_side(session, viewer, exam_id)
    dispute = beside.levels.get(level)
    if dispute is None:
        raise InputError("adjudication.not_read_twice", level=level.value)
    if dispute.decided is not None and dispute.decided.ruling == ruling:
        return Changed(What.NOTHING)
    _refuse_unexplained(dispute, ruling)
    values = _values(session.protocol, beside.exam, dispute, ruling)
    new = Adjudication(exam_id, level, ruling, values, told(dispute.held))
    adjudications.append(session.database, viewer, new, dispute.decided)
    return Changed(What.DECISION)


def _refuse_unexplained(dispute: Dispute, ruling: Ruling) -> None:
    stand = {How.MEAN: dispute.unexplained, How.READER: dispute.unexplained & {ruling.chosen}}
    if stand.get(ruling.how) and not ruling.note:
        raise InputError("adjudication.needs_note", level=dispute.level.value)


def _values(
    protocol: Protocol, exam: Exam | None, dispute: Dispute, ruling: Ruling
) -> Mapping[Quantity, RoiStats]:
    """The values a ruling gives."""
    if ruling.how is How.EXCLUDED:
        return {}
    if ruling.rectangle is not None:
        return _drawn(protocol, exam, dispute.level, ruling.rectangle)
    values = dispute.of_reader(ruling.chosen) if ruling.how is How.READER else dispute.of_mean
    if not values:
        raise InputError("adjudication.without_value", level=dispute.level.value)
    return values


def _drawn(
    protocol: Protocol, exam: Exam | None, level: Level, rectangle: Rectangle
) -> Mapping[Quantity, RoiStats]:
    if exam is None:
        raise InputError("adjudication.without_images")
    # first: what lies outside cannot be asked for its area
    values = preview(exam, rectangle)
    for finding in check_geometry(exam, {level: rectangle}, protocol):
        if finding.severity is Severity.REFUSE:
            raise InputError(finding.code, level=level.value, **finding.values)
    return values
