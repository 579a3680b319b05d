import gc
import os
import sys
import threading

import pytest

from napari_backprop_segmentation.gui.run.torch_startup import NICENESS, give_way, light_collection, no_collection


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has priorities of single threads")
def test_the_computation_gives_way_to_the_window_once():
    before = os.getpriority(os.PRIO_PROCESS, os.getpid())
    found = []

    def compute():
        give_way()
        give_way()
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    thread = threading.Thread(target=compute)
    thread.start()
    thread.join()
    assert found == [min(before + NICENESS, 19)]
    assert os.getpriority(os.PRIO_PROCESS, os.getpid()) == before


def test_collection_is_put_off_and_goes_on_even_after_an_error():
    with pytest.raises(KeyError), no_collection():
        assert not gc.isenabled()
        raise KeyError
    assert gc.isenabled()


def test_collection_passes_over_what_is_there_and_sees_it_again():
    with pytest.raises(KeyError), light_collection():
        assert gc.get_freeze_count() > 1000
        raise KeyError
    assert gc.get_freeze_count() == 0
