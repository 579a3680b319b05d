"""How a file of a trained network is told from others, without reading it: nothing heavy is imported here."""

import os
from pathlib import Path

SUFFIX = ".safetensors"
KIND = "napari-backprop-segmentation model"
HEAD_BYTES = 4096  # the header says what a file is before it lists the tensors


def is_model(path: str | os.PathLike[str]) -> bool:
    """Return whether a file begins as those of our models do, be it whole or not."""
    if Path(path).suffix.lower() != SUFFIX:
        return False
    try:
        with open(path, "rb") as file:
            return KIND.encode() in file.read(HEAD_BYTES)
    except OSError:
        return False
