"""What a column of a table can be said to hold, as a list to choose from. Pure, no Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app.domain.clinical import REGIONS, UNSTATED
from app.domain.protocol import LEVELS, Level
from app.files.clinical_cells import plain, read_unit
from app.files.clinical_headers import VALUES, Column, Field, read_method, understand
from app.files.readings_headers import QUANTITIES, Holds, ReadingColumn, understand_readings
from app.ui.present import text

_PLAIN = (
    Field.PATIENT_ID, Field.ACCESSION, Field.CASE_CODE, Field.NAME, Field.BIRTH, Field.SEX, Field.AGE,
    Field.BMI, Field.HEIGHT, Field.WEIGHT, Field.EXAM_DATE, Field.REGION, Field.METHOD, Field.MENOPAUSE,
    Field.COVARIATE,
)  # fmt: skip
_HELD = (
    Holds.PATIENT_ID, Holds.ACCESSION, Holds.CASE_CODE, Holds.NAME, Holds.READER, Holds.ROUND, Holds.LEVEL,
    Holds.FIELD_STRENGTH,
)  # fmt: skip
_OF_REGION = (Field.BMD, Field.TSCORE, Field.ZSCORE)
_APART = ":"
NOT_USED = ""

Choices = tuple[tuple[str, str], ...]
"""Words and key of each thing a column can hold."""


def clinical_choices() -> Choices:
    """For a column of a clinical table."""
    of_region = (
        (text(f"column.{field.value}_of", region=region), f"{field.value}{_APART}{region}")
        for field in _OF_REGION
        for region in REGIONS
    )
    regionless = ((text(f"column.{field.value}"), field.value) for field in _OF_REGION)
    others = ((text(f"column.{field.value}"), field.value) for field in _PLAIN)
    return ((text("column."), NOT_USED), *others, *regionless, *of_region)


def readings_choices(columns: Sequence[ReadingColumn] = ()) -> Choices:
    """For a column of a table of readings; those that name a reader are offered with it."""
    of_level = (
        (text(f"column.{holds.value}_of", level=level.value), f"{holds.value}{_APART}{level.value}")
        for holds in QUANTITIES
        for level in LEVELS
    )
    by_line = ((text(f"column.{holds.value}"), holds.value) for holds in QUANTITIES)
    others = ((text(f"column.{holds.value}"), holds.value) for holds in _HELD)
    named = dict.fromkeys(
        (_by(column), readings_key(column))
        for column in columns
        if column.reader and column.holds in QUANTITIES
    )
    return ((text("column."), NOT_USED), *others, *by_line, *of_level, *named)


def _by(column: ReadingColumn) -> str:
    level = column.level.value if column.level else text("column.level")
    return text(f"column.{column.holds.value}_by", level=level, reader=column.reader)


def clinical_key(column: Column | None) -> str:
    """The key of what a column holds."""
    if column is None:
        return NOT_USED
    named = column.field in VALUES and column.region
    return f"{column.field.value}{_APART}{column.region}" if named else column.field.value


def readings_key(column: ReadingColumn | None) -> str:
    """The key of what a column holds."""
    if column is None:
        return NOT_USED
    level = column.level.value if column.level else ""
    key = f"{column.holds.value}{_APART}{level}" if level or column.reader else column.holds.value
    return f"{key}{_APART}{column.reader}" if column.reader else key


def clinical_said(columns: Sequence[Column], position: int, header: str, key: str) -> tuple[Column, ...]:
    """Columns where one of them holds something else, in order of position.

    Parameters
    ----------
    columns : sequence of Column
        What was said so far.
    position, header : int, str
        Of the column.
    key : str
        From :func:`clinical_choices`; empty for not used.
    """
    others = [column for column in columns if column.position != position]
    if key:
        field, _, region = key.partition(_APART)
        others.append(_clinical_column(position, header, Field(field), region))
    return tuple(sorted(others, key=lambda column: column.position))


def _clinical_column(position: int, header: str, field: Field, region: str) -> Column:
    if field not in VALUES:
        return Column(position, header, field)
    known = understand(position, header)
    if known is not None and known.field is field and known.region == region:
        return known
    name = plain(header)
    return Column(position, header, field, region or UNSTATED, read_unit(name), read_method(name)[0])


def readings_said(
    columns: Sequence[ReadingColumn], position: int, header: str, key: str
) -> tuple[ReadingColumn, ...]:
    """Columns where one of them holds something else; as :func:`clinical_said`."""
    others = [column for column in columns if column.position != position]
    if key:
        holds, _, rest = key.partition(_APART)
        level, _, reader = rest.partition(_APART)
        known = understand_readings([header])
        # who is named in a header stays who measured it, whatever level it is said to be of
        reader = reader or (known[0].reader if known else "")
        value = Holds(holds) in QUANTITIES
        others.append(
            ReadingColumn(
                position, header, Holds(holds), Level(level) if level else None, reader if value else ""
            )
        )
    return tuple(sorted(others, key=lambda column: column.position))


def with_bmd_unit(columns: Sequence[Column], unit: str) -> tuple[Column, ...]:
    """Columns where densities whose header says no unit have this one."""
    return tuple(
        replace(column, unit=unit)
        if column.field is Field.BMD and not read_unit(plain(column.header))
        else column
        for column in columns
    )


def bmd_unit(columns: Sequence[Column]) -> str | None:
    """The unit said for densities whose header says none; None where there is no such column."""
    open_ones = [
        column for column in columns if column.field is Field.BMD and not read_unit(plain(column.header))
    ]
    return open_ones[0].unit if open_ones else None
