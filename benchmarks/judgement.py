"""Fit what readings are judged by, and say how well it does on sets that it has not seen.

    python benchmarks/judgement.py DIR [DIR ...] --half usiigaci_phase --images 6 --cache figures.json

For each image all readings are made by the network of preset `fast`, and what the preset for its kind finds; their
figures and F1 are kept in the cache. The weights of `judgement.EXPECTED` are fitted to differences within an image,
sets counting alike; each set is judged by weights that were fitted without it and its relatives. Nothing but these
weights gets into the product.
"""

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from automatic import SIDE, f1
from datasets import Entry, find_entries
from numpy.typing import NDArray

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.objects import readings as all_readings
from napari_backprop_segmentation.objects.judgement import EXPECTED
from napari_backprop_segmentation.objects.ways import readings_of
from napari_backprop_segmentation.pipeline.count import TRUST
from napari_backprop_segmentation.pipeline.request import Request
from napari_backprop_segmentation.pipeline.settle import settle

NAMES = tuple(name for name in EXPECTED if name != "offset")
RIDGE = 0.1  # of the number of readings: how much small weights are preferred
NEAR = 0.05  # of the best F1
OUTLIERS = ("usiigaci_phase",)  # phase contrast is left to `TRUST`
RELATIVES = {"fluorescence": "fluorescence", "histology": "histology"}  # groups of one folder that count as one set


def measured(entry: Entry, folder: str, shrink: int) -> dict[str, Any]:
    """Return the figures and F1 of all readings of an image, and of what the preset for its kind finds."""
    sample = entry.read(shrink)
    window = tuple(slice(max(0, (n - SIDE) // 2), max(0, (n - SIDE) // 2) + SIDE) for n in sample.truths[0].shape)
    truth, spans = sample.truths[0][window], iter(window)
    image = sample.image[tuple(next(spans) if letter in "YX" else slice(None) for letter in sample.axes)]
    job = settle(Request(image, Params.preset("fast"), sample.axes))
    plain = finish(run(image, Params.preset("fast"), axes=sample.axes))
    found = readings_of(plain.hierarchy, job.part.read(job.part.whole))
    rows = [{"name": each.name, "f1": f1(each.painted, truth), **each.figures} for each in found]
    kind = finish(run(image, Params.preset("auto", iterations=1), axes=sample.axes)).record["kind"]
    own = finish(run(image, Params.preset(kind), axes=sample.axes))
    if own.record["params"]["objects"] != "off" and own.labels.any():
        rows.append({"name": "own", "f1": f1(own.labels, truth), **found.figures(own.labels)})
    return {"set": folder, "group": entry.group, "kind": kind, "rows": rows}


def family(image: Mapping[str, Any]) -> str:
    """Return the set of an image, relatives being one."""
    near = [name for part, name in RELATIVES.items() if part in image["group"]]
    return f"{image['set']} {near[0] if near else image['group']}"


def table(rows: Sequence[Mapping[str, Any]]) -> NDArray[np.floating]:
    """Return the figures (readings, len(NAMES)) of an image."""
    return np.array([[row[name] for name in NAMES] for row in rows])


def fitted(images: Sequence[Mapping[str, Any]]) -> tuple[NDArray[np.floating], float]:
    """Return the weights of figures and the offset, by ridge regression of F1."""
    used = [image for image in images if len(image["rows"]) > 1 and image["set"] not in OUTLIERS]
    counts = Counter((image["set"], image["group"]) for image in used)
    figures, scores, weights = [], [], []
    for image in used:
        here, truth = table(image["rows"]), np.array([row["f1"] for row in image["rows"]])
        figures.append(here - here.mean(axis=0))
        scores.append(truth - truth.mean())
        weights.append(np.full(len(truth), 1 / len(truth) / counts[image["set"], image["group"]]))
    x, y, w = np.concatenate(figures), np.concatenate(scores), np.concatenate(weights)
    w /= w.mean()
    spread = np.sqrt((w[:, None] * x**2).mean(axis=0))
    x = x / spread
    found = (
        np.linalg.solve((x * w[:, None]).T @ x + RIDGE * len(x) * np.eye(len(NAMES)), (x * w[:, None]).T @ y) / spread
    )
    rests = [np.mean([r["f1"] for r in image["rows"]]) - (table(image["rows"]) @ found).mean() for image in used]
    return found, float(np.average(rests, weights=[1 / counts[i["set"], i["group"]] for i in used]))


def judged(images: Sequence[Mapping[str, Any]]) -> dict[str, NDArray[np.floating]]:
    """Return for each set what is taken, the best there is, whether that is near, and the best of six, in the mean."""
    taken: dict[str, list[tuple[float, float, bool, float]]] = {}
    for image in images:
        found, _ = fitted([other for other in images if family(other) != family(image)])
        rows = image["rows"]
        trust = TRUST.get(image["kind"], 0.0)
        order = np.argsort([-(table([row]) @ found)[0] - trust * (row["name"] == "own") for row in rows])
        truth = np.array([row["f1"] for row in rows])
        first, best = truth[order[0]], truth.max()
        name = f"{image['set']} {image['group']}"
        taken.setdefault(name, []).append((first, best, first >= best - NEAR, truth[order[:6]].max()))
    return {name: np.mean(rows, axis=0) for name, rows in taken.items()}


def main() -> None:
    """Print the table and the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument(
        "--half", nargs="*", default=[], help="names of folders whose images are seen at half size, too"
    )
    parser.add_argument("--images", type=int, default=6, help="how many of each group")
    parser.add_argument("--cache", type=Path, required=True)
    args = parser.parse_args()
    all_readings.OFFERED = 100
    cache = json.loads(args.cache.read_text()) if args.cache.exists() else {}
    for folder, shrink in [(f, s) for f in args.folders for s in ((1, 2) if f.name in args.half else (1,))]:
        groups: dict[str, list[Entry]] = {}
        for entry in find_entries(folder):
            groups.setdefault(entry.group, []).append(entry)
        for entries in groups.values():
            for entry in entries[:: max(1, len(entries) // args.images)][: args.images]:
                key = f"{folder.name} {shrink} {entry.name}"
                if key not in cache:
                    cache[key] = measured(entry, folder.name, shrink)
                    args.cache.write_text(json.dumps(cache))
    images = [image for image in cache.values() if image["rows"]]
    print("| set | taken | best of all | within .05 | best of six |\n|---|---|---|---|---|")
    rows = judged(images)
    for name, row in [*rows.items(), ("**mean**", np.mean(list(rows.values()), axis=0))]:
        print(f"| {name} | {' | '.join(f'{value:.2f}' for value in row)} |")
    found, offset = fitted(images)
    print(dict(zip(NAMES, found.round(2).tolist(), strict=True)), "offset", round(offset, 2))


if __name__ == "__main__":
    main()
