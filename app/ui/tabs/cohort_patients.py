"""The patients of a cohort, one row each, and those left out below them. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from math import isnan

import numpy as np

from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LOWEST
from app.services.analyse import NAMES
from app.services.selection import LevelMean
from app.services.study_cohort import Patients
from app.services.study_data import Study
from app.stats.formatting import number
from app.stats.result import FloatArray
from app.ui.plots.groups import group_name
from app.ui.sentences import label
from app.ui.tabs.cohort_flow import why_of
from app.ui.tabs.content import Column, LongTable
from app.ui.tabs.words import DECIMALS, NONE, of_scheme, screen_unit

_BMD_DECIMALS, _TSCORE_DECIMALS = 3, 1


def patients_table(study: Study, patients: Patients) -> LongTable:
    """Make the table: codes, readers' values, final values and what they rest on, reference, group."""
    cohort = patients.cohort
    out = [(code, why_of(one)) for one in cohort.exclusions for code in one.cases]
    codes = (*cohort.codes, *(code for code, _ in out))
    columns = chain(
        [_words("cohort.column.case", codes)],
        _values(study, patients),
        [_words("cohort.column.from", (label(f"cohort.from.{one.value}") for one in patients.final_from))],
        _reference(study, patients),
        [
            _words("cohort.column.marks", _marks(patients)),
            _words(
                "cohort.column.state",
                [label("cohort.state.in")] * cohort.n
                + [label("cohort.state.out", why=why) for _, why in out],
            ),
        ],
    )
    return LongTable(
        label("cohort.title.patients"), tuple(_filled(column, len(codes)) for column in columns), codes
    )


def _values(study: Study, patients: Patients) -> Iterator[Column]:
    adjusted = ".adjusted" if patients.cohort.mean is LevelMean.ADJUSTED else ""
    for quantity in MEASURED:
        told = {"name": NAMES[quantity], "unit": screen_unit(study.unit(quantity))}
        for place, reader in enumerate(patients.readers):
            title = label(f"cohort.column.own{adjusted}", reader=reader, **told)
            yield _figures(title, patients.own[quantity][:, place], DECIMALS)
        yield _figures(
            label(f"cohort.column.final{adjusted}", **told), patients.cohort.values[quantity], DECIMALS
        )


def _reference(study: Study, patients: Patients) -> Iterator[Column]:
    cohort = patients.cohort
    unit = screen_unit(cohort.bmd_unit)
    title = label("cohort.column.bmd" if unit else "cohort.column.bmd_no_unit", unit=unit)
    # mixed units cannot stand in one column without them
    if "bmd" not in cohort.blocked:
        small = bool(np.nanmax(cohort.bmd, initial=0.0) < 10.0)  # noqa: PLR2004 - g/cm2, not mg
        yield _figures(title, cohort.bmd, _BMD_DECIMALS if small else DECIMALS)
    yield _figures(label("cohort.column.tscore"), cohort.tscore, _TSCORE_DECIMALS)
    if study.tscore_region == LOWEST:
        regions = zip(cohort.tscore_regions, np.isfinite(cohort.tscore).tolist(), strict=True)
        unstated = label("cohort.region_unstated")
        yield _words("cohort.column.tscore_region", (one or unstated if has else "" for one, has in regions))
    yield _words(
        of_scheme("cohort.column.group", cohort.scheme),
        (group_name(one, cohort.scheme) for one in cohort.groups),
    )


def _marks(patients: Patients) -> Iterator[str]:
    flags = zip(patients.not_blinded.tolist(), patients.cohort.incomplete.tolist(), strict=True)
    codes = {(True, True): "both", (True, False): "not_blinded", (False, True): "incomplete"}
    return (label(f"cohort.mark.{codes[one]}") if one in codes else "" for one in flags)


def _words(code: str, cells: Iterable[str]) -> Column:
    return Column(label(code), tuple(cells))


def _figures(title: str, values: FloatArray, decimals: int) -> Column:
    told = (NONE if isnan(value) else number(value, decimals) for value in values.tolist())
    return Column(title, tuple(told), values)


def _filled(column: Column, rows: int) -> Column:
    """A column as long as all rows; who is left out has no values."""
    missing = rows - len(column.cells)
    if not missing:
        return column
    blank = "" if column.order is None else NONE
    order = None if column.order is None else np.concatenate([column.order, np.full(missing, np.nan)])
    return Column(column.title, (*column.cells, *[blank] * missing), order)


def quantity_title(study: Study, quantity: Quantity) -> str:
    """Name and unit of a map: ``FF (%)``."""
    return label("stats.value", name=NAMES[quantity], unit=screen_unit(study.unit(quantity)))
