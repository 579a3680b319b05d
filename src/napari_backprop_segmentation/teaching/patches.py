"""Patches: what strokes are learned on. Pieces of the finest regions, a few pixels wide, and what each looks like.

A forest that looks at single pixels takes seconds for each stroke on a megapixel; patches are some twenty times fewer,
and do not cross the edges that the finest regions keep to.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.feature import multiscale_basic_features

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.colour import colour_features, lightness
from napari_backprop_segmentation.image.texture import texture
from napari_backprop_segmentation.image.whole_sums import FINE, sums_of
from napari_backprop_segmentation.objects.forest import summed

Floats = NDArray[np.float32]

SIDE = 4  # pixels: 2 and 3 are no better, and slower
SIGMAS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # pixels, of intensity, edges and curvature
ROUGHNESS = (2.0, 4.0, 8.0, 16.0)  # pixels, of the standard deviation of lightness
AROUND = 32.0  # pixels, of the colour of the surroundings
MOST_CHANNELS = 5  # above, edges and curvature are looked at in their mean only
MANY_SIGMAS = (1.0, 4.0)  # pixels, of the intensity of each of many channels
AREAS = (40, 160, 640, 2560, 10240)  # pixels that the surrounding regions of the tree have at least


@dataclass(frozen=True)
class Patches:
    """All patches of an image.

    Attributes
    ----------
    index : (*spatial) int32
        The patch of each pixel, from 0.
    region : (n,) int64
        The finest region that each lies in.
    areas : (n,) float64
        Pixels.
    looks : (n, F) float32
        What each looks like.
    """

    index: NDArray[np.int32]
    region: NDArray[np.int64]
    areas: NDArray[np.float64]
    looks: Floats


def make_patches(image: Floats, responses: Iterable[NDArray[Any]], tree: Hierarchy) -> Patches:
    """Return the patches of a plane or volume; takes about two seconds for 1024 x 1024.

    Parameters
    ----------
    image : (C, *spatial) float32
        Normalised; three channels are taken as RGB.
    responses : iterable of (*spatial) arrays
        Of the network, channel by channel.
    tree : Hierarchy
        The merge tree of the image.
    """
    index, region = divided(tree.index)
    areas = np.bincount(index.ravel()).astype(np.float64)
    columns = [mean(index, areas, values) for values in appearance(image)]
    columns += [mean(index, areas, values) for values in responses]
    around = surroundings(leaf_sums(image, tree.index, tree.n_leaves), tree)
    return Patches(index, region, areas, np.concatenate([np.stack(columns, axis=1), around[region]], axis=1))


def divided(regions: NDArray[Any]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Return regions (*spatial) cut along a grid of squares or cubes, from 0, and the region of each piece (n,)."""
    _, first, index = np.unique(cells(regions), return_index=True, return_inverse=True)
    return index.reshape(regions.shape).astype(np.int32), regions.ravel()[first].astype(np.int64)


def cells(regions: NDArray[Any], window: Window | None = None, shape: Sequence[int] | None = None) -> NDArray[np.int64]:
    """Return a number for each pixel (*window) that tells its patch from all others of the image.

    In order of these numbers patches are in order of their region, and then of their place.

    Parameters
    ----------
    regions : (*window) int array
    window : tuple of slice, optional
        Where they lie in an image, all of it if left out.
    shape : tuple of int, optional
        Of that image.
    """
    code = regions.astype(np.int64)
    for axis, size in enumerate(regions.shape):
        first, whole = (0, size) if window is None or shape is None else (window[axis].start, shape[axis])
        cell = np.arange(first, first + size) // SIDE
        code = code * ((whole - 1) // SIDE + 1) + cell.reshape(-1, *[1] * (regions.ndim - axis - 1))
    return code


def mean(index: NDArray[np.int32], areas: NDArray[np.float64], values: NDArray[Any]) -> Floats:
    """Return the mean of values (*spatial) in each patch (n,)."""
    found: Floats = (np.bincount(index.ravel(), values.ravel(), len(areas)) / areas).astype(np.float32)
    return found


def appearance(image: Floats) -> Iterator[Floats]:
    """Yield what pixels look like (*spatial): at several scales intensity, edges, curvature; roughness."""
    light = lightness(image)
    many = len(image) > MOST_CHANNELS
    for channel in light[None] if many else image:
        # scikit-image looks at the difference to a neighbour along each axis; a side of one pixel is its own.
        wide = np.pad(channel, [(0, int(n == 1)) for n in channel.shape], mode="edge")
        inner = tuple(slice(n) for n in channel.shape)
        for sigma in SIGMAS:
            found = multiscale_basic_features(wide, sigma_min=sigma, sigma_max=sigma, num_sigma=1)
            yield from np.moveaxis(found[inner], -1, 0)
    for channel in image if many else ():
        yield from (gaussian_filter(channel, sigma) for sigma in MANY_SIGMAS)
    for sigma in ROUGHNESS:
        yield np.sqrt(np.maximum(gaussian_filter(light**2, sigma) - gaussian_filter(light, sigma) ** 2, 0))
    for colour in colour_features(image):
        yield colour
        yield gaussian_filter(colour, AROUND)


def leaf_sums(image: Floats, leaves: NDArray[Any], n: int, inner: Window | None = None) -> NDArray[np.int64]:
    """Return sums (n, V) over finest regions: of their pixels, colour and texture, the same in whatever order.

    Parameters
    ----------
    image : (C, *spatial) float32
    leaves : (*window) int array
        Numbered from 0.
    n : int
    inner : tuple of slice, optional
        Where in the image they lie; all of it if left out.
    """
    own: Any = (..., *(inner or (slice(None),) * leaves.ndim))
    values = [np.ones(leaves.shape, np.float32)]
    values += [*colour_features(image)[own], *texture(lightness(image))[own]]
    return np.stack([sums_of(each, leaves, n) for each in values], axis=1)


def surroundings(sums: NDArray[np.int64], tree: Hierarchy) -> Floats:
    """Return what surrounds each finest region (n_leaves, S): colour, texture and size of the regions it grows into.

    Parameters
    ----------
    sums : (n_leaves, V) int64
        See `leaf_sums`.
    tree : Hierarchy
    """
    own = np.zeros((len(tree.parents), sums.shape[1]))
    own[: tree.n_leaves] = sums / FINE
    total = summed(tree.parents, own)
    areas = total[:, 0]
    columns: list[Floats] = []
    for least in AREAS:
        around = grown(tree, areas, least)
        columns.append(np.log(areas[around]).astype(np.float32))
        columns.extend((total[around, 1:] / areas[around, None]).T.astype(np.float32))
    return np.stack(columns, axis=1)


def grown(tree: Hierarchy, areas: NDArray[np.float64], least: float) -> NDArray[np.int64]:
    """Return for each finest region (n_leaves,) the smallest node around it that has at least so many pixels."""
    node = np.arange(tree.n_leaves)
    while (small := (areas[node] < least) & (tree.parents[node] != node)).any():
        node = np.where(small, tree.parents[node], node)
    return node
