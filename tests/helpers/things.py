"""Images of things whose labels are known."""

import itertools

import numpy as np
from skimage.draw import disk, rectangle

DISCS = [(y, x) for y in (25, 70, 115) for x in (25, 70, 115)]
BARS = [(y, x) for y in (15, 60, 105) for x in (165, 230)]


def discs_and_bars():
    """Nine bright discs and six dark bars on even grey."""
    made = np.full((140, 280), 100.0)
    for place in DISCS:
        made[disk(place, 12)] = 180
    for place in BARS:
        made[rectangle(place, extent=(12, 40))] = 30
    return (made + np.random.default_rng(0).normal(0, 3, made.shape)).clip(0, 255).astype(np.uint8)


def numbers_at(labels, places, shift=(0, 0)):
    """Return the label at each place, moved by a shift."""
    return [int(labels[y + shift[0], x + shift[1]]) for y, x in places]


def disc_grid(shape: tuple[int, ...], radius: float, gap: int, noise: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    """Return an image of bright discs or balls on a grid, and their labels."""
    rng = np.random.default_rng(0)
    grid = np.indices(shape)
    labels = np.zeros(shape, int)
    for i, centre in enumerate(itertools.product(*(range(gap, n - gap // 2, gap) for n in shape)), start=1):
        labels[sum((axis - c) ** 2 for axis, c in zip(grid, centre, strict=True)) <= radius**2] = i
    return (0.2 + 0.6 * (labels > 0) + rng.normal(0, noise, shape)).astype(np.float32), labels
