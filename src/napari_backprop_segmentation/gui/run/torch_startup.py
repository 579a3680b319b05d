"""A computation that leaves the window alive: how torch is loaded, and who gets the processor.

Loading torch's library takes most of a second, during which a plain import would hold the interpreter.
"""

import ctypes
import importlib.util
import os
import sys
import threading
from pathlib import Path

from napari_backprop_segmentation.network.threads import share_the_processor

NICENESS = 10
LIBRARIES = {"linux": "libtorch_cpu.so", "darwin": "libtorch_cpu.dylib"}


def make_ready_for_torch() -> None:
    """Do in the worker thread what must be done before torch is imported there."""
    give_way()
    share_the_processor()
    load_torch_library()


def load_torch_library() -> bool:
    """Load the big library of torch as a foreign function, which lets go of the interpreter meanwhile.

    The import that follows finds it in memory. Where this is not possible the import just takes longer.

    Returns
    -------
    bool
        Whether the library is in memory now.
    """
    spec = importlib.util.find_spec("torch")
    name = LIBRARIES.get(sys.platform)
    if name is None or spec is None or spec.origin is None:
        return False
    path = Path(spec.origin).parent / "lib" / name
    dlopen = ctypes.CDLL(None).dlopen
    dlopen.argtypes, dlopen.restype = [ctypes.c_char_p, ctypes.c_int], ctypes.c_void_p
    return path.exists() and dlopen(os.fsencode(path), os.RTLD_NOW) is not None


def give_way() -> None:
    """Let the window draw first where it and the computation want the processor at once.

    Concerns the thread that calls this and those it starts afterwards, such as torch's. Linux has priorities of single
    threads that anyone may lower; elsewhere nothing happens.
    """
    if sys.platform != "linux":
        return
    thread = threading.get_native_id()
    if os.getpriority(os.PRIO_PROCESS, thread) <= os.getpriority(os.PRIO_PROCESS, os.getpid()):
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICENESS)
