"""What the constants of the heuristics do: scores at half and at twice their values, on development images.

    python benchmarks/constants.py --nuclei DSB2018 --membranes ISBI_EM --phase PHASE --photographs BSDS500

Each argument is a folder that `datasets.py` can read. One network is trained for each image, and what follows is done
again for each value. Writes docs/constants.md.
"""

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Sample, find_entries
from numpy.typing import NDArray

from napari_backprop_segmentation import Params, finish, run

PACKAGE = "napari_backprop_segmentation"
PAGE = Path(__file__).parents[1] / "docs" / "constants.md"
SIDE = 256  # pixels: of what is looked at of each image
NUCLEI, MEMBRANES, PHASE, PHOTOGRAPHS = "nuclei", "membranes", "phase", "photographs"
PRESETS = {NUCLEI: "auto", MEMBRANES: "em", PHASE: "phase", PHOTOGRAPHS: "fast"}
READ_OFF = {
    NUCLEI: "DSB2018 training images, before this script was there",
    MEMBRANES: "ISBI 2012, 10 slices",
    PHASE: "12 phase contrast images at half size",
    PHOTOGRAPHS: "BSDS500, 20 to 100 training images",
}


@dataclass(frozen=True)
class Constant:
    """A number in a module, and the images it was read off."""

    module: str
    name: str
    kinds: tuple[str, ...]
    part: int | None = None  # of a tuple

    @property
    def title(self) -> str:
        """What it is called in the table."""
        part = "" if self.part is None else f"[{self.part}]"
        return f"`{self.module}.{self.name}{part}`"

    def value(self) -> Any:
        """Return the number."""
        found = getattr(import_module(f"{PACKAGE}.{self.module}"), self.name)
        return found if self.part is None else found[self.part]

    @contextmanager
    def times(self, factor: float) -> Iterator[None]:
        """Let it be so many times as large meanwhile."""
        module = import_module(f"{PACKAGE}.{self.module}")
        before = getattr(module, self.name)
        if self.part is None:
            after: Any = type(before)(before * factor) or 1
        else:
            after = tuple(value * factor if i == self.part else value for i, value in enumerate(before))
        setattr(module, self.name, after)
        try:
            yield
        finally:
            setattr(module, self.name, before)


def constants(module: str, names: str, *kinds: str) -> list[Constant]:
    """Return constants of a module by their names, of tuples with the place in brackets behind."""
    found = []
    for word in names.split():
        name, _, part = word.partition("@")
        found.append(Constant(module, name, kinds, int(part) if part else None))
    return found


CONSTANTS = [
    *constants(
        "objects.foreground",
        "REGION_SHARE CLEAN_SMOOTHING NOISY_SMOOTHING RELAXED NOISY HALF_HEIGHT PINK_SHARE VIOLET_SHARE RIDGE",
        NUCLEI,
    ),
    *constants("objects.splitting", "LEVELS SHAPELESS LEAST_MERIT SPLIT_SIGMA SPLIT_SHARE", NUCLEI),
    *constants("objects.tree_cuts", "OBJECT_DETAIL", NUCLEI),
    *constants("image.background", "SLOPE_SIGMA TEXTURE_SIGMA LEAST_SLOPE GROUND ONE_PART SHRINK", PHASE),
    *constants("objects.outlined", "LEAST_SHARE LEAST_ON_GROUND CLUMP HALO_WIDTH", PHASE),
    *constants("objects.outlined", "SIZE_POWER LEAST WALL_SIGMA WALL_AROUND WALL MEMBRANE_WIDTH CLEFT", MEMBRANES),
    *constants("image.ridges", "CREST_SIGMA", PHASE, MEMBRANES),
    *constants("image.ridge_response", "NEAR_SIGMA AROUND_SIGMA", PHASE, MEMBRANES),
    *constants("image.context", "ROUGHNESS GAIN", PHASE, MEMBRANES),
    *constants("image.texture", "WIDER QUIET", PHOTOGRAPHS),
    *constants("image.colour", "LAB_UNIT", PHOTOGRAPHS),
    *constants("hierarchy.features", "EDGE_SIGMA", PHOTOGRAPHS),
    *constants("hierarchy.initial_regions", "LEAF_SCALE LEAF_SIGMA LEAF_SIZE", PHOTOGRAPHS),
    *constants("hierarchy.tree", "USUAL_SIDE COARSEST FINEST", PHOTOGRAPHS),
]


def pieces(folder: Path | None, kind: str, count: int) -> list[Sample]:
    """Return the middles of some images, evenly spread over a folder."""
    if folder is None:
        return []
    entries = find_entries(folder, "val") if kind == PHOTOGRAPHS else find_entries(folder)
    chosen = [entries[int((i + 0.5) * len(entries) / count)] for i in range(min(count, len(entries)))]
    return [_middle(entry.read(2 if kind == PHASE else 1)) for entry in chosen]


def _middle(sample: Sample) -> Sample:
    def cut(array: NDArray[Any], axes: str) -> NDArray[Any]:
        spans = {
            a: slice(max(0, (n - SIDE) // 2), max(0, (n - SIDE) // 2) + SIDE)
            for a, n in zip(axes, array.shape, strict=True)
        }
        return array[tuple(spans[a] if a in "YX" else slice(None) for a in axes)]

    truths = [cut(truth, "YX") for truth in sample.truths]
    return Sample(sample.name, sample.group, cut(sample.image, sample.axes), sample.axes, truths)


def overlaps(labels: NDArray[Any], truth: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the intersection over union of all pairs (true, found), and the size of each true region."""
    _, one = np.unique(truth, return_inverse=True)
    _, other = np.unique(labels, return_inverse=True)
    table = np.zeros((one.max() + 1, other.max() + 1))
    np.add.at(table, (one.ravel(), other.ravel()), 1)
    union = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - table
    return table / union, table.sum(axis=1)


def score(labels: NDArray[Any], truths: Sequence[NDArray[Any]], kind: str) -> float:
    """Return the F1 of objects at an overlap of a half, or the mean covering of regions."""
    if kind == PHOTOGRAPHS:
        found = [overlaps(labels, truth) for truth in truths]
        return float(np.mean([(iou.max(axis=1) * sizes).sum() / sizes.sum() for iou, sizes in found]))
    truth = truths[0]
    iou, _ = overlaps(labels, truth)
    iou = iou[int(truth.min() == 0) :, int(labels.min() == 0) :]
    return 2 * float((iou > 0.5).sum()) / max(1, sum(iou.shape))


class Bench:
    """Images of one kind, each with the network that was trained on it."""

    def __init__(self, samples: Sequence[Sample], kind: str) -> None:
        self._samples, self._kind = samples, kind
        self._params = Params.preset(PRESETS[kind])
        self._models = [finish(run(s.image, self._params, axes=s.axes)).model for s in samples]

    def score(self) -> float:
        """Return the mean score with the constants as they are."""
        found = []
        for sample, model in zip(self._samples, self._models, strict=True):
            labels = finish(run(sample.image, self._params, axes=sample.axes, model=model)).labels
            found.append(score(labels, sample.truths, self._kind))
        return float(np.mean(found))


def rows(benches: dict[str, Bench]) -> Iterator[str]:
    """Yield the lines of the table."""
    now = {kind: bench.score() for kind, bench in benches.items()}
    yield "| constant | value | read off | now | half | twice |"
    yield "|---|---|---|---|---|---|"
    for constant in CONSTANTS:
        for kind in constant.kinds:
            if kind not in benches:
                continue
            cells = []
            for factor in (0.5, 2.0):
                try:
                    with constant.times(factor):
                        cells.append(f"{benches[kind].score() - now[kind]:+.3f}")
                except Exception as error:  # noqa: BLE001 - a value that cannot be is a finding too
                    cells.append(type(error).__name__)
            value = constant.value()
            yield (f"| {constant.title} | {value:g} | {READ_OFF[kind]} | {now[kind]:.3f} | {cells[0]} | {cells[1]} |")


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for kind in PRESETS:
        parser.add_argument(f"--{kind}", type=Path)
    parser.add_argument("--images", type=int, default=4, help="how many of each kind")
    args = parser.parse_args()
    samples = {kind: pieces(getattr(args, kind), kind, args.images) for kind in PRESETS}
    benches = {kind: Bench(found, kind) for kind, found in samples.items() if found}
    if not benches:
        parser.error(f"at least one of {', '.join(f'--{kind}' for kind in PRESETS)} must name a folder with images")
    lines = [
        "# Constants",
        "",
        "Made by `python benchmarks/constants.py` (see there); do not edit. Numbers in heuristics that were read off",
        "images, with what the score does at half and at twice their value: F1 of objects at an overlap of a half, for",
        f"photographs the covering. {args.images} images a kind, {SIDE} x {SIDE} pixels of each, one seed: differences",
        "below .02 mean nothing. The coefficients of readings and examples come from a fit and are not listed here.",
        "",
        *rows(benches),
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
