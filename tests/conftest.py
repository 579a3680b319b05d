import os
import sys
from pathlib import Path

import pytest

# Threads that spin while they wait make torch ten times slower as soon as anything else runs beside the tests.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# The slow oracles and other helpers live in a folder of their own.
sys.path.insert(0, str(Path(__file__).parent / "helpers"))


def pytest_collection_modifyitems(items):
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        return
    for item in items:
        if {"make_napari_viewer", "qtbot", "qapp"} & set(item.fixturenames):
            item.add_marker(pytest.mark.skip(reason="needs a display; run under xvfb-run"))
