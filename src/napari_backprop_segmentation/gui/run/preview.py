"""The Labels layer in which a run shows its labels: added, refreshed, finished."""

import colorsys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import CyclicLabelColormap
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.run_input import RunInput

if TYPE_CHECKING:
    from napari.viewer import Viewer

METADATA = "backprop_segmentation"
KINDS = "kinds"  # in a record: what the numbers of kinds are called, in which colours
N_COLOURS = 128


def colours() -> CyclicLabelColormap:
    """Return the colours of labels, a new object for each layer, which keeps its selection in it.

    The same number always has the same colour.

    All of them are bright and neighbouring numbers differ in hue by a golden section, but label 1 is a muted blue: it
    is usually the background, and the largest region should not be the loudest.
    """
    number = np.arange(N_COLOURS)
    hsv = np.stack([(0.08 + 0.618034 * number) % 1, 0.5 + 0.15 * (number % 3), 1 - 0.12 * (number % 4)], axis=1)
    hsv[1] = (0.6, 0.35, 0.45)
    rgba = np.ones((N_COLOURS, 4), np.float32)
    rgba[:, :3] = [colorsys.hsv_to_rgb(*row) for row in hsv]
    rgba[0] = 0  # where nothing is labelled
    # Whole steps of 1/255, as napari's own label colours: the processor and the graphics card then agree.
    return CyclicLabelColormap(
        colors=np.round(rgba * 255).astype(np.float32) / 255, name="backprop", background_value=0
    )


def colours_in(record: Mapping[str, Any]) -> CyclicLabelColormap:
    """Return the colours of labels, in which kinds have those that they were drawn in."""
    made = colours()
    colors = np.array(made.colors)
    kinds = record.get(KINDS)
    for number, kind in kinds.items() if isinstance(kinds, dict) and record.get("regions") == "kinds" else ():
        colour = kind.get("colour", ()) if isinstance(kind, dict) else ()
        if str(number).isdigit() and 0 < int(number) < len(colors) and len(colour) == 4:
            colors[int(number)] = np.clip(np.array(colour, float), 0, 1)
    made.colors = colors
    return made


def warm_up() -> None:
    """Make a first layer and forget it: napari imports and computes much for its first Labels layer."""
    Labels(np.zeros((2, 2), np.uint8), colormap=colours())


def show_in(viewer: "Viewer", layer: Labels, labels: NDArray[Any]) -> None:
    """Show other labels in a layer.

    With another type of number napari draws the layer anew, and forgets that it lies above the image.
    """
    another_type = labels.dtype != layer.data.dtype
    layer.data = labels
    if another_type:
        viewer.layers.events.reordered(value=viewer.layers)


class Preview:
    """A new Labels layer above the image; the user's other layers are never touched.

    The layer is known by reference, because users rename layers, and cannot be edited until the run has ended,
    because the next label image would undo the edit.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    run_input : RunInput

    Attributes
    ----------
    layer : Labels
    formed : bool
        Whether labels have come in.
    named : str
        The name that the layer was given.
    """

    def __init__(self, viewer: "Viewer", run_input: RunInput) -> None:
        self._viewer, self._run_input = viewer, run_input
        self.formed = False
        self._next: NDArray[Any] | None = None
        # Zeros that nobody has written to take no memory: most of a long series at first.
        self._whole = np.zeros(run_input.shape, np.uint8)
        self.layer = Labels(
            run_input.laid(self._whole), name=f"{run_input.name} labels", colormap=colours(), **run_input.placement
        )
        viewer.add_layer(self.layer)
        self.named = self.layer.name
        self.layer.editable = False

    @property
    def lost(self) -> bool:
        """Whether the user has deleted the layer."""
        return self.layer not in self._viewer.layers

    def take(self, labels: NDArray[Any], place: tuple[int, ...] = ()) -> None:
        """Accept a label image to show next; of a frame or slice, the others stay as they are."""
        self.formed = True
        if not place:
            self._next = labels
            return
        self._whole = self._whole.astype(np.promote_types(self._whole.dtype, labels.dtype), copy=False)
        self._whole[place] = labels
        self._next = self._whole

    def show(self) -> None:
        """Show what was taken last."""
        if self._next is not None:
            show_in(self._viewer, self.layer, self._run_input.laid(self._next))
            self._next = None
            self.layer.editable = False  # napari makes a layer editable again whenever its data is set

    def finish(self, labels: NDArray[Any], record: dict[str, Any]) -> None:
        """Show the result, with the record of how it was made."""
        self._next = labels
        self.layer.metadata = {**self.layer.metadata, METADATA: record}
        if record.get(KINDS):
            self.layer.colormap = colours_in(record)
            names = {int(number): str(kind.get("name")) for number, kind in record[KINDS].items()}
            self.layer.features = {"index": list(names), "kind": list(names.values())}
        self.release()

    def release(self) -> None:
        """Hand the layer as it is to the user."""
        self.show()
        self.layer.editable = True

    def remove(self) -> None:
        """Take the layer away again."""
        if not self.lost:
            self._viewer.layers.remove(self.layer)
