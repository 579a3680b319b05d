"""Arrays of the user's for labels: refused before anything is computed, or when a label does not fit."""

import numpy as np
import pytest

from napari_backprop_segmentation.errors import ImageError, SegmentationError
from napari_backprop_segmentation.image.output import Output, check_output


def read_only():
    array = np.zeros((4, 5), np.int32)
    array.flags.writeable = False
    return array


@pytest.mark.parametrize(
    ("out", "words"),
    [
        (np.zeros((4, 5), np.uint8), "out must hold whole numbers up to 300, got uint8; make it uint16 or wider"),
        (np.zeros((4, 5), np.int8), "out must hold whole numbers up to 300, got int8"),
        (np.zeros((4, 5), float), "out must hold whole numbers up to 300, got float64"),
        (np.zeros((4, 5), bool), "out must hold whole numbers up to 300, got bool"),
        (np.zeros((5, 4), np.uint16), r"out must have the spatial shape of the image \(4, 5\), got \(5, 4\)"),
        (read_only(), "out must be an array that can be written to, got one that says .*read-only"),
        ([[0] * 5] * 4, r"out must have the spatial shape of the image \(4, 5\), got list"),
        ("labels.zarr", "out must be an array that can be written to, got str"),
    ],
)
def test_what_cannot_take_the_labels_is_refused(out, words):
    with pytest.raises(ImageError, match=words):
        check_output(out, (4, 5), 300)


def test_a_memory_map_and_a_zarr_array_that_are_open_for_reading_only_are_refused(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 5), np.uint16))
    with pytest.raises(ImageError, match="open it for writing"):
        check_output(np.load(tmp_path / "a.npy", mmap_mode="r"), (4, 5), 300)
    zarr = pytest.importorskip("zarr")
    zarr.save_array(tmp_path / "a.zarr", np.zeros((4, 5), np.uint16))
    with pytest.raises(ImageError, match="open it for writing"):
        check_output(zarr.open_array(tmp_path / "a.zarr", mode="r"), (4, 5), 300)
    assert check_output(zarr.open_array(tmp_path / "a.zarr", mode="r+"), (4, 5), 300) is not None


def test_what_was_checked_is_as_it_was_and_takes_labels_that_fit():
    array = np.full((4, 5), 9, np.uint8)
    out = check_output(array, (4, 5), 20)
    assert (array == 9).all()
    assert check_output(out, (4, 5), 20) is out
    assert check_output(None, (4, 5), 20) is None
    out[:2] = np.full((2, 5), 255)
    assert array[:, 0].tolist() == [255, 255, 9, 9]
    assert out[0, 0] == 255


def test_a_label_that_does_not_fit_is_refused_and_nothing_wraps():
    array = np.zeros((2, 3), np.uint8)
    out = Output(array)
    with pytest.raises(SegmentationError, match="out must hold whole numbers up to 2874, got uint8; make it uint16"):
        out[0] = np.array([1, 2, 2874])
    assert not array.any()


def test_what_can_only_be_written_to_is_enough():
    class Nowhere:
        n = 0

        def __setitem__(self, window, labels):
            self.n += labels.size

    nowhere = Nowhere()
    out = check_output(nowhere, (4, 5), 2874)
    out[:2] = np.full((2, 5), 2874)
    assert nowhere.n == 10
