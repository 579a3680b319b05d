"""Objects of an image that does not fit the memory, found in one overlapping window after another."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.image.windows import Windows
from napari_backprop_segmentation.objects.foreground import cleaned
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.written import given_back, out_of, written_windows

KEPT = "windows"  # name of what is kept


def objects_in_windows(
    job: Job,
    windows: Windows,
    rules: Objects,
    function: Callable[[Any, Any], NDArray[Any]],
    common: Any,
    *,
    item: Callable[[int], Any],
) -> Any:
    """Return the objects of all windows, numbered from 1, as the caller of the run gets them.

    Windows that an earlier start has finished stay.

    Parameters
    ----------
    job : Job
    windows : Windows
    rules : Objects
        Which sizes count, and whether those that the edge of the image cuts off do.
    function : callable
        Returns the objects of a window (*outer), see `Each`.
    common : object
        What is the same for all windows.
    item : callable
        Makes what else is needed for a window, by its number, when its turn comes.
    """
    kept = job.work.kept
    labels, parts, behind = kept.labels(KEPT, windows.shape), kept.parts(KEPT), 0
    done = [parts.get(number) for number in range(len(windows.outer))]
    left = (item(number) for number, known in enumerate(done) if known is None)
    coming = job.work.in_turn(function, common, left)
    for number, outer in enumerate(windows.outer):
        known = done[number]
        if known is None:
            objects = cleaned(next(coming), rules, windows.edges(number))
            labels[outer], new = windows.added(objects, labels[outer], behind)
            parts.put(number, known := {"count": np.array(new)})
        behind += int(known["count"])
        job.work.tell(number + 1, len(windows.outer))
    out = out_of(job, label_dtype(behind))
    for window in written_windows(windows.shape):
        out[window] = labels[window]
    return given_back(job, out)
