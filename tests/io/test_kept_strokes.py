"""Strokes in files: kept whole, found again by the image, only the last ones."""

import os

import numpy as np
import pytest

from napari_backprop_segmentation.io import kept_strokes
from napari_backprop_segmentation.io.kept_strokes import MOST_FILES, KeptStrokes, is_kept, keep, kept_for, path_of


@pytest.fixture(autouse=True)
def there(monkeypatch, tmp_path):
    monkeypatch.setattr(kept_strokes, "folder", lambda: tmp_path / "strokes")
    return tmp_path / "strokes"


def drawn(shape=(4, 6)):
    strokes = np.zeros(shape, np.uint16)
    strokes[1, 2:5] = 3
    return KeptStrokes(strokes, {3: "vein"}, {3: [0.0, 0.5, 1.0, 1.0]})


def test_what_is_kept_is_found_again_by_name_and_shape():
    keep("leaf", drawn())
    found = kept_for("leaf", (4, 6))
    np.testing.assert_array_equal(found.strokes, drawn().strokes)
    assert (found.names, found.colours) == ({3: "vein"}, {3: [0.0, 0.5, 1.0, 1.0]})
    assert is_kept("leaf", (4, 6))
    assert not is_kept("leaf", (6, 4))
    assert kept_for("other", (4, 6)) is None


def test_only_the_last_ones_are_kept(there):
    for number in range(MOST_FILES + 3):
        keep(str(number), drawn())
        os.utime(path_of(str(number), (4, 6)), (number, number))
    keep("last", drawn())
    assert len(list(there.glob("*.npz"))) == MOST_FILES
    assert not is_kept("0", (4, 6))
    assert is_kept("last", (4, 6))


def test_a_file_that_cannot_be_read_is_no_offer_and_no_error():
    keep("leaf", drawn())
    path = path_of("leaf", (4, 6))
    path.write_bytes(path.read_bytes()[:40])
    assert kept_for("leaf", (4, 6)) is None
    path.write_bytes(b"")
    assert kept_for("leaf", (4, 6)) is None


def test_where_nothing_can_be_written_nothing_is_kept_and_the_old_file_stays(there, monkeypatch):
    keep("leaf", drawn())

    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(np, "savez_compressed", fail)
    keep("leaf", KeptStrokes(np.ones((4, 6), np.uint16)))
    np.testing.assert_array_equal(kept_for("leaf", (4, 6)).strokes, drawn().strokes)
    assert [path.suffix for path in there.iterdir()] == [".npz"]
