"""Lossless streams: the same integers, and a damaged one costs only its own file."""

from __future__ import annotations

import os
import time
from multiprocessing.connection import Connection
from pathlib import Path

import gdcm
import numpy as np
import pytest
from pydicom.uid import ExplicitVRLittleEndian, JPEGLosslessSV1, JPEGLSLossless, RLELossless

from app.files.dicom import decompress
from app.files.dicom.decompress import Decoder
from app.files.dicom.found import PixelForm
from app.files.dicom.pixels import BadPixels, read_slice, read_slices

TRUTH = (np.add.outer(np.arange(24), np.arange(20)) * 7 - 100).astype(np.int16)
FORM = PixelForm((24, 20), signed=True, bits=16)
UID = "1.2.3.4.0.0"


def die(connection: Connection) -> None:
    connection.recv()
    os._exit(139)


def hang(connection: Connection) -> None:
    connection.recv()
    time.sleep(60)


def die_once(connection: Connection) -> None:
    """Die over the first piece whose bytes say so, answer the others."""
    while True:
        pixels, _, form, _ = connection.recv()
        if pixels == b"deadly":
            os._exit(139)
        connection.send(np.zeros(form.shape, np.int16))


@pytest.fixture(params=[JPEGLosslessSV1, JPEGLSLossless])
def compressed(request, tmp_path: Path, slice_maker) -> Path:
    """One slice in an encoding that GDCM reads, written by GDCM."""
    plain = tmp_path / "plain"
    slice_maker("FF", 0, TRUTH).save_as(plain, enforce_file_format=True)
    reader = gdcm.ImageReader()
    reader.SetFileName(str(plain))
    assert reader.Read()
    kinds = {
        JPEGLosslessSV1: gdcm.TransferSyntax.JPEGLosslessProcess14_1,
        JPEGLSLossless: gdcm.TransferSyntax.JPEGLSLossless,
    }
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(kinds[request.param]))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer = gdcm.ImageWriter()
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    path = tmp_path / "compressed"
    writer.SetFileName(str(path))
    assert writer.Write()
    return path


def test_what_gdcm_packed_comes_back_integer_by_integer(compressed: Path) -> None:
    np.testing.assert_array_equal(read_slice(compressed, FORM, UID), TRUTH)


def test_a_damaged_stream_is_refused_and_the_next_file_is_read(compressed: Path, tmp_path: Path) -> None:
    data = compressed.read_bytes()
    cut = tmp_path / "cut"
    # the stream loses its body, the file keeps its form
    cut.write_bytes(data[:-200] + b"\xff" * 200)
    with Decoder() as decoder:
        with pytest.raises(BadPixels) as refused:
            read_slices(cut, FORM, UID, (0,), decoder)
        assert refused.value.code in {"file.broken", "pixels.unused_bits"}
        np.testing.assert_array_equal(read_slices(compressed, FORM, UID, (0,), decoder)[0], TRUTH)


def test_a_decoder_that_dies_takes_only_its_own_slice_with_it() -> None:
    with Decoder(body=die_once) as decoder:
        with pytest.raises(ValueError, match="not decoded"):
            decoder.decode(b"deadly", JPEGLSLossless, FORM, 0)
        assert decoder.decode(b"harmless", JPEGLSLossless, FORM, 0).shape == FORM.shape


def test_a_decoder_may_die_as_often_as_there_are_files() -> None:
    with Decoder(body=die) as decoder:
        for _ in range(3):
            with pytest.raises(ValueError, match="not decoded"):
                decoder.decode(b"", JPEGLosslessSV1, FORM, 0)


def test_a_decoder_that_hangs_is_ended() -> None:
    with Decoder(body=hang, patience_s=0.2) as decoder, pytest.raises(ValueError, match="not decoded"):
        decoder.decode(b"", JPEGLSLossless, FORM, 0)


def test_run_length_encoding_needs_no_process(tmp_path: Path, slice_maker) -> None:
    dataset = slice_maker("FF", 0, TRUTH)
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.compress(RLELossless, generate_instance_uid=False)
    path = tmp_path / "rle"
    dataset.save_as(path, enforce_file_format=True)
    with Decoder() as decoder:
        np.testing.assert_array_equal(read_slices(path, FORM, UID, (0,), decoder)[0], TRUTH)
        assert decoder._worker is None


class Pipe:
    """A pipe with one piece of work in it."""

    def __init__(self, work: object) -> None:
        self.work: list[object] = [work]
        self.sent: list[object] = []

    def recv(self) -> object:
        if not self.work:
            raise EOFError
        return self.work.pop()

    def send(self, answer: object) -> None:
        self.sent.append(answer)


def test_the_far_side_answers_with_the_name_of_what_went_wrong() -> None:
    pipe = Pipe((b"nothing", str(RLELossless), FORM, 0))
    decompress.serve(pipe)
    assert isinstance(pipe.sent[0], str)
