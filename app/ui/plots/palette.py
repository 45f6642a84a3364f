"""Colours of the plots, chosen to stay apart for colour-blind eyes and on both backgrounds."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtGui import QColor

from app.ui.plots.spec import Tone
from app.ui.theme import LIGHT, Theme

GREY = replace(LIGHT, border="#c4c4c4", outline="#4a4a4a", text="#000000", quiet="#2e2e2e")
"""Black and grey on white, for print."""

_LIGHT = {
    Tone.BIAS: "#1f4e9c",
    Tone.LIMIT: "#b3394a",
    Tone.LINE: "#3c4854",
    Tone.REFERENCE: "#8b959f",
    Tone.FIRST: "#2f74d0",
    Tone.SECOND: "#b56c00",
    Tone.THIRD: "#b03a68",
    Tone.UNKNOWN: "#6d7781",
}
_DARK = {
    Tone.BIAS: "#8ab8ff",
    Tone.LIMIT: "#ff8f87",
    Tone.LINE: "#c3ccd4",
    Tone.REFERENCE: "#727e89",
    Tone.FIRST: "#69a9ff",
    Tone.SECOND: "#f2b14a",
    Tone.THIRD: "#f080a8",
    Tone.UNKNOWN: "#9aa5af",
}
# apart by lightness alone, beside the shapes and dashes that tell them apart anyway
_GREY = {
    Tone.BIAS: "#000000",
    Tone.LIMIT: "#3d3d3d",
    Tone.LINE: "#000000",
    Tone.REFERENCE: "#8a8a8a",
    Tone.FIRST: "#0d0d0d",
    Tone.SECOND: "#8c8c8c",
    Tone.THIRD: "#515151",
    Tone.UNKNOWN: "#b4b4b4",
}
# a band lies below points and must not hide them
_BAND_ALPHA = {False: 26, True: 38}
_SPOT_ALPHA = 205


def colour(tone: Tone, theme: Theme) -> QColor:
    """Colour of a line or of words."""
    if theme == GREY:
        return QColor(_GREY[tone])
    return QColor((_DARK if theme.dark else _LIGHT)[tone])


def band_colour(tone: Tone, theme: Theme) -> QColor:
    """Colour of a filled band."""
    found = colour(tone, theme)
    found.setAlpha(_BAND_ALPHA[theme.dark])
    return found


def spot_colour(tone: Tone, theme: Theme) -> QColor:
    """Colour of a point; points that cover each other shine through."""
    found = colour(tone, theme)
    found.setAlpha(_SPOT_ALPHA)
    return found


def grid_colour(theme: Theme) -> QColor:
    """Colour of grid lines, quieter than the frame."""
    found = QColor(theme.border)
    found.setAlpha(150)
    return found
