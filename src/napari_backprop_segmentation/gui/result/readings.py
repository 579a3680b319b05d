"""Other ways to see objects in an image: looked for in a thread, shown as pictures, taken by a click. No Qt here."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import engine_errors
from napari_backprop_segmentation.gui.result.layer_result import LIVE, LayerResult
from napari_backprop_segmentation.gui.result.pictures import LIGHT, backdrop, picture, window_on
from napari_backprop_segmentation.gui.result.replacing import record_of, replaced
from napari_backprop_segmentation.gui.run import torch_startup
from napari_backprop_segmentation.gui.run.worker import Failure
from napari_backprop_segmentation.objects.reading import TOGETHER
from napari_backprop_segmentation.pipeline.messages import count, found

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.gui.input.run_input import RunInput
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

NONE_FOUND = "Nothing else was found that could be objects in this image."
MEANINGS = {  # of the names of readings
    TOGETHER: "What most of the best readings find: bright, dark, between lines or regions, each as they agree on it.",
    "bright": "Things that are brighter than what is around them.",
    "dark": "Things that are darker than what is around them.",
    "bright on the ground": "What is brighter than the ground, divided where it has a waist.",
    "dark on the ground": "What is darker than the ground, divided where it has a waist.",
    "bright on the ground, undivided": "What is brighter than the ground, also where it is branched or bent.",
    "dark on the ground, undivided": "What is darker than the ground, also where it is branched or bent.",
    "around bright ones": "What lies around bright things, such as cells around their nuclei.",
    "around dark ones": "What lies around dark things, such as cells around their nuclei.",
    "between bright lines": "What bright lines enclose, such as cells between stained membranes.",
    "between dark lines": "What dark lines enclose, such as cells between dark borders.",
    "regions of the network": "Regions that the network has learned to tell apart, and that look alike.",
}


@dataclass(frozen=True, eq=False)
class Choice:
    """One way to see objects, to be shown.

    Attributes
    ----------
    number : int
        As in `Params.reading`; 0 is what the run has found.
    name : str
        What was looked for, such as "between dark lines"; nothing for what the run has found.
    words : str
        The same with how much there is: "61 between dark lines".
    explained : str
        The same in full, for a tooltip.
    picture : (Y, X, 3) uint8 array
    labels : (*spatial) int array, optional
        Nothing for what the run has found, which its result knows.
    status : str
        What is said once it is taken.
    """

    number: int
    name: str
    words: str
    explained: str
    picture: NDArray[np.uint8] = field(repr=False)
    labels: NDArray[Any] | None = field(repr=False)
    status: str = ""


@dataclass(frozen=True, eq=False)
class Readings:
    """The readings that are shown.

    Attributes
    ----------
    segmentation : Segmentation
        Whose they are; several layers may show it.
    choices : tuple of Choice, optional
        What the run has found comes first; None while they are looked for.
    """

    segmentation: "Segmentation"
    choices: tuple[Choice, ...] | None = None


@dataclass(frozen=True, eq=False)
class Looked:
    """What looking has come to: choices, or an error."""

    segmentation: "Segmentation"
    outcome: "tuple[Choice, ...] | Failure"


def has_readings(result: LayerResult | None) -> bool:
    """Return whether there may be other readings of a result."""
    return result is not None and result.segmentation.look is not None


def like(run_input: "RunInput") -> tuple[str, tuple[int, ...] | None]:
    """Return what images have in common for which the same reading is preferred: axes and channels."""
    return run_input.axes, run_input.channels


def tints_of(layers: Sequence[Image]) -> tuple[NDArray[Any], ...]:
    """Return in which colours layers are shown, from their darkest to their brightest; asked for before a thread."""
    return tuple(LIGHT if layer.rgb else np.array(layer.colormap.colors)[:, :3] for layer in layers)


def look(
    segmentation: "Segmentation",
    run_input: "RunInput",
    own: NDArray[Any],
    tints: Sequence[NDArray[Any]],
    preferred: str = "",
) -> Generator[None, None, Looked]:
    """Look for the other readings of a result, in a thread: a generator, as other workers are kept by napari for good.

    Parameters
    ----------
    segmentation : Segmentation
    run_input : RunInput
    own : int array
        What the run has found.
    tints : sequence of array
        See `tints_of`.
    preferred : str
        Name of the reading to offer first: what the user has chosen for such an image before.
    """
    yield
    try:
        torch_startup.give_way()
        with engine_errors():
            return Looked(segmentation, choices(segmentation, run_input, own, tints, preferred))
    except Exception as error:  # noqa: BLE001 - nothing is swallowed: whoever has asked is told
        return Looked(segmentation, Failure(error))


def choices(
    segmentation: "Segmentation",
    run_input: "RunInput",
    own: NDArray[Any],
    tints: Sequence[NDArray[Any]] = (),
    preferred: str = "",
) -> tuple[Choice, ...]:
    """Return what the run has found and the other readings; nothing where there is no other. Parameters as of `look`.

    Readings without objects, and those that are what the run has found, are left out.
    """
    own = own.reshape(run_input.shape)
    total, taken = len(segmentation.readings), segmentation.record["params"].get("reading", 0)
    others = []
    for number, offer in enumerate(segmentation.readings, start=1):
        labels = _compact(offer.labels())
        n = _number(labels)
        if n and number != taken and not (n == _number(own) and np.array_equal(labels > 0, own > 0)):
            others.append((number, offer.name, n, labels))
    if not others:
        return ()
    window = window_on(run_input.shape, [own, *(labels for *_, labels in others)])
    others.sort(key=lambda other: other[1] != preferred)
    ground = backdrop(run_input, window, tints)
    was = found(_number(own), segmentation.record)
    made = [
        Choice(
            0,
            "",
            f"{was} of the run",
            f"What the run has found: {was}. A click brings it back.",
            picture(ground, window.of(own)),
            None,
            f"The result of the run again: {was}.",
        )
    ]
    for number, name, n, labels in others:
        words = f"Reading {number} of {total}: {in_words(n, name)}."
        explained = f"{MEANINGS.get(name, '')}\n{words} A click makes them the result, without another run.".lstrip()
        made.append(Choice(number, name, f"{n} {name}", explained, picture(ground, window.of(labels)), labels, words))
    return tuple(made)


def in_words(number: int, name: str) -> str:
    """Return how many objects of a reading there are.

    Examples
    --------
    >>> in_words(61, "between dark lines"), in_words(1, "bright"), in_words(38, "regions of the network")
    ('61 objects between dark lines', '1 bright object', '38 regions of the network')
    >>> in_words(31, "around bright ones")
    '31 objects around bright ones'
    """
    noun, *rest = name.split()
    if noun == "regions":
        return count(number, "region") + "".join(f" {word}" for word in rest)
    return count(number, f"{name} object") if not rest else f"{count(number, 'object')} {name}"


def take(viewer: "Viewer", result: LayerResult, choice: Choice) -> LayerResult | None:
    """Make a reading the result, and return it: in its layer, or in a new one where the user has edited that.

    Returns
    -------
    LayerResult or None
        None where the layer is gone.
    """
    layer = result.layer
    if layer is None or layer not in viewer.layers:
        return None
    if choice.number == result.reading and not result.edited:
        return result
    own = result.shown if result.reading == 0 else result.own
    labels = np.array(own) if choice.labels is None else result.run_input.laid(choice.labels)
    record = record_of(layer)
    reading = choice.number or result.segmentation.record["params"].get("reading", 0)
    first = result.segmentation.record["params"]
    settings = {name: first[name] for name in LIVE if name in first} | ({} if choice.number else result.counted)
    params = {**record["params"], **settings, "reading": reading}
    original = result.segmentation.record
    named = {**original, "reading": choice.name} if choice.number else original
    record = {name: value for name, value in record.items() if name != "reading"}
    record |= {name: named[name] for name in ("reading", "regions") if name in named}
    return replaced(viewer, result, labels, choice.number, {**record, "params": params})


def own_labels(result: LayerResult) -> NDArray[Any]:
    """Return what the run has found, at the detail it was last shown."""
    return result.own if result.reading else result.shown


def _compact(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels in the smallest type of number that holds them: several are kept at once."""
    return labels.astype(np.min_scalar_type(int(labels.max(initial=0))), copy=True)


def _number(labels: NDArray[Any]) -> int:
    return int(np.count_nonzero(np.bincount(labels.ravel())[1:]))
