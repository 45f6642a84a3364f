"""How a figure is printed: format, width of a journal's column, resolution, colours. Values only, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """What a file is; the value is the ending of its name."""

    PNG = "png"
    SVG = "svg"
    PDF = "pdf"


DPIS = (300, 600)
"""Resolutions of a PNG; the others have none."""

WIDTHS_MM = (84, 90, 174, 180)
"""Journals' columns: one of 84 or 90 mm, two of 174 or 180 mm."""

_ONE_COLUMN_MM = 100
# height over width: a narrow plot needs room for its legend and for the title of the upright axis
_RATIO = {(False, False): 2.0 / 3.0, (False, True): 1.0, (True, False): 1.0, (True, True): 1.2}
_POINTS, _NARROW_POINTS = 8.0, 7.0


@dataclass(frozen=True, slots=True)
class Picture:
    """One way to print.

    Attributes
    ----------
    format : Format
    dpi : int
        Of a PNG.
    width_mm : int
        Of the whole picture.
    grey : bool
        Black and grey on white instead of colours.
    """

    format: Format = Format.PNG
    dpi: int = 300
    width_mm: int = 174
    grey: bool = False

    @property
    def one_column(self) -> bool:
        """Whether it stands in one column."""
        return self.width_mm < _ONE_COLUMN_MM

    @property
    def points(self) -> float:
        """Size of the letters: what journals ask for at the printed size."""
        return _NARROW_POINTS if self.one_column else _POINTS

    def height_mm(self, *, square: bool) -> float:
        """Height of the whole picture.

        Parameters
        ----------
        square : bool
            The figure has axes of one length.
        """
        return self.width_mm * _RATIO[square, self.one_column]

    def as_text(self) -> str:
        """One line for the settings."""
        return f"{self.format.value} {self.dpi} {self.width_mm} {'grey' if self.grey else 'colour'}"

    @classmethod
    def from_text(cls, told: str) -> Picture:
        """Read what :meth:`as_text` wrote; what is none of ours gives the usual picture."""
        parts = told.split()
        usual = cls()
        known: tuple[set[str], ...] = (
            {one.value for one in Format},
            {str(one) for one in DPIS},
            {str(one) for one in WIDTHS_MM},
            {"grey", "colour"},
        )
        if len(parts) != len(known) or any(part not in one for part, one in zip(parts, known, strict=True)):
            return usual
        return cls(Format(parts[0]), int(parts[1]), int(parts[2]), parts[3] == "grey")
