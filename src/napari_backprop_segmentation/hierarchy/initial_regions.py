"""The finest regions of an image, which everything else is merged from; without a network."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.image.blocks import Window, blocks
from napari_backprop_segmentation.image.each import in_threads
from napari_backprop_segmentation.image.ridge_response import basins
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.superpixels import any_channels, graph_regions

LEAF_SCALE, LEAF_SIGMA, LEAF_SIZE = 50.0, 0.5, 10  # of Felzenszwalb's method: small regions that keep to edges
LEAF_BLOCK = 512  # pixels


def initial_regions(source: Source, kind: str, ridges: Ridges | None = None) -> NDArray[np.int32]:
    """Return the finest regions (*spatial) of an image, numbered from 0.

    Parameters
    ----------
    source : Source
    kind : {"graph", "lines"}
        See the setting `initial_regions`.
    ridges : Ridges, optional
        For ``lines``: what lies between these.
    """
    if kind == "graph":
        return plane_regions(source, felzenszwalb_regions)
    if ridges is None:
        raise ParameterError("ridges must be found for initial_regions='lines', got none; call source_ridges")
    return plane_regions(source, divider(ridges))


def divider(ridges: Ridges | None) -> Callable[[NDArray[np.float32]], NDArray[np.int64]]:
    """Return what divides a plane: into what lies between lines, where these are known, else by its graph."""
    return felzenszwalb_regions if ridges is None else partial(basins, ridges=ridges)


def plane_regions(source: Source, divide: Callable[[NDArray[np.float32]], NDArray[np.int64]]) -> NDArray[np.int32]:
    """Return small regions (*spatial), numbered from 0, made in blocks; in volumes slice by slice.

    What seams of blocks divide on even ground is joined later, see `seams`; slices are merged as all regions are.

    Parameters
    ----------
    source : Source
    divide : callable
        From the pixels (C, Y, X) of a block of a plane to its regions (Y, X), without gaps.
    """
    out = np.empty(source.shape[1:], np.int32)
    first = 0
    for window, found in divided_blocks(source, divide):
        out[window] = found + first
        first += int(found.max()) + 1
    return out


def divided_blocks(
    source: Source, divide: Callable[[NDArray[np.float32]], NDArray[np.int64]]
) -> Iterator[tuple[Window, NDArray[np.int64]]]:
    """Yield block after block (window, *window) of small regions, numbered from 0 in each; see `plane_regions`."""
    windows = leaf_windows(source.shape[1:])
    with any_channels():
        yield from zip(windows, in_threads(_divided_by, (source, divide), windows), strict=True)


def leaf_windows(shape: Sequence[int]) -> list[Window]:
    """Return the blocks in which an image (*spatial) is divided; those of volumes are one slice deep."""
    *depth, height, width = shape
    slices = product(*(blocks([n], 1) for n in depth))
    planes = list(blocks((height, width), LEAF_BLOCK))
    return [(*(z for (z,) in where), *plane) for where, plane in product(slices, planes)]


def leaf_seams(shape: Sequence[int]) -> list[range]:
    """Return for each axis of an image (*spatial) the pixels behind the seams of these blocks.

    Slices of volumes are divided alone, but that is no reason to join them.
    """
    depth = len(shape) - 2
    return [range(0)] * depth + [range(LEAF_BLOCK, n, LEAF_BLOCK) for n in shape[depth:]]


def _divided_by(common: tuple[Source, Callable[[Any], NDArray[np.int64]]], window: Window) -> NDArray[np.int64]:
    source, divide = common
    return divided(source, window, divide)


def divided(source: Source, window: Window, divide: Callable[[Any], NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the small regions (*window) of one block, numbered from 0."""
    pixels = source.read(window)
    found = divide(pixels.reshape(len(pixels), *pixels.shape[-2:]))
    return (found - int(found.min())).reshape(pixels.shape[1:])


def felzenszwalb_regions(pixels: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return small graph-based regions of a plane.

    References
    ----------
    Felzenszwalb and Huttenlocher, Efficient graph-based image segmentation, IJCV 59(2), 2004.
    """
    return graph_regions(np.moveaxis(pixels, 0, -1), LEAF_SCALE, LEAF_SIGMA, LEAF_SIZE)
