"""The boundary F-measure of BSDS500: how well the borders of regions lie on those that people have drawn.

Borders are thinned, then matched one to one within .0075 of the diagonal of the image, as many as can be (the published
program also prefers near ones, which hardly changes how many). Recall: matched pixels of all annotators; precision:
pixels that are matched to one annotator at least. Martin, Fowlkes and Malik, IEEE TPAMI 26(5), 2004.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from datasets import Sample
from numpy.typing import NDArray
from partitions import IntArray
from rivals import Picture, Prediction
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.spatial import cKDTree
from skimage.morphology import thin

REACH = 0.0075  # of the diagonal
MOST_CUTS = 17  # of a family, evenly spread: each takes a tenth of a second

Counts = tuple[int, int, int, int]


def border_pixels(labels: IntArray) -> NDArray[np.bool_]:
    """Return the thinned borders (Y, X) of regions: pixels unlike the one to the right, below, or both."""
    padded = np.pad(labels, ((0, 1), (0, 1)), mode="edge")
    here = padded[:-1, :-1]
    unlike = (here != padded[:-1, 1:]) | (here != padded[1:, :-1]) | (here != padded[1:, 1:])
    found: NDArray[np.bool_] = thin(unlike)
    return found


def boundary_rows(sample: Sample, picture: Picture, prediction: Prediction) -> dict[Any, Counts]:
    """Return for some scales the matched pixels and all pixels, first of the annotators, then of the prediction."""
    truths = [border_pixels(truth) for truth in sample.truths]
    rows = {}
    for family in prediction.families:
        names = list(family.cuts)
        for name in names[:: -(-len(names) // MOST_CUTS)]:
            rows[name] = boundary_counts(border_pixels(family.labels(name)), truths)
    return rows


def boundary_counts(found: NDArray[np.bool_], truths: Sequence[NDArray[np.bool_]]) -> Counts:
    """Return (matched, all) pixels of the annotators, and of the prediction.

    Parameters
    ----------
    found : (Y, X) bool
    truths : sequence of (Y, X) bool
    """
    reach = REACH * float(np.hypot(*found.shape))
    points = np.argwhere(found)
    matched, recalled = np.zeros(len(points), bool), 0
    for truth in truths:
        partners = matches(points, np.argwhere(truth), reach)
        matched |= partners >= 0
        recalled += int((partners >= 0).sum())
    return recalled, sum(int(truth.sum()) for truth in truths), int(matched.sum()), len(points)


def matches(points: IntArray, others: IntArray, reach: float) -> IntArray:
    """Return for each point (n, 2) its partner among others (m, 2), -1 for none: as many pairs as can be."""
    if not len(points) or not len(others):
        return np.full(len(points), -1)
    near = cKDTree(points).sparse_distance_matrix(cKDTree(others), reach, output_type="coo_matrix")
    graph = csr_array((np.ones(near.nnz, np.int8), (near.row, near.col)), shape=near.shape)
    found: IntArray = maximum_bipartite_matching(graph, perm_type="column")
    return found


def f_measure(counts: Counts) -> float:
    """Return the harmonic mean of recall and precision."""
    recall, precision = counts[0] / max(counts[1], 1), counts[2] / max(counts[3], 1)
    return 2 * recall * precision / max(recall + precision, 1e-12)


def summarise_boundaries(images: Sequence[Mapping[Any, Counts]]) -> dict[str, Any]:
    """Return F at the best scale for all images (ODS) and at the best for each (OIS), counts pooled."""
    pooled = {scale: _sum(image[scale] for image in images) for scale in images[0]}
    best = max(pooled, key=lambda scale: f_measure(pooled[scale]))
    own = _sum(max(image.values(), key=f_measure) for image in images)
    return {"f_ods": f_measure(pooled[best]), "f_ois": f_measure(own), "f_scale": best}


def _sum(counts: Any) -> Counts:
    recalled, true, matched, found = np.sum(list(counts), axis=0).tolist()
    return recalled, true, matched, found
