"""A run as text that gives the same labels in another process: a few lines of Python, or a command."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from napari_backprop_segmentation.io.repeat import Pixels, Repetition, repetition_of, still_there
from napari_backprop_segmentation.io.samples import SAMPLES
from napari_backprop_segmentation.params.flags import differences, flags_of
from napari_backprop_segmentation.params.sections import Objects, Regions, Series

PROGRAM = "backprop-segment"
FILL_IN, IMAGE, MODEL, OUT = "FILL_IN", "IMAGE.tif", "MODEL.safetensors", "again.tif"
PACKAGE = "napari_backprop_segmentation"
EDITED = "The labels were edited by hand after the run: the edits are not repeated."
WITH_A_MODEL = {each.name for section in (Objects, Regions, Series) for each in fields(section)} | {"device"}


def as_python(record: Mapping[str, Any], edited: bool = False) -> str:
    """Return lines of Python that give the labels of a record again, as `labels`.

    Parameters
    ----------
    record : mapping
    edited : bool
        Whether the labels were edited since.

    Raises
    ------
    ImageError
        If the record is damaged or not one of a run.
    """
    wanted = repetition_of(record)
    imports = {f"from {PACKAGE} import Params, finish, run"}
    lines = _image_lines(wanted, still_there(wanted, record), imports)
    arguments = {**wanted.arguments}
    calls = [f"{name}={value!r}" for name, value in arguments.items()]
    if wanted.strokes is not None:
        imports.add(f"from {PACKAGE}.teaching.plain import strokes_from")
        lines.append(f"strokes = strokes_from({dict(wanted.strokes)!r}, {wanted.shape!r})")
        calls.append("strokes=strokes")
    if wanted.model_file is not None:
        imports.add(f"from {PACKAGE}.io.model_file import load_model")
        lines.append(_model_line(wanted.model_file))
        calls.append("model=model")
    settings = ", ".join(f"{name}={value!r}" for name, value in differences(wanted.params).items())
    lines += [f"params = Params({settings})", f"result = finish(run(image, params, {', '.join(calls)}))"]
    lines.append("labels = result.labels")
    return "\n".join([*_comments(record, wanted, edited), *sorted(imports), "", *lines, ""])


def as_command(record: Mapping[str, Any], edited: bool = False) -> str:
    """Return a command that gives the labels of a record again, after comments on what it cannot; else as above."""
    wanted = repetition_of(record)
    comments = _comments(record, wanted, edited)
    image, missing = _image_file(wanted, still_there(wanted, record))
    comments += [f"# {each}" for each in missing]
    if wanted.strokes is not None:
        comments.append("# It was made with strokes. A command takes them from a file (--strokes): Copy as Python.")
    if "examples" in wanted.arguments:
        comments.append("# It was made by example. A command takes marks from a file (--examples): Copy as Python.")
    words = [PROGRAM, "run"]
    flags = flags_of(wanted.params)
    if wanted.model_file is not None:
        words = [PROGRAM, "apply", wanted.model_file or MODEL]
        flags = flags_of(wanted.params, WITH_A_MODEL)
        if not wanted.model_file:
            comments.append("# Save the network first (Trained network > Save model...) and put its file here.")
    words += [image, "-o", OUT, "--axes", wanted.arguments["axes"]]
    for name in ("spacing", "channels"):
        if name in wanted.arguments:
            words += [f"--{name}", ",".join(map(str, wanted.arguments[name]))]
    if wanted.pixels.level:
        words += ["--level", str(wanted.pixels.level)]
    return "\n".join([*comments, _quoted([*words, *flags]), ""])


def _comments(record: Mapping[str, Any], wanted: Repetition, edited: bool) -> list[str]:
    versions = record.get("versions", {})
    known = [f"{name} {versions[name]}" for name in ("napari-backprop-segmentation", "torch") if name in versions]
    told = f"# {wanted.name}".replace("\n", " ")
    told += f": made with {', '.join(known)}" if known else ""
    told += f" on {record['device']}" if "device" in record else ""
    return [told, *(f"# {each}" for each in (*wanted.gaps, *([EDITED] if edited else [])))]


def _image_lines(wanted: Repetition, there: bool, imports: set[str]) -> list[str]:
    pixels = wanted.pixels
    if not there:
        sizes = " x ".join(map(str, wanted.shape))
        return [
            f"image = {FILL_IN}  # put the pixels of {wanted.name!r} here ({sizes}, axes "
            f"{wanted.arguments['axes']}): no file holds them as they were".replace("\n", " ")
        ]
    part = _index(pixels)
    if pixels.sample in SAMPLES:
        imports.add(f"from {PACKAGE}.io.samples import sample_image")
        return [f"image = sample_image({pixels.sample!r})[0]{part}"]
    imports.add(f"from {PACKAGE}.io.files import open_image")
    level = f", level={pixels.level}" if pixels.level else ""
    if len(pixels.files) == 1:
        return [f"image = open_image({pixels.files[0]!r}{level}).pixels{part}"]
    imports.add("import numpy as np")
    return [f"image = np.stack([open_image(file{level}).pixels{part} for file in {list(pixels.files)!r}])"]


def _image_file(wanted: Repetition, there: bool) -> tuple[str, list[str]]:
    """Return the file for a command, and why that is none yet."""
    pixels = wanted.pixels
    if not there or pixels.sample in SAMPLES or not pixels.files:
        return IMAGE, [f"No file holds the image as it was: save the layer {wanted.name!r}, and put its file here."]
    if len(pixels.files) > 1:
        return IMAGE, ["Several layers were the channels of one image: save them as one file, and put it here."]
    if _index(pixels):
        return IMAGE, [
            f"The run has seen {_index(pixels)} of {pixels.files[0]}: save that part, and put its file here."
        ]
    return pixels.files[0], []


def _index(pixels: Pixels) -> str:
    """Return the part that was looked at as an index in Python; nothing where that is all."""
    if pixels.taken is None:
        return ""
    return "[" + ", ".join(str(i) if isinstance(i, int) else f"{i[0]}:{i[1]}" for i in pixels.taken) + "]"


def _model_line(path: str) -> str:
    if path:
        return f"model = load_model({path!r})"
    return f"model = load_model({FILL_IN})  # save the network first: Trained network > Save model..."


def _quoted(words: list[str]) -> str:
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)
