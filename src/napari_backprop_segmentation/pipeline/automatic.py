"""What is left open is decided from the image: which preset suits its kind."""

import logging

from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.params.fields import STEPLESS
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline import checks
from napari_backprop_segmentation.pipeline.iteration import iterated_axes
from napari_backprop_segmentation.pipeline.modality import kind_of
from napari_backprop_segmentation.pipeline.request import Request

logger = logging.getLogger(__name__)


def settled_params(request: Request, source: ArraySource, has_strokes: bool) -> tuple[Params, str | None]:
    """Return the settings that hold for this image, and the preset taken for its kind where that was asked for."""
    asked = request.params
    in_pieces = request.out is not None and not iterated_axes(asked, source.spatial_axes, source.shape[1:])
    checks.check_objects(request, in_pieces)
    params, kind = asked, None
    if asked.automatic and (asked.method not in STEPLESS or request.model is not None):
        kind = request.kind or kind_of(source)
        params = asked.filled(kind)
        logger.info("this looks like an image for the preset %s", kind)
    if has_strokes and params.strokes_as != "network":
        params = params.replace(regions="merged").marked(params.given)  # strokes are answered on a merge tree
    chosen_among = has_strokes and params.strokes_as == "objects"  # objects are one of those that strokes choose among
    if params.counts and ((in_pieces and not params.merges_in_blocks) or (has_strokes and not chosen_among)):
        reason = "labels keep the numbers of the strokes" if has_strokes else "labels are written piece by piece"
        logger.warning("this run looks for no objects, though objects is %r, as its %s", params.objects, reason)
        params = params.replace(objects="off").marked(params.given)
    return params, kind
