"""An exam on the reader's desk, and what the rules say about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.domain.case_facts import Because
from app.domain.checks import Finding, Severity, check_geometry
from app.domain.checks_place import Bodies, Place, body_around, check_places, place_of
from app.domain.checks_values import MANY_BAD, check_values
from app.domain.exam import Exam
from app.domain.maps import Quantity
from app.domain.measure import RoiStats, voxels_of
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Kind, LevelState, Reading
from app.domain.shapes import Rectangle

# a refusal that a reason sets aside
_OVERRIDDEN = "spine.order"


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands beside the numbers of a case, without its voxels.

    Attributes
    ----------
    code : str
        Case code.
    excluded : Because or None
        Why the whole patient is left out.
    marked : mapping of Level to LevelState
        Levels that are not measurable.
    findings : tuple of Finding
        What the rules say.
    accepted : mapping of Level to Because
        Levels that were accepted as they are, and why.
    """

    code: str
    excluded: Because | None
    marked: Mapping[Level, LevelState]
    findings: tuple[Finding, ...]
    accepted: Mapping[Level, Because]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """An exam on the reader's desk.

    Attributes
    ----------
    exam : Exam
        The maps, in memory.
    reading : Reading
        This reader's work on it so far.
    protocol : Protocol
        The rules in force.
    bodies : mapping of Place to Body or None
        What was found around rectangles so far: looking takes longer than a step may.
    findings : tuple of Finding
        What the rules say about the rectangles as they stand, as far as this reader may know. Rules that look
        at geometry always speak; those that look at values never in a blinded round, nor while numbers are
        hidden.
    """

    exam: Exam
    reading: Reading
    protocol: Protocol
    bodies: Bodies = field(default_factory=dict)
    findings: tuple[Finding, ...] = field(init=False)

    def __post_init__(self) -> None:
        # worked out once: the sign-off, the panel and every level ask for them
        object.__setattr__(self, "findings", self._find())

    def _find(self) -> tuple[Finding, ...]:
        rectangles = self.reading.history.rectangles
        found = check_geometry(self.exam, rectangles, self.protocol)
        found += check_places(self.exam, rectangles, self.bodies, self.protocol)
        if self.protocol.blinded or not self.numbers_shown:
            return found
        return (*found, *self._about_values(rectangles))

    @property
    def unlooked(self) -> tuple[Place, ...]:
        """Middles of rectangles around which no vertebral body was looked for yet."""
        places = (place_of(one) for one in self.reading.history.rectangles.values())
        return tuple(place for place in places if place not in self.bodies)

    def with_bodies(self, found: Bodies) -> Case:
        """The case once bodies were looked for around some more places."""
        return replace(self, bodies={**self.bodies, **found})

    def looked(self) -> Case:
        """The case with a look around all its rectangles, some 25 ms for each that had none."""
        found = {place: body_around(self.exam, place, self.protocol) for place in self.unlooked}
        return self.with_bodies(found) if found else self

    @property
    def first_gap(self) -> Level | None:
        """The topmost level that still waits, or None; an excluded patient has no gaps to fill."""
        return None if self.reading.facts.excluded else next(iter(self.reading.history.gaps), None)

    @property
    def numbers_shown(self) -> bool:
        """Whether the reader may see values now."""
        return self.reading.locked or not self.protocol.numbers_hidden

    def _about_values(self, rectangles: Mapping[Level, Rectangle]) -> tuple[Finding, ...]:
        current = self.reading.history.current
        stats: dict[Level, Mapping[Quantity, RoiStats]] = {one: current[one].stats for one in rectangles}
        ff = self.exam.maps.get(Quantity.FF)
        voxels = {}
        if ff is not None:
            on_ff = {level: self.exam.on_map(ff.quantity, one) for level, one in rectangles.items()}
            voxels = {level: voxels_of(ff, one) for level, one in on_ff.items()}
        return check_values(stats, voxels, self.protocol, self.exam.field_strength_t)

    @property
    def refusing(self) -> Finding | None:
        """The first rule that forbids the sign-off, whatever is said, or None."""
        return next((one for one in self.findings if _refuses(one) and not self._set_aside(one)), None)

    @property
    def unexplained(self) -> Finding | None:
        """The first warning that wants a reason before the sign-off and has none, or None."""
        if self.reading.facts.excluded:
            return None
        waiting = (one for one in self.findings if one.code == MANY_BAD)
        return next((one for one in waiting if self.reading.accepted(one.level) is None), None)

    @property
    def standing(self) -> Standing:
        """What the case says of itself beside its numbers."""
        history = self.reading.history
        marked = {level: history.state(level) for level in LEVELS}
        accepted = {level: self.reading.accepted(level) for level in LEVELS}
        return Standing(
            code=self.exam.code,
            excluded=self.reading.facts.excluded,
            marked={level: state for level, state in marked.items() if state.kind is Kind.NOT_MEASURABLE},
            findings=self.findings,
            accepted={level: because for level, because in accepted.items() if because},
        )

    @property
    def stopping(self) -> Finding | None:
        """What forbids the sign-off as things stand, or None."""
        return self.refusing or self.unexplained

    def _set_aside(self, finding: Finding) -> bool:
        return finding.code == _OVERRIDDEN and self.reading.accepted(finding.level) is not None

    def acceptable(self, level: Level) -> bool:
        """Whether a rule speaks against a level that a reason can set aside."""
        mine = (one for one in self.findings if one.level is level)
        return any(not _refuses(one) or one.code == _OVERRIDDEN for one in mine)


def _refuses(finding: Finding) -> bool:
    return finding.severity is Severity.REFUSE
