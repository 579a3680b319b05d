"""Files that one network is trained on."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from napari_backprop_segmentation.batch.summary import understood
from napari_backprop_segmentation.batch.wanted import Reading, Wanted
from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.image.axes import check_axes
from napari_backprop_segmentation.io.files import open_image, read_strokes
from napari_backprop_segmentation.io.read import ImageFile
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.together import train_together

NO_STROKES = Path("-")


@dataclass(frozen=True)
class Reference:
    """A file as it is understood, with what is drawn on it.

    Attributes
    ----------
    path : Path
    image : ImageFile
    axes : str
    spacing : sequence of float, optional
    channels : sequence of int, optional
    strokes : int array, optional
    """

    path: Path
    image: ImageFile
    axes: str
    spacing: Sequence[float] | None
    channels: Sequence[int] | None
    strokes: Any = None

    @property
    def understood(self) -> str:
        """How it is read, in words."""
        return understood(self.image, self.axes, self.spacing, self.channels)


def read_references(
    images: Sequence[Path], params: Params, reading: Reading, strokes: Sequence[Path] = ()
) -> list[Reference]:
    """Open files that one network is trained on; strokes are one file for each, a dash for none.

    Raises
    ------
    SegmentationError
        If one cannot be read.
    """
    if strokes and len(strokes) != len(images):
        raise ParameterError(
            f"strokes must be one file for each of {len(images)} images, got {len(strokes)}; give a dash where nothing "
            "is drawn"
        )
    drawn = strokes or [NO_STROKES] * len(images)
    return [_opened(path, params, reading, on_it) for path, on_it in zip(images, drawn, strict=True)]


def _opened(path: Path, params: Params, reading: Reading, strokes: Path) -> Reference:
    image = open_image(path, level=reading.level, most_pixels=Wanted(params).most_pixels)
    axes = check_axes(reading.axes or image.axes, image.pixels.shape)
    spacing = reading.spacing or image.calibration.spacing(axes)
    channels = image.channel_numbers(reading.channels)
    return Reference(path, image, axes, spacing, channels, None if strokes == NO_STROKES else read_strokes(strokes))


def trained(found: Sequence[Reference], params: Params) -> Generator[Step, Command | None, Model]:
    """Train one network on all of them, see `train_together`."""
    if len({each.channels and tuple(each.channels) for each in found}) > 1:
        raise ParameterError("channels must be the same ones in all files, got others; choose them by number")
    return train_together(
        [each.image.pixels for each in found],
        params,
        axes=[each.axes for each in found],
        spacing=[each.spacing for each in found],
        strokes=[each.strokes for each in found],
        channels=found[0].channels,
    )
