"""The parts of a series put together: labels under linked numbers, merge trees, objects through slices."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.linking import LabelLinker, LinkedTrees
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.apart import pixels_apart
from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.image.source import Part, Place
from napari_backprop_segmentation.objects.tree_cuts import fine_regions
from napari_backprop_segmentation.pipeline.estimate import series_too_large
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.objects import objects_among, objects_of
from napari_backprop_segmentation.pipeline.segmentation import Segmentation

# Of how much the objects of the clearest frame stand out: below that a frame holds noise. In the generated frames of
# tests/pipeline/test_series.py noise with .03 of the contrast as standard deviation stands out by .02, with .2 by .13,
# with .4 by .3; at .1 noise of .2 is taken for objects, at .4 objects that have faded to a third are lost.
FAINT = 0.2


class SeriesOutput:
    """Takes part after part, in order, and gives the whole in the end.

    Objects are looked for in whole frames: where a volume was divided slice by slice, among the regions of all slices.
    Outlined ones are regions of the trees, so those of slices are joined.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        keeps_trees = job.merges and job.out is None and not series_too_large(job.iterated, job.source.shape[1:])
        self._trees = SeriesTrees(job) if keeps_trees else None
        # Regions are painted from the linked trees in the end, objects as they are found.
        self._labels = None if keeps_trees and not job.params.counts else SeriesLabels(job)
        self._regions = SliceStack(job)

    def add_tree(self, place: Place, tree: Hierarchy) -> None:
        """Take the merge tree of the next part."""
        if self._trees is not None:
            self._trees.add(tree)
        if self._labels is None:
            return
        job = self._job
        if not job.params.counts:
            self._labels.add(place, tree.cut(job.params.detail))
        elif job.iterated[-1] == "Z" and job.params.objects != "outlined":
            volume = self._regions.add_apart(place, fine_regions(tree))
            if volume is not None:
                part = job.source.at(place[:-1])
                self._labels.add_objects(place[:-1], objects_among(job, volume, part), part)
        elif job.iterated == "T":
            part = job.source.at(place)
            self._labels.add_objects(place, objects_of(job, tree, part), part)
        else:
            self._labels.add(place, objects_of(job, tree, job.source.at(place)))

    def add_labels(self, place: Place, labels: NDArray[Any]) -> None:
        """Take the labels of the next part."""
        if self._labels is not None:
            self._labels.add(place, labels)

    def found(self) -> Segmentation:
        """Return everything, once all parts are there."""
        tree = None if self._trees is None else self._trees.linked()
        if self._labels is not None:
            return Segmentation(self._labels.whole(), hierarchy=tree)
        if tree is None:
            raise ValueError("series must have labels or trees, got neither; add every part")
        return Segmentation(tree.cut(self._job.params.detail), hierarchy=tree)


class SeriesTrees:
    """The merge trees of all parts."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._trees: list[Hierarchy] = []

    def add(self, tree: Hierarchy) -> None:
        """Take the tree of the next part."""
        self._trees.append(tree)

    def linked(self) -> LinkedTrees:
        """Return all of them, numbered alike through depth and time."""
        trees: Sequence[Hierarchy | LinkedTrees] = self._trees
        if self._job.iterated == "TZ":
            depth = self._job.sizes[1]
            trees = [self._linked(trees[i : i + depth]) for i in range(0, len(trees), depth)]
        return self._linked(trees)

    def _linked(self, trees: Sequence[Hierarchy | LinkedTrees]) -> LinkedTrees:
        return LinkedTrees(trees, numbered_alike=self._job.params.by_class)


class SeriesLabels:
    """The label image of a series, whose parts are numbered alike."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._wide = job.merges or not job.learns  # whether numbers can be any
        self._links = self._wide and not job.params.by_class  # classes mean the same in all parts
        self._through_time, self._through_depth = LabelLinker(), LabelLinker()
        self._slices = SliceStack(job)
        self._frames: list[tuple[Place, float]] = []  # whose objects are still to be linked
        self._by_light = job.params.objects != "outlined" and not job.params.reading
        self._readable = job.out is None or hasattr(job.out.array, "__getitem__")
        self._out: Any = job.out
        if self._out is None:
            dtype = np.int32 if self._wide else label_dtype(job.params.n_channels)
            self._out = np.empty(job.source.shape[1:], dtype)

    def add(self, place: Place, labels: NDArray[Any]) -> None:
        """Take the labels of the next frame or slice."""
        if not self._links:
            self._out[place] = labels
        elif self._job.iterated != "TZ":
            self._out[place] = self._through_time(labels)
        else:
            if place[-1] == 0:
                self._through_depth = LabelLinker()
            volume = self._slices.add(place, self._through_depth(labels))
            if volume is not None:
                self._out[place[:-1]] = self._through_time(volume)

    def add_objects(self, place: Place, objects: NDArray[Any], part: Part) -> None:
        """Take the objects of a whole frame, all of its slices together.

        In a frame without any, noise is what stands out most. Only once all frames are there, that can be seen.
        """
        if place and self._by_light and self._readable:
            self._frames.append((place, contrast(pixels_apart(self._job.source, part), objects)))
        elif place:
            objects = self._through_time(objects)
        self._out[place] = objects

    def whole(self) -> Any:
        """Return the labels of all parts, in the smallest type that holds them unless they were written elsewhere."""
        self._link_objects()
        if self._job.out is not None:
            return self._job.out.array
        return (
            self._out.astype(label_dtype(int(self._out.max())), copy=False)
            if self._out.dtype == np.int32
            else self._out
        )

    def _link_objects(self) -> None:
        """Give the objects of all frames linked numbers, but for those that hardly stand out beside other frames."""
        least = FAINT * max((stands_out for _, stands_out in self._frames), default=0.0)
        for place, stands_out in self._frames:
            objects = np.asarray(self._out[place])
            self._out[place] = self._through_time(objects if stands_out >= least else np.zeros_like(objects))
        self._frames.clear()


def contrast(image: NDArray[np.float32], objects: NDArray[Any]) -> float:
    """Return how much objects (*spatial) stand out of the ground of an image (C, *spatial), in the clearest channel."""
    inside = objects > 0
    if inside.all() or not inside.any():
        return 0.0
    return max(abs(float(channel[inside].mean() - np.median(channel[~inside]))) for channel in image)


class SliceStack:
    """Collects the slices of a volume until it is complete."""

    def __init__(self, job: Job) -> None:
        self._depth = job.sizes[-1]
        self._slices: list[NDArray[Any]] = []

    def add(self, place: Place, labels: NDArray[Any]) -> NDArray[Any] | None:
        """Take a slice; return the volume once it is complete."""
        self._slices = [*self._slices, labels] if place[-1] else [labels]
        return np.stack(self._slices) if place[-1] == self._depth - 1 else None

    def add_apart(self, place: Place, labels: NDArray[Any]) -> NDArray[Any] | None:
        """Take a slice whose labels have nothing to do with those of the slices before."""
        used = int(self._slices[-1].max()) if place[-1] else 0
        return self.add(place, labels.astype(np.int32) + used)
