"""One image at a time, be it all there is or a frame of a series: a network learns it, its labels are made."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError, ParameterError
from napari_backprop_segmentation.hierarchy.build import build_tree
from napari_backprop_segmentation.hierarchy.consensus import Agreement
from napari_backprop_segmentation.hierarchy.linking import LinkedTrees
from napari_backprop_segmentation.hierarchy.merge import Merge, merge_regions
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.image.source import ArraySource, Part
from napari_backprop_segmentation.network.classical import CLASSICAL
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.planning import Plan
from napari_backprop_segmentation.objects.foreground import (
    OBJECT_DETAIL,
    VOLUME_OBJECT_DETAIL,
    ObjectRules,
    find_objects,
)
from napari_backprop_segmentation.objects.outlined import outlined_objects
from napari_backprop_segmentation.params.fields import STEPLESS
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Objects, Regions, Series

Labelled = Callable[[int, int], None]


@dataclass(frozen=True)
class Extras:
    """What few runs need.

    Attributes
    ----------
    out : array-like (*spatial), optional
        Where to write the labels piece by piece, such as a zarr array, for results larger than memory. The labels of
        a single image then stay as trained, without objects, as a merge tree needs all of it at once; those of a
        series are merged frame by frame, without a `Hierarchy` in the end.
    merge : callable
        Who builds the merge tree; programs with a window pass a `MergeProcess`, which leaves the window alive.
    trained : Model, optional
        Of an earlier run: nothing is trained, and intensities are scaled as they were for its image.
    channels : sequence of int, optional
        Which channels of the image to look at, from 0; all if left out.
    labelled : callable, optional
        Called after each frame and slice of a series with how many are labelled, and of how many: there are no steps
        while a trained network labels the rest.
    """

    out: Any = None
    merge: Merge = merge_regions
    trained: Model | None = None
    channels: Sequence[int] | None = None
    labelled: Labelled | None = None


@dataclass(frozen=True)
class Found:
    """What was found in an image.

    Attributes
    ----------
    labels : (*spatial) int array
    merged : bool
        Whether regions are merged.
    hierarchy : Hierarchy or LinkedTrees, optional
        The merge tree the labels are a cut of, if it is kept.
    agreement : Agreement, optional
        Of several runs.
    """

    labels: Any
    merged: bool = False
    hierarchy: Hierarchy | LinkedTrees | None = None
    agreement: Agreement | None = None


def without_network(source: Part, params: Params) -> Found:
    """Return the labels of a method that trains nothing."""
    labels = CLASSICAL[params.method](source.read(source.whole), params)
    return Found(labels.astype(label_dtype(int(labels.max()))))


def labelled(model: Model, source: Part, extras: Extras, merges: bool) -> Found:
    """Return what a trained network finds in an image.

    Parameters
    ----------
    model : Model
    source : Part
    extras : Extras
    merges : bool
        Whether regions are merged; else labels stay as trained.
    """
    if not merges:
        return Found(model.predict(source, extras.out))
    return of_tree(build_tree(model, source, extras.merge), source, model.params)


def of_tree(tree: Hierarchy, source: Part, params: Params) -> Found:
    """Return what is wanted of the merge tree of an image: a cut of it, or objects among its regions."""
    if params.objects == "off":
        return Found(tree.cut(params.detail), True, tree)
    return Found(objects_of(tree, source, params), True, tree)


def objects_of(tree: Hierarchy, source: Part, params: Params) -> NDArray[Any]:
    """Return the objects (*spatial) of an image."""
    if params.objects == "outlined":
        return outlined_objects(tree, source.read(source.whole), ObjectRules.of(params), source.spacing)
    return objects_among(fine_regions(tree), source, params)


def fine_regions(tree: Hierarchy) -> NDArray[Any]:
    """Return the regions among which objects are looked for."""
    return tree.cut(OBJECT_DETAIL if tree.index.ndim == len("YX") else VOLUME_OBJECT_DETAIL)


def objects_among(regions: NDArray[Any], source: Part, params: Params) -> NDArray[Any]:
    """Return the objects (*spatial) of an image that is divided into regions (*spatial)."""
    return find_objects(regions, source.read(source.whole), ObjectRules.of(params), source.spacing)


def reused(model: Model, params: Params, plan: Plan, source: ArraySource | Part) -> Model:
    """Return a model of an earlier run for another image: what it has learned, with what is wanted of this one.

    Raises
    ------
    ImageError
        If the image has another number of spatial axes than what the network was trained on.
    """
    ndim = len(source.shape) - 1
    if model.network.ndim != ndim:
        kinds = {2: "planes", 3: "volumes"}
        raise ImageError(
            f"image must be made of {kinds[model.network.ndim]}, as the network was trained on them, got "
            f"{kinds[ndim]}; set volumes to {'slices' if ndim > model.network.ndim else 'volume'}, or train anew"
        )
    wanted = {f.name: getattr(params, f.name) for section in (Objects, Regions, Series) for f in fields(section)}
    return replace(
        model,
        network=model.network.to(plan.device),
        params=model.params.replace(**wanted),
        plan=plan,
        stopped_by="labelled by a network trained before",
        iterations=0,
    )


def check_objects(params: Params, extras: Extras, in_pieces: bool) -> None:
    """Refuse objects where there is nothing to look for them among.

    Parameters
    ----------
    params : Params
        As the user has set them.
    extras : Extras
    in_pieces : bool
        Whether the labels of one image are written piece by piece.

    Raises
    ------
    ParameterError
    """
    stepless = params.method in STEPLESS and extras.trained is None
    obstacles = (
        (stepless, f"for the method {params.method!r}", "choose the method 'superpixels' or 'continuity'"),
        (in_pieces, "where the labels of one image are written piece by piece", "leave out `out`"),
    )
    for met, where, advice in obstacles:
        if met and params.objects != "off":
            raise ParameterError(
                f"objects must be 'off' {where}, got {params.objects!r}; {advice}, or set objects to 'off'"
            )


def check_scribbles(scribbles: Any, source: ArraySource, params: Params) -> NDArray[np.integer[Any]] | None:
    """Return the scribbles, or None where nothing is drawn.

    Raises
    ------
    ImageError
        If they do not fit the image.
    """
    if scribbles is None or not np.any(scribbles):
        return None
    if tuple(scribbles.shape) != source.shape[1:]:
        raise ImageError(
            f"scribbles must have the spatial shape of the image {source.shape[1:]}, got {tuple(scribbles.shape)}; "
            "draw on a Labels layer made for this image"
        )
    if scribbles.min() < 0 or scribbles.max() > params.n_channels:
        raise ImageError(
            f"scribbles must be labels from 0 to {params.n_channels} (n_channels), got {scribbles.min()} to "
            f"{scribbles.max()}; use lower label numbers"
        )
    return np.asarray(scribbles)
