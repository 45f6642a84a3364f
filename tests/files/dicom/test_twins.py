"""A slice whose header equals that of a checked one is what its own check would have made of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from app.domain.progress import Silent
from app.files.dicom import scan as scanning
from app.files.dicom.headers import TAGS
from app.files.dicom.scan import Scanned, scan
from app.files.dicom.twins import Twins, kind_of

Write = Callable[..., Any]
OWN = {"SOPInstanceUID", "ImagePositionPatient"}
# what the written slices do without
ABSENT = {
    "LossyImageCompression",
    "ModalityLUTSequence",
    "NumberOfFrames",
    "PatientAge",
    "RealWorldValueMappingSequence",
    "RescaleIntercept",
    "RescaleSlope",
    "SpecificCharacterSet",
}


def checked_one_by_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> Scanned:
    with monkeypatch.context() as patch:
        patch.setattr(Twins, "find", lambda *_: None)
        return scan(path, Silent())


def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files whose elements are checked each."""
    names: list[str] = []
    real = scanning.image_of

    def watched(path: Path, *more: Any) -> Any:
        names.append(path.name)
        return real(path, *more)

    monkeypatch.setattr(scanning, "image_of", watched)
    return names


def test_of_each_map_one_slice_is_checked_and_all_are_what_they_are(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, ("FF", "R2STAR"), slices=6)
    expected = checked_one_by_one(tmp_path, monkeypatch)
    names = checks(monkeypatch)
    assert scan(tmp_path, Silent()) == expected
    assert names == ["FF_00", "R2STAR_00"]
    assert len({image.position for image in expected.images}) == 6


@pytest.mark.parametrize("keyword", sorted({*TAGS} - OWN - ABSENT))
def test_a_slice_that_lacks_any_other_element_is_checked_itself(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch, keyword: str
) -> None:
    made = write(tmp_path, ("FF",), slices=3)
    one = dcmread(made.files["FF"][1])
    del one[keyword]
    one.save_as(made.files["FF"][1])
    expected = checked_one_by_one(tmp_path, monkeypatch)
    names = checks(monkeypatch)
    scanned = scan(tmp_path, Silent())
    assert scanned == expected
    assert "FF_02" not in names


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "ImagePositionPatient"])
def test_a_slice_without_number_or_place_is_refused_as_ever(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch, keyword: str
) -> None:
    def edit(made: Dataset, _quantity: str, index: int) -> None:
        if index == 1:
            setattr(made, keyword, None)

    write(tmp_path, ("FF",), slices=3, edit=lambda *_: None)
    path = tmp_path / "FF_01"
    one = dcmread(path)
    edit(one, "FF", 1)
    one.save_as(path)
    scanned = scan(tmp_path, Silent())
    assert scanned == checked_one_by_one(tmp_path, monkeypatch)
    assert [(one.path, one.code) for one in scanned.refused] == [(path, "header.missing_tags")]


def test_a_shorter_file_is_checked_itself(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = write(tmp_path, ("FF",), slices=3, size=(64, 64))
    path = made.files["FF"][1]
    path.write_bytes(path.read_bytes()[:-3000])
    names = checks(monkeypatch)
    scanned = scan(tmp_path, Silent())
    assert [(one.path, one.code) for one in scanned.refused] == [(path, "pixels.truncated")]
    assert names == ["FF_00", "FF_01"]


def test_a_file_that_is_gone_by_then_is_no_example_and_no_twin(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path, ("FF",), slices=2)
    image = scan(tmp_path, Silent()).images[0]
    header = scanning.read_header(made.files["FF"][1])
    assert isinstance(header, Dataset)
    kind = kind_of(header)
    twins = Twins()
    twins.keep(image, kind)
    assert twins.find(made.files["FF"][1], header, kind) is not None
    assert twins.find(tmp_path / "gone", header, kind) is None
    made.files["FF"][0].unlink()
    gone = Twins()
    gone.keep(image, kind)
    assert gone.find(made.files["FF"][1], header, kind) is None


def test_a_header_that_was_looked_at_is_of_no_kind(tmp_path: Path, write: Write) -> None:
    made = write(tmp_path, ("FF",), slices=1)
    header = scanning.read_header(made.files["FF"][0])
    assert isinstance(header, Dataset)
    assert kind_of(header) is not None
    assert str(header.PatientName) == "Doe^Jane"
    assert kind_of(header) is None
