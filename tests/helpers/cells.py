"""Phantoms of cells: with halos as in phase contrast, and between membranes as in electron microscopy."""

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from skimage.draw import ellipse

CELLS = [(30, 30, 16, 11), (30, 54, 16, 11), (80, 35, 12, 18), (85, 95, 17, 12), (30, 100, 11, 17)]


def halo_cells(seed=0):
    """Textured cells with bright rims on a smooth ground of the same mean; the first two touch."""
    rng = np.random.default_rng(seed)
    truth = np.zeros((120, 130), int)
    image = 0.02 * rng.normal(size=truth.shape)
    texture = gaussian_filter(rng.normal(size=truth.shape), 1.2)
    texture /= texture.std()
    for number, (y, x, a, b) in enumerate(CELLS, start=1):
        outer, inner = (ellipse(y, x, a + extra, b + extra, shape=truth.shape) for extra in (1.5, 0))
        image[outer] = 1.0
        truth[inner] = number
    image[truth > 0] = 0.22 * texture[truth > 0] - 0.1
    return gaussian_filter(image, 0.7).astype(np.float32), truth


def membranes(seed=0, n=24):
    """Cells of noisy grey that fill the image, with dark membranes between them."""
    rng = np.random.default_rng(seed)
    grid = np.indices((6, 4)).reshape(2, -1).T * 24 + 12 + rng.uniform(-5, 5, (n, 2))
    pixels = np.indices((144, 96)).reshape(2, -1).T
    (first, second), owner = np.split(cKDTree(grid).query(pixels, k=2)[0].T, 2), cKDTree(grid).query(pixels)[1]
    wall = ((second - first) < 3).reshape(144, 96)
    image = np.where(wall, -1.0, 0.2 * rng.normal(size=wall.shape))
    return gaussian_filter(image, 0.8).astype(np.float32), np.where(wall, 0, owner.reshape(144, 96) + 1)
