"""Files of a folder told apart per second: sifted, and read one by one by pydicom, in the same run."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage
from pytest_benchmark.fixture import BenchmarkFixture

from app.domain.progress import Silent
from app.files.dicom.scan import scan
from app.files.dicom.sift import Sift

_GOAL_FILES_PER_S = 8000
_PER_SERIES = 100


def _anatomical() -> bytes:
    """A small image that is no map, with a header of usual length."""
    made = Dataset()
    made.file_meta = FileMetaDataset()
    made.file_meta.MediaStorageSOPClassUID = made.SOPClassUID = MRImageStorage
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID = "1.2.3.4"
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.ImageType, made.Modality = ["ORIGINAL", "PRIMARY", "OTHER"], "MR"
    made.Manufacturer, made.SeriesDescription = "GE MEDICAL SYSTEMS", "Sag T2 FSE"
    made.PatientName, made.PatientID = "Doe^Jane", "1"
    made.StudyInstanceUID, made.SeriesInstanceUID, made.FrameOfReferenceUID = "1.2.1", "1.2.2", "1.2.5"
    made.ImageOrientationPatient, made.ImagePositionPatient = [0, 1, 0, 0, 0, -1], [0, 0, 0]
    made.PhotometricInterpretation, made.SamplesPerPixel = "MONOCHROME2", 1
    made.Rows = made.Columns = 16
    made.BitsAllocated, made.BitsStored, made.HighBit, made.PixelRepresentation = 16, 16, 15, 1
    block = made.private_block(0x0019, "GEMS_ACQU_01", create=True)
    for number in range(60):
        block.add_new(number, "DS", "1.5")
    made.PixelData = bytes(512)
    buffer = io.BytesIO()
    made.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> tuple[Path, int]:
    measured = not request.config.getoption("benchmark_disable") or request.config.getoption(
        "benchmark_enable"
    )
    count = 10_000 if measured else 300
    made, content = tmp_path_factory.mktemp("disc"), _anatomical()
    for number in range(count):
        series = made / f"S{number // _PER_SERIES:03}"
        series.mkdir(exist_ok=True)
        # one series each, as on a disc; the UID keeps its length
        own = content.replace(b"1.2.2\0", b"1.%03d\0" % (number // _PER_SERIES))
        (series / f"IM{number:05}").write_bytes(own)
    return made, count


def test_a_folder_is_sifted(benchmark: BenchmarkFixture, folder: tuple[Path, int]) -> None:
    path, count = folder
    scanned = benchmark.pedantic(lambda: scan(path, Silent(), Sift(worth=1)), rounds=3, warmup_rounds=1)
    assert len(scanned.refused) == count
    if benchmark.enabled:
        begun = time.perf_counter()
        scan(path, Silent(), Sift(worth=count + 1))
        ours_by_pydicom = time.perf_counter() - begun
        begun = time.perf_counter()
        for file in (one for one in path.rglob("*") if one.is_file()):
            pydicom.dcmread(file, stop_before_pixels=True).get("ImageType")
        alone = time.perf_counter() - begun
        benchmark.extra_info["files_per_s"] = round(count / benchmark.stats.stats.median)
        benchmark.extra_info["files_per_s_without_sift"] = round(count / ours_by_pydicom)
        benchmark.extra_info["files_per_s_pydicom_alone"] = round(count / alone)
        # the table of all benchmarks: here the peer is pydicom
        benchmark.extra_info["ours_ms"] = benchmark.stats.stats.median * 1000
        benchmark.extra_info["floor_ms"] = alone * 1000
        benchmark.extra_info["goal_ms"] = count / _GOAL_FILES_PER_S * 1000
