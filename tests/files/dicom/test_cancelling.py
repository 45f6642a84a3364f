"""Whoever wants to stop is asked between any two pieces of work; the benchmarks say how long that takes."""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.uid import RLELossless

from app.domain.errors import Cancelled
from app.domain.progress import Silent
from app.files.dicom import archive, find, load, look_closer, reading, scan, walk, worker
from app.files.dicom.decompress import Decoder
from app.files.dicom.found import PixelForm
from app.files.dicom.pixels import read_slices
from app.files.dicom.sift import Sift
from app.files.dicom.walk import list_files

Write = Callable[..., Any]
FORM = PixelForm((12, 16), signed=True, bits=16, frames=3)
PIXELS = np.arange(3 * 12 * 16, dtype="<i2").reshape(3, 12, 16)


class Asked:
    """Progress that counts how often it was asked, and says no after some."""

    def __init__(self, patience: int = 10**9) -> None:
        self.times, self.patience = 0, patience

    def report(self, done: int, total: int | None) -> None:
        assert total is None or 0 <= done <= total
        self.times += 1
        if self.times > self.patience:
            raise Cancelled


def asked_between(monkeypatch: pytest.MonkeyPatch, place: Any, name: str, asked: Asked) -> list[int]:
    """How often progress had been asked at each call of a function."""
    calls: list[int] = []
    real = getattr(place, name)

    def watched(*given: Any, **more: Any) -> Any:
        calls.append(asked.times)
        return real(*given, **more)

    monkeypatch.setattr(place, name, watched)
    return calls


def strictly_growing(calls: list[int]) -> bool:
    return all(after > before for before, after in itertools.pairwise(calls))


def test_a_long_listing_asks_every_so_many_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        (tmp_path / f"f{number}").touch()
    monkeypatch.setattr(walk, "_LOOK_EVERY", 10)
    asked = Asked()
    files, _ = list_files(tmp_path, asked)
    assert len(files) == 60
    # once on entering, then six times while listing and six while sorting out
    assert asked.times == 13
    for patience in range(13):
        with pytest.raises(Cancelled):
            list_files(tmp_path, Asked(patience))


def test_every_folder_asks(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"d{number}").mkdir()
    asked = Asked()
    list_files(tmp_path, asked)
    assert asked.times >= 21


def test_the_index_of_an_archive_asks_every_so_many_members(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as packed:
        for number in range(40):
            packed.writestr(f"f{number:02}", b"")
    monkeypatch.setattr(archive, "_LOOK_EVERY", 10)
    asked = Asked()
    files, _ = list_files(tmp_path / "a.zip", asked)
    assert len(files) == 40
    assert asked.times == 9
    archive.close_archives()
    for patience in range(9):
        with pytest.raises(Cancelled):
            list_files(tmp_path / "a.zip", Asked(patience))
        archive.close_archives()
    # what was cut short is not taken for the whole
    assert len(list_files(tmp_path / "a.zip", Silent())[0]) == 40
    archive.close_archives()


@pytest.mark.parametrize("worth", [1, 10**9])
def test_between_any_two_headers_somebody_is_asked(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch, worth: int
) -> None:
    write(tmp_path, ("FF", "R2STAR"), slices=20)
    asked = Asked()
    calls = asked_between(monkeypatch, scan, "read_header", asked)
    scan.scan(tmp_path, asked, Sift(worth=worth))
    assert len(calls) == 40
    assert strictly_growing(calls)


def test_between_any_two_second_looks_somebody_is_asked(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plain(made: Any, *_: Any) -> None:
        made.ImageType, made.SeriesDescription = ["ORIGINAL", "PRIMARY", "OTHER"], "Sag T2"
        made.Manufacturer = "Philips"

    write(tmp_path, ("FF",), slices=12, edit=plain)
    asked = Asked()
    calls = asked_between(monkeypatch, look_closer, "_worth_it", asked)
    find.find_exams(tmp_path, asked)
    assert len(calls) == 12
    assert strictly_growing(calls)


def test_between_any_two_slices_somebody_is_asked(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, ("FF", "R2STAR"), slices=6)
    (exam,) = find.find_exams(tmp_path, Silent()).exams
    asked = Asked()
    calls = asked_between(monkeypatch, reading, "read_slices", asked)
    load.load_exam(exam, asked)
    assert len(calls) == 12
    assert strictly_growing(calls)


def test_between_any_two_frames_of_a_compressed_file_somebody_is_asked(
    tmp_path: Path, slice_maker: Any
) -> None:
    made = slice_maker("FF", 0, PIXELS[0])
    made.NumberOfFrames, made.PixelData = 3, PIXELS.tobytes()
    made.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.save_as(tmp_path / "a", enforce_file_format=True)
    asked = Asked()
    with Decoder(look=lambda: asked.report(0, 3)) as decoder:
        read_slices(tmp_path / "a", FORM, "1.2.3.4.0.0", (0, 1, 2), decoder)
    assert asked.times == 3
    # stopping is not taken for damage
    impatient = Asked(1)
    with pytest.raises(Cancelled), Decoder(look=lambda: impatient.report(0, 3)) as decoder:
        read_slices(tmp_path / "a", FORM, "1.2.3.4.0.0", (0, 1, 2), decoder)


def test_waiting_for_a_process_asks_many_times_a_second() -> None:
    assert worker._LOOK_S <= 0.05


def test_processes_are_told_to_end_together_before_any_is_waited_for() -> None:
    order: list[str] = []

    class Reader:
        def kill(self) -> None:
            order.append("kill")

        def stop(self) -> None:
            order.append("stop")

    with Sift() as sift:
        sift._readers = [Reader(), Reader()]
    assert order == ["kill", "kill", "stop", "stop"]


def test_the_count_never_falls_within_a_scan(tmp_path: Path, write: Write) -> None:
    write(tmp_path, ("FF", "R2STAR"), slices=20)
    told: list[tuple[int, int | None]] = []

    class Told:
        def report(self, done: int, total: int | None) -> None:
            told.append((done, total))

    for worth in (1, 10**9):
        told.clear()
        scan.scan(tmp_path, Told(), Sift(worth=worth))
        counting = [done for done, total in told if total is None]
        reading_on = [done for done, total in told if total is not None]
        assert counting == sorted(counting)
        assert reading_on == sorted(reading_on)
        assert {total for _, total in told} == {None, 40}
        assert told[-1] == (40, 40)
