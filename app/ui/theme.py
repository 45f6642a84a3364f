"""Colours and style: chrome follows the theme, data colours do not."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from app.domain.protocol import Level
from app.files.resources import resource
from app.ui.scale import letters_pt, scaled

# each level has a colour and always its label beside it: colour never carries meaning alone
LEVEL_COLOURS = {
    Level.L1: "#6fb7ff",
    Level.L2: "#7fdc8c",
    Level.L3: "#ffd166",
    Level.L4: "#ff9a66",
    Level.L5: "#d7a1ff",
}


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of the chrome.

    Attributes
    ----------
    window, panel, raised, hover : str
        From the background to a control under the mouse.
    border, outline : str
        Quiet lines between parts, and the edge of a field, by which one knows it is one.
    text, quiet : str
        Words, and words that may wait.
    accent, on_accent, selected : str
        The one accent, the words on it, and the quiet version for a selected row.
    focus : str
        The ring around what has the keyboard, and links.
    good, warn, warn_back, bad : str
        States, each always with a word or a mark beside it.
    """

    window: str
    panel: str
    raised: str
    hover: str
    border: str
    outline: str
    text: str
    quiet: str
    accent: str
    on_accent: str
    selected: str
    focus: str
    good: str
    warn: str
    warn_back: str
    bad: str
    dark: bool


DARK = Theme(
    window="#0f1215",
    panel="#14181c",
    raised="#20262c",
    hover="#2a323a",
    border="#262d34",
    outline="#74808b",
    text="#e8ecef",
    quiet="#9aa5af",
    accent="#3576c9",
    on_accent="#ffffff",
    selected="#1d2a3a",
    focus="#79b3f7",
    good="#6fd392",
    warn="#f0c36a",
    warn_back="#2b2413",
    bad="#ff8f87",
    dark=True,
)
LIGHT = Theme(
    window="#f4f6f8",
    panel="#ffffff",
    raised="#ffffff",
    hover="#e9eef4",
    border="#d9dfe5",
    outline="#7d8892",
    text="#1b2126",
    quiet="#5a6570",
    accent="#1f5fae",
    on_accent="#ffffff",
    selected="#e3edf9",
    focus="#1f5fae",
    good="#1d7a41",
    warn="#8a5a00",
    warn_back="#fdf3dc",
    bad="#b3261e",
    dark=False,
)

_STYLE = """
* { font-size: %letters%pt; }
QMainWindow, QDialog, QStackedWidget, #page { background: @window; }
QWidget { color: @text; }
QLabel { background: transparent; }
QLabel[role="quiet"], #facts { color: @quiet; }
QLabel[role="title"] { font-size: %title%pt; font-weight: 600; }
QLabel[role="hero"] { font-size: %hero%pt; font-weight: 600; }
QLabel[role="section"] { font-weight: 600; }
QLabel[role="key"] { font-weight: 600; }
QLabel[role="badge"] { border: 1px solid @good; color: @good; border-radius: 4px; padding: 2px 8px; }
QLabel[role="badge-warn"] { border: 1px solid @warn; color: @warn; border-radius: 4px; padding: 2px 8px; }
QLabel[role="warning"] { background: @warn_back; color: @warn; border: 1px solid @warn; border-radius: 5px;
    padding: 7px 9px; }
QLabel[role="sentence"] { background: @panel; border: 1px solid @border; border-left: 3px solid @accent;
    border-radius: 5px; padding: 9px 12px; }
#topbar, #statusbar, #sidebar, #panel { background: @panel; }
#topbar { border-bottom: 1px solid @border; }
#statusbar { border-top: 1px solid @border; }
#sidebar { border-right: 1px solid @border; }
#panel { border-left: 1px solid @border; }
#card { background: @panel; border: 1px solid @border; border-radius: 7px; }
#mapbar { background: @panel; border-bottom: 1px solid @border; }
QPushButton, QToolButton, QComboBox, QLineEdit { background: @raised; border: 1px solid @border;
    border-radius: 5px; padding: 4px 10px; min-height: %row%px; }
QComboBox, QLineEdit { border-color: @outline; }
QLineEdit { placeholder-text-color: @quiet; }
QLineEdit QToolButton { border: none; padding: 0; min-height: 0; background: transparent; }
QPushButton:hover, QToolButton:hover, QComboBox:hover { background: @hover; }
QPushButton:disabled, QToolButton:disabled { color: @quiet; }
QPushButton:focus, QToolButton:focus, QComboBox:focus, QLineEdit:focus { border: 2px solid @focus;
    padding: 3px 9px; }
QPushButton[role="primary"] { background: @accent; color: @on_accent; border-color: @accent;
    font-weight: 600; }
QPushButton[role="primary"]:focus { border: 2px solid @text; }
QPushButton[role="primary"]:disabled { background: @hover; color: @quiet; border-color: @border; }
QPushButton[role="nav"] { background: transparent; border: 1px solid transparent; color: @quiet;
    padding: 5px 14px; }
QPushButton[role="nav"]:hover { background: @hover; }
QPushButton[role="nav"]:checked { background: @selected; color: @text; border: 1px solid @border; }
QPushButton[role="nav"]:focus { border: 2px solid @focus; padding: 4px 13px; }
QPushButton[role="link"] { background: transparent; border: 1px solid transparent; color: @quiet;
    padding: 1px 6px; min-height: %line%px; }
QPushButton[role="link"]:hover { background: @hover; }
QPushButton[role="link"]:focus { border: 2px solid @focus; padding: 0 5px; }
QPushButton[role="fact"] { background: transparent; border: 1px solid transparent; text-align: right;
    padding: 1px 0 1px 4px; min-height: %line%px; }
QPushButton[role="fact"]:hover { background: @hover; }
QPushButton[role="fact"]:focus { border: 2px solid @focus; padding: 0 3px; }
QToolButton::menu-indicator { image: none; }
QComboBox:disabled { color: @quiet; }
QComboBox::drop-down { border: none; width: 20px; }
QComboBox::down-arrow { image: url(%down%); width: 12px; height: 12px; }
QMenu { background: @raised; border: 1px solid @border; padding: 4px; }
QMenu::item { padding: 5px 24px 5px 12px; border-radius: 4px; }
QMenu::item:selected { background: @selected; }
QMenu::item:disabled { color: @quiet; }
QMenu::separator { height: 1px; background: @border; margin: 4px 6px; }
QTableView, QListView, QTreeView, QTextEdit, QPlainTextEdit { background: @panel; border: 1px solid @border;
    border-radius: 5px; gridline-color: @border; selection-background-color: @selected;
    selection-color: @text; alternate-background-color: @window; }
QTableView:focus, QListView:focus, QTreeView:focus, QTextEdit:focus, QPlainTextEdit:focus {
    border: 2px solid @focus; }
QScrollArea:focus { border: 2px solid @focus; border-radius: 5px; }
#sidebar QListView, #panel QTableView { border: 2px solid transparent; border-radius: 0; }
#sidebar QListView:focus, #panel QTableView:focus { border-color: @focus; }
QTableView[role="plain"] { border: none; }
QTableView::item, QListView::item { padding: 3px 6px; }
QHeaderView { background: @panel; }
QHeaderView::section { background: @panel; color: @quiet; border: none; border-bottom: 1px solid @border;
    padding: 5px 6px; }
QCheckBox::indicator, QTreeView::indicator, QListView::indicator, QRadioButton::indicator {
    width: 14px; height: 14px; border: 1px solid @quiet; border-radius: 3px; background: @window; }
QCheckBox::indicator:disabled, QTreeView::indicator:disabled, QRadioButton::indicator:disabled {
    border-color: @border; background: @panel; }
QCheckBox::indicator:checked, QTreeView::indicator:checked, QListView::indicator:checked {
    background: @accent; border-color: @accent; image: url(%check%); }
QTreeView::indicator:indeterminate { background: @accent; border-color: @accent; image: url(%part%); }
QCheckBox::indicator:checked:disabled, QTreeView::indicator:checked:disabled { background: @hover;
    border-color: @border; }
QRadioButton::indicator { border-radius: 8px; }
QRadioButton::indicator:checked { width: 6px; height: 6px; border: 5px solid @accent;
    background: @on_accent; }
QCheckBox, QRadioButton { border: 1px solid transparent; border-radius: 4px; padding: 1px; }
QCheckBox:focus, QRadioButton:focus { border-color: @focus; }
QCheckBox:disabled, QRadioButton:disabled { color: @quiet; }
QProgressBar { background: @border; border: none; border-radius: 2px; }
QProgressBar::chunk { background: @accent; border-radius: 2px; }
QScrollBar { background: transparent; width: 10px; height: 10px; }
QScrollBar::handle { background: @hover; border-radius: 4px; min-height: 24px; min-width: 24px; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QTabBar::tab { color: @quiet; padding: 8px 14px; border-bottom: 2px solid transparent; }
QTabBar::tab:selected { color: @text; border-bottom: 2px solid @accent; }
QTabBar::tab:focus { border: 2px solid @focus; padding: 6px 12px 8px 12px; border-radius: 4px; }
QTabBar { background: @panel; }
QToolTip { background: @raised; color: @text; border: 1px solid @border; padding: 4px; }
QSplitter::handle { background: @border; }
"""

# sizes of words, as shares of the ordinary ones
_LETTERS = {"letters": 1.0, "title": 1.3, "hero": 2.6}
# least heights of what is pressed, so that letters are never cut
_HEIGHTS = {"row": 18, "line": 16}
# white marks in boxes of the accent colour; the arrow of a choice, seen on either ground
_MARKS = ("check", "part", "down")


def style_sheet(theme: Theme) -> str:
    """Qt style sheet of a theme, with letters as large as the system's."""
    text = _STYLE
    for name, share in _LETTERS.items():
        text = text.replace(f"%{name}%", f"{letters_pt() * share:g}")
    for name, pixels in _HEIGHTS.items():
        text = text.replace(f"%{name}%", str(scaled(pixels)))
    # longest names first: @window must not be read as @warn
    for name in sorted((field.name for field in fields(Theme)), key=len, reverse=True):
        text = text.replace(f"@{name}", str(getattr(theme, name)))
    for name in _MARKS:
        text = text.replace(f"%{name}%", Path(str(resource("icons", f"{name}.svg"))).as_posix())
    return text


def palette(theme: Theme) -> QPalette:
    """Palette for what the style sheet does not reach."""
    colours = QPalette()
    for role, value in (
        (QPalette.ColorRole.Window, theme.window),
        (QPalette.ColorRole.WindowText, theme.text),
        (QPalette.ColorRole.Base, theme.panel),
        (QPalette.ColorRole.AlternateBase, theme.window),
        (QPalette.ColorRole.Text, theme.text),
        (QPalette.ColorRole.PlaceholderText, theme.quiet),
        (QPalette.ColorRole.Button, theme.raised),
        (QPalette.ColorRole.ButtonText, theme.text),
        (QPalette.ColorRole.Highlight, theme.accent),
        (QPalette.ColorRole.HighlightedText, theme.on_accent),
        (QPalette.ColorRole.ToolTipBase, theme.raised),
        (QPalette.ColorRole.ToolTipText, theme.text),
        (QPalette.ColorRole.Link, theme.focus),
    ):
        colours.setColor(role, QColor(value))
    return colours


def apply(app: QApplication, theme: Theme) -> None:
    """Give the whole program a theme."""
    app.setPalette(palette(theme))
    app.setStyleSheet(style_sheet(theme))
