"""Outlines of objects over the image: of what a click would take, and of the examples. No Qt here.

They are drawn as short lines between pixels, so that a change costs what the outline is long, not what the image is
large, in layers of our own that are there only while they are needed.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels, Vectors
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.layers import overlay_name

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.pipeline.finder import Patch

COLOURS = {"pointer": "#ffffff", "examples": "#00e5ff", "counter_examples": "#ff3df2"}
NAMES = {"pointer": "outline under the mouse", "examples": "examples", "counter_examples": "counter-examples"}
SCREEN_WIDTH = 2.0  # pixels of the screen
KEYS = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")


def borders(patch: "Patch") -> NDArray[np.float32]:
    """Return the borders (n, 2, ndim) of pixels as lines, each a start and a direction; straight runs are one line.

    Of a volume those of each of its planes.
    """
    mask = patch.mask
    planes = mask.reshape(-1, *mask.shape[-2:])
    padded = np.pad(planes, ((0, 0), (1, 1), (1, 1)))
    lines = []
    for axis, along in ((1, 2), (2, 1)):  # lines above and below pixels, then beside them
        step = np.diff(padded.astype(np.int8), axis=axis)
        step = step.take(range(1, step.shape[along] - 1), along)
        before = np.zeros_like(step.take([0], along))
        change = np.diff(np.concatenate([before, step, before], along), axis=along)
        here = np.concatenate([step, before], along)
        last = np.concatenate([before, step], along)
        starts, stops = (change != 0) & (here != 0), (change != 0) & (last != 0)
        order = (0, axis, along)
        start = np.argwhere(starts.transpose(order))
        stop = np.argwhere(stops.transpose(order))
        found = np.zeros((len(start), 2, 3))
        found[:, 0, list(order)] = start
        found[:, 1, along] = stop[:, 2] - start[:, 2]
        lines.append(found)
    every = np.concatenate(lines)
    corner = np.array(patch.corner)
    result = np.zeros((len(every), 2, mask.ndim), np.float32)
    result[..., -2:] = every[..., 1:]
    result[:, 0, -2:] += corner[-2:] - 0.5
    if mask.ndim > 2:
        inner = np.stack(np.unravel_index(every[:, 0, 0].astype(np.int64), mask.shape[:-2]), axis=1)
        result[:, 0, :-2] = inner + corner[:-2]
    return result


class Outlines:
    """The layers in which outlines are drawn.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    """

    def __init__(self, viewer: "Viewer") -> None:
        self._viewer = viewer
        self._layers: dict[str, Vectors] = {}
        self._over: Labels | None = None
        self._axes: list[int] = []

    @property
    def _camera(self) -> Any:
        return self._viewer.scene.camera if hasattr(self._viewer, "scene") else self._viewer.camera

    @property
    def lost(self) -> bool:
        """Whether the user has deleted one of the layers."""
        return any(layer not in self._viewer.layers for layer in self._layers.values())

    def show_over(self, layer: Labels, shape: tuple[int, ...]) -> None:
        """Lie over a layer of labels from now on.

        Parameters
        ----------
        layer : Labels
        shape : tuple of int
            Of the image; the layer may have further axes, of length 1.
        """
        axes = _axes_of(layer.data.shape, shape)
        placed: dict[str, Any] = {key: getattr(layer, key) for key in KEYS}
        if self._over is not None and not self.lost and axes == self._axes and self._at(layer):
            self._over = layer
            return
        self.remove()
        self._over, self._axes = layer, axes
        selected = set(self._viewer.layers.selection)
        for kind in ("counter_examples", "examples", "pointer"):
            self._layers[kind] = Vectors(
                np.zeros((0, 2, layer.ndim)),
                ndim=layer.ndim,
                name=overlay_name(NAMES[kind]),
                edge_color=COLOURS[kind],
                vector_style="line",
                **placed,
            )
            self._layers[kind]._max_vectors_thumbnail = 1  # else that takes longer than drawing
            self._viewer.add_layer(self._layers[kind])
        self._viewer.layers.selection = selected
        self._camera.events.zoom.connect(self.fit_to_zoom)
        self.fit_to_zoom()

    def _at(self, layer: Labels) -> bool:
        """Return whether outlines lie where a layer lies already."""
        ends = (np.zeros(layer.ndim), np.ones(layer.ndim))
        return all(
            own.ndim == layer.ndim
            and all(np.allclose(own.data_to_world(end), layer.data_to_world(end)) for end in ends)
            for own in self._layers.values()
        )

    def draw(self, patches: Mapping[str, "Sequence[Patch]"]) -> None:
        """Draw these, by kind; other kinds stay as they are."""
        for kind, some in patches.items():
            layer = self._layers.get(kind)
            if layer is None or layer not in self._viewer.layers:
                continue
            lines = [borders(patch) for patch in some]
            found = np.concatenate(lines) if lines else np.zeros((0, 2, len(self._axes)))
            if len(found) or len(layer.data):
                placed = np.zeros((len(found), 2, layer.ndim), np.float32)
                placed[..., self._axes] = found
                with layer.events.data.blocker():  # the viewer would look anew how far all layers reach
                    layer.data = placed

    def fit_to_zoom(self, _: Any = None) -> None:
        """Keep lines as wide on the screen, however large pixels are there."""
        if self._over is None:
            return
        pixel = float(np.min(np.abs(np.asarray(self._over.scale)[-2:])))
        width = SCREEN_WIDTH / max(self._camera.zoom * pixel, 1e-6)
        for layer in self._layers.values():
            layer.edge_width = width

    def raise_to_top(self) -> None:
        """Lie above a layer that was added meanwhile."""
        layers = self._viewer.layers
        own = [layer for layer in self._layers.values() if layer in layers]
        if own and list(layers)[-len(own) :] != own:
            for layer in own:
                layers.move(layers.index(layer), len(layers))

    def remove(self) -> None:
        """Take all outlines away."""
        if self._over is None:
            return
        self._camera.events.zoom.disconnect(self.fit_to_zoom)
        self._over = None
        for layer in self._layers.values():
            if layer in self._viewer.layers:
                self._viewer.layers.remove(layer)
        self._layers.clear()


def _axes_of(layer_shape: tuple[int, ...], shape: tuple[int, ...]) -> list[int]:
    """Return which axes of a layer those of an image are: the others have the length 1."""
    found, axis = [], 0
    for n in shape:
        while layer_shape[axis] != n:
            axis += 1
        found.append(axis)
        axis += 1
    return found
