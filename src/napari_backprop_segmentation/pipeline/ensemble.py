"""One image several times, each time with another seed: what all runs agree on."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from napari_backprop_segmentation.hierarchy.build import merged
from napari_backprop_segmentation.hierarchy.consensus import Agreement
from napari_backprop_segmentation.hierarchy.leaf_graph import plain_leaf_graph
from napari_backprop_segmentation.network.schedule import TrainingSequence
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.params.sections import LARGEST_SEED, Regions, Training
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.label import ending, from_tree
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.training import train_on


def segment_ensemble(job: Job) -> Generator[Step, Command | None, Segmentation]:
    """Train `n_runs` networks on one image, and merge its regions by what they agree on.

    Yields
    ------
    Step
        One an iteration; `run` says which network is trained. After ``"stop"`` none is begun any more, and what was
        stopped half-way counts only if there is nothing else.

    Returns
    -------
    Segmentation
        With the agreement, if there are two runs or more, and the first model.
    """
    sequence = TrainingSequence()
    models = []
    trees: list[Any] = []
    part, n_runs = job.part, job.params.n_runs
    regions, first = Regions.of(job.params), Training.of(job.params)
    graph = None
    for number in range(n_runs):
        training = replace(first, seed=(first.seed + number) % (LARGEST_SEED + 1))
        steps = train_on(job, part, training)
        models.append((yield from sequence.follow(steps, run=(number + 1, n_runs))))
        if sequence.stopped and trees:
            break
        if graph is None:
            graph = plain_leaf_graph(part, regions, job.ridges)
        trees.append(merged(graph, models[-1], part, regions, job.merge))
        if sequence.stopped:
            break
    reason = f"all {n_runs} runs done"
    if sequence.stopped:
        reason = f"stopped by you in run {len(models)} of {n_runs}, labels are {_kept(len(models), len(trees))}"
    agreement = None if graph is None or len(trees) == 1 else Agreement.of(graph, trees, job.merge)
    found = from_tree(job, trees[0] if agreement is None else agreement.hierarchy, models[0])
    ended = ending(found.record["regions"], reason, sequence.steps)
    return replace(found, agreement=agreement).noted(ended)


def _kept(begun: int, kept: int) -> str:
    """Return what the labels are made of, where runs were begun and only some are kept."""
    if begun == kept:
        return "those of this run so far"
    return "those of run 1" if kept == 1 else f"what the first {kept} runs agree on"
