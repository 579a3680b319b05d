"""Params: every setting of a run in one frozen dataclass.

The metadata of each field is the only description of that setting: validation, command line flags, widget controls and
saved records all read it. A new field in `sections.py` needs no further code anywhere else.
"""

from collections.abc import Mapping
from dataclasses import Field, asdict, dataclass, fields
from typing import Any, Self

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.params.fields import GROUPS, STEPLESS, Section, nearest, rule
from napari_backprop_segmentation.params.presets import PRESETS
from napari_backprop_segmentation.params.references import References
from napari_backprop_segmentation.params.sections import Input, Objects, Regions, Run, Series, Training
from napari_backprop_segmentation.params.teaching import Teaching

RENAMED = {  # in records of earlier versions
    "leaves": "initial_regions",
    "surroundings": "context",
    "adapt": "automatic",
    "scribble_weight": "stroke_weight",
}


@dataclass(frozen=True, kw_only=True)
class Params(Run, Series, Input, Objects, Teaching, References, Regions, Training):
    """All settings of one segmentation run, flat; the defaults are the preset `fast`.

    Each field carries its title, description and limits in its metadata; ``Params.describe()`` lists them. A room that
    needs some of them takes its section, such as ``Regions.of(params)``, and sees no other.

    Attributes
    ----------
    given : frozenset of str
        The fields that were set, be it to their default; presets and the automatic choice fill the others.

    Raises
    ------
    ParameterError
        If a value has the wrong type or lies outside its limits.

    Examples
    --------
    >>> Params.preset("published-2020").continuity_weight
    1.0
    >>> sorted(Params(iterations=20, objects="off").given)
    ['iterations', 'objects']
    """

    def __new__(cls, **settings: Any) -> Self:
        """Take note of what is given; a dataclass cannot tell a default from the same value given."""
        made = super().__new__(cls)
        object.__setattr__(made, "_given", frozenset(settings))
        return made

    @property
    def given(self) -> frozenset[str]:
        """The fields that were set by the user."""
        found: frozenset[str] = self._given  # type: ignore[attr-defined]
        return found

    @classmethod
    def preset(cls, name: str, **changes: Any) -> Self:
        """Return the named preset, with `changes` applied; only these count as given.

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
        if not isinstance(name, str):
            raise ParameterError(f"preset must be one of {', '.join(PRESETS)}, got {name!r}; give its name")
        if name not in PRESETS:
            raise ParameterError(f"preset must be one of {', '.join(PRESETS)}, got {name!r}; {nearest(name, PRESETS)}")
        return cls.from_dict({**PRESETS[name].settings, **changes}).marked(changes)

    @classmethod
    def from_dict(cls, settings: Mapping[str, Any]) -> Self:
        """Return settings from a mapping such as `to_dict` gives; unknown keys are errors that name the nearest key."""
        if not isinstance(settings, Mapping):
            raise ParameterError(f"settings must be a mapping of names to values, got {settings!r}; give a dict")
        names = {declared.name: None for declared in fields(cls)}
        known = {RENAMED.get(key, key): value for key, value in settings.items()}
        for key in known:
            if key not in names:
                raise ParameterError(f"setting must be a field of Params, got {key!r}; {nearest(key, names)}")
        return cls(**known)

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain values: what a result layer or file stores."""
        return asdict(self)

    def differing(self, other: "Params") -> frozenset[str]:
        """Return the names of the settings that other settings have another value of."""
        return frozenset(each.name for each in fields(self) if getattr(self, each.name) != getattr(other, each.name))

    def replace(self, **changes: Any) -> Self:
        """Return a copy with `changes` applied, which then count as given."""
        return type(self).from_dict({**self.to_dict(), **changes}).marked(self.given | set(changes))

    def marked(self, given: Mapping[str, Any] | frozenset[str]) -> Self:
        """Return the same settings of which these fields, and no others, count as given."""
        made = type(self)(**self.to_dict())
        object.__setattr__(made, "_given", frozenset(given))
        return made

    def with_sections(self, *sections: Section) -> Self:
        """Return these settings with those of some sections; what counts as given stays."""
        values = {name: value for section in sections for name, value in asdict(section).items()}
        return type(self).from_dict({**self.to_dict(), **values}).marked(self.given)

    def filled(self, preset: str) -> Self:
        """Return these settings with those of a preset wherever none was given.

        Parameters
        ----------
        preset : str
            One of `PRESETS`.
        """
        wanted = {name: value for name, value in PRESETS[preset].settings.items() if name not in self.given}
        return type(self).from_dict({**self.to_dict(), **wanted}).marked(self.given)

    @property
    def merges_in_blocks(self) -> bool:
        """Whether what is asked for can be had block by block, of an image that does not fit the memory."""
        return self.wants_tree and self.initial_regions != "network"

    @property
    def by_class(self) -> bool:
        """Whether alike regions share a number wherever they lie; objects are looked for among places."""
        return self.regions == "classes" and not self.counts

    @property
    def trains(self) -> bool:
        """Whether the method has a network."""
        return self.method not in STEPLESS

    @property
    def wants_tree(self) -> bool:
        """Whether regions are to be merged: for themselves, or to look for objects among them."""
        return self.regions != "trained" or self.counts

    @classmethod
    def describe(cls) -> str:
        """Return one line per field: name, default, limits, description."""
        declared = (f for members in cls.groups().values() for f in members)
        return "\n".join(f"{f.name} = {f.default!r} ({rule(f)}): {f.metadata['description']}" for f in declared)

    @classmethod
    def groups(cls) -> dict[str, list[Field[Any]]]:
        """Return the fields of each group, groups and fields in the order in which users are shown them."""
        declared = fields(cls)
        names = dict.fromkeys([*GROUPS, *(f.metadata["group"] for f in declared)])
        found = {group: [f for f in declared if f.metadata["group"] == group] for group in names}
        return {group: members for group, members in found.items() if members}
