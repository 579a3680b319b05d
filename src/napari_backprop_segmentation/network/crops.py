"""What the training loop looks at: the whole image, or crops of one that is too large."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.context import network_input
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.estimate import MOST_CROPS
from napari_backprop_segmentation.network.planning import Plan
from napari_backprop_segmentation.network.superpixels import superpixel_index
from napari_backprop_segmentation.network.turns import Turns
from napari_backprop_segmentation.params.references import References
from napari_backprop_segmentation.params.sections import Input, Training

Drawn = NDArray[np.integer[Any]] | None
ONE_BY_ONE = References()


@dataclass(frozen=True)
class Crop:
    """What one iteration looks at.

    Attributes
    ----------
    number : int
        Which crop of the image this is.
    whole : bool
        Whether it is all of the image.
    pixels : (1, C, *spatial) float32
    superpixels : (*spatial) int64, optional
    n_superpixels : int
    strokes : (*spatial) int64, optional
        From 1; 0 where nothing is drawn.
    """

    number: int
    whole: bool
    pixels: Tensor
    superpixels: Tensor | None
    n_superpixels: int
    strokes: Tensor | None


class Crops:
    """The crops of the images to train on, made when first asked for and kept.

    Parameters
    ----------
    sources : sequence of Source
        One image, or several of as many channels.
    training : Training
    shown : Input
        How the network sees an image.
    plan : Plan
        Of the largest image; crops of smaller ones end where they end.
    strokes : sequence of (*spatial) int arrays or None
        One an image.
    references : References
        How several images take turns.

    Attributes
    ----------
    training : Training
    plan : Plan
    dice : torch.Generator
        What losses draw at random; the seed decides.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        training: Training,
        shown: Input,
        plan: Plan,
        strokes: Sequence[Drawn],
        *,
        references: References = ONE_BY_ONE,
    ) -> None:
        self._sources, self._shown, self._references = sources, shown, references
        self.training, self.plan = training, plan
        self.dice = torch.Generator().manual_seed(training.seed)
        self._strokes = list(strokes)
        most = max(1, MOST_CROPS // len(sources))
        by_image = [
            crop_windows(source.shape[1:], plan.crop, training.seed + number, most)
            for number, source in enumerate(sources)
        ]
        self._turns = Turns([len(windows) for windows in by_image], references, training.iterations)
        self._windows = [(image, by_image[image][number]) for image, number in self._turns.order]
        self._made: dict[int, Crop] = {}

    @property
    def iterations(self) -> int:
        """How many training steps there are."""
        return self._turns.iterations

    def __getitem__(self, iteration: int) -> tuple[Crop, ...]:
        """Return the crops that an iteration, from 0, looks at together; they take turns."""
        numbers = self._turns(iteration)
        for number in numbers:
            if number not in self._made:
                self._made[number] = self._make(number)
        return tuple(self._made[number] for number in numbers)

    @property
    def has_strokes(self) -> bool:
        """Whether the user has drawn anything."""
        return any(strokes is not None for strokes in self._strokes)

    def draw(self, strokes: Sequence[Drawn]) -> None:
        """Take other strokes, one array an image, from the next iteration on."""
        self._strokes = list(strokes)
        self._made = {number: replace(crop, strokes=self._drawn(number)) for number, crop in self._made.items()}

    def let_go(self) -> None:
        """Forget the crops that were made; they are made again when asked for."""
        self._made.clear()

    def under(self, plan: Plan) -> "Crops":
        """Return the crops of the same images, with the strokes of now, under another plan."""
        return Crops(self._sources, self.training, self._shown, plan, self._strokes, references=self._references)

    def pixels(self) -> list[Tensor]:
        """Return the pixels of all crops that training has used."""
        return [crop.pixels for crop in self._made.values()]

    def seen_in(self, iterations: int) -> list[Tensor]:
        """Return what `pixels` returns after so many iterations."""
        seen = dict.fromkeys(number for i in range(iterations) for number in self._turns(i))
        return [self._pixels(self._read(number)) for number in seen]

    def _read(self, number: int) -> NDArray[np.float32]:
        chosen, window = self._windows[number]
        return self._sources[chosen].read(window)

    def _pixels(self, image: NDArray[np.float32]) -> Tensor:
        return self._to_device(network_input(image, self._shown)[None])

    def _make(self, number: int) -> Crop:
        chosen, image = self._windows[number][0], self._read(number)
        by_vote, spacing = self.training.method == "superpixels", self._sources[chosen].spacing
        index = superpixel_index(image, self.training, spacing) if by_vote else None
        return Crop(
            number=number,
            whole=len(self._windows) == 1,
            pixels=self._pixels(image),
            superpixels=None if index is None else self._to_device(index),
            n_superpixels=0 if index is None else int(index.max()) + 1,
            strokes=self._drawn(number),
        )

    def _drawn(self, number: int) -> Tensor | None:
        chosen, window = self._windows[number]
        strokes = self._strokes[chosen]
        return None if strokes is None else self._to_device(np.asarray(strokes[window], dtype=np.int64))

    def _to_device(self, array: NDArray[Any]) -> Tensor:
        tensor = torch.from_numpy(np.ascontiguousarray(array)).to(self.plan.device)
        return tensor

    @cached_property
    def overview(self) -> Tensor:
        """A reduced copy of the image, (1, C, *spatial): every n-th pixel along each axis; for looking at only."""
        return self._to_device(network_input(self._sources[0].overview(self._stride), self._shown)[None])

    @cached_property
    def _stride(self) -> int:
        _, window = self._windows[0]
        pixels = np.prod([w.stop - w.start for w in window])
        spatial = self._sources[0].shape[1:]
        return max(1, int(np.ceil((np.prod(spatial) / pixels) ** (1 / len(spatial)))))

    def enlarge(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return labels of the overview at the size of the image."""
        for axis, size in enumerate(self._sources[0].shape[1:]):
            labels = np.repeat(labels, self._stride, axis=axis)[(slice(None),) * axis + (slice(size),)]
        return labels


def crop_windows(shape: Sequence[int], crop: Sequence[int] | None, seed: int, most: int = MOST_CROPS) -> list[Window]:
    """Return the windows that training looks at: all of the image, or up to `most` random crops spread over it.

    The crops are drawn one from each cell of a shuffled grid, so that a few of them cover a large image evenly.
    """
    if crop is None:
        return [tuple(slice(0, n) for n in shape)]
    crop = [min(c, n) for c, n in zip(crop, shape, strict=True)]
    rng = np.random.default_rng(seed)
    room = [n - c for n, c in zip(shape, crop, strict=True)]
    n_crops = min(most, int(np.ceil(np.prod(shape) / np.prod(crop))))
    # One stratum an axis and crop (a Latin hypercube): marginals are even for any number of crops.
    strata = np.stack([(rng.permutation(n_crops) + rng.random(n_crops)) / n_crops for _ in shape], axis=1)
    starts = [[round(s * r) for s, r in zip(row, room, strict=True)] for row in strata]
    return [tuple(slice(a, a + c) for a, c in zip(row, crop, strict=True)) for row in starts]
