"""Numbers as a paper prints them: a value, and how far rounding may have moved it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

from app.stats.groups_summary import Summary
from app.stats.result import NotDefined

Relation = Literal["=", "<", ">"]

_NUMBER = re.compile(
    r"(?:p\s*)?(?P<relation>[=<>])?\s*(?P<sign>[+-])?\s*(?P<digits>\d*)(?:[.](?P<decimals>\d*))?"
    r"(?:e(?P<exponent>[+-]?\d{1,2}))?\s*(?P<percent>%)?",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(,\d{3})+")
_BETWEEN = re.compile(r"±|\+/-|\+-|[()]")


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number.

    Parameters
    ----------
    text : str
        As it stands in the paper, without spaces around it.
    value : float
    half : float
        Half a unit of the last printed digit: the true value lies within ``value`` -+ ``half``.
    relation : str
        ``=``, or ``<`` and ``>`` for a bound such as "P < 0.001".
    percent : bool
        Whether a percent sign follows.
    """

    text: str
    value: float
    half: float
    relation: Relation = "="
    percent: bool = False

    @property
    def low(self) -> float:
        """Smallest value that is printed so."""
        return self.value - self.half

    @property
    def high(self) -> float:
        """Largest value that is printed so."""
        return self.value + self.half

    def as_share(self) -> Printed:
        """Return the same as a share of 1; what has a percent sign or exceeds 1 is taken for percent."""
        if not self.percent and self.value <= 1.0:
            return self
        return Printed(self.text, self.value / 100.0, self.half / 100.0, self.relation)

    def without_last_zeros(self) -> Printed:
        """Return the same read as if the zeros at its end had been added: 83.70 as 83.7."""
        whole, _, decimals = self.text.rstrip("% ").partition(".")
        zeros = len(decimals) - len(decimals.rstrip("0"))
        if not whole or zeros == 0:
            return self
        return Printed(self.text, self.value, self.half * 10.0**zeros, self.relation, self.percent)


@dataclass(frozen=True, slots=True)
class PrintedGroup:
    """One group of a printed table.

    Parameters
    ----------
    label : str
    n : int
    mean, sd : Printed
    """

    label: str
    n: int
    mean: Printed
    sd: Printed

    @property
    def summary(self) -> Summary:
        """The group as printed, rounding ignored; a single value has no SD, whatever is printed."""
        return Summary(self.label, self.n, self.mean.value, None if self.n == 1 else self.sd.value)


def parse_number(text: str) -> Printed | NotDefined:
    """Read one printed number, its last digit giving the rounding.

    Full-width digits, the sign U+2212, a percent sign, a decimal comma, "P < 0.001" and 1.2e-3 are
    understood.

    Parameters
    ----------
    text : str

    Returns
    -------
    Printed or NotDefined
        Not defined for anything else (``printed.not_a_number``), and for a comma that may part decimals or
        thousands, as in 1,457 (``printed.ambiguous``).
    """
    plain = unicodedata.normalize("NFKC", text).replace("\u2212", "-").strip()
    if plain.count(",") == 1 and _THOUSANDS.fullmatch(plain):
        return NotDefined.of("printed.ambiguous")
    plain = plain.replace(",", "") if _has_thousands(plain) else plain.replace(",", ".")
    found = _NUMBER.fullmatch(plain)
    decimals = (found and found["decimals"]) or ""
    if found is None or not (found["digits"] or decimals):
        return NotDefined.of("printed.not_a_number")
    exponent = int(found["exponent"] or 0)
    value = float(f"{found['sign'] or ''}{found['digits'] or '0'}.{decimals or '0'}e{exponent}")
    relation: Relation = "<" if found["relation"] == "<" else ">" if found["relation"] == ">" else "="
    return Printed(plain, value, float(f"0.5e{exponent - len(decimals)}"), relation, bool(found["percent"]))


def _has_thousands(text: str) -> bool:
    whole, point, _ = text.lstrip("+-").partition(".")
    return bool(_THOUSANDS.fullmatch(whole)) and (bool(point) or whole.count(",") > 1)


def parse_mean_sd(text: str) -> tuple[Printed, Printed] | NotDefined:
    """Read "36.93 +- 9.25", "36.93 ± 9.25" or "36.93 (9.25)".

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of Printed, or NotDefined
        Mean and SD; not defined as in :func:`parse_number`.
    """
    parts = _BETWEEN.sub(" ", unicodedata.normalize("NFKC", text)).split()
    if len(parts) != 2:  # noqa: PLR2004 - a mean and an SD
        return NotDefined.of("printed.not_a_number")
    mean, sd = (parse_number(part) for part in parts)
    if isinstance(mean, NotDefined):
        return mean
    return sd if isinstance(sd, NotDefined) else (mean, sd)


def parse_groups(text: str) -> tuple[PrintedGroup, ...] | NotDefined:
    """Read a pasted table: one group a line, "label n mean SD" or "label n mean +- SD".

    Parameters
    ----------
    text : str
        Columns parted by tabs or spaces; the label may be missing or hold spaces. Empty lines are skipped.

    Returns
    -------
    tuple of PrintedGroup, or NotDefined
        Not defined (``printed.row``, with the number of the line) where a line is no group.
    """
    groups = []
    for line, row in enumerate(text.splitlines(), start=1):
        if not row.strip():
            continue
        group = _group(row, line)
        if group is None:
            return NotDefined.of("printed.row", line=line)
        groups.append(group)
    return tuple(groups)


def _group(row: str, line: int) -> PrintedGroup | None:
    parts = _BETWEEN.sub(" ", unicodedata.normalize("NFKC", row)).split()
    if len(parts) < 3:  # noqa: PLR2004 - n, mean and SD
        return None
    *label, n, mean, sd = parts
    numbers = parse_number(mean), parse_number(sd)
    if not n.isdecimal() or isinstance(numbers[0], NotDefined) or isinstance(numbers[1], NotDefined):
        return None
    return PrintedGroup(" ".join(label) or str(line), int(n), numbers[0], numbers[1])


def parse_counts(text: str) -> tuple[tuple[int, ...], ...] | NotDefined:
    """Read a pasted table of counts: whole numbers parted by tabs, spaces or "/", one row a line.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of tuple of int, or NotDefined
        Not defined (``printed.row``) where a line holds something else or another number of columns.
    """
    rows: list[tuple[int, ...]] = []
    for line, row in enumerate(text.splitlines(), start=1):
        parts = re.split(r"[\s/]+", unicodedata.normalize("NFKC", row).strip())
        if parts == [""]:
            continue
        if not all(part.isdecimal() for part in parts) or (rows and len(parts) != len(rows[0])):
            return NotDefined.of("printed.row", line=line)
        rows.append(tuple(int(part) for part in parts))
    return tuple(rows)
