"""Colour as an eye would measure it, for the network and for the merge tree."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.lab import lab_of

RGB = 3
LAB_UNIT = 20.0  # Lab distance that counts as one: ten times what an eye just tells apart
INTENSITY_RANGE = 100.0 / LAB_UNIT  # from black to white, as lightness in the same unit
MANY_CHANNELS = 0.25  # 0 would let noise divide an image of forty channels, 0.5 would drown what few of them show
# Correlation of two channels, and median of the second darkest. Of 149 colour images of the laboratory none is below
# both, of 300 photographs four (red flowers); where sections and smears are below .5, their median is .68 and more. Of
# stains the correlation is about .1.
ALIKE, DARK = 0.5, 0.3
LAB_RANGE, AB_RANGE, AB_MIDDLE = 100.0, 60.0, 0.5  # lightness, and what a and b of most photographs span


def colour_features(pixels: NDArray[np.float32], lab: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Return (C, *spatial) pixels in [0, 1] in units of perceived difference: Lab for RGB, else intensities.

    Many channels add up to larger differences, most of them noise. From the fourth on each counts less, so that the
    same detail shows about as much of images of any number of channels. With `lab` what `lab_of` makes of them is
    known already.
    """
    if len(pixels) != RGB:
        share = min(1.0, RGB / len(pixels)) ** MANY_CHANNELS
        return pixels * np.float32(INTENSITY_RANGE * share)
    return (lab_of(pixels) if lab is None else lab) / np.float32(LAB_UNIT)


def light_channels(n_channels: int) -> tuple[int, ...]:
    """Return in what readings look for objects: lightness (-1) and red of three channels, else each."""
    return (-1, 0) if n_channels == RGB else tuple(range(n_channels))


def lightness(pixels: NDArray[np.float32], lab: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Return (C, *spatial) pixels in [0, 1] as one value each (*spatial): lightness of RGB, else the mean, 0 to 1."""
    if len(pixels) == RGB:
        found = (lab_of(pixels) if lab is None else lab)[0] / np.float32(LAB_RANGE)
    else:
        found = pixels.mean(axis=0)
    return found  # type: ignore[no-any-return]


def lab_input(pixels: NDArray[np.float32], lab: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """Return RGB (3, *spatial) in [0, 1] as lightness, a and b, each from about 0 to 1."""
    lab = lab_of(pixels) if lab is None else lab.copy()
    lab[0] /= LAB_RANGE
    lab[1:] = lab[1:] / AB_RANGE + AB_MIDDLE
    return lab


def stand_apart(pixels: NDArray[np.float32], is_rgb: bool) -> bool:
    """Return whether three channels show different things: some two go apart, and in RGB two are dark mostly.

    Parameters
    ----------
    pixels : (3, *spatial) float32
        Normalised.
    is_rgb : bool
        Whether they are given as colour.
    """
    flat = pixels.reshape(RGB, -1).astype(np.float64)
    if is_rgb and np.sort(np.median(flat, axis=1))[1] > DARK:
        return False
    return any(_correlation(one, other) < ALIKE for one, other in combinations(flat, 2))


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    spread = float(one.std() * other.std())
    return float(np.mean((one - one.mean()) * (other - other.mean()))) / spread if spread else 0.0
