"""A slice with everything its header says of role and scale, from a classic file or from one frame."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.domain.maps import MEASURED
from app.files.dicom.evidence import Evidence, vendor_of
from app.files.dicom.found import Notice
from app.files.dicom.image import Image
from app.files.dicom.rules import ScaleRule, rule_of

_PRODUCT_TOLERANCE = 1e-3
# what single precision keeps of a slope, with room
_WITNESS_TOLERANCE = 1e-5
# what a second element of the file says as well
NOTHING, SLOPE, LINE = "", "slope", "line"


@dataclass(frozen=True, slots=True)
class Slice:
    """One slice of a future map.

    Attributes
    ----------
    image : Image
        What :mod:`app.files.dicom.image` makes of its header.
    rule : ScaleRule
        How its integers should be read.
    frame : int or None
        Place in a multi-frame file, counted from 0; None for a classic file.
    notes : tuple of Notice
        What the reader should know.
    witnessed : str
        Which part of the rule's line a second element of the file says: ``slope``, ``line`` or nothing.
    """

    image: Image
    rule: ScaleRule
    frame: int | None = None
    notes: tuple[Notice, ...] = ()
    witnessed: str = NOTHING


def slice_of(image: Image, evidence: Evidence, frame: int | None = None) -> Slice:
    """Join an image with its scale rule.

    Raises
    ------
    Unfit
        When the scale cannot be told.
    """
    rule = rule_of(evidence.manufacturer, evidence.rescale, evidence.mappings, image.role)
    return Slice(image, rule, frame, _notes(image, evidence), _witnessed(rule, evidence))


def slice_of_plain(image: Image) -> Slice:
    """The same for a file of a vendor that writes no more than the first look reads."""
    slope, intercept, rule = image.scale
    rescale = None if rule == "ge.physical" else (slope, intercept)
    return slice_of(image, Evidence(image.manufacturer, image.description, rescale=rescale))


def _philips_product(evidence: Evidence) -> float | None:
    """Rescale slope times Philips' private slope, which is 1 on quantitative images; None without both."""
    if vendor_of(evidence.manufacturer) != "philips":
        return None
    if evidence.philips_scale is None or evidence.rescale is None:
        return None
    return evidence.philips_scale * evidence.rescale[0]


def _witnessed(rule: ScaleRule, evidence: Evidence) -> str:
    """What is said twice of the line: by rescale and mapping, or by rescale and Philips' private slope."""
    said = [evidence.rescale, *((one.slope, one.intercept) for one in evidence.mappings)]
    if sum(_is_line(line, rule) for line in said) > 1:
        return LINE
    product = _philips_product(evidence)
    if rule.name == "rwvm.unit" or product is None:
        return NOTHING
    return SLOPE if abs(product - 1) <= _WITNESS_TOLERANCE else NOTHING


def _is_line(line: tuple[float | None, float | None] | None, rule: ScaleRule) -> bool:
    slope, intercept = line or (None, None)
    if slope is None or intercept is None:
        return False
    # compared in this way, what is no number agrees with nothing
    return abs(slope - rule.slope) <= _WITNESS_TOLERANCE * rule.slope >= abs(intercept - rule.intercept)


def _notes(image: Image, evidence: Evidence) -> tuple[Notice, ...]:
    if image.role.quantity not in MEASURED:
        return ()
    quantity = str(image.role.quantity)
    notes = []
    product = _philips_product(evidence)
    # not "abs(...) > tolerance": what is no number is no 1 either
    if product is not None and not abs(product - 1) <= _PRODUCT_TOLERANCE:
        told = f"{product:.4g}" if math.isfinite(product) else "?"
        notes.append(Notice("scale.philips_product", {"quantity": quantity, "product": told}))
    try:
        factor = float(evidence.uih_factor)
    except ValueError:
        return tuple(notes)
    return (*notes, Notice("scale.uih_factor", {"quantity": quantity, "factor": f"{factor:g}"}))
