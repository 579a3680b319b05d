"""What is known of the run that is under way, as a value of `State`."""

from dataclasses import dataclass

from napari.layers import Image, Labels

from napari_backprop_segmentation.gui.result.consensus import AgreementLayer
from napari_backprop_segmentation.gui.run.cluster import Cluster
from napari_backprop_segmentation.gui.run.worker import Point
from napari_backprop_segmentation.network.history import History, Kept

__all__ = ["Cluster", "History", "Moment", "Run"]


@dataclass(frozen=True, eq=False)
class Run:
    """The run that is under way, or the last one.

    Attributes
    ----------
    name : str
        Of the image.
    layers : tuple of Image
        Of the image.
    layer : Labels, optional
        Where its labels form.
    points : tuple of Point
        All iterations so far.
    told : str
        The last that was heard of its progress.
    ending : str
        How it ended.
    agreement : AgreementLayer, optional
        Of several trainings, as long as the layer is there.
    history : History, optional
        What is kept of its iterations; grows during the run.
    """

    name: str = ""
    layers: tuple[Image, ...] = ()
    layer: Labels | None = None
    points: tuple[Point, ...] = ()
    told: str = ""
    ending: str = ""
    agreement: AgreementLayer | None = None
    history: History | None = None


@dataclass(frozen=True, eq=False)
class Moment:
    """An iteration that is looked back at."""

    history: History
    kept: Kept
