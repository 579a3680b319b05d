"""Judge objects without a label: the same figures for what a tree, a preset or a hand has made."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import find_boundaries

from napari_backprop_segmentation.objects.candidates import Seen, look, outlines
from napari_backprop_segmentation.objects.forest import lights
from napari_backprop_segmentation.objects.light_trees import Nested
from napari_backprop_segmentation.objects.together import largest_ious

# Of the expected F1 of any objects; by benchmarks/judgement.py from differences within each of 70 development images,
# seen at half, at once and at twice their size, with phase contrast left out: see `pipeline.count.SURE`.
EXPECTED: Mapping[str, float] = {"round2": 0.58, "line": 0.21, "count": 0.05, "edges": 0.70, "offset": -0.64}
LEAST = 12  # pixels of the smallest object looked at
MANY = 50.0  # objects from which on more of them prove nothing
EDGE_SIGMA = 2.0  # pixels: of the Gaussian through which edges are seen
NEAR = 2  # pixels from an outline within which an edge lies on it


class Judge:
    """Judges objects of one image.

    Parameters
    ----------
    image : (C, *spatial) float32
        In about [0, 1]; three channels are taken as RGB.
    """

    def __init__(self, image: NDArray[np.float32]) -> None:
        seen = [light for _, light in lights(image)]
        self._seens = [look(light) for light in seen]
        gradient = np.max([ndimage.gaussian_gradient_magnitude(light, EDGE_SIGMA) for light in seen], axis=0)
        self._edges = np.maximum(gradient - np.median(gradient), 0)

    def figures(self, labels: NDArray[np.int32]) -> dict[str, float]:
        """Return what `EXPECTED` weighs.

        - round2: mean squared roundness, each object weighted by its area;
        - line: how sure there are bright or dark lines on the outlines, less inside;
        - count: logarithm of how many there are, up to `MANY`;
        - edges: how much of the image is explained, see `explained`.

        Parameters
        ----------
        labels : (*spatial) int32
            Numbered without gaps; 0 is the ground, and there is at least one object.
        """
        shape = max((_in_one_light(labels, seen) for seen in self._seens), key=lambda figures: figures["edge"])
        return {
            "round2": shape["roundness"] ** 2,
            "line": shape["line"],
            "count": shape["count"],
            "edges": self.explained(labels),
        }

    def explained(self, labels: NDArray[np.integer]) -> float:
        """Return the share of all edges that lie on outlines of labels (*spatial), less the share of pixels there.

        Objects left out leave edges unexplained, and outlines all over the image explain no more than chance.
        """
        near = ndimage.maximum_filter(find_boundaries(labels), 2 * NEAR + 1)
        total = max(float(self._edges.sum()), float(np.finfo(np.float32).tiny))
        return float(self._edges[near].sum()) / total - float(near.mean())


def expected(figures: Mapping[str, float]) -> float:
    """Return about what F1 to expect of objects with these figures, see `Judge.figures`."""
    return EXPECTED["offset"] + sum(EXPECTED[name] * value for name, value in figures.items())


def _in_one_light(labels: NDArray[np.int32], seen: Seen) -> dict[str, float]:
    count = int(labels.max())
    # every object hangs from one root: then the trees' own figures are those of the objects
    node = np.where(labels > 0, labels - 1, count).astype(np.int32)
    areas, found = outlines(Nested(np.full(count + 1, count), np.zeros(count + 1), node), seen)
    some = np.flatnonzero((areas >= LEAST) & (np.arange(count + 1) < count))
    if not len(some):
        some = np.arange(count)

    def mean(name: str) -> float:
        return float(np.average(found[name][some], weights=areas[some]))

    return {
        "roundness": mean("roundness"),
        "edge": mean("edge"),
        "line": max(mean("bright_share"), mean("dark_share")),
        "count": float(np.log(min(len(some), MANY))),
    }


def best_ious(one: NDArray[np.integer], other: NDArray[np.integer]) -> tuple[float, float]:
    """Return how far one label image (*spatial) is found again in another, and the other in it.

    That is the mean over its objects, by area, of the best IoU with an object of the other; 0 is the ground.
    """
    if not (one.any() and other.any()):
        return 0.0, 0.0
    mean, other_mean = (
        float(np.average(best, weights=np.bincount(labels.ravel())[1:]))
        for best, labels in zip(largest_ious(one, other), (one, other), strict=True)
    )
    return mean, other_mean
