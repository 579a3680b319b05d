"""Generated volumes and time series of nuclei, as a microscope would show them, with exact truth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

BLUR = np.array([3.0, 1.2, 1.2])  # of the optics, in the units of spacing
HAZE = 25.0
FRAME_SPACING = (1.0, 1.0, 1.0)


@dataclass(frozen=True)
class Scene:
    """What to generate.

    Attributes
    ----------
    shape : (Z, Y, X)
    spacing : (Z, Y, X)
    n : int
        The most nuclei.
    radius : float
        In the units of spacing.
    noise : float
        1 is a good exposure, 6 a poor one.
    seed : int
    """

    shape: tuple[int, int, int]
    spacing: tuple[float, float, float]
    n: int = 45
    radius: float = 9.0
    noise: float = 1.0
    seed: int = 0


SCENES = {
    "slices 3 x as far apart": Scene((24, 120, 120), (3.0, 1.0, 1.0)),
    "noisy, alike in all directions": Scene((50, 90, 90), (1.0, 1.0, 1.0), 40, 9.0, 6.0, 1),
    "12 slices 6 x as far apart": Scene((12, 140, 140), (6.0, 1.0, 1.0), 50, 10.0, 3.0, 2),
}


def volume(scene: Scene) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    """Return an image (Z, Y, X) of ellipsoids and their exact labels."""
    rng = np.random.default_rng(scene.seed)
    centres = spread(rng, np.multiply(scene.shape, scene.spacing), scene)
    truth = np.zeros(scene.shape, np.int32)
    nearest = np.full(scene.shape, np.inf)
    for number, centre in enumerate(centres, start=1):
        _add(truth, nearest, number, _distance(rng, scene, centre))
    return _imaged(rng, truth, scene, rng.lognormal(0, 0.35, len(centres) + 1)), truth


def series(n_frames: int, scene: Scene, step: float = 3.0) -> tuple[NDArray[np.uint16], NDArray[np.int32]]:
    """Return a time series (T, Y, X) of discs that wander about `step` pixels a frame, and their exact labels."""
    rng = np.random.default_rng(scene.seed)
    centres = np.array(spread(rng, np.array([0, *scene.shape[1:]]), scene))[:, 1:]
    light = rng.lognormal(0, 0.35, len(centres) + 1)
    radii = scene.radius * rng.uniform(0.75, 1.15, len(centres))
    y, x = np.ogrid[: scene.shape[1], : scene.shape[2]]
    images, truths = [], []
    for _ in range(n_frames):
        truth, nearest = (np.zeros((1, *scene.shape[1:]), np.int32), np.full((1, *scene.shape[1:]), np.inf))
        for number, (centre, radius) in enumerate(zip(centres, radii, strict=True), start=1):
            _add(truth, nearest, number, np.hypot(y - centre[0], x - centre[1])[None] / radius)
        images.append(_imaged(rng, truth, scene, light)[0])
        truths.append(truth[0])
        centres = centres + rng.normal(0, step / np.sqrt(2), centres.shape)
    return np.stack(images), np.stack(truths)


def spread(rng: np.random.Generator, size: NDArray[Any], scene: Scene) -> list[NDArray[np.float64]]:
    """Return random points that keep a distance from each other, so that nuclei touch but rarely overlap."""
    points: list[NDArray[np.float64]] = []
    for _ in range(3000):
        point = rng.uniform(0, size)
        if len(points) < scene.n and all(np.linalg.norm(point - other) > 1.9 * scene.radius for other in points):
            points.append(point)
    return points


def _distance(rng: np.random.Generator, scene: Scene, centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance from an ellipsoid's centre, 1 on its surface, turned at random."""
    grid = np.stack(
        np.meshgrid(*(np.arange(n) * s for n, s in zip(scene.shape, scene.spacing, strict=True)), indexing="ij")
    )
    turned = np.tensordot(np.linalg.qr(rng.standard_normal((3, 3)))[0], grid - centre[:, None, None, None], 1)
    axes = scene.radius * rng.uniform(0.75, 1.15, 3)
    found: NDArray[np.float64] = np.sqrt(((turned / axes[:, None, None, None]) ** 2).sum(axis=0))
    return found


def _add(truth: NDArray[Any], nearest: NDArray[Any], number: int, distance: NDArray[Any]) -> None:
    """Write a nucleus into the labels, in place, where it is nearer than what is there."""
    inside = (distance < 1) & (distance < nearest)
    truth[inside] = number
    np.minimum(nearest, distance, out=nearest)


def _imaged(
    rng: np.random.Generator, truth: NDArray[np.int32], scene: Scene, brightness: NDArray[np.float64]
) -> NDArray[np.uint16]:
    """Return what a camera sees: texture, blur, haze, photons, read noise."""
    spacing: Sequence[float] = scene.spacing if len(truth) > 1 else FRAME_SPACING
    texture = gaussian_filter(rng.standard_normal(truth.shape), [2 / s for s in spacing])
    light = np.append(0, brightness[1:])[truth] * (1 + 0.25 * texture / texture.std())
    sharp = gaussian_filter(light, BLUR / spacing)
    haze = gaussian_filter(light, [HAZE / s for s in spacing])
    photons = rng.poisson(np.clip(60 / scene.noise * (sharp + 0.35 * haze + 0.05), 0, None))
    counts = 100 + 10 * photons + rng.normal(0, 15, truth.shape)
    return np.clip(counts, 0, np.iinfo(np.uint16).max).astype(np.uint16)
