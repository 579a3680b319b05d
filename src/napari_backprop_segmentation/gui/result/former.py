"""The results of runs before: the last gives way to that of the next run of the same image, unless it is worth keeping.

Nothing is lost on the way: all are hidden while the next one forms, or they would shine through it, and come back where
that one is cancelled or fails. Those that do not give way stay hidden below it.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from napari.layers import Layer

from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.result.layer_result import LayerResult, results_in
from napari_backprop_segmentation.gui.run.job import Job

if TYPE_CHECKING:
    from napari.viewer import Viewer

LOOKS = ("opacity", "blending", "contour")  # as the user likes to see labels


def gives_way(result: LayerResult) -> bool:
    """Return whether a result may be replaced: nobody has edited, renamed or kept it, or pointed at anything in it."""
    layer = result.layer
    if layer is None or result.kept or result.examples is not None or layer.name != result.named:
        return False
    return not result.edited


def results_before(job: Job, layers: Iterable[Any]) -> list[LayerResult]:
    """Return the results among some layers that are of the same image as a run, the newest last."""
    place = _place(job.run_input)
    return [each for each in results_in(layers) if each.layers == job.layers and _place(each.run_input) == place]


class Former:
    """Hides what was found in an image before, and in the end removes what a run replaces or brings all of it back.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    job : Job
        What is about to run.
    """

    def __init__(self, viewer: "Viewer", job: Job) -> None:
        self._viewer, self._name = viewer, f"{job.run_input.name} labels"
        before = results_before(job, viewer.layers)
        self._result = next((result for result in reversed(before) if gives_way(result)), None)
        self._hidden = [layer for result in before for layer in self._layers(result) if layer.visible]
        for layer in self._hidden:
            layer.visible = False

    def settle(self, result: LayerResult | None) -> None:
        """Let a result take place, name and looks of the former one, or bring all back where there is none."""
        former, self._result = self._result, None  # whoever has called keeps this object, and must not keep its labels
        if former is not None and result is not None and former.layer in self._viewer.layers and gives_way(former):
            self._replace(former, result)
        for layer in self._hidden if result is None else ():
            if layer in self._viewer.layers:
                layer.visible = True
        self._hidden = []

    def _replace(self, former: LayerResult, result: LayerResult) -> None:
        layers, old, new = self._viewer.layers, former.layer, result.layer
        if old is None or new is None:
            return
        for look in LOOKS:
            setattr(new, look, getattr(old, look))
        if former.agreement is not None:
            former.agreement.give_way(self._viewer, result.agreement)
        place = layers.index(old)
        layers.remove(old)
        layers.move(layers.index(new), place)
        if new.name == result.named:
            new.name = self._name
            result.named = new.name

    def _layers(self, result: LayerResult) -> list[Layer]:
        agreement = result.agreement
        shown = (result.layer, agreement.layer if agreement is not None else None)
        return [layer for layer in shown if layer is not None and layer in self._viewer.layers]


def _place(run_input: RunInput) -> dict[str, Any]:
    """Return which part of which image, at which level: other channels of it are the same image."""
    return {key: value for key, value in run_input.origin.items() if key in ("axes", "level", "part")}
