"""A picture of labels on their image, for looking at."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.color import label2rgb
from skimage.segmentation import mark_boundaries

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.image.source import ArraySource

OPACITY = 0.4
BOUNDARY = (1.0, 1.0, 0.2)


def overlay(image: Any, labels: NDArray[Any], axes: str | None = None) -> NDArray[np.uint8]:
    """Colour an image by its labels and draw their boundaries.

    Parameters
    ----------
    image : (*axes) array
        As for `segment`.
    labels : (Y, X) int
        Its labels; 0 stays uncoloured.
    axes : str, optional
        Of the image.

    Returns
    -------
    (Y, X, 3) uint8

    Raises
    ------
    ImageError
        If the labels are not those of a two-dimensional image.
    """
    source = ArraySource(image, axes)
    if labels.ndim != 2 or labels.shape != source.shape[1:]:
        raise ImageError(
            f"labels must have the shape of the image {source.shape[1:]}, got {labels.shape}; draw one plane at a time"
        )
    pixels = source.read(tuple(slice(0, n) for n in source.shape[1:]))
    colours = pixels if source.is_rgb else pixels.mean(axis=0, keepdims=True).repeat(3, axis=0)
    tinted = label2rgb(labels, np.moveaxis(colours, 0, -1), alpha=OPACITY, bg_label=0)
    outlined = mark_boundaries(tinted, labels, color=BOUNDARY, mode="inner")
    return np.asarray(np.rint(outlined * np.iinfo(np.uint8).max), dtype=np.uint8)
