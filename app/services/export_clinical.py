"""What the clinical table says of a patient, as columns of the wide table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from app.domain.clinical import (
    INTERVAL_TOO_LONG,
    POSTMENOPAUSAL,
    UNSTATED,
    ClinicalRow,
    ClinicalValue,
    Kind,
    group_of,
)
from app.domain.protocol import LOWEST, Protocol
from app.files.tables import Cell
from app.services.export_fields import CODES_APART, YES_NO, Field, RowT

_Row = ClinicalRow | None
_Value = Callable[[_Row], Cell]

_NO_WORD = re.compile(r"[^A-Za-z0-9]+")
_PLAIN = "plain"
_OR_PLAIN = ", or of the plain column where the table names no region."
_LOWEST = (
    "Lowest T-score of the lumbar spine as a whole, the femoral neck, the total hip and the plain column, as "
    "far as the table has them."
)
_LONGEST = 48
"""SPSS takes 64; what the column holds stands before, what tells two of one name apart after."""


def clinical_fields(
    protocol: Protocol, reference: Callable[[RowT], ClinicalRow | None], rows: Iterable[ClinicalRow]
) -> tuple[Field[RowT], ...]:
    """Columns of the clinical table: what belongs to the protocol's region, other regions, further columns.

    Parameters
    ----------
    protocol : Protocol
        Gives the region.
    reference : callable
        Gives the patient's row of the clinical table, or None.
    rows : iterable of ClinicalRow
        All rows; what none of them tells gets no column.
    """
    known = tuple(rows)
    fields = (*_fields(protocol), *_other_regions(protocol, known), *_covariates(known))
    return tuple(
        Field(one.name, one.meaning, _through(reference, one.value), one.unit, one.values) for one in fields
    )


def _through(reference: Callable[[RowT], ClinicalRow | None], value: _Value) -> Callable[[RowT], Cell]:
    return lambda row: value(reference(row))


def _fields(protocol: Protocol) -> tuple[Field[_Row], ...]:
    region, of_tscore = protocol.bmd_region, protocol.tscore_region
    return (
        Field("sex", "Sex from the clinical table.", _of_row("sex"), values="M, F"),
        Field("age", "Age from the clinical table.", _of_row("age"), unit="years"),
        Field("bmi", "Body mass index from the clinical table.", _of_row("bmi"), unit="kg/m2"),
        Field(
            "bmd",
            f"Bone mineral density of {region}{_OR_PLAIN}",
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
            _LOWEST if of_tscore == LOWEST else f"T-score of {of_tscore}{_OR_PLAIN}",
            _of_tscore(of_tscore, "value"),
        ),
        Field(
            "tscore_region",
            "Region that tscore is of.",
            _tscore_region(of_tscore),
            values=f"as the table names it; {_PLAIN} for a column that names none",
        ),
        Field(
            "group",
            "Bone-density group by tscore, from the imported reference and never from FF or R2*.",
            _group(of_tscore),
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


def _of_tscore(region: str, name: str) -> _Value:
    return lambda row: getattr(row.tscore(region) if row else None, name, None)


def _tscore_region(region: str) -> _Value:
    def value(row: _Row) -> Cell:
        found = row.tscore(region) if row else None
        return None if found is None or found.value is None else found.region or _PLAIN

    return value


def _find(row: _Row, kind: Kind, region: str) -> ClinicalValue | None:
    return row.find(kind, region) if row else None


def _group(region: str) -> _Value:
    def value(row: _Row) -> Cell:
        found = row.tscore(region) if row else None
        group = group_of(found.value) if found else None
        return group.value if group else None

    return value


def _problems(row: _Row) -> Cell:
    if row is None:
        return None
    return CODES_APART.join(sorted({problem.code for problem in row.problems}))


# ---- columns that only some tables have


def _other_regions(protocol: Protocol, rows: Iterable[ClinicalRow]) -> list[Field[_Row]]:
    """Densities and T-scores that are not those of ``bmd`` and ``tscore``."""
    region, of_tscore = protocol.bmd_region, protocol.tscore_region
    told = {
        (value.kind, value.region)
        for row in rows
        for value in row.values
        if value.value is not None and value not in (row.find(Kind.BMD, region), row.tscore(of_tscore))
    }
    regions = _names(region for _, region in sorted(told, key=lambda one: one[1]))
    found: list[Field[_Row]] = []
    for other, name in regions.items():
        words = "the plain column" if other == UNSTATED else other
        if (Kind.BMD, other) in told:
            found += [
                Field(
                    f"bmd_at_{name}",
                    f"Bone mineral density of {words}.",
                    _of_exactly(Kind.BMD, other, "value"),
                    unit=f"see bmd_unit_at_{name}",
                ),
                Field(
                    f"bmd_unit_at_{name}",
                    f"Unit of bmd_at_{name}, as the table says; never converted.",
                    _of_exactly(Kind.BMD, other, "unit"),
                ),
            ]
        if (Kind.TSCORE, other) in told:
            value = _of_exactly(Kind.TSCORE, other, "value")
            found.append(Field(f"tscore_at_{name}", f"T-score of {words}.", value))
    return found


def _covariates(rows: Iterable[ClinicalRow]) -> list[Field[_Row]]:
    """Further numbers, those a model can be adjusted for."""
    headers = _names(sorted({one.name for row in rows for one in row.covariates}))
    return [
        Field(
            f"covariate_{name}",
            f"Further column of the clinical table: {header}.",
            _of_covariate(header),
            values=YES_NO if header == POSTMENOPAUSAL else "",
        )
        for header, name in headers.items()
    ]


def _names(texts: Iterable[str]) -> dict[str, str]:
    """What of each text can stand in the name of a column, no two alike also when case is ignored."""
    found: dict[str, str] = {}
    for number, text in enumerate(dict.fromkeys(texts), start=1):
        # a header without any Latin letter goes by its number; the codebook has it in full
        stem = _NO_WORD.sub("_", text or _PLAIN).strip("_")[:_LONGEST].rstrip("_") or str(number)
        taken = {name.upper() for name in found.values()}
        tries = (stem, *(f"{stem}_{again}" for again in range(2, len(found) + 3)))
        found[text] = next(name for name in tries if name.upper() not in taken)
    return found


def _of_exactly(kind: Kind, region: str, name: str) -> _Value:
    def value(row: _Row) -> Cell:
        values = row.values if row else ()
        of_region = (one for one in values if (one.kind, one.region) == (kind, region))
        return getattr(next(of_region, None), name, None)

    return value


def _of_covariate(header: str) -> _Value:
    return lambda row: row.covariate(header) if row else None
