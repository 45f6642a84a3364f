"""Headers of volumes written byte by byte: what they say is believed, doubted or refused."""

from __future__ import annotations

import gzip
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.files.volumes import BadVolume, VolumeReader

VOXELS = np.arange(5 * 12 * 16, dtype="<i2").reshape(5, 12, 16) - 300
# NIfTI counts in RAS: x grows to the right, y to anterior
SFORM = ((2.0, 0.0, 0.0, -10.0), (0.0, 1.5, 0.0, -20.0), (0.0, 0.0, 4.0, 5.0))


def nifti(
    voxels: np.ndarray = VOXELS,
    *,
    order: str = "<",
    sizes: tuple[int, ...] = (16, 12, 5),
    datatype: int = 4,
    spacing: tuple[float, float, float] = (2.0, 1.5, 4.0),
    line: tuple[float, float] = (1.0, 0.0),
    codes: tuple[int, int] = (0, 1),
    rows: tuple[tuple[float, ...], ...] = SFORM,
    units: int = 2,
    magic: bytes = b"n+1\0",
    offset: float = 352.0,
) -> bytes:
    head = bytearray(352)
    struct.pack_into(f"{order}i", head, 0, 348)
    struct.pack_into(f"{order}8h", head, 40, len(sizes), *sizes, *[1] * (7 - len(sizes)))
    struct.pack_into(f"{order}hh", head, 70, datatype, 8 * voxels.dtype.itemsize)
    struct.pack_into(f"{order}8f", head, 76, 1.0, *spacing, 1, 1, 1, 1)
    struct.pack_into(f"{order}3f", head, 108, offset, *line)
    head[123] = units
    struct.pack_into(f"{order}hh", head, 252, *codes)
    for index, row in enumerate(rows):
        struct.pack_into(f"{order}4f", head, 280 + 16 * index, *row)
    head[344:348] = magic
    return bytes(head) + voxels.tobytes()


NRRD_FIELDS = {
    "type": "short",
    "dimension": "3",
    "space": "left-posterior-superior",
    "sizes": "16 12 5",
    "space directions": "(2,0,0) (0,1.5,0) (0,0,4)",
    "endian": "little",
    "encoding": "raw",
    "space origin": "(1,2,3)",
}
META_FIELDS = {
    "ObjectType": "Image",
    "NDims": "3",
    "BinaryData": "True",
    "BinaryDataByteOrderMSB": "False",
    "CompressedData": "False",
    "TransformMatrix": "1 0 0 0 1 0 0 0 1",
    "Offset": "1 2 3",
    "ElementSpacing": "2 1.5 4",
    "DimSize": "16 12 5",
    "ElementType": "MET_SHORT",
    "ElementDataFile": "LOCAL",
}


def nrrd(data: bytes = VOXELS.tobytes(), without: str = "", **changed: str) -> bytes:
    fields = NRRD_FIELDS | {name.replace("_", " "): value for name, value in changed.items()}
    lines = [f"{name}: {value}\n" for name, value in fields.items() if name != without]
    return "".join(["NRRD0004\n", "# a comment: of somebody\n", "own:=key\n", *lines, "\n"]).encode() + data


def packed_meta(data: bytes) -> bytes:
    packed = zlib.compress(data)
    return meta(packed, CompressedData="True", CompressedDataSize=str(len(packed)))


def meta(data: bytes = VOXELS.tobytes(), without: str = "", **changed: str) -> bytes:
    # the name of the data file must come last
    fields = {**META_FIELDS, **changed}
    fields["ElementDataFile"] = fields.pop("ElementDataFile")
    return "".join(f"{name} = {value}\n" for name, value in fields.items() if name != without).encode() + data


@pytest.fixture(scope="module")
def reader() -> Iterator[VolumeReader]:
    with VolumeReader() as shared:
        yield shared


def code_of(use: Callable[[Path], object], path: Path) -> str:
    try:
        use(path)
    except BadVolume as bad:
        return bad.code
    return ""


@pytest.fixture
def refusal(tmp_path: Path, reader: VolumeReader) -> Callable[[str, bytes], str]:
    """Code with which a file of these bytes is refused when it is read; empty where it is not."""

    def refuse(name: str, data: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(data)
        found, read = code_of(reader.describe, path), code_of(reader.read, path)
        # packed bytes are counted when they are read
        assert found in {"", read}
        return read

    return refuse


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_nifti_header_is_understood_to_the_voxel(tmp_path: Path, reader: VolumeReader, order: str) -> None:
    path = tmp_path / "map.nii"
    path.write_bytes(nifti(VOXELS.astype(f"{order}i2"), order=order))
    grid, values = reader.describe(path).grid, reader.read(path)
    # column 3, row 4, slice 2: by hand in RAS, then in LPS
    place = np.round(grid.to_index((-(2 * 3 - 10.0), -(1.5 * 4 - 20.0), 4 * 2 + 5.0))).astype(int)
    assert values[tuple(place)] == VOXELS[2, 4, 3]
    assert grid.spacing_mm == pytest.approx((4.0, 1.5, 2.0))


def test_metres_are_understood(tmp_path: Path, reader: VolumeReader) -> None:
    path = tmp_path / "map.nii"
    rows = tuple(tuple(part / 1000 for part in row) for row in SFORM)
    path.write_bytes(nifti(units=1, rows=rows, spacing=(0.002, 0.0015, 0.004)))
    assert reader.describe(path).grid.spacing_mm == pytest.approx((4.0, 1.5, 2.0), rel=1e-5)


def test_a_slope_in_the_file_is_applied_and_told(tmp_path: Path, reader: VolumeReader) -> None:
    path = tmp_path / "map.nii"
    path.write_bytes(nifti(line=(0.5, 2.0)))
    values = reader.read(path)
    assert values.dtype == np.float32
    assert np.sort(values, axis=None).tolist() == [0.5 * number + 2 for number in range(-300, 660)]
    assert reader.describe(path).line == (0.5, 2.0)


@pytest.mark.parametrize("line", [(0.0, 0.0), (float("nan"), float("nan")), (1.0, float("nan"))])
def test_no_slope_is_no_scale(tmp_path: Path, reader: VolumeReader, line: tuple[float, float]) -> None:
    path = tmp_path / "map.nii"
    path.write_bytes(nifti(line=line))
    assert reader.read(path).dtype == np.int16
    assert reader.describe(path).line == (1.0, 0.0)


def test_a_missing_number_stays_missing_behind_a_slope_and_in_any_byte_order(
    tmp_path: Path, reader: VolumeReader
) -> None:
    voxels = VOXELS.astype(">f8")
    voxels[0, 0, 0] = np.nan
    path = tmp_path / "map.nii.gz"
    path.write_bytes(gzip.compress(nifti(voxels, order=">", datatype=64, line=(2.0, 1.0))))
    values = reader.read(path)
    assert np.isnan(values).sum() == 1
    assert np.nanmin(values) == 2 * -299 + 1


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"codes": (0, 0)}, "volume.no_orientation"),
        ({"rows": ((2.0, 1.0, 0.0, 0.0), *SFORM[1:])}, "volume.sheared"),
        ({"magic": b"n+2\0"}, "volume.other_content"),
        ({"magic": b"ni1\0"}, "volume.other_content"),
        ({"sizes": (16, 12, 5, 2)}, "volume.not_three_dimensional"),
        ({"sizes": (16, 60)}, "volume.not_three_dimensional"),
        ({"sizes": (16, 12, 0)}, "volume.bad_header"),
        ({"sizes": (16, 12, -5)}, "volume.bad_header"),
        ({"sizes": (32000, 32000, 5)}, "volume.too_large"),
        ({"sizes": (16, 12, 4)}, "volume.length"),
        ({"sizes": (16, 12, 6)}, "volume.length"),
        ({"datatype": 32}, "volume.not_scalar"),
        ({"datatype": 128}, "volume.not_scalar"),
        ({"datatype": 16}, "volume.bad_header"),
        ({"spacing": (2.0, 0.0, 4.0)}, "volume.bad_header"),
        ({"spacing": (2.0, float("nan"), 4.0)}, "volume.bad_header"),
        ({"line": (0.0, 3.0)}, "volume.bad_header"),
        ({"offset": 0.0}, "volume.bad_header"),
        ({"offset": float("inf")}, "volume.bad_header"),
        ({"offset": 400.0}, "volume.length"),
    ],
)
def test_a_doubtful_nifti_header_is_refused(
    refusal: Callable[[str, bytes], str], changed: dict[str, object], code: str
) -> None:
    assert refusal("map.nii", nifti(**changed)) == code
    assert refusal("map.nii.gz", gzip.compress(nifti(**changed))) == code


def test_a_fourth_size_of_one_is_no_fourth_dimension(refusal: Callable[[str, bytes], str]) -> None:
    assert refusal("map.nii", nifti(sizes=(16, 12, 5, 1))) == ""


def test_nifti_2_is_named(refusal: Callable[[str, bytes], str]) -> None:
    assert refusal("map.nii", struct.pack("<i", 540) + b"n+2\0\r\n\x1a\n" + bytes(2000)) == "volume.encoding"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (nrrd(), ""),
        (nrrd(type="signed short int"), ""),
        (nrrd(space="RAS"), ""),
        (nrrd(encoding="gzip", data=gzip.compress(VOXELS.tobytes())), ""),
        (nrrd(without="space"), "volume.no_orientation"),
        (nrrd(space="3D-right-handed"), "volume.no_orientation"),
        (nrrd(without="space origin"), "volume.no_orientation"),
        (nrrd(space_directions="(2,1,0) (0,1.5,0) (0,0,4)"), "volume.sheared"),
        (nrrd(space_units='"mm" "mm" "mm"'), ""),
        (nrrd(space_units='"um" "um" "um"'), "volume.not_millimetres"),
        (nrrd(type="block"), "volume.not_scalar"),
        (nrrd(encoding="ascii"), "volume.encoding"),
        (nrrd(byte_skip="2", data=b"xx" + VOXELS.tobytes()), "volume.encoding"),
        (nrrd(line_skip="1"), "volume.encoding"),
        (nrrd(sizes="16 12 five"), "volume.bad_header"),
        (nrrd(sizes="40000 40000 5"), "volume.too_large"),
        (nrrd(sizes="3 16 12 5"), "volume.not_three_dimensional"),
        (nrrd(without="sizes"), "volume.bad_header"),
        (nrrd(without="encoding"), "volume.encoding"),
        (nrrd(data=VOXELS.tobytes() + b"\0"), "volume.length"),
        (nrrd(data=VOXELS.tobytes()[:-1]), "volume.length"),
        (nrrd(data_file="LIST"), "volume.several_files"),
        (nrrd(data_file="slice%03d.raw 1 5 1"), "volume.several_files"),
        (nrrd(data_file="../map.raw"), "volume.partner_elsewhere"),
        (nrrd(data_file="C:\\map.raw"), "volume.partner_elsewhere"),
        (nrrd(data_file="map.raw"), "volume.partner_missing"),
        (nrrd(data_file="a\0b"), "volume.partner_missing"),
    ],
)
def test_an_nrrd_header_is_read_or_refused(
    refusal: Callable[[str, bytes], str], data: bytes, code: str
) -> None:
    assert refusal("map.nrrd", data) == code


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (meta(), ""),
        (packed_meta(VOXELS.tobytes()), ""),
        (packed_meta(VOXELS.tobytes()) + b"\0", "volume.damaged"),
        # the library does not know then how much to unpack, and gives what the memory held
        (meta(CompressedData="True", data=zlib.compress(VOXELS.tobytes())), "volume.readings_differ"),
        (meta(without="TransformMatrix"), "volume.no_orientation"),
        (meta(TransformMatrix="1 0.2 0 0 1 0 0 0 1"), "volume.sheared"),
        (meta(TransformMatrix="2 0 0 0 1 0 0 0 1"), "volume.sheared"),
        (meta(DistanceUnits="um"), "volume.not_millimetres"),
        (meta(ElementNumberOfChannels="3"), "volume.not_scalar"),
        (meta(ElementType="MET_SHORT_ARRAY"), "volume.not_scalar"),
        (meta(BinaryData="False"), "volume.encoding"),
        (meta(HeaderSize="-1"), "volume.encoding"),
        (meta(ElementToIntensityFunctionSlope="2"), "volume.encoding"),
        (meta(ElementToIntensityFunctionSlope="1.0"), ""),
        (meta(ElementSpacing="2 -1.5 4"), "volume.bad_header"),
        (meta(DimSize="16 12"), "volume.not_three_dimensional"),
        (meta(DimSize="99999 99999 99999"), "volume.too_large"),
        (meta(data=VOXELS.tobytes()[:-1]), "volume.length"),
        (meta(ElementDataFile="LIST"), "volume.several_files"),
        (meta(ElementDataFile="/map.raw"), "volume.partner_elsewhere"),
        (meta(ElementDataFile="map.raw"), "volume.partner_missing"),
    ],
)
def test_a_metaimage_header_is_read_or_refused(
    refusal: Callable[[str, bytes], str], data: bytes, code: str
) -> None:
    assert refusal("map.mha", data) == code


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "map.nii.gz": lambda voxels: gzip.compress(nifti() + voxels),
    "map.nrrd": lambda voxels: nrrd(gzip.compress(VOXELS.tobytes() + voxels), encoding="gzip"),
    "map.mha": lambda voxels: packed_meta(VOXELS.tobytes() + voxels),
}


@pytest.mark.parametrize("name", PACKED)
def test_a_few_bytes_that_unpack_to_a_flood_are_refused_and_not_unpacked(
    refusal: Callable[[str, bytes], str], name: str
) -> None:
    flood = PACKED[name](bytes(1 << 28))
    assert len(flood) < 1 << 20
    assert refusal(name, flood) == "volume.length"


@pytest.mark.parametrize("name", PACKED)
def test_a_packed_file_with_one_wrong_byte_gives_the_same_values_or_none(
    tmp_path: Path, reader: VolumeReader, name: str
) -> None:
    sound = PACKED[name](b"")
    path = tmp_path / name
    path.write_bytes(sound)
    truth = reader.read(path)
    np.testing.assert_array_equal(np.sort(truth, axis=None), VOXELS.ravel())
    unharmed = 0
    # from the packed voxels on, the checksum at the end included
    for place in range(len(sound) - 600, len(sound), 7):
        damaged = bytearray(sound)
        damaged[place] ^= 0x10
        path.write_bytes(damaged)
        if code_of(reader.read, path) == "":
            # a bit between two parts of the packed data means nothing
            np.testing.assert_array_equal(reader.read(path), truth)
            unharmed += 1
    assert unharmed < 5


def test_a_file_packed_in_several_parts_is_one_file(refusal: Callable[[str, bytes], str]) -> None:
    whole = nifti()
    assert refusal("map.nii.gz", gzip.compress(whole[:500]) + gzip.compress(whole[500:])) == ""
    assert refusal("map.nii.gz", gzip.compress(whole[:500]) + gzip.compress(whole[500:-2])) == "volume.length"


PLAIN = {
    "map.nii": nifti(),
    "map.nii.gz": gzip.compress(nifti()),
    "map.nrrd": nrrd(),
    "packed.nrrd": nrrd(gzip.compress(VOXELS.tobytes()), encoding="gzip"),
    "map.mha": meta(),
    "packed.mha": packed_meta(VOXELS.tobytes()),
}
# bytes of the header; a packed file has none that could be told apart
HEADERS = {
    "map.nii": 352,
    "map.nii.gz": len(PLAIN["map.nii.gz"]),
    "map.nrrd": len(nrrd(b"")),
    "packed.nrrd": len(nrrd(b"", encoding="gzip")),
    "map.mha": len(meta(b"")),
    "packed.mha": len(packed_meta(VOXELS.tobytes())) - len(zlib.compress(VOXELS.tobytes())),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_truncated_file_is_refused_wherever_it_ends(
    tmp_path: Path, reader: VolumeReader, name: str
) -> None:
    whole, path = PLAIN[name], tmp_path / name
    for end in (*range(0, len(whole), max(1, len(whole) // 60)), len(whole) - 1):
        path.write_bytes(whole[:end])
        with pytest.raises(BadVolume):
            reader.read(path)


def mutated(whole: bytes, header: int, seed: str) -> bytes:
    """A file with one to eight bytes of its header changed."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    data = bytearray(whole)
    for _ in range(dice.choice((1, 1, 2, 4, 8))):
        data[dice.randrange(header)] = dice.choice((dice.randrange(256), 0, 255, 127, 128, *b"0129- \n"))
    return bytes(data)


def possible(values: np.ndarray, line: tuple[float, float]) -> bool:
    """Whether values are those of the bytes, in an order and a kind that a header could rightly name."""
    found = np.sort(values, axis=None)
    readings = (np.frombuffer(VOXELS.tobytes(), kind) for kind in ("<i2", ">i2", "<u2", ">u2"))
    scaled = (np.sort(reading.astype(np.float32) * np.float32(line[0]) + line[1]) for reading in readings)
    return any(np.allclose(found, one, rtol=1e-5, atol=1e-5, equal_nan=True) for one in scaled)


def flip(tmp_path: Path, reader: VolumeReader, name: str, tries: int) -> int:
    """Read a file many times, each time damaged otherwise; how often it was refused."""
    path, refused = tmp_path / name, 0
    for number in range(tries):
        path.write_bytes(mutated(PLAIN[name], HEADERS[name], f"{name} {number}"))
        try:
            info, values = reader.describe(path), reader.read(path)
        except BadVolume:
            refused += 1
            continue
        assert values.shape == info.grid.shape
        assert np.isfinite(info.grid.to_patient((0, 0, 0))).all()
        assert possible(values, info.line), f"wrong values, number {number}"
    return refused


@pytest.mark.parametrize("name", PLAIN)
def test_a_damaged_header_is_refused_or_leaves_the_values_what_they_are(
    tmp_path: Path, reader: VolumeReader, name: str
) -> None:
    assert 0 < flip(tmp_path, reader, name, 60) <= 60


@pytest.mark.long
@pytest.mark.parametrize("name", PLAIN)
def test_many_damaged_headers_are_refused_or_leave_the_values_what_they_are(
    tmp_path: Path, reader: VolumeReader, name: str
) -> None:
    assert 0 < flip(tmp_path, reader, name, 500) <= 500
