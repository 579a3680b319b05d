"""Other labels as the result: in its layer, or in a new one where the user has edited that. No Qt here."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.result.layer_result import LayerResult
from napari_backprop_segmentation.gui.run.preview import METADATA, colours, show_in

if TYPE_CHECKING:
    from napari.viewer import Viewer

SHOWN = (
    "examples",
    "counter_examples",
    "how_alike",
    "drawn",
    "kinds",
)  # of a record: what the user has pointed at or drawn


def record_of(layer: Labels) -> dict[str, Any]:
    """Return how the labels of a layer were made, without what the user has pointed at."""
    return {name: value for name, value in layer.metadata[METADATA].items() if name not in SHOWN}


def replaced(
    viewer: "Viewer", result: LayerResult, labels: NDArray[Any], reading: int, record: Mapping[str, Any]
) -> LayerResult:
    """Show other labels as the result, and return it; edits are never lost: their layer is hidden below a new one.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    result : LayerResult
        Its layer must be there.
    labels : int array
        With the axes of the layer.
    reading : int
        What they are, see `LayerResult.reading`.
    record : mapping
        How they were made.
    """
    layer = result.layer
    if layer is None:
        raise ValueError("result must have a layer, got none; run again")
    own = result.shown if result.reading == 0 else result.own
    metadata = {**layer.metadata, METADATA: dict(record)}
    if not result.edited:
        _keep(result, own, labels, reading)
        show_in(viewer, layer, np.array(labels))  # a copy: painting changes the layer's own array
        layer.metadata = metadata
        return result
    again = replace(result, kept=False)
    new = Labels(
        np.array(labels),
        name=f"{result.run_input.name} labels",
        colormap=colours(),
        metadata=metadata,
        **result.run_input.placement,
    )
    detail = result.detail
    again.show_in(new)  # before it is added: whoever is told of the layer then knows whose it is
    _keep(again, own, labels, reading)
    again.detail = detail
    viewer.add_layer(new)
    again.named = new.name
    layer.visible = False  # or it would shine through
    return again


def _keep(result: LayerResult, own: NDArray[Any], labels: NDArray[Any], reading: int) -> None:
    """Note what is shown; what the run has found is kept meanwhile."""
    result.own = own if reading else np.zeros(0, np.uint8)
    result.shown, result.reading = np.array(labels), reading
