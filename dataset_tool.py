"""Makes and shows multi-resolution TFRecord datasets of images."""

import argparse
import json
import os
import pathlib
from typing import Any, NoReturn

from absl.flags import argparse_flags

from pgan_tf import command, errors
from pgan_tf.data import build, inspect, records
from pgan_tf.data.sources import (
    celeba,
    celeba_download,
    faces,
    pictures,
    source,
)

CREATE = """Makes a dataset folder: every image at 4x4, 8x8, ... up to
--resolution, one TFRecord file each, and a manifest, written last."""
CREATE_EXAMPLES = """examples:
  python dataset_tool.py create --source=faces --resolution=32 \\
      --out_dir=datasets/faces32
  python dataset_tool.py create --source=celeba \\
      --source_dir=img_align_celeba.zip --out_dir=datasets/celeba128
  python dataset_tool.py create --source=images --source_dir=photos \\
      --resolution=256 --out_dir=datasets/photos256
"""
SOURCE = """faces: drawn by this tool, with attributes as labels.
celeba: CelebA's aligned images (or smaller copies), 128 pixels around the
face. images: any images, the centre square of each."""


class Parser(argparse_flags.ArgumentParser):
    """Reports mistakes as every script of ours does: in one line."""

    def error(self, message: str) -> NoReturn:
        """Raises what `command.run` turns into that line."""
        raise errors.UserError(message)


def parse(argv: list[str]) -> argparse.Namespace:
    """Command line to arguments; `args.verb` is the function to call."""
    parser = Parser(description=__doc__, allow_abbrev=False)
    verbs = parser.add_subparsers(metavar="VERB", required=True, dest="name")
    add_create(verbs)
    add_info(verbs)
    add_display(verbs)
    return parser.parse_args(argv[1:])


def add_verb(
    verbs: Any, name: str, description: str, example: str
) -> argparse.ArgumentParser:
    """A sub-command with a help that shows how to use it."""
    return verbs.add_parser(
        name,
        help=description.split(":")[0],
        description=description,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def add_create(verbs: Any) -> None:
    """Declares `create`."""
    parser = add_verb(verbs, "create", CREATE, CREATE_EXAMPLES)
    parser.set_defaults(verb=create)
    add = parser.add_argument
    add(
        "--source",
        required=True,
        choices=["celeba", "faces", "images"],
        help=SOURCE,
    )
    add("--out_dir", required=True, help="Dataset folder to write.")
    add(
        "--source_dir",
        help="Folder or .zip of the images (celeba and images). Without it, "
        "celeba is downloaded through tensorflow-datasets.",
    )
    add(
        "--resolution",
        type=power_of_two,
        default=128,
        help="Width and height in pixels: a power of two from 4 to 1024 "
        "(default 128).",
    )
    add(
        "--num_images",
        type=positive,
        help="How many faces to draw (default 10000), or images to use (the "
        "first by name; default all).",
    )
    add(
        "--seed",
        type=not_negative,
        default=0,
        help="Of the drawn faces (default 0).",
    )
    add(
        "--shuffle",
        action="store_true",
        default=True,
        help="Store the images in a fixed random order (default).",
    )
    add(
        "--noshuffle",
        action="store_false",
        dest="shuffle",
        help="Store the images by name, or number.",
    )
    add(
        "--workers",
        type=positive,
        default=len(os.sched_getaffinity(0)),
        help="Processes (default: one per core). Never changes the result.",
    )
    add(
        "--overwrite",
        action="store_true",
        help="Replace the dataset that is in --out_dir.",
    )


def add_info(verbs: Any) -> None:
    """Declares `info`."""
    parser = add_verb(
        verbs,
        "info",
        "Prints what is in a dataset: counts, labels, how it was made.",
        "example:\n  python dataset_tool.py info datasets/faces32\n",
    )
    parser.set_defaults(verb=info)
    parser.add_argument("dataset", help="Dataset folder.")
    parser.add_argument(
        "--json", action="store_true", help="Print the manifest itself."
    )


def add_display(verbs: Any) -> None:
    """Declares `display`."""
    parser = add_verb(
        verbs,
        "display",
        "Writes a contact sheet: the first images, as one PNG file.",
        "example:\n"
        "  python dataset_tool.py display datasets/faces32 --out=sheet.png\n",
    )
    parser.set_defaults(verb=display)
    add = parser.add_argument
    add("dataset", help="Dataset folder.")
    add("--out", help="PNG file (default: <dataset name>.png, here).")
    add("--count", type=positive, default=96, help="Images (default 96).")
    add(
        "--resolution",
        type=power_of_two,
        help="Which of the stored resolutions (default: the full one).",
    )


def power_of_two(text: str) -> int:
    """Parses a resolution."""
    value = int(text)
    if value not in records.levels_of(1024):
        raise argparse.ArgumentTypeError(
            f"{text} is not a power of two from 4 to 1024"
        )
    return value


def positive(text: str) -> int:
    """Parses a count."""
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return int(text)


def not_negative(text: str) -> int:
    """Parses a seed."""
    if int(text) < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return int(text)


def open_source(args: argparse.Namespace) -> source.Source:
    """The source that the arguments of `create` describe."""
    if args.source == "faces":
        if args.source_dir:
            raise errors.UserError("--source=faces takes no --source_dir")
        count = args.num_images or 10_000
        return faces.Faces(args.resolution, count, args.seed)
    if args.source == "celeba":
        path = args.source_dir or celeba_download.fetch()
        return celeba.CelebA(path, args.resolution)
    if not args.source_dir:
        raise errors.UserError(
            "--source=images needs --source_dir, a folder or .zip of images"
        )
    return pictures.Pictures(args.source_dir, args.resolution)


def create(args: argparse.Namespace) -> None:
    """Makes a dataset and says what it holds."""
    build.create(
        open_source(args),
        args.out_dir,
        {"source": args.source},
        num_images=args.num_images,
        shuffle=args.shuffle,
        num_workers=args.workers,
        overwrite=args.overwrite,
    )
    print(inspect.describe(records.open_dataset(args.out_dir)))


def info(args: argparse.Namespace) -> None:
    """Prints a dataset's description."""
    dataset = records.open_dataset(args.dataset)
    if not args.json:
        print(inspect.describe(dataset))
    elif dataset.manifest is None:
        raise errors.UserError(
            f"dataset {args.dataset} has no {records.MANIFEST}; "
            "leave out --json"
        )
    else:
        print(json.dumps(dataset.manifest, indent=1))


def display(args: argparse.Namespace) -> None:
    """Writes a contact sheet and says where."""
    dataset = records.open_dataset(args.dataset)
    resolution = args.resolution or dataset.resolution
    if resolution > dataset.resolution:
        raise errors.UserError(
            f"--resolution={resolution} is more than the {dataset.resolution} "
            f"of dataset {args.dataset}"
        )
    out = pathlib.Path(args.out or f"{dataset.name}.png")
    count = inspect.write_sheet(dataset, out, args.count, resolution)
    print(f"wrote {count} images to {out}")


if __name__ == "__main__":
    command.run(lambda args: args.verb(args), parse)
