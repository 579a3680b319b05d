"""Blocks of any array on the workers of a cluster: what this process finds, or an error in words; also if they go."""

import numpy as np
import pytest
from generated import LONG, QUICK, arrays, settings_of_runs, spatial_shape
from hypothesis import event, given
from hypothesis import strategies as st

from napari_backprop_segmentation import Params, SegmentationError, finish, run
from napari_backprop_segmentation.hierarchy import initial_regions
from napari_backprop_segmentation.image.blocks import BLOCK_SIDE

distributed = pytest.importorskip("distributed")


@pytest.fixture
def cluster(monkeypatch):
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 12)
    monkeypatch.setitem(BLOCK_SIDE, 2, 10)
    monkeypatch.setitem(BLOCK_SIDE, 3, 10)
    from clusters import two_workers  # which imports distributed

    with two_workers(processes=False) as made:
        yield made


def check_workers(client, case, chosen, out_type):
    image, axes = case
    params = Params(**{**QUICK, "objects": "off", **chosen})
    out, alone = (np.zeros(spatial_shape(image, axes), out_type) for _ in range(2))
    try:
        finish(run(image, params, axes=axes, out=alone))
    except SegmentationError as error:
        with pytest.raises(type(error)) as same:
            finish(run(image, params, axes=axes, out=out, client=client))
        event(str(error).split(" must ")[0])
        assert str(same.value) == str(error)
        return
    event("segmented")
    finish(run(image, params, axes=axes, out=out, client=client))
    np.testing.assert_array_equal(out, alone)


@pytest.mark.long
@LONG
@given(case=arrays(), chosen=settings_of_runs, out_type=st.sampled_from(["u1", "u2", "i4", "i8"]))
def test_workers(cluster, case, chosen, out_type):
    with distributed.Client(cluster) as client:
        check_workers(client, case, chosen, out_type)


IMAGE = np.random.default_rng(0).integers(0, 255, (60, 64)).astype(np.uint8)


@pytest.mark.long
@pytest.mark.parametrize("after", [1, 2, 5, 9, 14, 20])
@pytest.mark.parametrize("what", ["workers", "scheduler", "client"])
def test_workers_that_go(cluster, monkeypatch, what, after):
    calls = [0]
    with distributed.Client(cluster) as client:
        real = client.submit

        def submit(*args, **kwargs):
            calls[0] += 1
            if calls[0] == after:
                if what == "workers":
                    client.sync(client.retire_workers, list(cluster.workers), close_workers=True)
                    cluster.scale(0)
                else:
                    (cluster if what == "scheduler" else client).close(timeout=5)
            return real(*args, **kwargs)

        monkeypatch.setattr(client, "submit", submit)
        out = np.zeros(IMAGE.shape, np.int32)
        try:
            finish(run(IMAGE, Params(**QUICK), axes="YX", out=out, client=client))
        except SegmentationError as error:
            event_told = str(error)
            assert "\n" not in event_told
            assert "please report" not in event_told
        else:
            assert out.all()
