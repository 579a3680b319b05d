"""Memory that runs out at any call of anything that takes much of it: labels, or one sentence."""

import numpy as np
import pytest
import torch
from generated import LONG, QUICK, share
from hypothesis import event, given
from hypothesis import strategies as st

from napari_backprop_segmentation import Params, SegmentationError, finish, run
from napari_backprop_segmentation.errors import MemoryLimitError
from napari_backprop_segmentation.hierarchy import border_costs, build, features, leaf_graph
from napari_backprop_segmentation.image import normalise, source
from napari_backprop_segmentation.network import crops, loop, objective, seeing
from napari_backprop_segmentation.pipeline import objects, trees

GREY = (np.add.outer(np.arange(150) // 30, np.arange(150) // 30) % 2 * 150).astype(np.uint8)
GREY = GREY + np.random.default_rng(0).integers(0, 60, GREY.shape, np.uint8)
IMAGES = [(GREY, "YX"), (np.stack([GREY] * 3, axis=-1), "YXS"), (np.stack([GREY[:40, :40]] * 2), "TYX")]
GREEDY = [
    (loop, "strongest"),
    (objective, "losses_and_gradient"),
    (objective, "majority_vote"),
    (loop, "new_network"),
    (crops, "superpixel_index"),
    (crops, "network_input"),
    (seeing, "network_input"),
    (leaf_graph, "initial_regions"),
    (leaf_graph, "region_graph"),
    (build, "region_means"),
    (border_costs, "edge_strength"),
    (features, "colour_features"),
    (trees, "build_tree"),
    (objects, "find_objects"),
    (normalise.Normaliser, "__call__"),
    (source.ArraySource, "_raw"),
    (torch.nn.functional, "conv2d"),
    (np, "concatenate"),
    (np, "stack"),
    (np, "zeros"),
    (np, "empty"),
]
ERRORS = [
    MemoryError,
    lambda: np._core._exceptions._ArrayMemoryError((10**6, 10**6), np.dtype(float)),
    lambda: torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
    lambda: RuntimeError("MPS backend out of memory (MPS allocated: 5.00 GB). Tried to allocate 2 GB"),
    lambda: OSError(12, "Cannot allocate memory"),
]
cases = st.tuples(
    st.sampled_from(IMAGES),
    st.sampled_from(GREEDY),
    st.integers(1, 8),
    st.sampled_from([1, 1, 1, 2, 1000]),
    st.sampled_from(ERRORS),
    st.sampled_from([{}, {"objects": "bright"}, {"regions": "trained"}, {"n_runs": 2}, {"method": "continuity"}]),
    st.booleans(),
)


def check_short_memory(case, monkeypatch):
    (image, axes), (where, name), first, n_calls, error, chosen, applied = case
    chosen = {} if axes == "TYX" and "n_runs" in chosen else chosen
    params = Params(**{**QUICK, "crop_pixels": 0, **chosen})
    known = finish(run(image, Params(**QUICK), axes=axes)).model if applied and params.n_runs == 1 else None
    calls, real = [0], getattr(where, name)

    def short(*args, **kwargs):
        calls[0] += 1
        if first <= calls[0] < first + n_calls:
            raise error()
        return real(*args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(where, name, short)
        try:
            result = finish(run(image, params, axes=axes, model=known))
        except SegmentationError as failed:
            event(f"{name}: {type(failed).__name__}")
            assert isinstance(failed, MemoryLimitError)
            assert "\n" not in str(failed)
            return
    event(f"{name}: segmented")
    assert result.labels.shape == (image.shape if axes == "TYX" else image.shape[:2])
    in_training = name in ("strongest", "losses_and_gradient")
    if calls[0] >= first and in_training and not applied:
        assert any("as memory ran out" in note for note in result.record["notes"])


@share(20)
@given(case=cases)
def test_share_of_short_memory(case, monkeypatch):
    check_short_memory(case, monkeypatch)


@pytest.mark.long
@LONG
@given(case=cases)
def test_short_memory(case, monkeypatch):
    check_short_memory(case, monkeypatch)


def test_what_is_made_to_fail_is_there():
    assert all(hasattr(where, name) for where, name in GREEDY)
