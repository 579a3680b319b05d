"""An image of two kinds of things, for tests by example."""

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
