"""The merge tree in a process of its own is the tree, whatever happens to that process."""

import os
import sys
from dataclasses import replace

import numpy as np
import pytest

from napari_backprop_segmentation.hierarchy import merge as merge_module
from napari_backprop_segmentation.hierarchy.merge import MergeProcess, Regions, merge_regions


@pytest.fixture
def regions():
    """A row of four regions, dark dark bright bright; the two in the middle share the longest border."""
    return Regions(
        areas=np.array([4.0, 6.0, 5.0, 5.0]),
        features=np.array([[0.0], [0.1], [5.0], [5.3]]),
        edges=np.array([[0, 1], [1, 2], [2, 3]]),
        lengths=np.array([2.0, 9.0, 2.0]),
    )


def same(one, other):
    np.testing.assert_array_equal(one.parents, other.parents)
    np.testing.assert_array_equal(one.altitudes, other.altitudes)
    np.testing.assert_array_equal(one.areas, other.areas)


def test_similar_neighbours_merge_first(regions):
    tree = merge_regions(regions)
    assert tree.parents.tolist() == [4, 4, 5, 5, 6, 6, 6]
    assert tree.areas.tolist() == [4, 6, 5, 5, 10, 10, 20]
    assert tree.altitudes[:4].tolist() == [0, 0, 0, 0]
    assert tree.altitudes[4] < tree.altitudes[5] < tree.altitudes[6]


def test_a_process_of_its_own_gives_the_same_trees(regions, caplog):
    brighter = replace(regions, features=regions.features * [[1], [1], [1], [3]])
    with MergeProcess() as merge:
        process = merge._process
        for each in (regions, brighter, regions):
            same(merge(each), merge_regions(each))
        assert merge._process is process
    assert process.returncode is not None
    assert not caplog.records


def test_a_process_that_is_not_needed_is_ended():
    with MergeProcess() as merge:
        process = merge._process
        assert process.poll() is None
    assert process.returncode != 0


@pytest.mark.parametrize("executable", ["/no/such/python", None, "false"])
def test_without_a_process_the_tree_is_built_here(executable, regions, monkeypatch, caplog):
    monkeypatch.setattr(sys, "executable", executable)
    with MergeProcess() as merge:
        same(merge(regions), merge_regions(regions))
    assert "process for the merge tree" in caplog.text


def test_a_process_that_dies_is_replaced(regions, caplog):
    with MergeProcess() as merge:
        merge._process.kill()
        for _ in range(2):
            same(merge(regions), merge_regions(regions))
    assert "failed" in caplog.text


def test_what_else_is_printed_does_no_harm(regions, tmp_path, monkeypatch):
    noisy = "import sys\nprint('hello ' * 5000, flush=True)\nsys.stderr.write('x' * 200_000)\n"
    (tmp_path / "sitecustomize.py").write_text(noisy)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    with MergeProcess() as merge:
        process = merge._process
        for _ in range(2):
            same(merge(regions), merge_regions(regions))
        assert process is merge._process  # it was that process which answered


def test_a_process_that_prints_without_end_is_not_waited_for(regions, tmp_path, monkeypatch):
    monkeypatch.setattr(merge_module, "MOST_PRINTED", 10_000)
    (tmp_path / "sitecustomize.py").write_text("while True: print('hello', flush=True)\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), *sys.path]))
    with MergeProcess() as merge:
        same(merge(regions), merge_regions(regions))
        assert merge._process is None
