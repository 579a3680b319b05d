"""What was found, in words: the same in the terminal and in napari."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.presets import DEFAULT_PRESET, PRESETS
from napari_backprop_segmentation.params.sections import SMALLEST_OBJECT

DRAWN = ("kinds", "objects", "pieces")  # regions that follow strokes
LIKELY = 0.5  # how sure a result is that is more right than wrong
SURE_ENOUGH = 0.8  # how sure one must be that what else it could be is not worth a look
MOST_OTHERS = 3  # readings that are told of
TITLES = {setting.name: str(setting.metadata["title"]) for setting in fields(Params)}


def count(number: int, noun: str = "label", plural: str = "") -> str:
    """Return "1 label" or "31 labels"."""
    return f"{number} {noun if number == 1 else plural or noun + 's'}"


def found(number: int, record: Mapping[str, Any]) -> str:
    """Return how many objects, classes or labels there are.

    Parameters
    ----------
    number : int
    record : mapping
        Of a result.
    """
    return f"{number} {noun(number, record)}"


def noun(number: int, record: Mapping[str, Any]) -> str:
    """Return what so many labels are, from the record of a result: "object" or "objects", "class" or "classes"."""
    if record.get("regions") == "kinds":
        return "kind" if number == 1 else "kinds"
    if _counts(record):
        return "object" if number == 1 else "objects"
    if record.get("regions") == "classes":
        return "class" if number == 1 else "classes"
    return "label" if number == 1 else "labels"


def remarks(number: int, record: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what else should be known of a result, in clauses.

    Parameters
    ----------
    number : int
        Of objects or labels.
    record : mapping
        Of a result.

    Returns
    -------
    tuple of str
        What was done otherwise than was asked for; which preset a run that adapts has taken, with the settings that
        decide most; what to do where no object was found.
    """
    kind, params = record.get("kind"), record["params"]
    clauses = [f"this run {note}" for note in record.get("notes", ())]
    if record.get("start"):
        clauses.append(f"training went on from a network of {count(record['start'], 'iteration')}")
    if record.get("fixed"):
        clauses.append("what you had edited is kept")
    if mistaken := record.get("mistaken"):
        clauses.append(f"taken for {PRESETS[mistaken].title} at first, but what was found there spoke against it")
    if record.get("reading"):
        clauses.append(f"objects: {record['reading']}{how_sure(record)}")
    elif kind is not None:
        clauses.append(_taken_for(kind, record))
    least = params.get("min_object") or SMALLEST_OBJECT
    if not number and _counts(record):
        clauses.append(
            f"to find some, lower {TITLES['min_object']} (min_object, now {least}), or look for another "
            f"kind of {TITLES['objects']} (objects, now '{params['objects']}')"
        )
    return tuple(clauses)


def _taken_for(kind: str, record: Mapping[str, Any]) -> str:
    """Return what an image was taken for and what was looked for; of regions also that there were no better objects."""
    params, size = record["params"], record["params"]["min_object"] or SMALLEST_OBJECT
    taken = f"taken for {PRESETS[kind].title}"
    if kind == DEFAULT_PRESET:
        taken = "" if record.get("mistaken") else "no special kind of image recognised"
    if _counts(record):
        what = "" if params["objects"] == "auto" else f"{params['objects']} "
        looked = f"{what}objects of {size} pixels or more were looked for{how_sure(record)}"
        return f"{taken}, so {looked}" if taken else looked
    detail = f"{TITLES['detail']} {_plain(params['detail'])}"
    if "offered" not in record:
        return f"{taken}, so regions at {detail}" if taken else f"regions at {detail}"
    return "; ".join(
        filter(None, (taken, f"these are regions ({detail}), as nothing stood out clearly enough to be objects"))
    )


def how_sure(record: Mapping[str, Any]) -> str:
    """Return how sure it is of what was found; nothing where the user has decided, or nothing speaks for it or against.

    Examples
    --------
    >>> how_sure({"sure": 0.78}), how_sure({"sure": 0.31})
    (', 78 % sure', ', but only 31 % sure')
    """
    if "sure" not in record or record.get("fixed"):
        return ""
    return f", {'but only ' * (record['sure'] < LIKELY)}{100 * record['sure']:.0f} % sure"


def is_doubtful(record: Mapping[str, Any]) -> bool:
    """Return whether what else the objects of an image could be is known, and worth a look."""
    return bool(record.get("offered")) and record.get("sure", 1.0) < SURE_ENOUGH


def other_readings(record: Mapping[str, Any]) -> str:
    """Return as what else an image could be read: the best reading of each kind, with the option that takes it."""
    taken, named = record["params"].get("reading", 0), {record.get("reading")}
    found: list[str] = []
    for number, reading in enumerate(record.get("offered", ()), start=1):
        if number != taken and reading["name"] not in named and len(found) < MOST_OTHERS:
            named.add(reading["name"])
            found.append(f"{reading['count']} {reading['name']} (--reading {number})")
    return ", ".join(found)


def _counts(record: Mapping[str, Any]) -> bool:
    params, regions = record["params"], record.get("regions")
    if regions in DRAWN:
        return bool(regions == "objects")
    counts = params["objects"] != "off" or params.get("reading", 0) > 0 or "reading" in record
    return counts and regions != "trained"


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
