"""Words of the dialog that prints a figure. Part of the one catalogue."""

from __future__ import annotations

FIGURE: dict[str, str] = {
    "figure.title": "Export figure",
    "figure.format": "Format",
    "figure.format_tip": "PNG has dots; SVG and PDF stay sharp at every size. Letters are outlines in an SVG and embedded in "
    "a PDF.",
    "figure.format.png": "PNG",
    "figure.format.svg": "SVG",
    "figure.format.pdf": "PDF",
    "figure.dpi": "Resolution",
    "figure.dpi_tip": "Dots per inch at the printed size.",
    "figure.dpi.300": "300 dpi",
    "figure.dpi.600": "600 dpi",
    "figure.width": "Width",
    "figure.width_tip": "The width a journal prints it in; letters and lines are as large as they are here.",
    "figure.width.84": "one column, 84 mm",
    "figure.width.90": "one column, 90 mm",
    "figure.width.174": "two columns, 174 mm",
    "figure.width.180": "two columns, 180 mm",
    "figure.colours": "Colours",
    "figure.colours_tip": "Colours stay apart for colour-blind eyes; groups and curves also differ by shape and dash.",
    "figure.colours.colour": "colour",
    "figure.colours.grey": "black and grey",
    "figure.size": "{width} × {height} mm, on white",
    "figure.go": "Save as…",
    "figure.go_tip": "Choose where the file is written.",
    "figure.cancel_tip": "Write nothing.",
    "figure.filter.png": "PNG picture (*.png)",
    "figure.filter.svg": "SVG drawing (*.svg)",
    "figure.filter.pdf": "PDF document (*.pdf)",
}
