"""Which result strokes change, and how what they lead to is shown in it. No Qt here."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.result.layer_result import FROM_STROKES, LayerResult, results_in
from napari_backprop_segmentation.gui.result.replacing import record_of, replaced
from napari_backprop_segmentation.gui.result.saved_labels import kinds_in
from napari_backprop_segmentation.gui.run.preview import KINDS, METADATA, colours
from napari_backprop_segmentation.gui.teach.asked import Answered
from napari_backprop_segmentation.gui.teach.strokes_layer import colours_with, names_of

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.gui.state import State


def followed_by(state: "State", viewer: "Viewer") -> LayerResult | None:
    """Return the result that strokes change: that of the target, else the last one, of the image that is drawn on."""
    drawing = state.drawing
    if drawing.layer is None:
        return None
    for result in (state.target_result, state.result, *reversed(results_in(viewer.layers))):
        if result is None or result.layer is None or result.layer not in viewer.layers:
            continue
        if result.layers == drawing.layers and getattr(result.segmentation, "teach", None) is not None:
            return result
    return None


def show(viewer: "Viewer", result: LayerResult, drawn_in: Labels, answered: Answered) -> LayerResult | None:
    """Make what strokes lead to the result, and return it; None where its layer is gone."""
    layer = result.layer
    if layer is None or layer not in viewer.layers:
        return None
    params = answered.question.params
    record = {name: value for name, value in record_of(layer).items() if name != "reading"}
    record |= {"params": params.to_dict(), "regions": params.strokes_as, "drawn": answered.runs}
    record[KINDS] = kinds_in(drawn_in, names_of(drawn_in), answered.question.seen.counts)
    labels = result.run_input.laid(answered.labels)
    shown = _replaced(viewer, result, labels, FROM_STROKES, record)
    shown.followed, shown.detail = params.strokes_as, params.detail
    _colour(shown, drawn_in, answered.question.seen.counts)
    return shown


def show_own(viewer: "Viewer", result: LayerResult, drawn_in: Labels) -> LayerResult | None:
    """Show what the run has found again, as nothing is drawn any more; None where there is nothing to do."""
    layer = result.layer
    if result.reading != FROM_STROKES or layer is None or layer not in viewer.layers:
        return None
    original, tree = result.segmentation.record, result.segmentation.hierarchy
    params = {**original["params"], "detail": result.detail}
    plain = original.get("regions") in ("merged", "classes") and params["objects"] == "off" and not params["reading"]
    own = tree.cut(result.detail).reshape(result.own.shape) if plain and tree is not None else np.array(result.own)
    record = {**layer.metadata[METADATA], **original, "params": params}
    if "drawn" not in original:
        record.pop("drawn", None)
        record.pop(KINDS, None)
    shown = _replaced(viewer, result, own, 0, record)
    if shown.strokes_as:
        _colour(shown, drawn_in, {int(number): 1 for number in original["drawn"]})
    else:
        _set(shown.layer, colours().colors)
    return shown


def recolour(result: LayerResult, drawn_in: Labels, counts: Mapping[int, int]) -> None:
    """Give what strokes lead to the colours of the strokes, and its record the names of kinds."""
    if not result.strokes_as:
        return
    _colour(result, drawn_in, counts)
    if (layer := result.layer) is not None:
        kinds = kinds_in(drawn_in, names_of(drawn_in), counts)
        layer.metadata = {**layer.metadata, METADATA: {**layer.metadata[METADATA], KINDS: kinds}}


def _replaced(
    viewer: "Viewer", result: LayerResult, labels: NDArray[Any], reading: int, record: Mapping[str, Any]
) -> LayerResult:
    selected = set(viewer.layers.selection)
    shown = replaced(viewer, result, labels, reading, record)
    if shown is not result:  # napari selects what is new, and the brush would be gone
        viewer.layers.selection = selected
    return shown


def _colour(result: LayerResult, drawn_in: Labels, counts: Mapping[int, int]) -> None:
    own = colours().colors if result.strokes_as == "objects" else colours_with(drawn_in, counts).colors
    _set(result.layer, own)


def _set(layer: Labels | None, wanted: NDArray[Any]) -> None:
    if layer is None:
        return
    there = layer.colormap.colors
    if there.shape != wanted.shape or not np.array_equal(there, wanted):
        made = colours()
        made.colors = wanted
        layer.colormap = made
