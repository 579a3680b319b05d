"""What one press of Automatic gives, and what the other readings would: F1 of objects on folders of images.

    python benchmarks/automatic.py --images 6 DIR [DIR ...] [--photographs BSDS500] [--rivals]

`taken` is the result as it is, `regions` the share of images for which it is regions; `best of six` is the best of the
first six readings that are offered; `sure` is the mean of how sure results are. `best rival` is the method without
training data that is best on a set, with the one setting and side of the ground that are best there by its truth. Of
photographs only the share is told that is taken for objects. Prints a table.
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from constants import overlaps
from datasets import Entry, Sample, find_entries
from numpy.typing import NDArray
from rivals import Picture, method
from scores import AUTOMATIC, object_rows

from napari_backprop_segmentation import Params, finish, run

SIDE = 512  # pixels: larger images are cut to their middle
OFFERED = 6
RIVALS = ("kmeans", "felzenszwalb", "otsu", "otsu-watershed", "multiotsu", "slic-merge")


def f1(labels: NDArray[np.integer], truth: NDArray[np.integer]) -> float:
    """Return the F1 of objects at an overlap of a half; regions are objects too."""
    iou, _ = overlaps(labels, truth)
    iou = iou[int(truth.min() == 0) :, int(labels.min() == 0) :]
    return 2 * float((iou > 0.5).sum()) / max(1, sum(iou.shape))


def middle(sample: Sample) -> Sample:
    """Return the middle of an image that is larger than `SIDE`."""
    window = tuple(slice(max(0, (n - SIDE) // 2), max(0, (n - SIDE) // 2) + SIDE) for n in sample.truths[0].shape)
    spans = iter(window)
    image = sample.image[tuple(next(spans) if letter in "YX" else slice(None) for letter in sample.axes)]
    return replace(sample, image=image, truths=[sample.truths[0][window]])


def pressed(sample: Sample) -> tuple[float, float, bool, float]:
    """Return the F1 of what is taken and of the best reading, whether regions were taken, and how sure that is."""
    truth = sample.truths[0]
    result = finish(run(sample.image, Params.preset("auto"), axes=sample.axes))
    offered = [f1(offer.labels(), truth) for offer in result.readings[:OFFERED]]
    taken = f1(result.labels, truth)
    params, sure = result.record["params"], result.record.get("sure", np.nan)
    return taken, max([taken, *offered]), params["objects"] == "off" and not params["reading"], sure


def rival_scores(samples: Sequence[Sample]) -> dict[str, float]:
    """Return the mean F1 of each rival on a set, with the setting and side of the ground that are best for the set."""
    found: dict[str, float] = {}
    for name in RIVALS:
        images = []
        for sample in samples:
            flat, axes = sample.image, sample.axes
            while "Z" in axes:  # a focal stack with labels of one plane
                flat, axes = flat.take(flat.shape[axes.index("Z")] // 2, axes.index("Z")), axes.replace("Z", "", 1)
            picture = Picture(flat, axes, photograph=False)
            images.append(object_rows(sample, picture, method(name)[0](picture, 0)))
        settings = [key for key in images[0] if key[0] == AUTOMATIC and all(key in image for image in images)]
        found[name] = max(
            float(np.mean([2 * s.tp / max(1, s.n_predicted + s.n_true) for s in (image[key] for image in images)]))
            for key in settings
        )
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--half", nargs="*", default=[], help="names of folders whose images are seen at half size")
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--images", type=int, default=6, help="how many of each group")
    parser.add_argument("--rivals", action="store_true")
    args = parser.parse_args()
    print("| set | images | taken | best of six | regions | sure | best rival |\n|---|---|---|---|---|---|---|")
    for folder in args.folders:
        groups: dict[str, list[Entry]] = {}
        for entry in find_entries(folder):
            groups.setdefault(entry.group, []).append(entry)
        for group, entries in groups.items():
            some = entries[:: max(1, len(entries) // args.images)][: args.images]
            samples = [middle(entry.read(2 if folder.name in args.half else 1)) for entry in some]
            rows = np.array([pressed(sample) for sample in samples], float)
            row = " | ".join(f"{value:.2f}" for value in [*rows[:, :3].mean(axis=0), np.nanmean(rows[:, 3])])
            others = rival_scores(samples) if args.rivals else {}
            rival = max(others, key=lambda name: others[name], default="")
            told = f"{rival} {others[rival]:.2f}" if rival else ""
            print(f"| {folder.name} {group} | {len(rows)} | {row} | {told} |", flush=True)
    if args.photographs:
        entries = find_entries(args.photographs, "val")[::5]
        regions = [pressed(middle(entry.read(1)))[2] for entry in entries]
        print(f"| photographs | {len(regions)} | | | {np.mean(regions):.2f} | | |")


if __name__ == "__main__":
    main()
