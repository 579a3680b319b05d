"""Windows of an array on disk are those of the array in memory."""

import os

import numpy as np
import pytest

from napari_backprop_segmentation.image import file_runs
from napari_backprop_segmentation.image.label_file import LabelFile

WINDOWS = [
    (slice(3, 7), slice(2, 9), slice(0, 13)),
    (slice(0, 11), slice(0, 9), slice(5, 6)),
    (slice(2, 5), slice(0, 9), slice(0, 13)),
    (slice(None), slice(None), slice(None)),
    (slice(10, 30), slice(8, None), slice(12, 40)),
    (slice(4, 4), slice(1, 3), slice(2, 5)),
]


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("dtype", [np.int32, np.float32, np.uint8])
@pytest.mark.parametrize("short", [0, 10**6])
def test_a_window_is_read_and_written_as_of_an_array(window, dtype, short, monkeypatch, tmp_path):
    monkeypatch.setattr(file_runs, "SHORT", short)
    rng = np.random.default_rng(0)
    expected = rng.integers(0, 99, (11, 9, 13)).astype(dtype)
    file = LabelFile(expected.shape, tmp_path, dtype=dtype)
    file[(slice(None),) * 3] = expected
    np.testing.assert_array_equal(file[window], expected[window])
    new = rng.integers(0, 99, expected[window].shape)  # of another type
    file[window] = expected[window] = new
    np.testing.assert_array_equal(file.array(), expected)
    file[window] = expected[window] = 7
    np.testing.assert_array_equal(file.array(), expected)
    assert file[window].dtype == dtype


def test_what_is_read_is_a_copy(tmp_path):
    file = LabelFile((4, 300), tmp_path)
    one = file[:, 10:200]
    one += 1
    assert not file.array().any()


def test_a_disk_that_takes_less_than_it_is_given_is_given_the_rest(tmp_path, monkeypatch):
    file = LabelFile((20, 30), tmp_path)
    path_open = type(file._path).open

    class Slow:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def seek(self, place):
            self.file.seek(place)

        def write(self, data):
            return self.file.write(data[:7])

    monkeypatch.setattr(type(file._path), "open", lambda self, *a, **k: Slow(path_open(self, *a, **k)))
    labels = np.arange(150).reshape(10, 15)
    file[5:15, 3:18] = labels
    monkeypatch.undo()
    np.testing.assert_array_equal(file.array()[5:15, 3:18], labels)


def test_a_file_that_has_been_cut_short_is_told(tmp_path):
    file = LabelFile((20, 300), tmp_path)
    os.truncate(file._path, 10_000)
    with pytest.raises(OSError, match="ends early"):
        _ = file[0:20, 0:200]
