"""The layers of a batch: those that are selected, their results, and the tables of these. No Qt here."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from napari.layers import Image

from napari_backprop_segmentation.batch.entry import Entry
from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui.batch.one_network import OneNetwork, always
from napari_backprop_segmentation.gui.batch.placing import Placing
from napari_backprop_segmentation.gui.batch.work import LayerImage, Plan, plan_layers
from napari_backprop_segmentation.gui.input.run_input import LayerSelection
from napari_backprop_segmentation.gui.result.measuring import Tables
from napari_backprop_segmentation.gui.teach.drawn import drawn_on, named_kinds
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
        self._viewer = viewer
        self._placing, self._selected, self._tables = Placing(viewer), selected, tables

    def plan(
        self, params: Params, model: "Model | None", *, overwrite: bool, together: bool = False
    ) -> Callable[[], Plan] | None:
        """Return what plans a batch of the layers that are selected; None where there are none.

        Parameters
        ----------
        params : Params
        model : Model, optional
            One that was trained before.
        overwrite : bool
            Whether what is done already is done again.
        together : bool
            Whether one network is trained on all of them, and with what is drawn on any of them.
        """
        chosen = self._selected()
        if not chosen:
            return None
        params = params.replace(n_runs=1).marked(params.given) if together else params
        images = self._placing.begin(chosen, params, model, overwrite or together)
        return partial(plan_layers, images, params, self._one(images, params) if together else always(model))

    def _one(self, images: Sequence[LayerImage], params: Params) -> OneNetwork:
        seen = [(layer, each.run_input) for layer, each in zip(self._placing.layers, images, strict=True)]
        among = list(self._viewer.layers)
        strokes = [drawn_on(layer, run_input, among) for layer, run_input in seen if run_input is not None]
        names = named_kinds([layer for layer, run_input in seen if run_input is not None], among)
        inputs = [run_input for _, run_input in seen if run_input is not None]
        return OneNetwork(lambda: inputs, params, strokes, names)

    def show(self, number: int, entry: Entry, *, measure: bool) -> Entry:
        """Show the result of an entry in a layer, and return the entry without it."""
        told, labels = self._placing.show(number, entry)
        run_input = self._placing.run_input(number)
        if measure and labels is not None and run_input is not None:
            self._tables.measure(labels, run_input)
        return replace(told, result=None)

    def end(self) -> None:
        """Take note that the batch has ended, however it did: its layers are the viewer's alone."""
        self._placing.end()
