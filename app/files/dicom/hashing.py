"""Recognise the same voxels again, whatever file they came in."""

from __future__ import annotations

import hashlib

import numpy as np

from app.domain.maps import ParametricMap


def pixel_sha256(map_: ParametricMap) -> str:
    """SHA-256 of a map's stored integers.

    Parameters
    ----------
    map_ : ParametricMap
        Any map.

    Returns
    -------
    str
        64 hexadecimal digits over type, shape and little-endian voxels in index order: the same for the
        same voxels in any transfer syntax, file order or byte order.
    """
    stored = map_.stored
    little = np.ascontiguousarray(stored, dtype=stored.dtype.newbyteorder("<"))
    told = hashlib.sha256(f"{little.dtype.str}{stored.shape}".encode())
    told.update(little.data)
    return told.hexdigest()
