"""Names for the results of many images, so that no two of them ever get the same one."""

from collections.abc import Sequence
from pathlib import Path

from napari_backprop_segmentation.io.nodes import name_of


def unique_names(images: Sequence[Path], folders: Sequence[Path]) -> list[str]:
    """Return a name for each image that no other image has whose results go into the same folder.

    It is that of the file without its ending; where several have that, with its ending, and then with the names of the
    folders that it lies in. Names that differ in capital letters only are the same to some file systems.

    Parameters
    ----------
    images : sequence of Path
    folders : sequence of Path
        Where the results of each go.

    Examples
    --------
    >>> unique_names([Path("a.tif"), Path("a.png"), Path("b.png")], [Path("out")] * 3)
    ['a_tif', 'a_png', 'b']
    >>> unique_names([Path("/day1/a.tif"), Path("/day2/a.tif")], [Path("out")] * 2)
    ['day1_a', 'day2_a']
    """
    depths, endings = [0] * len(images), [False] * len(images)
    while True:
        names = [_name(*each) for each in zip(images, depths, endings, strict=True)]
        alike: dict[tuple[str, str], list[int]] = {}
        for i, (name, folder) in enumerate(zip(names, folders, strict=True)):
            alike.setdefault((str(folder).casefold(), name.casefold()), []).append(i)
        changed = False
        for group in alike.values():
            if len(group) > 1:
                changed |= _tell_apart(group, images, depths, endings)
        if not changed:  # if names are alike still, it is the same image twice: refused by whoever plans
            return names


def shown_names(images: Sequence[Path]) -> list[str]:
    """Return what images are called in tables: by their files, unless two have the same name."""
    names = [image.name for image in images]
    return names if len(set(names)) == len(names) else [str(image) for image in images]


def _tell_apart(group: Sequence[int], images: Sequence[Path], depths: list[int], endings: list[bool]) -> bool:
    """Lengthen the names of some images; return whether that was possible."""
    if len({images[i].suffix.lower() for i in group}) > 1 and not all(endings[i] for i in group):
        for i in group:
            endings[i] = True
        return True
    longer = [i for i in group if depths[i] < len(images[i].absolute().parents) - 1]
    for i in longer:
        depths[i] += 1
    return bool(longer)


def _name(image: Path, depth: int, ending: bool) -> str:
    above = image.absolute().parent.parts[-depth:] if depth else ()
    return "_".join((*above, name_of(image), *([image.suffix.lstrip(".")] if ending and image.suffix else [])))
