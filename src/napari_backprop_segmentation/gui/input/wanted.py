"""What the user wants first: objects, regions, classes, labels as trained, or whatever suits the image. No Qt here."""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from napari_backprop_segmentation.params.fields import OBJECTS, REGIONS
from napari_backprop_segmentation.params.params import Params

OPEN = frozenset({"objects", "reading", "regions"})  # settings that say what is wanted


class Wanted(Enum):
    """What can be wanted, by the name the user is shown."""

    AUTOMATIC = "Automatic"
    OBJECTS = "Objects"
    REGIONS = "Regions"
    CLASSES = "Classes"
    TRAINED = "As trained"


MEANINGS = {
    Wanted.AUTOMATIC: "Looks at the image and decides whether there are objects to count, or regions.",
    Wanted.OBJECTS: "Things to count, such as nuclei or cells: each gets a number, the ground between them 0.",
    Wanted.REGIONS: "Places that belong together: the whole image is divided, and each region gets a number.",
    Wanted.CLASSES: "Kinds of tissue or material: all regions that look alike get one number, wherever they lie.",
    Wanted.TRAINED: "The network's own labels, as published, without merging: a change needs another run.",
}
GROUP = {Wanted.OBJECTS: OBJECTS, Wanted.REGIONS: REGIONS, Wanted.CLASSES: REGIONS}  # of settings


def wanted_of(params: Params) -> Wanted:
    """Return what settings ask for.

    Examples
    --------
    >>> wanted_of(Params.preset("auto")), wanted_of(Params.preset("nuclei")), wanted_of(Params.preset("fast"))
    (<Wanted.AUTOMATIC: 'Automatic'>, <Wanted.OBJECTS: 'Objects'>, <Wanted.REGIONS: 'Regions'>)
    """
    if params.counts:
        return Wanted.OBJECTS
    if params.regions != "merged":
        return Wanted.CLASSES if params.regions == "classes" else Wanted.TRAINED
    return Wanted.AUTOMATIC if params.automatic and not OPEN & params.given else Wanted.REGIONS


def kind_of(reading: str) -> str:
    """Return which kind of objects is nearest to what a reading shows; 'off' where none is.

    Examples
    --------
    >>> kind_of("dark on the ground, undivided"), kind_of("between bright lines"), kind_of("around bright ones")
    ('dark', 'outlined', 'off')
    """
    first = reading.split(" ", 1)[0]
    return {"bright": "bright", "dark": "dark", "between": "outlined", "outlined": "outlined"}.get(first, "off")


def settings_for(wanted: Wanted, params: Params, kind: str) -> Mapping[str, Any]:
    """Return the settings that ask for something definite.

    Parameters
    ----------
    wanted : Wanted
        Not `AUTOMATIC`.
    params : Params
        What has been asked for.
    kind : str
        Of objects, that were found or asked for before; 'off' where there were none.
    """
    number = {"n_regions": 0} if params.n_regions else {}  # 300 regions are no 300 classes
    if wanted is Wanted.OBJECTS:
        return {"objects": "auto" if kind == "off" else kind, "reading": 0, **number}
    regions = {Wanted.CLASSES: "classes", Wanted.TRAINED: "trained"}.get(wanted, "merged")
    return {"objects": "off", "reading": 0, "regions": regions, **number}
