import os
import sys
import threading

import pytest

from napari_backprop_segmentation.gui.run.torch_startup import NICENESS, give_way


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
