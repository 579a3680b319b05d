"""What is to be segmented: in terms of layers before a run, and in terms of arrays when it begins."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from napari.layers import Image
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.pixel_size import PixelSize
from napari_backprop_segmentation.image.axes import CHANNEL_LETTERS

POSITIONS = {"T": "frame", "Z": "slice"}

Span = int | tuple[int, int]


@dataclass(frozen=True)
class Part:
    """Which part of a layer is wanted; all of it by default.

    Attributes
    ----------
    spans : mapping of int to int or (int, int)
        For axes of the layer, in pixels of its finest level: one position, or start and stop.
    words : str
        The part in words.
    """

    spans: Mapping[int, Span] = field(default_factory=dict)
    words: str = ""


@dataclass(frozen=True)
class LayerSelection:
    """What is to be segmented, in terms of layers.

    Attributes
    ----------
    layers : tuple of Image
        Several are the channels of one image.
    axes : str
        One letter an axis of the layer, see `meanings`.
    channels : tuple of int, optional
        Which channels go in; all if None.
    level : int, optional
        Of a pyramid; one that fits if None.
    part : Part
    pixel : PixelSize, optional
        As the user has typed it; as the first layer says if None.
    """

    layers: tuple[Image, ...]
    axes: str
    channels: tuple[int, ...] | None = None
    level: int | None = None
    part: Part = field(default_factory=Part)
    pixel: PixelSize | None = None


@dataclass(frozen=True)
class RunInput:
    """An image at the moment Run is pressed; nothing here refers to a layer any more.

    Attributes
    ----------
    name : str
    array : array-like
        Only what will be segmented, of one level; nothing has been read.
    axes : str
        One letter an axis of the array.
    placement : dict
        How labels are laid over the layer: keyword arguments of a Labels layer.
    layer_shape : tuple of int
        Of the Labels layer: that of the labels, with axes of length 1 where the layer has one that the labels lack.
    spacing : tuple of float
        Size of a pixel along those of Z, Y, X that are there.
    channels : tuple of int, optional
        Which channels of the array go in; all if None.
    notes : tuple of str
        What else must be known of it, in clauses.
    origin : dict
        Layers, axes, level, part and size of a pixel, in plain values: for the record of a run.
    unit : str
        Of `spacing`, such as µm; nothing for pixels, or where there are no units.
    """

    name: str
    array: Any
    axes: str
    placement: dict[str, Any]
    layer_shape: tuple[int, ...]
    spacing: tuple[float, ...]
    channels: tuple[int, ...] | None = None
    notes: tuple[str, ...] = ()
    origin: dict[str, Any] = field(default_factory=dict)
    unit: str = ""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the labels: that of the array without channels."""
        pairs = zip(self.array.shape, self.axes, strict=True)
        return tuple(n for n, letter in pairs if letter not in CHANNEL_LETTERS)

    @property
    def n_channels(self) -> int:
        """How many channels the network will see; alpha is not one of them."""
        sizes = dict(zip(self.axes, self.array.shape, strict=True))
        chosen = sizes.get("C", 1) if self.channels is None else len(self.channels)
        return min(int(sizes.get("S", 1)), len("RGB")) * int(chosen)

    def place_in_words(self, place: Sequence[int]) -> str:
        """Return which frame or slice an index along the first axes of the labels is; empty for no index."""
        letters = [letter for letter in self.axes if letter in POSITIONS]
        words = ", ".join(f"{POSITIONS[letter]} {i}" for letter, i in zip(letters, place, strict=False))
        return f"{words.capitalize()}: " if words else ""

    def laid(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return labels (*shape) with the axes of the Labels layer."""
        return labels.reshape(self.layer_shape)
