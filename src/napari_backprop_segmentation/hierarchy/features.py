"""What the merge tree looks at: the network's responses, colour, texture, and where the image has edges."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_backprop_segmentation.image.blocks import BLOCK_SIDE, Window, blocks, in_groups, with_halo
from napari_backprop_segmentation.image.colour import colour_features
from napari_backprop_segmentation.image.context import input_halo
from napari_backprop_segmentation.image.held import colours_in, held
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.image.texture import HALO as TEXTURE_HALO
from napari_backprop_segmentation.image.texture import source_texture
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.seen import AT_ONCE, Seen
from napari_backprop_segmentation.params.sections import Regions

EDGE_SIGMA = 1.0  # of the smallest pixel side: smoothing before differences are taken
EDGE_HALO = 6  # pixels: where the Gaussian has ended, and one more for the difference


def tree_features(model: Model, source: Source, regions: Regions) -> Iterator[tuple[Window, NDArray[np.float32]]]:
    """Yield (window, (F, *window) features) block by block: weighted responses, colour, and weighted texture."""
    seen = Seen(model, source)
    for group in in_groups(list(feature_windows(source.shape[1:])), AT_ONCE):
        at_once = held_for(seen, regions, group)
        for window in group:
            yield from features_in(at_once, regions, window)


def feature_windows(shape: Sequence[int]) -> Iterator[Window]:
    """Yield the blocks in which the features of an image (*spatial) are computed."""
    return blocks(shape, BLOCK_SIDE[len(shape)])


def held_for(seen: Seen, regions: Regions, windows: Sequence[Window]) -> Seen:
    """Return the same image, of which all that the features of some blocks look at is read at once."""
    around = seen.model.network.halo + input_halo(seen.model.input)
    in_plane = max(around, TEXTURE_HALO) if regions.texture_weight else around
    halos = [around] * (len(seen.source.shape) - 3) + [in_plane] * 2
    return replace(seen, source=held(seen.source, windows, halos))


def features_in(seen: Seen, regions: Regions, around: Window) -> Iterator[tuple[Window, NDArray[np.float32]]]:
    """Yield the same for one block: all of it, or in parts where memory runs out."""
    weight, roughness = np.float32(regions.response_weight), np.float32(regions.texture_weight)
    for window, response in seen.responses_in(around):
        parts = [response.cpu().numpy() * weight, colour_features(*colours_in(seen.source, window))]
        if roughness:
            parts.append(source_texture(seen.source, window) * roughness)
        yield window, np.concatenate(parts)


def edge_strength(source: Source) -> list[NDArray[np.float16]]:
    """Return how much the colour changes across each pixel face, in the units of `colour_features` for two pixels.

    Parameters
    ----------
    source : Source

    Returns
    -------
    list of arrays
        For each axis one of the shape of the image, shorter by one along that axis.
    """
    shape = source.shape[1:]
    found = [np.zeros(shape, np.float16) for _ in shape]
    for window in blocks(shape, BLOCK_SIDE[len(shape)]):
        for out, change in zip(found, edge_strength_in(source, window), strict=True):
            out[window] = change
    return [out[(slice(None),) * axis + (slice(0, -1),)] for axis, out in enumerate(found)]


def edge_strength_in(source: Source, window: Window) -> list[NDArray[np.float16]]:
    """Return how much the colour changes across the faces behind the pixels of a window, for each axis (*window)."""
    grown, inner = with_halo(window, EDGE_HALO, source.shape[1:])
    smooth = colour_features(source.read(grown))
    sigma = [EDGE_SIGMA / size for size in source.spacing]
    smooth = np.stack([gaussian_filter(channel, sigma) for channel in smooth])
    found = []
    for axis in range(smooth.ndim - 1):
        n = smooth.shape[axis + 1]
        # The face between pixel i and the next one gets the difference of pixels i - 1 and i + 1.
        before, after = (np.clip(np.arange(n) + step, 0, n - 1) for step in (-1, 1))
        change = np.linalg.norm(smooth.take(after, axis + 1) - smooth.take(before, axis + 1), axis=0)
        found.append(change[inner].astype(np.float16))
    return found
