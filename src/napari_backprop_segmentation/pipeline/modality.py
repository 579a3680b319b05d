"""What kind of image this is, from the image alone: which preset suits it.

The limits were read off the development images of docs/benchmarks.md, never off their labels.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, gaussian_filter
from skimage.measure import label as connected_components

from napari_backprop_segmentation.image.lab import lab_of
from napari_backprop_segmentation.image.ridges import ridge_balance
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.image.threshold import otsu, separation

SMOOTHING, FINE = 1.0, 3.0  # pixels
STAIN_HUES, STAIN_UNITY = (-75.0, -10.0), 0.6  # degrees: from violet to pink; share of all colour that points there
DARK_GROUND, MOST_BRIGHT, LEAST_SEPARATION = 0.1, 0.45, 0.6
LONG_TAIL = 0.5  # skewness
GAP = 2  # pixels: half of the gaps in a line that do not open it
ONE_PART = 0.5  # of the ground that hangs together around nuclei: more than .9 there, less than .3 between membranes
PHASE_FINENESS, ELECTRON_FINENESS = 0.65, 0.5
HALO_BALANCE = 0.87


def kind_of(source: ArraySource) -> str:
    """Return the name of the preset for an image; see `recognise`.

    Of channels that show different things no kind is recognised: their mean shows none of them.
    """
    return "fast" if source.channels_apart else recognise(source.glimpse(), source.is_rgb)


def recognise(image: NDArray[np.float32], rgb: bool) -> str:
    """Return the name of the preset for an image.

    Parameters
    ----------
    image : (C, Y, X) float32
        Normalised intensities.
    rgb : bool
        Whether the channels are colours.

    Returns
    -------
    str
        - ``histology``: colours, nearly all between violet and pink: stained tissue;
        - ``nuclei``: a dark, even ground and a smaller part that is clearly brighter: fluorescence;
        - ``em``: the same, where what is bright divides the ground into many parts: stained membranes;
        - ``phase``: most contrast within a few pixels, bright lines stronger than dark ones: halos of phase contrast;
        - ``brightfield``: most contrast within a few pixels, no such lines;
        - ``em``: much contrast within a few pixels: electron microscopy;
        - ``fast``: everything else.
    """
    if rgb:
        return "histology" if _stained(image) else "fast"
    light = image.mean(axis=0)
    if light.min() == light.max():
        return "fast"
    smooth = gaussian_filter(light, SMOOTHING)
    bright = smooth >= otsu(smooth)
    if _fluorescent(smooth, bright) and _skewness(light) > LONG_TAIL:
        return "em" if _enclosing(bright) else "nuclei"
    fineness = float((light - gaussian_filter(light, FINE)).std() / light.std())
    if fineness > PHASE_FINENESS:
        return "phase" if ridge_balance(light) < HALO_BALANCE else "brightfield"
    return "em" if fineness > ELECTRON_FINENESS else "fast"


def _stained(image: NDArray[np.float32]) -> bool:
    light, a, b = (channel.ravel() for channel in lab_of(image))
    chroma = np.hypot(a, b)
    if not chroma.any():
        return False
    together = complex(a.sum(), b.sum())
    low, high = STAIN_HUES
    in_range = low < np.degrees(np.angle(together)) < high
    return bool(in_range and abs(together) > STAIN_UNITY * chroma.sum() and _skewness(light) < LONG_TAIL)


def _fluorescent(light: NDArray[np.float32], bright: NDArray[np.bool_]) -> bool:
    dark_ground, few = np.median(light[~bright]) < DARK_GROUND, bright.mean() < MOST_BRIGHT
    return bool(dark_ground and few and separation(light, bright) > LEAST_SEPARATION)


def _enclosing(bright: NDArray[np.bool_]) -> bool:
    """Return whether what is bright encloses what is dark, as membranes do, and not the other way round."""
    dark = ~binary_dilation(bright, iterations=GAP)
    parts = np.bincount(connected_components(dark, connectivity=1).ravel())[1:]
    return bool(parts.size and parts.max() < ONE_PART * parts.sum())


def _skewness(values: NDArray[np.float32]) -> float:
    centred = values - values.mean()
    return float((centred**3).mean() / max(float(values.std()), 1e-9) ** 3)
