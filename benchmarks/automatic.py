"""What one press of Automatic gives, and what the other readings would: F1 of objects on folders of images.

    python benchmarks/automatic.py --images 6 DIR [DIR ...] [--photographs BSDS500]

`taken` is the result as it is, `regions` the share of images for which it is regions; `best of six` is the best of the
first six readings that are offered. Of photographs only the share is told that is taken for objects. Prints a table.
"""

import argparse
from pathlib import Path

import numpy as np
from constants import overlaps
from datasets import Entry, find_entries
from numpy.typing import NDArray

from napari_backprop_segmentation import Params, finish, run

SIDE = 512  # pixels: larger images are cut to their middle
OFFERED = 6


def f1(labels: NDArray[np.integer], truth: NDArray[np.integer]) -> float:
    """Return the F1 of objects at an overlap of a half; regions are objects too."""
    iou, _ = overlaps(labels, truth)
    iou = iou[int(truth.min() == 0) :, int(labels.min() == 0) :]
    return 2 * float((iou > 0.5).sum()) / max(1, sum(iou.shape))


def pressed(entry: Entry, shrink: int) -> tuple[float, float, bool]:
    """Return the F1 of what is taken and of the best reading, and whether regions were taken."""
    sample = entry.read(shrink)
    window = tuple(slice(max(0, (n - SIDE) // 2), max(0, (n - SIDE) // 2) + SIDE) for n in sample.truths[0].shape)
    truth = sample.truths[0][window]
    spans = iter(window)
    image = sample.image[tuple(next(spans) if letter in "YX" else slice(None) for letter in sample.axes)]
    result = finish(run(image, Params.preset("auto"), axes=sample.axes))
    offered = [f1(offer.labels(), truth) for offer in result.readings[:OFFERED]]
    taken = f1(result.labels, truth)
    params = result.record["params"]
    return taken, max([taken, *offered]), params["objects"] == "off" and not params["reading"]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--half", nargs="*", default=[], help="names of folders whose images are seen at half size")
    parser.add_argument("--photographs", type=Path)
    parser.add_argument("--images", type=int, default=6, help="how many of each group")
    args = parser.parse_args()
    print("| set | images | taken | best of six | regions |\n|---|---|---|---|---|")
    for folder in args.folders:
        groups: dict[str, list[Entry]] = {}
        for entry in find_entries(folder):
            groups.setdefault(entry.group, []).append(entry)
        for group, entries in groups.items():
            some = entries[:: max(1, len(entries) // args.images)][: args.images]
            rows = np.array([pressed(entry, 2 if folder.name in args.half else 1) for entry in some], float)
            taken, best, regions = rows.mean(axis=0)
            print(f"| {folder.name} {group} | {len(rows)} | {taken:.2f} | {best:.2f} | {regions:.2f} |", flush=True)
    if args.photographs:
        entries = find_entries(args.photographs, "val")[::5]
        regions = [pressed(entry, 1)[2] for entry in entries]
        print(f"| photographs | {len(regions)} | | | {np.mean(regions):.2f} |")


if __name__ == "__main__":
    main()
