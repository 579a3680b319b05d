"""What runs in threads while the user points at examples, and how its answers are shown. No Qt here."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import engine_errors
from napari_backprop_segmentation.gui.result.layer_result import LayerResult
from napari_backprop_segmentation.gui.result.replacing import replaced
from napari_backprop_segmentation.gui.run import torch_startup
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.gui.run.worker import Failure
from napari_backprop_segmentation.gui.teach.examples import KINDS, LIKE_EXAMPLES, RECORDED, Examples
from napari_backprop_segmentation.pipeline.messages import count

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.pipeline.finder import Finder
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation


@dataclass(frozen=True, eq=False)
class Prepared:
    """What making a finder has come to."""

    segmentation: "Segmentation"
    outcome: "Finder | Failure"


@dataclass(frozen=True, eq=False)
class Found:
    """What looking for objects like examples has come to: labels (*spatial), or an error."""

    examples: Examples
    outcome: "NDArray[Any] | Failure"


def reason_against(result: LayerResult | None) -> str:
    """Return why nothing can be found by example in a result; nothing if it can."""
    if result is None or result.segmentation.find is not None:
        return ""
    if result.tree is None:
        return (
            "Objects are found by example in one plane or volume whose regions are merged. Segment one frame, or a "
            "volume with Volumes set to 'volume'."
        )
    return "Objects are found by example among merged regions, not among classes. Run again for regions or objects."


def prepare(segmentation: "Segmentation") -> Generator[None, None, Prepared]:
    """Make what finds alike objects, in a thread: a generator, as other workers are kept by napari for good."""
    yield
    try:
        torch_startup.give_way()
        with engine_errors():
            finder = segmentation.finder
        if finder is None:
            raise ValueError("result must be of one plane or volume, got another; segment one frame")
        return Prepared(segmentation, finder)
    except Exception as error:  # noqa: BLE001 - nothing is swallowed: whoever has asked is told
        return Prepared(segmentation, Failure(error))


def find(finder: "Finder", examples: Examples) -> Generator[None, None, Found]:
    """Find all objects like the examples, in a thread."""
    yield
    try:
        torch_startup.give_way()
        given, against = ([each.given for each in examples.of(kind)] for kind in KINDS)
        return Found(examples, finder.alike(given, against, examples.how_alike))
    except Exception as error:  # noqa: BLE001 - nothing is swallowed: whoever has asked is told
        return Found(examples, Failure(error))


def show(viewer: "Viewer", result: LayerResult, labels: NDArray[Any] | None, examples: Examples) -> LayerResult | None:
    """Make alike objects the result, and return it; what the run has found where there are none to be alike to.

    Returns
    -------
    LayerResult or None
        None where the layer is gone.
    """
    layer = result.layer
    if layer is None or layer not in viewer.layers:
        return None
    original = result.segmentation.record
    record = {name: value for name, value in layer.metadata[METADATA].items() if name not in (*RECORDED, "reading")}
    params = {**record["params"], "reading": original["params"].get("reading", 0)}
    record |= {"params": params} | ({"reading": original["reading"]} if "reading" in original else {})
    if labels is None:
        if result.reading == 0:
            return result
        own = np.array(result.own)
        return replaced(viewer, result, own, 0, record)
    record |= {"reading": "like the examples", **examples.record()}
    return replaced(viewer, result, result.run_input.laid(labels), LIKE_EXAMPLES, record)


def in_words(labels: NDArray[Any], examples: Examples) -> str:
    """Return how many objects were found, and from what.

    Examples
    --------
    >>> from napari_backprop_segmentation.gui.teach.examples import Example
    >>> one = Example((3, 4), 7)
    >>> in_words(np.array([[0, 1, 1], [2, 0, 0]]), Examples((one,), (one,)))
    '2 alike objects from 1 example and 1 counter-example.'
    """
    number = int(np.count_nonzero(np.bincount(labels.ravel())[1:]))
    return f"{count(number, 'alike object')} from {examples.in_words()}."
