"""The long table: one row per patient, level, reader and round, and one for each decision on a level.

A reading that holds no level has one row too, where something is said of the whole case.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from app.domain.case_facts import Because
from app.domain.maps import MEASURED, Quantity
from app.domain.placement import Placement
from app.domain.protocol import Protocol
from app.domain.reading import Kind
from app.files.tables import Cell
from app.services.export_case import Said, case_fields, reason_fields, speaks
from app.services.export_decided import DECIDED, EXCLUDED, decided_cell, decision_fields, left_out
from app.services.export_fields import CODES_APART, PREFIXES, YES_NO, Field, units
from app.services.export_scale import scale_fields
from app.services.stored_findings import findings_of, key_of
from app.store.adjudications import Adjudication
from app.store.case_facts import CaseResult
from app.store.exported import ExamFacts
from app.store.results import BareReading, LevelResult

NOT_MEASURABLE, NO_MAP, NOT_IN_TABLE, NO_VOXEL = "not_measurable", "no_map", "not_in_table", "no_voxel"
"""Why a cell has no mean."""

NO_LEVEL = "no_level"
"""What stands for the level in the row of a reading that holds none."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """What every row of an export says of the session."""

    synthetic: bool
    audit_head: str


@dataclass(frozen=True, slots=True)
class LongRow:
    """One level of one reading, or a reading without any.

    Attributes
    ----------
    cell : LevelResult or BareReading
        What the reader holds.
    exam : ExamFacts
        Of which exam.
    flags : tuple of str
        Codes of the geometric rules that speak up at this level.
    stamp : Stamp
        Of the session.
    said : CaseResult or None
        What the reader said of the whole case, if anything.
    decided : Adjudication or None
        The decision of a coordinator that the row tells; None for what a reader holds.
    """

    cell: LevelResult | BareReading
    exam: ExamFacts
    flags: tuple[str, ...]
    stamp: Stamp
    said: CaseResult | None = None
    decided: Adjudication | None = None

    @property
    def held(self) -> LevelResult | None:
        """What the reader holds at a level; None in the row of a reading without any."""
        return self.cell if isinstance(self.cell, LevelResult) else None


def long_rows(
    cells: Sequence[LevelResult],
    exams: Mapping[int, ExamFacts],
    protocol: Protocol,
    stamp: Stamp,
    said: Said,
    decided: Sequence[Adjudication] = (),
    bare: Sequence[BareReading] = (),
) -> list[LongRow]:
    """Rows in the order of ``cells``, those of a case followed by readings without a level and by decisions.

    Parameters
    ----------
    cells : sequence of LevelResult
        All readers' levels.
    exams : mapping of int to ExamFacts
        By key.
    protocol : Protocol
        Its rules are asked.
    stamp : Stamp
        Of the session.
    said : Said
        What readers said of whole cases.
    decided : sequence of Adjudication
        Decisions that hold.
    bare : sequence of BareReading
        Readings without a level; those of whose case nothing is said now are left out.
    """
    found = findings_of(cells, exams, protocol)
    rows = [
        LongRow(
            cell,
            exams[cell.exam_id],
            tuple(one.code for one in found.get(key_of(cell), ())),
            stamp,
            said.get((cell.exam_id, cell.reader, cell.round)),
        )
        for cell in cells
    ]
    for reading in bare:
        told = said.get((reading.exam_id, reading.reader, reading.round))
        if speaks(told):
            rows.append(LongRow(reading, exams[reading.exam_id], (), stamp, told))
    for one in sorted(decided, key=lambda one: one.level):
        exam = exams[one.exam_id]
        rows.append(LongRow(decided_cell(one, exam), exam, (), stamp, decided=one))
    # the order of the rows of a case stays
    return sorted(rows, key=lambda row: row.cell.code)


def _accepted(row: LongRow) -> Because | None:
    return row.said.accepted.get(row.held.level) if row.said and row.held else None


def _state(row: LongRow) -> str:
    if row.decided is not None:
        return DECIDED
    return "signed_off" if row.cell.signed_off else "open"


def _status(row: LongRow) -> str:
    if row.held is None:
        return NO_LEVEL
    return EXCLUDED if left_out(row.decided) else row.held.kind.value


_READING: tuple[Field[LongRow], ...] = (
    Field(
        "case",
        "Case code; begins with a letter so that no program reads it as a number.",
        lambda r: r.cell.code,
    ),
    Field(
        "synthetic", "Whether the session holds made-up patients.", lambda r: r.stamp.synthetic, values=YES_NO
    ),
    Field(
        "field_strength_t",
        "Magnetic field. R2* of different field strengths must not be pooled.",
        lambda r: r.cell.field_strength_t,
        unit="T",
    ),
    Field("reader", "Who read.", lambda r: r.cell.reader),
    Field("round", "Which reading of this reader; the first is 1.", lambda r: r.cell.round),
    Field(
        "training",
        "Whether the case is for practice; in no result.",
        lambda r: r.cell.training,
        values=YES_NO,
    ),
    Field(
        "not_blinded",
        "Whether this reading of a blinded study was made when its reader could see others'.",
        lambda r: r.cell.not_blinded,
        values=YES_NO,
    ),
    Field(
        "origin",
        "Where the values come from.",
        lambda r: r.cell.origin,
        values="images measured here, table taken over from a table (only the means are known), "
        f"{DECIDED} decided by a coordinator where readers differ: it stands beside their own rows, so leave "
        "it out of everything that compares readers",
    ),
    Field(
        "state",
        "Whether the reader has signed off the case.",
        _state,
        values=f"signed_off, open (the reader may still change it), {DECIDED} (no reading)",
    ),
    Field(
        "level",
        "Vertebra; empty in the row of a reading that holds no level.",
        lambda r: r.held.level.value if r.held else None,
        values="L1, L2, L3, L4, L5",
    ),
    Field(
        "status",
        "Whether the level was measured.",
        _status,
        values="measured, not_measurable (see reason), excluded (a coordinator left it out, see reason), "
        f"{NO_LEVEL} (the reading holds none: the row tells only what its reader says of the whole case)",
    ),
    Field(
        "reason",
        "Why a level was not measured.",
        lambda r: r.held.reason.value if r.held and r.held.reason else None,
        values="reason codes of the protocol, such as FX_ACUTE, HEMANG, SWAP, OTHER (see note)",
    ),
    Field("note", "Free text of the reader.", lambda r: r.held.note if r.held else None),
    *reason_fields("accepted", "the level was accepted although a rule speaks up", _accepted),
    *case_fields(lambda row: row.said),
    *decision_fields(lambda row: row.decided),
)

_Value = Callable[[LongRow], Cell]

# name of the column, field of RoiStats, meaning, unit
_STATISTICS = (
    ("mean", "mean", "Mean of the voxels of the rectangle on the {map} map.", "{unit}"),
    ("sd", "sd", "Standard deviation of these voxels, divisor n - 1; {map}.", "{unit}"),
    ("median", "median", "Median of these voxels; {map}.", "{unit}"),
    ("min", "minimum", "Smallest of these voxels; {map}.", "{unit}"),
    ("max", "maximum", "Largest of these voxels; {map}.", "{unit}"),
    (
        "n",
        "n",
        "Voxels with a value, of all slices; all are counted. The {map} map's own, that may differ in size.",
        "",
    ),
    ("area_mm2", "area_mm2", "Area of the rectangle's voxels in one slice of the {map} map.", "mm2"),
    ("nan", "nan", "Voxels without a value, not counted; {map}.", ""),
    ("zero", "zero", "Voxels that are exactly 0, counted; {map}.", ""),
    ("below", "below", "Voxels below 0, counted; {map}.", ""),
    ("above", "above", "Voxels above 100 %, counted; {map}.", ""),
    ("saturated", "saturated", "Voxels equal to the largest one of the whole {map} map, counted.", ""),
)


def _map_fields(quantity: Quantity, unit: str) -> list[Field[LongRow]]:
    prefix = PREFIXES[quantity]
    return [
        *(
            Field(
                f"{prefix}_{name}",
                meaning.format(map=prefix),
                _statistic(quantity, source),
                unit=in_unit.format(unit=unit),
            )
            for name, source, meaning, in_unit in _STATISTICS
            # no R2* is too large to be true
            if name != "above" or quantity is Quantity.FF
        ),
        Field(
            f"{prefix}_missing",
            f"Why there is no {prefix}_mean; empty where there is one.",
            lambda row: _missing(row, quantity),
            values=f"{NOT_MEASURABLE}, {NO_MAP}, {NOT_IN_TABLE}, {NO_VOXEL} (none has a value), {EXCLUDED}, "
            f"{NO_LEVEL}",
        ),
    ]


def _statistic(quantity: Quantity, source: str) -> _Value:
    return lambda row: getattr(row.held.stats.get(quantity), source, None) if row.held else None


def _missing(row: LongRow, quantity: Quantity) -> str | None:
    cell = row.held
    if cell is None:
        return NO_LEVEL
    if cell.kind is Kind.NOT_MEASURABLE:
        return EXCLUDED if left_out(row.decided) else NOT_MEASURABLE
    stats = cell.stats.get(quantity)
    if stats is None:
        # a decision may have no rectangle of its own
        images = row.exam.maps if row.decided else cell.rectangle
        return NO_MAP if images else NOT_IN_TABLE
    return NO_VOXEL if stats.mean is None else None


def _of_rectangle(name: str) -> _Value:
    return lambda row: getattr(row.held.rectangle, name, None) if row.held else None


def _area(row: LongRow) -> float | None:
    # one rectangle lies on both maps along the lines of both, so whichever was measured tells its area; of a
    # turned one on voxels of different sizes it is that of the first
    return next((stats.area_mm2 for stats in row.held.stats.values()), None) if row.held else None


def _placement(row: LongRow) -> Placement | None:
    return row.said.placed.get(row.held.level) if row.said and row.held else None


def _placed_by(row: LongRow) -> str | None:
    if row.held is None or row.held.rectangle is None:
        return None
    how = _placement(row)
    return how.by.value if how else "hand"


def _adjusted(row: LongRow) -> bool | None:
    how = _placement(row)
    return how.adjusted if how else None


_PLACE: tuple[Field[LongRow], ...] = (
    Field("area_mm2", "Area of the voxels of one slice; on FF where measured.", _area, unit="mm2"),
    Field(
        "slice",
        "Slice of the rectangle, counted from 0 in order of position along the slice normal; the middle one "
        "of several.",
        _of_rectangle("slice"),
    ),
    Field(
        "row0",
        "First row, counted from 0 in the stored pixel matrix; here and in the next three columns of the map "
        "with the larger voxels, where FF and R2* differ in them.",
        _of_rectangle("row0"),
    ),
    Field("col0", "First column, counted from 0 in the stored pixel matrix.", _of_rectangle("col0")),
    Field("rows", "Height of the rectangle.", _of_rectangle("rows"), unit="voxels"),
    Field("cols", "Width of the rectangle.", _of_rectangle("cols"), unit="voxels"),
    Field(
        "angle_deg",
        "Turn of the rectangle about its own middle within the slice, from the row-index axis towards the "
        "column-index axis. row0, col0, rows and cols say where it was before it was turned.",
        _of_rectangle("angle_deg"),
        unit="degrees",
    ),
    Field(
        "slices_pooled",
        "Slices whose voxels were counted together: the same rectangle on the neighbours of slice too.",
        _of_rectangle("depth"),
        values="1, 3",
    ),
    Field(
        "placed_by",
        "What proposed the rectangle; a reader looked at it before it was placed.",
        _placed_by,
        values="hand, fit (from the edges of the body), ladder (from L1 and L5)",
    ),
    Field(
        "placed_by_adjusted",
        "Whether a proposed rectangle was changed by hand since; empty for one that a hand placed.",
        _adjusted,
        values=YES_NO,
    ),
    Field(
        "flags",
        "Rules of the protocol in force that speak up at this level: of place, and of the values measured.",
        lambda row: CODES_APART.join(row.flags),
        values=f"codes, {CODES_APART} between them, such as area.unusual, spine.order, values.ff_unusual",
    ),
    Field(
        "rule",
        "How voxels were counted.",
        lambda row: row.held.rule if row.held else None,
        values="whole-voxel-rectangle/1 (what is drawn is counted, nothing is interpolated), "
        "voxel-centre-rectangle/1 (turned: a voxel counts when its centre lies inside), either with "
        "+3-slices (pooled), from-table",
    ),
)


_ORIGIN: tuple[Field[LongRow], ...] = (
    Field("protocol", "Protocol the level was measured under, with its version.", lambda r: r.cell.protocol),
    Field(
        "signed_off_protocol",
        "Protocol in force when the case was signed off; empty while open.",
        lambda r: r.cell.signed_off_protocol,
    ),
    Field("software", "Version of MarrowMark that measured.", lambda r: r.cell.software),
    Field(
        "measured_utc",
        "When the level got its present content, UTC; without a level, when the case was last spoken of.",
        lambda r: r.cell.at_utc,
    ),
    Field(
        "signed_off_utc",
        "When the case was signed off, UTC; empty while open.",
        lambda r: r.cell.signed_off_utc,
    ),
    Field(
        "audit_head",
        "Hash of the newest entry of the session's audit at the time of export: keep it to show later that "
        "nothing was changed.",
        lambda r: r.stamp.audit_head,
    ),
)


def _exam(row: LongRow) -> ExamFacts:
    return row.exam


def long_fields(protocol: Protocol) -> tuple[Field[LongRow], ...]:
    """The columns, in order."""
    unit_of = units(protocol.r2star_unit)
    measured = (field for quantity in MEASURED for field in _map_fields(quantity, unit_of[quantity]))
    scales = (field for quantity in MEASURED for field in scale_fields(quantity, _exam))
    return (*_READING, *measured, *_PLACE, *scales, *_ORIGIN)
