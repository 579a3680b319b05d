"""What a network sees of an image, block by block: pixels with what lies around them, and the statistics of all."""

import copy
from collections.abc import Iterator

import torch
from torch import Tensor

from napari_backprop_segmentation.image.blocks import BLOCK_SIDE, Window, blocks, with_halo
from napari_backprop_segmentation.image.context import input_halo, network_input
from napari_backprop_segmentation.image.held import colours_in
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.batchnorm import accumulator
from napari_backprop_segmentation.network.network import Network
from napari_backprop_segmentation.params.sections import Input


def pixels_in(network: Network, shown: Input, source: Source, window: Window) -> tuple[Tensor, Window]:
    """Return the pixels (1, C, *grown) of a window and what lies around it, and where in them the window is."""
    grown, inner = with_halo(window, network.halo + input_halo(shown), source.shape[1:])
    image, lab = colours_in(source, grown)
    pixels = torch.from_numpy(network_input(image, shown, lab))[None]
    return pixels.to(next(network.parameters()).device), inner


@torch.inference_mode()
def normalised_for(network: Network, shown: Input, source: Source) -> Network:
    """Return a copy of a network whose statistics are those of an image, layer after layer.

    The image is seen in a fixed grid of blocks, once for each layer, so memory is bounded by the block.

    Parameters
    ----------
    network : Network
        In evaluation mode.
    shown : Input
    source : Source
    """
    found = copy.deepcopy(network)
    for layer, norm in enumerate(found.all_norms):
        n, total, squares = 0, None, None
        for values in _seen(found, shown, source, layer):
            pixels = values.movedim(0, -1).flatten(0, -2).to(accumulator(values))
            n += len(pixels)
            total = pixels.sum(0) if total is None else total + pixels.sum(0)
            squares = (pixels**2).sum(0) if squares is None else squares + (pixels**2).sum(0)
        if total is None or squares is None:
            raise ValueError("image must hold pixels, got none; check the source")
        mean = total / n
        norm.mean = mean.to(norm.mean.dtype)
        norm.variance = (squares / n - mean**2).clamp_(min=0).to(norm.mean.dtype)
    return found


def _seen(network: Network, shown: Input, source: Source, layer: int) -> Iterator[Tensor]:
    """Yield what a batch norm sees of an image, block by block, (C, *block)."""
    shape = source.shape[1:]
    for window in blocks(shape, BLOCK_SIDE[len(shape)]):
        pixels, inner = pixels_in(network, shown, source, window)
        yield network.before_norm(pixels, layer)[0][(slice(None), *inner)]
