"""Label images and their numbering."""

import numpy as np
import psutil
import pytest

from napari_backprop_segmentation.image import labels as labels_module
from napari_backprop_segmentation.image.label_file import LabelFile
from napari_backprop_segmentation.image.labels import (
    chosen,
    let_go,
    numbers_in,
    occurring,
    parts_of,
    present,
    renumbered,
)


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


@pytest.mark.parametrize("far", [0, 10**8])
def test_the_numbers_that_occur_are_those_of_sorting(far):
    labels = np.random.default_rng(1).integers(-3, 9, (20, 30)).astype(np.int32)
    labels[3, 4] += far
    np.testing.assert_array_equal(occurring(labels), np.unique(labels))
    numbers, where = present(labels)
    np.testing.assert_array_equal(numbers[where], labels)


def test_chosen_labels_have_the_places_of_their_numbers():
    labels = np.random.default_rng(2).integers(0, 50, (20, 30)).astype(np.int32)
    numbers = np.array([31, 7, 12, 48])
    found = chosen(labels, numbers)
    assert found.dtype == np.int32
    np.testing.assert_array_equal(np.append(-1, numbers)[found], np.where(np.isin(labels, numbers), labels, -1))
    np.testing.assert_array_equal(chosen(labels, np.array([99])), 0)


def test_of_labels_that_are_mapped_from_the_disk_little_is_held(tmp_path, monkeypatch):
    monkeypatch.setattr(labels_module, "READ_PIXELS", 2**18)
    file = LabelFile((4096, 4096), tmp_path)
    file[:, 100:3000] = 7
    given = file.array()
    held = lambda: psutil.Process().memory_full_info().uss  # noqa: E731
    before = held()
    most = max(held() for part in parts_of(given) if part.max() == 7)
    assert most - before < given.nbytes / 4
    np.testing.assert_array_equal(numbers_in(given), [0, 7])
    assert held() - before < given.nbytes / 4
    assert given[5, 200] == 7  # it can be read again


def test_what_is_in_memory_or_can_be_written_to_stays(tmp_path):
    plain = np.arange(12).reshape(3, 4)
    np.testing.assert_array_equal(np.concatenate([*parts_of(plain)]), plain)
    own = np.lib.format.open_memmap(tmp_path / "own.npy", "w+", np.int32, (3, 4))
    own[:] = 3
    let_go(own)
    np.testing.assert_array_equal(own, 3)
