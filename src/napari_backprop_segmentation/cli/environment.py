"""What to paste in a bug report: versions, devices, memory."""

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version

import psutil
import torch

from napari_backprop_segmentation.network.planning import available_devices, has_fast_bfloat16

PACKAGES = (
    "napari-backprop-segmentation",
    "torch",
    "numpy",
    "scipy",
    "scikit-image",
    "scikit-learn",
    "higra",
    "tifffile",
    "zarr",
    "ome-zarr-models",
    "napari",
    "npe2",
    "magicgui",
    "superqt",
    "qtpy",
    "vispy",
)
QT_BINDINGS = ("PyQt6", "PySide6", "PyQt5", "PySide2")
DISPLAY_VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY", "QT_API", "QT_QPA_PLATFORM")
GIB = 2**30


def report() -> str:
    """Return versions, devices and memory, one "name: value" a line. Nothing of Qt is imported for it."""
    return "\n".join(f"{name}: {value}" for name, value in _facts())


def _facts() -> Iterator[tuple[str, str]]:
    yield "system", platform.platform()
    yield "python", f"{platform.python_version()} ({sys.executable})"
    for package in PACKAGES:
        yield package, _version(package) or "not installed"
    yield "Qt binding", ", ".join(f"{b} {v}" for b in QT_BINDINGS if (v := _version(b))) or "none installed"
    yield "display", ", ".join(f"{n}={os.environ[n]}" for n in DISPLAY_VARIABLES if n in os.environ) or "none"
    memory = psutil.virtual_memory()
    yield "memory", f"{memory.available / GIB:.1f} of {memory.total / GIB:.1f} GiB free"
    yield "processor", f"{os.cpu_count()} cores, torch uses {torch.get_num_threads()} threads"
    yield "processor capabilities", _capabilities()
    for name in available_devices():
        yield f"device {name}", _device(torch.device(name))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _capabilities() -> str:
    if not hasattr(torch.cpu, "get_capabilities"):
        return "unknown to this torch"
    found = torch.cpu.get_capabilities()
    return ", ".join(sorted(name for name, value in found.items() if value is True)) or "none"


def _device(device: torch.device) -> str:
    bfloat16 = f"fast bfloat16: {'yes' if has_fast_bfloat16(device) else 'no'}"
    if device.type != "cuda":
        return bfloat16
    free, total = torch.cuda.mem_get_info(device)
    name = torch.cuda.get_device_name(device)
    return f"{name}, CUDA {torch.version.cuda}, {free / GIB:.1f} of {total / GIB:.1f} GiB free, {bfloat16}"
