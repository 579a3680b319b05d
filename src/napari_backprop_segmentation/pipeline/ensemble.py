"""One image several times, each time with another seed: what all runs agree on."""

from collections.abc import Generator
from dataclasses import replace

from napari_backprop_segmentation.network.schedule import TrainingSequence
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.params.sections import LARGEST_SEED, Training
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.kept_training import kept_or_trained
from napari_backprop_segmentation.pipeline.label import ending
from napari_backprop_segmentation.pipeline.runs_in_blocks import RunsInBlocks
from napari_backprop_segmentation.pipeline.runs_in_memory import RunsInMemory
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
    sequence, n_runs = TrainingSequence(), job.params.n_runs
    runs = RunsInBlocks(job) if job.in_blocks else RunsInMemory(job)
    first = Training.of(job.params)
    models = []
    for number in range(n_runs):
        training = replace(first, seed=(first.seed + number) % (LARGEST_SEED + 1))
        steps = kept_or_trained(job, train_on(job, job.part, training), training, number)
        models.append((yield from sequence.follow(steps, run=(number + 1, n_runs))))
        if sequence.stopped and runs.trees:
            break
        runs.add(models[-1])
        if sequence.stopped:
            break
    n_kept = len(runs.trees)
    reason = f"all {n_runs} runs done"
    if sequence.stopped:
        reason = f"stopped by you in run {len(models)} of {n_runs}, labels are {_kept(len(models), n_kept)}"
    agreement = runs.agreement() if n_kept > 1 else None
    found = runs.found(runs.trees[0] if agreement is None else agreement.hierarchy, models[0])
    ended = ending(found.record["regions"], reason, sum(model.iterations for model in models))
    return replace(found, agreement=agreement).noted(ended)


def _kept(begun: int, kept: int) -> str:
    """Return what the labels are made of, where runs were begun and only some are kept."""
    if begun == kept:
        return "those of this run so far"
    return "those of run 1" if kept == 1 else f"what the first {kept} runs agree on"
