"""A run as its record tells it, so that it can be taken again: settings, arguments, pixels, and what is missing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from napari_backprop_segmentation.errors import ImageError, SegmentationError
from napari_backprop_segmentation.image.axes import check_axes
from napari_backprop_segmentation.image.checksum import pixel_checksum
from napari_backprop_segmentation.io.files import open_image
from napari_backprop_segmentation.io.samples import SAMPLES, sample_image
from napari_backprop_segmentation.params.params import Params

BY_HAND = "stopped by you"
MARKS = ("examples", "counter_examples", "how_alike")
Runs = Mapping[str, Sequence[Sequence[int]]]
Taken = tuple[int | tuple[int, int], ...]


@dataclass(frozen=True)
class Pixels:
    """Where the pixels of a run came from.

    Attributes
    ----------
    files : tuple of str
        Several are the channels of one image; empty where they came from none.
    sample : str
        The sample image that they are, if they are one.
    level : int
        Of a pyramid.
    taken : tuple of int and (int, int), optional
        What was looked at along each axis of each file: one position, or start and stop; all of it if left out.
    """

    files: tuple[str, ...] = ()
    sample: str = ""
    level: int = 0
    taken: Taken | None = None


@dataclass(frozen=True)
class Repetition:
    """What `run` is to be called with to give the same labels again.

    Attributes
    ----------
    params : Params
        All of them decided: nothing is left to the image.
    arguments : dict
        Axes, spacing, channels, examples, in plain values.
    strokes : mapping, optional
        As `teaching.plain.runs_of` has written them down.
    shape : tuple of int
        Spatial, of the image.
    name : str
        Of the image.
    pixels : Pixels
    model_file : str, optional
        The network that was applied; empty where it was in no file, None where one was trained.
    gaps : tuple of str
        What is not repeated, in sentences.
    """

    params: Params
    arguments: dict[str, Any]
    strokes: Runs | None
    shape: tuple[int, ...]
    name: str
    pixels: Pixels
    model_file: str | None = None
    gaps: tuple[str, ...] = field(default=())


def settings_of(record: Mapping[str, Any]) -> Params:
    """Return the settings that were used, all of them decided.

    Raises
    ------
    ImageError
        If the record is damaged or not one of a run.
    """
    try:
        return Params.from_dict({**record["params"], "automatic": False})
    except (SegmentationError, KeyError, TypeError, AttributeError) as error:
        raise ImageError(
            f"record must hold the settings of a run, got {_in_a_line(error)}; take labels that this program made"
        ) from error


def repetition_of(record: Mapping[str, Any]) -> Repetition:
    """Return how the run of a record is taken again.

    Raises
    ------
    ImageError
        If the record is damaged or not one of a run.
    """
    params = settings_of(record)
    try:
        single = params.n_runs == 1 and "T" not in record["axes"]
        if str(record.get("stopped_by", "")).startswith(BY_HAND) and single and record["iterations"] > 0:
            params = params.replace(iterations=int(record["iterations"]))
        arguments: dict[str, Any] = {"axes": str(record["axes"])}
        if any(size != 1 for size in record.get("spacing") or ()):
            arguments["spacing"] = tuple(float(size) for size in record["spacing"])
        if record.get("channels") is not None:
            arguments["channels"] = tuple(int(channel) for channel in record["channels"])
        if record.get("examples"):
            arguments |= {name: record[name] for name in MARKS if record.get(name)}
        return Repetition(
            params,
            arguments,
            record.get("drawn") or record.get("drawn_for_network") or None,
            tuple(int(n) for n in record["image_shape"][1:]),
            str(record.get("input") or "image"),
            _pixels(record),
            record.get("model_file"),
            tuple(_gaps(record, params)),
        )
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ImageError(
            f"record must be complete to repeat a run, got {_in_a_line(error)}; run again with this version"
        ) from error


def read_pixels(repetition: Repetition) -> Any:
    """Return the pixels of a run, from where they came.

    Raises
    ------
    SegmentationError
        If they cannot be read, or came from no file.
    """
    import numpy as np

    wanted = repetition.pixels
    if wanted.sample in SAMPLES:
        return _part(sample_image(wanted.sample)[0], wanted.taken)
    if not wanted.files:
        raise ImageError(f"image must be in a file to be read again, got {repetition.name!r} in none; save it first")
    found = [_part(open_image(path, level=wanted.level).pixels, wanted.taken) for path in wanted.files]
    return found[0] if len(found) == 1 else np.stack(found)


def still_there(repetition: Repetition, record: Mapping[str, Any]) -> bool:
    """Return whether the pixels that a run has seen can be read again, unchanged."""
    try:
        pixels = read_pixels(repetition)
        check_axes(repetition.arguments["axes"], pixels.shape)
        known = record.get("image_checksum")
        return known is None or pixel_checksum(pixels) == known
    except (SegmentationError, OSError, ValueError, IndexError, TypeError):
        return False


def _part(pixels: Any, taken: Taken | None) -> Any:
    if taken is None:
        return pixels
    return pixels[tuple(each if isinstance(each, int) else slice(*each) for each in taken)]


def _pixels(record: Mapping[str, Any]) -> Pixels:
    told = record.get("image") or {}
    files = tuple(told.get("files") or ())
    known = all(isinstance(each, str) for each in files) and len(set(files)) == len(files)
    taken = told.get("taken")
    parts = None if taken is None else tuple(each if isinstance(each, int) else (each[0], each[1]) for each in taken)
    return Pixels(files if known else (), str(told.get("sample") or ""), int(told.get("level") or 0), parts)


def _gaps(record: Mapping[str, Any], params: Params) -> list[str]:
    found = []
    stopped = str(record.get("stopped_by", "")).startswith(BY_HAND)
    if stopped and (params.n_runs > 1 or "T" in record["axes"]):
        found.append("The run was stopped by hand, which cannot be repeated: this one goes on to its end.")
    if record.get("drawn_during"):
        found.append("Strokes were drawn while the network learned: here it sees all of them from the beginning.")
    if record.get("fixed"):
        found.append("Labels that had been edited before the run were kept in it: they are not repeated.")
    if record.get("drawn") and record.get("binning", 1) > 1:
        found.append("The strokes were followed on an image seen at a fraction of its size: the result may differ.")
    return found


def _in_a_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
