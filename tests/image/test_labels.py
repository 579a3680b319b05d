"""Label images and their numbering."""

import numpy as np
import pytest

from napari_backprop_segmentation.image.labels import renumbered


@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.int64, np.uint64])
@pytest.mark.parametrize("step", [1, 7, 3_000_000_000])
def test_numbers_are_those_of_a_sorted_list(dtype, step):
    labels = (np.random.default_rng(0).integers(0, 9, (20, 30)) * step).astype(dtype)
    keep = labels != labels.max()
    found = renumbered(labels, keep)
    assert found.dtype == np.uint8
    values = np.unique(labels[keep]).tolist()
    expected = [[values.index(v) + 1 if v in values else 0 for v in row] for row in labels.tolist()]
    np.testing.assert_array_equal(found, expected)


def test_negative_labels_and_none_at_all():
    labels = np.array([[-3, 5], [2, -3]])
    assert renumbered(labels, labels != 2).tolist() == [[1, 2], [0, 1]]
    assert renumbered(labels, labels > 9).tolist() == [[0, 0], [0, 0]]
