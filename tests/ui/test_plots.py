"""Figures as values, and figures in the window."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from app.domain.clinical import Group
from app.domain.errors import InputError
from app.stats.agreement import BlandAltman, bland_altman
from app.stats.correlation import Pearson, pearson
from app.stats.roc import Roc, roc
from app.ui.plots.bland_altman import bland_altman_figure
from app.ui.plots.export import figure_image, save_figure
from app.ui.plots.roc import Marker, roc_figure
from app.ui.plots.scatter import scatter_figure
from app.ui.plots.shapes import symbol_path
from app.ui.plots.spec import Dash, Figure, Symbol, Tone, axis, tick_text
from app.ui.plots.view import FigureView
from app.ui.theme import DARK, LIGHT

FIRST = np.array([40.0, 45.0, np.nan, 52.0, 61.0, 58.0, 47.0])
SECOND = np.array([41.0, 43.0, 50.0, 54.0, 58.0, 59.0, 47.5])
BMD = np.array([150.0, 120.0, 110.0, 95.0, 60.0, 70.0, 100.0])
CODES = tuple(f"C{number:04d}" for number in range(7))
GROUPS = (Group.NORMAL, Group.NORMAL, Group.OSTEOPENIA, Group.OSTEOPENIA, Group.OSTEOPOROSIS, None, None)


def agreement_figure(first: np.ndarray = FIRST, second: np.ndarray = SECOND) -> Figure:
    result = bland_altman(first, second)
    assert isinstance(result, BlandAltman)
    return bland_altman_figure(
        result, titles=("Mean, FF (%)", "A − B, FF (percentage points)"), codes=CODES, groups=GROUPS
    )


def correlation_figure(y: np.ndarray = BMD) -> Figure:
    result = pearson(FIRST, y)
    assert isinstance(result, Pearson)
    return scatter_figure(result, titles=("FF (%)", "BMD (mg/cm³)"), codes=CODES, groups=GROUPS)


def one_roc() -> Roc:
    result = roc(SECOND, np.array([0, 0, 0, 1, 1, 1, 0]), direction="higher")
    assert isinstance(result, Roc)
    return result


# -- axes ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("low", "high", "first", "last"),
    [(-11.7, 13.0, -15.0, 15.0), (24.0, 72.6, 20.0, 80.0), (0.1, 0.32, 0.1, 0.35), (0.0, 100.0, 0.0, 100.0)],
)
def test_an_axis_holds_the_data_and_ends_on_round_numbers(
    low: float, high: float, first: float, last: float
) -> None:
    made = axis("x", low, high)
    assert (made.low, made.high) == (first, last)
    assert made.ticks[0] == first
    assert made.ticks[-1] == last


def test_an_axis_of_one_value_has_a_length() -> None:
    made = axis("x", 7.0, 7.0)
    assert made.low < 7.0 < made.high


def test_ticks_have_the_decimals_their_step_needs() -> None:
    assert [tick_text(value, (0.0, 0.25, 0.5)) for value in (0.0, 0.25)] == ["0.00", "0.25"]
    assert tick_text(20.0, (20.0, 30.0)) == "20"
    assert tick_text(20.0, (20.0,)) == "20"


# -- figures as values --------------------------------------------------------------------------------------


def test_a_point_of_the_bland_altman_plot_leads_to_the_patient_of_its_row() -> None:
    spots = agreement_figure().spots
    # the third patient has no first reading, so the third point is the fourth patient
    assert [spot.code for spot in spots] == [CODES[row] for row in (0, 1, 3, 4, 5, 6)]
    assert (spots[2].x, spots[2].y) == (53.0, -2.0)
    assert "C0003" in spots[2].tip
    assert "53.00" in spots[2].tip
    assert "-2.00" in spots[2].tip


def test_groups_differ_by_shape_and_not_only_by_colour() -> None:
    figure = agreement_figure()
    looks = {(spot.tone, spot.symbol) for spot in figure.spots}
    assert len({tone for tone, _ in looks}) == len({symbol for _, symbol in looks}) == len(looks) == 4


def test_the_legend_counts_the_patients_in_the_plot_and_not_in_the_cohort() -> None:
    told = [entry.label for entry in agreement_figure().legend]
    assert told[:4] == ["normal (n = 2)", "osteopenia (n = 1)", "osteoporosis (n = 1)", "no T-score (n = 2)"]


def test_bias_is_solid_and_limits_are_dashed_and_both_are_labelled_with_their_values() -> None:
    result = bland_altman(FIRST, SECOND)
    assert isinstance(result, BlandAltman)
    figure = agreement_figure()
    lines = {float(curve.y[0]): curve for curve in figure.curves}
    assert lines[result.bias].dash is Dash.SOLID
    assert {lines[limit.value].dash for limit in (result.lower, result.upper)} == {Dash.DASHED}
    labels = {label.y: label.text for label in figure.edge_labels}
    assert labels[result.bias].endswith(f"{result.bias:.2f}")
    assert labels[result.upper.value].startswith("+1.96 SD")
    assert labels[result.lower.value].startswith("−1.96 SD")


def test_the_bands_of_the_bland_altman_plot_are_the_printed_intervals() -> None:
    result = bland_altman(FIRST, SECOND)
    assert isinstance(result, BlandAltman)
    drawn = {(float(band.low[0]), float(band.high[0])) for band in agreement_figure().bands}
    printed = (result.bias_ci, result.lower.exact, result.upper.exact)
    assert drawn == {(one.low, one.high) for one in printed if one is not None}


def test_everything_of_a_bland_altman_plot_lies_inside_its_frame() -> None:
    figure = agreement_figure()
    heights = [spot.y for spot in figure.spots]
    heights += [float(side[0]) for band in figure.bands for side in (band.low, band.high)]
    assert figure.y.low <= min(heights)
    assert max(heights) <= figure.y.high


def test_readers_without_any_difference_have_a_plot_without_limits() -> None:
    figure = agreement_figure(SECOND, SECOND)
    assert figure.bands == ()
    assert [label.text for label in figure.edge_labels] == ["Bias\n0.00"]


def test_a_proportional_bias_is_drawn_as_a_dotted_line() -> None:
    steps = np.array([0.1, -0.1, 0.2, -0.2, 0.1, 0.0, -0.1])
    figure = agreement_figure(SECOND + 0.5 * (SECOND - 50.0) + steps, SECOND)
    assert [curve.tone for curve in figure.curves if curve.dash is Dash.DOTTED] == [Tone.LINE]
    assert "difference on mean" in [entry.label for entry in figure.legend]


def test_the_scatter_plot_has_the_line_between_its_bands() -> None:
    figure = correlation_figure()
    (band,) = figure.bands
    lower, upper, line = figure.curves
    assert (lower.y < band.low).all()
    assert (band.low < line.y).all()
    assert (line.y < band.high).all()
    assert (band.high < upper.y).all()
    assert [spot.code for spot in figure.spots] == [CODES[row] for row in (0, 1, 3, 4, 5, 6)]


def test_a_density_below_nothing_is_never_on_the_axis() -> None:
    assert correlation_figure(BMD - 55.0).y.low == 0.0
    assert correlation_figure(BMD - 100.0).y.low < -40.0


def test_roc_curves_run_from_corner_to_corner_with_the_cut_off_marked() -> None:
    result = one_roc()
    figure = roc_figure([Marker("FF", result, "> 50.00 %")])
    chance, curve = figure.curves
    assert chance.dash is Dash.DOTTED
    assert (curve.x[0], curve.y[0], curve.x[-1], curve.y[-1]) == (0.0, 0.0, 100.0, 100.0)
    (mark,) = figure.spots
    assert mark.large
    assert mark.code == ""
    assert result.cutoff is not None
    assert mark.x == pytest.approx(100.0 * (1.0 - result.cutoff.specificity.value))
    assert mark.y == pytest.approx(100.0 * result.cutoff.sensitivity.value)
    assert figure.legend[0].label == f"FF: AUC {result.auc:.3f}, cut-off > 50.00 %"
    assert figure.square


def test_a_curve_without_a_cut_off_has_no_mark() -> None:
    result = roc([1.0, 2.0, 3.0, 4.0], [1, 1, 0, 0], direction="higher")
    assert isinstance(result, Roc)
    figure = roc_figure([Marker("FF", result, "")])
    assert figure.spots == ()
    assert figure.legend[0].symbol is None
    assert figure.legend[0].label == "FF: AUC 0.000"


def test_three_roc_curves_differ_by_mark_and_colour() -> None:
    result = one_roc()
    figure = roc_figure([Marker(name, result, "> 1") for name in ("FF", "R2*", "FF + R2*")])
    assert len({spot.symbol for spot in figure.spots}) == 3
    assert len({spot.tone for spot in figure.spots}) == 3


# -- figures in the window ----------------------------------------------------------------------------------


@pytest.fixture
def view(qtbot: QtBot) -> FigureView:
    made = FigureView(LIGHT)
    qtbot.addWidget(made)
    made.resize(700, 480)
    made.show()
    made.show_figure(agreement_figure())
    made.lay_out()
    made.grab()
    return made


def place(view: FigureView, x: float, y: float) -> QPoint:
    """Where a point of the data is on the canvas."""
    return view._canvas.mapFromScene(view._box.mapViewToScene(QPointF(x, y)))


def test_a_click_on_a_point_names_its_case(qtbot: QtBot, view: FigureView) -> None:
    spot = view.figure.spots[3]
    with qtbot.waitSignal(view.case_clicked, timeout=60_000) as caught:
        qtbot.mouseClick(view._canvas.viewport(), Qt.MouseButton.LeftButton, pos=place(view, spot.x, spot.y))
    assert caught.args == [spot.code]


def test_a_click_beside_the_points_names_nobody(qtbot: QtBot, view: FigureView) -> None:
    heard: list[str] = []
    view.case_clicked.connect(heard.append)
    empty = place(view, view.figure.x.low + 0.5, view.figure.y.high - 0.5)
    qtbot.mouseClick(view._canvas.viewport(), Qt.MouseButton.LeftButton, pos=empty)
    assert heard == []


def test_a_cut_off_mark_is_no_patient_and_answers_no_click(qtbot: QtBot, view: FigureView) -> None:
    view.show_figure(roc_figure([Marker("FF", one_roc(), "> 50.00")]))
    view.lay_out()
    heard: list[str] = []
    view.case_clicked.connect(heard.append)
    (mark,) = view.figure.spots
    at = place(view, mark.x, mark.y)
    qtbot.mouseClick(view._canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert heard == []


def test_a_point_under_the_pointer_says_case_and_values(qtbot: QtBot, view: FigureView) -> None:
    spot = view.figure.spots[0]
    qtbot.mouseMove(view._canvas.viewport(), place(view, spot.x, spot.y))
    qtbot.waitUntil(lambda: view._box.toolTip() == spot.tip, timeout=60_000)


def test_the_frame_shows_exactly_the_axes_of_the_figure(view: FigureView) -> None:
    (x_low, x_high), (y_low, y_high) = view._box.viewRange()
    assert (x_low, x_high) == pytest.approx((view.figure.x.low, view.figure.x.high))
    assert (y_low, y_high) == pytest.approx((view.figure.y.low, view.figure.y.high))


def test_wheel_and_drag_do_not_move_the_plot(qtbot: QtBot, view: FigureView) -> None:
    before = view._box.viewRange()
    canvas = view._canvas.viewport()
    start = place(view, 50.0, 0.0)
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(canvas, start + QPoint(60, 40))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(60, 40))
    assert view._box.viewRange() == before


def test_there_are_no_menus_behind_a_plot(view: FigureView) -> None:
    assert not view._box.menuEnabled()
    assert [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, QMenu)] == []


def test_a_square_figure_is_shown_square(view: FigureView) -> None:
    view.show_figure(roc_figure([Marker("FF", one_roc(), "> 50.00")]))
    view.lay_out()
    frame = view._box.geometry()
    assert frame.width() == pytest.approx(frame.height(), rel=0.02)


@pytest.mark.parametrize("size", [(420, 300), (700, 480), (1400, 900)])
def test_labels_stand_beside_their_lines_and_inside_the_window(
    view: FigureView, size: tuple[int, int]
) -> None:
    view.resize(*size)
    view.lay_out()
    boxes = [item.sceneBoundingRect() for _, item in view._edges._labels]
    scene = view._canvas.sceneRect()
    assert all(scene.contains(box) for box in boxes)
    for (value, _), box in zip(view._edges._labels, boxes, strict=True):
        line = view._box.mapViewToScene(QPointF(50.0, value)).y()
        assert box.left() > view._box.sceneBoundingRect().right()
        assert abs(box.center().y() - line) < 2 * box.height()


def test_labels_of_lines_that_lie_together_do_not_cover_each_other(view: FigureView) -> None:
    view.show_figure(agreement_figure(SECOND + np.array([40.0, 0, 0, 0, 0, 0, 0.01]), SECOND))
    view.resize(420, 200)
    view.lay_out()
    boxes = sorted((item.sceneBoundingRect() for _, item in view._edges._labels), key=lambda box: box.top())
    assert all(upper.bottom() <= lower.top() + 0.01 for upper, lower in pairwise(boxes))


def test_another_theme_recolours_the_plot(view: FigureView) -> None:
    def corner() -> QColor:
        return view._canvas.grab().toImage().pixelColor(2, 2)

    assert corner() == QColor(LIGHT.panel)
    view.show_theme(DARK)
    assert corner() == QColor(DARK.panel)
    assert view._spots.opts["hoverPen"].color() == QColor(DARK.text)


def test_a_new_figure_leaves_nothing_of_the_one_before(view: FigureView) -> None:
    before = len(view._canvas.scene().items())
    for _ in range(5):
        view.show_figure(agreement_figure())
    assert len(view._canvas.scene().items()) == before
    view.clear()
    assert view.figure is None
    assert [item for item in view._canvas.scene().items() if isinstance(item, pg.ScatterPlotItem)] == []
    assert view._edges._labels == []


def test_a_plot_without_a_figure_can_be_resized_and_recoloured(qtbot: QtBot) -> None:
    made = FigureView(DARK)
    qtbot.addWidget(made)
    made.resize(300, 200)
    made.show_theme(LIGHT)
    assert made.figure is None


# -- figures as pictures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [agreement_figure, correlation_figure])
def test_an_exported_figure_is_a_png_of_300_dpi_on_white(
    qtbot: QtBot,
    tmp_path: Path,
    make: Callable[[], Figure],
) -> None:
    path = tmp_path / "figure.png"
    save_figure(make(), path)
    image = QImage(str(path))
    assert (image.width(), image.height()) == (2055, 1370)
    assert image.dotsPerMeterX() == image.dotsPerMeterY() == 11811
    assert image.pixelColor(3, 3) == QColor("white")
    colours = {image.pixelColor(x, y).name() for x in range(0, 2055, 3) for y in range(0, 1370, 9)}
    assert len(colours) > 20


def test_lines_in_print_are_as_thick_as_on_paper(qtbot: QtBot) -> None:
    image = figure_image(agreement_figure())
    middle = image.width() // 2
    blue = [y for y in range(image.height()) if image.pixelColor(middle, y) == QColor("#1f4e9c")]
    # two window dots are some six dots of the paper
    assert 4 <= len(blue) <= 9


def test_a_figure_that_cannot_be_written_says_so_without_its_folder(qtbot: QtBot, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        save_figure(agreement_figure(), tmp_path / "no such folder" / "figure.png")
    assert caught.value.code == "picture.cannot_write"
    assert caught.value.values == {"file": "figure.png"}


def test_exporting_leaves_no_widget_behind(qtbot: QtBot) -> None:
    before = set(QApplication.topLevelWidgets())
    figure_image(agreement_figure())
    qtbot.waitUntil(lambda: set(QApplication.topLevelWidgets()) <= before, timeout=60_000)


def test_every_symbol_has_an_outline_inside_its_box() -> None:
    for symbol in Symbol:
        box = symbol_path(symbol).boundingRect()
        assert 0.8 < box.width() < 1.2
        assert abs(box.center().x()) < 0.05
