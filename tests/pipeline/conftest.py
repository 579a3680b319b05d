"""What tests of runs have in common."""

import pickle

import pytest

from napari_backprop_segmentation.pipeline import resources


@pytest.fixture
def sent_elsewhere(monkeypatch):
    """Have blocks done from what other processes would be sent, whatever client is given; the names of what is done."""
    names = []

    class Elsewhere:
        remarks = ()

        def __init__(self, client):
            pass

        def __call__(self, function, common, items):
            told = pickle.dumps((function, common))
            for item in items:
                names.append(function.__name__)
                there, shared = pickle.loads(told)
                yield pickle.loads(pickle.dumps(there(shared, pickle.loads(pickle.dumps(item)))))

    monkeypatch.setattr(resources, "Workers", Elsewhere)
    return names
