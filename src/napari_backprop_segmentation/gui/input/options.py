"""What the user has said of one layer, which is remembered as long as the layer lives."""

from dataclasses import dataclass, replace

from napari.layers import Image

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input import layers
from napari_backprop_segmentation.gui.input.axis_labels import PLANE, SINGLE, meanings
from napari_backprop_segmentation.gui.input.multiscale import levels
from napari_backprop_segmentation.gui.input.pixel_size import SPACED, in_words, parse_pixel_size, pixel_size_of
from napari_backprop_segmentation.gui.input.run_input import LayerSelection


@dataclass
class LayerOptions:
    """What the user has said of a layer.

    Attributes
    ----------
    axes : dict of int to str
        Letters of axes.
    channels : tuple of int, optional
        Which have a tick; all if None.
    level : int, optional
    pixel : str
        The size of a pixel; empty where the layer's own holds.
    """

    axes: dict[int, str]
    channels: tuple[int, ...] | None = None
    level: int | None = None
    pixel: str = ""

    def letters(self, layer: Image) -> str:
        """Return what the axes of the layer mean, as it says itself or as the user has corrected it."""
        found = list(meanings(layer, levels(layer)[0].shape))
        for axis, letter in self.axes.items():
            if axis < len(found) and found[axis] not in (*PLANE, SINGLE):  # the data may have been replaced
                found[axis] = letter
        return "".join(found)

    def correct(self, layer: Image, axes: dict[int, str]) -> None:
        """Take other meanings of axes; a size of a pixel that was typed for fewer or more axes is forgotten."""
        before = _spaced(self.letters(layer))
        self.axes |= axes
        if _spaced(self.letters(layer)) != before:
            self.pixel = ""

    def pixel_in_words(self, layer: Image) -> str:
        """Return the size of a pixel as typed, else as the layer says."""
        return self.pixel or in_words(pixel_size_of(layer, self.letters(layer)))

    def selection(self, chosen: tuple[Image, ...]) -> LayerSelection:
        """Return what is to be segmented of layers, of which this is about the first.

        Raises
        ------
        ImageError
            If what was typed cannot be understood.
        """
        letters = self.letters(chosen[0])
        own_unit = pixel_size_of(chosen[0], letters).unit
        level = self.level if self.level is not None and self.level < len(levels(chosen[0])) else None
        pixel = parse_pixel_size(self.pixel, len(_spaced(letters)), own_unit)
        found = LayerSelection(chosen, letters, level=level, pixel=pixel)
        if len(chosen) > 1:
            return found
        return replace(found, channels=self._ticked(layers.channel_count(found)))

    def _ticked(self, count: int) -> tuple[int, ...] | None:
        """Return the channels that go in, of those that are there; None for all."""
        if self.channels is None or count == 1:
            return None
        found = tuple(i for i in self.channels if i < count)  # the data may have been replaced
        if not found:
            raise ImageError("Tick at least one channel.")
        return None if len(found) == count else found


def _spaced(letters: str) -> str:
    return "".join(letter for letter in letters if letter in SPACED)
