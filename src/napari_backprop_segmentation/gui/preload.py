"""Load torch without stopping the window: its library takes most of a second, and an import holds the interpreter."""

import ctypes
import importlib.util
import os
import sys
from pathlib import Path

LIBRARIES = {"linux": "libtorch_cpu.so", "darwin": "libtorch_cpu.dylib"}


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
