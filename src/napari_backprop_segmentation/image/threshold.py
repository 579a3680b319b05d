"""Two kinds of pixels by their brightness: where to divide them, and how far apart they are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_otsu

LEVELS = 256


def separation(light: NDArray[np.float32], bright: NDArray[np.bool_]) -> float:
    """Return the share of the variance that lies between the bright side and the dark one, from 0 to 1."""
    share, gap = bright.mean(), light[bright].mean() - light[~bright].mean()
    return float(share * (1 - share) * gap**2 / light.var())


def otsu(light: NDArray[np.float32]) -> float:
    """Return Otsu's threshold: from there on is bright.

    The upper end of the last dark bin; its middle would divide the pixels of an even ground.
    """
    low, high = light.min(), light.max()
    return otsu_of(counts_between(light, low, high), low, high)


def counts_between(light: NDArray[np.float32], low: Any, high: Any) -> NDArray[np.int64]:
    """Return how many values (LEVELS,) lie in each of equal steps between two values; those of several parts add up."""
    return np.histogram(light, LEVELS, (low, high))[0]


def otsu_of(counts: NDArray[Any], low: Any, high: Any) -> float:
    """Return Otsu's threshold from `counts_between` two values."""
    edges = np.histogram_bin_edges(np.array([low, high]), LEVELS, (low, high))
    return float(threshold_otsu(hist=(counts, edges[1:])))


def weighted_otsu(light: NDArray[np.float32], areas: NDArray[np.int64]) -> float:
    """Return Otsu's threshold of regions (n,), of each of which there are so many pixels (n,)."""
    low, high = light.min(), light.max()
    counts, _ = np.histogram(light, LEVELS, (low, high), weights=areas)
    return otsu_of(counts, low, high)


def weighted_separation(light: NDArray[np.float32], areas: NDArray[np.int64]) -> float:
    """Return the `separation` of regions (n,) at Otsu's threshold, of each of which there are so many pixels (n,)."""
    bright, total = light >= weighted_otsu(light, areas), areas.sum()
    mean = (light @ areas) / total
    share = areas[bright].sum() / total
    gap = np.average(light[bright], weights=areas[bright]) - np.average(light[~bright], weights=areas[~bright])
    return float(share * (1 - share) * gap**2 / (((light - mean) ** 2 @ areas) / total))
