"""Images that are sent to other processes: those in files as their names."""

import pickle

import numpy as np
import pytest
import tifffile

from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.io.files import open_image
from napari_backprop_segmentation.io.tiff_levels import LazyTiff

PIXELS = np.arange(200 * 300, dtype=np.uint16).reshape(200, 300)
WINDOW = (slice(20, 50), slice(7, 90))


def copied(array):
    sent = pickle.dumps(ArraySource(array, "YX"))
    return len(sent), pickle.loads(sent).read(WINDOW)


@pytest.mark.parametrize("kind", ["npy", "tif", "lazy", "array", "part"])
def test_images_in_files_are_sent_as_names(kind, tmp_path, monkeypatch):
    if kind == "npy":  # small ones are read at once
        monkeypatch.setattr("napari_backprop_segmentation.io.read.COPIED_BYTES", 0)
    path = tmp_path / "image.npy"
    if kind in ("tif", "lazy"):
        path = path.with_suffix(".tif")
        tifffile.imwrite(path, PIXELS)
    else:
        np.save(path, PIXELS)
    array = PIXELS if kind == "array" else LazyTiff(path, 0) if kind == "lazy" else open_image(path).pixels
    if kind == "part":
        array = np.load(path, mmap_mode="r")[::2]
    size, read = copied(array)
    np.testing.assert_array_equal(read, ArraySource(np.asarray(array), "YX").read(WINDOW))
    assert (size > PIXELS.nbytes // 3) == (kind in ("array", "part", "tif"))
