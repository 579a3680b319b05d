import ctypes
import gc

import pytest

from napari_backprop_segmentation.network import allocator


class Library:
    """Writes down what it is told."""

    def __init__(self):
        self.told = []

    def mallopt(self, option, value):
        self.told.append((option, value))

    def malloc_trim(self, pad):
        self.told.append(("trim", pad))


def test_memory_is_kept_meanwhile_and_given_back_even_after_an_error(monkeypatch):
    library = Library()
    monkeypatch.setattr(allocator, "_glibc", lambda: library)
    with pytest.raises(KeyError), allocator.reused_memory():
        assert library.told == [
            (allocator.M_MMAP_THRESHOLD, allocator.KEEP),
            (allocator.M_TRIM_THRESHOLD, allocator.KEEP),
        ]
        raise KeyError
    assert library.told[2:] == [
        (allocator.M_MMAP_THRESHOLD, allocator.USUAL),
        (allocator.M_TRIM_THRESHOLD, allocator.USUAL),
        ("trim", 0),
    ]


@pytest.mark.parametrize("system", ["win32", "darwin", "linux"])
def test_other_systems_are_left_alone(system, monkeypatch):
    monkeypatch.setattr(allocator.sys, "platform", system)
    monkeypatch.setattr(ctypes, "CDLL", lambda _: object())  # musl, or no C library that knows these functions
    with allocator.reused_memory():
        pass


def test_two_runs_at_once_share_the_switch(monkeypatch):
    library = Library()
    monkeypatch.setattr(allocator, "_glibc", lambda: library)
    with allocator.reused_memory():
        told = len(library.told)
        with allocator.reused_memory():
            pass
        assert len(library.told) == told
    assert library.told[-1] == ("trim", 0)


def test_what_takes_much_once_gives_it_back_meanwhile(monkeypatch):
    library = Library()
    monkeypatch.setattr(allocator, "_glibc", lambda: library)
    with allocator.reused_memory():
        with pytest.raises(KeyError), allocator.memory_given_back():
            assert library.told[-2:] == [(allocator.M_TRIM_THRESHOLD, allocator.USUAL), ("trim", 0)]
            raise KeyError
        assert library.told[-2:] == [
            (allocator.M_MMAP_THRESHOLD, allocator.KEEP),
            (allocator.M_TRIM_THRESHOLD, allocator.KEEP),
        ]
    with allocator.memory_given_back():
        pass
    assert (allocator.M_TRIM_THRESHOLD, allocator.USUAL) in library.told[-3:]


def test_where_memory_cannot_be_given_back_nothing_happens(monkeypatch):
    monkeypatch.setattr(allocator, "_glibc", lambda: None)
    with allocator.memory_given_back():
        pass


@pytest.mark.parametrize("frozen", [True, False])
def test_objects_that_somebody_has_frozen_stay_frozen(frozen):
    if frozen:
        gc.freeze()
    try:
        allocator.give_back()
        assert (gc.get_freeze_count() > 0) == frozen
    finally:
        gc.unfreeze()
