"""Generated OME-Zarr stores, written with zarr alone, as other programs write them."""

import numpy as np
import zarr

FORMATS = {"0.4": 2, "0.5": 3}
TYPES = {"t": "time", "c": "channel"}


def attributes(told, version):
    return told if version == "0.4" else {"ome": {"version": "0.5", **told}}


def group(path, version, told):
    return zarr.create_group(path, zarr_format=FORMATS[version], attributes=attributes(told, version))


def image_store(
    path, version, pixels, axes, scale=None, *, n_levels=2, units=True, channels=(), translation=None, scale_of_all=None
):
    """Write an image as a pyramid whose levels have every second pixel of the plane."""
    scale = scale or (1.0,) * len(axes)
    steps = [2 if axis in "yx" else 1 for axis in axes]
    levels, datasets = [pixels], []
    while len(levels) < n_levels:
        levels.append(levels[-1][tuple(slice(None, None, step) for step in steps)])
    for number in range(n_levels):
        sizes = [size * step**number for size, step in zip(scale, steps, strict=True)]
        transforms = [{"type": "scale", "scale": sizes}]
        if translation:
            transforms.append({"type": "translation", "translation": list(translation)})
        datasets.append({"path": str(number), "coordinateTransformations": transforms})
    unit = {"z": "micrometer", "y": "micrometer", "x": "micrometer", "t": "second"} if units else {}
    described = {
        "name": "an image",
        "axes": [
            {"name": axis, "type": TYPES.get(axis, "space"), **({"unit": unit[axis]} if axis in unit else {})}
            for axis in axes
        ],
        "datasets": datasets,
    }
    if version == "0.4":
        described["version"] = "0.4"
    if scale_of_all:
        described["coordinateTransformations"] = [{"type": "scale", "scale": list(scale_of_all)}]
    told = {"multiscales": [described]}
    if channels:
        window = {"min": 0, "max": 255, "start": 0, "end": 255}
        told["omero"] = {"channels": [{"label": name, "color": "00FF00", "window": window} for name in channels]}
    made = group(path, version, told)
    for number, level in enumerate(levels):
        add_array(made, str(number), level, axes, version)
    return path


def add_array(made, name, pixels, axes, version):
    made.create_array(
        name,
        data=np.ascontiguousarray(pixels),
        chunks=tuple(min(n, 16) for n in pixels.shape),
        dimension_names=list(axes) if version == "0.5" else None,
        chunk_key_encoding={"name": "v2" if version == "0.4" else "default", "separator": "/"},
    )


def plate_store(path, version, wells, n_fields, make):
    """Write a plate; `make` writes the image of each field into a path."""
    rows, columns = ([{"name": n} for n in sorted({w.split("/")[part] for w in wells})] for part in (0, 1))
    listed = [
        {
            "path": well,
            "rowIndex": [r["name"] for r in rows].index(well.split("/")[0]),
            "columnIndex": [c["name"] for c in columns].index(well.split("/")[1]),
        }
        for well in wells
    ]
    told = {"rows": rows, "columns": columns, "wells": listed, "name": "a plate", "field_count": n_fields}
    told |= {"version": "0.4"} if version == "0.4" else {}
    group(path, version, {"plate": told})
    for row in rows:
        group(path / row["name"], version, {}).attrs.clear()
    for well in wells:
        of_well = {"images": [{"path": str(field)} for field in range(n_fields)]}
        group(path / well, version, {"well": of_well | ({"version": "0.4"} if version == "0.4" else {})})
        for field in range(n_fields):
            make(path / well / str(field))
    return path


def contents(folder):
    """Return every file in a folder and what it holds, to be compared later."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
