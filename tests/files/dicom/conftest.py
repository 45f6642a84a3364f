"""Small GE-style exams written with pydicom alone, so that their truth does not come from the program."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    MRImageStorage,
    RLELossless,
)

TOKENS = {
    "FF": "FAT_FRACTION",
    "R2STAR": "R2_STAR_MAP",
    "WATER": "WATER",
    "FAT": "FAT",
    "IN_PHASE": "IN_PHASE",
    "OUT_PHASE": "OUT_PHASE",
}
PREFIXES = {
    "FF": "FatFrac: ",
    "R2STAR": "R2*: ",
    "WATER": "WATER: ",
    "FAT": "FAT: ",
    "IN_PHASE": "InPhase: ",
    "OUT_PHASE": "OutPhase: ",
}
_RANGES = {"FF": (5, 95), "R2STAR": (30, 160), "WATER": (200, 900), "FAT": (100, 800)}

Edit = Callable[[Dataset, str, int], None]


@dataclass
class GeExam:
    """An exam on disc and what is true of it.

    ``voxels`` and ``files`` are by quantity; slices in order of position (x grows to the patient's left).
    """

    folder: Path
    voxels: dict[str, npt.NDArray[np.int16]] = field(default_factory=dict)
    files: dict[str, list[Path]] = field(default_factory=dict)


def slice_of(quantity: str, index: int, pixels: npt.NDArray[np.integer]) -> Dataset:
    """One sagittal slice, 4 mm apart, stored with anterior to the left."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = MRImageStorage
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.SOPClassUID = MRImageStorage
    made.Modality = "MR"
    made.Manufacturer = "GE MEDICAL SYSTEMS"
    made.ManufacturerModelName = "SIGNA Test"
    made.ImageType = ["DERIVED", "PRIMARY", "DIXON", TOKENS[quantity]]
    made.SeriesDescription = PREFIXES[quantity] + "Sag IDEAL IQ"
    made.StudyInstanceUID = "1.2.3.1"
    made.FrameOfReferenceUID = "1.2.3.2"
    made.SeriesInstanceUID = f"1.2.3.3.{list(TOKENS).index(quantity)}"
    made.SOPInstanceUID = f"1.2.3.4.{list(TOKENS).index(quantity)}.{index}"
    made.PatientName = "Doe^Jane"
    made.PatientID = "000417"
    made.PatientBirthDate = "19600229"
    made.PatientSex = "F"
    made.StudyDate = "20240131"
    made.AccessionNumber = "ACC1"
    made.MagneticFieldStrength = "3"
    made.AcquisitionMatrix = [0, 8, 6, 0]
    made.SpacingBetweenSlices = "4.0"
    made.SliceThickness = "4.0"
    made.InstanceNumber = str(index + 1)
    made.ImageOrientationPatient = ["-0", "1", "0", "0", "-0", "-1"]
    # the normal of this orientation is -x, so the first slice in order of position lies furthest left
    made.ImagePositionPatient = [str(20.0 - 4 * index), "-40.5", "60.25"]
    made.PixelSpacing = ["1.5", "1.25"]
    made.SamplesPerPixel = 1
    made.PhotometricInterpretation = "MONOCHROME2"
    made.Rows, made.Columns = pixels.shape
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit = 15
    made.PixelRepresentation = 1
    block = made.private_block(0x0019, "GEMS_ACQU_01", create=True)
    block.add_new(0x9C, "LO", "Ideal3Darc")
    made.PixelData = pixels.astype("<i2").tobytes()
    return made


def write_exam(
    folder: Path,
    quantities: tuple[str, ...] = ("FF", "R2STAR", "WATER", "FAT"),
    *,
    slices: int = 4,
    size: tuple[int, int] = (12, 16),
    edit: Edit | None = None,
) -> GeExam:
    """Write one exam; ``edit`` may change each slice before it is written."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(len(quantities))
    exam = GeExam(folder)
    for quantity in quantities:
        low, high = _RANGES.get(quantity, (100, 900))
        exam.voxels[quantity] = rng.integers(low, high, (slices, *size)).astype(np.int16)
        exam.files[quantity] = []
        for index in range(slices):
            made = slice_of(quantity, index, exam.voxels[quantity][index])
            if edit is not None:
                edit(made, quantity, index)
            path = folder / f"{quantity}_{index:02}"
            made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
            made.save_as(path, enforce_file_format=True)
            exam.files[quantity].append(path)
    return exam


@pytest.fixture
def write() -> Callable[..., GeExam]:
    return write_exam


@pytest.fixture
def slice_maker() -> Callable[..., Dataset]:
    return slice_of


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Folder of real files from several vendors, found through the environment only."""
    told = os.environ.get("MARROWMARK_TEST_DATA")
    if not told:
        pytest.skip("needs MARROWMARK_TEST_DATA")
    return Path(told)


@pytest.fixture(scope="session")
def small_exam_bytes(tmp_path_factory: pytest.TempPathFactory) -> tuple[GeExam, dict[str, bytes]]:
    """FF and R2* of three slices, and the bytes of each file by name."""
    exam = write_exam(tmp_path_factory.mktemp("exam"), ("FF", "R2STAR"), slices=3)
    return exam, {path.name: path.read_bytes() for path in sorted(exam.folder.iterdir())}


# -- the same slice in every lossless encoding -----------------------------------------------------------

PLAIN = {
    "implicit": ImplicitVRLittleEndian,
    "big_endian": ExplicitVRBigEndian,
    "deflated": DeflatedExplicitVRLittleEndian,
}
ENCODINGS = (*PLAIN, "rle", "jpeg_lossless", "jpeg_ls", "jpeg_2000", "htj2k")


def encode(made: Dataset, encoding: str, folder: Path) -> bytes:
    """Bytes of a file with one slice in an encoding of :data:`ENCODINGS`; ``made`` is used up."""
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    path = folder / "one"
    if encoding in PLAIN:
        made.file_meta.TransferSyntaxUID = PLAIN[encoding]
        made["PixelData"].VR = "OW"
        if encoding == "big_endian":
            made.PixelData = np.frombuffer(made.PixelData, "<i2").astype(">i2").tobytes()
    elif encoding == "rle":
        made.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    elif encoding in {"jpeg_2000", "htj2k"}:
        openjpeg = pytest.importorskip("openjpeg.utils")
        pixels = np.frombuffer(made.PixelData, "<i2" if made.PixelRepresentation else "<u2")
        frames = pixels.reshape(-1, made.Rows, made.Columns)
        made.PixelData = encapsulate(
            [openjpeg.encode_array(one, photometric_interpretation=2, codec_format=0) for one in frames]
        )
        made["PixelData"].is_undefined_length = True
        # nothing here writes the second kind; its decoder reads streams of the first as well
        made.file_meta.TransferSyntaxUID = JPEG2000Lossless if encoding == "jpeg_2000" else HTJ2KLossless
    # GDCM makes an Enhanced image of one with a rescale, and writes the places of frames anew
    apart = "NumberOfFrames" in made or "RescaleSlope" in made
    if encoding in {"jpeg_lossless", "jpeg_ls"} and apart:
        _pack_frames(made, encoding, path)
    made.save_as(path, enforce_file_format=True)
    if encoding in {"jpeg_lossless", "jpeg_ls"} and not apart:
        _pack_by_gdcm(path, encoding)
    return path.read_bytes()


def _pack_frames(made: Dataset, encoding: str, path: Path) -> None:
    """Pack each frame as a file of its own, and leave the header as it is."""
    frames = []
    for pixels in np.frombuffer(made.PixelData, "<u2").reshape(-1, made.Rows, made.Columns):
        one = slice_of("FF", 0, pixels.view(np.int16))
        for keyword in ("BitsStored", "HighBit", "PixelRepresentation"):
            setattr(one, keyword, made[keyword].value)
        one.file_meta.MediaStorageSOPInstanceUID = one.SOPInstanceUID
        one.save_as(path, enforce_file_format=True)
        _pack_by_gdcm(path, encoding)
        packed = dcmread(path)
        frames.append(next(generate_frames(packed.PixelData, number_of_frames=1)))
        made.file_meta.TransferSyntaxUID = packed.file_meta.TransferSyntaxUID
    made.PixelData = encapsulate(frames)
    made["PixelData"].is_undefined_length = True


def _pack_by_gdcm(path: Path, encoding: str) -> None:
    gdcm = pytest.importorskip("gdcm")
    kinds = {
        "jpeg_lossless": gdcm.TransferSyntax.JPEGLosslessProcess14_1,
        "jpeg_ls": gdcm.TransferSyntax.JPEGLSLossless,
    }
    reader = gdcm.ImageReader()
    reader.SetFileName(str(path))
    assert reader.Read()
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(kinds[encoding]))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    writer.SetFileName(str(path))
    assert writer.Write()


@pytest.fixture
def encoder() -> Callable[[Dataset, str, Path], bytes]:
    return encode


@pytest.fixture(scope="session")
def encoded_exams(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[str], tuple[GeExam, dict[str, bytes]]]:
    """FF and R2* of three slices in an encoding, and the bytes of each file by name; made once."""
    made: dict[str, tuple[GeExam, dict[str, bytes]]] = {}

    def get(encoding: str) -> tuple[GeExam, dict[str, bytes]]:
        if encoding not in made:
            folder = tmp_path_factory.mktemp(encoding)
            # JPEG 2000 halves an image five times
            exam = write_exam(folder / "plain", ("FF", "R2STAR"), slices=3, size=(32, 40))
            files = {
                path.name: encode(slice_of(name, index, exam.voxels[name][index]), encoding, folder)
                for name, paths in exam.files.items()
                for index, path in enumerate(paths)
            }
            made[encoding] = exam, files
        return made[encoding]

    return get
