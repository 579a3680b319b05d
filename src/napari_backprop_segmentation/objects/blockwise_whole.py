"""Parts of an image that does not fit the memory as objects: with their holes, divided where they are narrow."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.kept_blocks import Arrays, Work
from napari_backprop_segmentation.image.labels import chosen
from napari_backprop_segmentation.image.passes import around, passed
from napari_backprop_segmentation.objects.blockwise import (
    SINGLE,
    Found,
    Labels,
    Painted,
    Singles,
    Spacing,
    divided,
    fitting,
    found_in,
    groups_of,
    numbers_of,
    write_behind,
)
from napari_backprop_segmentation.objects.blockwise_parts import PartTable
from napari_backprop_segmentation.objects.necks import NeckDistance, divided_at_necks
from napari_backprop_segmentation.objects.splitting import filled
from napari_backprop_segmentation.params.sections import Objects


def whole_objects(parts: PartTable, keep: Any, rules: Objects, spacing: Spacing, work: Work) -> Painted:
    """Return parts as objects, with their holes or divided at their necks as the rules say, see `split.objects_of`.

    Parameters
    ----------
    parts : PartTable
    keep : callable
        Returns for a window which of its pixels (*window) stay as they are, though in a hole.
    rules : Objects
    spacing : tuple of float
    work : Work
    """
    groups = groups_of(parts, parts.pieces.shape)
    file = work.kept.labels(SINGLE, parts.pieces.shape)

    def item(group: NDArray[np.int64]) -> tuple[Window, Labels, NDArray[np.int64], NDArray[np.bool_]]:
        window = around(parts.boxes[group])
        return window, parts[window], group + 1, keep(window)

    def take(number: int, behind: int, found: Found) -> Arrays:
        write_behind(file, around(parts.boxes[groups[number]]), found.labels, behind)
        return {**found.figures, "parts": found.owners - 1}

    found = passed(work, SINGLE, _whole_in, (rules, spacing), [partial(item, group) for group in groups], take=take)
    singles = Singles.of(file, found)
    if rules.split_objects:
        return divided(singles, rules, spacing, work, _at_necks)
    good = fitting(singles.areas, rules)
    if rules.drop_border:
        good &= ~parts.outer[singles.parts]
    return Painted(file, numbers_of(good, np.argsort(singles.parts, kind="stable")))


def _whole_in(
    common: tuple[Objects, Spacing], item: tuple[Window, Labels, NDArray[np.int64], NDArray[np.bool_]]
) -> Found:
    (rules, spacing), (window, parts, group, keep) = common, item
    near = np.unique(parts).astype(np.int64)
    labels = chosen(parts, near[near > 0])
    if rules.fill_holes:
        labels = np.where(keep, labels, filled(labels))
    own = np.append(0, near[near > 0])[labels]  # of parts that reach out of the window nothing is taken
    return found_in(chosen(own, group), group, window, spacing)


def _at_necks(objects: Labels, distance: NeckDistance, spacing: Spacing, _: tuple[int, ...]) -> NDArray[Any]:
    return divided_at_necks(objects, distance, spacing)
