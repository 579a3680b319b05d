"""A trained network as one file: tensors and a strict header of plain values, never code.

The format is safetensors, whose header says the type, shape and place of each tensor and a mapping of strings. One of
these strings is a JSON object with the settings of the training, how an image is made ready, and where the model comes
from; what strokes have taught, and what classes look like, stands beside it as plain arrays. Everything is checked
against what a network of these settings must look like before any tensor is read.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ModelFileError, ParameterError
from napari_backprop_segmentation.image.normalise import Normaliser
from napari_backprop_segmentation.image.preparation import Preparation
from napari_backprop_segmentation.io.codebook_file import (
    codebook_shapes,
    codebook_tensors,
    described_references,
    made_references,
)
from napari_backprop_segmentation.io.lesson_file import described_lesson, lesson_shapes, lesson_tensors, made_lesson
from napari_backprop_segmentation.io.model_header import KIND, SUFFIX
from napari_backprop_segmentation.io.write import replacing
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.network import empty_network, fill_network, network_arrays
from napari_backprop_segmentation.params.sections import Input, Training

# A file is of the first format that can say what it holds, so that earlier versions read it.
FORMAT, WITH_LESSON, WITH_REFERENCES = 1, 2, 3
FORMATS = tuple(map(str, (FORMAT, WITH_LESSON, WITH_REFERENCES)))
MOST_CHANNELS = 10_000  # of an image: more is no image
HEADER_KEYS = {"kind", "format", "model"}
MODEL_KEYS = {"training", "input", "scaling", "channels", "binning", "n_channels", "ndim", "stopped_by", "iterations"}
MODEL_KEYS |= {"taught", "provenance"}


def save_model(path: str | os.PathLike[str], model: Model, provenance: Mapping[str, Any] | None = None) -> None:
    """Write a model.

    Parameters
    ----------
    path : path-like
        Ends in .safetensors. The file appears only once it is complete.
    model : Model
    provenance : mapping, optional
        Plain values, such as the record of the run it comes from.

    Raises
    ------
    ModelFileError
        If the name has another ending.
    """
    from safetensors.numpy import save_file

    path = Path(path)
    check_name(path)
    described, tensors = written(model)
    described["provenance"] = {"version": version("napari-backprop-segmentation"), **(provenance or {})}
    header = {"kind": KIND, "format": str(_format(described)), "model": json.dumps(described)}
    with replacing(path) as part:
        save_file(tensors, part, metadata=header)


def check_name(path: Path) -> None:
    """Refuse a name that no model can be written under.

    Raises
    ------
    ModelFileError
    """
    if path.suffix.lower() != SUFFIX:
        raise ModelFileError(f"model file must end in {SUFFIX}, got {path.name!r}; choose such a name")


def written(model: Model) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return a model in plain values and arrays, all but where it comes from."""
    tensors = network_arrays(model.network)
    described = {
        "training": asdict(model.training),
        "input": asdict(model.input),
        "scaling": asdict(model.preparation.scaling),
        "channels": model.preparation.channels,
        "binning": model.preparation.binning,
        "n_channels": len(model.preparation.scaling.offsets),
        "ndim": model.network.ndim,
        "stopped_by": model.stopped_by,
        "iterations": model.iterations,
        "taught": model.taught,
    }
    if model.lesson is not None:
        described["lesson"] = described_lesson(model.lesson)
        tensors |= lesson_tensors(model.lesson)
    if model.statistics != "trained" or model.codebook is not None:
        described["references"] = described_references(model.statistics, model.codebook)
        tensors |= codebook_tensors(model.codebook)
    return described, {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}


def _format(described: Mapping[str, Any]) -> int:
    if "references" in described:
        return WITH_REFERENCES
    return WITH_LESSON if "lesson" in described else FORMAT


def load_model(path: str | os.PathLike[str]) -> Model:
    """Return the model of a file that `save_model` wrote; it computes on the CPU until `Model.on` says otherwise.

    Raises
    ------
    ModelFileError
        If there is no such file, or it is damaged, of another program or of a newer version.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelFileError(f"model file must exist, got {str(path)!r}; check the path")
    with _opened(path) as file:
        return _made(_described(file.metadata() or {}, path), file, path)


def model_provenance(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return where the model of a file comes from, as `save_model` was told. Errors as of `load_model`."""
    path = Path(path)
    with _opened(path) as file:
        return dict(_described(file.metadata() or {}, path)["provenance"])


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a file of a model; whatever is wrong with what is read from it is a `ModelFileError`."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            yield file
    except (SafetensorError, OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        if isinstance(error, ModelFileError):
            raise
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ModelFileError(
            f"model file must be one that this program wrote, got {str(path)!r} ({reason}); save the model again"
        ) from error


def _described(header: Mapping[str, str], path: Path) -> dict[str, Any]:
    """Return what the header says, once it is sure that it says everything it must."""
    if header.get("kind") != KIND or not set(header) >= HEADER_KEYS:
        raise ModelFileError(f"model file must be one of this program, got {str(path)!r} of another; choose one")
    if header["format"] not in FORMATS:
        raise ModelFileError(
            f"model file must be of format {FORMAT} to {WITH_REFERENCES}, got {header['format']!r} in {str(path)!r}; "
            "install a newer version of napari-backprop-segmentation"
        )
    described = json.loads(header["model"])
    more = set(described) - MODEL_KEYS if isinstance(described, dict) else {"nothing"}
    known = more <= {"lesson", "references"} and isinstance(described, dict) and set(described) >= MODEL_KEYS
    if not known or header["format"] != str(_format(described)):
        raise ModelFileError(f"model file must be complete, got {str(path)!r} with other keys; save the model again")
    return dict(described)


def _made(described: Mapping[str, Any], file: Any, path: Path) -> Model:
    training, shown = _section(Training, described["training"]), _section(Input, described["input"])
    n_channels, ndim = described["n_channels"], described["ndim"]
    if ndim not in (2, 3) or not isinstance(n_channels, int) or not 0 < n_channels <= MOST_CHANNELS:
        raise ModelFileError(
            f"model file must be of planes or volumes of at most {MOST_CHANNELS} channels, got {ndim} axes and "
            f"{n_channels} channels in {str(path)!r}; save the model again"
        )
    network = empty_network(n_channels, ndim, training, shown)
    own = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    wanted = own | (lesson_shapes(described["lesson"]) if "lesson" in described else {})
    wanted |= codebook_shapes(described["references"]) if "references" in described else {}
    found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118 - no mapping
    if found != wanted:
        odd = next(name for name in {**wanted, **found} if found.get(name) != wanted.get(name))
        raise ModelFileError(
            f"model file must hold a network as its settings say, got {odd!r} of shape {found.get(odd)} instead of "
            f"{wanted.get(odd)} in {str(path)!r}; save the model again"
        )
    fill_network(network, {name: np.array(file.get_tensor(name), np.float32) for name in own})
    return Model(
        network.eval(),
        training,
        shown,
        _preparation(described, n_channels),
        str(described["stopped_by"]),
        int(described["iterations"]),
        bool(described["taught"]),
        made_lesson(described["lesson"], file) if "lesson" in described else None,
        *(made_references(described["references"], file) if "references" in described else ()),
    )


def _preparation(described: Mapping[str, Any], n_channels: int) -> Preparation:
    scaling, channels, binning = described["scaling"], described["channels"], int(described["binning"])
    offsets, spans = (tuple(scaling[key]) for key in ("offsets", "spans"))
    numbers = [*offsets, *spans]
    good = len(offsets) == len(spans) == n_channels and all(np.isfinite(float(n)) for n in numbers) and all(spans)
    if not good or binning < 1:
        raise ModelFileError("scaling must be an offset and a span for each channel, got others; save the model again")
    chosen = None if channels is None else tuple(int(channel) for channel in channels)
    bases = tuple(int(base) for base in scaling["bases"])
    if len(bases) not in (0, n_channels):
        raise ModelFileError("scaling must have a base for each channel or none, got others; save the model again")
    return Preparation(Normaliser(offsets, spans, bool(scaling["clip"]), bases), chosen, binning)


def _section(kind: type[Any], values: Any) -> Any:
    """Return a section of settings from plain values; every one must be there, and allowed."""
    if not isinstance(values, dict) or set(values) != {field.name for field in fields(kind)}:
        raise ModelFileError(f"settings must be all of {kind.__name__}, got others; save the model again")
    try:
        return kind(**values)
    except ParameterError as error:
        raise ModelFileError(f"settings must be allowed ones: {error}") from error
