"""The real widget, with the real engine, under random hands: no defect, no hang, nothing of the user's changed."""

import os
import time

import pytest

SEED = int(os.environ.get("MONKEY_SEED", "0"))
SECONDS = float(os.environ.get("MONKEY_SECONDS", "7200"))
SHOWN = bool(os.environ.get("MONKEY_SHOWN"))  # the drawing of Mesa without a graphics card may end the process
ACTIONS = 40  # of the share that runs with all other tests


@pytest.fixture
def monkey(make_napari_viewer, monkeypatch, tmp_path, request):
    from monkey import Monkey, quick

    monkeypatch.setattr("napari_backprop_segmentation.network.estimate.cache_path", lambda: tmp_path / "costs.json")
    monkeypatch.setattr("napari_backprop_segmentation.io.kept_settings.path", lambda: tmp_path / "settings.json")
    monkeypatch.setattr("napari_backprop_segmentation.gui.run.estimate.RunEstimate.measure", lambda _: None)
    quick(monkeypatch)
    found = Monkey(make_napari_viewer(show=SHOWN), SEED)
    yield found
    found.close()


def test_share_of_the_monkey(monkey):
    for _ in range(ACTIONS):
        monkey.act()
    assert len(monkey.done) > 8


@pytest.mark.long
def test_monkey(monkey):
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        monkey.act()
    print(f"{sum(monkey.done.values())} actions: {dict(monkey.done)}")  # noqa: T201 - the count that is reported
