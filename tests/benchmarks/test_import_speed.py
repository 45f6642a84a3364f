"""Finding and opening exams beside other readers of the same files in the same run."""

from __future__ import annotations

import io
import os
import random
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage
from pytest_benchmark.fixture import BenchmarkFixture

from app.domain.errors import Cancelled
from app.domain.grid import Grid
from app.domain.progress import Silent
from app.files.dicom import find, look_closer, sieve
from app.files.dicom.find import find_exams
from app.files.dicom.load import load_exam
from app.files.dicom.scan import scan
from app.files.dicom.sift import Sift
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq

_GOAL_FILES_PER_S = 8000
_GOAL_OPEN_MS, _GOAL_CANCEL_MS, _GOAL_MIB = 90, 200, 300
_PER_SERIES = 100
_ROOT = Path(__file__).resolve().parents[2]


def _measured(request: pytest.FixtureRequest) -> bool:
    option = request.config.getoption
    return bool(not option("benchmark_disable") or option("benchmark_enable"))


def _itk() -> Any:
    with warnings.catch_warnings():
        # SWIG's own deprecation notices at import
        warnings.simplefilter("ignore", DeprecationWarning)
        return pytest.importorskip("SimpleITK")


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


# -- a disc of images that are no maps --------------------------------------------------------------------


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
    made.PixelSpacing = [1, 1]
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
    count = 10_000 if _measured(request) else 300
    made, content = tmp_path_factory.mktemp("disc"), _anatomical()
    for number in range(count):
        series = made / f"S{number // _PER_SERIES:03}"
        series.mkdir(exist_ok=True)
        # one series each, as on a disc; the UID keeps its length
        own = content.replace(b"1.2.2\0", b"1.%d\0" % (100 + number // _PER_SERIES))
        (series / f"IM{number:05}").write_bytes(own)
    return made, count


def _read_by_gdcm(files: list[str]) -> None:
    gdcm = sieve._gdcm()
    scanner = gdcm.Scanner()
    tags = [gdcm.Tag(group, element) for _, group, element in sieve.TAGS]
    for tag in tags:
        scanner.AddTag(tag)
    assert scanner.Scan(files)
    for file in files:
        for tag in tags:
            scanner.GetValue(file, tag)


def _read_by_pydicom(files: list[str]) -> None:
    tags = [(group, element) for _, group, element in sieve.TAGS if group != 0x0002]
    for file in files:
        header = pydicom.dcmread(file, stop_before_pixels=True, specific_tags=tags)
        for tag in tags:
            header.get(tag)


def _read_by_itk(files: list[str]) -> None:
    itk = _itk()
    reader = itk.ImageFileReader()
    reader.SetImageIO("GDCMImageIO")
    keys = [f"{group:04x}|{element:04x}" for _, group, element in sieve.TAGS]
    for file in files:
        reader.SetFileName(file)
        reader.ReadImageInformation()
        for key in keys:
            if reader.HasMetaDataKey(key):
                reader.GetMetaData(key)


def _dcm2niix(path: Path, count: int) -> str:
    """How many files a second dcm2niix sorts without converting."""
    tool = shutil.which("dcm2niix")
    if tool is None:
        return "dcm2niix is not installed"
    command = [tool, "-n", "0", "-f", "%s", str(path)]
    taken = _seconds(lambda: subprocess.run(command, capture_output=True, check=False))
    return f"dcm2niix {count / taken:.0f}"


def test_a_folder_is_sifted(benchmark: BenchmarkFixture, folder: tuple[Path, int]) -> None:
    path, count = folder
    scanned = benchmark.pedantic(lambda: scan(path, Silent(), Sift(worth=1)), rounds=5, warmup_rounds=1)
    assert len(scanned.refused) == count
    if not benchmark.enabled:
        return
    files = [str(one) for one in path.rglob("*") if one.is_file()]
    rates = {
        "our reader without the sift": count / _seconds(lambda: scan(path, Silent(), Sift(worth=count + 1))),
        "pydicom, 20 tags": count / _seconds(lambda: _read_by_pydicom(files)),
        "gdcm Scanner, 20 tags": count / _seconds(lambda: _read_by_gdcm(files)),
        "SimpleITK": count / _seconds(lambda: _read_by_itk(files)),
    }
    ours = count / benchmark.stats.stats.median
    told = ", ".join(f"{name} {rate:.0f}" for name, rate in rates.items())
    benchmark.extra_info["files_per_s"] = round(ours)
    benchmark.extra_info["told"] = (
        f"{ours:.0f} files/s, goal {_GOAL_FILES_PER_S}; {told}; {_dcm2niix(path, count)}"
    )


def test_the_exams_of_a_folder_are_found(benchmark: BenchmarkFixture, folder: tuple[Path, int]) -> None:
    path, count = folder
    found = benchmark.pedantic(lambda: find_exams(path, Silent()), rounds=3, warmup_rounds=1)
    assert len(found.refused) == count
    if benchmark.enabled:
        rate = count / benchmark.stats.stats.median
        benchmark.extra_info["told"] = f"{rate:.0f} files/s with the second look and everything behind it"


# -- opening one exam -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """FF and R2* of 60 slices of 256 x 256 voxels, as GE writes them."""
    slices, size = (60, 256) if _measured(request) else (4, 32)
    grid = Grid(
        (slices, size, size),
        (4.0, 1.0, 1.0),
        (100.0, -120.0, 120.0),
        ((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
    )
    rng = np.random.default_rng(1)
    ranges = {"FAT_FRACTION": (5, 95), "R2_STAR_MAP": (30, 160)}
    images = {
        name: rng.integers(*ranges.get(name, (100, 900)), grid.shape).astype(np.int16)
        for name in ("FAT_FRACTION", "R2_STAR_MAP", "WATER", "FAT", "IN_PHASE", "OUT_PHASE")
    }
    phantom: Any = SimpleNamespace(grid=grid, images=images)
    folder = tmp_path_factory.mktemp("exam")
    case = CaseHeader("Doe^Jane", "1", "A", "20240131", "F")
    # the two maps are written first
    for path in write_ideal_iq(phantom, folder, case=case, uid_seed="speed")[2 * slices :]:
        path.unlink()
    return folder


def _open_by_itk(folder: Path) -> None:
    itk = _itk()
    reader = itk.ImageSeriesReader()
    reader.SetImageIO("GDCMImageIO")
    for series in itk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder)):
        reader.SetFileNames(itk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), series))
        itk.GetArrayFromImage(reader.Execute())


def _open_by_pixel_array(folder: Path) -> None:
    for path in folder.iterdir():
        pydicom.dcmread(path).pixel_array.astype(np.float32)


def _read_raw(folder: Path) -> None:
    for path in folder.iterdir():
        data = path.read_bytes()
        np.frombuffer(data[-(len(data) // 2 // 256) * 2 * 256 :], "<i2").astype(np.float32)


def _median_ms(work: Callable[[], object]) -> float:
    work()
    return 1000 * sorted(_seconds(work) for _ in range(7))[3]


def test_an_exam_is_read_and_checked(benchmark: BenchmarkFixture, exam: Path) -> None:
    def opened() -> Any:
        (found,) = find_exams(exam, Silent()).exams
        return load_exam(found, Silent())

    loaded = benchmark.pedantic(opened, rounds=15, warmup_rounds=2)
    assert list(loaded.exam.maps) == ["FF", "R2STAR"]
    assert loaded.refused == ()
    if not benchmark.enabled:
        return
    (found,) = find_exams(exam, Silent()).exams
    ours, floor = benchmark.stats.stats.median * 1000, _median_ms(lambda: _read_raw(exam))
    benchmark.extra_info |= {"ours_ms": ours, "floor_ms": floor, "goal_ms": _GOAL_OPEN_MS}
    benchmark.extra_info["told"] = (
        f"find {_median_ms(lambda: find_exams(exam, Silent())):.0f} ms,"
        f" load {_median_ms(lambda: load_exam(found, Silent())):.0f} ms;"
        f" SimpleITK {_median_ms(lambda: _open_by_itk(exam)):.0f} ms,"
        f" pydicom's pixel_array {_median_ms(lambda: _open_by_pixel_array(exam)):.0f} ms"
    )


# -- stopping ---------------------------------------------------------------------------------------------


class _Stopped:
    """Progress that somebody stops at an odd moment of some phase, and that notes when."""

    def __init__(self, within: Callable[[int, int | None], bool]) -> None:
        self.within, self.reached, self.stop = within, threading.Event(), threading.Event()

    def report(self, done: int, total: int | None) -> None:
        if self.within(done, total):
            self.reached.set()
        if self.stop.is_set():
            raise Cancelled


def _latency_s(work: Callable[[_Stopped], object], progress: _Stopped, rng: random.Random) -> float | None:
    """From the wish to stop to the return of the work; None where it was done before."""
    ended: list[str] = []

    def run() -> None:
        try:
            work(progress)
        except Cancelled:
            ended.append("cancelled")

    thread = threading.Thread(target=run)
    thread.start()
    progress.reached.wait(60)
    time.sleep(rng.uniform(0, 0.02))
    begun = time.perf_counter()
    progress.stop.set()
    thread.join(60)
    taken = time.perf_counter() - begun
    return taken if ended else None


@pytest.mark.parametrize("phase", ["walk", "sift", "second look", "voxels"])
def test_whoever_cancels_waits_little(
    benchmark: BenchmarkFixture,
    folder: tuple[Path, int],
    exam: Path,
    monkeypatch: pytest.MonkeyPatch,
    phase: str,
) -> None:
    disc, count = folder
    looking = threading.Event()
    real = look_closer.look_closer

    def watched(*given: Any) -> Any:
        looking.set()
        return real(*given)

    monkeypatch.setattr(find, "look_closer", watched)
    (opened,) = find_exams(exam, Silent()).exams
    phases: dict[str, Callable[[int, int | None], bool]] = {
        "walk": lambda _, total: total is None,
        "sift": lambda done, total: total is not None and done > count // 5,
        "second look": lambda *_: looking.is_set(),
        "voxels": lambda done, _: done > 1,
    }
    rng, taken = random.Random(1), []  # noqa: S311 - any moment will do

    def once() -> None:
        looking.clear()
        progress = _Stopped(phases[phase])
        work = (
            (lambda one: load_exam(opened, one)) if phase == "voxels" else lambda one: find_exams(disc, one)
        )
        waited = _latency_s(work, progress, rng)
        if waited is not None:
            taken.append(1000 * waited)

    benchmark.pedantic(once, rounds=12 if benchmark.enabled else 1)
    if benchmark.enabled and taken:
        told = f"median {np.median(taken):.0f} ms, longest {max(taken):.0f} ms of {len(taken)}"
        benchmark.extra_info["told"] = f"{told}, goal {_GOAL_CANCEL_MS} ms"


# -- memory -----------------------------------------------------------------------------------------------

_CHILD = """
import re, sys
from pathlib import Path
from app.domain.progress import Silent
from app.files.dicom.find import find_exams

def highest():
    # what getrusage says is inherited from whoever started us
    return int(re.search("VmHWM:\\s+([0-9]+)", Path("/proc/self/status").read_text())[1])

if __name__ == "__main__":
    before = highest()
    found = find_exams(Path(sys.argv[1]), Silent())
    print(len(found.refused), before, highest())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_a_large_tree_is_searched_in_little_memory(
    benchmark: BenchmarkFixture, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    count, content = (100_000 if _measured(request) else 400), _anatomical()
    tree = tmp_path / "tree"
    for series in range(count // _PER_SERIES):
        folder = tree / f"P{series // 20:03}" / f"S{series:04}"
        folder.mkdir(parents=True)
        first = folder / "IM00000"
        first.write_bytes(content.replace(b"1.2.2\0", b"%d\0" % (10_000 + series)))
        for number in range(1, _PER_SERIES):
            os.link(first, folder / f"IM{number:05}")
    (tmp_path / "child.py").write_text(_CHILD)
    command = [sys.executable, str(tmp_path / "child.py"), str(tree)]
    environment = {**os.environ, "PYTHONPATH": str(_ROOT)}

    def child() -> list[int]:
        ended = subprocess.run(command, capture_output=True, check=True, env=environment, text=True)
        return [int(part) for part in ended.stdout.split()]

    refused, before, own = benchmark.pedantic(child, rounds=1)
    assert refused == count
    if benchmark.enabled:
        benchmark.extra_info["told"] = (
            f"{own / 1024:.0f} MiB at most ({before / 1024:.0f} before) for {count} files, goal {_GOAL_MIB};"
            f" {benchmark.stats.stats.median:.0f} s"
        )
