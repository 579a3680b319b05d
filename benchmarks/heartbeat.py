"""How long the GUI thread is held while an image is segmented: a timer that should fire every 10 ms tells.

Run it by hand where there is a display (or under ``xvfb-run -s "-screen 0 1400x1000x24"``):

    python benchmarks/heartbeat.py --size 2048 --preset fast

Every gap between two beats counts, whoever causes it: this plugin, napari, Qt, the graphics driver, or the computation
that keeps the interpreter or the processor from the GUI. The gap around pressing Run is listed by itself: it is the
answer to a click, and nearly all of it is napari building the new Labels layer. With ``--plain`` nothing is segmented;
an empty Labels layer is added by napari's own means, and what that takes is no fault of this plugin.
"""

import argparse
import json
import os
import platform
import time
from pathlib import Path

import numpy as np

BEAT_MS = 10
LIMIT_MS = 100.0


def run_input(size: int) -> np.ndarray:
    """Return a large two-channel image: the synthetic sample, repeated."""
    from napari_backprop_segmentation.io.synthetic import fluorescence

    tile = fluorescence()
    repeats = -(-size // tile.shape[-1])
    return np.tile(tile, (1, repeats, repeats))[:, :size, :size]


def plain(size: int) -> dict[str, object]:
    """Add an empty Labels layer to a large image and return how long that holds the GUI thread."""
    import napari

    viewer = napari.Viewer(show_welcome_screen=False)
    viewer.window.resize(1280, 800)
    viewer.add_image(run_input(size), name="large")
    napari.layers.Labels(np.zeros((2, 2), np.uint8))  # what napari imports for its first one is not counted
    _spin(napari.qt.get_qapp(), 3.0)
    began = time.perf_counter()
    viewer.add_labels(np.zeros((size, size), np.uint8))
    click = 1000 * (time.perf_counter() - began)
    gaps, _ = _beats(lambda: False, 2.0)
    viewer.close()
    return {"size": size, "add_labels_ms": round(click, 1), "longest_gap_ms": round(max(gaps), 1)}


def measure(size: int, preset: str, iterations: int | None, seconds: float) -> dict[str, object]:
    """Run once in a real window and return what the heart did."""
    import napari

    from napari_backprop_segmentation.gui.widget import BackpropWidget

    viewer = napari.Viewer(show_welcome_screen=False)
    viewer.window.resize(1280, 800)
    viewer.add_image(run_input(size), name="large", axis_labels=("c", "y", "x"))
    _spin(napari.qt.get_qapp(), 1.0)
    began = time.perf_counter()
    widget = BackpropWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
    opened = time.perf_counter() - began
    widget.preset.value = preset
    if iterations:
        widget.controls["iterations"].value = iterations
    app = napari.qt.get_qapp()
    _spin(app, 3.0)
    idle, _ = _beats(lambda: False, 2.0)
    began = time.perf_counter()
    widget.run()
    click = 1000 * (time.perf_counter() - began)
    first: list[float] = []

    def say() -> str:
        if not first and viewer.layers[-1].data.any():
            first.append(time.perf_counter() - began)
        return widget.status

    gaps, texts = _beats(lambda: not widget.running, seconds, say)
    status = widget.status
    widget.cancel()
    after, _ = _beats(lambda: False, 1.0)
    viewer.close()
    worst = int(np.argmax(gaps))
    return {
        "size": size,
        "preset": preset,
        "longest_gap_ms": round(max(*gaps, *after), 1),
        "during": texts[worst],
        "longest_ten": [f"{gap:.0f} ms {text[:30]!r}" for gap, text in sorted(zip(gaps, texts, strict=True))[:-11:-1]],
        "gaps_over_limit": int((np.array(gaps) > LIMIT_MS).sum()),
        "p99_ms": round(float(np.percentile(gaps, 99)), 1),
        "beats": len(gaps),
        "click_ms": round(click, 1),
        "widget_opens_s": round(opened, 2),
        "first_preview_s": round(first[0], 2) if first else None,
        "idle_longest_ms": round(max(idle), 1),
        "result": status,
    }


def _spin(app, seconds: float) -> None:
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        app.processEvents()
        time.sleep(0.001)


def _beats(done, limit, say=lambda: "") -> tuple[list[float], list[str]]:
    """Return the gaps between beats in milliseconds until done, and what the widget said at each."""
    from qtpy.QtCore import QEventLoop, QTimer

    loop, timer = QEventLoop(), QTimer()
    gaps: list[float] = []
    texts: list[str] = []
    last = time.perf_counter()

    def beat() -> None:
        nonlocal last
        now = time.perf_counter()
        gaps.append(1000 * (now - last))
        texts.append(say())
        last = now
        if done() or now - began > limit:
            timer.stop()
            loop.quit()

    began = last
    timer.setInterval(BEAT_MS)
    timer.timeout.connect(beat)
    timer.start()
    loop.exec()
    return gaps, texts


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--preset", default="fast")
    parser.add_argument("--iterations", type=int)
    parser.add_argument("--seconds", type=float, default=3600.0, help="cancel the run after so long")
    parser.add_argument("--plain", action="store_true", help="measure napari alone")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    found = plain(args.size) if args.plain else measure(args.size, args.preset, args.iterations, args.seconds)
    found["machine"] = f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, {platform.system()}"
    found["load_average"] = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    for key, value in found.items():
        print(f"{key:>18}: {value}")
    if args.json:
        args.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
