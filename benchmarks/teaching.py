"""What strokes and examples are worth: a robot draws, clicks and corrects; ours beside a forest on basic features.

    python benchmarks/teaching.py --json F DIR [DIR ...] [--images 4] [--seeds 5] [--half NAME ...]

Every second image of a folder is looked at, beginning with the second: settings were chosen on others. Images are cut
to their middle 512 x 512; every second pixel along each axis is scored. Strokes are those of `robot.py`. Rivals are a
random forest of 50 trees on `skimage.feature.multiscale_basic_features` (sigma 0.5 to 16), as it is and with its
probabilities averaged over the finest regions. Where objects are labelled one by one, they are also found by example:
the robot clicks on whole objects (as one would choose them with the wheel), then on any that is missed or is none.
"""

import argparse
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from constants import overlaps
from datasets import Entry, find_entries
from metrics import labelled_objects
from numpy.typing import NDArray
from quality import environment
from robot import correction, first_strokes
from skimage.feature import multiscale_basic_features

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.objects.tree_cuts import nested
from napari_backprop_segmentation.teaching.examples import ByExample

SIDE = 512
STRIDE = 2  # of what is scored
SHARES = (0.0001, 0.001, 0.01)
START = 0.001  # share that is drawn before corrections
ROUNDS = 5
LENGTH = 0.03  # of a correcting stroke, of the longer side
OVERLAP = 0.5
CLASSES = ("crackforest", "drive_fundus", "glands_dev", "neuron_brightfield", "sandstone_uct", "superalloy_sem", "wbc")
PHOTOGRAPHS = "bsds500"
FOREST, VOTED, OURS = "forest", "voted", "ours"

Image = NDArray[Any]


@dataclass(frozen=True)
class Task:
    """One image and one seed of the robot."""

    entry: Entry
    folder: str
    shrink: int
    seed: int


def truths(task: Task) -> tuple[Image, str, Image, Image | None]:
    """Return image, axes, kinds (Y, X) from 1, and objects where they are labelled one by one."""
    sample = task.entry.read(task.shrink)
    truth = min(sample.truths, key=lambda t: len(np.unique(t)))
    window = tuple(slice(max(0, (n - SIDE) // 2), max(0, (n - SIDE) // 2) + SIDE) for n in truth.shape)
    truth, spans = truth[window], iter(window)
    image = sample.image[tuple(next(spans) if letter in "YX" else slice(None) for letter in sample.axes)]
    if task.folder in CLASSES or task.folder == PHOTOGRAPHS:
        return image, sample.axes, np.unique(truth, return_inverse=True)[1].reshape(truth.shape) + 1, None
    return image, sample.axes, np.where(truth > 0, 1, 2), truth


class Rival:
    """A random forest on basic features; `voted` averages its probabilities over regions."""

    def __init__(self, pixels: NDArray[np.float32], regions: Image, seed: int, *, voted: bool) -> None:
        features = [multiscale_basic_features(channel, sigma_min=0.5, sigma_max=16) for channel in pixels]
        self._features = np.concatenate(features, axis=-1).astype(np.float32)
        self._regions, self._seed, self._voted = regions[::STRIDE, ::STRIDE], seed, voted

    def __call__(self, strokes: Image) -> Image:
        """Return the kinds of every second pixel."""
        from sklearn.ensemble import RandomForestClassifier

        drawn = strokes > 0
        forest = RandomForestClassifier(50, random_state=self._seed).fit(self._features[drawn], strokes[drawn])
        some = self._features[::STRIDE, ::STRIDE]
        sure = forest.predict_proba(some.reshape(-1, some.shape[-1]))
        if self._voted:
            index = self._regions.ravel()
            counts = np.maximum(np.bincount(index), 1)
            sure = np.stack([np.bincount(index, column) / counts for column in sure.T], axis=1)[index]
        found: Image = forest.classes_[sure.argmax(axis=1)].reshape(some.shape[:2])
        return found


def mean_iou(found: Image, kinds: Image) -> float:
    """Return the mean over kinds of intersection over union."""
    scores = [((found == k) & (kinds == k)).sum() / ((found == k) | (kinds == k)).sum() for k in np.unique(kinds)]
    return float(np.mean(scores))


def by_strokes(answer: Any, kinds: Image, seed: int) -> dict[str, float]:
    """Return the scores of whoever answers strokes: at each share, and after each correction."""
    small = kinds[::STRIDE, ::STRIDE]
    scores = {f"{share:g}": mean_iou(answer(first_strokes(kinds, share, seed)), small) for share in SHARES}
    strokes = first_strokes(kinds, START, seed + 1000)
    length = round(LENGTH * max(kinds.shape) / STRIDE)
    for number in range(ROUNDS + 1):
        found = answer(strokes)
        scores[f"corrected {number}"] = mean_iou(found, small)
        pixels, kind = correction(found, small, length)
        if kind:
            for shift in range(STRIDE):  # a brush as wide as the stride
                rows, columns = np.minimum(STRIDE * pixels.T + shift, np.array(kinds.shape)[:, None] - 1)
                strokes[rows, columns] = kinds[rows, columns]
    return scores


def f1(labels: Image, truth: Image) -> float:
    """Return the F1 of objects at an overlap of a half."""
    score = labelled_objects(labels, truth)
    return 2 * score.tp / max(1, score.n_predicted + score.n_true)


def by_example(finder: ByExample, truth: Image, seed: int) -> dict[str, float]:
    """Return the F1 of what is found like 1, 2, 3 and 5 examples, and after each of three corrections of three."""
    rng = np.random.default_rng(seed)
    numbers = np.unique(truth[truth > 0])
    areas = np.bincount(truth.ravel())
    usual = numbers[np.argsort(np.abs(np.log(areas[numbers] / np.median(areas[numbers]))), kind="stable")]
    numbers = rng.permutation(usual[: max(1, len(usual) // 2)])  # a user points at what is typical

    def seen(number: int) -> Image:
        pixels = np.flatnonzero(truth == number)
        iou = finder.overlap(pixels, np.arange(len(finder.forest.areas)))
        mask = np.zeros(truth.size, bool)
        mask[finder.forest.pixels_of(int(iou.argmax()))] = True
        return mask.reshape(truth.shape)

    scores = {}
    for count in (1, 2, 3, 5):
        scores[str(count)] = f1(finder.alike([seen(n) for n in numbers[:count]]), truth)
    examples, counter = [seen(n) for n in numbers[:3]], []
    for number in range(1, 4):
        found = finder.alike(examples, counter)
        iou, _ = overlaps(found, truth)
        theirs, ours = np.unique(truth), np.unique(found)
        good = iou > OVERLAP
        wrong = [(True, n) for n in theirs[(theirs > 0) & ~good[:, ours > 0].any(axis=1)]]
        wrong += [(False, n) for n in ours[(ours > 0) & ~good[theirs > 0].any(axis=0)]]
        if wrong:
            is_missed, which = wrong[rng.integers(len(wrong))]
            if is_missed:
                examples.append(seen(int(which)))
            else:
                counter.append(found == which)
        scores[f"3 + {number}"] = f1(finder.alike(examples, counter), truth)
    return scores


def perform(task: Task) -> dict[str, Any]:
    """Return the scores of one image."""
    image, axes, kinds, objects = truths(task)
    result = finish(run(image, Params.preset("fast"), axes=axes))
    teacher = result.teacher
    part = teacher.job.part
    pixels = part.read(part.whole)
    params = Params()

    def ours(strokes: Image) -> Image:
        return teacher.answer(strokes, params).labels[::STRIDE, ::STRIDE]

    found: dict[str, Any] = {"set": task.folder, "group": task.entry.group, "name": task.entry.name, "seed": task.seed}
    for name, voted in ((FOREST, False), (VOTED, True)):
        rival = Rival(pixels, result.hierarchy.index, task.seed, voted=voted)
        found[name] = by_strokes(rival, kinds, task.seed)
    found[OURS] = by_strokes(ours, kinds, task.seed)
    if objects is not None:
        found["examples"] = by_example(ByExample.prepared(pixels, nested(result.hierarchy)), objects, task.seed)
        strokes = first_strokes(kinds, START, task.seed)
        pressed = finish(run(image, Params.preset("auto"), axes=axes))  # who draws objects has looked at these first
        counted = (pressed.teacher or teacher).answer(strokes, params.replace(strokes_as="objects")).labels
        found["objects"] = {"strokes": f1(counted, objects), "automatic": f1(pressed.labels, objects)}
    return found


def tasks(folders: Sequence[Path], images: int, seeds: int, half: Sequence[str]) -> list[Task]:
    """Return what is done: of each group every second image, beginning with the second; one of each group first."""
    found = []
    for folder in folders:
        groups: dict[str, list[Entry]] = {}
        for entry in find_entries(folder, "val" if folder.name == PHOTOGRAPHS else "all"):
            groups.setdefault(entry.group if len(entry.group) else folder.name, []).append(entry)
        for entries in groups.values():
            other = entries[1::2]
            chosen = other[:: max(1, len(other) // images)][:images]
            shrink = 2 if folder.name in half else 1
            found += [
                (seed, i, Task(entry, folder.name, shrink, seed))
                for i, entry in enumerate(chosen)
                for seed in range(seeds)
            ]
    return [task for _, _, task in sorted(found, key=lambda each: each[:2])]


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--images", type=int, default=4, help="of each group")
    parser.add_argument("--seeds", type=int, default=5, help="of the robot")
    parser.add_argument("--half", nargs="*", default=[], help="names of folders whose images are seen at half size")
    parser.add_argument("--jobs", type=int, default=2)
    args = parser.parse_args()
    done = []
    with ProcessPoolExecutor(args.jobs) as pool:
        for row in pool.map(perform, tasks(args.folders, args.images, args.seeds, args.half)):
            done.append(row)
            args.json.write_text(json.dumps({"machine": environment(), "rows": done}))


if __name__ == "__main__":
    main()
