"""A run that respects what was edited by hand: it never changes that, and learns from it."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.written import Written
from napari_backprop_segmentation.teaching.blockwise_edits import Write, kept_in_blocks, n_fixed, pinned_in_blocks
from napari_backprop_segmentation.teaching.edits import FREE, best_agreeing, kept

OFFERED = 6  # other readings among which one may agree better with the edits
GAIN = 0.1  # of agreement, from which on another reading is taken


def respecting(found: Segmentation, job: Job) -> Segmentation:
    """Return a result that keeps what is fixed.

    Of objects that reading is taken which agrees clearly better with what is fixed than the run's own. Kinds keep their
    numbers: what is fixed has been learned from as if it were drawn.

    Parameters
    ----------
    found : Segmentation
    job : Job
        With what is `fixed`, see `fixed_labels`. In blocks there are no other readings.
    """
    fixed = job.fixed
    if fixed is not None and job.in_blocks:
        return _in_blocks(found, fixed, Written(job, "with edits"))
    if fixed is None or (fixed == FREE).all():
        return found
    facts: dict[str, Any] = {"fixed": int((fixed != FREE).sum())}
    params, labels = found.record["params"], found.labels
    if found.record["regions"] == "kinds":
        pinned = np.where(fixed == FREE, labels, fixed)
        return replace(found, labels=pinned.astype(np.promote_types(labels.dtype, np.min_scalar_type(pinned.max()))))
    counts = _counts(found)
    if counts and (offers := found.readings[:OFFERED]):
        candidates = [labels, *(offer.labels() for offer in offers)]
        if best := best_agreeing(candidates, fixed, GAIN):
            labels = candidates[best]
            facts |= {"params": {**params, "reading": best}, "reading": offers[best - 1].name}
    return replace(found, labels=kept(labels, fixed, ground=counts)).noted(facts)


def _counts(found: Segmentation) -> bool:
    params = found.record["params"]
    return params["objects"] != "off" or bool(params.get("reading")) or found.record["regions"] == "objects"


def _in_blocks(found: Segmentation, fixed: NDArray[np.int64], write: Write) -> Segmentation:
    """Return the same of a result that does not fit the memory."""
    n = n_fixed(fixed)
    if not n:
        return found
    if found.record["regions"] == "kinds":
        return replace(found, labels=pinned_in_blocks(found.labels, fixed, write))
    return replace(found, labels=kept_in_blocks(found.labels, fixed, write, ground=_counts(found))).noted({"fixed": n})
