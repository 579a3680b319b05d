"""What the command `demo` writes: labels and a picture of them."""

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.image.axes import spatial_axes
from napari_backprop_segmentation.io.overlay import overlay
from napari_backprop_segmentation.io.overwrite import check_labels, check_png
from napari_backprop_segmentation.io.places import check_places
from napari_backprop_segmentation.io.write import write_labels, write_png
from napari_backprop_segmentation.pipeline.segmentation import Segmentation


def check_files(labels: Path, picture: Path) -> None:
    """Refuse places where nothing can be written, or where something stands that is not ours."""
    check_places((labels, picture))
    check_labels(labels)
    check_png(picture)


def write_files(labels: Path, picture: Path, image: NDArray[Any], result: Segmentation, name: str) -> None:
    """Write the labels of a sample image, and the image coloured by them; `name` is that of the sample."""
    record, axes = {**result.record, "input": f"sample {name}"}, result.record["axes"]
    write_labels(labels, result.labels, record, spatial_axes(axes))
    write_png(picture, overlay(image, result.labels, axes))
