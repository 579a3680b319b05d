r"""Write the generated parts of docs/benchmarks.md, and its plots, from what the other benchmarks have measured.

    python benchmarks/report.py --speed speed.json --heartbeat heartbeat.json \
        --quality photographs=val.json --quality "nuclei, small=dsb.json"

Each part stands between two comments that name it; a part without a file stays as it is.
"""

import argparse
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from quality import table

DOCS = Path(__file__).parent.parent / "docs"
PAGE, IMAGES = DOCS / "benchmarks.md", DOCS / "images"
SIZES = re.compile(r"(\w+) (\d+)x(\d+)")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speed", type=Path, help="from speed.py --json")
    parser.add_argument("--disk", type=Path, help="from speed.py --zarr --json")
    parser.add_argument("--heartbeat", type=Path, help="from heartbeat.py --json")
    parser.add_argument(
        "--quality", action="append", default=[], help="PART=FILE[+FILE...] from quality.py; repeatable"
    )
    parser.add_argument("--teaching", type=Path, help="from teaching.py --json")
    parser.add_argument("--curve", type=Path, action="append", default=[], help="from quality.py: drawn against time")
    options = parser.parse_args(arguments)
    page = PAGE.read_text(encoding="utf8")
    if options.speed:
        speed = json.loads(options.speed.read_text())
        if any(name.startswith("published") for name in speed):
            page = replaced(page, "published", [*machine(speed["machine"]), "", *published(speed)])
        page = replaced(page, "size", [*machine(speed["machine"]), "", *sizes(speed)])
        plot_sizes(speed, IMAGES / "time_and_memory.png")
    if options.disk:
        disk = json.loads(options.disk.read_text())
        page = replaced(page, "disk", [*machine(disk["machine"]), "", *sizes(disk, "zarr")])
    if options.heartbeat:
        page = replaced(page, "heartbeat", heartbeat(json.loads(options.heartbeat.read_text())))
    for title, path in (entry.split("=", 1) for entry in options.quality):
        found = [json.loads(Path(one).read_text()) for one in path.split("+")]
        joined = {**found[0], "summary": [record for one in found for record in one["summary"]]}
        page = replaced(page, f"quality {title}", quality(joined))
    if options.teaching:
        page = replaced(page, "teaching", teaching(json.loads(options.teaching.read_text())))
    if options.curve:
        records = [record for path in options.curve for record in json.loads(path.read_text())["summary"]]
        plot_quality(records, IMAGES / "quality_and_time.png")
    PAGE.write_text(page, encoding="utf8")


def replaced(page: str, name: str, lines: Iterable[str]) -> str:
    """Return the page with other lines between the comments of a part."""
    begin, end = f"<!-- generated: {name} -->", "<!-- end -->"
    pattern = re.compile(f"{re.escape(begin)}.*?{end}", re.DOTALL)
    if not pattern.search(page):
        raise ValueError(f"part must be in {PAGE.name}, got {name!r}; add {begin} and {end}")
    return pattern.sub(lambda _: "\n".join([begin, "", *lines, "", end]), page)


def machine(found: dict[str, Any]) -> list[str]:
    """Say where and when something was measured."""
    hardware = f"{found['processor']}, {found['cores']} cores, torch {found['torch']} ({found['capability']})"
    return [f"{hardware}, Python {found['python']}, commit {found['commit']}, {found['date']}."]


def published(speed: dict[str, Any]) -> list[str]:
    """Return the table beside the published code."""
    lines = [
        "| method | published | ours, float32 | ours, auto | times faster, float32 | auto |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in speed.items():
        if name.startswith("published"):
            cells = [f"{row[k]:.2f} s" for k in ("published", "float32", "auto")]
            cells += [f"{row[f'speed-up {k}']:.1f}" for k in ("float32", "auto")]
            lines.append(f"| {row['method']} | " + " | ".join(cells) + " |")
    return lines


def sizes(speed: dict[str, Any], kind: str = "") -> list[str]:
    """Return the table of whole runs whose name holds a word."""
    head = ["preset", "size", "seconds", "estimated", "first step after", "memory over the start", "estimated"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for name, row in speed.items():
        if "megapixels" in row and kind in name:
            preset, _, size = name.partition(" ")
            cells = [preset, size, row["seconds"], row.get("estimated seconds", "-"), f"{row['first step']} s"]
            cells += [f"{row['GB over start']} GB", f"{row.get('estimated GB', '-')} GB"]
            lines.append("| " + " | ".join(map(str, cells)) + " |")
    return lines


def heartbeat(found: dict[str, Any]) -> list[str]:
    """Return what the window did meanwhile."""
    rows = {
        "longest time without an answer, run": f"{found['longest_gap_ms']} ms",
        "99th percentile": f"{found['p99_ms']} ms",
        "the click on Run itself": f"{found['click_ms']} ms",
        "the widget opens": f"{found['widget_opens_s']} s",
        "first preview after the click": f"{found['first_preview_s']} s",
    }
    first = [
        f"{found['size']} x {found['size']}, preset `{found['preset']}`, {found['machine']}.",
        "",
        "| what | |",
        "|---|---|",
    ]
    return first + [f"| {name} | {value} |" for name, value in rows.items()]


def quality(found: dict[str, Any]) -> list[str]:
    """Return the tables of a data set."""
    options = found["options"]
    where = f"Split {options['split']}, commit {(found['commit'] or '')[:7]}, {found['date'][:10]}."
    return [where, table(found["summary"], options["kind"])]


def teaching(found: dict[str, Any]) -> list[str]:
    """Return the tables of strokes and examples: means over images and seeds of each set, and the mean of the sets."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in found["rows"]:
        rows.setdefault(f"{row['set']} {row['group']}".strip(), []).append(row)
    steps = list(found["rows"][0]["ours"])
    here = found["machine"]
    hardware, python = here["machine"], here["versions"]["python"]
    when = f"commit {here['commit'][:7]}, {here['date'][:10]}"
    lines = [f"{hardware['processor']}, {hardware['cores']} cores, Python {python}, {when}.", ""]
    who = "of a forest on basic features / the same averaged over regions / ours"
    lines += [f"Strokes: mean IoU of kinds, {who}; {len(found['rows'])} runs.", ""]
    lines += _teaching_table(rows, steps, ("forest", "voted", "ours"))
    counted = {name: members for name, members in rows.items() if "examples" in members[0]}
    if counted:
        lines += ["", "Objects: F1 at an overlap of a half.", "", *_object_table(counted)]
    return lines


def _mean(members: Sequence[dict[str, Any]], part: str, step: str) -> float:
    return sum(row[part][step] for row in members) / len(members)


def _teaching_table(rows: dict[str, list[dict[str, Any]]], steps: Sequence[str], names: Sequence[str]) -> list[str]:
    titles = [f"{100 * float(step):g} %" if "." in step else step for step in steps]
    lines = [f"| set | {' | '.join(titles)} |", "|---|" + "---|" * len(steps)]
    table = {name: [[_mean(members, part, step) for part in names] for step in steps] for name, members in rows.items()}
    for name, cells in table.items():
        lines.append(f"| {name} | {' | '.join(_level(cell) for cell in cells)} |")
    means = [
        [sum(cells[i][k] for cells in table.values()) / len(table) for k in range(len(names))]
        for i in range(len(steps))
    ]
    return [*lines, f"| **mean** | {' | '.join(_level(cell) for cell in means)} |"]


def _level(values: Sequence[float]) -> str:
    return " / ".join(f"{value:.3f}".removeprefix("0") for value in values)


def _object_table(rows: dict[str, list[dict[str, Any]]]) -> list[str]:
    columns = [("objects", "automatic"), ("objects", "strokes")]
    columns += [("examples", step) for step in next(iter(rows.values()))[0]["examples"]]
    titles = [step if part == "objects" else f"{step} examples" for part, step in columns]
    lines = [f"| set | {' | '.join(titles)} |", "|---|" + "---|" * len(columns)]
    table = {name: [_mean(members, *column) for column in columns] for name, members in rows.items()}
    lines += [f"| {name} | {' | '.join(f'{value:.2f}' for value in cells)} |" for name, cells in table.items()]
    means = [sum(cells[i] for cells in table.values()) / len(table) for i in range(len(columns))]
    return [*lines, f"| **mean** | {' | '.join(f'{value:.3f}' for value in means)} |"]


def plot_sizes(speed: dict[str, Any], path: Path) -> None:
    """Draw seconds and memory against the number of pixels, measured and estimated."""
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.4), constrained_layout=True)
    presets = dict.fromkeys(match.group(1) for name in speed if (match := SIZES.fullmatch(name)))
    for preset in presets:
        rows = sorted(
            (row for name, row in speed.items() if name.startswith(preset) and "megapixels" in row),
            key=lambda row: row["megapixels"],
        )
        pixels = [row["megapixels"] for row in rows]
        for axis, measured, said in zip(
            axes, ("seconds", "GB over start"), ("estimated seconds", "estimated GB"), strict=True
        ):
            (line,) = axis.loglog(pixels, [row[measured] for row in rows], "o-", label=preset)
            axis.loglog(pixels, [row[said] for row in rows], ":", color=line.get_color(), label=f"{preset}, estimated")
    for axis, text in zip(axes, ("seconds", "GB over the start"), strict=True):
        axis.set(xlabel="megapixels", ylabel=text)
        axis.grid(alpha=0.3, which="both")
        axis.legend(fontsize=8)
    figure.savefig(path, dpi=110)


def plot_quality(records: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw the region scores of each method against its time."""
    from matplotlib import pyplot

    columns = {"covering_ods": "covering", "vi_ods": "VI (low is good)", "pri_ods": "PRI", "miou_all": "mIoU, all"}
    figure, axes = pyplot.subplots(1, len(columns), figsize=(12, 3.2), constrained_layout=True)
    for record in records:
        for axis, column in zip(axes, columns, strict=True):
            axis.semilogx(record["seconds"], record["mean"][column], "o", label=record["method"])
    for axis, text in zip(axes, columns.values(), strict=True):
        axis.set(xlabel="seconds an image", title=text)
        axis.grid(alpha=0.3)
    axes[0].legend(fontsize=7)
    figure.savefig(path, dpi=110)


if __name__ == "__main__":
    main()
