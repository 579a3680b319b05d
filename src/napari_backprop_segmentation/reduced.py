"""Planes that show things larger than need be: seen at a fraction of their size, answered at their own."""

from collections.abc import Generator
from dataclasses import replace

from napari_backprop_segmentation.costs import walked_axes
from napari_backprop_segmentation.data.binned import PLANE, Binning
from napari_backprop_segmentation.data.source import ArraySource
from napari_backprop_segmentation.engine.magnification import source_magnification
from napari_backprop_segmentation.engine.model import Model
from napari_backprop_segmentation.engine.training import Command, Step
from napari_backprop_segmentation.params import Params
from napari_backprop_segmentation.single import Extras, Found

LEAST_SIDE = 64  # pixels of an image after binning
Steps = Generator[Step, Command | None, tuple[Found, Model | None]]


def binning_factor(source: ArraySource, params: Params, extras: Extras) -> int:
    """Return the side of the squares of pixels that are seen as one: lines that are wider than need be show no more."""
    walked = walked_axes(params, source.spatial_axes, source.shape[1:])
    planes = len(source.shape) - 1 - len(walked) == len(PLANE)
    if params.objects != "outlined" or not planes or extras.out is not None:
        return 1
    if extras.trained is not None:
        return extras.trained.binning
    factor: int = min(round(source_magnification(source)), min(source.shape[-2:]) // LEAST_SIDE)
    return max(1, factor)


def binned_params(params: Params, factor: int) -> Params:
    """Return the settings for the smaller image: what counts pixels counts fewer."""
    return params if factor == 1 else params.replace(min_object=max(1, round(params.min_object / factor**2)))


def enlarged(steps: Steps, binning: Binning) -> Steps:
    """Take the steps of a run on a binned image; show and return everything at the size of the image."""
    if binning.factor == 1:
        return (yield from steps)
    command: Command | None = None
    try:
        while True:
            command = yield steps.send(command).enlarged(binning.enlarged)
    except StopIteration as done:
        found, model = done.value
    finally:
        steps.close()
    found = replace(
        found,
        labels=binning.enlarged(found.labels),
        hierarchy=binning.tree(found.hierarchy),
        agreement=binning.agreement(found.agreement),
    )
    return found, model
