"""What the widget says about a run, in plain words."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.layers import NO_IMAGE
from napari_backprop_segmentation.gui.input.run_input import POSITIONS, RunInput
from napari_backprop_segmentation.gui.input.summary import summary
from napari_backprop_segmentation.gui.input.wanted import OPEN
from napari_backprop_segmentation.gui.run.worker import Point
from napari_backprop_segmentation.pipeline.messages import count, found, is_doubtful, remarks

MINUTE, HOUR = 60, 3600
SO_FAR = re.compile(r", \d+ s so far$")
READY = "Ready."
PHASES = {  # what is said where nothing better is known
    "running": "Starting: the image is read and prepared...",
    "pausing": "Pausing after this iteration...",
    "paused": (
        "Paused. Resume goes on; Stop ends training and labels every pixel with what was learned so far; "
        "Cancel removes the labels."
    ),
    "stopping": "Stopping: labelling every pixel with what was learned...",
    "cancelling": "Cancelling after this iteration...",
}
CANCELLED = "Cancelled. The labels were removed."
DELETED = "The labels layer was deleted, so the run has ended."
ONCE_MORE = "Once more, as any image: "
LEFT = "The run was ended; the labels formed so far are kept."


def duration(seconds: float) -> str:
    """Return a duration as one would say it.

    Examples
    --------
    >>> duration(0.4), duration(3.2), duration(100), duration(6000)
    ('less than a second', 'about 3 s', 'about 2 min', 'about 1.7 h')
    """
    if seconds < 1:
        return "less than a second"
    if seconds < 1.5 * MINUTE:
        return f"about {seconds:.0f} s"
    if seconds < 1.5 * HOUR:
        return f"about {seconds / MINUTE:.0f} min"
    return f"about {seconds / HOUR:.1f} h"


def run(number: int, n_runs: int) -> str:
    """Return which of several runs it is; nothing where there is one.

    Examples
    --------
    >>> run(2, 5), run(1, 1)
    ('Run 2 of 5: ', '')
    """
    return f"Run {number} of {n_runs}: " if n_runs > 1 else ""


def iteration(point: Point, total: int, step_seconds: float) -> str:
    """Return where a run is and how long it can still take."""
    here = f"Iteration {point.iteration} of {total}, {count(point.n_labels)}"
    if point.iteration >= total:
        return f"{here}. Labelling every pixel..."
    return f"{here}, {duration((total - point.iteration) * step_seconds)} left"


def labelled(done: int, total: int, iterated: str) -> str:
    """Return how far a trained network is with a series or a large image.

    Parameters
    ----------
    done, total : int
    iterated : str
        Axes that are gone through; nothing for an image of which one block after another is seen, several times.

    Examples
    --------
    >>> labelled(3, 20, "T")
    'Labelled 3 of 20 frames...'
    >>> labelled(3, 20, "")
    'Labelling in several passes over the image, block 3 of 20...'
    """
    if not iterated:
        return f"Labelling in several passes over the image, block {done} of {total}..."
    noun = "plane" if len(iterated) > 1 else POSITIONS[iterated]
    return f"Labelled {done} of {total} {noun}s..."


def so_far(told: str, seconds: int) -> str:
    """Return what is told while something goes on that has no steps, with how long it has gone on.

    Examples
    --------
    >>> so_far("Labelling every pixel...", 4)
    'Labelling every pixel, 4 s so far...'
    >>> so_far("Labelling every pixel, 4 s so far...", 5)
    'Labelling every pixel, 5 s so far...'
    >>> so_far("Iteration 3 of 20, about 9 s left", 5)
    'Iteration 3 of 20, about 9 s left'
    """
    goes_on = told.removesuffix("...")
    return told if goes_on == told else f"{SO_FAR.sub('', goes_on)}, {seconds} s so far..."


def done(number: int, seconds: float, record: Mapping[str, Any]) -> str:
    """Return how a run ended that found so many labels or objects, from its record."""
    spent = "less than a second" if seconds < 1 else f"{seconds:.0f} s"
    early = record["iterations"] != record["params"]["iterations"]  # else how it ended says nothing
    ended = f"done in {spent}: {found(number, record)}" + f", {record['stopped_by']}" * early
    return " ".join(sentence(text) for text in (ended, *remarks(number, record)))


def hint(number: int, record: Mapping[str, Any], readable: bool = True) -> str:
    """Return what to do if what the image itself has decided is wrong; empty where the user has decided.

    Parameters
    ----------
    number : int
        Of objects or labels.
    record : mapping
        Of a result.
    readable : bool
        Whether there are other readings and examples to ask for.

    Examples
    --------
    >>> hint(31, {"kind": "fast", "params": {"objects": "off", "reading": 0}})
    'If you want objects: Other readings..., an example (Find more like this) or strokes (Draw strokes).'
    """
    counted, params = record.get("reading"), record["params"]
    decided = OPEN & {*record.get("given", ())}
    if record.get("kind") is None or record.get("regions", "merged") != "merged" or (decided and number):
        return ""
    objects = bool(counted) or params["objects"] != "off" or params.get("reading", 0) > 0
    when = "If you want objects" if not objects else "If this is wrong" if number else "If there are some"
    if not readable:
        return f"{when}: choose Objects on top, or draw strokes (Draw strokes)."
    offered = record.get("offered")
    others = "another picture, " if is_doubtful(record) else "Other readings..., "  # which show by themselves then
    others = "" if offered is not None and len(offered) <= bool(counted) else others
    return f"{when}: {others}an example (Find more like this) or strokes (Draw strokes)."


def computed_on(workers: str) -> str:
    """Return what is not computed on this computer."""
    return f"Images too large for the memory, and batches of files, are computed by {workers}."


def earlier(name: str, ending: str) -> str:
    """Return how a run on another image than the chosen one ended.

    Examples
    --------
    >>> earlier("cells", "Done in 3 s: 5 labels.")
    "The last run, on 'cells': Done in 3 s: 5 labels."
    """
    return f"The last run, on '{name}': {ending}"


def agreement(n_runs: int) -> str:
    """Return how the map of stable borders is read."""
    return f"In the agreement layer, borders that all {n_runs} runs have are yellow, those of few violet."


def sentence(text: str) -> str:
    """Return a message with a capital letter and a full stop.

    Examples
    --------
    >>> sentence("image must be RGB, got a PDF; open a photograph")
    'Image must be RGB, got a PDF; open a photograph.'
    """
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


def described(run_input: RunInput | None, obstacle: ImageError | None) -> str:
    """Return exactly what will be segmented, or why nothing can be."""
    if run_input is not None:
        return sentence(summary(run_input))
    return sentence(str(obstacle or NO_IMAGE))


def changed(titles: Sequence[str]) -> str:
    """Return which settings differ from the preset; empty if none does."""
    return f" Changed: {', '.join(titles).lower()}." if titles else ""
