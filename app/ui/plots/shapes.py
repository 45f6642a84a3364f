"""Shapes of points and patterns of lines, the same in plots and legends."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainterPath, QPolygonF

from app.ui.plots.spec import Dash, Symbol

# stroke and gap, in widths of the line; none for a solid one
DASHES: dict[Dash, tuple[float, ...]] = {
    Dash.SOLID: (),
    Dash.DASHED: (4.0, 3.0),
    Dash.DOTTED: (1.5, 2.5),
    Dash.DASH_DOT: (8.0, 2.5, 1.5, 2.5),
}

# corners in a box of 1 x 1 around the origin, y downward; scaled so that all shapes weigh about the same
_CORNERS = {
    Symbol.SQUARE: ((-0.43, -0.43), (0.43, -0.43), (0.43, 0.43), (-0.43, 0.43)),
    Symbol.TRIANGLE: ((0.0, -0.58), (0.57, 0.45), (-0.57, 0.45)),
    Symbol.DIAMOND: ((0.0, -0.6), (0.5, 0.0), (0.0, 0.6), (-0.5, 0.0)),
}


def symbol_path(symbol: Symbol) -> QPainterPath:
    """Outline of a symbol in a box of 1 x 1 around the origin."""
    path = QPainterPath()
    if symbol is Symbol.CIRCLE:
        path.addEllipse(QRectF(-0.48, -0.48, 0.96, 0.96))
        return path
    path.addPolygon(QPolygonF([QPointF(*corner) for corner in _CORNERS[symbol]]))
    path.closeSubpath()
    return path
