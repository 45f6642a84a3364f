"""Studies that leave something undefined: every tab, by every method, says so in words and shows no NaN."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from app.domain.maps import MEASURED
from app.domain.protocol import Protocol
from app.services.gather import Gathered
from app.services.selection import Grouping, Outcome, Selection, one_reader
from app.services.study_data import make_study
from app.ui.plots.export import save_figure
from app.ui.plots.flow_spec import FlowChart
from app.ui.plots.picture import Format, Picture
from app.ui.plots.spec import Figure
from app.ui.tabs.content import SESSIONLESS, Panel, Tab, Table, main_text, tsv
from app.ui.tabs.panel import finish_tab, make_bar, tab_panel

TABS = [tab for tab in Tab if tab not in SESSIONLESS]
GatheredOf = Callable[..., Gathered]
# "none" is a word, None is a value that nobody meant to show
NO_WORD = re.compile(r"\b((?i:nan|inf|infinity)|None)\b")
SEED = 11


# -- what can be read and drawn ---------------------------------------------------------------------------


def words_of(panel: Panel) -> Iterator[str]:
    """Everything anybody can read on a tab."""
    yield from (panel.title, panel.hint, panel.reason, panel.paper, panel.stem, *panel.notes)
    yield from (text for table in (*panel.below, *panel.beside) for text in words_of_table(table))
    yield from (choice.text for option in panel.options for choice in option.choices)
    yield tsv(panel.tables)
    if panel.main is not None:
        yield main_text(panel.main)
    if isinstance(panel.figure, FlowChart):
        yield from (text for box in panel.figure.boxes for text in (box.title, *box.lines))
    elif panel.figure is not None:
        yield from words_of_figure(panel.figure)


def words_of_table(table: Table) -> Iterator[str]:
    yield from (table.title, table.note, table.reason, *table.head)
    yield from (cell for row in table.rows for cell in row)


def words_of_figure(figure: Figure) -> Iterator[str]:
    for axis in (figure.x, figure.y):
        yield from (axis.title, *axis.told)
    yield from (spot.tip for spot in figure.spots)
    yield from (label.text for label in figure.edge_labels)
    yield from (entry.label for entry in figure.legend)
    yield figure.footer


def numbers_of(figure: Figure) -> Iterator[float]:
    """Every place something is drawn at."""
    for axis in (figure.x, figure.y):
        yield from (axis.low, axis.high, *axis.ticks)
    for curve in figure.curves:
        yield from (*curve.x.tolist(), *curve.y.tolist())
    for band in figure.bands:
        yield from (*band.x.tolist(), *band.low.tolist(), *band.high.tolist())
    yield from (place for spot in figure.spots for place in (spot.x, spot.y))
    yield from (label.y for label in figure.edge_labels)


def check(panel: Panel) -> None:
    for text in words_of(panel):
        assert isinstance(text, str)
        found = NO_WORD.search(text)
        assert found is None, text[max(0, found.start() - 80) : found.end() + 40]
    for table in (*panel.below, *panel.beside):
        assert all(len(row) == len(table.head) for row in table.rows), table.title
        assert table.rows or table.reason or table.note, table.title
    if isinstance(panel.figure, Figure):
        assert all(np.isfinite(place) for place in numbers_of(panel.figure))
        assert panel.figure.x.low < panel.figure.x.high
        assert panel.figure.y.low < panel.figure.y.high
    # a tab is never blank: a plot, tables, or the reason why there are none
    assert panel.figure is not None or panel.reason or panel.below or panel.main


def shapes(panel: Panel) -> list[tuple[str, int, int]]:
    return [(table.title, len(table.rows), len(table.head)) for table in panel.beside]


def render(gathered: Gathered, selection: Selection, tab: Tab) -> Panel:
    """Make a tab to its end, as the page does."""
    study = make_study(gathered, selection)
    check_bar(gathered, selection)
    panel = tab_panel(study, tab)
    check(panel)
    if not panel.unfinished:
        return panel
    whole = finish_tab(study, tab, panel)
    check(whole)
    assert not whole.unfinished
    assert shapes(whole) == shapes(panel)
    return whole


def check_bar(gathered: Gathered, selection: Selection) -> None:
    bar = make_bar(make_study(gathered, selection))
    for text in (bar.counted, bar.excluded, bar.empty):
        assert NO_WORD.search(text) is None


def every_option(gathered: Gathered, selection: Selection, tab: Tab) -> Iterator[Selection]:
    """The selection, with each method that its tab offers, and those that another method brings with it."""
    first = offered(gathered, selection, tab)
    yield selection
    for one in first.values():
        yield one
        further = offered(gathered, one, tab)
        yield from (other for key, other in further.items() if key[0] not in {name for name, _ in first})


def offered(gathered: Gathered, selection: Selection, tab: Tab) -> dict[tuple[str, str], Selection]:
    """Selections that differ in one method from what is chosen."""
    options = tab_panel(make_study(gathered, selection), tab).options
    return {
        (option.name, choice.key): selection.with_option(option.name, choice.key)
        for option in options
        for choice in option.choices
        if choice.key != option.chosen
    }


# -- the studies ------------------------------------------------------------------------------------------


def cells(patients: int, *, readers: int = 2, levels: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Values that look like a study's."""
    rng = np.random.default_rng(SEED)
    truth = rng.normal(50.0, 9.0, (patients, 1, 1))
    shape = (patients, readers, levels)
    ff = truth + np.arange(levels) + rng.normal(0.0, 3.0, shape)
    return ff, 190.0 - 0.8 * truth + rng.normal(0.0, 6.0, shape)


def table(patients: int) -> dict[str, object]:
    """A clinical table with groups of about equal size."""
    rng = np.random.default_rng(SEED + 1)
    tscore = np.linspace(1.5, -4.0, patients).round(1)
    return {
        "tscore": tscore,
        "bmd": (1.1 + 0.1 * tscore).round(3),
        "age": 60.0 - 3.0 * tscore + rng.normal(0.0, 5.0, patients).round(),
        "bmi": rng.normal(23.0, 2.0, patients).round(1),
        "sex": ["F" if one % 3 else "M" for one in range(patients)],
    }


def _few(n: int) -> Callable[[GatheredOf], Gathered]:
    return lambda made: made(*cells(n), **table(n))


def _constant(made: GatheredOf) -> Gathered:
    ff, r2star = cells(24)
    return made(np.full_like(ff, 50.0), np.full_like(r2star, 140.0), **table(24))


def _constant_clinical(made: GatheredOf) -> Gathered:
    told = table(24) | {"age": np.full(24, 60.0), "bmi": np.full(24, 22.0), "bmd": np.full(24, 1.0)}
    return made(*cells(24), **told)


def _one_group_empty(made: GatheredOf) -> Gathered:
    told = table(24)
    return made(*cells(24), **told | {"tscore": np.where(np.arange(24) < 12, 0.5, -3.0)})


def _all_positive(made: GatheredOf) -> Gathered:
    return made(*cells(24), **table(24) | {"tscore": np.full(24, -3.0)})


def _one_positive(made: GatheredOf) -> Gathered:
    return made(*cells(24), **table(24) | {"tscore": np.where(np.arange(24) == 3, -3.0, 0.0)})


def _separated(made: GatheredOf) -> Gathered:
    ff, r2star = cells(24)
    low = np.arange(24)[:, np.newaxis, np.newaxis] < 12
    told = table(24) | {"tscore": np.where(np.arange(24) < 12, 0.5, -3.0)}
    told["age"] = np.where(np.arange(24) < 12, 40.0, 70.0) + np.arange(24) % 5
    return made(np.where(low, ff - 60.0, ff + 60.0), r2star, **told)


def _ties(made: GatheredOf) -> Gathered:
    ff, r2star = cells(30)
    told = table(30) | {"age": np.repeat([50.0, 60.0, 70.0], 10), "bmi": np.tile([20.0, 25.0], 15)}
    return made((ff / 10.0).round() * 10.0, (r2star / 20.0).round() * 20.0, **told)


def _missing(made: GatheredOf) -> Gathered:
    ff, r2star = cells(40, readers=3)
    rng = np.random.default_rng(SEED + 2)
    ff[rng.random(ff.shape) < 0.2] = np.nan
    r2star[rng.random(r2star.shape) < 0.2] = np.nan
    ff[5:9], r2star[5:9] = np.nan, np.nan
    ff[:, 2][::3], r2star[:, 2][::3] = np.nan, np.nan
    told = table(40)
    for name in ("tscore", "bmd", "age", "bmi"):
        told[name] = np.where(rng.random(40) < 0.25, np.nan, told[name])
    told["sex"] = ["" if one % 4 == 0 else sex for one, sex in enumerate(told["sex"])]  # type: ignore[arg-type]
    return made(ff, r2star, **told)


def _mixed_units(made: GatheredOf) -> Gathered:
    return made(*cells(24), units=("g/cm2", "mg/cm3", ""), **table(24))


def _mixed_fields(made: GatheredOf) -> Gathered:
    return made(*cells(24), tesla=(1.5, 3.0, None), **table(24))


def _nobody_signed_off(made: GatheredOf) -> Gathered:
    ff, r2star = cells(12)
    return made(np.full_like(ff, np.nan), np.full_like(r2star, np.nan), **table(12))


def _one_reader(made: GatheredOf) -> Gathered:
    return made(*cells(24, readers=1), **table(24))


def _no_table(made: GatheredOf) -> Gathered:
    return made(*cells(24))


def _one_map(made: GatheredOf) -> Gathered:
    ff, r2star = cells(24)
    return made(ff, np.full_like(r2star, np.nan), **table(24))


def _identical_readers(made: GatheredOf) -> Gathered:
    ff, r2star = cells(24)
    ff[:, 1], r2star[:, 1] = ff[:, 0], r2star[:, 0]
    return made(ff, r2star, **table(24))


def _constant_difference(made: GatheredOf) -> Gathered:
    ff, r2star = cells(24)
    ff[:, 1], r2star[:, 1] = ff[:, 0] + 2.0, r2star[:, 0] + 2.0
    return made(ff, r2star, **table(24))


def _zero_and_negative(made: GatheredOf) -> Gathered:
    ff, r2star = cells(24)
    return made(ff - 50.0, r2star - 150.0, **table(24))


def _one_sex(made: GatheredOf) -> Gathered:
    return made(*cells(24), **table(24) | {"sex": ["F"] * 24})


def _huge(made: GatheredOf) -> Gathered:
    ff, r2star = cells(24)
    return made(ff * 1e12, r2star * 1e-12, **table(24) | {"bmd": np.linspace(1e-9, 1e9, 24)})


STUDIES: dict[str, Callable[[GatheredOf], Gathered]] = {
    **{f"n_{n}": _few(n) for n in range(6)},
    "constant_maps": _constant,
    "constant_clinical_columns": _constant_clinical,
    "one_group_empty": _one_group_empty,
    "all_positive": _all_positive,
    "one_positive": _one_positive,
    "perfect_separation": _separated,
    "ties": _ties,
    "missing_cells": _missing,
    "mixed_units": _mixed_units,
    "mixed_field_strengths": _mixed_fields,
    "nobody_signed_off": _nobody_signed_off,
    "one_reader": _one_reader,
    "no_clinical_table": _no_table,
    "one_map": _one_map,
    "identical_readers": _identical_readers,
    "constant_difference": _constant_difference,
    "values_around_zero": _zero_and_negative,
    "one_sex": _one_sex,
    "huge_and_tiny": _huge,
}


@pytest.fixture(scope="module", params=STUDIES)
def study(request: pytest.FixtureRequest, gathered_of: GatheredOf) -> Gathered:
    return STUDIES[request.param](gathered_of)


@pytest.mark.parametrize("tab", TABS)
def test_every_method_of_a_tab_says_what_it_cannot_do_and_shows_no_nan(study: Gathered, tab: Tab) -> None:
    for selection in every_option(study, Selection(), tab):
        render(study, selection, tab)


@pytest.mark.long
@pytest.mark.parametrize("tab", TABS)
def test_every_choice_of_the_selection_bar_can_be_made(study: Gathered, tab: Tab) -> None:
    usual = Selection()
    choices = [
        *(replace(usual, quantity=one) for one in MEASURED),
        *(replace(usual, outcome=one) for one in Outcome),
        *(replace(usual, grouping=one) for one in Grouping),
        *(replace(usual, levels=one) for one in ("L1-L5", "L3")),
        *(replace(usual, readers=one_reader(name)) for name in study.active()),
        replace(usual, readers="mean"),
        replace(usual, round=2),
        replace(usual, sex="F", age=(50.0, None)),
        replace(usual, age=(200.0, 201.0)),
    ]
    for selection in choices:
        render(study, selection, tab)


@pytest.mark.long
def test_every_figure_can_be_written_to_a_file_without_nan(
    study: Gathered, tmp_path: Path, qapp: QApplication
) -> None:
    for tab in TABS:
        figure = render(study, Selection(), tab).figure
        for kind in Format if figure is not None else ():
            path = tmp_path / f"{tab.value}.{kind.value}"
            assert figure is not None
            save_figure(figure, path, Picture(kind, width_mm=84))
            assert path.stat().st_size > 0
        if figure is not None:
            assert not re.search(
                rb"\b(nan|inf)\b", (tmp_path / f"{tab.value}.svg").read_bytes(), re.IGNORECASE
            )


@pytest.mark.long
@pytest.mark.parametrize("tab", TABS)
def test_a_hundred_thousand_readings_are_shown(gathered_of: GatheredOf, tab: Tab) -> None:
    patients = 10_000
    made = gathered_of(*cells(patients), protocol=Protocol(mean_levels="L1-L5"), **table(patients))
    assert len(made.told) == 100_000
    panel = tab_panel(make_study(made, Selection()), tab)
    check(panel)
    assert f"{patients}" in " ".join(words_of(panel))
