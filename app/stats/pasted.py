"""What is pasted as a plain list: n, mean and SD with one group a line, or counts alone."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from app.stats.printed import PrintedGroup, parse_counts, parse_groups
from app.stats.result import NotDefined

Groups = tuple[PrintedGroup, ...]
Counts = tuple[tuple[int, ...], ...]

_TITLES = (
    frozenset({"n", "number", "patients", "cases"}),
    frozenset({"mean", "average"}),
    frozenset({"sd", "s.d.", "std"}),
)
_FEWEST = 2
_SIZE = re.compile(r"\(?\s*\bn\s*=\s*(\d+)\s*\)?[:,]?", re.IGNORECASE)
_SIGNS = re.compile(r"±|\+/-|\+-|[()]")
# whole numbers alone may be counts
_MEANS = re.compile(r"[.±(]|\+/?-")
_RULER = re.compile(r"[-|:\s]*")
_SUMS = re.compile(r"\b(total|sum|all|n|number|patients)\b", re.IGNORECASE)


def read_pasted(text: str) -> Groups | Counts | NotDefined | None:
    """Read a list of groups, or a table of whole numbers.

    Groups are lines ``label n mean SD``; a line above may title these columns, in any order. Whole numbers
    without such titles are counts; a label may stand before them, and titles above.

    Parameters
    ----------
    text : str

    Returns
    -------
    tuple of PrintedGroup, tuple of tuple of int, NotDefined or None
        None for a text of another form. Not defined (``printed.row``) for a line that does not belong below
        its titles.
    """
    plain = unicodedata.normalize("NFKC", text.replace("**", "")).splitlines()
    lines = ["" if _RULER.fullmatch(line) else _SIZE.sub(r" \1 ", line.replace("|", " ")) for line in plain]
    filled = [place for place, line in enumerate(lines) if line]
    if len(filled) < _FEWEST:
        return None
    order = _order(lines[filled[0]])
    if order is not None:
        # empty in place of what stands above, so that the lines keep their numbers
        above = filled[0] + 1
        return parse_groups("\n".join([""] * above + [_arranged(line, order) for line in lines[above:]]))
    counts = _counts([lines[place] for place in filled])
    if counts is not None:
        return counts
    groups = parse_groups("\n".join(lines))
    means = all(_MEANS.search(lines[place]) for place in filled)
    return groups if means and not isinstance(groups, NotDefined) else None


def _order(line: str) -> tuple[int, ...] | None:
    """Where n, mean and SD stand among the last three titles; None where these are others."""
    titles = _SIGNS.sub(" ", line).casefold().split()[-len(_TITLES) :]
    places = [[place for place, title in enumerate(titles) if title in names] for names in _TITLES]
    return tuple(one[0] for one in places) if all(places) else None


def _arranged(line: str, order: Sequence[int]) -> str:
    parts = _SIGNS.sub(" ", line).split()
    if len(parts) < len(order):
        return line
    last = parts[-len(order) :]
    return " ".join([*parts[: -len(order)], *(last[place] for place in order)])


def _counts(lines: Sequence[str]) -> Counts | None:
    """Whole numbers of at least two rows and columns, without a sum among them."""
    if any(_SUMS.search(line) for line in lines):
        return None
    rows = [_numbers(line) for line in lines]
    titled = not any(character.isdecimal() for character in lines[0])
    body = rows[1:] if titled else rows
    if len(body) < _FEWEST or any(row is None for row in body):
        return None
    counts = parse_counts("\n".join(row for row in body if row))
    if isinstance(counts, NotDefined) or len(counts[0]) < _FEWEST:
        return None
    return counts


def _numbers(line: str) -> str | None:
    """The whole numbers that end a line; None where it ends with something else, or holds others before."""
    parts = line.split()
    labels = [part for part in parts if not part.isdecimal()]
    numbers = parts[len(labels) :]
    # "17/13" needs no label: with one it is a row of a wider table
    if not numbers:
        return line if all(part.replace("/", "").isdecimal() for part in parts) else None
    return " ".join(numbers) if all(part.isdecimal() for part in numbers) else None
