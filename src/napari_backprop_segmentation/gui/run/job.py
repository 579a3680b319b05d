"""What a run is to do, all of it known when Run is pressed."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari.layers import Image
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.run_input import LayerSelection, RunInput
from napari_backprop_segmentation.gui.run.cluster import Cluster, helping
from napari_backprop_segmentation.network.history import History
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.gui.run.worker import WorkerControl
    from napari_backprop_segmentation.network.model import Model, Start


@dataclass(frozen=True, eq=False)
class Job:
    """What a run is to do.

    Attributes
    ----------
    run_input : RunInput
    params : Params
    layers : tuple of Image
        Where the image is taken from.
    whole : LayerSelection, optional
        All of the image, where the run sees a part of it.
    model : Model, optional
        Of an earlier run: it is applied, and nothing is trained.
    strokes : int array, optional
        What is drawn on the image of `run_input`.
    fixed : int array, optional
        Labels that stay as they were edited.
    model_file : str
        Where the model was loaded from; empty where it was not.
    start : Model or Kept, optional
        What training goes on from.
    go_on : bool
        Whether it does; if not, the result is that of a run that ended there.
    history : History, optional
        That `start` is taken from, where training does not go on.
    cluster : Cluster, optional
        Whose workers do the blocks of a large image.
    """

    run_input: RunInput
    params: Params
    layers: tuple[Image, ...]
    whole: LayerSelection | None = None
    model: "Model | None" = None
    strokes: NDArray[Any] | None = field(default=None, repr=False)
    fixed: NDArray[Any] | None = field(default=None, repr=False)
    model_file: str = ""
    start: "Start | None" = None
    go_on: bool = True
    history: History | None = None
    cluster: Cluster | None = None

    @property
    def trains(self) -> bool:
        """Whether there are training steps."""
        return self.model is None and self.go_on

    def others(self, control: "WorkerControl") -> dict[str, Any]:
        """Return further arguments of `pipeline.run.run`: what stays, where training begins, who helps."""
        beginning = {} if self.start is None else {"start": self.start, "go_on": self.go_on}
        return {"fixed": self.fixed, **beginning, **helping(self.cluster, control)}
