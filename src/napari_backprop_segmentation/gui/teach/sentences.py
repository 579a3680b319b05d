"""What is said while the user draws, in plain words."""

from collections.abc import Sized

from napari_backprop_segmentation.gui.teach.asked import Answered, Seen
from napari_backprop_segmentation.params.fields import STEPLESS
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.messages import count

MOST_KINDS = 65_535
PREPARING = "Looking at the image once; this takes a while, and you can go on drawing..."
RUN_FIRST = "Press Run: strokes count in the run."
NETWORK = "Press Run: only the network sees these strokes, while it is trained."
NOTHING = "Nothing is drawn. Draw on an object, then choose the next kind and draw on the ground."
ALSO_ELSE = "Draw on something else, such as the ground."
LOST = "The layer of strokes is gone, so strokes no longer count. Draw strokes makes a new one."
ELSEWHERE = "Nothing is drawn on the part of the image that was segmented."
DURING = "The run takes these strokes up from its next iteration on."


def advice(seen: Seen, meaning: str) -> str:
    """Return what is to be drawn before strokes can be followed; nothing if they can.

    Examples
    --------
    >>> advice(Seen(counts={1: 40}), "kinds"), advice(Seen(counts={1: 40}), "pieces")
    ('Draw on something else, such as the ground.', '')
    """
    if not seen.counts:
        return NOTHING
    if min(seen.counts) < 0 or max(seen.counts) > MOST_KINDS:
        return (
            f"Strokes must be numbers from 1 to {MOST_KINDS}, got {min(seen.counts)} to {max(seen.counts)}. "
            "Choose a layer with lower labels."
        )
    return ALSO_ELSE if len(seen.counts) < 2 and meaning in ("kinds", "objects") else ""


def obstacle(kinds: Sized, params: Params) -> str:
    """Return why a run cannot take strokes, as one clause that ends in what to do; nothing if it can."""
    if params.method in STEPLESS and params.strokes_as != "network":
        return f"strokes must be left out for the method '{params.method}'; choose another one, or delete the strokes"
    if params.n_runs > 1:
        return f"n_runs must be 1 with strokes, got {params.n_runs}; take one run, or delete the strokes"
    if params.regions == "trained" and params.objects == "off" and params.strokes_as != "network":
        return "strokes must lie on merged regions, got labels as trained; set Regions to 'merged'"
    if params.by_class and params.strokes_as != "network":
        return "strokes must lie on regions that keep their place, got classes; set Regions to 'merged'"
    if params.strokes_as in ("kinds", "objects") and len(kinds) == 1:
        return f"strokes must be of two kinds at least, got one; {ALSO_ELSE[:1].lower()}{ALSO_ELSE[1:-1]}"
    return ""


def said(answered: Answered) -> str:
    """Return what strokes have led to."""
    meaning, counts = answered.question.params.strokes_as, answered.question.seen.counts
    drawn = count(sum(counts.values()), "drawn pixel")
    found = count(answered.number, {"kinds": "kind", "objects": "object"}.get(meaning, "thing"))
    if not answered.question.comparable:
        return f"{found} from {drawn}."
    return f"{found} from {drawn}; {share(answered.share)} of the image changed."


def share(part: float) -> str:
    """Return a share in percent, as one would say it.

    Examples
    --------
    >>> share(0.0), share(0.002), share(0.051)
    ('nothing', 'less than 1 %', '5 %')
    """
    if part == 0:
        return "nothing"
    return "less than 1 %" if part < 0.01 else f"{100 * part:.0f} %"
