"""Readers of labelled image folders.

Three layouts are known by what a folder holds:

- ``images/S/*.jpg`` and ``groundTruth/S/*.mat``: BSDS500 as published, also under ``data/``;
- ``images/S/*`` and ``segmentations/S/*.npz``: key ``segmentations``, (annotator, *spatial);
- ``images/`` and ``labels/``, each with the same file names (any ending), optionally in folders ``S``; a
  ``MANIFEST.tsv`` may say more: columns ``file``, ``labels``, ``modality`` (the group), ``axes``, ``split``.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.io import imread
from skimage.transform import downscale_local_mean

COLOUR_SAMPLES = (3, 4)
EVERYTHING = "all"


@dataclass(frozen=True)
class Sample:
    """An image with its ground truths.

    Attributes
    ----------
    name, group : str
    image : array
    axes : str
        One letter an axis: Y, X, C for channels, S for colour samples.
    truths : list of (*spatial) int arrays
        One an annotator.
    """

    name: str
    group: str
    image: NDArray[Any]
    axes: str
    truths: list[NDArray[Any]]


@dataclass(frozen=True)
class Entry:
    """Where a sample lies; `read` loads it."""

    name: str
    group: str
    image: Path
    truth: Path
    axes: str = ""

    def read(self, shrink: int = 1) -> Sample:
        """Return the sample, with the spatial axes divided by `shrink` if more than 1."""
        truths = _read_truths(self.truth)
        image, axes = _with_channels(imread(self.image), self.axes, truths[0].ndim)
        if shrink > 1:
            factors = tuple(shrink if letter in "ZYX" else 1 for letter in axes)
            inner = tuple(slice(0, n - n % f) for n, f in zip(image.shape, factors, strict=True))
            image = downscale_local_mean(image[inner], factors).astype(image.dtype)
            spatial = tuple(n for n, letter in zip(image.shape, axes, strict=True) if letter in "ZYX")
            middle = tuple(slice(shrink // 2, n * shrink, shrink) for n in spatial)
            truths = [truth[middle] for truth in truths]
        return Sample(self.name, self.group, image, axes, truths)


def find_entries(folder: Path, split: str = EVERYTHING, limit: int = 0) -> list[Entry]:
    """Return the labelled images of a folder in a fixed order.

    Parameters
    ----------
    folder : Path
    split : str
        A folder under ``images``, or a value of the manifest's ``split`` or ``modality`` column.
    limit : int
        Take so many, evenly spread within each group; 0 takes all.

    Raises
    ------
    ValueError
        If nothing is found.
    """
    root = folder / "data" if (folder / "data" / "images").is_dir() else folder
    entries = _paired(root, split) or _listed(root, split)
    if not entries:
        raise ValueError(
            f"dataset must hold images/ with groundTruth/, segmentations/ or labels/ for split {split!r}, "
            f"got {folder}; see the head of datasets.py for the layouts"
        )
    return spread(entries, limit)


def spread(entries: Sequence[Entry], limit: int) -> list[Entry]:
    """Return about `limit` entries, spread evenly in order and over the groups by their size, at least one of each."""
    if not limit or limit >= len(entries):
        return list(entries)
    groups: dict[str, list[Entry]] = {}
    for entry in entries:
        groups.setdefault(entry.group, []).append(entry)
    chosen = []
    for members in groups.values():
        n = max(1, round(limit * len(members) / len(entries)))
        chosen += [members[int(i)] for i in np.linspace(0, len(members) - 1, n).round()]
    return chosen


def _paired(root: Path, split: str) -> list[Entry]:
    """Return the entries of the two layouts with several annotators."""
    for kind, ending in (("groundTruth", ".mat"), ("segmentations", ".npz")):
        if (root / kind).is_dir():
            splits = sorted(p.name for p in (root / kind).iterdir()) if split == EVERYTHING else [split]
            images = {(s, p.stem): p for s in splits for p in sorted((root / "images" / s).glob("*.*"))}
            truths = {key: root / kind / key[0] / (key[1] + ending) for key in images}
            return [Entry(key[1], key[0], p, truths[key]) for key, p in images.items() if truths[key].exists()]
    return []


def _listed(root: Path, split: str) -> list[Entry]:
    """Return the entries of an images/ and labels/ folder."""
    manifest = root / "MANIFEST.tsv"
    if manifest.exists():
        with manifest.open(encoding="utf8", newline="") as file:
            rows = [row for row in csv.DictReader(file, delimiter="\t") if row["labels"]]
        if split != EVERYTHING:
            rows = [row for row in rows if split in (row.get("split"), row.get("modality"))]
        where = [(root / row["file"], root / row["labels"]) for row in rows]
        return [
            Entry(image.stem, row.get("modality") or "", image, labels, row.get("axes") or "")
            for row, (image, labels) in zip(rows, where, strict=True)
        ]
    inner = "" if split == EVERYTHING else split
    labels = {p.stem: p for p in sorted((root / "labels" / inner).glob("*.*"))}
    images = sorted((root / "images" / inner).glob("*.*"))
    return [Entry(p.stem, inner, p, labels[p.stem]) for p in images if p.stem in labels]


def _read_truths(path: Path) -> list[NDArray[Any]]:
    return _READERS.get(path.suffix, lambda p: [imread(p)])(path)


def _read_mat(path: Path) -> list[NDArray[Any]]:
    """Return the segmentations of a BSDS500 file: a cell array of structs with a field Segmentation."""
    from scipy.io import loadmat

    cells = loadmat(path, squeeze_me=True, struct_as_record=False)["groundTruth"]
    return [np.asarray(cell.Segmentation).astype(np.int64) for cell in np.atleast_1d(cells)]


def _read_npz(path: Path) -> list[NDArray[Any]]:
    with np.load(path) as file:
        return list(file["segmentations"].astype(np.int64))


_READERS: dict[str, Callable[[Path], list[NDArray[Any]]]] = {".mat": _read_mat, ".npz": _read_npz}


def _with_channels(image: NDArray[Any], axes: str, n_spatial: int) -> tuple[NDArray[Any], str]:
    """Return the image and its axes; an axis the labels lack holds channels.

    Colours become S; of an RGBA image the alpha is dropped; planes of a stack labelled in 2D become C.
    """
    if image.ndim == n_spatial:
        return image, "ZYX"[-n_spatial:]
    if image.shape[-1] in COLOUR_SAMPLES and axes[:1] not in ("C", "Z"):
        return image[..., :3], "ZYX"[-n_spatial:] + "S"
    first = axes[:1] not in ("Y", "Z") or (n_spatial == 2 and axes[:1] == "Z")
    letters = "C" + "ZYX"[-n_spatial:] if first else "ZYX"[-n_spatial:] + "C"
    return image, letters
