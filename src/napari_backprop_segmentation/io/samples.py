"""Sample images: those that scikit-image ships, a synthetic microscopy image, and a few that are fetched once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import SegmentationError

SHAPE = (512, 512)
PIXEL_SIZE = 0.325  # micrometres, as a 20x objective on a usual camera


@dataclass(frozen=True)
class Sample:
    """An image to try things on.

    Attributes
    ----------
    title : str
        What a menu shows.
    axes : str
        One letter an axis.
    load : callable
        Returns the array.
    online : bool
        Whether it is downloaded when first used.
    pixel_size : float, optional
        In micrometres, where it is known.
    """

    title: str
    axes: str
    load: Callable[[], NDArray[Any]]
    online: bool = False
    pixel_size: float | None = None


def sample_image(name: str) -> tuple[NDArray[Any], str]:
    """Return a sample image and its axes.

    Parameters
    ----------
    name : str
        One of `SAMPLES`.

    Returns
    -------
    image : array
    axes : str
        One letter an axis of the image.

    Raises
    ------
    SegmentationError
        If there is no such sample, or it cannot be downloaded.

    Examples
    --------
    >>> image, axes = sample_image("fluorescence")
    >>> image.shape, str(image.dtype), axes
    ((2, 512, 512), 'uint16', 'CYX')
    """
    if name not in SAMPLES:
        raise SegmentationError(f"sample must be one of {', '.join(SAMPLES)}, got {name!r}; choose one of these")
    sample = SAMPLES[name]
    try:
        return sample.load(), sample.axes
    except (OSError, ModuleNotFoundError) as error:
        offline = ", ".join(key for key, other in SAMPLES.items() if not other.online)
        raise SegmentationError(
            f"sample {name!r} must be downloaded once, which failed ({type(error).__name__}); "
            f"connect to the internet, or choose one that needs no download: {offline}"
        ) from error


def fluorescence(shape: tuple[int, int] = SHAPE, n_cells: int = 70, seed: int = 0) -> NDArray[np.uint16]:
    """Return a synthetic two-channel fluorescence image of cells: cytoplasm and nuclei.

    Shaped like what a widefield microscope delivers: crowded cells of unequal brightness, out-of-focus haze, uneven
    illumination, photon and camera noise.

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
    photons = 350 * _illumination(shape) * (sharp + 0.25 * haze + 0.03)
    counts = 100 + 12 * rng.poisson(photons) + rng.normal(0, 25, photons.shape)
    return np.clip(counts, 0, np.iinfo(np.uint16).max).astype(np.uint16)


def _add_cell(rng: np.random.Generator, light: NDArray[np.float64], centre: NDArray[np.float64], radius: float) -> None:
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


def _spread(rng: np.random.Generator, shape: tuple[int, int], most: int, distance: float) -> list[NDArray[np.float64]]:
    """Return random points that keep a distance from each other."""
    points: list[NDArray[np.float64]] = []
    for _ in range(30 * most):
        point = rng.uniform((0, 0), shape)
        if len(points) < most and all(np.hypot(*(point - other)) > distance for other in points):
            points.append(point)
    return points


def _ellipse(
    shape: tuple[int, ...], centre: NDArray[np.float64], radius: float, stretch: float, angle: float
) -> NDArray[np.float64]:
    """Return the distance of each pixel from the centre of an ellipse, 1 on its outline."""
    y, x = np.ogrid[: shape[0], : shape[1]]
    dy, dx = y - centre[0], x - centre[1]
    along = np.cos(angle) * dx + np.sin(angle) * dy
    across = np.cos(angle) * dy - np.sin(angle) * dx
    distance: NDArray[np.float64] = np.hypot(along / stretch, across * stretch) / radius
    return distance


def _illumination(shape: tuple[int, int]) -> NDArray[np.float64]:
    """Return a lamp that is brightest off-centre and falls to half at the far corner."""
    y, x = np.ogrid[0 : 1 : shape[0] * 1j, 0 : 1 : shape[1] * 1j]
    return np.asarray(1 - 0.6 * ((y - 0.4) ** 2 + (x - 0.35) ** 2))


def _scikit(name: str) -> Callable[[], NDArray[Any]]:
    """Return a loader of an image of scikit-image, which is imported only then."""

    def load() -> NDArray[Any]:
        from skimage import data

        return np.asarray(getattr(data, name)())

    return load


def _cell_section() -> NDArray[Any]:
    """Return one plane of scikit-image's two-channel stack of cells: membranes, nuclei."""
    stack = _scikit("cells3d")()  # (Z, C, Y, X)
    return np.ascontiguousarray(stack[len(stack) // 2])


SAMPLES: Mapping[str, Sample] = {
    "fluorescence": Sample("Cells, synthetic (2 channels)", "CYX", fluorescence, pixel_size=PIXEL_SIZE),
    "histology": Sample("Histology, IHC stain (RGB)", "YXS", _scikit("immunohistochemistry")),
    "cell": Sample("Single cell (grey)", "YX", _scikit("cell")),
    "coins": Sample("Coins (grey)", "YX", _scikit("coins")),
    "astronaut": Sample("Astronaut (RGB)", "YXS", _scikit("astronaut")),
    "coffee": Sample("Coffee (RGB)", "YXS", _scikit("coffee")),
    "cells": Sample("Cells, one plane (2 channels, download)", "CYX", _cell_section, online=True, pixel_size=0.26),
    "mitosis": Sample("Nuclei in mitosis (grey, download)", "YX", _scikit("human_mitosis"), online=True),
    "skin": Sample("Skin (RGB, download)", "YXS", _scikit("skin"), online=True),
}
