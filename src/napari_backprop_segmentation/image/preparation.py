"""How an image is made ready to be looked at: what a trained network must find done alike in further images."""

from dataclasses import dataclass

from napari_backprop_segmentation.image.normalise import Normaliser


@dataclass(frozen=True)
class Preparation:
    """What was done to an image before a network saw it.

    Attributes
    ----------
    scaling : Normaliser
        Of the intensities.
    channels : tuple of int, optional
        Which channels were taken, from 0; all if None.
    binning : int
        Side of the squares of pixels whose means were shown, in pixels.
    """

    scaling: Normaliser
    channels: tuple[int, ...] | None = None
    binning: int = 1
