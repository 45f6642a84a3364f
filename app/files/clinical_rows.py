"""Lines of a clinical table on their way to rows: each column is read in its own way, each cell text once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import Generic, TypeVar

from app.domain.clinical import (
    UNIT_AGAINST_METHOD,
    UNITS_OF_METHOD,
    UNSTATED,
    ClinicalRow,
    ClinicalValue,
    Covariate,
    Kind,
    Problem,
)
from app.files.clinical_cells import (
    SPOILED_ID,
    Figure,
    is_missing,
    plain,
    read_age,
    read_bmd,
    read_bmi,
    read_date,
    read_height,
    read_id,
    read_menopause,
    read_number,
    read_sex,
    read_tscore,
    read_weight,
)
from app.files.clinical_headers import FURTHER, Column, Field, further_name, read_method, read_region
from app.files.text_table import Line

NO_IDENTIFIER = "clinical.no_identifier"
TOO_MANY_CELLS = "clinical.too_many_cells"
AGE_FROM_BIRTH = "clinical.age_from_birth"

_KINDS = {Field.BMD: Kind.BMD, Field.TSCORE: Kind.TSCORE}
_FIGURES = {Field.AGE: read_age, Field.BMI: read_bmi}
_BRACKETED = re.compile(r"[(\[](.*?)[)\]]")
_OLDEST = 120

Read = TypeVar("Read")
# what a cell says, and what is wrong with it
_Said = tuple[Read, tuple[Problem, ...]]
_Reads = Callable[[str], _Said[Read]]


class _Cells(Generic[Read]):
    """The cells of one column; each text is understood once, however often it stands there."""

    def __init__(self, column: Column, read: _Reads[Read]) -> None:
        self.column = column
        self._position = column.position
        self._read = read
        self._known: dict[str, _Said[Read]] = {}

    def of(self, cells: Sequence[str]) -> _Said[Read]:
        cell = cells[self._position].strip() if self._position < len(cells) else ""
        found = self._known.get(cell)
        if found is None:
            found = self._known[cell] = self._read(cell)
        return found


class RowReader:
    """Reads lines under known columns.

    Parameters
    ----------
    columns : sequence of Column
        What is read.
    width : int
        Cells of the header line: what stands further right has moved.
    decimal_comma : bool
        Whether a comma stands before the decimals.
    sex_codes : mapping of str to str
        What a person said that figures of a sex mean.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        width: int,
        *,
        decimal_comma: bool = False,
        sex_codes: Mapping[str, str] | None = None,
    ) -> None:
        self._width, self._comma = width, decimal_comma
        self._ids = {
            field: [_Cells(column, _identifier(column)) for column in columns if column.field is field]
            for field in (Field.PATIENT_ID, Field.ACCESSION, Field.CASE_CODE)
        }
        self._sex = self._first(columns, Field.SEX, lambda header: _texts(header, read_sex, sex_codes))
        self._date = self._first(columns, Field.EXAM_DATE, lambda header: _texts(header, read_date))
        self._birth = self._first(columns, Field.BIRTH, lambda _: _birth)
        self._age = self._first(columns, Field.AGE, self._figures(Field.AGE))
        self._bmi = self._first(columns, Field.BMI, self._figures(Field.BMI))
        self._region = self._first(columns, Field.REGION, lambda _: _region)
        self._method = self._first(columns, Field.METHOD, lambda _: _method)
        self._covariates = [
            _Cells(column, self._covariate(column))
            for column in columns
            if column.field in FURTHER and column.field is not Field.ZSCORE
        ]
        self._values = [column for column in columns if column.field in _KINDS]
        self._zscores = [column for column in columns if column.field is Field.ZSCORE]
        # how a density reads depends on the region and the method that the line states
        self._value_cells: dict[tuple[str, str], list[_Cells[ClinicalValue]]] = {}
        self._zscore_cells: dict[str, list[_Cells[Covariate]]] = {}

    def rows(self, lines: Sequence[Line]) -> Iterator[ClinicalRow]:
        """One row for each line."""
        empty: list[str] = []
        for number, cells in lines:
            # a cell too many means that a delimiter stood inside a cell: which values moved cannot be known
            shifted = len(cells) > self._width and any(cell.strip() for cell in cells[self._width :])
            yield self._row(number, cells, empty if shifted else cells)

    def _row(self, number: int, cells: Sequence[str], safe: Sequence[str]) -> ClinicalRow:
        problems: list[Problem] = []
        patient_id, accession, case_code = (self._identify(field, cells, problems) for field in self._ids)
        if not (patient_id or accession or case_code):
            self._note_nobody(problems)
        if safe is not cells:
            problems.append(Problem(TOO_MANY_CELLS))
        sex = _take(self._sex, safe, problems)
        age = _take(self._age, safe, problems)
        bmi = _take(self._bmi, safe, problems)
        exam_date = _take(self._date, safe, problems)
        region = _take(self._region, safe, problems) or UNSTATED
        if age is None and self._birth is not None:
            age = self._age_by_birth(safe, exam_date or "", problems)
        return ClinicalRow(
            line=number,
            patient_id=patient_id,
            accession=accession,
            case_code=case_code,
            sex=sex or "",
            age=age,
            bmi=bmi,
            exam_date=exam_date or "",
            values=self._row_values(safe, region, problems),
            covariates=self._row_covariates(safe, region, problems),
            problems=tuple(problems),
        )

    @staticmethod
    def _note_nobody(problems: list[Problem]) -> None:
        # a spoiled identifier is told already
        if not any(one.code == SPOILED_ID for one in problems):
            problems.append(Problem(NO_IDENTIFIER))

    def _identify(self, field: Field, cells: Sequence[str], problems: list[Problem]) -> str:
        for one in self._ids[field]:
            found = _take(one, cells, problems)
            if found:
                return found
        return ""

    def _age_by_birth(self, cells: Sequence[str], exam_date: str, problems: list[Problem]) -> float | None:
        birth = _take(self._birth, cells, problems)
        if not birth or not exam_date:
            return None
        born, then = date.fromisoformat(birth), date.fromisoformat(exam_date)
        years = then.year - born.year - ((then.month, then.day) < (born.month, born.day))
        if not 0 <= years <= _OLDEST:
            return None
        problems.append(Problem(AGE_FROM_BIRTH))
        return float(years)

    # ---- values of regions

    def _row_values(
        self, cells: Sequence[str], region: str, problems: list[Problem]
    ) -> tuple[ClinicalValue, ...]:
        if not self._values:
            return ()
        stated = (region, _take(self._method, cells, problems) or "")
        readers = self._value_cells.get(stated)
        if readers is None:
            readers = [_Cells(column, self._value(column, *stated)) for column in self._values]
            self._value_cells[stated] = readers
        values: dict[tuple[Kind, str], ClinicalValue] = {}
        for one in readers:
            value, found = one.of(cells)
            problems += found
            # a column that names its region says more than the row's region cell
            if one.column.region or (value.kind, value.region) not in values:
                values[value.kind, value.region] = value
        return tuple(values.values())

    def _value(self, column: Column, region: str, method: str) -> _Reads[ClinicalValue]:
        kind, where = _KINDS[column.field], column.region or region
        allowed = UNITS_OF_METHOD.get(column.method or method)

        def value(cell: str) -> _Said[ClinicalValue]:
            if kind is Kind.BMD:
                figure = read_bmd(cell, decimal_comma=self._comma, unit=column.unit)
            else:
                figure = read_tscore(cell, decimal_comma=self._comma)
            unit = figure.unit or column.unit
            problems = _problems(figure.problem, column.header, cell)
            if figure.value is not None and unit and allowed is not None and unit not in allowed:
                problems += (Problem(UNIT_AGAINST_METHOD, column.header, cell),)
            return ClinicalValue(kind, where, figure.value, unit, cell), problems

        return value

    # ---- other columns

    def _row_covariates(
        self, cells: Sequence[str], region: str, problems: list[Problem]
    ) -> tuple[Covariate, ...]:
        readers = [*self._covariates, *self._zscores_of(region)] if self._zscores else self._covariates
        made: dict[str, Covariate] = {}
        for one in readers:
            known, found = one.of(cells)
            problems += found
            made[known.name] = known
        return tuple(made.values())

    def _zscores_of(self, region: str) -> list[_Cells[Covariate]]:
        readers = self._zscore_cells.get(region)
        if readers is None:
            # a column that names its region says more than the row's region cell, so it comes last
            ordered = sorted(self._zscores, key=lambda column: bool(column.region))
            readers = [_Cells(column, self._zscore(column, region)) for column in ordered]
            self._zscore_cells[region] = readers
        return readers

    def _zscore(self, column: Column, region: str) -> _Reads[Covariate]:
        name = further_name(column, region)

        def value(cell: str) -> _Said[Covariate]:
            figure = read_tscore(cell, decimal_comma=self._comma)
            return Covariate(name, figure.value, cell), _problems(figure.problem, column.header, cell)

        return value

    def _first(
        self,
        columns: Sequence[Column],
        field: Field,
        how: Callable[[str], _Reads[Read]],
    ) -> _Cells[Read] | None:
        """The one column of a field, if there is one."""
        return next((_Cells(one, how(one.header)) for one in columns if one.field is field), None)

    def _figures(self, field: Field) -> Callable[[str], _Reads[float | None]]:
        def of_header(header: str) -> _Reads[float | None]:
            def value(cell: str) -> _Said[float | None]:
                figure: Figure = _FIGURES[field](cell, decimal_comma=self._comma)
                return figure.value, _problems(figure.problem, header, cell)

            return value

        return of_header

    def _covariate(self, column: Column) -> _Reads[Covariate]:
        name, header = further_name(column), plain(column.header)
        bracketed = _BRACKETED.search(header)
        unit = bracketed[1].strip() if bracketed else ""

        def figure(cell: str) -> Figure:
            match column.field:
                case Field.MENOPAUSE:
                    return read_menopause(cell)
                case Field.HEIGHT:
                    return read_height(cell, decimal_comma=self._comma, header=header)
                case Field.WEIGHT:
                    return read_weight(cell, decimal_comma=self._comma)
            return read_number(cell, decimal_comma=self._comma, unit=unit)

        def value(cell: str) -> _Said[Covariate]:
            found = figure(cell)
            return Covariate(name, found.value, cell), _problems(found.problem, column.header, cell)

        return value


def _take(one: _Cells[Read] | None, cells: Sequence[str], problems: list[Problem]) -> Read | None:
    """What a line says in a column, if there is one; what is wrong goes to the problems."""
    if one is None:
        return None
    said, found = one.of(cells)
    problems += found
    return said


def _problems(code: str, header: str, cell: str) -> tuple[Problem, ...]:
    return (Problem(code, header, cell),) if code else ()


def _identifier(column: Column) -> _Reads[str]:
    def value(cell: str) -> _Said[str]:
        found, problem = read_id(cell)
        # never the cell itself: problems are shown to everybody, identifiers are not
        return found, _problems(problem, column.header, "")

    return value


def _texts(header: str, read: Callable[..., tuple[str, str]], *more: object) -> _Reads[str]:
    def value(cell: str) -> _Said[str]:
        found, problem = read(cell, *more)
        return found, _problems(problem, header, cell)

    return value


def _birth(cell: str) -> _Said[str]:
    # a date of birth leads to a person: it is used for the age and not kept, nor is what was not understood
    return read_date(cell)[0], ()


def _region(cell: str) -> _Said[str]:
    return UNSTATED if is_missing(cell) else read_region(cell), ()


def _method(cell: str) -> _Said[str]:
    return read_method(plain(cell))[0], ()
