"""Every script can be read, and calls the package by names that exist."""

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from rivals import OBJECT_DETAILS, Picture, method

SCRIPTS = sorted(path.stem for path in (Path(__file__).parents[2] / "benchmarks").glob("*.py"))


@pytest.mark.parametrize("name", SCRIPTS)
def test_it_can_be_imported(name):
    if name == "speed_worker" and sys.platform == "win32":
        pytest.skip("Windows tells peaks of memory in another way")
    import_module(name)


def discs():
    y, x = np.ogrid[:48, :48]
    mask = ((y - 14) ** 2 + (x - 14) ** 2 < 64) | ((y - 34) ** 2 + (x - 34) ** 2 < 64)
    return (mask * 180 + np.random.default_rng(0).integers(0, 40, mask.shape)).astype(np.uint8)


def test_our_objects_are_found_on_either_side():
    function, seeded = method("ours-objects")
    found = function(Picture(discs(), "YX", photograph=False), 0)
    assert seeded
    sides = ("auto", "bright", "dark")
    assert set(found.objects) == {f"detail={detail} {side}" for detail in OBJECT_DETAILS for side in sides}
    assert {found.objects[f"detail={detail} bright"].max() for detail in OBJECT_DETAILS} == {2}
    assert len(found.families) == len(found.objects)


def test_small_objects_do_not_count():
    objects = np.zeros((20, 20), int)
    objects[:5, :6], objects[10, :29] = 1, 2
    assert np.unique(import_module("axes").large(objects)).tolist() == [0, 1]


@pytest.mark.slow
def test_a_whole_run_is_timed_also_where_labels_are_written_elsewhere():
    worker = pytest.importorskip("speed_worker")
    out = np.zeros((48, 48), np.uint8)
    found = worker.finish(discs(), "fast", out=out)
    assert found["iterations"] == 20
    assert found["megapixels"] == 0.0
    assert out.min() >= 1


def test_workers_are_worth_having_until_they_wait_for_each_other():
    cluster = import_module("cluster")
    features = cluster.Pass(clock=90.0, worker=80.0, client=8.0)
    one = cluster.Measured(1, 16.0, graph=cluster.Pass(), features=features, tree=2.0, paint=1.0)
    assert cluster.predicted(one, 1, cores=8) == 83
    assert cluster.predicted(one, 2, cores=8) == 43
    assert cluster.predicted(one, 2, cores=2) == 47  # who hands out takes of the processors
    assert cluster.predicted(one, 100, cores=1000) == 11
