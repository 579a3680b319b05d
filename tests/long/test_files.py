"""Damaged files by the thousand: what cannot be read is refused in one line, and nothing is printed beside it."""

import io

import numpy as np
import pytest
import tifffile
from generated import LONG, share
from hypothesis import event, given
from hypothesis import strategies as st
from PIL import Image

from napari_backprop_segmentation import SegmentationError
from napari_backprop_segmentation.io.overwrite import check_labels
from napari_backprop_segmentation.io.read import read_image, read_strokes
from napari_backprop_segmentation.io.write import write_labels

RNG = np.random.default_rng(0)
NOISE = RNG.integers(0, 255, (40, 48)).astype(np.uint8)
STACK = RNG.integers(0, 60_000, (3, 24, 24)).astype(np.uint16)
MICROMETRES = {"PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5, "PhysicalSizeZ": 2.0}


def tiff(pixels, **options):
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **{"photometric": "minisblack", **options})
    return file.getvalue()


def plain(pixels, kind, **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


WHOLE = [
    ("a.tif", tiff(NOISE)),
    ("a.tif", tiff(NOISE, compression="zlib", tile=(16, 16))),
    ("a.tif", tiff(STACK, metadata=None)),
    ("a.tif", tiff(STACK, compression="zlib")),
    ("a.tif", tiff(STACK, bigtiff=True, byteorder=">")),
    ("a.tif", tiff(STACK, ome=True, metadata={"axes": "ZYX", **MICROMETRES})),
    ("a.tif", tiff(STACK, imagej=True, resolution=(2, 2), metadata={"axes": "ZYX", "unit": "um", "spacing": 2.0})),
    ("a.tif", tiff(STACK / 7, predictor=False, rowsperstrip=5)),
    ("a.tif", tiff(np.stack([NOISE] * 3, axis=-1), photometric="rgb", resolution=(72, 72), resolutionunit=3)),
    ("a.tif", plain(NOISE, "TIFF", compression="tiff_lzw")),
    ("a.tif", plain(NOISE, "TIFF", compression="jpeg")),
    ("a.png", plain(NOISE, "PNG")),
    ("a.png", plain(np.stack([NOISE] * 4, axis=-1), "PNG")),
    ("a.png", plain(NOISE.astype(np.uint16) * 200, "PNG")),
    ("a.jpg", plain(NOISE, "JPEG")),
    ("a.jpg", plain(np.stack([NOISE] * 3, axis=-1), "JPEG", progressive=True)),
]
VALUES = [0, 1, 0x7F, 0x80, 0xFF]


@st.composite
def damaged(draw):
    """Draw the name and content of a file with some damage, most of it where the description stands."""
    name, whole = draw(st.sampled_from(WHOLE))
    content = bytearray(whole)
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.one_of(st.integers(0, min(400, len(content) - 1)), st.integers(0, len(content) - 1)))
        place = draw(st.sampled_from([place, len(content) - 1 - place]))
        kind = draw(st.sampled_from(["value", "value", "value", "number", "number", "drop", "repeat"]))
        if kind == "value":
            content[place] = draw(st.one_of(st.sampled_from(VALUES), st.integers(0, 255)))
        elif kind == "number":
            number = draw(st.one_of(st.integers(0, 300), st.integers(0, 2**32 - 1)))
            content[place : place + 4] = number.to_bytes(4, "little")
        elif kind == "drop":
            del content[place : place + draw(st.integers(1, 50))]
        else:
            content[place:place] = content[place : place + draw(st.integers(1, 50))]
        content = content or bytearray(b"x")
    if draw(st.integers(0, 5)) == 0:
        del content[draw(st.integers(0, len(content))) :]
    return name, bytes(content)


def check_damaged(case, path):
    name, content = case
    path = path.with_name(name)
    path.write_bytes(content)
    for read in (read_image, read_strokes, check_labels):
        try:
            read(path)
        except SegmentationError as error:
            event(f"{read.__name__} refuses")
            assert "\n" not in str(error)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("damaged") / "a"


@pytest.fixture
def silence(capfd, caplog):
    yield
    assert capfd.readouterr() == ("", "")
    assert [record for record in caplog.records if record.name == "tifffile"] == []


@share(500)
@given(case=damaged())
def test_share_of_damaged_files(case, path, silence):
    check_damaged(case, path)


@pytest.mark.long
@LONG
@given(case=damaged())
def test_damaged_files(case, path, silence):
    check_damaged(case, path)


def check_written(case, path):
    labels, record, axes = case
    path = path.with_suffix(".tif")
    write_labels(path, labels, record, axes)
    np.testing.assert_array_equal(read_image(path).pixels, labels)
    check_labels(path)


plain_values = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary())
written = st.tuples(
    st.sampled_from(["u1", "u2", "i4", "u4", "i8", "u8", "?"]).flatmap(
        lambda dtype: st.integers(0, 99).map(
            lambda seed: (
                np.random.default_rng(seed)
                .integers(0, 2 if dtype == "?" else np.iinfo(dtype).max, (2 + seed % 7, 5), "u8")
                .astype(dtype)
            )
        )
    ),
    st.dictionaries(st.text(max_size=5), plain_values, max_size=4),
    st.sampled_from(["YX", "YX", "ZY", "QQ", "ZYX", ""]),
)


@share(100)
@given(case=written)
def test_share_of_labels_written(case, path):
    check_written(case, path)


@pytest.mark.long
@LONG
@given(case=written)
def test_labels_written(case, path):
    check_written(case, path)
