"""Which image to segment: it follows the active layer, and a stacked layer's channel axis can be chosen."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from magicgui.widgets import ComboBox
from napari.layers import Image
from qtpy.QtWidgets import QFormLayout, QLabel

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui import layers, words
from napari_backprop_segmentation.gui.forms import add_row
from napari_backprop_segmentation.gui.layers import Picture

if TYPE_CHECKING:
    from napari.viewer import Viewer


class ImageChoice:
    """The controls for the image.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    on_change : callable
        Called when something else will be segmented.

    Attributes
    ----------
    image, channel_axis : ComboBox
    """

    def __init__(self, viewer: "Viewer", on_change: Callable[[], None]) -> None:
        self._viewer, self._on_change = viewer, on_change
        self._locked = False
        self.image = ComboBox(
            label="Image",
            choices=self._images,
            tooltip="The image layer to segment. Follows the layer you select, except during a run.",
        )
        self.channel_axis = ComboBox(
            label="Channel axis",
            choices=self._axes,
            tooltip="Which axis of the image holds the channels. Known if the layer names an axis 'c' or 'channel'.",
        )
        self._axis_label: QLabel | None = None
        self._chosen: WeakKeyDictionary[Image, int] = WeakKeyDictionary()  # channel axis that the user gave a layer
        self._follow()
        self._match_axis()
        self.image.changed.connect(self._image_changed)
        self.channel_axis.changed.connect(self._axis_changed)
        viewer.layers.selection.events.active.connect(self._follow)

    def add_to(self, form: QFormLayout) -> None:
        """Add both controls to a form."""
        add_row(form, self.image)
        self._axis_label = add_row(form, self.channel_axis)
        self._match_axis()

    def picture(self) -> Picture:
        """Return what is chosen.

        Raises
        ------
        ImageError
            If it cannot be segmented.
        """
        return layers.picture_of(self.image.value, self.channel_axis.value)

    def describe(self) -> str:
        """Return in one line what will be segmented, or why it cannot be."""
        try:
            return layers.summary(self.picture())
        except ImageError as error:
            return words.sentence(str(error))

    def refresh(self, *_: Any) -> None:
        """Take note of layers that came, went or changed their name."""
        self.image.reset_choices()
        self._image_changed()

    def lock(self, locked: bool) -> None:
        """Hold on to the choice during a run, or let it go."""
        self._locked = locked
        self.image.enabled = self.channel_axis.enabled = not locked
        if not locked:
            self._follow()

    def disconnect(self) -> None:
        """Stop listening to the viewer."""
        self._viewer.layers.selection.events.active.disconnect(self._follow)

    def _images(self, _: Any = None) -> list[tuple[str, Image]]:
        return [(layer.name, layer) for layer in self._viewer.layers if isinstance(layer, Image)]

    def _axes(self, _: Any = None) -> list[tuple[str, int | None]]:
        return layers.channel_choices(self.image.value)

    def _follow(self, _: Any = None) -> None:
        active = self._viewer.layers.selection.active
        if not self._locked and isinstance(active, Image) and active in self._viewer.layers:
            self.image.reset_choices()
            self.image.value = active

    def _image_changed(self, _: Any = None) -> None:
        self._match_axis()
        self._on_change()

    def _match_axis(self) -> None:
        self.channel_axis.reset_choices()
        known = layers.named_channel_axis(self.image.value)
        self.channel_axis.value = known if self.image.value is None else self._chosen.get(self.image.value, known)
        visible = layers.needs_channel_axis(self.image.value)
        for part in (self._axis_label, self.channel_axis.native):
            if self._axis_label is not None and part is not None:
                part.setVisible(visible)

    def _axis_changed(self, _: Any = None) -> None:
        if self.image.value is not None and self.channel_axis.value is not None:
            self._chosen[self.image.value] = self.channel_axis.value
        self._on_change()
