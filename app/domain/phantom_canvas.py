"""A canvas of tissue: paints smooth shapes as mixtures of water and fat, blurs, and draws smooth noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Maps = NDArray[np.float32]
Box = tuple[slice, slice, slice]


@dataclass(frozen=True, slots=True)
class Tissue:
    """What one tissue contributes to a voxel it fills.

    Parameters
    ----------
    signal : float or ndarray
        Water plus fat at echo time zero; marrow is about 1.
    ff : float or ndarray
        Fat fraction, percent.
    r2star : float or ndarray
        s^-1.
    """

    signal: float | Maps
    ff: float | Maps
    r2star: float | Maps


class Canvas:
    """Water, fat and signal-weighted R2* on a sagittal grid, anterior at column 0, superior at row 0.

    Water and fat add up in a voxel, so partial volume is painted in these and not in FF. R2* of a mixture is
    taken as its signal-weighted mean (the first order in R2* * TE).

    Parameters
    ----------
    left_mm : ndarray of float, shape (slices,)
        Position of the slices along patient left, falling.
    down_mm : ndarray of float, shape (rows,)
        Position of the rows along patient superior, falling.
    back_mm : ndarray of float, shape (cols,)
        Position of the columns along patient posterior, rising.

    Attributes
    ----------
    wobble : ndarray of float32, shape (slices, rows, cols)
        Smooth field of SD 1 by which outlines are roughened (nil until set).
    """

    def __init__(
        self,
        left_mm: NDArray[np.floating],
        down_mm: NDArray[np.floating],
        back_mm: NDArray[np.floating],
    ) -> None:
        self.x: Maps = left_mm.astype(np.float32)[:, None, None]
        self.z: Maps = down_mm.astype(np.float32)[None, :, None]
        self.y: Maps = back_mm.astype(np.float32)[None, None, :]
        self.pixel_mm = float(back_mm[1] - back_mm[0])
        self.shape = (left_mm.size, down_mm.size, back_mm.size)
        self.everywhere: Box = (slice(0, self.shape[0]), slice(0, self.shape[1]), slice(0, self.shape[2]))
        self.water, self.fat, self.decay = (np.zeros(self.shape, np.float32) for _ in range(3))
        self.wobble = np.zeros(self.shape, np.float32)

    def box(
        self,
        *,
        y: tuple[float, float],
        z: tuple[float, float] | None = None,
        x: tuple[float, float] | None = None,
    ) -> Box:
        """Voxels whose centres lie within the given limits in mm (possibly none)."""
        slices = _span(self.x.ravel(), *x) if x else slice(0, self.shape[0])
        rows = _span(self.z.ravel(), *z) if z else slice(0, self.shape[1])
        return (slices, rows, _span(self.y.ravel(), *y))

    def noise(
        self, rng: np.random.Generator, box: Box, scale_mm: tuple[float, float], slices: float = 1.5
    ) -> Maps:
        """Smooth noise over a box; kernel SD in mm down and along the rows, and in slices across them."""
        across, down, along = (part.stop - part.start for part in box)
        return smooth_noise(
            rng, (across, down, along), (slices, scale_mm[0] / self.pixel_mm, scale_mm[1] / self.pixel_mm)
        )

    def axes(self, box: Box) -> tuple[Maps, Maps, Maps]:
        """Coordinates (x, y, z) in mm of the voxels of a box, each broadcastable to it."""
        return self.x[box[0]], self.y[:, :, box[2]], self.z[:, box[1]]

    def cover(self, distance_mm: Maps) -> Maps:
        """How much of each voxel lies inside, from the signed distance to a surface (negative inside).

        The edge is as wide as the voxel is along the surface's normal, thick slices included.

        Parameters
        ----------
        distance_mm : ndarray of float32, shape (slices, rows, cols) or broadcastable to it

        Returns
        -------
        ndarray of float32
            Between 0 and 1, same shape.
        """
        width = np.full((1, 1, 1), self.pixel_mm, np.float32)
        if distance_mm.shape[0] > 1:
            width = width + np.abs(np.gradient(distance_mm, axis=0)).astype(np.float32, copy=False)
        share: Maps = np.clip(0.5 - distance_mm / width, 0.0, 1.0)
        return share

    def paint(self, box: Box, cover: NDArray[np.floating] | float, tissue: Tissue) -> None:
        """Replace the share `cover` of the voxels of a box by a tissue."""
        signal = np.asarray(tissue.signal, np.float32)
        fat = signal * np.asarray(tissue.ff, np.float32) * np.float32(0.01)
        decay = signal * np.asarray(tissue.r2star, np.float32)
        for layer, value in ((self.water, signal - fat), (self.fat, fat), (self.decay, decay)):
            part = layer[box]
            part += cover * (value - part)

    def fill(self, box: Box, distance_mm: Maps, tissue: Tissue) -> None:
        """Paint the inside of a surface given by its signed distance in mm."""
        self.paint(box, self.cover(distance_mm), tissue)

    def blob(
        self,
        centre: tuple[float, float, float],
        radii: tuple[float, float, float],
        tissue: Tissue,
        *,
        rough_mm: float = 0.0,
    ) -> None:
        """Paint an ellipsoid; `centre` and `radii` in mm along (left, posterior, superior)."""
        swell = 1 + 3 * rough_mm / min(radii[1:])
        box = self.box(
            x=(centre[0] - 2 * radii[0] - 5, centre[0] + 2 * radii[0] + 5),
            y=(centre[1] - radii[1] * swell - 3, centre[1] + radii[1] * swell + 3),
            z=(centre[2] - radii[2] * swell - 3, centre[2] + radii[2] * swell + 3),
        )
        self.fill(box, self.ellipsoid(box, centre, radii) + np.float32(rough_mm) * self.wobble[box], tissue)

    def ellipsoid(
        self, box: Box, centre: tuple[float, float, float], radii: tuple[float, float, float]
    ) -> Maps:
        """Signed distance in mm (first order near the surface) to an ellipsoid."""
        parts = [((a - c) / r) ** 2 for a, c, r in zip(self.axes(box), centre, radii, strict=True)]
        distance: Maps = (np.sqrt(parts[0] + parts[1] + parts[2]) - 1) * np.float32(min(radii[1], radii[2]))
        return distance


def _span(falling_or_rising: Maps, low: float, high: float) -> slice:
    inside = np.flatnonzero((falling_or_rising >= low) & (falling_or_rising <= high))
    return slice(int(inside[0]), int(inside[-1]) + 1) if inside.size else slice(0, 0)


def smooth_noise(
    rng: np.random.Generator, shape: tuple[int, int, int], scale: tuple[float, float, float]
) -> Maps:
    """Gaussian random field with a Gaussian correlation, mean 0 and SD 1 at every voxel.

    Independent numbers on a coarse lattice are spread by Gaussian kernels along each axis; each row of the
    kernel matrix is scaled to unit length, so the variance is exact everywhere.

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
        Voxels along each of three axes.
    scale : tuple of float
        SD of the kernel along each axis, in voxels.

    Returns
    -------
    ndarray of float32, shape `shape`
    """
    across, down, along = (_spread(size, sigma) for size, sigma in zip(shape, scale, strict=True))
    lattice = (across.shape[1], down.shape[1], along.shape[1])
    field: Maps = rng.standard_normal(lattice, dtype=np.float32)
    layers = (across @ field.reshape(lattice[0], -1)).reshape(-1, *lattice[1:])
    spread: Maps = (down @ layers) @ along.T
    return spread


def _spread(size: int, sigma: float) -> Maps:
    nodes = np.arange(-2 * sigma, size - 1 + 3.6 * sigma, 1.6 * sigma)
    kernel = np.exp(-0.5 * ((np.arange(size)[:, None] - nodes) / sigma) ** 2)
    unit: Maps = (kernel / np.sqrt((kernel**2).sum(axis=1, keepdims=True))).astype(np.float32)
    return unit


def blur_in_plane(volume: Maps, sigma_px: float) -> Maps:
    """Convolve every slice with a Gaussian, edges repeated.

    Parameters
    ----------
    volume : ndarray of float32, shape (slices, rows, cols)
    sigma_px : float
        SD of the Gaussian in pixels, above 0.

    Returns
    -------
    ndarray of float32, same shape
    """
    reach = max(1, round(2.5 * sigma_px))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
    weights = (kernel / kernel.sum()).astype(np.float32)
    for axis in (1, 2):
        pads = [(reach, reach) if a == axis else (0, 0) for a in range(3)]
        padded, size = np.pad(volume, pads, mode="edge"), volume.shape[axis]
        volume = np.zeros_like(volume)
        for offset, weight in enumerate(weights):
            window = [slice(None)] * 3
            window[axis] = slice(offset, offset + size)
            volume += weight * padded[tuple(window)]
    return volume
