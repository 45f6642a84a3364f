from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest

from app.domain.phantom import IMAGE_NAMES, Phantom, make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.files.dicom.write_ge import MODEL_NAME, CaseHeader, Layout, make_uid, write_ideal_iq

CASE = CaseHeader("Phantom^01", "00417", "MR260101", "20260208", "F", birth_date="", age="065Y")
LAYOUTS: tuple[Layout, ...] = ("series_per_contrast", "one_series_scrambled")
Written = tuple[Layout, list[Path]]


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(PhantomSpec(seed=11, slices=4, rows=96, cols=112, anterior_right=True))


@pytest.fixture(scope="module", params=LAYOUTS)
def written(
    request: pytest.FixtureRequest, phantom: Phantom, tmp_path_factory: pytest.TempPathFactory
) -> Written:
    folder = tmp_path_factory.mktemp("exam") / "new" / "folder"
    return request.param, write_ideal_iq(phantom, folder, case=CASE, layout=request.param, uid_seed="exam11")


def _read(paths: list[Path]) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(path) for path in paths]


def test_files_are_numbered_without_extension_and_none_is_missing(written: Written) -> None:
    _, paths = written
    assert [path.name for path in paths] == [f"IM{number:04d}" for number in range(1, 25)]
    assert sorted(path.name for path in paths[0].parent.iterdir()) == [path.name for path in paths]


def test_what_is_read_back_is_what_the_phantom_holds(written: Written, phantom: Phantom) -> None:
    _, paths = written
    grid = phantom.grid
    seen = {name: np.full(grid.shape, -1, np.int16) for name in IMAGE_NAMES}
    for data in _read(paths):
        where = grid.to_index([float(value) for value in data.ImagePositionPatient])
        assert where == pytest.approx(np.round(where), abs=1e-4)
        assert where[1:] == pytest.approx([0, 0], abs=1e-4)
        seen[data.ImageType[3]][round(where[0])] = data.pixel_array
    for name in IMAGE_NAMES:
        assert np.array_equal(seen[name], phantom.images[name])


def test_geometry_is_written_as_the_grid_has_it(written: Written, phantom: Phantom) -> None:
    data = _read(written[1])[0]
    assert list(data.ImageOrientationPatient) == [0, -1, 0, 0, 0, -1]
    assert [float(value) for value in data.PixelSpacing] == pytest.approx(phantom.grid.spacing_mm[1:])
    assert data.SliceThickness == data.SpacingBetweenSlices == phantom.grid.spacing_mm[0]
    assert (data.Rows, data.Columns) == (96, 112)
    assert list(data.AcquisitionMatrix) == [0, 112, 96, 0]


def test_attributes_are_those_of_ge_ideal_iq_but_the_model_says_synthetic(written: Written) -> None:
    for data in _read(written[1]):
        assert data.SOPClassUID.name == "MR Image Storage"
        assert data.Manufacturer == "GE MEDICAL SYSTEMS"
        assert data.ManufacturerModelName == MODEL_NAME
        assert list(data.ImageType[:3]) == ["DERIVED", "PRIMARY", "DIXON"]
        assert data[0x0019, 0x0010].value == "GEMS_ACQU_01"
        assert data[0x0019, 0x109C].value.startswith("ideal3d")
        assert data[0x0043, 0x0010].value == "GEMS_PARM_01"
        assert (data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation) == (
            16,
            16,
            15,
            1,
        )
        assert "RescaleSlope" not in data
        assert data.ScanningSequence == "RM"
        assert data.MRAcquisitionType == "3D"
        assert data.MagneticFieldStrength == 3.0
        assert data.WindowWidth == max(data.pixel_array.max(), 1)
        assert data.WindowCenter == data.pixel_array.max() / 2
        assert data.LargestImagePixelValue == data.pixel_array.max()


def test_identity_is_kept_as_text_with_its_leading_zeros(written: Written) -> None:
    data = _read(written[1])[0]
    assert (data.PatientID, str(data.PatientName), data.AccessionNumber) == (
        "00417",
        "Phantom^01",
        "MR260101",
    )
    assert (data.PatientSex, data.PatientAge, data.StudyDate) == ("F", "065Y", "20260208")


def test_images_share_study_and_frame_and_have_uids_of_their_own(written: Written) -> None:
    layout, paths = written
    data = _read(paths)
    assert len({item.StudyInstanceUID for item in data}) == 1
    assert len({item.FrameOfReferenceUID for item in data}) == 1
    assert len({item.SOPInstanceUID for item in data}) == len(data)
    assert all(item.SOPInstanceUID == item.file_meta.MediaStorageSOPInstanceUID for item in data)
    assert all(item.SOPInstanceUID.startswith("2.25.") and item.SOPInstanceUID.is_valid for item in data)
    series = {item.SeriesInstanceUID for item in data}
    assert len(series) == (6 if layout == "series_per_contrast" else 1)


def test_series_are_described_by_contrast_or_all_contrasts_are_shuffled_in_one(written: Written) -> None:
    layout, paths = written
    data = _read(paths)
    if layout == "series_per_contrast":
        described = {item.ImageType[3]: item.SeriesDescription for item in data}
        assert described["FAT_FRACTION"] == "FatFrac: Sag IDEAL IQ"
        assert described["R2_STAR_MAP"] == "R2*: Sag IDEAL IQ"
        assert described["WATER"] == "WATER: Sag IDEAL IQ"
        assert {item.SeriesNumber for item in data} == set(range(400, 406))
    else:
        assert [item.InstanceNumber for item in data] == list(range(1, 25))
        assert len({item.ImageType[3] for item in data[:6]}) > 1
        positions = [
            float(item.ImagePositionPatient[0]) for item in data if item.ImageType[3] == "FAT_FRACTION"
        ]
        assert positions != sorted(positions)


def test_writing_again_gives_the_same_bytes_and_another_seed_other_uids(
    written: Written, phantom: Phantom, tmp_path: Path
) -> None:
    layout, paths = written
    again = write_ideal_iq(phantom, tmp_path / "again", case=CASE, layout=layout, uid_seed="exam11")
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in paths]
    other = write_ideal_iq(phantom, tmp_path / "other", case=CASE, layout=layout, uid_seed="exam12")
    assert _read(other[:1])[0].StudyInstanceUID != _read(paths[:1])[0].StudyInstanceUID


def test_an_unknown_age_is_left_out(phantom: Phantom, tmp_path: Path) -> None:
    case = CaseHeader("Phantom^02", "0402", "MR260102", "20260209", "M")
    data = _read(write_ideal_iq(phantom, tmp_path, case=case, uid_seed="exam12"))[0]
    assert "PatientAge" not in data


def test_a_uid_depends_on_every_one_of_its_parts() -> None:
    assert make_uid("a", "b") == make_uid("a", "b")
    assert len({make_uid("a", "b"), make_uid("a", "c"), make_uid("ab"), make_uid("b", "a")}) == 4
