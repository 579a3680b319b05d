"""Synthetic microscopy: nuclei, cells in two channels, phase contrast, electron microscopy, a volume.

Shaped like what microscopes deliver: crowded and unequal things, haze, uneven light, photon and camera noise. The same
seed gives the same image.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHAPE = (512, 512)
VOLUME = (16, 128, 128)
FLATNESS = 3.0  # how much longer a pixel of the volume is along depth
Floats = NDArray[np.float64]


def fluorescence(shape: tuple[int, int] = SHAPE, n_cells: int = 70, seed: int = 0) -> NDArray[np.uint16]:
    """Return a synthetic two-channel fluorescence image of cells: cytoplasm and nuclei.

    Parameters
    ----------
    shape : (int, int)
    n_cells : int
        The most cells to place; crowded images hold fewer.
    seed : int

    Returns
    -------
    (2, *shape) uint16
        Cytoplasm, nuclei.
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    radius = 0.028 * float(np.sqrt(shape[0] * shape[1]))
    light = np.zeros((2, *shape))
    for centre in _spread(rng, shape, n_cells, 2.5 * radius):
        _add_cell(rng, light, centre, radius)
    fibres = gaussian_filter(rng.standard_normal(shape), 2.0)
    chromatin = gaussian_filter(rng.standard_normal(shape), 2.5)
    light[0] *= np.clip(1 + 2.2 * fibres, 0.25, None)
    light[1] *= np.clip(1 + 1.6 * chromatin, 0.4, None)
    sharp = np.stack([gaussian_filter(channel, 1.3) for channel in light])
    haze = np.stack([gaussian_filter(channel, 4 * radius) for channel in light])
    return _camera(rng, 350 * _illumination(shape) * (sharp + 0.25 * haze + 0.03))


def nuclei(shape: tuple[int, int] = SHAPE, n_nuclei: int = 150, seed: int = 0) -> NDArray[np.uint16]:
    """Return a synthetic fluorescence image (*shape) of nuclei, some of which touch.

    Parameters
    ----------
    shape : (int, int)
    n_nuclei : int
        The most nuclei to place.
    seed : int
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    radius = 0.027 * float(np.sqrt(shape[0] * shape[1]))
    light = np.zeros(shape)
    for centre in _spread(rng, shape, n_nuclei, 1.9 * radius):
        size, stretch, angle = radius * rng.uniform(0.75, 1.1), rng.uniform(1.0, 1.3), rng.uniform(0, np.pi)
        body = np.clip(5 * (1.05 - _ellipse(shape, centre, size, stretch, angle)), 0, 1)
        np.maximum(light, rng.lognormal(0.0, 0.3) * body, out=light)
    light *= np.clip(1 + 1.6 * gaussian_filter(rng.standard_normal(shape), 2.5), 0.4, None)
    haze = gaussian_filter(light, 3 * radius)
    return _camera(rng, 300 * _illumination(shape) * (gaussian_filter(light, 1.3) + 0.2 * haze + 0.03))


def volume(shape: tuple[int, int, int] = VOLUME, n_nuclei: int = 40, seed: int = 0) -> NDArray[np.uint16]:
    """Return a synthetic fluorescence volume (*shape) of nuclei; a pixel is `FLATNESS` times as long along depth.

    Parameters
    ----------
    shape : (int, int, int)
    n_nuclei : int
        The most nuclei to place.
    seed : int
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    radius = 0.055 * float(np.sqrt(shape[1] * shape[2]))
    extent = (shape[0] * FLATNESS, *shape[1:])
    z, y, x = np.ogrid[: shape[0], : shape[1], : shape[2]]
    light = np.zeros(shape)
    for centre in _spread(rng, extent, n_nuclei, 2.1 * radius):
        size = radius * rng.uniform(0.75, 1.05, 3)
        offsets = (z * FLATNESS - centre[0], y - centre[1], x - centre[2])
        distance = np.sqrt(sum((offset / length) ** 2 for offset, length in zip(offsets, size, strict=True)))
        np.maximum(light, rng.lognormal(0.0, 0.25) * np.clip(5 * (1.05 - distance), 0, 1), out=light)
    light *= np.clip(1 + 1.2 * gaussian_filter(rng.standard_normal(shape), (1.0, 2.0, 2.0)), 0.4, None)
    haze = gaussian_filter(light, (radius / FLATNESS, radius, radius))
    return _camera(rng, 250 * (gaussian_filter(light, (0.8, 1.0, 1.0)) + 0.15 * haze + 0.03))


def phase_contrast(shape: tuple[int, int] = SHAPE, n_cells: int = 45, seed: int = 0) -> NDArray[np.uint8]:
    """Return a synthetic phase-contrast image (*shape) of cells: as grey as the ground, with bright halos around.

    Parameters
    ----------
    shape : (int, int)
    n_cells : int
        The most cells to place.
    seed : int
    """
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(seed)
    radius = 0.036 * float(np.sqrt(shape[0] * shape[1]))
    grain = gaussian_filter(rng.standard_normal(shape), 1.2)
    light = 0.5 + 0.06 * (_illumination(shape) - 0.7) + 0.05 * gaussian_filter(rng.standard_normal(shape), 6.0)
    inside = np.zeros(shape)
    for centre in _spread(rng, shape, n_cells, 3.3 * radius):
        size, stretch, angle = radius * rng.uniform(0.8, 1.1), rng.uniform(1.1, 1.5), rng.uniform(0, np.pi)
        distance = _ellipse(shape, centre, size, stretch, angle)
        light += 0.38 * np.exp(-(((distance - 1.14) / 0.12) ** 2)) - 0.16 * np.exp(-(((distance - 0.92) / 0.12) ** 2))
        nucleus = _ellipse(shape, centre + rng.normal(0, 0.1 * size, 2), 0.38 * size, 1.1, angle)
        light -= 0.1 * np.exp(-(((nucleus - 1) / 0.3) ** 2))
        inside = np.maximum(inside, np.clip(4 * (1 - distance), 0, 1))
    light += (0.05 + 0.3 * inside) * grain
    return _bytes(gaussian_filter(light, 0.8) + rng.normal(0, 0.02, shape))


def membranes(shape: tuple[int, int] = SHAPE, n_cells: int = 60, seed: int = 0) -> NDArray[np.uint8]:
    """Return a synthetic electron micrograph (*shape): processes that dark membranes enclose, with organelles.

    Parameters
    ----------
    shape : (int, int)
    n_cells : int
    seed : int
    """
    from scipy.ndimage import gaussian_filter
    from scipy.spatial import cKDTree

    rng = np.random.default_rng(seed)
    scale = float(np.sqrt(shape[0] * shape[1] / n_cells))
    centres = np.array(_spread(rng, shape, n_cells, 0.6 * scale))
    bend = [1.6 * scale * 2.5 * gaussian_filter(rng.standard_normal(shape), 0.18 * scale) for _ in shape]
    grid = np.stack([axis + shift for axis, shift in zip(np.indices(shape, dtype=float), bend, strict=True)], axis=-1)
    distances, nearest = cKDTree(centres).query(grid, k=2)
    wall = np.exp(-(((distances[..., 1] - distances[..., 0]) / (0.055 * scale)) ** 2))
    light = 0.68 + rng.normal(0, 0.05, len(centres))[nearest[..., 0]]
    light += 0.22 * gaussian_filter(rng.standard_normal(shape), 2.0)
    y, x = np.ogrid[: shape[0], : shape[1]]
    for centre in centres[rng.random(len(centres)) < 0.6]:
        place, size = centre + rng.normal(0, 0.1 * scale, 2), 0.13 * scale * rng.uniform(0.8, 1.2)
        angle, stretch = rng.uniform(0, np.pi), rng.uniform(1.0, 1.6)
        distance = _ellipse(shape, place, size, stretch, angle)
        cristae = np.sin((np.cos(angle) * (x - place[1]) + np.sin(angle) * (y - place[0])) * 9 / size)
        light -= np.clip(4 * (1 - distance), 0, 1) * (0.2 + 0.08 * cristae)
    return _bytes(gaussian_filter(light - 0.5 * wall, 1.0) + rng.normal(0, 0.04, shape))


def _add_cell(rng: np.random.Generator, light: Floats, centre: Floats, radius: float) -> None:
    """Draw one cell into the two channels, in place."""
    low = np.maximum(centre - 5 * radius, 0).astype(int)
    high = (centre + 5 * radius).astype(int)
    body_light, nucleus_light = (channel[low[0] : high[0], low[1] : high[1]] for channel in light)
    shape, middle = body_light.shape, centre - low
    angle, stretch = rng.uniform(0, np.pi), rng.uniform(1.0, 1.5)
    nucleus = _ellipse(shape, middle, radius * rng.uniform(0.8, 1.15), stretch, angle)
    body = _ellipse(shape, middle + rng.normal(0, 0.3 * radius, 2), 2.1 * radius, stretch**1.5, angle)
    body = rng.lognormal(0.0, 0.3) * np.clip(1.25 - body, 0, 0.75) * (1 - 0.55 * (nucleus < 1))
    nucleus = rng.lognormal(0.0, 0.25) * np.clip(6 * (1.05 - nucleus), 0, 1)
    np.maximum(body_light, body, out=body_light)
    np.maximum(nucleus_light, nucleus, out=nucleus_light)


def _spread(rng: np.random.Generator, extent: Sequence[float], most: int, distance: float) -> list[Floats]:
    """Return random points that keep a distance from each other."""
    points: list[Floats] = []
    for _ in range(30 * most):
        point = rng.uniform(np.zeros(len(extent)), extent)
        if len(points) < most and all(np.linalg.norm(point - other) > distance for other in points):
            points.append(point)
    return points


def _ellipse(shape: Sequence[int], centre: Floats, radius: float, stretch: float, angle: float) -> Floats:
    """Return the distance of each pixel from the centre of an ellipse, 1 on its outline."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    dy, dx = y - centre[0], x - centre[1]
    along = np.cos(angle) * dx + np.sin(angle) * dy
    across = np.cos(angle) * dy - np.sin(angle) * dx
    distance: Floats = np.hypot(along / stretch, across * stretch) / radius
    return distance


def _illumination(shape: tuple[int, int]) -> Floats:
    """Return a lamp that is brightest off-centre and falls to half at the far corner."""
    y, x = np.ogrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    return np.asarray(1 - 0.6 * ((y - 0.4) ** 2 + (x - 0.35) ** 2))


def _camera(rng: np.random.Generator, photons: Floats) -> NDArray[np.uint16]:
    """Return what a camera counts."""
    counts: Any = 100 + 12 * rng.poisson(photons) + rng.normal(0, 25, photons.shape)
    return np.asarray(np.clip(counts, 0, np.iinfo(np.uint16).max), np.uint16)


def _bytes(light: Floats) -> NDArray[np.uint8]:
    """Return brightness from 0 to 1 in 8 bits."""
    return np.clip(255 * light, 0, 255).astype(np.uint8)
