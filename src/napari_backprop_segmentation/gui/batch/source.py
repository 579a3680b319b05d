"""The layers of a batch: those that are selected, their results, and the tables of these. No Qt here."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from napari.layers import Image

from napari_backprop_segmentation.batch.entry import Entry
from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui.batch.placing import Placing
from napari_backprop_segmentation.gui.batch.work import Plan, plan_layers
from napari_backprop_segmentation.gui.input.run_input import LayerSelection
from napari_backprop_segmentation.gui.result.measuring import Tables
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.network.model import Model

Chosen = Sequence[tuple[Image, LayerSelection | SegmentationError]]


class Source:
    """Layers of a viewer.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    selected : callable
        Returns the images that are selected, each as it is understood, or why it is not.
    tables : Tables
        Measure what was found.
    """

    def __init__(self, viewer: "Viewer", selected: Callable[[], Chosen], tables: Tables) -> None:
        self._placing, self._selected, self._tables = Placing(viewer), selected, tables

    def plan(self, params: Params, model: "Model | None", *, overwrite: bool) -> Callable[[], Plan] | None:
        """Return what plans a batch of the layers that are selected; None where there are none."""
        chosen = self._selected()
        if not chosen:
            return None
        images = self._placing.begin(chosen, params, model, overwrite)
        return partial(plan_layers, images, params, model)

    def show(self, number: int, entry: Entry, *, measure: bool) -> Entry:
        """Show the result of an entry in a layer, and return the entry without it."""
        told, labels = self._placing.show(number, entry)
        run_input = self._placing.run_input(number)
        if measure and labels is not None and run_input is not None:
            self._tables.measure(labels, run_input)
        return replace(told, result=None)
