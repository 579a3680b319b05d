"""The layer that the user draws in: over which image it lies, what its kinds are called, in which colours. No Qt here.

Names are kept in the metadata of the layer and colours in its colormap, so that both live as long as what is drawn.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Image, Labels
from napari.utils.colormaps import CyclicLabelColormap, DirectLabelColormap
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.run.preview import colours

if TYPE_CHECKING:
    from napari.viewer import Viewer

NAMES = "backprop_segmentation_kinds"  # in the metadata
FIRST_NAMES = {1: "object", 2: "ground"}
FIRST_COLOURS = {1: (1.0, 0.7, 0.1, 1.0), 2: (0.2, 0.5, 1.0, 1.0)}
BRUSH = 10  # pixels of the screen
MOST_BRUSH = 40  # pixels of the image: the largest that the slider of napari has
Colour = tuple[float, float, float, float]


@dataclass(frozen=True)
class Kind:
    """One kind that can be drawn.

    Attributes
    ----------
    number : int
    name : str
    colour : tuple of float
        Red, green, blue, opacity, from 0 to 1.
    pixels : int
        How many are drawn.
    """

    number: int
    name: str
    colour: Colour
    pixels: int = 0


@dataclass(frozen=True, eq=False)
class Ground:
    """What a layer of strokes lies on.

    Attributes
    ----------
    layers : tuple of Image
    run_input : RunInput
        The image, pixel by pixel as the strokes.
    ours : bool
        Whether the layer was made here; else the user has chosen it.
    """

    layers: tuple[Image, ...]
    run_input: RunInput
    ours: bool


_grounds: WeakKeyDictionary[Labels, Ground] = WeakKeyDictionary()


def ground_of(layer: Any) -> Ground | None:
    """Return what a layer of strokes lies on; None where a layer is none."""
    return _grounds.get(layer) if isinstance(layer, Labels) else None


def new_layer(viewer: "Viewer", run_input: RunInput, layers: tuple[Image, ...], zoom: float) -> Labels:
    """Add a layer to draw in, with the brush in hand.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    run_input : RunInput
        What it lies on.
    layers : tuple of Image
        Where that is taken from.
    zoom : float
        Pixels of the screen in one unit of the world.
    """
    drawn = np.zeros(run_input.layer_shape, np.uint16)
    name, metadata = f"{run_input.name} strokes", {NAMES: dict(FIRST_NAMES)}
    layer = Labels(drawn, name=name, colormap=_first_colours(), metadata=metadata, **run_input.placement)
    _grounds[layer] = Ground(layers, run_input, True)
    viewer.add_layer(layer)
    layer.brush_size = brush_size(layer, zoom)
    layer.selected_label = 1
    layer.mode = "paint"
    return layer


def choose(layer: Labels, run_input: RunInput, layers: tuple[Image, ...]) -> None:
    """Take a layer of the user's for strokes from now on."""
    if ground_of(layer) is None:
        _grounds[layer] = Ground(layers, run_input, False)


def let_go(layer: Labels) -> None:
    """Take a layer of the user's for labels again; what was made for strokes stays that."""
    ground = ground_of(layer)
    if ground is not None and not ground.ours:
        del _grounds[layer]


def newest_on(layers: tuple[Image, ...], among: Iterable[Any]) -> Labels | None:
    """Return the last layer of strokes among some that lies on an image."""
    found = [layer for layer in among if (ground := ground_of(layer)) is not None and ground.layers == layers]
    return found[-1] if found else None


def brush_size(layer: Labels, zoom: float) -> int:
    """Return a size of the brush, in pixels of the layer, that is as wide on the screen at any zoom."""
    pixel = float(np.min(np.abs(np.asarray(layer.scale)[-2:])))
    return int(np.clip(round(BRUSH / max(zoom * pixel, 1e-6)), 1, MOST_BRUSH))


def kinds_of(layer: Labels, counts: Mapping[int, int]) -> tuple[Kind, ...]:
    """Return the kinds that are named or drawn, in the order of their numbers.

    Parameters
    ----------
    layer : Labels
    counts : mapping of int to int
        How many pixels of each number are drawn.
    """
    names = names_of(layer)
    numbers = sorted({*names, *counts} - {0})
    return tuple(Kind(n, names.get(n, f"kind {n}"), colour_of(layer, n), counts.get(n, 0)) for n in numbers)


def names_of(layer: Labels) -> dict[int, str]:
    """Return what kinds are called."""
    return {int(number): str(name) for number, name in layer.metadata.get(NAMES, {}).items()}


def rename(layer: Labels, number: int, name: str) -> None:
    """Call a kind something else; nothing is no name."""
    if name.strip():
        layer.metadata = {**layer.metadata, NAMES: {**names_of(layer), number: name.strip()}}


def add_kind(layer: Labels, counts: Mapping[int, int]) -> int:
    """Name one more kind, and return its number, which is the next brush."""
    number = max({0, *names_of(layer), *counts}) + 1
    rename(layer, number, f"kind {number}")
    layer.selected_label = number
    return number


def colour_of(layer: Labels, number: int) -> Colour:
    """Return the colour of a kind."""
    found = layer.get_color(number)
    red, green, blue, *_ = (0.5, 0.5, 0.5) if found is None else (float(value) for value in found)
    return red, green, blue, 1.0


def recolour(layer: Labels, number: int, colour: Sequence[float]) -> None:
    """Give a kind another colour."""
    rgba = np.round(np.array([*colour[:3], 1.0]) * 255) / 255
    colormap = layer.colormap
    if isinstance(colormap, CyclicLabelColormap) and number < len(colormap.colors):
        colors = np.array(colormap.colors)
        colors[number] = rgba
        layer.colormap = _cyclic(colors)
    else:
        known = {kind: colour_of(layer, kind) for kind in {*names_of(layer), *np.unique(np.asarray(layer.data))}}
        layer.colormap = DirectLabelColormap(
            color_dict={None: (0.5, 0.5, 0.5, 1.0), **known, 0: (0, 0, 0, 0), number: rgba}
        )


def colours_with(layer: Labels, numbers: Container[int]) -> CyclicLabelColormap:
    """Return the colours of labels, in which some numbers have those of the strokes."""
    colors = np.array(colours().colors)
    for number in range(1, len(colors)):
        if number in numbers:
            colors[number] = colour_of(layer, number)
    return _cyclic(colors)


def _first_colours() -> CyclicLabelColormap:
    colors = np.array(colours().colors)
    for number, colour in FIRST_COLOURS.items():
        colors[number] = colour
    return _cyclic(np.round(colors * 255).astype(np.float32) / 255)


def _cyclic(colors: NDArray[Any]) -> CyclicLabelColormap:
    return CyclicLabelColormap(colors=colors.astype(np.float32), name="strokes", background_value=0)
