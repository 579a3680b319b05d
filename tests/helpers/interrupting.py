"""A run that ends in the middle."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from napari_backprop_segmentation.image.kept_blocks import Parts


@contextmanager
def interrupted_at(monkeypatch, fatal: int) -> Iterator[None]:
    """Expect Ctrl-C when finished blocks are kept for the n-th time."""
    real, n = Parts.put, 0

    def stopped(self, number, arrays):
        nonlocal n
        n += 1
        if n == fatal:
            raise KeyboardInterrupt
        real(self, number, arrays)

    with monkeypatch.context() as patch:
        patch.setattr(Parts, "put", stopped)
        with pytest.raises(KeyboardInterrupt):
            yield
