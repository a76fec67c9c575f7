"""Makes and shows multi-resolution TFRecord datasets of images."""

import argparse
import json
import pathlib
from typing import Any

from pgan_tf.base import command_line, errors
from pgan_tf.commands.dataset import create
from pgan_tf.data import inspect, verify
from pgan_tf.data.format import datasets, file_names

MAX_FAULTS = 20  # printed by `verify`; the others are counted


def parse(argv: list[str]) -> argparse.Namespace:
    """Command line to arguments; `args.verb` is the function to call."""
    parser = command_line.Parser(description=__doc__, allow_abbrev=False)
    subparsers = parser.add_subparsers(
        metavar="VERB", required=True, dest="name"
    )
    add_create(subparsers)
    add_info(subparsers)
    add_display(subparsers)
    add_verify(subparsers)
    add_extract(subparsers)
    add_compare(subparsers)
    return parser.parse_args(argv[1:])


def add_create(subparsers: Any) -> None:
    """Declares `create`."""
    parser = command_line.add_verb(
        subparsers, "create", create.DESCRIPTION, create.EXAMPLES
    )
    parser.set_defaults(verb=create.run)
    create.add_flags(parser)


def add_info(subparsers: Any) -> None:
    """Declares `info`."""
    parser = command_line.add_verb(
        subparsers,
        "info",
        "Prints what is in a dataset: counts, labels, how it was made.",
        "example:\n  python dataset_tool.py info datasets/faces32\n",
    )
    parser.set_defaults(verb=info)
    parser.add_argument("dataset", help="Dataset folder.")
    parser.add_argument(
        "--json", action="store_true", help="Print the manifest itself."
    )


def add_display(subparsers: Any) -> None:
    """Declares `display`."""
    parser = command_line.add_verb(
        subparsers,
        "display",
        "Writes a contact sheet: the first images, as one PNG file. Prints "
        "their labels.",
        "example:\n"
        "  python dataset_tool.py display datasets/faces32 --out=sheet.png\n",
    )
    parser.set_defaults(verb=display)
    add = parser.add_argument
    add("dataset", help="Dataset folder.")
    add("--out", help="PNG file (default: <dataset name>.png, here).")
    add(
        "--count",
        type=command_line.positive,
        default=96,
        help="Images (default 96).",
    )
    add(
        "--resolution",
        type=command_line.resolution,
        help="Which of the stored resolutions (default: the full one).",
    )


def add_verify(subparsers: Any) -> None:
    """Declares `verify`."""
    parser = command_line.add_verb(
        subparsers,
        "verify",
        "Reads every byte of a dataset: checksums, shapes, whether the levels "
        "fit each other. Exits with 1 if something is wrong.",
        "example:\n  python dataset_tool.py verify datasets/faces32\n",
    )
    parser.set_defaults(verb=run_verify)
    parser.add_argument("dataset", help="Dataset folder.")


def add_extract(subparsers: Any) -> None:
    """Declares `extract`."""
    parser = command_line.add_verb(
        subparsers,
        "extract",
        "Writes images as PNG files: with labels also a table of these.",
        "example:\n"
        "  python dataset_tool.py extract datasets/faces32 --out_dir=png\n",
    )
    parser.set_defaults(verb=run_extract)
    add = parser.add_argument
    add("dataset", help="Dataset folder.")
    add("--out_dir", required=True, help="New folder for the files.")
    add(
        "--count",
        type=command_line.positive,
        help="The first so many images (default all).",
    )
    add(
        "--resolution",
        type=command_line.resolution,
        help="Which of the stored resolutions (default: the full one).",
    )


def add_compare(subparsers: Any) -> None:
    """Declares `compare`."""
    parser = command_line.add_verb(
        subparsers,
        "compare",
        "Compares images and labels of two datasets: exits with 1 if they "
        "differ.",
        "example:\n"
        "  python dataset_tool.py compare datasets/faces32 copy/faces32\n",
    )
    parser.set_defaults(verb=run_compare)
    parser.add_argument("dataset", help="Dataset folder.")
    parser.add_argument("other", help="The other one.")


def info(args: argparse.Namespace) -> None:
    """Prints a dataset's description."""
    dataset = datasets.open_dataset(args.dataset)
    if not args.json:
        print(inspect.describe(dataset))
    elif dataset.manifest is None:
        raise errors.UserError(
            f"dataset {args.dataset} has no {file_names.MANIFEST}; "
            "leave out --json"
        )
    else:
        print(json.dumps(dataset.manifest, indent=1))


def display(args: argparse.Namespace) -> None:
    """Writes a contact sheet and says where."""
    dataset = datasets.open_dataset(args.dataset)
    resolution = level_of(dataset, args.resolution)
    out = pathlib.Path(args.out or f"{dataset.name}.png")
    count = inspect.write_sheet(dataset, out, args.count, resolution)
    print(f"wrote {count} images to {out}")
    for line in inspect.sheet_labels(dataset, count):
        print(line)


def run_verify(args: argparse.Namespace) -> None:
    """Prints what is wrong with a dataset, if anything is."""
    dataset = datasets.open_dataset(args.dataset)
    num_faults = 0
    for fault in verify.faults(dataset):
        num_faults += 1
        if num_faults <= MAX_FAULTS:
            print(fault)
    if num_faults:
        raise errors.UserError(
            f"dataset {args.dataset} is damaged (faults: {num_faults}, see "
            "above); make or copy it again"
        )
    print(
        f"dataset {args.dataset} is whole: {dataset.num_images} images at "
        f"{len(dataset.levels)} levels"
    )


def run_extract(args: argparse.Namespace) -> None:
    """Writes PNG files and says how many."""
    dataset = datasets.open_dataset(args.dataset)
    resolution = level_of(dataset, args.resolution)
    count = min(args.count or dataset.num_images, dataset.num_images)
    inspect.extract(dataset, args.out_dir, resolution, count)
    print(f"wrote {count} images to {args.out_dir}")


def run_compare(args: argparse.Namespace) -> None:
    """Says whether two datasets are the same."""
    first, second = map(datasets.open_dataset, (args.dataset, args.other))
    differences = list(inspect.differences(first, second))
    if differences:
        raise errors.UserError(
            f"datasets {args.dataset} and {args.other} differ: "
            + "; ".join(differences)
        )
    print(
        f"identical: {first.num_images} images at {len(first.levels)} levels, "
        f"labels of {first.label_size}"
    )


def level_of(dataset: datasets.Dataset, resolution: int | None) -> int:
    """The resolution that --resolution asks for."""
    if resolution and resolution > dataset.resolution:
        raise errors.UserError(
            f"--resolution={resolution} is more than the {dataset.resolution} "
            f"of dataset {dataset.path}"
        )
    return resolution or dataset.resolution


def run() -> None:
    """Runs the script, and ends the process with its exit code."""
    command_line.run(lambda args: args.verb(args), parse)
