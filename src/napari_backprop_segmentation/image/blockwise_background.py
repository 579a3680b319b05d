"""Smooth ground between textured objects in an image that does not fit the memory, see `background`."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.image.background import GROUND, ONE_PART, SHRINK, roughness, separation_of, shrunk
from napari_backprop_segmentation.image.blocks import Window, blocks, with_halo
from napari_backprop_segmentation.image.blockwise_ridges import items_of
from napari_backprop_segmentation.image.components import Components, enclosed, joined
from napari_backprop_segmentation.image.kept_blocks import Arrays, Work
from napari_backprop_segmentation.image.passes import PASS_SIDE, passed
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.image.threshold import counts_between, otsu_of
from napari_backprop_segmentation.image.whole_sums import spread_sums

TEXTURE, SMOOTH, ROUGH = "texture", "smooth", "rough"  # names of what is kept
TEXTURE_HALO = 10  # pixels: where both Gaussians have ended


@dataclass(frozen=True, eq=False)
class Background:
    """What is ground.

    Attributes
    ----------
    even : bool
        Whether all of the image is alike.
    rough : (*spatial) uint8, read by windows, optional
        1 where something is textured or enclosed by it; None where there is no ground.
    """

    even: bool
    rough: Any = None

    def inside(self, window: Window) -> NDArray[np.bool_]:
        """Return what is no ground (*window)."""
        if self.rough is None:
            return np.ones([w.stop - w.start for w in window], bool)
        grown, inner = with_halo(window, SHRINK, self.rough.shape)
        return shrunk(self.rough[grown] > 0)[inner]


def background_in_blocks(source: Source, ridges: Ridges, work: Work) -> Background:
    """Return where the ground of an image is, the same as of `smooth_background`."""
    shape = source.shape[1:]
    windows = list(blocks(shape, PASS_SIDE[len(shape)]))
    texture: Any = work.kept.labels(TEXTURE, shape, np.float32)

    def keep(number: int, _: int, found: tuple[NDArray[np.float32], NDArray[np.float32]]) -> Arrays:
        texture[windows[number]], extents = found
        return {"extents": extents}

    told = passed(work, TEXTURE, _texture_in, (source, ridges), items_of(windows), take=keep)
    low, dark = np.min([each["extents"][:, 0] for each in told], axis=0)
    high, bright = np.max([each["extents"][:, 1] for each in told], axis=0)
    if dark == bright:
        return Background(even=True)
    if low == high:
        return Background(even=False)
    threshold = otsu_of(np.sum([counts_between(texture[w], low, high) for w in windows], axis=0), low, high)

    def item(window: Window) -> tuple[Window, tuple[int, ...], Any]:
        return window, shape, texture[window]

    def add(_: int, __: int, found: tuple[Components, NDArray[np.int64]]) -> Arrays:
        return {**found[0].arrays(), "sums": found[1]}

    told = passed(work, SMOOTH, _smooth_in, threshold, [partial(item, window) for window in windows], take=add)
    sums = np.sum([each["sums"].astype(object) for each in told], axis=0)
    if not 0 < sums[0][0] < sums[1][0] or separation_of(sums[0], sums[1]) < GROUND:
        return Background(even=False)
    found = [Components.from_arrays(each) for each in told]
    groups = joined(found, windows)
    sizes = np.bincount(groups, np.concatenate([each.areas for each in found]))
    if sizes.max() < ONE_PART * sizes.sum():
        return Background(even=False)
    holes, rough = enclosed(found, groups), work.kept.labels(ROUGH, shape, np.uint8)
    for window, own in zip(windows, holes, strict=True):
        mask = texture[window] >= threshold
        rough[window] = mask | own[ndimage.label(~mask)[0]]
    return Background(even=False, rough=rough)


def _texture_in(common: tuple[Source, Ridges], window: Window) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    source, ridges = common
    grown, inner = with_halo(window, TEXTURE_HALO, source.shape[1:])
    light = ridges.light(source.read(grown))
    found = roughness(light)[inner]
    return found, np.array([[found.min(), found.max()], [light[inner].min(), light[inner].max()]])


def _smooth_in(
    threshold: float, item: tuple[Window, tuple[int, ...], NDArray[np.float32]]
) -> tuple[Components, NDArray[np.int64]]:
    window, shape, texture = item
    rough = texture >= threshold
    labels, n = ndimage.label(~rough)
    return Components.of(labels, n, window, shape), np.stack([spread_sums(texture[rough]), spread_sums(texture)])
