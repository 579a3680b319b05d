"""Judge any label image without a label: the same figures for what a tree, a preset or a hand has made."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.objects.candidates import Nested, Seen, describe

Floats = NDArray[np.float64]

LEAST = 12  # pixels of the smallest object looked at
MANY = 50.0  # objects from which on more of them prove nothing
SAME = 0.5  # IoU from which on two objects are one
FAR = 3.0  # spreads: a figure further out counts no more


def label_figures(labels: NDArray[np.integer], seens: Sequence[Seen]) -> dict[str, float]:
    """Return the figures of a label image; in the light in which its objects stand out most.

    - roundness, elongation, compactness: means over the objects, each weighted by its area;
    - edge: gradient on the outlines over that of the image; sharper: that over the gradient inside;
    - contrast: inside less rim over the spread inside, whatever its sign; one_side: share of objects that differ from
      their rim in the same direction; consistency: how far the sign is the same along an outline;
    - bright_line, dark_line: how sure there are lines on the outlines, less inside;
    - rougher: texture inside less that outside;
    - even_size, even_light, even_edge: how alike objects are in log area, light and edge, in robust spreads;
    - count, share: logarithm of how many there are, share of the image they cover; frame: how much of their outline
      is the image's edge.

    Parameters
    ----------
    labels : (*spatial) int
        Without gaps; 0 is background.
    seens : sequence of Seen
    """
    made = [_in_one_light(labels, seen) for seen in seens]
    return max(made, key=lambda figures: figures["edge"])


def _in_one_light(labels: NDArray[np.integer], seen: Seen) -> dict[str, float]:
    count = int(labels.max())
    # every object hangs from one root: then the trees' own figures are those of the objects
    node = np.where(labels > 0, labels - 1, count).astype(np.int32)
    found = describe(Nested(np.full(count + 1, count), np.zeros(count + 1), node), seen)
    some = np.flatnonzero((found.areas >= LEAST) & (np.arange(count + 1) < count))
    if not len(some):
        some = np.arange(count)
    area = found.areas[some]

    def of(name: str) -> Floats:
        return found.feature(name)[some]

    def mean(values: Floats) -> float:
        return float(np.average(values, weights=area))

    edge = np.log1p(np.clip(of("edge"), 0, 20))
    sign = mean(np.sign(of("consistency")))
    return {
        "roundness": mean(of("roundness")),
        "elongation": mean(of("elongation")),
        "compactness": mean(of("compactness")),
        "edge": mean(edge),
        "sharper": mean(np.clip(of("gradient"), -3, 3)),
        "contrast": mean(np.minimum(np.abs(of("contrast")), 4)),
        "one_side": abs(sign),
        "side": sign,
        "consistency": mean(np.abs(of("consistency"))),
        "bright_line": mean(of("bright_share")),
        "dark_line": mean(of("dark_share")),
        "rougher": mean(of("texture")),
        "uneven_size": spread(of("log_area")),
        "uneven_light": spread(of("level")) / (float(seen.light.std()) + 1e-3),
        "uneven_edge": spread(edge),
        "count": float(np.log(min(len(some), MANY))),
        "share": float((labels > 0).mean()),
        "log_area": float(np.median(of("log_area"))),
        "frame": mean(of("frame")),
    }


def spread(values: Floats) -> float:
    """Return the robust spread of some values."""
    return float(min(1.4826 * np.median(np.abs(values - np.median(values))), FAR))


def agreements(readings: Sequence[NDArray[np.integer]]) -> list[dict[str, float]]:
    """Return for each reading (*spatial) how far the others find the same.

    - agree: the mean over its objects, weighted by area, of the best IoU in each other reading, in the mean over the
      others; agree_best: in the one that agrees most.
    """
    found = []
    for i, one in enumerate(readings):
        values = [best_iou(one, other) for j, other in enumerate(readings) if j != i] or [0.0]
        found.append({"agree": float(np.mean(values)), "agree_best": float(np.max(values))})
    return found


def best_iou(one: NDArray[np.integer], other: NDArray[np.integer]) -> float:
    """Return the mean over the objects of one reading, by area, of their best IoU with an object of another."""
    n, m = int(one.max()) + 1, int(other.max()) + 1
    if n == 1 or m == 1:
        return 0.0
    pair = one.ravel().astype(np.int64) * m + other.ravel()
    table = np.bincount(pair, minlength=n * m).reshape(n, m).astype(np.float64)
    area = table.sum(axis=1)[1:]
    union = area[:, None] + table.sum(axis=0)[None, 1:] - table[1:, 1:]
    return float(np.average((table[1:, 1:] / union).max(axis=1), weights=area))


def score(figures: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Return the judgement of a reading with these figures; about the F1 to expect."""
    return weights["offset"] + sum(weight * figures[name] for name, weight in weights.items() if name != "offset")
