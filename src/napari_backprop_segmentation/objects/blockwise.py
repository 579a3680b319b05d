"""The objects of an image that does not fit the memory: the same as those of the image in one piece.

Parts that hang together are found block by block, and each is looked at as a whole by whoever has the block that its
first pixel lies in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.image.blocks import Edges, Window, edges_of, with_halo
from napari_backprop_segmentation.image.kept_blocks import Arrays, Work
from napari_backprop_segmentation.image.label_file import LabelFile
from napari_backprop_segmentation.image.labels import Numbers, chosen, label_dtype, occurring, small_numbers
from napari_backprop_segmentation.image.passes import PASS_SIDE, around, passed
from napari_backprop_segmentation.objects.blockwise_parts import PartTable
from napari_backprop_segmentation.objects.edges import without_cut
from napari_backprop_segmentation.objects.necks import (
    NeckDistance,
    neck_halo,
    outline_distance,
    radii_of,
    typical_radius,
)
from napari_backprop_segmentation.objects.single import bright_objects, necks_divided
from napari_backprop_segmentation.params.sections import Objects

SINGLE, DIVIDED = "single", "divided"  # names of what is kept
Labels = NDArray[np.int32]
Spacing = tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Painted:
    """Labels in a file that are shown under other numbers.

    Attributes
    ----------
    file : (*spatial) int32, read by windows
    table : (n + 1,) int
        The number of each label; 0 for what is left out.
    """

    file: Any
    table: NDArray[Any]

    @property
    def count(self) -> int:
        """How many objects there are."""
        return int(self.table.max(initial=0))

    def paint(self, windows: Sequence[Window], out: Any) -> None:
        """Write the objects into `out`, an array of the shape of the image."""
        for window in windows:
            out[window] = self.table[self.file[window]]


@dataclass(frozen=True, eq=False)
class Found:
    """Objects in one window.

    Attributes
    ----------
    labels : (*window) uint16 or int32
        From 1 without gaps, in the order of their owners.
    owners : (n,) int64
        The part or object, from 1, that each lies in.
    figures : mapping of arrays (n, ...)
        ``areas`` in pixels, and what else is to be known of each.
    """

    labels: Numbers
    owners: NDArray[np.int64]
    figures: Arrays


@dataclass(frozen=True, eq=False)
class Singles:
    """All single objects of an image, before they are divided at their necks.

    Attributes
    ----------
    file : (*spatial) int32, read by windows
        Numbered from 1, group after group.
    behind : (n_groups + 1,) int64
        How many there are before each group.
    areas, parts : (n,) int64
    radii : (n,) float64
    boxes : (n, ndim, 2) int64
    """

    file: LabelFile
    behind: NDArray[np.int64]
    areas: NDArray[np.int64]
    parts: NDArray[np.int64]
    radii: NDArray[np.float64]
    boxes: NDArray[np.int64]

    @classmethod
    def of(cls, file: LabelFile, found: Sequence[Arrays]) -> "Singles":
        """Return the objects of all groups together."""
        behind = np.cumsum([0, *(len(each["areas"]) for each in found)])
        if not behind[-1]:
            found = [{name: np.zeros(0, np.int64) for name in ("areas", "parts", "radii", "boxes")}]
        return cls(
            file,
            behind,
            **{k: np.concatenate([each[k] for each in found if len(each[k])] or [found[0][k]]) for k in found[0]},
        )


def joined_objects(parts: PartTable, rules: Objects) -> Painted:
    """Return all that hangs together as objects."""
    good = fitting(parts.areas, rules)
    if rules.drop_border:
        good &= ~parts.outer
    return Painted(parts.pieces, numbers_of(good, np.arange(len(good)))[parts.part])


def single_objects(
    light: Any, ground: float, parts: PartTable, rules: tuple[Objects, Objects], spacing: Spacing, *, work: Work
) -> Painted:
    """Return single objects, see `single.bright_objects`.

    Parameters
    ----------
    light : (*spatial) float32, read by windows
    ground : float
        How high the ground is.
    parts : PartTable
    rules : (Objects, Objects)
        Which objects are kept, and under which rules they are found.
    spacing : tuple of float
    work : Work
    """
    groups = groups_of(parts, light.shape)
    file = work.kept.labels(SINGLE, light.shape)

    def item(group: NDArray[np.int64]) -> tuple[Window, NDArray[np.float32], Numbers]:
        window = around(parts.boxes[group])
        return window, light[window], small_numbers(chosen(parts[window], group + 1))

    def take(number: int, behind: int, found: Found) -> Arrays:
        group = groups[number]
        write_behind(file, around(parts.boxes[group]), found.labels, behind)
        return {**found.figures, "parts": group[found.owners - 1]}

    common = (ground, rules[1], spacing)
    found = passed(work, SINGLE, _single_in, common, [partial(item, group) for group in groups], take=take)
    singles = Singles.of(file, found)
    return divided(singles, rules[0], spacing, work, necks_divided)


def divided(singles: Singles, rules: Objects, spacing: Spacing, work: Work, divide: Any) -> Painted:
    """Return objects divided at their necks by a function such as `necks_divided`."""
    file = work.kept.labels(DIVIDED, singles.file.shape)
    if not len(singles.areas):
        return Painted(file, np.zeros(1, np.uint8))
    typical = typical_radius(singles.radii, singles.areas)
    halo = neck_halo(typical, spacing)
    groups = [span for span in zip(singles.behind[:-1], singles.behind[1:], strict=True) if span[0] < span[1]]

    file_of = singles.file.__getitem__

    def item(span: tuple[Any, Any]) -> tuple[Numbers, int, Window, Window, Edges]:
        own = around(singles.boxes[slice(*span)])
        grown = with_halo(own, halo, file.shape)[0]
        near = occurring(file_of(grown))
        near = near[near > 0]
        wide = around(np.concatenate([singles.boxes[near - 1], np.array([[(w.start, w.stop) for w in grown]])]))
        order = np.concatenate([np.arange(*span) + 1, near[(near <= span[0]) | (near > span[1])]])
        return small_numbers(chosen(file_of(wide), order)), span[1] - span[0], wide, own, edges_of(wide, file.shape)

    def take(number: int, behind: int, found: Found) -> Arrays:
        span = groups[number]
        write_behind(file, around(singles.boxes[slice(*span)]), found.labels, behind)
        return {**found.figures, "parts": singles.parts[slice(*span)][found.owners - 1]}

    common = (typical, rules.drop_border, spacing, divide)
    found = passed(work, DIVIDED, _divided_in, common, [partial(item, span) for span in groups], take=take)
    areas, parts = (np.concatenate([each[name] for each in found]) for name in ("areas", "parts"))
    return Painted(file, numbers_of(fitting(areas, rules), np.argsort(parts, kind="stable")))


def _single_in(common: tuple[float, Objects, Spacing], item: tuple[Window, NDArray[np.float32], Numbers]) -> Found:
    (ground, sought, spacing), (window, light, parts) = common, item
    start = tuple(w.start for w in window)
    labels = bright_objects(light, parts > 0, ground, sought, spacing, start=start)
    return found_in(labels, _owners(labels, parts), window, spacing)


def found_in(labels: Labels, owners: NDArray[np.int64], window: Window, spacing: Spacing) -> Found:
    """Return objects (*window) with their figures."""
    n = int(labels.max())
    boxes = np.array([[(s.start, s.stop) for s in box] for box in ndimage.find_objects(labels)], np.int64)
    figures = {
        "areas": np.bincount(labels.ravel(), minlength=1)[1:],
        "radii": radii_of(outline_distance(labels, spacing), labels) if n else np.zeros(0),
        "boxes": boxes.reshape(n, labels.ndim, 2) + np.array([[side.start] for side in window]),
    }
    return Found(small_numbers(labels), owners, figures)


def _divided_in(common: tuple[float, bool, Spacing, Any], item: tuple[Numbers, int, Window, Window, Edges]) -> Found:
    (typical, drop_border, spacing, divide), (sent, n, wide, own, edges) = common, item
    labels = sent.astype(np.int32, copy=False)
    objects = np.where(labels > n, 0, labels)
    distance = NeckDistance(outline_distance(labels, spacing), typical)
    found = divide(objects, distance, spacing, tuple(w.start for w in wide))
    owners = _owners(found, objects)
    if drop_border:
        found = without_cut(found, edges)
    inner = tuple(slice(o.start - w.start, o.stop - w.start) for o, w in zip(own, wide, strict=True))
    return Found(
        small_numbers(found[inner]), owners, {"areas": np.bincount(found.ravel(), minlength=len(owners) + 1)[1:]}
    )


def groups_of(parts: PartTable, shape: tuple[int, ...]) -> list[NDArray[np.int64]]:
    """Return parts, numbered from 0, that are looked at together: those of one block, each large one by itself."""
    side = PASS_SIDE[len(shape)]
    places = np.stack(np.unravel_index(parts.first, shape), axis=1) // side
    block = np.ravel_multi_index(tuple(places.T), [-(-n // side) for n in shape])
    large = (parts.boxes[..., 1] - parts.boxes[..., 0] > side).any(axis=1)
    key = np.where(large, block.max(initial=0) + 1 + np.arange(len(block)), block)
    order = np.argsort(key, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(key[order])) + 1) if len(order) else []


def _owners(labels: NDArray[Any], owners: NDArray[Any]) -> NDArray[np.int64]:
    """Return in which of others each label (n,) lies."""
    found = np.zeros(int(labels.max(initial=0)) + 1, np.int64)
    found[labels.ravel()] = owners.ravel()
    return found[1:]


def write_behind(file: LabelFile, window: Window, labels: NDArray[Any], behind: int) -> None:
    """Write labels where they are more than 0, numbered behind others."""
    there = file[window]
    file[window] = np.where(labels > 0, labels.astype(np.int64) + behind, there)


def fitting(areas: NDArray[np.int64], rules: Objects) -> NDArray[np.bool_]:
    """Return which objects have a size that is asked for."""
    return (areas >= rules.least_pixels) & (areas <= (rules.max_object or np.inf)) & (areas > 0)


def numbers_of(good: NDArray[np.bool_], order: NDArray[np.int64]) -> NDArray[Any]:
    """Return the number (n + 1,) from 1 without gaps of each object that is kept, in some order; 0 for others."""
    kept = order[good[order]]
    table = np.zeros(len(good) + 1, label_dtype(len(kept)))
    table[kept + 1] = np.arange(1, len(kept) + 1)
    return table
