"""Objects that strokes have shown: of all that can be seen in the image, what fits best to what was drawn.

What follows from the strokes alone, divided where it is narrow, knows the user's kinds, but little of outlines. What
can be seen in the image without strokes knows outlines, but not what is wanted. So of each of the latter what the
strokes speak for is kept, and the one is taken that they agree with most.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.objects.foreground import cleaned
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.teaching.kinds import Taught
from napari_backprop_segmentation.teaching.split import OBJECT, objects_of

LEAST = (0.0, 0.25, 0.5)  # shares of the kind `OBJECT` below which something seen is left out; each is tried
MANY = 50  # objects from which on more of them prove nothing
# Of the F1 to expect, compared with other objects in the same image; by least squares, see docs/benchmarks.md.
WEIGHTS = {"overlap": 0.46, "hit": 0.12, "spared": 0.09, "count": 0.08, "divided": -0.1, "counted": 0.11}


@dataclass(frozen=True)
class Offered:
    """Objects that were seen in an image without strokes.

    Attributes
    ----------
    labels : (*spatial) int array
        0 is background.
    counted : bool
        Whether they are what the settings of the run ask for.
    """

    labels: NDArray[Any]
    counted: bool = False


def best_objects(
    taught: Taught, offered: Sequence[Offered], rules: Objects, spacing: tuple[float, ...] | None = None
) -> NDArray[Any]:
    """Return the objects (*spatial) that strokes of the kind `OBJECT` have shown, from 1; 0 is everything else.

    Parameters
    ----------
    taught : Taught
    offered : sequence of Offered
    rules : Objects
        Whether touching ones are divided, holes filled, small ones left out.
    spacing : tuple of float, optional
        Size of a pixel along each axis, the smallest being 1.
    """
    divided = objects_of(taught, rules, spacing)
    share = taught.share(OBJECT)
    found, best = divided, _worths(divided, _likely(divided, share), taught, divided=1.0)[0]
    for each in offered:
        likely = _likely(each.labels, share)
        worths = _worths(each.labels, likely, taught, counted=each.counted)
        if max(worths) > best:
            best = max(worths)
            found = np.where((likely >= LEAST[worths.index(best)])[each.labels], each.labels, 0)
    return found if found is divided else cleaned(_as_drawn(found, divided, taught.strokes), rules)


def _likely(labels: NDArray[Any], share: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the mean share (n + 1,) in each object; what is no object is not likely."""
    sizes = np.maximum(np.bincount(labels.ravel()), 1)
    found: NDArray[np.float64] = np.bincount(labels.ravel(), share.ravel(), len(sizes)) / sizes
    return found


def _worths(
    labels: NDArray[Any], likely: NDArray[np.float64], taught: Taught, divided: float = 0.0, counted: float = 0.0
) -> list[float]:
    """Return about what F1 to expect, compared with other objects in the same image, of what each of `LEAST` leaves.

    - overlap: with what is likely to be of the kind, as a Dice coefficient of shares;
    - hit, spared: share of the strokes of this kind in objects, and of the others outside;
    - count: logarithm of how many objects there are, up to `MANY`.
    """
    drawn = np.flatnonzero(taught.strokes)
    under, kinds = labels.ravel()[drawn], taught.strokes.ravel()[drawn]
    sizes = np.bincount(labels.ravel())
    shares = likely * sizes
    hits, others = (np.bincount(under[of], minlength=len(sizes)) for of in (kinds == OBJECT, kinds != OBJECT))
    worths = []
    for least in LEAST:
        kept = (likely >= least) & (sizes > 0)
        kept[0] = False
        figures = {
            "overlap": 2 * float(shares[kept].sum()) / max(float(shares.sum() + sizes[kept].sum()), 1.0),
            "hit": float(hits[kept].sum() / max(hits.sum(), 1)),
            "spared": 1 - float(others[kept].sum() / max(others.sum(), 1)),
            "count": float(np.log(max(1, min(int(kept.sum()), MANY)))),
            "divided": divided,
            "counted": counted,
        }
        worths.append(sum(weight * figures[name] for name, weight in WEIGHTS.items()))
    return worths


def _as_drawn(labels: NDArray[Any], divided: NDArray[Any], strokes: NDArray[Any]) -> NDArray[Any]:
    """Return objects without strokes of other kinds, and with a part for each stroke of theirs that they missed."""
    found = np.where((strokes > 0) & (strokes != OBJECT), 0, labels).astype(np.int64)
    missed = np.unique(divided[(strokes == OBJECT) & (found == 0)])
    added = np.isin(divided, missed[missed > 0]) & (found == 0)
    return np.where(added, divided + found.max(), found)
