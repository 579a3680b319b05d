"""Settings: in sections of which a room sees its own, and what counts as given by the user."""

import copy
import pickle
from dataclasses import fields

import numpy as np
import pytest

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.presets import PRESETS
from napari_backprop_segmentation.params.references import References
from napari_backprop_segmentation.params.sections import Input, Objects, Regions, Run, Series, Training
from napari_backprop_segmentation.params.teaching import Teaching

SECTIONS = (Training, Input, Regions, Objects, Teaching, References, Series, Run)


def names(section):
    return [declared.name for declared in fields(section)]


def test_each_setting_is_in_one_section():
    assert sorted(name for section in SECTIONS for name in names(section)) == sorted(names(Params))


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_holds_its_own_settings_and_no_other(section):
    params = Params(seed=5, detail=12.5, objects="dark", volumes="slices", n_runs=3, context=True)
    part = section.of(params)
    assert type(part) is section
    assert vars(part) == {name: getattr(params, name) for name in names(section)}


def test_who_takes_regions_cannot_see_the_seed():
    regions = Regions.of(Params(seed=5))
    with pytest.raises(AttributeError, match="'Regions' object has no attribute 'seed'"):
        _ = regions.seed


def test_a_section_checks_its_values():
    with pytest.raises(ParameterError, match=r"detail must be a number from 0.0 to 100.0, got 101.0"):
        Regions(detail=101)
    assert type(Regions(detail=50).detail) is float


def test_all_settings_are_in_a_group_once():
    grouped = [declared.name for members in Params.groups().values() for declared in members]
    assert sorted(grouped) == sorted(names(Params))
    assert len(Params.describe().splitlines()) == len(grouped)


def test_what_is_set_counts_as_given_also_where_it_is_the_default():
    assert Params().given == frozenset()
    assert Params(seed=0, objects="off").given == {"seed", "objects"}
    assert Params.from_dict({"seed": 0}).given == {"seed"}


@pytest.mark.parametrize("name", PRESETS)
def test_of_a_preset_nothing_counts_as_given_but_the_changes(name):
    assert Params.preset(name).given == frozenset()
    assert Params.preset(name, seed=0).given == {"seed"}
    assert Params.preset(name, seed=4).replace(detail=40).given == {"seed", "detail"}


def test_a_preset_fills_what_was_not_given():
    asked = Params(objects="off", automatic=True)
    found = asked.filled("nuclei")
    assert found == asked.replace(texture_weight=0.0, edge_weight=2.0, edge_limit=100.0)
    assert found.given == {"objects", "automatic"}
    assert Params(automatic=True).filled("nuclei").objects == "bright"
    assert Params(edge_weight=4.0).filled("nuclei").edge_weight == 4.0


def test_marking_changes_what_counts_as_given_and_nothing_else():
    params = Params(seed=3)
    assert params.marked({"detail": 1}).given == {"detail"}
    assert params.marked(frozenset()) == params
    assert params.given == {"seed"}


def test_sections_can_be_put_back():
    params = Params(detail=10, seed=1)
    changed = params.with_sections(Training(seed=7, iterations=3), Input(context=True))
    assert changed == Params(detail=10, seed=7, iterations=3, context=True)
    assert changed.given == params.given
    assert params.with_sections(*(section.of(params) for section in SECTIONS)) == params


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda params: pickle.loads(pickle.dumps(params))])
def test_copies_and_other_processes_know_what_was_given(copied):
    params = Params.preset("phase", objects="off", seed=0)
    there = copied(params)
    assert there == params
    assert there.given == {"objects", "seed"}
    assert there.filled("nuclei") == params.filled("nuclei")


def test_what_is_given_is_no_part_of_equality():
    assert Params(seed=0) == Params()
    assert hash(Params(seed=0)) == hash(Params())


def test_records_of_earlier_versions_can_be_read():
    old = {"leaves": "lines", "surroundings": True, "adapt": True, "scribble_weight": 0.25}
    assert Params.from_dict(old) == Params(initial_regions="lines", context=True, automatic=True, stroke_weight=0.25)
    with pytest.raises(ParameterError, match="setting must be a field of Params, got 'sead'; did you mean 'seed'"):
        Params.from_dict({"sead": 1})


@pytest.mark.parametrize("odd", [np.array(["superpixels"] * 2), np.zeros((2, 2)), [1], {"a": 1}, object(), 10**400])
@pytest.mark.parametrize("name", ["method", "seed", "detail", "split_objects"])
def test_values_of_any_kind_are_refused_in_words(name, odd):
    with pytest.raises(ParameterError, match=f"{name} must be "):
        Params(**{name: odd})


@pytest.mark.parametrize("odd", [None, 5, ["fast"], np.array(["fast"]), {}])
def test_presets_and_settings_of_another_kind_are_refused_in_words(odd):
    with pytest.raises(ParameterError, match="preset must be one of auto, "):
        Params.preset(odd)
    if not isinstance(odd, dict):
        with pytest.raises(ParameterError, match="settings must be a mapping of names to values, got"):
            Params.from_dict(odd)
