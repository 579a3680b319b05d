"""Sample images to try things on: from scikit-image, and synthetic microscopy. None is downloaded."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.io import synthetic

PIXEL = {"Y": 0.325, "X": 0.325}  # micrometres, as a 20x objective on a usual camera
VOXEL = {"Z": 0.325 * synthetic.FLATNESS, **PIXEL}


@dataclass(frozen=True)
class Sample:
    """An image to try things on.

    Attributes
    ----------
    title : str
        What a menu shows.
    axes : str
        One letter an axis.
    load : callable
        Returns the array.
    advice : str
        What to do with it, in a sentence or two.
    spacing : mapping of str to float
        Size of a pixel along axes in micrometres, where it is known.
    channels : tuple of str
        Names of the channels, where they have some.
    """

    title: str
    axes: str
    load: Callable[[], NDArray[Any]]
    advice: str
    spacing: Mapping[str, float] = field(default_factory=dict)
    channels: tuple[str, ...] = ()


def sample_image(name: str) -> tuple[NDArray[Any], str]:
    """Return a sample image and its axes.

    Parameters
    ----------
    name : str
        One of `SAMPLES`.

    Returns
    -------
    image : array
    axes : str
        One letter an axis of the image.

    Raises
    ------
    SegmentationError
        If there is no such sample.

    Examples
    --------
    >>> image, axes = sample_image("fluorescence")
    >>> image.shape, str(image.dtype), axes
    ((2, 512, 512), 'uint16', 'CYX')
    """
    if name not in SAMPLES:
        raise SegmentationError(f"sample must be one of {', '.join(SAMPLES)}, got {name!r}; choose one of these")
    sample = SAMPLES[name]
    return sample.load(), sample.axes


def _scikit(name: str) -> Callable[[], NDArray[Any]]:
    """Return a loader of an image of scikit-image, which is imported only then."""

    def load() -> NDArray[Any]:
        from skimage import data

        return np.asarray(getattr(data, name)())

    return load


SAMPLES: Mapping[str, Sample] = {
    "nuclei": Sample(
        "Nuclei (grey, synthetic)",
        "YX",
        synthetic.nuclei,
        "Press Run, and every nucleus gets a number. Merge and Cut mend those that touch; Measure counts them.",
        PIXEL,
    ),
    "fluorescence": Sample(
        "Cells (2 channels, synthetic)",
        "CYX",
        synthetic.fluorescence,
        "Press Run with both channels, then tick only the nuclei under Channels and run again: the result follows.",
        PIXEL,
        ("cytoplasm", "nuclei"),
    ),
    "histology": Sample(
        "Stained tissue (RGB)",
        "YXS",
        _scikit("immunohistochemistry"),
        "Press Run, then move Detail from whole glands to small parts. Classes gives all alike tissue one number.",
    ),
    "phase": Sample(
        "Phase contrast (grey, synthetic)",
        "YX",
        synthetic.phase_contrast,
        "Press Run, and halos outline the cells. Click on a cell with Find more like this if some were missed.",
        PIXEL,
    ),
    "membranes": Sample(
        "Electron microscopy (grey, synthetic)",
        "YX",
        synthetic.membranes,
        "Press Run, and what membranes enclose gets numbers. Other readings... shows further ways to see the image.",
    ),
    "coffee": Sample(
        "Photograph (RGB)",
        "YXS",
        _scikit("coffee"),
        "Press Run, then move Detail: regions merge and divide at once, without another run.",
    ),
    "volume": Sample(
        "Nuclei in a volume (depth, synthetic)",
        "ZYX",
        synthetic.volume,
        "Press Run, or first take only this slice, beside Where, for a quick look. The 3D display shows the result.",
        VOXEL,
    ),
}
