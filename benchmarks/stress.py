"""How one press of Automatic bears what happens to images: the share whose F1 falls by less than a tenth.

    python benchmarks/stress.py --images 1 DIR [DIR ...]

Each image is disturbed in each way, and what is taken is scored as in `automatic.py`. A crop is compared with the whole
image's result within it. Prints a table of ways.
"""

import argparse
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from automatic import SIDE, f1
from datasets import Entry, find_entries
from numpy.typing import NDArray
from scipy import ndimage
from skimage.io import imread, imsave
from skimage.transform import resize

from napari_backprop_segmentation import Params, finish, run

HOLDS = 0.9  # of its F1: less is a fall
Image = NDArray[Any]
Way = Callable[[Image, Image], tuple[Image, Image]]  # pixels (*spatial, C) from 0 to 1 and truth (*spatial)


def scaled(factor: float) -> Way:
    """Return what changes the magnification."""

    def way(pixels: Image, truth: Image) -> tuple[Image, Image]:
        shape = tuple(round(n * factor) for n in truth.shape)
        nearest = resize(truth, shape, order=0, preserve_range=True, anti_aliasing=False).astype(truth.dtype)
        return resize(pixels, (*shape, pixels.shape[-1]), anti_aliasing=factor < 1), nearest

    return way


def pixelwise(change: Callable[[Image], Image]) -> Way:
    """Return what changes pixels and not their places."""
    return lambda pixels, truth: (np.clip(change(pixels), 0, 1), truth)


def jpeg(pixels: Image) -> Image:
    """Return pixels after JPEG of quality 50; of channels that are no colours each for itself."""
    if pixels.shape[-1] not in (1, 3):
        return np.concatenate([jpeg(pixels[..., i : i + 1]) for i in range(pixels.shape[-1])], axis=-1)
    file = io.BytesIO()
    imsave(file, (pixels.squeeze() * 255).astype(np.uint8), extension=".jpg", quality=50, check_contrast=False)
    file.seek(0)
    return imread(file, extension=".jpg").reshape(pixels.shape) / 255.0


def vignetted(pixels: Image) -> Image:
    """Return pixels that darken to half towards the corners."""
    y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in pixels.shape[:2]), indexing="ij")
    return pixels * (1 - 0.25 * (y**2 + x**2))[..., None]


def quarter(pixels: Image, truth: Image) -> tuple[Image, Image]:
    """Return the middle, half as long on each side."""
    inner = tuple(slice(n // 4, n // 4 + n // 2) for n in truth.shape)
    return pixels[inner], truth[inner]


def half(pixels: Image, truth: Image) -> tuple[Image, Image]:
    """Return the left half."""
    return pixels[:, : truth.shape[1] // 2], truth[:, : truth.shape[1] // 2]


def tiled(pixels: Image, truth: Image) -> tuple[Image, Image]:
    """Return the image twice in each direction."""
    n = int(truth.max())
    parts = [np.where(truth > 0, truth.astype(np.int64) + i * n, 0) for i in range(4)]
    return np.tile(pixels, (2, 2, 1)), np.block([parts[:2], parts[2:]])


def noisy(pixels: Image) -> Image:
    """Return pixels with noise of a tenth of their spread."""
    return pixels + np.random.default_rng(0).normal(0, 0.1 * pixels.std() + 1e-3, pixels.shape)


WAYS: dict[str, Way] = {
    "half the magnification": scaled(0.5),
    "twice the magnification": scaled(2.0),
    "blurred, 1 pixel": pixelwise(lambda p: ndimage.gaussian_filter(p, (1, 1, 0))),
    "noise": pixelwise(noisy),
    "inverted": pixelwise(lambda p: 1 - p),
    "gamma 0.5": pixelwise(np.sqrt),
    "gamma 2": pixelwise(np.square),
    "8 bits": pixelwise(lambda p: np.rint(p * 255) / 255),
    "JPEG 50": pixelwise(jpeg),
    "first channel": lambda p, t: (p[..., :1], t),
    "vignetting": pixelwise(vignetted),
    "left half": half,
    "middle quarter": quarter,
    "tiled 2 x 2": tiled,
}


def taken(pixels: Image) -> tuple[Image, str]:
    """Return what one press gives for pixels (Y, X, C) from 0 to 1, and how it was read."""
    image = (pixels * 65535).astype(np.uint16)
    image, axes = (image[..., 0], "YX") if image.shape[-1] == 1 else (image, "YXS" if image.shape[-1] == 3 else "YXC")
    found = finish(run(image, Params.preset("auto"), axes=axes))
    return found.labels, str(found.record.get("reading") or found.record.get("kind"))


def opened(entry: Entry, shrink: int) -> tuple[Image, Image]:
    """Return the middle of an image, pixels (Y, X, C) from 0 to 1, and its truth."""
    sample = entry.read(shrink)
    truth = sample.truths[0]
    pixels = np.moveaxis(sample.image, sample.axes.index("C"), -1) if "C" in sample.axes else sample.image
    pixels = pixels.reshape(*truth.shape, -1).astype(float)
    window = tuple(slice(max(0, (n - SIDE) // 2), max(0, (n - SIDE) // 2) + SIDE) for n in truth.shape)
    low, high = pixels.min((0, 1)), pixels.max((0, 1))
    if pixels.shape[-1] == 3:
        low, high = 0.0, 255.0 if sample.image.dtype == np.uint8 else float(pixels.max())
    return ((pixels - low) / np.maximum(high - low, 1e-9))[window], truth[window]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--half", nargs="*", default=[], help="names of folders whose images are seen at half size")
    parser.add_argument("--images", type=int, default=1, help="how many of each group")
    args = parser.parse_args()
    held: dict[str, list[tuple[bool, bool]]] = {way: [] for way in WAYS}
    for folder in args.folders:
        groups: dict[str, list[Entry]] = {}
        for entry in find_entries(folder):
            groups.setdefault(entry.group, []).append(entry)
        for group, entries in groups.items():
            for entry in entries[:: max(1, len(entries) // args.images)][: args.images]:
                pixels, truth = opened(entry, 2 if folder.name in args.half else 1)
                labels, reading = taken(pixels)
                row = []
                for name, way in WAYS.items():
                    if name == "first channel" and pixels.shape[-1] != 3:
                        continue
                    changed, its_truth = way(pixels, truth)
                    before = f1(
                        way(pixels, labels)[1] if name in ("left half", "middle quarter") else labels,
                        its_truth if name in ("left half", "middle quarter") else truth,
                    )
                    found, its_reading = taken(changed)
                    after = f1(found, its_truth)
                    held[name].append((after >= HOLDS * before, reading == its_reading))
                    row.append(f"{name} {before:.2f} {after:.2f}{'' if reading == its_reading else ' ' + its_reading}")
                print(f"{folder.name} {group} {entry.name}, {reading}: " + "; ".join(row), flush=True)
    print("| what happens | images | F1 falls by less than a tenth | same reading |\n|---|---|---|---|")
    for name, rows in held.items():
        if rows:
            holds, same = np.mean(rows, axis=0)
            print(f"| {name} | {len(rows)} | {holds:.2f} | {same:.2f} |")
    print(f"| **all** | | **{np.mean([h for rows in held.values() for h, _ in rows]):.2f}** | |")


if __name__ == "__main__":
    main()
