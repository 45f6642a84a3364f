"""What a header says of the meaning of its pixels: the witnesses for role and scale, read but not judged."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydicom.dataset import Dataset

from app.files.dicom.headers import BadValue, ge_sequence, numbers_if_any, text, texts

_PHILIPS_CREATOR = "Philips MR Imaging DD 001"
_PHILIPS_TYPE, _PHILIPS_SCALE = 0x11, 0x0E
_PHILIPS_NESTED = 0x2005140F
_UIH_CREATOR = "Image Private Header"
_UIH_FACTOR = 0x2F
_VENDORS = (
    (re.compile(r"\bGE\b|\bGEMS\b|general electric", re.IGNORECASE), "ge"),
    (re.compile(r"philips", re.IGNORECASE), "philips"),
    (re.compile(r"siemens", re.IGNORECASE), "siemens"),
    (re.compile(r"\bUIH\b|united imaging", re.IGNORECASE), "uih"),
)


@dataclass(frozen=True, slots=True)
class ValueMapping:
    """One item of a Real World Value Mapping Sequence.

    Attributes
    ----------
    quantity : str
        Code of DCM for the quantity, empty where it is not stated.
    unit : str
        UCUM code, empty where it is not stated in UCUM.
    slope, intercept : float or None
        None where the item holds a table instead.
    mapped : tuple of float or None
        First and last stored value it holds for.
    """

    quantity: str
    unit: str
    slope: float | None
    intercept: float | None
    mapped: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything in a header that speaks for a role or a scale.

    Attributes
    ----------
    manufacturer, description, sequence : str
        Manufacturer, Series Description and GE's private name of the pulse sequence.
    image_type : tuple of str
        Components of Image Type, or of Frame Type.
    philips_type : str
        Philips' private image type, upper case.
    mappings : tuple of ValueMapping
        Real World Value Mappings.
    rescale : tuple of float or None
        Rescale Slope and Intercept.
    philips_scale : float or None
        Philips' private scale slope; times Rescale Slope it is 1 on quantitative images.
    uih_factor : str
        UIH's private scale factor: to be shown, never applied.
    enhanced : bool
        A frame of a multi-frame file, whose description speaks of several kinds of image.
    """

    manufacturer: str
    description: str
    sequence: str = ""
    image_type: tuple[str, ...] = ()
    philips_type: str = ""
    mappings: tuple[ValueMapping, ...] = ()
    rescale: tuple[float, float] | None = None
    philips_scale: float | None = None
    uih_factor: str = ""
    enhanced: bool = False


def vendor_of(manufacturer: str) -> str:
    """``ge``, ``philips``, ``siemens``, ``uih`` or ``other``."""
    return next((name for pattern, name in _VENDORS if pattern.search(manufacturer)), "other")


def evidence_of(dataset: Dataset, *, enhanced: bool = False) -> Evidence:
    """Collect the evidence of one image.

    Parameters
    ----------
    dataset : Dataset
        Header of a classic image, or one frame with its functional groups laid flat.
    enhanced : bool
        It is such a frame.

    Raises
    ------
    BadValue
        When Rescale or a mapping cannot be read; both decide what the numbers mean.
    """
    slope, intercept = (numbers_if_any(dataset, key, 1) for key in ("RescaleSlope", "RescaleIntercept"))
    return Evidence(
        manufacturer=text(dataset, "Manufacturer"),
        description=text(dataset, "SeriesDescription"),
        sequence=ge_sequence(dataset),
        image_type=texts(dataset, "ImageType"),
        philips_type=_private(dataset, 0x2005, _PHILIPS_CREATOR, _PHILIPS_TYPE).upper(),
        mappings=_mappings(dataset),
        rescale=None if slope is None or intercept is None else (slope[0], intercept[0]),
        philips_scale=_number(_private(dataset, 0x2005, _PHILIPS_CREATOR, _PHILIPS_SCALE)),
        uih_factor=_private(dataset, 0x0065, _UIH_CREATOR, _UIH_FACTOR),
        enhanced=enhanced,
    )


def _private(dataset: Dataset, group: int, creator: str, element: int) -> str:
    """A private element as text, also from Philips' nested copy of the classic header; empty where none."""
    for place in (dataset, _nested(dataset)):
        if place is None:
            continue
        try:
            value = place.get_private_item(group, element, creator).value
        except Exception:  # noqa: BLE001, S112 - pydicom raises anything on damage; missing is an answer
            continue
        if not isinstance(value, bytes):
            return str(value).strip(" \0")
    return ""


def _nested(dataset: Dataset) -> Dataset | None:
    try:
        return dataset[_PHILIPS_NESTED].value[0]  # type: ignore[no-any-return]
    except Exception:  # noqa: BLE001 - as above
        return None


def _number(written: str) -> float | None:
    try:
        return float(written)
    except ValueError:
        return None


def _mappings(dataset: Dataset) -> tuple[ValueMapping, ...]:
    try:
        items = dataset.get("RealWorldValueMappingSequence") or ()
        return tuple(_mapping(item) for item in items)
    except Exception as error:
        # damage raises anything, and a mapping that cannot be read may mean anything
        raise BadValue("RealWorldValueMappingSequence") from error


def _mapping(item: Dataset) -> ValueMapping:
    slope, intercept = (
        numbers_if_any(item, key, 1) for key in ("RealWorldValueSlope", "RealWorldValueIntercept")
    )
    ends = [
        numbers_if_any(item, key, 1)
        for key in ("RealWorldValueFirstValueMapped", "RealWorldValueLastValueMapped")
    ]
    first, last = ends
    table = "RealWorldValueLUTData" in item
    return ValueMapping(
        quantity=_quantity(item),
        unit=_code(item, "MeasurementUnitsCodeSequence", "UCUM"),
        slope=None if table or slope is None else slope[0],
        intercept=None if table or intercept is None else intercept[0],
        mapped=None if first is None or last is None else (first[0], last[0]),
    )


def _quantity(item: Dataset) -> str:
    codes = (_code(one, "ConceptCodeSequence", "DCM") for one in item.get("QuantityDefinitionSequence") or ())
    return next((code for code in codes if code), "")


def _code(item: Dataset, keyword: str, scheme: str) -> str:
    for code in item.get(keyword) or ():
        if text(code, "CodingSchemeDesignator").upper() == scheme:
            return text(code, "CodeValue")
    return ""
