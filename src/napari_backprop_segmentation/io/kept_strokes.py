"""Strokes that are kept as they are drawn, so that nothing of them is lost when a window closes or a program ends.

One small file an image, known by its name and shape; only the last ones are kept.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from platformdirs import user_data_path

PACKAGE = "napari-backprop-segmentation"
MOST_FILES = 20


@dataclass(frozen=True, eq=False)
class KeptStrokes:
    """What was drawn on an image.

    Attributes
    ----------
    strokes : int array
    names : dict of int to str
        Of kinds.
    colours : dict of int to list of float
        Red, green, blue and opacity of each kind, from 0 to 1.
    """

    strokes: NDArray[Any] = field(repr=False)
    names: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, list[float]] = field(default_factory=dict)


def folder() -> Path:
    """Return where strokes are kept."""
    return user_data_path(PACKAGE) / "strokes"


def path_of(image: str, shape: tuple[int, ...]) -> Path:
    """Return the file for an image of this name and shape."""
    key = json.dumps([image, list(shape)])
    return folder() / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"


def keep(image: str, kept: KeptStrokes) -> None:
    """Keep what is drawn on an image; where nothing can be written, nothing is kept.

    The file appears under its name only when it is whole.
    """
    path = path_of(image, kept.strokes.shape)
    about = {"names": dict(kept.names), "colours": dict(kept.colours)}
    unfinished = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            unfinished = Path(file.name)
            np.savez_compressed(file, strokes=kept.strokes, about=np.array(json.dumps(about)))
        os.replace(unfinished, path)
        _forget_old()
    except OSError:
        if unfinished is not None:
            with suppress(OSError):
                unfinished.unlink()


def kept_for(image: str, shape: tuple[int, ...]) -> KeptStrokes | None:
    """Return what was drawn on an image of this name and shape the last time; None where there is nothing."""
    try:
        with path_of(image, shape).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            strokes, about = file["strokes"], json.loads(str(file["about"]))
        if strokes.shape != shape or strokes.dtype.kind not in "iu":
            return None
        names = {int(k): str(v) for k, v in about["names"].items()}
        return KeptStrokes(strokes, names, {int(k): [float(c) for c in v] for k, v in about["colours"].items()})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, BadZipFile):
        return None


def is_kept(image: str, shape: tuple[int, ...]) -> bool:
    """Return whether something was drawn on such an image; the file is not read."""
    return path_of(image, shape).is_file()


def _forget_old() -> None:
    files = sorted(folder().glob("*.npz"), key=lambda path: path.stat().st_mtime)
    for path in files[:-MOST_FILES]:
        path.unlink(missing_ok=True)
