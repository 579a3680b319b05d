"""What is shown beside the labels that follow strokes: what has changed, how doubtful it is, and where. No Qt here."""

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from napari.layers import Image, Labels, Layer, Points
from napari.utils.colormaps import Colormap, CyclicLabelColormap, ensure_colormap
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.layers import mark_helper, overlay_name
from napari_backprop_segmentation.gui.result.layer_result import LayerResult

if TYPE_CHECKING:
    from napari.viewer import Viewer

CHANGED_COLOUR = (1.0, 0.0, 0.6, 1.0)
SHADES, N_COLOURS, MOST_OPAQUE = "inferno", 256, 0.9
RING = 48  # pixels of the screen
Place = tuple[int, ...]


def shades() -> Colormap:
    """Return the colours of doubt from 0 to 1: clear where there is none, and then as opaque as it is large.

    Blending additively would show nothing on bright ground.
    """
    shares = np.linspace(0, 1, N_COLOURS)
    rgba = np.array(ensure_colormap(SHADES).map(shares))
    rgba[:, 3] = MOST_OPAQUE * shares
    return Colormap(rgba, name="doubt", controls=shares)


class Overlay:
    """A layer of ours over a result, there only while it is wanted; the user's selection stays.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    name : {"changes", "doubt"}
    """

    def __init__(self, viewer: "Viewer", name: str) -> None:
        self._viewer, self._name = viewer, name
        self._layer: Layer | None = None
        self._over: ref[Any] | None = None

    @property
    def lost(self) -> bool:
        """Whether the user has deleted the layer."""
        return self._layer is not None and self._layer not in self._viewer.layers

    def show(self, result: LayerResult, values: NDArray[Any]) -> None:
        """Show values (*spatial) over a result."""
        laid = result.run_input.laid(values)
        run_input = None if self._over is None else self._over()
        if self._layer is not None and not self.lost and run_input is result.run_input:
            self._layer.data = laid
            return
        self.remove()
        name = overlay_name(f"{result.run_input.name} {self._name}")
        made = self._made(laid, name, result.run_input.placement)
        mark_helper(made)
        selected = set(self._viewer.layers.selection)
        self._viewer.add_layer(made)
        self._viewer.layers.selection = selected
        self._layer, self._over = made, ref(result.run_input)

    def remove(self) -> None:
        """Take the layer away."""
        if self._layer is not None and not self.lost:
            self._viewer.layers.remove(self._layer)
        self._layer = None

    def _made(self, laid: NDArray[Any], name: str, placement: dict[str, Any]) -> Layer:
        if self._name == "doubt":
            look: dict[str, Any] = {"colormap": shades(), "blending": "translucent", "contrast_limits": (0, 1)}
            return Image(laid, name=name, **look, **placement)
        colours = CyclicLabelColormap(colors=np.array([(0, 0, 0, 0), CHANGED_COLOUR], np.float32))
        return Labels(laid.astype(np.uint8), name=name, colormap=colours, opacity=0.5, **placement)


class Mark:
    """A ring around a place, for a moment.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    """

    def __init__(self, viewer: "Viewer") -> None:
        self._viewer = viewer
        self._layer: Points | None = None

    def show(self, result: LayerResult, place: Place) -> None:
        """Move the camera and the sliders to a pixel of the image of a result, and draw a ring around it."""
        self.remove()
        layer = result.layer
        if layer is None:
            return
        inner = np.unravel_index(np.ravel_multi_index(place, result.run_input.shape), result.run_input.layer_shape)
        viewer, world = self._viewer, np.asarray(layer.data_to_world(inner))
        camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
        first = viewer.dims.ndim - len(world)
        for axis in viewer.dims.not_displayed:
            if axis >= first:
                viewer.dims.set_point(axis, float(world[axis - first]))
        centre = list(camera.center)
        for position, axis in enumerate(viewer.dims.displayed[-len(centre) :], len(centre) - viewer.dims.ndisplay):
            centre[position] = float(world[axis - first])
        camera.center = tuple(centre)
        size = RING / max(camera.zoom * float(np.min(np.abs(np.asarray(layer.scale)[-2:]))), 1e-6)
        selected = set(viewer.layers.selection)
        keys = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")
        placed: dict[str, Any] = {key: getattr(layer, key) for key in keys if hasattr(layer, key)}
        self._layer = Points(
            [inner],
            name=overlay_name("doubtful place"),
            size=size,
            symbol="ring",
            face_color="white",
            border_color="white",
            **placed,
        )
        viewer.add_layer(self._layer)
        viewer.layers.selection = selected

    def remove(self) -> None:
        """Take the ring away."""
        if self._layer is not None and self._layer in self._viewer.layers:
            self._viewer.layers.remove(self._layer)
        self._layer = None
