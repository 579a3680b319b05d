"""The Detail slider and the number of regions: after a run they cut the merge tree anew, in the layers that show it."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets.bases import ValueWidget
from qtpy.QtWidgets import QLabel

from napari_backprop_segmentation.gui.result.layer_result import LayerResult
from napari_backprop_segmentation.gui.run.preview import METADATA, show_in
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.params.fields import STEPLESS
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.messages import count

if TYPE_CHECKING:
    from napari.viewer import Viewer

COUNTED = (
    "The labels of the last run are objects, which are the same at every detail. For regions choose Regions at the top "
    "and run again."
)
READ = "These are objects, which are the same at every detail. What the run has found is the first of Other readings."

DRAWN = "These labels follow your strokes, and are the same at every detail."


def obstacle(params: Params) -> str:
    """Return why a run with these settings would not depend on the detail; nothing if it does."""
    if params.n_runs > 1:
        return ""  # the map of stable borders does
    if params.method in STEPLESS or (params.regions == "trained" and params.objects == "off"):
        return "Detail is for merged regions, which these settings do not give."
    if params.objects != "off":
        return "Objects are the same at every detail. Choose Regions for regions."
    return ""


def depends(result: LayerResult) -> bool:
    """Return whether a result depends on the detail: objects do not, but the map of their borders does."""
    if result.has_objects:
        return result.agreement is not None
    if result.strokes_as:
        return result.strokes_as == "pieces"
    return result.segmentation.hierarchy is not None


def reason_to_rest(state: State) -> str:
    """Return why the slider would change neither the labels it works on nor the next run; nothing if it would."""
    result = state.target_result
    if result is not None and depends(result):
        return ""
    if result is not None and result.strokes_as:
        return DRAWN
    if result is not None and result.reading:
        return READ
    if result is not None and result.has_objects and _would_come_again(result, state):
        return COUNTED
    return obstacle(state.params)


def _would_come_again(result: LayerResult, state: State) -> bool:
    """Return whether Run would look for the same objects in the same image again."""
    return result.layers == state.input.layers and result.asked == state.settings


def cut(viewer: "Viewer", result: LayerResult, detail: float, n_regions: int = 0) -> str | None:
    """Show a result at another detail, or with so many regions; return in words what is shown, None for nothing to say.

    A layer that the user has edited is left alone, so that no edit is lost.
    """
    layer, hierarchy = result.layer, result.segmentation.hierarchy
    if layer is None or layer not in viewer.layers or not depends(result):
        return None
    if result.strokes_as == "pieces":
        return None  # whoever answers strokes follows the slider
    if result.has_objects or hierarchy is None:
        result.detail = detail
        _show_agreement(viewer, result, detail)
        return None
    if result.edited:
        return "These labels have been edited, so Detail leaves them alone. Run again for new ones."
    tree = result.tree
    found: Any = hierarchy.cut(detail) if tree is None or not n_regions else tree.cut(n_regions=n_regions)
    labels = found.reshape(result.shown.shape)  # the layer may have more axes, of length 1
    result.shown, result.detail = labels.copy(), detail
    show_in(viewer, layer, labels)
    _show_agreement(viewer, result, detail)
    record = layer.metadata[METADATA]
    params = {**record["params"], "detail": detail, "n_regions": n_regions}
    layer.metadata = {**layer.metadata, METADATA: {**record, "params": params}}
    if n_regions:
        return f"At most {n_regions}: {words_for(result, int(found.max()))}."
    return f"Detail {detail:.0f}: {count(hierarchy.count(detail))}."


def words_for(result: LayerResult, number: int) -> str:
    """Return how many regions or classes are shown."""
    classes = result.segmentation.record.get("regions") == "classes"
    return count(number, "class", "classes") if classes else count(number, "region")


def _show_agreement(viewer: "Viewer", result: LayerResult, detail: float) -> None:
    if result.agreement is not None:
        result.agreement.show(viewer, detail)


class DetailSlider:
    """The slider and the box, usable while they change the labels they work on, or will change the next run.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State
    control : ValueWidget
        The slider; its value is brought into the state by `Controls`.
    title : QLabel, optional
        Stands before it.
    box : ValueWidget, optional
        The number of regions.
    """

    def __init__(
        self,
        viewer: "Viewer",
        state: State,
        control: ValueWidget[Any],
        title: QLabel | None = None,
        box: ValueWidget[Any] | None = None,
    ) -> None:
        self._viewer, self._state, self._control, self._title, self._box = viewer, state, control, title, box
        self._tooltip = control.tooltip
        events = state.events
        for signal in (
            events.params,
            events.phase,
            events.input,
            events.run,
            events.result,
            events.labels,
            events.taken,
        ):
            signal.connect(self._update)
        events.detail_asked.connect(self._cut)
        events.changed.connect(self._count)
        self._update()

    def _cut(self, detail: float) -> None:
        result = self._state.target_result
        if self._state.busy:
            return
        if result is None:
            if self._state.labels is not None:
                self._state.note(
                    f"'{self._state.labels.name}' has no regions to merge or divide: no run of this session has made "
                    "it. Detail changes the next run."
                )
            return
        if (detail != result.detail or result.used.get("n_regions", 0)) and (text := cut(self._viewer, result, detail)):
            self._state.note(text)

    def _count(self, name: str) -> None:
        """Show so many regions, where the user has said how many."""
        result = self._state.target_result
        if name != "n_regions" or self._state.busy or result is None or result.tree is None:
            return
        if text := cut(self._viewer, result, result.detail, self._state.params.n_regions):
            self._state.note(text)
        self._state.hide_readings()

    def _update(self, _: Any = None) -> None:
        """Let the slider rest where it would change nothing, and say why."""
        reason = reason_to_rest(self._state)
        self._control.enabled = not (self._state.busy or reason)
        result = self._state.target_result
        if self._box is not None:
            linked = result is not None and depends(result) and result.tree is None
            self._box.enabled = self._control.enabled and not linked
        self._control.tooltip = f"{self._tooltip}\n\n{reason}".rstrip()
        if self._title is not None:
            self._title.setEnabled(not reason)  # napari draws sliders at rest as the others
            self._title.setToolTip(self._control.tooltip)
