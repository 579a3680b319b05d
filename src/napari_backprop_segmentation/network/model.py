"""A trained network with frozen statistics: the same labels for an image whole or in blocks."""

import copy
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_backprop_segmentation.errors import ENGINE_ERRORS, of_memory
from napari_backprop_segmentation.image.blocks import BLOCK_SIDE, Window, blocks, halves
from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.image.preparation import Preparation
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.allocator import release_cached
from napari_backprop_segmentation.network.history import Kept
from napari_backprop_segmentation.network.network import Network
from napari_backprop_segmentation.network.seeing import normalised_for, pixels_in
from napari_backprop_segmentation.params.sections import Input, Training

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Model:
    """What was learned from an image, and how an image is made ready for it; never changed after training.

    What is wanted of an image, its regions or objects, is no part of it.

    Attributes
    ----------
    network : Network
        In evaluation mode, batch-norm statistics frozen.
    training : Training
        The settings it was trained with.
    input : Input
        How it sees an image.
    preparation : Preparation
        Scaling of intensities, channels and binning of the image; further images are prepared alike.
    stopped_by : str
        Why training ended, in words.
    iterations : int
        Number of training steps taken.
    taught : bool
        Whether the user's strokes had a part in it: labels then keep their numbers.
    lesson : Lesson, optional
        What strokes have taught on its labels, see `teaching.lesson`; other images show the same kinds.
    statistics : {"trained", "image"}
        Whether the network normalises what it sees by the statistics of the images it was trained on, or by those of
        the image itself.
    codebook : Codebook, optional
        What classes look like, see `hierarchy.codebook`; other images have the same classes.
    """

    network: Network
    training: Training
    input: Input
    preparation: Preparation
    stopped_by: str = ""
    iterations: int = 0
    taught: bool = False
    lesson: Any = field(default=None, compare=False, repr=False)
    statistics: Literal["trained", "image"] = "trained"
    codebook: Any = field(default=None, compare=False, repr=False)

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return next(self.network.parameters()).device

    def on(self, device: torch.device) -> "Model":
        """Return this model where it computes on a device; a copy unless it does so already."""
        if device == self.device:
            return self
        return replace(self, network=copy.deepcopy(self.network).to(device))

    def by(self, statistics: str) -> "Model":
        """Return this model where it goes by some statistics; a copy unless it does so already."""
        wanted: Literal["trained", "image"] = "image" if statistics == "image" else "trained"
        return self if wanted == self.statistics else replace(self, statistics=wanted)

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
            out = np.empty(source.shape[1:], dtype=label_dtype(self.training.n_channels))
        for window, response in self.responses(source):
            out[window] = response.argmax(dim=0).cpu().numpy() + 1
        return out

    def all_responses(self, source: Source) -> NDArray[np.float32]:
        """Return the responses (Q, *spatial) to an image that fits the memory."""
        found = np.empty((self.training.n_channels, *source.shape[1:]), np.float32)
        for window, response in self.responses(source):
            found[(slice(None), *window)] = response.cpu().numpy()
        return found

    def responses(self, source: Source) -> Iterator[tuple[Window, Tensor]]:
        """Yield (window, responses (Q, *window)) for each block of the image.

        Always in float32: in bfloat16 the kernels for different block sizes round differently, and labels would change.
        """
        shape, model = source.shape[1:], self
        if self.statistics == "image":
            model = replace(self, network=normalised_for(self.network, self.input, source))
        for window in blocks(shape, BLOCK_SIDE[len(shape)]):
            yield from model.responses_in(source, window)

    def responses_in(self, source: Source, window: Window) -> Iterator[tuple[Window, Tensor]]:
        """Yield (window, responses) for all of a window: in halves where memory runs out, in the end on the CPU."""
        try:
            found = self._response(source, window)
        except ENGINE_ERRORS as error:
            parts = halves(window)
            if not of_memory(error) or (not parts and self.device.type == "cpu"):
                raise
        else:
            yield window, found
            return
        release_cached(self.device)
        logger.warning("memory ran out, so labels are made in smaller parts")
        model = self if parts else self.on(torch.device("cpu"))
        for part in parts or (window,):
            yield from model.responses_in(source, part)

    def _response(self, source: Source, window: Window) -> Tensor:
        """Return the responses (Q, *window) in a window."""
        pixels, inner = pixels_in(self.network, self.input, source, window)
        with torch.inference_mode():
            response: Tensor = self.network(pixels)[0]
        return response[(slice(None), *inner)]


Start = Model | Kept  # what training can go on from
