"""The merge tree of one plane or volume, as a run asks for it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.build import build_tree
from napari_backprop_segmentation.hierarchy.classes import class_tree
from napari_backprop_segmentation.hierarchy.codebook import codebook_of, leaf_looks
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Regions
from napari_backprop_segmentation.pipeline.job import Job

SHOWN = ("regions", "detail", "n_regions", "min_region")  # what is shown of a tree, and what is in pixels of this image


def tree_of(job: Job, part: Source, model: Model) -> Hierarchy:
    """Return the merge tree of the regions of one plane or volume."""
    return build_tree(model, part, Regions.of(job.params), job.merge, job.ridges)


def plain_tree(job: Job, part: Source, model: Model, tree: Hierarchy) -> Hierarchy:
    """Return the merge tree that readings are made of: how regions merge otherwise has no part in it.

    A preset that was taken for a kind of image is a guess, and readings are what else may be right. Nor does it matter
    which settings were given, so that the settings in a record lead to the same readings.

    Parameters
    ----------
    job : Job
    part : Source
    model : Model
    tree : Hierarchy
        As the settings of the run say; the same one where these are plain.
    """
    asked = Regions.of(job.params)
    plain = _plain(asked)
    return tree if plain == asked else build_tree(model, part, plain, job.merge)


def plain_params(params: Params) -> Params:
    """Return settings with the defaults of merging."""
    return params.with_sections(_plain(Regions.of(params)))


def _plain(asked: Regions) -> Regions:
    return replace(Regions(), **{name: getattr(asked, name) for name in SHOWN})


def classified(job: Job, part: Source, model: Model, tree: Hierarchy) -> Hierarchy:
    """Return the merge tree of the classes that the network knows, where these are wanted, else that of the regions."""
    if not job.params.by_class or model.codebook is None:
        return tree
    regions = model.codebook.weighted(Regions.of(job.params))
    return class_tree(tree, leaf_looks(tree, model, part, regions), model.codebook)


def knowing_classes(model: Model, images: Sequence[tuple[Job, Source, Hierarchy]]) -> Model:
    """Return a network that knows the classes of some images, if these are wanted and it knows none yet.

    Parameters
    ----------
    model : Model
    images : sequence of (Job, Source, Hierarchy)
        Each with the merge tree of its regions.
    """
    params = images[0][0].params
    if not params.by_class or model.codebook is not None:
        return model
    regions = Regions.of(params)
    found = [(tree, leaf_looks(tree, model, part, regions)) for _, part, tree in images]
    return replace(model, codebook=codebook_of(found, regions))


def cut_as_asked(job: Job, tree: Hierarchy) -> NDArray[Any]:
    """Return the cut (*spatial) with at most so many regions as are asked for, else that at the detail."""
    regions = Regions.of(job.params)
    return tree.cut(n_regions=regions.n_regions) if regions.n_regions else tree.cut(regions.detail)
