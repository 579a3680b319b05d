"""A robot that draws: strokes from the truth, as a user would, and corrections where a result is wrong.

The protocol of the first strokes is that of the convpaint paper: skeletons and straight lines inside each kind, until a
share of the pixels is drawn. A correction is one stroke along the middle of the largest error.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.draw import line
from skimage.measure import label as connected
from skimage.morphology import skeletonize

IntArray = NDArray[np.integer]
Mask = NDArray[np.bool_]

LEAST = 8  # pixels of a kind that are drawn at least
MOST_SHARE = 0.5  # of a kind
MOST_TURNS = 20_000


def first_strokes(kinds: IntArray, share: float, seed: int) -> IntArray:
    """Return strokes (Y, X) from 1 for about a share of the pixels of each kind; 0 is not drawn.

    Parameters
    ----------
    kinds : (Y, X) int
        The truth, from 1; 0 is unknown.
    share : float
        Of the pixels; of each kind `LEAST` are drawn at least.
    seed : int
    """
    rng = np.random.default_rng(seed)
    drawn = np.zeros(kinds.shape, kinds.dtype)
    present = np.unique(kinds[kinds > 0])
    for kind in present:
        mask = kinds == kind
        size = int(mask.sum())
        quota = int(min(max(LEAST, share * size), max(1, MOST_SHARE * size)))
        got = np.zeros_like(mask)
        for piece in pieces(mask, quota, rng):
            rows, columns = piece[: quota - int(got.sum())].T
            got[rows, columns] = True
            if got.sum() >= quota:
                break
        drawn[got] = kind
    return drawn


def pieces(mask: Mask, quota: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    """Yield pieces of skeletons and lines (n, 2) inside a mask by turns."""
    length = max(5, quota // 4)
    skeleton = np.argwhere(skeletonize(ndimage.binary_erosion(mask) if mask.sum() > 200 else mask))
    inside = np.argwhere(mask)
    for turn in range(MOST_TURNS):
        if turn % 2 == 0 and len(skeleton):
            start = skeleton[rng.integers(len(skeleton))]
            near = skeleton[np.abs(skeleton - start).max(axis=1) <= length // 2]
            order = np.argsort(((near - start) ** 2).sum(axis=1), kind="stable")
            yield near[order][:length]
        else:
            yield longest_line(mask, inside[rng.integers(len(inside))], length, rng)


def longest_line(mask: Mask, start: NDArray[np.int64], length: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the longest (n, 2) of a few lines from a pixel that stay inside a mask."""
    best = start[None]
    for angle in rng.uniform(0, 2 * np.pi, 8):
        end = np.round(start + length * np.array([np.sin(angle), np.cos(angle)])).astype(np.int64)
        rows, columns = line(*start, *end)
        inside = (rows >= 0) & (columns >= 0) & (rows < mask.shape[0]) & (columns < mask.shape[1])
        inside[inside] = mask[rows[inside], columns[inside]]
        n = len(inside) if inside.all() else int(inside.argmin())
        if n > len(best):
            best = np.column_stack([rows, columns])[:n]
    return best


def correction(result: IntArray, kinds: IntArray, length: int) -> tuple[NDArray[np.int64], int]:
    """Return the pixels (n, 2) of a stroke along the middle of the largest error, and its kind.

    Parameters
    ----------
    result, kinds : (Y, X) int
        What was found, and the truth; 0 in the truth is unknown.
    length : int
        Of the stroke in pixels.
    """
    wrong = (result != kinds) & (kinds > 0)
    parts = connected(np.where(wrong, kinds, 0), connectivity=1)
    if not parts.max():
        return np.zeros((0, 2), np.int64), 0
    mask = parts == np.bincount(parts.ravel())[1:].argmax() + 1
    window = ndimage.find_objects(mask.astype(np.uint8))[0]
    depth = ndimage.distance_transform_edt(np.pad(mask[window], 1))[1:-1, 1:-1]
    middle = np.array(np.unravel_index(depth.argmax(), depth.shape))
    skeleton = np.argwhere(skeletonize(mask[window]))
    skeleton = np.vstack([middle, skeleton])
    order = np.argsort(((skeleton - middle) ** 2).sum(axis=1), kind="stable")
    found = skeleton[order][:length] + [axis.start for axis in window]
    return found, int(kinds[tuple(found[0])])
