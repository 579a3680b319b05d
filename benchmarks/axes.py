"""Volumes as such and slice by slice, and objects linked over time, against exact truth.

    python benchmarks/axes.py                                          generated volumes and series
    python benchmarks/axes.py --dataset DIR --only plantnuclei         labelled volumes (see `datasets.py`)
    python benchmarks/axes.py --series IMAGE.tif LABELS.tif            a time series with true ids

Volumes: F1 of objects at an IoU of 0.5 in three dimensions, so that a wrong link through depth counts twice. Series:
the share of true objects present in two frames that were found in both (IoU 0.5) and carry the same number there.
"""

import argparse
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import phantoms
from datasets import EVERYTHING, find_entries
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu
from skimage.io import imread

from napari_backprop_segmentation import Params, finish, run, segment
from napari_backprop_segmentation.objects.necks import split_at_necks
from napari_backprop_segmentation.params.sections import Objects

Ints = NDArray[Any]
Spacing = tuple[float, ...]
SEEDS = 3
MATCH = 0.5
SERIES = phantoms.Scene((1, 256, 256), phantoms.FRAME_SPACING, 40, 9.0, 2.0, 3)
N_FRAMES = 10


def otsu_watershed(image: Ints, spacing: Spacing) -> Ints:
    """Otsu's threshold after a Gaussian, touching objects split by a watershed of the distance to the ground."""
    scaled = tuple(s / min(spacing) for s in spacing)
    smooth = ndimage.gaussian_filter(image.astype(float), [1 / s for s in scaled])
    mask = ndimage.binary_fill_holes(smooth > threshold_otsu(smooth))
    return large(split_at_necks(ndimage.label(mask)[0], scaled))


def large(objects: Ints) -> Ints:
    """Return the objects that are not too small to count."""
    return np.where(np.bincount(objects.ravel())[objects] >= Objects().least_pixels, objects, 0)


def ours(image: Ints, spacing: Spacing, seed: int, volumes: str) -> Ints:
    """Return the objects of the preset `fast`."""
    params = Params(objects="bright", volumes=volumes, seed=seed)
    return finish(run(image, params, axes="ZYX", spacing=spacing)).labels


def linked_slices(image: Ints, spacing: Spacing, seed: int) -> Ints:
    """Return the objects of every slice alone, linked through depth by their overlap: what slices can do without 3D."""
    return finish(run(image, Params(objects="bright", seed=seed, frames="once"), axes="TYX")).labels


METHODS: dict[str, Callable[[Ints, Spacing, int], Ints]] = {
    "Otsu, 3D watershed": lambda image, spacing, _: otsu_watershed(image, spacing),
    "each slice alone, linked": linked_slices,
    "volumes = slices": lambda image, spacing, seed: ours(image, spacing, seed, "slices"),
    "volumes = volume": lambda image, spacing, seed: ours(image, spacing, seed, "volume"),
}


def volumes(arguments: argparse.Namespace) -> Iterator[tuple[str, Ints, Ints, Spacing]]:
    """Yield (name, image, truth, spacing)."""
    if not arguments.dataset:
        for name, scene in phantoms.SCENES.items():
            yield name, *phantoms.volume(scene), scene.spacing
        return
    notes = (arguments.dataset / "MANIFEST.tsv").read_text(encoding="utf8").splitlines()
    for entry in find_entries(arguments.dataset, EVERYTHING):
        note = next(line for line in notes if entry.image.name in line)
        size = re.search(r"voxel um \[([\d. ]+)\]", note)
        if arguments.only in entry.name and entry.axes == "ZYX":
            spacing = tuple(float(s) for s in size[1].split()) if size else (1.0,) * 3
            sample = entry.read()
            yield entry.name, sample.image, sample.truths[0], spacing


def table_of_volumes(arguments: argparse.Namespace) -> None:
    """Print the F1 of each method on each volume, mean and range over seeds, and seconds."""
    print("| volume | objects | " + " | ".join(METHODS) + " |\n|---|---|" + "---|" * len(METHODS))
    for name, image, truth, spacing in volumes(arguments):
        cells = []
        for method in METHODS.values():
            started = time.perf_counter()
            scores = [f1(method(image, spacing, seed), truth) for seed in range(SEEDS)]
            seconds = (time.perf_counter() - started) / SEEDS
            cells.append(f"{np.mean(scores):.2f} ({min(scores):.2f} to {max(scores):.2f}), {seconds:.1f} s")
        print(f"| {name} | {len(np.unique(truth)) - 1} | " + " | ".join(cells) + " |", flush=True)


def matches(found: Ints, truth: Ints) -> dict[int, int]:
    """Return for each true object the label that covers it with an IoU of at least `MATCH`."""
    shared = np.bincount((truth.astype(np.int64) * (int(found.max()) + 1) + found).ravel())
    shared = np.pad(shared, (0, -len(shared) % (int(found.max()) + 1))).reshape(-1, int(found.max()) + 1)
    union = shared.sum(1, keepdims=True) + shared.sum(0) - shared
    good = np.argwhere(shared[1:, 1:] >= MATCH * np.maximum(union[1:, 1:], 1)) + 1
    return {int(true): int(label) for true, label in good if shared[true, label]}


def f1(found: Ints, truth: Ints) -> float:
    """Return the F1 of objects."""
    n_objects = len(np.unique(found[found > 0])) + len(np.unique(truth[truth > 0]))
    return 2 * len(matches(found, truth)) / n_objects


def links(labels: Ints, truth: Ints) -> tuple[float, float]:
    """Return the share of true links that are right, and of those whose two ends were found."""
    kept, both, right = 0, 0, 0
    pairs = [matches(*frames) for frames in zip(labels, truth, strict=True)]
    for t in range(1, len(truth)):
        for number in set(np.unique(truth[t - 1])) & set(np.unique(truth[t])) - {0}:
            ends = pairs[t - 1].get(int(number)), pairs[t].get(int(number))
            kept, both, right = kept + 1, both + (None not in ends), right + (None not in ends and ends[0] == ends[1])
    return right / kept, right / max(1, both)


def table_of_series(image: Ints, truth: Ints) -> None:
    """Print the share of right links for both ways through time, beside frames that know nothing of each other."""
    ways: dict[str, Callable[[], Ints]] = {
        way: lambda way=way: finish(run(image, Params(objects="bright", frames=way), axes="TYX")).labels  # type: ignore[misc]
        for way in ("adapt", "once")
    }
    ways["each frame alone"] = lambda: np.stack([segment(f, Params(objects="bright"), axes="YX") for f in image])
    print("| frames | right links | of those found in both frames | seconds |\n|---|---|---|---|")
    for way, labels_of in ways.items():
        started = time.perf_counter()
        all_links, found_links = links(labels_of(), truth)
        print(f"| {way} | {all_links:.2f} | {found_links:.2f} | {time.perf_counter() - started:.1f} |", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path)
    parser.add_argument("--only", default="", help="part of the names of the volumes to take")
    parser.add_argument("--series", type=Path, nargs=2, metavar=("IMAGE", "LABELS"))
    options = parser.parse_args(arguments)
    if options.series:
        table_of_series(*(imread(path) for path in options.series))
        return
    table_of_volumes(options)
    if not options.dataset:
        print()
        table_of_series(*phantoms.series(N_FRAMES, SERIES))


if __name__ == "__main__":
    main()
