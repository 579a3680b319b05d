import pytest

from napari_backprop_segmentation.network import estimate as cost_model
from napari_backprop_segmentation.pipeline import machine_speed


def test_costs_are_measured_and_kept(monkeypatch, tmp_path):
    monkeypatch.setattr(cost_model, "cache_path", lambda: tmp_path / "cost_model.json")
    monkeypatch.setattr(machine_speed, "SIDE", 64)
    machine_speed.main()
    found = cost_model.Costs.load()
    assert found.start > 0
    assert found.superpixel > 0
    for one, other in (
        ("step_channel", "step_mac"),
        ("predict_channel", "predict_mac"),
        ("tree_pixel", "tree_channel"),
    ):
        assert getattr(found, one) >= 0
        assert getattr(found, other) >= 0
        assert getattr(found, one) + getattr(found, other) > 0


def test_two_equations_give_two_costs_that_are_never_negative():
    pixels = machine_speed.SIDE**2
    assert machine_speed._solve([(1, 1), (1, 3)], [5 * pixels, 11 * pixels]) == pytest.approx((2, 3))
    assert min(machine_speed._solve([(1, 1), (1, 3)], [11 * pixels, 5 * pixels])) >= 0
