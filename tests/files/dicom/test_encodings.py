"""Whatever encoding a slice came in, its stored integers are the same; what lost some is refused."""

from __future__ import annotations

import io
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import dcmread, dcmwrite
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    JPEG2000,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLSNearLossless,
    RLELossless,
)

from app.domain.progress import Silent
from app.files.dicom import decompress
from app.files.dicom.find import find_exams
from app.files.dicom.found import PixelForm
from app.files.dicom.headers import inflated, quietly, read_header
from app.files.dicom.pixels import BadPixels, read_slice, read_slices

Write = Callable[..., Any]
Maker = Callable[..., Dataset]
TRUTH = (np.arange(192).reshape(12, 16) * 37 % 4000 - 1000).astype(np.int16)
FORM = PixelForm((12, 16), signed=True, bits=16)


def written(made: Dataset, syntax: str, path: Path) -> Path:
    """A file in an uncompressed, deflated or RLE encoding, written by pydicom."""
    if syntax == RLELossless:
        made.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    made.file_meta.TransferSyntaxUID = syntax
    if syntax == ExplicitVRBigEndian:
        made.PixelData = np.frombuffer(made.PixelData, "<i2").astype(">i2").tobytes()
    if syntax == ImplicitVRLittleEndian:
        made["PixelData"].VR = "OW"
    buffer = io.BytesIO()
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    dcmwrite(
        buffer,
        made,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        enforce_file_format=True,
    )
    path.write_bytes(buffer.getvalue())
    return path


@pytest.mark.parametrize(
    "syntax",
    [
        ImplicitVRLittleEndian,
        ExplicitVRLittleEndian,
        ExplicitVRBigEndian,
        DeflatedExplicitVRLittleEndian,
        RLELossless,
    ],
)
def test_encodings_of_one_slice_give_the_same_integers(
    tmp_path: Path, slice_maker: Maker, syntax: str
) -> None:
    path = written(slice_maker("FF", 0, TRUTH), syntax, tmp_path / "a")
    found = find_exams(path, Silent())
    assert found.refused == ()
    np.testing.assert_array_equal(read_slice(path, FORM, "1.2.3.4.0.0"), TRUTH)


def test_a_file_without_preamble_and_meta_is_read(tmp_path: Path, slice_maker: Maker) -> None:
    path = written(slice_maker("FF", 0, TRUTH), ImplicitVRLittleEndian, tmp_path / "a")
    data = path.read_bytes()
    path.write_bytes(data[144 + int.from_bytes(data[140:144], "little") :])
    assert find_exams(path, Silent()).refused == ()
    np.testing.assert_array_equal(read_slice(path, FORM, "1.2.3.4.0.0"), TRUTH)


@pytest.mark.parametrize("syntax", [JPEG2000Lossless, HTJ2KLossless])
def test_jpeg_2000_in_one_fragment_or_several_gives_the_same_integers(
    tmp_path: Path, slice_maker: Maker, syntax: str
) -> None:
    openjpeg = pytest.importorskip("openjpeg.utils")
    big = np.arange(64 * 64, dtype=np.int16).reshape(64, 64) - 2000
    stream = openjpeg.encode_array(big, photometric_interpretation=2, codec_format=0)
    for fragments in (1, 3):
        made = slice_maker("FF", 0, big)
        made.file_meta.TransferSyntaxUID = JPEG2000Lossless if syntax == HTJ2KLossless else syntax
        made.PixelData = encapsulate([stream], fragments_per_frame=fragments)
        made["PixelData"].is_undefined_length = True
        # the same decoder reads both; the file of the second kind cannot be written here
        made.file_meta.TransferSyntaxUID = syntax
        path = tmp_path / f"a{fragments}"
        made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
        made.save_as(path, enforce_file_format=True)
        assert find_exams(path, Silent()).refused == ()
        form = PixelForm((64, 64), signed=True, bits=16)
        np.testing.assert_array_equal(read_slice(path, form, "1.2.3.4.0.0"), big)


@pytest.mark.parametrize("syntax", [HTJ2KLossless, HTJ2KLosslessRPCL])
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("htj2k-signed", (np.arange(48 * 40) * 13 % 4000 - 2000).astype(np.int16)),
        ("htj2k-unsigned", (np.arange(48 * 40) * 29 % 65536).astype(np.uint16)),
    ],
)
def test_streams_of_high_throughput_jpeg_2000_give_the_integers_they_were_made_from(
    tmp_path: Path, slice_maker: Maker, syntax: str, name: str, values: NDArray[Any]
) -> None:
    # written by OpenJPH 0.26, reversible, progression by resolution: no library of ours writes such streams
    stream = (Path(__file__).parents[2] / "fixtures" / f"{name}.j2c").read_bytes()
    image = values.reshape(48, 40)
    made = slice_maker("FF", 0, image.view(np.int16))
    made.PixelRepresentation = int(values.dtype == np.int16)
    made.PixelData = encapsulate([stream])
    made["PixelData"].is_undefined_length = True
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.save_as(tmp_path / "a", enforce_file_format=True)
    assert find_exams(tmp_path / "a", Silent()).refused == ()
    form = PixelForm((48, 40), signed=values.dtype == np.int16, bits=16)
    np.testing.assert_array_equal(read_slice(tmp_path / "a", form, "1.2.3.4.0.0"), image)


@pytest.mark.parametrize("syntax", [JPEGBaseline8Bit, JPEGLSNearLossless, JPEG2000])
def test_encodings_that_lose_values_are_refused(tmp_path: Path, slice_maker: Maker, syntax: str) -> None:
    made = slice_maker("FF", 0, TRUTH)
    made.file_meta.TransferSyntaxUID = syntax
    made.PixelData = encapsulate([b"\0\0"])
    made["PixelData"].is_undefined_length = True
    made.file_meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    made.save_as(tmp_path / "a", enforce_file_format=True)
    assert [one.code for one in find_exams(tmp_path / "a", Silent()).refused] == ["pixels.lossy"]


@pytest.mark.parametrize("signed", [True, False])
def test_twelve_bits_below_an_odd_high_bit_are_shifted_down(
    tmp_path: Path, slice_maker: Maker, *, signed: bool
) -> None:
    truth = TRUTH.clip(-2048, 2047) if signed else TRUTH.clip(0, 4095)
    made = slice_maker("FF", 0, truth << 4)
    made.BitsStored, made.HighBit, made.PixelRepresentation = 12, 15, int(signed)
    path = written(made, ExplicitVRLittleEndian, tmp_path / "a")
    (exam,) = find_exams(path, Silent()).exams
    form = exam.maps[0].pixels
    assert (form.bits, form.shift) == (12, 4)
    np.testing.assert_array_equal(read_slice(path, form, "1.2.3.4.0.0"), truth)
    made.PixelData = ((truth << 4) | 1).astype("<i2").tobytes()
    with pytest.raises(BadPixels) as verdict:
        read_slice(written(made, ExplicitVRLittleEndian, path), form, "1.2.3.4.0.0")
    assert verdict.value.code == "pixels.unused_bits"


def test_slices_of_one_file_are_read_in_the_order_asked_for(tmp_path: Path, slice_maker: Maker) -> None:
    stack = np.stack([TRUTH, TRUTH + 1, TRUTH + 2])
    made = slice_maker("FF", 0, TRUTH)
    made.NumberOfFrames, made.PixelData = 3, stack.astype("<i2").tobytes()
    form = PixelForm((12, 16), signed=True, bits=16, frames=3)
    for syntax in (ExplicitVRLittleEndian, RLELossless):
        path = written(made, syntax, tmp_path / "a")
        np.testing.assert_array_equal(read_slices(path, form, "1.2.3.4.0.0", (2, 0)), stack[[2, 0]])


def test_a_slice_larger_than_any_is_refused(tmp_path: Path, write: Write) -> None:
    def edit(made: Dataset, _quantity: str, _index: int) -> None:
        made.Rows = made.Columns = 60000

    found = find_exams(write(tmp_path / "exam", ("FF",), slices=1, edit=edit).folder, Silent())
    assert [one.code for one in found.refused] == ["pixels.too_large"]


def deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    meta = b"\x02\x00\x10\x00UI\x16\x00" + DeflatedExplicitVRLittleEndian.encode()
    length = len(meta).to_bytes(4, "little")
    return (
        bytes(128)
        + b"DICM\x02\x00\x00\x00UL\x04\x00"
        + length
        + meta
        + packer.compress(content)
        + packer.flush()
    )


def test_a_deflated_bomb_is_refused_within_bounds(tmp_path: Path) -> None:
    (tmp_path / "bomb").write_bytes(deflated(bytes(64 * 2**20)))
    (tmp_path / "none").write_bytes(bytes(128) + b"DICM" + b"1.2.840.10008.1.2.1.99" + bytes(100))
    tracemalloc.start()
    found = find_exams(tmp_path, Silent())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 40 * 2**20
    codes = {one.path.name: one.code for one in found.refused}
    assert codes["none"] == "file.broken"
    assert codes["bomb"] in {"file.broken", "header.missing_tags"}


def test_a_file_that_would_be_inflated_twice_is_refused() -> None:
    with pytest.raises(zlib.error):
        inflated(deflated(DeflatedExplicitVRLittleEndian.encode()), 1000)


NINE = [f"{number}.dcm" for number in range(1, 10)]


def test_nine_encodings_of_one_real_image_give_the_same_integers(test_data: Path) -> None:
    read = {}
    with quietly():
        for name in NINE:
            path = test_data / "siemens_misc" / "transfer_syntaxes" / name
            header = read_header(path)
            assert isinstance(header, Dataset)
            form = PixelForm((384, 384), signed=False, bits=12)
            read[name] = read_slice(path, form, str(header.SOPInstanceUID))
    assert int(read["1.dcm"].sum(dtype=np.int64)) == 38036663
    for stored in read.values():
        np.testing.assert_array_equal(stored, read["1.dcm"])


@pytest.mark.parametrize("name", ["5001059", "5001060", "5001061"])
def test_real_fragmented_jpeg_gives_the_integers_gdcm_alone_gives(test_data: Path, name: str) -> None:
    path = test_data / "siemens_misc" / "fragmented_jpeg" / f"{name}.dcm"
    with quietly():
        dataset = dcmread(path)
        form = PixelForm((dataset.Rows, dataset.Columns), signed=False, bits=dataset.BitsStored)
        np.testing.assert_array_equal(
            read_slice(path, form, str(dataset.SOPInstanceUID)), dataset.pixel_array
        )


def test_every_plugin_is_there_and_permissively_licensed() -> None:
    assert set(decompress.PLUGINS.values()) == {"pydicom", "gdcm", "pylibjpeg"}
    for syntax, plugin in decompress.PLUGINS.items():
        assert plugin in decompress.get_decoder(syntax).available_plugins
    with pytest.raises(ModuleNotFoundError):
        __import__("libjpeg")
