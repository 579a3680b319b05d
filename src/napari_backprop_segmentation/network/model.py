"""A trained network with frozen statistics: the same labels for an image whole or in blocks."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from napari_backprop_segmentation.image.blocks import Window, blocks, with_halo
from napari_backprop_segmentation.image.context import input_halo, network_input
from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.network import Network
from napari_backprop_segmentation.network.planning import Plan
from napari_backprop_segmentation.params.params import Params


@dataclass(frozen=True)
class Model:
    """A network trained on one image.

    Attributes
    ----------
    network : Network
        In evaluation mode, batch-norm statistics frozen.
    params : Params
        The settings it was trained with.
    plan : Plan
        Where and how it computes.
    stopped_by : str
        Why training ended, in words.
    iterations : int
        Number of training steps taken.
    scaling : optional
        How the intensities of the training image were scaled, for `run`, which sees further images in the same way.
    binning : int
        Side of the squares of pixels whose means the network was shown, in pixels; further images are binned alike.
    """

    network: Network
    params: Params
    plan: Plan
    stopped_by: str
    iterations: int
    scaling: Any = None
    binning: int = 1

    def predict(self, source: Source, out: Any = None) -> Any:
        """Label every pixel of an image.

        The image is always computed in the same grid of blocks with halo, so memory is bounded by the block and the
        labels do not depend on who asks for which part.

        Parameters
        ----------
        source : Source
            The image, normalised as the training image was.
        out : array-like (*spatial), optional
            Where to write the labels: anything that takes ``out[window] = labels``, such as a zarr array.

        Returns
        -------
        (*spatial) uint8 or uint16 array, or `out`
            The number of the strongest response, from 1.
        """
        if out is None:
            out = np.empty(source.shape[1:], dtype=label_dtype(self.params.n_channels))
        for window, response in self.responses(source):
            out[window] = response.argmax(dim=0).cpu().numpy() + 1
        return out

    def responses(self, source: Source) -> Iterator[tuple[Window, Tensor]]:
        """Yield (window, responses (Q, *window)) for each block of the image.

        Always in float32: in bfloat16 the kernels for different block sizes round differently, and labels would change.
        """
        shape = source.shape[1:]
        for window in blocks(shape, self.plan.block):
            grown, inner = with_halo(window, self.network.halo + input_halo(self.params), shape)
            pixels = torch.from_numpy(network_input(source.read(grown), self.params))[None].to(self.plan.device)
            with torch.inference_mode():
                response = self.network(pixels)[0]
            yield window, response[(slice(None), *inner)]
