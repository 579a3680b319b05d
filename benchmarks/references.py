"""What one network for several images is worth: taught on three images of a set, scored on others of it.

    python benchmarks/references.py --json F DIR [DIR ...] [--images 4] [--seeds 1] [--side 192]

The first images of each group are drawn on by `robot.py`, the next ones scored: mean intersection over union of the
kinds, on images seen at a fraction of their size. Beside it stand a random forest of 50 trees on
`skimage.feature.multiscale_basic_features` with the same strokes; a network for each image alone, whose classes, as
many as there are kinds, are paired with the kinds of the truth as fits best; and the automatic result, whose objects or
regions are paired with the kinds in the same way.
"""

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Entry, find_entries
from numpy.typing import NDArray
from quality import environment
from robot import first_strokes
from scipy.optimize import linear_sum_assignment
from skimage.feature import multiscale_basic_features

from napari_backprop_segmentation import Params, finish, run, train_together
from napari_backprop_segmentation.image.source import ArraySource

TAUGHT = 3
SHARE = 0.002  # of the pixels of each kind that are drawn
INSTANCES = ("dsb2018",)  # whose truth numbers objects: nuclei are kind 1, all else kind 2
FOREST, ALONE, AUTOMATIC = "forest", "alone", "automatic"
OURS = {f"ours, {name}": Params(statistics=name) for name in ("trained", "image")}

Image = NDArray[Any]
Method = Callable[["Picture"], Image]


@dataclass(frozen=True)
class Picture:
    """An image with its kinds (Y, X) from 1."""

    name: str
    image: Image
    axes: str
    kinds: Image


def picture(entry: Entry, folder: str, side: int) -> Picture:
    """Return an image at a fraction of its size."""
    sample = entry.read(1)
    shrink = -(-max(sample.truths[0].shape) // side)
    sample = sample if shrink == 1 else entry.read(shrink)
    truth = sample.truths[0]
    kinds = np.where(truth > 0, 1, 2) if folder in INSTANCES else truth.astype(np.int64) + int(truth.min() == 0)
    return Picture(entry.name, sample.image, sample.axes, kinds)


def mean_iou(found: Image, kinds: Image) -> float:
    """Return the mean over kinds of intersection over union."""
    scores = [((found == k) & (kinds == k)).sum() / ((found == k) | (kinds == k)).sum() for k in np.unique(kinds)]
    return float(np.mean(scores))


def paired(labels: Image, kinds: Image) -> Image:
    """Return labels under the kinds that they overlap most, one label a kind; the others are no kind."""
    numbers, index = np.unique(labels, return_inverse=True)
    known, which = np.unique(kinds, return_inverse=True)
    shared = np.zeros((len(numbers), len(known)))
    np.add.at(shared, (index.ravel(), which.ravel()), 1)
    union = shared.sum(axis=1, keepdims=True) + shared.sum(axis=0) - shared
    table = np.zeros(len(numbers), np.int64)
    rows, columns = linear_sum_assignment(-shared / union)
    table[rows] = known[columns]
    return table[index].reshape(labels.shape)


def alone(each: Picture) -> Image:
    """Return what a network for this image alone tells apart."""
    params = Params(regions="classes", n_regions=len(np.unique(each.kinds)))
    return paired(finish(run(each.image, params, axes=each.axes)).labels, each.kinds)


def automatic(each: Picture) -> Image:
    """Return the automatic result: objects and ground, or regions."""
    found = finish(run(each.image, Params.preset("auto"), axes=each.axes))
    counted = found.record["regions"] != "classes" and (found.labels == 0).any()
    return paired((found.labels > 0) + 1 if counted else found.labels, each.kinds)


def forest(taught: Sequence[Picture], strokes: Sequence[Image], seed: int) -> Method:
    """Return a random forest on basic features."""
    from sklearn.ensemble import RandomForestClassifier

    looks = [features(each) for each in taught]
    drawn = np.concatenate([look[stroke > 0] for look, stroke in zip(looks, strokes, strict=True)])
    kinds = np.concatenate([stroke[stroke > 0] for stroke in strokes])
    trees = RandomForestClassifier(50, random_state=seed).fit(drawn, kinds)
    return lambda each: trees.predict(features(each).reshape(-1, drawn.shape[1])).reshape(each.kinds.shape)


def features(each: Picture) -> Image:
    """Return the basic features (Y, X, F) of an image, intensities as they are."""
    source = ArraySource(each.image, each.axes, "published")
    pixels = source.read(source.whole)
    return np.concatenate([multiscale_basic_features(c, sigma_min=0.5, sigma_max=16) for c in pixels], axis=-1)


def together(taught: Sequence[Picture], strokes: Sequence[Image], params: Params) -> Method:
    """Return our network, trained and taught on some images together."""
    images, axes = [each.image for each in taught], [each.axes for each in taught]
    model = finish(train_together(images, params, axes=axes, strokes=strokes))
    return lambda each: finish(run(each.image, params, axes=each.axes, model=model)).labels


def perform(folder: str, pictures: Sequence[Picture], seeds: int) -> Iterator[dict[str, Any]]:
    """Yield the scores of the images that are not drawn on; what needs no strokes is scored once."""
    taught, others = pictures[:TAUGHT], pictures[TAUGHT:]
    unasked: dict[str, Method] = {ALONE: alone, AUTOMATIC: automatic}
    once = [{name: mean_iou(method(each), each.kinds) for name, method in unasked.items()} for each in others]
    for seed in range(seeds):
        strokes = [first_strokes(each.kinds, SHARE, 100 * seed + number) for number, each in enumerate(taught)]
        methods = {FOREST: forest(taught, strokes, seed)}
        methods |= {name: together(taught, strokes, params.replace(seed=seed)) for name, params in OURS.items()}
        for each, known in zip(others, once, strict=True):
            scores = {name: mean_iou(method(each), each.kinds) for name, method in methods.items()}
            yield {"set": folder, "name": each.name, "seed": seed, "scores": known | scores}


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--images", type=int, default=4, help="of each group that are scored")
    parser.add_argument("--seeds", type=int, default=1, help="of the robot and of training")
    parser.add_argument("--side", type=int, default=192, help="images are made no larger")
    parser.add_argument("--least", type=int, default=9, help="images that a group must have to be looked at")
    args = parser.parse_args()
    rows: list[dict[str, Any]] = []
    for folder in args.folders:
        entries = sorted(find_entries(folder, "all"), key=lambda entry: (entry.group, entry.name))
        for group, members in groupby(entries, key=lambda entry: entry.group):
            some = list(members)
            if len(some) < args.least:
                continue
            chosen = some[:: len(some) // (TAUGHT + args.images)][: TAUGHT + args.images]
            pictures = [picture(entry, folder.name, args.side) for entry in chosen]
            for row in perform(f"{folder.name} {group}".strip(), pictures, args.seeds):
                rows.append(row)
                args.json.write_text(json.dumps({"machine": environment(), "rows": rows}))
    print("\n".join(table(rows)))


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the mean scores of each set, and over the sets, as the lines of a table."""
    methods = list(rows[0]["scores"])
    found, means = ["| set | images | " + " | ".join(methods) + " |", "|---|---|" + "---|" * len(methods)], []
    for name in dict.fromkeys(row["set"] for row in rows):
        own = [row["scores"] for row in rows if row["set"] == name]
        means.append([float(np.mean([scores[method] for scores in own])) for method in methods])
        found.append(f"| {name} | {len(own)} | " + " | ".join(f"{mean:.3f}" for mean in means[-1]) + " |")
    total = np.mean(means, axis=0)
    return [*found, f"| mean of sets | {len(rows)} | " + " | ".join(f"{mean:.3f}" for mean in total) + " |"]


if __name__ == "__main__":
    main()
