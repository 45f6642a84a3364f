"""By which rule stored integers become values: from tags, or from what the vendor is known to write.

A rule says slope and intercept as the file gives them, and the unit these values should then be in. Whether
they are is for :mod:`app.files.dicom.scale` to check; rules that rest on nothing better than "probably" are
not trusted and wait for a person.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.domain.maps import Quantity
from app.files.dicom.classify import T2STAR, Role
from app.files.dicom.evidence import ValueMapping, vendor_of
from app.files.dicom.image import Unfit

# what values in a unit are multiplied by to become percent, per second, or ms of T2*
FACTORS = {
    "ff.fraction": 100.0,
    "ff.percent": 1.0,
    "ff.permille": 0.1,
    "ff.hundredths": 0.01,
    "r2star.per_second": 1.0,
    "r2star.times_ten": 0.1,
    "r2star.per_ms": 1000.0,
    "t2star.ms": 1.0,
    "t2star.tenths_of_ms": 0.1,
    "t2star.seconds": 1000.0,
    "signal": 1.0,
}
_UCUM: dict[str, dict[str, str]] = {
    Quantity.FF: {"%": "ff.percent", "[ppth]": "ff.permille"},
    Quantity.R2STAR: {
        **dict.fromkeys(("/s", "s-1", "1/s", "Hz"), "r2star.per_second"),
        **dict.fromkeys(("/ms", "ms-1", "1/ms", "kHz"), "r2star.per_ms"),
    },
    T2STAR: {"ms": "t2star.ms", "s": "t2star.seconds"},
}
_PLAIN = {Quantity.FF: "ff.percent", Quantity.R2STAR: "r2star.per_second", T2STAR: "t2star.ms"}
_SIEMENS = {Quantity.FF: "ff.permille", Quantity.R2STAR: "r2star.per_second", T2STAR: "t2star.tenths_of_ms"}
_FF_CODE = "129100"
_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class ScaleRule:
    """How a file's integers should be read, and why.

    Attributes
    ----------
    name : str
        ``rwvm.unit``, ``dicom.rescale``, ``philips.rescale``, ``ge.physical``, ``siemens.stored``,
        ``siemens.rescale`` or ``none``.
    slope, intercept : float
        As the file gives them; 1 and 0 where it gives none.
    unit : str
        A key of :data:`FACTORS`, empty where no rule knows it.
    trusted : bool
        Agreement with the range is enough; otherwise a person confirms.
    mapped : tuple of float or None
        Stored values outside these ends have no meaning by this rule.
    """

    name: str
    slope: float
    intercept: float
    unit: str
    trusted: bool
    mapped: tuple[float, float] | None = None


def rule_of(
    manufacturer: str, rescale: tuple[float, float] | None, mappings: tuple[ValueMapping, ...], role: Role
) -> ScaleRule:
    """Choose the rule for one image.

    Parameters
    ----------
    manufacturer : str
        As in the file.
    rescale : tuple of float or None
        Rescale Slope and Intercept.
    mappings : tuple of ValueMapping
        Real World Value Mappings.
    role : Role
        What the image shows.

    Raises
    ------
    Unfit
        ``scale.bad_rescale``, ``scale.several_mappings`` or ``scale.mapping_not_supported_yet``.
    """
    shown = T2STAR if role.reciprocal else str(role.quantity)
    if rescale is not None and rescale[0] <= 0:
        raise Unfit("scale.bad_rescale")
    slope, intercept = rescale or (1.0, 0.0)
    vendor = vendor_of(manufacturer)
    if shown not in _PLAIN:
        name = "dicom.rescale" if rescale else "ge.physical" if vendor == "ge" else "none"
        return ScaleRule(name, slope, intercept, "signal", trusted=True)
    if any(not one.unit for one in mappings):
        # it says the values mean something, and not what
        raise Unfit("scale.mapping_not_supported_yet", mapping="Real World Value Mapping")
    mapping = _mapping(shown, mappings)
    if mapping is not None:
        return _by_mapping(shown, mapping, rescale)
    return _by_vendor(vendor, shown, rescale)


def _unit(shown: str, mapping: ValueMapping) -> str:
    """Unit a mapping gives a quantity, empty where it gives none; "1" is a fraction only by a code."""
    if shown == Quantity.FF and mapping.quantity == _FF_CODE and mapping.unit == "1":
        return "ff.fraction"
    return _UCUM[shown].get(mapping.unit, "")


def _mapping(shown: str, mappings: tuple[ValueMapping, ...]) -> ValueMapping | None:
    usable = {one for one in mappings if _unit(shown, one)}
    if len(usable) > 1:
        raise Unfit("scale.several_mappings", mappings=len(usable))
    return next(iter(usable), None)


def _by_mapping(shown: str, mapping: ValueMapping, rescale: tuple[float, float] | None) -> ScaleRule:
    if mapping.slope is None or mapping.intercept is None:
        raise Unfit("scale.mapping_not_supported_yet", mapping="Real World Value Mapping")
    if mapping.slope <= 0:
        raise Unfit("scale.bad_rescale")
    # a rescale that changes the values, and not into the same, is a second opinion
    agrees = rescale in {None, (1.0, 0.0)} or (
        rescale is not None
        and math.isclose(rescale[0], mapping.slope, rel_tol=_SAME)
        and math.isclose(rescale[1], mapping.intercept, rel_tol=_SAME, abs_tol=_SAME * mapping.slope)
    )
    return ScaleRule(
        "rwvm.unit", mapping.slope, mapping.intercept, _unit(shown, mapping), agrees, mapping.mapped
    )


def _by_vendor(vendor: str, shown: str, rescale: tuple[float, float] | None) -> ScaleRule:
    slope, intercept = rescale or (1.0, 0.0)
    if vendor == "ge":
        name = "dicom.rescale" if rescale else "ge.physical"
        return ScaleRule(name, slope, intercept, _PLAIN[shown], trusted=True)
    if vendor == "siemens" and (slope, intercept) == (1.0, 0.0):
        return ScaleRule("siemens.stored", slope, intercept, _SIEMENS[shown], trusted=True)
    if rescale is None:
        return ScaleRule("none", slope, intercept, "", trusted=False)
    if vendor == "philips":
        return ScaleRule("philips.rescale", slope, intercept, _PLAIN[shown], trusted=True)
    if vendor == "siemens":
        return ScaleRule("siemens.rescale", slope, intercept, _PLAIN[shown], trusted=True)
    return ScaleRule("dicom.rescale", slope, intercept, _PLAIN[shown], trusted=False)
