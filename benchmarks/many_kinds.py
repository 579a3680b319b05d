"""Write a folder of generated images of many kinds with exact truth, for the other benchmarks to read.

    python benchmarks/many_kinds.py DIR [--seeds 3 4]

Sets with ground truth hold few kinds of things, and most of these are round. Here are also rods, worms, lattices,
powder and cells with halos, so that a rule that only suits nuclei shows. Pixels are 16 bits, 400 x 400.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.draw import disk
from tifffile import imwrite

SIDE = 400
Drawn = tuple[NDArray[np.floating], NDArray[np.int32]]
Dice = np.random.Generator


def scattered(dice: Dice, count: int, radii: tuple[float, float]) -> NDArray[np.int32]:
    """Return discs (SIDE, SIDE) that do not touch, up to `count`."""
    truth = np.zeros((SIDE, SIDE), np.int32)
    for _ in range(20 * count):
        centre, radius = dice.integers(0, SIDE, 2), dice.uniform(*radii)
        if truth.max() < count and not truth[disk(centre, radius + 2, shape=truth.shape)].any():
            truth[disk(centre, radius, shape=truth.shape)] = truth.max() + 1
    return truth


def seen(dice: Dice, truth: NDArray[np.int32], contrast: float, noise: float) -> Drawn:
    """Return things of one contrast on a ground that gets lighter from left to right."""
    ground = 0.5 + np.linspace(0, 0.2, SIDE)
    return ground + contrast * blurred(truth > 0) + dice.normal(0, noise, truth.shape), truth


def blurred(mask: NDArray[np.bool_], sigma: float = 1.0) -> NDArray[np.floating]:
    """Return a mask as optics would show it."""
    return ndimage.gaussian_filter(mask.astype(float), sigma)


def discs(dice: Dice) -> Drawn:
    """Dark discs on a light ground."""
    return seen(dice, scattered(dice, 60, (9, 16)), -0.3, 0.05)


def dim(dice: Dice) -> Drawn:
    """Bright discs hardly above the noise."""
    return seen(dice, scattered(dice, 60, (8, 14)), 0.12, 0.05)


def clumps(dice: Dice) -> Drawn:
    """Bright round cells that touch."""
    near, owner = nearest(dice.uniform(60, SIDE - 60, (40, 2)))
    truth = np.where(near < 24, owner + 1, 0).astype(np.int32)
    light = ndimage.gaussian_filter((truth > 0) * np.exp(-((near / 30) ** 2)), 1.5)
    return 0.2 + 0.5 * light + dice.normal(0, 0.03, truth.shape), truth


def rods(dice: Dice) -> Drawn:
    """Bright rods, 19 by 7 pixels, some of which touch."""
    truth, grid = np.zeros((SIDE, SIDE), np.int32), np.mgrid[-14:15, -14:15]
    for _ in range(3000):
        middle, angle = dice.uniform(10, SIDE - 10, 2), dice.uniform(0, np.pi)
        along = np.abs(grid[0] * np.sin(angle) + grid[1] * np.cos(angle))
        across = grid[1] * np.sin(angle) - grid[0] * np.cos(angle)
        rod = np.maximum(along - 6, 0) ** 2 + across**2 < 3.5**2
        place = (grid[:, rod].T + middle).astype(int)
        place = tuple(place[((place >= 0) & (place < SIDE)).all(axis=1)].T)
        if truth.max() < 120 and not truth[place].any():
            truth[place] = truth.max() + 1
    return 0.2 + 0.4 * blurred(truth > 0) + dice.normal(0, 0.05, truth.shape), truth


def worms(dice: Dice) -> Drawn:
    """Dark bent worms, 84 by 10 pixels, some of which cross."""
    truth = np.zeros((SIDE, SIDE), np.int32)
    for number in range(1, 11):
        place, angle = dice.uniform(60, SIDE - 60, 2), dice.uniform(0, 2 * np.pi)
        for bend in dice.normal(0, 0.08, 70):
            angle += bend
            place += 1.2 * np.array([np.sin(angle), np.cos(angle)])
            inside = disk(place, 5, shape=truth.shape)
            truth[inside] = np.where(truth[inside] > 0, truth[inside], number)
    return seen(dice, truth, -0.3, 0.03)


def lattice(dice: Dice, line: float = -0.3) -> Drawn:
    """Cells between dark lines."""
    points = dice.uniform(0, SIDE, (150, 2))
    for _ in range(3):
        _, owner = nearest(points)
        points = np.array(ndimage.center_of_mass(np.ones_like(owner), owner, np.unique(owner)))
    _, owner = nearest(points)
    lines = ndimage.maximum_filter(owner, 3) != ndimage.minimum_filter(owner, 3)
    truth = np.where(lines, 0, owner + 1).astype(np.int32)
    return 0.6 + line * blurred(lines, 1.2) + dice.normal(0, 0.05, truth.shape), truth


def light_lattice(dice: Dice) -> Drawn:
    """Cells between bright lines."""
    return lattice(dice, 0.3)


def powder(dice: Dice) -> Drawn:
    """Grains of many sizes and brightnesses, with texture, on a dark ground."""
    truth = scattered(dice, 90, (5, 22))
    levels = np.concatenate([[0.25], dice.uniform(0.45, 0.8, truth.max())])
    texture = ndimage.gaussian_filter(dice.normal(0, 1, truth.shape), 1)
    return blurred(levels[truth]) + 0.08 * texture + dice.normal(0, 0.02, truth.shape), truth


def halos(dice: Dice) -> Drawn:
    """Cells as bright as the ground, each in a bright halo."""
    truth = scattered(dice, 35, (12, 18))
    away = ndimage.distance_transform_edt(truth == 0)
    halo = 0.25 * np.exp(-(((away - 2) / 2) ** 2)) * (truth == 0)
    inside = (0.18 * ndimage.gaussian_filter(dice.normal(0, 1, truth.shape), 2) - 0.05) * (truth > 0)
    return 0.5 + halo + inside + dice.normal(0, 0.02, truth.shape), truth


def nearest(points: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.integer]]:
    """Return for each pixel (SIDE, SIDE) how far the nearest point is, and which it is."""
    grid = np.indices((SIDE, SIDE))
    apart = np.stack([np.hypot(grid[0] - y, grid[1] - x) for y, x in points])
    return apart.min(axis=0), apart.argmin(axis=0)


KINDS: tuple[Callable[[Dice], Drawn], ...] = (
    discs, dim, clumps, rods, worms, lattice, light_lattice, powder, halos,
)  # fmt: skip


def main() -> None:
    """Write the folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, nargs="+", default=[3, 4])
    args = parser.parse_args()
    rows = ["file\tlabels\tmodality\taxes"]
    for part in ("images", "labels"):
        (args.folder / part).mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        for seed in args.seeds:
            light, truth = kind(np.random.default_rng(seed))
            name = f"{kind.__name__}_{seed}.tif"
            light = (light - light.min()) / np.ptp(light)
            imwrite(args.folder / "images" / name, (1000 + 40000 * light).astype(np.uint16), compression="zlib")
            imwrite(args.folder / "labels" / name, truth.astype(np.uint16), compression="zlib")
            rows.append(f"images/{name}\tlabels/{name}\t{kind.__name__}\tYX")
    (args.folder / "MANIFEST.tsv").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
