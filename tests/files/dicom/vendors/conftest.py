"""Exams in each vendor's form, written with pydicom alone; what their voxels mean is known from the start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import EnhancedMRImageStorage

SLICES, ROWS, COLS = 3, 12, 16
PHILIPS = "Philips MR Imaging DD 001"
SliceMaker = Callable[..., Dataset]
Edit = Callable[[Dataset, str, int], None]


@dataclass(frozen=True)
class Kind:
    """How one kind of image is written: words, integers and scale.

    ``true`` are values in the unit ``factor`` turns the scaled integers into: percent, per second, ms of T2*.
    """

    tokens: tuple[str, ...]
    low: float
    high: float
    slope: float = 1.0
    intercept: float = 0.0
    factor: float = 1.0
    rescale: bool = False
    description: str = ""
    private: str = ""
    unit: str = ""
    code: str = ""


@dataclass(frozen=True)
class Form:
    """How a vendor writes an exam."""

    manufacturer: str
    kinds: dict[str, Kind]
    one_series: bool = False
    unsigned12: bool = False


def _philips(tokens: dict[str, tuple[str, ...]], **more: str) -> dict[str, Kind]:
    step = {
        "FF": 0.02442002442,
        "R2STAR": 0.2442002442,
        "T2STAR": 0.01465201465,
        "WATER": 0.7,
        "FAT": 0.7,
        "M": 3.1,
    }
    spans = {"FF": (5, 95), "R2STAR": (30, 160), "T2STAR": (6, 40)}
    units = {"FF": "%", "R2STAR": "Hz", "T2STAR": "ms"}
    return {
        name: Kind(
            ("ORIGINAL", "PRIMARY", *told),
            *spans.get(name, (200, 900)),
            slope=step[name],
            rescale=True,
            private=told[-1] if more.get("private") else "",
            unit=units.get(name, "1") if more.get("rwvm") else "",
            description="mDIXON Quant FF T2* R2*",
        )
        for name, told in tokens.items()
    }


_W, _F = (200.0, 900.0), (100.0, 800.0)
FORMS: dict[str, Form] = {
    "ge_one_series": Form(
        "GE MEDICAL SYSTEMS",
        {
            "FF": Kind(("DERIVED", "PRIMARY", "DIXON", "FAT_FRACTION"), 5, 95),
            "R2STAR": Kind(("DERIVED", "PRIMARY", "DIXON", "R2_STAR_MAP"), 30, 160),
            "WATER": Kind(("DERIVED", "PRIMARY", "DIXON", "WATER"), *_W),
            "FAT": Kind(("DERIVED", "PRIMARY", "DIXON", "FAT"), *_F),
        },
        one_series=True,
    ),
    "ge_t2star": Form(
        "GE MEDICAL SYSTEMS",
        {"T2STAR": Kind(("DERIVED", "PRIMARY", "DIXON", "T2_STAR_MAP"), 6, 40)},
    ),
    "philips_classic": Form(
        "Philips Medical Systems",
        _philips(
            {"FF": ("FF", "FF"), "R2STAR": ("R2_STAR", "R2_STAR"), "WATER": ("W", "W"), "FAT": ("F", "F")}
        ),
        one_series=True,
        unsigned12=True,
    ),
    "philips_r12": Form(
        "Philips",
        _philips(
            {
                "FF": ("DIXON", "FAT_FRACTION"),
                "T2STAR": ("DIXON", "T2_STAR"),
                "WATER": ("DIXON", "WATER"),
                "FAT": ("DIXON", "FAT"),
            },
            rwvm="yes",
        ),
        one_series=True,
        unsigned12=True,
    ),
    "philips_private": Form(
        "Philips",
        {
            name: Kind(
                ("DERIVED", "SECONDARY", "OTHER"), low, high, slope=slope, rescale=True, private=name_told
            )
            for name, name_told, low, high, slope in (
                ("FF", "FF", 5, 95, 0.02442002442),
                ("R2STAR", "R2_STAR", 30, 160, 0.2442002442),
            )
        },
        one_series=True,
        unsigned12=True,
    ),
    "siemens_tokens": Form(
        "SIEMENS",
        {
            "FF": Kind(("DERIVED", "PRIMARY", "M", "DIXON", "FAT_FRAC"), 5, 95, factor=0.1),
            "R2STAR": Kind(("DERIVED", "PRIMARY", "M", "DIXON", "R2_STAR_MAP"), 30, 160),
            "WATER": Kind(("DERIVED", "PRIMARY", "M", "DIXON", "WATER"), *_W),
            "FAT": Kind(("DERIVED", "PRIMARY", "M", "DIXON", "FAT"), *_F),
        },
    ),
    "siemens_suffixes": Form(
        "Siemens Healthineers",
        {
            "FF": Kind(("DERIVED", "PRIMARY", "M", "ND"), 5, 95, factor=0.1, description="qdixon_sag_FF"),
            "R2STAR": Kind(("DERIVED", "PRIMARY", "M", "ND"), 30, 160, description="qdixon_sag_R2s_Eff"),
            "WATER": Kind(("DERIVED", "PRIMARY", "M", "ND"), *_W, description="qdixon_sag_W"),
            "FAT": Kind(("DERIVED", "PRIMARY", "M", "ND"), *_F, description="qdixon_sag_F"),
        },
    ),
    "siemens_t2star": Form(
        "SIEMENS",
        {"T2STAR": Kind(("DERIVED", "PRIMARY", "T2_STAR MAP", "ND"), 7, 40, factor=0.1)},
    ),
    "siemens_rescaled": Form(
        "SIEMENS",
        {"FF": Kind(("DERIVED", "PRIMARY", "FAT_FRACTION"), 5, 95, slope=0.1, rescale=True)},
    ),
    "rwvm_only": Form(
        "Some Scanner Works",
        {
            "FF": Kind(("DERIVED", "SECONDARY"), 5, 95, slope=0.001, factor=100, unit="1", code="129100"),
            "R2STAR": Kind(("DERIVED", "SECONDARY"), 30, 160, slope=0.5, unit="/s", code="126395"),
        },
    ),
    "rwvm_t2star": Form(
        "Some Scanner Works",
        {"T2STAR": Kind(("DERIVED", "SECONDARY"), 6, 40, slope=0.1, unit="ms", code="113064")},
    ),
    "canon": Form(
        "CANON_MEC",
        {
            "FF": Kind(("DERIVED", "PRIMARY", "FAT_FRACTION"), 5, 95, slope=0.1, rescale=True),
            "R2STAR": Kind(("DERIVED", "PRIMARY", "R2_STAR_MAP"), 30, 160, slope=1.0, rescale=True),
        },
    ),
    "uih": Form(
        "UIH",
        {"FF": Kind(("DERIVED", "PRIMARY", "FF"), 5, 95, factor=0.1)},
    ),
}


@dataclass
class VendorExam:
    """An exam on disc; ``values`` by quantity in percent, per second or (T2STAR) ms, in order of position."""

    folder: Path
    values: dict[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    stored: dict[str, npt.NDArray[np.integer]] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)


def stored_of(kind: Kind, seed: int) -> npt.NDArray[np.int16]:
    """Integers whose meaning lies between the kind's ends."""
    true = np.random.default_rng(seed).uniform(kind.low, kind.high, (SLICES, ROWS, COLS))
    return np.round((true / kind.factor - kind.intercept) / kind.slope).astype(np.int16)


def mapping_of(kind: Kind) -> Dataset:
    item, units = Dataset(), Dataset()
    units.CodeValue, units.CodingSchemeDesignator, units.CodeMeaning = kind.unit, "UCUM", "unit"
    item.MeasurementUnitsCodeSequence = Sequence([units])
    item.LUTLabel = "map"
    item.add_new(0x00409216, "US", 0)
    item.add_new(0x00409211, "US", 4095)
    item.RealWorldValueIntercept, item.RealWorldValueSlope = kind.intercept, kind.slope
    if kind.code:
        name, code = Dataset(), Dataset()
        name.CodeValue, name.CodingSchemeDesignator, name.CodeMeaning = "246205007", "SCT", "Quantity"
        code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = kind.code, "DCM", "quantity"
        content = Dataset()
        content.ValueType = "CODE"
        content.ConceptNameCodeSequence, content.ConceptCodeSequence = Sequence([name]), Sequence([code])
        item.QuantityDefinitionSequence = Sequence([content])
    return item


def add_private(made: Dataset, kind: Kind) -> None:
    block = made.private_block(0x2005, PHILIPS, create=True)
    block.add_new(0x11, "CS", kind.private or kind.tokens[-1])
    block.add_new(0x0E, "FL", 1 / kind.slope)


def _bare(slice_maker: SliceMaker, form: Form, index: int, pixels: npt.NDArray[np.integer]) -> Dataset:
    made = slice_maker("FF", index, pixels)
    for element in [one for one in made if one.tag.is_private]:
        del made[element.tag]
    made.Manufacturer = form.manufacturer
    if form.unsigned12:
        made.PixelRepresentation, made.BitsStored, made.HighBit = 0, 12, 11
    return made


def write_classic(
    slice_maker: SliceMaker, folder: Path, form: Form, only: tuple[str, ...], edit: Edit | None
) -> VendorExam:
    folder.mkdir(parents=True)
    exam = VendorExam(folder)
    for place, (name, kind) in enumerate(form.kinds.items()):
        if only and name not in only:
            continue
        stored = stored_of(kind, place)
        exam.stored[name] = stored
        exam.values[name] = (stored * kind.slope + kind.intercept) * kind.factor
        for index in range(SLICES):
            made = _bare(slice_maker, form, index, stored[index])
            made.ImageType, made.SeriesDescription = list(kind.tokens), kind.description
            made.SeriesInstanceUID = "1.2.3.3" if form.one_series else f"1.2.3.3.{place}"
            made.SOPInstanceUID = f"1.2.3.4.{place}.{index}"
            made.InstanceNumber = (7 * (index + place)) % 11
            if kind.rescale:
                made.RescaleSlope, made.RescaleIntercept = f"{kind.slope:.12g}", f"{kind.intercept:g}"
            if kind.unit:
                made.RealWorldValueMappingSequence = Sequence([mapping_of(kind)])
            if "Philips" in form.manufacturer:
                add_private(made, kind)
            if edit is not None:
                edit(made, name, index)
            # names in no order that means anything
            path = folder / f"{(7 * place + 5 * index) % 97:02}_{name}_{index}"
            made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
            made.save_as(path, enforce_file_format=True)
            exam.files.append(path)
    return exam


def enhanced_of(
    slice_maker: SliceMaker, kinds: dict[str, Kind], exam: VendorExam, edit: Edit | None = None
) -> Dataset:
    """One multi-frame file that holds every kind, types interleaved and slices backwards."""
    form = Form("Philips", kinds, unsigned12=True)
    exam.stored |= {name: stored_of(kind, place) for place, (name, kind) in enumerate(kinds.items())}
    exam.values |= {
        name: (exam.stored[name] * kind.slope + kind.intercept) * kind.factor for name, kind in kinds.items()
    }
    made = _bare(slice_maker, form, 0, next(iter(exam.stored.values()))[0])
    made.SOPClassUID = made.file_meta.MediaStorageSOPClassUID = EnhancedMRImageStorage
    made.ImageType = ["ORIGINAL", "PRIMARY", "DIXON", "MIXED"]
    made.SeriesDescription = "mDIXON Quant FF T2*"
    made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4.5"
    groups, pixels = [], []
    for index in reversed(range(SLICES)):
        for name, kind in kinds.items():
            group = _groups(made, kind, index)
            if edit is not None:
                edit(group, name, index)
            groups.append(group)
            pixels.append(exam.stored[name][index])
    shared = Dataset()
    measures, orientation = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = made.PixelSpacing, made.SliceThickness
    measures.SpacingBetweenSlices = made.SpacingBetweenSlices
    orientation.ImageOrientationPatient = made.ImageOrientationPatient
    view = Dataset()
    view.MRAcquisitionFrequencyEncodingSteps, view.MRAcquisitionPhaseEncodingStepsInPlane = 6, 8
    view.InPlanePhaseEncodingDirection = "ROW"
    shared.PixelMeasuresSequence, shared.PlaneOrientationSequence = (
        Sequence([measures]),
        Sequence([orientation]),
    )
    shared.MRFOVGeometrySequence = Sequence([view])
    for keyword in ("PixelSpacing", "SliceThickness", "SpacingBetweenSlices", "ImageOrientationPatient"):
        del made[keyword]
    del made.ImagePositionPatient, made.AcquisitionMatrix
    made.NumberOfFrames = len(groups)
    made.SharedFunctionalGroupsSequence = Sequence([shared])
    made.PerFrameFunctionalGroupsSequence = Sequence(groups)
    made.PixelData = np.stack(pixels).astype("<u2").tobytes()
    return made


def _groups(made: Dataset, kind: Kind, index: int) -> Dataset:
    group, kinds, position, values, nested = Dataset(), Dataset(), Dataset(), Dataset(), Dataset()
    kinds.FrameType = list(kind.tokens)
    position.ImagePositionPatient = [str(20.0 - 4 * index), "-40.5", "60.25"]
    values.RescaleSlope, values.RescaleIntercept, values.RescaleType = f"{kind.slope:.12g}", "0", "US"
    add_private(nested, kind)
    group.MRImageFrameTypeSequence, group.PlanePositionSequence = Sequence([kinds]), Sequence([position])
    group.PixelValueTransformationSequence = Sequence([values])
    if kind.unit:
        group.RealWorldValueMappingSequence = Sequence([mapping_of(kind)])
    group.add_new(0x20050014, "LO", "Philips MR Imaging DD 005")
    group.add_new(0x2005140F, "SQ", Sequence([nested]))
    return group


ENHANCED = _philips(
    {
        "M": ("DIXON", "M"),
        "FF": ("DIXON", "FF"),
        "R2STAR": ("DIXON", "R2_STAR"),
        "T2STAR": ("DIXON", "T2_STAR"),
        "WATER": ("DIXON", "W"),
        "FAT": ("DIXON", "F"),
    },
    rwvm="yes",
)


@pytest.fixture
def forms() -> dict[str, Form]:
    return FORMS


@pytest.fixture
def write_vendor(slice_maker: SliceMaker) -> Callable[..., VendorExam]:
    def write(folder: Path, name: str, *only: str, edit: Edit | None = None) -> VendorExam:
        return write_classic(slice_maker, folder, FORMS[name], only, edit)

    return write


@pytest.fixture
def write_enhanced(slice_maker: SliceMaker) -> Callable[..., VendorExam]:
    def write(
        folder: Path,
        *only: str,
        edit: Edit | None = None,
        change: Callable[[Dataset], None] | None = None,
    ) -> VendorExam:
        folder.mkdir(parents=True, exist_ok=True)
        exam = VendorExam(folder)
        kinds = {name: kind for name, kind in ENHANCED.items() if not only or name in only}
        made = enhanced_of(slice_maker, kinds, exam, edit)
        if change is not None:
            change(made)
        made.save_as(folder / "IM_0001", enforce_file_format=True)
        exam.files.append(folder / "IM_0001")
        return exam

    return write
