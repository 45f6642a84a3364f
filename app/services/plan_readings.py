"""What a table of readings measured elsewhere would bring: whose, in which unit, and what is in the way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.domain.clinical import Problem
from app.domain.errors import DataError, Value
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.domain.reading import Viewer
from app.files.clinical_cells import IMPLAUSIBLE, read_field_strength
from app.files.raw_table import RawTable
from app.files.readings_headers import ReadingColumn
from app.files.readings_table import ReadingsTable, TableValue, understand_readings_table
from app.services.case_codes import fits_as_code, free_code, known_words
from app.services.field_strengths import nominal_tesla
from app.services.join_rows import NO_EXAM, Index
from app.services.open_session import Session
from app.services.readings_units import FACTORS as FACTORS
from app.services.readings_units import Doubt as Doubt
from app.services.readings_units import units_of
from app.store import clinical, exams, sessions, table_readings
from app.store.clinical import ExamIdentifiers

_LIMITS = {Quantity.FF: (0.0, 100.0), Quantity.R2STAR: (0.0, 2000.0)}

EXISTS = "readings.exists"
READS_IMAGES = "readings.reads_images"
CONTRADICTS = "readings.contradicts"
FIELDS_DIFFER = "readings.fields_differ"
FIELD_CONTRADICTS = "readings.field_contradicts"
BAD_CODE = "readings.bad_code"


@dataclass(frozen=True, slots=True)
class ReadingsMeaning:
    """What a person said of a table of readings.

    Attributes
    ----------
    columns : tuple of ReadingColumn or None
        What each column holds; None for what the headers say.
    reader : str
        Who measured what the table ascribes to nobody.
    units : mapping of Quantity to str
        Keys of :data:`FACTORS`, where a person settled them.
    field_strength : str
        Of the lines that say none, as a person wrote it; empty where it is not known.
    """

    columns: tuple[ReadingColumn, ...] | None = None
    reader: str = ""
    units: Mapping[Quantity, str] = field(default_factory=dict)
    field_strength: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """A line that brings nothing, or not all of it, and why.

    Attributes
    ----------
    line : int
        Line of the file.
    code, values : str, mapping
        Of the sentence.
    """

    line: int
    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedReading:
    """One reading that would come.

    Attributes
    ----------
    case : int
        Key of the exam; negative for a case that is made: see :attr:`ReadingsPlan.new_cases`.
    code : str
        Its case code.
    reader, round : str, int
        Whose.
    means : mapping of Level to mapping of Quantity to float
        FF in %, R2* in s^-1.
    lines : tuple of int
        Where it stands in the file.
    """

    case: int
    code: str
    reader: str
    round: int
    means: Mapping[Level, Mapping[Quantity, float]]
    lines: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class NewCase:
    """An exam without images that would be made."""

    key: int
    code: str
    identity: Identity
    field_strength_t: float | None = None


@dataclass(frozen=True, slots=True)
class ReadingsPlan:
    """What importing a table of readings would do; nothing is written yet.

    Attributes
    ----------
    raw, meaning, table : RawTable, ReadingsMeaning, ReadingsTable
        The file, what its columns mean, what was understood of it.
    readings : tuple of PlannedReading
        What would come, in the order of the file.
    new_cases : tuple of NewCase
        Exams that would be made for it.
    new_readers : tuple of str
        Readers that would be enrolled.
    refused : tuple of Refused
        Lines that bring nothing, by line.
    units : mapping of Quantity to str
        As used.
    doubts : tuple of Doubt
        What a person has to settle first.
    without_field : tuple of str
        Cases of the session whose field strength stays unknown although the table says one: what was written
        of an exam stays as it is.
    """

    raw: RawTable
    meaning: ReadingsMeaning
    table: ReadingsTable
    readings: tuple[PlannedReading, ...]
    new_cases: tuple[NewCase, ...]
    new_readers: tuple[str, ...]
    refused: tuple[Refused, ...]
    units: Mapping[Quantity, str]
    doubts: tuple[Doubt, ...]
    without_field: tuple[str, ...] = ()

    @property
    def numbers(self) -> int:
        """How many numbers would come."""
        return sum(len(of_level) for one in self.readings for of_level in one.means.values())


def planned(session: Session, viewer: Viewer, raw: RawTable, said: ReadingsMeaning) -> ReadingsPlan:
    """What a table would bring; see :func:`app.services.table_readings.plan_readings`.

    Raises
    ------
    BlindingError, DataError
        As there.
    """
    tesla = _tesla(said.field_strength, raw.path)
    table = understand_readings_table(raw, said.columns, reader=said.reader, field_strength_t=tesla)
    units, doubts = units_of(table.values, said.units)
    return _Planner(session, viewer, units).plan(raw, said, table, doubts)


def _tesla(said: str, path: Path) -> float | None:
    """What a person says of the whole table; the sign before the decimals may be either."""
    figure = read_field_strength(said, decimal_comma=True)
    if figure.problem:
        raise DataError("readings.no_such_field_strength", path, verbatim=said.strip())
    return figure.value


_Slot = tuple[Level, Quantity]


@dataclass(slots=True)
class _Group:
    """Numbers of one case by one reader in one round, while they are gathered."""

    slots: dict[_Slot, float] = field(default_factory=dict)
    lines: dict[_Slot, list[int]] = field(default_factory=lambda: defaultdict(list))
    contradictory: set[_Slot] = field(default_factory=set)

    def add(self, one: TableValue, value: float) -> None:
        slot = (one.level, one.quantity)
        self.lines[slot].append(one.line)
        if self.slots.setdefault(slot, value) != value:
            self.contradictory.add(slot)


class _Planner:
    """Finds case and reader of every number, and says which cannot come."""

    def __init__(self, session: Session, viewer: Viewer, units: Mapping[Quantity, str]) -> None:
        database = session.database
        known = clinical.exam_identifiers(database)
        self._units = units
        self._index = Index(known)
        self._codes = {one.exam_id: one.code for one in known}
        self._taken = {one.code.casefold() for one in known}
        self._words = known_words(session)
        rows = exams.exams(database)
        self._with_images = {one.id for one in rows if one.origin != "table"}
        self._tesla = {one.id: one.field_strength_t for one in rows}
        # what the table says of each case, and on which lines
        self._fields: dict[int, dict[float, list[int]]] = defaultdict(lambda: defaultdict(list))
        self._places = table_readings.places(database, viewer)
        self._readers = {one.name.casefold(): one.name for one in sessions.readers(database)}
        self._enrolled = set(self._readers.values())
        self._new: dict[int, NewCase] = {}
        self._found: dict[tuple[str, str, str], int | str] = {}
        # the same is said of a line once, however many of its numbers it concerns
        self._refused: dict[tuple[object, ...], Refused] = {}

    def _refuse(self, line: int, code: str, **values: Value) -> None:
        self._refused[line, code, *values.values()] = Refused(line, code, values)

    def _refuse_for(self, line: int, problem: Problem) -> None:
        self._refuse(line, problem.code, column=problem.column, verbatim=problem.verbatim)

    def plan(
        self, raw: RawTable, said: ReadingsMeaning, table: ReadingsTable, doubts: tuple[Doubt, ...]
    ) -> ReadingsPlan:
        """All of it."""
        for line, problem in table.problems:
            self._refuse_for(line, problem)
        groups: dict[tuple[int, str, int], _Group] = {}
        for one in table.values:
            value = self._scaled(one)
            case = None if value is None else self._case(one)
            if value is not None and case is not None:
                place = (case, self._reader(one.reader), one.round)
                groups.setdefault(place, _Group()).add(one, value)
                if one.field_strength_t is not None:
                    self._fields[case][one.field_strength_t].append(one.line)
        readings = [made for place, group in groups.items() if (made := self._planned(place, group))]
        used = {one.case for one in readings}
        come = dict.fromkeys(one.reader for one in readings)
        return ReadingsPlan(
            raw=raw,
            meaning=said,
            table=table,
            readings=tuple(readings),
            new_cases=tuple(self._with_field(case) for case in self._new.values() if case.key in used),
            new_readers=tuple(name for name in come if name not in self._enrolled),
            refused=tuple(sorted(self._refused.values(), key=lambda one: one.line)),
            units=self._units,
            doubts=doubts,
            without_field=tuple(
                self._codes[key] for key in self._fields if key in used and self._tesla.get(key, 0.0) is None
            ),
        )

    def _scaled(self, one: TableValue) -> float | None:
        value = one.value * FACTORS[one.quantity][self._units[one.quantity]]
        low, high = _LIMITS[one.quantity]
        if low <= value <= high:
            return value
        self._refuse_for(one.line, Problem(IMPLAUSIBLE, one.column, one.verbatim))
        return None

    def _reader(self, name: str) -> str:
        return self._readers.setdefault(name.casefold(), name)

    # ---- cases

    def _case(self, one: TableValue) -> int | None:
        """Key of the case of a number, which may be a new one; None where it has none."""
        ids = (one.patient_id, one.accession, one.case_code)
        if ids not in self._found:
            self._found[ids] = self._find(one)
        found = self._found[ids]
        if isinstance(found, int):
            return found
        self._refuse(one.line, found)
        return None

    def _find(self, one: TableValue) -> int | str:
        exam_id, told = self._index.find(one)
        if exam_id is not None:
            return exam_id
        return self._make(one) if told == NO_EXAM else told

    def _make(self, one: TableValue) -> int | str:
        """A case without images for somebody the session does not know."""
        identity = Identity(patient_id=one.patient_id, accession=one.accession)
        code = one.case_code
        if not code:
            words = {*self._words, one.patient_id.casefold(), one.accession.casefold()}
            code = free_code(self._taken, words)
        elif not fits_as_code(code, self._words) or code.casefold() in self._taken:
            return BAD_CODE
        self._taken.add(code.casefold())
        key = -1 - len(self._new)
        self._new[key] = NewCase(key, code, identity)
        self._codes[key] = code
        self._index.add(ExamIdentifiers(key, code, one.patient_id, one.accession, ""))
        return key

    # ---- readings

    def _planned(self, place: tuple[int, str, int], group: _Group) -> PlannedReading | None:
        case, reader, number = place
        lines = tuple(dict.fromkeys(line for of_slot in group.lines.values() for line in of_slot))
        why = self._in_the_way(case, reader, number)
        code = self._codes[case]
        if not self._one_field(case, lines):
            return None
        if why:
            for line in lines:
                self._refuse(line, why, case=code, reader=reader, round=number)
            return None
        means: dict[Level, dict[Quantity, float]] = {}
        for slot, value in group.slots.items():
            level, quantity = slot
            if slot not in group.contradictory:
                means.setdefault(level, {})[quantity] = value
                continue
            for line in group.lines[slot]:
                self._refuse(line, CONTRADICTS, case=code, reader=reader, level=level.value)
        return PlannedReading(case, code, reader, number, means, lines) if means else None

    def _in_the_way(self, case: int, reader: str, number: int) -> str:
        if (case, reader, number) in self._places:
            return EXISTS
        # whoever reads images here would find their own place taken by a table
        if case in self._with_images and reader in self._enrolled and not self._only_tables(reader):
            return READS_IMAGES
        return ""

    # ---- field strengths

    def _one_field(self, case: int, lines: Sequence[int]) -> bool:
        """Whether the table says one field strength of a case at most, and none but that of the session."""
        told = sorted(self._fields[case]) if case in self._fields else []
        known = self._tesla.get(case)
        if len({nominal_tesla(one) for one in told}) > 1:
            code, values = FIELDS_DIFFER, {"tesla": ", ".join(f"{one:g}" for one in told)}
        elif told and known is not None and nominal_tesla(told[0]) != nominal_tesla(known):
            code, values = FIELD_CONTRADICTS, {"tesla": f"{told[0]:g}", "known": f"{known:g}"}
        else:
            return True
        for line in lines:
            self._refuse(line, code, case=self._codes[case], **values)
        return False

    def _with_field(self, case: NewCase) -> NewCase:
        told = self._fields.get(case.key)
        return replace(case, field_strength_t=min(told)) if told else case

    def _only_tables(self, reader: str) -> bool:
        origins = {origin for (_, name, _), origin in self._places.items() if name == reader}
        return origins == {"table"}
