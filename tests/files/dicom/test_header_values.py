"""What is kept of headers is what pydicom says of them, whoever asks and how often."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.datadict import keyword_for_tag
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from app.files.dicom import headers, heads
from app.files.dicom.found import PixelForm
from app.files.dicom.headers import TAGS, BadValue, forget_values, quietly, read_header, values_of
from app.files.dicom.heads import recall
from app.files.dicom.pixels import BadPixels, read_slice

Maker = Callable[..., Dataset]
FORM = PixelForm((12, 16), signed=True, bits=16)
PIXELS = (np.arange(192).reshape(12, 16) - 50).astype(np.int16)
CHARSETS: list[str | list[str]] = ["iso8859", "utf8", "GB18030", ["iso8859", "iso2022_gb"], "shift_jis"]


def by_pydicom(dataset: Dataset, keyword: str) -> tuple[str, ...] | None:
    """The values as pydicom gives them; None where it raises."""
    try:
        value = dataset.get(keyword)
        many = value if isinstance(value, list | MultiValue) else [value]
        return tuple(str(one) for one in many if one is not None and str(one) != "")
    except Exception:  # noqa: BLE001 - whatever it raises, the value cannot be read
        return None


def by_us(dataset: Dataset, keyword: str) -> tuple[str, ...] | None:
    try:
        return values_of(dataset, keyword)
    except BadValue:
        return None


@st.composite
def elements(draw: st.DrawFn) -> tuple[str, Callable[[], Dataset]]:
    """A keyword and how to make a dataset with that element alone, as it is read from a file."""
    keyword = draw(st.sampled_from(TAGS))
    kinds = ["AS", "CS", "DA", "DS", "IS", "LO", "SH", "UI", "US", "SS", "UL", "FD", "PN", "UN", "OB", "ZZ"]
    kind = draw(st.sampled_from([None, *kinds]))
    words = [b"1.5\\-2 ", b"12", b"MR", b" A\\ \\B ", b"1.2.3\0", b"\\", b" ", b"1e400", b"nan", b"\xd6\xd0"]
    value = draw(st.one_of(st.sampled_from(words), st.binary(max_size=12), st.binary(max_size=200)))
    little, charset = draw(st.booleans()), draw(st.sampled_from(CHARSETS))

    def make() -> Dataset:
        tag = Tag(keyword)
        raw = RawDataElement(tag, kind, len(value), value or None, 0, kind is None, little)
        made = Dataset({tag: raw})
        made.set_original_encoding(kind is None, little, charset)
        return made

    return keyword, make


@settings(max_examples=400, derandomize=True)
@given(element=elements())
def test_each_value_is_the_one_that_pydicom_gives(element: tuple[str, Callable[[], Dataset]]) -> None:
    keyword, make = element
    with quietly():
        expected = by_pydicom(make(), keyword)
        assert by_us(make(), keyword) == expected
        # the second time it comes from memory
        assert by_us(make(), keyword) == expected


def by_dcmread(data: bytes) -> object:
    """Everything that dcmread gives and where it ends; the kind of trouble where it gives nothing."""
    stream = io.BytesIO(data)
    try:
        read = dcmread(stream, stop_before_pixels=True, force=True, specific_tags=headers._WANTED)
    except Exception as problem:  # noqa: BLE001 - whatever it raises
        return type(problem)
    return content(read), stream.tell()


def by_the_short_way(data: bytes) -> object:
    try:
        read, end = headers._elements(data)
    except Exception as problem:  # noqa: BLE001 - as above
        return type(problem)
    return content(read), end


def content(read: Dataset) -> list[object]:
    told: list[object] = [read.original_character_set]
    for part in (read, read.file_meta):
        told += [(tag, by_pydicom(part, keyword_for_tag(tag))) for tag in sorted(map(int, part.keys()))]
    return told


hits = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255), st.integers(-3, 3)), max_size=4)


@settings(max_examples=400, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(encoding=st.sampled_from(["implicit", "explicit", "big_endian"]), damage=hits)
def test_a_header_read_in_two_parts_is_the_one_that_dcmread_reads(
    encoded_exams: Any, small_exam_bytes: Any, encoding: str, damage: list[tuple[float, int, int]]
) -> None:
    files = small_exam_bytes[1] if encoding == "explicit" else encoded_exams(encoding)[1]
    data = bytearray(files["FF_01"])
    for place, value, move in damage:
        # the header, and most often its beginning
        at = int(place**2 * 1100)
        if move > 0:
            data[at:at] = bytes([value]) * move
        elif move < 0:
            del data[at : at - move]
        data[at] = value
    with quietly():
        assert by_the_short_way(bytes(data)) == by_dcmread(bytes(data))


def test_a_plain_header_is_read_the_short_way(small_exam_bytes: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(headers.pydicom, "dcmread", lambda *_, **__: pytest.fail("the long way"))
    read, end = headers._elements(small_exam_bytes[1]["FF_01"])
    assert read.Modality == "MR"
    assert small_exam_bytes[1]["FF_01"][end : end + 4] == b"\xe0\x7f\x10\x00"


def test_an_element_that_is_not_there_has_no_values() -> None:
    assert values_of(Dataset(), "ImageType") == ()


def test_no_value_is_kept_after_a_scan(tmp_path: Path, slice_maker: Maker) -> None:
    header = read_header(save(slice_maker, tmp_path / "a"))
    assert isinstance(header, Dataset)
    assert values_of(header, "PatientBirthDate") == ("19600229",)
    assert headers._converted.cache_info().currsize > 0
    forget_values()
    assert headers._converted.cache_info().currsize == 0


def save(slice_maker: Maker, path: Path, syntax: str = "", **more: str) -> Path:
    made = slice_maker("FF", 0, PIXELS)
    for keyword, value in more.items():
        setattr(made, keyword, value)
    made.file_meta.TransferSyntaxUID = syntax or made.file_meta.TransferSyntaxUID
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    if syntax == ImplicitVRLittleEndian:
        made["PixelData"].VR = "OW"
    made.save_as(path, enforce_file_format=True, implicit_vr=syntax == ImplicitVRLittleEndian)
    return path


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    heads.forget()


@pytest.mark.parametrize("syntax", ["", ImplicitVRLittleEndian])
def test_pixels_behind_a_header_that_was_read_need_no_second_reading_of_it(
    tmp_path: Path, slice_maker: Maker, monkeypatch: pytest.MonkeyPatch, syntax: str
) -> None:
    path = save(slice_maker, tmp_path / "a", syntax)
    read_header(path)
    monkeypatch.setattr("app.files.dicom.pixels.pydicom.dcmread", lambda *_, **__: pytest.fail("read again"))
    np.testing.assert_array_equal(read_slice(path, FORM, "1.2.3.4.0.0"), PIXELS)


def test_a_header_that_changed_is_read_again_and_its_pixels_refused(
    tmp_path: Path, slice_maker: Maker
) -> None:
    path = save(slice_maker, tmp_path / "a")
    read_header(path)
    save(slice_maker, path, SOPInstanceUID="1.2.3.4.9.9")
    assert recall(path, path.read_bytes()) is None
    with pytest.raises(BadPixels) as refused:
        read_slice(path, FORM, "1.2.3.4.0.0")
    assert refused.value.code == "file.changed"


def test_pixels_that_changed_under_the_same_header_are_those_that_are_read(
    tmp_path: Path, slice_maker: Maker
) -> None:
    path = save(slice_maker, tmp_path / "a")
    read_header(path)
    data = path.read_bytes()
    path.write_bytes(data[:-2] + b"\x07\x00")
    assert read_slice(path, FORM, "1.2.3.4.0.0")[-1, -1] == 7
    path.write_bytes(data[:-2])
    with pytest.raises(BadPixels):
        read_slice(path, FORM, "1.2.3.4.0.0")


def test_nothing_is_remembered_of_what_ends_elsewhere_than_at_its_pixels(
    tmp_path: Path, slice_maker: Maker
) -> None:
    path = save(slice_maker, tmp_path / "a")
    data = path.read_bytes()
    pixels = data.index(b"\xe0\x7f\x10\x00")
    # the end of an item where there is none ends the header early
    path.write_bytes(data[:pixels] + b"\xfe\xff\x0d\xe0\0\0\0\0" + data[pixels:])
    read_header(path)
    assert recall(path, path.read_bytes()) is None
    assert recall(save(slice_maker, tmp_path / "b", DeflatedExplicitVRLittleEndian), data) is None


def test_a_file_without_a_number_of_its_own_is_not_remembered(tmp_path: Path, slice_maker: Maker) -> None:
    path = save(slice_maker, tmp_path / "a")
    data = path.read_bytes()
    path.write_bytes(data.replace(b"\x08\x00\x18\x00UI", b"\x08\x00\x17\x00UI"))
    read_header(path)
    assert recall(path, path.read_bytes()) is None


def test_only_so_many_headers_are_remembered(
    tmp_path: Path, slice_maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(heads, "_KEPT", 2)
    paths = [save(slice_maker, tmp_path / name) for name in "abc"]
    for path in (*paths, paths[1]):
        read_header(path)
    assert [recall(path, path.read_bytes()) is None for path in paths] == [True, False, False]
