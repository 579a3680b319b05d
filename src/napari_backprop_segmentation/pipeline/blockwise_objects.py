"""Objects of an image that does not fit the memory: as the settings say, or as the reading that was taken."""

from typing import Any

import numpy as np

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.ridges import source_ridges
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.objects.find_in_blocks import BlockwiseObjects, find_objects_in_blocks
from napari_backprop_segmentation.objects.find_outlined_in_blocks import find_outlined_in_blocks
from napari_backprop_segmentation.objects.ways import rules_of
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.written import given_back, out_of, written_windows


def objects_in_blocks(job: Job, part: Source, tree: Hierarchy) -> Segmentation:
    """Return the objects among the regions of an image, looked for in `part`, written where they are to go."""
    rules, ridges = Objects.of(job.params), job.ridges
    if job.read_as:
        rules, ridges = rules_of(job.read_as, rules), source_ridges(part)
    if rules.objects == "outlined" and ridges is not None:
        found = BlockwiseObjects(find_outlined_in_blocks(tree, part, ridges, rules, job.work))
    else:
        found = find_objects_in_blocks(tree, part, rules, job.work)
    painted, windows = found.painted, written_windows(job.part.shape[1:])
    out = out_of(job, np.uint8 if painted is None else painted.table.dtype)
    job.less.notes.extend(found.remarks)
    for window in windows if painted is None else ():
        out[window] = 0
    if painted is not None:
        painted.paint(windows, out)
    record: dict[str, Any] = {"regions": "merged"}
    if job.read_as:
        record["params"] = {"reading": job.params.reading}
    return Segmentation(given_back(job, out), hierarchy=tree, record=record)
