"""What finds objects like examples in the image of a run: asked, and answered, in pixels of that image."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.apart import pixels_apart
from napari_backprop_segmentation.objects.foreground import cleaned
from napari_backprop_segmentation.objects.tree_cuts import nested
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.teaching.examples import ByExample
from napari_backprop_segmentation.teaching.pointed import HOW_ALIKE, Example, Place, Sized, is_mask


@dataclass(frozen=True)
class Patch:
    """Pixels of an image as a small mask.

    Attributes
    ----------
    corner : tuple of int
        Its first pixel in the image.
    mask : (*spatial) bool
    """

    corner: tuple[int, ...]
    mask: NDArray[np.bool_]

    def holds(self, place: Place) -> bool:
        """Return whether a pixel of the image is one of them."""
        inner = tuple(p - c for p, c in zip(place, self.corner, strict=True))
        return all(0 <= i < n for i, n in zip(inner, self.mask.shape, strict=True)) and bool(self.mask[inner])


class Finder:
    """Finds objects like examples; made once per image, each answer then takes a fraction of a second.

    Parameters
    ----------
    by_example : ByExample
        Of the image as it was seen, which may be binned.
    rules : Objects
    shape : tuple of int
        Spatial, of the image before it was binned.
    factor : int
        Side of the squares of pixels that were binned.
    """

    def __init__(self, by_example: ByExample, rules: Objects, shape: tuple[int, ...], factor: int = 1) -> None:
        self.shape = shape
        self._by_example, self._factor = by_example, factor
        self._rules = replace(rules, min_object=1)  # what is like an example may be as small
        self._seen_shape = by_example.forest.shape

    def around(self, place: Place) -> NDArray[np.int64]:
        """Return the nodes around a pixel, from the smallest."""
        return self._by_example.around(self._seen(place))

    def node(self, example: Place | Sized, name: str = "examples") -> int:
        """Return the node that an example is."""
        return self._by_example.node_at(self._seen(example), name)

    def sizes(self, nodes: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return how many pixels nodes (n,) have."""
        areas = self._by_example.forest.areas[nodes].astype(np.int64)
        return areas * self._factor**2

    def patch(self, node: int) -> Patch:
        """Return the pixels of a node."""
        flat = self._by_example.forest.pixels_of(node)
        grid = np.stack(np.unravel_index(flat, self._seen_shape))  # (ndim, area)
        low, high = grid.min(axis=1), grid.max(axis=1) + 1
        mask = np.zeros(high - low, bool)
        mask[tuple(grid - low[:, None])] = True
        if self._factor == 1:
            return Patch(tuple(low.tolist()), mask)
        start = low * self._factor
        rows, columns = (self._columns(axis, int(low[axis]), int(high[axis])) for axis in (-2, -1))
        return Patch(tuple(start.tolist()), mask[..., rows[:, None], columns])

    def alike(
        self, examples: Sequence[Example], counter_examples: Sequence[Example] = (), how_alike: float = HOW_ALIKE
    ) -> NDArray[Any]:
        """Return all alike objects (*spatial), numbered from 1; 0 is background. See `ByExample.alike`."""
        labels = self.seen_alike(examples, counter_examples, how_alike)
        if self._factor == 1:
            return labels
        rows, columns = (self._columns(axis, 0, self._seen_shape[axis]) for axis in (-2, -1))
        found: NDArray[Any] = labels[..., rows[:, None], columns]
        return found

    def seen_alike(
        self, examples: Sequence[Example], counter_examples: Sequence[Example], how_alike: float
    ) -> NDArray[Any]:
        """Return the same in pixels of the image as it was seen."""
        given, against = ([self._seen(each) for each in some] for some in (examples, counter_examples))
        return cleaned(self._by_example.alike(given, against, how_alike), self._rules)

    def _seen(self, example: Any) -> Any:
        return seen_at(example, self.shape, self._seen_shape, self._factor)

    def _columns(self, axis: int, low: int, high: int) -> NDArray[np.int64]:
        """Return for each pixel along an axis, of a span of the binned one, which of the span it is."""
        small = self._seen_shape[axis]
        stop = self.shape[axis] if high == small else high * self._factor
        found: NDArray[np.int64] = np.minimum(np.arange(low * self._factor, stop) // self._factor, small - 1) - low
        return found


def finder_of(job: Job, tree: Hierarchy) -> Finder:
    """Return what finds objects like examples in an image."""
    by_example = ByExample.prepared(pixels_apart(job.source, job.part), nested(tree))
    return Finder(by_example, Objects.of(job.params), job.image_shape[1:], job.source.preparation.binning)


def seen_at(example: Any, shape: tuple[int, ...], seen_shape: tuple[int, ...], factor: int) -> Any:
    """Return a pixel, a mask or a pixel and a size in an image as in the image as it was seen.

    Parameters
    ----------
    example : (*spatial) bool, pixel position, or Sized
    shape, seen_shape : tuple of int
        Spatial, of the image before and after it was binned.
    factor : int
        Side of the squares of pixels that were binned.
    """
    if factor == 1:
        return example
    if isinstance(example, Sized):
        return Sized(seen_at(example.place, shape, seen_shape, factor), max(1, round(example.size / factor**2)))
    mask = is_mask(example)
    places = np.argwhere(example) if mask else np.array([example])  # (n, ndim)
    binned = np.minimum(places // ([1] * (len(shape) - 2) + [factor] * 2), np.array(seen_shape) - 1)
    places = np.where((places < 0) | (places >= shape), places, binned)  # what is left over belongs to the last
    if not mask:
        return tuple(places[0].tolist())
    found = np.zeros(seen_shape, bool)
    found[tuple(places.T)] = True
    return found
