import numpy as np
import pytest

from napari_backprop_segmentation.image import checksum
from napari_backprop_segmentation.image.checksum import pixel_checksum

IMAGE = np.random.default_rng(0).integers(0, 255, (7, 9, 3)).astype(np.uint16)


class Lazy:
    """Takes windows only, and slowly."""

    shape, dtype = IMAGE.shape, IMAGE.dtype

    def __getitem__(self, window):
        raise AssertionError("read again")


@pytest.mark.parametrize("block", [1, 200, 2**26])
@pytest.mark.parametrize("same", [IMAGE.copy(), IMAGE.tolist(), IMAGE.astype(">u2"), np.asfortranarray(IMAGE)])
def test_the_same_pixels_have_the_same_checksum_however_they_lie(same, block, monkeypatch):
    monkeypatch.setattr(checksum, "BLOCK_BYTES", block)
    expected = IMAGE.astype(np.int64) if isinstance(same, list) else IMAGE
    assert pixel_checksum(same) == pixel_checksum(expected) is not None


def test_others_have_another():
    changed = IMAGE.copy()
    changed[6, 8, 2] ^= 1
    assert len({pixel_checksum(each) for each in (IMAGE, changed, IMAGE.astype(np.uint32), IMAGE[:, ::-1])}) == 4


def test_what_is_not_read_again_has_none(monkeypatch):
    assert pixel_checksum(Lazy()) is None
    monkeypatch.setattr(checksum, "MOST_BYTES", 10)
    assert pixel_checksum(IMAGE) is None
