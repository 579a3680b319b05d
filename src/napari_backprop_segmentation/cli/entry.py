"""Where the program begins: what takes time to import is imported where Ctrl-C is answered in words already."""

import signal
import sys

INTERRUPTED = 130


def main() -> int:
    """Run the command line of this process and return its exit code, see `cli.main.main`."""
    try:
        from napari_backprop_segmentation.cli.main import main as run
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        print("backprop-segment: interrupted before anything was begun", file=sys.stderr)
        return INTERRUPTED
    return run()


if __name__ == "__main__":
    sys.exit(main())
