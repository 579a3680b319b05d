"""Patches of an image that does not fit the memory: the same, number by number, as those of the image in one piece.

Windows begin where squares or cubes of the grid do, so that each patch lies in one of them.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.block_features import Shown
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.blocks import BLOCK_SIDE, Window, blocks, with_halo
from napari_backprop_segmentation.image.kept_blocks import Work
from napari_backprop_segmentation.image.labels import present
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.image.texture import HALO as TEXTURE_HALO
from napari_backprop_segmentation.network.seen import Seen
from napari_backprop_segmentation.teaching.patches import (
    AROUND,
    Floats,
    Patches,
    appearance,
    divided,
    leaf_sums,
    mean,
    surroundings,
)

WINDOW_SIDE = {2: 1024, 3: 128}  # pixels: a million or two; many times `SIDE` and the blocks of the network
HALO = int(4 * AROUND) + 4  # pixels from which a patch takes something: where the widest Gaussian has ended, and slopes
Numbered = tuple[Shown, NDArray[np.int64]]  # a window, and the numbers that its regions have in the image


def patch_windows(shape: Sequence[int]) -> list[Window]:
    """Return the windows in which the patches of an image (*spatial) are made."""
    return list(blocks(shape, WINDOW_SIDE[len(shape)]))


def numbered(index: NDArray[Any], window: Window) -> Numbered:
    """Return the finest regions of a window under numbers from 0, and those that they have in the image."""
    numbers, where = present(index[window])
    return Shown.of(window, where, len(numbers)), numbers


def blockwise_surroundings(source: Source, tree: Hierarchy, work: Work) -> Floats:
    """Return what surrounds each finest region (n_leaves, S), see `surroundings`."""
    known: list[NDArray[np.int64]] = []

    def shown() -> Iterator[Shown]:
        for window in patch_windows(tree.shape):
            each, numbers = numbered(tree.index, window)
            known.append(numbers)
            yield each

    sums: NDArray[np.int64] | None = None
    for number, found in enumerate(work.threaded(_leaf_sums_in, source, shown())):
        if sums is None:
            sums = np.zeros((tree.n_leaves, found.shape[1]), np.int64)
        sums[known[number]] += found
    if sums is None:
        raise ValueError("image must hold pixels, got none; check the source")
    return surroundings(sums, tree)


def _leaf_sums_in(source: Source, shown: Shown) -> NDArray[np.int64]:
    grown, inner = with_halo(shown.window, TEXTURE_HALO, source.shape[1:])
    return leaf_sums(source.read(grown), _where(shown), shown.n, inner)


def patches_in(seen: Seen, shown: Shown, around: Floats) -> Patches:
    """Return the patches of a window; their regions have the numbers that these have there.

    Parameters
    ----------
    seen : Seen
        The image and a network.
    shown : Shown
        The window and its finest regions.
    around : (n, S) float32
        What surrounds each of these.
    """
    index, region = divided(_where(shown))
    areas = np.bincount(index.ravel()).astype(np.float64)
    grown, inner = with_halo(shown.window, HALO, seen.source.shape[1:])
    columns = [mean(index, areas, values[inner]) for values in appearance(seen.source.read(grown))]
    looks = [np.stack(columns, axis=1), _responses(seen, shown.window, index, areas), around[region]]
    return Patches(index, region, areas, np.concatenate(looks, axis=1))


def _responses(seen: Seen, window: Window, index: NDArray[np.int32], areas: NDArray[np.float64]) -> Floats:
    """Return the mean responses (n, Q) of patches, in the blocks in which those of the whole image are computed."""
    sums = np.zeros((len(areas), seen.model.training.n_channels))
    side = BLOCK_SIDE[index.ndim]
    for block in blocks(seen.source.shape[1:], side):
        common = tuple(slice(max(b.start, w.start), min(b.stop, w.stop)) for b, w in zip(block, window, strict=True))
        if any(each.start >= each.stop for each in common):
            continue
        for part, response in seen.responses_in(block):
            both = tuple(slice(max(p.start, c.start), min(p.stop, c.stop)) for p, c in zip(part, common, strict=True))
            if any(each.start >= each.stop for each in both):
                continue
            own = tuple(slice(b.start - p.start, b.stop - p.start) for b, p in zip(both, part, strict=True))
            here = tuple(slice(b.start - w.start, b.stop - w.start) for b, w in zip(both, window, strict=True))
            numbers, where = present(index[here])
            values = response.cpu().numpy()
            for channel in range(len(values)):
                sums[numbers, channel] += np.bincount(where.ravel(), values[channel][own].ravel(), len(numbers))
    return (sums / areas[:, None]).astype(np.float32)


def _where(shown: Shown) -> NDArray[Any]:
    found: NDArray[Any] = shown.where.reshape([side.stop - side.start for side in shown.window])
    return found
