from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.domain.errors import InputError
from app.domain.phantom import IMAGE_NAMES, CleanMaps, draw_anatomy, make_phantom
from app.domain.phantom_noise import R2STAR_LIMIT, fit_covariance
from app.domain.phantom_spec import LUMBAR_LEVELS, Lesion, LesionKind, PhantomSpec

SPEC = PhantomSpec(seed=5, ff_l1=42.0, ff_slope=1.1, r2star_l1=150.0, r2star_slope=-1.3)
SMALL = replace(SPEC, slices=8, rows=128, cols=128)


@pytest.fixture(scope="module")
def clean() -> CleanMaps:
    return draw_anatomy(SPEC)


def test_equal_specs_give_equal_integers_and_another_seed_does_not() -> None:
    first, again, other = (make_phantom(spec).images for spec in (SMALL, SMALL, replace(SMALL, seed=6)))
    assert all(np.array_equal(first[name], again[name]) for name in IMAGE_NAMES)
    assert not np.array_equal(first["FAT_FRACTION"], other["FAT_FRACTION"])


def test_the_images_are_read_only_integers_within_what_a_scanner_stores() -> None:
    phantom = make_phantom(SMALL)
    for array in phantom.images.values():
        assert array.shape == phantom.grid.shape == (8, 128, 128)
        assert array.dtype == np.int16
        assert not array.flags.writeable
        assert array.min() >= 0
    assert phantom.images["FAT_FRACTION"].max() == 100
    assert phantom.images["R2_STAR_MAP"].max() <= R2STAR_LIMIT


def test_the_noise_free_maps_have_the_set_values_as_mean_of_every_safe_rectangle(clean: CleanMaps) -> None:
    for level in clean.truth.levels:
        assert 100 * clean.ff[level.safe.index].mean() == pytest.approx(level.ff, abs=0.1)
        assert clean.r2star[level.safe.index].mean() == pytest.approx(level.r2star, abs=0.3)
        assert level.flag is None


def test_the_truth_rises_in_fat_and_falls_in_r2star_from_l1_to_l5(clean: CleanMaps) -> None:
    assert [level.level for level in clean.truth.levels] == list(LUMBAR_LEVELS)
    assert np.diff([level.ff for level in clean.truth.levels]) == pytest.approx(np.full(4, 1.1))
    assert np.diff([level.r2star for level in clean.truth.levels]) == pytest.approx(np.full(4, -1.3))


def test_marrow_is_not_flat_but_varies_from_place_to_place(clean: CleanMaps) -> None:
    spread = [100 * clean.ff[level.safe.index].std() for level in clean.truth.levels]
    assert min(spread) > 0.5
    assert max(spread) < 5


def test_a_safe_rectangle_keeps_three_millimetres_from_the_walls_and_the_posterior_third(
    clean: CleanMaps,
) -> None:
    for level in clean.truth.levels:
        safe, tilt = level.safe, np.deg2rad(level.tilt_deg)
        rows = safe.row0 - 0.5 + safe.rows * np.array([0, 0, 1, 1])
        cols = safe.col0 - 0.5 + safe.cols * np.array([0, 1, 0, 1])
        corners = clean.grid.to_patient(np.stack([np.full(4, safe.slice_index), rows, cols], axis=-1))
        y, z = (corners - level.centre_lps_mm).T[1:]
        u, v = y * np.cos(tilt) + z * np.sin(tilt), z * np.cos(tilt) - y * np.sin(tilt)
        assert u.min() > -level.depth_mm / 2 + 3
        assert u.max() < level.depth_mm / 6
        assert np.abs(v).max() < level.height_mm / 2 - 3
        area = safe.rows * safe.cols * clean.grid.pixel_area_mm2
        assert area >= 80


def test_the_centre_in_voxels_is_the_centre_in_the_patient(clean: CleanMaps) -> None:
    mirrored = draw_anatomy(replace(SPEC, anterior_right=True))
    for maps in (clean, mirrored):
        for level in maps.truth.levels:
            assert maps.grid.to_patient(level.centre_voxel) == pytest.approx(level.centre_lps_mm, abs=1e-3)
            assert abs(level.centre_voxel[0] - maps.truth.mid_slice) < 1


def test_neighbouring_vertebrae_lie_as_far_apart_as_in_people(clean: CleanMaps) -> None:
    centres = np.array([level.centre_lps_mm for level in clean.truth.levels])
    steps = np.linalg.norm(np.diff(centres, axis=0), axis=1)
    assert steps.min() > 30
    assert steps.max() < 45
    assert np.all(np.diff(centres[:, 2]) < 0)


def test_anterior_at_the_right_is_the_same_patient_mirrored_on_the_screen(clean: CleanMaps) -> None:
    mirrored = draw_anatomy(replace(SPEC, anterior_right=True))
    assert mirrored.grid.axes == ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, -1.0, 0.0))
    assert np.array_equal(mirrored.ff[::-1, :, ::-1], clean.ff)
    for level, plain in zip(mirrored.truth.levels, clean.truth.levels, strict=True):
        assert level.centre_lps_mm == plain.centre_lps_mm
        assert np.array_equal(mirrored.ff[level.safe.index], clean.ff[plain.safe.index][:, ::-1])
    last = clean.grid.to_patient([15, 0, 255])
    assert mirrored.grid.origin_mm == pytest.approx(last, abs=1e-3)


def test_tissues_read_what_they_should(clean: CleanMaps) -> None:
    l3 = clean.truth.level("L3")
    mid = clean.truth.mid_slice
    row, col = round(l3.centre_voxel[1]), round(l3.centre_voxel[2])
    behind = clean.ff[mid, row, col:]
    pixel = SPEC.pixel_mm
    canal = behind[round((l3.depth_mm / 2 + 6) / pixel) : round((l3.depth_mm / 2 + 11) / pixel)]
    assert 100 * canal.mean() < 5
    skin = int(np.flatnonzero(clean.signal[mid, row] > 0.1)[-1])
    assert 100 * clean.ff[mid, row, skin - 11 : skin - 5].mean() == pytest.approx(94, abs=3)
    disc_row = row - round((l3.height_mm / 2 + 5) / pixel)
    assert 100 * clean.ff[mid, disc_row, col - 5 : col + 5].mean() < 10
    assert clean.r2star[mid, disc_row, col - 5 : col + 5].mean() < 60


def test_a_vertebral_body_ends_at_its_sides(clean: CleanMaps) -> None:
    l3 = clean.truth.level("L3")
    index = l3.safe.index
    outer = clean.ff[(clean.truth.mid_slice - 6, *index[1:])]
    assert abs(100 * outer.mean() - l3.ff) > 10


def test_air_reads_anything(clean: CleanMaps) -> None:
    images = make_phantom(SPEC).images
    corner = (slice(None), slice(120, 136), slice(-8, None))
    assert clean.signal[corner].max() < 1e-3
    assert images["FAT_FRACTION"][corner].std() > 20
    assert images["R2_STAR_MAP"][corner].max() > 0.9 * R2STAR_LIMIT
    assert images["WATER"][corner].mean() < 0.05 * images["WATER"].max()


def test_the_noise_in_marrow_is_the_cramer_rao_bound_at_the_local_signal(clean: CleanMaps) -> None:
    phantom = make_phantom(SPEC)
    deviations: list[np.ndarray] = []
    for level in clean.truth.levels:
        index = level.safe.index
        bound = fit_covariance(clean.ff[index].astype(float), clean.r2star[index].astype(float))
        sd = np.sqrt(np.einsum("...ii->...i", bound)) / (SPEC.snr * clean.signal[index][..., None])
        ff = (phantom.images["FAT_FRACTION"][index] / 100 - clean.ff[index]) / np.hypot(
            sd[..., 0], 0.01 / 12**0.5
        )
        r2star = (phantom.images["R2_STAR_MAP"][index] - clean.r2star[index]) / np.hypot(
            sd[..., 1], 1 / 12**0.5
        )
        deviations.append(np.stack([ff.ravel(), r2star.ravel()]))
    spread = np.concatenate(deviations, axis=1).std(axis=1)
    assert spread == pytest.approx([1, 1], abs=0.1)


def test_water_and_fat_and_the_two_phases_agree_with_the_fat_fraction() -> None:
    images = make_phantom(SMALL).images
    total = images["WATER"].astype(float) + images["FAT"]
    bright = total > 300
    again = 100.0 * images["FAT"][bright] / total[bright]
    assert np.abs(again - images["FAT_FRACTION"][bright]).max() < 0.8
    assert np.abs(total - images["IN_PHASE"]).max() <= 1.5
    opposed = np.abs(images["WATER"].astype(float) - images["FAT"])
    assert np.abs(opposed - images["OUT_PHASE"]).max() <= 1.5


def test_a_fracture_lowers_the_body_and_its_front_and_flags_only_its_level(clean: CleanMaps) -> None:
    broken = draw_anatomy(replace(SPEC, lesion=Lesion("fracture", "L2")))
    assert [level.flag for level in broken.truth.levels] == [None, "FX_ACUTE", None, None, None]
    assert broken.truth.level("L2").height_mm < 0.85 * clean.truth.level("L2").height_mm
    assert 100 * broken.ff[broken.truth.level("L2").safe.index].mean() < broken.truth.level("L2").ff - 2


def test_a_haemangioma_is_a_fatty_focus_in_its_level() -> None:
    maps = draw_anatomy(replace(SPEC, lesion=Lesion("haemangioma", "L3")))
    assert [level.flag for level in maps.truth.levels] == [None, None, "HEMANG", None, None]
    inside = 100 * maps.ff[maps.truth.level("L3").safe.index]
    assert np.percentile(inside, 80) > 70
    assert 100 * maps.ff[maps.truth.level("L2").safe.index].max() < 60


def test_a_swap_exchanges_water_and_fat_around_its_level() -> None:
    spec = replace(SPEC, ff_l1=30.0, lesion=Lesion("swap", "L4"))
    plain, swapped = draw_anatomy(replace(spec, lesion=None)), draw_anatomy(spec)
    level = swapped.truth.level("L4")
    assert level.flag == "SWAP"
    assert 100 * swapped.ff[level.safe.index].mean() == pytest.approx(100 - level.ff, abs=3)
    untouched = swapped.truth.level("L1")
    assert untouched.flag is None
    assert np.array_equal(swapped.ff[untouched.safe.index], plain.ff[untouched.safe.index])


def test_a_level_that_is_not_there_has_no_truth(clean: CleanMaps) -> None:
    with pytest.raises(KeyError):
        clean.truth.level("L6")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"slices": 3}, "phantom.matrix"),
        ({"cols": 64}, "phantom.matrix"),
        ({"ff_l1": 4.0}, "phantom.marrow"),
        ({"ff_l1": 88.0, "ff_slope": 2.0}, "phantom.marrow"),
        ({"r2star_slope": -40.0}, "phantom.marrow"),
        ({"snr": 5.0}, "phantom.snr"),
        ({"snr": float("nan")}, "phantom.snr"),
    ],
)
def test_an_impossible_exam_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(InputError) as refusal:
        replace(SPEC, **change)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("kind", "level", "code"),
    [("bruise", "L1", "phantom.lesion_kind"), ("swap", "T12", "phantom.lesion_level")],
)
def test_an_unknown_lesion_is_refused(kind: LesionKind, level: str, code: str) -> None:
    with pytest.raises(InputError) as refusal:
        Lesion(kind, level)
    assert refusal.value.code == code
