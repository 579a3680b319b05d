"""What a finished run has found, and the Labels layer that shows it: known as long as the layer lives.

The results belong to their layers, not to a widget: one that is closed and opened again finds them.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, WeakKeyDictionary, ref

import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.layers import unwrapped
from napari_backprop_segmentation.gui.input.run_input import LayerSelection, RunInput
from napari_backprop_segmentation.gui.result.consensus import AgreementLayer
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.network.history import History

if TYPE_CHECKING:
    from napari_backprop_segmentation.gui.teach.examples import Examples
    from napari_backprop_segmentation.hierarchy.tree import Hierarchy
    from napari_backprop_segmentation.network.model import Model
    from napari_backprop_segmentation.params.params import Params
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

# Settings of `Objects` by which what was found is counted again, without another run.
LIVE = ("sensitivity", "min_object", "max_object", "split_objects", "fill_holes", "drop_border")
FROM_STROKES = -2  # as `LayerResult.reading`
AS_DRAWN = "like the strokes"


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A trained network from a file.

    Attributes
    ----------
    name : str
        Of the file.
    model : Model
    path : str
        The file.
    """

    name: str
    model: "Model"
    path: str = ""


@dataclass(eq=False)
class LayerResult:
    """The result of a run in its layer.

    Attributes
    ----------
    run_input : RunInput
        What was segmented.
    segmentation : Segmentation
    layers : tuple of Image
        Where it was taken from.
    asked : Params
        The settings of the run.
    whole : LayerSelection, optional
        All of the image, where the run has seen a part of it.
    model : Model, optional
        What was trained, or applied.
    agreement : AgreementLayer, optional
        Of several runs.
    detail : float
        Of the labels that are shown.
    shown : int array
        The labels as they were last shown by us: what differs was edited by the user.
    reading : int
        Which of the other readings is shown; 0 is what the run has found, -1 what is like the examples, -2 what
        follows strokes.
    followed : str
        What strokes mean that are followed since the run.
    own : int array
        What the run has found, while another reading is shown.
    counted : dict
        Settings under which `own`, or what is shown instead of it, was counted again.
    examples : Examples, optional
        What the user has pointed at.
    named : str
        The name we have given the layer.
    kept : bool
        Whether the user wants it to stay where the next run would replace it.
    history : History, optional
        What is kept of the iterations of its training.
    """

    run_input: RunInput
    segmentation: "Segmentation"
    layers: tuple[Image, ...]
    asked: "Params"
    whole: LayerSelection | None = None
    model: "Model | None" = None
    agreement: AgreementLayer | None = None
    detail: float = 0.0
    shown: NDArray[Any] = field(default_factory=lambda: np.zeros(0, np.uint8), repr=False)
    reading: int = 0
    followed: str = ""
    own: NDArray[Any] = field(default_factory=lambda: np.zeros(0, np.uint8), repr=False)
    counted: dict[str, Any] = field(default_factory=dict, repr=False)
    examples: "Examples | None" = field(default=None, repr=False)
    named: str = ""
    kept: bool = False
    history: History | None = field(default=None, repr=False)
    _layer: ReferenceType[Labels] | None = field(default=None, init=False, repr=False)

    @property
    def layer(self) -> Labels | None:
        """The layer that shows it; weakly held, because results are kept by layer."""
        return None if self._layer is None else self._layer()

    @property
    def tree(self) -> "Hierarchy | None":
        """What a click looks into; series have none."""
        tree: Any = self.segmentation.hierarchy
        return tree if hasattr(tree, "index") else None

    @property
    def strokes_as(self) -> str:
        """What the strokes mean that the labels follow; nothing where they follow none."""
        if self.reading == FROM_STROKES:
            return self.followed
        record = self.segmentation.record
        return str(record["params"].get("strokes_as", "")) if not self.reading and "drawn" in record else ""

    @property
    def record(self) -> dict[str, Any]:
        """How the labels that are shown were made."""
        layer, own = self.layer, self.segmentation.record
        found: dict[str, Any] = own if layer is None else layer.metadata.get(METADATA, own)
        return found

    @property
    def used(self) -> dict[str, Any]:
        """The settings of the labels that are shown, by name."""
        found: dict[str, Any] = self.record["params"]
        return found

    @property
    def read_as(self) -> str:
        """What the objects are that are shown, where the setting `objects` does not say it; else nothing."""
        if self.strokes_as == "objects":
            return AS_DRAWN
        return str(self.record.get("reading", "")) if self.has_objects else ""

    @property
    def n_regions(self) -> int:
        """How many regions or classes are shown, or at most; 0 where they are no cut of one tree."""
        if self.has_objects or self.tree is None:
            return 0
        return int(self.used.get("n_regions", 0)) or self.tree.count(self.detail)

    @property
    def has_objects(self) -> bool:
        """Whether objects are shown, rather than regions."""
        params = self.segmentation.record["params"]
        if self.strokes_as:
            return self.strokes_as == "objects"
        return bool(self.reading or params.get("reading", 0) or params.get("objects", "off") != "off")

    @property
    def edited(self) -> bool:
        """Whether the user has edited the labels since they were last shown by us."""
        return self.layer is not None and not np.array_equal(self.layer.data, self.shown)

    def show_in(self, layer: Labels) -> None:
        """Belong to a layer from now on, whose labels are those that were found."""
        self._layer, self.named = ref(layer), layer.name
        self.shown = np.array(layer.data)  # a copy: painting changes the layer's own array
        self.detail = float(self.segmentation.record["params"].get("detail", 0.0))
        _results[layer] = self


_results: WeakKeyDictionary[Labels, LayerResult] = WeakKeyDictionary()


def result_of(layer: Labels | None) -> LayerResult | None:
    """Return the result that a layer shows, if a run of this session has made it.

    An array of another shape, which the user has put there, is none.
    """
    found = None if layer is None else _results.get(layer)
    return found if layer is None or found is None or found.shown.shape == tuple(layer.data.shape) else None


def results_in(layers: Iterable[Any]) -> list[LayerResult]:
    """Return the results that some layers show, the newest last."""
    found = [result_of(unwrapped(layer)) for layer in layers if isinstance(layer, Labels)]
    return [result for result in found if result is not None]
