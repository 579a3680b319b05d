"""The preset and the settings that a user chose last, kept from session to session in one small file.

Only what differs from the preset is kept, so that a better default of a later version is not kept from anybody.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.presets import FIRST_PRESET, PRESETS

PACKAGE = "napari-backprop-segmentation"
MOST_BYTES = 2**16  # no file of ours is larger


@dataclass(frozen=True)
class KeptSettings:
    """What was chosen.

    Attributes
    ----------
    preset : str
    given : mapping of str to plain value
        Settings that differ from the preset, or that the user has given all the same.
    """

    preset: str = FIRST_PRESET
    given: Mapping[str, Any] = field(default_factory=dict)

    def params(self) -> Params:
        """Return the settings."""
        return Params.preset(self.preset, **self.given)


def path() -> Path:
    """Return the file."""
    return user_config_path(PACKAGE) / "settings.json"


def keep(settings: KeptSettings) -> None:
    """Keep what is chosen; where nothing can be written, nothing is kept. The file is whole or the old one."""
    target, unfinished = path(), None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        told = json.dumps({"preset": settings.preset, "settings": dict(settings.given)}, indent=1)
        with tempfile.NamedTemporaryFile(
            "w", dir=target.parent, suffix=".part", delete=False, encoding="utf-8"
        ) as file:
            unfinished = Path(file.name)
            file.write(told)
        os.replace(unfinished, target)
    except OSError:
        if unfinished is not None:
            with suppress(OSError):
                unfinished.unlink()


def kept() -> KeptSettings:
    """Return what was chosen last; the first preset where nothing was, or nothing can be read.

    A setting that is not known or not allowed any more is left out, and the others are kept.
    """
    try:
        with path().open("rb") as file:
            told = json.loads(file.read(MOST_BYTES))
        preset, given = told["preset"], dict(told["settings"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return KeptSettings()
    if preset not in (name for name in PRESETS):
        return KeptSettings()
    return KeptSettings(preset, {name: value for name, value in given.items() if _allowed(preset, name, value)})


def forget() -> None:
    """Keep nothing any more."""
    with suppress(OSError):
        path().unlink(missing_ok=True)


def _allowed(preset: str, name: str, value: Any) -> bool:
    try:
        Params.preset(preset, **{name: value})
    except (ParameterError, TypeError):
        return False
    return True
