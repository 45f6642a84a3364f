"""NIfTI, NRRD and MetaImage: the voxels and places that SimpleITK, the tests' second opinion, wrote."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import SimpleITK as sitk  # noqa: N813 - the name everybody gives it

from app.domain.errors import Cancelled
from app.domain.grid import Grid, orientation_of
from app.files import volumes
from app.files.volumes import BadVolume, VolumeReader, describe, is_volume, read_volume

KINDS = {
    "map.nii": "nifti",
    "map.nii.gz": "nifti",
    "map.nrrd": "nrrd",
    "map.nhdr": "nrrd",
    "map.mha": "metaimage",
    "map.mhd": "metaimage",
}
SAGITTAL = (0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
RIGHT_TO_LEFT = (-1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


def tilted() -> tuple[float, ...]:
    """Sagittal, turned by 12 degrees about the long axis of the body."""
    angle = np.radians(12)
    about_z = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    return tuple((about_z @ np.array(SAGITTAL).reshape(3, 3)).ravel().tolist())


DIRECTIONS = {"sagittal": SAGITTAL, "axial": AXIAL, "left-handed": RIGHT_TO_LEFT, "tilted": tilted()}


def image(
    values: npt.NDArray[np.generic] | None = None,
    direction: tuple[float, ...] = SAGITTAL,
    spacing: tuple[float, float, float] = (1.25, 1.5, 4.0),
) -> sitk.Image:
    """A volume in which no voxel is like another, with SimpleITK's order: column, row, slice."""
    if values is None:
        values = np.arange(5 * 12 * 16, dtype=np.int16).reshape(5, 12, 16) - 300
    made = sitk.GetImageFromArray(values)
    made.SetSpacing(spacing)
    made.SetOrigin((7.5, -41.25, 63.0))
    made.SetDirection(direction)
    return made


def write(made: sitk.Image, path: Path, *, packed: bool = False) -> Path:
    sitk.WriteImage(made, str(path), useCompression=packed)
    return path


@pytest.fixture(scope="module")
def reader() -> Iterator[VolumeReader]:
    """One process for all the files of this module."""
    with VolumeReader() as shared:
        yield shared


def places(grid: Grid) -> npt.NDArray[np.float64]:
    return grid.to_patient(np.moveaxis(np.indices(grid.shape), 0, -1))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("direction", DIRECTIONS)
def test_every_value_stays_at_its_place_in_the_patient(
    tmp_path: Path, reader: VolumeReader, name: str, direction: str
) -> None:
    made = image(direction=DIRECTIONS[direction])
    path = write(made, tmp_path / name)
    info, values = reader.describe(path), reader.read(path)
    assert is_volume(path)
    assert (info.kind, values.dtype, values.shape) == (KINDS[name], np.int16, info.grid.shape)
    for index in ((0, 0, 0), (15, 11, 4), (3, 7, 2), (15, 0, 1)):
        place = info.grid.to_index(made.TransformIndexToPhysicalPoint(index))
        np.testing.assert_allclose(place, np.round(place), atol=1e-4)
        assert values[tuple(np.round(place).astype(int))] == made[index]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_all_formats_give_one_grid_and_the_same_values(
    tmp_path: Path, reader: VolumeReader, direction: str
) -> None:
    made = image(direction=DIRECTIONS[direction])
    paths = [write(made, tmp_path / name) for name in KINDS]
    first, *others = [reader.describe(path).grid for path in paths]
    assert all(np.allclose(places(first), places(other), atol=1e-4) for other in others)
    values = [reader.read(path) for path in paths]
    assert all(np.array_equal(values[0], other) for other in values[1:])


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_a_volume_lies_as_the_dicom_series_of_its_slices_would(
    tmp_path: Path, reader: VolumeReader, direction: str
) -> None:
    grid = reader.describe(write(image(direction=DIRECTIONS[direction]), tmp_path / "map.mha")).grid
    normal, down, across = (np.array(axis) for axis in grid.axes)
    np.testing.assert_allclose(np.cross(across, down), normal, atol=1e-6)
    shown = orientation_of(grid)
    assert (shown.transpose, shown.flip_rows, shown.flip_cols) == (False, False, False)


def test_the_largest_spacing_counts_the_slices(tmp_path: Path, reader: VolumeReader) -> None:
    made = image(direction=AXIAL, spacing=(4.0, 1.5, 1.25))
    grid = reader.describe(write(made, tmp_path / "map.nii")).grid
    assert (grid.shape, grid.plane) == ((16, 5, 12), "sagittal")
    assert grid.spacing_mm == pytest.approx((4.0, 1.25, 1.5))


def test_of_equal_spacings_the_one_from_left_to_right_counts_the_slices(
    tmp_path: Path, reader: VolumeReader
) -> None:
    made = image(direction=AXIAL, spacing=(1.0, 1.004, 1.0))
    assert reader.describe(write(made, tmp_path / "map.nrrd")).grid.shape == (16, 5, 12)


def test_an_axial_stack_stays_one(tmp_path: Path, reader: VolumeReader) -> None:
    grid = reader.describe(write(image(direction=AXIAL), tmp_path / "map.nrrd")).grid
    assert (grid.shape, grid.plane) == ((5, 12, 16), "axial")


def test_one_slice_is_a_volume_too(tmp_path: Path, reader: VolumeReader) -> None:
    only = np.arange(12 * 16, dtype=np.int16).reshape(1, 12, 16)
    for name in KINDS:
        path = write(image(only), tmp_path / name)
        assert np.sort(reader.read(path), axis=None).tolist() == list(range(192))
        assert reader.describe(path).grid.shape[0] == 1


@pytest.mark.parametrize("name", ["map.nii.gz", "map.nrrd", "map.mha", "map.mhd"])
def test_compressed_voxels_are_the_same(tmp_path: Path, reader: VolumeReader, name: str) -> None:
    plain = reader.read(write(image(), tmp_path / "plain.mha"))
    np.testing.assert_array_equal(reader.read(write(image(), tmp_path / name, packed=True)), plain)


@pytest.mark.parametrize(
    ("kind", "top", "becomes"),
    [
        (np.int16, 32767, np.int16),
        (np.uint16, 65535, np.uint16),
        (np.uint8, 255, np.int16),
        (np.int8, 127, np.int16),
        (np.int32, 32767, np.int16),
        (np.int32, 65535, np.uint16),
        (np.int32, 65536, np.float64),
        (np.int64, 70000, np.float64),
        (np.float32, 99.5, np.float32),
        (np.float64, 1 / 3, np.float64),
    ],
)
def test_numbers_are_kept_or_moved_into_a_kind_that_holds_them_all(
    tmp_path: Path, reader: VolumeReader, kind: type[np.generic], top: float, becomes: type[np.generic]
) -> None:
    values = np.zeros((5, 12, 16), kind)
    values[1, 2, 3] = top
    found = reader.read(write(image(values), tmp_path / "map.nrrd"))
    assert found.dtype == becomes
    assert found.max() == kind(top)


def test_negative_integers_beyond_16_bits_become_floating_point(tmp_path: Path, reader: VolumeReader) -> None:
    values = np.full((5, 12, 16), -40000, np.int32)
    found = reader.read(write(image(values), tmp_path / "map.mha"))
    assert (found.dtype, found.min()) == (np.float64, -40000)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_voxels_without_a_number_have_no_value_and_are_not_zero(
    tmp_path: Path, reader: VolumeReader, name: str, kind: type[np.floating]
) -> None:
    values = np.arange(5 * 12 * 16, dtype=kind).reshape(5, 12, 16)
    values[0, 0, :3] = np.inf, -np.inf, np.nan
    values[4, 7, 2] = np.nan
    made = image(values)
    path = write(made, tmp_path / name)
    found, grid = reader.read(path), reader.describe(path).grid
    assert np.isnan(found).sum() == 4
    for index in ((0, 0, 0), (1, 0, 0), (2, 0, 0), (2, 7, 4)):
        place = np.round(grid.to_index(made.TransformIndexToPhysicalPoint(index))).astype(int)
        assert np.isnan(found[tuple(place)])
    assert np.nanmin(found) == 3


@pytest.mark.parametrize("name", KINDS)
def test_a_volume_without_any_value_is_refused(tmp_path: Path, reader: VolumeReader, name: str) -> None:
    path = write(image(np.full((5, 12, 16), np.nan, np.float32)), tmp_path / name)
    with pytest.raises(BadVolume) as refused:
        reader.read(path)
    assert refused.value.code == "volume.no_values"


@pytest.mark.parametrize("name", ["map.nii", "map.nrrd", "map.mha"])
@pytest.mark.parametrize("what", ["flat", "colours", "complex", "time"])
def test_what_is_not_one_stack_of_plain_numbers_is_refused(
    tmp_path: Path, reader: VolumeReader, name: str, what: str
) -> None:
    values = np.ones((5, 12, 16), np.float32)
    made = {
        "flat": sitk.GetImageFromArray(values[0]),
        "colours": sitk.GetImageFromArray(np.ones((5, 12, 16, 3), np.uint8), isVector=True),
        "complex": sitk.GetImageFromArray(values + 1j),
        "time": sitk.JoinSeries([image(values), image(values)]),
    }[what]
    try:
        path = write(made, tmp_path / name)
    except RuntimeError:
        pytest.skip("the format has no form for it")
    with pytest.raises(BadVolume) as refused:
        reader.describe(path)
    assert refused.value.code in {
        "volume.not_scalar",
        "volume.not_three_dimensional",
        "volume.no_orientation",
    }


def test_a_volume_in_an_archive_is_read_like_any_other(tmp_path: Path, reader: VolumeReader) -> None:
    plain = reader.read(write(image(), tmp_path / "map.mhd"))
    with zipfile.ZipFile(tmp_path / "sent.zip", "w") as archive:
        for name in ("map.mhd", "map.raw"):
            archive.write(tmp_path / name, f"patient/{name}")
        archive.write(write(image(), tmp_path / "map.nii.gz"), "map.nii.gz")
    for member in ("patient/map.mhd", "map.nii.gz"):
        path = tmp_path / "sent.zip" / member
        assert is_volume(path)
        np.testing.assert_array_equal(reader.read(path), plain)


def test_a_name_the_library_does_not_know_is_read_from_a_copy(
    tmp_path: Path, reader: VolumeReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(volumes, "_PLAIN_NAMES_ONLY", True)
    asked: list[str] = []
    monkeypatch.setattr(volumes, "Job", lambda *told: asked.append(told[1]) or original(*told))
    folder = tmp_path / "张三"
    folder.mkdir()
    plain = reader.read(write(image(), folder / "map.nii.gz"))
    moved = (folder / "map.nii.gz").rename(folder / "脂肪分数.nii.gz")
    np.testing.assert_array_equal(reader.read(moved), plain)
    # a folder of any name is entered
    assert asked == ["map.nii.gz", "volume.nii.gz"]


original = volumes.Job


def test_the_partner_of_a_header_is_named(tmp_path: Path, reader: VolumeReader) -> None:
    write(image(), tmp_path / "map.mhd")
    assert reader.describe(tmp_path / "map.mhd").partner == tmp_path / "map.raw"
    assert reader.describe(write(image(), tmp_path / "map.mha")).partner is None


def test_each_file_may_be_read_on_its_own(tmp_path: Path) -> None:
    path = write(image(), tmp_path / "map.nii.gz")
    assert read_volume(path).shape == describe(path).grid.shape


def test_another_file_is_no_volume_whatever_its_name(tmp_path: Path) -> None:
    for name in ("notes.nii", "notes.nii.gz", "notes.nrrd", "notes.mhd"):
        (tmp_path / name).write_text("measured on Tuesday")
        assert not is_volume(tmp_path / name)
    plain = write(image(), tmp_path / "map.mha")
    assert not is_volume(plain.rename(tmp_path / "map.dat"))
    assert not is_volume(tmp_path / "missing.nii")


def end_at_once(connection: Connection) -> None:
    connection.recv()


def wait_for_ever(connection: Connection) -> None:
    connection.recv()
    connection.recv()


def test_a_process_that_ends_over_a_file_costs_only_that_file(tmp_path: Path) -> None:
    path = write(image(), tmp_path / "map.mha")
    with VolumeReader(body=end_at_once) as reader:
        for _ in range(2):
            with pytest.raises(BadVolume) as refused:
                reader.read(path)
            assert refused.value.code == "volume.unreadable"


def test_waiting_for_a_file_can_be_stopped(tmp_path: Path) -> None:
    def stop() -> None:
        raise Cancelled

    path = write(image(), tmp_path / "map.mha")
    with VolumeReader(look=stop, body=wait_for_ever) as reader, pytest.raises(Cancelled):
        reader.describe(path)
