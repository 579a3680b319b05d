"""How many regions there is memory to merge."""

import math

import numpy as np
import torch

from napari_backprop_segmentation.hierarchy.build_in_blocks import MERGE_BYTES
from napari_backprop_segmentation.hierarchy.leaf_graph import most_leaves
from napari_backprop_segmentation.image.kept_blocks import KeptBlocks
from napari_backprop_segmentation.network.planning import free_memory
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.unfinished import no_room

SHARE = 0.6  # of the memory that is free, for regions
OTHERS = 10  # features beside the responses of the network: colour, texture
LEAST = 1000  # regions, whatever is free
PLAN, MOST = "plan", "most"  # names of what is kept


def room_for_regions(job: Job, kept: KeptBlocks) -> int | None:
    """Return how many regions can be merged, those of an earlier start of the run first; None if there is no limit.

    Raises
    ------
    OutputError
        If that cannot be kept for a later start.
    """
    parts = kept.parts(PLAN)
    known = parts.get(0)
    if known is None:
        free = SHARE * free_memory(torch.device("cpu"))
        known = {MOST: np.array(max(LEAST, int(free / (MERGE_BYTES * (job.params.n_channels + OTHERS)))))}
        try:
            parts.put(0, known)
        except OSError as error:
            if kept.folder is None:
                raise
            kept.release()
            raise no_room(kept.folder, error) from error
    most = int(known[MOST])
    return most if most < most_leaves(math.prod(job.part.shape[1:])) else None
