"""The sift only saves time: with it or without it, every file gets the same verdict."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from pydicom.dataset import Dataset

from app.domain.errors import Cancelled
from app.domain.progress import Silent
from app.files.dicom import sieve, worker
from app.files.dicom.enhanced import read_whole_header
from app.files.dicom.headers import quietly, read_header, text
from app.files.dicom.image import Unfit
from app.files.dicom.scan import _COMPARED, Scanned, _cosines, _orientation, _told, scan
from app.files.dicom.sieve import KEYWORDS, Values, read_values
from app.files.dicom.sift import Sift

Write = Callable[..., Any]
NEVER = 10**9


def verdicts(scanned: Scanned) -> dict[Path, object]:
    told: dict[Path, object] = {one.path: (one.code, dict(one.values)) for one in scanned.refused}
    return told | {one.path: one for one in scanned.images}


def die(_connection: Connection) -> None:
    os._exit(1)


def hang(connection: Connection) -> None:
    connection.recv()
    time.sleep(60)


class CancelAfter:
    """Progress whose user gives up after some reports."""

    def __init__(self, reports: int) -> None:
        self.left = reports

    def report(self, done: int, total: int | None) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled


def anatomy(made: Dataset, quantity: str, index: int) -> None:
    """Most files of a disc: images that are no maps, scouts and captures among them."""
    if quantity == "WATER":
        made.ImageType, made.SeriesDescription = ["ORIGINAL", "PRIMARY", "OTHER"], "Sag T2"
    if quantity == "FAT":
        made.ImageType, made.SeriesDescription = ["ORIGINAL", "PRIMARY", "OTHER"], "3-plane"
        if index % 2:
            made.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    if quantity == "IN_PHASE":
        made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    if quantity == "OUT_PHASE":
        made.ImageType, made.SeriesDescription = ["ORIGINAL", "PRIMARY", "OTHER"], ""
        del made.ImageOrientationPatient


@pytest.fixture
def disc(tmp_path: Path, write: Write) -> Path:
    kinds = ("FF", "R2STAR", "WATER", "FAT", "IN_PHASE", "OUT_PHASE")
    write(tmp_path / "disc" / "a", kinds, slices=6, edit=anatomy)
    (tmp_path / "disc" / "viewer.exe").write_bytes(b"MZ" + bytes(400))
    (tmp_path / "disc" / "empty").touch()
    (tmp_path / "disc" / "cut").write_bytes((tmp_path / "disc" / "a" / "FF_00").read_bytes()[:700])
    return tmp_path / "disc"


def test_a_sifted_folder_gives_the_verdicts_of_a_read_one(disc: Path) -> None:
    read = scan(disc, Silent(), Sift(worth=NEVER))
    sifted = scan(disc, Silent(), Sift(worth=1))
    assert verdicts(sifted) == verdicts(read)
    assert len(verdicts(read)) == 39
    assert not read.like
    # one of each series is read, the others are told by it
    assert len(sifted.like) == 4 * 5


@pytest.mark.parametrize("body", [die, hang])
def test_a_reading_process_that_fails_costs_no_verdict(
    disc: Path, body: Callable[[Connection], None]
) -> None:
    failing = Sift(worth=1, patience_s=0.1, body=body)
    assert verdicts(scan(disc, Silent(), failing)) == verdicts(scan(disc, Silent(), Sift(worth=NEVER)))


def test_where_no_process_can_start_everything_is_read(disc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_method: str) -> object:
        raise OSError

    monkeypatch.setattr(worker.multiprocessing, "get_context", refuse)
    sifted = scan(disc, Silent(), Sift(worth=1))
    assert verdicts(sifted) == verdicts(scan(disc, Silent(), Sift(worth=NEVER)))
    assert not sifted.like


def test_cancelling_ends_the_processes(disc: Path) -> None:
    waiting = Sift(worth=1, body=hang)
    with pytest.raises(Cancelled):
        scan(disc, CancelAfter(5), waiting)
    assert [reader.process for reader in waiting._readers] == [None] * len(waiting._readers)


def test_the_process_answers_until_it_is_left(disc: Path) -> None:
    ours, theirs = Pipe()
    # the limit on memory is for a process of its own
    thread = Thread(target=_serve_unlimited, args=(theirs,))
    thread.start()
    ours.send([str(disc / "a" / "FF_00")])
    (values,) = ours.recv()
    ours.close()
    thread.join(10)
    assert not thread.is_alive()
    assert values[KEYWORDS.index("Modality")] == "MR"


def _serve_unlimited(connection: Connection) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sieve, "limit_memory", lambda: None)
        sieve.serve(connection)


def test_what_the_sift_cannot_judge_is_left_to_pydicom(disc: Path) -> None:
    deflated = disc / "deflated"
    deflated.write_bytes(bytes(128) + b"DICM" + b"1.2.840.10008.1.2.1.99")
    names = [str(disc / "empty"), str(disc / "viewer.exe"), str(deflated), str(disc / "none"), "\udcff"]
    assert read_values(names) == [None] * 5


@pytest.mark.skipif(os.name == "nt", reason="no such limits there")
def test_the_process_limits_its_memory_where_the_system_can(monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource")
    told: list[int] = []
    monkeypatch.setattr(resource, "setrlimit", lambda _kind, limits: told.append(limits[0]))
    sieve.limit_memory()
    assert told == [2**30]
    monkeypatch.setattr(sieve.sys, "platform", "win32")
    sieve.limit_memory()
    assert told == [2**30]


def assert_same(path: Path, values: Values) -> bool:
    """What both readers say of one file, in every element of the sift; False where pydicom cannot read it."""
    try:
        header = read_whole_header(path)
    except Unfit:
        return False
    for keyword, told in zip(KEYWORDS, values, strict=True):
        place = header.file_meta if keyword == "TransferSyntaxUID" else header
        expected = text(place, keyword)
        if keyword == "ImageOrientationPatient":
            assert _cosines(told) == _orientation(header), path.name
        elif expected.isascii() or keyword in _COMPARED:
            assert _told(told) == _told(expected), (path.name, keyword)
        else:
            # the sift does not decode; that a value is there is all that tells series apart
            assert told
    return isinstance(read_header(path), Dataset)


def test_the_sift_and_pydicom_say_the_same_of_own_files(disc: Path) -> None:
    paths = sorted((disc / "a").iterdir())
    sifted = read_values([str(path) for path in paths])
    assert None not in sifted
    with quietly():
        assert all(assert_same(path, values) for path, values in zip(paths, sifted, strict=True) if values)


def test_the_sift_and_pydicom_say_the_same_of_every_real_file(test_data: Path) -> None:
    paths = [path for path in sorted(test_data.rglob("*")) if path.is_file()]
    sifted = read_values([str(path) for path in paths])
    with quietly():
        compared = [assert_same(path, values) for path, values in zip(paths, sifted, strict=True) if values]
    assert sum(compared) > 150
    read = verdicts(scan(test_data, Silent(), Sift(worth=NEVER)))
    assert verdicts(scan(test_data, Silent(), Sift(worth=1))) == read
