"""Results of a batch of layers, each in a Labels layer of its own, as those of single runs. No Qt here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from napari.layers import Image, Labels

from napari_backprop_segmentation.batch.entry import DONE_BEFORE, Entry, State
from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui.batch.showing import shown
from napari_backprop_segmentation.gui.batch.work import LayerImage
from napari_backprop_segmentation.gui.input.layers import run_input_of
from napari_backprop_segmentation.gui.input.run_input import LayerSelection, RunInput
from napari_backprop_segmentation.gui.run.job import Job
from napari_backprop_segmentation.gui.words import sentence
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.network.model import Model

GONE = "The image layer was removed, so its labels are not shown."


@dataclass(frozen=True, eq=False)
class Made:
    """What a Labels layer was made of."""

    image: Image
    pixels: Any
    origin: dict[str, Any]
    params: Params
    model: "Model | None"
    entry: Entry


class Placing:
    """Shows the results of layers, and knows which are there already.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    """

    def __init__(self, viewer: "Viewer") -> None:
        self._viewer = viewer
        self._made: WeakKeyDictionary[Labels, Made] = WeakKeyDictionary()
        self._layers: Sequence[Image] = ()
        self._images: Sequence[LayerImage] = ()
        self._params = Params()
        self._model: Model | None = None

    def begin(
        self,
        chosen: Sequence[tuple[Image, LayerSelection | SegmentationError]],
        params: Params,
        model: "Model | None",
        overwrite: bool,
    ) -> Sequence[LayerImage]:
        """Return the images of some layers as they are now, and what is there of them."""
        self._params, self._model = params, model
        self._layers = [layer for layer, _ in chosen]
        self._images = [self._image(layer, selection, overwrite) for layer, selection in chosen]
        return self._images

    def show(self, number: int, entry: Entry) -> tuple[Entry, Labels | None]:
        """Show the result of an entry; return the entry without it, and its layer."""
        layer, run_input = self._layers[number], self._images[number].run_input
        if entry.result is None or run_input is None:
            return entry, None
        told = Entry(entry.name, entry.state, entry.found, entry.seconds, entry.message)
        if layer not in self._viewer.layers:
            return Entry(entry.name, State.FAILED, seconds=entry.seconds, message=GONE), None
        applied = entry.result.model if entry.result.record.get("iterations") == 0 else self._model
        labels = shown(self._viewer, Job(run_input, self._params, (layer,), model=applied), entry)
        if labels is not None:
            self._made[labels] = Made(layer, layer.data, run_input.origin, self._params, self._model, told)
        return told, labels

    def end(self) -> None:
        """Let go of the layers once all is shown."""
        self._layers, self._images = (), ()

    @property
    def layers(self) -> Sequence[Image]:
        """The layers of the batch."""
        return self._layers

    def run_input(self, number: int) -> RunInput | None:
        """Return what was segmented for an entry."""
        return self._images[number].run_input

    def _image(self, layer: Image, selection: LayerSelection | SegmentationError, overwrite: bool) -> LayerImage:
        try:
            if isinstance(selection, SegmentationError):
                raise selection
            run_input = run_input_of(selection)
        except SegmentationError as error:
            return LayerImage(layer.name, obstacle=sentence(str(error)))
        return LayerImage(layer.name, run_input, done=None if overwrite else self._before(layer, run_input))

    def _before(self, layer: Image, run_input: RunInput) -> Entry | None:
        """Return what was found in an image under the same settings, if its labels are there still."""
        for labels, made in self._made.items():
            same = made.image is layer and made.pixels is layer.data and made.origin == run_input.origin
            if same and made.params == self._params and made.model is self._model and labels in self._viewer.layers:
                found = made.entry
                return Entry(layer.name, State.DONE, found.found, found.seconds, DONE_BEFORE)
        return None
