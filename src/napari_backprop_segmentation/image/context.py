"""What the network is shown: colours, and on request what surrounds each pixel."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, gaussian_gradient_magnitude

from napari_backprop_segmentation.image.colour import RGB, lab_input
from napari_backprop_segmentation.params.sections import Input

BLURS = (2.0, 4.0)  # pixels
EDGES = (1.0, 2.0)
ROUGHNESS = 3.0
REACH = 3.0  # standard deviations at which a Gaussian ends
HALO = 2 * int(REACH * ROUGHNESS) + 1  # pixels from which any of them takes something
GAIN = 2.0  # brings edges and roughness to about the range of intensities


def network_input(
    pixels: NDArray[np.float32], settings: Input, lab: NDArray[np.float32] | None = None
) -> NDArray[np.float32]:
    """Return an image as the network sees it.

    Parameters
    ----------
    pixels : (C, *spatial) float32 in about [0, 1]
    settings : Input
        With `colour` "lab", three channels become lightness, a and b. With `context`, channels follow that are
        blurred, and the edges and the roughness (local standard deviation) of their mean: texture that a network of
        few layers cannot see by itself.
    lab : (3, *spatial) float32, optional
        What `lab_of` makes of three channels, where that is known already.

    Returns
    -------
    (`n_inputs`, *spatial) float32
    """
    if settings.colour == "lab" and len(pixels) == RGB:
        pixels = lab_input(pixels, lab)
    if not settings.context:
        return pixels
    mean = pixels.mean(axis=0)
    blurred = [np.stack([_blurred(channel, sigma) for channel in pixels]) for sigma in BLURS]
    edges = [_edges(mean, sigma)[None] for sigma in EDGES]
    rough = np.sqrt(_blurred((mean - _blurred(mean, ROUGHNESS)) ** 2, ROUGHNESS))[None]
    return np.concatenate([pixels, *blurred, *edges, GAIN * rough])


def input_halo(settings: Input) -> int:
    """Return how many pixels around a block are needed to make the network's input for it."""
    return HALO if settings.context else 0


def _blurred(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    found: NDArray[np.float32] = gaussian_filter(values, sigma, mode="nearest", truncate=REACH)
    return found


def _edges(values: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    slope = gaussian_gradient_magnitude(values, sigma, mode="nearest", truncate=REACH)
    found: NDArray[np.float32] = np.minimum(GAIN * sigma * slope, 1)
    return found


def n_inputs(n_channels: int, settings: Input) -> int:
    """Return how many channels `network_input` makes of an image of so many."""
    return (1 + len(BLURS)) * n_channels + len(EDGES) + 1 if settings.context else n_channels
