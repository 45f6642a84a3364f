"""Figures as files for print: what stands in them, how large they are, and what colours they need."""

from __future__ import annotations

import re
import zlib
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer
from pytestqt.qtbot import QtBot

from app.domain.errors import InputError
from app.services.gather import gather
from app.services.open_session import last_viewer
from app.services.reference_cohort import make_reference_session
from app.services.selection import Selection
from app.services.study_data import make_study
from app.ui.dialogs.figure_dialog import FigureDialog
from app.ui.plots.export import figure_image, save_figure
from app.ui.plots.flow_spec import Box, FlowChart, Step
from app.ui.plots.palette import GREY, colour
from app.ui.plots.picture import DPIS, WIDTHS_MM, Format, Picture
from app.ui.plots.spec import (
    Axis,
    Band,
    Curve,
    Dash,
    EdgeLabel,
    Figure,
    LegendEntry,
    Spot,
    Symbol,
    Tone,
    axis,
    level_line,
)
from app.ui.plots.view import FigureView
from app.ui.settings import Settings
from app.ui.tabs.content import Tab
from app.ui.tabs.panel import tab_panel
from app.ui.theme import LIGHT

SVG = "{http://www.w3.org/2000/svg}"
# printed points for one mm
POINTS = 72.0 / 25.4
GROUPS = (Tone.FIRST, Tone.SECOND, Tone.THIRD)
SYMBOLS = (Symbol.CIRCLE, Symbol.SQUARE, Symbol.TRIANGLE)


def plot(*, square: bool = False) -> Figure:
    x, y = axis("FF (%) <mean>", 20.0, 80.0), axis("Reader 1 − Reader 2 & (percentage points)", -12.0, 12.0)
    along = np.array([20.0, 80.0])
    return Figure(
        x,
        y,
        # reaches out of the frame, which cuts it
        bands=(Band(along, np.array([8.0, 8.0]), np.array([40.0, 40.0]), Tone.LIMIT),),
        curves=(
            level_line(9.0, x, Tone.LIMIT, Dash.DASHED),
            Curve(along, np.array([-5.0, 5.0]), Tone.LINE, Dash.DOTTED),
        ),
        spots=tuple(
            Spot(30.0 + 10.0 * place, -4.0 * place, tone, symbol, code=f"C{place}")
            for place, (tone, symbol) in enumerate(zip(GROUPS, SYMBOLS, strict=True))
        ),
        edge_labels=(EdgeLabel(9.0, "+1.96 SD\n9.00", Tone.LIMIT),),
        legend=tuple(
            LegendEntry(tone.value, tone, symbol) for tone, symbol in zip(GROUPS, SYMBOLS, strict=True)
        ),
        square=square,
        footer="Synthetic data",
    )


def flow() -> FlowChart:
    left_out = Box("Excluded (n = 2)", ("metal",))
    return FlowChart(
        "Flow",
        (Step(Box("Enrolled (n = 9)"), left_out), Step(Box("Analysed (n = 7)"))),
        (Box("With (n = 3)"), Box("Without (n = 4)")),
        "made up",
    )


DRAWINGS = {"plot": plot(), "square": plot(square=True), "flow": flow()}


@pytest.fixture(params=DRAWINGS)
def drawing(request: pytest.FixtureRequest) -> Figure | FlowChart:
    return DRAWINGS[request.param]


def written(drawing: Figure | FlowChart, folder: Path, picture: Picture) -> Path:
    path = folder / f"figure.{picture.format.value}"
    save_figure(drawing, path, picture, "Bland–Altman, fat fraction")
    return path


# -- PNG --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dpi", DPIS)
@pytest.mark.parametrize("width", WIDTHS_MM)
def test_a_png_has_the_dots_of_its_width_and_says_its_resolution(
    qtbot: QtBot, tmp_path: Path, dpi: int, width: int
) -> None:
    image = QImage(str(written(plot(), tmp_path, Picture(Format.PNG, dpi, width))))
    assert image.width() == round(width / 25.4 * dpi)
    assert image.dotsPerMeterX() == image.dotsPerMeterY() == round(dpi / 0.0254)


def test_a_png_of_twice_the_resolution_shows_the_same(qtbot: QtBot, drawing: Figure | FlowChart) -> None:
    coarse, fine = (figure_image(drawing, Picture(dpi=dpi, width_mm=84)) for dpi in DPIS)
    small = fine.scaled(coarse.size() / coarse.devicePixelRatio() * coarse.devicePixelRatio())
    assert abs(share_of_ink(coarse) - share_of_ink(small)) < 0.01


def share_of_ink(image: QImage) -> float:
    return float((grey_values(image) < 200).mean())


def grey_values(image: QImage) -> np.ndarray:
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(grey.constBits(), np.uint8).reshape(grey.height(), grey.bytesPerLine())
    # a copy: the picture goes with this function
    return rows[:, : grey.width()].copy()


def test_a_figure_is_printed_on_white_whatever_the_window_is(
    qtbot: QtBot, drawing: Figure | FlowChart
) -> None:
    for grey in (False, True):
        image = figure_image(drawing, Picture(grey=grey))
        assert image.pixelColor(QPoint(2, 2)) == QColor("white")
        assert float((grey_values(image) > 230).mean()) > 0.6


def test_nothing_of_a_figure_touches_the_edge_of_the_paper(qtbot: QtBot, drawing: Figure | FlowChart) -> None:
    for width in WIDTHS_MM:
        dots = grey_values(figure_image(drawing, Picture(width_mm=width)))
        for edge in (dots[:3], dots[-3:], dots[:, :3], dots[:, -3:]):
            assert edge.min() > 240


# -- SVG --------------------------------------------------------------------------------------------------


def test_an_svg_has_outlines_for_letters_and_still_says_what_they_were(qtbot: QtBot, tmp_path: Path) -> None:
    root = ET.parse(written(plot(), tmp_path, Picture(Format.SVG))).getroot()  # noqa: S314
    assert root.findall(f".//{SVG}text") == []
    outlines = {one.get("aria-label"): one for one in root.findall(f".//{SVG}path") if one.get("aria-label")}
    for words in (plot().x.title, plot().y.title, "first", "Synthetic data", "40"):
        assert words in outlines
        assert re.fullmatch(r"M[-MLC\d. e]+", outlines[words].get("d", ""))
    assert root.findtext(f"{SVG}title") == "Bland–Altman, fat fraction"
    told = (root.findtext(f"{SVG}desc") or "").splitlines()
    assert told[:2] == [plot().x.title, plot().y.title]
    assert told[-1].startswith("MarrowMark ")


def test_an_svg_holds_no_pictures_of_dots(qtbot: QtBot, tmp_path: Path, drawing: Figure | FlowChart) -> None:
    root = ET.parse(written(drawing, tmp_path, Picture(Format.SVG))).getroot()  # noqa: S314
    assert root.findall(f".//{SVG}image") == []


@pytest.mark.parametrize("width", WIDTHS_MM)
def test_an_svg_is_as_wide_as_the_column(qtbot: QtBot, tmp_path: Path, width: int) -> None:
    root = ET.parse(written(plot(), tmp_path, Picture(Format.SVG, width_mm=width))).getroot()  # noqa: S314
    told = root.get("width", "")
    assert told.endswith("mm")
    assert float(told.removesuffix("mm")) == pytest.approx(width, abs=0.2)


def test_an_svg_looks_like_the_png(qtbot: QtBot, tmp_path: Path, drawing: Figure | FlowChart) -> None:
    path = written(drawing, tmp_path, Picture(Format.SVG, width_mm=84))
    renderer = QSvgRenderer(str(path))
    assert renderer.isValid()
    png = figure_image(drawing, Picture(width_mm=84))
    png.setDevicePixelRatio(1.0)
    svg = QImage(png.size(), QImage.Format.Format_RGB32)
    svg.fill(QColor("white"))
    painter = QPainter(svg)
    renderer.render(painter)
    painter.end()
    assert share_of_ink(svg) == pytest.approx(share_of_ink(png), abs=0.015)
    # the same places are dark: edges of letters and lines differ by a dot or two
    apart = np.abs(grey_values(svg).astype(int) - grey_values(png).astype(int))
    assert float((apart > 128).mean()) < 0.03


def test_what_reaches_out_of_the_frame_is_cut_in_an_svg_too(qtbot: QtBot, tmp_path: Path) -> None:
    root = ET.parse(written(plot(), tmp_path, Picture(Format.SVG))).getroot()  # noqa: S314
    assert root.findall(f".//{SVG}clipPath") != []


# -- PDF --------------------------------------------------------------------------------------------------


def streams(content: bytes) -> bytes:
    """All that a PDF holds, unpacked."""
    found = [content]
    for packed in re.findall(rb"stream\r?\n(.*?)endstream", content, re.DOTALL):
        try:
            found.append(zlib.decompress(packed))
        except zlib.error:
            continue
    return b"\n".join(found)


@pytest.mark.parametrize("width", WIDTHS_MM)
def test_a_pdf_has_a_page_of_the_columns_width(qtbot: QtBot, tmp_path: Path, width: int) -> None:
    content = written(plot(), tmp_path, Picture(Format.PDF, width_mm=width)).read_bytes()
    assert content.startswith(b"%PDF-1.")
    box = re.search(rb"/MediaBox \[([^\]]+)\]", content)
    assert box is not None
    _, _, right, top = (float(one) for one in box.group(1).split())
    picture = Picture(Format.PDF, width_mm=width)
    assert right == pytest.approx(width * POINTS, abs=1.0)
    assert top == pytest.approx(picture.height_mm(square=False) * POINTS, abs=1.0)


def test_the_fonts_of_a_pdf_are_embedded(qtbot: QtBot, tmp_path: Path, drawing: Figure | FlowChart) -> None:
    content = streams(written(drawing, tmp_path, Picture(Format.PDF)).read_bytes())
    fonts = re.findall(rb"/BaseFont\s*/", content)
    assert fonts
    assert re.search(rb"/FontFile[23]?\s+\d+ 0 R", content)
    # each font that is described brings its letters
    assert len(re.findall(rb"/Type\s*/FontDescriptor", content)) == len(re.findall(rb"/FontFile", content))


def test_a_pdf_holds_lines_and_letters_and_no_pictures_of_dots(
    qtbot: QtBot, tmp_path: Path, drawing: Figure | FlowChart
) -> None:
    content = streams(written(drawing, tmp_path, Picture(Format.PDF)).read_bytes())
    assert b"/Subtype /Image" not in content
    assert b" Tj" in content


@pytest.mark.parametrize(("width", "points"), [(84, 7.0), (174, 8.0)])
def test_letters_of_a_pdf_have_the_size_journals_ask_for(
    qtbot: QtBot, tmp_path: Path, width: int, points: float
) -> None:
    content = streams(written(plot(), tmp_path, Picture(Format.PDF, width_mm=width)).read_bytes())
    scale = re.search(rb"^[^\n]*?(\d*\.\d+) 0 0 -\d*\.\d+ 0 [\d.]+ cm", content, re.MULTILINE)
    inside = re.findall(rb"(\d*\.\d+) 0 0 \1 [\d.]+ [\d.]+ cm", content)
    sizes = [float(one) for one in re.findall(rb"/F\d+ ([\d.]+) Tf", content)]
    assert scale is not None
    assert inside
    printed = float(scale.group(1)) * float(inside[0]) * min(sizes)
    assert printed == pytest.approx(points, abs=0.3)


# -- every format -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", Format)
def test_a_file_that_cannot_be_written_is_told(qtbot: QtBot, tmp_path: Path, kind: Format) -> None:
    with pytest.raises(InputError) as caught:
        save_figure(plot(), tmp_path / "nowhere" / f"figure.{kind.value}", Picture(kind))
    assert caught.value.code == "picture.cannot_write"
    assert caught.value.values == {"file": f"figure.{kind.value}"}


@pytest.mark.parametrize("kind", Format)
def test_the_same_figure_gives_the_same_file_twice(qtbot: QtBot, tmp_path: Path, kind: Format) -> None:
    first = written(plot(), tmp_path, Picture(kind)).read_bytes()
    second = written(plot(), tmp_path, Picture(kind)).read_bytes()
    # a PDF tells the minute and a number of its own
    hidden = rb"/(CreationDate|ModDate|ID)[^\n]*|<xmp:[^\n]*|uuid:[^<]*|<(?:xap|xmp|xmpMM)[^\n]*"
    assert re.sub(hidden, b"", first)[:200] == re.sub(hidden, b"", second)[:200]
    assert abs(len(first) - len(second)) < 64


def test_no_case_code_is_written_into_a_file(qtbot: QtBot, tmp_path: Path) -> None:
    secret = replace(plot(), spots=tuple(replace(one, code="CASE77", tip="CASE77") for one in plot().spots))
    for kind in Format:
        assert b"CASE77" not in streams(written(secret, tmp_path, Picture(kind)).read_bytes())


# -- colours ----------------------------------------------------------------------------------------------

# what an eye that lacks one kind of cones makes of red, green and blue light
# (after Vienot, Brettel and Mollon 1999)
_EYES = {
    "usual": np.eye(3),
    "protan": np.array([[0.11238, 0.88762, 0.0], [0.11238, 0.88762, 0.0], [0.00401, -0.00401, 1.0]]),
    "deutan": np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]]),
    "tritan": np.array([[1.0, 0.14461, -0.14461], [0.0, 0.85924, 0.14076], [0.0, 0.85924, 0.14076]]),
}


def seen(shade: QColor, eye: np.ndarray) -> np.ndarray:
    """CIE Lab of a colour as an eye sees it."""
    stored = np.array(shade.getRgbF()[:3])
    light = np.where(stored <= 0.04045, stored / 12.92, ((stored + 0.055) / 1.055) ** 2.4)
    light = np.clip(eye @ light, 0.0, 1.0)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    share = (to_xyz @ light) / np.array([0.9505, 1.0, 1.089])
    f = np.where(share > 216 / 24389, np.cbrt(share), (24389 / 27 * share + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("eye", _EYES)
def test_groups_stay_apart_for_every_eye(eye: str) -> None:
    for first, second in combinations(GROUPS, 2):
        apart = seen(colour(first, LIGHT), _EYES[eye]) - seen(colour(second, LIGHT), _EYES[eye])
        assert np.linalg.norm(apart) > 15.0, (first, second)


def test_black_and_grey_holds_no_colour_and_keeps_groups_apart_by_lightness(qtbot: QtBot) -> None:
    image = figure_image(plot(), Picture(grey=True))
    dots = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), -1, 4)[..., :3].astype(int)
    assert np.ptp(dots, axis=2).max() <= 2
    light = sorted(colour(tone, GREY).lightness() for tone in GROUPS)
    assert min(np.diff(light)) > 40
    colours = figure_image(plot(), Picture())
    dots = np.frombuffer(colours.constBits(), np.uint8).reshape(colours.height(), -1, 4)[..., :3].astype(int)
    assert np.ptp(dots, axis=2).max() > 60


# -- what is chosen ---------------------------------------------------------------------------------------


def test_a_narrow_picture_is_higher_and_its_letters_smaller() -> None:
    one, two = Picture(width_mm=84), Picture(width_mm=174)
    assert one.one_column
    assert not two.one_column
    assert one.height_mm(square=False) == 84.0
    assert two.height_mm(square=False) == pytest.approx(116.0)
    assert one.height_mm(square=True) > one.width_mm
    assert one.points < two.points


def test_a_flow_is_as_high_as_its_boxes_need(qtbot: QtBot) -> None:
    long = replace(flow(), steps=flow().steps * 4)
    heights = [figure_image(one, Picture()).height() for one in (flow(), long)]
    assert heights[1] > 1.5 * heights[0]


@pytest.mark.parametrize(
    "picture", [Picture(), Picture(Format.PDF, 600, 90, grey=True), Picture(Format.SVG, 300, 180)]
)
def test_the_last_choice_is_kept_in_the_settings(tmp_path: Path, picture: Picture) -> None:
    Settings(tmp_path / "settings.ini").picture = picture
    assert Settings(tmp_path / "settings.ini").picture == picture


@pytest.mark.parametrize("told", ["", "png 300 174", "gif 300 174 grey", "png 72 174 grey", "png 300 1 grey"])
def test_a_choice_that_is_none_gives_the_usual_picture(told: str) -> None:
    assert Picture.from_text(told) == Picture()


def test_the_dialog_shows_what_will_be_printed(qtbot: QtBot) -> None:
    dialog = FigureDialog(plot(), Picture(Format.SVG, 600, 90, grey=True))
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.picture == Picture(Format.SVG, 600, 90, grey=True)
    assert dialog.told.text() == "90 × 90 mm, on white"
    assert not dialog.dpi.isEnabled()
    before = dialog.preview.pixmap().toImage()
    dialog.width_mm.setCurrentIndex(dialog.width_mm.findData("180"))
    assert dialog.told.text() == "180 × 120 mm, on white"
    assert dialog.preview.pixmap().toImage() != before
    dialog.format.setCurrentIndex(dialog.format.findData("png"))
    assert dialog.dpi.isEnabled()
    with qtbot.waitSignal(dialog.chosen, timeout=60_000) as caught:
        dialog.go.click()
    assert caught.args == [Picture(Format.PNG, 600, 180, grey=True)]


def test_a_dialog_that_is_left_prints_nothing(qtbot: QtBot) -> None:
    dialog = FigureDialog(flow(), Picture())
    qtbot.addWidget(dialog)
    heard: list[object] = []
    dialog.chosen.connect(heard.append)
    dialog.show()
    dialog.cancel.click()
    assert not dialog.isVisible()
    assert heard == []


def test_names_of_ticks_over_two_lines_are_printed_whole(qtbot: QtBot) -> None:
    named = replace(plot(), x=Axis("", -0.6, 1.4, (0.0, 1.0), ("normal\nn = 30", "osteopenia\nn = 41")))
    one = replace(plot(), x=Axis("", -0.6, 1.4, (0.0, 1.0), ("normal", "osteopenia")))

    heights = []
    for figure in (named, one):
        view = FigureView(LIGHT)
        qtbot.addWidget(view)
        view.resize(500, 400)
        view.show_figure(figure)
        view.show()
        view.lay_out()
        heights.append(view._bottom.height())
    assert heights[0] > heights[1] + 10.0


def test_curves_and_groups_of_every_plot_differ_by_more_than_colour(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    session = make_reference_session(tmp_path_factory.mktemp("shapes") / "study.marrow")
    study = make_study(gather(session, last_viewer(session)), Selection())
    session.close()
    for tab in (Tab.AGREEMENT, Tab.CORRELATION, Tab.GROUPS, Tab.ROC):
        figure = tab_panel(study, tab).figure
        assert isinstance(figure, Figure)
        symbols = {spot.tone: spot.symbol for spot in figure.spots}
        assert len(set(symbols.values())) == len(symbols), tab
        # frames and whiskers of boxes stand apart by their place
        if tab is Tab.ROC:
            dashes = {curve.tone: curve.dash for curve in figure.curves if curve.tone is not Tone.REFERENCE}
            assert len(set(dashes.values())) == len(dashes) == 4
