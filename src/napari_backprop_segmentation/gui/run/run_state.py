"""What is known of the run that is under way, and of a network that was loaded for one; values of `State`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari.layers import Image, Labels

from napari_backprop_segmentation.gui.result.consensus import AgreementLayer
from napari_backprop_segmentation.gui.run.worker import Point

if TYPE_CHECKING:
    from napari_backprop_segmentation.network.model import Model


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
    """

    name: str = ""
    layers: tuple[Image, ...] = ()
    layer: Labels | None = None
    points: tuple[Point, ...] = ()
    told: str = ""
    ending: str = ""
    agreement: AgreementLayer | None = None


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A trained network from a file.

    Attributes
    ----------
    name : str
        Of the file.
    model : Model
    """

    name: str
    model: "Model"
