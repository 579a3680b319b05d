"""What cannot go together is refused in words before anything is computed."""

from napari_backprop_segmentation.errors import ImageError, ParameterError
from napari_backprop_segmentation.image.output import Output, check_output
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.fields import STEPLESS, Statistics
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.references import References
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.request import Request


def check_objects(request: Request, in_pieces: bool) -> None:
    """Refuse objects where there is nothing to look for them among.

    Parameters
    ----------
    request : Request
    in_pieces : bool
        Whether the labels of one image are written piece by piece.

    Raises
    ------
    ParameterError
    """
    params = request.params
    refused = in_pieces and not params.merges_in_blocks
    stepless = params.method in STEPLESS and request.model is None
    obstacles = (
        (stepless, f"for the method {params.method!r}", "choose the method 'superpixels' or 'continuity'"),
        (
            refused,
            "where the labels of one image are written piece by piece",
            "leave out `out`, or set initial_regions to 'graph'",
        ),
    )
    for met, where, advice in obstacles:
        if met and params.counts:
            raise ParameterError(
                f"objects must be 'off' {where}, got {params.objects!r}; {advice}, or set objects to 'off'"
            )


def checked_output(request: Request, shape: tuple[int, ...]) -> Output | None:
    """Return where labels are written piece by piece; refuse what cannot take them.

    Labels as trained are at most as many as the network has channels. Merged regions of a series can be any number:
    `Output` refuses the first that does not fit.
    """
    params = request.params
    n_labels = {"kmeans": params.n_clusters, "graph": 0}.get(params.method, params.n_channels)
    if request.model is not None:
        n_labels = request.model.training.n_channels
    return check_output(request.out, shape, n_labels)


def check_runs(job: Job) -> None:
    """Refuse several runs where they cannot be compared: they need the same finest regions, and a tree of each.

    Raises
    ------
    ParameterError
    """
    params = job.params
    obstacles = (
        ("T" in job.iterated, "for a time series", "take one frame"),
        ("Z" in job.iterated, "slice by slice", "take one slice, or set volumes to 'volume'"),
        (params.method in STEPLESS, f"for the method {params.method!r}", "choose 'superpixels' or 'continuity'"),
        (job.model is not None, "where a network is applied that was trained before", "train anew"),
        (job.seen_strokes is not None, "with strokes that the network sees", "leave one of the two out"),
        (job.out is not None and not job.in_blocks, "where labels are written piece by piece", "leave out `out`"),
        (
            params.initial_regions == "network",
            "for initial_regions='network', which differ from run to run",
            "set initial_regions to 'graph'",
        ),
        (params.by_class, "for classes, which have no borders in common", "set regions to 'merged'"),
        (not job.merges and params.regions == "trained", "where regions are not merged", "set regions to 'merged'"),
    )
    for met, where, advice in obstacles:
        if met and params.n_runs > 1:
            raise ParameterError(f"n_runs must be 1 {where}, got {params.n_runs}; {advice}")


def check_regions(job: Job) -> None:
    """Refuse a number of regions where there is no merge tree of one image to cut.

    Raises
    ------
    ParameterError
    """
    number = job.params.n_regions
    if not number or job.params.counts or job.examples is not None:
        return
    merges = job.merges or job.in_blocks
    obstacles = (
        (bool(job.iterated), "frame by frame or slice by slice, where it would differ", "set detail"),
        (
            not merges,
            "where regions are not merged",
            "set regions to 'merged', or leave n_regions out",
        ),
    )
    for met, where, advice in obstacles:
        if met:
            raise ParameterError(f"n_regions must be 0 {where}, got {number}; {advice}")


def fitting_model(model: Model, params: Params, ndim: int, statistics: Statistics) -> Params:
    """Return the settings under which a network that was trained before is applied: what it was trained with is fixed.

    Parameters
    ----------
    model : Model
    params : Params
        As they were asked for.
    ndim : int
        Spatial dimensions of what it is to label at a time.
    statistics : Statistics
        See `References`.

    Raises
    ------
    ImageError
        If the network was trained on another number of them.
    """
    if model.network.ndim != ndim:
        kinds = {2: "planes", 3: "volumes"}
        raise ImageError(
            f"image must be made of {kinds[model.network.ndim]}, as the network was trained on them, got "
            f"{kinds[ndim]}; set volumes to {'slices' if ndim > model.network.ndim else 'volume'}, or train anew"
        )
    return params.with_sections(model.training, model.input, References(statistics=statistics))
