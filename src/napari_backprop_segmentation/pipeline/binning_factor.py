"""At which fraction of its size an image is seen: lines that are wider than need be show no more."""

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.image.background import smooth_background
from napari_backprop_segmentation.image.ridges import Ridges, middle
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.objects.outlined import magnification
from napari_backprop_segmentation.pipeline.binned import binned_params, binned_strokes
from napari_backprop_segmentation.pipeline.request import Request

PLANE = "YX"
__all__ = ["binned_params", "binned_strokes", "binning_factor", "binning_of"]
LEAST_SIDE = 64  # pixels of an image after binning


def binning_factor(source: ArraySource, ridges: Ridges) -> int:
    """Return the side of the squares of pixels that can be seen as one: wider lines than need be show no more."""
    plane = source.read(middle(source.shape[1:]))
    light = ridges.light(plane.reshape(len(plane), *plane.shape[-2:]))
    factor: int = round(magnification(ridges.width, smooth_background(light) is not None))
    return int(max(1, min(factor, min(source.shape[-2:]) // LEAST_SIDE)))


def binning_of(request: Request) -> int:
    """Return the binning that a network trained before asks for, or that is decided already."""
    factor = (request.binning or 1) if request.model is None else request.model.preparation.binning
    if factor > 1 and request.out is not None:
        raise ParameterError(
            f"out must be left out where the network was trained on squares of {factor} x {factor} pixels, got one; "
            "take the labels that are returned"
        )
    return factor
