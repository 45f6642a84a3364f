"""What an image shows, by evidence in a fixed order; a contradiction is refused, never resolved by guessing.

Order: quantity code of a Real World Value Mapping; tokens of Image Type or Frame Type; Philips' private image
type; GE's private sequence name together with the prefix it gives the series description; patterns in the
series description, and that prefix alone for signals where GE's private elements were removed. The first
that speaks decides; every other that speaks must agree. Where none speaks, a person may say what an image
shows, and is heard only there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.domain.errors import Value
from app.domain.maps import Quantity
from app.files.dicom.evidence import Evidence, ValueMapping, vendor_of

T2STAR = "T2STAR"
_MAPS = frozenset({Quantity.FF, Quantity.R2STAR, T2STAR})
_CODES = {"129100": Quantity.FF, "126395": Quantity.R2STAR, "113064": T2STAR}

_COMMON = {
    "FAT_FRACTION": Quantity.FF,
    "WATER": Quantity.WATER,
    "FAT": Quantity.FAT,
    "IN_PHASE": Quantity.IN_PHASE,
    "T2_STAR": T2STAR,
    "T2_STAR_MAP": T2STAR,
    "R2_STAR_MAP": Quantity.R2STAR,
}
_GE_TOKENS = {**_COMMON, "OUT_PHASE": Quantity.OUT_PHASE}
_PHILIPS_TYPES = {
    **_COMMON,
    "W": Quantity.WATER,
    "F": Quantity.FAT,
    "IP": Quantity.IN_PHASE,
    "OP": Quantity.OUT_PHASE,
    "OUT_OF_PHASE": Quantity.OUT_PHASE,
    "FF": Quantity.FF,
    "R2_STAR": Quantity.R2STAR,
}
_SIEMENS_TOKENS = {
    **_COMMON,
    "FAT_FRAC": Quantity.FF,
    "R2_STAR": Quantity.R2STAR,
    "R2_STAR MAP": Quantity.R2STAR,
    "T2_STAR MAP": T2STAR,
    "OPP_PHASE": Quantity.OUT_PHASE,
    "OUT_PHASE": Quantity.OUT_PHASE,
}
_OTHER_TOKENS = {**_SIEMENS_TOKENS, "FF": Quantity.FF, "OUT_OF_PHASE": Quantity.OUT_PHASE}
_TOKENS = {"ge": _GE_TOKENS, "philips": _PHILIPS_TYPES, "siemens": _SIEMENS_TOKENS}
# parts of a signal: an image of this kind is no map, whatever its protocol is called
_SIGNAL_TYPES = frozenset(
    {"M", "R", "I", "P", "M_FFE", "M_SE", "M_IR", "R_FFE", "I_FFE", "P_FFE", "PHASE MAP"}
)
_SIGNAL_PLACES = slice(2, 4)
# of these, the ones that show no anatomy
_NO_MAGNITUDE = frozenset({"R", "I", "P", "R_FFE", "I_FFE", "P_FFE", "SW_P", "SW_P_FFE", "PHASE MAP"})
# many slices side by side in one picture
_MOSAIC = "MOSAIC"
# other quantities, in the vendors' words: beside an FF or R2* role they are a contradiction
_OTHER_MAPS = frozenset(
    {"FIELD_MAP", "FIELD MAP", "B0", "B0 MAP", "B0_MAP", "T1 MAP", "T1_MAP", "T2 MAP", "T2_MAP", "R2 MAP"}
    | {"R2_MAP", "R1 MAP", "ADC", "PHASE MAP", "PHASE_MAP", "T1RHO", "MTR", "SWI"}
)
_OTHER_PRIVATE = frozenset({"T1", "T2", "R1", "R2"}) | _OTHER_MAPS

_PREFIXES = (
    (re.compile(r"fatfrac\s*:", re.IGNORECASE), Quantity.FF),
    (re.compile(r"r2\*\s*:", re.IGNORECASE), Quantity.R2STAR),
    (re.compile(r"t2\*\s*:", re.IGNORECASE), T2STAR),
    (re.compile(r"water\s*:", re.IGNORECASE), Quantity.WATER),
    (re.compile(r"fat\s*:", re.IGNORECASE), Quantity.FAT),
    (re.compile(r"in[ _-]?phase\b", re.IGNORECASE), Quantity.IN_PHASE),
    (re.compile(r"out[ _-]?(of[ _-]?)?phase\b", re.IGNORECASE), Quantity.OUT_PHASE),
)
_SUFFIXES = (
    (re.compile(r"_f[fp]$", re.IGNORECASE), Quantity.FF),
    (re.compile(r"_r2s_eff$", re.IGNORECASE), Quantity.R2STAR),
    (re.compile(r"_t2s_eff$", re.IGNORECASE), T2STAR),
    (re.compile(r"_w$", re.IGNORECASE), Quantity.WATER),
    (re.compile(r"_f$", re.IGNORECASE), Quantity.FAT),
)
# never a bare "R2": that is spin-echo relaxation
_PATTERNS = (
    (re.compile(r"fat\s?-?frac|(?<![a-z0-9])(pd)?ff(?![a-z0-9])", re.IGNORECASE), Quantity.FF),
    (re.compile(r"r2\s?\*|r2[ _-]?star|r2s[ _-]?eff", re.IGNORECASE), Quantity.R2STAR),
    (re.compile(r"t2\s?\*|t2[ _-]?star|t2s[ _-]?eff", re.IGNORECASE), T2STAR),
)
# LiverLab's water percentage: named beside its siblings, and no map that is measured
_WATER_PERCENTAGE = re.compile(r"_wp$", re.IGNORECASE)
_EXCLUDED = (
    (re.compile(r"(?<![a-z0-9])b0(?![0-9])", re.IGNORECASE), "B0"),
    (re.compile(r"(?<![a-z0-9])mre(?![a-z0-9])", re.IGNORECASE), "MRE"),
    (re.compile(r"confidence", re.IGNORECASE), "confidence"),
    (re.compile(r"goodness", re.IGNORECASE), "goodness"),
    (_WATER_PERCENTAGE, "_WP"),
    (re.compile(r"w/o\s+correction", re.IGNORECASE), "w/o correction"),
)
_REFORMATTED = frozenset({"REFORMATTED", "MPR", "MIP", "MINIP", "AVERAGE", "PROJECTION IMAGE", "SCREEN SAVE"})
# units (UCUM) that go with a quantity; "1" is no unit at all
_UNITS: Mapping[str, frozenset[str]] = {
    Quantity.FF: frozenset({"%", "[ppth]", "1", ""}),
    Quantity.R2STAR: frozenset({"/s", "s-1", "1/s", "Hz", "/ms", "ms-1", "1/ms", "kHz", "1", ""}),
    T2STAR: frozenset({"ms", "s", "1", ""}),
}


@dataclass(frozen=True, slots=True)
class Role:
    """What an image shows and why we believe so.

    Attributes
    ----------
    quantity : Quantity
        What it shows, or becomes.
    evidence : str
        ``rwvm_code``, ``rwvm_unit``, ``image_type``, ``philips_private``, ``ge_private``, ``description``, or
        ``answer`` where only a person said it.
    reciprocal : bool
        It is a T2* map, which is turned into R2* voxel by voxel.
    sure : bool
        False where only a description speaks that could be that of another image: a person must confirm.
    """

    quantity: Quantity
    evidence: str
    reciprocal: bool = False
    sure: bool = True


@dataclass(frozen=True, slots=True)
class NoRole:
    """Why an image is not taken as a map; code and values of a refusal."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Said:
    """What each witness says, an empty list where it is silent."""

    codes: list[str]
    tokens: list[str]
    private: list[str]
    prefix: list[str]
    suffix: list[str]
    patterns: list[str]


def classify(
    manufacturer: str, image_type: tuple[str, ...], description: str, sequence: str
) -> Role | NoRole:
    """Decide what an MR image shows from the elements that the first look reads.

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
        As :func:`role_of`.
    """
    return role_of(Evidence(manufacturer, description, sequence, image_type))


def role_of(evidence: Evidence) -> Role | NoRole:
    """Decide what an MR image shows.

    Parameters
    ----------
    evidence : Evidence
        Everything its header says.

    Returns
    -------
    Role or NoRole
        ``role.none`` where nothing speaks for a map.
    """
    vendor = vendor_of(evidence.manufacturer)
    tokens = tuple(token.upper() for token in evidence.image_type)
    said = _said(evidence, vendor, tokens)
    roles, witness = _first_witness(evidence, vendor, tokens, said)
    if not roles or (witness == "description" and _is_signal(evidence, vendor, tokens)):
        return _no_role(evidence, vendor, tokens)
    role = roles[0]
    objection = (
        _objection(roles, said, heard=vendor != "philips" and not evidence.enhanced)
        or _other_quantity(role, evidence, tokens)
        or _unwanted(tokens, evidence.description)
    )
    if objection:
        return objection
    sure = witness != "description" or (
        "ORIGINAL" not in tokens and role != T2STAR and (vendor == "ge" or role in said.suffix)
    )
    if witness == "image_type" and _has_unit(role, evidence.mappings):
        witness = "rwvm_unit"
    quantity = Quantity.R2STAR if role == T2STAR else Quantity(role)
    return Role(quantity, witness, reciprocal=role == T2STAR, sure=sure)


def open_to_answer(evidence: Evidence) -> bool:
    """Whether nothing at all says what an MR image shows, so that a person may.

    A word, a code or a unit of some other quantity is enough to keep the question unasked.
    """
    verdict = role_of(evidence)
    tokens = tuple(token.upper() for token in evidence.image_type)
    kinds = (*tokens[_SIGNAL_PLACES], evidence.philips_type)
    units = frozenset[str]().union(*_UNITS.values())
    return (
        isinstance(verdict, NoRole)
        and verdict.code == "role.none"
        and _OTHER_MAPS.isdisjoint(tokens)
        and _OTHER_PRIVATE.isdisjoint(kinds)
        and _NO_MAGNITUDE.isdisjoint(kinds)
        and _MOSAIC not in tokens
        and _unwanted(tokens, evidence.description) is None
        and all(one.unit in units and not one.quantity for one in evidence.mappings)
    )


def role_named(description: str) -> str:
    """What the first word of a Series Description names, empty where it is none of ours.

    That alone makes no role; it is what a person who is asked most likely means.
    """
    return next(iter(_meanings(_PREFIXES, description, at_start=True)), "")


def answered(role: Role, evidence: Evidence) -> Role | NoRole:
    """What an image shows of which a person said it: the answer, where its own header says nothing else.

    Parameters
    ----------
    role : Role
        The answer.
    evidence : Evidence
        Everything the header of this image says.
    """
    verdict = role_of(evidence)
    if isinstance(verdict, Role) or verdict.code != "role.none":
        return verdict
    tokens = tuple(token.upper() for token in evidence.image_type)
    shown = T2STAR if role.reciprocal else str(role.quantity)
    return _other_quantity(shown, evidence, tokens) or _unwanted(tokens, evidence.description) or role


def _no_role(evidence: Evidence, vendor: str, tokens: tuple[str, ...]) -> NoRole:
    if vendor == "siemens" and "DERIVED" in tokens and _WATER_PERCENTAGE.search(evidence.description.strip()):
        return _no("role.excluded", word="_WP")
    return NoRole("role.none")


def _said(evidence: Evidence, vendor: str, tokens: tuple[str, ...]) -> _Said:
    meanings = _TOKENS.get(vendor, _OTHER_TOKENS)
    private = _PHILIPS_TYPES.get(evidence.philips_type)
    return _Said(
        codes=sorted({_CODES[one.quantity] for one in evidence.mappings if one.quantity in _CODES}),
        tokens=sorted({meanings[token] for token in tokens if token in meanings}),
        private=[private] if private else [],
        prefix=_meanings(_PREFIXES, evidence.description, at_start=True)[:1] if vendor == "ge" else [],
        suffix=_meanings(_SUFFIXES, evidence.description)[:1] if vendor == "siemens" else [],
        patterns=_meanings(_PATTERNS, evidence.description),
    )


def _first_witness(
    evidence: Evidence, vendor: str, tokens: tuple[str, ...], said: _Said
) -> tuple[list[str], str]:
    """The first that speaks, and its name."""
    if said.codes:
        return said.codes, "rwvm_code"
    if said.tokens:
        return said.tokens, "image_type"
    if said.private:
        return said.private, "philips_private"
    # without the sequence an anatomical series may be called "Fat: ..." as well
    if said.prefix and "ideal" in evidence.sequence:
        return said.prefix, "ge_private"
    if vendor == "siemens" and said.suffix:
        return said.suffix, "description"
    if not said.patterns and _is_stripped(evidence, vendor, tokens):
        return [one for one in said.prefix if one not in _MAPS], "description"
    return said.patterns, "description"


def _is_stripped(evidence: Evidence, vendor: str, tokens: tuple[str, ...]) -> bool:
    """Whether GE's prefix may stand for a signal: private elements are gone, and it is not as acquired."""
    return vendor == "ge" and not evidence.sequence and "ORIGINAL" not in tokens


def _is_signal(evidence: Evidence, vendor: str, tokens: tuple[str, ...]) -> bool:
    """Whether an image calls itself magnitude, real, imaginary or phase where its vendor always says so."""
    if vendor != "philips" and not evidence.enhanced:
        return False
    return not _SIGNAL_TYPES.isdisjoint((*tokens[_SIGNAL_PLACES], evidence.philips_type))


def _objection(roles: list[str], said: _Said, *, heard: bool) -> NoRole | None:
    """Refuse evidence that contradicts itself; a description of a whole multi-type series is not heard."""
    role = roles[0]
    against = roles[1:] + [
        other for witness in (said.tokens, said.private) for other in witness if other != role
    ]
    if heard:
        against += [other for other in (*said.prefix, *said.suffix) if other != role]
        # the description of a series that holds all contrasts may name several; FF beside water is no quarrel
        if role in _MAPS and said.patterns and role not in said.patterns:
            against += said.patterns
    return _no("role.contradiction", first=str(role), second=str(against[0])) if against else None


def _other_quantity(role: str, evidence: Evidence, tokens: tuple[str, ...]) -> NoRole | None:
    """Refuse a map role beside a word or a unit of another quantity."""
    if role not in _MAPS:
        return None
    others = sorted(_OTHER_MAPS.intersection(tokens))
    if evidence.philips_type in _OTHER_PRIVATE:
        others.append(evidence.philips_type)
    units = [one.unit for one in evidence.mappings if one.unit not in _UNITS[role]]
    if others or units:
        return _no("role.contradiction", first=str(role), second=others[0] if others else "another unit")
    return None


def _has_unit(role: str, mappings: Iterable[ValueMapping]) -> bool:
    return role in _MAPS and any(one.unit in _UNITS[role] - {"1", ""} for one in mappings)


def _unwanted(tokens: Iterable[str], description: str) -> NoRole | None:
    """Refuse images that are near a map but not the one that was reconstructed."""
    excluded = _meanings(_EXCLUDED, description)
    if excluded:
        return _no("role.excluded", word=excluded[0])
    if _REFORMATTED.intersection(tokens):
        return _no("role.reformatted")
    return None


def _meanings(
    patterns: Iterable[tuple[re.Pattern[str], str]], description: str, *, at_start: bool = False
) -> list[str]:
    """What every pattern that fits stands for, in the order of the patterns."""
    told = description.strip()
    return [meaning for pattern, meaning in patterns if (pattern.match if at_start else pattern.search)(told)]


def _no(code: str, **values: Value) -> NoRole:
    return NoRole(code, values)
