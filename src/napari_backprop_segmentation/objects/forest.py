"""All nodes of all trees of one image in one table, so that objects can be chosen among them together.

Which tree shows the objects is not asked: bright, dark, enclosed by lines, seen finely or coarsely, or what the network
tells apart; each node stands for itself, described by figures that mean the same in every tree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from napari_backprop_segmentation.hierarchy.higra_module import hg
from napari_backprop_segmentation.image.colour import RGB, light_channels, lightness
from napari_backprop_segmentation.image.lab import lab_of
from napari_backprop_segmentation.objects.candidates import Kind, Seen, describe, look
from napari_backprop_segmentation.objects.light_trees import LEAST_AREA, Nested, doubled, level_tree, pruned, ridge_tree

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

COARSE = 2.0  # pixels: sigma of the second look, for what is noisy or granular
NEXT_SIZE = 0.1  # of log area: finer steps of one growing part are one candidate
WHOLE_SHARE = 0.2  # of the image: what is larger is background
TWIN_SIZE, TWIN_PLACE = 0.3, 0.25  # of log area, of the side: nodes of two trees closer than this are one thing
TWIN_BAND = 0.5  # of log area: twins are looked for in bands this wide
TWIN_MOST = 12  # neighbours looked at; more are more of the same

# The trees of one light: name -> (kind, how it is made)
MADE = {
    "bright": Kind("level", 1),
    "dark": Kind("level", -1),
    "bright, coarse": Kind("level", 1),
    "dark, coarse": Kind("level", -1),
    "rough": Kind("texture", 1),
    "smooth": Kind("texture", -1),
    "between bright lines": Kind("ridge", 1),
    "between dark lines": Kind("ridge", -1),
    "between bright lines, coarse": Kind("ridge", 1),
    "between dark lines, coarse": Kind("ridge", -1),
    "between edges": Kind("edge", 0),
    "regions of the network": Kind("net", 0),
}


@dataclass(frozen=True)
class Forest:
    """The nodes of all trees of an image, one after another.

    Attributes
    ----------
    shape : tuple of int
        Of the image.
    trees : sequence of (name, channel)
        Where nodes come from; `tree` numbers them.
    tree : (N,) int32
    areas : (N,) float64
        Pixels.
    starts : (N,) int64
        Where in `pixels` a node's pixels begin; there are as many as its area.
    pixels : (trees * P,) int32
        For each tree all pixels of the image, so ordered that each node is one piece.
    looks : (N, L, len(NAMES)) float32
        What nodes look like in each of the L lights; see `candidates.describe`.
    colours : (N, K) float32
        Mean of each colour.
    own : (N,) int32
        The light a node's tree was made of.
    middles : (N, ndim) float64
        Centres.
    twins : (N,) float32
        In how many of the other trees the same thing is found.
    """

    shape: tuple[int, ...]
    trees: Sequence[tuple[str, int]]
    tree: NDArray[np.int32]
    areas: Floats
    starts: NDArray[np.int64]
    pixels: NDArray[np.int32]
    looks: NDArray[np.float32]
    colours: NDArray[np.float32]
    own: NDArray[np.int32]
    middles: Floats
    twins: NDArray[np.float32]

    def pixels_of(self, node: int) -> NDArray[np.int32]:
        """Return the pixels of a node (area,), as indices into the raveled image."""
        start = self.starts[node]
        return self.pixels[start : start + int(self.areas[node])]


def grow(image: NDArray[np.float32], merge_tree: Nested | None = None) -> Forest:
    """Return the nodes of all trees of an image.

    Parameters
    ----------
    image : (C, *spatial) float32
        In about [0, 1]; three channels are taken as RGB.
    merge_tree : Nested, optional
        Of the trained network.
    """
    if image.ndim not in (3, 4):
        raise ValueError(f"image must be (C, Y, X) or (C, Z, Y, X), got {image.shape}; put the channels first")
    seens = [seen for _, seen in all_seen(image)]
    shades = colours(image)
    trees: list[tuple[str, int]] = []
    parts: dict[str, list[NDArray[Any]]] = {
        k: [] for k in ("tree", "areas", "starts", "pixels", "looks", "colours", "own")
    }
    for name, own, nested in all_trees(seens, merge_tree):
        keep, areas = worth(nested)
        if not len(keep):
            continue
        looks = np.stack([describe(nested, seen).features[keep] for seen in seens], axis=1).astype(np.float32)
        starts, pixels = ordered(nested)
        parts["tree"].append(np.full(len(keep), len(trees), np.int32))
        parts["areas"].append(areas[keep])
        parts["starts"].append(starts[keep] + len(trees) * pixels.size)
        parts["pixels"].append(pixels)
        parts["looks"].append(looks)
        parts["colours"].append(means(shades, starts[keep], areas[keep], pixels))
        parts["own"].append(np.full(len(keep), own, np.int32))
        trees.append((name, own))
    table = {name: np.concatenate(values) for name, values in parts.items()}
    middles = centres(image.shape[1:], table)
    twins = count_twins(middles, table["areas"], table["tree"])
    return Forest(image.shape[1:], trees, **table, middles=middles, twins=twins)


def all_trees(seens: Sequence[Seen], merge_tree: Nested | None) -> Iterator[tuple[str, int, Nested]]:
    """Yield name, number of the light and tree, for each light seen and the network."""
    for own, seen in enumerate(seens):
        far = look(ndimage.gaussian_filter(seen.light, COARSE))
        yield "bright", own, level_tree(seen.light, seen.noise)
        yield "dark", own, level_tree(-seen.light, seen.noise)
        yield "bright, coarse", own, level_tree(seen.light, seen.noise, COARSE)
        yield "dark, coarse", own, level_tree(-seen.light, seen.noise, COARSE)
        yield "rough", own, level_tree(seen.texture, 0.1, 1.0)
        yield "smooth", own, level_tree(-seen.texture, 0.1, 1.0)
        yield "between bright lines", own, ridge_tree(seen.bright, seen.smooth, 1)
        yield "between dark lines", own, ridge_tree(seen.dark, seen.smooth, -1)
        yield "between bright lines, coarse", own, ridge_tree(far.bright, far.smooth, 1)
        yield "between dark lines, coarse", own, ridge_tree(far.dark, far.smooth, -1)
        yield "between edges", own, ridge_tree(seen.gradient, ndimage.gaussian_filter(seen.gradient, 1), 1)
        if merge_tree is not None and own == 0:
            altitudes = np.log1p(merge_tree.altitudes)  # of a Mumford-Shah tree: equal steps are equal factors of scale
            yield "regions of the network", own, pruned(replace(merge_tree, altitudes=altitudes))


def all_seen(image: NDArray[np.float32]) -> list[tuple[int, Seen]]:
    """Return what is looked at, and in which channel, see `light_channels`."""
    return [(i, look(lightness(image) if i < 0 else image[i])) for i in light_channels(len(image))]


def colours(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what is compared as colour (K, *spatial): Lab of RGB, else the channels; each over its spread."""
    seen = lab_of(image) if len(image) == RGB else image
    spread = seen.reshape(len(seen), -1).std(axis=1).reshape(-1, *[1] * (image.ndim - 1))
    found: NDArray[np.float32] = (seen / (spread + 1e-3)).astype(np.float32)
    return found


def worth(nested: Nested) -> tuple[NDArray[np.int64], Floats]:
    """Return the nodes that can be objects, and the areas of all nodes (n,)."""
    areas = sizes(nested)
    largest = WHOLE_SHARE * nested.node.size
    step = np.floor(np.log(areas) / NEXT_SIZE)
    another = step < step[nested.parents]  # of a chain of nodes in one step of size, only the largest
    return np.flatnonzero((areas >= LEAST_AREA) & (areas <= largest) & another), areas


def sizes(nested: Nested) -> Floats:
    """Return how many pixels each node (n,) holds."""
    own = np.bincount(nested.node.ravel(), minlength=len(nested.parents)).astype(np.float64)
    return summed(nested.parents, own)


def summed(parents: NDArray[np.int64], values: Floats) -> Floats:
    """Return for each node (n, ...) the sum of values (n, ...) of all it holds, its own among them."""
    found: Floats = hg.accumulate_sequential(doubled(parents), values, hg.Accumulators.sum)[len(parents) :]
    return found


def ordered(nested: Nested) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Return where each node (n,) starts in a row of all pixels (P,) in which each node is one piece."""
    parents, n = nested.parents, len(nested.parents)
    own = np.bincount(nested.node.ravel(), minlength=n).astype(np.int64)
    total = summed(parents, own.astype(np.float64)).astype(np.int64)
    order = np.argsort(parents[:-1], kind="stable")  # children beside their siblings
    before = np.cumsum(total[order]) - total[order]
    first = np.ones(n - 1, bool)
    first[1:] = parents[order][1:] != parents[order][:-1]
    before = before - np.maximum.accumulate(np.where(first, before, 0))
    shift = np.zeros(n, np.int64)
    shift[order] = own[parents[order]] + before
    up = parents
    while True:  # sums along the way to the root, twice as far each time
        shift, further = shift + np.where(up != np.arange(n), shift[up], 0), up[up]
        if np.array_equal(further, up):
            break
        up = further
    return shift, np.argsort(shift[nested.node.ravel()], kind="stable").astype(np.int32)


def means(values: NDArray[np.float32], starts: NDArray[np.int64], areas: Floats, pixels: NDArray[np.int32]) -> Floats:
    """Return the mean of values (K, *spatial) in each node (n, K)."""
    flat = values.reshape(len(values), -1)[:, pixels].astype(np.float64)
    sums = np.concatenate([np.zeros((len(flat), 1)), np.cumsum(flat, axis=1)], axis=1)
    found: Floats = ((sums[:, starts + areas.astype(np.int64)] - sums[:, starts]) / areas).T.astype(np.float32)
    return found


def centres(shape: tuple[int, ...], table: dict[str, NDArray[Any]]) -> Floats:
    """Return the centre of each node (N, ndim)."""
    size = int(np.prod(shape))
    found = np.empty((len(table["areas"]), len(shape)))
    for t in range(int(table["tree"].max()) + 1):
        mine = table["tree"] == t
        pixels = table["pixels"][t * size : (t + 1) * size]
        grid = np.stack(np.unravel_index(np.arange(size), shape)).astype(np.float32)
        found[mine] = means(grid, table["starts"][mine] - t * size, table["areas"][mine], pixels)
    return found


def count_twins(middles: Floats, areas: Floats, tree: NDArray[np.int32]) -> NDArray[np.float32]:
    """Return for each node (N,) in how many other trees there is one of about its size and place."""
    log_area, ndim = np.log(areas), middles.shape[1]
    found = np.zeros(len(areas), np.float32)
    for low in np.arange(np.log(LEAST_AREA) - 1e-6, log_area.max() + TWIN_BAND, TWIN_BAND):
        mine = np.flatnonzero((log_area >= low) & (log_area < low + TWIN_BAND))
        near = np.flatnonzero((log_area >= low - TWIN_SIZE) & (log_area < low + TWIN_BAND + TWIN_SIZE))
        if len(mine) and len(near) > 1:
            side = np.exp((low + TWIN_BAND / 2) / ndim) * TWIN_PLACE
            point = np.column_stack([middles / side, log_area / TWIN_SIZE])
            count = min(TWIN_MOST, len(near))
            apart, which = cKDTree(point[near]).query(point[mine], k=count, distance_upper_bound=1.0)
            others = np.where(np.isfinite(apart), tree[near][np.minimum(which, len(near) - 1)], -1)
            others = np.sort(np.where(others == tree[mine][:, None], -1, others), axis=1)
            found[mine] = ((others[:, 1:] != others[:, :-1]) & (others[:, 1:] >= 0)).sum(1) + (others[:, 0] >= 0)
    return found
