"""One image several times, each time with another seed: what all runs agree on."""

from collections.abc import Generator
from dataclasses import replace
from typing import Any

from napari_backprop_segmentation.data.source import Part
from napari_backprop_segmentation.engine.agreement import Agreement
from napari_backprop_segmentation.engine.hierarchy import Hierarchy
from napari_backprop_segmentation.engine.model import Model
from napari_backprop_segmentation.engine.planning import Plan
from napari_backprop_segmentation.engine.succession import Succession
from napari_backprop_segmentation.engine.training import Command, Step, train
from napari_backprop_segmentation.engine.tree import leaf_graph, merged, seedless_leaves
from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.params import Params
from napari_backprop_segmentation.settings import STEPLESS
from napari_backprop_segmentation.single import Extras, Found, of_tree
from napari_backprop_segmentation.tuning import LARGEST_SEED


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
    succession, models, trees = Succession(), list[Model](), list[Hierarchy]()
    graph = None
    for number in range(params.n_runs):
        seeded = params.replace(seed=(params.seed + number) % (LARGEST_SEED + 1))
        run = (number + 1, params.n_runs)
        models.append((yield from succession.follow(train(source, seeded, plan), run=run)))
        if succession.stopped and trees:
            break
        graph = graph or leaf_graph(seedless_leaves(source, params), source, params, plan.block)
        trees.append(merged(graph, models[-1], source, extras.merge))
        if succession.stopped:
            break
    reason = f"all {params.n_runs} runs done"
    if succession.stopped:
        reason = f"stopped by you in run {len(models)} of {params.n_runs}, labels are {_kept(len(models), len(trees))}"
    agreement = None if graph is None or len(trees) == 1 else Agreement.of(graph, trees, extras.merge)
    found = of_tree(trees[0] if agreement is None else agreement.hierarchy, source, params)
    model = replace(models[0], iterations=succession.steps, stopped_by=reason)
    return replace(found, agreement=agreement), model


def _kept(begun: int, kept: int) -> str:
    """Return what the labels are made of, where runs were begun and only some are kept."""
    if begun == kept:
        return "those of this run so far"
    return "those of run 1" if kept == 1 else f"what the first {kept} runs agree on"


def check_runs(params: Params, plan: Plan, walked: str, extras: Extras, drawn: Any) -> None:
    """Refuse several runs where they cannot be compared: they need the same finest regions, and a tree of each.

    Raises
    ------
    ParameterError
    """
    obstacles = (
        ("T" in walked, "for a time series", "take one frame"),
        ("Z" in walked, "slice by slice", "take one slice, or set volumes to 'volume'"),
        (params.method in STEPLESS, f"for the method {params.method!r}", "choose 'superpixels' or 'continuity'"),
        (extras.trained is not None, "where a network is applied that was trained before", "train anew"),
        (drawn is not None, "with scribbles", "leave one of the two out"),
        (extras.out is not None, "where labels are written piece by piece", "leave out `out`"),
        (params.leaves == "network", "for leaves='network', which differ from run to run", "set leaves to 'graph'"),
        (params.by_class, "for classes, which have no borders in common", "set regions to 'merged'"),
        (not plan.merges and params.regions == "trained", "where regions are not merged", "set regions to 'merged'"),
        (not plan.merges, "for an image too large for merging regions", "take a smaller image, or a part of it"),
    )
    for met, where, advice in obstacles:
        if met and params.n_runs > 1:
            raise ParameterError(f"n_runs must be 1 {where}, got {params.n_runs}; {advice}")
