"""Texture: how rough an image is around each pixel, at several scales.

What people take for one thing is often of one roughness and not of one colour: fur, foliage, water. A network of a few
3x3 layers sees too little of it to tell, and a mean of colours nothing.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_backprop_segmentation.image.blocks import Window, with_halo
from napari_backprop_segmentation.image.colour import lightness
from napari_backprop_segmentation.image.held import colours_in
from napari_backprop_segmentation.image.source import Source

SCALES = (1.0, 2.0, 4.0)  # pixels: of the finer of the two Gaussians whose difference is taken
WIDER = 2.0  # times the scale: the coarser one, and how far around a pixel is looked
QUIET = 0.002  # lightness: differences below it are noise that nobody sees
REACH = 3.0  # standard deviations at which a Gaussian ends
HALO = 2 * (int(REACH * WIDER * max(SCALES)) + 1)  # pixels from which any of them takes something


def source_texture(source: Source, window: Window) -> NDArray[np.float32]:
    """Return `texture` (3, *window) of a window of an image, the same whatever the windows are."""
    *depth, _, _ = window
    plane, inner = with_halo(window[-2:], HALO, source.shape[-2:])
    found = texture(lightness(*colours_in(source, (*depth, *plane))), source.spacing[-2:])
    return found[..., inner[0], inner[1]]


def texture(light: NDArray[np.float32], spacing: Sequence[float] = (1.0, 1.0)) -> NDArray[np.float32]:
    """Return the logarithm of the contrast around each pixel at each of `SCALES`, in volumes plane by plane.

    Twice the contrast adds the same everywhere, be it of sand or of gravel.

    Parameters
    ----------
    light : (..., Y, X) float32
        From 0 to 1.
    spacing : sequence of float
        Size of a pixel along Y and X, the smaller being 1.

    Returns
    -------
    (3, ..., Y, X) float32
        From log `QUIET`.
    """
    smooth: dict[float, NDArray[np.float32]] = {}
    for scale in (*SCALES, *(WIDER * scale for scale in SCALES)):
        if scale not in smooth:  # the coarser Gaussian of one scale is the finer one of the next
            smooth[scale] = _smoothed(light, scale, spacing)
    found = np.empty((len(SCALES), *light.shape), np.float32)
    for out, scale in zip(found, SCALES, strict=True):
        band = smooth[scale] - smooth[WIDER * scale]
        power = _smoothed(band**2, WIDER * scale, spacing)
        np.log(np.sqrt(np.maximum(power, 0)) + QUIET, out=out)
    return found


def _smoothed(values: NDArray[np.float32], sigma: float, spacing: Sequence[float]) -> NDArray[np.float32]:
    across = _across_planes(sigma, spacing, values.ndim)
    found: NDArray[np.float32] = gaussian_filter(values, across, mode="reflect", truncate=REACH)
    return found


def _across_planes(sigma: float, spacing: Sequence[float], ndim: int) -> list[float]:
    return [0.0] * (ndim - len(spacing)) + [sigma / size for size in spacing]
