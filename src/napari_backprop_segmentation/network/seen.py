"""What a network sees of an image, block by block and wherever the blocks are done."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_backprop_segmentation.image.blocks import BLOCK_SIDE, Window, blocks, in_groups
from napari_backprop_segmentation.image.kept_blocks import Work
from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.planning import chosen_device

LABELS = "labels"  # name of what is kept
AT_ONCE = 8  # blocks: a second of work or more, which outweighs what sending it elsewhere takes


@dataclass(frozen=True)
class Seen:
    """An image and a network.

    Attributes
    ----------
    model : Model
    source : Source
    device : str
        What to compute on, as the setting says it; where the network is, if empty.
    """

    model: Model
    source: Source
    device: str = ""

    def elsewhere(self, device: str) -> "Seen":
        """Return the same for another process, which may have another device."""
        return replace(self, model=self.model.on(torch.device("cpu")), device=device)

    def responses_in(self, window: Window) -> Iterator[tuple[Window, Tensor]]:
        """Yield (window, responses), see `Model.responses_in`."""
        return self.model_here().responses_in(self.source, window)

    def model_here(self) -> Model:
        """Return the network where this process computes."""
        return self.model.on(chosen_device(self.device)) if self.device else self.model


def strongest_in(seen: Seen, windows: Sequence[Window]) -> list[NDArray[Any]]:
    """Return for each of several windows the number of the strongest response of each pixel (*window), from 1."""
    return [_strongest(seen, window) for window in windows]


def _strongest(seen: Seen, window: Window) -> NDArray[Any]:
    found = np.empty([w.stop - w.start for w in window], label_dtype(seen.model.training.n_channels))
    for part, response in seen.responses_in(window):
        inner = tuple(slice(p.start - w.start, p.stop - w.start) for p, w in zip(part, window, strict=True))
        found[inner] = response.argmax(dim=0).cpu().numpy() + 1
    return found


def predict_in_blocks(seen: Seen, out: Any, work: Work) -> None:
    """Write the labels of every pixel into an array, see `Model.predict`; blocks that are kept are not done again."""
    shape = seen.source.shape[1:]
    groups, parts = in_groups(list(blocks(shape, BLOCK_SIDE[len(shape)])), AT_ONCE), work.kept.parts(LABELS)
    left = [number for number in range(len(groups)) if parts.get(number) is None]
    coming = work.in_turn(strongest_in, seen, (groups[number] for number in left))
    for number, found in zip(left, coming, strict=True):
        for window, labels in zip(groups[number], found, strict=True):
            out[window] = labels
        parts.put(number, {})
        work.tell(number + 1, len(groups))


def predict_and_copy(seen: Seen, found: Any, out: Any, work: Work) -> None:
    """Do the same by way of an array that an earlier start may have written into, as `out` need not be the same one."""
    predict_in_blocks(seen, found, work)
    shape = seen.source.shape[1:]
    for window in blocks(shape, BLOCK_SIDE[len(shape)]):
        out[window] = found[window]
