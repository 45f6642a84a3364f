"""From values to screen colours: grey by default, two perceptual maps to choose."""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt

# anchors of perceptually even maps (lightness rises steadily from 0 to 1), sRGB 0-255
_ANCHORS = {
    "grey": ((0, 0, 0), (255, 255, 255)),
    "ember": ((0, 0, 4), (43, 11, 87), (101, 21, 110), (159, 42, 99), (212, 72, 66), (245, 125, 21),
              (250, 193, 39), (252, 255, 164)),
    "sea": ((68, 1, 84), (70, 50, 127), (54, 92, 141), (39, 127, 142), (31, 161, 135), (74, 194, 109),
            (159, 218, 58), (253, 231, 37)),
}  # fmt: skip
COLOUR_MAPS = tuple(_ANCHORS)
_STEPS = 256
_OPAQUE_BLACK = np.uint32(255 << 24)


@cache
def table(name: str) -> npt.NDArray[np.uint32]:
    """Colour table of a map: 256 opaque ARGB words, read-only."""
    anchors = np.asarray(_ANCHORS[name], float)
    places = np.linspace(0, len(anchors) - 1, _STEPS)
    channels = [np.interp(places, np.arange(len(anchors)), anchors[:, k]) for k in range(3)]
    red, green, blue = (channel.round().astype(np.uint32) for channel in channels)
    words: npt.NDArray[np.uint32] = (np.uint32(255) << 24) | (red << 16) | (green << 8) | blue
    words.setflags(write=False)
    return words


def to_index(values: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.uint8]:
    """Table index of each value for a display window, shape kept; what has no value is shown as the lowest.

    Parameters
    ----------
    values : ndarray
        Values in the map's unit.
    low, high : float
        Values shown as the first and the last colour, ``low < high``.
    """
    # clipped first: what lies far outside, or at infinity, must not overflow on its way to the index. In
    # place: a map of floating-point values comes here with every voxel
    place = np.clip(values, low, high)
    place -= low
    place *= (_STEPS - 1) / (high - low)
    place[np.isnan(place)] = 0
    # casting cuts off, so half a step makes it the nearest
    place += 0.5
    return place.astype(np.uint8)


def to_words(
    values: npt.NDArray[np.float64], window: tuple[float, float], name: str
) -> npt.NDArray[np.uint32]:
    """Opaque ARGB word of each value, shape kept; black, in every colour map, where there is no value.

    Parameters
    ----------
    values : ndarray
        Values in the map's unit.
    window : tuple of float
        Values shown as the first and the last colour.
    name : str
        Of a colour map.
    """
    words: npt.NDArray[np.uint32] = table(name).take(to_index(values, *window))
    words[~np.isfinite(values)] = _OPAQUE_BLACK
    return words
