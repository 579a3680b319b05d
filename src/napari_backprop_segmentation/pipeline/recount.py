"""Objects counted again under other settings, without another run."""

from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.objects.find import cleaned_reading, reading_at
from napari_backprop_segmentation.objects.foreground import Foreground
from napari_backprop_segmentation.objects.outlined import Outlined
from napari_backprop_segmentation.objects.readings import Readings
from napari_backprop_segmentation.objects.tree_cuts import fine_regions
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.merged import Merged


class Recount:
    """Counts the objects of an image again, under other settings, without another run.

    Parameters
    ----------
    merged : Merged
        The image as the run has seen it.
    """

    def __init__(self, merged: Merged) -> None:
        self._job, self._tree, self._merged = merged.job, merged.tree, merged
        self._last: tuple[tuple[int, float], NDArray[Any]] | None = None  # what was read

    @property
    def readings(self) -> Readings:
        """All ways in which objects can be seen in the image, as the run has seen it."""
        return self._merged.readings

    def __call__(self, params: Params) -> NDArray[Any]:
        """Return the objects (*spatial), numbered from 1; 0 is the ground.

        Parameters
        ----------
        params : Params
            Those of the run but for settings of `Objects`: sensitivity, sizes, what is split and filled.
        """
        binning = self._job.binning
        return binning.enlarged(self.seen(Objects.of(binning.params(params))))

    def draft(self, params: Params) -> NDArray[Any] | None:
        """Return about what a call will return, in a tenth of the time; None where there is nothing to go by.

        Parameters
        ----------
        params : Params
            See `__call__`.
        """
        binning = self._job.binning
        rules = Objects.of(binning.params(params))
        if rules.reading or rules.objects == "outlined":
            return None
        found = self._foreground.draft(rules)
        return None if found is None else binning.enlarged(found)

    def name_of(self, rules: Objects) -> str:
        """Return the name of the reading that is asked for."""
        return reading_at(self.readings, rules).name

    def seen(self, rules: Objects) -> NDArray[Any]:
        """Return the objects of the image as the run has seen it, which may be binned."""
        if rules.reading:
            return self._as_read(rules)
        return (self._outlined if rules.objects == "outlined" else self._foreground).objects(rules)

    def _as_read(self, rules: Objects) -> NDArray[Any]:
        key, reading = (rules.reading, rules.sensitivity), reading_at(self.readings, rules)
        if self._last is None or self._last[0] != key:
            self._last = key, reading.labels(rules.strictness)
        return cleaned_reading(self._last[1], rules, reading.smallest)

    @cached_property
    def _foreground(self) -> Foreground:
        return Foreground(fine_regions(self._tree), self._merged.image, self._job.part.spacing)

    @cached_property
    def _outlined(self) -> Outlined:
        if self._job.ridges is None:
            raise ParameterError(
                "objects must be other than 'outlined' here, got 'outlined'; run again to look for lines"
            )
        return Outlined(self._tree, self._merged.image, self._job.ridges, self._job.part.spacing)
