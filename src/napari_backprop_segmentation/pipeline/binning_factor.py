"""At which fraction of its size an image is seen: lines that are wider than need be show no more."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import block_reduce

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.image.background import smooth_background
from napari_backprop_segmentation.image.ridges import Ridges, middle
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.objects.outlined import magnification
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.request import Request

PLANE = "YX"
LEAST_SIDE = 64  # pixels of an image after binning


def binning_factor(source: ArraySource, ridges: Ridges) -> int:
    """Return the side of the squares of pixels that can be seen as one: wider lines than need be show no more."""
    plane = source.read(middle(source.shape[1:]))
    light = ridges.light(plane.reshape(len(plane), *plane.shape[-2:]))
    factor: int = round(magnification(ridges.width, smooth_background(light) is not None))
    return int(max(1, min(factor, min(source.shape[-2:]) // LEAST_SIDE)))


def binned_params(params: Params, factor: int) -> Params:
    """Return the settings for the smaller image: what counts pixels counts fewer."""
    if factor == 1:
        return params
    return params.replace(min_object=max(1, round(params.min_object / factor**2))).marked(params.given)


def binning_of(request: Request) -> int:
    """Return the binning that a network trained before asks for."""
    factor = 1 if request.model is None else request.model.preparation.binning
    if factor > 1 and request.out is not None:
        raise ParameterError(
            f"out must be left out where the network was trained on squares of {factor} x {factor} pixels, got one; "
            "take the labels that are returned"
        )
    return factor


def binned_strokes(strokes: NDArray[Any], factor: int) -> NDArray[Any]:
    """Return strokes (..., Y, X) on a binned image: of each square of pixels the highest number that is drawn in it."""
    factors = (1,) * (strokes.ndim - len(PLANE)) + (factor,) * len(PLANE)
    whole = tuple(slice(0, n // f * f) for n, f in zip(strokes.shape, factors, strict=True))
    found: NDArray[Any] = block_reduce(strokes[whole], factors, np.max)
    return found
