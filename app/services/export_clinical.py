"""What the clinical table says of a patient, as columns of the wide table."""

from __future__ import annotations

from collections.abc import Callable

from app.domain.clinical import INTERVAL_TOO_LONG, ClinicalRow, ClinicalValue, Kind, group_of
from app.domain.protocol import Protocol
from app.files.tables import Cell
from app.services.export_fields import CODES_APART, Field, RowT

_Row = ClinicalRow | None
_Value = Callable[[_Row], Cell]


def clinical_fields(
    protocol: Protocol, reference: Callable[[RowT], ClinicalRow | None]
) -> tuple[Field[RowT], ...]:
    """Columns of the clinical table that belong to the protocol's region.

    Parameters
    ----------
    protocol : Protocol
        Gives the region.
    reference : callable
        Gives the patient's row of the clinical table, or None.
    """
    return tuple(
        Field(one.name, one.meaning, _through(reference, one.value), one.unit, one.values)
        for one in _fields(protocol)
    )


def _through(reference: Callable[[RowT], ClinicalRow | None], value: _Value) -> Callable[[RowT], Cell]:
    return lambda row: value(reference(row))


def _fields(protocol: Protocol) -> tuple[Field[_Row], ...]:
    region = protocol.bmd_region
    return (
        Field("sex", "Sex from the clinical table.", _of_row("sex"), values="M, F"),
        Field("age", "Age from the clinical table.", _of_row("age"), unit="years"),
        Field("bmi", "Body mass index from the clinical table.", _of_row("bmi"), unit="kg/m2"),
        Field(
            "bmd",
            f"Bone mineral density of {region}, or of the plain column where the table names no region.",
            _of_value(Kind.BMD, region, "value"),
            unit="see bmd_unit",
        ),
        Field(
            "bmd_unit",
            "Unit of bmd, as the table says; never converted.",
            _of_value(Kind.BMD, region, "unit"),
        ),
        Field(
            "tscore",
            f"T-score of {region}, or of the plain column where the table names no region.",
            _of_value(Kind.TSCORE, region, "value"),
        ),
        Field(
            "group",
            "Bone-density group by tscore, from the imported reference and never from FF or R2*.",
            _group(region),
            values="normal (-1.0 and above), osteopenia, osteoporosis (-2.5 and below)",
        ),
        Field(
            "reference_problems",
            "What the import of the clinical table found in this patient's row.",
            _problems,
            values=f"codes, {CODES_APART} between them; with {INTERVAL_TOO_LONG} statistics leave bmd, "
            "tscore and group out",
        ),
    )


def _of_row(name: str) -> _Value:
    return lambda row: getattr(row, name, None)


def _of_value(kind: Kind, region: str, name: str) -> _Value:
    return lambda row: getattr(_find(row, kind, region), name, None)


def _find(row: _Row, kind: Kind, region: str) -> ClinicalValue | None:
    return row.find(kind, region) if row else None


def _group(region: str) -> _Value:
    def value(row: _Row) -> Cell:
        found = _find(row, Kind.TSCORE, region)
        group = group_of(found.value) if found else None
        return group.value if group else None

    return value


def _problems(row: _Row) -> Cell:
    if row is None:
        return None
    return CODES_APART.join(sorted({problem.code for problem in row.problems}))
