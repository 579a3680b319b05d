"""The command `backprop-segment`: reads the arguments, calls `commands`, turns errors into one line.

Nothing heavy is imported before a command starts, so that help comes at once.
"""

import argparse
import dataclasses
import logging
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from napari_backprop_segmentation.cli import signals, terminal
from napari_backprop_segmentation.cli.terminal import PROGRAM
from napari_backprop_segmentation.errors import ParameterError, SegmentationError, reason
from napari_backprop_segmentation.params.fields import Section, choices, rule
from napari_backprop_segmentation.params.flags import flag
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.presets import DEFAULT_PRESET, PRESETS
from napari_backprop_segmentation.params.sections import Objects, Regions, Series

if TYPE_CHECKING:
    from napari_backprop_segmentation.cli.outcome import Outcome

logger = logging.getLogger(__name__)
DONE, BAD_INPUT = 0, 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 done, 2 bad input, 130 interrupted by Ctrl-C, 143 by SIGTERM, 129 by SIGHUP.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; those of the process if left out.
    """
    own_process = argv is None
    if own_process:
        terminal.prepare()
        _leave_out_working_folder()
    terminal.show_anything()
    try:
        with signals.raised():
            code = _main(argv)
    except KeyboardInterrupt as interruption:
        if own_process:
            signals.ignored()
        terminal.complain(signals.told(interruption))
        code = signals.exit_code(interruption)
    if own_process:
        terminal.leave_quietly()
    return code


def _main(argv: Sequence[str] | None) -> int:
    args = make_parser().parse_args(argv)
    from napari_backprop_segmentation.network.threads import share_the_processor

    share_the_processor()
    try:
        return int(args.command(args))
    except (SegmentationError, OSError, MemoryError) as error:
        terminal.complain(terminal.in_a_line(error))
        return BAD_INPUT
    except Exception as error:
        logger.debug("an unexpected end", exc_info=True)
        terminal.complain(reason(error))
        return BAD_INPUT


def _leave_out_working_folder() -> None:
    """Import nothing from the folder where the command is given: a napari.py among somebody's images is not napari."""
    here, home = Path.cwd(), Path(__file__).resolve().parents[2]
    if sys.path and sys.path[0] in ("", str(here)) and home != here:
        del sys.path[0]


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    parser = _Parser(PROGRAM, description="Segment images without training data.", allow_abbrev=False)
    parser.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="segment a sample image and show it", allow_abbrev=False)
    demo.set_defaults(command=_demo)
    demo.add_argument(
        "--output",
        type=Path,
        metavar="DIR",
        help="write the labels (TIFF) and an overlay (PNG) here; without a display the default is ./backprop-demo",
    )
    demo.add_argument("--no-window", action="store_true", help="write files even where napari could open a window")
    demo.add_argument("--quiet", action="store_true", help="show no progress")

    run = commands.add_parser("run", help="segment image files", allow_abbrev=False)
    run.set_defaults(command=_run)
    _add_image_arguments(run)
    _add_run_arguments(run)
    add_settings(run)

    apply = commands.add_parser("apply", help="label image files with a trained network", allow_abbrev=False)
    apply.set_defaults(command=_apply)
    apply.add_argument(
        "model", type=Path, metavar="MODEL", help="a file that run or train has written with --save-model"
    )
    _add_image_arguments(apply)
    of_an_image = (names_of(section) for section in (Objects, Regions, Series))
    add_settings(apply, wanted={"device", "statistics"}.union(*of_an_image))

    train = commands.add_parser(
        "train", help="train one network on several image files, for the command apply", allow_abbrev=False
    )
    train.set_defaults(command=_train)
    _add_inputs(train)
    _add_training_arguments(train)
    add_settings(train)

    info = commands.add_parser("info", help="versions, devices and memory, for a bug report", allow_abbrev=False)
    info.set_defaults(command=_info)
    return parser


def _add_image_arguments(parser: argparse.ArgumentParser) -> None:
    _add_inputs(parser)
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="OUT",
        help="where the labels go: a file ending in .tif or a new store ending in .zarr for one image, or a folder; "
        "for OME-Zarr also the image or plate itself, whose labels groups take them, which is the default",
    )
    parser.add_argument(
        "--beside",
        action="store_true",
        help="write the labels of each file beside it, as NAME_labels.tif, instead of -o",
    )
    parser.add_argument(
        "--labels-name",
        default="backprop",
        metavar="NAME",
        help="of labels in the labels group of an OME-Zarr image; default: backprop",
    )
    parser.add_argument(
        "--table",
        action="store_true",
        help="measure every label (size, shape, place, brightness); the table goes beside the labels, as .csv",
    )
    parser.add_argument(
        "--table-all",
        type=Path,
        metavar="FILE.csv",
        help="one table of the labels of all images, with the name of the file in its first column; with those of "
        "--table",
    )
    parser.add_argument(
        "--summary",
        type=Path,
        metavar="FILE.csv",
        help="one row an image: how it ended, how many objects or labels of which mean size, seconds, message; written "
        "anew after each image",
    )
    parser.add_argument(
        "--overwrite",
        action="store_true",
        help="segment again what is done already, and write over files of these names, whatever they are; default: "
        "what was made of the same file with the same settings is left as it is, and only what this program wrote and "
        "nobody has edited since is written over",
    )


def _add_inputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "inputs",
        nargs="+",
        type=Path,
        metavar="IN",
        help="image: TIFF, PNG, JPEG, .npy, OME-Zarr, or a plate; or a folder of images, see --pattern",
    )
    parser.add_argument(
        "--pattern",
        default="*",
        metavar="'*.tif'",
        help="which files of a folder, in quotes; '**/*.tif' takes those of folders in it too; labels that this "
        "program wrote are left out; default: all that can be read by their ending",
    )
    parser.add_argument(
        "--level",
        type=int,
        metavar="N",
        help="of a pyramid, 0 is the finest; default: the finest whose regions can be merged",
    )
    parser.add_argument(
        "--well", type=_names, default=(), metavar="B/03,...", help="only these wells of a plate; default: all"
    )
    parser.add_argument(
        "--field",
        type=_names,
        default=(),
        metavar="N,...",
        help="only these fields of each well, or images of a store that holds several; default: all",
    )
    parser.add_argument(
        "--axes",
        metavar="LETTERS",
        help="one letter an axis in the order of the file: T time, Z depth, C channels, Y, X, such as TCYX; default: "
        "what the file says, or its shape where that leaves no doubt",
    )
    parser.add_argument(
        "--channels",
        type=_channels,
        metavar="N,N,...",
        help="look only at these channels, such as 0,2; the first is 0; or by name, where the file says them; default: "
        "all",
    )
    parser.add_argument(
        "--spacing",
        type=_numbers(float),
        metavar="Z,Y,X",
        help="size of a pixel along depth, height and width of a volume, in any one unit, such as 0.5,0.1,0.1; "
        "default: what the file says, or all alike",
    )
    parser.add_argument(
        "--preset",
        default=DEFAULT_PRESET,
        choices=tuple(PRESETS),
        help="settings to start from: " + "; ".join(f"{n}: {_escaped(p.description)}" for n, p in PRESETS.items()),
    )
    parser.add_argument("--quiet", action="store_true", help="show no progress and no summary")
    who = parser.add_mutually_exclusive_group()
    who.add_argument(
        "--workers",
        type=int,
        metavar="N",
        help="have N processes of this machine do the work, of one thread each: several files at once, or the blocks "
        "of one large image; needs dask.distributed",
    )
    who.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="have the workers of a dask cluster do it, such as tcp://10.0.0.1:8786, or the file that a scheduler has "
        "written its address into; they must see the files under the same names",
    )


def _add_run_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--strokes",
        "--scribbles",
        type=Path,
        metavar="FILE",
        help="labels drawn by hand for one image: 0 where nothing is drawn, labels from 1; an 8-bit file that holds "
        "255 is read as 255 where nothing is drawn, labels from 0",
    )
    parser.add_argument(
        "--log", type=Path, metavar="FILE.csv", help="write one row an iteration; with several images one file each"
    )
    parser.add_argument(
        "--agreement",
        type=Path,
        metavar="FILE.tif",
        help="write how stable each border is over several runs (--n-runs), from 0 to 1; with several images one file "
        "each",
    )
    parser.add_argument(
        "--examples",
        type=Path,
        metavar="FILE",
        help="mark a few objects in one image, and all alike ones are found: an image of whole numbers, each number "
        "marks one object (one pixel is enough), 0 nothing",
    )
    parser.add_argument(
        "--counter-examples", type=Path, metavar="FILE", help="the same for what must not be found, with --examples"
    )
    parser.add_argument(
        "--save-model",
        type=Path,
        metavar="FILE.safetensors",
        help="write the trained network, for the command apply; with several images one file each",
    )
    parser.add_argument(
        "--start",
        type=Path,
        metavar="MODEL",
        help="go on with the training of a network that --save-model has written, on these images and with these "
        "settings (a copy of it; its number of channels and layers stay)",
    )


def _add_training_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--save-model",
        type=Path,
        required=True,
        metavar="FILE.safetensors",
        help="where the trained network goes, for the command apply",
    )
    parser.add_argument(
        "--strokes",
        nargs="+",
        type=Path,
        default=(),
        metavar="FILE",
        help="labels drawn by hand, one file for each image in their order, or a dash (-) for an image without: they "
        "teach the same kinds together; as for run",
    )
    parser.add_argument("--log", type=Path, metavar="FILE.csv", help="write one row an iteration")
    parser.add_argument("--overwrite", action="store_true", help="write over files of these names, whatever they are")


def names_of(section: type[Section]) -> set[str]:
    """Return the names of the settings of a section."""
    return {setting.name for setting in dataclasses.fields(section)}


def add_settings(
    parser: argparse.ArgumentParser, kind: type[Params] = Params, wanted: Collection[str] | None = None
) -> None:
    """Add a flag for each setting, described by its metadata; only flags that are given end up in the namespace.

    Parameters
    ----------
    parser : ArgumentParser
    kind : type of Params
    wanted : collection of str, optional
        Names of settings; all if left out.
    """
    for name, settings in kind.groups().items():
        chosen = [setting for setting in settings if wanted is None or setting.name in wanted]
        if chosen:
            _add_group(parser.add_argument_group(f"settings: {name}"), chosen)


def _add_group(group: Any, settings: Iterable[dataclasses.Field[Any]]) -> None:
    for setting in settings:
        text = _escaped(f"{setting.metadata['description']} ({rule(setting)}; default of {DEFAULT_PRESET}: ")
        text += _escaped(f"{setting.default})")
        common: dict[str, Any] = {"dest": setting.name, "default": argparse.SUPPRESS, "help": text}
        if setting.type is bool:
            group.add_argument(flag(setting.name), action=argparse.BooleanOptionalAction, **common)
        else:
            group.add_argument(flag(setting.name), type=_converter(setting), metavar=_metavar(setting), **common)


def _names(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _channels(text: str) -> tuple[int | str, ...]:
    return tuple(int(name) if name.lstrip("-").isdigit() else name for name in _names(text))


def _numbers(kind: type[int] | type[float]) -> Callable[[str], tuple[float, ...]]:
    def numbers(text: str) -> tuple[float, ...]:
        return tuple(kind(part) for part in text.split(","))

    numbers.__name__ = "list of numbers"  # what argparse says it wanted
    return numbers


def settings_of(args: argparse.Namespace, kind: type[Params] = Params) -> dict[str, Any]:
    """Return the settings that were given as flags."""
    given = vars(args)
    return {f.name: given[f.name] for f in dataclasses.fields(kind) if f.name in given}


def _converter(setting: dataclasses.Field[Any]) -> Callable[[str], Any]:
    """Return what turns a flag's text into a value; text that fits no number is left for Params to refuse in words."""

    def convert(text: str) -> Any:
        if choices(setting):
            return text
        try:
            return setting.type(text)  # type: ignore[operator]
        except ValueError:
            return text

    return convert


def _metavar(setting: dataclasses.Field[Any]) -> str:
    options = choices(setting)
    return "{" + ",".join(map(str, options)) + "}" if options else {int: "N", float: "X"}[setting.type]  # type: ignore[index]


def _escaped(text: str) -> str:
    """Return text for argparse, to which a percent sign means a substitution."""
    return text.replace("%", "%%")


def _demo(args: argparse.Namespace) -> int:
    from napari_backprop_segmentation.cli.demo import demo

    return _tell(demo(args.output, window=not args.no_window, quiet=args.quiet), args.quiet)


def _run(args: argparse.Namespace) -> int:
    params = Params.preset(args.preset, **settings_of(args))
    if args.agreement and params.n_runs == 1:
        raise ParameterError("n_runs must be at least 2 for an agreement, got 1; add --n-runs 5")
    from napari_backprop_segmentation.cli import run as commands
    from napari_backprop_segmentation.io.model_file import load_model

    start = load_model(args.start) if args.start else None
    files = commands.plan_files(
        _images(args),
        args.output,
        args.log,
        args.strokes,
        tables=args.table or args.table_all is not None,
        beside=args.beside,
        agreement=args.agreement,
        model=args.save_model,
        examples=args.examples,
        counter_examples=args.counter_examples,
        start=args.start,
        labels_name=args.labels_name,
    )
    return _run_files(args, files, params, start=start)


def _apply(args: argparse.Namespace) -> int:
    params = Params.preset(args.preset, **settings_of(args))
    from napari_backprop_segmentation.cli import run as commands
    from napari_backprop_segmentation.io.model_file import load_model

    model = load_model(args.model)
    tables = args.table or args.table_all is not None
    files = commands.plan_files(
        _images(args), args.output, tables=tables, labels_name=args.labels_name, beside=args.beside
    )
    files = [dataclasses.replace(job, applied=args.model) for job in files]
    return _run_files(args, files, params, model)


def _train(args: argparse.Namespace) -> int:
    params = Params.preset(args.preset, **settings_of(args))
    from napari_backprop_segmentation.cli import train as commands

    images = commands.listed(args.inputs, args.pattern, args.well, args.field, leave_out=True)
    reading = commands.Reading(args.axes, args.spacing, args.channels, args.level)
    told = {"strokes": args.strokes, "log": args.log, "quiet": args.quiet, "say": _say(args.quiet)}
    told["overwrite"] = args.overwrite
    return _tell([commands.train_files(images, args.save_model, params, reading, **told)], args.quiet)


def _images(args: argparse.Namespace) -> list[Path]:
    from napari_backprop_segmentation.cli import run as commands

    if args.beside and args.output is not None:
        raise ParameterError(f"beside must be left out where there is an output, got {str(args.output)!r}; choose one")
    return commands.listed(args.inputs, args.pattern, args.well, args.field, leave_out=args.beside)


def _run_files(args: argparse.Namespace, files: Any, params: Params, model: Any = None, start: Any = None) -> int:
    from napari_backprop_segmentation.cli import run as commands
    from napari_backprop_segmentation.pipeline.cluster import client_of

    wanted = commands.Wanted(params, commands.Reading(args.axes, args.spacing, args.channels, args.level), model, start)
    sheets = commands.Sheets(args.summary, args.table_all)
    with client_of(args.workers, args.cluster) as client:
        outcomes = commands.run_files(
            files, wanted, args.quiet, _say(args.quiet), overwrite=args.overwrite, sheets=sheets, client=client
        )
        return _tell(outcomes, args.quiet)


def _say(quiet: bool) -> Callable[[str], None]:
    return lambda line: None if quiet else terminal.say(line)


def _tell(outcomes: "Iterable[Outcome]", quiet: bool) -> int:
    """Print how each job ended, as it ends, and return the exit code of all."""
    code = DONE
    for outcome in outcomes:
        if outcome.error or outcome.signal:
            code = max(code, signals.exit_code(outcome.signal) if outcome.signal else BAD_INPUT)
            terminal.complain(outcome.message)
        elif not quiet:
            terminal.say(outcome.message)
    return code


def _info(_: argparse.Namespace) -> int:
    from napari_backprop_segmentation.cli.environment import report

    terminal.say(report())
    return DONE


class _Parser(argparse.ArgumentParser):
    """Complains in one line; argparse's own complaint repeats the whole usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{PROGRAM}: {message}; see {self.prog} --help\n")


class _Version(argparse.Action):
    """Prints the version; looking it up takes longer than building the parser, so not before it is asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        from napari_backprop_segmentation import __version__

        terminal.say(f"{PROGRAM} {__version__}")
        parser.exit()


if __name__ == "__main__":
    sys.exit(main())
