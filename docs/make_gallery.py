"""Write the pictures of docs/gallery.md: what one press of Run with the automatic preset gives.

python docs/make_gallery.py
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from skimage import data
from skimage.segmentation import mark_boundaries
from skimage.transform import resize

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.io.synthetic import fluorescence

IMAGES = Path(__file__).parent / "images"
TILE = (300, 400)
YELLOW = (1, 0.9, 0)
GOOD = {
    "cells in two channels": fluorescence,
    "coins": data.coins,
    "astronaut": data.astronaut,
    "coffee": data.coffee,
    "immunohistochemistry": data.immunohistochemistry,
    "brick": data.brick,
}
BAD = {
    "camera": data.camera,
    "page": data.page,
    "retina": lambda: data.retina()[::3, ::3],
    "grass": data.grass,
    "cell": data.cell,
    "rocket": data.rocket,
}


def tile(name: str, image: NDArray[np.generic]) -> NDArray[np.float64]:
    """Return an image with the outlines of its segments."""
    axes = "CYX" if image.ndim == 3 and image.shape[0] < 4 else None
    result = finish(run(image, Params.preset("auto"), axes=axes))
    grey = image.mean(axis=0) if axes else image
    shown = grey.astype(float) / np.percentile(grey, 99.8)
    shown = np.repeat(shown[..., None], 3, axis=2) if shown.ndim == 2 else shown[..., :3]
    scale = min(TILE[0] / shown.shape[0], TILE[1] / shown.shape[1])
    size = [round(n * scale) for n in shown.shape[:2]]
    labels = resize(result.labels, size, order=0, preserve_range=True, anti_aliasing=False).astype(int)
    found = np.zeros((*TILE, 3))
    found[: size[0], : size[1]] = mark_boundaries(np.clip(resize(shown, size), 0, 1), labels, YELLOW, mode="inner")
    return found


def write(path: Path, images: Mapping[str, Callable[[], NDArray[Any]]]) -> None:
    """Write a picture of three columns."""
    tiles = [tile(name, np.asarray(make())) for name, make in images.items()]
    rows = [np.concatenate(tiles[i : i + 3], axis=1) for i in range(0, len(tiles), 3)]
    Image.fromarray((np.concatenate(rows) * 255).astype(np.uint8)).save(path, quality=85)


if __name__ == "__main__":
    write(IMAGES / "gallery_good.jpg", GOOD)
    write(IMAGES / "gallery_bad.jpg", BAD)
