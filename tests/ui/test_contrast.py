"""Words stand out by 4.5 to 1, edges and rings by 3 to 1, in both themes and on any picture (WCAG, AA)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from app.domain.protocol import LEVELS, Level
from app.ui.canvas import painting
from app.ui.canvas.boxes import HALO
from app.ui.canvas.colours import COLOUR_MAPS, to_words
from app.ui.canvas.painting import paint_ring
from app.ui.plots.palette import colour, spot_colour
from app.ui.plots.spec import Tone
from app.ui.scale import letters_pt
from app.ui.theme import DARK, LEVEL_COLOURS, LIGHT, Theme, style_sheet

WORDS, EDGES = 4.5, 3.0
THEMES = pytest.mark.parametrize("theme", [DARK, LIGHT], ids=["dark", "light"])
GROUNDS = ("window", "panel", "raised", "hover", "selected")


def luminance(shown: QColor) -> float:
    """Relative luminance as WCAG defines it."""
    parts = np.array([shown.redF(), shown.greenF(), shown.blueF()])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def contrast(first: QColor | str, second: QColor | str) -> float:
    darker, lighter = sorted(luminance(QColor(one)) for one in (first, second))
    return (lighter + 0.05) / (darker + 0.05)


def over(above: QColor, below: QColor | str) -> QColor:
    """What is seen where something half transparent lies over a colour."""
    ground, share = QColor(below), above.alphaF()
    mixed = [
        a * share + b * (1 - share) for a, b in zip(above.getRgbF()[:3], ground.getRgbF()[:3], strict=True)
    ]
    return QColor.fromRgbF(*mixed)


def test_the_measure_itself_is_right() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@THEMES
@pytest.mark.parametrize("ground", GROUNDS)
def test_words_of_every_kind_stand_out_from_every_ground(theme: Theme, ground: str) -> None:
    low = {
        role: contrast(getattr(theme, role), getattr(theme, ground))
        for role in ("text", "quiet", "good", "warn", "bad")
    }
    assert {role: value for role, value in low.items() if value < WORDS} == {}


@THEMES
def test_words_on_the_accent_on_a_warning_and_in_a_link_stand_out(theme: Theme) -> None:
    assert contrast(theme.on_accent, theme.accent) >= WORDS
    assert contrast(theme.warn, theme.warn_back) >= WORDS
    assert contrast(theme.focus, theme.window) >= WORDS
    assert contrast(theme.focus, theme.panel) >= WORDS


@THEMES
def test_the_ring_of_the_focus_stands_out_from_everything_it_can_lie_on(theme: Theme) -> None:
    for ground in GROUNDS:
        assert contrast(theme.focus, getattr(theme, ground)) >= EDGES, ground
    # around the button that is filled with the accent it has the colour of words
    assert contrast(theme.text, theme.panel) >= EDGES


@THEMES
def test_a_field_is_known_by_its_edge_and_a_mark_by_its_fill(theme: Theme) -> None:
    for ground in ("window", "panel", "raised"):
        assert contrast(theme.outline, getattr(theme, ground)) >= EDGES, ground
        # an empty box to tick has the colour of quiet words
        assert contrast(theme.quiet, getattr(theme, ground)) >= EDGES, ground
        assert contrast(theme.accent, getattr(theme, ground)) >= EDGES, ground
    # how far a task is
    assert contrast(theme.accent, theme.border) >= EDGES


@THEMES
def test_every_control_shows_the_focus_in_the_colour_of_the_ring(qapp: object, theme: Theme) -> None:
    sheet = style_sheet(theme)
    for part in (
        "QPushButton:focus", "QToolButton:focus", "QComboBox:focus", "QLineEdit:focus", "QTableView:focus",
        "QListView:focus", "QTreeView:focus", "QPlainTextEdit:focus", "QScrollArea:focus", "QCheckBox:focus",
        "QRadioButton:focus", "QTabBar::tab:focus", 'QPushButton[role="nav"]:focus',
        'QPushButton[role="link"]:focus', 'QPushButton[role="fact"]:focus',
    ):  # fmt: skip
        rule = sheet[sheet.index(part) :].split("}")[0]
        assert theme.focus in rule, part
    assert theme.text in sheet[sheet.index('QPushButton[role="primary"]:focus') :].split("}")[0]


@THEMES
@pytest.mark.parametrize("tone", Tone)
def test_a_line_of_a_plot_stands_out_from_its_paper(theme: Theme, tone: Tone) -> None:
    assert contrast(colour(tone, theme), theme.panel) >= EDGES


@THEMES
@pytest.mark.parametrize("tone", [Tone.FIRST, Tone.SECOND, Tone.THIRD, Tone.UNKNOWN])
def test_a_point_of_a_plot_stands_out_although_others_shine_through(theme: Theme, tone: Tone) -> None:
    assert contrast(over(spot_colour(tone, theme), theme.panel), theme.panel) >= EDGES


# -- over pictures ------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", Level)
def test_an_outline_stands_out_from_its_halo_on_every_grey(level: Level) -> None:
    shades = [QColor(grey, grey, grey) for grey in range(256)]
    lowest = min(contrast(LEVEL_COLOURS[level], over(HALO, shade)) for shade in shades)
    assert lowest >= EDGES
    # the label is words
    assert lowest >= WORDS


@pytest.mark.parametrize("name", COLOUR_MAPS)
def test_an_outline_stands_out_from_its_halo_on_every_colour_of_every_colour_map(name: str) -> None:
    shown = to_words(np.linspace(0.0, 1.0, 256), (0.0, 1.0), name)
    for level in LEVELS:
        assert min(contrast(LEVEL_COLOURS[level], over(HALO, QColor(int(one)))) for one in shown) >= WORDS


def test_letters_and_numbers_on_the_maps_are_read_on_white() -> None:
    assert contrast(painting._WORDS, over(HALO, "#ffffff")) >= WORDS


def test_a_ghost_stands_out_as_well() -> None:
    for level in LEVELS:
        ghost = QColor(LEVEL_COLOURS[level])
        ghost.setAlpha(200)
        for ground in ("#000000", "#808080", "#ffffff"):
            halo = over(HALO, ground)
            assert contrast(over(ghost, halo), halo) >= EDGES


def test_the_ring_around_a_map_is_seen_on_black_and_on_white() -> None:
    for ground in ("#000000", "#ffffff"):
        picture = QImage(40, 40, QImage.Format.Format_RGB32)
        picture.fill(QColor(ground))
        painter = QPainter(picture)
        paint_ring(painter, picture.rect().toRectF())
        painter.end()
        ring, inside = picture.pixelColor(0, 20), picture.pixelColor(3, 20)
        assert contrast(ring, inside) >= EDGES


def test_no_two_levels_have_the_same_colour() -> None:
    for one, other in combinations(LEVELS, 2):
        apart = [
            abs(a - b)
            for a, b in zip(
                QColor(LEVEL_COLOURS[one]).getRgb(), QColor(LEVEL_COLOURS[other]).getRgb(), strict=True
            )
        ]
        assert max(apart) > 40


# -- size of letters ----------------------------------------------------------------------------------


def test_letters_are_as_large_as_the_systems_and_never_smaller_than_drawn(qapp: object) -> None:
    assert letters_pt() >= 10.0
    assert f"font-size: {letters_pt():g}pt" in style_sheet(DARK)
    assert f"font-size: {letters_pt() * 1.3:g}pt" in style_sheet(DARK)
    assert "%" not in style_sheet(DARK)
