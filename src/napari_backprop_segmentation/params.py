"""Params: every setting of a run in one frozen dataclass.

The metadata of each field is the only description of that setting: validation, command line flags,
widget controls and saved records all read it. A new field needs no further code anywhere else. The fields stand in
`outcome.py` and `tuning.py`.
"""

from dataclasses import dataclass
from typing import Any, Self

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.outcome import OutcomeSettings
from napari_backprop_segmentation.presets import DEFAULT_PRESET, FIRST_PRESET, PRESETS, Preset
from napari_backprop_segmentation.settings import choices, nearest, rule
from napari_backprop_segmentation.tuning import TuningSettings

__all__ = ["DEFAULT_PRESET", "FIRST_PRESET", "PRESETS", "Params", "Preset", "choices", "rule"]


@dataclass(frozen=True, kw_only=True)
class Params(TuningSettings, OutcomeSettings):
    """All settings of one segmentation run; the defaults are the preset `fast`.

    Each field carries its title, description and limits in its metadata; ``Params.describe()`` lists them.

    Raises
    ------
    ParameterError
        If a value has the wrong type or lies outside its limits.

    Examples
    --------
    >>> Params.preset("published-2020").continuity_weight
    1.0
    """

    @classmethod
    def preset(cls, name: str, **changes: Any) -> Self:
        """Return the named preset, with `changes` applied.

        Parameters
        ----------
        name : str
            One of `PRESETS`.
        **changes
            Fields to set differently from the preset.

        Raises
        ------
        ParameterError
            If there is no such preset or field, or a value is not allowed.
        """
        if name not in PRESETS:
            raise ParameterError(f"preset must be one of {', '.join(PRESETS)}, got {name!r}; {nearest(name, PRESETS)}")
        return cls.from_dict({**PRESETS[name].settings, **changes})

    def adapted(self, preset: str) -> Self:
        """Return these settings with those of a preset where they are still the defaults.

        Parameters
        ----------
        preset : str
            One of `PRESETS`.
        """
        wanted, defaults = PRESETS[preset].settings, type(self)().to_dict()
        mine = self.to_dict()
        return self.replace(**{name: value for name, value in wanted.items() if mine[name] == defaults[name]})
