"""Write a synthetic exam as DICOM files that look like those of GE IDEAL-IQ.

What a scanner would write, with two exceptions so that nobody takes it for a patient: the model name says
that it is synthetic, and so does the image comment. Needed by the demo and by tests only.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian, MRImageStorage

from app.domain.phantom import Phantom
from app.domain.phantom_noise import ECHO_TIMES_S, FIELD_TESLA

Layout = Literal["series_per_contrast", "one_series_scrambled"]

MODEL_NAME = "MarrowMark phantom (synthetic)"
COMMENT = "Synthetic images. Research use only."
PROTOCOL = "Sag IDEAL IQ"

#: Prefix of the series description for each contrast, in the order the series are numbered.
PREFIXES = {
    "FAT_FRACTION": "FatFrac",
    "R2_STAR_MAP": "R2*",
    "WATER": "WATER",
    "FAT": "FAT",
    "IN_PHASE": "InPhase",
    "OUT_PHASE": "OutPhase",
}
FIRST_SERIES = 400

#: Fixed, so that equal seeds give equal UIDs on every computer.
_UID_SPACE = uuid.UUID("5b0f7a52-6a43-4c0e-9d53-0d3cbf0a7d11")


@dataclass(frozen=True, slots=True)
class CaseHeader:
    """Who the exam pretends to be of; every field is written as it stands.

    Parameters
    ----------
    patient_name, patient_id, accession : str
    study_date, birth_date : str
        ``YYYYMMDD``; the birth date may be empty.
    sex : str
        ``M``, ``F`` or ``O``.
    age : str
        DICOM age such as ``065Y``, or empty.
    """

    patient_name: str
    patient_id: str
    accession: str
    study_date: str
    sex: str
    birth_date: str = ""
    age: str = ""


@dataclass(frozen=True, slots=True)
class _Image:
    """One file to write: which contrast and slice, and its numbers."""

    contrast: str
    slice: int
    series_number: int
    instance: int


def write_ideal_iq(
    phantom: Phantom, folder: Path, *, case: CaseHeader, layout: Layout = "series_per_contrast", uid_seed: str
) -> list[Path]:
    """Write the six contrasts of one exam, one file per slice, named IM0001, IM0002 ... without extension.

    Parameters
    ----------
    phantom : Phantom
    folder : Path
        Made when missing; files of the same names are replaced.
    case : CaseHeader
    layout : {"series_per_contrast", "one_series_scrambled"}
        Six series; or one series that holds all six contrasts, its instances in a shuffled order.
    uid_seed : str
        All UIDs and the shuffling follow from it.

    Returns
    -------
    list of Path
        The files, in the order of their names.

    Raises
    ------
    OSError
        If the folder or a file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    common = _exam_dataset(phantom, case, uid_seed)
    paths = []
    for number, image in enumerate(_images(phantom, layout, uid_seed), start=1):
        _fill_image(common, phantom, image, layout, uid_seed)
        path = folder / f"IM{number:04d}"
        common.save_as(path, enforce_file_format=True)
        paths.append(path)
    return paths


def make_uid(*parts: str) -> UID:
    """Return a UID under 2.25 that depends on nothing but the given texts."""
    return UID(f"2.25.{uuid.uuid5(_UID_SPACE, '/'.join(parts)).int}")


def _images(phantom: Phantom, layout: Layout, uid_seed: str) -> list[_Image]:
    slices = range(phantom.grid.shape[0])
    if layout == "series_per_contrast":
        return [
            _Image(contrast, index, FIRST_SERIES + series, index + 1)
            for series, contrast in enumerate(PREFIXES)
            for index in slices
        ]
    pairs = [(contrast, index) for contrast in PREFIXES for index in slices]
    order = np.random.default_rng(int(make_uid(uid_seed, "order").rpartition(".")[2])).permutation(len(pairs))
    shuffled = [pairs[int(where)] for where in order]
    return [
        _Image(contrast, index, FIRST_SERIES, number)
        for number, (contrast, index) in enumerate(shuffled, start=1)
    ]


def _exam_dataset(phantom: Phantom, case: CaseHeader, uid_seed: str) -> Dataset:
    """All that the images of one exam have in common."""
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = MRImageStorage
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    _fill_patient(data, case, uid_seed)
    _fill_acquisition(data, phantom)
    _fill_matrix(data, phantom)
    return data


def _fill_patient(data: Dataset, case: CaseHeader, uid_seed: str) -> None:
    data.SpecificCharacterSet = "ISO_IR 192"
    data.SOPClassUID = MRImageStorage
    data.StudyDate = data.SeriesDate = data.AcquisitionDate = case.study_date
    data.StudyTime = data.SeriesTime = data.AcquisitionTime = "093000"
    data.AccessionNumber = case.accession
    data.Modality = "MR"
    data.Manufacturer = "GE MEDICAL SYSTEMS"
    data.ManufacturerModelName = MODEL_NAME
    data.ReferringPhysicianName = ""
    data.StudyDescription = "Lumbar spine fat-water"
    data.PatientName = case.patient_name
    data.PatientID = case.patient_id
    data.PatientBirthDate = case.birth_date
    data.PatientSex = case.sex
    if case.age:
        data.PatientAge = case.age
    data.BodyPartExamined = "LSPINE"
    data.PatientPosition = "HFS"
    data.StudyInstanceUID = make_uid(uid_seed, "study")
    data.FrameOfReferenceUID = make_uid(uid_seed, "frame")
    data.StudyID = "1"
    data.PositionReferenceIndicator = ""
    data.ImageComments = COMMENT


def _fill_acquisition(data: Dataset, phantom: Phantom) -> None:
    """Sequence settings of the reference study, as far as the phantom has them."""
    data.ScanningSequence = "RM"
    data.SequenceVariant = "NONE"
    data.ScanOptions = ""
    data.MRAcquisitionType = "3D"
    data.ProtocolName = PROTOCOL
    data.RepetitionTime = 7.4
    data.EchoTime = round(float(ECHO_TIMES_S[0]) * 1e3, 4)
    data.EchoNumbers = 1
    data.EchoTrainLength = ECHO_TIMES_S.size
    data.FlipAngle = 4
    data.NumberOfAverages = 1
    data.MagneticFieldStrength = FIELD_TESLA
    data.ImagingFrequency = 127.73
    data.ImagedNucleus = "1H"
    data.SliceThickness = phantom.grid.spacing_mm[0]
    data.SpacingBetweenSlices = phantom.grid.spacing_mm[0]
    data.private_block(0x0019, "GEMS_ACQU_01", create=True).add_new(0x9C, "LO", "ideal3darc")
    data.private_block(0x0043, "GEMS_PARM_01", create=True).add_new(0x2F, "SS", 0)


def _fill_matrix(data: Dataset, phantom: Phantom) -> None:
    _, rows, cols = phantom.grid.shape
    data.AcquisitionMatrix = [0, cols, rows, 0]
    data.InPlanePhaseEncodingDirection = "COL"
    data.ImageOrientationPatient = [*phantom.grid.axes[2], *phantom.grid.axes[1]]
    data.SamplesPerPixel = 1
    data.PhotometricInterpretation = "MONOCHROME2"
    data.Rows, data.Columns = rows, cols
    data.PixelSpacing = [_decimal(phantom.grid.spacing_mm[1]), _decimal(phantom.grid.spacing_mm[2])]
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit = 15
    data.PixelRepresentation = 1


def _fill_image(data: Dataset, phantom: Phantom, image: _Image, layout: Layout, uid_seed: str) -> None:
    """Replace all that differs between the images of one exam."""
    alone = layout == "series_per_contrast"
    pixels: NDArray[np.int16] = phantom.images[image.contrast][image.slice]
    uid = make_uid(uid_seed, image.contrast, str(image.slice))
    position = phantom.grid.to_patient((image.slice, 0, 0)).tolist()
    largest = int(pixels.max())
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = uid
    data.ImageType = ["DERIVED", "PRIMARY", "DIXON", image.contrast]
    data.SeriesDescription = f"{PREFIXES[image.contrast]}: {PROTOCOL}" if alone else PROTOCOL
    data.SeriesInstanceUID = make_uid(uid_seed, "series", image.contrast if alone else "all")
    data.SeriesNumber = image.series_number
    data.InstanceNumber = image.instance
    data.ImagePositionPatient = [_decimal(value) for value in position]
    data.SliceLocation = _decimal(position[0])
    data.SmallestImagePixelValue = int(pixels.min())
    data.LargestImagePixelValue = largest
    data.WindowCenter = _decimal(largest / 2)
    data.WindowWidth = max(largest, 1)
    data.PixelData = pixels.astype("<i2").tobytes()


def _decimal(value: float) -> float:
    """Round to what a decimal string holds (16 characters)."""
    return round(value, 6)
