"""Superpixels, and the majority vote of the labels inside each of them."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.segmentation import felzenszwalb, relabel_sequential, slic
from torch import Tensor

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.image.colour import RGB
from napari_backprop_segmentation.params.sections import Superpixels


def superpixel_index(
    image: NDArray[np.float32], settings: Superpixels, spacing: tuple[float, ...] | None = None
) -> NDArray[np.int64]:
    """Cut an image into superpixels.

    Parameters
    ----------
    image : (C, *spatial) float32 in about [0, 1]
        Three channels are taken as RGB and compared in Lab space, as published; any other number as it is.
    settings : Superpixels
        `superpixels` chooses the kind; see the fields of that group.
    spacing : tuple of float, optional
        Size of a pixel along each axis; all alike if left out.

    Returns
    -------
    (*spatial) int64
        Index of each pixel's superpixel, from 0 without gaps.

    Raises
    ------
    ParameterError
        If Felzenszwalb superpixels are asked for on a volume: scikit-image makes them in two dimensions only.
    """
    pixels = np.moveaxis(image, 0, -1)
    if settings.superpixels == "felzenszwalb":
        return graph_index(pixels, settings)
    index = slic(
        pixels,
        n_segments=settings.n_superpixels,
        compactness=settings.compactness,
        spacing=spacing,
        channel_axis=-1,
        convert2lab=image.shape[0] == RGB,
    )
    found: NDArray[np.int64] = relabel_sequential(index)[0] - 1
    return found


def graph_index(pixels: NDArray[np.float32], settings: Superpixels) -> NDArray[np.int64]:
    """Return Felzenszwalb's graph-based regions (Y, X) of an image (Y, X, C), numbered from 0."""
    if pixels.ndim != 3:
        raise ParameterError(
            f"superpixels must be slic for volumes, got felzenszwalb on {pixels.ndim - 1} spatial axes; choose slic"
        )
    with any_channels():
        return graph_regions(
            pixels, settings.felzenszwalb_scale, settings.felzenszwalb_sigma, settings.felzenszwalb_min_size
        )


def graph_regions(pixels: NDArray[np.float32], scale: float, sigma: float, min_size: int) -> NDArray[np.int64]:
    """Return Felzenszwalb's regions (Y, X) of an image (Y, X, C), numbered from 0; call it inside `any_channels`."""
    index = felzenszwalb(pixels, scale=scale, sigma=sigma, min_size=min_size, channel_axis=-1)
    found: NDArray[np.int64] = index.astype(np.int64)
    return found


@contextmanager
def any_channels() -> Iterator[None]:
    """Keep scikit-image from doubting that more than three channels are meant. Not for several threads at once."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Got image with third dimension", RuntimeWarning)
        yield


def majority_vote(labels: Tensor, index: Tensor, n_superpixels: int, n_labels: int) -> Tensor:
    """Give every pixel the most frequent label of its superpixel; of equally frequent ones the lowest.

    Kanezaki 2018, Algorithm 1, the refinement step, for all superpixels at once: one histogram over
    (superpixel, label) pairs instead of a loop. The sizes are arguments so that nothing waits for the device.

    Parameters
    ----------
    labels, index : int64, same shape
        Label and superpixel of each pixel, both numbered from 0.
    n_superpixels, n_labels : int
        One more than the highest index and label.

    Returns
    -------
    int64, same shape
    """
    cell = (index * n_labels + labels).flatten()
    one = torch.ones(1, dtype=torch.int32, device=labels.device)
    counts = torch.zeros(n_superpixels * n_labels, dtype=torch.int32, device=labels.device)
    counts.scatter_add_(0, cell, one.expand_as(cell))
    winner = counts.view(n_superpixels, n_labels).argmax(dim=1)
    return winner[index]
