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
    """

    image: Image
    rule: ScaleRule
    frame: int | None = None
    notes: tuple[Notice, ...] = ()


def slice_of(image: Image, evidence: Evidence, frame: int | None = None) -> Slice:
    """Join an image with its scale rule.

    Raises
    ------
    Unfit
        When the scale cannot be told.
    """
    rule = rule_of(evidence.manufacturer, evidence.rescale, evidence.mappings, image.role)
    return Slice(image, rule, frame, _notes(image, evidence))


def slice_of_plain(image: Image) -> Slice:
    """The same for a file of a vendor that writes no more than the first look reads."""
    slope, intercept, rule = image.scale
    rescale = None if rule == "ge.physical" else (slope, intercept)
    return slice_of(image, Evidence(image.manufacturer, image.description, rescale=rescale))


def _notes(image: Image, evidence: Evidence) -> tuple[Notice, ...]:
    if image.role.quantity not in MEASURED:
        return ()
    quantity = str(image.role.quantity)
    notes = []
    if (
        vendor_of(evidence.manufacturer) == "philips"
        and evidence.philips_scale is not None
        and evidence.rescale is not None
    ):
        product = evidence.philips_scale * evidence.rescale[0]
        # not "abs(...) > tolerance": what is no number is no 1 either
        if not abs(product - 1) <= _PRODUCT_TOLERANCE:
            told = f"{product:.4g}" if math.isfinite(product) else "?"
            notes.append(Notice("scale.philips_product", {"quantity": quantity, "product": told}))
    try:
        factor = float(evidence.uih_factor)
    except ValueError:
        return tuple(notes)
    return (*notes, Notice("scale.uih_factor", {"quantity": quantity, "factor": f"{factor:g}"}))
