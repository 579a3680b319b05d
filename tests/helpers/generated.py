"""Inputs that nobody would write by hand: arrays of any type, shape, layout and container, and settings."""

import os

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

COMMON = {
    "deadline": None,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}
LONG = settings(max_examples=int(os.environ.get("LONG_EXAMPLES", "2000")), **COMMON)


def share(n):
    """Return settings for so many examples that are the same in every run."""
    return settings(max_examples=n, derandomize=True, **COMMON)


DTYPES = [bool, "u1", "i1", "u2", ">u2", "i2", "u4", ">i4", "i4", "u8", "i8", "f2", "f4", ">f4", "f8"]
NO_NUMBERS = ["c8", "O", "U1"]
VALUES = ["noise", "noise", "noise", "shapes", "shapes", "constant", "sparse", "extreme", "odd", "far"]
LAYOUTS = ["C", "C", "F", "backwards", "strided", "readonly"]
CONTAINERS = ["numpy", "numpy", "numpy", "masked", "dask", "zarr", "list", "memmap"]
AXES = ["YX", "CYX", "YXC", "ZYX", "TYX", "YXS", "CZYX", "TCYX", "TZYX", "ZYXC", "TCZYX", "TYXS"]


@st.composite
def arrays(draw, most=24):
    """Draw an image: an array-like, and the axes that were meant."""
    axes = draw(st.sampled_from(AXES))
    large = st.integers(1 if draw(st.integers(0, 5)) == 0 else most // 2, most)
    sizes = {"S": st.integers(1, 5), "C": st.integers(1, 4), "T": st.integers(1, 3), "Z": st.integers(1, 5)}
    shape = tuple(draw(sizes.get(letter, large)) for letter in axes)
    if draw(st.integers(0, 30)) == 0:
        shape = shape[: draw(st.integers(0, 2))]
    if draw(st.integers(0, 30)) == 0 and shape:
        shape = (0, *shape[1:])
    dtype = np.dtype(draw(st.sampled_from(NO_NUMBERS if draw(st.integers(0, 30)) == 0 else DTYPES)))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    array = filled(shape, dtype, draw(st.sampled_from(VALUES)), rng)
    return contained(laid_out(array, draw(st.sampled_from(LAYOUTS))), draw(st.sampled_from(CONTAINERS)), rng), axes


def filled(shape, dtype, kind, rng):
    """Return an array of some kind of values."""
    if dtype.kind in "OU":
        return np.full(shape, "a", dtype)
    top = {"f": 1000.0, "c": 1000.0, "b": 1}.get(dtype.kind) or np.iinfo(dtype).max
    values = rng.random(shape)
    if kind == "shapes":
        values = 0.2 * values + 0.6 * (np.indices(shape).sum(axis=0) // 5 % 2)
    if kind == "constant":
        values = np.full(shape, 0.25)
    if kind == "sparse":
        values = (values > 0.98) * values
    if kind == "extreme":
        values = (values > 0.5).astype(float)
    with np.errstate(all="ignore"):
        array = np.asarray(values * float(top) * (1 - 2**-50)).astype(dtype)
    if kind in ("odd", "extreme") and dtype.kind in "fc" and array.size:
        odd = np.array(
            [np.nan, np.inf, -np.inf, np.finfo(dtype).max, np.finfo(dtype).tiny, -np.finfo(dtype).max], dtype
        )
        array.flat[rng.integers(0, array.size, 1 + array.size // 4)] = odd[rng.integers(0, len(odd))]
    if kind == "far" and dtype.itemsize > 2 and dtype.kind in "iuf":
        array = (array // max(1, int(top) >> 8) + dtype.type(top / 2)).astype(dtype)
    return array


def laid_out(array, layout):
    """Return the array as it may lie in memory."""
    if layout == "F":
        return np.asfortranarray(array)
    if layout == "backwards" and array.ndim:
        return array[::-1]
    if layout == "strided" and array.ndim:
        return array.repeat(2, axis=-1)[..., ::2]
    if layout == "readonly" and isinstance(array, np.ndarray):  # else a number, which nobody can write to
        array.flags.writeable = False
    return array


def contained(array, container, rng):
    """Return the array in some container."""
    plain = array.dtype.kind not in "OU"
    if container == "masked":
        return np.ma.masked_array(array, rng.random(array.shape) < rng.choice([0.1, 1.0]))
    if container == "list":
        return array.tolist()
    if container == "dask" and plain and array.size:
        import dask.array

        return dask.array.from_array(array, chunks=7)
    if container == "zarr" and plain and array.size and array.dtype.byteorder in "=|<":
        import zarr

        return zarr.array(array)
    if container == "memmap" and plain and array.size:
        import tempfile

        with tempfile.TemporaryFile() as file:
            mapped = np.memmap(file, array.dtype, "w+", shape=array.shape)
        mapped[...] = array
        return mapped
    return array


odd_values = st.one_of(
    st.none(), st.integers(-3, 9), st.floats(), st.text(max_size=3), st.booleans(), st.lists(st.integers(), max_size=3)
)


def mostly(value):
    """Draw this value, seldom another one."""
    return st.integers(0, 9).flatmap(lambda n: odd_values if n == 0 else st.just(value))


def spatial_shape(image, axes):
    """Return the shape of labels of an image whose axes are these, as far as they are."""
    return tuple(n for n, letter in zip(np.shape(image), axes, strict=False) if letter not in "CS")


def changed(tree, steps, value, lose=False):
    """Let one place in parsed JSON hold something else, or nothing."""
    inner = list(tree) if isinstance(tree, dict) else list(range(len(tree))) if isinstance(tree, list) else []
    if not inner:
        return value
    key = inner[steps % len(inner)]
    if lose and (steps // 7) % 3 == 0:
        del tree[key]
    else:
        tree[key] = changed(tree[key], steps // len(inner), value, lose)
    return tree


def spacings(n):
    """Draw sizes of a pixel, most of them sensible."""
    good = st.lists(st.floats(0.1, 10), min_size=n, max_size=n)
    return st.one_of(st.none(), st.none(), good, st.lists(st.floats(), max_size=4), odd_values)


QUICK = {"n_channels": 4, "iterations": 1, "n_superpixels": 20, "precision": "float32", "device": "cpu"}
settings_of_runs = st.fixed_dictionaries(
    {},
    optional={
        "method": st.sampled_from(["superpixels", "continuity", "kmeans", "graph"]),
        "normalisation": st.sampled_from(["published", "percentile"]),
        "regions": st.sampled_from(["merged", "classes", "trained"]),
        "objects": st.sampled_from(["off", "bright", "dark", "auto", "outlined"]),
        "volumes": st.sampled_from(["volume", "slices"]),
        "frames": st.sampled_from(["adapt", "once"]),
        "superpixels": st.sampled_from(["slic", "felzenszwalb"]),
        "automatic": st.booleans(),
        "n_runs": st.sampled_from([1, 1, 1, 2]),
        "seed": st.integers(0, 2**31 - 1),
    },
)


def in_words(text):
    """Assert that an error is told in one line, and not as a defect."""
    assert "\n" not in text
    assert "please report" not in text
