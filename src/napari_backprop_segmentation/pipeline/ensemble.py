"""One image several times, each time with another seed: what all runs agree on."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.hierarchy.build import leaf_graph, merged, seedless_leaves
from napari_backprop_segmentation.hierarchy.consensus import Agreement
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.source import Part
from napari_backprop_segmentation.network.loop import Command, Step, train
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.planning import Plan
from napari_backprop_segmentation.network.schedule import TrainingSequence
from napari_backprop_segmentation.params.fields import STEPLESS
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import LARGEST_SEED
from napari_backprop_segmentation.pipeline.image import Extras, Found, of_tree


def run_repeatedly(
    source: Part, params: Params, plan: Plan, extras: Extras
) -> Generator[Step, Command | None, tuple[Found, Model]]:
    """Train `n_runs` networks on one image, and merge its regions by what they agree on.

    Yields
    ------
    Step
        One an iteration; `run` says which network is trained. After ``"stop"`` none is begun any more, and what was
        stopped half-way counts only if there is nothing else.

    Returns
    -------
    found : Found
        With the agreement, if there are two runs or more.
    model : Model
        The first one.
    """
    sequence, models, trees = TrainingSequence(), list[Model](), list[Hierarchy]()
    graph = None
    for number in range(params.n_runs):
        seeded = params.replace(seed=(params.seed + number) % (LARGEST_SEED + 1))
        run = (number + 1, params.n_runs)
        models.append((yield from sequence.follow(train(source, seeded, plan), run=run)))
        if sequence.stopped and trees:
            break
        graph = graph or leaf_graph(seedless_leaves(source, params), source, params, plan.block)
        trees.append(merged(graph, models[-1], source, extras.merge))
        if sequence.stopped:
            break
    reason = f"all {params.n_runs} runs done"
    if sequence.stopped:
        reason = f"stopped by you in run {len(models)} of {params.n_runs}, labels are {_kept(len(models), len(trees))}"
    agreement = None if graph is None or len(trees) == 1 else Agreement.of(graph, trees, extras.merge)
    found = of_tree(trees[0] if agreement is None else agreement.hierarchy, source, params)
    model = replace(models[0], iterations=sequence.steps, stopped_by=reason)
    return replace(found, agreement=agreement), model


def _kept(begun: int, kept: int) -> str:
    """Return what the labels are made of, where runs were begun and only some are kept."""
    if begun == kept:
        return "those of this run so far"
    return "those of run 1" if kept == 1 else f"what the first {kept} runs agree on"


def check_runs(params: Params, plan: Plan, iterated: str, extras: Extras, drawn: Any) -> None:
    """Refuse several runs where they cannot be compared: they need the same finest regions, and a tree of each.

    Raises
    ------
    ParameterError
    """
    obstacles = (
        ("T" in iterated, "for a time series", "take one frame"),
        ("Z" in iterated, "slice by slice", "take one slice, or set volumes to 'volume'"),
        (params.method in STEPLESS, f"for the method {params.method!r}", "choose 'superpixels' or 'continuity'"),
        (extras.trained is not None, "where a network is applied that was trained before", "train anew"),
        (drawn is not None, "with scribbles", "leave one of the two out"),
        (extras.out is not None, "where labels are written piece by piece", "leave out `out`"),
        (
            params.initial_regions == "network",
            "for initial_regions='network', which differ from run to run",
            "set initial_regions to 'graph'",
        ),
        (params.by_class, "for classes, which have no borders in common", "set regions to 'merged'"),
        (not plan.merges and params.regions == "trained", "where regions are not merged", "set regions to 'merged'"),
        (not plan.merges, "for an image too large for merging regions", "take a smaller image, or a part of it"),
    )
    for met, where, advice in obstacles:
        if met and params.n_runs > 1:
            raise ParameterError(f"n_runs must be 1 {where}, got {params.n_runs}; {advice}")
