"""What is wanted of all files of a batch."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from napari_backprop_segmentation.io.model_file import written
from napari_backprop_segmentation.io.record import checksum_of_bytes
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.estimate import MOST_TREE_PIXELS


@dataclass(frozen=True)
class Reading:
    """How files are to be understood; what is left out is taken from each file.

    Attributes
    ----------
    axes : str, optional
        One letter an axis.
    spacing : sequence of float, optional
        Size of a pixel along each of Z, Y, X that is there.
    channels : sequence of int or str, optional
        Which channels to look at, by number from 0 or by name.
    level : int, optional
        Of a pyramid, 0 being the finest; if left out, the finest whose regions can be merged.
    """

    axes: str | None = None
    spacing: Sequence[float] | None = None
    channels: Sequence[int | str] | None = None
    level: int | None = None


AS_FILES_SAY = Reading()


@dataclass(frozen=True)
class Wanted:
    """What is wanted of all files.

    Attributes
    ----------
    params : Params
    reading : Reading
    model : Model, optional
        Trained before: nothing is trained.
    start : Model, optional
        From which training goes on.
    """

    params: Params
    reading: Reading = AS_FILES_SAY
    model: Model | None = None
    start: Model | None = None

    @property
    def most_pixels(self) -> int | None:
        """Of a plane or volume, for its regions to be merged; None where none are merged."""
        return MOST_TREE_PIXELS if self.params.wants_tree else None

    @cached_property
    def told(self) -> dict[str, Any]:
        """All of it in plain values, by which it is told from others."""
        return {
            "params": self.params.to_dict(),
            "given": sorted(self.params.given),
            "reading": asdict(self.reading),
            "model": None if self.model is None else _told(self.model),
            "start": None if self.start is None else _told(self.start),
        }


def _told(model: Model) -> list[str]:
    """Return what tells a network, and what it has been taught, from others."""
    described, tensors = written(model)
    return [*(f"{name} {checksum_of_bytes(tensors[name].tobytes())}" for name in sorted(tensors)), repr(described)]
