"""Device, precision, memory and blocks: the user's intent becomes a frozen Plan, decided once and logged once."""

import logging
import math
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psutil
import torch

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.network.estimate import LESS, fits_smaller, training_crop
from napari_backprop_segmentation.params.sections import Run, Training

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Plan:
    """How a run will be computed.

    Attributes
    ----------
    device : torch.device
    dtype : torch.dtype
        What the convolutions compute in; losses and weights are always float32.
    crop : tuple of int, optional
        Spatial shape of the crops that training looks at; None trains on the whole image.
    notes : tuple of str
        What is done instead of what was asked for, see `training_crop`.
    """

    device: torch.device
    dtype: torch.dtype
    crop: tuple[int, ...] | None = None
    notes: tuple[str, ...] = ()

    @property
    def precision(self) -> str:
        """The name of `dtype`."""
        return str(self.dtype).removeprefix("torch.")

    @property
    def mixed(self) -> bool:
        """Whether the convolutions compute in less than float32."""
        return self.dtype != torch.float32

    def autocast(self) -> torch.autocast:
        """Return the context in which the network runs."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.mixed)


# Told under which plan an error came, and in which iteration; returns a plan to go on under, or raises the error.
Fallback = Callable[[Plan, Exception, int], Plan]


def no_fallback(_plan: Plan, error: Exception, _iteration: int) -> Plan:
    """Raise the error."""
    raise error


def make_plan(training: Training, run: Run, shape: Sequence[int]) -> Plan:
    """Decide where and how to compute.

    Parameters
    ----------
    training : Training
    run : Run
        `device` and `precision` say what the user wants.
    shape : sequence of int
        (C, *spatial) of the image.

    Raises
    ------
    ParameterError
        If the user insists on a device that is not there.
    """
    device = chosen_device(run.device)
    dtype = _dtype(run.precision, device)
    plan = Plan(device, dtype)
    budget, notes = training_crop(training, math.prod(shape[1:]), plan.precision, free_memory(device))
    plan = replace(plan, crop=_crop(budget, shape[1:]), notes=notes)
    logger.info("plan: %s", plan)
    for note in notes:
        logger.warning("this run %s", note)
    return plan


def smaller_plan(plan: Plan, training: Training, spatial: Sequence[int]) -> tuple[Plan, str] | None:
    """Return a plan that needs less of the memory that has run out, and what it changes in a clause; None if none does.

    Crops of a quarter of the pixels or less, or else the processor instead of a graphics card.

    Parameters
    ----------
    plan : Plan
    training : Training
    spatial : sequence of int
        Shape of the image without channels.
    """
    pixels, free = math.prod(plan.crop or spatial), free_memory(plan.device)
    if fits_smaller(training, pixels, plan.precision, free):
        quarter = replace(training, crop_pixels=pixels // LESS)
        budget, _ = training_crop(quarter, pixels, plan.precision, free)
        crop = _crop(budget, spatial)
        if crop is not None:
            return replace(plan, crop=crop), f"trains on crops of {math.prod(crop)} pixels instead of {pixels}"
    if plan.device.type == "cpu":
        return None
    return replace(plan, device=torch.device("cpu"), dtype=torch.float32), "trains on the processor in float32"


def _crop(budget: int, spatial: Sequence[int]) -> tuple[int, ...] | None:
    """Return the shape of crops of at most `budget` pixels, as square as the image allows; None if all of it fits."""
    if not budget or math.prod(spatial) <= budget:
        return None
    crop: dict[int, int] = {}
    left = float(budget)
    for rank, axis in enumerate(sorted(range(len(spatial)), key=lambda a: spatial[a])):
        crop[axis] = min(spatial[axis], max(1, round(left ** (1 / (len(spatial) - rank)))))
        left /= crop[axis]
    return tuple(crop[axis] for axis in range(len(spatial)))


def free_memory(device: torch.device) -> float:
    """Return how many bytes are free: on a graphics card its own, else those of the machine."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    return float(psutil.virtual_memory().available)


def processor(device: torch.device) -> dict[str, Any]:
    """Return what decides how numbers are rounded on a device, in plain values: another one may round otherwise."""
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine()
    return {
        "processor": name,
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "threads": torch.get_num_threads(),
    }


def available_devices() -> list[str]:
    """Return the names of the devices torch can use here, best first."""
    found = [name for name, module in (("cuda", torch.cuda), ("mps", torch.backends.mps)) if module.is_available()]
    return [*found, "cpu"]


def chosen_device(wanted: str) -> torch.device:
    """Return the device that a setting names, of those that torch can use here.

    Raises
    ------
    ParameterError
        If it is not there.
    """
    devices = available_devices()
    if wanted == "auto":
        return torch.device(devices[0])
    if wanted not in devices:
        raise ParameterError(
            f"device must be one that torch {torch.__version__} can use here ({', '.join(devices)}), got {wanted!r}; "
            "choose 'auto' or install a torch build for that device"
        )
    return torch.device(wanted)


def _dtype(wanted: str, device: torch.device) -> torch.dtype:
    if wanted == "auto":
        return torch.bfloat16 if has_fast_bfloat16(device) else torch.float32
    return getattr(torch, wanted)  # type: ignore[no-any-return]


def has_fast_bfloat16(device: torch.device) -> bool:
    """Return whether the device has bfloat16 instructions; without them bfloat16 is several times slower."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return bool(capabilities.get("amx_bf16") or capabilities.get("avx512_bf16"))
    return False
