"""Judge objects without a label: the same figures for what a tree, a preset or a hand has made."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.objects.candidates import Seen
from napari_backprop_segmentation.objects.outlines import Outlines
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
    seens : sequence of Seen
        What outlines are judged by, in each light.
    """

    def __init__(self, seens: Sequence[Seen]) -> None:
        self._seens = seens
        gradient = np.max([ndimage.gaussian_gradient_magnitude(seen.light, EDGE_SIGMA) for seen in seens], axis=0)
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
        outlines = Outlines(labels)
        some = np.flatnonzero(outlines.areas >= LEAST)
        if not len(some):
            some = np.arange(len(outlines.areas))

        def mean(values: NDArray[np.float64]) -> float:
            return float(np.average(values[some], weights=outlines.areas[some]))

        seen = max(self._seens, key=lambda seen: mean(outlines.along(seen.gradient)) / (seen.gradient.mean() + 1e-3))
        lines = (mean(outlines.along(share) - outlines.inside(share)) for share in seen.shares[1:])
        return {
            "round2": mean(outlines.roundness) ** 2,
            "line": max(lines),
            "count": float(np.log(min(len(some), MANY))),
            "edges": self.explained(outlines),
        }

    def explained(self, outlines: Outlines) -> float:
        """Return the share of all edges that lie on outlines, less the share of pixels there.

        Objects left out leave edges unexplained, and outlines all over the image explain no more than chance.
        """
        near = ndimage.maximum_filter(outlines.pixels, 2 * NEAR + 1)
        total = max(float(self._edges.sum()), float(np.finfo(np.float32).tiny))
        return float(self._edges[near].sum()) / total - float(near.mean())


def expected(figures: Mapping[str, float]) -> float:
    """Return about what F1 to expect of objects with these figures, see `Judge.figures`."""
    return EXPECTED["offset"] + sum(EXPECTED[name] * value for name, value in figures.items())


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
