"""Writes parameters.md from the metadata of Params: python docs/make_parameters.py."""

from pathlib import Path

from napari_backprop_segmentation.params.fields import rule
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.presets import DEFAULT_PRESET, PRESETS

PAGE = Path(__file__).with_name("parameters.md")


def text() -> str:
    """Return the page."""
    lines = [
        "# Parameters",
        "",
        "Made from the code by `python docs/make_parameters.py`; do not edit. On the command line a setting is a flag:",
        "`min_labels` is `--min-labels`.",
        "",
        "## Presets",
        "",
        "| preset | when to use it | what it sets |",
        "|---|---|---|",
    ]
    for name, preset in PRESETS.items():
        settings = ", ".join(f"`{key}` {value}" for key, value in preset.settings.items())
        lines.append(f"| `{name}` | {preset.description} | {settings or 'nothing: these are the defaults below'} |")
    for group, members in Params.groups().items():
        lines += ["", f"## {group.capitalize()}", ""]
        lines += [f"| setting | default ({DEFAULT_PRESET}) | allowed | what it does |", "|---|---|---|---|"]
        lines += [f"| `{f.name}` | {f.default} | {rule(f)} | {f.metadata['description']} |" for f in members]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
