"""What runs in threads while the user draws: looking at what is drawn, and what it leads to. No Qt and no layers here.

Errors are returned, as napari swallows some of them.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError, engine_errors
from napari_backprop_segmentation.gui.run import torch_startup
from napari_backprop_segmentation.gui.run.worker import Failure
from napari_backprop_segmentation.gui.teach.asked import Answered, Outcome, Question, Seen
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

Place = tuple[int, ...]
RULES = ("split_objects", "fill_holes", "min_object", "drop_border")


def look(data: Any, before: Seen) -> Seen:
    """Return what is drawn; what was seen before if that is the same.

    A stroke that is painted meanwhile may be seen in part; whoever paints it asks again.
    """
    strokes = np.array(data)
    if strokes.shape == before.strokes.shape and np.array_equal(strokes, before.strokes):
        return before
    numbers, pixels = np.unique(strokes[strokes != 0], return_counts=True)
    return Seen(strokes, dict(zip(numbers.tolist(), pixels.tolist(), strict=True)))


def answer(question: Question) -> Outcome:
    """Answer strokes; the first time on an image this takes seconds."""
    try:
        torch_startup.give_way()
        with engine_errors():
            return Outcome(question, _answered(question))
    except Exception as error:  # noqa: BLE001 - nothing is swallowed: whoever has asked is told
        return Outcome(question, Failure(error))


def _answered(question: Question) -> Answered:
    from napari_backprop_segmentation.teaching.plain import runs_of

    teacher = question.segmentation.teacher
    if teacher is None:
        raise ImageError("strokes must lie on merged regions, got an image without them; run again")
    found = teacher.answer(question.strokes, question.params)
    numbers = question.params.strokes_as == "kinds"
    changed = changes(question.before.reshape(found.labels.shape), found.labels, numbers)
    doubt = found.doubt if question.with_doubt else None
    number = len(question.seen.counts)
    if question.params.strokes_as == "objects":
        number = int(np.count_nonzero(np.bincount(found.labels.ravel())[1:]))
    fits = np.can_cast(np.min_scalar_type(int(found.labels.max())), question.before.dtype)
    labels = found.labels.astype(question.before.dtype) if fits else found.labels
    return Answered(question, found, labels, number, runs_of(question.strokes), changed, float(changed.mean()), doubt)


def place_of(answered: Answered, number: int) -> Place | None:
    """Return the n-th most doubtful pixel; None where there is no doubt."""
    try:
        return answered.answer.doubtful_place(number)
    except (ValueError, IndexError):  # all is drawn
        return None


def changes(before: NDArray[Any], after: NDArray[Any], by_number: bool) -> NDArray[np.bool_]:
    """Return where labels are others than before.

    Parameters
    ----------
    before, after : (*spatial) int arrays
    by_number : bool
        Whether the same number means the same; else what has most pixels in common does.
    """
    if by_number:
        different: NDArray[np.bool_] = before != after
        return different
    from scipy.sparse import coo_array

    old, new = before.ravel().astype(np.int64), after.ravel().astype(np.int64)
    together = coo_array((np.ones(old.size, np.int64), (old, new)), (int(old.max()) + 1, int(new.max()) + 1)).tocsr()
    successor, predecessor = np.ravel(together.argmax(axis=1)), np.ravel(together.argmax(axis=0))
    gone = (successor[old] != new) | (predecessor[new] != old)
    found: NDArray[np.bool_] = ((old == 0) != (new == 0)) | (gone & (old > 0) & (new > 0))
    return found.reshape(after.shape)


def wanted_params(segmentation: "Segmentation", asked: Params, detail: float) -> Params:
    """Return the settings of a run, with what strokes mean and how objects are divided as it is asked for now."""
    used = Params.from_dict(segmentation.record["params"])
    rules = {name: getattr(asked, name) for name in RULES if name in asked.given}
    return used.replace(strokes_as=asked.strokes_as, detail=detail, **rules)
