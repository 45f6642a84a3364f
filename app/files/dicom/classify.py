"""What an image shows, by evidence in a fixed order; a contradiction is refused, never resolved by guessing.

First cut: GE only. Order: tokens of ImageType; GE's private sequence name together with the prefix it gives
the series description; patterns in the series description.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.domain.errors import Value
from app.domain.maps import Quantity

T2STAR = "T2STAR"
_MAPS = frozenset({Quantity.FF, Quantity.R2STAR, T2STAR})

_TOKENS = {
    "FAT_FRACTION": Quantity.FF,
    "R2_STAR_MAP": Quantity.R2STAR,
    "WATER": Quantity.WATER,
    "FAT": Quantity.FAT,
    "IN_PHASE": Quantity.IN_PHASE,
    "OUT_PHASE": Quantity.OUT_PHASE,
    "T2_STAR": T2STAR,
    "T2_STAR_MAP": T2STAR,
}
# other vendors' words for the same, so that their maps are refused as maps and not as "nothing"
_FOREIGN_TOKENS = {
    **_TOKENS,
    "FF": Quantity.FF,
    "FAT_FRAC": Quantity.FF,
    "R2_STAR": Quantity.R2STAR,
    "T2_STAR MAP": T2STAR,
}
_PREFIXES = (
    (re.compile(r"fatfrac\s*:", re.IGNORECASE), Quantity.FF),
    (re.compile(r"r2\*\s*:", re.IGNORECASE), Quantity.R2STAR),
    (re.compile(r"t2\*\s*:", re.IGNORECASE), T2STAR),
    (re.compile(r"water\s*:", re.IGNORECASE), Quantity.WATER),
    (re.compile(r"fat\s*:", re.IGNORECASE), Quantity.FAT),
    (re.compile(r"in[ _-]?phase\b", re.IGNORECASE), Quantity.IN_PHASE),
    (re.compile(r"out[ _-]?(of[ _-]?)?phase\b", re.IGNORECASE), Quantity.OUT_PHASE),
)
# never a bare "R2": that is spin-echo relaxation
_PATTERNS = (
    (re.compile(r"fat\s?-?frac|(?<![a-z0-9])(pd)?ff(?![a-z0-9])", re.IGNORECASE), Quantity.FF),
    (re.compile(r"r2\s?\*|r2[ _-]?star|r2s[ _-]?eff", re.IGNORECASE), Quantity.R2STAR),
    (re.compile(r"t2\s?\*|t2[ _-]?star|t2s[ _-]?eff", re.IGNORECASE), T2STAR),
)
_EXCLUDED = (
    (re.compile(r"(?<![a-z0-9])b0(?![0-9])", re.IGNORECASE), "B0"),
    (re.compile(r"(?<![a-z0-9])mre(?![a-z0-9])", re.IGNORECASE), "MRE"),
    (re.compile(r"confidence", re.IGNORECASE), "confidence"),
    (re.compile(r"w/o\s+correction", re.IGNORECASE), "w/o correction"),
)
_REFORMATTED = frozenset({"REFORMATTED", "MPR", "MIP", "MINIP", "AVERAGE", "PROJECTION IMAGE", "SCREEN SAVE"})
_GE = re.compile(r"\bGE\b|\bGEMS\b|general electric", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Role:
    """What an image shows and why we believe so.

    Attributes
    ----------
    quantity : Quantity
        What it shows.
    evidence : str
        ``image_type``, ``ge_private`` or ``description``.
    """

    quantity: Quantity
    evidence: str


@dataclass(frozen=True, slots=True)
class NoRole:
    """Why an image is not taken as a map; code and values of a refusal."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


def classify(
    manufacturer: str, image_type: tuple[str, ...], description: str, sequence: str
) -> Role | NoRole:
    """Decide what an MR image shows.

    Parameters
    ----------
    manufacturer, description : str
        Manufacturer and Series Description.
    image_type : tuple of str
        Components of Image Type.
    sequence : str
        GE's private name of the pulse sequence, empty where unknown.

    Returns
    -------
    Role or NoRole
        ``role.none`` where nothing speaks for a map.
    """
    tokens = tuple(token.upper() for token in image_type)
    if not _GE.search(manufacturer):
        return _foreign(manufacturer, tokens, description)
    by_token = {_TOKENS[token] for token in tokens if token in _TOKENS}
    prefix = next(iter(_meanings(_PREFIXES, description, at_start=True)), None)
    patterns = _meanings(_PATTERNS, description)
    said, evidence = patterns, "description"
    if by_token:
        said, evidence = sorted(by_token), "image_type"
    elif prefix is not None and "ideal" in sequence:
        # without the sequence an anatomical series may be called "Fat: ..." as well
        said, evidence = [prefix], "ge_private"
    if not said:
        return NoRole("role.none")
    objection = _objection(said, prefix, patterns) or _unwanted(said[0], tokens, description)
    return objection or Role(Quantity(said[0]), evidence)


def _objection(said: list[str], prefix: str | None, patterns: list[str]) -> NoRole | None:
    """Refuse evidence that contradicts itself."""
    role = said[0]
    against = said[1:]
    if prefix not in {None, role}:
        against = [*against, str(prefix)]
    # the description of a series that holds all contrasts may name several, and FF beside water is no quarrel
    if role in _MAPS and patterns and role not in patterns:
        against = [*against, *patterns]
    return _no("role.contradiction", first=str(role), second=str(against[0])) if against else None


def _unwanted(role: str, tokens: Iterable[str], description: str) -> NoRole | None:
    """Refuse images that are near a map but not the one that was reconstructed."""
    excluded = _meanings(_EXCLUDED, description)
    if excluded:
        return _no("role.excluded", word=excluded[0])
    if role == T2STAR:
        return _no("role.t2star_not_supported_yet")
    if _REFORMATTED.intersection(tokens):
        return _no("role.reformatted")
    return None


def _foreign(manufacturer: str, tokens: tuple[str, ...], description: str) -> NoRole:
    """Refuse another vendor's image, saying so when it looks like a map."""
    by_token = [_FOREIGN_TOKENS[token] for token in tokens if _FOREIGN_TOKENS.get(token) in _MAPS]
    looks_like = by_token or _meanings(_PATTERNS, description)
    if not looks_like or _meanings(_EXCLUDED, description):
        return NoRole("role.none")
    return _no("role.vendor_not_supported_yet", quantity=str(looks_like[0]), manufacturer=manufacturer)


def _meanings(
    patterns: Iterable[tuple[re.Pattern[str], str]], description: str, *, at_start: bool = False
) -> list[str]:
    """What every pattern that fits stands for, in the order of the patterns."""
    told = description.strip()
    return [meaning for pattern, meaning in patterns if (pattern.match if at_start else pattern.search)(told)]


def _no(code: str, **values: Value) -> NoRole:
    return NoRole(code, values)
