"""Training that goes on from an earlier network: what may differ from it, and what is refused in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from napari_backprop_segmentation.errors import ImageError, ParameterError
from napari_backprop_segmentation.image.context import n_inputs
from napari_backprop_segmentation.network.history import Kept
from napari_backprop_segmentation.network.model import Model, Start
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Input
from napari_backprop_segmentation.pipeline.request import Request

DIMENSIONS = {2: "planes", 3: "volumes"}
AS_LEARNED = "as in the network that training goes on from"


@dataclass(frozen=True)
class Shape:
    """What cannot change while a network is trained: all that its weights depend on."""

    n_channels: int
    n_layers: int
    n_inputs: int
    ndim: int

    @classmethod
    def of(cls, start: Start) -> "Shape":
        """Return the shape of a network."""
        known: Mapping[str, Any]
        known = dict(start.network.named_parameters()) if isinstance(start, Model) else start.weights
        head, first = known["head.weight"].shape, known["convs.0.weight"].shape
        n_layers = sum(name.startswith("convs.") and name.endswith(".weight") for name in known)
        return cls(int(head[0]), n_layers, int(first[1]), len(first) - 2)


def _check(request: Request) -> None:
    """Refuse what training cannot go on from, whatever the image is."""
    start: Any = request.start
    if not isinstance(start, (Model, Kept)):
        raise ParameterError(
            f"start must be a Model or an iteration of a History, got {type(start).__name__}; take an earlier one"
        )
    if request.model is not None:
        raise ParameterError("model must be left out where training goes on from `start`, got both; leave out one")
    if isinstance(start, Kept) and not start.weights:
        raise ParameterError(
            f"start must have its weights, got iteration {start.iteration} without; run again with keep_weights=True"
        )
    if isinstance(start, Model) and not request.go_on:
        raise ParameterError("go_on must be True for a Model, got False; label with it as `model`")


def going_on(request: Request, params: Params, image: tuple[int, int], series: bool = False) -> Params:
    """Return the settings with which training goes on from `start`: what is left open is as in its network.

    Parameters
    ----------
    request : Request
        With a `start`.
    params : Params
        As they are decided otherwise.
    image : (int, int)
        Number of channels and of spatial dimensions of what is trained on at a time.
    series : bool
        Whether that is a frame or slice.

    Raises
    ------
    ImageError, ParameterError
        If something differs that cannot.
    """
    _check(request)
    start = request.start
    if start is None:
        return params
    if series and not request.go_on:
        raise ParameterError("go_on must be True for a series, got False; take one frame or slice")
    if not params.trains:
        raise ParameterError(
            f"method must be superpixels or continuity to go on with training, got {params.method!r}; choose one"
        )
    if params.n_runs > 1:
        raise ParameterError(
            f"n_runs must be 1 where training goes on from a network, got {params.n_runs}; set it to 1"
        )
    shape, fixed = Shape.of(start), {}
    for name in ("n_channels", "n_layers"):
        wanted, got = getattr(shape, name), getattr(params, name)
        if name in params.given and got != wanted:
            raise ParameterError(f"{name} must be {wanted}, {AS_LEARNED}, got {got}; leave it as it was, or train anew")
        fixed[name] = wanted
    if isinstance(start, Model):
        fixed["context"] = start.input.context
        if "context" in params.given and params.context != start.input.context:
            raise ParameterError(
                f"context must be {start.input.context}, {AS_LEARNED}, got {params.context}; leave it as it was, or "
                "train anew"
            )
    _check_image(shape, start, image, n_inputs(image[0], Input.of(params.replace(**fixed))))
    if not request.go_on:
        fixed["iterations"] = start.iterations if isinstance(start, Model) else start.iteration
    return params.replace(**fixed).marked(params.given)


def _check_image(shape: Shape, start: Start, image: tuple[int, int], found: int) -> None:
    """Refuse an image of other channels or dimensions than those a network was trained on."""
    n_channels, ndim = image
    if ndim != shape.ndim:
        raise ImageError(
            f"image must be made of {DIMENSIONS[shape.ndim]}, {AS_LEARNED}, got {DIMENSIONS[ndim]}; set volumes to "
            f"'{'slices' if ndim > shape.ndim else 'volume'}', or train anew"
        )
    if isinstance(start, Model) and n_channels != len(start.preparation.scaling.offsets):
        wanted = len(start.preparation.scaling.offsets)
        raise ImageError(
            f"image must have {wanted} channel{'s' * (wanted > 1)}, {AS_LEARNED}, got {n_channels}; choose as many, or "
            "train anew"
        )
    if found != shape.n_inputs:
        raise ImageError(
            f"image must be shown in {shape.n_inputs} channels, {AS_LEARNED}, got {found}; choose the same channels "
            "and context, or train anew"
        )
