"""What a network takes along for further images, inside the file of a model: whose statistics, and its classes."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ModelFileError
from napari_backprop_segmentation.hierarchy.codebook import MOST_REGIONS, Codebook

MEANS, AREAS = "codebook.means", "codebook.areas"
WEIGHTS = ("response_weight", "texture_weight")
MOST_FIGURES = 100_000  # that a region looks like
BAD = "references of a model file must be what this program wrote, got {}; save the model again"


def described_references(statistics: str, codebook: Codebook | None) -> dict[str, Any]:
    """Return what the header says, in plain values."""
    found: dict[str, Any] = {"statistics": statistics, "classes": None}
    if codebook is not None:
        weights = {name: getattr(codebook, name) for name in WEIGHTS}
        found["classes"] = {"shape": list(codebook.means.shape), **weights}
    return found


def codebook_tensors(codebook: Codebook | None) -> dict[str, NDArray[Any]]:
    """Return the arrays of a codebook under the names they have in a file."""
    return {} if codebook is None else {MEANS: codebook.means, AREAS: codebook.areas}


def codebook_shapes(described: Any) -> dict[str, tuple[int, ...]]:
    """Return the shapes that the arrays must have, by name; nothing is read.

    Raises
    ------
    ModelFileError
        If the header cannot be so.
    """
    if not isinstance(described, dict) or set(described) != {"statistics", "classes"}:
        raise ModelFileError(BAD.format("other keys"))
    if described["statistics"] not in ("trained", "image"):
        raise ModelFileError(BAD.format("other statistics"))
    classes = described["classes"]
    if classes is None:
        return {}
    if not isinstance(classes, dict) or set(classes) != {"shape", *WEIGHTS}:
        raise ModelFileError(BAD.format("other keys of classes"))
    shape = classes["shape"]
    whole = isinstance(shape, list) and len(shape) == 2 and all(type(n) is int for n in shape)
    if not whole or not 1 <= shape[0] <= MOST_REGIONS or not 1 <= shape[1] <= MOST_FIGURES:
        raise ModelFileError(BAD.format(f"classes of shape {shape}"))
    if not all(isinstance(classes[name], float) and math.isfinite(classes[name]) for name in WEIGHTS):
        raise ModelFileError(BAD.format("other weights"))
    return {MEANS: (shape[0], shape[1]), AREAS: (shape[0],)}


def made_references(described: Mapping[str, Any], file: Any) -> tuple[Any, Codebook | None]:
    """Return whose statistics are taken, and the codebook, of a file whose shapes were checked.

    Raises
    ------
    ModelFileError
        If the arrays cannot be such.
    """
    classes = described["classes"]
    if classes is None:
        return described["statistics"], None
    arrays = []
    for name in (MEANS, AREAS):
        if file.get_slice(name).get_dtype() != "F64":
            raise ModelFileError(BAD.format(f"{name} of another type"))
        arrays.append(np.array(file.get_tensor(name)))
    means, areas = arrays
    if not np.isfinite(means).all() or not np.isfinite(areas).all() or (areas <= 0).any():
        raise ModelFileError(BAD.format("classes that cannot be"))
    return described["statistics"], Codebook(means, areas, *(classes[name] for name in WEIGHTS))
