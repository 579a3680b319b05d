"""What strokes have taught, inside the file of a model: plain arrays, checked before they are asked anything."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ModelFileError
from napari_backprop_segmentation.teaching.lesson import END, Lesson, PlainForest

PREFIX = "lesson"
TYPES = {"roots": "I32", "left": "I32", "right": "I32", "looked_at": "I32", "limits": "F64", "shares": "F64"}
KEYS = {"strokes_as", "kinds", "n_looks", "forests", "told"}
MOST_NODES, MOST_KINDS, MOST_FORESTS, MOST_TREES = 2**24, 65_535, 10, 10_000
BAD = "lesson of a model file must be one that this program wrote, got {}; save the model again"


def lesson_tensors(lesson: Lesson) -> dict[str, NDArray[Any]]:
    """Return the arrays of a lesson under the names they have in a file."""
    return {
        f"{PREFIX}.{number}.{name}": np.ascontiguousarray(getattr(forest, name))
        for number, forest in enumerate(lesson.forests)
        for name in TYPES
    }


def described_lesson(lesson: Lesson) -> dict[str, Any]:
    """Return what the header says of a lesson, in plain values."""
    return {
        "strokes_as": lesson.strokes_as,
        "kinds": [int(number) for number in lesson.numbers],
        "n_looks": lesson.n_looks,
        "forests": [[len(forest.roots), len(forest.left)] for forest in lesson.forests],
        "told": dict(lesson.told),
    }


def lesson_shapes(described: Any) -> dict[str, tuple[int, ...]]:
    """Return the shapes that the arrays of a lesson must have, by name; nothing is read.

    Raises
    ------
    ModelFileError
        If the header cannot be so.
    """
    if not isinstance(described, dict) or set(described) != KEYS:
        raise ModelFileError(BAD.format("other keys"))
    kinds, forests = described["kinds"], described["forests"]
    whole = isinstance(kinds, list) and isinstance(forests, list) and isinstance(described["told"], dict)
    if not whole or not 2 <= len(kinds) <= MOST_KINDS or not 1 <= len(forests) <= MOST_FORESTS:
        raise ModelFileError(BAD.format("other lists of kinds or forests"))
    if not all(_number(n, MOST_KINDS) for n in kinds) or kinds != sorted(set(kinds)):
        raise ModelFileError(BAD.format(f"kinds {kinds[:5]}"))
    if described["strokes_as"] not in ("kinds", "objects") or not _number(described["n_looks"], MOST_NODES):
        raise ModelFileError(BAD.format("another meaning of strokes"))
    found: dict[str, tuple[int, ...]] = {}
    for number, sizes in enumerate(forests):
        if not (isinstance(sizes, list) and len(sizes) == 2 and all(_number(n, MOST_NODES) for n in sizes)):
            raise ModelFileError(BAD.format(f"a forest of {sizes}"))
        trees, nodes = sizes
        if trees > MOST_TREES or trees > nodes or nodes * len(kinds) > MOST_NODES * 2:
            raise ModelFileError(BAD.format(f"a forest of {trees} trees and {nodes} nodes"))
        for name in TYPES:
            shape = (trees,) if name == "roots" else (nodes, len(kinds)) if name == "shares" else (nodes,)
            found[f"{PREFIX}.{number}.{name}"] = shape
    return found


def made_lesson(described: Mapping[str, Any], file: Any) -> Lesson:
    """Return the lesson of a file whose shapes were checked.

    Raises
    ------
    ModelFileError
        If its trees cannot be such.
    """
    forests = []
    for number in range(len(described["forests"])):
        arrays = {}
        for name, kind in TYPES.items():
            full = f"{PREFIX}.{number}.{name}"
            if file.get_slice(full).get_dtype() != kind:
                raise ModelFileError(BAD.format(f"{full} of another type"))
            arrays[name] = np.array(file.get_tensor(full))
        forest = PlainForest(**arrays)
        _check(forest, described["n_looks"])
        forests.append(forest)
    numbers = np.array(described["kinds"], np.int64)
    return Lesson(forests, numbers, described["n_looks"], described["strokes_as"], described["told"])


def _check(forest: PlainForest, n_looks: int) -> None:
    """Refuse trees that lead nowhere, in circles or out of their arrays."""
    nodes = np.arange(len(forest.left))
    leaves = forest.left == END
    good = np.array_equal(leaves, forest.right == END)
    for side in (forest.left, forest.right):
        good = good and bool((leaves | ((side > nodes) & (side < len(nodes)))).all())
    good = good and bool(((forest.roots >= 0) & (forest.roots < len(nodes))).all())
    good = good and bool(((forest.looked_at >= 0) & (forest.looked_at < n_looks)).all())
    good = good and bool(np.isfinite(forest.limits).all() and np.isfinite(forest.shares).all())
    if not good or (forest.shares < 0).any():
        raise ModelFileError(BAD.format("trees that cannot be"))


def _number(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most
