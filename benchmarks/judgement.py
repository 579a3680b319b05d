"""Fit what readings are judged by, and say how well it does on sets that it has not seen.

    python benchmarks/judgement.py DIR [DIR ...] --half usiigaci_phase --images 6 --cache FOLDER

For each image all readings are made by the network of preset `fast`, and what the preset for its kind finds; they and
their figures are kept in the cache, some megabytes an image. The weights of `judgement.EXPECTED` are fitted to
differences within an image, sets counting alike; each set is judged by weights that were fitted without it and its
relatives, and readings vote by the scores that these weights give. Nothing but the weights gets into the product.
"""

import argparse
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from automatic import OFFERED, f1, middle
from datasets import Entry, find_entries
from numpy.typing import NDArray

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.objects import reading, readings
from napari_backprop_segmentation.objects.judgement import EXPECTED, expected
from napari_backprop_segmentation.objects.reading import Reading, in_a_row, offered
from napari_backprop_segmentation.objects.together import VOTING, sureness, votes_of
from napari_backprop_segmentation.objects.ways import readings_of
from napari_backprop_segmentation.pipeline.count import OUTLINED_KINDS, SURE
from napari_backprop_segmentation.pipeline.request import Request
from napari_backprop_segmentation.pipeline.settle import settle

NAMES = tuple(name for name in EXPECTED if name != "offset")
RIDGE = 0.1  # of the number of readings: how much small weights are preferred
NEAR = 0.05  # of the best F1
OUTLIERS = ("usiigaci_phase",)  # phase contrast is left to what its preset finds
RELATIVES = {"fluorescence": "fluorescence", "histology": "histology"}  # groups of one folder that count as one set
OWN = "own"  # name of what the preset for the kind of an image finds
ALL = 100  # more readings than there are
PARTS = 8  # of results by how sure they are
Image = Mapping[str, NDArray[Any]]  # what is kept of one


class Taken(NamedTuple):
    """F1 of what is taken and of the best there is, whether it is near, of the best of six, and how sure it was."""

    first: float
    best: float
    near: bool
    six: float
    sure: float  # nan of what a preset finds


def measured(entry: Entry, folder: str, shrink: int) -> dict[str, Any]:
    """Return all readings of an image with their figures, F1 and what their score is less, and what a preset finds."""
    sample = middle(entry.read(shrink))
    image, truth = sample.image, sample.truths[0]
    job = settle(Request(image, Params.preset("fast"), sample.axes))
    plain = finish(run(image, Params.preset("fast"), axes=sample.axes))
    pixels = job.part.read(job.part.whole)
    found = readings_of(plain.hierarchy, pixels)
    made = list(found.voting)
    kind = finish(run(image, Params.preset("auto", iterations=1), axes=sample.axes)).record["kind"]
    own = finish(run(image, Params.preset(kind), axes=sample.axes))
    if own.record["params"]["objects"] != "off" and own.labels.any():
        figures = found.figures(own.labels)
        made.append(Reading(OWN, readings.numbered(own.labels), expected(figures), figures))
    return {
        "set": folder,
        "group": entry.group,
        "kind": kind,
        "image": pixels.astype(np.float16),
        "truth": truth,
        "names": [each.name for each in made],
        "labels": np.array([each.painted for each in made], np.uint16),
        "figures": np.array([[each.figures[name] for name in NAMES] for each in made]).reshape(-1, len(NAMES)),
        "less": np.array([expected(each.figures) - each.score for each in made]),
        "f1": np.array([f1(each.painted, truth) for each in made]),
    }


def family(image: Image) -> str:
    """Return the set of an image, relatives being one."""
    near = [name for part, name in RELATIVES.items() if part in str(image["group"])]
    return f"{image['set']} {near[0] if near else image['group']}"


def fitted(images: Sequence[Image]) -> tuple[NDArray[np.floating], float]:
    """Return the weights of figures and the offset, by ridge regression of F1."""
    used = [image for image in images if len(image["f1"]) > 1 and image["set"] not in OUTLIERS]
    counts = Counter((str(image["set"]), str(image["group"])) for image in used)
    share = [1 / counts[str(image["set"]), str(image["group"])] for image in used]
    x = np.concatenate([image["figures"] - image["figures"].mean(axis=0) for image in used])
    y = np.concatenate([image["f1"] - image["f1"].mean() for image in used])
    w = np.concatenate([np.full(len(i["f1"]), part / len(i["f1"])) for i, part in zip(used, share, strict=True)])
    w /= w.mean()
    spread = np.sqrt((w[:, None] * x**2).mean(axis=0))
    x = x / spread
    found = (
        np.linalg.solve((x * w[:, None]).T @ x + RIDGE * len(x) * np.eye(len(NAMES)), (x * w[:, None]).T @ y) / spread
    )
    rests = [image["f1"].mean() - (image["figures"] @ found).mean() for image in used]
    return found, float(np.average(rests, weights=share))


def taken(image: Image, weights: NDArray[np.floating]) -> Taken:
    """Return what is taken by some weights."""
    scores = image["figures"] @ weights - image["less"]
    made = [
        Reading(str(name), labels.astype(np.int32), float(score), dict(zip(NAMES, figures, strict=True)))
        for name, labels, score, figures in zip(image["names"], image["labels"], scores, image["figures"], strict=True)
    ]
    own = next((each for each in made if each.name == OWN), None)
    others = sorted((each for each in made if each is not own), key=lambda each: -each.score)
    row = in_a_row(offered(others), others[:VOTING], image["image"].astype(np.float32))
    voters = [each.painted for each in others[:VOTING]]
    votes = votes_of(voters, [each.score for each in others[:VOTING]])
    sure = sureness(row[0].judged, voters, votes) if row else 0.0
    shown = [f1(each.painted, image["truth"]) for each in row[:OFFERED]]
    outlined = str(image["kind"]) in OUTLINED_KINDS
    confirmed = own is not None and bool(row) and sureness(own.painted, voters, votes) >= SURE
    if own is not None and (not row or confirmed or (outlined and sure < SURE)):
        shown.insert(0, f1(own.painted, image["truth"]))
        sure = np.nan
    first, best = shown[0], max([*shown, *image["f1"]])
    return Taken(first, best, first >= best - NEAR, max(shown), sure)


def judged(images: Sequence[Image]) -> dict[str, list[Taken]]:
    """Return for each set what is `taken` by weights that were fitted without it and its relatives."""
    found: dict[str, list[Taken]] = {}
    for image in images:
        weights, _ = fitted([other for other in images if family(other) != family(image)])
        found.setdefault(f"{image['set']} {image['group']}", []).append(taken(image, weights))
    return found


def calibration(found: Sequence[Taken]) -> list[str]:
    """Return lines of how sure results were and how good they are, the surest first."""
    known = sorted((each for each in found if not np.isnan(each.sure)), key=lambda each: -each.sure)
    lines = []
    for part in np.array_split(np.array(known), min(PARTS, len(known))):
        sure, taken, near = (part[:, Taken._fields.index(name)] for name in ("sure", "first", "near"))
        lines.append(
            f"| {sure.max():.2f} to {sure.min():.2f} | {sure.mean():.2f} | {taken.mean():.2f} | {near.mean():.2f} |"
        )
    return lines


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
    reading.OFFERED = readings.VOTING = ALL
    args.cache.mkdir(parents=True, exist_ok=True)
    for folder, shrink in [(f, s) for f in args.folders for s in ((1, 2) if f.name in args.half else (1,))]:
        groups: dict[str, list[Entry]] = {}
        for entry in find_entries(folder):
            groups.setdefault(entry.group, []).append(entry)
        for entries in groups.values():
            for entry in entries[:: max(1, len(entries) // args.images)][: args.images]:
                kept = args.cache / f"{folder.name} {shrink} {str(entry.name).replace('/', ' ')}.npz"
                if not kept.exists():
                    np.savez_compressed(kept, **measured(entry, folder.name, shrink))
    loaded = [dict(np.load(kept)) for kept in sorted(args.cache.glob("*.npz"))]
    images = [image for image in loaded if len(image["f1"])]
    print("| set | taken | best of all | within .05 | best of six |\n|---|---|---|---|---|")
    found = judged(images)
    rows = {name: np.mean([each[:4] for each in some], axis=0) for name, some in found.items()}
    for name, row in [*rows.items(), ("**mean**", np.mean(list(rows.values()), axis=0))]:
        print(f"| {name} | {' | '.join(f'{value:.2f}' for value in row)} |")
    print("\n| sure | mean | F1 | within .05 of the best |\n|---|---|---|---|")
    print(*calibration([each for some in found.values() for each in some]), sep="\n")
    weights, offset = fitted(images)
    print(dict(zip(NAMES, weights.round(2).tolist(), strict=True)), "offset", round(offset, 2))


if __name__ == "__main__":
    main()
