"""The table of vendor and encoding in the help: what becomes of each, and every cell of it is tried here."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from app.domain.maps import MEASURED
from app.domain.progress import Silent
from app.files.dicom.find import find_exams
from app.files.dicom.load import judge_exam

PAGE = Path(__file__).resolve().parents[4] / "resources" / "help" / "import.md"
HEADING = "vendor x encoding"
# how the tests write what a line of the table names; "" is the plain GE exam, "enhanced" one multi-frame file
FORMS = {
    "GE IDEAL-IQ, a series per contrast": ("",),
    "GE IDEAL-IQ, all in one series": ("ge_one_series",),
    "Philips mDIXON Quant, classic": ("philips_classic", "philips_private"),
    "Philips mDIXON Quant, Enhanced": ("enhanced",),
    "Siemens q-Dixon, tokens or suffixes": ("siemens_tokens", "siemens_suffixes", "siemens_t2star"),
    "Canon, UIH, others with Rescale": ("canon", "uih"),
    "any vendor, mapping with a unit": ("rwvm_only", "rwvm_t2star"),
}
COLUMNS = {
    "plain": ("explicit", "implicit", "big_endian"),
    "deflated": ("deflated",),
    "RLE": ("rle",),
    "JPEG": ("jpeg_lossless", "jpeg_ls"),
    "JPEG 2000": ("jpeg_2000", "htj2k"),
    "lossy": ("lossy",),
}


def table() -> dict[tuple[str, str], str]:
    """What the help says, by form and encoding."""
    lines = iter(PAGE.read_text(encoding="utf-8").splitlines())
    heading = next(line for line in lines if line.strip().startswith(HEADING))
    columns = re.split(r" {2,}", heading.strip())[1:]
    told = {}
    for line in lines:
        if not line.strip():
            return told
        form, *cells = re.split(r" {2,}", line.strip())
        told |= {(form, column): cell for column, cell in zip(columns, cells, strict=True)}
    raise AssertionError


def test_the_table_names_every_form_and_every_encoding_that_is_tried() -> None:
    assert table().keys() == {(form, column) for form in FORMS for column in COLUMNS}
    assert set(table().values()) == {"opens", "asks", "refused"}


def larger(read: Dataset) -> Dataset:
    """The same voxels nine times side by side: JPEG 2000 halves an image five times."""
    # one that remembers no encoding of its own, so that it can be written in any
    list(read.iterall())
    made = Dataset({element.tag: element for element in read})
    made.file_meta = read.file_meta
    kind = "<i2" if made.PixelRepresentation else "<u2"
    frames = np.frombuffer(made.PixelData, kind).reshape(-1, made.Rows, made.Columns)
    pixels = np.tile(frames, (1, 3, 3))
    made.Rows, made.Columns = pixels.shape[1:]
    made.PixelData = pixels.tobytes()
    return made


def verdicts(folder: Path) -> Iterator[tuple[str, str]]:
    """What becomes of each measured map, and the checksum of what was read of it."""
    found = find_exams(folder, Silent())
    for one in found.refused:
        yield {"pixels.lossy": "refused"}.get(one.code, one.code), ""
    for exam in found.exams:
        judged = judge_exam(exam, Silent())
        for one in exam.maps:
            if one.quantity in MEASURED:
                usable = judged.loaded is not None and one.quantity in judged.loaded.exam.maps
                asks = getattr(judged.decisions[one.quantity], "needs_confirmation", False)
                verdict = "opens" if usable else "asks" if asks else "broken"
                yield verdict, judged.stored[one.quantity].astype("<i4").tobytes().hex()


@pytest.mark.parametrize(("form", "name"), [(form, name) for form, names in FORMS.items() for name in names])
def test_a_form_gets_the_verdict_of_the_table_in_every_encoding(
    tmp_path: Path,
    write: Callable[..., Any],
    write_vendor: Callable[..., Any],
    write_enhanced: Callable[..., Any],
    encoder: Callable[[Dataset, str, Path], bytes],
    form: str,
    name: str,
) -> None:
    plain = tmp_path / "plain"
    if name == "enhanced":
        write_enhanced(plain, "FF", "R2STAR")
    elif name:
        write_vendor(plain, name)
    else:
        write(plain, ("FF", "R2STAR"), slices=2)
    said, voxels = table(), set()
    for column, encodings in COLUMNS.items():
        for encoding in encodings:
            folder = tmp_path / encoding
            folder.mkdir()
            for path in plain.iterdir():
                made = larger(dcmread(path))
                if encoding == "lossy":
                    made.LossyImageCompression = "01"
                (folder / path.name).write_bytes(encoder(made, encoding, tmp_path))
            got = list(verdicts(folder))
            assert {verdict for verdict, _ in got} == {said[form, column]}, (column, encoding)
            voxels |= {tuple(stored for _, stored in got)} if encoding != "lossy" else set()
    # whatever the encoding, the same integers were read
    assert len(voxels) == 1
