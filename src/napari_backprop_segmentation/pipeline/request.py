"""What a user asks of a run, before anything of it is settled."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from napari_backprop_segmentation.errors import ImageError, ParameterError
from napari_backprop_segmentation.hierarchy.merge import Merge, merge_regions
from napari_backprop_segmentation.image.normalise import Normaliser
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.network.model import Model, Start
from napari_backprop_segmentation.params.fields import STEPLESS, Statistics
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.presets import DEFAULT_PRESET
from napari_backprop_segmentation.pipeline.job import Progress
from napari_backprop_segmentation.pipeline.unfinished import Unfinished


@dataclass(frozen=True)
class Request:
    """The arguments of `run`; see there.

    `together` says whether a network is trained on this image and others, `binning` how it is binned then, where that
    is decided. `kind` is the preset of the kind of image, where it is not to be looked for.
    """

    image: Any
    params: Params
    axes: str | None = None
    spacing: Sequence[float] | None = None
    strokes: Any = None
    channels: Sequence[int] | None = None
    model: Model | None = None
    start: Start | None = None
    go_on: bool = True
    keep_weights: bool = False
    out: Any = None
    merge: Merge = merge_regions
    progress: Progress | None = None
    examples: Any = None
    counter_examples: Any = None
    fixed: Any = None
    how_alike: float | None = None
    together: bool = False
    binning: int | None = None
    kind: str | None = None
    client: Any = None
    resume: Any = None

    def as_any(self) -> "Request":
        """Return the same of an image of no known kind."""
        return replace(self, kind=DEFAULT_PRESET)

    @property
    def statistics(self) -> Statistics:
        """Whose statistics a network trained before goes by; see `References`."""
        asked = self.params.statistics
        return self.model.statistics if asked == "auto" and self.model is not None else asked

    @property
    def scaling(self) -> Normaliser | None:
        """How intensities were scaled for a network trained before; None where they are scaled for the image itself."""
        return None if self.model is None or self.statistics == "image" else self.model.preparation.scaling

    def source(self) -> ArraySource:
        """Return the image; one that is labelled by a network trained before is prepared as the network's was."""
        earlier = self.start if isinstance(self.start, Model) else self.model
        channels = earlier.preparation.channels if self.channels is None and earlier is not None else self.channels
        source = ArraySource(
            self.image,
            self.axes,
            self.normalisation,
            normaliser=self.scaling,
            channels=channels,
            spacing=self.spacing,
        )
        if self.model is not None and source.shape[0] != (n := len(self.model.preparation.scaling.offsets)):
            raise ImageError(
                f"image must have {n} channels, as the network was trained on so many, got {source.shape[0]}; choose "
                "channels or train anew"
            )
        return source

    @property
    def normalisation(self) -> str:
        """How intensities are scaled where that is not known yet."""
        return self.params.normalisation if self.model is None else self.model.input.normalisation

    @property
    def unfinished(self) -> Unfinished | None:
        """Where finished blocks are kept."""
        given = self.resume
        if given is None or isinstance(given, Unfinished):
            return given
        if not isinstance(given, (str, os.PathLike)) or not str(given) or "\0" in str(given):
            raise ParameterError(f"resume must be the path of a folder, got {given!r}; choose one, new or of this run")
        return Unfinished(Path(given))

    def learns(self, params: Params) -> bool:
        """Return whether there is a network, under settings that hold for the image."""
        return self.model is not None or params.method not in STEPLESS


def follows_lesson(request: Request) -> bool:
    """Return whether the kinds are shown that the network of an earlier run brings with it, as nothing else is."""
    taught = request.model is not None and request.model.lesson is not None
    return taught and request.strokes is None and request.examples is None


def with_lesson(request: Request) -> Request:
    """Return the request, of kinds as they were taught where the network brings them with it."""
    if not follows_lesson(request) or request.model is None:
        return request
    params = request.params.replace(strokes_as=request.model.lesson.strokes_as).marked(request.params.given)
    return replace(request, params=params)
