"""Letters of an SVG as outlines: the picture looks the same where its font is not known."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from PySide6.QtGui import QFont, QPainterPath

_SVG = "http://www.w3.org/2000/svg"
_TEXT, _PATH = f"{{{_SVG}}}text", f"{{{_SVG}}}path"
_BOLD = 600
# the thousandth of a dot is nothing anybody sees
_DECIMALS = 3
_Kind = QPainterPath.ElementType


def outlined(drawn: bytes, title: str, told: Sequence[str], program: str) -> bytes:
    """Replace the letters of a picture, and say in its head what it shows.

    Parameters
    ----------
    drawn : bytes
        An SVG that Qt wrote.
    title : str
        What it is.
    told : sequence of str
        Words that stand in it, which outlines no longer tell a program.
    program : str
        What made it.

    Returns
    -------
    bytes
        UTF-8.
    """
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    # written by Qt a moment ago, not read from a file
    root = ET.fromstring(drawn)  # noqa: S314
    head = {"title": title, "desc": "\n".join((*told, program))}
    for name, words in head.items():
        found = root.find(f"{{{_SVG}}}{name}")
        if found is not None:
            found.text = words
    for parent in list(root.iter()):
        for place, child in enumerate(list(parent)):
            if child.tag == _TEXT:
                parent[place] = _outline(child)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _outline(text: ET.Element) -> ET.Element:
    words = (text.text or "").strip("\n")
    font = QFont(text.get("font-family", ""))
    # sizes are in dots, with parts of a dot
    font.setPixelSize(100)
    font.setBold(float(text.get("font-weight", "400")) >= _BOLD)
    font.setItalic(text.get("font-style") == "italic")
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    path = QPainterPath()
    path.addText(0.0, 0.0, font, words)
    scale = float(text.get("font-size", "12")) / 100.0
    at = float(text.get("x", "0")), float(text.get("y", "0"))
    kept = {name: text.get(name, "") for name in ("fill", "fill-opacity")}
    return ET.Element(
        _PATH,
        {
            **kept,
            "stroke": "none",
            "fill-rule": "nonzero",
            # a screen reader says what is written here
            "aria-label": words.strip(),
            "d": _data(path, scale, at),
        },
    )


def _data(path: QPainterPath, scale: float, at: tuple[float, float]) -> str:
    """The outline in the words of SVG."""
    letters = {_Kind.MoveToElement: "M", _Kind.LineToElement: "L", _Kind.CurveToElement: "C"}
    said = []
    for place in range(path.elementCount()):
        element = path.elementAt(place)
        x, y = (
            round(one * scale + start, _DECIMALS)
            for one, start in zip((element.x, element.y), at, strict=True)
        )
        said.append(f"{letters.get(element.type, '')}{x:g} {y:g}")
    return " ".join(said)
