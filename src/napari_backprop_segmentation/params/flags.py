"""Settings as flags of the command line, and back into the preset that is nearest to them."""

from collections.abc import Collection
from typing import Any

from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.presets import PRESETS


def flag(name: str) -> str:
    """Return the flag of a setting.

    Examples
    --------
    >>> flag("min_object")
    '--min-object'
    """
    return "--" + name.replace("_", "-")


def flags_of(params: Params, wanted: Collection[str] | None = None) -> list[str]:
    """Return the flags that say what differs from the defaults.

    Parameters
    ----------
    params : Params
    wanted : collection of str, optional
        Names of the settings that are said; all if left out.

    Examples
    --------
    >>> flags_of(Params(detail=65.0, split_objects=False))
    ['--no-split-objects', '--detail', '65.0']
    """
    found: list[str] = []
    for name, value in differences(params).items():
        if wanted is not None and name not in wanted:
            continue
        if isinstance(value, bool):
            found.append(flag(name) if value else flag(f"no_{name}"))
        else:
            found += [flag(name), str(value)]
    return found


def differences(params: Params) -> dict[str, Any]:
    """Return the settings that differ from the defaults, in the order in which users are shown them."""
    declared = [setting for members in Params.groups().values() for setting in members]
    return {each.name: getattr(params, each.name) for each in declared if getattr(params, each.name) != each.default}


def nearest_preset(params: Params) -> str:
    """Return the preset that differs from settings in the fewest, the first of several.

    Examples
    --------
    >>> nearest_preset(Params.preset("nuclei", iterations=7))
    'nuclei'
    """
    return min(PRESETS, key=lambda name: len(params.differing(Params.preset(name))))
