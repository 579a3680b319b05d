"""What is wanted of all files of a command."""

from collections.abc import Sequence
from dataclasses import dataclass

from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.params import Params


@dataclass(frozen=True)
class Reading:
    """How files are to be understood; what is left out is taken from each file.

    Attributes
    ----------
    axes : str, optional
        One letter an axis.
    spacing : sequence of float, optional
        Size of a pixel along each of Z, Y, X that is there.
    channels : sequence of int, optional
        Which channels to look at, from 0.
    """

    axes: str | None = None
    spacing: Sequence[float] | None = None
    channels: Sequence[int] | None = None


AS_FILES_SAY = Reading()


@dataclass(frozen=True)
class Wanted:
    """Settings, how files are to be understood, and a network that was trained before, if there is one."""

    params: Params
    reading: Reading = AS_FILES_SAY
    model: Model | None = None
