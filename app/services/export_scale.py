"""How stored integers became values, as columns of the long table."""

from __future__ import annotations

from collections.abc import Callable

from app.domain.maps import Quantity
from app.files.tables import Cell
from app.services.export_fields import DERIVED, PREFIXES, Field, RowT
from app.store.exported import ExamFacts


def scale_fields(quantity: Quantity, exam: Callable[[RowT], ExamFacts]) -> tuple[Field[RowT], ...]:
    """Columns on the scale of a map.

    Parameters
    ----------
    quantity : Quantity
        Of which map.
    exam : callable
        Gives the exam of a row.
    """

    def told(name: str) -> Callable[[RowT], Cell]:
        def value(row: RowT) -> Cell:
            facts = exam(row).maps.get(quantity)
            return None if facts is None else getattr(facts.scaling, name)

        return value

    prefix = PREFIXES[quantity]
    return (
        Field(
            f"{prefix}_scale_rule",
            f"Why the stored integers of the {prefix} map mean what they mean.",
            told("rule"),
            values="ge.physical (the vendor stores the unit itself), dicom.rescale, philips.rescale (own tags"
            " of the file), rwvm.unit (its Real World Value Mapping), siemens.stored (as this vendor writes),"
            " siemens.rescale (own tags of the file), none",
        ),
        Field(f"{prefix}_scale_factor", f"{prefix} value per stored unit.", told("slope")),
        Field(f"{prefix}_scale_offset", f"{prefix} value of a stored 0.", told("intercept")),
        Field(
            f"{prefix}_scale_check",
            f"What the range of the {prefix} map looks like, as a second witness.",
            told("check"),
            values="unit of what the file's own tags give: ff.percent, ff.permille, r2star.per_second, ...",
        ),
        Field(
            f"{prefix}_scale_transform",
            f"What becomes of the {prefix} line of factor and offset.",
            told("transform"),
            values="linear (it is the value), reciprocal_ms (it is T2* in ms, the value is 1000 / T2*)",
        ),
        Field(
            f"{prefix}_scale_confirmed_by",
            f"Who confirmed the {prefix} scale; empty where rule and range agreed.",
            told("confirmed_by"),
        ),
        Field(
            f"{prefix}_scale_derived",
            f"How the {prefix} map came to be where the scanner did not make it as it is.",
            told("derived"),
            values=DERIVED,
        ),
    )
