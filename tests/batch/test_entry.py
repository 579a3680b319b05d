"""What was found, in numbers."""

import numpy as np
import pytest

from napari_backprop_segmentation.batch.entry import Found, found_in

OBJECTS = {"axes": "YX", "params": {"objects": "bright"}, "regions": "merged"}


def labels(*sizes):
    found = np.zeros((10, 10), np.int32)
    for number, size in enumerate(sizes, start=1):
        found[number, :size] = number * 7  # with gaps
    return found


def test_count_and_mean_size_in_pixels_and_in_units():
    assert found_in(labels(2, 4), OBJECTS) == Found(2, "objects", 3.0, "px²")
    assert found_in(labels(2, 4), OBJECTS, (0.5, 0.5), "µm") == Found(2, "objects", 0.75, "µm²")
    assert found_in(labels(), OBJECTS) == Found(0, "objects", None, "px²")


def test_of_a_series_each_object_counts_once_and_its_size_in_each_frame():
    series = np.stack([labels(2, 4), labels(6)])
    assert found_in(series, OBJECTS | {"axes": "TYX"}) == Found(2, "objects", 4.0, "px²")


def test_of_a_volume():
    found = found_in(np.stack([labels(2), labels(2)]), {**OBJECTS, "axes": "ZYX"}, (2.0, 1.0, 1.0), "µm")
    assert found == Found(1, "objects", 8.0, "µm³")


@pytest.mark.parametrize("found", [Found(2, "objects", 3.0, "px²"), Found(0, "labels", None, "µm³")])
def test_plain_values_and_back(found):
    assert Found.from_dict(found.to_dict()) == found
