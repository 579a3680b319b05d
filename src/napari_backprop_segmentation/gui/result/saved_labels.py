"""Labels of a layer as a file, the one that the command line writes, and back as a layer. No Qt here."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from napari.layers import Labels
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ENGINE_ERRORS, SegmentationError
from napari_backprop_segmentation.gui.input.transforms import unit_name
from napari_backprop_segmentation.gui.result.layer_result import result_of
from napari_backprop_segmentation.gui.result.table_columns import INDEX
from napari_backprop_segmentation.gui.run.preview import METADATA, colours_in
from napari_backprop_segmentation.gui.run.worker import Failure
from napari_backprop_segmentation.image.axes import spatial_axes
from napari_backprop_segmentation.io.calibration import Calibration
from napari_backprop_segmentation.io.label_layer import SIZED, LabelLayer, write_layer

if TYPE_CHECKING:
    from napari_backprop_segmentation.gui.input.run_input import RunInput

LABEL = "label"  # what the first column is called in files
PLACE = ("scale", "translate", "rotate", "affine", "units", "axis_labels")


def record_in(layer: Any) -> dict[str, Any] | None:
    """Return how the labels of a layer were made, where the layer knows."""
    found = layer.metadata.get(METADATA) if isinstance(layer, Labels) else None
    return found if isinstance(found, dict) and isinstance(found.get("params"), dict) else None


def saved(path: Path, layer: LabelLayer, axes: str, calibration: Calibration) -> tuple[str, ...] | Failure:
    """Write labels, in a thread; return what was left out. An error is returned, see `worker.outcome`."""
    try:
        return write_layer(path, layer, axes, calibration)
    except (SegmentationError, *ENGINE_ERRORS) as error:
        return Failure(error)


def to_save(layer: Labels, record: Mapping[str, Any]) -> tuple[LabelLayer, str, Calibration]:
    """Return what of a layer is written: labels and table as they are now, axes, and the size of a pixel."""
    result = result_of(layer)
    labels = np.array(layer.data)  # a copy: the user may paint meanwhile
    axes = spatial_axes(str(record.get("axes", "")))
    long = sum(n != 1 for n in labels.shape)
    if len(axes) not in (labels.ndim, long):
        axes = "TZYX"[-labels.ndim :]
    sizes = _sizes_in(layer, axes) if result is None else _sizes_of(result.run_input)
    placement = {name: getattr(layer, name) for name in PLACE if hasattr(layer, name)}
    placement["shear"] = _shear(layer)
    return LabelLayer(labels, dict(record), placement, _table(layer)), axes, Calibration(sizes)


def layer_data(found: LabelLayer, name: str) -> tuple[Any, dict[str, Any], str]:
    """Return labels of a file as napari takes a layer."""
    settings = {"name": name, "metadata": {METADATA: found.record}, "colormap": colours_in(found.record)}
    settings |= found.placement
    if found.table is not None and LABEL in found.table:
        frame = pd.DataFrame({INDEX: found.table[LABEL], **{k: v for k, v in found.table.items() if k != LABEL}})
        settings["features"] = frame
    try:
        Labels(np.zeros((1,) * found.labels.ndim, np.uint8), **settings)
    except (ValueError, TypeError, AttributeError):  # a unit that napari does not know
        settings.pop("units", None)
    return found.labels, settings, "labels"


def kinds_in(layer: Labels, names: Mapping[int, str], numbers: Any) -> dict[str, Any]:
    """Return in plain values what kinds are called that have these numbers, and the colours they have in a layer."""
    found = {}
    for number in sorted(int(n) for n in numbers if int(n)):
        colour = layer.get_color(number)
        found[str(number)] = {
            "name": names.get(number, f"kind {number}"),
            "colour": [] if colour is None else [round(float(value), 4) for value in colour],
        }
    return found


def _table(layer: Labels) -> dict[str, NDArray[Any]] | None:
    """Return the table of a layer with what was measured; None where nothing was."""
    features = layer.features
    if INDEX not in features or features.columns.size < 2 or not len(features):
        return None
    return {LABEL: features[INDEX].to_numpy()} | {
        str(name): features[name].to_numpy() for name in features.columns if name != INDEX
    }


def _sizes_of(run_input: "RunInput") -> dict[str, tuple[float, str]]:
    if not run_input.unit:
        return {}
    letters = [letter for letter in run_input.axes if letter in SIZED]
    return {each: (size, run_input.unit) for each, size in zip(letters, run_input.spacing, strict=True)}


def _sizes_in(layer: Labels, axes: str) -> dict[str, tuple[float, str]]:
    ndim = layer.ndim
    if len(axes) != ndim:
        return {}
    sizes = {each: (abs(float(layer.scale[i])), unit_name(layer, i)) for i, each in enumerate(axes) if each in SIZED}
    return {each: size for each, size in sizes.items() if size[1]}


def _shear(layer: Labels) -> NDArray[np.float64]:
    """Return the shear as a matrix; napari gives an upper triangle as a vector."""
    shear = np.asarray(layer.shear, np.float64)
    if shear.ndim == 2:
        return shear
    matrix = np.eye(layer.ndim)
    matrix[np.triu_indices(layer.ndim, k=1)] = shear
    return matrix
